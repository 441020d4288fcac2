"""The elements and attributes of a record that have no column of their own, and why nothing is lost by that."""

# Elements and attributes of a record, by path, that are read with the document around it, and come to the tables from
# there (transforms/raw_records.py).
READ_WITH_DOCUMENT: dict[str, str] = {
    "MedlineCitation/PMID": "pmid of every table.",
    "MedlineCitation/PMID/@Version": "citation.pmid_version.",
    "BookDocument/PMID": "pmid of every table.",
    "BookDocument/PMID/@Version": "citation.pmid_version.",
}

MATHML = "http://www.w3.org/1998/Math/MathML"
MARKUP = ("b", "i", "u", "sub", "sup", "DispFormula")

# Elements of the DTD that have no column of their own, and why nothing is lost by that; raw_citation has all of it.
LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(MARKUP, "Markup inside of text: its text stands in its place in the column, the tag does not."),
    "math": "MathML inside of text, with all its elements and attributes: its text stands in its place.",
    "PubmedArticleSet": "The document around the records.",
    "PubmedBookArticleSet": "The document around the records.",
    "BookDocumentSet": "The document around the records.",
    "DeleteCitation": "Stands beside the records: deleted_citation, one row per PMID.",
    "DeleteDocument": "Stands beside the records: deleted_citation, one row per PMID.",
    "ContractNumber": "Declared, but no element of the DTD can hold it.",
    "URL": "Declared, but no element of the DTD can hold it.",
}

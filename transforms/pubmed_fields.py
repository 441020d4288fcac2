"""The fields of PubMed: NCBI's names, and every tag that PubMed documents for them.

The names are those of EInfo; the tags those of https://pubmed.ncbi.nlm.nih.gov/help/#search-tags and of ESearch's
translations.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A field.

    Attributes:
        name: EInfo's, such as `TITL`.
        full_name: As in a query's translation, `Title`.
        description: EInfo's.
        tags: Further names that searches use for it, in lower case, without brackets.
        kind: How it is searched: `words` word by word, `value` as a whole, `name` as a person's name, `mesh` as a
            heading with those below it, `date` and `uid` by range, `filter` by the name of a subset.
        has_proximity: Whether `[tiab:~3]` is understood in it.
    """

    name: str
    full_name: str
    description: str
    tags: tuple[str, ...]
    kind: str
    has_proximity: bool = False


FIELDS = (
    Field("ALL", "All Fields", "All terms from all searchable fields", ("all",), "words"),
    Field("UID", "UID", "Unique number assigned to publication", ("pmid",), "uid"),
    Field(
        "FILT", "Filter", "Limits the records", ("sb", "subset", "text", "text availability", "stat", "status"),
        "filter",
    ),
    Field("TITL", "Title", "Words in title of publication", ("ti",), "words", has_proximity=True),
    Field("ABST", "Abstract", "Words in abstract of publication", ("ab",), "words"),
    Field("TIAB", "Title/Abstract", "Free text associated with Abstract/Title", (), "words", has_proximity=True),
    Field("WORD", "Text Word", "Free text associated with publication", ("tw", "text words"), "words"),
    Field("TT", "Transliterated Title", "Words in transliterated title of publication", (), "words"),
    Field("AUTH", "Author", "Author(s) of publication", ("au", "author name"), "name"),
    Field("FULL", "Full Author Name", "Full Author Name(s) of publication", ("fau", "author - full"), "name"),
    Field("FAUT", "Author - First", "First Author of publication", ("1au", "first author", "first author name"),
          "name"),
    Field("LAUT", "Author - Last", "Last Author of publication", ("lastau", "last author", "last author name"),
          "name"),
    Field("COLN", "Author - Corporate", "Corporate Author of publication", ("cn", "corporate author"), "value"),
    Field("AUID", "Author - Identifier", "Author Identifier", ("author identifier",), "value"),
    Field("INVR", "Investigator", "Investigator", ("ir",), "name"),
    Field("FINV", "Investigator - Full", "Full name of investigator", ("fir", "full investigator name"), "name"),
    Field("ED", "Editor", "Editor", (), "name"),
    Field("PS", "Subject - Personal Name", "Personal Name as Subject", ("personal name as subject",), "name"),
    Field(
        "AFFL", "Affiliation", "Author's institutional affiliation and address", ("ad",), "words", has_proximity=True
    ),
    Field("COIS", "Conflict of Interest Statements", "Conflict of Interest Statements",
          ("conflict of interest statement",), "words"),
    Field("JOUR", "Journal", "Journal abbreviation of publication", ("ta", "jour", "issn", "journal title", "jt"),
          "value"),
    Field("JID", "NLM Unique ID", "NLM Unique ID of the journal", (), "value"),
    Field("VOL", "Volume", "Volume number of publication", ("vi",), "value"),
    Field("ISS", "Issue", "Issue number of publication", ("ip",), "value"),
    Field("PAGE", "Pagination", "Page number(s) of publication", ("pg", "page"), "value"),
    Field("LANG", "Language", "Language of publication", ("la",), "value"),
    Field("MESH", "MeSH Terms", "Medical Subject Headings assigned to publication", ("mh",), "mesh"),
    Field("MAJR", "MeSH Major Topic", "MeSH terms of major importance to publication", ("mj",), "mesh"),
    Field("SUBH", "MeSH Subheading", "Additional specificity for MeSH term", ("sh", "subheading", "mesh subheadings"),
          "mesh"),
    Field("PAPX", "Pharmacological Action", "MeSH pharmacological action pre-explosions", ("pa",), "mesh"),
    Field("SUBS", "Supplementary Concept", "CAS chemical name or MEDLINE Substance Name", ("nm", "substance name"),
          "value"),
    Field("ECNO", "EC/RN Number", "EC number for enzyme or CAS registry number", ("rn",), "value"),
    Field("PTYP", "Publication Type", "Type of publication (e.g., review)", ("pt",), "mesh"),
    Field("OTRM", "Other Term", "Other terms associated with publication", ("ot",), "words"),
    Field("GRNT", "Grants and Funding", "NIH Grant Numbers", ("gr", "grant number", "grant"), "value"),
    Field("SI", "Secondary Source ID", "Cross-reference from publication to other databases", ("secondary source",),
          "value"),
    Field("AID", "Article Identifier", "DOI, PII and other identifiers of publication", ("doi", "pmcid", "pmc"),
          "value"),
    Field("LID", "Location ID", "ELocation ID", (), "value"),
    Field("BOOK", "Book", "ID of the book that contains the document", (), "value"),
    Field("ISBN", "ISBN", "ISBN", (), "value"),
    Field("PUBN", "Publisher", "Publisher's name", (), "value"),
    Field("CNTY", "Place of Publication", "Country of publication", ("pl", "country"), "value"),
    Field("OWN", "Owner", "Organization that supplied the citation", (), "value"),
    Field("PDAT", "Date - Publication", "Date of publication", ("dp", "publication date", "date of publication"),
          "date"),
    Field("PPDT", "Print Publication Date", "Date of print publication", (), "date"),
    Field("EPDT", "Electronic Publication Date", "Date of Electronic publication", ("epdat",), "date"),
    Field("EDAT", "Date - Entry", "Date publication first accessible through Entrez",
          ("date - entrez", "entrez date", "entry date", "entrezdate"), "date"),
    Field("CRDT", "Date - Create", "Date publication first accessible through Entrez", ("create date",), "date"),
    Field("CDAT", "Date - Completion", "Date of completion", ("dcom", "completion date"), "date"),
    Field("MHDA", "Date - MeSH", "Date publication was indexed with MeSH Terms", ("mesh date",), "date"),
    Field("MDAT", "Date - Modification", "Date of last modification", ("lr", "modification date"), "date"),
)  # fmt: skip

BY_NAME = {field.name: field for field in FIELDS}
BY_TAG = {tag: field for field in FIELDS for tag in (field.name.lower(), field.full_name.lower(), *field.tags)}

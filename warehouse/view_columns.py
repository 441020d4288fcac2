"""What the columns of the views mean: their comments, where they are not columns of a table."""

from warehouse.schema.citation import CITATION
from warehouse.schema.corrections import COMMENT_CORRECTION
from warehouse.schema.derived import ARTICLE_LIST, CITATION_DOI
from warehouse.schema.mesh import MESH_HEADING
from warehouse.schema.references import CITED_REFERENCE

SHARES = {
    "abstract_share": "an abstract",
    "doi_share": "a DOI",
    "pmc_id_share": "a PMC id",
    "author_share": "an author",
    "affiliation_share": "an affiliation",
    "mesh_share": "MeSH",
    "keyword_share": "a keyword",
    "grant_share": "a grant",
    "reference_share": "a reference list of their own",
    "link_share": "a link from Entrez or a seed page",
}

# By name, or by view and name where a name means several things.
DOCS = {
    **{name: f"Share of the citations, 0 to 1, that have {what}." for name, what in SHARES.items()},
    "as_of": "When its last run was committed, UTC.",
    "author_name": "Last name, initials and suffix, or the collective's name; as the highest PMID writes it.",
    "citation_count": "Citations.",
    "cited_pmid": "The citation that is cited, held or not.",
    "citing_pmid": "The citation that cites, held or not.",
    "coauthor_name": "The other name in the author list.",
    "first_author_count": "Citations in which it is the first author.",
    "first_year": "The earliest year of publication. Null: None of them gives one.",
    "is_after_notice": "Published in a later year than the notice. Null: One of the years is not known.",
    "is_deleted": "NLM withdrew it, or Entrez has stopped delivering it: deleted_citation has the evidence.",
    "is_held": "Whether the citation itself is in the corpus.",
    "is_member": "Whether a reason to have it still holds: member has the reasons.",
    "journal": "MEDLINE's abbreviation, else ISO's, else the title; of a book, its title. Null: The record has none.",
    "last_author_count": "Citations in which it is the last author, the only one included.",
    "last_outcome": "`failed`, or `not asked for`.",
    "last_run_id": "The last run of which the corpus is made.",
    "last_year": "The latest year of publication. Null: None of them gives one.",
    "major_count": "Citations of which it is a main point.",
    "new_name": "Its name today, or that of the record that has the old heading as a name. Null: MeSH names none.",
    "new_ui": "The record of MeSH that stands for it today. Null: MeSH names none.",
    "notice_date": "Date of the notice. Null: It is not held, or gives no whole date.",
    "notice_pmid": "The notice. Null: No record names one.",
    "notice_source": "Where the notice stands, as the retracted record says it. Null: It does not.",
    "notice_year": "Year of the notice, the earliest of several. Null: It is not held, or gives none.",
    "orcid": "The author's ORCID. Null: Counted by name, the record gives none.",
    "pages": "Pages as NLM writes them, 405-15, else first and last page. Null: The record has none.",
    "republished_pmid": "The corrected version that took its place, as RetractedandRepublishedIn. Null: There is none.",
    "retracted_count": "Those of them that are retracted.",
    "retracted_pmid": "The retracted citation that it cites.",
    "retracted_title": "Its title. Null: It is not held.",
    "row_counts": "Rows by table.",
    "run_ids": "The runs of which the corpus is made, in their order.",
    "sources": "Who says so: elink, seed, record (the citing record's own reference list).",
    "title": "Title of the article, else that in its own language, or of the book. Null: The record has none.",
    "valid_from": "When the run that brought it was committed, UTC.",
    "valid_to": "When the run that replaced it was committed, UTC. Null: It holds.",
    "what": "`renamed`, or `gone`: MeSH has no such descriptor any longer.",
    "year": "Year of publication. Null: The record gives none.",
    "article.is_retracted": "Known as retracted, by its own record or by another one held: see view retracted.",
    "article.issn": "ISSN over all media, else of the issue. Null: The record has none.",
    "citing_source.source": "Who says so: elink, seed, or record (the citing record's own reference list).",
    "coauthor.author_name": "Last name, initials and suffix, or the collective's name.",
    "concern.is_retracted": "Retracted since: see view retracted.",
    "concern.journal": "MEDLINE's abbreviation. Null: It is not held, or the record has none.",
    "concern.what": "`expression of concern`, or `partial retraction`.",
    "correction.is_by_doi": "The PMID was found by the DOI in the words, since the record gives none.",
    "correction.related_doi": "The DOI in the words, in one form. Null: There is none.",
    "correction.related_pmid": "The other citation, held or not. Null: The record gives none, nor is its DOI one held.",
    "coverage.run_id": "The run whose citations these are. Null: All citations.",
    "doi_shared.is_valid": "No record marks it as wrong.",
    "doi_shared.pmids": "The citations that have it.",
    "duplicate.duplicate_journal": "Journal of the other one. Null: The record has none.",
    "duplicate.duplicate_pmid": "The other one, the higher PMID.",
    "duplicate.duplicate_title": "Its title. Null: The record has none.",
    "duplicate.duplicate_year": "Its year of publication. Null: The record gives none.",
    "duplicate.evidence": "What speaks for it: author, year, title, doi, pages, abstract ...; republished, preprint.",
    "duplicate.journal": "MEDLINE's abbreviation. Null: The record has none.",
    "manifest.companions": "The companion tables, with the SHA-256 of the files that their rows are from.",
    "manifest.content_sha256": "SHA-256 over what the corpus says; the same deliveries give the same one.",
    "manifest.full_sha256": "SHA-256 over every column of every table, runs and times included.",
    "owed.pmid": "PubMed identifier.",
    "preprint.article_doi": "DOI of the article, in one form. Null: It is not held, and the tie gives none.",
    "preprint.article_pmid": "The article. Null: The tie gives none, nor is its DOI that of one held.",
    "preprint.is_by_doi": "Only a DOI ties them. Null: Nothing gives the other PMID.",
    "preprint.preprint_doi": "DOI of the preprint, in one form. Null: It is not held, and the tie gives none.",
    "preprint.preprint_pmid": "The preprint. Null: The tie gives none, nor is its DOI that of one held.",
    "retracted.pmid": "The retracted citation.",
    "retraction.journal": "MEDLINE's abbreviation. Null: It is not held, or the record has none.",
    "retraction.title": "Title of the retracted article. Null: It is not held, or the record has none.",
    "search_index.word": "The word, as macro search_split cuts it.",
    "search_index.field": "title, abstract, keyword, affiliation, indexing, name ...: see view search_text.",
    "search_index.pmid": "PubMed identifier.",
    "search_index.word_count": "How often it stands there.",
    "search_text.field": "What of the citation the text is: title, abstract, keyword, affiliation, indexing, name ...",
    "search_text.text": "The text, as it stands in its table.",
}


def view_column_doc(view: str, name: str) -> str | None:
    """What a column of a view means; None if nobody says."""
    tables = (CITATION, ARTICLE_LIST, CITATION_DOI, COMMENT_CORRECTION, MESH_HEADING, CITED_REFERENCE)
    declared = (column for table in tables for column in table.columns if column.name == name)
    column = next(declared, None)
    doc = DOCS.get(f"{view}.{name}") or DOCS.get(name)
    if doc is None and column is not None:
        doc = column.doc + (f" Null: {column.null}" if column.null else "")
    return doc

"""What the columns of the views mean: their comments, where they are not columns of a table."""

from warehouse.schema import ARTICLE_LIST, CITATION, CITED_REFERENCE, MESH_HEADING

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
    "author_name": "Last name and initials, or the collective's name; of an ORCID, as the highest PMID writes it.",
    "citation_count": "Citations.",
    "citing_pmid": "The citation that cites, held or not.",
    "cited_pmid": "The citation that is cited, held or not.",
    "coauthor_name": "The other name in the author list.",
    "first_author_count": "Citations in which it is the first author.",
    "last_author_count": "Citations in which it is the last author, the only one included.",
    "first_year": "The earliest year of publication. Null: None of them gives one.",
    "last_year": "The latest year of publication. Null: None of them gives one.",
    "is_after_notice": "Published in a later year than the notice. Null: One of the years is not known.",
    "is_deleted": "NLM withdrew it, or Entrez has stopped delivering it: deleted_citation has the evidence.",
    "is_held": "Whether the retracted citation itself is in the corpus.",
    "is_member": "Whether a reason to have it still holds: member has the reasons.",
    "journal": "MEDLINE's abbreviation, else ISO's, else the title; of a book, its title. Null: The record has none.",
    "last_outcome": "`failed`, or `not asked for`.",
    "last_run_id": "The last run of which the corpus is made.",
    "major_count": "Citations of which it is a main point.",
    "notice_date": "Date of the notice. Null: It is not held, or gives no whole date.",
    "notice_pmid": "The retraction notice. Null: No record names one.",
    "notice_source": "Where the notice stands, as the retracted record says it. Null: It does not.",
    "notice_year": "Year of the notice, the earliest of several. Null: It is not held, or gives none.",
    "orcid": "The author's ORCID. Null: Counted by name, the record gives none.",
    "retracted_count": "Those of them that are retracted.",
    "retracted_pmid": "The retracted citation that it cites.",
    "retracted_title": "Its title. Null: It is not held.",
    "row_counts": "Rows by table.",
    "run_ids": "The runs of which the corpus is made, in their order.",
    "sources": "Who says so: elink, seed, record (the citing record's own reference list).",
    "title": "Title of the article, or of the book. Null: The record has none.",
    "valid_from": "When the run that brought it was committed, UTC.",
    "valid_to": "When the run that replaced it was committed, UTC. Null: It holds.",
    "year": "Year of publication. Null: The record gives none.",
    "manifest.content_sha256": "SHA-256 over the content of all tables, the same however it was built.",
    "coverage.run_id": "The run whose citations these are. Null: All citations.",
    "citing_source.source": "Who says so: elink, seed, or record (the citing record's own reference list).",
    "coauthor.author_name": "Last name and initials, or the collective's name.",
    "owed.pmid": "PubMed identifier.",
    "retraction.journal": "MEDLINE's abbreviation. Null: It is not held, or the record has none.",
    "retraction.title": "Title of the retracted article. Null: It is not held, or the record has none.",
}


def view_column_doc(view: str, name: str) -> str | None:
    """What a column of a view means; None if nobody says."""
    tables = (CITATION, ARTICLE_LIST, MESH_HEADING, CITED_REFERENCE)
    declared = (column for table in tables for column in table.columns if column.name == name)
    column = next(declared, None)
    doc = DOCS.get(f"{view}.{name}") or DOCS.get(name)
    if doc is None and column is not None:
        doc = column.doc + (f" Null: {column.null}" if column.null else "")
    return doc

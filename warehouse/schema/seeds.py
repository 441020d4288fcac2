"""The seed pages, with their text and the parts parsed from it."""

from collections.abc import Iterable

from warehouse.schema.declaration import (
    BOOL,
    INT16,
    INT64,
    RUN_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Table,
    column,
    optional,
    order,
)

SEED_DOCUMENT = Table(
    "seed_document",
    "A seed page, or a file of references, with its text and parsed parts.",
    ("seed_id",),
    (
        column("seed_id", TEXT, "Name of the file; of a *.txt without its ending."),
        column("file_name", TEXT, "Name of the file."),
        optional(
            "pmid",
            INT64,
            "PMID of the page's own citation.",
            source="`PMID: n` outside of the page's lists.",
            null="A file of references: its entries are in seed_citation, list seed.",
        ),
        optional(
            "title",
            TEXT,
            "Title of the page.",
            source="Above and below the identifiers, in the page's heading, or below its journal and date.",
            null="A file of references, or nothing tells for certain where the title stands.",
        ),
        optional("doi", TEXT, "DOI.", source="The line `- DOI:`.", null="The page gives none."),
        optional("pmc_id", TEXT, "PMC id.", source="The line `- PMCID:`.", null="The page gives none."),
        optional(
            "abstract", TEXT, "Abstract, its paragraphs one a line.", source="Below Abstract.", null="None given."
        ),
        optional("authors", TEXT, "Authors, verbatim.", source="Below the title.", null="The page does not show them."),
        optional("journal", TEXT, "Journal.", source="Above the title.", null="The page does not show it."),
        optional("pub_date", TEXT, "Date, verbatim: 2014 Mar.", null="The page does not show it."),
        optional("pub_year", INT16, "Year of that date.", null="The page does not show it."),
        optional("volume", TEXT, "Volume.", null="The page does not show it."),
        optional("issue", TEXT, "Issue.", null="The page does not show it."),
        optional("pages", TEXT, "Pages or article number.", null="The page does not show them."),
        optional("pii", TEXT, "Publisher item identifier.", null="The page does not show it."),
        optional("epub_date", TEXT, "Date of electronic publication, verbatim.", null="The page does not show it."),
        column("seed_text", TEXT, "The file as it is."),
        column("seed_sha256", TEXT, "SHA-256, hex, of the file's bytes."),
        optional(
            "resolution_asked_at",
            TIMESTAMP,
            "When Entrez was last asked for the PMIDs of the entries that give none.",
            null="Never, or every entry gives its PMID.",
        ),
        column("is_removed", BOOL, "The file is no longer in the seeds folder."),
        RUN_ID,
    ),
)


def of_seed(name: str, row: str, key: Iterable[str], *columns: Column) -> Table:
    """A table of parts of a seed document."""
    seed_id = column("seed_id", TEXT, "The seed document.")
    return Table(name, row, ("seed_id", *key), (seed_id, *columns), owner="seed_document", owner_key=("seed_id",))


SEED_CITATION = of_seed(
    "seed_citation",
    "An entry of one of a seed page's lists.",
    ("list_name", "citation_order"),
    column(
        "list_name",
        TEXT,
        "similar, cited_by or reference; seed for an entry of a file of references; the page's heading for any other.",
    ),
    order("citation_order", "the entry in its list"),
    column("citation_text", TEXT, "The entry as it stands, its lines joined."),
    optional(
        "pmid",
        INT64,
        "PMID.",
        source="`PMID: n` in the entry, or as `resolution` says.",
        null="The entry gives none and is not resolved.",
    ),
    optional("title", TEXT, "Title.", null="The entry's form does not tell for certain where it begins and stops."),
    optional("journal", TEXT, "Journal, as NLM abbreviates it.", null="Cannot be told."),
    optional("pub_date", TEXT, "Date, verbatim: 2014 Mar.", null="Not given."),
    optional("pub_year", INT16, "Year of that date.", null="The date does not begin with a year."),
    optional("volume", TEXT, "Volume.", null="Not given."),
    optional("issue", TEXT, "Issue.", null="Not given."),
    optional("pages", TEXT, "Pages or article number.", null="Not given."),
    optional("doi", TEXT, "DOI.", null="Not given."),
    optional("pii", TEXT, "Publisher item identifier.", null="Not given."),
    optional("pmc_id", TEXT, "PMC id.", null="Not given."),
    optional("epub_date", TEXT, "Date of electronic publication, verbatim.", null="Not given."),
    optional("authors", TEXT, "Authors, verbatim.", null="Not given."),
    optional(
        "resolution",
        TEXT,
        "How the PMID is known: text (it stands in the entry), ecitmatch, esearch.",
        null="The PMID is not known.",
    ),
)

SEED_CITATION_FLAG = of_seed(
    "seed_citation_flag",
    "A word or phrase that follows the date or the PMID of an entry.",
    ("list_name", "citation_order", "flag_order"),
    column("list_name", TEXT, "The list."),
    order("citation_order", "the entry in its list"),
    order("flag_order", "the phrase"),
    column("flag_kind", TEXT, "flag (Free PMC article, No abstract available ...) or publication_type (Review ...)."),
    column("flag", TEXT, "Verbatim, without its full stop."),
)

SEED_TERM = of_seed(
    "seed_term",
    "A line of the page outside its abstract and its lists of citations: MeSH terms, substances, grants, resources.",
    ("section_name", "term_order"),
    column(
        "section_name",
        TEXT,
        "publication_type, mesh_term, substance, supplementary_concept, grant, secondary_source, associated_data, "
        "personal_name_subject, keyword, coi_statement, copyright_information; header for what stands above the "
        "abstract and is nothing else; the page's heading for any other.",
    ),
    order("term_order", "the line in its section; of the keyword, for a line of keywords"),
    column("term", TEXT, "Verbatim, without the bullet."),
)

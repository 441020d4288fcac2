"""The tables that no run writes: the build of the DuckDB file makes them from the others.

What changed, what held before, the lists of the view article, the search index, and facts about the file itself.
"""

from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import (
    BOOL,
    DERIVED,
    INT16,
    INT32,
    INT32S,
    INT64,
    INT64S,
    PROGRAM,
    RUN_ID,
    TEXT,
    TEXTS,
    Table,
    column,
    optional,
    order,
)
from warehouse.schema.members import MEMBER

CONFLICT = Table(
    "conflict",
    "A field where seed text and Entrez disagree about a PMID.",
    ("pmid", "column_name"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("column_name", TEXT, "article_title, doi, medline_ta or pub_year."),
        column("seed_value", TEXT, "As the seed has it."),
        column("entrez_value", TEXT, "As Entrez has it."),
        column("seed_id", TEXT, "The seed document."),
    ),
    owner=DERIVED,
)

CHANGE = Table(
    "change",
    "What a run changed of a citation: a column, or a row of a list that came or went.",
    ("run_id", "pmid", "table_name", "column_name", "change_order"),
    (
        RUN_ID,
        column("pmid", INT64, "PubMed identifier."),
        column(
            "table_name",
            TEXT,
            "citation, mesh_heading, publication_type, comment_correction, link, or deleted_citation.",
        ),
        column(
            "column_name",
            TEXT,
            "The column of citation; pmid for a citation that came or went as a whole; is_major for a heading that "
            "became or ceased to be a main point; otherwise what the row says.",
        ),
        order("change_order", "the change among those of the same column"),
        optional("before", TEXT, "Value before, as text.", null="There was none."),
        optional("after", TEXT, "Value after, as text.", null="There is none."),
    ),
    owner=DERIVED,
)

CITATION_PAST = Table(
    "citation_past",
    "A citation as it was before a later run replaced it; the view citation_history has these and those that hold.",
    ("pmid", "run_id"),
    (*CITATION.columns, column("until_run_id", TEXT, "The run that replaced it, or took its seed page away.")),
    owner=DERIVED,
    schema=PROGRAM,
)

MEMBER_PAST = Table(
    "member_past",
    "A time in which a reason held, before it held again; member has the last one of each reason.",
    ("pmid", "reason", "via", "since_run_id"),
    (
        *(c for c in MEMBER.columns if c.name != "until_run_id"),
        column("until_run_id", TEXT, "The run that no longer found it."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

ARTICLE_LIST = Table(
    "article_list",
    "What the view article has of a citation from several tables, kept ready so that asking for many need not make it.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column(
            "authors",
            TEXTS,
            "Authors, last name, initials and suffix, or collective name, in their order; no names marked as wrong.",
        ),
        column("mesh", TEXTS, "MeSH descriptors, in their order."),
        column("publication_types", TEXTS, "Publication types, in their order."),
        column("languages", TEXTS, "Languages, MARC codes of three letters, in their order."),
        optional(
            "first_affiliation",
            TEXT,
            "The first affiliation of the first author that has one, or of the whole article (files before 2014).",
            null="The record gives none.",
        ),
        optional(
            "normal_doi",
            TEXT,
            "citation.doi in one form to join on: see macro normal_doi.",
            null="It is none, or no DOI.",
        ),
        optional(
            "title_key",
            INT64,
            "60 bits of the MD5 of the letters and digits of the title shown, folded as a search folds them.",
            null="Fewer than 15 of them.",
        ),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

CITATION_DOI = Table(
    "citation_doi",
    "A DOI of a citation, from any of its own lists or seed text, in one form to join on.",
    ("pmid", "normal_doi"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("normal_doi", TEXT, "The DOI without prefix, decoded, in lower case: see macro normal_doi."),
        column("doi", TEXT, "Verbatim, as it stands first."),
        column("is_valid", BOOL, "False if the record marks it as wrong wherever it has it."),
    ),
    owner=DERIVED,
)

ARTICLE_MESH = Table(
    "article_mesh",
    "A MeSH descriptor of a citation, once, with the year; kept ready so that counting need not put headings together.",
    ("pmid", "descriptor_name"),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("descriptor_name", TEXT, "Name of the descriptor."),
        optional("descriptor_ui", TEXT, "Its identifier.", null="The record gives none."),
        optional("descriptor_number", INT32, "The number in it: see macro ui_number.", null="The record gives none."),
        optional("pub_year", INT16, "Year of publication, as in citation.", null="The record gives none."),
        column("is_major", BOOL, "The descriptor, or one of its qualifiers, is a main point."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

MESH_NAME = Table(
    "mesh_name",
    "A name, identifier or abbreviation of a heading or qualifier, in the form by which it is looked up.",
    ("mesh_kind", "name_key", "mesh_ui"),
    (
        column("mesh_kind", TEXT, "descriptor or qualifier."),
        column("name_key", TEXT, "The name as macro mesh_key gives it."),
        column("mesh_ui", TEXT, "The record that has the name."),
        column("is_preferred", BOOL, "It is the record's own name, identifier or abbreviation, not a name beside it."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

MESH_BELOW = Table(
    "mesh_below",
    "A heading or qualifier, and one at or below its places in the MeSH tree.",
    ("mesh_ui", "below_ui"),
    (
        column("mesh_ui", TEXT, "The record."),
        column("below_ui", TEXT, "One below it, or itself."),
        column("depth", INT32, "The fewest steps down; 0 is itself."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

JOURNAL_NAME = Table(
    "journal_name",
    "A journal as citations name it: each combination of names and numbers once.",
    ("medline_ta", "iso_abbreviation", "journal_title", "issn", "issn_linking", "nlm_unique_id"),
    (
        optional("medline_ta", TEXT, "As in citation.", null="As in citation."),
        optional("iso_abbreviation", TEXT, "As in citation.", null="As in citation."),
        optional("journal_title", TEXT, "As in citation.", null="As in citation."),
        optional("issn", TEXT, "As in citation.", null="As in citation."),
        optional("issn_linking", TEXT, "As in citation.", null="As in citation."),
        optional("nlm_unique_id", TEXT, "As in citation.", null="As in citation."),
    ),
    owner=DERIVED,
)

POSTING_LIST = Table(
    "posting_list",
    "Some of the citations that have a word in a field; view search_index has a row for each of them.",
    ("word", "field", "first_pmid"),
    (
        column(
            "word", TEXT, "The word as it stands there, as macro search_split cuts it: lower-case, without accents."
        ),
        column("field", TEXT, "title, abstract, keyword, affiliation, indexing, name ...: see view search_text."),
        column("first_pmid", INT64, "The first of the PMIDs."),
        column("pmids", INT64S, "PubMed identifiers, ascending, 128 at most."),
        column("word_counts", INT32S, "How often the word stands in each, in the same order."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

SEARCH_VOCABULARY = Table(
    "search_vocabulary",
    "A word of the index, with its stem.",
    ("word",),
    (
        column("word", TEXT, "The word."),
        optional("stem", TEXT, "Its stem, as search_stem gives it.", null="A stop word: it has no weight."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

SEARCH_LENGTH = Table(
    "search_length",
    "A citation that search looks through.",
    ("pmid",),
    (
        column("pmid", INT64, "PubMed identifier."),
        column("term_count", INT32, "Terms in its titles and abstract, each as often as it stands there."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

CONTENT = Table(
    "content",
    "A table that was made from the runs, with digests of its rows; see view manifest.",
    ("table_name",),
    (
        column("table_name", TEXT, "The table."),
        column("row_count", INT64, "Rows in it."),
        optional(
            "row_digest",
            TEXT,
            "Of what the corpus says: sums of the two halves of the MD5 of each row without runs, times and sources.",
            null="Its rows are accounts.",
        ),
        column("full_digest", TEXT, "The same of every column."),
    ),
    owner=DERIVED,
    schema=PROGRAM,
)

BUILD = Table(
    "build",
    "A fact about how this file was built; one that is built by other rules is not brought up to date but made afresh.",
    ("fact",),
    (column("fact", TEXT, "definition_sha256 or rebuilt."), column("value", TEXT, "Its value.")),
    owner=DERIVED,
    schema=PROGRAM,
)

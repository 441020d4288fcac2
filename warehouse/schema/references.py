"""The reference lists of a record, with their entries and the identifiers of the works they cite."""

from warehouse.schema.declaration import INT32, INT64, TEXT, below, column, either, of_citation, optional, order

REFERENCE_LISTS = either("PubmedData/ReferenceList", "BookDocument/ReferenceList")
REFERENCES = below(REFERENCE_LISTS, "Reference")
CITED_IDS = below(REFERENCES, "ArticleIdList/ArticleId")
LIST_ORDER = order("reference_list_order", "the list", counts=REFERENCE_LISTS)
REFERENCE_ORDER = order("reference_order", "the entry over all lists", counts=REFERENCES)

REFERENCE_LIST = of_citation(
    "reference_list",
    "A reference list of the record; lists can be nested.",
    ("reference_list_order",),
    LIST_ORDER,
    optional("parent_list_order", INT32, "The list around it.", null="A list of the record itself."),
    optional("title", TEXT, "Heading of the list.", source=below(REFERENCE_LISTS, "Title")),
    rows=REFERENCE_LISTS,
    nested="parent_list_order",
)

CITED_REFERENCE = of_citation(
    "cited_reference",
    "An entry of the record's own reference list.",
    ("reference_order",),
    REFERENCE_ORDER,
    LIST_ORDER,
    optional("citation", TEXT, "The entry's text.", source=below(REFERENCES, "Citation"), null="Empty."),
    optional(
        "cited_pmid",
        INT64,
        "PMID of the cited work.",
        source="Derived from cited_article_id, type pubmed.",
        null="NLM has not matched it.",
    ),
    optional("cited_doi", TEXT, "DOI of the cited work.", source="Derived from cited_article_id, type doi."),
    optional("cited_pmc_id", TEXT, "PMC id of the cited work.", source="Derived from cited_article_id, type pmc."),
    rows=REFERENCES,
)

CITED_ARTICLE_ID = of_citation(
    "cited_article_id",
    "An identifier of a cited work, verbatim.",
    ("reference_order", "article_id_order"),
    REFERENCE_ORDER,
    order("article_id_order", "the identifier within its entry", counts=CITED_IDS, within=REFERENCES),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc ...",
        source=below(CITED_IDS, "@IdType"),
        null="Not said (the DTD's default is pubmed).",
    ),
    column("article_id", TEXT, "Verbatim.", source=CITED_IDS, default=""),
    rows=CITED_IDS,
)

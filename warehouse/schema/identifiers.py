"""The identifiers of the citation itself, and its accession numbers in data banks.

Identifiers of people are in `people.py`, those of cited works in `references.py`.
"""

from warehouse.schema.declaration import BOOL, NO_ATTRIBUTE, TEXT, below, column, either, of_citation, optional, order

DATA_BANK = "MedlineCitation/Article/DataBankList/DataBank"
ACCESSIONS = f"{DATA_BANK}/AccessionNumberList/AccessionNumber"

ACCESSION = of_citation(
    "accession",
    "An accession number in a data bank; a data bank without numbers is one row.",
    ("data_bank_order", "accession_order"),
    order("data_bank_order", "the data bank", counts=DATA_BANK),
    order("accession_order", "the number within its data bank", counts=ACCESSIONS, within=DATA_BANK, default=1),
    optional("data_bank_name", TEXT, "GENBANK, ClinicalTrials.gov ...", source=f"{DATA_BANK}/DataBankName"),
    optional(
        "accession_number",
        TEXT,
        "Verbatim.",
        source=ACCESSIONS,
        null="The data bank is named without numbers.",
    ),
    rows=DATA_BANK,
    extended_by=ACCESSIONS,
)

ARTICLE_IDS = either(
    "PubmedData/ArticleIdList/ArticleId",
    "PubmedBookData/ArticleIdList/ArticleId",
    "BookDocument/ArticleIdList/ArticleId",
)

ARTICLE_ID = of_citation(
    "article_id",
    "An identifier of the citation itself, never of a work it cites.",
    ("article_id_order",),
    order("article_id_order", "the identifier", counts=ARTICLE_IDS),
    optional(
        "id_type",
        TEXT,
        "pubmed, doi, pmc, pii, mid, bookaccession ...",
        source=below(ARTICLE_IDS, "@IdType"),
        null="Not said (the DTD's default is pubmed).",
    ),
    column("article_id", TEXT, "Verbatim.", source=ARTICLE_IDS, default=""),
    column("id_path", TEXT, "Which list it is from: PubmedData, PubmedBookData or BookDocument.", step=3),
    rows=ARTICLE_IDS,
)

LOCATIONS = either("MedlineCitation/Article/ELocationID", "BookDocument/Book/ELocationID")

ELOCATION_ID = of_citation(
    "elocation_id",
    "An electronic location: DOI or publisher item identifier.",
    ("elocation_order",),
    order("elocation_order", "the location", counts=LOCATIONS),
    optional("eid_type", TEXT, "doi or pii.", source=below(LOCATIONS, "@EIdType"), null=NO_ATTRIBUTE),
    optional(
        "is_valid",
        BOOL,
        "False for one known to be wrong.",
        source=below(LOCATIONS, "@ValidYN"),
        null="Not said (the DTD's default is Y).",
    ),
    column("elocation_id", TEXT, "Verbatim.", source=LOCATIONS, default=""),
    rows=LOCATIONS,
)

OTHER_ID = of_citation(
    "other_id",
    "An identifier of a partner of NLM.",
    ("other_id_order",),
    order("other_id_order", "the identifier", counts="MedlineCitation/OtherID"),
    optional(
        "other_id_source", TEXT, "NASA, KIE, PIP ...", source="MedlineCitation/OtherID/@Source", null=NO_ATTRIBUTE
    ),
    column("other_id", TEXT, "Verbatim.", source="MedlineCitation/OtherID", default=""),
    rows="MedlineCitation/OtherID",
)

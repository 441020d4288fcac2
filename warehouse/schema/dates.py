"""The dates of a record: those of the citation, and the history of its life at PubMed."""

from warehouse.schema.declaration import DATE, NO_ATTRIBUTE, TEXT, below, column, either, of_citation, optional, order

DATE_ELEMENTS = either(
    "MedlineCitation/DateCreated",
    "MedlineCitation/DateCompleted",
    "MedlineCitation/DateRevised",
    "MedlineCitation/Article/ArticleDate",
    "BookDocument/ContributionDate",
    "BookDocument/DateRevised",
    "BookDocument/Book/BeginningDate",
    "BookDocument/Book/EndingDate",
)

CITATION_DATE = of_citation(
    "citation_date",
    "A date of the record other than PubDate and History, verbatim.",
    ("date_order",),
    order("date_order", "the date", counts=DATE_ELEMENTS),
    column(
        "date_kind",
        TEXT,
        "Name of the element: DateCreated (files before 2018), DateCompleted, DateRevised, ArticleDate, "
        "ContributionDate, BeginningDate, EndingDate.",
        step=1,
    ),
    optional(
        "date_type",
        TEXT,
        "Electronic, for an ArticleDate.",
        source="MedlineCitation/Article/ArticleDate/@DateType",
        null=NO_ATTRIBUTE,
    ),
    optional("year", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Year")),
    optional("month", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Month")),
    optional("day", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Day")),
    optional("season", TEXT, "Verbatim.", source=below(DATE_ELEMENTS, "Season")),
    optional("hour", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Hour")),
    optional("minute", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Minute")),
    optional("second", TEXT, "Verbatim; in few old files.", source=below(DATE_ELEMENTS, "Second")),
    optional("citation_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
    rows=DATE_ELEMENTS,
)

HISTORY = either("PubmedData/History/PubMedPubDate", "PubmedBookData/History/PubMedPubDate")

HISTORY_DATE = of_citation(
    "history_date",
    "A date of the record's life; a status can come twice.",
    ("history_order",),
    order("history_order", "the date", counts=HISTORY),
    optional(
        "pub_status",
        TEXT,
        "received, revised, accepted, pubmed, medline, entrez ...",
        source=below(HISTORY, "@PubStatus"),
        null=NO_ATTRIBUTE,
    ),
    optional("year", TEXT, "Verbatim.", source=below(HISTORY, "Year")),
    optional("month", TEXT, "Verbatim.", source=below(HISTORY, "Month")),
    optional("day", TEXT, "Verbatim.", source=below(HISTORY, "Day")),
    optional("hour", TEXT, "Verbatim, US Eastern.", source=below(HISTORY, "Hour")),
    optional("minute", TEXT, "Verbatim.", source=below(HISTORY, "Minute")),
    optional("second", TEXT, "Verbatim.", source=below(HISTORY, "Second")),
    optional("history_date", DATE, "The same as a date.", null="A part is missing, or it is no calendar date."),
    rows=HISTORY,
)

"""Where the corpus has what PubMed's fields say: fields of the index, columns, dates, subsets."""

from transforms.pubmed_fields import BY_NAME, Field

# Fields of view search_index that a field of words is searched in; none is all of them.
INDEX_FIELDS: dict[str, tuple[str, ...]] = {
    "ALL": (),
    "TITL": ("title",),
    "ABST": ("abstract",),
    "TIAB": ("title", "abstract", "keyword"),
    "WORD": ("title", "abstract", "keyword", "indexing", "vernacular_title", "other"),
    "TT": ("vernacular_title",),
    "AFFL": ("affiliation",),
    "COIS": ("conflict_of_interest",),
    "OTRM": ("keyword",),
}

# Tables and columns that a field of values is compared with.
VALUE_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "JOUR": (
        ("citation", "medline_ta"), ("citation", "iso_abbreviation"), ("citation", "journal_title"),
        ("citation", "issn"), ("citation", "issn_linking"), ("citation", "nlm_unique_id"),
    ),
    "JID": (("citation", "nlm_unique_id"),),
    "VOL": (("citation", "volume"),),
    "ISS": (("citation", "issue"),),
    "PAGE": (("citation", "start_page"), ("citation", "medline_pgn")),
    "LANG": (("language", "language"),),
    "SUBS": (("substance", "substance_name"), ("supplementary_mesh", "supplementary_name")),
    "ECNO": (("substance", "registry_number"),),
    "GRNT": (("grant_support", "grant_id"), ("grant_support", "agency"), ("grant_support", "acronym")),
    "SI": (("accession", "accession_number"), ("accession", "data_bank_name")),
    "AID": (("article_id", "article_id"), ("elocation_id", "elocation_id")),
    "LID": (("elocation_id", "elocation_id"),),
    "AUID": (("author_identifier", "identifier"), ("author", "orcid")),
    "COLN": (("author", "collective_name"),),
    "ISBN": (("isbn", "isbn"),),
    "PUBN": (("book", "publisher_name"),),
    "CNTY": (("citation", "journal_country"),),
    "OWN": (("citation", "owner"),),
}  # fmt: skip

# Fields whose values are texts of field `indexing` of the index.
INDEXED = ("SUBS",)

# The first or last author is one whose name is not marked as wrong; few citations have any that is.
FIRST = """is_valid IS DISTINCT FROM false AND (author_order = 1 OR (pmid, author_order) IN (
        SELECT pmid, min(author_order) FROM author WHERE is_valid IS DISTINCT FROM false
            AND pmid IN (SELECT pmid FROM author WHERE NOT is_valid) GROUP BY pmid))"""
LAST = """(pmid, author_order) IN (
        SELECT pmid, max(author_order) FROM author WHERE is_valid IS DISTINCT FROM false GROUP BY pmid)"""

# Fields in which a DOI is looked up in its one form, however it is written.
DOI_FIELDS = ("AID", "LID")

# Tables of names, with a condition on the row.
NAME_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "AUTH": (("author", "list_type IS DISTINCT FROM 'editors'"),),
    "FULL": (("author", "list_type IS DISTINCT FROM 'editors'"),),
    "FAUT": (("author", FIRST),),
    "LAUT": (("author", LAST),),
    "INVR": (("investigator", "true"),),
    "FINV": (("investigator", "true"),),
    "ED": (("author", "list_type = 'editors'"),),
    "PS": (("personal_name_subject", "true"),),
}
FULL_NAMES = ("FULL", "FINV")

# The month of an issue is written as 08, 8, Aug or August; a MedlineDate such as `1998 Apr 15-30` begins with year,
# month and day, of which all but the year may be missing.
MONTHS = "['jan','feb','mar','apr','may','jun','jul','aug','sep','oct','nov','dec']"
MEDLINE = (
    "regexp_extract(medline_date, '[0-9]{{4}}(?:[^0-9]*?\\b([A-Z][a-z][a-z])[a-z]*(?:\\s+([0-9]{{1,2}}))?)?', {0})"
)
ISSUE_DAY = f"""pub_year::INTEGER * 10000 + 100 * coalesce(try_cast(pub_date_month AS INTEGER),
        list_position({MONTHS}, lower(left(pub_date_month, 3))),
        list_position({MONTHS}, lower({MEDLINE.format(1)})), 1)
        + coalesce(try_cast(pub_date_day AS INTEGER), try_cast({MEDLINE.format(2)} AS INTEGER), 1)"""
DAY = "year({0}) * 10000 + month({0}) * 100 + day({0})"


def dated(table: str, column: str, where: str = "true") -> str:
    """A query for the days, as numbers YYYYMMDD, that a column of dates has."""
    return f"SELECT pmid, {DAY.format(column)} AS day FROM {table} WHERE {column} IS NOT NULL AND {where}"


# Stands for the years asked for: other years need no day computed.
YEARS = "$years"
ISSUE = f"SELECT pmid, {ISSUE_DAY} AS day FROM citation WHERE pub_year BETWEEN {YEARS}"
ELECTRONIC = dated("citation_date", "citation_date", "date_kind = 'ArticleDate'")
# In NLM's MEDLINE format EDAT is the date `pubmed` of the History, and CRDT its `entrez`; each is the other where that
# is missing, and of a status that comes twice the first counts.
HISTORY = (
    """SELECT pmid, arg_min(day, (pub_status <> '{0}', history_order)) AS day FROM (
    SELECT pmid, pub_status, history_order, """
    + DAY.format("history_date")
    + """ AS day FROM history_date
    WHERE pub_status IN ('pubmed', 'entrez') AND history_date IS NOT NULL) GROUP BY pmid"""
)
ENTERED = HISTORY.format("pubmed")
REVISED = dated("citation", "date_revised")
DAYS: dict[str, str] = {
    "PDAT": f"{ISSUE} UNION ALL {ELECTRONIC}",
    "PPDT": ISSUE,
    "EPDT": ELECTRONIC,
    "EDAT": ENTERED,
    "CRDT": HISTORY.format("entrez"),
    "CDAT": dated("citation", "date_completed"),
    "MHDA": dated("history_date", "history_date", "pub_status = 'medline'"),
    "MDAT": f"{REVISED} UNION ALL SELECT * FROM ({ENTERED}) ANTI JOIN ({REVISED}) USING (pmid)",
}

# Subsets that a query gives.
SUBSETS: dict[str, str] = {
    "all": "SELECT pmid FROM citation",
    "hasabstract": "SELECT pmid FROM citation WHERE abstract IS NOT NULL",
    "medline": "SELECT pmid FROM citation WHERE citation_status = 'MEDLINE'",
    "inprocess": "SELECT pmid FROM citation WHERE citation_status IN ('In-Process', 'In-Data-Review')",
    "publisher": "SELECT pmid FROM citation WHERE citation_status = 'Publisher'",
    "pubmednotmedline": "SELECT pmid FROM citation WHERE citation_status = 'PubMed-not-MEDLINE'",
    "oldmedline": "SELECT pmid FROM citation WHERE citation_status = 'OLDMEDLINE'",
    "pubmed pmc": "SELECT pmid FROM citation WHERE pmc_id IS NOT NULL",
    "pubmed books": "SELECT pmid FROM citation WHERE record_kind = 'book'",
    "retracted": "SELECT pmid FROM citation SEMI JOIN retracted USING (pmid)",
}
SUBSET_NAMES = {
    "has abstract": "hasabstract", "fha": "hasabstract", "in process": "inprocess", "in data review": "inprocess",
    "in-process": "inprocess", "as supplied by publisher": "publisher", "pubmed-not-medline": "pubmednotmedline",
    "booksdocs": "pubmed books", "free pmc": "pubmed pmc",
}  # fmt: skip
# Links to other citations: `hascommenton`, `hasretractionin`; PubMed has them as words of all fields.
COMMENTS = (
    "AssociatedDataset", "AssociatedPublication", "CommentOn", "CommentIn", "ErratumIn", "ErratumFor",
    "ExpressionOfConcernIn", "ExpressionOfConcernFor", "RepublishedFrom", "RepublishedIn",
    "RetractedandRepublishedFrom", "RetractedandRepublishedIn", "RetractionOf", "RetractionIn", "UpdateIn", "UpdateOf",
    "SummaryForPatientsIn", "OriginalReportIn", "ReprintIn", "ReprintOf", "Cites",
)  # fmt: skip
SUBSETS |= {
    f"has{kind.lower()}": f"SELECT pmid FROM comment_correction WHERE ref_type = '{kind}'" for kind in COMMENTS
} | {
    "hasassociateddata": "SELECT pmid FROM accession",
    "hasconflictofintereststatement": "SELECT pmid FROM citation WHERE coi_statement IS NOT NULL",
    "hasstructuredabstract": "SELECT pmid FROM abstract_section WHERE abstract_kind = 'main' AND label IS NOT NULL",
    "hasnonenglishabstract":
        "SELECT pmid FROM abstract_section WHERE abstract_kind <> 'main' AND language IS DISTINCT FROM 'eng'",
}  # fmt: skip
# Subsets that are searched by their name alone.
FILTER_WORDS = ("all", *(name for name in SUBSETS if name.startswith("has")))
# The subsets of citation_subset: `aim[sb]` or `jsubsetaim[sb]`.
CITATION_SUBSETS = ("aim", "im", "n", "d", "h", "k", "t", "q", "qis", "b", "c", "e", "f", "j", "jsp", "oncology")

# Subsets that PubMed defines as searches: https://www.nlm.nih.gov/bsd/pubmed_subsets/sysreviews_strategy.html
SEARCHES: dict[str, str] = {
    "systematic": """(((systematic review[ti] OR systematic literature review[ti] OR systematic scoping review[ti]
        OR systematic narrative review[ti] OR systematic qualitative review[ti] OR systematic evidence review[ti]
        OR systematic quantitative review[ti] OR systematic meta-review[ti] OR systematic critical review[ti]
        OR systematic mixed studies review[ti] OR systematic mapping review[ti] OR systematic cochrane review[ti]
        OR systematic search and review[ti] OR systematic integrative review[ti]) NOT comment[pt]
        NOT (protocol[ti] OR protocols[ti])) NOT medline[sb]) OR (Cochrane Database Syst Rev[ta] AND review[pt])
        OR systematic review[pt]""",
    # Filters of PubMed's side bar, as it writes them.
    "humans": "humans[mh]",
    "animals": "animals[mh:noexp]",
    "female": "female[mh]",
    "male": "male[mh]",
    "allchild": "infant[mh] OR child[mh] OR adolescent[mh]",
    "alladult": "adult[mh]",
    "allinfant": "infant[mh]",
    "newborn": "infant, newborn[mh]",
    "infant": "infant[mh:noexp]",
    "preschoolchild": "child, preschool[mh]",
    "child": "child[mh:noexp]",
    "adolescent": "adolescent[mh]",
    "youngadult": "young adult[mh]",
    "adult": "adult[mh:noexp]",
    "middleaged": "middle aged[mh]",
    "aged": "aged[mh]",
    "80andover": "aged, 80 and over[mh]",
    "excludepreprints": "NOT preprint[pt]",
} | {
    name.replace(" ", ""): f'"{name}"[pt]'
    for name in (
        "review", "meta-analysis", "clinical trial", "randomized controlled trial", "controlled clinical trial",
        "case reports", "editorial", "letter", "comment", "guideline", "practice guideline", "observational study",
        "multicenter study", "comparative study", "news", "preprint", "books and documents",
    )
}  # fmt: skip
SEARCH_NAMES = {"systematic review": "systematic", "systematic reviews": "systematic", "systematicreview": "systematic"}

LANGUAGES = {
    "chinese": "chi", "czech": "cze", "danish": "dan", "dutch": "dut", "english": "eng", "finnish": "fin",
    "french": "fre", "german": "ger", "hungarian": "hun", "italian": "ita", "japanese": "jpn", "korean": "kor",
    "norwegian": "nor", "polish": "pol", "portuguese": "por", "russian": "rus", "spanish": "spa", "swedish": "swe",
    "turkish": "tur",
}  # fmt: skip

SEARCHES |= {name: f"{name}[la]" for name in LANGUAGES}

ALL = BY_NAME["ALL"]
JOURNAL = BY_NAME["JOUR"]
UID = BY_NAME["UID"]
MESH = BY_NAME["MESH"]
FILTER = BY_NAME["FILT"]


def is_answered(field: Field) -> bool:
    """Whether the corpus can answer a field."""
    places = (INDEX_FIELDS, VALUE_COLUMNS, NAME_TABLES, DAYS)
    return field.kind in ("uid", "mesh", "filter") or any(field.name in place for place in places)

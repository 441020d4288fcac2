"""The fields of PubMed that searches can name: NCBI's names for them, and where the index has them.

The names are those of EInfo and of PubMed's help (https://pubmed.ncbi.nlm.nih.gov/help/#search-tags).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchField:
    """A field.

    Attributes:
        name: EInfo's, such as `TITL`.
        full_name: As in a query's translation, `Title`.
        description: EInfo's.
        tags: Names that searches use for it besides, in lower case, without brackets.
        kind: `words` is searched word by word, `value` as a whole, `date` and `uid` by range, `subset` by name.
        places: For words, columns of the index; for a value, its names there; for a date, kinds of dates.
    """

    name: str
    full_name: str
    description: str
    tags: tuple[str, ...]
    kind: str
    places: tuple[str, ...]


ALL = SearchField(
    "ALL",
    "All Fields",
    "All terms from all searchable fields",
    ("all",),
    "words",
    ("ti", "ab", "ad", "other"),
)
UID = SearchField("UID", "UID", "Unique number assigned to publication", ("pmid",), "uid", ("uid",))

FIELDS = (
    ALL,
    UID,
    SearchField(
        "FILT", "Filter", "Limits the records", ("sb", "subset", "text availability", "text"), "subset", ("sb",)
    ),
    SearchField("TITL", "Title", "Words in title of publication", ("ti",), "words", ("ti",)),
    SearchField("ABST", "Abstract", "Words in abstract of publication", ("ab",), "words", ("ab",)),
    SearchField("TIAB", "Title/Abstract", "Free text associated with Abstract/Title", (), "words", ("ti", "ab")),
    SearchField(
        "WORD", "Text Word", "Free text associated with publication", ("tw", "text words"), "words",
        ("ti", "ab", "other"),
    ),
    SearchField("AUTH", "Author", "Author(s) of publication", ("au", "fau", "full author name"), "value", ("au",)),
    SearchField("FAUT", "Author - First", "First Author of publication", ("1au", "first author"), "value", ("1au",)),
    SearchField("LAUT", "Author - Last", "Last Author of publication", ("lastau", "last author"), "value", ("lastau",)),
    SearchField("COLN", "Author - Corporate", "Corporate Author of publication", ("cn",), "value", ("cn",)),
    SearchField("AUID", "Author - Identifier", "Author Identifier", (), "value", ("auid",)),
    SearchField("INVR", "Investigator", "Investigator", ("ir",), "value", ("ir",)),
    SearchField("AFFL", "Affiliation", "Author's institutional affiliation and address", ("ad",), "words", ("ad",)),
    SearchField(
        "JOUR", "Journal", "Journal abbreviation of publication", ("ta", "jour", "issn", "journal title"), "value",
        ("ta",),
    ),
    SearchField("VOL", "Volume", "Volume number of publication", ("vi",), "value", ("vi",)),
    SearchField("ISS", "Issue", "Issue number of publication", ("ip",), "value", ("ip",)),
    SearchField("PAGE", "Pagination", "Page number(s) of publication", ("pg",), "value", ("pg",)),
    SearchField("LANG", "Language", "Language of publication", ("la",), "value", ("la",)),
    SearchField(
        "MESH", "MeSH Terms", "Medical Subject Headings assigned to publication",
        ("mh", "mh:noexp", "mesh", "mesh terms:noexp"), "value", ("mh",),
    ),
    SearchField(
        "MAJR", "MeSH Major Topic", "MeSH terms of major importance to publication", ("majr:noexp",), "value",
        ("majr",),
    ),
    SearchField("SUBH", "MeSH Subheading", "Additional specificity for MeSH term", ("sh",), "value", ("sh",)),
    SearchField(
        "SUBS", "Supplementary Concept", "CAS chemical name or MEDLINE Substance Name", ("nm", "substance name"),
        "value", ("nm",),
    ),
    SearchField("ECNO", "EC/RN Number", "EC number for enzyme or CAS registry number", ("rn",), "value", ("rn",)),
    SearchField("PTYP", "Publication Type", "Type of publication (e.g., review)", ("pt",), "value", ("pt",)),
    SearchField("OTRM", "Other Term", "Other terms associated with publication", ("ot",), "value", ("ot",)),
    SearchField("GRNT", "Grants and Funding", "NIH Grant Numbers", ("gr", "grant number"), "value", ("gr",)),
    SearchField(
        "AID", "Article Identifier", "DOI, PII and other identifiers of publication", ("aid", "doi", "pmcid"), "value",
        ("aid",),
    ),
    SearchField("LID", "Location ID", "ELocation ID", (), "value", ("aid",)),
    SearchField(
        "PDAT", "Date - Publication", "Date of publication", ("dp", "publication date"), "date", ("pdat", "epdat")
    ),
    SearchField("PPDT", "Print Publication Date", "Date of print publication", (), "date", ("pdat",)),
    SearchField("EPDT", "Electronic Publication Date", "Date of Electronic publication", (), "date", ("epdat",)),
    SearchField(
        "EDAT", "Date - Entry", "Date publication first accessible through Entrez",
        ("date - entrez", "entrez date", "entry date", "entrezdate"), "date", ("edat",),
    ),
    SearchField(
        "CRDT", "Date - Create", "Date publication first accessible through Entrez", ("create date",), "date",
        ("crdt",),
    ),
    SearchField(
        "MDAT", "Date - Modification", "Date of last modification", ("lr", "modification date"), "date", ("mdat",)
    ),
)  # fmt: skip

BY_TAG = {
    tag: search_field
    for search_field in FIELDS
    for tag in (search_field.name.lower(), search_field.full_name.lower(), *search_field.tags)
}

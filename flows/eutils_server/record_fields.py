"""What searches, citation matching and links ask of a record, taken from its XML once, when it is loaded."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from lxml import etree

from transforms.values import MONTHS, first_year, text_of, to_pmid

Element = etree._Element
ByTag = dict[str, list[Element]]

WORD = re.compile(r"[^\W_]+")

# Joins the words of a value to one word of the index, so that `rats` does not find `Rats, Wistar`; a private character,
# which no record has.
JOINT = "\ue000"

TITLES = ("ArticleTitle", "VernacularTitle", "BookTitle")


@dataclass(frozen=True, slots=True)
class RecordFields:
    """What is indexed of a record.

    Attributes:
        title, abstract, affiliations: Their text, for words and phrases.
        other: Text of every other field that `[all fields]` searches.
        values: Whole values by the short name of their field, as `value_token` makes them.
        dates: Days as YYYYMMDD by kind: edat (History `pubmed`, else `entrez`), crdt (History `entrez`, else
            `pubmed`), mdat (DateRevised, else edat), pdat (PubDate, missing parts taken as the first) and epdat
            (ArticleDate).
        author, journal: First author and journal, to sort by.
        cited_pmids: PMIDs that the record's own reference list names, each once, in order.
    """

    title: str
    abstract: str
    affiliations: str
    other: str
    values: tuple[str, ...]
    dates: dict[str, int]
    author: str
    journal: str
    cited_pmids: tuple[int, ...]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case and without diacritics, as the index has them; in order, repeated or not."""
    text = text.lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return WORD.findall(text)


@lru_cache(maxsize=1 << 16)
def value_token(field: str, value: str) -> str:
    """A value as the one word of the index that it is, `mh` and `Rats, Wistar` as `mh<joint>rats<joint>wistar`."""
    return JOINT.join([field, *words_of(value)])


def read_fields(element: Element) -> RecordFields:
    """What is indexed of a record."""
    by_tag = elements_by_tag(element)
    values = dict.fromkeys(field_values(by_tag))
    authors = by_tag.get("Author", [])
    journals = [text_of(e) for tag in ("Title", "ISOAbbreviation", "MedlineTA") for e in by_tag.get(tag, ())]
    return RecordFields(
        title=joined(by_tag, *TITLES),
        abstract=joined(by_tag, "AbstractText"),
        affiliations=joined(by_tag, "Affiliation"),
        other=" | ".join(dict.fromkeys(text for name, text in values if name in WORD_VALUES)),
        values=tuple(value_token(name, value) for name, value in values),
        dates=record_dates(by_tag),
        author=" ".join(words_of(author_name(authors[0]))) if authors else "",
        journal=" ".join(words_of(journals[-1])) if journals else "",
        cited_pmids=tuple(cited_pmids(by_tag)),
    )


def elements_by_tag(element: Element) -> ByTag:
    """The elements of a record by name, in document order."""
    by_tag: ByTag = {}
    for e in element.iter(etree.Element):
        by_tag.setdefault(str(e.tag), []).append(e)
    return by_tag


# The fields of values whose words `[all fields]` finds too.
WORD_VALUES = frozenset(("au", "ta", "mh", "nm", "ot", "pt", "aid", "rn", "gr", "cn"))

# Values that are the text of an element, with the short name of their field in PubMed.
SIMPLE_VALUES = {
    "Title": "ta", "ISOAbbreviation": "ta", "MedlineTA": "ta", "ISSN": "ta", "ISSNLinking": "ta", "NlmUniqueID": "ta",
    "NameOfSubstance": "nm", "SupplMeshName": "nm", "RegistryNumber": "rn", "PublicationType": "pt", "Keyword": "ot",
    "Language": "la", "GrantID": "gr", "Volume": "vi", "Issue": "ip", "CollectiveName": "cn", "ELocationID": "aid",
    "PMID": "uid",
}  # fmt: skip


def field_values(by_tag: ByTag) -> Iterator[tuple[str, str]]:
    """Each value of a record with the short name of its field (`au`, `mh` ...).

    Names of this server's own: `hasau` for a record that names authors, `year` for the year of its issue, and `sb`
    for the subsets that it belongs to.
    """
    for tag, name in SIMPLE_VALUES.items():
        for e in by_tag.get(tag, ()):
            yield name, text_of(e)
    for e in by_tag.get("ArticleId", ()):
        if not is_of_reference(e):
            yield "aid", text_of(e)
    yield from author_values(by_tag)
    yield from mesh_values(by_tag)
    pages = text_at(by_tag, "MedlinePgn") or text_at(by_tag, "StartPage")
    if first_page := re.match(r"[^\s,;-]+", pages):
        yield "pg", first_page[0]
    if published := by_tag.get("PubDate"):
        year = first_year(published[0].findtext("Year"), published[0].findtext("MedlineDate"))
        if year:
            yield "year", str(year)
    for tag, subset in (("Abstract", "has abstract"), ("BookDocument", "pubmed books")):
        if tag in by_tag:
            yield "sb", subset
    for e in by_tag.get("MedlineCitation", ()):
        yield "sb", e.get("Status") or ""


def author_values(by_tag: ByTag) -> Iterator[tuple[str, str]]:
    """The names of authors as `au`, also in full, the first and last one as `1au` and `lastau`; identifiers."""
    authors = by_tag.get("Author", [])
    if authors:
        yield "hasau", "yes"
        yield "1au", author_name(authors[0])
        yield "lastau", author_name(authors[-1])
    for author in authors:
        last, fore = author.findtext("LastName"), author.findtext("ForeName")
        yield "au", author_name(author)
        if last and fore:
            yield "au", f"{last} {fore}"
            yield "au", f"{fore} {last}"
        for identifier in author.iterfind("Identifier"):
            yield "auid", text_of(identifier)
    for investigator in by_tag.get("Investigator", ()):
        yield "ir", author_name(investigator)


def author_name(author: Element) -> str:
    """`Mann BJ`, or a collective's name."""
    last = author.findtext("LastName")
    if last is None:
        collective = author.find("CollectiveName")
        return "" if collective is None else text_of(collective)
    return f"{last} {author.findtext('Initials') or ''}".strip()


def mesh_values(by_tag: ByTag) -> Iterator[tuple[str, str]]:
    """MeSH headings as `mh`, each also with each of its qualifiers; qualifiers as `sh`; major ones as `majr` too."""
    for heading in by_tag.get("MeshHeading", ()):
        name, is_major = "", False
        for e in heading:
            text, is_major_here = text_of(e), e.get("MajorTopicYN") == "Y"
            if e.tag == "DescriptorName":
                name = text
                yield "mh", name
            else:
                yield "sh", text
                yield "mh", f"{name}/{text}"
                if is_major_here:
                    yield "majr", f"{name}/{text}"
            is_major = is_major or is_major_here
        if is_major:
            yield "majr", name


def joined(by_tag: ByTag, *tags: str) -> str:
    """The texts of all elements of some names."""
    return " ".join(text_of(e) for tag in tags for e in by_tag.get(tag, ()))


def text_at(by_tag: ByTag, tag: str) -> str:
    """The text of the first element of a name; '' if there is none."""
    return text_of(by_tag[tag][0]) if tag in by_tag else ""


def is_of_reference(article_id: Element) -> bool:
    """Whether an ArticleId is that of a paper that the record cites, and not its own."""
    parent = article_id.getparent()
    grandparent = None if parent is None else parent.getparent()
    return grandparent is not None and grandparent.tag == "Reference"


def cited_pmids(by_tag: ByTag) -> Iterable[int]:
    """The PMIDs that the record's own reference list names, each once, in order."""
    found = (
        to_pmid(text_of(e)) for e in by_tag.get("ArticleId", ()) if e.get("IdType") == "pubmed" and is_of_reference(e)
    )
    return dict.fromkeys(pmid for pmid in found if pmid is not None)


def record_dates(by_tag: ByTag) -> dict[str, int]:
    """The dates that a search can ask for, as YYYYMMDD."""
    dates: dict[str, int] = {}
    history = {e.get("PubStatus"): day for e in reversed(by_tag.get("PubMedPubDate", [])) if (day := day_of(e))}
    # In NLM's MEDLINE format EDAT is the date `pubmed` of the History, and CRDT its `entrez`.
    for kind, statuses in (("edat", ("pubmed", "entrez")), ("crdt", ("entrez", "pubmed"))):
        if found := next((history[status] for status in statuses if status in history), None):
            dates[kind] = found
    for tag, kind in (("PubDate", "pdat"), ("ArticleDate", "epdat"), ("DateRevised", "mdat")):
        if tag in by_tag and (day := day_of(by_tag[tag][0])):
            dates[kind] = day
    if "edat" in dates:
        dates.setdefault("mdat", dates["edat"])
    return dates


def day_of(element: Element) -> int | None:
    """The day of an element with Year, Month and Day, or MedlineDate; missing parts are the first. None without year.

    Of `1998 Apr 15-30` it is the fifteenth.
    """
    parts = [element.findtext(name) or "" for name in ("Year", "Month", "Day")]
    if not parts[0]:
        found = re.match(r"\D*(\d{4})(?:\D*?\b([A-Z][a-z]{2})[a-z]*(?:\s+(\d{1,2}))?)?", text_of(element))
        parts = [part or "" for part in found.groups()] if found else parts
    year, month, day = parts
    if not year.isdecimal():
        return None
    number = int(month) if month.isdecimal() else MONTHS.get(month[:3].lower(), 1)
    try:
        when = date(int(year), number, int(day) if day.isdecimal() else 1)
    except ValueError:
        when = date(int(year), 1, 1)
    return when.year * 10_000 + when.month * 100 + when.day

"""What ESummary and the text formats say of a record, read from its XML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from flows.eutils_server.record_fields import day_of, is_of_reference, words_of
from transforms.values import MONTH_OR_DAY, text_of, to_pmid

Element = etree._Element

RECORD_STATUS = {
    "MEDLINE": "PubMed - indexed for MEDLINE",
    "PubMed-not-MEDLINE": "PubMed",
    "In-Process": "PubMed - in process",
    "In-Data-Review": "PubMed - in process",
    "Publisher": "PubMed - as supplied by publisher",
    "OLDMEDLINE": "PubMed - OLDMEDLINE",
}


@dataclass(frozen=True)
class Summary:
    """A record in short; '' and () if it says nothing.

    Attributes:
        pub_date, epub_date: As NLM prints them, `2002 Sep 4`.
        authors: (name, kind) with kind Author or CollectiveName, as `Mangalam H`.
        publication_types: Without those that say who paid for it, as NCBI leaves them out.
        publication_status: `ppublish+epublish` for what came in both ways; '' for an electronic collection, as at NCBI.
        article_ids: (kind, value), the PMID among them.
        history: (status, `2002/10/10 04:00`) in document order.
        references: Comments and corrections as (`Erratum in`, source, PMID or '').
        cited_count: Records that cite it.
        elocation: `doi: 10.1/x pii: y`.
        status: As NLM's Status attribute has it.
        sort_date: `2002/09/04 00:00`, missing parts as the first.
    """

    pmid: int
    pub_date: str
    epub_date: str
    source: str
    authors: tuple[tuple[str, str], ...]
    title: str
    volume: str
    issue: str
    pages: str
    languages: tuple[str, ...]
    nlm_unique_id: str
    issn: str
    essn: str
    publication_types: tuple[str, ...]
    status: str
    publication_status: str
    article_ids: tuple[tuple[str, str], ...]
    history: tuple[tuple[str, str], ...]
    references: tuple[tuple[str, str, str], ...]
    cited_count: int
    has_abstract: bool
    full_journal_name: str
    elocation: str
    sort_date: str
    book: dict[str, str]

    @property
    def last_author(self) -> str:
        """The name of the last author who is a person."""
        return next((name for name, kind in reversed(self.authors) if kind == "Author"), "")

    @property
    def doi(self) -> str:
        """The DOI."""
        return dict(self.article_ids).get("doi", "")

    @property
    def is_book(self) -> bool:
        """Whether it is a record of Bookshelf."""
        return bool(self.book)

    @property
    def so(self) -> str:
        """Where it was published: `2002 Sep;3(3):296-302`."""
        issue = f"({self.issue})" if self.issue else ""
        where = f"{self.volume}{issue}" + (f":{self.pages}" if self.pages else "")
        return self.pub_date + (f";{where}" if where else "")

    @property
    def sort_title(self) -> str:
        """The title to sort by: in lower case, without punctuation, brackets and leading article."""
        words = words_of(self.title)
        return " ".join(words[1:] if words[:1] in (["a"], ["an"], ["the"]) else words)


def read_summary(element: Element, cited_count: int = 0) -> Summary:
    """A record in short."""
    issns = {e.get("IssnType"): text_of(e) for e in element.iter("ISSN")}
    pub_date = next(element.iter("PubDate"), None)
    article_date = next(element.iter("ArticleDate"), None)
    locations = [(e.get("EIdType") or "", text_of(e)) for e in element.iter("ELocationID")]
    citation = next(element.iter("MedlineCitation"), None)
    day = day_of(pub_date) if pub_date is not None else None
    return Summary(
        pmid=to_pmid(first(element, "PMID")) or 0,
        pub_date=printed_date(pub_date),
        epub_date=printed_date(article_date),
        source=first(element, "MedlineTA") or first(element, "ISOAbbreviation"),
        authors=tuple(author_names(element)),
        title=first(element, "ArticleTitle") or first(element, "BookTitle"),
        volume=first(element, "Volume"),
        issue=first(element, "Issue"),
        pages=first(element, "MedlinePgn"),
        languages=tuple(text_of(e) for e in element.iter("Language")),
        nlm_unique_id=first(element, "NlmUniqueID"),
        issn=issns.get("Print", ""),
        essn=issns.get("Electronic", ""),
        publication_types=tuple(
            text for e in element.iter("PublicationType") if not (text := text_of(e)).startswith("Research Support")
        ),
        status=(citation.get("Status") or "") if citation is not None else "",
        publication_status=publication_status(element),
        article_ids=article_ids(element),
        history=tuple((e.get("PubStatus") or "", minute_of(e)) for e in element.iter("PubMedPubDate")),
        references=tuple(read_references(element)),
        cited_count=cited_count,
        has_abstract=next(element.iter("AbstractText"), None) is not None,
        full_journal_name=text_of(found) if (found := element.find(".//Journal/Title")) is not None else "",
        elocation=" ".join(f"{kind}: {value}" for kind, value in locations),
        sort_date=f"{day // 10_000:04}/{day // 100 % 100:02}/{day % 100:02} 00:00" if day else "",
        book=read_book(element),
    )


def first(element: Element, tag: str) -> str:
    """The text of the first element of a name; '' if there is none."""
    found = next(element.iter(tag), None)
    return "" if found is None else text_of(found)


def printed_date(element: Element | None) -> str:
    """A date as NLM prints it: `2002 Sep 4`, `1998 Spring`, or the MedlineDate; '' if there is none."""
    if element is None:
        return ""
    parts = [element.findtext(name) or "" for name in ("Year", "Season", "Month", "Day")]
    if not parts[0]:
        return element.findtext("MedlineDate") or ""
    if MONTH_OR_DAY.fullmatch(parts[2]) and int(parts[2]) <= 12:
        parts[2] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[int(parts[2]) - 1]  # noqa: SIM905
    parts[3] = parts[3].lstrip("0")
    return " ".join(part for part in parts if part)


def minute_of(element: Element) -> str:
    """A date of the History as `2002/10/10 04:00`; what it does not give counts as the first."""
    year, month, day = (element.findtext(name) or "1" for name in ("Year", "Month", "Day"))
    hour, minute = (element.findtext(name) or "0" for name in ("Hour", "Minute"))
    return f"{year:0>4}/{month:0>2}/{day:0>2} {hour:0>2}:{minute:0>2}"


def author_names(element: Element) -> list[tuple[str, str]]:
    """The names of authors with their kind, in order, none marked as wrong; suffixes are last, `Hambrick GW Jr`."""
    names = []
    for author in element.iterfind(".//AuthorList/Author"):
        if author.get("ValidYN") == "N":
            continue
        collective = author.find("CollectiveName")
        if collective is not None:
            names.append((text_of(collective), "CollectiveName"))
            continue
        parts = (author.findtext(name) or "" for name in ("LastName", "Initials", "Suffix"))
        names.append((" ".join(part for part in parts if part), "Author"))
    return names


def article_ids(element: Element) -> tuple[tuple[str, str], ...]:
    """The record's own identifiers, not those of papers that it cites; the PMID in any case, and what NCBI adds."""
    found = [(e.get("IdType") or "", text_of(e)) for e in element.iter("ArticleId") if not is_of_reference(e)]
    if not any(kind == "pubmed" for kind, _ in found):
        found.insert(0, ("pubmed", first(element, "PMID")))
    pmid = first(element, "PMID")
    by_kind = dict(found)
    found += [("rid", pmid), ("eid", pmid)]
    if "pmc" in by_kind:
        manuscript = f"manuscript-id: {by_kind['mid']};" if "mid" in by_kind else ""
        found.append(("pmcid", f"pmc-id: {by_kind['pmc']};{manuscript}"))
    return tuple(found)


def publication_status(element: Element) -> str:
    """How it was published, in ESummary's words."""
    status, article = first(element, "PublicationStatus"), next(element.iter("Article"), None)
    model = "" if article is None else article.get("PubModel") or ""
    if status == "ppublish" and model == "Print-Electronic":
        return "ppublish+epublish"
    return "" if model == "Electronic-eCollection" else status


def read_references(element: Element) -> Iterator[tuple[str, str, str]]:
    """Comments and corrections: the kind in words, `Erratum in`, the source, the PMID."""
    for comment in element.iter("CommentsCorrections"):
        kind = re.sub(r"(?<=[a-z])(?=(?:In|On|For|From|Of)$)", " ", comment.get("RefType") or "").capitalize()
        yield kind, first(comment, "RefSource"), first(comment, "PMID")


def read_book(element: Element) -> dict[str, str]:
    """What a record of Bookshelf has besides, by the names of ESummary; {} for an article."""
    if next(element.iter("BookDocument"), None) is None:
        return {}
    return {
        "BookTitle": first(element, "BookTitle"),
        "Medium": first(element, "Medium"),
        "Edition": first(element, "Edition"),
        "PublisherLocation": first(element, "PublisherLocation"),
        "PublisherName": first(element, "PublisherName"),
        "ReportNumber": first(element, "ReportNumber"),
        "LocationLabel": first(element, "LocationLabel"),
    }

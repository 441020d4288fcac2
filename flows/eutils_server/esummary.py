"""ESummary: records in short, as XML of version 1.0 and 2.0 and as JSON."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from starlette.responses import Response

from flows.corpus_search.places import LANGUAGES
from flows.eutils_server.efetch import page_of
from flows.eutils_server.history import History
from flows.eutils_server.protocol import (
    LIMIT,
    Parameters,
    UtilityError,
    document,
    json_reply,
    split_ids,
    tag,
    xml_reply,
)
from flows.eutils_server.store import Store
from flows.eutils_server.summary import RECORD_STATUS, Summary, read_summary
from transforms.values import to_pmid

MOST_IN_JSON = 500
DOCTYPE_2 = ("eSummaryResult", "-//NLM//DTD esummary pubmed 20230428//EN", "20230428/esummary_pubmed.dtd")
MISSING = "cannot get document summary"
LANGUAGE_NAMES = {code: name.capitalize() for name, code in LANGUAGES.items()}
# Numbers that NCBI has for kinds of identifiers and for the status of a publication.
ID_NUMBERS = {"pubmed": 1, "doi": 3, "pii": 4, "pmcid": 5}
STATUS_NUMBERS = {
    "received": 1,
    "accepted": 2,
    "epublish": 3,
    "ppublish": 4,
    "aheadofprint": 10,
    "ppublish+epublish": 256,
}

# PMIDs in the order asked for; None: there is no record.
Summaries = list[tuple[int, Summary | None]]


def esummary(store: Store, history: History, parameters: Parameters) -> Response:
    """Summaries by id or from the history, in the order asked for.

    A PMID without a record has an error in its place in version 2.0, and is said first in version 1.0.

    Raises:
        UtilityError: There is no id, an id is not a number, or there are too many.
    """
    is_json = parameters.get("retmode") == "json"
    if not parameters.get("query_key"):
        invalid = check_ids(split_ids(parameters), MOST_IN_JSON if is_json else LIMIT)
        if invalid and is_json:
            return json_reply("esummary", {"error": " ".join(invalid), "result": {"uids": []}})
        if invalid:
            raise UtilityError(200, *invalid)
    pmids = page_of(history, parameters)
    if is_json and len(pmids) > MOST_IN_JSON:
        raise too_many(MOST_IN_JSON)
    found = summarise(store, pmids)
    summaries = [(pmid, found.get(pmid)) for pmid in pmids]
    if is_json:
        return as_json(summaries)
    return as_document_summaries(summaries) if parameters.get("version") == "2.0" else as_doc_sums(summaries)


def check_ids(texts: list[str], most: int) -> list[str]:
    """NCBI's words for the ids of a request that are not numbers.

    Raises:
        UtilityError: There is no id, or there are more than `most`.
    """
    if not texts:
        raise UtilityError(200, "Neither query_key nor id specified")
    if len(texts) > most:
        raise too_many(most)
    return invalid_ids(texts)


def too_many(most: int) -> UtilityError:
    """NCBI's words for more ids than it takes at once."""
    limit = f"{most} for JSON format output" if most == MOST_IN_JSON else str(most)
    return UtilityError(200, f"Too many UIDs in request. Maximum number of UIDs is {limit}.")


def as_json(summaries: Summaries) -> Response:
    """A JSON reply; a PMID without a record has an error in its place."""
    result: dict[str, object] = {"uids": [str(pmid) for pmid, _ in summaries]}
    for pmid, summary in summaries:
        members = json_members(summary) if summary else {"error": MISSING}
        result[str(pmid)] = {"uid": str(pmid), **members}
    return json_reply("esummary", {"result": result})


def as_document_summaries(summaries: Summaries) -> Response:
    """An XML reply of version 2.0."""
    sets = "\n".join(document_summary(pmid, summary) for pmid, summary in summaries)
    body = f'\n<DocumentSummarySet status="OK">\n{sets}\n</DocumentSummarySet>\n'
    return xml_reply(document("esummary", body, DOCTYPE_2))


def as_doc_sums(summaries: Summaries) -> Response:
    """An XML reply of version 1.0."""
    errors = "".join(f"\n\t{tag('ERROR', f'UID={pmid}: {MISSING}')}" for pmid, found in summaries if found is None)
    body = "\n".join(doc_sum(summary) for _, summary in summaries if summary)
    return xml_reply(document("esummary", f"{errors}\n{body}\n"))


def summarise(store: Store, pmids: Sequence[int]) -> dict[int, Summary]:
    """The summaries of those of some PMIDs that have a record, with the number of records here that cite each."""
    counts = store.cited_counts(pmids)
    return {pmid: read_summary(element, counts.get(pmid, 0)) for pmid, element in store.elements_of(pmids).items()}


def invalid_ids(texts: list[str]) -> list[str]:
    """NCBI's words for ids that are not numbers, with their place in the list: that of the comma before them."""
    words, position = [], 0
    for text in texts:
        if to_pmid(text) is None:
            words.append(f"Invalid uid {text} at position= {max(0, position - 1)}")
        position += len(text) + 1
    return words


def item(name: str, kind: str, content: object = "") -> str:
    """An Item of version 1.0."""
    return f'<Item Name="{name}" Type="{kind}">{escape(str(content))}</Item>'


def items(name: str, entries: Iterable[tuple[str, str]], kind: str = "String") -> str:
    """An Item that is a list."""
    content = "".join(f"\n\t\t{item(entry, kind, value)}" for entry, value in entries)
    return f'<Item Name="{name}" Type="List">{content}' + ("\n\t</Item>" if content else "</Item>")


def doc_sum(summary: Summary) -> str:
    """A DocSum of version 1.0."""
    lines = [
        tag("Id", summary.pmid),
        item("PubDate", "Date", summary.pub_date),
        item("EPubDate", "Date", summary.epub_date),
        item("Source", "String", summary.source),
        items("AuthorList", ((kind, name) for name, kind in summary.authors)),
        item("LastAuthor", "String", summary.last_author),
        item("Title", "String", summary.title),
        item("Volume", "String", summary.volume),
        item("Issue", "String", summary.issue),
        item("Pages", "String", summary.pages),
        items("LangList", (("Lang", LANGUAGE_NAMES.get(code, code)) for code in summary.languages)),
        item("NlmUniqueID", "String", summary.nlm_unique_id),
        item("ISSN", "String", summary.issn),
        item("ESSN", "String", summary.essn),
        items("PubTypeList", (("PubType", name) for name in summary.publication_types)),
        item("RecordStatus", "String", RECORD_STATUS.get(summary.status, "PubMed")),
        item("PubStatus", "String", summary.publication_status),
        items("ArticleIds", summary.article_ids),
        *([item("DOI", "String", summary.doi)] if summary.doi else []),
        items("History", summary.history, "Date"),
        items("References", ((kind, cited(source, pmid)) for kind, source, pmid in summary.references)),
        item("HasAbstract", "Integer", int(summary.has_abstract)),
        item("PmcRefCount", "Integer", summary.cited_count),
        item("FullJournalName", "String", summary.full_journal_name),
        item("ELocationID", "String", summary.elocation),
        item("SO", "String", summary.so),
    ]
    return "<DocSum>\n\t" + "\n\t".join(lines) + "\n</DocSum>\n"


def cited(source: str, pmid: str) -> str:
    """A comment or correction as version 1.0 has it: `Nat Biotechnol. 2015 Jul;33(7):720-1. PMID: 26154012`."""
    return f"{source.rstrip('.')}. PMID: {pmid}" if pmid else source


def document_summary(pmid: int, summary: Summary | None) -> str:
    """A DocumentSummary of version 2.0."""
    if summary is None:
        return f'<DocumentSummary uid="{pmid}">\n\t{tag("error", MISSING)}\n</DocumentSummary>\n'
    members = json_members(summary)
    book = {name: summary.book.get(name, "") for name in ("BookTitle", "Medium", "Edition", "PublisherLocation")}
    lines = [
        tag("PubDate", summary.pub_date),
        tag("EPubDate", summary.epub_date),
        tag("Source", summary.source),
        "<Authors>" + "".join(
            f"<Author>{tag('Name', name)}{tag('AuthType', kind)}{tag('ClusterID')}</Author>"
            for name, kind in summary.authors
        ) + "</Authors>",
        tag("LastAuthor", summary.last_author),
        tag("Title", summary.title),
        tag("SortTitle", summary.sort_title),
        tag("Volume", summary.volume),
        tag("Issue", summary.issue),
        tag("Pages", summary.pages),
        f"<Lang>{''.join(tag('string', code) for code in summary.languages)}</Lang>",
        tag("NlmUniqueID", summary.nlm_unique_id),
        tag("ISSN", summary.issn),
        tag("ESSN", summary.essn),
        f"<PubType>{''.join(tag('flag', name) for name in summary.publication_types)}</PubType>",
        tag("RecordStatus", members["recordstatus"]),
        tag("PubStatus", members["pubstatus"]),
        f"<ArticleIds>{''.join(article_id(kind, value) for kind, value in summary.article_ids)}</ArticleIds>",
        "<History>" + "".join(
            f"<PubMedPubDate>{tag('PubStatus', status)}{tag('Date', at)}</PubMedPubDate>"
            for status, at in summary.history
        ) + "</History>",
        f"<References>{''.join(map(reference_xml, summary.references))}</References>",
        f"<Attributes>{tag('flag', 'Has Abstract') if summary.has_abstract else ''}</Attributes>",
        tag("PmcRefCount", summary.cited_count),
        tag("FullJournalName", summary.full_journal_name),
        tag("ELocationID", summary.elocation),
        tag("DocType", members["doctype"]),
        "<SrcContribList></SrcContribList>",
        *(tag(name, value) for name, value in book.items()),
        tag("PublisherName", summary.book.get("PublisherName", "")),
        tag("SrcDate"),
        tag("ReportNumber", summary.book.get("ReportNumber", "")),
        tag("AvailableFromURL"),
        tag("LocationLabel", summary.book.get("LocationLabel", "")),
        "<DocContribList></DocContribList>",
        tag("DocDate"),
        tag("BookName"),
        tag("Chapter"),
        tag("SortPubDate", summary.sort_date),
        tag("SortFirstAuthor", members["sortfirstauthor"]),
        tag("VernacularTitle"),
    ]  # fmt: skip
    return f'<DocumentSummary uid="{pmid}">\n\t' + "\n\t".join(lines) + "\n</DocumentSummary>\n"


def reference_xml(reference: tuple[str, str, str]) -> str:
    """A comment or correction in version 2.0."""
    kind, source, pmid = reference
    return f"<Reference>{tag('RefSource', source)}{tag('RefType', kind)}{tag('PMID', pmid)}{tag('Note')}</Reference>"


def article_id(kind: str, value: str) -> str:
    """An identifier in version 2.0."""
    number = ID_NUMBERS.get(kind, 8)
    return f"<ArticleId>{tag('IdType', kind)}{tag('IdTypeN', number)}{tag('Value', value)}</ArticleId>"


def json_members(summary: Summary) -> dict[str, object]:
    """The members of a summary in JSON."""
    return {
        "pubdate": summary.pub_date,
        "epubdate": summary.epub_date,
        "source": summary.source,
        "authors": [{"name": name, "authtype": kind, "clusterid": ""} for name, kind in summary.authors],
        "lastauthor": summary.last_author,
        "title": summary.title,
        "sorttitle": summary.sort_title,
        "volume": summary.volume,
        "issue": summary.issue,
        "pages": summary.pages,
        "lang": list(summary.languages),
        "nlmuniqueid": summary.nlm_unique_id,
        "issn": summary.issn,
        "essn": summary.essn,
        "pubtype": list(summary.publication_types),
        "recordstatus": RECORD_STATUS.get(summary.status, "PubMed"),
        "pubstatus": str(STATUS_NUMBERS.get(summary.publication_status, 0)),
        "articleids": [
            {"idtype": kind, "idtypen": ID_NUMBERS.get(kind, 8), "value": value} for kind, value in summary.article_ids
        ],
        "history": [{"pubstatus": status, "date": at} for status, at in summary.history],
        "references": [
            {"refsource": source, "reftype": kind, "pmid": int(pmid) if pmid.isdecimal() else "", "note": ""}
            for kind, source, pmid in summary.references
        ],
        "attributes": ["Has Abstract"] if summary.has_abstract else [],
        "pmcrefcount": summary.cited_count,
        "fulljournalname": summary.full_journal_name,
        "elocationid": summary.elocation,
        "doctype": "chapter" if summary.is_book else "citation",
        "srccontriblist": [],
        **{name.lower(): summary.book.get(name, "") for name in
           ("BookTitle", "Medium", "Edition", "PublisherLocation", "PublisherName")},
        "srcdate": "",
        "reportnumber": summary.book.get("ReportNumber", ""),
        "availablefromurl": "",
        "locationlabel": summary.book.get("LocationLabel", ""),
        "doccontriblist": [],
        "docdate": "",
        "bookname": "",
        "chapter": "",
        "sortpubdate": summary.sort_date,
        "sortfirstauthor": summary.authors[0][0] if summary.authors else "",
        "vernaculartitle": "",
    }  # fmt: skip

"""ESearch: the reply to a search, as XML and as JSON."""

from collections.abc import Sequence
from datetime import date, timedelta

from starlette.responses import Response

from flows.eutils_server.history import History
from flows.eutils_server.protocol import (
    LIMIT,
    REACHABLE,
    WALL,
    Parameters,
    UtilityError,
    document,
    json_reply,
    number,
    tag,
    wrap,
    xml_reply,
)
from flows.eutils_server.search import RELEVANCE, Result
from flows.eutils_server.store import Store
from transforms.pubmed_fields import BY_TAG
from warehouse.errors import SearchError

NOTHING = "No items found."
SORT_NAMES = {
    "": "", "most+recent": "", "most recent": "", "none": "", "relevance": RELEVANCE, "relevance+desc": RELEVANCE,
    "pub_date": "pub_date", "pub+date": "pub_date", "pub date": "pub_date", "pubdate": "pub_date",
    "author": "author", "first+author": "author", "first author": "author",
    "journalname": "journalname", "journal": "journalname",
}  # fmt: skip


def esearch(store: Store, history: History, parameters: Parameters) -> Response:
    """A search: its count, a page of PMIDs, and a set in the history if asked for.

    Raises:
        UtilityError: The term cannot be understood, or the page lies beyond the first 9,999.
    """
    start = number(parameters, "retstart", 0)
    page_size = min(number(parameters, "retmax", 20), LIMIT)
    if start > REACHABLE - 1:
        raise UtilityError(200, f"Search Backend failed: Exception:\n{WALL}")
    result = find(store, history, parameters)
    found = result.pmids
    page = found[start : min(start + page_size, REACHABLE)]
    kept = None
    if parameters.get("usehistory") == "y":
        kept = history.keep(parameters.get("WebEnv") or "", found)
    if parameters.get("rettype") == "count":
        if parameters.get("retmode") == "json":
            return json_reply("esearch", {"esearchresult": {"count": str(len(found))}})
        return xml_reply(document("esearch", tag("Count", len(found))))
    write = as_json if parameters.get("retmode") == "json" else as_xml
    return write(result, len(found), start, page, kept)


def find(store: Store, history: History, parameters: Parameters) -> Result:
    """What a search's term, history set and dates find.

    Raises:
        UtilityError: NCBI's words for what cannot be understood.
    """
    sort = parameters.get("sort") or ""
    order = SORT_NAMES.get(sort.lower())
    if order is None:
        raise UtilityError(200, f"Unknown sort schema '{sort}' ignored")
    term = (parameters.get("term") or "").strip()
    window = date_window(parameters)
    if window:
        term = f"({term}) AND {window}" if term else window
    if field := parameters.get("field"):
        term = f"{term}[{field}]" if "[" not in term and term else term
    earlier = history.find(parameters)
    sets = dict(history.sets(parameters.get("WebEnv") or ""))
    if not term and earlier is None:
        raise UtilityError(200, "Empty term and query_key - nothing todo")
    if earlier is not None:
        term = f"#{parameters['query_key']} AND ({term})" if term else f"#{parameters['query_key']}"
    try:
        return store.search(term, sets, order)
    except SearchError as exc:
        raise UtilityError(200, str(exc)) from exc


def date_window(parameters: Parameters) -> str:
    """The dates of a request as a part of its term: mindate and maxdate, or the last `reldate` days; '' for none.

    Raises:
        UtilityError: `datetype` is none.
    """
    datetype = (parameters.get("datetype") or "edat").lower()
    mindate, maxdate = parameters.get("mindate"), parameters.get("maxdate")
    if parameters.get("reldate"):
        today = date.today()  # noqa: DTZ011 - as the person who asks has it
        first = today - timedelta(days=min(number(parameters, "reldate", 0), 300_000))
        mindate, maxdate = first.strftime("%Y/%m/%d"), "3000"
    if not (mindate or maxdate):
        return ""
    dated = BY_TAG.get(datetype)
    if dated is None or dated.kind != "date":
        raise UtilityError(200, f"Invalid datetype: {datetype}")
    return f"{mindate or '1800'}:{maxdate or '3000'}[{datetype}]"


def as_xml(result: Result, count: int, start: int, page: Sequence[int], kept: tuple[str, int] | None) -> Response:
    """The reply as the DTD has it (esearch 20060628)."""
    counts = tag("Count", count) + tag("RetMax", len(page)) + tag("RetStart", start)
    history = tag("QueryKey", kept[1]) + tag("WebEnv", kept[0]) if kept else ""
    ids = "".join(f"\n{tag('Id', pmid)}" for pmid in page)
    translations = "".join(wrap("Translation", tag("From", old) + tag("To", new)) for old, new in result.translations)
    body = counts + history + (f"<IdList>{ids}\n</IdList>" if page else "<IdList/>")
    body += wrap("TranslationSet", translations)
    body += tag("QueryTranslation", result.translation)
    errors = "".join(tag("PhraseNotFound", text) for text in result.phrases_not_found)
    errors += "".join(tag("FieldNotFound", text) for text in result.fields_not_found)
    warnings = "".join(tag("QuotedPhraseNotFound", text) for text in result.quoted_not_found)
    warnings += tag("OutputMessage", NOTHING) if not count else ""
    body += wrap("ErrorList", errors) if errors else ""
    body += wrap("WarningList", warnings) if warnings else ""
    return xml_reply(document("esearch", body))


def as_json(result: Result, count: int, start: int, page: Sequence[int], kept: tuple[str, int] | None) -> Response:
    """The reply as JSON, version 0.3."""
    members: dict[str, object] = {"count": str(count), "retmax": str(len(page)), "retstart": str(start)}
    if kept:
        members |= {"querykey": str(kept[1]), "webenv": kept[0]}
    members |= {
        "idlist": [str(pmid) for pmid in page],
        "translationset": [{"from": old, "to": new} for old, new in result.translations],
        "querytranslation": result.translation,
    }
    if result.phrases_not_found or result.fields_not_found:
        members["errorlist"] = {
            "phrasesnotfound": result.phrases_not_found,
            "fieldsnotfound": result.fields_not_found,
        }
    if result.quoted_not_found or not count:
        members["warninglist"] = {
            "phrasesignored": [],
            "quotedphrasesnotfound": result.quoted_not_found,
            "outputmessages": [] if count else [NOTHING],
        }
    return json_reply("esearch", {"esearchresult": members})

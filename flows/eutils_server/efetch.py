"""EFetch: records as XML, as MEDLINE or abstract text, or their PMIDs."""

from collections.abc import Callable, Sequence

from starlette.responses import Response

from flows.eutils_server.history import History
from flows.eutils_server.protocol import (
    LIMIT,
    REACHABLE,
    TEXT,
    WALL,
    Parameters,
    UtilityError,
    number,
    read_ids,
    xml_reply,
)
from flows.eutils_server.store import Store
from flows.eutils_server.text_formats import text_records

# As NCBI begins a set: without an encoding, the records one behind the other.
PUBMED_HEAD = (
    '<?xml version="1.0" ?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
EMPTY_SET = f"{PUBMED_HEAD}<PubmedArticleSet></PubmedArticleSet>\n"
TEXT_FORMATS = ("medline", "abstract")


def efetch(
    store: Store,
    history: History,
    parameters: Parameters,
    choose: Callable[[Sequence[int]], Sequence[int]] = lambda pmids: pmids,
) -> Response:
    """Records by id or from the history, in the order asked for; a PMID that is not known is left out in silence.

    Args:
        store: The records.
        history: The history server.
        parameters: The request's.
        choose: Which of the PMIDs are sent; all of them but for a fault.
    Raises:
        UtilityError: There is no id or no such set, or the page lies beyond it or beyond the first 9,999.
    """
    pmids = page_of(history, parameters)
    rettype = (parameters.get("rettype") or "").lower()
    retmode = (parameters.get("retmode") or "").lower()
    if rettype in ("uilist", "uid"):
        return Response("".join(f"{pmid}\n" for pmid in pmids), media_type=TEXT)
    held = store.known(pmids)
    known = choose([pmid for pmid in pmids if pmid in held])
    if rettype in TEXT_FORMATS and retmode != "xml":
        records = store.xml_of(known)
        texts = text_records((records[pmid] for pmid in known if pmid in records), rettype)
        return Response("\n" + "\n".join(texts), media_type=TEXT)
    # NCBI sends the whole record for any other name, such as `full`, `native` and the empty one.
    if not known:
        return xml_reply(EMPTY_SET)
    records = store.xml_of(known)
    body = b"".join(records[pmid] for pmid in known if pmid in records)
    return xml_reply(f"{PUBMED_HEAD}<PubmedArticleSet>\n".encode() + body + b"</PubmedArticleSet>")


def page_of(history: History, parameters: Parameters) -> list[int]:
    """The PMIDs that are asked for: a page of a history set, else the ids, each once and 10,000 at most.

    Raises:
        UtilityError: There is none.
    """
    start = number(parameters, "retstart", 0)
    page_size = min(number(parameters, "retmax", LIMIT), LIMIT)
    pmids = history.find(parameters)
    if pmids is None:
        ids = list(dict.fromkeys(read_ids(parameters)))
        return ids[start : start + page_size]
    if start > REACHABLE - 1:
        raise UtilityError(400, f"Search backend cannot retrieve history data. Reason: Exception: {WALL}")
    if start and start >= len(pmids):
        raise UtilityError(
            400,
            f"Cannot retrieve history data: OUT OF RANGE. Parameter retstart={start} + 1 is greater than number of "
            f"records available in history. History includes {len(pmids)} IDs.",
        )
    # A page that crosses the last reachable record is cut there silently.
    return pmids[start : min(start + page_size, REACHABLE)].tolist()

"""The E-utilities protocol: EFetch, ESearch, EPost and ELink over a RecordStore, with NCBI's limits and error bodies.

Replies have the DOCTYPEs, the status codes and the words of NCBI's own (NBK25499).
"""

import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.datastructures import MultiDict as Parameters
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.eutils_server.citation_match import answer_line, citation_lines
from flows.eutils_server.records import RecordStore
from flows.eutils_server.search import search
from flows.eutils_server.search_parser import SearchError

DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" ?>\n'
PUBMED_DOCTYPE = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
LIMIT = 10_000
REACHABLE = 9_999
WALL = (
    "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve "
    "the first 9,999 records matching the query. To obtain more than 9,999 PubMed records, consider using EDirect that "
    "contains additional logic to batch PubMed search results automatically so that an arbitrary number can be "
    "retrieved. For details see https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
LINK_NAMES = ("pubmed_pubmed", "pubmed_pubmed_citedin", "pubmed_pubmed_refs")


@dataclass
class Server:
    """What the requests share.

    Attributes:
        store: The records.
        histories: Sets by query key, by WebEnv.
        counts: Requests by utility.
    """

    store: RecordStore
    histories: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class UtilityError(Exception):
    """An answer other than the one asked for: a status, and NCBI's words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def create_app(store: RecordStore) -> Starlette:
    """The server as an ASGI application, below `/entrez/eutils/` and below `/`."""
    server = Server(store)
    utilities: dict[str, Callable[[Server, Parameters], Response]] = {
        "efetch": efetch,
        "esearch": esearch,
        "epost": epost,
        "elink": elink,
        "ecitmatch": ecitmatch,
    }

    async def answer(request: Request) -> Response:
        utility = request.path_params["utility"]
        if utility not in utilities:
            return Response("<html><body>404 Not Found</body></html>", 404, media_type="text/html")
        server.counts[utility] = server.counts.get(utility, 0) + 1
        parameters = Parameters(request.query_params.multi_items())
        if request.method == "POST":
            for name, value in parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True):
                parameters.append(name, value)
        try:
            if parameters.get("db", "pubmed") != "pubmed":
                raise UtilityError(200, f"Invalid db name specified: {parameters['db']}")
            return utilities[utility](server, parameters)
        except UtilityError as exc:
            return error_reply(utility, exc)

    async def statistics(_request: Request) -> Response:
        return Response(json.dumps({"requests": server.counts}), media_type="application/json")

    return Starlette(
        routes=[
            Route("/corpus-server/statistics", statistics),
            Route("/entrez/eutils/{utility}.fcgi", answer, methods=["GET", "POST"]),
            Route("/{utility}.fcgi", answer, methods=["GET", "POST"]),
            Route("/entrez/eutils/{utility}.cgi", answer, methods=["GET", "POST"]),
            Route("/{utility}.cgi", answer, methods=["GET", "POST"]),
        ]
    )


def document(root: str, public: str, path: str, body: str) -> str:
    """An XML reply with its DOCTYPE."""
    return f'{DECLARATION}<!DOCTYPE {root} PUBLIC "{public}" "{DTD}/{path}">\n<{root}>{body}</{root}>\n'


def xml_reply(text: str, status: int = 200) -> Response:
    """An XML reply as NCBI labels it."""
    return Response(text, status, media_type="text/xml; charset=UTF-8")


def error_reply(utility: str, error: UtilityError) -> Response:
    """NCBI's form of an error."""
    if utility == "ecitmatch":
        return Response(f"{error}\n", error.status, media_type="text/plain; charset=UTF-8")
    body = f"<ERROR>{escape(str(error))}</ERROR>"
    root, public, path = {
        "efetch": ("eFetchResult", "-//NLM//DTD efetch 20131226//EN", "20131226/efetch.dtd"),
        "esearch": ("eSearchResult", "-//NLM//DTD esearch 20060628//EN", "20060628/esearch.dtd"),
        "epost": ("ePostResult", "-//NLM//DTD epost 20090526//EN", "20090526/epost.dtd"),
        "elink": ("eLinkResult", "-//NLM//DTD elink 20101123//EN", "20101123/elink.dtd"),
    }[utility]
    return xml_reply(document(root, public, path, body), error.status)


def number(parameters: Parameters, name: str, default: int) -> int:
    """A parameter that is a number.

    Raises:
        UtilityError: It is not.
    """
    text = parameters.get(name) or str(default)
    if not text.isdecimal():
        raise UtilityError(400, f"Invalid value of {name}: {text}")
    return int(text)


def read_ids(parameters: Parameters) -> list[int]:
    """The ids of a request, from repeated `id` and comma lists; what is no number is left out, as NCBI does.

    Raises:
        UtilityError: There is no id at all, or none that is a number.
    """
    texts = [part.strip() for value in parameters.getlist("id") for part in value.split(",") if part.strip()]
    if not texts:
        raise UtilityError(400, "Supplied id parameter is empty.")
    ids = [int(text) for text in texts if text.isdecimal() and len(text) <= 18]
    if not ids:
        raise UtilityError(400, "ID list is empty! Possibly it has no correct IDs.")
    return ids


def history_set(server: Server, parameters: Parameters) -> list[int] | None:
    """The set that WebEnv and query_key name; None if the request names none.

    Raises:
        UtilityError: There is no such set.
    """
    web_env, key = parameters.get("WebEnv"), parameters.get("query_key")
    if not (web_env and key):
        return None
    sets = server.histories.get(web_env, {})
    if not key.isdecimal() or int(key) not in sets:
        raise UtilityError(200, f"Unable to obtain query #{key}")
    return sets[int(key)]


def keep_set(server: Server, parameters: Parameters, pmids: list[int]) -> tuple[str, int]:
    """Put a set into the history.

    Returns:
        Its WebEnv and query key.
    """
    web_env = parameters.get("WebEnv") or ""
    if web_env not in server.histories:
        web_env = f"MCID_{secrets.token_hex(12)}"
    sets = server.histories.setdefault(web_env, {})
    sets[len(sets) + 1] = pmids
    return web_env, len(sets)


def efetch(server: Server, parameters: Parameters) -> Response:
    """Records by id or from the history, in the order asked for; a PMID that is not known is left out in silence."""
    pmids = history_set(server, parameters)
    if pmids is None:
        pmids = read_ids(parameters)
    else:
        start = number(parameters, "retstart", 0)
        if start > REACHABLE - 1:
            raise UtilityError(400, WALL)
        # A page that crosses the last reachable record is cut there, without a word.
        pmids = pmids[start : min(start + number(parameters, "retmax", LIMIT), REACHABLE)]
    if parameters.get("rettype") == "uilist":
        return Response("".join(f"{pmid}\n" for pmid in pmids), media_type="text/plain; charset=UTF-8")
    known = [pmid for pmid in dict.fromkeys(pmids[:LIMIT]) if pmid in server.store]
    body = b"\n".join(server.store.xml(pmid) for pmid in known)
    head = f"{DECLARATION}{PUBMED_DOCTYPE}<PubmedArticleSet>\n".encode()
    return Response(head + body + b"\n</PubmedArticleSet>\n", media_type="text/xml; charset=UTF-8")


def esearch(server: Server, parameters: Parameters) -> Response:
    """A search: its count, a page of PMIDs from the newest to the oldest, and a set in the history if asked for.

    Raises:
        UtilityError: The term cannot be understood, or the page lies beyond the first 9,999.
    """
    start = number(parameters, "retstart", 0)
    page_size = min(number(parameters, "retmax", 20), LIMIT)
    if start > REACHABLE - 1:
        raise UtilityError(200, WALL)
    found = sorted(find(server, parameters), reverse=True)
    page = found[start : min(start + page_size, REACHABLE)]
    kept = keep_set(server, parameters, found) if parameters.get("usehistory") == "y" else None
    term = parameters.get("term", "")
    if parameters.get("retmode") == "json":
        result: dict[str, object] = {
            "count": str(len(found)),
            "retmax": str(len(page)),
            "retstart": str(start),
            "idlist": [str(pmid) for pmid in page],
            "translationset": [],
            "querytranslation": term,
        }
        if kept:
            result |= {"webenv": kept[0], "querykey": str(kept[1])}
        reply = {"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}
        return Response(json.dumps(reply), media_type="application/json; charset=UTF-8")
    history = f"<QueryKey>{kept[1]}</QueryKey><WebEnv>{kept[0]}</WebEnv>" if kept else ""
    ids = "".join(f"\n<Id>{pmid}</Id>" for pmid in page)
    body = (
        f"<Count>{len(found)}</Count><RetMax>{len(page)}</RetMax><RetStart>{start}</RetStart>{history}"
        f"<IdList>{ids}\n</IdList><TranslationSet/><QueryTranslation>{escape(term)}</QueryTranslation>"
    )
    public = "-//NLM//DTD esearch 20060628//EN"
    return xml_reply(document("eSearchResult", public, "20060628/esearch.dtd", body))


def find(server: Server, parameters: Parameters) -> Iterable[int]:
    """What a search's term, history set and dates find.

    Raises:
        UtilityError: NCBI's words for what cannot be understood.
    """
    term = parameters.get("term", "").strip()
    sets = server.histories.get(parameters.get("WebEnv") or "", {})
    datetype = parameters.get("datetype") or "edat"
    if parameters.get("mindate") or parameters.get("maxdate"):
        window = f"{parameters.get('mindate') or '1800'}:{parameters.get('maxdate') or '3000'}[{datetype}]"
        term = f"({term}) AND {window}" if term else window
    try:
        if term:
            found = search(server.store, term, sets).pmids
            earlier = history_set(server, parameters)
            return found if earlier is None else found & set(earlier)
    except SearchError as exc:
        raise UtilityError(200, str(exc)) from exc
    earlier = history_set(server, parameters)
    if earlier is None:
        raise UtilityError(200, "Empty term and query_key - nothing todo")
    return earlier


def epost(server: Server, parameters: Parameters) -> Response:
    """Put PMIDs into the history, known or not, as NCBI does.

    Raises:
        UtilityError: None is given, or more than 10,000.
    """
    ids = list(dict.fromkeys(read_ids(parameters)))
    if len(ids) > LIMIT:
        raise UtilityError(400, f"Too many UIDs in request. Maximum number of UIDs is {LIMIT}.")
    web_env, key = keep_set(server, parameters, ids)
    body = f"\n\t<QueryKey>{key}</QueryKey>\n\t<WebEnv>{web_env}</WebEnv>\n"
    return xml_reply(document("ePostResult", "-//NLM//DTD epost 20090526//EN", "20090526/epost.dtd", body))


def elink(server: Server, parameters: Parameters) -> Response:
    """Neighbours in PubMed: a LinkSet for each repeated `id`, one for all of a comma list.

    Raises:
        UtilityError: The command is not known.
    """
    command = parameters.get("cmd") or "neighbor"
    if command not in ("neighbor", "neighbor_score"):
        raise UtilityError(400, f"Unsupported cmd: {command}")
    names = (parameters["linkname"],) if parameters.get("linkname") else LINK_NAMES
    groups = [read_ids(Parameters([("id", value)])) for value in parameters.getlist("id") or [""]]
    has_scores = command == "neighbor_score"
    sets = "".join(link_set(server.store, group, names, has_scores=has_scores) for group in groups)
    return xml_reply(document("eLinkResult", "-//NLM//DTD elink 20101123//EN", "20101123/elink.dtd", sets))


def link_set(store: RecordStore, pmids: Sequence[int], names: Sequence[str], *, has_scores: bool) -> str:
    """The LinkSet of one PMID, or of several merged."""
    ids = "".join(f"<Id>{pmid}</Id>" for pmid in pmids)
    parts = []
    for name in names:
        links = dict(pair for pmid in pmids for pair in store.neighbours(name, pmid))
        if links:
            written = "".join(
                f"<Link><Id>{pmid}</Id>{f'<Score>{score or 0}</Score>' if is_scored(has_scores, score) else ''}</Link>"
                for pmid, score in links.items()
            )
            parts.append(f"<LinkSetDb><DbTo>pubmed</DbTo><LinkName>{name}</LinkName>{written}</LinkSetDb>")
    return f"<LinkSet><DbFrom>pubmed</DbFrom><IdList>{ids}</IdList>{''.join(parts)}</LinkSet>\n"


def ecitmatch(server: Server, parameters: Parameters) -> Response:
    """The PMIDs of citation strings, a line each; plain text, although `retmode=xml` has to be asked for.

    Raises:
        UtilityError: There is no citation string.
    """
    lines = citation_lines(parameters.get("bdata") or "")
    if not lines:
        raise UtilityError(400, "Empty bdata parameter")
    text = "".join(f"{answer_line(server.store, line)}\n" for line in lines)
    return Response(text, media_type="text/plain; charset=UTF-8")


def is_scored(has_scores: bool, score: int | None) -> bool:  # noqa: FBT001
    """Whether a link is written with its score: where scores are asked for, and there is one."""
    return has_scores and score is not None

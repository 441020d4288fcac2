"""The E-utilities as a web application over a RecordStore, below `/entrez/eutils/` and below `/`."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.eutils_server.citation_match import answer_line, citation_lines
from flows.eutils_server.efetch import efetch
from flows.eutils_server.einfo import einfo
from flows.eutils_server.elink import elink
from flows.eutils_server.esearch import esearch
from flows.eutils_server.esummary import esummary
from flows.eutils_server.history import History, epost
from flows.eutils_server.protocol import (
    HTML,
    LONGEST_URL,
    TEXT,
    TOO_LONG,
    Parameters,
    UtilityError,
    error_reply,
)
from flows.eutils_server.records import RecordStore

Utility = Callable[[Parameters], Response]


def create_app(store: RecordStore) -> Starlette:
    """The server as an ASGI application."""
    history = History()
    utilities: dict[str, Utility] = {
        "einfo": partial(einfo, store),
        "esearch": partial(esearch, store, history),
        "epost": partial(epost, history),
        "esummary": partial(esummary, store, history),
        "efetch": partial(efetch, store, history),
        "elink": partial(elink, store, history),
        "ecitmatch": partial(ecitmatch, store),
    }

    async def answer(request: Request) -> Response:
        utility = request.path_params["utility"]
        if utility not in utilities:
            return Response("<html><body>404 Not Found</body></html>", 404, media_type=HTML)
        if len(request.scope.get("query_string", b"")) > LONGEST_URL:
            return Response(TOO_LONG, 414, media_type=HTML)
        return answer_utility(utilities[utility], utility, await read_parameters(request))

    paths = [f"{folder}/{{utility}}.{ending}" for folder in ("/entrez/eutils", "") for ending in ("fcgi", "cgi")]
    return Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path in paths])


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a request, from its URL and from its form."""
    parameters = Parameters(request.query_params.multi_items())
    if request.method == "POST":
        for name, value in parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True):
            parameters.append(name, value)
    return parameters


def answer_utility(answer: Utility, utility: str, parameters: Parameters) -> Response:
    """The reply of a utility, or NCBI's form of an error."""
    try:
        db = parameters.get("dbfrom" if utility == "elink" else "db") or "pubmed"
        if utility != "einfo" and db != "pubmed":
            raise UtilityError(200, f"Invalid db name specified: {db}")
        return answer(parameters)
    except UtilityError as exc:
        return error_reply(utility, exc, is_json=parameters.get("retmode") == "json")


def ecitmatch(store: RecordStore, parameters: Parameters) -> Response:
    """The PMIDs of citation strings, a line each; plain text, although `retmode=xml` has to be asked for.

    Raises:
        UtilityError: There is no citation string.
    """
    lines = citation_lines(parameters.get("bdata") or "")
    if not lines:
        raise UtilityError(400, "Empty bdata parameter")
    return Response("".join(f"{answer_line(store, line)}\n" for line in lines), media_type=TEXT)

"""The E-utilities as a web application over a store of records, below `/entrez/eutils/` and below `/`; NLM's files
below `/pubmed/`.

Below `/corpus-server/` it says what was asked, and lets faults be set while it runs; on this machine only.
"""

import asyncio
import ipaddress
import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
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
from flows.eutils_server.fault_language import Fault, choose_fault, parse_faults
from flows.eutils_server.faults import leave_out, merge, reply_instead, spoil, too_fast
from flows.eutils_server.history import History, epost
from flows.eutils_server.nlm_tree import NlmTree, answer_file
from flows.eutils_server.protocol import (
    HTML,
    JSON,
    LONGEST_URL,
    TEXT,
    TOO_LONG,
    Parameters,
    UtilityError,
    error_reply,
)
from flows.eutils_server.store import Store
from flows.eutils_server.traffic import Limit, Standing, Traffic
from warehouse.errors import StoreError, UsageError

Utility = Callable[..., Response]

NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


# Limits for the body of a request: 10,000 ids, or a hundred citation strings, take a tenth of this size.
LARGEST_FORM_BYTES = 4 << 20
MOST_FIELDS = 20_000
FORM_S = 30.0


@dataclass
class Server:
    """What the requests share.

    Attributes:
        store: The records.
        faults: Those that strike, in the order of their text.
        traffic: The counts of requests, and the limit.
        history: The history server.
        tree: The folder that is served as NLM's files; None for none.
        worker: The one thread that asks the store, so that requests are counted at the time when they come.
    """

    store: Store
    faults: Sequence[Fault] = ()
    traffic: Traffic = field(default_factory=Traffic)
    history: History = field(default_factory=History)
    tree: NlmTree | None = None
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "entrez-server"))


def create_app(
    store: Store, *, faults: Sequence[Fault] = (), limit: Limit | None = None, nlm_files: Path | None = None
) -> Starlette:
    """The server as an ASGI application.

    Args:
        store: The records.
        faults: Faults to begin with.
        limit: Requests a second beyond which callers are refused; None refuses none.
        nlm_files: A folder that is served below `/pubmed/` as NLM serves its files; None for none.
    """
    tree = NlmTree(nlm_files) if nlm_files else None
    server = Server(store, faults, Traffic(limit), tree=tree)
    history = server.history
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
        return await answer_request(server, utilities[utility], utility, request)

    async def answer_tree(request: Request) -> Response:
        return await answer_file(tree, server.faults, server.traffic, request) if tree else Response(status_code=404)

    paths = [f"{folder}/{{utility}}.{ending}" for folder in ("/entrez/eutils", "") for ending in ("fcgi", "cgi")]
    return Starlette(
        routes=[
            Route("/corpus-server/statistics", partial(statistics, server), methods=["GET", "DELETE"]),
            Route("/corpus-server/faults", partial(control_faults, server), methods=["GET", "POST"]),
            *(Route(path, answer, methods=["GET", "POST"]) for path in paths),
            *([Route("/pubmed/{path:path}", answer_tree, methods=["GET", "HEAD"])] if tree else ()),
        ]
    )


async def answer_request(server: Server, answer: Utility, utility: str, request: Request) -> Response:
    """Count a request, and refuse it, answer it, or apply a fault."""
    at = time.monotonic()
    try:
        parameters = await read_parameters(request)
    except UtilityError as exc:
        return error_reply(utility, exc, is_json=False)
    address = request.client.host if request.client else "unknown"
    key = parameters.get("api_key")
    standing = server.traffic.arrive(utility, key or address, at, has_key=bool(key))
    if standing.is_refused:
        reply = too_fast(standing)
    elif len(request.scope.get("query_string", b"")) > LONGEST_URL:
        reply = Response(TOO_LONG, 414, media_type=HTML)
    else:
        reply = await answer_with_faults(server, answer, utility, parameters, standing)
    reply.headers.update(standing.headers)
    server.traffic.statuses[reply.status_code] += 1
    return reply


async def answer_with_faults(
    server: Server, answer: Utility, utility: str, parameters: Parameters, standing: Standing
) -> Response:
    """The reply to a request, or what a fault makes of it."""
    fault = choose_fault(server.faults, utility, [name for name, value in parameters.items() if value])
    if fault is not None:
        server.traffic.faults[fault.kind] += 1
        if reply := reply_instead(fault, utility, standing, is_json=parameters.get("retmode") == "json"):
            return reply
        if fault.kind == "stall":
            await asyncio.sleep(fault.number)
        if fault.kind == "dead-webenv":
            server.history.forget(parameters["WebEnv"])
        if fault.kind == "leave-out":
            answer = partial(answer, choose=partial(leave_out, fault))
        if fault.kind == "merged":
            answer = partial(answer, choose=partial(merge, fault, lambda: server.store.pmids))
    run = partial(answer_utility, server.store, answer, utility, parameters)
    reply = await asyncio.get_running_loop().run_in_executor(server.worker, run)
    return reply if fault is None else spoil(fault, reply, parameters.get("term") or "")


async def statistics(server: Server, request: Request) -> Response:
    """The requests so far; DELETE resets the counts."""
    if refusal := refuse_strangers(request):
        return refusal
    if request.method == "DELETE":
        server.traffic = Traffic(server.traffic.limit)
    said = server.traffic.describe() | ({"files": dict(server.tree.asked)} if server.tree else {})
    return Response(json.dumps(said), media_type=JSON)


async def control_faults(server: Server, request: Request) -> Response:
    """The faults and how often each struck; POST replaces them by those in its body, an empty body removes all."""
    if refusal := refuse_strangers(request):
        return refusal
    if request.method == "POST":
        try:
            server.faults = parse_faults((await request.body()).decode("utf-8", "replace"))
        except UsageError as exc:
            return Response(json.dumps({"error": str(exc)}), 400, media_type=JSON)
    shown = [{"fault": fault.text, "seen": fault.seen, "struck": fault.struck} for fault in server.faults]
    return Response(json.dumps({"faults": shown}), media_type=JSON)


def refuse_strangers(request: Request) -> Response | None:
    """Refuse requests from other machines."""
    try:
        if request.client and ipaddress.ip_address(request.client.host).is_loopback:
            return None
    except ValueError:
        pass
    return Response(json.dumps({"error": "only from this machine"}), 403, media_type=JSON)


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a request, from its URL and from its form, without characters that no XML can have.

    Raises:
        UtilityError: The form is larger than any request has to be, or does not come.
    """
    given = request.query_params.multi_items()
    if request.method == "POST":
        form = (await read_form(request)).decode("utf-8", "replace")
        try:
            given += parse_qsl(form, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise UtilityError(400, f"Too many parameters in request. Maximum number is {MOST_FIELDS}.") from None
    # Biopython's tutorial writes `webenv`, which NCBI accepts.
    named = (("WebEnv" if name.lower() == "webenv" else name, value) for name, value in given)
    return Parameters([(name, NOT_IN_XML.sub(" ", value)) for name, value in named])


async def read_form(request: Request) -> bytes:
    """The body of a request.

    Raises:
        UtilityError: It is too large, or does not come.
    """
    parts, size = [], 0
    try:
        async with asyncio.timeout(FORM_S):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > LARGEST_FORM_BYTES:
                    raise UtilityError(413, f"Request is too large. Maximum size is {LARGEST_FORM_BYTES} bytes.")
    except TimeoutError:
        raise UtilityError(408, f"Request did not come within {FORM_S:g} s.") from None
    return b"".join(parts)


def answer_utility(store: Store, answer: Utility, utility: str, parameters: Parameters) -> Response:
    """The reply of a utility, or NCBI's form of an error."""
    try:
        store.refresh()
        db = parameters.get("dbfrom" if utility == "elink" else "db") or "pubmed"
        if utility != "einfo" and db != "pubmed":
            raise UtilityError(200, f"Invalid db name specified: {db}")
        return answer(parameters)
    except UtilityError as exc:
        return error_reply(utility, exc, is_json=parameters.get("retmode") == "json")
    except StoreError as exc:
        return error_reply(utility, UtilityError(500, str(exc)), is_json=parameters.get("retmode") == "json")


def ecitmatch(store: Store, parameters: Parameters) -> Response:
    """The PMIDs of citation strings, a line each; plain text, although `retmode=xml` has to be asked for.

    Raises:
        UtilityError: There is no citation string.
    """
    lines = citation_lines(parameters.get("bdata") or "")
    if not lines:
        raise UtilityError(400, "Empty bdata parameter")
    return Response("".join(f"{answer_line(store, line)}\n" for line in lines), media_type=TEXT)

"""Faults as clients see them: replies that replace the right one, or alter it."""

import asyncio
import gzip
import json
import socket
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from flows.eutils_server.efetch import EMPTY_SET
from flows.eutils_server.fault_language import Fault
from flows.eutils_server.protocol import HTML, UtilityError, document, error_reply, xml_reply
from flows.eutils_server.traffic import Standing

# Errors that NCBI was seen to send with status 200 during an outage.
OUT_OF_ORDER = {
    "esearch": "Search Backend failed: Database is not supported: pubmed",
    "efetch": "Can't fetch uids from history because of: NCBI C++ Exception:\n    "
    'Error: UNK_MODULE(CException::eInvalid) "UNK_FILE", line 18446744073709551615: UNK_FUNC ---\n',
    "elink": "Couldn't resolve #exLinkSrv2, the address table is empty.",
}
BACKEND = "Search Backend failed: temporarily unavailable"
TIMEOUT = " Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
SERVER_ERROR = """<html><head><title>NCBI/eutils202 - WWW Error 500 Diagnostic</title></head>
<body><h1>Server Error</h1><p>Your request could not be processed due to a problem on our Web server. This could be a
transient problem, please try the query again.</p><hr/><p>Diagnostic Information:</p><div class="diags">Error: 500</div>
</body></html>
"""
BAD_KEY = '{{"error":"API key invalid","api-key":"{}","type":"client","status":"unknown"}}\n'
GATEWAY = """<html><head><title>{status} {words}</title></head>
<body><center><h1>{status} {words}</h1></center><hr><center>nginx</center></body></html>
"""
EMPTY = {
    "esearch": "<Count>0</Count><RetMax>0</RetMax><RetStart>0</RetStart><IdList/><TranslationSet/><QueryTranslation/>"
    "<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>",
    "elink": "",
    "esummary": "",
}

# Pieces a second of a slow body.
PIECES_PER_S = 10


def reply_instead(fault: Fault, utility: str, standing: Standing, *, is_json: bool) -> Response | None:
    """The reply that replaces the right one; None if the fault only alters it."""
    if fault.kind in ("429", "retry-after"):
        return too_fast(standing, retry_after_s=int(fault.number))
    if fault.kind in ("error", "timeout-400"):
        status, words = (400, TIMEOUT) if fault.kind == "timeout-400" else (200, fault.value)
        error = UtilityError(status, words or OUT_OF_ORDER.get(utility, BACKEND))
        return error_reply(utility, error, is_json=is_json)
    makers: dict[str, Callable[[], Response]] = {
        "429-in-200": lambda: too_fast(standing, status=200),
        "500": lambda: Response(SERVER_ERROR, 500, media_type=HTML),
        "502": lambda: Response(GATEWAY.format(status=502, words="Bad Gateway"), 502, media_type=HTML),
        "503": lambda: Response(GATEWAY.format(status=503, words="Service Unavailable"), 503, media_type=HTML),
        "bad-key": lambda: Response(BAD_KEY.format(standing.caller), 400, media_type="application/json"),
        "reset": Reset,
        "empty": lambda: empty_reply(utility),
    }
    return makers[fault.kind]() if fault.kind in makers else None


def spoil(fault: Fault, reply: Response, term: str) -> Response:
    """What a fault makes of the right reply to a request, and to its term if it has one."""
    body = bytes(reply.body)
    match fault.kind:
        case "cut":
            replace_body(reply, body[: int(len(body) * fault.number)])
        case "break":
            return Broken(reply, int(len(body) * fault.number))
        case "slow":
            return Dripping(reply, fault.number)
        case "wrong-type":
            reply.headers["content-type"] = fault.value or "text/html; charset=UTF-8"
        case "gzip":
            replace_body(reply, pack(body, fault.value))
            reply.headers["content-encoding"] = "deflate" if fault.value == "deflate" else "gzip"
        case "ignored-phrase":
            replace_body(reply, add_ignored(body, fault.value or (term.split() or ["nothing"])[-1]))
    return reply


def replace_body(reply: Response, body: bytes) -> None:
    """Give a reply another body."""
    reply.body = body
    reply.headers["content-length"] = str(len(body))


def pack(body: bytes, form: str) -> bytes:
    """A body as gzip, as deflate, or as gzip whose end is missing."""
    if form == "deflate":
        return zlib.compress(body)
    packed = gzip.compress(body)
    return packed[: len(packed) // 2] if form == "damaged" else packed


def add_ignored(body: bytes, phrase: str) -> bytes:
    """A reply of ESearch that says beside its hits that a phrase was ignored; any other body as it is."""
    if body.lstrip().startswith(b"{"):
        reply = json.loads(body, strict=False)
        warnings = reply.get("esearchresult", {}).setdefault("warninglist", {})
        warnings.setdefault("phrasesignored", []).append(phrase)
        return json.dumps(reply, ensure_ascii=False).encode()
    said = f"<PhraseIgnored>{escape(phrase)}</PhraseIgnored>".encode()
    if b"<WarningList>" in body:
        return body.replace(b"<WarningList>", b"<WarningList>" + said, 1)
    return body.replace(b"</eSearchResult>", b"<WarningList>" + said + b"</WarningList></eSearchResult>", 1)


def too_fast(standing: Standing, *, status: int = 429, retry_after_s: int = 0) -> Response:
    """What NCBI answers beyond its limit, with Retry-After if it says so."""
    # NCBI says this even if it has counted fewer; without a key it names the address.
    limit = standing.limit or 3
    text = (
        f'{{"error":"API rate limit exceeded","api-key":"{standing.caller}",'
        f'"count":"{max(standing.count, limit + 1)}","limit":"{limit}"}}\n'
    )
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return Response(text, status, headers=headers, media_type="application/json")


def empty_reply(utility: str) -> Response:
    """A reply of a utility that holds nothing."""
    if utility == "efetch":
        return xml_reply(EMPTY_SET)
    return xml_reply(document(utility, EMPTY[utility]))


def leave_out(fault: Fault, pmids: Sequence[int]) -> list[int]:
    """PMIDs without some of them, chosen by the fault's random numbers."""
    missing = set(fault.dice.sample(range(len(pmids)), min(int(fault.number), len(pmids))))
    return [pmid for position, pmid in enumerate(pmids) if position not in missing]


def merge(fault: Fault, others: Callable[[], Iterable[int]], pmids: Sequence[int]) -> list[int]:
    """PMIDs of which some are replaced by others."""
    merged = sorted(fault.dice.sample(range(len(pmids)), min(int(fault.number), len(pmids))))
    instead = dict(zip(merged, (other for other in sorted(others()) if other not in pmids), strict=False))
    return [instead.get(position, pmid) for position, pmid in enumerate(pmids)]


class Reset(Response):
    """No answer: the connection is reset."""

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        """Reset the connection, and wait until it is closed."""
        transport = transport_of(receive)
        # Closed with a linger time of 0, it sends RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await gone(receive)


class Broken(Response):
    """A reply whose connection is closed within the body."""

    def __init__(self, reply: Response, sent_bytes: int) -> None:
        self.reply = reply
        self.sent_bytes = sent_bytes
        super().__init__(reply.body, reply.status_code)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the beginning and close."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.reply.raw_headers})
        body = bytes(self.body)[: min(self.sent_bytes, len(self.body) - 1)]
        await send({"type": "http.response.body", "body": body, "more_body": True})
        transport_of(receive).close()
        await gone(receive)


class Dripping(Response):
    """A reply whose bytes trickle."""

    def __init__(self, reply: Response, bytes_per_s: float) -> None:
        self.reply = reply
        self.bytes_per_s = bytes_per_s
        super().__init__(reply.body, reply.status_code)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send it piece by piece, as long as the other end wants it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.reply.raw_headers})
        body, size = bytes(self.body), max(1, round(self.bytes_per_s / PIECES_PER_S))
        left = asyncio.ensure_future(gone(receive))
        for start in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.wait([left], timeout=size / self.bytes_per_s)
            if left.done():
                return
        left.cancel()
        await send({"type": "http.response.body", "body": b""})


def transport_of(receive: Callable[..., Any]) -> asyncio.Transport:
    """The connection of a request: ASGI cannot close it, so uvicorn's transport is used."""
    transport: asyncio.Transport = receive.__self__.transport  # type: ignore[attr-defined]
    return transport


async def gone(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass

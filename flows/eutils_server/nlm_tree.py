"""A folder served as NLM serves its files: Apache's listings, HTTPS ranges, ETag and Last-Modified, and faults.

https://ftp.ncbi.nlm.nih.gov/pubmed/ has `baseline/` and `updatefiles/`, each file with its `.md5` beside it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Message

from flows.eutils_server.fault_language import Fault, choose_fault
from flows.eutils_server.faults import reply_instead, spoil
from flows.eutils_server.protocol import HTML, TEXT
from flows.eutils_server.traffic import Standing, Traffic

NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"
LISTING = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html>
 <head>
  <title>{title}</title>
 </head>
 <body>
<h1>{title}</h1>
<pre>Name                           Last modified      Size  <hr>{rows}
<hr></pre>
</body></html>
"""
UNITS = (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10))


@dataclass
class NlmTree:
    """A folder that is served.

    Attributes:
        root: The folder.
        asked: How often each file was asked for, by its path below the folder, HEAD left out.
        replaced: How often a fault let each file be replaced by a later one with the same bytes.
    """

    root: Path
    asked: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)


async def answer_file(tree: NlmTree, faults: Sequence[Fault], traffic: Traffic, request: Request) -> Response:
    """The listing of a folder, a file or a part of it, or what a fault makes of them."""
    path = str(request.path_params["path"])
    target = (tree.root / path).resolve()
    if not target.is_relative_to(tree.root.resolve()) or not target.exists():
        return Response(NOT_FOUND, 404, media_type=HTML)
    if target.is_dir() and path and not path.endswith("/"):
        return RedirectResponse(request.url.replace(path=f"{request.url.path}/"), 301)
    kind = "listing" if target.is_dir() else "md5" if target.suffix == ".md5" else "file"
    traffic.requests[kind] += 1
    if target.is_file() and request.method == "GET":
        tree.asked[path] += 1
    reply = list_folder(target, f"/pubmed/{path}") if target.is_dir() else send_file(tree, path, target)
    fault = choose_fault(faults, kind)
    if fault is not None:
        traffic.faults[fault.kind] += 1
        address = request.client.host if request.client else "unknown"
        instead = reply_instead(fault, kind, Standing(address, 1, None), is_json=False)
        reply = instead or await spoil_file(tree, path, fault, reply, request)
    traffic.statuses[reply.status_code] += 1
    return reply


def send_file(tree: NlmTree, path: str, target: Path) -> FileResponse:
    """A file; one that a fault has replaced has another ETag and a later Last-Modified."""
    times = tree.replaced[path]
    found = target.stat()
    headers = {
        "etag": f'"{found.st_size:x}-{found.st_mtime_ns + times:x}"',
        "last-modified": formatdate(found.st_mtime + times, usegmt=True),
    }
    media_type = "application/x-gzip" if target.suffix == ".gz" else TEXT
    return FileResponse(target, headers=headers, media_type=media_type)


def list_folder(folder: Path, path: str) -> Response:
    """A listing as Apache makes it: sizes are rounded, times have no zone and no seconds."""
    rows = ['<a href="../">Parent Directory</a>                             -   ']
    for entry in sorted(folder.iterdir()):
        name = entry.name + "/" * entry.is_dir()
        found = entry.stat()
        size = "-" if entry.is_dir() else round_size(found.st_size)
        changed = f"{datetime.fromtimestamp(found.st_mtime, UTC):%Y-%m-%d %H:%M}"
        rows.append(f'<a href="{quote(name)}">{escape(name)}</a>{" " * max(1, 30 - len(name))} {changed}  {size:>4}')
    return Response(LISTING.format(title=f"Index of {escape(path.rstrip('/'))}", rows="\n".join(rows)), media_type=HTML)


def round_size(size: int) -> str:
    """Bytes as Apache writes them: 312, 1.3K, 19M."""
    for unit, one in UNITS:
        if size >= one:
            return f"{size / one:.1f}{unit}" if size < 10 * one else f"{size / one:.0f}{unit}"
    return str(size)


async def spoil_file(tree: NlmTree, path: str, fault: Fault, reply: Response, request: Request) -> Response:
    """What a fault makes of a listing or of a file, which is then held in memory."""
    if isinstance(reply, FileResponse):
        reply = await collect(reply, request)
    if fault.kind == "half":
        rows = bytes(reply.body).decode().split("\n")
        links = [row for row in rows if 'href="pubmed' in row]
        kept = set(links[: int(len(links) * fault.number)])
        return Response("\n".join(row for row in rows if row in kept or row not in links), media_type=HTML)
    if fault.kind == "wrong-md5":
        return Response(re.sub(rb"[0-9a-f]{32}", b"0" * 32, bytes(reply.body)), media_type=TEXT)
    if fault.kind == "replaced":
        tree.replaced[path] += 1
        return spoil(Fault(fault.text, "break", fault.value, fault.utilities), reply, "")
    return spoil(fault, reply, "")


async def collect(reply: FileResponse, request: Request) -> Response:
    """A reply with its status, headers and body in memory."""
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    # From this ASGI version on, a response does not listen for disconnects while it is sent.
    await reply({**request.scope, "asgi": {"version": "3.0", "spec_version": "2.4"}}, request.receive, keep)
    whole = Response(b"".join(message.get("body", b"") for message in sent), sent[0]["status"])
    whole.raw_headers = sent[0]["headers"]
    return whole

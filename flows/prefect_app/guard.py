"""Prefect's server behind a guard: it answers its own pages and programs, and no page of another origin.

The report and the feed of the corpus are among them, below `/corpus/`.

A browser lets any page send requests to this machine. Prefect's CORS settings keep such a page from reading the
answers; a form, a web socket, or a name that is made to point here (DNS rebinding) gets through all the same.
"""

import base64
import ipaddress
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

ORIGINS = "PREFECT_SERVER_CORS_ALLOWED_ORIGINS"

# Path of the report and the feed.
PAGES = "/corpus"

# Identifies the server's process.
FACTORY = f"{__name__}:create_app"


class Guard:
    """Refuses requests from pages of other origins, and host names that are not this server's."""

    def __init__(self, app: ASGIApp, origins: frozenset[str], pages: Mapping[str, Path] = MappingProxyType({})) -> None:
        self.app = app
        self.origins = origins
        self.pages = pages
        self.names = {"localhost", socket.gethostname().lower(), *(urlsplit(o).hostname or "" for o in origins)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self.refuse(headers)
        if refusal is None and scope["type"] == "http" and (file := self.pages.get(scope["path"])):
            await show_page(file, headers)(scope, receive, framed_by_nobody(send))
        elif refusal is None:
            await self.app(scope, receive, framed_by_nobody(send))
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
        else:
            await WebSocketClose(code=1008, reason=refusal)(scope, receive, send)

    def refuse(self, headers: Headers) -> str | None:
        """Why a request is refused; None if it is not."""
        host = headers.get("host", "")
        if not self.is_own_name(host):
            return f"This server has no such name; name it in {ORIGINS}."
        origin = headers.get("origin")
        own = {f"http://{host}", f"https://{host}"}
        if origin is None or origin in own or not self.origins.isdisjoint({origin, "*"}):
            return None
        return f"Pages of another origin are not answered; name the origin in {ORIGINS}."

    def is_own_name(self, host: str) -> bool:
        """Whether a `Host` header names this server; an address always does: only a name can be made to point here."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self.names
        return True


def show_page(file: Path, headers: Headers) -> Response:
    """A file of the data directory, for who has the authentication string; the browser asks for it."""
    login = os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")
    given = headers.get("authorization", "").removeprefix("Basic ")
    expected = base64.b64encode(login.encode()).decode()
    if login and not secrets.compare_digest(given.encode(), expected.encode()):
        ask = {"WWW-Authenticate": 'Basic realm="corpus", charset="UTF-8"'}
        return PlainTextResponse("Log in as in Prefect's UI.", status_code=401, headers=ask)
    if not file.exists():
        return PlainTextResponse("It is made by the next refresh.", status_code=404)
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


def framed_by_nobody(send: Send) -> Send:
    """Forbid pages of other origins to show the UI inside them, where clicks could be borrowed."""

    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Content-Security-Policy", "frame-ancestors 'self'")
        await send(message)

    return send_with_header


def own_origins(host: str, port: int) -> str:
    """The origins of the UI, as Prefect's setting has them: by the address it listens on, and by `localhost`."""
    return ",".join(dict.fromkeys(f"http://{name}:{port}" for name in (host, "localhost", "127.0.0.1")))


def create_app() -> ASGIApp:
    """Prefect's server with its services, guarded; for uvicorn."""
    # Prefect reads its settings when it is first imported.
    from prefect.server.api.server import create_app as create_prefect  # noqa: PLC0415

    origins = frozenset(origin.strip() for origin in os.environ.get(ORIGINS, "").split(",") if origin.strip())
    data_dir = Path(os.environ["PREFECT_HOME"]).parent
    pages = {f"{PAGES}/{name}": data_dir / name for name in ("report.html", "feed.xml")}
    return Guard(create_prefect(final=True), origins, pages)

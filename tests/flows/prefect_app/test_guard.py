"""Who is answered by Prefect's server: its own pages and programs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from flows.prefect_app.guard import PAGES, Guard, own_origins

ORIGINS = frozenset([*own_origins("127.0.0.1", 4200).split(","), "https://corpus.example.org"])


async def answer(_: Request) -> PlainTextResponse:
    """Whoever gets here was let through."""
    return PlainTextResponse("answered")


async def greet(websocket: WebSocket) -> None:
    """Accept a socket and send a word."""
    await websocket.accept()
    await websocket.send_text("accepted")


APP = Guard(Starlette(routes=[Route("/", answer, methods=["GET", "POST"]), WebSocketRoute("/events", greet)]), ORIGINS)


def ask(kind: str, path: str, headers: Mapping[str, str], method: str = "GET") -> Message:
    """The first thing that a guarded server on port 4200 sends."""
    sent: list[Message] = []
    given = {"host": "127.0.0.1:4200"} | {name.lower(): value for name, value in headers.items()}

    async def receive() -> Message:
        return {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    asyncio.run(APP(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:4200"}, 200),
        ({"Origin": "http://localhost:4200"}, 200),
        ({"Host": "10.0.0.7:4200", "Origin": "http://10.0.0.7:4200"}, 200),
        ({"Host": "[::1]:4200"}, 200),
        ({"Host": "corpus.example.org", "Origin": "https://corpus.example.org"}, 200),
        ({"Origin": "http://127.0.0.1:4201"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "elsewhere.example:4200", "Origin": "http://elsewhere.example:4200"}, 403),
        ({"Host": "elsewhere.example"}, 403),
        ({"Host": "127.0.0.1.elsewhere.example"}, 403),
        ({"Host": "[::1"}, 403),
    ],
)
def test_only_own_pages_and_names_are_answered(headers: dict[str, str], status: int) -> None:
    """Programs send no origin; a foreign name that points here is not ours."""
    assert ask("http", "/", headers)["status"] == status
    assert ask("http", "/", headers | {"Content-Type": "text/plain"}, method="POST")["status"] == status


def test_a_web_socket_of_another_origin_is_refused() -> None:
    """A browser asks nobody before it opens one."""
    assert ask("websocket", "/events", {})["type"] == "websocket.accept"
    assert ask("websocket", "/events", {"Origin": "http://elsewhere.example"})["type"] == "websocket.close"


def test_no_other_page_frames_the_ui() -> None:
    """Clicks could be borrowed."""
    assert (b"content-security-policy", b"frame-ancestors 'self'") in ask("http", "/", {})["headers"]


@pytest.mark.parametrize(
    ("login", "given", "status"),
    [
        ("", None, 200),
        ("me:secret", "me:secret", 200),
        ("me:secret", "me:other", 401),
        ("me:secret", None, 401),
    ],
)
def test_the_report_is_shown_to_who_can_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str, given: str | None, status: int
) -> None:
    """The browser asks for name and password; a page that is not made yet says so."""
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", login)
    (tmp_path / "report.html").write_text("<!doctype html>", encoding="utf-8")
    pages = {f"{PAGES}/{name}": tmp_path / name for name in ("report.html", "feed.xml")}
    app = Guard(Starlette(), ORIGINS, pages)
    auth = httpx.BasicAuth(*given.split(":")) if given else None

    async def get(path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4200", auth=auth) as client:
            return await client.get(path, headers=headers)

    answer = asyncio.run(get("/corpus/report.html"))
    assert answer.status_code == status
    assert (answer.text == "<!doctype html>") == (status == 200)
    assert answer.headers.get("www-authenticate", "").startswith("Basic") == (status == 401)
    assert asyncio.run(get("/corpus/feed.xml")).status_code == (404 if status == 200 else 401)
    assert asyncio.run(get("/corpus/told.json")).status_code == 404
    assert asyncio.run(get("/corpus/report.html", Origin="http://evil.example")).status_code == 403

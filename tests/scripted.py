"""HTTP servers on loopback: one that answers as a test scripts it, and one of the files of a folder."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs


@dataclass
class Asked:
    """A request: the utility, its parameters (the last one of each name), its ids, when it came, and its headers."""

    utility: str
    parameters: dict[str, str]
    ids: list[str]
    at: float
    headers: dict[str, str]


@dataclass
class Answer:
    """What is sent back.

    Attributes:
        body: The bytes.
        status: HTTP status.
        headers: Besides Content-Type and Content-Length.
        content_type: Its value.
        cut_at: Bytes after which the connection is closed; None sends all.
        drip_s: Seconds between single bytes.
        is_reset: The connection is closed without an answer.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/xml; charset=UTF-8"
    cut_at: int | None = None
    drip_s: float = 0
    is_reset: bool = False


Script = Callable[[Asked, int], Answer]


@contextmanager
def scripted_server(script: Script) -> Iterator[tuple[str, list[Asked]]]:
    """Serve on a free port of loopback; gives the base URL and the requests so far.

    Args:
        script: Called with each request and its number, from 0.
    """
    asked: list[Asked] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def do_GET(self) -> None:
            self.answer(self.path.partition("?")[2])

        def answer(self, text: str) -> None:
            at = time.monotonic()
            given = parse_qs(text, keep_blank_values=True)
            parameters = {name: values[-1] for name, values in given.items()}
            name = self.path.partition("?")[0].rsplit("/", 1)[-1].partition(".")[0]
            request = Asked(name, parameters, given.get("id", []), at, dict(self.headers))
            with lock:
                number = len(asked)
                asked.append(request)
            answer = script(request, number)
            if answer.is_reset:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for header, value in {"Content-Type": answer.content_type, **answer.headers}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            body = answer.body if answer.cut_at is None else answer.body[: answer.cut_at]
            pieces = (bytes([byte]) for byte in body) if answer.drip_s else (body,)
            # Whoever asked may have been killed meanwhile.
            with suppress(OSError):
                for piece in pieces:
                    self.wfile.write(piece)
                    time.sleep(answer.drip_s)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is logged."""

    with serving_with(Handler) as base_url:
        yield base_url, asked


@contextmanager
def folder_server(folder: Path) -> Iterator[str]:
    """Serve the files of a folder; gives the base URL."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is logged."""

    with serving_with(partial(Handler, directory=str(folder))) as base_url:
        yield base_url


@contextmanager
def serving_with(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port of loopback; gives the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

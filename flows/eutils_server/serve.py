"""The server in a process of its own, or in a thread beside the program that asks it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from flows.eutils_server.app import create_app
from flows.eutils_server.fault_language import parse_faults
from flows.eutils_server.impatience import MOST_CONNECTIONS, make_impatient
from flows.eutils_server.store import Store
from flows.eutils_server.traffic import parse_limit
from warehouse.errors import CorpusError, UsageError

START_S = 30.0
BACKLOG = 2048

# On shutdown, do not wait for replies that a fault holds back.
STOP_S = 2


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: The port is taken, or the host is not this machine's.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # From now on clients wait instead of being refused, so the address can be announced.
        listening.listen(BACKLOG)
    except OSError as exc:
        listening.close()
        raise UsageError(f"Cannot listen on {host}, port {port}: {exc.strerror}; choose another with --port.") from exc
    return listening


def base_url_of(listening: socket.socket) -> str:
    """The base URL of the E-utilities at a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/entrez/eutils/"


def configure(app: Starlette) -> uvicorn.Server:
    """A uvicorn server of an application, quiet but for errors."""
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=MOST_CONNECTIONS,
    )
    make_impatient(config)
    return uvicorn.Server(config)


def serve(app: Starlette, *, host: str, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until the process is told to stop.

    Args:
        app: As `create_app` makes it.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        on_ready: Told the base URL once it is known.
    Raises:
        UsageError: The port is taken.
    """
    with listen(host, port) as listening:
        if on_ready is not None:
            on_ready(base_url_of(listening))
        configure(app).run(sockets=[listening])


@contextmanager
def running_server(
    store: Store, *, faults: str = "", limit: str = "none", nlm_files: Path | None = None
) -> Iterator[str]:
    """Serve from a thread on a free port of loopback, as long as the context lasts; gives the base URL.

    Args:
        store: The records.
        faults: In the language of `fault_language.py`.
        limit: As `parse_limit` reads it.
        nlm_files: As for `create_app`.
    Raises:
        CorpusError: The server does not start.
        UsageError: The faults or the limit make no sense.
    """
    app = create_app(store, faults=parse_faults(faults), limit=parse_limit(limit), nlm_files=nlm_files)
    with listen("127.0.0.1", 0) as listening:
        server = configure(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise CorpusError("The E-utilities server in process did not start; try again.")
            time.sleep(0.005)
        try:
            yield base_url_of(listening)
        finally:
            server.should_exit = True
            thread.join()

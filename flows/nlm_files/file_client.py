"""The client of NLM's file server: it retries until there is an answer, or no byte has come within the budget."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx

from flows.definition.settings import Settings
from flows.definition.version import CODE_VERSION
from flows.entrez.limits import retry_after_s
from warehouse.errors import PermanentError, TransientError

logger = logging.getLogger("corpus")

# NLM asks for two or three connections.
CONNECTIONS = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
# A longer wait is reported with its reason.
SILENT_WAIT_S = 5.0
LARGEST_PAGE_BYTES = 16 << 20
# These are temporary; any other 4xx will recur.
PASSING = (408, 425, 429)

T = TypeVar("T")


@dataclass
class FileClient:
    """What the downloads of one call share.

    Attributes:
        http: The connections.
        budget_s: Seconds without a byte after which a file is given up.
        stopping: Set when the call ends.
        on_bytes: Told of bytes that came, from any thread.
    """

    http: httpx.Client
    budget_s: float
    stopping: threading.Event = field(default_factory=threading.Event)
    on_bytes: Callable[[int], None] = lambda _count: None


@contextmanager
def file_client(settings: Settings) -> Iterator[FileClient]:
    """A client of NLM's file server, which says who it is."""
    who = f"corpus/{CODE_VERSION}" + (f" ({settings.ncbi_email})" if settings.ncbi_email else "")
    http = httpx.Client(
        timeout=settings.entrez_timeout_s,
        follow_redirects=True,
        headers={"User-Agent": who, "Accept-Encoding": "identity"},
        limits=httpx.Limits(max_connections=CONNECTIONS),
    )
    with http:
        yield FileClient(http, settings.entrez_budget_s)


def read_page(client: FileClient, url: str) -> str:
    """A small text.

    Raises:
        TransientError, PermanentError: It cannot be had.
    """
    with asking(url), client.http.stream("GET", url) as reply:
        check_status(reply, url)
        parts, size = [], 0
        for block in reply.iter_bytes():
            parts.append(block)
            size += len(block)
            if size > LARGEST_PAGE_BYTES:
                raise PermanentError(f"{url} is larger than any listing; give another address with --from.")
    return b"".join(parts).decode("utf-8", "replace")


def insist(client: FileClient, ask: Callable[[], T], *, progress_of: Callable[[], int] = lambda: 0) -> T:
    """Retry until there is an answer, or no byte has come for the length of the budget.

    Args:
        client: Of the call.
        ask: One attempt.
        progress_of: How much there is; an attempt that brings more restarts the budget.
    Raises:
        TransientError: The last failure, with when to come back if the server says so.
        PermanentError: The same request would fail again.
    """
    deadline, wait_s = time.monotonic() + client.budget_s, FIRST_WAIT_S
    while True:
        before = progress_of()
        try:
            return ask()
        except TransientError as exc:
            if progress_of() > before:
                deadline, wait_s = time.monotonic() + client.budget_s, FIRST_WAIT_S
            pause_s = exc.retry_after_s if exc.retry_after_s is not None else wait_s * random.uniform(0.5, 1)  # noqa: S311
            if client.stopping.is_set() or time.monotonic() + pause_s > deadline:
                raise TransientError(f"{exc}; run it again {later(exc)}.", retry_after_s=exc.retry_after_s) from None
            if pause_s > SILENT_WAIT_S:
                logger.warning("%s; asking again in %.0f s.", exc, pause_s)
            client.stopping.wait(pause_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)


def later(exc: TransientError) -> str:
    """When a server can be asked again."""
    if not exc.retry_after_s:
        return "later"
    return f"at {datetime.now(UTC) + timedelta(seconds=exc.retry_after_s):%Y-%m-%d %H:%M} UTC"


@contextmanager
def asking(url: str) -> Iterator[None]:
    """Ask the server.

    Raises:
        TransientError: It does not answer, or breaks off.
        PermanentError: That is not an address.
    """
    try:
        yield
    except httpx.TransportError as exc:
        reason = (str(exc).splitlines() or [""])[0] or type(exc).__name__
        raise TransientError(f"{url} cannot be had: {reason}") from exc
    except (httpx.InvalidURL, httpx.HTTPError) as exc:
        raise PermanentError(f"{url} cannot be had: {exc}; give another address with --from.") from exc


def check_status(reply: httpx.Response, url: str) -> None:
    """Check that a reply has what was asked for.

    Raises:
        TransientError: It may have it later; says when, if the server does.
        PermanentError: It will not.
    """
    if reply.is_success:
        return
    said = f"{url}: the server says {reply.status_code} {reply.reason_phrase}".rstrip()
    if reply.is_server_error or reply.status_code in PASSING:
        raise TransientError(said, retry_after_s=retry_after_s(reply.headers))
    raise PermanentError(f"{said}; see that the address is right (--from), or run it again later.")

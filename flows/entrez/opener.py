"""The opener through which all requests of Bio.Entrez go: base URL, time-outs, pace, and an end to each attempt."""

import http.client
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from flows.definition.settings import NCBI_BASE_URL
from flows.entrez.pacer import note_sent, wait_for_start
from warehouse.errors import TransientError

if TYPE_CHECKING:
    from flows.entrez.client import EntrezClient

# A longer wait is reported with its reason.
SILENT_WAIT_S = 5.0

# The current attempt of each thread, for the connection that urllib opens below it.
AT_WORK = threading.local()


@dataclass
class Attempt:
    """An attempt at a request: its socket, once there is one, and whether it was cut off.

    Attributes:
        say_slow: Called when Entrez lets it wait; None for nobody.
    """

    say_slow: Callable[[], None] | None = None
    opened: socket.socket | None = None
    is_cut: bool = False
    watch: threading.Timer | None = None

    def begin_wait(self) -> None:
        """Start waiting for Entrez."""
        self.end_wait()
        if self.say_slow is not None:
            self.watch = start_timer(SILENT_WAIT_S, self.say_slow)

    def end_wait(self) -> None:
        """Stop waiting for Entrez."""
        if self.watch is not None:
            self.watch.cancel()

    def take(self, opened: socket.socket) -> None:
        """Remember the socket; one that was opened too late is shut down at once."""
        self.opened = opened
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        """Shut the socket down: reads from it return nothing more."""
        self.is_cut = True
        if self.opened is not None:
            with suppress(OSError):
                # Not SSLSocket's own, which would take the layer away from under a thread that reads.
                socket.socket.shutdown(self.opened, socket.SHUT_RDWR)


@contextmanager
def cut_off_after(seconds: float, say_slow: Callable[[], None] | None = None) -> Iterator[Attempt]:
    """Limit the total time of this thread's request; time-outs bound silence only, and bytes can trickle.

    Args:
        seconds: The limit.
        say_slow: Called when Entrez lets it wait for more than some seconds.
    Raises:
        TimeoutError: It took longer.
    """
    attempt = AT_WORK.attempt = Attempt(say_slow)
    timer = start_timer(seconds, attempt.cut)
    try:
        yield attempt
    except (OSError, http.client.HTTPException):
        if not attempt.is_cut:
            raise
    finally:
        timer.cancel()
        attempt.end_wait()
        AT_WORK.attempt = None
    if attempt.is_cut:
        raise TimeoutError(f"the reply was not complete after {seconds:g} s")


def start_timer(seconds: float, function: Callable[[], None]) -> threading.Timer:
    """A started daemon timer: it does not keep the process alive."""
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer


class PacedConnection(http.client.HTTPConnection):
    """A connection that connects first and then waits for its turn: NCBI counts arrivals."""

    def __init__(self, host: str, *, client: "EntrezClient", **options: Any) -> None:
        super().__init__(host, **options)
        self.client = client

    def request(self, *arguments: Any, **keywords: Any) -> None:
        """Send a request at the client's pace."""
        attempt = getattr(AT_WORK, "attempt", None) or Attempt()
        attempt.begin_wait()
        if self.sock is None:
            self.connect()
        attempt.take(self.sock)
        self.client.count("request_count")
        if self.client.rate is None:
            super().request(*arguments, **keywords)
            return
        attempt.end_wait()
        start = wait_for_start(self.client.pace, self.client.rate, partial(self.client.say_pace, time.monotonic()))
        attempt.begin_wait()
        super().request(*arguments, **keywords)
        note_sent(self.client.pace, start)


class PacedSecureConnection(PacedConnection, http.client.HTTPSConnection):
    """The same over TLS."""


class PacedHandler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens connections to the client's host at its pace, and others as they are."""

    def __init__(self, client: "EntrezClient") -> None:
        urllib.request.HTTPHandler.__init__(self)
        urllib.request.HTTPSHandler.__init__(self)
        self.client = client
        self.host = urlsplit(client.base_url).netloc
        # One context for all connections: otherwise each loads all certificates again.
        self.context = ssl.create_default_context() if client.base_url.startswith("https:") else None

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a request over HTTP."""
        if not self.is_ours(req):
            self.count_elsewhere()
            return super().http_open(req)
        connection: Any = partial(PacedConnection, client=self.client)
        return self.do_open(connection, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a request over HTTPS."""
        if not self.is_ours(req):
            self.count_elsewhere()
            return super().https_open(req)
        connection: Any = partial(PacedSecureConnection, client=self.client)
        return self.do_open(connection, req, context=self.context)

    def count_elsewhere(self) -> None:
        """Count a redirect of Entrez to another server; requests of other code are not counted."""
        if getattr(AT_WORK, "attempt", None):
            self.client.count("request_count")

    def is_ours(self, request: urllib.request.Request) -> bool:
        """Whether a request goes to the E-utilities, through a proxy or not."""
        return urlsplit(request.full_url).netloc == self.host


class OneRedirect(urllib.request.HTTPRedirectHandler):
    """Follows a reply to another address once: each time is a request, and NCBI counts them."""

    max_redirections = 1
    max_repeats = 1

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """Follow a reply.

        Raises:
            TransientError: It leads to what is not an address.
        """
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except (ValueError, http.client.InvalidURL) as exc:
            raise TransientError(f"the reply leads to what is not an address ({exc})") from None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class EntrezOpener(urllib.request.OpenerDirector):
    """Sends the requests of Bio.Entrez to the client's base URL at its pace; others go out unchanged.

    Args:
        client: Whose base URL and pace.
        on_headers: Told the headers of each reply of the E-utilities.
    """

    def __init__(self, client: "EntrezClient", on_headers: Callable[[Message], None]) -> None:
        super().__init__()
        self.client = client
        self.on_headers = on_headers
        self.add_handler(PacedHandler(client))
        for handler in (
            urllib.request.ProxyHandler,
            urllib.request.UnknownHandler,
            urllib.request.HTTPDefaultErrorHandler,
            OneRedirect,
            urllib.request.HTTPErrorProcessor,
        ):
            self.add_handler(handler())

    def open(self, fullurl: Any, data: Any = None, timeout: Any = None) -> Any:
        """Open a URL or a request; if it goes to the E-utilities, the limits in the reply are obeyed."""
        request = fullurl if isinstance(fullurl, urllib.request.Request) else urllib.request.Request(fullurl)  # noqa: S310
        if not request.full_url.startswith(NCBI_BASE_URL):
            return super().open(request, data, timeout)
        request.full_url = self.client.base_url + request.full_url.removeprefix(NCBI_BASE_URL)
        try:
            response = super().open(request, data, self.client.timeout_s)
        except HTTPError as exc:
            self.on_headers(exc.headers)
            raise
        self.on_headers(response.headers)
        return response

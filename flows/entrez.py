"""How the E-utilities are asked through Bio.Entrez: at which pace, and what is asked again.

Biopython builds the requests and opens them. One opener, installed for `urllib.request`, sees every attempt and carries
the base URL, the time-outs, the pace and the count; one function, `send`, owns the retries. Replies are bytes as they
came. Bio.Entrez lets each thread wait 0.37 s (0.1 s with an API key) before it opens anything; with several requests in
flight that costs time, not pace, which is the pacer's alone.
"""

import hashlib
import http.client
import io
import json
import random
import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import Bio.Entrez
from lxml import etree

from flows.pacer import count_recent, note_sent, pace_file, pause, wait_for_start
from flows.settings import NCBI_BASE_URL, Settings
from warehouse.errors import EntrezError, HistoryError, PermanentError, TransientError, UnreachableError, UsageError

TOOL = "corpus"  # NBK25497: the name of the software, without spaces.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

# Where nothing has been delivered yet, there is little hope that the next minutes bring a connection.
UNREACHABLE_BUDGET_S = 8.0

# After a refusal for being too fast that does not say when to come back (NCBI's does not, as a rule).
REFUSED_PAUSE_S = 1.0

# A reply whose bytes drip is given up after so many times the time-out, which is for silence only.
SLOWEST_REPLY = 5

# Requests in flight: NCBI limits how many start, not how many are under way, and a batch takes it some seconds.
IN_FLIGHT = 6
IN_FLIGHT_WITH_KEY = 16

# Answers that mean "later" though they come with status 200 or 400.
TRANSIENT_WORDS = (
    "Search Backend failed",
    "Empty Response",
    "Status: Timeout",
    "exLinkSrv2",
    "address table is empty",
    "Database is not supported: pubmed",
    "API rate limit exceeded",
    "temporarily unavailable",
    "NCBI C++ Exception",
)
REFUSED_WORDS = "API rate limit exceeded"
HISTORY_WORDS = ("Unable to obtain query #", "Cannot retrieve history data", "Can't fetch uids from history")

# The wall at 9,999 comes as a failing back end, but it will be there the next time as well.
PERMANENT_WORDS = ("cannot be larger than", "OUT OF RANGE")


@dataclass(frozen=True)
class Reply:
    """A reply as it came.

    Attributes:
        utility: efetch, elink ...
        parameters: The request's parameters as JSON, without the API key.
        body: The bytes.
        fetched_at: When it was complete, UTC.
    """

    utility: str
    parameters: str
    body: bytes
    fetched_at: datetime

    @property
    def sha256(self) -> str:
        """SHA-256 of the body, hex."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class EntrezClient:
    """How to reach the E-utilities, and how often they were asked; threads share it.

    Attributes:
        base_url: Where the E-utilities are; ends with a slash.
        source: Whose replies these are, as `run` has it: the base URL, or `sample`.
        rate: Requests a second over all processes of the machine; None is without limit.
        timeout_s: Seconds of silence before an attempt is given up.
        budget_s: Seconds for all attempts of one request.
        in_flight: Requests at a time.
        api_key: Taken out of whatever NCBI says.
        request_count: Attempts that were sent so far.
        delivered_count: Whole replies so far.
        down: Why nothing more is asked for, once nothing can be had; '' while there is hope.
        stopping: Set when the run is given up; nothing is asked again then.
    """

    base_url: str
    source: str
    rate: float | None
    timeout_s: float
    budget_s: float
    in_flight: int = 1
    api_key: str | None = field(default=None, repr=False)
    request_count: int = 0
    delivered_count: int = 0
    down: str = ""
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    jitter: random.Random = field(default_factory=random.Random)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def pace(self) -> Path:
        """The file that keeps the pace."""
        return pace_file(urlsplit(self.base_url).netloc)

    def count(self, name: str) -> None:
        """Add one to a count."""
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)


class PacedConnection(http.client.HTTPConnection):
    """A connection that is made first, and then waits until its request may be sent: the pace is that of arrivals."""

    def __init__(self, host: str, *, client: EntrezClient, **options: Any) -> None:
        super().__init__(host, **options)
        self.client = client

    def request(self, *arguments: Any, **keywords: Any) -> None:
        """Send a request at the client's pace."""
        if self.sock is None:
            self.connect()
        self.client.count("request_count")
        if self.client.rate is None:
            super().request(*arguments, **keywords)
            return
        start = wait_for_start(self.client.pace, self.client.rate)
        super().request(*arguments, **keywords)
        note_sent(self.client.pace, start)


class PacedSecureConnection(PacedConnection, http.client.HTTPSConnection):
    """The same over TLS."""


class PacedHandler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens connections to the client's host at its pace, and others as they are."""

    def __init__(self, client: EntrezClient) -> None:
        urllib.request.HTTPHandler.__init__(self)
        urllib.request.HTTPSHandler.__init__(self)
        self.client = client
        self.host = urlsplit(client.base_url).netloc
        # One for all connections: each makes its own otherwise, and reads all certificates again.
        self.context = ssl.create_default_context() if client.base_url.startswith("https:") else None

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a request over HTTP."""
        if not self.is_ours(req):
            return super().http_open(req)
        connection: Any = partial(PacedConnection, client=self.client)
        return self.do_open(connection, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a request over HTTPS."""
        if not self.is_ours(req):
            return super().https_open(req)
        connection: Any = partial(PacedSecureConnection, client=self.client)
        return self.do_open(connection, req, context=self.context)

    def is_ours(self, request: urllib.request.Request) -> bool:
        """Whether a request goes to the E-utilities, through a proxy or not."""
        return urlsplit(request.full_url).netloc == self.host


class EntrezOpener(urllib.request.OpenerDirector):
    """Sends what Bio.Entrez asks for to the client's base URL, at its pace; everything else goes out as it is."""

    def __init__(self, client: EntrezClient) -> None:
        super().__init__()
        self.client = client
        self.add_handler(PacedHandler(client))
        for handler in (
            urllib.request.ProxyHandler,
            urllib.request.UnknownHandler,
            urllib.request.HTTPDefaultErrorHandler,
            urllib.request.HTTPRedirectHandler,
            urllib.request.HTTPErrorProcessor,
        ):
            self.add_handler(handler())

    def open(self, fullurl: Any, data: Any = None, timeout: Any = None) -> Any:
        """Open a URL or a request; where it is one to the E-utilities, what the reply says of limits is heeded."""
        request = fullurl if isinstance(fullurl, urllib.request.Request) else urllib.request.Request(fullurl)  # noqa: S310
        if not request.full_url.startswith(NCBI_BASE_URL):
            return super().open(request, data, timeout)
        request.full_url = self.client.base_url + request.full_url.removeprefix(NCBI_BASE_URL)
        try:
            response = super().open(request, data, self.client.timeout_s)
        except HTTPError as exc:
            heed_limits(self.client, exc.headers)
            raise
        heed_limits(self.client, response.headers)
        return response


def connect(settings: Settings, base_url: str) -> EntrezClient:
    """Prepare Bio.Entrez and `urllib.request` of this process for an E-utilities server.

    Args:
        settings: Email, key, rate and times.
        base_url: NCBI's, or another server's that speaks the protocol.
    Raises:
        UsageError: NCBI is to be asked and NCBI_EMAIL is not set.
    """
    is_ncbi = base_url == NCBI_BASE_URL
    if is_ncbi and not settings.ncbi_email:
        raise UsageError(
            "NCBI asks for an email address with each request: set NCBI_EMAIL (in the environment or .env)."
        )
    key = settings.ncbi_api_key.get_secret_value() if settings.ncbi_api_key else None
    rate = settings.entrez_rate or ((10.0 if key else 3.0) if is_ncbi else None)
    in_flight = settings.entrez_in_flight or (IN_FLIGHT_WITH_KEY if rate is not None and rate > 3 else IN_FLIGHT)
    source = "sample" if settings.entrez == "sample" else base_url
    client = EntrezClient(base_url, source, rate, settings.entrez_timeout_s, settings.entrez_budget_s, in_flight, key)
    entrez: Any = Bio.Entrez  # Its variables are declared as None.
    entrez.tool = TOOL
    entrez.email = settings.ncbi_email or "corpus@localhost"
    entrez.api_key = key
    entrez.max_tries = 1  # `send` owns the retries.
    urllib.request.install_opener(EntrezOpener(client))
    return client


def heed_limits(client: EntrezClient, headers: Message) -> None:
    """Do as a reply says: keep a lower limit than ours, stop while others use it up, come back when told to."""
    if client.rate is None:
        return
    limit, remaining = headers.get("X-RateLimit-Limit", ""), headers.get("X-RateLimit-Remaining", "")
    if limit.isdecimal() and 0 < int(limit) < client.rate:
        client.rate = float(limit)
    # Our own requests take it down to 0 as well; with fewer than that, other machines use this address or key too.
    if remaining == "0" and count_recent(client.pace) < int(client.rate):
        pause(client.pace, REFUSED_PAUSE_S)
    if (seconds := retry_after_s(headers)) is not None:
        pause(client.pace, seconds)


def retry_after_s(headers: Message) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date; None if it is not there or neither."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def send(
    client: EntrezClient,
    utility: str,
    check: Callable[[bytes], object],
    parameters: Mapping[str, Any],
    *,
    budget_s: float | None = None,
) -> Reply:
    """Ask until there is a whole reply, or the budget is spent.

    Args:
        client: As `connect` gave it.
        utility: Name of a function of Bio.Entrez.
        check: Raises TransientError or PermanentError for a body that is not what was asked for.
        parameters: The utility's.
        budget_s: Seconds for all attempts, where it is not the client's.
    Raises:
        TransientError: The last attempt's failure when the budget is spent.
        UnreachableError: There is no connection; the client is down, and whatever follows fails at once.
        HistoryError: The history set that was named is gone; it has to be posted anew.
        PermanentError: NCBI's own words.
    """
    if client.down:
        raise UnreachableError(client.down)
    started = time.monotonic()
    deadline = started + (client.budget_s if budget_s is None else budget_s)
    attempt = 0
    while True:
        try:
            body = attempt_request(client, utility, parameters)
            with redacted(client):
                check(body)
        except TransientError as exc:
            # The same words are said of a request that names no set, when NCBI is out of order.
            if isinstance(exc, HistoryError) and "WebEnv" in parameters:
                raise
            if REFUSED_WORDS in str(exc) and client.rate is not None:
                pause(client.pace, REFUSED_PAUSE_S)
            longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt)
            wait_s = exc.retry_after_s if exc.retry_after_s is not None else longest * client.jitter.uniform(0.5, 1)
            if isinstance(exc, UnreachableError) and not client.delivered_count:
                deadline = min(deadline, started + UNREACHABLE_BUDGET_S)
            if time.monotonic() + wait_s > deadline or client.stopping.wait(wait_s):
                if isinstance(exc, UnreachableError):
                    client.down = f"Entrez is out of reach: {exc}"
                raise
            attempt += 1
        else:
            client.count("delivered_count")
            return Reply(utility, describe(parameters), body, datetime.now(UTC))


def describe(parameters: Mapping[str, Any]) -> str:
    """The parameters as JSON, as they are kept beside a reply; the API key is never among them."""
    return json.dumps({k: v for k, v in parameters.items() if k != "api_key"}, separators=(",", ":"))


def attempt_request(client: EntrezClient, utility: str, parameters: Mapping[str, Any]) -> bytes:
    """One attempt, its failures told apart.

    Raises:
        UnreachableError: No connection.
        TransientError: 429, 5xx, a time-out, a body cut off, or words that mean "later".
        HistoryError: The history set is gone.
        PermanentError: Any other status of 400 and above.
    """
    with redacted(client):
        try:
            with getattr(Bio.Entrez, utility)(**parameters) as handle:
                return read_body(handle.buffer if isinstance(handle, io.TextIOWrapper) else handle, client.timeout_s)
        except HTTPError as exc:
            with exc:
                words = quote_words(read_error(exc))
            message = f"{utility}: HTTP {exc.code}: {words or exc.reason}"
            if exc.code == 429 and REFUSED_WORDS not in message:
                message += f" ({REFUSED_WORDS})"
            if exc.code in (408, 429) or exc.code >= 500 or is_transient(words):
                raise TransientError(message, retry_after_s=retry_after_s(exc.headers)) from None
            raise error_of(words)(message) from None
        except URLError as exc:
            if isinstance(exc.reason, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
                raise TransientError(f"{utility}: {exc.reason}") from None
            raise UnreachableError(f"{utility}: no connection: {exc.reason}") from None
        except (TimeoutError, ConnectionError, http.client.HTTPException) as exc:
            raise TransientError(f"{utility}: {exc or type(exc).__name__}") from None


def read_body(response: http.client.HTTPResponse, timeout_s: float) -> bytes:
    """The body of a response, whole as far as its length says.

    Raises:
        TimeoutError: Its bytes drip.
        http.client.IncompleteRead: It was cut off.
    """
    deadline = time.monotonic() + SLOWEST_REPLY * timeout_s
    parts = []
    while part := response.read1(1 << 20):
        parts.append(part)
        if time.monotonic() > deadline:
            raise TimeoutError(f"the reply was not complete after {SLOWEST_REPLY * timeout_s:g} s")
    body = b"".join(parts)
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return body


def read_error(error: HTTPError) -> bytes:
    """The body of an error page as far as it can be read."""
    try:
        return error.read(1 << 16)
    except (OSError, http.client.HTTPException):
        return b""


def is_transient(words: str) -> bool:
    """Whether an error's words mean "later": a failing back end does, except where it names the wrong parameter."""
    return any(w in words for w in TRANSIENT_WORDS) and not any(w in words for w in PERMANENT_WORDS)


def error_of(words: str) -> type[TransientError] | type[PermanentError]:
    """The kind of error that NCBI's words stand for."""
    if any(w in words for w in PERMANENT_WORDS):
        return PermanentError
    if any(w in words for w in HISTORY_WORDS):
        return HistoryError
    return TransientError if is_transient(words) else PermanentError


@contextmanager
def redacted(client: EntrezClient) -> Iterator[None]:
    """Take the API key out of the message of any error: NCBI repeats it when it refuses a request."""
    try:
        yield
    except EntrezError as exc:
        if client.api_key:
            exc.args = (str(exc).replace(client.api_key, "***"),)
        raise


def quote_words(body: bytes) -> str:
    """What an error page says, without its markup, 200 characters at most."""
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200]


def parse_reply(utility: str, body: bytes, root: str) -> etree._Element:
    """An XML reply that is whole and of the right kind.

    Raises:
        TransientError: Cut off, another document, or an error that means "later".
        HistoryError: The history set is gone.
        PermanentError: NCBI's own words for any other error.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as exc:
        words = quote_words(body[:2000])
        if body.lstrip().startswith(b"{") and not is_transient(words):
            raise error_of(words)(f"{utility}: {words}") from None
        raise TransientError(f"{utility}: the reply is not whole XML ({exc.msg}): {words}") from None
    errors = [
        " ".join(str(t) for t in e.itertext()).strip()
        for e in element.iter("ERROR")
        if "".join(str(t) for t in e.itertext()).strip()
    ]
    if errors:
        raise error_of(" ".join(errors))(f"{utility}: {' '.join(errors[0].split())}")
    if element.tag != root:
        raise TransientError(f"{utility}: the reply is a {element.tag}, not a {root}")
    return element

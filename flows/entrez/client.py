"""How the E-utilities are asked through Bio.Entrez: at which pace, and what is asked again.

Biopython builds the requests and opens them. One opener, installed for `urllib.request`, sees every attempt and carries
the base URL, the time-outs, the pace and the count; one function, `send`, owns the retries. Replies are bytes as they
came. The pace is the pacer's alone: Bio.Entrez would have this process wait 0.37 s between two requests (0.1 s with an
API key), longer than NCBI asks for and whoever is asked.
"""

import hashlib
import http.client
import io
import json
import logging
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import Bio.Entrez

from flows.definition.settings import NCBI_BASE_URL, Settings
from flows.entrez.bodies import read_body, read_error
from flows.entrez.limits import REFUSED_PAUSE_S, heed_limits, retry_after_s
from flows.entrez.opener import SILENT_WAIT_S, EntrezOpener, cut_off_after
from flows.entrez.pacer import pace_file, pause, pause_left
from transforms.entrez_words import REFUSED_WORDS, error_of, is_transient, printable, quote_words
from warehouse.errors import (
    EntrezError,
    HistoryError,
    KeyRefusedError,
    PermanentError,
    TransientError,
    UnreachableError,
    UsageError,
)

logger = logging.getLogger("corpus")

TOOL = "corpus"  # NBK25497: the name of the software, without spaces.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

# If nothing has been delivered yet, a connection within the next minutes is unlikely.
UNREACHABLE_BUDGET_S = 8.0

# Characters of a reply that an error quotes.
LONGEST_SENTENCE = 1000

# Time-outs bound silence only; a reply that trickles in is given up after this many of them.
SLOWEST_REPLY = 5

# Requests in flight: NCBI limits how many start in a second, not how many are open, and a batch takes seconds.
IN_FLIGHT = 6
IN_FLIGHT_WITH_KEY = 16

# After this many budgets without a delivery, nothing more is requested. A batch that is halved three times, with a
# budget each, must still get its chance. Never less than this many seconds.
STANDSTILL = 4
STANDSTILL_S = 30.0


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

    @property
    def pmids(self) -> tuple[int, ...]:
        """The PMIDs that it answers for; none if the request named none."""
        ids = json.loads(self.parameters).get("id", ())
        return tuple(int(pmid) for pmid in (ids.split(",") if isinstance(ids, str) else ids))


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
        refused: NCBI's refusal of the API key; '' while there is none.
        is_tried: Whether the API key has been tried; until then, requests go one at a time.
        silent_since: Start of the first request that was not answered since the last one that was; None if all were.
        said_until: Nothing is said of waiting before this.
        silence_said_until: Nothing is said of a server that does not answer before this.
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
    refused: str = ""
    is_tried: bool = False
    silent_since: float | None = None
    said_until: float = 0.0
    silence_said_until: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)
    jitter: random.Random = field(default_factory=random.Random)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    trial: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def pace(self) -> Path:
        """The file that keeps the pace."""
        return pace_file(urlsplit(self.base_url).netloc)

    def count(self, name: str) -> None:
        """Add one to a count."""
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)

    def say_wait(self, started: float, wait_s: float, reason: str) -> None:
        """Report a wait of more than a few seconds; once for all requests that wait together."""
        now = time.monotonic()
        with self.lock:
            if now + wait_s - started <= SILENT_WAIT_S or now < self.said_until:
                return
            self.said_until = now + max(wait_s, SILENT_WAIT_S)
        logger.warning("%s; asking again in %.0f s, at %s.", reason, wait_s, time_in(wait_s))

    def say_pace(self, started: float, wait_s: float) -> None:
        """Report a wait for the pace, as `say_wait` does."""
        self.say_wait(started, wait_s, f"At most {self.rate:g} requests/s go out from this machine")

    def say_silence(self) -> None:
        """Report that a request is not answered; once per time-out."""
        now = time.monotonic()
        with self.lock:
            if now < self.silence_said_until:
                return
            self.silence_said_until = now + max(self.timeout_s, SILENT_WAIT_S)
        logger.warning("Entrez has not answered for %g s; it is given %g s.", SILENT_WAIT_S, self.timeout_s)


def check_email(settings: Settings) -> None:
    """Check that an email address is set if requests go to NCBI.

    Raises:
        UsageError: NCBI_EMAIL is not set.
    """
    if settings.entrez == "ncbi" and not settings.ncbi_email:
        raise UsageError(
            "NCBI asks for an email address with each request: set NCBI_EMAIL (in the environment or .env)."
        )


def connect(settings: Settings, base_url: str) -> EntrezClient:
    """Prepare Bio.Entrez and `urllib.request` of this process for an E-utilities server.

    Args:
        settings: Email, key, rate and times.
        base_url: NCBI's, or another server's that speaks the protocol.
    Raises:
        UsageError: NCBI is to be asked and NCBI_EMAIL is not set.
    """
    is_ncbi = base_url == NCBI_BASE_URL
    if is_ncbi:
        check_email(settings)
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
    urllib.request.install_opener(EntrezOpener(client, partial(heed_limits, client)))
    return client


def send(
    client: EntrezClient,
    utility: str,
    check: Callable[[bytes], object],
    parameters: Mapping[str, Any],
    *,
    budget_s: float | None = None,
) -> Reply:
    """Ask until a reply is complete, or the budget is spent.

    Args:
        client: As `connect` gave it.
        utility: Name of a function of Bio.Entrez.
        check: Raises TransientError or PermanentError for a body that is not what was asked for.
        parameters: The utility's.
        budget_s: Seconds for all attempts, if not the client's.
    Raises:
        TransientError: The last attempt's failure when the budget is spent, or would be by the time that Entrez names.
        UnreachableError: There is no connection; the client is down, and whatever follows fails at once.
        HistoryError: The named history set is gone; it has to be posted again.
        PermanentError: NCBI's own words.
        KeyRefusedError: NCBI does not accept the API key.
    """
    if client.down:
        raise UnreachableError(client.down)
    started = time.monotonic()
    deadline = started + (client.budget_s if budget_s is None else budget_s)
    attempt = 0
    while True:
        try:
            wait_out_pause(client, deadline)
            body = attempt_in_turn(client, utility, parameters)
            with redacted(client):
                check(body)
        except TransientError as exc:
            # When NCBI is out of order, it says the same of a request that names no set.
            if isinstance(exc, HistoryError) and "WebEnv" in parameters:
                raise
            if REFUSED_WORDS in str(exc) and client.rate is not None:
                pause(client.pace, REFUSED_PAUSE_S)
            longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt)
            wait_s = exc.retry_after_s if exc.retry_after_s is not None else longest * client.jitter.uniform(0.5, 1)
            if isinstance(exc, UnreachableError) and not client.delivered_count:
                deadline = min(deadline, started + UNREACHABLE_BUDGET_S)
            if time.monotonic() + wait_s > deadline:
                raise give_up(client, exc, started) from None
            client.say_wait(started, wait_s, str(exc))
            if client.stopping.wait(wait_s):
                raise
            attempt += 1
        except PermanentError:
            client.silent_since = None
            raise
        else:
            client.count("delivered_count")
            client.silent_since = None
            return Reply(utility, describe(parameters), body, datetime.now(UTC))


def wait_out_pause(client: EntrezClient, deadline: float) -> None:
    """Wait out the pause that Entrez asked this machine for; do not start one that ends after the deadline.

    Raises:
        TransientError: The pause is longer.
    """
    while client.rate is not None and (left := pause_left(client.pace)) > 0:
        if left > SILENT_WAIT_S and time.monotonic() + left > deadline:
            raise TransientError("Entrez has asked this machine to wait", retry_after_s=left)
        client.say_wait(time.monotonic(), left, "Entrez has asked this machine to wait")
        if client.stopping.wait(left):
            raise TransientError("stopped while waiting for Entrez")


def give_up(client: EntrezClient, exc: TransientError, started: float) -> TransientError:
    """The failure of a request whose budget is spent; if others would fail alike, the client is marked as down."""
    with client.lock:
        client.silent_since = client.silent_since or started
        silent_s = time.monotonic() - client.silent_since
    if exc.retry_after_s is not None and exc.retry_after_s > SILENT_WAIT_S:
        exc.args = (f"{exc}; come back at {time_in(exc.retry_after_s)}",)
        if exc.retry_after_s > client.budget_s:
            client.down = str(exc)
    elif isinstance(exc, UnreachableError):
        client.down = f"Entrez is out of reach: {exc}"
    elif silent_s > max(STANDSTILL * client.budget_s, STANDSTILL_S):
        client.down = f"Entrez has delivered nothing for {silent_s:.0f} s: {exc}"
    return exc


def time_in(seconds: float) -> str:
    """The local time in that many seconds; with the date if it is another day."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return f"{then:%H:%M %Z}" if then.date() == now.date() else f"{then:%H:%M %Z on %Y-%m-%d}"


def describe(parameters: Mapping[str, Any]) -> str:
    """The parameters as JSON, as they are kept beside a reply; the API key is never among them."""
    return json.dumps({k: v for k, v in parameters.items() if k != "api_key"}, separators=(",", ":"))


def attempt_in_turn(client: EntrezClient, utility: str, parameters: Mapping[str, Any]) -> bytes:
    """One attempt; the first one with an API key goes alone.

    Raises:
        KeyRefusedError: The key is not accepted, or was not before.
        EntrezError: As `attempt_request`.
    """
    if not client.api_key:
        return attempt_request(client, utility, parameters)
    if not client.is_tried:
        with client.trial:
            if not client.is_tried and not client.refused:
                try:
                    return attempt_request(client, utility, parameters)
                except KeyRefusedError as exc:
                    client.refused = str(exc)
                    raise
                finally:
                    client.is_tried = True
    if client.refused:
        raise KeyRefusedError(client.refused)
    return attempt_request(client, utility, parameters)


def attempt_request(client: EntrezClient, utility: str, parameters: Mapping[str, Any]) -> bytes:
    """One attempt, its failures told apart.

    Raises:
        UnreachableError: No connection.
        TransientError: 429, 5xx, a time-out, a body cut off, or words that mean "later".
        HistoryError: The history set is gone.
        PermanentError: Any other status of 400 and above, or a request that cannot be made.
        KeyRefusedError: The API key is not accepted.
    """
    with redacted(client):
        try:
            with cut_off_after(SLOWEST_REPLY * client.timeout_s, client.say_silence):
                return ask_once(utility, parameters)
        except URLError as exc:
            if isinstance(exc.reason, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
                raise TransientError(f"{utility}: {exc.reason}") from None
            raise UnreachableError(f"{utility}: no connection: {exc.reason}") from None
        except (ValueError, http.client.InvalidURL) as exc:
            # Of what is asked: what a redirect leads to is a TransientError, and Bio.Entrez reads no reply.
            raise PermanentError(f"{utility}: {exc or type(exc).__name__}") from None
        except (OSError, http.client.HTTPException) as exc:
            raise TransientError(f"{utility}: {exc or type(exc).__name__}") from None


def ask_once(utility: str, parameters: Mapping[str, Any]) -> bytes:
    """The body of a reply; an error status raises.

    Raises:
        TransientError, PermanentError, KeyRefusedError: As status and words say.
        OSError, http.client.HTTPException: The connection failed.
    """
    entrez: Any = Bio.Entrez
    entrez._open.previous = 0.0  # Pretend that the last request was long ago, so that Bio.Entrez does not wait.
    try:
        with getattr(entrez, utility)(**parameters) as handle:
            return read_body(handle.buffer if isinstance(handle, io.TextIOWrapper) else handle)
    except HTTPError as exc:
        with exc:
            words = quote_words(read_error(exc))
        message = f"{utility}: HTTP {exc.code}: {words or exc.reason}"
        if exc.code == 429 and REFUSED_WORDS not in message:
            message += f" ({REFUSED_WORDS})"
        if exc.code in (408, 429) or exc.code >= 500 or is_transient(words):
            raise TransientError(message, retry_after_s=retry_after_s(exc.headers)) from None
        raise error_of(words, message) from None
    except (TransientError, PermanentError) as exc:
        exc.args = (f"{utility}: {exc}",)
        raise


@contextmanager
def redacted(client: EntrezClient) -> Iterator[None]:
    """Remove the API key, which NCBI repeats, and control characters from an error message."""
    try:
        yield
    except (EntrezError, KeyRefusedError) as exc:
        text = printable(str(exc))
        text = text if len(text) <= LONGEST_SENTENCE else f"{text[:LONGEST_SENTENCE]}…"
        exc.args = (text.replace(client.api_key, "***") if client.api_key else text,)
        raise

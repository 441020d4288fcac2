"""The E-utilities through Bio.Entrez: what is asked, at which pace, and what is asked again.

Biopython builds and sends the requests. One opener, installed for `urllib.request`, sees every attempt and carries the
base URL, the timeout, the pace and the count; one function, `send`, owns the retries. Replies are bytes as they came.
"""

import hashlib
import http.client
import io
import json
import random
import re
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import Bio.Entrez
from lxml import etree

from flows.pacer import pace_file, wait_for_slot
from flows.settings import NCBI_BASE_URL, Settings
from warehouse.errors import DocumentError, PermanentError, TransientError, UnreachableError, UsageError

TOOL = "corpus"  # NBK25497: the name of the software, without spaces.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

# Without any connection there is little hope that the next minute brings one.
UNREACHABLE_BUDGET_S = 8.0

# EPost and a page of ESearch take 10,000 UIDs (NBK25499), but only the first 9,999 of a search can be reached.
ESEARCH_LIMIT = 9_999

# Answers that mean "later" though they come with status 200 or 400.
TRANSIENT_WORDS = (
    "Search Backend failed",
    "Empty Response",
    "Status: Timeout",
    "exLinkSrv2",
    "Database is not supported: pubmed",
    "API rate limit exceeded",
    "temporarily unavailable",
)

# The wall at 9,999 comes as a failing back end, but it will be there the next time as well.
PERMANENT_WORDS = "cannot be larger than"


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
    """How to reach the E-utilities, and how often they were asked.

    Attributes:
        base_url: Where the E-utilities are; ends with a slash.
        rate: Requests a second over all processes of the machine; None is without limit.
        timeout_s: Seconds without an answer before an attempt is given up.
        budget_s: Seconds for all attempts of one request.
        request_count: Attempts so far.
    """

    base_url: str
    rate: float | None
    timeout_s: float
    budget_s: float
    request_count: int = 0
    jitter: random.Random = field(default_factory=random.Random)


class EntrezOpener(urllib.request.OpenerDirector):
    """Sends what Bio.Entrez asks for to the client's base URL, at its pace; everything else goes out as it is."""

    def __init__(self, client: EntrezClient) -> None:
        super().__init__()
        self.client = client
        for handler in (
            urllib.request.ProxyHandler,
            urllib.request.UnknownHandler,
            urllib.request.HTTPHandler,
            urllib.request.HTTPSHandler,
            urllib.request.HTTPDefaultErrorHandler,
            urllib.request.HTTPRedirectHandler,
            urllib.request.HTTPErrorProcessor,
        ):
            self.add_handler(handler())

    def open(self, fullurl: Any, data: Any = None, timeout: Any = None) -> Any:
        """Open a URL or a request; the timeout is the client's where it is a request to the E-utilities."""
        request = fullurl if isinstance(fullurl, urllib.request.Request) else urllib.request.Request(fullurl)  # noqa: S310
        if request.full_url.startswith(NCBI_BASE_URL):
            request.full_url = self.client.base_url + request.full_url.removeprefix(NCBI_BASE_URL)
            if self.client.rate is not None:
                wait_for_slot(pace_file(urlsplit(self.client.base_url).netloc), self.client.rate)
            self.client.request_count += 1
            timeout = self.client.timeout_s
        return super().open(request, data, timeout)


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
    client = EntrezClient(base_url, rate, settings.entrez_timeout_s, settings.entrez_budget_s)
    entrez: Any = Bio.Entrez  # Its variables are declared as None.
    entrez.tool = TOOL
    entrez.email = settings.ncbi_email or "corpus@localhost"
    entrez.api_key = key
    entrez.max_tries = 1  # `send` owns the retries.
    urllib.request.install_opener(EntrezOpener(client))
    return client


def send(client: EntrezClient, utility: str, check: Callable[[bytes], None], **parameters: Any) -> Reply:
    """Ask until there is a whole reply, or the budget is spent.

    Args:
        client: As `connect` gave it.
        utility: Name of a function of Bio.Entrez.
        check: Raises TransientError or PermanentError for a body that is not what was asked for.
        parameters: The utility's.
    Raises:
        TransientError: The last attempt's failure when the budget is spent.
        PermanentError: NCBI's own words.
    """
    started = time.monotonic()
    deadline = started + client.budget_s
    attempt = 0
    while True:
        try:
            body = attempt_request(utility, parameters)
            check(body)
        except TransientError as exc:
            longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt)
            wait_s = exc.retry_after_s if exc.retry_after_s is not None else longest * client.jitter.uniform(0.5, 1)
            if isinstance(exc, UnreachableError):
                deadline = min(deadline, started + UNREACHABLE_BUDGET_S)
            if time.monotonic() + wait_s > deadline:
                raise
            time.sleep(wait_s)
            attempt += 1
        else:
            return Reply(utility, describe(parameters), body, datetime.now(UTC))


def describe(parameters: Mapping[str, Any]) -> str:
    """The parameters as JSON, as they are kept beside a reply; the API key is never among them."""
    return json.dumps({k: v for k, v in parameters.items() if k != "api_key"}, separators=(",", ":"))


def attempt_request(utility: str, parameters: Mapping[str, Any]) -> bytes:
    """One attempt, its failures told apart.

    Raises:
        UnreachableError: No connection.
        TransientError: 429, 5xx, a time-out, a body cut off, or words that mean "later".
        PermanentError: Any other status of 400 and above.
    """
    try:
        with getattr(Bio.Entrez, utility)(**parameters) as handle:
            stream = handle.buffer if isinstance(handle, io.TextIOWrapper) else handle
            body: bytes = stream.read()
    except HTTPError as exc:
        with exc:
            words = quote_words(exc.read())
        message = f"{utility}: HTTP {exc.code}: {words or exc.reason}"
        if exc.code == 429 or exc.code >= 500 or is_transient(words):
            raise TransientError(message, retry_after_s=retry_after_s(exc.headers)) from None
        raise PermanentError(message) from None
    except URLError as exc:
        raise UnreachableError(f"{utility}: no connection: {exc.reason}") from None
    except (TimeoutError, ConnectionError, http.client.HTTPException) as exc:
        raise TransientError(f"{utility}: {exc or type(exc).__name__}") from None
    return body


def is_transient(words: str) -> bool:
    """Whether an error's words mean "later": a failing back end does, except where it names the wrong parameter."""
    return any(w in words for w in TRANSIENT_WORDS) and PERMANENT_WORDS not in words


def retry_after_s(headers: Message) -> float | None:
    """Seconds that Retry-After asks for, if it is a number."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def quote_words(body: bytes) -> str:
    """What an error page says, without its markup, 200 characters at most."""
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200]


def parse_reply(utility: str, body: bytes, root: str) -> etree._Element:
    """An XML reply that is whole and of the right kind.

    Raises:
        TransientError: Cut off, another document, or an error that means "later".
        PermanentError: NCBI's own words for any other error.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as exc:
        words = quote_words(body[:2000])
        raise TransientError(f"{utility}: the reply is not whole XML ({exc.msg}): {words}") from None
    errors = [
        " ".join(str(t) for t in e.itertext()).strip()
        for e in element.iter("ERROR")
        if "".join(str(t) for t in e.itertext()).strip()
    ]
    if errors:
        kind = TransientError if is_transient(errors[0]) else PermanentError
        raise kind(f"{utility}: {errors[0]}")
    if element.tag != root:
        raise TransientError(f"{utility}: the reply is a {element.tag}, not a {root}")
    return element


def efetch(client: EntrezClient, pmids: Sequence[int]) -> Reply:
    """Fetch records by PMID, by POST; those NCBI does not know are left out of its reply.

    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """

    def check(body: bytes) -> None:
        # One record that is not well-formed must not cost the others, so only the end is looked at here.
        if not body.rstrip().endswith((b"</PubmedArticleSet>", b"<PubmedArticleSet/>")):
            parse_reply("efetch", body, "PubmedArticleSet")

    ids = ",".join(str(pmid) for pmid in pmids)
    try:
        return send(client, "efetch", check, db="pubmed", id=ids, retmode="xml")
    except PermanentError as exc:
        if "ID list is empty" in str(exc):
            # NCBI's answer when it knows none of the PMIDs.
            return Reply("efetch", describe({"db": "pubmed", "id": ids}), b"<PubmedArticleSet/>", datetime.now(UTC))
        raise


@dataclass(frozen=True)
class SearchResult:
    """A page of an ESearch: the reply, the number of hits in all, and this page's PMIDs in NCBI's order."""

    reply: Reply
    count: int
    pmids: tuple[int, ...]


def esearch(client: EntrezClient, term: str, **parameters: Any) -> SearchResult:
    """One page of a search in PubMed.

    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the term, or nothing of it could be understood.
    """
    reply = send(
        client,
        "esearch",
        lambda body: void(parse_reply("esearch", body, "eSearchResult")),
        db="pubmed",
        term=term,
        retmode="xml",
        **parameters,
    )
    element = parse_reply("esearch", reply.body, "eSearchResult")
    pmids = tuple(int(e.text or 0) for e in element.iterfind("IdList/Id"))
    return SearchResult(reply, int(element.findtext("Count") or 0), pmids)


def epost(client: EntrezClient, pmids: Sequence[int]) -> tuple[str, str]:
    """Put up to 10,000 PMIDs on NCBI's history server.

    Returns:
        WebEnv and query key.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the list.
    """
    reply = send(
        client,
        "epost",
        lambda body: void(parse_reply("epost", body, "ePostResult")),
        db="pubmed",
        id=",".join(str(pmid) for pmid in pmids),
    )
    element = parse_reply("epost", reply.body, "ePostResult")
    return element.findtext("WebEnv") or "", element.findtext("QueryKey") or ""


def elink(client: EntrezClient, pmids: Sequence[int], linkname: str) -> Reply:
    """Neighbours of each PMID, one LinkSet for each, with scores where NCBI has them.

    Args:
        client: As `connect` gave it.
        pmids: Sent as repeated `id`; a comma list would merge them into one LinkSet (NBK25499).
        linkname: pubmed_pubmed, pubmed_pubmed_citedin or pubmed_pubmed_refs.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """
    return send(
        client,
        "elink",
        lambda body: void(parse_reply("elink", body, "eLinkResult")),
        dbfrom="pubmed",
        db="pubmed",
        cmd="neighbor_score",
        linkname=linkname,
        id=[str(pmid) for pmid in pmids],
    )


def void(_: object) -> None:
    """Drop a value: for a check that only raises."""


def search_all(client: EntrezClient, term: str) -> tuple[list[int], list[Reply]]:
    """Every PMID that a search finds.

    Returns:
        The PMIDs, and the replies they are from.
    Raises:
        DocumentError: NCBI delivers another number of PMIDs than it promises.
        PermanentError: The search finds more than can be reached.
    """
    first = esearch(client, term, retmax=ESEARCH_LIMIT)
    if first.count > ESEARCH_LIMIT:
        raise PermanentError(
            f"esearch: {term!r} finds {first.count:,} PMIDs and NCBI gives {ESEARCH_LIMIT:,} at most; split it by date."
        )
    if first.count != len(first.pmids):
        raise DocumentError(f"esearch: {term!r} promises {first.count:,} PMIDs and delivers {len(first.pmids):,}.")
    return list(first.pmids), [first.reply]


def search_revised(client: EntrezClient, pmids: Sequence[int], since: str) -> tuple[list[int], list[Reply]]:
    """Which of the given PMIDs were modified on or after a day, found on NCBI's side: EPost, then `#1 AND mdat`.

    Args:
        client: As `connect` gave it.
        pmids: Any number; posted in portions.
        since: A day as YYYY/MM/DD.
    """
    revised: list[int] = []
    replies = []
    for start in range(0, len(pmids), ESEARCH_LIMIT):
        web_env, query_key = epost(client, pmids[start : start + ESEARCH_LIMIT])
        term = f"#{query_key} AND {since}:3000[mdat]"
        found = esearch(client, term, WebEnv=web_env, usehistory="y", retmax=ESEARCH_LIMIT)
        if found.count != len(found.pmids):
            raise DocumentError(f"esearch: {term!r} promises {found.count:,} PMIDs and delivers {len(found.pmids):,}.")
        revised.extend(found.pmids)
        replies.append(found.reply)
    return revised, replies

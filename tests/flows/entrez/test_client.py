"""What is worth asking again is asked again, the rest fails at once with NCBI's words, and limits are kept."""

import gzip
import re
import time
import urllib.request
import zlib
from email.message import Message
from functools import partial
from pathlib import Path

import pytest

from flows.definition.settings import NCBI_BASE_URL, Settings
from flows.entrez.client import EntrezClient, connect
from flows.entrez.fetch import fetch_batch
from flows.entrez.in_flight import in_flight
from flows.entrez.limits import LONGEST_PAUSE_S, retry_after_s
from flows.entrez.pacer import pace_file
from flows.entrez.searches import search_all, search_revised
from flows.entrez.utilities import efetch, esearch
from tests.flows.entrez.clients import client_of
from tests.records import article, article_set
from tests.scripted import Answer, Asked, Script, scripted_server
from warehouse.errors import (
    DocumentError,
    EntrezError,
    KeyRefusedError,
    PermanentError,
    TransientError,
    UnreachableError,
    UsageError,
)

GOOD = article_set(article(1))
KEY = "0123456789abcdef0123456789abcdef0123"
SEARCH = b"<eSearchResult><Count>1</Count><IdList><Id>1</Id></IdList></eSearchResult>"
POSTED = b"<ePostResult><QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv></ePostResult>"


def fails_once(answer: Answer) -> Script:
    """The first request gets this answer, the others a record."""
    return lambda _asked, number: answer if number == 0 else Answer(GOOD)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b'{"error":"API rate limit exceeded","api-key":"192.0.2.1","count":"5","limit":"3"}', 429),
        Answer(b'{"error":"API rate limit exceeded","count":"11"}', 200, content_type="application/json"),
        Answer(b"<html><body>Internal Server Error</body></html>", 500, content_type="text/html"),
        Answer(b"<html><body>Bad Gateway</body></html>", 502, content_type="text/html"),
        Answer(b"<html><body>Service Unavailable</body></html>", 503, {"Retry-After": "0"}),
        Answer(b"External viewer error: Empty Response ... Status: Timeout", 400, content_type="text/plain"),
        Answer(b"<html><body>Not what was asked for</body></html>", content_type="text/html"),
        Answer(b"<eFetchResult><ERROR>Search Backend failed: read timeout</ERROR></eFetchResult>"),
        Answer(b"<eFetchResult><ERROR>Database is not supported: pubmed</ERROR></eFetchResult>"),
        Answer(
            b"<eFetchResult><ERROR>Can't fetch uids from history because of: NCBI C++ Exception</ERROR></eFetchResult>"
        ),
        Answer(b'{"ERROR":"Couldn\'t resolve #exLinkSrv2, the address table is empty."}'),
        Answer(GOOD, cut_at=len(GOOD) // 2),
        Answer(GOOD[: len(GOOD) // 2]),
        Answer(b""),
        Answer(is_reset=True),
        Answer(GOOD, drip_s=0.2),
        Answer(gzip.compress(GOOD, mtime=0)[:-9], headers={"Content-Encoding": "gzip"}),
        Answer(b"\x1f\x8b of another kind", headers={"Content-Encoding": "gzip"}),
        Answer(b"\x0b\x02\x80", headers={"Content-Encoding": "br"}),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:40]!r}",
)
@pytest.mark.usefixtures("quick")
def test_what_may_come_later_is_asked_again(answer: Answer) -> None:
    """A status, words inside 200, or a reply that is not whole."""
    with scripted_server(fails_once(answer)) as (base_url, asked):
        client = client_of(base_url, entrez_timeout_s=0.5)
        assert efetch(client, [1]).body == GOOD
        assert (len(asked), client.request_count, client.delivered_count) == (2, 2, 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b"<html><body>Request-URI Too Long</body></html>", 414), "HTTP 414: Request-URI Too Long"),
        (Answer(b"<eFetchResult><ERROR>Invalid db name specified: x</ERROR></eFetchResult>"), "Invalid db name"),
        (
            Answer(b"<eFetchResult><ERROR>Search Backend failed: it cannot be larger than 9998</ERROR></eFetchResult>"),
            "cannot be larger than 9998",
        ),
        (
            Answer(b"<eFetchResult><ERROR>Cannot retrieve history data: OUT OF RANGE.</ERROR></eFetchResult>", 400),
            "OUT OF",
        ),
    ],
)
@pytest.mark.usefixtures("quick")
def test_what_will_fail_again_fails_at_once_with_ncbis_words(answer: Answer, words: str) -> None:
    """Asking again would only cost NCBI."""
    with scripted_server(fails_once(answer)) as (base_url, asked):
        with pytest.raises(PermanentError, match=words):
            efetch(client_of(base_url), [1])
        assert len(asked) == 1


@pytest.mark.usefixtures("quick")
def test_the_budget_is_the_end_of_it() -> None:
    """The last failure is told."""
    with scripted_server(lambda _asked, _number: Answer(b"<html>Bad Gateway</html>", 502)) as (base_url, asked):
        with pytest.raises(TransientError, match="HTTP 502: Bad Gateway"):
            efetch(client_of(base_url, entrez_budget_s=1.5), [1])
        assert 2 <= len(asked) < 40


@pytest.mark.usefixtures("quick")
def test_without_a_connection_there_is_no_long_wait() -> None:
    """Unless something was delivered before."""
    with pytest.raises(UnreachableError):
        efetch(client_of("http://127.0.0.1:9/", entrez_budget_s=600), [1])


@pytest.mark.parametrize("seconds", ["1", "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.usefixtures("quick")
def test_retry_after_holds_for_every_request(seconds: str) -> None:
    """In seconds, or as a date, here a past one."""

    def script(asked: Asked, number: int) -> Answer:
        del asked
        return Answer(b"", 503, {"Retry-After": seconds}) if number == 0 else Answer(GOOD)

    with scripted_server(script) as (base_url, asked):
        client = client_of(base_url, entrez_rate=10)
        efetch(client, [1])
        waited = asked[1].at - asked[0].at
        assert (waited >= 1) == (seconds == "1")
        client.pace.unlink()


@pytest.mark.parametrize(
    "value", ["99999999999999999", "9" * 400, "Fri, 31 Dec 9999 00:00:00 GMT", "Fri, 01 Jan 9999999999999 00:00:00 GMT"]
)
def test_retry_after_beyond_all_dates_is_a_year_at_most(value: str) -> None:
    """What is not a date is ignored."""
    headers = Message()
    headers["Retry-After"] = value
    assert retry_after_s(headers) in (LONGEST_PAUSE_S, None)


def test_what_a_reply_says_is_quoted_within_bounds_and_obeyed_by_no_terminal() -> None:
    """An error of four million letters, and a translation that would colour the screen."""
    error = b"<eSearchResult><ERROR>" + b"word " * 800_000 + b"</ERROR></eSearchResult>"
    with scripted_server(lambda _asked, _number: Answer(error)) as (base_url, _), pytest.raises(EntrezError) as caught:
        esearch(client_of(base_url, entrez_budget_s=0), "x")
    assert len(str(caught.value)) < 1100
    translation = "<QueryTranslation>a&#x9B;31m &#x202E;b</QueryTranslation>"
    said = f"<eSearchResult><Count>0</Count><IdList/>{translation}</eSearchResult>"
    with scripted_server(lambda _asked, _number: Answer(said.encode())) as (base_url, _):
        assert esearch(client_of(base_url), "x").translation == "a 31m b"


@pytest.mark.parametrize(
    "base_url", ["http://a..b/", "http://a\x00b/", "http://127.0.0.1:9 9/", "http://\u0001/", "http://[::1/"]
)
def test_a_request_that_cannot_be_made_is_made_once(base_url: str) -> None:
    """No second attempt would help; a redirect to the same is the server's fault, and may pass."""
    client = EntrezClient("http://127.0.0.1:9/", "x", None, 1, 60)
    connect(Settings(entrez=client.base_url), client.base_url)
    opener = urllib.request._opener  # type: ignore[attr-defined]
    opener.client.base_url = base_url
    with pytest.raises(PermanentError, match="efetch: "):
        efetch(client, [1])


@pytest.mark.usefixtures("quick")
def test_a_limit_that_is_lower_than_ours_is_kept() -> None:
    """An API key that does not count, for one."""
    headers = {"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "1"}
    with scripted_server(lambda _asked, _number: Answer(GOOD, headers=headers)) as (base_url, asked):
        client = client_of(base_url, entrez_rate=10)
        for _ in range(4):
            efetch(client, [1])
        assert client.rate == 2
        assert asked[3].at - asked[1].at > 1
        client.pace.unlink()


@pytest.mark.usefixtures("quick")
def test_while_others_use_up_the_limit_nobody_here_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing remains though this machine has asked only once."""
    monkeypatch.setattr("flows.entrez.limits.REFUSED_PAUSE_S", 0.7)
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"}
    with scripted_server(lambda _asked, _number: Answer(GOOD, headers=headers)) as (base_url, asked):
        client = client_of(base_url, entrez_rate=10)
        efetch(client, [1])
        efetch(client, [1])
        assert asked[1].at - asked[0].at > 0.7
        client.pace.unlink()


@pytest.mark.usefixtures("quick")
def test_a_history_set_that_is_gone_is_posted_again() -> None:
    """The search among it would fail again however often it is asked."""
    gone = b"<eSearchResult><ERROR>Unable to obtain query #1</ERROR></eSearchResult>"

    def script(asked: Asked, number: int) -> Answer:
        if asked.utility == "epost":
            return Answer(POSTED)
        return Answer(gone if number == 1 else SEARCH)

    with scripted_server(script) as (base_url, asked):
        assert [r.pmids for r in search_revised(client_of(base_url), [[1, 2]], "2026/11/20")] == [(1,)]
        assert [request.utility for request in asked] == ["epost", "esearch", "epost", "esearch"]


@pytest.mark.usefixtures("quick")
def test_a_search_that_delivers_less_than_it_promises_is_an_error() -> None:
    """Nobody would see that PMIDs are missing."""
    short = b"<eSearchResult><Count>3</Count><IdList><Id>1</Id></IdList></eSearchResult>"

    def script(asked: Asked, _number: int) -> Answer:
        return Answer(POSTED if asked.utility == "epost" else short)

    with scripted_server(script) as (base_url, _), pytest.raises(DocumentError, match=r"3 are promised .* 1 delivered"):
        list(search_revised(client_of(base_url), [[1, 2]], "2026/11/20"))


@pytest.mark.usefixtures("quick")
def test_the_key_goes_to_the_server_and_into_no_message(tmp_path: Path) -> None:
    """NCBI repeats it when it refuses a request."""
    refusal = f'{{"error":"API rate limit exceeded","api-key":"{KEY}","count":"11","limit":"10"}}'.encode()
    page = f"<html><body>no such thing: api_key={KEY}</body></html>".encode()

    def script(asked: Asked, number: int) -> Answer:
        assert asked.parameters["api_key"] == KEY
        return [Answer(refusal, 429), Answer(refusal), Answer(page, 400)][number % 3]

    with scripted_server(script) as (base_url, _):
        client = client_of(base_url, entrez_budget_s=0, ncbi_api_key=KEY)
        messages = [repr(client)]
        for _attempt in range(3):
            with pytest.raises((TransientError, PermanentError)) as caught:
                efetch(client, [1])
            messages.append(str(caught.value))
        delivery = fetch_batch(client, [1], tmp_path)
        messages += delivery.failed.values()
    assert len(messages) == 5
    assert "***" in messages[1]
    assert not any(KEY in message for message in messages)


def test_the_key_is_not_kept_beside_a_reply() -> None:
    """What was asked is kept; the key is nobody's business."""
    with scripted_server(lambda _asked, _number: Answer(SEARCH)) as (base_url, asked):
        reply = esearch(client_of(base_url, ncbi_api_key=KEY, ncbi_email="a@example.org"), "x").reply
    assert (asked[0].parameters["email"], asked[0].parameters["tool"]) == ("a@example.org", "corpus")
    assert KEY not in reply.parameters


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(GOOD, mtime=0), "gzip"),
        (gzip.compress(GOOD[:100], mtime=0) + gzip.compress(GOOD[100:], mtime=0), "x-gzip"),
        (zlib.compress(GOOD), "deflate"),
        (zlib.compress(GOOD)[2:-4], "Deflate"),
        (zlib.compress(gzip.compress(GOOD, mtime=0)), "gzip, deflate"),
        (gzip.compress(GOOD, mtime=0), ""),
        (GOOD, "identity"),
    ],
)
def test_what_a_proxy_packs_unasked_is_unpacked(body: bytes, encoding: str) -> None:
    """Whether it says so or not."""
    headers = {"Content-Encoding": encoding} if encoding else {}
    with scripted_server(lambda _asked, _number: Answer(body, headers=headers)) as (base_url, asked):
        assert efetch(client_of(base_url), [1]).body == GOOD
        assert len(asked) == 1


def test_a_packed_body_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes can be as many megabytes."""
    monkeypatch.setattr("flows.entrez.bodies.LARGEST_BODY_BYTES", 1 << 20)
    packed = gzip.compress(bytes(2 << 20))
    headers = {"Content-Encoding": "gzip"}
    with (
        scripted_server(lambda _asked, _number: Answer(packed, headers=headers)) as (base_url, _),
        pytest.raises(PermanentError, match="efetch: the reply is larger than 1 MiB"),
    ):
        efetch(client_of(base_url), [1])


def test_a_key_that_is_refused_costs_one_request_and_ends_the_run(tmp_path: Path) -> None:
    """However many threads ask at once; halving a batch would not make the key any better."""
    refusal = Answer(b'{"error":"API key invalid","api-key":"%s"}' % KEY.encode(), 400)
    with scripted_server(lambda _asked, _number: refusal) as (base_url, asked):
        client = client_of(base_url, ncbi_api_key=KEY)
        calls = (partial(fetch_batch, client, [pmid, 10 + pmid], tmp_path) for pmid in range(1, 9))
        with pytest.raises(KeyRefusedError, match="correct or remove NCBI_API_KEY") as caught:
            list(in_flight(calls, 6, client.stopping))
        assert (len(asked), caught.value.exit_code, KEY in str(caught.value)) == (1, 1, False)


@pytest.mark.parametrize("rate", [None, 10])
@pytest.mark.usefixtures("quick")
def test_who_is_told_to_come_back_beyond_the_budget_is_not_waited_for(tmp_path: Path, rate: float | None) -> None:
    """All is owed at once, with the time of day; the next run on this machine does not even ask before then."""
    told = Answer(b'{"error":"API rate limit exceeded"}', 429, {"Retry-After": "3600"})
    with scripted_server(lambda _asked, _number: told) as (base_url, asked):
        client = client_of(base_url, entrez_rate=rate)
        start = time.monotonic()
        failed = fetch_batch(client, range(1, 101), tmp_path).failed
        failed |= fetch_batch(client, [200], tmp_path).failed
        again = fetch_batch(client_of(base_url, entrez_rate=rate), [300], tmp_path).failed
        assert time.monotonic() - start < 5
        assert failed.keys() == {*range(1, 101), 200}
        assert all(re.search(r"; come back at \d\d:\d\d \S+", sentence) for sentence in {**failed, **again}.values())
        assert len(asked) == (2 if rate is None else 1)
        client.pace.unlink(missing_ok=True)


@pytest.mark.usefixtures("quick")
def test_a_wait_of_some_seconds_is_said(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason and its end, and once for everyone who waits."""
    monkeypatch.setattr("flows.entrez.client.SILENT_WAIT_S", 0.5)
    told = Answer(b"", 503, {"Retry-After": "1"})
    with scripted_server(fails_once(told)) as (base_url, _):
        efetch(client_of(base_url), [1])
    (line,) = caplog.messages
    assert re.fullmatch(r"efetch: HTTP 503: .*; asking again in 1 s, at \d\d:\d\d \S+\.", line)


@pytest.mark.usefixtures("quick")
def test_when_nothing_is_delivered_for_some_budgets_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search of a hundred would wait for its own budget."""
    monkeypatch.setattr("flows.entrez.client.STANDSTILL_S", 0.0)
    with scripted_server(lambda _asked, _number: Answer(b"", 503)) as (base_url, asked):
        client = client_of(base_url, entrez_budget_s=0.1)
        for _ in range(20):
            with pytest.raises(TransientError):
                esearch(client, "x")
        assert client.down.startswith("Entrez has delivered nothing for")
        sent = len(asked)
        with pytest.raises(UnreachableError):
            esearch(client, "x")
        assert len(asked) == sent


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"\x1b]0;owned\x07<p>no \xc2\x9b2J such \xe2\x80\xaething</p>", 400),
        Answer(b"<eFetchResult><ERROR>no \xc2\x9b2J such thing</ERROR></eFetchResult>"),
        Answer(bytes(range(256)), 400),
    ],
)
def test_no_control_character_of_a_body_gets_into_a_message(answer: Answer) -> None:
    """A terminal would obey it."""
    with scripted_server(lambda _asked, _number: answer) as (base_url, _):
        with pytest.raises(PermanentError) as caught:
            efetch(client_of(base_url), [1])
        assert str(caught.value).isprintable()


def test_ncbi_wants_an_email_address_and_gives_more_for_a_key() -> None:
    """Exit code 2, and 3 or 10 requests a second."""
    with pytest.raises(UsageError, match="set NCBI_EMAIL") as caught:
        connect(Settings(), NCBI_BASE_URL)
    assert caught.value.exit_code == 2
    assert connect(Settings(ncbi_email="a@example.org"), NCBI_BASE_URL).rate == 3
    assert connect(Settings(ncbi_email="a@example.org", ncbi_api_key=KEY), NCBI_BASE_URL).rate == 10
    assert connect(Settings(ncbi_email="a@example.org"), NCBI_BASE_URL).pace == pace_file("eutils.ncbi.nlm.nih.gov")


def test_biopython_does_not_wait_beside_the_pacer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait before the second request, whatever the pace is."""
    waits: list[float] = []
    monkeypatch.setattr("Bio.Entrez.time.sleep", waits.append)
    with scripted_server(lambda _asked, _number: Answer(article_set(article(1)))) as (base_url, requests):
        for _ in range(2):
            efetch(client_of(base_url), [1])
    assert len(requests) == 2
    assert not any(waits)


def test_what_a_search_ignores_is_told() -> None:
    """It finds something, but by other words than asked."""
    said = b"<ErrorList><FieldNotFound>NoSuchField</FieldNotFound><PhraseNotFound>xyzzy</PhraseNotFound></ErrorList>"
    warned = b"<WarningList><PhraseIgnored>of the</PhraseIgnored><OutputMessage>x</OutputMessage></WarningList>"
    body = SEARCH.replace(b"</eSearchResult>", said + warned + b"</eSearchResult>")
    with scripted_server(lambda _asked, _number: Answer(body)) as (base_url, _):
        found = search_all(client_of(base_url), "plain[NoSuchField] of the")
    assert found.ignored == (
        "FieldNotFound: NoSuchField",
        "PhraseNotFound: xyzzy",
        "PhraseIgnored: of the",
        "OutputMessage: x",
    )

"""What is worth asking again is asked again, what is not fails at once with NCBI's words, and limits are heeded."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.entrez import EntrezClient, connect
from flows.fetch import fetch_batch
from flows.pacer import pace_file
from flows.search import search_revised
from flows.settings import NCBI_BASE_URL, Settings
from flows.utilities import efetch, esearch
from tests.records import article, article_set
from tests.scripted import Answer, Asked, Script, scripted_server
from warehouse.errors import DocumentError, PermanentError, TransientError, UnreachableError, UsageError

GOOD = article_set(article(1))
KEY = "0123456789abcdef0123456789abcdef0123"
SEARCH = b"<eSearchResult><Count>1</Count><IdList><Id>1</Id></IdList></eSearchResult>"
POSTED = b"<ePostResult><QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv></ePostResult>"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait between two attempts is long."""
    monkeypatch.setattr("flows.entrez.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("flows.entrez.REFUSED_PAUSE_S", 0.05)
    monkeypatch.setattr("flows.entrez.UNREACHABLE_BUDGET_S", 0.05)


def client_of(base_url: str, **settings: Any) -> EntrezClient:
    """A client of a server on loopback."""
    values: dict[str, Any] = {"entrez_budget_s": 20, "entrez_timeout_s": 2, "ncbi_api_key": "a key"} | settings
    return connect(Settings(entrez=base_url, **values), base_url)


def fails_once(answer: Answer) -> Script:
    """The first request is answered so, the others with a record."""
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
        (Answer(b'{"error":"API key invalid"}', 400), "API key invalid"),
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
    """In seconds, or as a date, which here is over."""

    def script(asked: Asked, number: int) -> Answer:
        del asked
        return Answer(b"", 503, {"Retry-After": seconds}) if number == 0 else Answer(GOOD)

    with scripted_server(script) as (base_url, asked):
        client = client_of(base_url, entrez_rate=10)
        efetch(client, [1])
        waited = asked[1].at - asked[0].at
        assert (waited >= 1) == (seconds == "1")
        client.pace.unlink()


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
    monkeypatch.setattr("flows.entrez.REFUSED_PAUSE_S", 0.7)
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"}
    with scripted_server(lambda _asked, _number: Answer(GOOD, headers=headers)) as (base_url, asked):
        client = client_of(base_url, entrez_rate=10)
        efetch(client, [1])
        efetch(client, [1])
        assert asked[1].at - asked[0].at > 0.7
        client.pace.unlink()


@pytest.mark.usefixtures("quick")
def test_a_batch_that_fails_is_halved_until_the_culprit_stands_alone(tmp_path: Path) -> None:
    """The others are delivered."""

    def script(asked: Asked, _number: int) -> Answer:
        pmids = [int(pmid) for pmid in asked.parameters["id"].split(",")]
        return Answer(b"", 500) if 13 in pmids else Answer(article_set(*(article(pmid) for pmid in pmids)))

    with scripted_server(script) as (base_url, _):
        client = client_of(base_url, entrez_budget_s=0.2)
        delivery = fetch_batch(client, range(1, 33), tmp_path)
        delivered = [p for reply in delivery.replies for p in map(int, json.loads(reply.parameters)["id"].split(","))]
        assert sorted(delivered) == [p for p in range(1, 33) if p != 13]
        assert delivery.failed.keys() == {13}
        assert "HTTP 500" in delivery.failed[13]
        assert not client.down


@pytest.mark.usefixtures("quick")
def test_where_nothing_at_all_is_delivered_it_is_not_the_batch(tmp_path: Path) -> None:
    """After three halvings the rest is owed, and the batches that follow are not asked for."""
    with scripted_server(lambda _asked, _number: Answer(b"", 503)) as (base_url, asked):
        client = client_of(base_url, entrez_budget_s=0)
        delivery = fetch_batch(client, range(1, 101), tmp_path)
        assert delivery.failed.keys() == set(range(1, 101))
        assert len(asked) == 1 + 2 + 4 + 8
        assert fetch_batch(client, [200], tmp_path).failed == {200: client.down}
        assert len(asked) == 15
        assert client.down.startswith("Entrez delivers nothing: efetch: HTTP 503")


@pytest.mark.usefixtures("quick")
def test_a_history_set_that_is_gone_is_posted_anew() -> None:
    """The search among it would fail again however often it is asked."""
    gone = b"<eSearchResult><ERROR>Unable to obtain query #1</ERROR></eSearchResult>"

    def script(asked: Asked, number: int) -> Answer:
        if asked.utility == "epost":
            return Answer(POSTED)
        return Answer(gone if number == 1 else SEARCH)

    with scripted_server(script) as (base_url, asked):
        assert search_revised(client_of(base_url), [1, 2], "2026/11/20").pmids == [1]
        assert [request.utility for request in asked] == ["epost", "esearch", "epost", "esearch"]


@pytest.mark.usefixtures("quick")
def test_a_search_that_delivers_less_than_it_promises_is_an_error() -> None:
    """Nobody would see that PMIDs are missing."""
    short = b"<eSearchResult><Count>3</Count><IdList><Id>1</Id></IdList></eSearchResult>"

    def script(asked: Asked, _number: int) -> Answer:
        return Answer(POSTED if asked.utility == "epost" else short)

    with scripted_server(script) as (base_url, _), pytest.raises(DocumentError, match=r"3 are promised .* 1 delivered"):
        search_revised(client_of(base_url), [1, 2], "2026/11/20")


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
    """What was asked is; with which key is nobody's business."""
    with scripted_server(lambda _asked, _number: Answer(SEARCH)) as (base_url, asked):
        reply = esearch(client_of(base_url, ncbi_api_key=KEY, ncbi_email="a@example.org"), "x").reply
    assert (asked[0].parameters["email"], asked[0].parameters["tool"]) == ("a@example.org", "corpus")
    assert KEY not in reply.parameters


def test_ncbi_wants_an_email_address_and_gives_more_for_a_key() -> None:
    """Exit code 2, and 3 or 10 requests a second."""
    with pytest.raises(UsageError, match="set NCBI_EMAIL") as caught:
        connect(Settings(), NCBI_BASE_URL)
    assert caught.value.exit_code == 2
    assert connect(Settings(ncbi_email="a@example.org"), NCBI_BASE_URL).rate == 3
    assert connect(Settings(ncbi_email="a@example.org", ncbi_api_key=KEY), NCBI_BASE_URL).rate == 10
    assert connect(Settings(ncbi_email="a@example.org"), NCBI_BASE_URL).pace == pace_file("eutils.ncbi.nlm.nih.gov")

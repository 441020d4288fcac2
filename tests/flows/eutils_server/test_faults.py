"""Faults on demand: what a client meets, how often, and what is counted."""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from lxml import etree

from flows.eutils_server.fault_language import UTILITIES
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.eutils_server.traffic import Traffic, parse_limit
from tests.records import article, article_set

RECORDS = article_set(*(article(pmid, title=f"Ketamine {pmid}.") for pmid in range(1, 21)))
IDS = ",".join(map(str, range(1, 21)))
Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves twenty records with faults and a limit; gives the URL of the host."""
    path = tmp_path / "records.xml"
    path.write_bytes(RECORDS)
    with ExitStack() as stack:

        def start(faults: str = "", limit: str = "none") -> str:
            server = running_server(RecordStore.from_paths([path]), faults=faults, limit=limit)
            return stack.enter_context(server).removesuffix("/entrez/eutils/")

        yield start


def fetch(host: str) -> httpx.Response:
    """The reply to an EFetch of all records."""
    return httpx.get(f"{host}/efetch.fcgi", params={"db": "pubmed", "id": IDS})


def pmids_of(reply: httpx.Response) -> list[int]:
    """The PMIDs of an EFetch reply."""
    return [int(e.text or "") for e in etree.fromstring(reply.content).iterfind("*/MedlineCitation/PMID")]


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("502", 502), ("503", 503)])
def test_a_status_of_an_error_comes_and_passes(serve: Serve, fault: str, status: int) -> None:
    """The first request fails, the second does not."""
    host = serve(f"{fault}:1")
    reply = fetch(host)
    assert reply.status_code == status
    assert ("API rate limit exceeded" in reply.text) == (status == 429)
    assert pmids_of(fetch(host)) == list(range(1, 21))


def test_retry_after_is_said_where_it_is_asked_for(serve: Serve) -> None:
    """NCBI leaves it out as a rule."""
    assert fetch(serve("429=7")).headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("fault", "error"),
    [("reset", httpx.ReadError), ("break", httpx.RemoteProtocolError)],
)
def test_a_connection_is_lost_before_or_within_the_body(serve: Serve, fault: str, error: type[Exception]) -> None:
    """Reset, or closed before the length that was promised."""
    host = serve(f"{fault}:1")
    with pytest.raises(error):
        fetch(host)
    assert len(pmids_of(fetch(host))) == 20


def test_a_body_ends_early_with_status_200(serve: Serve) -> None:
    """HTTP accepts it, XML does not."""
    reply = fetch(serve("cut=0.25"))
    assert (reply.status_code, len(reply.content) < len(RECORDS) / 2) == (200, True)
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(reply.content)


def test_stalls_and_slow_bytes_take_their_time(serve: Serve) -> None:
    """As long as they were told to; then the reply is whole."""
    start = time.monotonic()
    host = serve("stall=0.4:1; slow=20000:1")
    assert len(pmids_of(fetch(host))) == 20
    assert time.monotonic() - start >= 0.4
    start = time.monotonic()
    reply = fetch(host)
    assert time.monotonic() - start >= 0.5 * len(reply.content) / 20_000
    assert len(pmids_of(reply)) == 20


def test_errors_inside_status_200_have_ncbis_words(serve: Serve) -> None:
    """Those of each utility."""
    host = serve("error")
    words = {u: httpx.get(f"{host}/{u}.fcgi?db=pubmed&term=x&id=1").text for u in ("esearch", "efetch", "elink")}
    assert "<ERROR>Search Backend failed: Database is not supported: pubmed</ERROR>" in words["esearch"]
    assert "NCBI C++ Exception" in words["efetch"]
    assert "exLinkSrv2" in words["elink"]


def test_records_are_left_out_and_sets_are_empty_silently(serve: Serve) -> None:
    """With status 200 and nothing said."""
    host = serve("leave-out=3:1; empty:1")
    assert len(pmids_of(fetch(host))) == 17
    assert pmids_of(fetch(host)) == []
    assert len(pmids_of(fetch(host))) == 20


def test_a_webenv_dies(serve: Serve) -> None:
    """It has to be posted again; requests without one are not struck."""
    host = serve("dead-webenv:1")
    posted = etree.fromstring(httpx.get(f"{host}/epost.fcgi?db=pubmed&id=1,2").content)
    named = f"WebEnv={posted.findtext('WebEnv')}&query_key={posted.findtext('QueryKey')}"
    assert "Unable to obtain query #1" in httpx.get(f"{host}/esearch.fcgi?db=pubmed&{named}").text


def test_a_reply_has_the_wrong_content_type(serve: Serve) -> None:
    """The body is the right one."""
    reply = fetch(serve("wrong-type=text/plain"))
    assert reply.headers["Content-Type"] == "text/plain"
    assert len(pmids_of(reply)) == 20


def test_faults_are_set_while_it_runs_and_counted(serve: Serve) -> None:
    """POST sets them, an empty body clears them, and a bad one changes nothing."""
    host = serve()
    httpx.post(f"{host}/corpus-server/faults", content="cut:1")
    fetch(host)
    fetch(host)
    refused = httpx.post(f"{host}/corpus-server/faults", content="teapot")
    assert (refused.status_code, "no kind 'teapot'" in refused.json()["error"]) == (400, True)
    assert httpx.get(f"{host}/corpus-server/faults").json() == {"faults": [{"fault": "cut:1", "seen": 2, "struck": 1}]}
    counted = httpx.get(f"{host}/corpus-server/statistics").json()
    assert (counted["requests"], counted["faults"], counted["statuses"]) == ({"efetch": 2}, {"cut": 1}, {"200": 2})
    assert counted["busiest_second"] in (1, 2)
    assert httpx.delete(f"{host}/corpus-server/statistics").json()["total"] == 0


def test_the_limit_is_kept_by_address_and_by_key(serve: Serve) -> None:
    """Three a second without a key, ten with one; said in NCBI's headers and words."""
    host = serve(limit="ncbi")
    assert [fetch(host).headers["X-RateLimit-Remaining"] for _ in range(3)] == ["2", "1", "0"]
    refused = fetch(host)
    said = {"error": "API rate limit exceeded", "api-key": "127.0.0.1", "count": "4", "limit": "3"}
    assert (refused.status_code, refused.json()) == (429, said)
    assert httpx.get(f"{host}/efetch.fcgi?id=1&api_key=of-mine").headers["X-RateLimit-Limit"] == "10"
    assert httpx.get(f"{host}/corpus-server/statistics").json()["refused"] == 1


def test_the_busiest_second_is_any_second() -> None:
    """Not only one that begins with a full second; and exactly a second apart is apart."""
    traffic = Traffic(parse_limit("3"))
    refused = [traffic.arrive("efetch", "a", at, has_key=False).is_refused for at in (0.0, 0.6, 0.8, 0.9, 1.9, 2.95)]
    assert refused == [False, False, False, True, False, False]
    assert traffic.describe()["busiest_second"] == 4
    assert set(UTILITIES) >= set(traffic.requests)


@pytest.mark.parametrize("form", ["gzip", "deflate"])
def test_a_body_is_packed_unasked(serve: Serve, form: str) -> None:
    """The header says with what, and it is the right one."""
    reply = fetch(serve(f"gzip={form}"))
    assert reply.headers["Content-Encoding"] == form
    assert len(pmids_of(reply)) == 20


def test_a_packed_body_breaks_off(serve: Serve) -> None:
    """HTTP accepts it, gzip does not."""
    host = serve("gzip=damaged")
    with httpx.stream("GET", f"{host}/efetch.fcgi", params={"db": "pubmed", "id": IDS}) as reply:
        packed = b"".join(reply.iter_raw())
    with pytest.raises(EOFError):
        gzip.decompress(packed)


def test_a_key_is_refused_and_who_has_none_is_not(serve: Serve) -> None:
    """NCBI does so before it looks at the request."""
    host = serve("bad-key")
    reply = httpx.get(f"{host}/efetch.fcgi?db=pubmed&id=1&api_key=of-mine")
    assert (reply.status_code, reply.json()["error"], reply.json()["api-key"]) == (400, "API key invalid", "of-mine")
    assert len(pmids_of(fetch(host))) == 20


def test_retry_after_is_an_hour_by_default(serve: Serve) -> None:
    """Or as many seconds as are asked for."""
    assert fetch(serve("retry-after")).headers["Retry-After"] == "3600"
    assert fetch(serve("retry-after=7")).headers["Retry-After"] == "7"


def test_a_merged_record_comes_in_the_place_of_another(serve: Serve) -> None:
    """Silently, and the other one exists."""
    reply = httpx.get(f"{serve('merged=2')}/efetch.fcgi", params={"db": "pubmed", "id": "1,2,3"})
    assert len(pmids_of(reply)) == 3
    assert len({1, 2, 3} - set(pmids_of(reply))) == 2


def test_a_phrase_is_ignored_and_named(serve: Serve) -> None:
    """The hits are those of the rest."""
    host = serve("ignored-phrase=of the")
    asked = {"db": "pubmed", "term": "ketamine of the"}
    result = etree.fromstring(httpx.get(f"{host}/esearch.fcgi", params=asked).content)
    assert result.findtext("WarningList/PhraseIgnored") == "of the"
    said = httpx.get(f"{host}/esearch.fcgi", params={**asked, "retmode": "json"}).json()
    assert "of the" in said["esearchresult"]["warninglist"]["phrasesignored"]

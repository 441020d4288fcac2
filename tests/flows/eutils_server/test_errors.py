"""Errors and limits as NCBI's replies have them: status, DOCTYPE, words, and several at once."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article, article_set

Ask = Callable[..., httpx.Response]

FORM = "application/x-www-form-urlencoded"
ERRORS = [
    ("biopython+biopython__epost2.xml", "epost", {"db": "nothing", "id": "1"}, 200),
    ("biopython+biopython__epost3.xml", "epost", {"id": "99999999999999999999"}, 400),
    ("biopython+biopython__esummary8.xml", "esummary", {}, 200),
    ("quoted-bmlib__esearch_200_expired_webenv.json", "esearch",
     {"term": "#1", "WebEnv": "MCID_gone", "retmode": "json"}, 200),
    ("quoted-cyanheads+pubmed-mcp-server__efetch_400_id_list_empty.xml", "efetch", {"id": "00000000"}, 400),
    ("quoted-data_aggregator_mcp__esearch_200_retstart_over_9998.json", "esearch",
     {"term": "x", "retstart": "9999", "retmode": "json"}, 200),
    ("quoted-data_aggregator_mcp__esummary_200_invalid_uid.json", "esummary", {"id": "abc", "retmode": "json"}, 200),
    ("quoted-data_aggregator_mcp__esummary_200_too_many_uids.json", "esummary",
     {"id": ",".join(map(str, range(1, 502))), "retmode": "json"}, 200),
    ("ropensci+taxize__genbank2uid_fails__2.xml", "esummary", {"id": "gwa2_scaffold_1731_16S_1,asdfadfs"}, 200),
]  # fmt: skip


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Asks a server of two records, and with other faults a server of its own."""
    path = tmp_path / "records.xml"
    path.write_bytes(article_set(article(1), article(2)))
    with ExitStack() as stack:
        urls: dict[str, str] = {}

        def start(utility: str, parameters: dict[str, str], faults: str = "") -> httpx.Response:
            if faults not in urls:
                server = running_server(RecordStore.from_paths([path]), faults=faults)
                urls[faults] = stack.enter_context(server)
            return httpx.post(f"{urls[faults]}{utility}.fcgi", data=parameters)

        yield start


def shape(body: str, name: str) -> Any:
    """What has to be the same in two replies: the JSON, or the DOCTYPE, the root and the errors of XML."""
    if name.endswith("json"):
        return json.loads(body, strict=False)
    root = etree.fromstring(body.encode())
    doctype = re.search(r"<!DOCTYPE[^>]*>", body)
    return doctype and doctype[0], root.tag, [" ".join((e.text or "").split()) for e in root.iter("ERROR")]


@pytest.mark.parametrize(("name", "utility", "parameters", "status"), ERRORS)
def test_errors_are_those_of_ncbi(
    ask: Ask, shared_data: Path, name: str, utility: str, parameters: dict[str, str], status: int
) -> None:
    """Compared with replies as they came."""
    reply = ask(utility, parameters)
    expected = (shared_data / "eutils" / "errors" / name).read_text()
    assert reply.status_code == status
    assert shape(reply.text, name) == shape(expected, name)


@pytest.mark.parametrize(
    ("name", "utility", "fault", "status"),
    [
        ("quoted-metapub+metapub__esearch_200_database_not_supported.xml", "esearch", "error", 200),
        ("ropensci+taxize__class2tree_classification_dup_high_level__4.http400.txt", "efetch", "timeout-400", 400),
        ("quoted-cyanheads+pubmed-mcp-server__efetch_200_unknown_pmid_empty_set.xml", "efetch", "empty", 200),
        ("quoted-linkml+linkml-reference-validator__elink_exlinksrv2.json", "elink", "error", 200),
    ],
)
def test_injected_errors_are_those_of_ncbi(
    ask: Ask, shared_data: Path, name: str, utility: str, fault: str, status: int
) -> None:
    """Each failure uses the words that it has been seen to use."""
    mode = {"retmode": "json"} if name.endswith("json") else {}
    reply = ask(utility, {"id": "1", "term": "x", **mode}, fault)
    said, expected = (
        shape(text, name) for text in (reply.text, (shared_data / "eutils" / "errors" / name).read_text())
    )
    if mode:
        # The header was not quoted with the words.
        said.pop("header")
    assert (reply.status_code, said) == (status, expected)


def test_a_get_that_is_too_long_is_414(ask: Ask) -> None:
    """With an HTML page; by POST the same ids are taken."""
    ids = ",".join(map(str, range(10_000_000, 10_001_000)))
    posted = ask("epost", {"id": ids})
    assert posted.status_code == 200
    reply = httpx.get(f"{posted.url}".replace("epost", "efetch"), params={"id": ids})
    assert (reply.status_code, "Submitted URI too large!" in reply.text) == (414, True)
    assert reply.headers["Content-Type"].startswith("text/html")


def test_a_json_error_has_a_raw_line_break(ask: Ask) -> None:
    """Which strict readers refuse, as they do NCBI's."""
    reply = ask("esearch", {"term": "x", "retstart": "9999", "retmode": "json"})
    with pytest.raises(json.JSONDecodeError, match="control character"):
        reply.json()


def test_a_history_page_beyond_the_set_or_the_wall_is_400(ask: Ask) -> None:
    """One that crosses the wall is cut there silently."""
    ids = ",".join(map(str, range(1, 10_001)))
    posted = etree.fromstring(ask("epost", {"id": ids}).content)
    history = {"WebEnv": str(posted.findtext("WebEnv")), "query_key": "1", "rettype": "uilist"}
    page = ask("efetch", {**history, "retstart": "9000", "retmax": "5000"})
    assert (page.status_code, page.text.split()[-1], len(page.text.split())) == (200, "9999", 999)
    walled = ask("efetch", {**history, "retstart": "9999"})
    assert (walled.status_code, "'retstart' cannot be larger than 9998" in walled.text) == (400, True)
    few = etree.fromstring(ask("epost", {"id": "1", "WebEnv": history["WebEnv"]}).content)
    assert (few.findtext("WebEnv"), few.findtext("QueryKey")) == (history["WebEnv"], "2")
    beyond = ask("efetch", {**history, "query_key": "2", "retstart": "1"})
    assert (beyond.status_code, "OUT OF RANGE" in beyond.text) == (400, True)


def test_control_characters_do_not_spoil_a_reply(ask: Ask) -> None:
    """XML cannot write them."""
    reply = ask("esearch", {"term": "ketamine\x00\x1bnowhere"})
    assert etree.fromstring(reply.content).findtext("ErrorList/PhraseNotFound") == "ketamine nowhere"


def test_an_unknown_utility_is_404(ask: Ask) -> None:
    """In HTML, like any page that is not there."""
    assert ask("eteapot", {}).status_code == 404


@pytest.mark.parametrize(
    "term",
    ["(" * 1_000_000, "()" * 100_000, "a/b " * 60_000, "/" * 60_000, "x" * 60_000, '"a" ' * 60_000, "a AND " * 60_000],
    ids=lambda term: term[:6],
)
def test_a_term_beyond_all_bounds_is_refused_at_once(ask: Ask, term: str) -> None:
    """In NCBI's form of an error, before anything is looked up."""
    start = time.monotonic()
    reply = ask("esearch", {"term": term})
    assert (reply.status_code, "<ERROR>" in reply.text, len(reply.text) < 1000) == (200, True, True)
    assert time.monotonic() - start < 5


def test_ten_thousand_pmids_are_a_term(ask: Ask) -> None:
    """In a row, or joined by OR."""
    pmids = [str(pmid) for pmid in range(30_000_000, 30_010_000)]
    for term in (" ".join([*pmids, "1"]), " OR ".join(f"{pmid}[uid]" for pmid in [*pmids[:5000], "1"])):
        assert etree.fromstring(ask("esearch", {"term": term, "retmax": "5"}).content).findtext("Count") == "1"


def test_a_request_that_is_too_large_is_refused(ask: Ask) -> None:
    """By its bytes, or by the number of its parameters."""
    assert ask("efetch", {"id": "1" * (5 << 20)}).status_code == 413
    url = f"{ask('efetch', {'id': '1'}).url}"
    assert httpx.post(url, content="a&" * 30_000, headers={"Content-Type": FORM}).status_code == 400


def test_a_connection_that_stalls_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a request, in its head, in its form, and while its reply is not read; the others go on."""
    monkeypatch.setattr("flows.eutils_server.impatience.STALLED_S", 0.3)
    monkeypatch.setattr("flows.eutils_server.app.FORM_S", 0.3)
    path = tmp_path / "records.xml"
    path.write_bytes(article_set(article(1, title="Ketamine. " * 1_000_000)))
    head = b"POST /efetch.fcgi HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: %s\r\n\r\n" % FORM.encode()
    whole = b"GET /efetch.fcgi?db=pubmed&id=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    with running_server(RecordStore.from_paths([path])) as base_url, ExitStack() as stack:
        port = int(base_url.rsplit(":", 1)[1].partition("/")[0])
        stalled = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(4)]
        for connection, sent in zip(stalled, (b"", b"GET /efet", head + b"id=1", whole), strict=True):
            connection.sendall(sent)
        assert httpx.get(f"{base_url}einfo.fcgi").status_code == 200
        time.sleep(1.5)
        received = [read_to_end(connection) for connection in stalled]
    assert received[:2] == [b"", b""]
    assert b"408" in received[2][:20]
    assert 0 < len(received[3]) < 10_000_000


def read_to_end(connection: socket.socket) -> bytes:
    """What comes until the other end has closed or reset; nothing new may take longer than five seconds."""
    connection.settimeout(5)
    parts = []
    try:
        while part := connection.recv(1 << 20):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)

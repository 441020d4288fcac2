"""A folder served as NLM serves its files: listings, ranges, sums, and faults."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from flows.eutils_server.nlm_tree import round_size
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server

DATA = bytes(range(256)) * 8
NAMES = [f"pubmed26n{number:04}.xml.gz" for number in range(1, 5)]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serves four files with their sums, with faults; gives the URL of NLM's tree."""
    folder = tmp_path / "nlm" / "baseline"
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(DATA)
        (folder / f"{name}.md5").write_text(f"MD5({name})= {hashlib.md5(DATA, usedforsecurity=False).hexdigest()}\n")
    with ExitStack() as stack:

        def start(faults: str) -> str:
            server = running_server(RecordStore.from_paths([]), faults=faults, nlm_files=tmp_path / "nlm")
            return stack.enter_context(server).replace("entrez/eutils/", "pubmed/")

        yield start


def test_a_listing_names_each_file_with_a_rounded_size(serve: Callable[[str], str]) -> None:
    """As Apache writes it; a folder without its last slash leads to it, and nothing outside is served."""
    url = serve("")
    page = httpx.get(f"{url}baseline", follow_redirects=True)
    assert [page.text.count(f'href="{name}"') for name in NAMES] == [1] * 4
    assert page.text.rstrip().endswith("</html>")
    assert 'href="baseline/"' in httpx.get(url).text
    assert httpx.get(f"{url}..%2f..%2fetc/passwd").status_code == 404
    assert [round_size(size) for size in (312, 1331, 19 << 20, 2_000_000_000)] == ["312", "1.3K", "19M", "1.9G"]


def test_a_part_of_a_file_is_served_only_as_long_as_it_is_the_same(serve: Callable[[str], str]) -> None:
    """By ETag or Last-Modified; HEAD tells both and the size, and is not counted as asking for the file."""
    file = f"{serve('')}baseline/{NAMES[0]}"
    head = httpx.head(file).headers
    assert head["content-length"] == str(len(DATA))
    for validator in (head["etag"], head["last-modified"]):
        part = httpx.get(file, headers={"Range": "bytes=2000-", "If-Range": validator})
        assert (part.status_code, part.content) == (206, DATA[2000:])
        assert part.headers["content-range"] == f"bytes 2000-{len(DATA) - 1}/{len(DATA)}"
    assert httpx.get(file, headers={"Range": "bytes=2000-", "If-Range": '"other"'}).content == DATA
    assert httpx.get(file, headers={"Range": f"bytes={len(DATA)}-"}).status_code == 416
    statistics = httpx.get(f"{file.partition('/pubmed/')[0]}/corpus-server/statistics").json()
    assert statistics["files"] == {f"baseline/{NAMES[0]}": 4}


def test_a_file_that_is_replaced_while_it_is_sent_has_another_etag(serve: Callable[[str], str]) -> None:
    """The rest of it cannot be had with the earlier ETag."""
    file = f"{serve('replaced=0.25@file:1')}baseline/{NAMES[0]}"
    before = httpx.head(file).headers["etag"]  # The fault strikes this request.
    after = httpx.head(file).headers["etag"]
    assert before != after


def test_faults_of_files_strike_what_they_are_for(serve: Callable[[str], str]) -> None:
    """Half a listing, another sum, a file that is cut or breaks off, a server that is out of order."""
    url = serve("503@listing:1; half@listing:1; wrong-md5@md5:1; cut@file:1; break=0.25@file:1")
    assert httpx.get(f"{url}baseline/").status_code == 503
    half = httpx.get(f"{url}baseline/").text
    assert [name for name in NAMES if f'href="{name}"' in half] == NAMES[:2]
    assert httpx.get(f"{url}baseline/{NAMES[0]}.md5").text == f"MD5({NAMES[0]})= {'0' * 32}\n"
    assert httpx.get(f"{url}baseline/{NAMES[0]}").content == DATA[: len(DATA) // 2]
    with pytest.raises(httpx.RemoteProtocolError, match="closed connection"):
        httpx.get(f"{url}baseline/{NAMES[0]}")
    assert httpx.get(f"{url}baseline/{NAMES[0]}").content == DATA

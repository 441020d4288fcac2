"""NLM's files are followed: what is listed and not held is downloaded, checked, read and published."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from time import sleep

import httpx
import pytest
from typer.testing import CliRunner

from flows.command.cli import app
from flows.definition.settings import Settings
from flows.nlm_files import download, file_client
from flows.nlm_files.file_client import FileClient
from flows.runs import ingest as ingesting
from flows.runs import sync as syncing
from flows.runs.ingest import ingest
from flows.runs.refresh import refresh, refresh_lists
from flows.runs.sync import sync
from tests.corpora import select
from tests.nlm_tree import asked_of, name_of, put, serving_tree
from tests.records import article, article_set
from warehouse.errors import EntrezError, LockedError, StoreError, TransientError, UsageError

HASH = "SELECT content_sha256 FROM manifest"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three baseline files of ten records each, and two update files that revise one, withdraw one and bring two."""
    root = tmp_path / "nlm"
    for number in (1, 2, 3):
        put(root, "baseline", number, map(article, range(10 * number, 10 * number + 10)))
    put(root, "updatefiles", 4, [article(10, title="Revised."), article(40)], gone=[11])
    put(root, "updatefiles", 5, [article(41)])
    return root


@pytest.fixture
def serve(tree: Path) -> Iterator[Callable[..., str]]:
    """Serves the tree, with faults; gives its URL."""
    with ExitStack() as stack:
        yield lambda faults="": stack.enter_context(serving_tree(tree, faults))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings of a corpus that follows a URL; waits between attempts are short."""
    monkeypatch.setattr(file_client, "FIRST_WAIT_S", 0.01)
    return lambda url, name="data", **more: Settings(data_dir=tmp_path / name, sync_from=url, entrez_budget_s=5, **more)


def test_what_is_listed_and_not_held_is_read_in_order(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings]
) -> None:
    """A clean ingest of the same files gives the same content; a second sync downloads nothing."""
    url = serve()
    settings = make(url)
    report = sync(settings)
    assert (report.exit_code, report.files, report.troubles, report.notes) == (0, 5, [], [])
    assert report.outcomes == {"new": 32, "revised": 1, "deleted": 1}
    clean = make(url, "clean")
    ingest(clean, [tree])
    assert select(settings, HASH) == select(clean, HASH)
    changed = select(settings, "SELECT last_modified FROM file WHERE nlm_number = 1")[0][0]
    assert changed.timestamp() == int(changed.timestamp()) is not None
    again = sync(settings)
    assert (again.exit_code, again.files, again.held_count) == (0, 0, 5)
    assert asked_of(url) == {name_of(number): 1 for number in range(1, 6)}
    put(tree, "updatefiles", 6, [article(42)])
    assert sync(settings).outcomes == {"new": 1}


def test_a_dry_run_says_what_is_missing_and_does_nothing(
    serve: Callable[..., str], make: Callable[..., Settings]
) -> None:
    """Files, bytes, minutes, disk."""
    settings = make(serve())
    facts = dict(sync(settings, dry_run=True).files_plan)
    assert facts["listed"] == "baseline/ 3 files of pubmed26, updatefiles/ 2 files of pubmed26"
    assert facts["files"] == "5 to read: pubmed26n0001 to pubmed26n0005; 0 held already"
    assert re.fullmatch(r"about [\d.]+ MB needed, [\d,.]+ [MG]B free", facts["disk"])
    assert re.fullmatch(r"about 1 \(download 0, read 0, publish 0; at 10 MB/s\)", facts["minutes"])
    assert not settings.data_dir.exists()


@pytest.mark.parametrize(
    "faults",
    [
        "503@listing:2; half@listing:1; cut@listing:1; wrong-md5@md5:2; 503@md5:2; cut@md5:1",
        "break=0.5@file:2; cut@file:1; replaced@file:1; reset@file:1; 429=1@file:1; 500@file:2",
    ],
)
def test_faults_of_the_server_change_nothing(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings], faults: str
) -> None:
    """At most another call is needed; the content is that of a clean ingest, and what came is not asked for again."""
    url = serve(faults)
    settings = make(url)
    reports = [sync(settings), sync(settings)]
    assert (reports[-1].exit_code, reports[-1].troubles) == (0, [])
    clean = make(url, "clean")
    ingest(clean, [tree])
    assert select(settings, HASH) == select(clean, HASH)
    if "file" not in faults:
        assert asked_of(url) == {name_of(number): 1 for number in range(1, 6)}


def test_the_rest_of_a_file_is_asked_for_where_it_broke_off(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Range, with the ETag of what is there; no byte comes twice."""
    url = serve("break=0.5@file:3")
    came: list[int] = []
    settings = make(url)
    monkeypatch.setattr(syncing.Tally, "add_bytes", lambda _tally, count: came.append(count))
    sync(settings)
    assert sum(came) == sum(path.stat().st_size for path in tree.rglob("*.gz"))


def test_what_was_downloaded_before_a_stop_is_kept(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was not committed is read from disk; one with another sum is named, and the others are read."""
    url = serve()
    settings = make(url)

    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "commit_file", fail)
        with pytest.raises(StoreError):
            sync(settings)
    (tree / "baseline" / f"{name_of(2)}.md5").write_text(f"MD5({name_of(2)})= {'0' * 32}\n")
    report = sync(settings)
    assert (report.exit_code, report.files) == (3, 4)
    assert re.search(r"pubmed26n0002.xml.gz does not agree with its .md5; it was not read", report.troubles[0])
    assert report.notes == ["Not read yet: pubmed26n0002."]
    asked = asked_of(url)
    assert {name: asked[name] for name in (name_of(1), name_of(3))} == {name_of(1): 1, name_of(3): 1}


def test_files_are_removed_once_they_are_read(serve: Callable[..., str], make: Callable[..., Settings]) -> None:
    """And are not downloaded again."""
    url = serve()
    settings = make(url)
    sync(settings, keep_files=False)
    left = [path.name for path in settings.data_dir.joinpath("nlm-files").rglob("*") if path.is_file()]
    assert left == ["sync.lock"]
    assert sync(settings, keep_files=False).files == 0
    assert set(asked_of(url).values()) == {1}


def test_a_file_that_nlm_replaced_is_read_again(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings]
) -> None:
    """Under the same name; and one whose sum is not there yet waits."""
    settings = make(serve())
    sync(settings)
    put(tree, "updatefiles", 4, [article(10, title="Revised otherwise."), article(40)], gone=[11])
    put(tree, "updatefiles", 6, [article(42)])
    (tree / "updatefiles" / f"{name_of(6)}.md5").unlink()
    report = sync(settings)
    assert dict(report.files_plan)["replaced"].startswith(name_of(4))
    assert dict(report.files_plan)["waiting"] == f"1 file without .md5 yet: {name_of(6)}"
    assert report.files == 1
    assert select(settings, "SELECT article_title FROM citation WHERE pmid = 10") == [("Revised otherwise.",)]


def test_a_first_load_can_be_asked_while_it_goes_on(
    serve: Callable[..., str], make: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published after the first portion, then when it has grown."""
    monkeypatch.setattr(syncing, "FIRST_PORTION", 1)
    monkeypatch.setattr(syncing, "GROWTH", 2)
    settings, seen = make(serve()), []
    publish = ingesting.publish

    def look(*arguments: object) -> None:
        publish(*arguments)  # type: ignore[arg-type]
        seen.append(select(settings, "SELECT count(*) FROM citation")[0][0])

    monkeypatch.setattr(syncing, "publish", look)
    sync(settings)
    assert seen == [10, 20, 31, 32]


def test_a_refresh_can_run_while_files_are_downloaded(
    serve: Callable[..., str],
    make_settings: Callable[..., Settings],
    serve_records: Callable[[bytes], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The data directory is held while files are read, not while they are awaited; a second sync has to wait.

    What the refresh brings holds when the sync goes on.
    """
    monkeypatch.setattr(syncing, "BATCH_FILES", 2)
    settings = make_settings(serve_records(article_set(article(40))), a__pmids="40\n")
    settings = settings.model_copy(update={"sync_from": serve(), "no_wait": True})
    attempt, is_asked, may_go_on = download.attempt, Event(), Event()

    def attempt_later(client: FileClient, url: str, part: Path) -> None:
        if name_of(3) in url:
            is_asked.set()
            assert may_go_on.wait(60)
        attempt(client, url, part)

    monkeypatch.setattr(download, "attempt", attempt_later)
    with ThreadPoolExecutor(1) as pool:
        syncing_call = pool.submit(sync, settings)
        try:
            assert is_asked.wait(60)
            while len(list(settings.directory.parquet.glob("run=*"))) < 2:
                assert not syncing_call.done()
                sleep(0.01)
            assert refresh(settings.model_copy(update={"no_wait": False})).outcomes == {"new": 1}
            assert select(settings, "SELECT count(*) FROM citation") == [(21,)]
            assert refresh(settings).exit_code == 0
            with pytest.raises(LockedError, match=r"\(sync, since .* is writing to .*nlm-files; try again"):
                sync(settings)
        finally:
            may_go_on.set()
        assert syncing_call.result().outcomes == {"new": 31, "revised": 1, "deleted": 1, "unchanged": 1}
    assert select(settings, "SELECT count(*), count(DISTINCT run_id) FROM citation") == [(32, 6)]


def test_gaps_and_late_files_are_named(tree: Path, serve: Callable[..., str], make: Callable[..., Settings]) -> None:
    """NLM lists a number later than a higher one; the higher one holds."""
    held = {path.name: path.read_bytes() for path in (tree / "updatefiles").glob(f"{name_of(4)}*")}
    for name in held:
        (tree / "updatefiles" / name).unlink()
    settings = make(serve())
    put(tree, "updatefiles", 5, [article(10, title="Latest.")])
    assert sync(settings).notes == ["Not read yet: pubmed26n0004."]
    for name, content in held.items():
        (tree / "updatefiles" / name).write_bytes(content)
    assert sync(settings).notes == [f"{name_of(4)} came after {name_of(5)}; the higher number holds."]
    assert select(settings, "SELECT article_title FROM citation WHERE pmid = 10") == [("Latest.",)]


def test_what_files_alone_brought_is_not_asked_of_entrez(
    serve: Callable[..., str], make_settings: Callable[..., Settings], serve_records: Callable[[bytes], str]
) -> None:
    """Neither by a refresh nor by one of all link lists; what the seeds also name is."""
    entrez = serve_records(article_set(article(41), article(43), article(10)))
    settings = make_settings(entrez, a__pmids="41\n43\n").model_copy(update={"sync_from": serve()})
    assert sync(settings).files == 5
    assert refresh(settings).outcomes == {"new": 1}
    assert refresh_lists(settings).exit_code == 0
    assert select(settings, "SELECT DISTINCT pmid FROM link_list WHERE source = 'elink' ORDER BY pmid") == [
        (41,),
        (43,),
    ]
    assert select(settings, "SELECT pmid FROM request WHERE plan_reason <> 'file'") == [(43,)]
    assert select(settings, "SELECT count(*), list_sort(list(DISTINCT reason)) FROM member") == [
        (34, ["file", "pmids"])
    ]


def new_year(tree: Path, pmids: range) -> None:
    """Replace the old files by a new baseline."""
    for path in [*tree.glob("*/*")]:
        path.unlink()
    for number, first in enumerate(range(pmids.start, pmids.stop, 20), 1):
        put(tree, "baseline", number, map(article, range(first, min(first + 20, pmids.stop))), year=27)


def test_a_new_baseline_is_compared_and_taken_over_when_it_is_asked_for(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings]
) -> None:
    """Without a file that follows, nobody knows that it is whole; what it lacks stays until then."""
    url = serve()
    settings = make(url)
    sync(settings)
    new_year(tree, range(12, 50))
    report = sync(settings)
    assert report.exit_code == 3
    assert report.troubles == [
        "The baseline of pubmed27 brings 8 new PMIDs and lacks 1 of 39 citations: 10. They stay, since no update file "
        "follows yet that would show the baseline to be whole; `corpus sync --rollover` ends them."
    ]
    assert select(settings, "SELECT count(*) FROM citation WHERE pmid = 10") == [(1,)]
    strict = settings.seeds.absolute()
    strict.mkdir()
    (strict / "corpus.toml").write_text("[drift]\nfrom_citations = 0\ncitations_fall_percent = 1\n")
    report = sync(settings.model_copy(update={"seeds": strict}), rollover=True)
    assert report.troubles[0].endswith("corpus.toml allows; `corpus sync --rollover --accept-drift` ends them.")
    report = sync(settings.model_copy(update={"seeds": strict, "accept_drift": True}), rollover=True)
    assert report.exit_code == 0
    assert report.notes[0].startswith("The baseline of pubmed27 brings 8 new PMIDs and lacks 1 of 39 citations: 10.")
    assert select(settings, "SELECT evidence FROM deleted_citation WHERE pmid = 10") == [("baseline",)]
    assert sync(settings).notes == []


def test_a_new_baseline_that_update_files_follow_is_taken_over_by_itself(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings], tmp_path: Path
) -> None:
    """Unless it ends more than the drift gate allows; a gap in its numbers keeps everything."""
    settings = make(serve())
    sync(settings)
    new_year(tree, range(12, 50))
    put(tree, "updatefiles", 3, [article(50)], year=27)
    hidden = (tree / "baseline" / name_of(1, 27)).rename(tmp_path / "hidden")
    report = sync(settings)
    assert "Of the baseline of pubmed27, 1 file must still be read, first pubmed27n0001;" in report.notes[0]
    hidden.rename(tree / "baseline" / name_of(1, 27))
    strict = tmp_path / "strict"
    strict.mkdir()
    (strict / "corpus.toml").write_text("[drift]\nfrom_citations = 0\ncitations_fall_percent = 1\n")
    report = sync(settings.model_copy(update={"seeds": strict}))
    assert "since that is more than the 1 % that [drift] of corpus.toml allows" in report.troubles[0]
    assert sync(settings).exit_code == 0
    assert select(settings, "SELECT pmid FROM deleted_citation WHERE evidence = 'baseline'") == [(10,)]


def test_the_summary_and_errors_are_sentences(
    serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan goes to standard error; if nobody listens, one sentence says so."""
    monkeypatch.setattr(file_client, "FIRST_WAIT_S", 0.01)
    environment = {"CORPUS_SYNC_FROM": serve(), "CORPUS_DATA_DIR": str(tmp_path / "d")}
    done = CliRunner().invoke(app, ["sync", "--workers", "1"], env=environment)
    assert (done.exit_code, done.stdout.splitlines()[0][:16]) == (0, "sync of 5 files:")
    assert "  files       5 to read: pubmed26n0001 to pubmed26n0005; 0 held already" in done.stderr
    nobody = Settings(data_dir=tmp_path / "d", sync_from="http://127.0.0.1:9/pubmed/", entrez_budget_s=0)
    with pytest.raises(TransientError, match=r"baseline/ cannot be had: .*refused.*; run it again later\.$"):
        sync(nobody)
    with pytest.raises(UsageError, match="--from nlm: write an address such as https://ftp"):
        sync(nobody.model_copy(update={"sync_from": "nlm"}))
    with pytest.raises(EntrezError, match="404 Not Found; see that the address is right"):
        sync(nobody.model_copy(update={"sync_from": f"{environment['CORPUS_SYNC_FROM']}elsewhere/"}))


def test_there_is_room_or_nothing_is_downloaded(
    serve: Callable[..., str], make: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what would help."""
    settings = make(serve())
    monkeypatch.setattr("flows.runs.sync_plan.PARQUET_SHARE", 1e15)
    with pytest.raises(StoreError, match="make room, give --no-keep-files, or choose another --data-dir"):
        sync(settings)


def test_a_part_without_a_validator_is_started_over(
    tree: Path, serve: Callable[..., str], make: Callable[..., Settings]
) -> None:
    """Nobody knows which file it belongs to; a whole one is not asked for again, and a longer one is dropped."""
    url = serve()
    settings = make(url)
    folder = settings.data_dir / "nlm-files" / "baseline"
    folder.mkdir(parents=True)
    (folder / f"{name_of(1)}.part").write_bytes(b"from elsewhere")
    head = httpx.head(f"{url}baseline/{name_of(2)}").headers["etag"]
    whole = (tree / "baseline" / name_of(2)).read_bytes()
    (folder / f"{name_of(2)}.part").write_bytes(whole)
    (folder / f"{name_of(2)}.part.etag").write_text(head)
    (folder / f"{name_of(3)}.part").write_bytes(whole + b"more than there is")
    (folder / f"{name_of(3)}.part.etag").write_text(httpx.head(f"{url}baseline/{name_of(3)}").headers["etag"])
    assert sync(settings).files == 5
    assert not list(folder.glob("*.part*"))
    assert gzip.decompress((folder / name_of(2)).read_bytes()) == gzip.decompress(whole)
    assert (
        hashlib.md5((folder / name_of(3)).read_bytes(), usedforsecurity=False).hexdigest()
        in (folder / f"{name_of(3)}.md5").read_text()
    )
    assert (folder / name_of(1)).stat().st_mtime == int((tree / "baseline" / name_of(1)).stat().st_mtime)

"""Processes that read come and go; the rows stay the same, and nothing is left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from flows import parallel
from flows.ingest import ingest
from flows.settings import Settings
from tests.conftest import REPOSITORY
from tests.records import article, article_set
from transforms.pubmed_xml import ReadChunk
from warehouse.errors import StoreError


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two files that are thought worth several processes."""
    monkeypatch.setattr(parallel, "WORTH_WORKERS_BYTES", 0)
    paths = [tmp_path / "a.xml", tmp_path / "b.xml"]
    for pmid, path in enumerate(paths, 1):
        path.write_bytes(article_set(article(pmid)))
    return paths


def test_a_file_whose_reading_process_was_killed_is_named_and_the_others_are_read(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the operating system does when memory is short; the files that follow are read without others."""
    start = parallel.start_processes

    def start_and_kill(workers: int) -> ProcessPoolExecutor | None:
        pool = start(workers)
        assert pool is not None
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        return pool

    monkeypatch.setattr(parallel, "start_processes", start_and_kill)
    report = ingest(Settings(data_dir=tmp_path / "data"), files, workers=2)
    assert report.troubles == [f"{files[0]}: a process that read it was ended; try again with --workers 1."]
    assert report.outcomes == {"new": 1}
    assert not (tmp_path / "data" / "staging" / "chunks").exists()


def test_reading_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """Also where it is killed: they would wait for work for ever, and keep their memory."""
    program = (
        "import os\nfrom flows.parallel import start_processes\n"
        "pool = start_processes(1)\nprint(pool.submit(os.getpid).result(), flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=60,
    )
    # The pipe is read to its end, so whoever held it is gone; what the system still notes of it goes soon.
    assert done.returncode == -signal.SIGKILL
    process = Path("/proc") / done.stdout.strip()
    for _ in range(100):
        if not process.exists():
            return
        time.sleep(0.1)
    assert not process.exists()


def test_where_no_process_can_be_started_this_one_reads(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There may be a limit to a user's processes, or to a container's."""

    def submit(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)
    assert ingest(Settings(data_dir=tmp_path / "data"), files, workers=2).outcomes == {"new": 2}
    assert "read by one process, since no others can be started: Resource temporarily" in caplog.text


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    """The process that could not write is another one."""
    future: Future[ReadChunk] = Future()
    future.set_exception(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(StoreError, match="the disk is full; make room, and run it again"):
        parallel.take_tables(tmp_path / "0.arrows", future)

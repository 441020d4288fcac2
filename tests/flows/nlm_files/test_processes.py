"""Processes that read come and go; the rows stay the same, and nothing is left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from flows.definition.settings import Settings
from flows.nlm_files import processes
from flows.runs.ingest import ingest
from tests.conftest import REPOSITORY
from tests.records import article, article_set


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two files that count as worth several processes."""
    monkeypatch.setattr(processes, "WORTH_WORKERS_BYTES", 0)
    paths = [tmp_path / "a.xml", tmp_path / "b.xml"]
    for pmid, path in enumerate(paths, 1):
        path.write_bytes(article_set(article(pmid)))
    return paths


def start_and_kill(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one of the processes killed, in each of the first pools."""
    start = processes.start_processes
    killed: list[int] = []

    def start_killed(workers: int) -> ProcessPoolExecutor | None:
        pool = start(workers)
        assert pool is not None
        if len(killed) < times:
            killed.append(pool.submit(os.getpid).result())
            os.kill(killed[-1], signal.SIGKILL)
        return pool

    monkeypatch.setattr(processes, "start_processes", start_killed)


def test_a_file_whose_reading_process_was_killed_is_read_again_in_the_same_run(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the operating system does when memory is short."""
    start_and_kill(1, monkeypatch)
    report = ingest(Settings(data_dir=tmp_path / "data"), files, workers=2)
    assert (report.troubles, report.outcomes) == ([], {"new": 2})
    assert not list((tmp_path / "data" / "staging").glob("read=*"))


def test_a_file_whose_processes_are_killed_again_and_again_is_named(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that takes more memory than there is would otherwise be read forever."""
    start_and_kill(5, monkeypatch)
    report = ingest(Settings(data_dir=tmp_path / "data"), files, workers=2)
    sentence = "the process that read it was ended 2 times; try again with --workers 1."
    assert report.troubles == [f"{file}: {sentence}" for file in files]


def test_reading_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """Even if it is killed: they would wait for work forever, and keep their memory."""
    program = (
        "import os\nfrom flows.nlm_files.processes import start_processes\n"
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
    """A user or a container may have a limit of processes."""

    def submit(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)
    assert ingest(Settings(data_dir=tmp_path / "data"), files, workers=2).outcomes == {"new": 2}
    assert "read by one process, since no others can be started: Resource temporarily" in caplog.text

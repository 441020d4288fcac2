"""Files read by the workers of a Dask cluster; the rows are those of one process."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.definition.settings import Settings
from flows.nlm_files import dask_pool, processes
from flows.runs import maintenance
from flows.runs.ingest import ingest
from tests.corpora import select
from tests.records import article, article_set
from tests.served import free_port
from tests.warehouse.test_incremental import damage_languages
from warehouse.errors import StoreError, UsageError
from warehouse.store import DataDirectory

# Dask's own closing tasks talk to a loop that is gone.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a part of a cluster, with a log and outside the files' folder; all end with the test."""
    running: list[subprocess.Popen[bytes]] = []
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def start_part(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{arguments[0]}", *arguments[1:], "--no-dashboard"]
        with (tmp_path / "log").open("ab") as log:
            part = subprocess.Popen(command, cwd=elsewhere, env=os.environ | environment, stdout=log, stderr=log)
        running.append(part)
        return part

    yield start_part
    for part in running:
        part.kill()
        part.wait()


def start_worker(start: Start, address: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a worker that ends when it is killed."""
    return start("worker", address, "--nthreads", "1", "--no-nanny", **environment)


@pytest.fixture
def address(start: Start) -> str:
    """The address of a scheduler."""
    port = free_port()
    start("scheduler", "--host", "127.0.0.1", "--port", str(port))
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    return f"tcp://127.0.0.1:{port}"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Four files, by paths from the working folder."""
    paths = [tmp_path / f"{name}.xml" for name in "abcd"]
    for pmid, path in enumerate(paths, 1):
        path.write_bytes(article_set(*map(article, range(10 * pmid, 10 * pmid + 5))))
    return [path.relative_to(Path.cwd()) for path in paths]


def test_workers_read_and_one_that_is_killed_or_a_scheduler_that_forgets_costs_nothing(
    tmp_path: Path,
    files: list[Path],
    start: Start,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What they had to do is done again; the content is that of one process."""
    first = start_worker(start, address)
    start_worker(start, address)
    submit = dask_pool.DaskPool.submit
    given: list[object] = []

    def submit_and_kill(pool: dask_pool.DaskPool, task: object, job: object) -> object:
        given.append(job)
        if len(given) == 2:
            first.kill()
        if len(given) == 4:
            # What becomes of them if another scheduler replaces one that ended.
            pool.client.cancel(list(pool.executor._futures), force=True)
        return submit(pool, task, job)  # type: ignore[arg-type]

    monkeypatch.setattr(dask_pool.DaskPool, "submit", submit_and_kill)
    report = ingest(Settings(data_dir=Path("apart")), files, engine=address)
    assert (report.troubles, report.outcomes) == ([], {"new": 20})
    ingest(Settings(data_dir=tmp_path / "alone"), files)
    content = "SELECT content_sha256 FROM manifest"
    expected = select(Settings(data_dir=tmp_path / "alone"), content)
    assert select(Settings(data_dir=Path("apart")), content) == expected
    damaged = damage_languages(DataDirectory(Path("apart").absolute()))
    said = list(maintenance.rebuild(Settings(data_dir=Path("apart")), engine=address))
    assert [f"{name} was damaged, and was rebuilt from the raw records." for name in damaged] == said[1:5]
    assert select(Settings(data_dir=Path("apart")), content) == expected


def test_a_cluster_that_cannot_read_is_said_in_a_sentence(
    tmp_path: Path, files: list[Path], start: Start, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No workers; no scheduler; no address; other code on a worker; a version that differs."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    monkeypatch.setattr(dask_pool, "CONNECT_S", 15)
    settings = Settings(data_dir=tmp_path / "data")
    with pytest.raises(UsageError, match="--engine dask: write local, or a Dask scheduler's address"):
        ingest(settings, files, engine="dask")
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(StoreError, match=f"No Dask scheduler answers at {nobody}; start one with `dask scheduler`"):
        ingest(settings, files, engine=nobody)
    with pytest.raises(StoreError, match=f"has no workers; start some with `dask worker {address}`"):
        ingest(settings, files, engine=address)
    monkeypatch.setattr(dask_pool, "CONNECT_S", 60)
    start_worker(start, address)
    with monkeypatch.context() as patch:
        patch.setattr(dask_pool, "CODE_VERSION", "9.9.9")
        with pytest.raises(StoreError, match=r"The Dask worker tcp://.* has corpus .*; install corpus 9\.9\.9 there"):
            ingest(settings, files, engine=address)
    with monkeypatch.context() as patch:
        patch.setattr(dask_pool, "code_sha256", lambda: "another")
        with pytest.raises(StoreError, match="has other code than this machine, or lacks a package of it"):
            ingest(settings, files, engine=address)
    assert not list((tmp_path / "data").glob("parquet/*"))


def test_without_dask_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"Dask is not installed; install corpus\[dask\] first"):
        processes.open_pool("tcp://127.0.0.1:8786", 1)

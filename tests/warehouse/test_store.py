"""Runs are committed whole or not at all, and one process writes at a time."""

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

import pyarrow.parquet as pq
import pytest

from warehouse.errors import LockedError, StoreError
from warehouse.lock import writing
from warehouse.run_writer import commit_run, discard_run, start_run
from warehouse.schema.publication import LANGUAGE
from warehouse.store import DataDirectory, new_run_id, run_folders, spill_folder

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def test_run_ids_sort_by_time_within_a_second() -> None:
    """Two runs can begin in one second; the hexadecimal digits are the fraction of it."""
    early, late = new_run_id(NOON, None), new_run_id(NOON.replace(microsecond=500_000), None)
    assert (early, late) == ("20261123T120000Z-0000", "20261123T120000Z-8000")


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ("20261123T120000Z-0000", "20261123T120000Z-0001"),
        ("20261123T130000Z-00ff", "20261123T130000Z-0100"),
        ("20261123T125959Z-ffff", "20261123T130000Z-0000"),
    ],
)
def test_a_run_id_is_later_than_every_earlier_one_even_if_the_clock_went_back(latest: str, expected: str) -> None:
    """A row's place in time is its run, so the order must not depend on the clock."""
    assert expected == new_run_id(NOON, latest)


def test_nothing_is_visible_before_the_commit(tmp_path: Path) -> None:
    """A reader never sees half a run."""
    directory = DataDirectory(tmp_path)
    writer = start_run(directory, NOON)
    writer.write({"language": LANGUAGE.to_arrow([(1, 1, "eng")])})
    assert run_folders(directory) == []
    folder = commit_run(writer)
    assert [folder] == run_folders(directory)
    rows = pq.read_table(folder / "language.parquet").to_pylist()
    assert [{"pmid": 1, "language_order": 1, "language": "eng", "run_id": writer.run_id}] == rows


def test_a_discarded_run_leaves_nothing(tmp_path: Path) -> None:
    """What a run wrote before it failed is not found again."""
    directory = DataDirectory(tmp_path)
    writer = start_run(directory, NOON)
    writer.write({"language": LANGUAGE.to_arrow([(1, 1, "eng")])})
    discard_run(writer)
    assert list(directory.staging.iterdir()) == []


def test_the_folder_of_a_broken_run_is_removed_by_the_next(tmp_path: Path) -> None:
    """A process that was killed cannot clean up after itself."""
    directory = DataDirectory(tmp_path)
    broken = start_run(directory, NOON)
    (broken.folder / "language.parquet").write_bytes(b"half")
    start_run(directory, NOON.replace(hour=13))
    assert not broken.folder.exists()


HOLD = """import sys, time, pathlib
from warehouse.lock import writing
from warehouse.store import DataDirectory
with writing(DataDirectory(pathlib.Path(sys.argv[1])), purpose="refresh"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that writes, until its standard input is closed or it is killed."""
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    """Two refreshes at once would build the same file twice; what a dead process held is free."""
    with holder(tmp_path) as process:
        expected = rf"Process {process.pid} \(refresh, since 20.* UTC\) is writing to .*; try again when it is done"
        for _ in range(2):  # Being refused does not erase the holder's name.
            with pytest.raises(LockedError, match=expected), writing(DataDirectory(tmp_path)):
                pass
        process.kill()
        process.wait()
    with writing(DataDirectory(tmp_path), purpose="ingest"):
        assert (tmp_path / "refresh.lock").read_text().startswith(f"{os.getpid()} (ingest, since ")
    assert (tmp_path / "refresh.lock").read_text() == ""


def test_a_second_writer_can_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It says whom it waits for."""
    with holder(tmp_path) as process:
        assert process.stdin is not None
        threading.Timer(0.5, process.stdin.close).start()
        with writing(DataDirectory(tmp_path), wait=True):
            assert process.wait() == 0
    (message,) = caplog.messages
    assert re.fullmatch(rf"Process {process.pid} \(refresh, since .*; waiting for it to end\.", message)


def test_a_data_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A file in the way is the simplest case of it."""
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StoreError, match="choose another with --data-dir"), writing(DataDirectory(tmp_path / "data")):
        pass


class FullDisk(pq.ParquetWriter):  # type: ignore[misc]
    """A writer whose disk is full when it wants to end the file."""

    def close(self) -> None:
        """Fail as pyarrow does, once."""
        super().close()
        raise OSError(errno.ENOSPC, "Error writing bytes to file")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it is noticed only when the file is closed."""
    monkeypatch.setattr(pq, "ParquetWriter", FullDisk)
    directory = DataDirectory(tmp_path)
    writer = start_run(directory, NOON)
    writer.write({"language": LANGUAGE.to_arrow([(1, 1, "eng")])})
    with pytest.raises(StoreError, match=r"Cannot write .*language\.parquet: the disk is full; make room"):
        commit_run(writer)
    discard_run(writer)
    assert run_folders(directory) == []
    assert list(directory.staging.iterdir()) == []


def test_a_folder_that_no_run_committed_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Half a copy of a run would count as a run."""
    directory = DataDirectory(tmp_path)
    folder = commit_run(start_run(directory, NOON))
    (folder / "SHA256SUMS").rename(tmp_path / "sums")
    with pytest.raises(StoreError, match=r"has no SHA256SUMS: it was copied in part. Put it back whole from a backup"):
        run_folders(directory)
    (tmp_path / "sums").rename(folder / "SHA256SUMS")
    folder.with_name("run=copy of it").mkdir()
    with pytest.raises(StoreError, match="run=copy of it has a name that is not a run's; move it out of"):
        run_folders(directory)


def test_two_processes_never_spill_into_one_folder(tmp_path: Path) -> None:
    """Each removes its own when it ends; and a step that only reads makes no folder in the corpus."""
    directory = DataDirectory(tmp_path / "data")
    assert spill_folder(directory, "report").parent == Path(gettempdir())
    directory.staging.mkdir(parents=True)
    folders = {spill_folder(directory, "report") for _ in range(2)}
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {directory.staging}

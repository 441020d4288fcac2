"""What a large build takes is said before it begins; without room it does not begin."""

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.corpora import commit
from tests.records import article
from warehouse import build, forecast, published
from warehouse.errors import StoreError
from warehouse.store import DataDirectory


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    """A run of 40 citations."""
    directory = DataDirectory(tmp_path / "data", threads=2)
    commit(directory, *map(article, range(1, 41)))
    return directory


def test_a_large_build_says_hours_and_disk_before_it_begins(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A smaller one says nothing."""
    with caplog.at_level(logging.WARNING, "corpus"):
        build.publish(directory)
        assert caplog.text == ""
        monkeypatch.setattr(forecast, "LARGE_CITATIONS", 40)
        build.publish(directory, afresh=True)
    assert "is built afresh of 40 rows of citations: about 0.0 hours with 2 threads, and 0.0 GB of disk" in caplog.text


def test_without_room_a_large_build_does_not_begin(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays."""
    build.publish(directory)
    before = directory.database.read_bytes()
    monkeypatch.setattr(forecast, "LARGE_CITATIONS", 40)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(StoreError, match=r"about 0\.0 GB of disk, and 0\.0 GB are free; make room and run it again"):
        build.publish(directory, afresh=True)
    assert directory.database.read_bytes() == before


def test_how_a_large_file_was_copied_is_said(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what would make it faster."""
    build.publish(directory)
    commit(directory, article(41))
    monkeypatch.setattr(published, "LARGE_BYTES", 1)
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    monkeypatch.setattr(published, "share_blocks", lambda *_: False)
    said: list[str] = []
    build.publish(directory, say=said.append)
    assert said == [
        "The published file (0.0 GB) was copied in 0 s; on XFS or Btrfs it would share its blocks, in no time."
    ]

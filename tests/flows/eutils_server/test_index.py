"""The index that is kept for the next time."""

import os
from pathlib import Path

import pytest

from flows.eutils_server import records
from flows.eutils_server.records import RecordStore
from tests.records import article, article_set
from warehouse.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A record, and a file without one."""
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "a.xml").write_bytes(article_set(article(1, title="Ketamine.")))
    (folder / "notes.txt").write_text("no record")
    return folder


def test_it_answers_as_the_one_it_was_made_of(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reading a record again, and with the same messages about other files."""
    index = tmp_path / "records.index"
    first = RecordStore.from_paths([folder], index=index)
    monkeypatch.setattr(records, "make_tables", None)
    again = RecordStore.from_paths([folder], index=index)
    assert [path.name for path in tmp_path.iterdir()] == ["records", "records.index"]
    for store in (first, again):
        assert set(store.search("ketamine", {}).pmids) == {1}
        assert b"Ketamine." in store.xml(1)
        assert len(store.skipped) == 1


def test_it_is_rebuilt_when_a_file_has_changed(folder: Path, tmp_path: Path) -> None:
    """By size or time, or if a file is added; a reader of the old one keeps it."""
    index = tmp_path / "records.index"
    old = RecordStore.from_paths([folder], index=index)
    (folder / "b.xml").write_bytes(article_set(article(2)))
    assert RecordStore.from_paths([folder], index=index).pmids == {1, 2}
    (folder / "b.xml").write_bytes(article_set(article(3)))
    os.utime(folder / "b.xml", (1, 1))
    assert RecordStore.from_paths([folder], index=index).pmids == {1, 3}
    assert old.pmids == {1}


def test_it_may_be_among_the_records(folder: Path) -> None:
    """It is not a record, and does not count as a change."""
    first = RecordStore.from_paths([folder], index=folder / "records.index")
    made_at = (folder / "records.index").stat().st_mtime_ns
    again = RecordStore.from_paths([folder], index=folder / "records.index")
    assert (folder / "records.index").stat().st_mtime_ns == made_at
    assert first.skipped == again.skipped


def test_what_was_left_half_made_is_rebuilt(folder: Path, tmp_path: Path) -> None:
    """A server that was killed while it loaded leaves a part."""
    (tmp_path / "records.index.part").write_bytes(b"half")
    assert RecordStore.from_paths([folder], index=tmp_path / "records.index").pmids == {1}


def test_another_file_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    """It belongs to somebody."""
    (tmp_path / "thesis.doc").write_text("My thesis, and no database at all.")
    with pytest.raises(UsageError, match=r"thesis\.doc is not an index"):
        RecordStore.from_paths([folder], index=tmp_path / "thesis.doc")
    assert (tmp_path / "thesis.doc").read_text().startswith("My thesis")

"""Which files the deployment `ingest` reads."""

import os
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from flows.definition.settings import Settings
from flows.nlm_files.reading import FileJob, read_file
from flows.prefect_app.inbox import find_allowed, make_inboxes
from flows.runs.ingest import ingest
from flows.runs.mesh import add_mesh
from tests.records import article, article_set
from warehouse.errors import CorpusError, DocumentError, UsageError
from warehouse.open_file import open_file
from warehouse.store import DataDirectory

READ_AT = datetime(2026, 11, 27)  # noqa: DTZ001 - UTC without zone, as rows have it


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An inbox with a file, a folder of another, and ways out of it; a secret stands outside."""
    settings = Settings(data_dir=tmp_path / "data")
    make_inboxes(settings)
    inbox = tmp_path / "data" / "inbox"
    (tmp_path / "secret.xml").write_text("secret")
    (inbox / "a.xml").write_text("a")
    (inbox / "folder").mkdir()
    (inbox / "folder" / "b.xml.gz").write_text("b")
    (inbox / "folder" / "notes.txt").write_text("no file of PubMed")
    (inbox / "link.xml").symlink_to(tmp_path / "secret.xml")
    (inbox / "up").symlink_to(tmp_path)
    (inbox / "linked").mkdir()
    (inbox / "linked" / "c.xml").symlink_to(tmp_path / "secret.xml")
    (inbox / "summed.xml").write_text("d")
    os.mkfifo(inbox / "summed.xml.md5")
    os.mkfifo(inbox / "pipe.xml")
    (inbox / "loop").symlink_to(inbox / "loop")
    return settings


def test_files_and_folders_of_the_inbox_are_read(settings: Settings) -> None:
    """By whole paths, or by those below it."""
    inbox = settings.data_dir / "inbox"
    found = find_allowed(f"folder\n\n {inbox}/a.xml \n", settings)
    assert found == ([inbox / "folder" / "b.xml.gz", inbox / "a.xml"], [inbox])


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/etc/passwd", "is not below a folder that is read from"),
        ("../../secret.xml", "is not below a folder that is read from"),
        ("../../no-such-file.xml", "is not below a folder that is read from"),
        ("link.xml", "is not below a folder that is read from"),
        ("up/secret.xml", "is not below a folder that is read from"),
        ("up", "is not below a folder that is read from"),
        ("linked", "is not below a folder that is read from"),
        ("/dev/zero", "is not below a folder that is read from"),
        ("pipe.xml", "pipe.xml is not a file"),
        ("summed.xml", "summed.xml.md5 is not a file"),
        ("none.xml", "none.xml does not exist"),
        ("loop", "loop does not exist"),
        ("a\0.xml", "holds a zero byte"),
        ("\ud800.xml", "holds a zero byte, or another that no path has"),
        ("x" * 5000, "is longer than this system allows"),
    ],
)
def test_nothing_else_is_opened(settings: Settings, path: str, sentence: str) -> None:
    """Not by a path, not by a link; a pipe would hold the run forever."""
    with pytest.raises(UsageError, match=sentence) as caught:
        find_allowed(path, settings)
    assert "secret " not in str(caught.value)


def test_other_folders_can_be_named(settings: Settings, tmp_path: Path) -> None:
    """The inbox is then not read."""
    named = settings.model_copy(update={"files": f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}"})
    with pytest.raises(UsageError, match="there is no such folder"):
        make_inboxes(named)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "secret.xml", tmp_path / "two" / "e.xml")
    make_inboxes(named)
    assert find_allowed(str(tmp_path / "two"), named)[0] == [tmp_path / "two" / "e.xml"]
    with pytest.raises(UsageError, match="is not below"):
        find_allowed(str(settings.data_dir / "inbox" / "a.xml"), named)


def replace_by_link(inbox: Path, outside: Path) -> None:
    """The file is a link to one outside."""
    (inbox / "folder" / "b.xml.gz").unlink()
    (inbox / "folder" / "b.xml.gz").symlink_to(outside / "b.xml.gz")


def replace_by_pipe(inbox: Path, _: Path) -> None:
    """The file is a pipe that nobody writes to."""
    (inbox / "folder" / "b.xml.gz").unlink()
    os.mkfifo(inbox / "folder" / "b.xml.gz")


def replace_folder(inbox: Path, outside: Path) -> None:
    """The folder above is a link to one outside."""
    shutil.rmtree(inbox / "folder")
    (inbox / "folder").symlink_to(outside)


def replace_sum(inbox: Path, outside: Path) -> None:
    """NLM's sum beside it is a link to a file outside."""
    (inbox / "folder" / "b.xml.gz.md5").symlink_to(outside / "b.xml.gz")


@pytest.mark.parametrize("swap", [replace_by_link, replace_by_pipe, replace_folder, replace_sum])
def test_what_takes_the_place_of_a_checked_file_is_not_read(
    settings: Settings, tmp_path: Path, swap: Callable[[Path, Path], None]
) -> None:
    """Between the check of the inbox and the reading, anybody who may write there can swap the file."""
    inbox, outside = settings.data_dir / "inbox", tmp_path / "outside"
    outside.mkdir()
    (inbox / "folder" / "b.xml.gz").write_bytes(article_set(article(1)))
    (outside / "b.xml.gz").write_bytes(article_set(article(99, title="Secret.")))
    paths, folders = find_allowed("folder", settings)
    swap(inbox, outside)
    with pytest.raises(DocumentError, match=r"b\.xml\.gz(\.md5)? cannot be read: it") as caught:
        read_file(FileJob(paths[0], DataDirectory(settings.data_dir), "run", READ_AT, folders=tuple(folders)))
    assert "Secret" not in str(caught.value)
    if swap is not replace_by_pipe:  # Which is refused before any file is read.
        report = ingest(settings, paths, folders=folders)
        assert (report.files, report.exit_code, report.troubles) == (0, 1, [str(caught.value)])
    with pytest.raises(CorpusError):
        list(add_mesh(settings, paths, folders=folders))


def test_a_race_is_never_won(tmp_path: Path) -> None:
    """A folder and a link to one outside take turns in one place while its file is opened again and again."""
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    for folder in (inbox / "one", outside):
        folder.mkdir(parents=True)
        (folder / "a.xml").write_text(folder.name)
    (inbox / "two").symlink_to(outside)
    is_done = threading.Event()

    def take_turns() -> None:
        while not is_done.is_set():
            for name in ("one", "two"):
                (inbox / name).rename(inbox / "now")
                (inbox / "now").rename(inbox / name)

    swapper = threading.Thread(target=take_turns)
    swapper.start()
    read: set[str] = set()
    try:
        for _ in range(5_000):
            try:
                with open_file(inbox / "now" / "a.xml", [inbox]) as stream:
                    read.add(stream.read().decode())
            except OSError:
                continue
    finally:
        is_done.set()
        swapper.join()
    assert read <= {"one"}

"""Files are opened so that nothing waits, and nothing outside of the given folders is read."""

import os
from pathlib import Path

import pytest

from warehouse.open_file import open_file


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with a file, a link to it, one to a file outside, and a pipe."""
    folder = tmp_path / "inbox"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "a.xml").write_text("a")
    (tmp_path / "secret").write_text("s")
    (folder / "within").symlink_to(folder / "deeper" / "a.xml")
    (folder / "out").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    return folder


def test_a_file_below_the_folders_is_read(inbox: Path, tmp_path: Path) -> None:
    """Even by a link that stays below them, and anywhere if no folder is given."""
    for path in (inbox / "deeper" / "a.xml", inbox / "within"):
        with open_file(path, [tmp_path / "other", inbox]) as stream:
            assert stream.read() == b"a"
    with open_file(inbox / "out") as stream:
        assert stream.read() == b"s"


@pytest.mark.parametrize("name", ["out", "../secret", "deeper/../../secret"])
def test_a_file_elsewhere_is_refused(inbox: Path, name: str) -> None:
    """Whatever leads to it."""
    with pytest.raises(PermissionError, match="leads out of the folders that are read from"):
        open_file(inbox / name, [inbox])


@pytest.mark.parametrize("bounded", [True, False])
def test_what_is_no_file_is_refused_at_once(inbox: Path, bounded: bool) -> None:  # noqa: FBT001
    """Opening a pipe would wait for a writer."""
    folders = [inbox] if bounded else []
    with pytest.raises(OSError, match="it is a pipe or a device, and no file"):
        open_file(inbox / "pipe", folders)
    with pytest.raises(IsADirectoryError):
        open_file(inbox / "deeper", folders)
    with pytest.raises(FileNotFoundError):
        open_file(inbox / "none", folders)
    with pytest.raises(IsADirectoryError):
        open_file(inbox, folders)

"""The files that the deployment `ingest` may read: those below the folders that `corpus serve --files` names."""

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.definition.paths import show
from flows.definition.settings import Settings
from flows.nlm_files.files import reading_file
from warehouse.errors import StoreError, UsageError


def inboxes(settings: Settings) -> list[Path]:
    """The folders below which it may read: those that are named, or else the data directory's `inbox`."""
    named = [Path(folder) for folder in settings.files.split(os.pathsep) if folder]
    return named or [settings.data_dir / "inbox"]


def make_inboxes(settings: Settings) -> None:
    """Make the data directory's inbox, unless another folder is named.

    Raises:
        UsageError: A folder that is named is none.
        StoreError: The inbox cannot be made.
    """
    for folder in inboxes(settings):
        if settings.files and not folder.is_dir():
            raise UsageError(f"--files {show(folder)}: there is no such folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreError(f"Cannot make {show(folder)}: {exc.strerror}; name another folder with --files.") from exc


def find_allowed(lines: str, settings: Settings) -> tuple[list[Path], list[Path]]:
    """The files that a form names, one path a line, files or folders, in order; and the folders that they are below.

    A path that is not absolute is looked for in the first folder. What takes the place of a file after this is held to
    the same folders when it is opened (`warehouse.open_file`).

    Raises:
        UsageError: A path leads out of the folders, by itself or by a link; or it is neither a file nor a folder.
        DocumentError: A folder cannot be looked into.
    """
    folders = [Path(os.path.realpath(folder)) for folder in inboxes(settings)]
    found: list[Path] = []
    for line in map(str.strip, lines.splitlines()):
        if line:
            path = inside(folders[0] / line, folders)
            files = sorted(walk(path)) if path.is_dir() else [path]
            found += files
            if path.is_dir() and not files:
                raise UsageError(f"files: {show(path)} holds no .xml or .xml.gz file.")
    for path in found:
        check_file(path, folders)
    return found, folders


def inside(path: Path, folders: Sequence[Path]) -> Path:
    """A path with its links resolved, if it is below one of the folders.

    What is outside is not looked at, so that a refusal does not tell whether it exists.

    Raises:
        UsageError: It is not.
    """
    try:
        real = Path(os.path.realpath(path))
    except ValueError as exc:
        raise UsageError("files: a path holds a zero byte, or another that no path has; write it again.") from exc
    if any(real.is_relative_to(folder) for folder in folders):
        try:
            os.lstat(real)
        except OSError as exc:
            if exc.errno == errno.ENAMETOOLONG:
                raise UsageError("files: a path is longer than this system allows; write one path a line.") from exc
        return real
    named = ", ".join(show(folder) for folder in folders)
    raise UsageError(
        f"files: {show(path)} is not below a folder that is read from ({named}); put it there, or start `corpus serve` "
        "with --files and its folder."
    )


def walk(folder: Path) -> Iterator[Path]:
    """The PubMed files below a folder; linked folders are not entered.

    Raises:
        DocumentError: A folder cannot be looked into.
    """

    def refuse(exc: OSError) -> None:
        with reading_file(Path(exc.filename)):
            raise exc

    for parent, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(parent, name) for name in names if name.endswith((".xml", ".xml.gz")))


def check_file(path: Path, folders: Sequence[Path]) -> None:
    """Check that a file, and NLM's `.md5` beside it, are files below the folders.

    Raises:
        UsageError: One leads out by a link, is not there, or is a pipe or a device.
        DocumentError: It cannot be looked at.
    """
    with reading_file(path):
        if not inside(path, folders).is_file():
            there = "is not a file" if path.exists() else "does not exist"
            raise UsageError(f"files: {show(path)} {there}; name a file or a folder.")
        beside = path.with_name(f"{path.name}.md5")
        if os.path.lexists(beside) and not inside(beside, folders).is_file():
            raise UsageError(f"files: {show(beside)} is not a file; remove it.")

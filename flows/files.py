"""PubMed files on disk: found, unpacked whatever their name says, and compared with NLM's `.md5`."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from isal import isal_zlib

from warehouse.errors import DocumentError, UsageError

BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files that the paths name; those of a folder are sorted by name.

    Raises:
        UsageError: A path does not exist, or a folder has no PubMed file.
        DocumentError: A folder cannot be looked into.
    """
    files: list[Path] = []
    for path in paths:
        with reading_file(path):
            if path.is_dir():
                files += find_in_folder(path)
            elif path.exists():
                files.append(path)
            else:
                raise UsageError(f"There is no file {show(path)}.")
    return files


def find_in_folder(folder: Path) -> list[Path]:
    """The PubMed files in a folder and those below it; a link that leads nowhere is one, a pipe is none.

    Raises:
        UsageError: There is none.
        DocumentError: One of the folders cannot be looked into.
    """

    def refuse(exc: OSError) -> None:
        with reading_file(Path(exc.filename)):
            raise exc

    found = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=refuse) for name in names]
    files = [p for p in sorted(found) if p.name.endswith((".xml", ".xml.gz")) and (p.is_file() or not p.exists())]
    if not files:
        raise UsageError(f"{show(folder)} holds no .xml or .xml.gz file.")
    return files


def show(path: Path | str) -> str:
    """A path as text that can be written anywhere; bytes of it that are no UTF-8 are shown as they are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextmanager
def reading_file(path: Path) -> Iterator[None]:
    """Read a file or folder.

    Raises:
        DocumentError: The operating system does not let it be read.
    """
    try:
        yield
    except OSError as exc:
        raise DocumentError(f"{show(path)} cannot be read: {exc.strerror or exc}; mend it, or leave it out.") from exc


def read_blocks(
    path: Path, on_read: Callable[[int], None], *, on_break: Callable[[str], None] | None = None
) -> Iterator[bytes]:
    """A file's bytes in blocks, unpacked if they are gzip, whatever the file's name says.

    Args:
        path: The file.
        on_read: Told how many bytes of the file have been read.
        on_break: Told that the gzip data end early or are damaged, after what could be unpacked; without it, that is an
            error.
    Raises:
        DocumentError: The file cannot be read, or its gzip data are damaged or end early.
    """
    blocks = read_packed(path, on_read)
    try:
        first = next(blocks, b"")
        if first.startswith(GZIP_MAGIC):
            yield from unpack_gzip(chain([first], blocks))
        else:
            yield first
            yield from blocks
    except EOFError:
        broken = f"{show(path)} ends before its gzip data do; download it again."
    except isal_zlib.error as exc:  # type: ignore[misc] # isal's stub takes the class for a value
        broken = f"{show(path)} is damaged ({exc}); download it again."
    else:
        return
    if on_break is None:
        raise DocumentError(broken)
    on_break(broken)


def read_packed(path: Path, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """A file's bytes in blocks, as they are."""
    done = 0
    with reading_file(path):
        stream = path.open("rb")
    with stream:
        while True:
            with reading_file(path):
                block = stream.read(BLOCK_BYTES)
            if not block:
                return
            done += len(block)
            on_read(done)
            yield block


def unpack_gzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip data of one or several members; no piece is larger than a block, however well the data are packed.

    Raises:
        EOFError: The data end early.
        isal_zlib.error: The data are damaged.
    """
    unpack = isal_zlib.decompressobj(wbits=31)
    for block in blocks:
        rest = block
        while rest:
            if unpack.eof:
                # Tapes and block devices fill up with zeros what gzip has written.
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                unpack = isal_zlib.decompressobj(wbits=31)
            yield unpack.decompress(rest, BLOCK_BYTES)
            rest = unpack.unconsumed_tail or unpack.unused_data
    if not unpack.eof:
        raise EOFError


def check_md5(path: Path, *, on_break: Callable[[str], None] | None = None) -> None:
    """Compare a file with the `.md5` that NLM puts beside each, where it is there.

    Args:
        path: The file.
        on_break: Told that they differ; without it, that is an error.
    Raises:
        DocumentError: They differ, or one of them cannot be read.
    """
    beside = path.with_name(path.name + ".md5")
    if not beside.exists():
        return
    with reading_file(beside):
        said = re.search(r"\b[0-9a-f]{32}\b", beside.read_text(encoding="utf-8", errors="replace").lower())
    with reading_file(path), path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "md5").hexdigest()
    if said is None or said[0] != digest:
        sentence = f"{show(path)} does not agree with {show(beside.name)}; download it again."
        if on_break is None:
            raise DocumentError(sentence)
        on_break(sentence)

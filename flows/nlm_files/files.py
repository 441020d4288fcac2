"""PubMed files on disk: found, unpacked whatever their name says, and compared with NLM's `.md5`."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path

from isal import isal_zlib

from flows.definition.paths import show
from warehouse.errors import DocumentError, UsageError
from warehouse.open_file import open_file

BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"

# NLM's `.md5` has one line.
LARGEST_MD5_BYTES = 1 << 12


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files that the paths name; those of a folder are sorted by name.

    Raises:
        UsageError: A path does not exist, is a pipe or a device, or a folder has no PubMed file.
        DocumentError: A folder cannot be looked into.
    """
    files: list[Path] = []
    for path in paths:
        with reading_file(path):
            if path.is_dir():
                files += find_in_folder(path)
            elif path.is_file():
                files.append(path)
            elif path.exists():
                raise UsageError(
                    f"{show(path)} is a pipe or a device, and a file is read twice, for its MD5 first; write it to a "
                    "file, and name that."
                )
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


@contextmanager
def reading_file(path: Path) -> Iterator[None]:
    """Read a file or folder.

    Raises:
        DocumentError: The operating system does not let it be read.
    """
    try:
        yield
    except OSError as exc:
        raise DocumentError(f"{show(path)} cannot be read: {exc.strerror or exc}; fix it, or leave it out.") from exc


@contextmanager
def opening(path: Path, folders: Sequence[Path] = ()) -> Iterator[BufferedReader]:
    """A file, open for reading; what is read from it is what was checked, whatever takes its place meanwhile.

    Args:
        path: The file.
        folders: As `open_file` takes them.
    Raises:
        DocumentError: It cannot be opened, lies outside the folders, or is not a regular file.
    """
    with reading_file(path):
        stream = open_file(path, folders)
    with stream:
        yield stream


def read_blocks(
    path: Path, on_read: Callable[[int], None], *, on_break: Callable[[str], None] | None = None
) -> Iterator[bytes]:
    """A file's bytes in blocks, as `unpack_blocks` gives them."""
    with opening(path) as stream:
        yield from unpack_blocks(stream, on_read, on_break=on_break)


def unpack_blocks(
    stream: BufferedReader, on_read: Callable[[int], None], *, on_break: Callable[[str], None] | None = None
) -> Iterator[bytes]:
    """A file's bytes in blocks from its beginning, unpacked if they are gzip, whatever the file's name says.

    Args:
        stream: As `opening` gave it.
        on_read: Told how many bytes of the file have been read.
        on_break: Told that the gzip data end early or are damaged, after what could be unpacked; without it, that is an
            error.
    Raises:
        DocumentError: The file cannot be read, or its gzip data are damaged or end early.
    """
    blocks = read_packed(stream, on_read)
    try:
        first = next(blocks, b"")
        if first.startswith(GZIP_MAGIC):
            yield from unpack_gzip(chain([first], blocks))
        else:
            yield first
            yield from blocks
    except EOFError:
        broken = f"{show(stream.name)} ends before its gzip data do; download it again."
    except isal_zlib.error as exc:  # type: ignore[misc] # isal's stub takes the class for a value
        broken = f"{show(stream.name)} is damaged ({exc}); download it again."
    else:
        return
    if on_break is None:
        raise DocumentError(broken)
    on_break(broken)


def read_packed(stream: BufferedReader, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """A file's bytes in blocks from its beginning, as they are."""
    path, done = Path(stream.name), 0
    stream.seek(0)
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
                # Tapes and block devices pad gzip data with zeros.
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                unpack = isal_zlib.decompressobj(wbits=31)
            yield unpack.decompress(rest, BLOCK_BYTES)
            rest = unpack.unconsumed_tail or unpack.unused_data
    if not unpack.eof:
        raise EOFError


def md5_of(stream: BufferedReader) -> str:
    """MD5, hex, of a file's bytes, as `opening` gave it.

    Raises:
        DocumentError: It cannot be read.
    """
    with reading_file(Path(stream.name)):
        stream.seek(0)
        return hashlib.file_digest(stream, "md5").hexdigest()


def check_md5(
    path: Path, md5: str, folders: Sequence[Path] = (), *, on_break: Callable[[str], None] | None = None
) -> None:
    """Compare a file with the `.md5` that NLM puts beside each, if it is there.

    Args:
        path: The file.
        md5: Of its bytes.
        folders: As `opening` takes them.
        on_break: Told that they differ; without it, that is an error.
    Raises:
        DocumentError: They differ, or the `.md5` cannot be read.
    """
    beside = path.with_name(path.name + ".md5")
    if not beside.exists():
        return
    with opening(beside, folders) as stream, reading_file(beside):
        text = stream.read(LARGEST_MD5_BYTES).decode("utf-8", "replace")
    said = re.search(r"\b[0-9a-f]{32}\b", text.lower())
    if said is None or said[0] != md5:
        sentence = f"{show(path)} does not agree with {show(beside.name)}; download it again."
        if on_break is None:
            raise DocumentError(sentence)
        on_break(sentence)

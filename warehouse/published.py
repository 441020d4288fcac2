"""The published file is the project's alone: what is noted of it, what others leave beside it, and how it is replaced.

DuckDB replays `corpus.duckdb.wal` over whatever `corpus.duckdb` is there, in memory as well when it opens it read-only
(1.5.5 and 2.0, this storage version). So a file that another program left beside it never outlives a publish, and none
can be made while one file takes the place of another.
"""

import errno
import fcntl
import functools
import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.errors import StoreError
from warehouse.schema.derived import BUILD
from warehouse.store import DataDirectory, sync

logger = logging.getLogger("corpus")

# Called with a sentence that a person is to see.
Say = Callable[[str], None]

# The mode of the published file; root may write all the same.
MODE = 0o444

# DuckDB's main header, and two database headers; each checkpoint writes one of them, with the next number.
HEADERS_BYTES = 3 * 4096

# Files that DuckDB makes beside one that is open for writing. If such a name is a dangling link, a reader finds none,
# and a writer cannot make it: its commit fails.
BESIDE = (".wal", ".wal.checkpoint", ".wal.recovery")
NOWHERE = "nowhere/corpus.duckdb-is-read-only"

# Earlier published files that may still be open for writing, in staging/, by inode.
EARLIER = "earlier-*.duckdb"

# The number of ioctl_ficlone(2), which Python's fcntl does not name.
FICLONE = 0x40049409

# For files of at least this size, report how they were copied.
LARGE_BYTES = 1 << 30

# Attempts, because a file may be replaced while it is read.
LOOKS, BETWEEN_LOOKS_S = 3, 0.1


@dataclass(frozen=True)
class Published:
    """What is known of the published file.

    Attributes:
        run_ids: The runs it has.
        facts: How it was built: table `build`.
    """

    run_ids: frozenset[str]
    facts: dict[str, str]


def read_published(directory: DataDirectory) -> Published | None:
    """What the published file says it is made of, whoever wrote it; None if there is no readable one."""
    try:
        state = directory.database.stat()
        return read_once(directory.database, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except (OSError, duckdb.Error):
        return None


@functools.lru_cache(maxsize=1)
def read_once(database: Path, *_state: int) -> Published:
    """What a published file is made of, read again when the state of the file is another one.

    Raises:
        duckdb.Error: It cannot be read.
    """
    with duckdb.connect(database, read_only=True) as con:
        run_ids = frozenset(run_id for (run_id,) in con.execute("SELECT run_id FROM run").fetchall())
        # Earlier versions have it in schema main.
        place = "SELECT schema_name FROM duckdb_tables() WHERE table_name = $1"
        ((schema,),) = con.execute(place, [BUILD.name]).fetchall() or [("main",)]
        return Published(run_ids, dict(con.execute(f"SELECT fact, value FROM {schema}.{BUILD.name}").fetchall()))


def own_published(directory: DataDirectory) -> Published | None:
    """What the published file is made of; None if it cannot be read, or may not be as it was published."""
    if foreign_files(directory) or not is_as_noted(directory):
        return None
    return read_published(directory)


def fingerprint(database: Path) -> list[object]:
    """Bytes of a DuckDB file and SHA-256 of its headers: others after each checkpoint, the same in a copy."""
    with database.open("rb") as file:
        return [os.fstat(file.fileno()).st_size, hashlib.sha256(file.read(HEADERS_BYTES)).hexdigest()]


def read_fingerprints(directory: DataDirectory) -> list[list[object]]:
    """The fingerprint of the file that was published last, and of the next one while it takes its place."""
    try:
        noted: list[list[object]] = json.loads(directory.published_note.read_bytes())["fingerprints"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return noted


def write_fingerprints(directory: DataDirectory, fingerprints: list[list[object]]) -> None:
    """Note which files are the project's own.

    Raises:
        OSError: It cannot be written.
    """
    unfinished = directory.staging / directory.published_note.name
    unfinished.write_text(json.dumps({"fingerprints": fingerprints}) + "\n", encoding="ascii")
    sync(unfinished)
    unfinished.replace(directory.published_note)


def is_as_noted(directory: DataDirectory) -> bool:
    """Whether the published file is there and is one that was noted."""
    with suppress(OSError):
        return fingerprint(directory.database) in read_fingerprints(directory)
    return False


def foreign_files(directory: DataDirectory) -> list[Path]:
    """Files that another program left beside the published one; our own dangling links do not count."""
    paths = [beside(directory, ending) for ending in BESIDE]
    return [path for path in paths if os.path.lexists(path) and not is_link_to_nowhere(path)]


def beside(directory: DataDirectory, ending: str) -> Path:
    """A file beside the published one."""
    return directory.database.with_name(directory.database.name + ending)


def is_link_to_nowhere(path: Path) -> bool:
    """Whether it is a dangling link that keeps others from making a file here."""
    return path.is_symlink() and path.readlink() == Path(NOWHERE)


def name_foreign(directory: DataDirectory) -> list[str]:
    """What another program did to the published file or left beside it, a sentence each without its full stop."""
    said = [f"Another program opened {directory.database} for writing and left {p}" for p in foreign_files(directory)]
    if directory.database.exists() and read_fingerprints(directory):
        for look in range(LOOKS):
            if is_as_noted(directory):
                return said
            time.sleep(BETWEEN_LOOKS_S * (look < LOOKS - 1))
        said.append(f"{directory.database} is not as it was published: another program wrote to it, or replaced it")
    return said


@contextmanager
def reading(directory: DataDirectory) -> Iterator[None]:
    """Open the published file in this context: it is seen before and after that it says what the runs say.

    Raises:
        StoreError: Another program wrote to it, or left a file that DuckDB would read with it.
    """
    refuse_foreign(directory)
    yield
    refuse_foreign(directory)


def refuse_foreign(directory: DataDirectory) -> None:
    """Check that no other program wrote to the published file or left a file beside it.

    Raises:
        StoreError: One did.
    """
    for sentence in name_foreign(directory):
        raise StoreError(
            f"{sentence}; run `corpus refresh`, `corpus compact` or `corpus rebuild`, which publish it again."
        )


def take_back(directory: DataDirectory, say: Say) -> bool:
    """Remove what others left beside the published file; whether the file itself is as it was published.

    Args:
        directory: The data directory, held for writing.
        say: Told what was found.
    Raises:
        StoreError: A file cannot be removed.
    """
    remove_foreign(directory, say)
    if is_as_noted(directory):
        return True
    if not directory.database.exists():
        return False
    if read_fingerprints(directory):
        say(
            f"{directory.database} was not as it was published: another program wrote to it, or replaced it. "
            "It is built afresh from the runs."
        )
    else:
        say(
            f"Without {directory.published_note} it cannot be told whether another program wrote to "
            f"{directory.database}; it is built afresh from the runs."
        )
    return False


def remove_foreign(directory: DataDirectory, say: Say) -> None:
    """Remove what others left beside the published file.

    Raises:
        StoreError: One cannot be removed.
    """
    for path in foreign_files(directory):
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise StoreError(
                f"{path} cannot be removed ({exc.strerror}), and DuckDB would read it with {directory.database}; "
                "remove it and run it again. The old file stays."
            ) from exc
        say(
            f"Another program opened {directory.database} for writing and left {path}; it was removed, "
            "and what it held is not in the corpus."
        )


def copy_published(directory: DataDirectory, target: Path, say: Say) -> bool:
    """Copy the published file; whether the copy is for sure what was published.

    A program that writes to it meanwhile ends by writing a header, and so changes the fingerprint.

    Args:
        directory: The data directory.
        target: The copy.
        say: Told how it was copied, if it is large.
    Raises:
        OSError: It cannot be copied.
    """
    before, start = fingerprint(directory.database), time.monotonic()
    is_shared = share_blocks(directory.database, target)
    if not is_shared:
        shutil.copyfile(directory.database, target)
    if (size := target.stat().st_size) >= LARGE_BYTES:
        how = f"in {time.monotonic() - start:,.0f} s; on XFS or Btrfs it would share its blocks, in no time"
        say(f"The published file ({size / 1e9:,.1f} GB) was copied {'by sharing its blocks' if is_shared else how}.")
    return before == fingerprint(target) == fingerprint(directory.database) and is_as_noted(directory)


def share_blocks(source: Path, target: Path) -> bool:
    """Clone a file's blocks at once if the file system can: Btrfs, XFS and bcachefs on Linux.

    Returns:
        Whether it was; otherwise nothing is in the target.
    Raises:
        OSError: A file cannot be opened.
    """
    with source.open("rb") as from_file, target.open("wb") as to_file:
        try:
            fcntl.ioctl(to_file, FICLONE, from_file.fileno())
        except OSError:
            return False
    return True


def put_in_place(directory: DataDirectory, target: Path, say: Say) -> None:
    """Publish a finished file: in one step it takes the place of the one before.

    Until then its fingerprint is noted beside that of the one before, so that a kill at any moment leaves a file that
    is known. Links to nowhere stand where a WAL would, until no earlier file is open for writing: a session that stays
    open would commit to a WAL beside the new file.

    Raises:
        OSError, StoreError: It cannot be done; the file before stays.
    """
    target.chmod(MODE)
    sync(target)
    known = [fingerprint(directory.database)] if is_as_noted(directory) else []
    write_fingerprints(directory, [*known, fingerprint(target)])
    keep_earlier(directory)
    remove_foreign(directory, say)
    forbid_wal(directory)
    target.replace(directory.database)
    with suppress(OSError, StoreError):  # It is published; the next publish does what fails here.
        sync(directory.root)
        write_fingerprints(directory, [fingerprint(directory.database)])
        allow_wal(directory, say)
        remove_foreign(directory, say)


def keep_earlier(directory: DataDirectory) -> None:
    """Keep a second name of the published file, so that its lock can be inspected after it was replaced."""
    with suppress(OSError):  # There is none, or the file system has no hard links.
        inode = directory.database.stat().st_ino
        os.link(directory.database, directory.staging / EARLIER.replace("*", str(inode)))


def forbid_wal(directory: DataDirectory) -> None:
    """Put dangling links where the WAL of an open session would be written; a file that is there is removed.

    Raises:
        OSError: A directory is in the way.
    """
    for ending in BESIDE:
        link = directory.staging / f"link{ending}"
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(NOWHERE)
        except OSError:
            return  # The file system has no links.
        link.replace(beside(directory, ending))


def allow_wal(directory: DataDirectory, say: Say) -> None:
    """Remove the dangling links and the second names of earlier files, unless one is still open for writing."""
    is_open = False
    for earlier in directory.staging.glob(EARLIER):
        if who := who_writes(earlier):
            say(
                f"{who} has an earlier {directory.database} open for writing; it can commit nothing. Open it read-only."
            )
            is_open = True
        else:
            earlier.unlink(missing_ok=True)
    for path in (beside(directory, ending) for ending in BESIDE):
        if not is_open and is_link_to_nowhere(path):
            path.unlink(missing_ok=True)


def who_writes(database: Path) -> str:
    """The program that has a DuckDB file open for writing, at the beginning of a sentence; '' if none has.

    DuckDB holds a POSIX lock on each file that it has open: readers a shared one, a writer an exclusive one.
    """
    try:
        descriptor = os.open(database, os.O_RDONLY)
    except OSError:
        return ""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in (errno.EACCES, errno.EAGAIN):
            return ""
    else:
        return ""
    finally:
        os.close(descriptor)
    try:
        duckdb.connect(database, read_only=True).close()
    except duckdb.Error as exc:
        if holder := re.search(r"held in (.+?) \(PID (\d+)\)", str(exc)):
            return f"Process {holder[2]} ({holder[1]})"
    return "Another program"


def check_ownership(directory: DataDirectory) -> Iterator[str]:
    """What another program did or may do to the published file, a sentence each."""
    for sentence in name_foreign(directory):
        yield f"{sentence}; run `corpus rebuild`."
    for database in (directory.database, *directory.staging.glob(EARLIER)):
        if who := who_writes(database):
            which = "" if database == directory.database else "an earlier "
            yield f"{who} has {which}{directory.database} open for writing; end it, or have it open the file read-only."
    if directory.database.exists() and (mode := directory.database.stat().st_mode & 0o777) & 0o222:
        yield f"{directory.database} can be written to (mode {mode:o}); run `chmod {MODE:o} {directory.database}`."

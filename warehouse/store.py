"""The data directory: committed runs in Parquet, what an unfinished run had fetched, and the one writer's lock.

corpus.duckdb                   published, replaced whole (warehouse/published.py)
published.json                  by which that file is known as the project's own
parquet/run=<run_id>/*.parquet  committed runs; nothing in them is ever changed; SHA256SUMS beside them
staging/run=<run_id>/           a run being written; becomes visible by one rename
staging/replies/*.parquet       replies fetched by a run that has not been committed
staging/read=<run_id>.<8 hex>/  what was read of a file or of replies, before it is decided what holds
staging/earlier-*.duckdb        published files that another program still had open for writing
refresh.lock                    held by the one process that writes
"""

import errno
import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import LockedError, StoreError
from warehouse.schema.declaration import BYTES, Table
from warehouse.schema.tables import STAGED_TABLES, TABLES

logger = logging.getLogger("corpus")

NO_SPACE = "the disk is full; make room, and run it again"


def why_not_written(exc: Exception) -> str:
    """What an error of the operating system, of pyarrow or of DuckDB says of a file that could not be written."""
    text = str(exc)
    if (isinstance(exc, OSError) and exc.errno in (errno.ENOSPC, errno.EDQUOT)) or os.strerror(errno.ENOSPC) in text:
        return NO_SPACE
    return (isinstance(exc, OSError) and exc.strerror) or (text.splitlines() or [type(exc).__name__])[0]


@contextmanager
def writing_file(path: Path) -> Iterator[None]:
    """Write to a file or folder that only the next commit would show.

    Raises:
        StoreError: It cannot be written, on a full disk for example.
    """
    try:
        yield
    except OSError as exc:
        raise StoreError(f"Cannot write {path}: {why_not_written(exc)}. Nothing was changed.") from exc


# Endings of the columns whose values are all different.
UNREPEATED = ("_sha256", "abstract", "article_title", "_text", "citation")

# Rows are written in groups of about this many bytes of Arrow memory, so that memory stays bounded in any run.
ROW_GROUP_BYTES = 4 << 20


@dataclass(frozen=True)
class DataDirectory:
    """Where things are below one data directory, and what DuckDB may take to work on it.

    Attributes:
        root: The folder.
        threads: DuckDB's threads; None for one a core.
        memory_mb: DuckDB's memory; None for what its threads and the keys of a step take (warehouse/current.py).
        companions: Folder of the files of companion tables (warehouse/companions.py); None leaves the tables alone.
    """

    root: Path
    threads: int | None = None
    memory_mb: int | None = None
    companions: Path | None = None

    @property
    def database(self) -> Path:
        """The published DuckDB file."""
        return self.root / "corpus.duckdb"

    @property
    def published_note(self) -> Path:
        """By which the published file is known as the project's own (warehouse/published.py)."""
        return self.root / "published.json"

    @property
    def parquet(self) -> Path:
        """The committed runs."""
        return self.root / "parquet"

    @property
    def staging(self) -> Path:
        """What is not committed."""
        return self.root / "staging"

    @property
    def replies(self) -> Path:
        """Replies fetched by a run that has not been committed."""
        return self.staging / "replies"

    @property
    def lock(self) -> Path:
        """The lock file of the one writer."""
        return self.root / "refresh.lock"


@contextmanager
def writing(directory: DataDirectory, *, purpose: str = "writing", wait: bool = False) -> Iterator[None]:
    """Be the one process that writes to the data directory.

    Args:
        directory: The data directory.
        purpose: What for, in a word; others are told.
        wait: Wait for another process that is writing, with a word about it.
    Raises:
        LockedError: Another process is writing.
        StoreError: The directory cannot be made or written.
    """
    with holding(directory.lock, purpose=purpose, wait=wait, option="--data-dir"):
        yield


@contextmanager
def holding(lock: Path, *, purpose: str, wait: bool, option: str) -> Iterator[None]:
    """Be the one process that writes to the folder of a lock file.

    The operating system gives the lock back when the process ends, however it ends; a file left behind locks nothing.

    Args:
        lock: The lock file; its folder is made.
        purpose: What for, in a word; others are told.
        wait: Wait for another process that holds it, with a word about it.
        option: What chooses another folder.
    Raises:
        LockedError: Another process holds it.
        StoreError: The folder cannot be made or written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        raise StoreError(f"Cannot write to {lock.parent}: {exc.strerror}; choose another with {option}.") from exc
    try:
        take_lock(descriptor, lock.parent, wait=wait)
        holder = f"{os.getpid()} ({purpose}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC)\n"
        # The holder's name is only informational, so a full disk is ignored here.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int, folder: Path, *, wait: bool) -> None:
    """Take the lock of an open lock file.

    Raises:
        LockedError: Another process has it, and `wait` is not set.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "unknown"
        if not wait:
            raise LockedError(f"Process {holder} is writing to {folder}; try again when it is done.") from exc
        logger.warning("Process %s is writing to %s; waiting for it to end.", holder, folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


# A file in the folder of a compaction or a rebuild: the folders that it supersedes, the runs whose rows it has, and
# whether they were made anew from raw.
SUPERSEDES = "supersedes.json"


# The SHA-256 of each file of a committed run, as `sha256sum -c` reads them.
SUMS = "SHA256SUMS"

RUN_FOLDER = re.compile(r"run=\d{8}T\d{6}Z-[0-9a-f]{4}")


def run_folders(directory: DataDirectory) -> list[Path]:
    """The folders of all committed runs that are not superseded, oldest first.

    Raises:
        StoreError: One was not committed by a run: it has no checksums, or a name that is no run's.
    """
    superseded = {name for note in directory.parquet.glob(f"run=*/{SUPERSEDES}") for name in read_note(note)["folders"]}
    folders = sorted(folder for folder in directory.parquet.glob("run=*") if folder.name not in superseded)
    for folder in folders:
        if not RUN_FOLDER.fullmatch(folder.name):
            raise StoreError(f"{folder} has a name that is no run's; move it out of {directory.parquet}.")
        if not (folder / SUMS).exists():
            raise StoreError(
                f"{folder} has no {SUMS}: it was copied in part. Put it back whole from a backup, or move it out of "
                f"{directory.parquet}."
            )
    return folders


def read_note(path: Path) -> dict[str, Any]:
    """What a superseding folder says of itself.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        note: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise StoreError(f"{path} cannot be read ({exc}); put it back from a backup, or its runs count twice.") from exc
    return note


def committed_runs(directory: DataDirectory) -> dict[str, int]:
    """The runs whose rows are committed, and about how many bytes their model takes in Parquet."""
    runs: dict[str, int] = {}
    for folder in run_folders(directory):
        size = sum(file.stat().st_size for file in folder.glob("*.parquet") if not file.stem.startswith("raw_"))
        ids = run_ids_of(folder)
        runs |= dict.fromkeys(ids, size // len(ids))
    return runs


def run_ids_of(folder: Path) -> list[str]:
    """The runs whose rows a folder has."""
    note = folder / SUPERSEDES
    return list(read_note(note)["run_ids"]) if note.exists() else [run_id_of(folder)]


def rebuilt_by(directory: DataDirectory) -> str:
    """The last run id under which the model was made anew from raw; '' if it never was."""
    notes = [folder / SUPERSEDES for folder in run_folders(directory) if (folder / SUPERSEDES).exists()]
    return max((read_note(note)["rebuilt"] for note in notes), default="")


def run_id_of(folder: Path) -> str:
    """The run id in a run folder's name."""
    return folder.name.removeprefix("run=")


def new_run_id(now: datetime, latest: str | None) -> str:
    """A run id, `20261123T020000Z-<4 hex>`, that sorts after every earlier one of the data directory.

    The four digits are the fraction of the second, in 65,536ths. Where the clock stands still or went back, the id is
    the latest one's time and one step.
    """
    fraction = now.microsecond * 65536 // 1_000_000
    run_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{fraction:04x}"
    if latest is None or run_id > latest:
        return run_id
    stamp, step = latest.split("-")
    if step != "ffff":
        return f"{stamp}-{int(step, 16) + 1:04x}"
    following = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{following:%Y%m%dT%H%M%SZ}-0000"


def next_run_id(directory: DataDirectory, now: datetime) -> str:
    """A run id that sorts after that of every committed run."""
    folders = run_folders(directory)
    return new_run_id(now, run_id_of(folders[-1]) if folders else None)


def start_run(directory: DataDirectory, now: datetime) -> "RunWriter":
    """Begin to write a run alone; what broken runs have left in staging is removed, but for their replies.

    Raises:
        StoreError: The directory cannot be written.
    """
    clear_staging(directory)
    return open_run(directory, next_run_id(directory, now))


def clear_staging(directory: DataDirectory) -> None:
    """Remove what broken runs have left in staging, but for their replies.

    Raises:
        StoreError: It cannot be removed.
    """
    with writing_file(directory.staging):
        for stale in (*directory.staging.glob("run=*"), *directory.staging.glob("read=*")):
            shutil.rmtree(stale)


def open_run(directory: DataDirectory, run_id: str) -> "RunWriter":
    """Begin to write a run beside others that are being written.

    Raises:
        StoreError: The directory cannot be written.
    """
    return RunWriter(directory, run_id, make_folder(directory.staging / f"run={run_id}"))


def open_reading(directory: DataDirectory, run_id: str) -> "RunWriter":
    """Begin to read for a run: a staged folder of its own (warehouse/decide.py), whoever else reads for it as well.

    A scheduler may believe a worker dead that is not, and have another one do its work.

    Raises:
        StoreError: The directory cannot be written.
    """
    return RunWriter(directory, run_id, make_folder(directory.staging / f"read={run_id}.{uuid4().hex[:8]}"))


def discard_reading(directory: DataDirectory, run_id: str) -> None:
    """Remove what was read for a run."""
    for folder in directory.staging.glob(f"read={run_id}.*"):
        shutil.rmtree(folder, ignore_errors=True)


def make_folder(folder: Path) -> Path:
    """An empty folder, made now."""
    with writing_file(folder):
        folder.mkdir(parents=True)
    return folder


@dataclass
class RunWriter:
    """Writes the tables of one run; nothing is visible before `commit_run`."""

    directory: DataDirectory
    run_id: str
    folder: Path
    row_counts: dict[str, int] = field(default_factory=dict)
    _writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _waiting: dict[str, list[pa.Table]] = field(default_factory=dict)
    _waiting_bytes: dict[str, int] = field(default_factory=dict)

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Append rows; `run_id` is added to tables that do not declare it.

        Raises:
            StoreError: The disk is full or not writable.
        """
        for name, table in tables.items():
            if table.num_rows:
                self._waiting.setdefault(name, []).append(table)
                self._waiting_bytes[name] = self._waiting_bytes.get(name, 0) + table.nbytes
                self.row_counts[name] = self.row_counts.get(name, 0) + table.num_rows
                if self._waiting_bytes[name] >= ROW_GROUP_BYTES:
                    self._flush(name)

    def _flush(self, name: str) -> None:
        table = with_run_id(STAGED_TABLES[name], pa.concat_tables(self._waiting.pop(name)), self.run_id)
        self._waiting_bytes[name] = 0
        with writing_file(self.folder / f"{name}.parquet"):
            if name not in self._writers:
                self._writers[name] = self._open(name, table.schema)
            self._writers[name].write_table(table)

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        path = self.folder / f"{name}.parquet"
        # Texts that hardly ever come twice are not worth looking for twice.
        repeated = [c.name for c in STAGED_TABLES[name].columns if c.type != BYTES and not c.name.endswith(UNREPEATED)]
        return pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=1, use_dictionary=[*repeated, "run_id"]
        )

    def close(self) -> None:
        """Write what is waiting and close all files."""
        for name in list(self._waiting):
            self._flush(name)
        for name, writer in self._writers.items():
            with writing_file(self.folder / f"{name}.parquet"):
                writer.close()
        self._writers.clear()


def with_run_id(declared: Table, table: pa.Table, run_id: str) -> pa.Table:
    """The table with its run in a column, as every table in Parquet has it; rows that have theirs keep it."""
    if "run_id" in declared.column_names or "run_id" in table.column_names:
        return table
    indices = pa.Array.from_buffers(pa.int32(), table.num_rows, [None, pa.py_buffer(bytes(4 * table.num_rows))])
    column = pa.DictionaryArray.from_arrays(indices, pa.array([run_id]))
    return table.append_column(pa.field("run_id", column.type, nullable=False), column)


def commit_run(writer: RunWriter) -> Path:
    """Make everything that the run wrote visible at once, by one rename.

    Returns:
        The committed folder.
    Raises:
        StoreError: The directory cannot be written.
    """
    writer.close()
    target = writer.directory.parquet / writer.folder.name
    with writing_file(target):
        writer.directory.parquet.mkdir(exist_ok=True)
        write_sums(writer.folder)
        for file in writer.folder.iterdir():
            sync(file)
        sync(writer.folder)
        writer.folder.rename(target)
        sync(writer.directory.parquet)
    return target


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of each file of a run."""
    lines = [f"{sum_of(file)}  {file.name}\n" for file in sorted(folder.iterdir()) if file.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def sum_of(file: Path) -> str:
    """SHA-256, hex, of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def changed_files(folder: Path, *, skip_raw: bool = False) -> list[str]:
    """The files of a committed run that are not what was committed, or are gone; SHA256SUMS itself, if it is not there.

    Args:
        folder: Of the run.
        skip_raw: Leave out the raw tables, which are most of the bytes.
    Raises:
        StoreError: A file cannot be read.
    """
    try:
        lines = (folder / SUMS).read_bytes().decode("ascii", "replace").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        names = {name for name in sums if not (skip_raw and name.startswith("raw_"))}
        files = [file for file in sorted(folder.iterdir()) if file.name in names or (file.name not in sums)]
        found = {file.name: sum_of(file) for file in files if file.name != SUMS}
    except FileNotFoundError:
        return [SUMS]
    except OSError as exc:
        raise StoreError(f"{folder} cannot be read: {exc.strerror}; see to the disk.") from exc
    return sorted(name for name in names | found.keys() if sums.get(name) != found.get(name))


def refuse_damaged(folders: Iterable[Path], *, with_raw: bool) -> None:
    """See that the tables of committed runs are what was committed, before their rows are written anywhere else.

    What a flipped bit made of them would be whole by every later sum.

    Args:
        folders: Of the runs.
        with_raw: The raw tables as well.
    Raises:
        StoreError: One is not; names its file.
    """
    kept = {f"{t.name}.parquet" for t in TABLES.values() if with_raw or not t.is_raw} | {SUPERSEDES}
    for folder in folders:
        for name in changed_files(folder, skip_raw=not with_raw):
            if name in kept:
                raise StoreError(
                    f"{folder / name} is not what was committed; run `corpus rebuild`, or put it back from a backup. "
                    "The published file stays as it was."
                )
        if (own := run_within(folder)) not in (None, *run_ids_of(folder)):
            raise StoreError(
                f"{folder} has the rows of run {own}: it is a copy under another name. Move it out of {folder.parent}. "
                "The published file stays as it was."
            )


def run_within(folder: Path) -> str | None:
    """The run that a committed folder says it is; None if it does not say."""
    file = folder / "run.parquet"
    if not file.exists():
        return None
    run_ids = pq.read_table(file, columns=["run_id"])["run_id"].to_pylist()
    return str(run_ids[0]) if run_ids else None


def discard_run(writer: RunWriter) -> None:
    """Remove what an uncommitted run wrote."""
    for parquet_writer in writer._writers.values():
        with suppress(OSError):  # What a full disk has no room for is removed all the same.
            parquet_writer.close()
    shutil.rmtree(writer.folder, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the operating system write a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

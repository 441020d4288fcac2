"""The data directory: committed runs in Parquet, and what an unfinished run had fetched.

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
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq

from warehouse.errors import StoreError
from warehouse.schema.tables import TABLES

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


def spill_folder(directory: DataDirectory, step: str) -> Path:
    """A folder of no other process for what DuckDB's memory does not hold in a step that only reads.

    DuckDB makes the last folder of a path itself, and removes it. A step that only reads makes no folder of the corpus,
    so without staging it is below the system's folder for temporary files.
    """
    beside = directory.staging if directory.staging.is_dir() else Path(gettempdir())
    return beside / f"{step}-{uuid4().hex[:8]}.spill"


# A file in the folder of a compaction or a rebuild: the folders that it supersedes, the runs whose rows it has, and
# whether they were rebuilt from raw.
SUPERSEDES = "supersedes.json"

# The SHA-256 of each file of a committed run, as `sha256sum -c` reads them.
SUMS = "SHA256SUMS"

RUN_FOLDER = re.compile(r"run=\d{8}T\d{6}Z-[0-9a-f]{4}")


def run_folders(directory: DataDirectory) -> list[Path]:
    """The folders of all committed runs that are not superseded, oldest first.

    Raises:
        StoreError: One was not committed by a run: it has no checksums, or a name that is not a run's.
    """
    superseded = {name for note in directory.parquet.glob(f"run=*/{SUPERSEDES}") for name in read_note(note)["folders"]}
    folders = sorted(folder for folder in directory.parquet.glob("run=*") if folder.name not in superseded)
    for folder in folders:
        if not RUN_FOLDER.fullmatch(folder.name):
            raise StoreError(f"{folder} has a name that is not a run's; move it out of {directory.parquet}.")
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
    """The last run id under which the model was rebuilt from raw; '' if it never was."""
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
    """Check that the tables of committed runs are what was committed, before their rows are written anywhere else.

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


def sync(path: Path) -> None:
    """Have the operating system write a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A run while it is written: invisible in staging, until one rename commits it."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.schema.declaration import Table
from warehouse.schema.tables import STAGED_TABLES
from warehouse.store import DataDirectory, next_run_id, sync, write_sums, writing_file

# Endings of columns whose values are all distinct.
UNREPEATED = ("_sha256", "abstract", "article_title", "_text", "citation")

# Rows are written in groups of about this many bytes of Arrow memory, so that memory stays bounded in any run.
ROW_GROUP_BYTES = 4 << 20


def start_run(directory: DataDirectory, now: datetime) -> "RunWriter":
    """Begin to write a run, as the only one; leftovers of broken runs in staging are removed, except their replies.

    Raises:
        StoreError: The directory cannot be written.
    """
    clear_staging(directory)
    return open_run(directory, next_run_id(directory, now))


def clear_staging(directory: DataDirectory) -> None:
    """Remove the leftovers of broken runs in staging, except their replies.

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

    A scheduler may take a live worker for dead, and give its work to another one.

    Raises:
        StoreError: The directory cannot be written.
    """
    return RunWriter(directory, run_id, make_folder(directory.staging / f"read={run_id}.{uuid4().hex[:8]}"))


def discard_reading(directory: DataDirectory, run_id: str) -> None:
    """Remove what was read for a run."""
    for folder in directory.staging.glob(f"read={run_id}.*"):
        shutil.rmtree(folder, ignore_errors=True)


def make_folder(folder: Path) -> Path:
    """Make an empty folder."""
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
        # Do not dictionary-encode texts that hardly ever repeat, nor numbers, which are smaller as they are.
        texts = [c.name for c in STAGED_TABLES[name].columns if c.type == pa.string()]
        repeated = [text for text in texts if not text.endswith(UNREPEATED)]
        # A sixth of the time of writing goes into the smallest and largest texts of a group, which nothing asks for.
        measured = [field.name for field in schema if not has_text(field.type)]
        return pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[*repeated, "run_id"],
            write_statistics=measured,
        )

    def close(self) -> None:
        """Write what is waiting and close all files."""
        for name in list(self._waiting):
            self._flush(name)
        for name, writer in self._writers.items():
            with writing_file(self.folder / f"{name}.parquet"):
                writer.close()
        self._writers.clear()


def has_text(type_: pa.DataType) -> bool:
    """Whether a column is of texts or bytes."""
    held = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_string(held) or pa.types.is_binary(held))


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


def discard_run(writer: RunWriter) -> None:
    """Remove what an uncommitted run wrote."""
    for parquet_writer in writer._writers.values():
        with suppress(OSError):  # A full disk does not prevent removal.
            parquet_writer.close()
    shutil.rmtree(writer.folder, ignore_errors=True)

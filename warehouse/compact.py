"""Upkeep of the committed runs: small folders into one, sorted by PMID, and replaced raw records given up by rule.

A compaction writes a folder that supersedes those it names, and becomes visible by the same one rename as any run. Rows
keep the run that wrote them, so that the corpus is the same before and after.
"""

import json
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.current import limit, literal, open_memory, quoted, view_runs
from warehouse.errors import StoreError, UsageError
from warehouse.portions import portion_bytes, ranges_of
from warehouse.run_writer import RunWriter, commit_run, discard_run, start_run
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import TEXT, Table
from warehouse.schema.deliveries import DELIVERY
from warehouse.schema.raw import RAW_CITATION
from warehouse.schema.tables import TABLES
from warehouse.sql_files import read_statement
from warehouse.store import SUPERSEDES, DataDirectory, read_note, refuse_damaged, run_folders, run_ids_of

# Folders smaller than this are merged.
SMALL_BYTES = 64 << 20

# Rows that are handed from DuckDB to Arrow at once: raw records are some 10 KB each.
BATCH_ROWS = 2_000


@dataclass(frozen=True)
class Compaction:
    """What a compaction is to do, or did.

    Attributes:
        folders: The folders that are put together.
        dropped: run_id, pmid and pmid_version of the raw records that are given up.
        bytes_before: Size of those folders.
        bytes_after: Size of what took their place.
    """

    folders: tuple[Path, ...]
    dropped: pa.Table
    bytes_before: int
    bytes_after: int = 0


def plan_compaction(directory: DataDirectory, *, keep: str, now: datetime) -> Compaction:
    """Which folders are put together, and which raw records are given up.

    Args:
        directory: The data directory.
        keep: As for `parse_keep`.
        now: UTC.
    """
    folders = run_folders(directory)
    dropped = find_replaced(directory, parse_keep(keep, now))
    runs = set(dropped["run_id"].unique().to_pylist())
    chosen = [folder for folder in folders if size_of(folder) < SMALL_BYTES or runs & set(run_ids_of(folder))]
    if len(chosen) < 2 and not dropped.num_rows:
        chosen = []
    return Compaction(tuple(chosen), dropped, sum(map(size_of, chosen)))


def compact(directory: DataDirectory, plan: Compaction, *, now: datetime) -> Compaction:
    """Merge the folders of a plan, and remove those that are superseded.

    Args:
        directory: The data directory, held for writing.
        plan: As `plan_compaction` made it.
        now: UTC.
    Raises:
        StoreError: A file is damaged, cannot be read or written, or there is no room; nothing was changed.
    """
    remove_superseded(directory)
    if not plan.folders:
        return plan
    require_space(directory, plan.bytes_before)
    refuse_damaged(plan.folders, with_raw=True)
    writer = start_run(directory, now)
    try:
        with open_memory() as con:
            con.execute(f"SET temp_directory = {literal(str(writer.folder.with_suffix('.spill')))}")
            limit(con, directory, plan.bytes_before)
            for table in TABLES.values():
                for rows in put_together(con, table, plan):
                    writer.write({table.name: rows})
        write_note(writer, plan.folders)
        committed = commit_run(writer)
    finally:
        discard_run(writer)
    remove_superseded(directory)
    return Compaction(plan.folders, plan.dropped, plan.bytes_before, size_of(committed))


def put_together(con: duckdb.DuckDBPyConnection, table: Table, plan: Compaction) -> Iterator[pa.Table]:
    """The rows of a table in the folders of a plan; those of a PMID stand together, but for raw records.

    A build reads ranges of PMIDs, and passes over the row groups that have none of a range.

    Raises:
        StoreError: A file cannot be read.
    """
    files = [file for folder in plan.folders if (file := folder / f"{table.name}.parquet").exists()]
    if table.key[0] == "pmid" and not table.is_raw and files:
        source = f"read_parquet([{', '.join(literal(str(file)) for file in files)}], union_by_name = true)"
        order = ", ".join(map(quoted, dict.fromkeys(("pmid", "run_id", *table.key))))
        size = sum(file.stat().st_size for file in files)
        for part in ranges_of(con, source, CITATION, 1 + size // portion_bytes(con)):
            yield from select_rows(con, table, f"FROM {source} WHERE {part} ORDER BY {order}")
        return
    for folder in plan.folders:
        is_thinned = table is RAW_CITATION and plan.dropped.num_rows > 0
        yield from without(folder, plan.dropped) if is_thinned else read_rows(table, folder)


def parse_keep(keep: str, now: datetime) -> datetime | None:
    """The time before which replaced raw records are given up.

    Args:
        keep: `all`; `last`, the last one of each PMID alone; or a number of days, all of that time and the last one.
        now: UTC.
    Returns:
        The time, UTC; None to keep all.
    Raises:
        UsageError: None of these.
    """
    if keep == "all":
        return None
    if keep == "last":
        return now.replace(tzinfo=None)
    if not keep.isdecimal() or len(keep) > 6:
        raise UsageError(f"--keep {keep}: write all, last, or a number of days such as 365.")
    # No record is older than this, and no date is before the year 1.
    return (now - timedelta(days=min(int(keep), 100 * 365))).replace(tzinfo=None)


def find_replaced(directory: DataDirectory, before: datetime | None) -> pa.Table:
    """Raw records from before a time that a later run replaced, and that neither hold nor can hold again.

    Returns:
        Their run_id, pmid and pmid_version.
    """
    if before is None:
        return RAW_CITATION.arrow_schema.empty_table().select(["run_id", "pmid", "pmid_version"])
    with open_memory() as con:
        try:
            view_runs(con, directory, tables=(CITATION, DELIVERY, RAW_CITATION))
            return con.sql(read_statement("select_replaced_raw"), params={"before": before}).to_arrow_table()
        except duckdb.Error as exc:
            raise StoreError(f"Raw records cannot be read: {str(exc).splitlines()[0]}; run `corpus check`.") from exc


def read_rows(table: Table, folder: Path) -> Iterator[pa.Table]:
    """The rows of a table in a folder, some megabytes at a time, as they would be written today, each with its run.

    Raises:
        StoreError: The file cannot be read.
    """
    path = folder / f"{table.name}.parquet"
    if not path.exists():
        return
    try:
        with pq.ParquetFile(path) as source:
            for group in range(source.num_row_groups):
                yield as_written(source.read_row_group(group), table)
    except (OSError, pa.ArrowException) as exc:
        raise StoreError(f"{path} cannot be read: {exc}; run `corpus check`.") from exc


def parquet_schema(table: Table) -> pa.Schema:
    """The columns of a table in Parquet: those declared, and the run."""
    if "run_id" in table.column_names:
        return table.arrow_schema
    return table.arrow_schema.append(pa.field("run_id", pa.dictionary(pa.int32(), TEXT), nullable=False))


def as_written(rows: pa.Table | pa.RecordBatch, table: Table) -> pa.Table:
    """Rows with the columns that a table has in Parquet today; columns that the rows lack are null."""
    schema = parquet_schema(table)
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.schema.names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def select_rows(con: duckdb.DuckDBPyConnection, table: Table, query: str) -> Iterator[pa.Table]:
    """The rows of a query as they would be written today, in its order, some at a time.

    Raises:
        StoreError: A file cannot be read.
    """
    try:
        for batch in con.sql(query).to_arrow_reader(BATCH_ROWS):
            yield as_written(batch, table)
    except duckdb.Error as exc:
        reason = str(exc).splitlines()[0]
        raise StoreError(f"Rows of {table.name} cannot be read: {reason}; run `corpus check`.") from exc


def without(folder: Path, dropped: pa.Table) -> Iterator[pa.Table]:
    """The raw records of a folder, without some of them."""
    file = folder / f"{RAW_CITATION.name}.parquet"
    if file.exists():
        with open_memory() as con:
            con.register("dropped", dropped)
            query = f"FROM read_parquet({literal(str(file))}) ANTI JOIN dropped USING (run_id, pmid, pmid_version)"
            yield from select_rows(con, RAW_CITATION, query)


def write_note(writer: RunWriter, folders: Collection[Path], *, rebuilt: str = "") -> None:
    """Note in a run's folder which folders it supersedes, and the runs whose rows it has."""
    notes = [read_note(folder / SUPERSEDES) for folder in folders if (folder / SUPERSEDES).exists()]
    names = {folder.name for folder in folders}.union(*(note["folders"] for note in notes))
    run_ids = sorted({run_id for folder in folders for run_id in run_ids_of(folder)})
    last_rebuilt = max((rebuilt, *(note["rebuilt"] for note in notes)))
    note = {"folders": sorted(names), "run_ids": run_ids, "rebuilt": last_rebuilt}
    (writer.folder / SUPERSEDES).write_text(json.dumps(note, indent=1), encoding="ascii")


def remove_superseded(directory: DataDirectory) -> None:
    """Remove the folders whose rows another folder has.

    Raises:
        StoreError: One cannot be removed.
    """
    current = set(run_folders(directory))
    try:
        for folder in sorted(directory.parquet.glob("run=*")):
            if folder not in current:
                shutil.rmtree(folder)
    except OSError as exc:
        raise StoreError(f"{exc.filename} cannot be removed: {exc.strerror}; it is superseded, remove it.") from exc


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(file.stat().st_size for file in folder.iterdir())


def space_needed(directory: DataDirectory, folder_bytes: int) -> int:
    """Disk space that rewriting some folders and publishing needs temporarily."""
    database = directory.database.stat().st_size if directory.database.exists() else 0
    return folder_bytes + 2 * database + (64 << 20)


def require_space(directory: DataDirectory, folder_bytes: int) -> None:
    """Check that there is enough disk space.

    Raises:
        StoreError: There is not; says how much is needed.
    """
    needed, free = space_needed(directory, folder_bytes), shutil.disk_usage(directory.root).free
    if free < needed:
        raise StoreError(
            f"{directory.root} has {free / 1e6:,.0f} MB free, and {needed / 1e6:,.0f} MB are needed for a while; "
            "make room and run it again, nothing was changed."
        )

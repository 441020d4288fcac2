"""Rebuild the model from the raw records, with today's transforms: `corpus rebuild`.

A folder of runs is read again record by record. If its rows differ, or a file of it is damaged, a folder with the new
rows replaces it by one rename; the rows keep their run and the time at which they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.definition.progress import Progress, silent
from flows.definition.version import CODE_VERSION
from flows.nlm_files.processes import LOCAL, WORTH_WORKERS_BYTES, do_apart, open_pool
from transforms.parsed_records import Provenance
from transforms.pubmed_document import DocumentChunk
from transforms.pubmed_xml import make_tables
from transforms.raw_records import RawRecord, read_chunk
from transforms.seed_tables import CITATION_TABLES
from warehouse.compact import (
    parquet_schema,
    read_rows,
    remove_superseded,
    require_space,
    select_rows,
    size_of,
    write_note,
)
from warehouse.current import literal, open_memory
from warehouse.errors import DocumentError, StoreError
from warehouse.run_writer import RunWriter, clear_staging, commit_run, discard_reading, discard_run, open_reading
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import Table
from warehouse.schema.ledger import REQUEST
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.raw import RAW_CITATION
from warehouse.schema.seeds import SEED_CITATION, SEED_DOCUMENT
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory, changed_files, new_run_id, next_run_id, run_folders, writing_file

# The tables that are made from a record. Of links, only the record's own list.
MADE = tuple(t for t in TABLES.values() if CITATION.name in (t.name, t.owner) or t in (LINK, LINK_LIST))


@dataclass
class Rebuild:
    """What a rebuild found.

    Attributes:
        folders: Folders read.
        replaced: Folders whose rows changed, or that were damaged.
        rows_gone: Rows that today's transforms no longer give, by table.
        rows_come: Rows that they give instead, by table.
        unreadable: Reason by PMID of records that cannot be read today; their rows stay as they are.
        damaged: Damaged files that were rebuilt.
        lost: Damaged files that cannot be rebuilt.
    """

    folders: int = 0
    replaced: int = 0
    rows_gone: dict[str, int] = field(default_factory=dict)
    rows_come: dict[str, int] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FolderJob:
    """A folder to rebuild: the unit of work of a process.

    Attributes:
        directory: The data directory; its staging gets the new folder.
        folder: The committed folder.
        run_id: The run that takes its place, if its rows differ.
    """

    directory: DataDirectory
    folder: Path
    run_id: str


@dataclass(frozen=True)
class Remade:
    """What became of a folder: what was found, and where its new rows are; None if it stays as it is."""

    found: Rebuild
    staged: Path | None


def rebuild(directory: DataDirectory, *, workers: int = 1, engine: str = LOCAL, progress: Progress = silent) -> Rebuild:
    """Rebuild the model of every committed folder from its raw records.

    It can be stopped at any moment: each folder is replaced whole, and a second call goes on from there.

    Args:
        directory: The data directory, held for writing.
        workers: Processes that make rows, a folder each.
        engine: `local`, or the address of a Dask scheduler whose workers make them.
        progress: Told of the folders.
    Raises:
        StoreError: There is no room, or a file cannot be written.
    """
    if engine != LOCAL:
        directory = replace(directory, root=directory.root.absolute())
    remove_superseded(directory)
    clear_staging(directory)
    found = Rebuild()
    folders = run_folders(directory)
    sizes = sorted(map(size_of, folders), reverse=True)
    require_space(directory, sum(sizes[: workers + 1 if workers > 1 else 1]))
    pool = open_pool(engine, workers if sum(sizes) >= WORTH_WORKERS_BYTES else 1) if folders else None
    jobs = make_jobs(directory, folders)
    results = (
        ((job, remake(job)) for job in jobs)
        if pool is None
        else do_apart(pool, remake, jobs, name_of=lambda job: str(job.folder))
    )
    for number, (job, result) in enumerate(results, 1):
        if isinstance(result, DocumentError):
            raise StoreError(str(result))
        add_found(found, result.found)
        if result.staged is not None:
            replace_folder(job, result.staged)
        discard_reading(directory, job.run_id)
        progress("rebuild", number, len(folders))
    return found


def make_jobs(directory: DataDirectory, folders: Sequence[Path]) -> Iterator[FolderJob]:
    """A job for each folder, with runs that sort after all that are committed."""
    run_id = next_run_id(directory, datetime.now(UTC))
    for folder in folders:
        yield FolderJob(directory, folder, run_id)
        run_id = new_run_id(datetime.now(UTC), run_id)


def add_found(found: Rebuild, part: Rebuild) -> None:
    """Add what was found in a folder."""
    found.folders += part.folders
    found.replaced += part.replaced
    for sums, more in ((found.rows_gone, part.rows_gone), (found.rows_come, part.rows_come)):
        for name, count in more.items():
            sums[name] = sums.get(name, 0) + count
    found.unreadable |= part.unreadable
    found.damaged += part.damaged
    found.lost += part.lost


def replace_folder(job: FolderJob, staged: Path) -> None:
    """Replace a folder by its new rows, in one rename."""
    target = job.directory.staging / f"run={job.run_id}"
    if not staged.is_dir():
        raise StoreError(
            f"{job.folder} was rebuilt, but {staged} is not here; the data directory must be on a disk that the "
            "workers share with this machine, under the same path."
        )
    with writing_file(target):
        staged.rename(target)
    commit_run(RunWriter(job.directory, job.run_id, target))
    remove_superseded(job.directory)


def remake(job: FolderJob) -> Remade:
    """Rebuild the rows of one folder, beside those that it has.

    Raises:
        StoreError: A raw record is damaged, or a file cannot be written.
    """
    folder, found = job.folder, Rebuild(folders=1)
    damaged = {Path(name).stem for name in changed_files(folder) if name.endswith(".parquet")}
    repairable = {table.name for table in MADE} - {LINK.name, LINK_LIST.name}
    has_raw = (folder / f"{RAW_CITATION.name}.parquet").exists()
    lost = sorted(damaged - repairable if has_raw else damaged)
    found.lost += [str(folder / f"{name}.parquet") for name in lost]
    if RAW_CITATION.name in lost or not has_raw:
        return Remade(found, None)
    writer = open_reading(job.directory, job.run_id)
    con = open_memory()
    is_kept = False
    try:
        con.execute(f"SET temp_directory = {literal(str(writer.folder.with_suffix('.spill')))}")
        con.execute("CREATE TABLE made (run_id VARCHAR, pmid BIGINT)")
        make_rows(con, folder, writer, damaged, found)
        for table in TABLES.values():
            if table.name not in damaged:
                copy_rows(con, table, folder, writer)
        writer.close()
        if not lost:
            lost = find_unmade(con, folder, damaged)
            found.lost += [str(folder / f"{name}.parquet") for name in lost]
        is_other = compare(folder, writer.folder, damaged, found)
        is_kept = bool(is_other or damaged) and not lost
        if is_kept:
            found.damaged += [str(folder / f"{name}.parquet") for name in sorted(damaged)]
            found.replaced += 1
            write_note(writer, [folder], rebuilt=writer.run_id)
    finally:
        con.close()
        if not is_kept:
            discard_run(writer)
    return Remade(found, writer.folder if is_kept else None)


def make_rows(
    con: duckdb.DuckDBPyConnection, folder: Path, writer: RunWriter, damaged: set[str], found: Rebuild
) -> None:
    """Write the rows of all records that a folder's citations are made of; `made` gets their runs and PMIDs."""
    wanted = wanted_records(folder, is_damaged=CITATION.name in damaged)
    with con.cursor() as reader:  # Its answer is read while rows are noted.
        for rows in select_rows(reader, RAW_CITATION, wanted):
            for provenance, records in group_records(rows).items():
                parsed = make_tables(records, provenance)
                found.unreadable |= parsed.rejected
                writer.write(
                    {t.name: with_run(parsed.tables[t.name], t, provenance) for t in MADE if t.name in parsed.tables}
                )
                pmids = [r.pmid for r in records if r.pmid is not None and r.pmid not in parsed.rejected]
                con.execute("INSERT INTO made SELECT $1, unnest($2::BIGINT[])", [provenance.run_id, pmids])


def find_unmade(con: duckdb.DuckDBPyConnection, folder: Path, damaged: set[str]) -> list[str]:
    """The damaged tables that had rows which none of the folder's raw records gives.

    These are rows of records that were given up by a compaction or cannot be read today, in any table, and those of
    seed text, which are in some. If the citations themselves are damaged, requests and seed pages tell of them.

    Args:
        con: With `made`, the runs and PMIDs whose rows were made.
        folder: A folder of runs.
        damaged: Tables of it that are damaged and could be made from records.
    """
    if not damaged:
        return []
    if CITATION.name in damaged:
        delivered = keys_where(folder, REQUEST, "outcome IN ('new', 'revised')")
        pages = (
            keys_where(folder, SEED_DOCUMENT, "pmid IS NOT NULL"),
            keys_where(folder, SEED_CITATION, "pmid IS NOT NULL"),
        )
        seed_text = f"""FROM ({" UNION ALL ".join(pages)}) AS page
            LEFT JOIN (SELECT pmid, min(run_id) AS since FROM made GROUP BY pmid) USING (pmid)
            WHERE since IS NULL OR since > page.run_id"""
    else:
        delivered = keys_where(folder, CITATION, "source <> 'seed'")
        seed_text = keys_where(folder, CITATION, "source = 'seed'")
    if has_rows(con, f"FROM ({delivered}) ANTI JOIN made USING (run_id, pmid)"):
        return sorted(damaged)
    return sorted(damaged & {table.name for table in CITATION_TABLES}) if has_rows(con, seed_text) else []


def has_rows(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a query has a row."""
    return bool(con.execute(f"FROM ({query}) LIMIT 1").fetchall())


def keys_where(folder: Path, table: Table, where: str) -> str:
    """The query for runs and PMIDs of the rows of a table in a folder that meet a condition."""
    file = folder / f"{table.name}.parquet"
    if not file.exists():
        return "SELECT NULL::VARCHAR AS run_id, NULL::BIGINT AS pmid WHERE false"
    return f"SELECT DISTINCT run_id, pmid FROM read_parquet({literal(str(file))}) WHERE {where}"


def wanted_records(folder: Path, *, is_damaged: bool) -> str:
    """The query for the raw records that the folder's citations were made of.

    A raw record that did not hold in its run has no citation there. If the citations are damaged, the outcomes tell
    which PMIDs have one, and the highest version is taken.
    """
    raw = f"read_parquet({literal(str(folder / f'{RAW_CITATION.name}.parquet'))})"
    citation, request = (folder / f"{table.name}.parquet" for table in (CITATION, REQUEST))
    if not is_damaged and citation.exists():
        made = f"FROM read_parquet({literal(str(citation))}) WHERE source <> 'seed'"
        return f"FROM {raw} SEMI JOIN ({made}) USING (run_id, pmid, content_sha256)"
    highest = f"SELECT run_id, pmid, max(pmid_version) AS pmid_version FROM {raw} GROUP BY run_id, pmid"
    query = f"FROM {raw} SEMI JOIN ({highest}) USING (run_id, pmid, pmid_version)"
    if request.exists():
        held = f"FROM read_parquet({literal(str(request))}) WHERE outcome <> 'older'"
        query += f" SEMI JOIN ({held}) USING (run_id, pmid)"
    return query


def group_records(rows: pa.Table) -> Mapping[Provenance, list[RawRecord]]:
    """Raw records, read, by where they are from."""
    groups: dict[Provenance, dict[int, bytes]] = {}
    for row in rows.to_pylist():
        origin = Provenance(row["run_id"], row["source"], row["record_source"], row["fetched_at"], CODE_VERSION)
        groups.setdefault(origin, {})[row["pmid"]] = row["record_xml"]
    return {origin: read_records(records) for origin, records in groups.items()}


def read_records(records: Mapping[int, bytes]) -> list[RawRecord]:
    """Raw records by their PMIDs, read: all at once, or one by one if that finds an error.

    Raises:
        StoreError: One is damaged.
    """
    with suppress(DocumentError):
        read = read_chunk(DocumentChunk(b"".join(records.values()), 1), name="raw records").records
        if len(read) == len(records):
            return read
    return [read_record(record_xml, pmid) for pmid, record_xml in records.items()]


def read_record(record_xml: bytes, pmid: int) -> RawRecord:
    """A raw record, read.

    Raises:
        StoreError: It is damaged.
    """
    name = f"the record of PMID {pmid}"
    try:
        (record,) = read_chunk(DocumentChunk(record_xml, 1), name=name).records
    except (DocumentError, ValueError) as exc:
        raise StoreError(f"The raw record of PMID {pmid} cannot be read: {exc}; run `corpus check`.") from exc
    return record


def with_run(rows: pa.Table, table: Table, provenance: Provenance) -> pa.Table:
    """Rows as Parquet has them, with their run."""
    if "run_id" in table.column_names:
        return rows
    run_ids = pa.repeat(pa.scalar(provenance.run_id), rows.num_rows).dictionary_encode()
    return pa.Table.from_arrays([*rows.columns, run_ids], schema=parquet_schema(table))


def copy_rows(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, writer: RunWriter) -> None:
    """Copy the rows of a table that were not rebuilt."""
    file = folder / f"{table.name}.parquet"
    if not file.exists():
        return
    rows = read_rows(table, folder)
    if table in MADE:
        is_other = "source <> 'record'" if table in (LINK, LINK_LIST) else "false"
        rows = select_rows(
            con,
            table,
            f"""FROM read_parquet({literal(str(file))}) AS old
            WHERE {is_other} OR NOT EXISTS (FROM made WHERE made.run_id = old.run_id AND made.pmid = old.pmid)""",
        )
    for some in rows:
        writer.write({table.name: some})


def compare(folder: Path, other: Path, damaged: set[str], found: Rebuild) -> bool:
    """Whether two folders differ in the rows of a table; adds how many to what was found."""
    is_other = False
    with open_memory() as con:
        for table in MADE:
            old, new = (f"{place / table.name}.parquet" for place in (folder, other))
            exists = [Path(file).exists() for file in (old, new)]
            if table.name in damaged or not any(exists):
                continue
            names = (*table.column_names, *run_column(table))
            sides = [
                f"SELECT {columns_of(file, names)} FROM read_parquet({literal(file)})" if there else None
                for file, there in zip((old, new), exists, strict=True)
            ]
            gone, come = count_differences(con, sides[0], sides[1])
            if gone or come:
                is_other = True
                found.rows_gone[table.name] = found.rows_gone.get(table.name, 0) + gone
                found.rows_come[table.name] = found.rows_come.get(table.name, 0) + come
    return is_other


def columns_of(file: str, names: Sequence[str]) -> str:
    """Columns of a file for a query; one that was declared after it was written is null."""
    there = set(pq.read_schema(file).names)
    return ", ".join(f'"{name}"' if name in there else f'NULL AS "{name}"' for name in names)


def run_column(table: Table) -> tuple[str, ...]:
    """The run, if the table does not declare it."""
    return () if "run_id" in table.column_names else ("run_id",)


def count_differences(con: duckdb.DuckDBPyConnection, old: str | None, new: str | None) -> tuple[int, int]:
    """How many rows only the first query has, and how many only the second; None has no rows."""
    counts = []
    for one, other in ((old, new), (new, old)):
        query = "SELECT 0" if one is None else f"SELECT count(*) FROM ({one})"
        if one is not None and other is not None:
            query = f"SELECT count(*) FROM ({one} EXCEPT ALL {other})"
        counts.append(int(con.execute(query).fetchall()[0][0]))
    return counts[0], counts[1]

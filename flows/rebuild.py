"""The model made anew from the raw records, with today's transforms: `corpus rebuild`.

A folder of runs is read again record by record. Where that gives other rows than it has, or a file of it is damaged,
a folder with the new rows takes its place by one rename; the rows keep their run and the time at which they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.report import Progress, silent
from flows.version import CODE_VERSION
from transforms.pubmed_document import DocumentChunk, RawRecord, read_chunk
from transforms.pubmed_xml import Provenance, make_tables
from warehouse.compact import (
    parquet_schema,
    read_rows,
    remove_superseded,
    require_space,
    size_of,
    write_note,
)
from warehouse.current import literal, open_memory
from warehouse.errors import DocumentError, StoreError
from warehouse.schema import (
    CITATION,
    LINK,
    LINK_LIST,
    PUBLICATION_TYPE,
    RAW_CITATION,
    REQUEST,
    SEED_CITATION,
    SEED_DOCUMENT,
    TABLES,
    Table,
)
from warehouse.store import (
    DataDirectory,
    RunWriter,
    changed_files,
    commit_run,
    discard_run,
    run_folders,
    start_run,
)

Key = tuple[str, int]

# The tables that are made from a record. Of links, only the record's own list.
MADE = tuple(t for t in TABLES.values() if CITATION.name in (t.name, t.owner) or t in (LINK, LINK_LIST))


@dataclass
class Rebuild:
    """What a rebuild found.

    Attributes:
        folders: Folders read.
        replaced: Folders whose rows became others, or that were damaged.
        rows_gone: Rows that today's transforms do not give any longer, by table.
        rows_come: Rows that they give instead, by table.
        unreadable: Reason by PMID of records that cannot be read today; their rows stay as they are.
        damaged: Files that were damaged and were made anew.
        lost: Files that were damaged and cannot be made anew.
    """

    folders: int = 0
    replaced: int = 0
    rows_gone: dict[str, int] = field(default_factory=dict)
    rows_come: dict[str, int] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def rebuild(directory: DataDirectory, *, progress: Progress = silent) -> Rebuild:
    """Make the model of every committed folder anew from its raw records.

    It can be stopped at any moment: each folder is replaced whole, and a second call goes on from there.

    Args:
        directory: The data directory, held for writing.
        progress: Told of the folders.
    Raises:
        StoreError: There is no room, or a file cannot be written.
    """
    remove_superseded(directory)
    found = Rebuild()
    folders = run_folders(directory)
    require_space(directory, max(map(size_of, folders), default=0))
    for number, folder in enumerate(folders):
        progress("rebuild", number, len(folders))
        rebuild_folder(directory, folder, found)
    progress("rebuild", len(folders), len(folders))
    return found


def rebuild_folder(directory: DataDirectory, folder: Path, found: Rebuild) -> None:
    """Make the rows of one folder anew, and let them take its place if they are others."""
    found.folders += 1
    damaged = {Path(name).stem for name in changed_files(folder) if name.endswith(".parquet")}
    repairable = {table.name for table in MADE} - {LINK.name, LINK_LIST.name}
    has_raw = (folder / f"{RAW_CITATION.name}.parquet").exists()
    lost = sorted(damaged - repairable if has_raw else damaged)
    found.lost += [str(folder / f"{name}.parquet") for name in lost]
    if RAW_CITATION.name in lost or not has_raw:
        return
    now = datetime.now(UTC)
    writer = start_run(directory, now)
    try:
        made = make_rows(folder, writer, damaged, found)
        for table in TABLES.values():
            if table.name not in damaged or table.name in lost:
                copy_rows(table, folder, writer, made, is_lost=table.name in lost)
        writer.close()
        if not lost:
            lost = find_unmade(folder, damaged, made)
            found.lost += [str(folder / f"{name}.parquet") for name in lost]
        is_other = compare(folder, writer.folder, damaged, found)
        if (is_other or damaged) and not lost:
            found.damaged += [str(folder / f"{name}.parquet") for name in sorted(damaged)]
            found.replaced += 1
            write_note(writer, [folder], rebuilt=writer.run_id)
            commit_run(writer)
    finally:
        discard_run(writer)
    remove_superseded(directory)


def make_rows(folder: Path, writer: RunWriter, damaged: set[str], found: Rebuild) -> set[Key]:
    """Write the rows of all records of a folder that its citations are made of; their runs and PMIDs."""
    wanted = wanted_records(folder, is_damaged=CITATION.name in damaged)
    made: set[Key] = set()
    for rows in read_rows(RAW_CITATION, folder):
        for provenance, records in group_records(rows, wanted).items():
            parsed = make_tables(records, provenance)
            found.unreadable |= parsed.rejected
            writer.write(
                {t.name: with_run(parsed.tables[t.name], t, provenance) for t in MADE if t.name in parsed.tables}
            )
            made |= {
                (provenance.run_id, r.pmid) for r in records if r.pmid is not None and r.pmid not in parsed.rejected
            }
    return made


def find_unmade(folder: Path, damaged: set[str], made: set[Key]) -> list[str]:
    """The damaged tables that had rows which none of the folder's raw records gives.

    These are rows of records that were given up by a compaction or cannot be read today, in any table, and those of
    seed text, which are in two. Where the citations themselves are damaged, requests and seed pages tell of them.

    Args:
        folder: A folder of runs.
        damaged: Tables of it that are damaged and could be made from records.
        made: Runs and PMIDs whose rows were made.
    """
    if not damaged:
        return []
    if CITATION.name in damaged:
        delivered = read_keys(folder, REQUEST, "outcome IN ('new', 'revised')")
        pages = read_keys(folder, SEED_DOCUMENT, "true") | read_keys(folder, SEED_CITATION, "pmid IS NOT NULL")
        since = {pmid: run_id for run_id, pmid in sorted(made, reverse=True)}
        is_seed_text = any(pmid not in since or since[pmid] > run_id for run_id, pmid in pages)
    else:
        delivered = read_keys(folder, CITATION, "source <> 'seed'")
        is_seed_text = bool(read_keys(folder, CITATION, "source = 'seed'"))
    if delivered - made:
        return sorted(damaged)
    return sorted(damaged & {CITATION.name, PUBLICATION_TYPE.name}) if is_seed_text else []


def read_keys(folder: Path, table: Table, where: str) -> set[Key]:
    """Runs and PMIDs of the rows of a table in a folder that meet a condition."""
    file = folder / f"{table.name}.parquet"
    if not file.exists():
        return set()
    with open_memory() as con:
        query = f"SELECT DISTINCT run_id, pmid FROM read_parquet({literal(str(file))}) WHERE {where}"
        return set(con.execute(query).fetchall())


def wanted_records(folder: Path, *, is_damaged: bool) -> set[tuple[str, int, int]]:
    """Run, PMID and version of the raw records that the folder's citations were made of: the highest version."""
    raw = literal(str(folder / "raw_citation.parquet"))
    query = f"SELECT run_id, pmid, max(pmid_version) AS pmid_version FROM read_parquet({raw}) GROUP BY run_id, pmid"
    citation = folder / "citation.parquet"
    if not is_damaged and citation.exists():
        delivered = f"SELECT run_id, pmid FROM read_parquet({literal(str(citation))}) WHERE source <> 'seed'"
        query = f"SELECT * FROM ({query}) SEMI JOIN ({delivered}) USING (run_id, pmid)"
    with open_memory() as con:
        return set(con.execute(query).fetchall())


def group_records(rows: pa.Table, wanted: set[tuple[str, int, int]]) -> Mapping[Provenance, list[RawRecord]]:
    """The wanted ones of some raw records, read, by where they are from."""
    groups: dict[Provenance, dict[int, bytes]] = {}
    for row in rows.to_pylist():
        if (row["run_id"], row["pmid"], row["pmid_version"]) in wanted:
            origin = Provenance(row["run_id"], row["source"], row["record_source"], row["fetched_at"], CODE_VERSION)
            groups.setdefault(origin, {})[row["pmid"]] = row["record_xml"]
    return {origin: read_records(records) for origin, records in groups.items()}


def read_records(records: Mapping[int, bytes]) -> list[RawRecord]:
    """Raw records by their PMIDs, read: all at once, or one by one if that finds an error.

    Raises:
        StoreError: One is no record any longer.
    """
    try:
        return read_chunk(DocumentChunk(b"".join(records.values()), 1), name="raw records").records
    except DocumentError:
        return [read_record(record_xml, pmid) for pmid, record_xml in records.items()]


def read_record(record_xml: bytes, pmid: int) -> RawRecord:
    """A raw record, read.

    Raises:
        StoreError: It is no record any longer.
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


def copy_rows(table: Table, folder: Path, writer: RunWriter, made: set[Key], *, is_lost: bool) -> None:
    """Write the rows of a table that were not made anew, as they are."""
    if is_lost:
        return
    for rows in read_rows(table, folder):
        if table not in MADE:
            writer.write({table.name: rows})
            continue
        keys = zip(rows["run_id"].to_pylist(), rows["pmid"].to_pylist(), strict=True)
        kept = pa.array([key not in made for key in keys], pa.bool_())
        if table in (LINK, LINK_LIST):
            kept = pc.or_(kept, pc.not_equal(rows["source"], "record"))
        writer.write({table.name: rows.filter(kept)})


def compare(folder: Path, other: Path, damaged: set[str], found: Rebuild) -> bool:
    """Whether two folders have different rows in a table; adds how many to what was found."""
    is_other = False
    with open_memory() as con:
        for table in MADE:
            old, new = (f"{place / table.name}.parquet" for place in (folder, other))
            exists = [Path(file).exists() for file in (old, new)]
            if table.name in damaged or not any(exists):
                continue
            names = ", ".join(f'"{name}"' for name in (*table.column_names, *run_column(table)))
            sides = [
                f"SELECT {names} FROM read_parquet({literal(file)})" if there else None
                for file, there in zip((old, new), exists, strict=True)
            ]
            gone, come = count_differences(con, sides[0], sides[1])
            if gone or come:
                is_other = True
                found.rows_gone[table.name] = found.rows_gone.get(table.name, 0) + gone
                found.rows_come[table.name] = found.rows_come.get(table.name, 0) + come
    return is_other


def run_column(table: Table) -> tuple[str, ...]:
    """The run, if the table does not declare it."""
    return () if "run_id" in table.column_names else ("run_id",)


def count_differences(con: duckdb.DuckDBPyConnection, old: str | None, new: str | None) -> tuple[int, int]:
    """Rows of two queries that only the one has, and that only the other has; None is no row."""
    counts = []
    for one, other in ((old, new), (new, old)):
        query = "SELECT 0" if one is None else f"SELECT count(*) FROM ({one})"
        if one is not None and other is not None:
            query = f"SELECT count(*) FROM ({one} EXCEPT ALL {other})"
        counts.append(int(con.execute(query).fetchall()[0][0]))
    return counts[0], counts[1]

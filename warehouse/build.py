"""The DuckDB file: built beside the published one from the committed runs, checked, and put in its place.

Nothing ever opens the published file read-write, so a reader keeps the snapshot it opened and nobody waits for a lock.
A publish brings a copy of the published file up to date with the runs that it has not seen; where that cannot be, or
would not be faster, it builds the file afresh.
"""

import ctypes
import hashlib
import os
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.current import literal, open_memory, quoted, view_runs
from warehouse.drift import DriftLimits, check_drift
from warehouse.errors import CheckError, StoreError
from warehouse.fill import create_tables, fill_tables, note_build
from warehouse.schema import CHANGE, CITATION, DERIVED, TABLES, Table
from warehouse.sql_files import SQL_FOLDER, SqlFile, read_definitions, read_sql
from warehouse.store import (
    DataDirectory,
    committed_runs,
    rebuilt_by,
    refuse_damaged,
    run_folders,
    run_ids_of,
    sync,
    why_not_written,
)
from warehouse.view_columns import view_column_doc

# Files of this version can be read by DuckDB 1.x clients as well.
STORAGE_VERSION = "v1.0.0"

# What DuckDB may hold in memory; beyond it, it writes to disk. Each thread holds the group of rows that it writes, in
# full: 16,384 rows with abstracts are 30 MB, and DuckDB's own 122,880 would be 200.
MEMORY_LIMIT = "160MB"
THREADS = 2
ROW_GROUP_SIZE = 16_384

# The modules that say what the tables hold; the statements of sql/ say the rest.
RULES = ("schema.py", "current.py", "fill.py", "search_index.py", "sql_files.py", "view_columns.py")

# From so many new runs on, or if they have more than this share of all bytes, building afresh is not slower.
MOST_NEW_RUNS = 16
MOST_NEW_SHARE = 0.3


@dataclass(frozen=True)
class Published:
    """What is known of the published file.

    Attributes:
        run_ids: The runs it has.
        facts: How it was built: table `build`.
    """

    run_ids: frozenset[str]
    facts: dict[str, str]


def publish(directory: DataDirectory, *, afresh: bool = False, limits: DriftLimits | None = None) -> dict[str, int]:
    """Build the next `corpus.duckdb` from all committed runs, check it and put it in the place of the published one.

    Args:
        directory: The data directory, held for writing.
        afresh: Do not begin with the published file, whatever it has.
        limits: How far it may move from the published file; None is without limit.
    Returns:
        Rows of each table.
    Raises:
        CheckError: What was built does not hold; the published file stays as it was.
        DriftError: It moved too far; the same.
        StoreError: A run cannot be read, is damaged or lost, or the file cannot be written.
    """
    target = directory.staging / f"corpus-{os.getpid()}.duckdb"
    if not afresh:
        refuse_lost_runs(directory)
    try:
        release_memory()
        directory.staging.mkdir(parents=True, exist_ok=True)
        for stale in directory.staging.glob("corpus-*"):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
        new = None if afresh else runs_to_add(directory)
        folders = run_folders(directory)
        read = [folder for folder in folders if new is None or not new.isdisjoint(run_ids_of(folder))]
        refuse_damaged(read, with_raw=False)
        counts = build(directory, target) if new is None else bring_up_to_date(directory, target, new)
        if limits and read_published(directory):
            check_drift(directory.database, target, limits)
        sync(target)
        target.replace(directory.database)
        sync(directory.root)
    except (duckdb.Error, OSError) as exc:
        raise StoreError(f"{directory.database} was not renewed: {why_not_written(exc)}. The old one stays.") from exc
    finally:
        with suppress(OSError):
            target.unlink(missing_ok=True)
            target.with_suffix(".duckdb.wal").unlink(missing_ok=True)
            shutil.rmtree(spill_folder(target), ignore_errors=True)
    return counts


def refuse_lost_runs(directory: DataDirectory) -> None:
    """See that every run of the published file is still there, lest the next file is without its rows.

    Raises:
        StoreError: Names one that is not.
    """
    published = read_published(directory)
    lost = sorted(published.run_ids - committed_runs(directory).keys()) if published else []
    if lost:
        more = f" and {len(lost) - 1:,} more are" if len(lost) > 1 else " is"
        raise StoreError(
            f"Run {lost[0]}{more} in {directory.database} but not in {directory.parquet}; put its folder back from "
            f"a backup, or go on without it by `corpus rebuild`. The old file stays."
        )


def runs_to_add(directory: DataDirectory) -> frozenset[str] | None:
    """The committed runs that the published file has not seen; None if it is to be built afresh."""
    published = read_published(directory)
    committed = committed_runs(directory)
    if published is None or published.facts != facts_of(directory):
        return None
    new = committed.keys() - published.run_ids
    is_in_order = not new or not published.run_ids or min(new) > max(published.run_ids)
    is_small = sum(committed[run_id] for run_id in new) <= MOST_NEW_SHARE * sum(committed.values())
    return frozenset(new) if is_in_order and is_small and len(new) <= MOST_NEW_RUNS else None


def read_published(directory: DataDirectory) -> Published | None:
    """What the published file is made of; None if there is none, or none that can be read."""
    if not directory.database.exists():
        return None
    try:
        with duckdb.connect(directory.database, read_only=True) as con:
            run_ids = frozenset(run_id for (run_id,) in con.execute("SELECT run_id FROM run").fetchall())
            facts = dict(con.execute("SELECT fact, value FROM build").fetchall())
    except duckdb.Error:
        return None
    return Published(run_ids, facts)


def facts_of(directory: DataDirectory) -> dict[str, str]:
    """The rules by which a file is built now: a hash of what says them, and the last rebuild of the model, if any."""
    rules = hashlib.sha256(STORAGE_VERSION.encode())
    statements = [file for file in SQL_FOLDER.glob("*.sql") if not file.name.startswith("select_")]
    for path in sorted((*statements, *(Path(__file__).parent / name for name in RULES))):
        rules.update(path.read_bytes())
    return {"definition_sha256": rules.hexdigest(), "rebuilt": rebuilt_by(directory)}


def build(directory: DataDirectory, target: Path, *, run_ids: Collection[str] | None = None) -> dict[str, int]:
    """Make a DuckDB file of the committed runs, or of some of them, whole, checked and closed.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        duckdb.Error: DuckDB cannot read a run or write the file.
    """
    con = open_builder(target)
    try:
        view_runs(con, directory, run_ids=run_ids)
        options = f"STORAGE_VERSION {literal(STORAGE_VERSION)}, ROW_GROUP_SIZE {ROW_GROUP_SIZE}"
        con.execute(f"ATTACH {literal(str(target))} AS next ({options})")
        con.execute("USE next")
        con.execute("BEGIN")
        create_tables(con)
        for file in read_definitions():
            con.execute(file.statement)
            comment_on_view(con, file)
        fill_tables(con, base=None)
        return finish(con, directory, base=None)
    finally:
        con.close()


def bring_up_to_date(directory: DataDirectory, target: Path, run_ids: Collection[str]) -> dict[str, int]:
    """Make a DuckDB file of the published one and the runs that it has not seen, whole, checked and closed.

    What is taken out is committed on the way (warehouse/portions.py); nobody sees the file before it is published.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        duckdb.Error: DuckDB cannot read a run or write the file.
        OSError: The file cannot be copied.
    """
    shutil.copyfile(directory.database, target)
    con = open_builder(target)
    try:
        # Without this size, the first checkpoint puts the groups together, and writes the whole file anew.
        con.execute(f"ATTACH {literal(str(target))} AS next (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
        view_runs(con, directory, run_ids=run_ids, base="next")
        con.execute("USE next")
        con.execute("BEGIN")
        fill_tables(con, base="next")
        return finish(con, directory, base="next")
    finally:
        con.close()


def release_memory() -> None:
    """Give back to the operating system what Arrow and the C library have kept from reading: 120 MB of an ingest.

    Only glibc can be told; elsewhere it is left to the C library.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def open_builder(target: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with bounded memory, which goes on beside the file that it builds."""
    con = open_memory()
    con.execute(f"SET temp_directory = {literal(str(spill_folder(target)))}")
    con.execute(f"SET memory_limit = {literal(MEMORY_LIMIT)}")
    con.execute(f"SET threads = {THREADS}")
    con.execute("SET preserve_insertion_order = false")
    return con


def spill_folder(target: Path) -> Path:
    """Where DuckDB puts what its memory does not hold."""
    return target.with_suffix(".spill")


def finish(con: duckdb.DuckDBPyConnection, directory: DataDirectory, *, base: str | None) -> dict[str, int]:
    """Check what was built, commit it and close the file; rows of each table."""
    note_build(con, facts_of(directory))
    check_build(con, base=base)
    counts = count_rows(con)
    con.execute("COMMIT")
    con.execute("CHECKPOINT next")
    con.execute("USE memory")
    con.execute("DETACH next")
    return counts


def comment_on_view(con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    """Give a view or a macro the comment at the head of its file, and the columns of a view theirs."""
    created = re.search(r"^CREATE (VIEW|MACRO) (\w+)(.*?\bAS TABLE\b)?", file.statement, re.MULTILINE | re.DOTALL)
    if created is None:
        raise CheckError(f"warehouse/sql/{file.name}.sql creates neither a view nor a macro.")
    kind = created[1] if created[1] == "VIEW" else "MACRO TABLE" if created[3] else "MACRO"
    con.execute(f"COMMENT ON {kind} {quoted(created[2])} IS {literal(file.comment)}")
    if kind != "VIEW":
        return
    for name, *_ in con.execute(f"DESCRIBE {quoted(created[2])}").fetchall():
        if doc := view_column_doc(created[2], name):
            con.execute(f"COMMENT ON COLUMN {quoted(created[2])}.{quoted(name)} IS {literal(doc)}")


def check_build(con: duckdb.DuckDBPyConnection, *, base: str | None = None) -> None:
    """Keys are unique, and no check in `sql/check_*.sql` returns a row.

    Args:
        con: With the file that is built in use, and the views of warehouse/current.py.
        base: Given if it was brought up to date: keys that nothing was put in for were checked when they were.
    Raises:
        CheckError: Names the table or the check and the first rows.
    """
    for table in TABLES.values():
        if not table.is_raw:
            key = ", ".join(quoted(c) for c in table.key)
            which = f"WHERE {put_in(table)}" if base else ""
            query = f"SELECT {key}, count(*) FROM {quoted(table.name)} {which} GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
            if rows := con.execute(query).fetchall():
                raise CheckError(f"Two rows of {table.name} have the key {rows[0][:-1]}; nothing was published.")
    for file in read_sql("check"):
        if rows := con.execute(file.statement).fetchall():
            raise CheckError(f"{file.comment} Found: {rows[:3]}; nothing was published.")


def put_in(table: Table) -> str:
    """A condition that the rows which a run put into a table meet; others may."""
    if table.is_log or table is CHANGE:
        return "run_id IN (SELECT run_id FROM new_run)"
    owner = TABLES.get(table.owner, table) if table.owner != DERIVED else CITATION
    key = owner.key[0]
    return f"{key} IN (SELECT {key} FROM put_{owner.name})" if key in table.column_names else "true"


def count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of each table."""
    names = [table.name for table in TABLES.values() if not table.is_raw]
    query = " UNION ALL ".join(f"SELECT {literal(n)}, count(*) FROM {quoted(n)}" for n in names)
    return dict(con.execute(query).fetchall())


def first_line(exc: Exception) -> str:
    """The first line of an error's message."""
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__

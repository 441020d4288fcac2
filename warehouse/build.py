"""The DuckDB file: built beside the published one from the committed runs, checked, and put in its place.

Nothing of ours ever opens the published file read-write, so a reader keeps the snapshot it opened and nobody waits for
a lock. A publish brings a copy of the published file up to date with the runs that it has not seen; where that cannot
be, or would not be faster, it builds the file afresh.
"""

import ctypes
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.built_checks import check_build
from warehouse.companions import Refuse, renew_companions
from warehouse.content import begin_digests
from warehouse.current import limit, literal, open_memory, quoted, use_file, view_runs
from warehouse.drift import DriftLimits, check_drift
from warehouse.errors import CheckError, StoreError
from warehouse.fill import create_tables, fill_tables, note_build
from warehouse.forecast import forecast_build
from warehouse.published import Say, copy_published, logger, own_published, put_in_place, read_published, take_back
from warehouse.schema.tables import TABLES
from warehouse.sql_files import SQL_FOLDER, SqlFile, read_definitions
from warehouse.store import (
    DataDirectory,
    committed_runs,
    rebuilt_by,
    refuse_damaged,
    run_folders,
    run_ids_of,
    why_not_written,
)
from warehouse.view_columns import view_column_doc

# Files of this version can be read by DuckDB 1.x clients as well.
STORAGE_VERSION = "v1.0.0"

# Each thread buffers the whole row group that it writes: 30 MB for 16,384 rows with abstracts, 200 MB for DuckDB's
# default of 122,880.
ROW_GROUP_SIZE = 16_384

# The modules that, beside those of schema/, say what the tables hold; the statements of sql/ say the rest.
RULES = (
    "companions.py",
    "compiled_stems.pyx",
    "compiled_words.pyx",
    "content.py",
    "current.py",
    "fill.py",
    "posting_lists.py",
    "search_index.py",
    "sql_files.py",
    "view_columns.py",
    "words.py",
)

# With this many new runs, or if they hold more than this share of all bytes, building afresh is not slower.
MOST_NEW_RUNS = 16
MOST_NEW_SHARE = 0.3


def publish(
    directory: DataDirectory,
    *,
    afresh: bool = False,
    limits: DriftLimits | None = None,
    say: Say = logger.warning,
    refuse: Refuse = logger.warning,
) -> dict[str, int]:
    """Build the next `corpus.duckdb` from all committed runs, check it and put it in the place of the published one.

    Args:
        directory: The data directory, held for writing.
        afresh: Do not begin with the published file, whatever it has.
        limits: How far it may move from the published file; None is without limit.
        say: Told what other programs did to the published file or left beside it (warehouse/published.py), and how a
            large one was copied.
        refuse: Told of files of companion tables that cannot be used.
    Returns:
        Rows of each table.
    Raises:
        CheckError: What was built does not hold; the published file stays as it was.
        DriftError: It moved too far; the same.
        StoreError: A run cannot be read, is damaged or lost, or the file cannot be written.
    """
    target = directory.staging / f"corpus-{os.getpid()}.duckdb"
    try:
        release_memory()
        directory.staging.mkdir(parents=True, exist_ok=True)
        remove_stale(directory)
        take_back(directory, say)
        if not afresh:
            refuse_lost_runs(directory)
        new = None if afresh else runs_to_add(directory)
        size = sum(b for run_id, b in committed_runs(directory).items() if new is None or run_id in new)
        counts = with_memory(size, lambda size: renew(directory, target, new, size, say))
        add_companions(directory, target, refuse)
        if limits and read_published(directory):
            check_drift(directory, target, limits)
        put_in_place(directory, target, say)
    except (duckdb.Error, OSError) as exc:
        raise StoreError(f"{directory.database} was not renewed: {why_not_written(exc)}. The old one stays.") from exc
    finally:
        with suppress(OSError):
            remove(target)
    return counts


def remove_stale(directory: DataDirectory) -> None:
    """Remove what processes that were killed left in staging: files that were built, and what DuckDB spilled.

    A publish holds the lock; a step that only reads may still spill, so that only folders of days before go.
    """
    yesterday = time.time() - 86_400
    spilled = [folder for folder in directory.staging.glob("*.spill") if folder.stat().st_mtime < yesterday]
    for stale in {*directory.staging.glob("corpus-*"), *spilled}:
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()


def refuse_lost_runs(directory: DataDirectory) -> None:
    """Check that every run of the published file is still there; otherwise the next file would lack its rows.

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


def is_behind(directory: DataDirectory) -> bool:
    """Whether the published file lacks committed runs, or is not as it was published."""
    return bool(committed_runs(directory)) and runs_to_add(directory) != frozenset()


def runs_to_add(directory: DataDirectory) -> frozenset[str] | None:
    """The committed runs that the published file has not seen; None if it is to be built afresh."""
    published = own_published(directory)
    committed = committed_runs(directory)
    if published is None or published.facts != facts_of(directory):
        return None
    new = committed.keys() - published.run_ids
    is_in_order = not new or not published.run_ids or min(new) > max(published.run_ids)
    is_small = sum(committed[run_id] for run_id in new) <= MOST_NEW_SHARE * sum(committed.values())
    return frozenset(new) if is_in_order and is_small and len(new) <= MOST_NEW_RUNS else None


def facts_of(directory: DataDirectory) -> dict[str, str]:
    """The rules by which a file is built now: a hash of what says them, and the last rebuild of the model, if any."""
    rules = hashlib.sha256(STORAGE_VERSION.encode())
    statements = [file for file in SQL_FOLDER.glob("*.sql") if not file.name.startswith("select_")]
    folder = Path(__file__).parent
    modules = [*(folder / "schema").glob("*.py"), *(folder / name for name in RULES)]
    for path in sorted((*statements, *modules)):
        rules.update(path.read_bytes())
    return {"definition_sha256": rules.hexdigest(), "rebuilt": rebuilt_by(directory)}


def with_memory(size: int, make: Callable[[int | None], dict[str, int]]) -> dict[str, int]:
    """Make a file in little memory or, if that does not hold its texts, in as much as DuckDB takes by itself.

    Args:
        size: Bytes of the runs' Parquet that is read; the keys of its rows are held in memory.
        make: Makes the file in memory for that many bytes; None: in DuckDB's own.
    """
    try:
        return make(size)
    except duckdb.OutOfMemoryException:
        return make(None)


def renew(
    directory: DataDirectory, target: Path, new: frozenset[str] | None, size: int | None, say: Say
) -> dict[str, int]:
    """Make the file that is to be published: a copy of the published one brought up to date with new runs, or afresh.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        StoreError: A run is damaged.
        duckdb.Error, OSError: A run cannot be read, or the file cannot be written.
    """
    remove(target)
    if new is not None and not copy_published(directory, target, say):
        target.unlink()
        new = None
    read = [folder for folder in run_folders(directory) if new is None or not new.isdisjoint(run_ids_of(folder))]
    refuse_damaged(read, with_raw=False)
    if new is None:
        # Logged at once instead of by `say`, whose sentences come with the report at the end.
        forecast_build(directory, logger.warning)
        return build_within(directory, target, size)
    try:
        return bring_up_to_date(directory, target, new, size)
    except duckdb.InternalException as exc:
        say(f"DuckDB could not bring the published file up to date ({first_line(exc)}); it was built from scratch.")
        return renew(directory, target, None, None, say)


def remove(target: Path) -> None:
    """Remove a built file and DuckDB's files beside it."""
    target.unlink(missing_ok=True)
    target.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    shutil.rmtree(spill_folder(target), ignore_errors=True)


def build(directory: DataDirectory, target: Path, *, run_ids: Collection[str] | None = None) -> dict[str, int]:
    """Make a DuckDB file of the committed runs, or of some of them, whole, checked and closed.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        duckdb.Error: DuckDB cannot read a run or write the file.
    """
    size = sum(b for run_id, b in committed_runs(directory).items() if run_ids is None or run_id in run_ids)
    return with_memory(size, lambda size: build_within(directory, target, size, run_ids=run_ids))


def build_within(
    directory: DataDirectory, target: Path, size: int | None, *, run_ids: Collection[str] | None = None
) -> dict[str, int]:
    """Make the file of `build` in memory for that many bytes of Parquet; None: DuckDB's own."""
    remove(target)
    con = open_builder(directory, target, size, sorts_all=True)
    try:
        view_runs(con, directory, run_ids=run_ids)
        options = f"STORAGE_VERSION {literal(STORAGE_VERSION)}, ROW_GROUP_SIZE {ROW_GROUP_SIZE}"
        con.execute(f"ATTACH {literal(str(target))} AS next ({options})")
        con.execute("USE next")
        con.execute("BEGIN")
        create_tables(con)
        use_file(con, "next")
        begin_digests(con)
        for file in read_definitions():
            con.execute(file.statement)
            comment_on_view(con, file)
        fill_tables(con, base=None)
        return finish(con, directory, base=None)
    finally:
        con.close()


def bring_up_to_date(
    directory: DataDirectory, target: Path, run_ids: Collection[str], size: int | None
) -> dict[str, int]:
    """Make a DuckDB file of a copy of the published one and the runs that it has not seen, whole, checked and closed.

    What is taken out is committed on the way (warehouse/portions.py); nobody sees the file before it is published.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        duckdb.Error: DuckDB cannot read a run or write the file.
    """
    con = open_builder(directory, target, size)
    try:
        # Without this size, the first checkpoint merges the row groups and rewrites the whole file.
        con.execute(f"ATTACH {literal(str(target))} AS next (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
        view_runs(con, directory, run_ids=run_ids, base="next")
        use_file(con, "next")
        con.execute("BEGIN")
        fill_tables(con, base="next")
        return finish(con, directory, base="next")
    finally:
        con.close()


def add_companions(directory: DataDirectory, target: Path, refuse: Refuse) -> None:
    """Add the companion tables to a built and closed file; their failure never costs the file."""
    con = open_builder(directory, target, None)
    try:
        con.execute(
            "SET preserve_insertion_order = true"
        )  # Rows of a file are numbered, to name the line of a bad one.
        con.execute(f"ATTACH {literal(str(target))} AS next (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
        use_file(con, "next")
        renew_companions(con, directory, refuse)
        con.execute("CHECKPOINT next")
        con.execute("USE memory")
        con.execute("DETACH next")
    finally:
        con.close()


def release_memory() -> None:
    """Return memory that Arrow and the C library kept after reading to the operating system: 120 MB of an ingest.

    Only glibc has a call for it.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def open_builder(
    directory: DataDirectory, target: Path, size: int | None, *, sorts_all: bool = False
) -> duckdb.DuckDBPyConnection:
    """A DuckDB with bounded memory (`limit`), which spills to disk beside the file that it builds."""
    con = open_memory()
    con.execute(f"SET temp_directory = {literal(str(spill_folder(target)))}")
    limit(con, directory, size, sorts_all=sorts_all)
    con.execute("SET preserve_insertion_order = false")
    return con


def spill_folder(target: Path) -> Path:
    """Where DuckDB spills to."""
    return target.with_suffix(".spill")


def finish(con: duckdb.DuckDBPyConnection, directory: DataDirectory, *, base: str | None) -> dict[str, int]:
    """Check what was built, commit it and close the file; rows of each table."""
    note_build(con, facts_of(directory))
    counts = count_rows(con)
    check_build(con, counts, base=base)
    con.execute("COMMIT")
    con.execute("CHECKPOINT next")
    con.execute("USE memory")
    con.execute("DETACH next")
    return counts


def comment_on_view(con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    """Give a view or a macro the comment at the head of its file, and the columns of a view theirs."""
    created = re.search(
        r"^CREATE (VIEW|MACRO) (?:program\.)?(\w+)(.*?\bAS TABLE\b)?", file.statement, re.MULTILINE | re.DOTALL
    )
    if created is None:
        raise CheckError(f"warehouse/sql/{file.name}.sql creates neither a view nor a macro.")
    kind = created[1] if created[1] == "VIEW" else "MACRO TABLE" if created[3] else "MACRO"
    statements = [f"COMMENT ON {kind} {quoted(created[2])} IS {literal(file.comment)}"]
    if kind == "VIEW":
        for name, *_ in con.execute(f"DESCRIBE {quoted(created[2])}").fetchall():
            if doc := view_column_doc(created[2], name):
                statements.append(f"COMMENT ON COLUMN {quoted(created[2])}.{quoted(name)} IS {literal(doc)}")
    con.execute("; ".join(statements))


def count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of each table."""
    names = [table.name for table in TABLES.values() if not table.is_raw]
    query = " UNION ALL ".join(f"SELECT {literal(n)}, count(*) FROM {quoted(n)}" for n in names)
    return dict(con.execute(query).fetchall())


def first_line(exc: Exception) -> str:
    """The first line of an error's message."""
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__

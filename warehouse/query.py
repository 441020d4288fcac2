"""Questions to the published file: a read-only connection that reaches nothing else."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import TIMEOUT_MAX, Timer
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.errors import QueryError, StoreError, UsageError
from warehouse.store import DataDirectory

# Letters of a statement, before and after the place of an error, that are shown with it.
SHOWN = 40


def open_published(directory: DataDirectory, *, memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; it stays the snapshot it is, whatever is published meanwhile.

    No file and no network can be reached through it, no extension loaded, and no setting changed.

    Args:
        directory: The data directory.
        memory: What a question may hold in memory, such as `500MB` or `4GB`; nothing is written to disk instead.
    Raises:
        UsageError: `memory` is no size.
        StoreError: There is none, or it cannot be opened.
    """
    if not directory.database.exists():
        raise StoreError(f"There is no {directory.database} yet; run `corpus refresh` or `corpus ingest` first.")
    try:
        con = duckdb.connect(
            directory.database,
            read_only=True,
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
        con.execute("SET enable_progress_bar = false")
        con.execute("SET temp_directory = ''")
        set_memory(con, memory)
        con.execute("SET enable_external_access = false")
        con.execute("SET errors_as_json = true")  # With the position as a number; `sentence` reads it.
        con.execute("SET lock_configuration = true")
    except duckdb.Error as exc:
        raise StoreError(f"{directory.database} cannot be opened: {str(exc).splitlines()[0]}") from exc
    return con


def set_memory(con: duckdb.DuckDBPyConnection, memory: str) -> None:
    """Bound the memory of a connection.

    Raises:
        UsageError: It is no size.
    """
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?([KMGT]i?)?B", memory):
        raise UsageError(f"--memory {memory}: write a size such as 500MB or 4GB.")
    con.execute(f"SET memory_limit = '{memory}'")


@contextmanager
def at_most(con: duckdb.DuckDBPyConnection, seconds: float | None) -> Iterator[None]:
    """Stop whatever the connection does after so many seconds; None is without limit."""
    if seconds is None:
        yield
        return
    timer = Timer(min(seconds, TIMEOUT_MAX), con.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def ask(con: duckdb.DuckDBPyConnection, sql: str, *, seconds: float | None = None) -> pa.Table:
    """The answer to one statement.

    Args:
        con: As `open_published` gave it.
        sql: The statement.
        seconds: How long it may take; None is without limit.
    Raises:
        QueryError: DuckDB's sentence, with the line and column where it has them; or it took too long or too much.
    """
    try:
        sql.encode()
    except UnicodeEncodeError as exc:
        raise QueryError("The statement is not UTF-8 text; save it as such.") from exc
    try:
        with at_most(con, seconds):
            return answer(con, sql)
    except duckdb.InterruptException as exc:
        raise QueryError(
            f"The question was stopped after {seconds:g} s; ask for less, or allow more with --timeout."
        ) from exc
    except duckdb.OutOfMemoryException as exc:
        raise QueryError("The question needs more memory than it may have; ask for less, or give --memory.") from exc


def answer(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The answer to one statement, without limits of its own.

    Raises:
        QueryError: DuckDB's sentence, with the line and column where it has them.
        duckdb.InterruptException: It was stopped.
        duckdb.OutOfMemoryException: It took too much.
    """
    try:
        statements = con.extract_statements(sql)
        if not statements:
            raise QueryError("There is no statement.")
        if len(statements) > 1:
            raise QueryError(f"One statement at a time: these are {len(statements)}.")
        relation = con.sql(sql)
        return relation.to_arrow_table() if relation is not None else pa.table({})
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as exc:
        raise QueryError(sentence(find_position(con, sql, exc), sql)) from exc


def find_position(con: duckdb.DuckDBPyConnection, sql: str, error: duckdb.Error) -> duckdb.Error:
    """The same error with its position, which DuckDB gives only where it executes the statement itself."""
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return error
    try:
        con.execute(sql)
    except duckdb.Error as exc:
        return exc
    return error


def sentence(exc: duckdb.Error, sql: str) -> str:
    """DuckDB's error in one sentence, with the position in the statement where DuckDB gives one.

    Args:
        exc: The error, its facts as JSON where DuckDB gives them so (`errors_as_json`).
        sql: The statement.
    """
    kind, _, detail = str(exc).partition(": ")
    try:
        facts = json.loads(detail)
        message = f"{kind}: {facts['exception_message']}"
    except (ValueError, TypeError, KeyError):
        facts, message = {}, str(exc)
    text = " ".join(message.split())
    position = int(facts.get("position", len(sql.encode())))
    if position >= len(sql.encode()):
        return text
    # DuckDB counts bytes; people count lines and letters.
    before = sql.encode()[:position].decode("utf-8", "ignore")
    column = len(before) - before.rfind("\n")
    line = sql.split("\n")[before.count("\n")]
    shown = line[max(column - SHOWN, 0) : column + SHOWN].strip()
    return f"{text} (line {before.count(chr(10)) + 1}, column {column}: {shown})"


@dataclass
class RunChanges:
    """What a run changed, as the published file has it.

    Attributes:
        retracted: Citations that are retracted since this run.
        retracted_new: Citations that came with this run, retracted already.
        deleted: PMIDs that are believed withdrawn since this run.
        by_column: Citations by table and column that changed, the most first.
        coverage: Share of all citations that have an abstract, a DOI, MeSH.
    """

    retracted: list[int] = field(default_factory=list)
    retracted_new: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    by_column: dict[tuple[str, str], int] = field(default_factory=dict)
    coverage: dict[str, float] = field(default_factory=dict)


def read_run_changes(directory: DataDirectory, run_id: str) -> RunChanges:
    """What a run changed.

    Raises:
        StoreError: There is no published file, or it cannot be read.
    """
    con = open_published(directory)
    try:
        folder = Path(__file__).parent / "sql"
        rows = con.execute(
            (folder / "select_run_changes.sql").read_text(encoding="utf-8"), {"run_id": run_id}
        ).fetchall()
    finally:
        con.close()
    changes = RunChanges()
    for kind, table, column, pmid, number in rows:
        if kind == "retracted":
            changes.retracted.append(pmid)
        elif kind == "retracted_new":
            changes.retracted_new.append(pmid)
        elif kind == "deleted":
            changes.deleted.append(pmid)
        elif kind == "changed":
            changes.by_column[table, column] = int(number)
        elif number is not None:
            changes.coverage[column] = float(number)
    return changes


def read_status(directory: DataDirectory) -> dict[str, Any]:
    """What the corpus holds and how fresh it is.

    Returns:
        citations, citations_by_source, members, links, link_lists, abstracts, retracted, deleted, rejected, runs,
        last_run (a row of `run` or None), owed (PMIDs), oldest_fetched_at, database_bytes, parquet_bytes.
    Raises:
        StoreError: There is no published file, or it cannot be read.
    """
    con = open_published(directory)
    try:
        counts = ask(con, (Path(__file__).parent / "sql" / "select_status.sql").read_text(encoding="utf-8"))
        status: dict[str, Any] = counts.to_pylist()[0]
        sources = ask(con, "SELECT source, count(*) AS citations FROM citation GROUP BY source ORDER BY source")
        status["citations_by_source"] = dict(zip(*sources.to_pydict().values(), strict=True))
        runs = ask(con, "SELECT * FROM run ORDER BY run_id DESC LIMIT 1").to_pylist()
        status["last_run"] = runs[0] if runs else None
        status["owed"] = ask(con, "SELECT pmid FROM owed ORDER BY pmid")["pmid"].to_pylist()
    finally:
        con.close()
    status["database_bytes"] = directory.database.stat().st_size
    status["parquet_bytes"] = sum(path.stat().st_size for path in directory.parquet.rglob("*.parquet"))
    return status

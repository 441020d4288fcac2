"""Questions to the published file: a read-only connection that reaches nothing else."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.errors import QueryError, StoreError
from warehouse.store import DataDirectory


def open_published(directory: DataDirectory) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; it stays the snapshot it is, whatever is published meanwhile.

    No file and no network can be reached through it, no extension loaded, and no setting changed.

    Raises:
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
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
    except duckdb.Error as exc:
        raise StoreError(f"{directory.database} cannot be opened: {str(exc).splitlines()[0]}") from exc
    return con


def ask(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The answer to one statement.

    Raises:
        QueryError: DuckDB's sentence, with the line and column where it has them.
    """
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1:
            raise QueryError(f"One statement at a time: these are {len(statements)}.")
        relation = con.sql(sql)
        return relation.to_arrow_table() if relation is not None else pa.table({})
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
    """DuckDB's error in one sentence, with the position in the statement where DuckDB points at it."""
    lines = [line for line in str(exc).splitlines() if line.strip()]
    text = " ".join(line.strip() for line in lines if not line.startswith(("LINE ", " ")))
    for number, line in enumerate(lines):
        if line.startswith("LINE ") and number + 1 < len(lines) and "^" in lines[number + 1]:
            prefix, _, shown = line.partition(": ")
            column = lines[number + 1].index("^") - len(prefix) - 1
            return f"{text} (line {prefix.removeprefix('LINE ')}, column {max(column, 1)}: {shown.strip()})"
    return text or f"{type(exc).__name__}: {sql}"


@dataclass
class RunChanges:
    """What a run changed, as the published file has it.

    Attributes:
        retracted: Citations that are retracted since this run.
        deleted: PMIDs that are believed withdrawn since this run.
        by_column: Citations by table and column that changed, the most first.
        coverage: Share of all citations that have an abstract, a DOI, MeSH.
    """

    retracted: list[int] = field(default_factory=list)
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

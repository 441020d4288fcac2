"""Queries of the published file, on a connection that can neither write nor reach anything else."""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from warehouse.current import use_file
from warehouse.errors import QueryError, StoreError, StuckError, UsageError
from warehouse.published import reading
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory

T = TypeVar("T")

# Characters of a statement shown before and after the place of an error.
SHOWN = 40

# What is answered by the tables and views that people ask, with what one row of each is.
SHOW_TABLES = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)

# Rows per batch: the size of DuckDB's vectors.
BATCH_ROWS = 2048


def of_other_version(directory: DataDirectory) -> StoreError:
    """The error of a published file that lacks a table which this version asks."""
    return StoreError(
        f"{directory.database} was published by another version; publish it again with `corpus compact` first."
    )


def open_published(
    directory: DataDirectory, *, memory: str = "1GB", spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the published file read-only; it stays the snapshot it is, whatever is published meanwhile.

    No file and no network can be reached through it, no extension loaded, and no setting changed.

    Args:
        directory: The data directory.
        memory: What a question may hold in memory, such as `500MB` or `4GB`.
        spill: A folder to which DuckDB writes what its memory does not hold. It leaves DuckDB's own files open, and is
            for statements of this program only; None lets such a question fail.
    Raises:
        UsageError: `memory` is not a size.
        StoreError: There is none, it cannot be opened, or another program wrote to it.
    """
    database = directory.database
    if not database.exists():
        raise StoreError(f"There is no {database} yet; run `corpus refresh` or `corpus ingest` first.")
    # A separate instance, so that two can be open at once with their own settings.
    con = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
        }
    )
    try:
        set_memory(con, memory)
        con.execute("SET enable_progress_bar = false")
        con.execute(f"SET temp_directory = {quote(str(spill or ''))}")
        con.execute("SET streaming_buffer_size = '1KB'")  # DuckDB does not count the text in this buffer.
        with reading(directory):
            con.execute(f"ATTACH {quote(str(database))} AS corpus (READ_ONLY, TYPE duckdb)")
        use_file(con, "corpus")
        # The first still lets COPY write to the attached file and its logs; the second closes every file.
        con.execute("SET enable_external_access = false")
        if spill is None:
            con.execute("SET disabled_filesystems = 'LocalFileSystem'")
        con.execute("SET errors_as_json = true")  # With the position as a number; `sentence` reads it.
        con.execute("SET lock_configuration = true")
    except duckdb.Error as exc:
        con.close()
        raise StoreError(f"{database} cannot be opened: {str(exc).splitlines()[0]}") from exc
    except (UsageError, StoreError):
        con.close()
        raise
    return con


def quote(text: str) -> str:
    """A literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def set_memory(con: duckdb.DuckDBPyConnection, memory: str) -> None:
    """Bound the memory of a connection.

    Raises:
        UsageError: It is not a size.
    """
    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?([KMGT]i?)?B", memory):
        raise UsageError(f"--memory {memory}: write a size such as 500MB or 4GB.")
    con.execute(f"SET memory_limit = '{memory}'")


def ask(con: duckdb.DuckDBPyConnection, sql: str, *, seconds: float | None = None) -> pa.Table:
    """The whole answer to one question, for those that are small; `stream` has the arguments and errors."""
    return stream(con, sql, seconds=seconds).read_all()


def ask_numbers(con: duckdb.DuckDBPyConnection, sql: str, *, seconds: float | None = None) -> pa.Table:
    """The whole answer to a question whose columns are numbers; `stream` has the arguments and errors.

    DuckDB plans a long statement once for it, and twice for `ask`.
    """
    expect_question(con, sql)
    return pa.table(Steps(con, sql, seconds).take(lambda: con.execute(sql).fetchnumpy()))


def stream(con: duckdb.DuckDBPyConnection, sql: str, *, seconds: float | None = None) -> pa.RecordBatchReader:
    """The answer to one question, a few rows at a time, in memory that does not grow with it.

    The connection cannot be asked again before the answer is read or given up.

    Args:
        con: As `open_published` gave it.
        sql: The statement.
        seconds: How long DuckDB may take; what the reader takes does not count. None is without limit.
    Raises:
        QueryError: DuckDB's sentence, with line and column if it has them; it is not a question; or it took too
            long or too much. All but the first two also come while the answer is read.
    """
    expect_question(con, sql)
    if SHOW_TABLES.fullmatch(sql):
        sql = read_statement("select_tables")
    steps = Steps(con, sql, seconds)
    reader = steps.take(lambda: con.sql(sql).to_arrow_reader(BATCH_ROWS))

    def batches() -> Iterator[pa.RecordBatch]:
        while (batch := steps.take(lambda: next(reader, None))) is not None:
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


# Seconds that DuckDB may go on after an interrupt.
GRACE_S = 5.0


@dataclass
class Steps:
    """What DuckDB does for one question, step by step, while this thread listens for Ctrl-C.

    Attributes:
        con: The connection.
        sql: The question.
        seconds: What all steps together may take; None is without limit.
        taken_s: What they took.
    """

    con: duckdb.DuckDBPyConnection
    sql: str
    seconds: float | None
    taken_s: float = 0.0
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def take(self, step: Callable[[], T]) -> T:
        """Take one step.

        Raises:
            QueryError: It failed, or there was no time left.
            StuckError: It does not stop: DuckDB looks up between portions of rows only, not within one value.
        """
        left = None if self.seconds is None else min(max(self.seconds - self.taken_s, 0), TIMEOUT_MAX)
        start = time.monotonic()
        future = self.worker.submit(step)
        try:
            if wait([future], left).done:
                return future.result()
        except MemoryError as exc:
            raise QueryError(TOO_MUCH) from exc
        except (duckdb.Error, pa.ArrowException, OSError) as exc:
            raise QueryError(explain(self.con, exc, self.sql)) from exc
        finally:
            # The connection must be idle before it is closed, after Ctrl-C too.
            stopped = time.monotonic()
            while not wait([future], 0.1).done:
                self.con.interrupt()
                if time.monotonic() - stopped > GRACE_S:
                    raise StuckError("The question does not stop, and was left: one value of it takes too long.")
            self.taken_s += time.monotonic() - start
        raise QueryError(
            f"The question was stopped after {self.seconds:g} s; ask for less, or allow more with --timeout."
        )


def expect_question(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse anything but a single reading statement, judged by DuckDB's own parser.

    Raises:
        QueryError: In one sentence.
    """
    try:
        sql.encode()
    except UnicodeEncodeError as exc:
        raise QueryError("The statement is not UTF-8 text; save it as such.") from exc
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as exc:
        raise QueryError(sentence(exc, sql)) from exc
    if not statements:
        raise QueryError("There is no statement.")
    if len(statements) == 1 and is_question(con, statements[0]):
        return
    if re.search(r"\bpivot", sql, re.IGNORECASE):
        raise QueryError("PIVOT needs to know its columns: write them, as in `ON year IN (2024, 2025)`.")
    if len(statements) > 1:
        raise QueryError(f"One statement at a time: these are {len(statements)}.")
    raise QueryError(
        f"Only questions are answered, and this is {kind(statements[0])}: write SELECT, FROM, WITH, VALUES, "
        "DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN before one of them."
    )


def is_question(con: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Whether a statement only reads: DuckDB calls it a SELECT, or it is the EXPLAIN of one."""
    if kind(statement) != "EXPLAIN":
        return kind(statement) == "SELECT"
    # The explained statement is the first rest of the text that parses by itself. Token offsets are in bytes.
    text = statement.query.encode()
    for start, _ in duckdb.tokenize(statement.query)[1:]:
        try:
            explained = con.extract_statements(text[start:].decode())
        except (duckdb.Error, UnicodeDecodeError):
            continue
        if explained:
            return [kind(part) for part in explained] == ["SELECT"]
    return False


def kind(statement: duckdb.Statement) -> str:
    """What DuckDB calls a statement; of UPDATE EXTENSIONS its Python package has no name."""
    try:
        return statement.type.name
    except ValueError:
        return "another statement"


TOO_MUCH = "The question needs more memory than it may have; ask for less, or give --memory."


def explain(con: duckdb.DuckDBPyConnection, exc: Exception, sql: str) -> str:
    """An error of a question in one sentence."""
    if isinstance(exc, duckdb.OutOfMemoryException) or '"exception_type":"Out of Memory"' in str(exc):
        return TOO_MUCH
    return sentence(find_position(con, sql, exc), sql)


def find_position(con: duckdb.DuckDBPyConnection, sql: str, error: Exception) -> Exception:
    """The same error with its position, which DuckDB gives only if it executes the statement itself."""
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return error
    try:
        con.execute(sql)
    except duckdb.Error as exc:
        return exc
    return error


def sentence(exc: Exception, sql: str) -> str:
    """DuckDB's error in one sentence, with the position in the statement where DuckDB gives one.

    Args:
        exc: The error, its facts as JSON if DuckDB gives them so (`errors_as_json`).
        sql: The statement.
    """
    text = str(exc)
    try:
        facts = json.loads(text[text.index("{") :])
        text = f"{facts['exception_type']} Error: {facts['exception_message']}"
    except (ValueError, TypeError, KeyError):
        facts = {}
    text = " ".join(text.split())
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
        rows = con.execute(read_statement("select_run_changes"), {"run_id": run_id}).fetchall()
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


def read_retracted(directory: DataDirectory, first_run_id: str, last_run_id: str) -> list[int]:
    """Citations that are retracted since some runs, or came with them retracted already.

    Raises:
        StoreError: There is no published file, or it cannot be read.
    """
    con = open_published(directory)
    try:
        statement = read_statement("select_retracted")
        rows = con.execute(statement, {"first_run_id": first_run_id, "last_run_id": last_run_id}).fetchall()
    finally:
        con.close()
    return [pmid for (pmid,) in rows]


def ask_status(con: duckdb.DuckDBPyConnection, directory: DataDirectory) -> pa.Table:
    """The counts of `select_status`.

    Raises:
        StoreError: The file was built before there was what they ask.
    """
    try:
        return ask(con, read_statement("select_status"))
    except QueryError as exc:
        if "does not exist" not in str(exc):
            raise
        renewed = "the next refresh renews it, or `corpus rebuild`."
        raise StoreError(f"{directory.database} was built by an earlier version; {renewed}") from exc


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
        counts = ask_status(con, directory)
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

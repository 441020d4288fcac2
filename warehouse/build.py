"""The DuckDB file: built beside the published one from the committed runs, checked, and put in its place.

Nothing ever opens the published file read-write, so a reader keeps the snapshot it opened and nobody waits for a lock.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.current import columns_ddl, literal, open_memory, quoted, view_runs
from warehouse.errors import CheckError, StoreError
from warehouse.schema import CONFLICT, TABLES, Table
from warehouse.store import DataDirectory, sync

SQL_FOLDER = Path(__file__).parent / "sql"

# Files of this version can be read by DuckDB 1.x clients as well.
STORAGE_VERSION = "v1.0.0"


@dataclass(frozen=True)
class SqlFile:
    """One statement, with what its head says.

    Attributes:
        name: Name of the file without its ending, `<verb>_<object>`.
        comment: The `--` lines at its top, joined.
        statement: The SQL.
    """

    name: str
    comment: str
    statement: str


def read_sql(verb: str) -> list[SqlFile]:
    """The SQL files whose names begin with a verb, sorted by name."""
    files = []
    for path in sorted(SQL_FOLDER.glob(f"{verb}_*.sql")):
        text = path.read_text(encoding="utf-8")
        head = re.match(r"(?:--.*\n)*", text)
        lines = head.group().splitlines() if head else []
        comment = " ".join(line.removeprefix("--").strip() for line in lines)
        files.append(SqlFile(path.stem, comment, text))
    return files


def publish(directory: DataDirectory) -> dict[str, int]:
    """Build the next `corpus.duckdb` from all committed runs, check it and put it in the place of the published one.

    Returns:
        Rows of each table.
    Raises:
        CheckError: What was built does not hold; the published file stays as it was.
        StoreError: A run cannot be read, or the file cannot be written.
    """
    target = directory.staging / f"corpus-{os.getpid()}.duckdb"
    try:
        directory.staging.mkdir(parents=True, exist_ok=True)
        for stale in directory.staging.glob("corpus-*.duckdb*"):
            stale.unlink()
        counts = build(directory, target)
        sync(target)
        target.replace(directory.database)
        sync(directory.root)
    except duckdb.Error as exc:
        raise StoreError(f"{directory.database} was not renewed: {first_line(exc)}") from exc
    except OSError as exc:
        raise StoreError(f"{directory.database} was not renewed: {exc.strerror or exc}; the old one stays.") from exc
    finally:
        with suppress(OSError):
            target.unlink(missing_ok=True)
    return counts


def build(directory: DataDirectory, target: Path) -> dict[str, int]:
    """Make a DuckDB file of all committed runs, with tables, comments and views, checked and closed.

    Returns:
        Rows of each table.
    Raises:
        CheckError: A check found rows.
        duckdb.Error: DuckDB cannot read a run or write the file.
    """
    con = open_memory()
    try:
        view_runs(con, directory)
        con.execute(f"ATTACH {literal(str(target))} AS next (STORAGE_VERSION {literal(STORAGE_VERSION)})")
        con.execute("USE next")
        con.execute("BEGIN")
        for table in TABLES.values():
            if not table.is_raw:
                create_table(con, table)
        for file in read_sql("insert"):
            con.execute(file.statement)
        for file in read_sql("create"):
            con.execute(file.statement)
            comment_on_view(con, file)
        check_build(con)
        counts = count_rows(con)
        con.execute("COMMIT")
        con.execute("CHECKPOINT next")
        con.execute("USE memory")
        con.execute("DETACH next")
    finally:
        con.close()
    return counts


def create_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create a table, fill it with the rows that hold now in the order of their key, and comment it."""
    name = quoted(table.name)
    con.execute(f"CREATE TABLE {name} ({columns_ddl(table)})")
    if table is not CONFLICT:
        columns = ", ".join(quoted(c) for c in table.column_names)
        key = ", ".join(quoted(c) for c in table.key)
        con.execute(f"INSERT INTO {name} SELECT {columns} FROM current_{table.name} ORDER BY {key}")
    comment = f"One row is: {table.row} Key: {', '.join(table.key)}."
    con.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
    for column in table.columns:
        null = f" Null: {column.null}" if column.null else ""
        con.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.doc + null)}")


def comment_on_view(con: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    """Give a view or a macro the comment at the head of its file."""
    created = re.search(r"^CREATE (VIEW|MACRO) (\w+)(.*?\bAS TABLE\b)?", file.statement, re.MULTILINE | re.DOTALL)
    if created is None:
        raise CheckError(f"warehouse/sql/{file.name}.sql creates neither a view nor a macro.")
    kind = created[1] if created[1] == "VIEW" else "MACRO TABLE" if created[3] else "MACRO"
    con.execute(f"COMMENT ON {kind} {quoted(created[2])} IS {literal(file.comment)}")


def check_build(con: duckdb.DuckDBPyConnection) -> None:
    """Keys are unique, and no check in `sql/check_*.sql` returns a row.

    Raises:
        CheckError: Names the table or the check and the first row.
    """
    for table in TABLES.values():
        if not table.is_raw:
            key = ", ".join(quoted(c) for c in table.key)
            query = f"SELECT {key}, count(*) FROM {quoted(table.name)} GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
            if rows := con.execute(query).fetchall():
                raise CheckError(f"Two rows of {table.name} have the key {rows[0][:-1]}; nothing was published.")
    for file in read_sql("check"):
        if rows := con.execute(file.statement).fetchall():
            raise CheckError(f"{file.comment} Found: {rows[:3]}; nothing was published.")


def count_rows(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of each table."""
    names = [table.name for table in TABLES.values() if not table.is_raw]
    query = " UNION ALL ".join(f"SELECT {literal(n)}, count(*) FROM {quoted(n)}" for n in names)
    return dict(con.execute(query).fetchall())


def first_line(exc: Exception) -> str:
    """The first line of an error's message."""
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__

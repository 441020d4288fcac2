"""What must hold of a file that was built before it is published."""

from collections.abc import Mapping

import duckdb

from warehouse.current import quoted
from warehouse.errors import CheckError
from warehouse.fill import names_of
from warehouse.portions import EVERYTHING, ranges_of
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import DERIVED, Table
from warehouse.schema.derived import CHANGE, POSTING_LIST
from warehouse.schema.ledger import RUN
from warehouse.schema.tables import TABLES
from warehouse.sql_files import read_sql

# Keys that are counted together, in memory.
KEYS_CHECKED_AT_ONCE = 1_000_000


def check_build(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int], *, base: str | None = None) -> None:
    """Keys are unique, and no check in `sql/check_*.sql` returns a row.

    Args:
        con: With the file that is built in use, and the views of warehouse/current.py.
        counts: Rows of each table.
        base: Given if it was brought up to date: keys that nothing was put in for were checked when they were.
    Raises:
        CheckError: Names the table or the check and the first rows.
    """
    tables = [t for t in TABLES.values() if not t.is_raw]
    if base:
        new = names_of(con, "table_file")
        tables = [table for table in tables if table.owner == DERIVED or table.name in new]
    keys = f"put_{CITATION.name}" if base else CITATION.name
    ((put,),) = con.execute(f"SELECT count(*) FROM {keys}").fetchall()
    for table in tables:
        # The lists of words are grouped by key on insertion.
        if table is not POSTING_LIST and counts[table.name]:
            key = ", ".join(quoted(c) for c in table.key)
            which = put_in(table) if base else "true"
            count = 1 + counts[table.name] * put // max(1, counts[CITATION.name]) // KEYS_CHECKED_AT_ONCE
            for part in ranges_of(con, keys, CITATION, count) if "pmid" in table.key else [EVERYTHING]:
                rows = con.execute(
                    f"""SELECT {key}, count(*) FROM {quoted(table.name)} WHERE {which} AND {part}
                    GROUP BY ALL HAVING count(*) > 1 LIMIT 1"""
                ).fetchall()
                if rows:
                    raise CheckError(f"Two rows of {table.name} have the key {rows[0][:-1]}; nothing was published.")
    view_checked(con, base)
    for file in read_sql("check"):
        if rows := con.execute(file.statement).fetchall():
            raise CheckError(f"{file.comment} Found: {rows[:3]}; nothing was published.")


def view_checked(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Create `checked_<table>`, the rows that the checks look at: all or, of a copy, those that the runs can change."""
    for table in (RUN, *(t for t in TABLES.values() if t.owner == CITATION.name)):
        touched = "new_run USING (run_id)" if table is RUN else f"gone_{CITATION.name} USING (pmid)"
        which = f"SEMI JOIN {touched}" if base else ""
        con.execute(f"CREATE OR REPLACE TEMP VIEW checked_{table.name} AS FROM {quoted(table.name)} {which}")


def put_in(table: Table) -> str:
    """A condition that the rows which a run put into a table meet; others may."""
    if table.is_log or table is CHANGE:
        return "run_id IN (SELECT run_id FROM new_run)"
    owner = TABLES.get(table.owner, table) if table.owner != DERIVED else CITATION
    key = owner.key[0]
    return f"{key} IN (SELECT {key} FROM put_{owner.name})" if key in table.column_names else "true"

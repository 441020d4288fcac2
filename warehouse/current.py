"""The committed runs as DuckDB views: every row of every run, and the rows that hold now.

`run_<table>` has the rows of all runs; `current_<table>` has those that no later run replaced. The published file and
the plan of the next run are both made from them.
"""

from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.errors import StoreError
from warehouse.schema import CITATION, CONFLICT, DELETED_CITATION, SEED_CITATION, SEED_DOCUMENT, TABLES, Table
from warehouse.store import DataDirectory, run_folders

DUCKDB_TYPES = {
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.large_binary(): "BLOB",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
}


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def columns_ddl(table: Table, *, run_id: bool = False) -> str:
    """The column list of CREATE TABLE, with a `run_id` as Parquet has it if asked for."""
    columns = [f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}{'' if c.null else ' NOT NULL'}" for c in table.columns]
    if run_id and "run_id" not in table.column_names:
        columns.append("run_id VARCHAR NOT NULL")
    return ", ".join(columns)


def open_memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that loads no extension and shows no progress bar."""
    con = duckdb.connect()
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    con.execute("SET enable_progress_bar = false")
    return con


def view_runs(con: duckdb.DuckDBPyConnection, directory: DataDirectory) -> None:
    """Create `run_<table>` and `current_<table>` for every table, over the runs committed now.

    Raises:
        StoreError: A Parquet file cannot be read.
    """
    folders = run_folders(directory)
    for table in TABLES.values():
        create_run_view(con, table, folders)
    for table in (SEED_DOCUMENT, SEED_CITATION, CITATION):
        create_current_view(con, table)
    for table in sorted(TABLES.values(), key=lambda t: bool(t.owner)):
        if table not in (SEED_DOCUMENT, SEED_CITATION, CITATION, CONFLICT) and not table.is_raw:
            create_current_view(con, table)


def create_run_view(con: duckdb.DuckDBPyConnection, table: Table, folders: list[Path]) -> None:
    """Create `run_<table>`: the rows of every run, with `run_id`; without a file of it, an empty table."""
    files = [file for folder in folders if (file := folder / f"{table.name}.parquet").exists()]
    # The declared columns come first, so that a file written before a column was declared still has it, as null.
    con.execute(f"CREATE TEMP TABLE empty_{table.name} ({columns_ddl(table, run_id=True).replace(' NOT NULL', '')})")
    query = f"SELECT * FROM empty_{table.name}"
    if files:
        names = ", ".join(literal(str(file)) for file in files)
        query += f" UNION ALL BY NAME SELECT * FROM read_parquet([{names}], union_by_name = true)"
    try:
        con.execute(f"CREATE TEMP VIEW run_{table.name} AS {query}")
    except duckdb.Error as exc:
        sentence = str(exc).splitlines()[0]
        raise StoreError(f"A file of table {table.name} cannot be read: {sentence}; run `corpus check`.") from exc


# Seed text is no match for a record, and goes with the seed page that it stands in.
ON_A_SEED_PAGE = """source <> 'seed' OR pmid IN (
    SELECT pmid FROM current_seed_document WHERE NOT is_removed UNION ALL SELECT pmid FROM current_seed_citation)"""

# A PMID that is delivered again was not withdrawn for good.
NOT_DELIVERED_SINCE = """NOT EXISTS (FROM run_citation later
    WHERE later.pmid = run_deleted_citation.pmid AND later.source <> 'seed'
        AND later.run_id > run_deleted_citation.run_id)"""


def create_current_view(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create `current_<table>`: the rows that no later run replaced."""
    name = table.name
    if table.is_log:
        query = f"FROM run_{name}"
    elif table.owner:
        key = ", ".join(table.owner_key)
        query = f"FROM run_{name} SEMI JOIN key_{table.owner} USING ({key}, run_id)"
    else:
        where = {CITATION: ON_A_SEED_PAGE, DELETED_CITATION: NOT_DELIVERED_SINCE}.get(table, "true")
        rank = "source <> 'seed' DESC, run_id DESC" if table is CITATION else "run_id DESC"
        query = f"""FROM run_{name} WHERE {where}
            QUALIFY row_number() OVER (PARTITION BY {", ".join(table.key)} ORDER BY {rank}) = 1"""
    con.execute(f"CREATE TEMP VIEW current_{name} AS {query}")
    if any(part.owner == name for part in TABLES.values()):
        # Which run's rows hold is found once, not for each of the tables that ask.
        con.execute(f"CREATE TEMP TABLE key_{name} AS SELECT {', '.join(table.key)}, run_id FROM current_{name}")

"""The committed runs as DuckDB views: every row of every run, and the rows that hold now.

`new_<table>` has the rows of the runs that are read; `run_<table>` has those and, where a published file is brought up
to date, its own rows that they touch; `current_<table>` has those that no later run replaced. The published file and
the plan of the next run are both made from them. `table_file` has the files of each table with their bytes.

Example: the published file has PMIDs 7 ("Old") and 8 of run A; run B has brought 7 ("New"). Of a build that adds B:

    new_citation      (7, B, "New")
    touched_citation  7                               what the new run may replace
    run_citation      (7, B, "New"), (7, A, "Old")    8 is not touched, and stays in the file as it is
    key_citation      (7, B)                          the later run holds
    current_citation  (7, B, "New")
    current_<part>    the rows of 7 that B has        parts go with their owner
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.errors import StoreError
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import DERIVED, PROGRAM, Table
from warehouse.schema.deliveries import DELIVERY, FILE
from warehouse.schema.ledger import DELETED_CITATION
from warehouse.schema.links import LINK_LIST, LINKOUT_LIST
from warehouse.schema.members import MEMBER
from warehouse.schema.mesh_vocabulary import MESH_FILE
from warehouse.schema.seeds import SEED_CITATION, SEED_DOCUMENT
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory, run_folders, run_ids_of

DUCKDB_TYPES = {
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.list_(pa.int32()): "INTEGER[]",
    pa.list_(pa.int64()): "BIGINT[]",
    pa.large_binary(): "BLOB",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
}

# DuckDB's memory per thread, for at least two; beyond that it spills to disk.
MEMORY_MB_A_THREAD = 80

# DuckDB holds keys in memory: about one byte for each 8 bytes of Parquet.
KEYS_SHARE = 8

# What DuckDB takes by itself is 80 % of the machine's memory, or of its container's; a build afresh takes a quarter.
QUARTER = 0.25 / 0.8

UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

# Tables whose rows replace each other by key, together with their parts. Seed pages come first, because citations known
# from them alone go with them.
OWNERS = (SEED_DOCUMENT, CITATION, LINK_LIST, LINKOUT_LIST, MEMBER, DELETED_CITATION, DELIVERY, FILE, MESH_FILE)

# The tables that say which seed text holds.
ON_PAGES = (SEED_DOCUMENT, SEED_CITATION)


def use_file(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Look up unqualified names in an attached file: in the corpus first, then in the program's schema."""
    query = "SELECT 1 FROM duckdb_schemas() WHERE database_name = $1 AND schema_name = $2"
    has_program = con.execute(query, [name, PROGRAM]).fetchall()
    con.execute(f"SET search_path = {literal(f'{name}.main,{name}.{PROGRAM}' if has_program else f'{name}.main')}")


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


def memory_of(con: duckdb.DuckDBPyConnection) -> int:
    """Bytes that DuckDB may hold in memory."""
    ((text,),) = con.execute("SELECT current_setting('memory_limit')").fetchall()
    number, unit = text.split()
    return int(float(number) * UNITS[unit])


def limit(
    con: duckdb.DuckDBPyConnection, directory: DataDirectory, size: int | None, *, sorts_all: bool = False
) -> None:
    """Give DuckDB its threads, and the memory for a step.

    Args:
        con: DuckDB in memory, with its own limit.
        directory: May say both.
        size: Bytes of Parquet that the step reads; None lets DuckDB take what it takes by itself, which is most of
            the machine's memory, unless the directory says how much.
        sorts_all: The step sorts the whole corpus: it may take a quarter of the machine's memory, if that is more.
    """
    if directory.threads:
        con.execute(f"SET threads = {directory.threads}")
    ((threads,),) = con.execute("SELECT current_setting('threads')").fetchall()
    memory_mb = directory.memory_mb
    if memory_mb is None and size is not None:
        memory_mb = MEMORY_MB_A_THREAD * max(2, threads) + size // KEYS_SHARE // 1_000_000
        if sorts_all:
            memory_mb = max(memory_mb, int(memory_of(con) * QUARTER) // 1_000_000)
    if memory_mb is not None:
        con.execute(f"SET memory_limit = '{memory_mb}MB'")


def open_memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that loads no extension and shows no progress bar."""
    con = duckdb.connect()
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    con.execute("SET enable_progress_bar = false")
    return con


def view_runs(
    con: duckdb.DuckDBPyConnection,
    directory: DataDirectory,
    *,
    run_ids: Collection[str] | None = None,
    base: str | None = None,
    tables: Collection[Table] | None = None,
) -> None:
    """Create `new_<table>`, `run_<table>` and `current_<table>` for every table, over the runs committed now.

    Args:
        con: Where to create them.
        directory: The data directory.
        run_ids: Read only these runs.
        base: The attached file that has all runs before them.
        tables: Only these, and the seed pages, on which it depends whether seed text holds.
    Raises:
        StoreError: A Parquet file cannot be read.
    """
    folders = run_folders(directory)
    con.execute("CREATE TEMP TABLE table_file (table_name VARCHAR, file_name VARCHAR, file_bytes BIGINT)")
    if run_ids is not None:
        folders = [folder for folder in folders if not set(run_ids).isdisjoint(run_ids_of(folder))]
        con.execute("CREATE TEMP TABLE asked_run (run_id VARCHAR)")
        con.execute("INSERT INTO asked_run SELECT unnest($1)", [list(run_ids)])
    seen = [t for t in TABLES.values() if t.owner != DERIVED and (tables is None or t in (*tables, *ON_PAGES))]
    owners = [owner for owner in OWNERS if owner in seen]
    for table in seen:
        create_new_view(con, table, folders, is_restricted=run_ids is not None)
    if base:
        for owner in owners:
            create_touched(con, owner, base)
    for table in seen:
        create_run_view(con, table, base)
    for owner in owners:
        create_key(con, owner)
        for table in seen:
            if table.owner == owner.name:
                create_current_view(con, table, owner)
    for table in seen:
        if table.is_log:
            con.execute(f"CREATE TEMP VIEW current_{table.name} AS FROM run_{table.name}")


def create_new_view(con: duckdb.DuckDBPyConnection, table: Table, folders: list[Path], *, is_restricted: bool) -> None:
    """Create `new_<table>`: the rows of the runs' files, with `run_id`; without a file of it, an empty table."""
    files = [file for folder in folders if (file := folder / f"{table.name}.parquet").exists()]
    # Declared columns come first, so a file written before a column was declared has it as null.
    columns = columns_ddl(table, run_id=True).replace(" NOT NULL", "")
    chunk = "" if "chunk_order" in table.column_names else ", chunk_order INTEGER"
    con.execute(f"CREATE TEMP TABLE empty_{table.name} ({columns}{chunk})")
    names, sizes = [str(file) for file in files], [file.stat().st_size for file in files]
    if names:
        con.execute(
            "INSERT INTO table_file SELECT $1, unnest($2::VARCHAR[]), unnest($3::BIGINT[])", [table.name, names, sizes]
        )
    try:
        query = rows_of_files(table, names, is_restricted=is_restricted)
        con.execute(f"CREATE TEMP VIEW new_{table.name} AS {query}")
    except duckdb.Error as exc:
        sentence = str(exc).splitlines()[0]
        raise StoreError(f"A file of table {table.name} cannot be read: {sentence}; run `corpus check`.") from exc


def rows_of_files(table: Table, files: Sequence[str], *, is_restricted: bool) -> str:
    """The query for the rows of some files of a table, with the columns of `new_<table>`.

    Args:
        table: Whose `empty_<table>` is there.
        files: Their paths; without any, there are no rows.
        is_restricted: Rows of the runs in `asked_run` alone.
    """
    query = f"SELECT * FROM empty_{table.name}"
    if files:
        names = ", ".join(map(literal, files))
        where = " WHERE run_id IN (FROM asked_run)" if is_restricted else ""
        query += f" UNION ALL BY NAME SELECT * FROM read_parquet([{names}], union_by_name = true){where}"
    # Of a table that was moved as it was read, the chunk that each row was read from is left out.
    select = "SELECT *" if "chunk_order" in table.column_names else "SELECT * EXCLUDE (chunk_order)"
    return f"{select} FROM ({query})"


# What a run can change of an owner's rows besides those that it has itself: seed text goes with its page and may stand
# on any other, and a PMID that is delivered again was not withdrawn for good.
ALSO_TOUCHED = {
    SEED_DOCUMENT: "SELECT seed_id FROM {base}.seed_document",
    CITATION: """SELECT pmid FROM new_seed_document UNION ALL SELECT pmid FROM new_seed_citation UNION ALL
        SELECT pmid FROM {base}.seed_document SEMI JOIN new_seed_document USING (seed_id) UNION ALL
        SELECT pmid FROM {base}.seed_citation SEMI JOIN new_seed_document USING (seed_id)""",
    DELETED_CITATION: "SELECT pmid FROM new_citation",
}


def create_touched(con: duckdb.DuckDBPyConnection, owner: Table, base: str) -> None:
    """Create `touched_<owner>`: the keys of the rows that the new runs may replace."""
    key = ", ".join(owner.key)
    query = f"SELECT {key} FROM new_{owner.name}"
    if owner in ALSO_TOUCHED:
        query += f" UNION ALL {ALSO_TOUCHED[owner].format(base=base)}"
    con.execute(f"CREATE TEMP TABLE touched_{owner.name} AS SELECT DISTINCT {key} FROM ({query})")


def create_run_view(con: duckdb.DuckDBPyConnection, table: Table, base: str | None) -> None:
    """Create `run_<table>`: `new_<table>`, and the rows of the base that it touches."""
    query = f"SELECT * FROM new_{table.name}"
    if base and table in OWNERS:
        touched = f"SEMI JOIN touched_{table.name} USING ({', '.join(table.key)})"
        query += f" UNION ALL BY NAME SELECT * FROM {base}.{table.name} {touched}"
    elif base and table.owner:
        key = ", ".join(table.owner_key)
        run_id = f"SELECT {key}, run_id FROM {base}.{table.owner} SEMI JOIN touched_{table.owner} USING ({key})"
        if "run_id" in table.column_names:
            query += f" UNION ALL BY NAME SELECT * FROM {base}.{table.name} SEMI JOIN ({run_id}) USING ({key})"
        else:
            query += f" UNION ALL BY NAME SELECT * FROM {base}.{table.name} JOIN ({run_id}) USING ({key})"
    con.execute(f"CREATE TEMP VIEW run_{table.name} AS {query}")


# A record beats seed text, and seed text goes with its page.
ON_A_SEED_PAGE = """source <> 'seed' OR pmid IN (
    SELECT pmid FROM current_seed_document WHERE NOT is_removed UNION ALL SELECT pmid FROM current_seed_citation)"""

# A PMID that is delivered again is no longer withdrawn.
NOT_DELIVERED_SINCE = """NOT EXISTS (FROM run_citation later
    WHERE later.pmid = run_deleted_citation.pmid AND later.source <> 'seed'
        AND later.run_id > run_deleted_citation.run_id)"""

# What decides which run's row of a key holds, if not the later run.
RANKS = {CITATION: "(source <> 'seed', run_id)", MESH_FILE: "(mesh_year, run_id)"}


def create_key(con: duckdb.DuckDBPyConnection, owner: Table) -> None:
    """Create `key_<owner>`, which run's row holds for each key, and `current_<owner>`, those rows.

    Which rows hold is found once, over the narrow key, not for each of the tables that ask.
    """
    name, key = owner.name, ", ".join(owner.key)
    where = {CITATION: ON_A_SEED_PAGE, DELETED_CITATION: NOT_DELIVERED_SINCE}.get(owner, "true")
    rank = RANKS.get(owner, "run_id")
    con.execute(
        f"""CREATE TEMP TABLE key_{name} AS
        SELECT {key}, arg_max(run_id, {rank}) AS run_id FROM run_{name} WHERE {where} GROUP BY {key}"""
    )
    con.execute(f"CREATE TEMP VIEW current_{name} AS FROM run_{name} SEMI JOIN key_{name} USING ({key}, run_id)")


def create_current_view(con: duckdb.DuckDBPyConnection, table: Table, owner: Table) -> None:
    """Create `current_<table>` of a table of parts: those of the rows of its owner that hold."""
    key = ", ".join(table.owner_key)
    con.execute(
        f"CREATE TEMP VIEW current_{table.name} AS "
        f"FROM run_{table.name} SEMI JOIN key_{owner.name} USING ({key}, run_id)"
    )

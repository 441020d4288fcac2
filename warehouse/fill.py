"""The tables of the DuckDB file, filled from the committed runs: all of them, or those that the file has not seen.

Both ways run the same statements over the views of warehouse/current.py, so that both give the same content.
"""

import duckdb

from warehouse.content import add_digest
from warehouse.current import OWNERS, columns_ddl, literal, quoted
from warehouse.portions import delete_rows, parts_of, ranges_of, rows_between
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import PROGRAM, Table
from warehouse.schema.derived import (
    ARTICLE_LIST,
    ARTICLE_MESH,
    BUILD,
    CITATION_DOI,
    CITATION_PAST,
    CONFLICT,
    JOURNAL_NAME,
    MEMBER_PAST,
    MESH_BELOW,
    MESH_NAME,
)
from warehouse.schema.mesh_vocabulary import MESH_FILE
from warehouse.schema.tables import TABLES
from warehouse.search_index import fill_search, note_words
from warehouse.sql_files import read_statement

# Columns ignored when deciding whether a citation changed.
UNCOMPARED = ("pmid", "run_id", "fetched_at", "content_sha256")


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create every table, empty, with its comments."""
    con.execute(f"CREATE SCHEMA {PROGRAM}")
    for table in TABLES.values():
        if not table.is_raw:
            create_table(con, table)


def create_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create a table and comment it and its columns."""
    name = f"{table.schema}.{quoted(table.name)}"
    comment = f"One row is: {table.row} Key: {', '.join(table.key)}."
    statements = [f"CREATE TABLE {name} ({columns_ddl(table)})", f"COMMENT ON TABLE {name} IS {literal(comment)}"]
    for column in table.columns:
        null = f" Null: {column.null}" if column.null else ""
        statements.append(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.doc + null)}")
    con.execute("; ".join(statements))


def fill_tables(con: duckdb.DuckDBPyConnection, *, base: str | None) -> None:
    """Bring every table up to date with the runs of the views.

    Args:
        con: With the views, and the file that is built in use.
        base: Its name, if it has earlier runs already.
    """
    for owner in OWNERS:
        create_put(con, owner, base)
    fill_history(con)
    if base and has_rows(con, f"held_{CITATION.name}"):
        note_words(con)
    held, new = names_of(con, "content WHERE row_count > 0"), names_of(con, "table_file")
    for owner in OWNERS:
        tables = [owner, *(table for table in TABLES.values() if table.owner == owner.name)]
        if base and has_rows(con, f"held_{owner.name}"):
            for table in tables[1:] + tables[:1]:
                if table.name in held:
                    remove_gone(con, table, owner, base)
        if has_rows(con, f"put_{owner.name}"):
            for table in tables:
                if table.name in new:
                    insert_put(con, table, owner)
    if has_rows(con, f"put_{MESH_FILE.name}") or (base and has_rows(con, f"held_{MESH_FILE.name}")):
        refill(con, MESH_NAME, MESH_BELOW)
    fill_lists(con, base)
    fill_search(con, base)
    for table in TABLES.values():
        if table.is_log and not table.is_raw and table.name in new:
            insert_rows(con, table, f"new_{table.name}")
            add_digest(con, table, f"new_{table.name}", sign=1)
    refill(con, CONFLICT)


def create_put(con: duckdb.DuckDBPyConnection, owner: Table, base: str | None) -> None:
    """Create `gone_<owner>`, keys whose rows do not hold any longer, and `put_<owner>`, the rows that take their place.

    A row that was touched and holds as before is in neither. `held_<owner>` has the keys that are gone and that the
    base has rows of: without any, nothing has to be taken out.
    """
    name, key = owner.name, ", ".join(owner.key)
    if base is None:
        con.execute(f"CREATE TEMP VIEW put_{name} AS FROM key_{name}")
        return
    con.execute(
        f"""CREATE TEMP TABLE gone_{name} AS SELECT {key} FROM touched_{name}
        ANTI JOIN (SELECT {key} FROM {base}.{name} SEMI JOIN key_{name} USING ({key}, run_id)) USING ({key})"""
    )
    con.execute(f"CREATE TEMP TABLE put_{name} AS FROM key_{name} SEMI JOIN gone_{name} USING ({key})")
    con.execute(f"CREATE TEMP TABLE held_{name} AS FROM gone_{name} SEMI JOIN {base}.{name} USING ({key})")


# Steps, from a row of a citation to the next one, that are compared together.
COMPARED_AT_ONCE = 3_000


def fill_history(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `citation_past`, `change` and `member_past`, while the tables still have what the runs replace."""
    for name in ("version_citation", "step_citation", "step_link_list"):
        con.execute(read_statement(f"temp_{name}"))
    columns = [c.name for c in CITATION.columns if c.name not in UNCOMPARED]
    names = ", ".join(literal(name) for name in columns)
    values = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in columns)
    past = ", ".join(quoted(name) for name in CITATION_PAST.column_names)
    con.execute(
        f"""INSERT INTO {CITATION_PAST.name} SELECT {past}
        FROM run_citation JOIN version_citation USING (pmid, run_id, source) WHERE until_run_id IS NOT NULL
        ORDER BY pmid, run_id"""
    )
    con.execute(read_statement(f"insert_{MEMBER_PAST.name}"))
    con.execute("CREATE TEMP TABLE stepped AS FROM step_citation LIMIT 0")
    con.execute(
        f"""CREATE TEMP VIEW citation_field AS
        SELECT pmid, run_id, [{names}] AS names, [{values}] AS field_values
        FROM run_citation SEMI JOIN stepped USING (pmid)"""
    )
    for name in ("citation", "part"):
        insert_portions(con, "step_citation", "stepped", read_statement(f"insert_change_of_{name}"))
    insert_portions(con, "step_link_list", "stepped_list", read_statement("insert_change_of_link"))
    con.execute(read_statement("insert_change_of_presence"))


def insert_portions(con: duckdb.DuckDBPyConnection, steps: str, portion: str, statement: str) -> None:
    """Execute a statement on a table of steps, some of them at a time: their texts are held in memory meanwhile.

    Args:
        con: With the steps.
        steps: The table that has them.
        portion: The name under which the statement reads them.
        statement: What to execute.
    """
    ((count,),) = con.execute(f"SELECT count(*) FROM {steps}").fetchall()
    if count:
        for part in ranges_of(con, steps, CITATION, 1 + count // COMPARED_AT_ONCE):
            con.execute(f"CREATE OR REPLACE TEMP TABLE {portion} AS FROM {steps} WHERE {part}")
            con.execute(statement)


def names_of(con: duckdb.DuckDBPyConnection, tables: str) -> set[str]:
    """The names of some tables, by column `table_name`."""
    return {name for (name,) in con.execute(f"SELECT table_name FROM {tables}").fetchall()}


def remove_gone(con: duckdb.DuckDBPyConnection, table: Table, owner: Table, base: str) -> None:
    """Take out the rows of the keys that are gone."""
    add_digest(con, table, f"{table.name} SEMI JOIN gone_{owner.name} USING ({', '.join(owner.key)})", sign=-1)
    delete_rows(con, table, owner, base)


def insert_put(con: duckdb.DuckDBPyConnection, table: Table, owner: Table) -> None:
    """Put in the rows of the runs that hold now."""
    key = ", ".join(owner.key)
    for part in parts_of(con, table, owner):
        put = f"SEMI JOIN (FROM put_{owner.name} WHERE {part}) USING ({key}, run_id)"
        insert_rows(con, table, f"{rows_between(con, table, part)} {put}")
    add_digest(con, table, f"new_{table.name} SEMI JOIN put_{owner.name} USING ({key}, run_id)", sign=1)


# Citations whose lists are made together.
LISTED_AT_ONCE = 30_000


def fill_lists(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Take out the lists, descriptors and DOIs of citations that are gone, and put in those of what holds now."""
    for table in (ARTICLE_LIST, ARTICLE_MESH, CITATION_DOI) if base and has_rows(con, "held_citation") else ():
        delete_rows(con, table, CITATION, str(base))
    ((count,),) = con.execute(f"SELECT count(*) FROM put_{CITATION.name}").fetchall()
    if count:
        for part in ranges_of(con, f"put_{CITATION.name}", CITATION, 1 + count // LISTED_AT_ONCE):
            con.execute(f"CREATE OR REPLACE TEMP TABLE listed AS SELECT pmid FROM put_{CITATION.name} WHERE {part}")
            for table in (ARTICLE_LIST, ARTICLE_MESH, CITATION_DOI):
                con.execute(read_statement(f"insert_{table.name}"))
    refill(con, JOURNAL_NAME)


def refill(con: duckdb.DuckDBPyConnection, *tables: Table) -> None:
    """Fill tables again from the others, each by one statement."""
    for table in tables:
        con.execute(f"DELETE FROM {table.name}")
        con.execute(read_statement(f"insert_{table.name}"))


def has_rows(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether there is a row at all."""
    return bool(con.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall())


def insert_rows(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Insert rows of the runs in the order of the table's key."""
    columns = ", ".join(quoted(name) for name in table.column_names)
    key = ", ".join(quoted(name) for name in table.key)
    con.execute(f"INSERT INTO {quoted(table.name)} SELECT {columns} FROM {rows} ORDER BY {key}")


def note_build(con: duckdb.DuckDBPyConnection, facts: dict[str, str]) -> None:
    """Note the rules that the file is built by."""
    con.execute(f"DELETE FROM {BUILD.name}")
    con.executemany(f"INSERT INTO {BUILD.name} VALUES ($1, $2)", [list(fact) for fact in facts.items()])

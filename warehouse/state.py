"""The current state of the corpus, as the next run's plan and decisions need it."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.build import facts_of
from warehouse.current import limit, literal, memory_of, open_memory, quoted, view_runs
from warehouse.errors import StoreError
from warehouse.published import own_published
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import DERIVED, Table
from warehouse.schema.ledger import DELETED_CITATION
from warehouse.schema.seeds import SEED_DOCUMENT
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory, committed_runs, spill_folder

Connection = duckdb.DuckDBPyConnection


# Of a citation, what deciding asks for: a call that commits hundreds of runs holds it of all their records.
FOLLOWED = {
    CITATION: ("pmid", "pmid_version", "content_sha256", "date_revised", "source", "fetched_at", "run_id"),
}


# A plan that does not fit gets this many times the memory: several million members need more than a state begins with.
MEMORY_STEP = 8


def take_more_memory(con: Connection, directory: DataDirectory) -> None:
    """Give DuckDB more memory, at most what it takes by itself.

    Raises:
        StoreError: It has that already, or the directory says how much it may have.
    """
    before = memory_of(con)
    con.execute("RESET memory_limit")
    most = memory_of(con)
    if directory.memory_mb is not None or before >= most:
        raise StoreError(
            f"The plan over {directory.database} does not fit into DuckDB's memory of {before // 1_000_000:,} MB; "
            "set CORPUS_MEMORY_MB to more."
        )
    con.execute(f"SET memory_limit = '{min(most, MEMORY_STEP * before) // 1_000_000}MB'")


def open_state(
    directory: DataDirectory,
    tables: Collection[Table] | None = None,
    *,
    is_followed: bool = False,
    is_asked_often: bool = False,
) -> Connection:
    """A DuckDB in memory with what holds now, in schema `state`: a view a table, named as the table.

    The published file and the runs that it has not seen are read; every run folder only if there is no such file, or
    another program wrote to it.

    Args:
        directory: The data directory.
        tables: Those that will be read; all if not given.
        is_followed: Runs of files will be committed meanwhile, and `add_run` will add each.
        is_asked_often: There are many of them, and each asks again: what the published file has not seen is read once,
            into memory, instead of from the files of hundreds of runs each time.
    Raises:
        StoreError: A Parquet file cannot be read.
    """
    con = open_memory()
    con.execute(f"SET temp_directory = {literal(str(spill_folder(directory, 'state')))}")
    committed = committed_runs(directory)
    schema = "opened" if is_followed else "state"
    con.execute(f"CREATE SCHEMA {schema}")
    published = own_published(directory)
    base = None
    if published and published.run_ids <= committed.keys() and published.facts == facts_of(directory):
        base, new = "published", frozenset(committed) - published.run_ids
        limit(con, directory, sum(committed[run_id] for run_id in new))
        con.execute(f"ATTACH {literal(str(directory.database))} AS published (READ_ONLY)")
        view_runs(con, directory, run_ids=new, base=base, tables=tables)
    else:
        limit(con, directory, sum(committed.values()))
        view_runs(con, directory, tables=tables)
    for table in TABLES.values():
        if table.owner != DERIVED and not table.is_raw and (tables is None or table in tables):
            rows = f"new_{table.name}" if base and table.is_log else f"current_{table.name}"
            if is_asked_often:
                rows = keep_rows(con, table, rows)
            con.execute(f"CREATE VIEW {schema}.{quoted(table.name)} AS {state_query(table, base, rows)}")
    if is_followed:
        follow_runs(con, tables or ())
    return con


def keep_rows(con: Connection, table: Table, rows: str) -> str:
    """Read rows of runs into memory; the relation that has them.

    Raises:
        StoreError: A Parquet file cannot be read.
    """
    columns = ", ".join(map(quoted, FOLLOWED.get(table, table.column_names)))
    try:
        con.execute(f"CREATE TEMP TABLE read_{table.name} AS SELECT {columns} FROM {rows}")
    except duckdb.Error as exc:
        reason = str(exc).splitlines()[0]
        raise StoreError(f"A file of table {table.name} cannot be read: {reason}; run `corpus check`.") from exc
    return f"read_{table.name}"


def follow_runs(con: Connection, tables: Collection[Table]) -> None:
    """Create schema `state` over what held when it was opened and what `add_run` adds: `later_<table>`, empty here."""
    con.execute("CREATE SCHEMA state")
    for table in tables:
        columns = ", ".join(map(quoted, FOLLOWED.get(table, table.column_names)))
        con.execute(f"CREATE TEMP TABLE later_{table.name} AS SELECT {columns} FROM opened.{table.name} LIMIT 0")
    for table in tables:
        columns = ", ".join(map(quoted, FOLLOWED.get(table, table.column_names)))
        replaced = "" if table.is_log else f"ANTI JOIN later_{table.name} USING ({', '.join(table.key)})"
        query = f"SELECT {columns} FROM opened.{table.name} {replaced} UNION ALL FROM later_{table.name}"
        if table is DELETED_CITATION:
            # As in warehouse/current.py: a PMID that is delivered again was not withdrawn for good.
            query = f"""FROM ({query}) AS deletion WHERE NOT EXISTS (FROM later_{CITATION.name} AS later
                WHERE later.pmid = deletion.pmid AND later.run_id > deletion.run_id)"""
        con.execute(f"CREATE VIEW state.{quoted(table.name)} AS {query}")


def add_run(con: Connection, folder: Path, tables: Collection[Table]) -> None:
    """Add a run of files that was committed to what holds.

    Args:
        con: From `open_state`, followed.
        folder: Of the run, which is later than all that were committed before.
        tables: As for `open_state`.
    """
    for table in tables:
        file = folder / f"{table.name}.parquet"
        if file.exists():
            columns = ", ".join(map(quoted, FOLLOWED.get(table, table.column_names)))
            rows = f"(SELECT {columns} FROM read_parquet({literal(str(file))})) AS incoming"
            if not table.is_log:
                match = " AND ".join(f"later_{table.name}.{key} = incoming.{key}" for key in table.key)
                con.execute(f"DELETE FROM later_{table.name} USING {rows} WHERE {match}")
            con.execute(f"INSERT INTO later_{table.name} FROM {rows}")


def state_query(table: Table, base: str | None, rows: str) -> str:
    """The rows of a table that hold: those of the published file that no newer run touches, and the newer runs'.

    Args:
        table: The table.
        base: The published file, attached; None if every run is read.
        rows: The relation with the rows of the runs that are read.
    """
    if base is None:
        return f"FROM {rows}"
    if table.is_log:
        return f"FROM {base}.{table.name} UNION ALL BY NAME FROM {rows}"
    touched = f"touched_{table.owner or table.name} USING ({', '.join(table.owner_key or table.key)})"
    return f"FROM {base}.{table.name} ANTI JOIN {touched} UNION ALL BY NAME FROM {rows}"


def read_seed_hashes(con: Connection) -> dict[str, str]:
    """SHA-256 of each seed page by seed id; removed ones are left out."""
    rows = con.execute("SELECT seed_id, seed_sha256 FROM state.seed_document WHERE NOT is_removed").fetchall()
    return dict(rows)


def read_seed_documents(con: Connection, seed_ids: Collection[str], **changed: object) -> list[tuple[object, ...]]:
    """Rows of `seed_document` as they hold, with some columns changed."""
    columns = ", ".join(f"${name}" if name in changed else name for name in SEED_DOCUMENT.column_names)
    query = f"SELECT {columns} FROM state.seed_document WHERE list_contains($seed_ids, seed_id)"
    return con.execute(query, {"seed_ids": list(seed_ids)} | changed).fetchall()


def read_resolutions(con: Connection) -> dict[tuple[str, str, int], tuple[int, str]]:
    """PMID and method of the entries of seed pages that Entrez has resolved, by seed id, list and position."""
    rows = con.execute(
        """SELECT seed_id, list_name, citation_order, pmid, resolution FROM state.seed_citation
        WHERE pmid IS NOT NULL AND resolution <> 'text'"""
    ).fetchall()
    return {(seed_id, name, order): (pmid, method) for seed_id, name, order, pmid, method in rows}


def read_resolution_times(con: Connection) -> dict[str, datetime | None]:
    """When Entrez was last asked for the entries of each seed page that give no PMID, UTC, by seed id."""
    return dict(
        con.execute("SELECT seed_id, resolution_asked_at FROM state.seed_document WHERE NOT is_removed").fetchall()
    )

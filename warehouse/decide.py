"""What holds after a run: decided at once, in SQL, over what the run has read and what was delivered before.

Reading leaves a staged folder: the rows of every record, and `staged_delivery` with a row for each record and deletion.
`decide` compares it with schema `state` and leaves temp tables: `holding`, the delivery of each PMID that holds (the
rule is in sql/temp_holding.sql), and `verdict`, its outcome. `settle` turns the staged folder into the run's tables.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.current import columns_ddl, literal, open_memory
from warehouse.errors import StoreError
from warehouse.run_writer import RunWriter
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import Table
from warehouse.schema.deliveries import DELIVERY, STAGED_DELIVERY
from warehouse.schema.ledger import DELETED_CITATION
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.members import MEMBER
from warehouse.schema.raw import RAW_CITATION
from warehouse.schema.tables import STAGED_TABLES
from warehouse.sql_files import read_statement
from warehouse.store import why_not_written, writing_file

STEPS = ("staged", "delivered", "delivery_before", "delivery_after", "holding", "verdict", "kept_record", "kept_raw")

# Rows that are handed from DuckDB to Arrow at once.
BATCH_ROWS = 50_000


@dataclass(frozen=True)
class RaisedRecord:
    """A record that holds again though this run has not read it: what was later has lost its place.

    Attributes:
        pmid: Its PMID.
        content_sha256: Its content.
        run_id: The run whose raw_citation has it.
    """

    pmid: int
    content_sha256: str
    run_id: str


@contextmanager
def comparing() -> Iterator[None]:
    """Compare what was read with what holds.

    Raises:
        StoreError: DuckDB cannot: a file cannot be read, or memory or disk does not hold what it needs.
    """
    try:
        yield
    except duckdb.Error as exc:
        reason = why_not_written(exc)
        raise StoreError(
            f"What was read could not be compared with the corpus: {reason}; run `corpus check`. Nothing was changed."
        ) from exc


@comparing()
def decide(con: duckdb.DuckDBPyConnection, staged: Path, run_id: str, *, wanted: str = "") -> None:
    """Decide what holds of the PMIDs that a run has read; leaves the temp tables of `STEPS`.

    Args:
        con: As `open_state` gave it.
        staged: The folder that reading left.
        run_id: The run.
        wanted: A relation with the PMIDs that were asked for; deliveries of others say nothing. '' for all.
    Raises:
        StoreError: A file cannot be read.
    """
    forget(con)
    con.execute("CREATE TEMP TABLE this_run AS SELECT $1::VARCHAR AS run_id", [run_id])
    file = staged / f"{STAGED_DELIVERY.name}.parquet"
    con.execute(f"CREATE TEMP TABLE staged_row ({columns_ddl(STAGED_DELIVERY)})")
    if file.exists():
        columns = ", ".join(STAGED_DELIVERY.column_names)
        is_wanted = f"SEMI JOIN {wanted} USING (pmid)" if wanted else ""
        con.execute(f"INSERT INTO staged_row SELECT {columns} FROM read_parquet({literal(str(file))}) {is_wanted}")
    for step in STEPS:
        con.execute(read_statement(f"temp_{step}"))


def hold_alone(rows: pa.Table) -> list[tuple[int, str | None, bool]]:
    """What holds of some deliveries, if nothing was delivered before: the same rule, for those who keep no corpus.

    Args:
        rows: STAGED_DELIVERY of any number of documents.
    Returns:
        Each PMID, the content_sha256 of its record, None if there is none, and whether it is deleted.
    """
    with open_memory() as con:
        con.execute("CREATE TEMP TABLE this_run AS SELECT '' AS run_id")
        con.register("rows", rows)
        con.execute("CREATE TEMP TABLE staged_row AS FROM rows")
        for step in ("staged", "delivered"):
            con.execute(read_statement(f"temp_{step}"))
        con.execute(
            """CREATE TEMP TABLE delivery_before AS
            SELECT *, '' AS record_run_id, '' AS run_id FROM delivered WHERE false"""
        )
        for step in ("delivery_after", "holding"):
            con.execute(read_statement(f"temp_{step}"))
        return con.execute("SELECT pmid, content_sha256, is_deleted FROM holding").fetchall()


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temp tables of an earlier decision."""
    for name in ("this_run", "staged_row", *STEPS):
        con.execute(f"DROP TABLE IF EXISTS {name}")


def find_raised(con: duckdb.DuckDBPyConnection) -> list[RaisedRecord]:
    """The records that hold, are to be written, and are not among those that were read."""
    rows = con.execute(
        """SELECT pmid, content_sha256, record_run_id FROM holding
        SEMI JOIN (FROM verdict WHERE is_written) USING (pmid)
        ANTI JOIN kept_record USING (pmid) ORDER BY record_run_id, pmid"""
    ).fetchall()
    return [RaisedRecord(*row) for row in rows]


@comparing()
def settle(con: duckdb.DuckDBPyConnection, staged: Path, writer: RunWriter) -> None:
    """Turn the rows that were read into the run's: those of records that hold, and the raw records that are kept.

    A table of which every row stays is moved as it is.

    Args:
        con: After `decide`.
        staged: The folder that reading left; it is empty afterwards.
        writer: The run; it may have rows of its own of the same tables.
    Raises:
        StoreError: A file cannot be read, or the disk is full or not writable.
    """
    for file in sorted(staged.glob("*.parquet")):
        table = STAGED_TABLES[file.stem]
        if table is not STAGED_DELIVERY:
            keys = "kept_raw" if table is RAW_CITATION else "kept_record" if is_of_record(table) else ""
            kept, rows = count_kept(con, file, keys)
            if kept == rows and table.name not in writer.row_counts:
                with writing_file(writer.folder / file.name):
                    file.rename(writer.folder / file.name)
                continue
            if kept:
                copy_kept(writer, table, file, places_of(con, keys) if keys else None)
        file.unlink()


def count_kept(con: duckdb.DuckDBPyConnection, file: Path, keys: str) -> tuple[int, int]:
    """How many rows of a staged file stay, and how many it has."""
    source = f"read_parquet({literal(str(file))})"
    kept = f"(SELECT count(*) FROM {source} SEMI JOIN {keys} USING (pmid, chunk_order))" if keys else "count(*)"
    ((stay, rows),) = con.execute(f"SELECT {kept}, count(*) FROM {source}").fetchall()
    return stay, rows


def is_of_record(table: Table) -> bool:
    """Whether the rows of a table that reading leaves belong to a record with a PMID."""
    return CITATION.name in (table.name, table.owner) or table in (LINK, LINK_LIST, RAW_CITATION)


# A PMID has nine digits at most, the number of a chunk 31 bits.
CHUNKS = 1 << 31


def places_of(con: duckdb.DuckDBPyConnection, keys: str) -> pa.ChunkedArray:
    """The PMID and the chunk of each record that stays, as one number."""
    return con.sql(f"SELECT pmid * {CHUNKS} + chunk_order AS place FROM {keys}").to_arrow_table()["place"]


def copy_kept(writer: RunWriter, table: Table, file: Path, places: pa.ChunkedArray | None) -> None:
    """Write the rows of a staged file that stay, a group of rows at a time; all of them without places."""
    with pq.ParquetFile(file) as source:
        for group in range(source.num_row_groups):
            rows = source.read_row_group(group)
            if places is not None:
                place = pc.add(pc.multiply(rows["pmid"], CHUNKS), pc.cast(rows["chunk_order"], pa.int64()))
                rows = rows.filter(pc.is_in(place, places))
            writer.write({table.name: rows.select(table.column_names).cast(table.arrow_schema)})


def write_decided(con: duckdb.DuckDBPyConnection, writer: RunWriter, *, with_members: bool) -> None:
    """Write what was decided: the deliveries, the deletions and, of files, the members."""
    write_query(con, writer, DELIVERY, read_statement("select_delivery"))
    write_query(con, writer, DELETED_CITATION, read_statement("select_deleted"))
    if with_members:
        write_query(con, writer, MEMBER, read_statement("select_file_member"))


def write_query(con: duckdb.DuckDBPyConnection, writer: RunWriter, table: Table, query: str) -> None:
    """Write the rows of a query into a table of the run, some at a time."""
    for rows in arrow_rows(con, table, query):
        writer.write({table.name: rows})


def arrow_rows(
    con: duckdb.DuckDBPyConnection, table: Table, query: str, values: Mapping[str, object] | None = None
) -> Iterator[pa.Table]:
    """The rows of a query, with values for its parameters, as a table declares them.

    Columns that the query does not have are null.
    """
    for batch in con.sql(query, params=dict(values or {})).to_arrow_reader(BATCH_ROWS):
        columns = [
            batch[field.name].cast(field.type) if field.name in batch.schema.names else pa.nulls(len(batch), field.type)
            for field in table.arrow_schema
        ]
        yield pa.Table.from_arrays(columns, schema=table.arrow_schema)


def count_outcomes(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """PMIDs by outcome."""
    return dict(con.execute("SELECT outcome, count(*) FROM verdict GROUP BY outcome").fetchall())


def read_file_facts(con: duckdb.DuckDBPyConnection) -> tuple[datetime | None, int, int, int]:
    """Of the document that was read: its newest date, its records with a PMID, its deletions, the PMIDs rejected."""
    (row,) = con.execute(
        """SELECT (SELECT max(newest_date) FROM staged_row), count(*) FILTER (NOT is_deletion),
        count(*) FILTER (is_deletion), count(*) FILTER (reason IS NOT NULL) FROM staged"""
    ).fetchall()
    newest, records, deletions, rejected = row
    return newest, records, deletions, rejected

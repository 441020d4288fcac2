"""Rows replaced in a large table in bounded memory: keys parted by ranges, and rows put in and taken out by range.

DuckDB notes a row that is deleted in 16 KB for the 2,048 rows around it, and keeps the note in memory until the next
checkpoint. Revised citations stand anywhere in a corpus, so that a thousand of them take 16 MB in every table. So the
file that is built, which nobody else sees, is committed and written after each range.
"""

from dataclasses import dataclass

import duckdb
import pyarrow.parquet as pq

from warehouse.current import memory_of, quoted, rows_of_files
from warehouse.schema.declaration import Table
from warehouse.schema.derived import ARTICLE_MESH

# Keys whose rows are deleted together: 80 MB of notes.
KEYS_AT_ONCE = 5_000

# The rows of ARTICLE_MESH are sorted by descriptor, within portions of this many citations; rows of one portion are
# deleted together: 52 MB of notes.
DESCRIBED_AT_ONCE = 200_000

# Rows that one note is about, its bytes, and those of a table that may stay in memory until the end.
ROWS_A_NOTE = 2_048
NOTE_BYTES = 16 << 10
NOTES_KEPT = 2 << 20

# Rows are sorted in portions of this share of DuckDB's memory, in bytes of Parquet: 8 MB at least.
SORTED_SHARE = 20
PORTION_BYTES = 8 << 20


@dataclass(frozen=True)
class PmidRange:
    """A range of PMIDs; as text, the SQL condition for it.

    Attributes:
        low: They are greater than this one; None is without bound.
        high: They are not greater than this one; None is without bound.
    """

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        low = "true" if self.low is None else f"pmid > {self.low}"
        high = "true" if self.high is None else f"pmid <= {self.high}"
        return f"{low} AND {high}"

    def touches(self, first: int | None, last: int | None) -> bool:
        """Whether some of the PMIDs from the first to the last may be in it; None is not known."""
        return (self.high is None or first is None or first <= self.high) and (
            self.low is None or last is None or last > self.low
        )


EVERYTHING = PmidRange()


def portion_bytes(con: duckdb.DuckDBPyConnection) -> int:
    """Bytes of Parquet whose rows DuckDB can sort at once in the memory that it has."""
    return max(PORTION_BYTES, memory_of(con) // SORTED_SHARE)


def parts_of(con: duckdb.DuckDBPyConnection, table: Table, owner: Table) -> list[PmidRange]:
    """The ranges of PMIDs whose rows are inserted together, in their order."""
    ((size,),) = con.execute(
        "SELECT coalesce(sum(file_bytes), 0) FROM table_file WHERE table_name = $1", [table.name]
    ).fetchall()
    return ranges_of(con, f"put_{owner.name}", owner, int(size) // portion_bytes(con) + 1)


def rows_between(con: duckdb.DuckDBPyConnection, table: Table, part: PmidRange) -> str:
    """The relation of the rows of `new_<table>` in a range of PMIDs; files that have none of it are not opened."""
    if part == EVERYTHING:
        return f"new_{table.name}"
    touched = [name for name, first, last in ranges_of_files(con, table) if part.touches(first, last)]
    ((is_restricted,),) = con.execute(
        "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'asked_run'"
    ).fetchall()
    return f"(FROM ({rows_of_files(table, touched, is_restricted=is_restricted)}) WHERE {part})"


def ranges_of_files(con: duckdb.DuckDBPyConnection, table: Table) -> list[tuple[str, int | None, int | None]]:
    """The files of `new_<table>` with the first and the last PMID in each, as they say themselves, once a table."""
    con.execute(
        "CREATE TEMP TABLE IF NOT EXISTS file_range (table_name VARCHAR, name VARCHAR, low BIGINT, high BIGINT)"
    )
    query = "SELECT name, low, high FROM file_range WHERE table_name = $1"
    found = con.execute(query, [table.name]).fetchall()
    if not found:
        names = con.execute("SELECT file_name FROM table_file WHERE table_name = $1", [table.name]).fetchall()
        found = [(name, *range_of_file(name)) for (name,) in names]
        lists = [list(values) for values in zip(*found, strict=True)] or [[], [], []]
        con.execute(
            "INSERT INTO file_range SELECT $1, unnest($2::VARCHAR[]), unnest($3::BIGINT[]), unnest($4::BIGINT[])",
            [table.name, *lists],
        )
    return found


def range_of_file(name: str) -> tuple[int | None, int | None]:
    """The first and the last PMID in a Parquet file; None if it does not say."""
    metadata = pq.read_metadata(name)
    at = metadata.schema.names.index("pmid")
    groups = [metadata.row_group(number).column(at).statistics for number in range(metadata.num_row_groups)]
    if not groups or not all(group is not None and group.has_min_max for group in groups):
        return None, None
    return min(group.min for group in groups), max(group.max for group in groups)


def delete_rows(con: duckdb.DuckDBPyConnection, table: Table, owner: Table, base: str) -> None:
    """Take out the rows of the keys in `gone_<owner>`, and write what was changed so far to the file.

    Args:
        con: In a transaction on the file that is built; in another one afterwards.
        table: What to delete from.
        owner: Whose keys have gone.
        base: The name of the file.
    """
    gone = f"gone_{owner.name}"
    keys, citations = (int(con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]) for name in (gone, "citation"))
    if not keys:
        return
    count = 1 + max(keys // KEYS_AT_ONCE, citations // DESCRIBED_AT_ONCE if table is ARTICLE_MESH else 0)
    match = " AND ".join(f"gone.{quoted(name)} = {quoted(table.name)}.{quoted(name)}" for name in owner.key)
    for part in ranges_of(con, gone, owner, count):
        ((rows,),) = con.execute(
            f"DELETE FROM {quoted(table.name)} USING (FROM {gone} WHERE {part}) AS gone WHERE {match}"
        ).fetchall()
        # The other citations have as many rows each.
        write_notes(con, base, min(rows, 1 + rows * citations // keys // ROWS_A_NOTE))


def write_notes(con: duckdb.DuckDBPyConnection, base: str, notes: int) -> None:
    """Commit, and write the file, if it has more notes of deleted rows than may stay in memory."""
    if notes * NOTE_BYTES > NOTES_KEPT:
        con.execute("COMMIT")
        con.execute(f"CHECKPOINT {quoted(base)}")
        con.execute("BEGIN")


def ranges_of(con: duckdb.DuckDBPyConnection, keys: str, owner: Table, count: int) -> list[PmidRange]:
    """Ranges of PMIDs with about as many of some keys each, in their order.

    Args:
        con: With the keys.
        keys: The table or view that has them, at least one.
        owner: Whose keys they are; without PMID, they are not parted.
        count: How many ranges, from 1.
    """
    if count == 1 or owner.key[0] != "pmid":
        return [EVERYTHING]
    shares = [number / count for number in range(1, count)]
    ((bounds,),) = con.execute(f"SELECT quantile_disc(pmid, $1::DOUBLE[]) FROM {keys}", [shares]).fetchall()
    lows, highs = [None, *bounds], [*bounds, None]
    return [PmidRange(low, high) for low, high in zip(lows, highs, strict=True) if low != high]

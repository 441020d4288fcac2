"""The digests of the corpus, kept up to date by adding and taking away: of what it says, and of everything.

What the corpus says depends on the deliveries alone, not on the runs and the order in which they came. So its digest
leaves out the runs, the times of fetching and the sources of values, and the tables of accounts.
"""

import duckdb

from warehouse.current import literal, quoted
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import DERIVED, Table
from warehouse.schema.ledger import DELETED_CITATION
from warehouse.schema.members import MEMBER
from warehouse.schema.mesh_vocabulary import MESH_FILE
from warehouse.schema.tables import TABLES

# Columns that say how and when a row came, not what the corpus says.
PROVENANCE = frozenset({"run_id", "since_run_id", "fetched_at", "resolution_asked_at"})
PROVENANCE_OF = {
    CITATION.name: frozenset({"source"}),
    DELETED_CITATION.name: frozenset({"evidence", "evidence_source"}),
    MESH_FILE.name: frozenset({"file_name", "file_md5", "file_bytes", "read_at"}),
}

# Of a member that a file brought, which file was the first is an account as well.
SAID_AS = {(MEMBER.name, "via"): "CASE WHEN reason <> 'file' THEN via END"}

# Rows that the corpus no longer says.
ENDED = {MEMBER.name: "until_run_id IS NOT NULL"}


def digested_tables() -> list[Table]:
    """The tables of the DuckDB file that are made from the runs' rows as they are."""
    return [t for t in TABLES.values() if not t.is_raw and t.owner != DERIVED]


def is_content(table: Table) -> bool:
    """Whether the rows of a table are what the corpus says, not accounts."""
    return not (table.is_log or table.is_ledger)


def begin_digests(con: duckdb.DuckDBPyConnection) -> None:
    """Fill table `content` for tables without rows."""
    rows = [(t.name, "'0:0'" if is_content(t) else "NULL") for t in digested_tables()]
    values = ", ".join(f"({literal(name)}, 0, {zero}, '0:0')" for name, zero in rows)
    con.execute(f"INSERT INTO content VALUES {values}")


def add_digest(con: duckdb.DuckDBPyConnection, table: Table, rows: str, *, sign: int) -> None:
    """Add rows to the count and the sums of their table in `content`, or take them out."""
    left_out = PROVENANCE | PROVENANCE_OF.get(table.name, frozenset())
    said = [name for name in table.column_names if name not in left_out]
    more = [name for name in table.column_names if name in left_out or (table.name, name) in SAID_AS]
    is_said = f"NOT ({ENDED[table.name]})" if table.name in ENDED else "true"
    said = [SAID_AS.get((table.name, name), quoted(name)) for name in said]
    hashed = f"(SELECT *, md5_number({row_text(said)}) AS said FROM {rows})"
    sums_wanted = sums_of("said", is_said)
    if more or is_said != "true":
        hashed = f"(SELECT *, md5_number({row_text([*halves('said'), *map(quoted, more)])}) AS whole FROM {hashed})"
        sums_wanted += f", {sums_of('whole', 'true')}"
    ((count, *sums),) = con.execute(f"SELECT count(*), {sums_wanted} FROM {hashed}").fetchall()
    if count:
        digests = con.execute(
            "SELECT row_digest, full_digest FROM content WHERE table_name = $1", [table.name]
        ).fetchall()[0]
        said_digest, full_digest = (
            add(old, sign, new) for old, new in zip(digests, (sums[:2], sums[-2:]), strict=True)
        )
        con.execute(
            "UPDATE content SET row_count = row_count + $1, row_digest = $2, full_digest = $3 WHERE table_name = $4",
            [sign * count, said_digest, full_digest, table.name],
        )


def row_text(values: list[str]) -> str:
    """An SQL text that tells rows with these values apart."""
    texts = [f"coalesce(CAST({value} AS VARCHAR), chr(30))" for value in values]
    return f"concat_ws(chr(31), {', '.join(texts)})"


def halves(digest: str) -> tuple[str, str]:
    """The two halves of an MD5, which is a number; DuckDB is slow to write the whole as text."""
    return f"({digest} >> 64)::UBIGINT", f"({digest} & {(1 << 64) - 1}::UHUGEINT)::UBIGINT"


def sums_of(digest: str, condition: str) -> str:
    """The sums of the two halves of an MD5 over the rows that meet a condition."""
    return ", ".join(f"sum({half}) FILTER ({condition})" for half in halves(digest))


def add(digest: str | None, sign: int, sums: list[int | None]) -> str | None:
    """A digest with sums added to it, or taken away; that of a table of accounts stays null."""
    if digest is None:
        return None
    return ":".join(str(int(old) + sign * int(new or 0)) for old, new in zip(digest.split(":"), sums, strict=True))

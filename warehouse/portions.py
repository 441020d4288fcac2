"""Rows replaced in a large table in bounded memory: keys parted by ranges, and rows taken out range by range.

DuckDB notes a row that is deleted in 16 KB for the 2,048 rows around it, and keeps the note in memory until the next
checkpoint. Revised citations stand anywhere in a corpus, so that a thousand of them take 16 MB in every table, and in
the terms of the search index, which are sorted by term, as much as all of its rows are noted in: 8 bytes each. So the
file that is built, which nobody else sees, is committed and written after each range.
"""

import duckdb

from warehouse.current import quoted
from warehouse.schema.declaration import Table
from warehouse.schema.derived import ARTICLE_MESH, SEARCH_INDEX

# Keys whose rows are deleted together: 32 MB of notes.
KEYS_AT_ONCE = 2_000

# The tables whose rows are sorted by what they say, within some thousand citations. For each so many citations, the
# terms of another portion are deleted together: 52 MB of notes.
BY_TERM = (SEARCH_INDEX, ARTICLE_MESH)
TERMS_AT_ONCE = 200_000

# Rows whose notes may stay in memory until the end: 1 MB a table.
ROWS_NOT_WRITTEN = 64


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
    count = 1 + max(keys // KEYS_AT_ONCE, citations // TERMS_AT_ONCE if table in BY_TERM else 0)
    match = " AND ".join(f"gone.{quoted(name)} = {quoted(table.name)}.{quoted(name)}" for name in owner.key)
    for part in ranges_of(con, gone, owner, count):
        ((rows,),) = con.execute(
            f"DELETE FROM {quoted(table.name)} USING (FROM {gone} WHERE {part}) AS gone WHERE {match}"
        ).fetchall()
        if rows > ROWS_NOT_WRITTEN:
            con.execute("COMMIT")
            con.execute(f"CHECKPOINT {quoted(base)}")
            con.execute("BEGIN")


def ranges_of(con: duckdb.DuckDBPyConnection, keys: str, owner: Table, count: int) -> list[str]:
    """Conditions that part keys into so many ranges of PMIDs with about as many keys each, in their order.

    Args:
        con: With the keys.
        keys: The table or view that has them, at least one.
        owner: Whose keys they are; without PMID, they are not parted.
        count: How many ranges, from 1.
    """
    if count == 1 or owner.key[0] != "pmid":
        return ["true"]
    shares = [number / count for number in range(1, count)]
    ((bounds,),) = con.execute(f"SELECT quantile_disc(pmid, $1::DOUBLE[]) FROM {keys}", [shares]).fetchall()
    lows, highs = [None, *bounds], [*bounds, None]
    return [
        " AND ".join(
            [f"pmid > {low}" if low is not None else "true", f"pmid <= {high}" if high is not None else "true"]
        )
        for low, high in zip(lows, highs, strict=True)
        if low != high
    ]

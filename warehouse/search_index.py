"""The terms that `search` looks up: two plain tables, kept up to date by PMID, which any DuckDB client can ask."""

import duckdb

from warehouse.portions import delete_rows
from warehouse.schema import CITATION, SEARCH_LENGTH, SEARCH_TERM
from warehouse.sql_files import read_statement

# Citations whose terms are sorted together; their words are held in memory meanwhile.
INDEXED_AT_ONCE = 10_000


def fill_search(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Take out the terms of citations that are gone, and put in those of the ones that hold now.

    Args:
        con: With table `put_citation` and, with a base, `gone_citation`; the citations and the macros are there.
        base: The name of the file, if it has earlier runs already; else the tables are empty.
    """
    if base:
        for table in (SEARCH_TERM, SEARCH_LENGTH):
            delete_rows(con, table, CITATION, base)
    con.execute("CREATE TEMP TABLE unindexed AS SELECT pmid, row_number() OVER (ORDER BY pmid) AS n FROM put_citation")
    ((count,),) = con.execute("SELECT count(*) FROM unindexed").fetchall()
    for first in range(0, count, INDEXED_AT_ONCE):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE indexed AS SELECT pmid FROM unindexed WHERE n > $1 AND n <= $2",
            [first, first + INDEXED_AT_ONCE],
        )
        con.execute(read_statement(f"insert_{SEARCH_TERM.name}"))
        con.execute(read_statement(f"insert_{SEARCH_LENGTH.name}"))

"""The words that searches look up: plain tables, kept up to date by PMID, which any DuckDB client can ask."""

import duckdb

from warehouse.portions import delete_rows
from warehouse.schema.citation import CITATION
from warehouse.schema.derived import SEARCH_INDEX, SEARCH_LENGTH, SEARCH_VOCABULARY
from warehouse.sql_files import read_statement

# Citations whose words are sorted together; they are held in memory meanwhile.
INDEXED_AT_ONCE = 10_000


def fill_search(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Take out the words of citations that are gone, and put in those of the ones that hold now.

    Args:
        con: With table `put_citation` and, with a base, `gone_citation` and `held_citation`; all tables of citations,
            `article_mesh` and the macros are there.
        base: The name of the file, if it has earlier runs already; else the tables are empty.
    """
    is_taken_out = bool(base) and bool(con.execute("SELECT 1 FROM held_citation LIMIT 1").fetchall())
    if is_taken_out:
        con.execute(
            "CREATE TEMP TABLE gone_word AS SELECT DISTINCT word FROM search_index SEMI JOIN gone_citation USING (pmid)"
        )
        for table in (SEARCH_INDEX, SEARCH_LENGTH):
            delete_rows(con, table, CITATION, str(base))
    con.execute("CREATE TEMP TABLE unindexed AS SELECT pmid, row_number() OVER (ORDER BY pmid) AS n FROM put_citation")
    ((count,),) = con.execute("SELECT count(*) FROM unindexed").fetchall()
    for start in range(0, count, INDEXED_AT_ONCE):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE indexed AS SELECT pmid FROM unindexed WHERE n > $1 AND n <= $2",
            [start, start + INDEXED_AT_ONCE],
        )
        # The bounds let DuckDB pass over the row groups that have none of them.
        ((first, last),) = con.execute("SELECT min(pmid), max(pmid) FROM indexed").fetchall()
        for table in (SEARCH_INDEX, SEARCH_VOCABULARY, SEARCH_LENGTH):
            con.execute(read_statement(f"insert_{table.name}"), {"first": first, "last": last})
    if is_taken_out:
        con.execute("DELETE FROM search_vocabulary WHERE word IN (FROM gone_word ANTI JOIN search_index USING (word))")

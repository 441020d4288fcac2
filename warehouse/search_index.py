"""The words that searches look up: plain tables, kept up to date by PMID, which any DuckDB client can ask.

`words.py` cuts and sorts them where its module is compiled; else, or with `CORPUS_READING=numpy`, SQL does.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.compiled_choice import is_compiled
from warehouse.current import literal, memory_of
from warehouse.portions import delete_rows
from warehouse.schema.citation import CITATION
from warehouse.schema.derived import SEARCH_INDEX, SEARCH_LENGTH, SEARCH_VOCABULARY
from warehouse.sql_files import read_statement

# What `words.py` needs.
KERNEL = "warehouse.compiled_words"

# Citations whose words are sorted together, in memory.
INDEXED_AT_ONCE = 10_000
# Rows of the index that are sorted together when all of it is put into the order of its words, and DuckDB's memory for
# each if it has more: every file is looked into for every range of words.
SORTED_AT_ONCE = 1_500_000
SORTED_ROW_BYTES = 400
# Rows of a row group of a file of words.
ROW_GROUP_SIZE = 20_480
# Rows of the index among which some are deleted together: DuckDB's notes of them take 40 MB.
DELETED_AMONG = 5_000_000
# Sample one row in this many to find the borders of word ranges.
SAMPLED = 1_000


def fill_search(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Take out the words of citations that are gone, and put in those of the ones that hold now.

    An index that is made afresh is in the order of its words and fields, so that a word of a field stands in one place.
    Words that are added are in that order some thousand citations at a time.

    Args:
        con: With table `put_citation` and, with a base, `gone_citation` and `held_citation`; all tables of citations,
            `article_mesh` and the macros are there. Its temporary folder takes the words before they are put in order.
        base: The name of the file, if it has earlier runs already; else the tables are empty.
    """
    is_taken_out = bool(base) and bool(con.execute("SELECT 1 FROM held_citation LIMIT 1").fetchall())
    if is_taken_out:
        con.execute(
            """CREATE TEMP TABLE gone_word AS
            SELECT word, count(*) AS row_count FROM search_index SEMI JOIN gone_citation USING (pmid) GROUP BY word"""
        )
        delete_rows(con, SEARCH_INDEX, CITATION, str(base), parts=parts_of_words(con))
        delete_rows(con, SEARCH_LENGTH, CITATION, str(base))
    con.execute("CREATE TEMP TABLE unindexed AS SELECT pmid, row_number() OVER (ORDER BY pmid) AS n FROM put_citation")
    ((count, folder),) = con.execute("SELECT count(*), current_setting('temp_directory') FROM unindexed").fetchall()
    is_sorted_whole = folder and not base and count > INDEXED_AT_ONCE
    paths: list[Path] = []
    try:
        for start in range(0, count, INDEXED_AT_ONCE):
            if is_sorted_whole:
                paths.append(Path(folder) / f"words-{start}.parquet")
            index_batch(con, start, paths[-1] if paths else None)
        if paths:
            sort_index(con, paths)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    if is_taken_out:
        con.execute(
            """DELETE FROM search_vocabulary
            WHERE word IN (SELECT word FROM gone_word ANTI JOIN search_index USING (word))"""
        )


def parts_of_words(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Conditions for ranges of words, each a share of the index: rows that go are as many in each of them."""
    ((count,),) = con.execute("SELECT count(*) FROM search_index").fetchall()
    found = con.execute(
        """SELECT min(word) FROM (
            SELECT word, (sum(row_count) OVER (ORDER BY word) - 1) * $1 // sum(row_count) OVER () AS part FROM gone_word
        ) GROUP BY part ORDER BY part""",
        [1 + count // DELETED_AMONG],
    ).fetchall()
    return between([word for (word,) in found[1:]])


def between(bounds: Sequence[str]) -> list[str]:
    """Conditions for the ranges of words that begin before, at and between some words."""
    return [
        " AND ".join([f"word >= {literal(low)}" if low else "true", f"word < {literal(high)}" if high else "true"])
        for low, high in zip([None, *bounds], [*bounds, None], strict=True)
    ]


def index_batch(con: duckdb.DuckDBPyConnection, start: int, path: Path | None) -> None:
    """Put in the words of the citations that follow on the first so many, or write them to a file for `sort_index`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE indexed AS SELECT pmid FROM unindexed WHERE n > $1 AND n <= $2",
        [start, start + INDEXED_AT_ONCE],
    )
    # The bounds let DuckDB skip row groups without any of them.
    ((first, last),) = con.execute("SELECT min(pmid), max(pmid) FROM indexed").fetchall()
    if path:
        path.parent.mkdir(exist_ok=True)
    if is_compiled(KERNEL):
        from warehouse.words import cut_words  # noqa: PLC0415 - only where it is compiled

        of_batch = f"SEMI JOIN indexed USING (pmid) WHERE pmid BETWEEN {first} AND {last}"
        rows, words = cut_words(con, f"FROM search_text {of_batch}")
        if path:
            pq.write_table(rows, path, row_group_size=ROW_GROUP_SIZE, compression="zstd")
        else:
            insert_sorted(con, rows)
        insert_about(con, rows, pa.table({"word": words}))
    else:
        cut_by_sql(con, first, last, path)


def insert_about(
    con: duckdb.DuckDBPyConnection,
    indexed_word: pa.Table,  # noqa: ARG001
    different_word: pa.Table,  # noqa: ARG001
) -> None:
    """Put in what stands beside the index about words that are new in it.

    DuckDB finds the arguments by their names. As registered views they would be held until the transaction ends.
    """
    for table in (SEARCH_VOCABULARY, SEARCH_LENGTH):
        con.execute(read_statement(f"insert_{table.name}"))


def cut_by_sql(con: duckdb.DuckDBPyConnection, first: int, last: int, path: Path | None) -> None:
    """Put in the words of table `indexed`, or write them to a file, and what stands beside them, by SQL alone."""
    words = f"search_index SEMI JOIN indexed USING (pmid) WHERE pmid BETWEEN {first} AND {last}"
    statement = read_statement(f"insert_{SEARCH_INDEX.name}")
    if path is None:
        con.execute(statement, {"first": first, "last": last})
    else:
        select = statement[statement.index("WITH") :].rstrip(";\n ")
        select = select.replace("$first", str(first)).replace("$last", str(last))
        con.execute(f"COPY ({select}) TO {literal(str(path))} (COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
        words = f"read_parquet({literal(str(path))})"
    con.execute(f"CREATE OR REPLACE TEMP VIEW indexed_word AS FROM {words}")
    con.execute("CREATE OR REPLACE TEMP VIEW different_word AS SELECT DISTINCT word FROM indexed_word")
    for table in (SEARCH_VOCABULARY, SEARCH_LENGTH):
        con.execute(read_statement(f"insert_{table.name}"))


def insert_sorted(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:  # noqa: ARG001
    """Put rows into the index as they come; DuckDB finds them by their name."""
    con.execute("SET preserve_insertion_order = true")
    con.execute("INSERT INTO search_index SELECT word, field, pmid, word_count FROM rows")
    con.execute("SET preserve_insertion_order = false")


def sort_index(con: duckdb.DuckDBPyConnection, paths: list[Path]) -> None:
    """Put the words of some files into the index in their order, a range of words at a time.

    Args:
        con: The vocabulary and everything else is there already.
        paths: Each sorted by the key of the index; the citations of one come before those of the next.
    """
    files = ", ".join(literal(str(path)) for path in paths)
    con.execute(f"CREATE OR REPLACE TEMP VIEW unsorted AS FROM read_parquet([{files}])")
    ((count,),) = con.execute("SELECT count(*) FROM unsorted").fetchall()
    ranges = 1 + count // max(SORTED_AT_ONCE, memory_of(con) // SORTED_ROW_BYTES)
    shares = [number / ranges for number in range(1, ranges)]
    bounds: list[str] = []
    if shares:
        ((found,),) = con.execute(
            f"""SELECT quantile_disc(word, $1::DOUBLE[]) FROM unsorted
            WHERE hash(word, pmid) % {SAMPLED} = 0""",
            [shares],
        ).fetchall()
        bounds = list(dict.fromkeys(found))
    if is_compiled(KERNEL):
        from warehouse.words import merge_words  # noqa: PLC0415 - only where it is compiled

        for low, high in zip([None, *bounds], [*bounds, None], strict=True):
            insert_sorted(con, merge_words(paths, low, high))
    else:
        for where in between(bounds):
            con.execute(f"INSERT INTO search_index FROM unsorted WHERE {where} ORDER BY word, field, pmid")
    con.execute("DROP VIEW unsorted")

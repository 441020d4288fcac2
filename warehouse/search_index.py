"""The words that searches look up: plain tables, kept up to date by PMID, which any DuckDB client can ask.

`words.py` cuts them where its module is compiled; else, or with `CORPUS_READING=numpy`, SQL does.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.compiled_choice import is_compiled
from warehouse.current import literal, memory_of
from warehouse.portions import delete_rows, write_notes
from warehouse.posting_lists import lists_of_rows, merge_lists
from warehouse.schema.citation import CITATION
from warehouse.schema.derived import SEARCH_LENGTH, SEARCH_VOCABULARY
from warehouse.sql_files import read_statement

# What `words.py` needs.
KERNEL = "warehouse.compiled_words"

# Citations whose words are cut together, in memory.
CUT_AT_ONCE = 10_000
# Words of citations that are sorted together when all of the index is put into the order of its words, and DuckDB's
# memory for each if it has more: every file is looked into for every range of words.
SORTED_AT_ONCE = 5_000_000
SORTED_ROW_BYTES = 200
# Rows of a row group of a file of words.
ROW_GROUP_SIZE = 4_096
# Words of citations in the lists from which some are taken out together.
TAKEN_FROM = 5_000_000
# Take one list in this many to find the borders of word ranges.
SAMPLED = 50


def note_words(con: duckdb.DuckDBPyConnection) -> None:
    """Fill table `word_before`: the words of citations that are replaced, while the tables still have their texts."""
    con.execute("CREATE TEMP TABLE word_before (word VARCHAR, field VARCHAR, pmid BIGINT, word_count INTEGER)")
    for first, last in cut_together(con, f"held_{CITATION.name}"):
        cut_list = cut(con, first, last)[0]  # noqa: F841 - DuckDB finds it by its name
        con.execute(f"INSERT INTO word_before {FLAT}")


# The rows of view search_index that some lists are.
FLAT = "SELECT word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count FROM cut_list"


def fill_search(con: duckdb.DuckDBPyConnection, base: str | None) -> None:
    """Take out the words that citations no longer have, and put in those that are new.

    An index that is built from scratch is in the order of its words and fields, so that a word of a field stands in one
    place. Words that are added are in that order some thousand citations at a time.

    Args:
        con: With table `put_citation` and, with a base, `gone_citation`, `held_citation` and what `note_words` made;
            all tables of citations, `article_mesh` and the macros are there. Its temporary folder takes the words
            before they are put in order.
        base: The name of the file, if it has earlier runs already; else the tables are empty.
    """
    is_replacing = bool(base) and bool(con.execute("SELECT 1 FROM held_citation LIMIT 1").fetchall())
    if is_replacing:
        delete_rows(con, SEARCH_LENGTH, CITATION, str(base))
        con.execute("CREATE TEMP TABLE stale_word AS FROM word_before ANTI JOIN put_citation USING (pmid)")
    ((count, folder),) = con.execute("SELECT count(*), current_setting('temp_directory') FROM put_citation").fetchall()
    is_sorted_whole = folder and not base and count > CUT_AT_ONCE
    paths: list[Path] = []
    cut_count = 0
    try:
        for first, last in cut_together(con, f"put_{CITATION.name}"):
            lists, words = cut(con, first, last)
            insert_about(con, lists, pa.table({"word": words}))
            if is_sorted_whole:
                paths.append(Path(folder) / f"words-{len(paths)}.parquet")
                paths[-1].parent.mkdir(exist_ok=True)
                pq.write_table(lists, paths[-1], row_group_size=ROW_GROUP_SIZE, compression="zstd")
                cut_count += len(lists["pmids"].combine_chunks().flatten())
            else:
                insert_lists(con, unlike_before(con, lists, first, last) if is_replacing else lists)
        if paths:
            sort_index(con, paths, cut_count)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    if is_replacing:
        take_out_stale(con, str(base))


def cut_together(con: duckdb.DuckDBPyConnection, keys: str) -> Iterator[tuple[int, int]]:
    """Put PMIDs of a relation into table `indexed`, some thousand at a time; yield the first and the last of them."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE numbered AS SELECT pmid, row_number() OVER (ORDER BY pmid) AS n FROM {keys}"
    )
    ((count,),) = con.execute("SELECT count(*) FROM numbered").fetchall()
    for start in range(0, count, CUT_AT_ONCE):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE indexed AS SELECT pmid FROM numbered WHERE n > $1 AND n <= $2",
            [start, start + CUT_AT_ONCE],
        )
        ((first, last),) = con.execute("SELECT min(pmid), max(pmid) FROM indexed").fetchall()
        yield first, last


def cut(con: duckdb.DuckDBPyConnection, first: int, last: int) -> tuple[pa.Table, pa.Array]:
    """The words of the citations of table `indexed`, as rows of POSTING_LIST in order; and the different words.

    Args:
        con: With the texts.
        first: The first PMID, which lets DuckDB skip row groups.
        last: The last one.
    """
    if is_compiled(KERNEL):
        from warehouse.words import cut_words  # noqa: PLC0415 - only where it is compiled

        return cut_words(con, f"FROM search_text SEMI JOIN indexed USING (pmid) WHERE pmid BETWEEN {first} AND {last}")
    rows = con.sql(read_statement("cut_words"), params={"first": first, "last": last}).to_arrow_table()
    return lists_of_rows(rows), rows["word"].unique()


def insert_about(
    con: duckdb.DuckDBPyConnection,
    cut_list: pa.Table,  # noqa: ARG001
    different_word: pa.Table,  # noqa: ARG001
) -> None:
    """Put in what stands beside the index about words that are new in it.

    DuckDB finds the arguments by their names. As registered views they would be held until the transaction ends.
    """
    for table in (SEARCH_VOCABULARY, SEARCH_LENGTH):
        con.execute(read_statement(f"insert_{table.name}"))


def insert_lists(con: duckdb.DuckDBPyConnection, lists: pa.Table) -> None:  # noqa: ARG001
    """Put lists into the index as they come; DuckDB finds them by their name."""
    con.execute("SET preserve_insertion_order = true")
    con.execute("INSERT INTO posting_list FROM lists")
    con.execute("SET preserve_insertion_order = false")


def unlike_before(
    con: duckdb.DuckDBPyConnection,
    cut_list: pa.Table,  # noqa: ARG001 - DuckDB finds it by its name
    first: int,
    last: int,
) -> pa.Table:
    """The lists without the words that the citations had before; words that they no longer have go to `stale_word`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE word_now AS {FLAT}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE as_before AS
        FROM (FROM word_before WHERE pmid BETWEEN {first} AND {last})
        SEMI JOIN word_now USING (word, field, pmid, word_count)"""
    )
    con.execute(
        f"""INSERT INTO stale_word FROM (FROM word_before WHERE pmid BETWEEN {first} AND {last})
        SEMI JOIN indexed USING (pmid) ANTI JOIN as_before USING (word, field, pmid)"""
    )
    rows = con.sql("FROM word_now ANTI JOIN as_before USING (word, field, pmid) ORDER BY word, field, pmid")
    return lists_of_rows(rows.to_arrow_table())


def take_out_stale(con: duckdb.DuckDBPyConnection, base: str) -> None:
    """Take the rows of table `stale_word` out of the lists, and words that nothing has out of the vocabulary.

    Lists that lose a citation are put in again without it, after all others.

    Args:
        con: In a transaction on the file that is built; perhaps in another one afterwards.
        base: The name of the file.
    """
    for part in parts_of_stale(con):
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE touched AS
            SELECT list, word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count FROM (
                SELECT rowid AS list, * FROM posting_list WHERE {part}
            ) SEMI JOIN stale_word USING (word, field)"""
        )
        con.execute(
            """CREATE OR REPLACE TEMP TABLE shortened AS
            SELECT DISTINCT list FROM touched SEMI JOIN stale_word USING (word, field, pmid, word_count)"""
        )
        con.execute("DELETE FROM posting_list WHERE rowid IN (FROM shortened)")
        ((count,),) = con.execute("SELECT count(*) FROM shortened").fetchall()
        con.execute(
            """INSERT INTO posting_list
            SELECT word, field, min(pmid), list(pmid ORDER BY pmid), list(word_count ORDER BY pmid)
            FROM touched SEMI JOIN shortened USING (list) ANTI JOIN stale_word USING (word, field, pmid, word_count)
            GROUP BY list, word, field ORDER BY word, field, min(pmid)"""
        )
        write_notes(con, base, count)
    con.execute(
        """DELETE FROM search_vocabulary WHERE word IN (
            SELECT word FROM (SELECT DISTINCT word FROM stale_word) ANTI JOIN posting_list USING (word)
        )"""
    )


def parts_of_stale(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Conditions for ranges of words; the lists of the stale ones in each have about as many citations."""
    found = con.execute(
        """SELECT min(word) FROM (
            SELECT word, (sum(size) OVER (ORDER BY word) - 1) // $1 AS part FROM (
                SELECT word, sum(len(pmids)) AS size
                FROM posting_list SEMI JOIN stale_word USING (word, field) GROUP BY word
            )
        ) GROUP BY part ORDER BY part""",
        [TAKEN_FROM],
    ).fetchall()
    return between([word for (word,) in found[1:]]) if found else []


def between(bounds: Sequence[str]) -> list[str]:
    """Conditions for the ranges of words that begin before, at and between some words."""
    return [
        " AND ".join([f"word >= {literal(low)}" if low else "true", f"word < {literal(high)}" if high else "true"])
        for low, high in zip([None, *bounds], [*bounds, None], strict=True)
    ]


def sort_index(con: duckdb.DuckDBPyConnection, paths: list[Path], count: int) -> None:
    """Put the lists of some files into the index in their order, a range of words at a time.

    Args:
        con: The vocabulary and everything else is there already.
        paths: Each sorted by the key of the index; the citations of one come before those of the next.
        count: Words of citations in all of them.
    """
    ranges = 1 + count // max(SORTED_AT_ONCE, memory_of(con) // SORTED_ROW_BYTES)
    bounds: list[str] = []
    if ranges > 1:
        files = ", ".join(literal(str(path)) for path in paths)
        found = con.execute(
            f"""SELECT min(word) FROM (
                SELECT word, (sum(size) OVER (ORDER BY word) - 1) * $1 // sum(size) OVER () AS part FROM (
                    SELECT word, sum(len(pmids)) AS size FROM read_parquet([{files}])
                    WHERE hash(word, first_pmid) % {SAMPLED} = 0 GROUP BY word
                )
            ) GROUP BY part ORDER BY part""",
            [ranges],
        ).fetchall()
        bounds = [word for (word,) in found[1:]]
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        insert_lists(con, merge_lists(paths, low, high))

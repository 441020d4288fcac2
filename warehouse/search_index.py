"""The words that searches look up: plain tables, kept up to date by PMID, which any DuckDB client can ask.

`words.py` cuts them where its module is compiled; else, or with `CORPUS_READING=numpy`, SQL does.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.compiled_choice import is_compiled
from warehouse.current import literal, memory_of
from warehouse.portions import ROWS_A_NOTE, delete_rows, write_notes
from warehouse.posting_lists import lists_of_rows, merge_lists
from warehouse.schema.citation import CITATION
from warehouse.schema.derived import SEARCH_LENGTH, SEARCH_VOCABULARY
from warehouse.sql_files import read_statement

# Variables by whose names DuckDB finds what they hold, if no table of the file is called so; registered as views, they
# would be held until the transaction ends.
ARROW_NAMES = frozenset({"arrow_citation", "arrow_length", "arrow_list", "arrow_stem", "arrow_word"})
# What `words.py` needs.
KERNEL = "warehouse.compiled_words"

# Citations whose words are cut together, in memory, and how many times that at the same time.
CUT_AT_ONCE = 10_000
CUTTERS = 2
# Words of citations that are sorted together when all of the index is put into the order of its words, and DuckDB's
# memory for each if it has more: every file is looked into for every range of words.
SORTED_AT_ONCE = 5_000_000
SORTED_ROW_BYTES = 200
# Rows of a row group of a file of words.
ROW_GROUP_SIZE = 4_096
# Words of citations that are taken out of their lists together, and DuckDB's notes of lists that are deleted (see
# portions.py), 80 MB: less are taken of an index that has more rows.
TAKEN_AT_ONCE = 100_000
NOTES_AT_ONCE = 5_000
# Fields whose words are counted by a search by relevance.
COUNTED = pa.array(["title", "abstract", "vernacular_title"])
# Take one list in this many to find the borders of word ranges.
SAMPLED = 50


@dataclass(frozen=True)
class Cut:
    """The words of some citations.

    Attributes:
        citations: Their PMIDs, column `pmid`, ascending.
        lists: Rows of POSTING_LIST, in the order of its key.
        lengths: Rows of SEARCH_LENGTH, one for each citation.
    """

    citations: pa.Table
    lists: pa.Table
    lengths: pa.Table


# The rows of view search_index that some lists are.
FLAT = "SELECT word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count FROM arrow_list"


def note_words(con: duckdb.DuckDBPyConnection) -> None:
    """Fill table `word_before`: the words of citations that are replaced, while the tables still have their texts."""
    con.execute("CREATE TEMP TABLE word_before (word VARCHAR, field VARCHAR, pmid BIGINT, word_count INTEGER)")
    for cut in cut_each(con, f"held_{CITATION.name}"):
        arrow_list = cut.lists  # noqa: F841 - DuckDB finds it by its name
        con.execute(f"INSERT INTO word_before {FLAT}")


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
        for cut in cut_each(con, f"put_{CITATION.name}"):
            arrow_length = cut.lengths  # noqa: F841 - DuckDB finds it by its name
            con.execute("INSERT INTO search_length FROM arrow_length")
            if is_sorted_whole:
                paths.append(Path(folder) / f"words-{len(paths)}.parquet")
                paths[-1].parent.mkdir(exist_ok=True)
                pq.write_table(cut.lists, paths[-1], row_group_size=ROW_GROUP_SIZE, compression="lz4")
                cut_count += pc.sum(pc.list_value_length(cut.lists["pmids"])).as_py() or 0
            else:
                insert_lists(con, unlike_before(con, cut) if is_replacing else cut.lists)
        if paths:
            sort_index(con, paths, cut_count)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    if is_replacing:
        take_out_stale(con, str(base))


def cut_each(con: duckdb.DuckDBPyConnection, keys: str) -> Iterator[Cut]:
    """The words of the citations of a relation, some thousand citations at a time, in the order of PMIDs.

    Compiled code cuts them in threads, while DuckDB reads the texts of the next ones and puts in what was cut.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE numbered AS SELECT pmid, row_number() OVER (ORDER BY pmid) AS n FROM {keys}"
    )
    ((count,),) = con.execute("SELECT count(*) FROM numbered").fetchall()
    together = (next_citations(con, start) for start in range(0, count, CUT_AT_ONCE))
    if not is_compiled(KERNEL):
        for citations in together:
            rows = con.sql(read_statement("cut_words"), params=bounds_of(citations)).to_arrow_table()
            yield cut_of(con, citations, lists_of_rows(rows))
        return
    from warehouse.words import cut_words, open_macros, read_texts  # noqa: PLC0415 - only where it is compiled

    def cut(macros: duckdb.DuckDBPyConnection, citations: pa.Table, texts: pa.Table) -> Cut:
        return cut_of(macros, citations, cut_words(macros, texts))

    waiting: deque[Future[Cut]] = deque()
    with open_macros() as macros, ThreadPoolExecutor(CUTTERS) as pool:
        for citations in together:
            waiting.append(pool.submit(cut, macros.cursor(), citations, read_texts(con, bounds_of(citations))))
            if len(waiting) > CUTTERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def next_citations(con: duckdb.DuckDBPyConnection, start: int) -> pa.Table:
    """Fill table `indexed` with the next citations, those after the first `start`; return their PMIDs."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE indexed AS SELECT pmid FROM numbered WHERE n > $1 AND n <= $2",
        [start, start + CUT_AT_ONCE],
    )
    return con.sql("FROM indexed ORDER BY pmid").to_arrow_table()


def bounds_of(citations: pa.Table) -> dict[str, int]:
    """The first and the last of some PMIDs, which let DuckDB skip row groups."""
    return {"first": citations["pmid"][0].as_py(), "last": citations["pmid"][-1].as_py()}


def cut_of(con: duckdb.DuckDBPyConnection, citations: pa.Table, lists: pa.Table) -> Cut:
    """The words of some citations with the lengths of their texts: words of the fields of `COUNTED` but stop words.

    Args:
        con: With macro `search_stop`.
        citations: Their PMIDs, ascending.
        lists: Their words.
    """
    # DuckDB finds it by its name.
    arrow_word = pa.table({"word": lists["word"].unique()})  # noqa: F841
    stops = con.sql("SELECT word FROM arrow_word WHERE search_stop(word)").to_arrow_table()["word"]
    is_stop = pc.is_in(lists["word"], value_set=stops.cast(lists["word"].type))
    counted = lists.filter(pc.and_not(pc.is_in(lists["field"], value_set=COUNTED), is_stop))
    pmids, counts = (pc.list_flatten(counted[name]).to_numpy() for name in ("pmids", "word_counts"))
    places = np.searchsorted(citations["pmid"].to_numpy(), pmids)
    lengths = np.bincount(places, counts, len(citations)).astype(np.int32)
    return Cut(citations, lists, pa.table({"pmid": citations["pmid"], "term_count": lengths}))


def insert_lists(con: duckdb.DuckDBPyConnection, arrow_list: pa.Table) -> None:
    """Put lists into the index as they come, and their words into the vocabulary; DuckDB finds both by their names."""
    arrow_word = pa.table({"word": arrow_list["word"].unique()})  # noqa: F841
    words = con.sql("FROM arrow_word ANTI JOIN search_vocabulary USING (word) ORDER BY word").to_arrow_table()["word"]
    if is_compiled(KERNEL):
        from warehouse.words import stems_of  # noqa: PLC0415 - only where it is compiled

        arrow_stem = stems_of(words.combine_chunks())
    else:
        stems = con.sql("FROM search_stem($words) ORDER BY word", params={"words": words.to_pylist()})
        arrow_stem = stems.to_arrow_table()  # noqa: F841
    con.execute("SET preserve_insertion_order = true")
    con.execute("INSERT INTO posting_list FROM arrow_list")
    con.execute(read_statement(f"insert_{SEARCH_VOCABULARY.name}"))
    con.execute("SET preserve_insertion_order = false")


def unlike_before(con: duckdb.DuckDBPyConnection, cut: Cut) -> pa.Table:
    """The lists without the words that the citations had before; words that they no longer have go to `stale_word`."""
    arrow_citation, arrow_list = cut.citations, cut.lists  # noqa: F841 - DuckDB finds them by their names
    before = "(FROM word_before WHERE pmid BETWEEN $first AND $last)"
    bounds = bounds_of(cut.citations)
    con.execute(f"CREATE OR REPLACE TEMP TABLE word_now AS {FLAT}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE as_before AS
        FROM {before} SEMI JOIN word_now USING (word, field, pmid, word_count)""",
        bounds,
    )
    con.execute(
        f"""INSERT INTO stale_word
        FROM {before} SEMI JOIN arrow_citation USING (pmid) ANTI JOIN as_before USING (word, field, pmid)""",
        bounds,
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
            f"""CREATE OR REPLACE TEMP TABLE shortened AS
            SELECT DISTINCT list FROM (
                SELECT list, word, field, unnest(pmids) AS pmid
                FROM (SELECT rowid AS list, word, field, pmids FROM posting_list WHERE {part})
                SEMI JOIN stale_word USING (word, field)
            ) SEMI JOIN (FROM stale_word WHERE {part}) USING (word, field, pmid)"""
        )
        con.execute(
            """CREATE OR REPLACE TEMP TABLE kept AS
            SELECT list, word, field, pmid, word_count FROM (
                SELECT rowid AS list, word, field, unnest(pmids) AS pmid, unnest(word_counts) AS word_count
                FROM posting_list WHERE rowid IN (FROM shortened)
            ) ANTI JOIN stale_word USING (word, field, pmid, word_count)"""
        )
        con.execute("DELETE FROM posting_list WHERE rowid IN (FROM shortened)")
        con.execute(
            """INSERT INTO posting_list
            SELECT word, field, min(pmid) AS first_pmid, list(pmid ORDER BY pmid), list(word_count ORDER BY pmid)
            FROM kept GROUP BY list, word, field ORDER BY word, field, first_pmid"""
        )
        ((notes,),) = con.execute(f"SELECT count(DISTINCT list // {ROWS_A_NOTE}) FROM shortened").fetchall()
        write_notes(con, base, notes)
    con.execute(
        """DELETE FROM search_vocabulary WHERE word IN (
            SELECT word FROM (SELECT DISTINCT word FROM stale_word) ANTI JOIN posting_list USING (word)
        )"""
    )


def parts_of_stale(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Conditions for ranges of words, with about as many rows of `stale_word` each, and of the index."""
    ((stale, lists),) = con.execute(
        "SELECT (SELECT count(*) FROM stale_word), (SELECT count(*) FROM posting_list)"
    ).fetchall()
    together = min(TAKEN_AT_ONCE, stale * NOTES_AT_ONCE // (1 + lists // ROWS_A_NOTE))
    found = con.execute(
        """SELECT min(word) FROM (
            SELECT word, (sum(count(*)) OVER (ORDER BY word) - 1) // $1 AS part FROM stale_word GROUP BY word
        ) GROUP BY part ORDER BY part""",
        [max(1, together)],
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
        con: With the tables, of which the index and the vocabulary are empty.
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
    merging: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for low, high in zip([None, *bounds], [*bounds, None], strict=True):
            merging.append(pool.submit(merge_lists, paths, low, high))
            if len(merging) > 1:
                insert_lists(con, merging.popleft().result())
        insert_lists(con, merging.popleft().result())

"""The words of citations as rows of table `posting_list`, cut by compiled code instead of `cut_words.sql`.

What a word is stands in the macros of warehouse/sql/ alone. In ASCII it is a run of letters and digits, which is cut
and counted here. A run with any other character is given to macro `search_split`, each different one once:

    texts             "5±2 mg", "β-catenin, 5±2"
    different runs    5±2, mg, β, catenin
    by SQL            5±2 -> 5, 2    β -> beta
"""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.compiled_stems import stem_words
from warehouse.compiled_words import count_words, in_order
from warehouse.current import open_memory
from warehouse.posting_lists import Numbers, is_new, make_lists, ranked, ranks_of
from warehouse.sql_files import read_statement

# The macros that say what a word is, and which do not count.
MACROS = ("search_plain", "search_greek", "search_fold", "search_split", "search_stop")
# The texts of table `indexed`; a reference, `&amp;`, becomes its character before words are cut.
TEXTS = """SELECT pmid, field, CASE WHEN contains(text, '&') THEN search_plain(text) ELSE text END AS text
FROM search_text SEMI JOIN indexed USING (pmid) WHERE pmid BETWEEN $first AND $last"""


def open_macros() -> duckdb.DuckDBPyConnection:
    """A DuckDB with the macros that say what a word is, for threads that are not to wait for the one that builds."""
    con = open_memory()
    con.execute("SET threads = 1")
    for name in MACROS:
        con.execute(read_statement(f"create_{name}"))
    return con


def read_texts(con: duckdb.DuckDBPyConnection, bounds: dict[str, int]) -> pa.Table:
    """The texts of the citations of table `indexed`, between a `first` and a `last` PMID: pmid, field and text."""
    return con.sql(TEXTS, params=bounds).to_arrow_table()


def cut_words(con: duckdb.DuckDBPyConnection, texts: pa.Table) -> pa.Table:
    """The words of some texts: rows of POSTING_LIST, in the order of its key.

    Args:
        con: With the macros of `open_macros`.
        texts: As `read_texts` gives them, in any order.
    """
    pmids, (fields, _) = texts["pmid"].to_numpy(), ranked(texts["field"])
    names = pc.unique(texts["field"]).sort()
    order = np.lexsort((pmids, fields))
    pmids, fields = pmids[order], fields[order]
    is_first = is_new(pmids, fields)
    groups = (np.cumsum(is_first) - 1).astype(np.int32)
    firsts, written, (run, group, count) = count_words(*buffers_of(texts["text"].combine_chunks()), order, groups)
    runs = pa.LargeStringArray.from_buffers(len(firsts) - 1, pa.py_buffer(firsts), pa.py_buffer(written))
    words, word_of_part, parts = split_runs(con, runs)
    in_words = pc.sort_indices(words)
    # A row of a run becomes as many rows as the run has words.
    counts = np.diff(parts)[run]
    ends = np.cumsum(counts)
    part = np.arange(ends[-1] if len(ends) else 0) + np.repeat(parts[run] - ends + counts, counts)
    word = ranks_of(in_words)[word_of_part[part]]
    order = in_order(word, len(words))
    word, group, count = word[order], np.repeat(group, counts)[order], np.repeat(count, counts)[order]
    words = words.take(in_words)
    # A word can come twice in a group: by itself and in a run.
    starts = np.flatnonzero(is_new(word, group))
    count = np.add.reduceat(count, starts) if len(starts) else count
    word, group = word[starts], group[starts]
    field = fields[is_first][group]
    firsts = np.flatnonzero(is_new(word, field))
    return make_lists(
        words.take(pa.array(word[firsts])),
        names.take(pa.array(field[firsts])),
        firsts,
        pmids[is_first][group],
        count,
    )


def split_runs(
    con: duckdb.DuckDBPyConnection, runs: pa.LargeStringArray
) -> tuple[pa.LargeStringArray, Numbers, Numbers]:
    """The words of runs.

    Returns:
        The different words; the position among them of each word of the first run, of the second, and so on; and where
        in these the words of each run begin, with the end of the last.
    """
    is_plain = pc.string_is_ascii(runs)
    other = pc.invert(is_plain)
    # DuckDB finds it by its name.
    other_run = pa.table({"number": np.flatnonzero(other), "run": runs.filter(other)})  # noqa: F841
    split = con.sql("SELECT number, unnest(search_split(run)) AS word FROM other_run").to_arrow_table()
    numbers = np.append(np.flatnonzero(is_plain), split["number"].to_numpy())
    words = pa.concat_arrays([runs.filter(is_plain), *split["word"].cast(pa.large_string()).chunks]).dictionary_encode()
    order = np.argsort(numbers, kind="stable")
    borders = np.searchsorted(numbers[order], np.arange(len(runs) + 1))
    return words.dictionary, words.indices.to_numpy()[order], borders


def stems_of(words: pa.Array) -> pa.Table:
    """Words and their stems, those of macro `search_stem`: columns `word` and `stem`."""
    written, borders = buffers_of(words)
    stems, borders = stem_words(np.frombuffer(written, np.uint8), borders)
    stem = pa.LargeStringArray.from_buffers(len(words), pa.py_buffer(borders), pa.py_buffer(stems))
    return pa.table({"word": words, "stem": stem})


def buffers_of(texts: pa.Array) -> tuple[pa.Buffer | bytes, Numbers]:
    """The bytes of some texts, one after the other, and where each begins, with the end of the last."""
    array = texts.cast(pa.large_string())
    _, borders, marks = array.buffers()
    return marks or b"", np.frombuffer(borders, np.int64)[array.offset :][: len(array) + 1]

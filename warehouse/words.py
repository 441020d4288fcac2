"""The words of citations as rows of table `search_index`, compiled: what `insert_search_index.sql` makes by itself.

What a word is stands in the macros of warehouse/sql/ alone. In ASCII it is a run of letters and digits, which is cut
and counted here. A run with any other character is given to macro `search_split`, each different one once:

    texts             "5±2 mg", "β-catenin, 5±2"
    different runs    5±2, mg, β, catenin
    by SQL            5±2 -> 5, 2    β -> beta
"""

from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import dataset

from warehouse.compiled_words import count_words, in_order

Numbers = npt.NDArray[Any]


def cut_words(con: duckdb.DuckDBPyConnection, query: str) -> tuple[pa.Table, pa.LargeStringArray]:
    """The words of the texts of a query, one row for each word of a citation and field.

    Args:
        con: With the macros of warehouse/sql/.
        query: Its rows have `pmid`, `field` and `text`, in any order.
    Returns:
        The columns of SEARCH_INDEX, in the order of its key; and the different words.
    """
    plain = "CASE WHEN contains(text, '&') THEN search_plain(text) ELSE text END"
    texts = con.sql(f"SELECT pmid, field, {plain} AS text FROM ({query})").to_arrow_table()
    pmids, (fields, _) = texts["pmid"].to_numpy(), ranked(texts["field"])
    names = pc.unique(texts["field"]).sort()
    order = np.lexsort((pmids, fields))
    pmids, fields = pmids[order], fields[order]
    is_first = is_new(pmids, fields)
    groups = (np.cumsum(is_first) - 1).astype(np.int32)
    firsts, written, (run, group, count) = count_words(*buffers_of(texts["text"]), order, groups)
    del texts
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
    starts = np.flatnonzero(is_new(word, group))
    word, group = word[starts], group[starts]
    words = words.take(in_words)
    rows = pa.table(
        {
            "word": words.take(pa.array(word)),
            "field": pa.DictionaryArray.from_arrays(fields[is_first][group], names),
            "pmid": pmids[is_first][group],
            "word_count": np.add.reduceat(count, starts) if len(starts) else count,
        }
    )
    return rows, words


def merge_words(paths: list[Path], low: str | None, high: str | None) -> pa.Table:
    """The rows of a range of words in some files that `cut_words` made, in the order of the index.

    Args:
        paths: The citations of one come before those of the next.
        low: The first word of the range; None is without bound.
        high: The first word after it; None is without bound.
    """
    within = [pc.field("word") >= low] if low is not None else []
    within += [pc.field("word") < high] if high is not None else []
    rows = dataset(paths).to_table(filter=reduce(and_, within) if within else None)
    (word, word_count), (field, field_count) = ranked(rows["word"]), ranked(rows["field"].cast(pa.string()))
    order = in_order((word * field_count + field).astype(np.int32), word_count * field_count)
    return rows.take(pa.array(order))


def ranked(texts: pa.ChunkedArray) -> tuple[Numbers, int]:
    """Of each text, how many different ones come before it; and how many there are."""
    encoded = texts.combine_chunks().dictionary_encode()
    return ranks_of(pc.sort_indices(encoded.dictionary))[encoded.indices.to_numpy()], len(encoded.dictionary)


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


def buffers_of(texts: pa.ChunkedArray) -> tuple[pa.Buffer | bytes, Numbers]:
    """The bytes of some texts, one after the other, and where each begins, with the end of the last."""
    array = texts.cast(pa.large_string()).combine_chunks()
    _, borders, marks = array.buffers()
    return marks or b"", np.frombuffer(borders, np.int64)[array.offset :][: len(array) + 1]


def is_new(*columns: Numbers) -> npt.NDArray[np.bool_]:
    """Of each row of some sorted columns, whether it differs from the one before."""
    differs = np.ones(len(columns[0]), bool)
    differs[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return differs


def ranks_of(order: pa.Array) -> Numbers:
    """Of each position, where it stands in an order."""
    ranks = np.empty(len(order), np.int32)
    ranks[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    return ranks

"""Rows of table `posting_list`: a word and a field with the citations that have it there, a list instead of a row each.

A word that half of a corpus has is some thousand lists that stand one after the other, and one that a single citation
has is a list of one. README.md has the figures.
"""

from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import dataset

from warehouse.schema.derived import POSTING_LIST

Numbers = npt.NDArray[Any]

# PMIDs of a list at most. DuckDB reads the lists of 2,048 rows at once, to find those of one word.
LONGEST = 128


def make_lists(words: pa.Array, fields: pa.Array, starts: Numbers, pmids: Numbers, counts: Numbers) -> pa.Table:
    """The lists of words in fields, in the order of their key.

    Args:
        words: A word for each field that has it, in order.
        fields: The field.
        starts: Where the citations of each begin among all.
        pmids: Of all, ascending within each.
        counts: How often the word stands there.
    """
    lengths = np.diff(np.append(starts, len(pmids)))
    parts = -(-lengths // LONGEST)
    owner = np.repeat(np.arange(len(starts)), parts)
    firsts = starts[owner] + (np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)) * LONGEST
    borders = pa.array(np.append(firsts, len(pmids)).astype(np.int32))
    taken = pa.array(owner)
    columns = (
        words.take(taken),
        fields.take(taken),
        pa.array(pmids[firsts]),
        pa.ListArray.from_arrays(borders, pa.array(pmids)),
        pa.ListArray.from_arrays(borders, pa.array(counts.astype(np.int32))),
    )
    return pa.table(dict(zip(POSTING_LIST.column_names, columns, strict=True)))


def lists_of_rows(rows: pa.Table) -> pa.Table:
    """The lists of rows as those of view search_index, in their order: by word, field and PMID."""
    words, fields = (rows[name].combine_chunks().dictionary_encode() for name in ("word", "field"))
    starts = np.flatnonzero(is_new(words.indices.to_numpy(), fields.indices.to_numpy()))
    taken = pa.array(starts)
    return make_lists(
        words.take(taken).dictionary_decode(),
        fields.take(taken).dictionary_decode(),
        starts,
        rows["pmid"].to_numpy(),
        rows["word_count"].to_numpy(),
    )


def merge_lists(paths: list[Path], low: str | None, high: str | None) -> pa.Table:
    """The lists of a range of words in some files, those of a word and field joined, in the order of their key.

    Args:
        paths: The citations of one come before those of the next.
        low: The first word of the range; None is without bound.
        high: The first word after it; None is without bound.
    """
    within = [pc.field("word") >= low] if low is not None else []
    within += [pc.field("word") < high] if high is not None else []
    rows = dataset(paths).to_table(filter=reduce(and_, within) if within else None)
    (word, _), (field, field_count) = ranked(rows["word"]), ranked(rows["field"])
    order = np.argsort(word.astype(np.int64) * field_count + field, kind="stable")
    word, field, rows = word[order], field[order], rows.take(pa.array(order))
    pmids, counts = (rows[name].combine_chunks() for name in ("pmids", "word_counts"))
    firsts = np.flatnonzero(is_new(word, field))
    starts = pmids.offsets.to_numpy()[:-1][firsts] - pmids.offsets[0].as_py() if len(rows) else firsts
    taken = pa.array(firsts)
    flat = (pmids.flatten().to_numpy(), counts.flatten().to_numpy())
    return make_lists(rows["word"].take(taken), rows["field"].take(taken), starts, *flat)


def ranked(texts: pa.ChunkedArray) -> tuple[Numbers, int]:
    """Of each text, how many different ones come before it; and how many there are."""
    encoded = texts.combine_chunks().dictionary_encode()
    return ranks_of(pc.sort_indices(encoded.dictionary))[encoded.indices.to_numpy()], len(encoded.dictionary)


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

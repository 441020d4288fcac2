"""Words of citations as lists: the same as rows, however they are cut and joined."""

import random
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse import posting_lists
from warehouse.posting_lists import lists_of_rows, merge_lists

Row = tuple[str, str, int, int]
NAMES = ("word", "field", "pmid", "word_count")


def some_rows(pmids: range) -> list[Row]:
    """Rows in the order of the index, of words that are common and rare."""
    chance = random.Random(pmids.start)
    words = ["a", "ab", "b", "é", "𝛽", *(f"w{number}" for number in pmids)]
    return sorted(
        (word, field, pmid, chance.randint(1, 3))
        for word in words
        for field in ("abstract", "title")
        for pmid in chance.sample(pmids, chance.randint(0, len(pmids)))
    )


def as_table(rows: list[Row]) -> pa.Table:
    """Rows as DuckDB gives them."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.string(), pa.int64(), pa.int32())
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(NAMES, columns, types, strict=True)})


def flat(lists: pa.Table) -> list[Row]:
    """The rows that lists are."""
    return [
        (row["word"], row["field"], pmid, count)
        for row in lists.to_pylist()
        for pmid, count in zip(row["pmids"], row["word_counts"], strict=True)
    ]


def test_rows_become_lists_and_rows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is longer than it may be, or shorter than it needs to be; each says what it begins with."""
    monkeypatch.setattr(posting_lists, "LONGEST", 3)
    rows = some_rows(range(1, 9))
    lists = lists_of_rows(as_table(rows))
    assert flat(lists) == rows
    found = lists.to_pylist()
    assert all(row["pmids"][0] == row["first_pmid"] and len(row["pmids"]) <= 3 for row in found)
    assert all(
        len(one["pmids"]) == 3
        for one, two in pairwise(found)
        if (one["word"], one["field"]) == (two["word"], two["field"])
    )
    assert flat(lists_of_rows(as_table([]))) == []


@pytest.mark.parametrize("bounds", [[None, None], [None, "b", None], [None, "a", "ab", "w2", "é", None]])
def test_lists_of_several_files_are_joined(
    bounds: list[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word's citations follow each other as the files do, whatever ranges of words are taken."""
    monkeypatch.setattr(posting_lists, "LONGEST", 4)
    parts = [range(1, 6), range(6, 8), range(8, 20)]
    paths = [tmp_path / f"{part.start}.parquet" for part in parts]
    for path, part in zip(paths, parts, strict=True):
        pq.write_table(lists_of_rows(as_table(some_rows(part))), path, row_group_size=3)
    merged = [merge_lists(paths, low, high) for low, high in pairwise(bounds)]
    assert [row for lists in merged for row in flat(lists)] == sorted(row for part in parts for row in some_rows(part))
    whole = pa.concat_tables(merged).to_pylist()
    keys = [(row["word"], row["field"]) for row in whole]
    assert all(len(row["pmids"]) == 4 for row, key, after in zip(whole, keys, keys[1:], strict=False) if key == after)

"""Rows become Arrow by a declaration, or are refused; nothing is silently dropped, nulled or cut."""

import pyarrow as pa
import pytest

from warehouse.schema.declaration import (
    INT16,
    INT64,
    TEXT,
    Column,
    Table,
    below,
    column,
    either,
    of_citation,
    optional,
    order,
)

TABLE = Table(
    "a", "An a.", ("pmid",), (column("pmid", INT64, "PMID"), optional("text", TEXT, "Text."), column("n", INT16, "N"))
)


def test_rows_become_columns_in_their_order() -> None:
    """Columns that may not be null are marked; without rows there is an empty table."""
    made = TABLE.to_arrow([(1, "x", 2), (3, None, 4)])
    assert made.to_pydict() == {"pmid": [1, 3], "text": ["x", None], "n": [2, 4]}
    assert [field.nullable for field in made.schema] == [False, True, False]
    assert TABLE.to_arrow([]).schema == TABLE.arrow_schema == made.schema


def test_a_constant_takes_the_place_of_what_rows_say() -> None:
    """Even of a null where none is allowed."""
    made = TABLE.to_arrow([(None, "x", 2)] * 2, {"pmid": pa.scalar(7, INT64)})
    assert made["pmid"].to_pylist() == [7, 7]


@pytest.mark.parametrize(
    ("rows", "error", "sentence"),
    [
        ([(1, "x")], ValueError, "a: rows of 2 values for 3 columns"),
        ([(1, "x", 2, 3)], ValueError, "a: rows of 4 values for 3 columns"),
        ([(1, "x", 2), (1, "x")], ValueError, "zip"),
        ([(1, "x", 2), (1, "x", None)], ValueError, "a.n: null in row 1"),
        ([(1, "x", 40_000)], pa.ArrowInvalid, "40000"),
        ([("one", "x", 2)], pa.ArrowInvalid, "one"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    rows: list[tuple[object, ...]], error: type[Exception], sentence: str
) -> None:
    """With the table, and the column if it is one column's fault."""
    with pytest.raises(error, match=sentence):
        TABLE.to_arrow(rows)


def test_a_source_is_paths_or_a_sentence() -> None:
    """Of several, all have to be paths."""
    assert column("x", TEXT, "", source="A/B | A/@C").paths == ("A/B", "A/@C")
    for sentence in ("", "From A/B.", "A/B | the rest", "a/b"):
        assert column("x", TEXT, "", source=sentence).paths == ()


def test_paths_are_put_together() -> None:
    """Below each alternative, and one after the other."""
    assert below("A | B", "@C") == "A/@C | B/@C"
    assert either("A", "B") == "A | B"


def test_parts_of_a_citation_go_with_it() -> None:
    """A later citation replaces all of its rows; a position counts from 1."""
    table = of_citation("part", "A part.", ("n",), order("n", "the part", counts="A/B", within="A"), rows="A/B")
    assert (table.key, table.owner, table.owner_key) == (("pmid", "n"), "citation", ("pmid",))
    assert table.columns[1] == Column(
        "n", pa.int32(), "Position of the part, from 1, in document order.", counts="A/B", within="A"
    )

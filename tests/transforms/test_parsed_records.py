"""What chunks share: rows that know their chunk, and counts of elements without a column."""

from datetime import UTC, datetime

import pyarrow as pa

from transforms.parsed_records import Provenance, UnknownElement, add_unknown, in_chunk

AT = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_first_example_of_an_unknown_element_stays() -> None:
    """Its count grows."""
    known: dict[str, UnknownElement] = {}
    for element in (UnknownElement("A", 2, 7, "x"), UnknownElement("B", 1, 8, None), UnknownElement("A", 3, 9, "y")):
        add_unknown(known, element)
    assert list(known.values()) == [UnknownElement("A", 5, 7, "x"), UnknownElement("B", 1, 8, None)]


def test_rows_know_their_chunk() -> None:
    """In a column of its own, even if there are none."""
    rows = pa.table({"pmid": [1, 2]})
    assert in_chunk(rows, 4).to_pydict() == {"pmid": [1, 2], "chunk_order": [4, 4]}
    assert in_chunk(rows[:0], 4).column_names == ["pmid", "chunk_order"]


def test_a_numbered_file_is_a_kind_of_delivery_of_its_own() -> None:
    """Its number says more than any date."""
    assert Provenance("r", "file", "a.xml", AT, "1").delivery_kind == "file"
    assert Provenance("r", "file", "pubmed26n0001.xml.gz", AT, "1", nlm_year=26).delivery_kind == "nlm_file"

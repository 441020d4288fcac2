"""The data dictionary says what the declarations say."""

import pytest

from warehouse.dictionary import FILE, data_dictionary, source, table_lines
from warehouse.schema.declaration import DERIVED, INT64, PROGRAM, RECORD, TEXT, Column, Table, column, optional
from warehouse.schema.tables import TABLES

PMID = column("pmid", INT64, "Its PMID.", source="A/PMID | B/PMID")


def test_the_data_dictionary_is_up_to_date() -> None:
    """Run `uv run python -m warehouse.dictionary` after a change of the schema."""
    assert FILE.read_text(encoding="utf-8") == data_dictionary()


def test_it_has_every_column() -> None:
    """Each with its meaning."""
    text = data_dictionary()
    for table in TABLES.values():
        chapter = text.split(f"\n## {table.name}\n", 1)[1].split("\n## ", 1)[0]
        for declared in table.columns:
            assert f"| `{declared.name}` |" in chapter
            assert declared.doc.replace("|", "\\|") in chapter


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (Table("a", "An a.", ("pmid",), (PMID,), rows=RECORD), ["- Rows: one per record."]),
        (Table("a", "An a.", ("pmid",), (PMID,), rows="A/B | A/C"), ["- Rows: one for each `A/B`, `A/C`"]),
        (
            Table("a", "An a.", ("pmid",), (PMID,), rows="A", extended_by="A/B", is_log=True, is_raw=True),
            [
                "- Rows: one for each `A`",
                "- Further rows: one for each but the first `A/B` of them",
                "- Rows of every run stay.",
                "- In Parquet only.",
            ],
        ),
        (Table("a", "An a.", ("pmid",), (PMID,), owner=DERIVED), ["- In DuckDB only, made from the others."]),
        (
            Table("a", "An a.", ("pmid",), (PMID,), owner=DERIVED, schema=PROGRAM),
            ["- In DuckDB only, in schema `program`, made from the others."],
        ),
    ],
)
def test_a_chapter_says_what_the_rows_are_and_where(table: Table, lines: list[str]) -> None:
    """Below what one row is and its key, above the columns."""
    head = ["## a", "", "An a.", "", "- Key: `pmid`"]
    cells = "| `pmid` | int64 | Its PMID. |  | `A/PMID`, `B/PMID` |"
    tail = ["", "| column | type | meaning | null | source |", "|---|---|---|---|---|", cells, ""]
    assert list(table_lines(table)) == [*head, *lines, *tail]


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    """Markdown takes it for a border otherwise."""
    table = Table("a", "An a.", ("x",), (optional("x", TEXT, "One | two.", source="A sentence.", null="Not | said."),))
    assert list(table_lines(table))[-2] == r"| `x` | string | One \| two. | Not \| said. | A sentence. |"


def test_a_source_is_a_path_a_count_a_step_or_a_sentence() -> None:
    """In this order."""
    assert source(Column("n", INT64, "", counts="A/B | A/C")) == "Counts `A/B`, `A/C`"
    assert source(column("kind", TEXT, "", source="The name.", step=1)) == "The path of the row."
    assert source(column("kind", TEXT, "", source="A/@Kind", step=1)) == "`A/@Kind`"
    assert source(column("kind", TEXT, "", source="The name.")) == "The name."

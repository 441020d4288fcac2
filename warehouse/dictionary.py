"""DATA_DICTIONARY.md, written from the declarations: `python -m warehouse.dictionary` brings it up to date."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from warehouse.schema.declaration import DERIVED, PROGRAM, RECORD, Column, Table
from warehouse.schema.left_out import LEFT_OUT, READ_WITH_DOCUMENT
from warehouse.schema.tables import TABLES

FILE = Path(__file__).parent / "DATA_DICTIONARY.md"

HEAD = """# Data dictionary

Every table of the corpus, from the declarations in `schema/` (`uv run python -m warehouse.dictionary` writes this
file). In Parquet every table also has a `run_id`: the run that wrote the row.

A *source* is the path of the XML below the record's own element, `PubmedArticle` or `PubmedBookArticle`; where there
are several, all of them are read. Lists and sections that can hold each other have the path of the outermost. Texts
have no markup, positions count from 1, timestamps are UTC, dates verbatim are text. A column that says nothing of null
is never null.
"""


def data_dictionary() -> str:
    """The whole file, Markdown."""
    return (
        "\n".join([HEAD, *(line for table in TABLES.values() for line in table_lines(table)), *left_out_lines()]) + "\n"
    )


def table_lines(table: Table) -> Iterator[str]:
    """A table's chapter."""
    yield f"## {table.name}"
    yield ""
    yield table.row
    yield ""
    yield f"- Key: {', '.join(f'`{name}`' for name in table.key)}"
    if table.rows == RECORD:
        yield "- Rows: one per record."
    elif table.rows:
        yield f"- Rows: one for each {paths(tuple(table.rows.split(' | ')))}"
    if table.extended_by:
        yield f"- Further rows: one for each but the first {paths(tuple(table.extended_by.split(' | ')))} of them"
    if table.is_log:
        yield "- Rows of every run stay."
    if table.owner == DERIVED:
        where = f", in schema `{table.schema}`" if table.schema == PROGRAM else ""
        yield f"- In DuckDB only{where}, made from the others."
    if table.is_raw:
        yield "- In Parquet only."
    yield ""
    yield "| column | type | meaning | null | source |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        cells = (f"`{column.name}`", type_name(column.type), column.doc, column.null, source(column))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def type_name(type_: pa.DataType) -> str:
    """A type's name as Arrow writes it."""
    return str(type_)


def source(column: Column) -> str:
    """Where a column's value is from."""
    if column.counts:
        return f"Counts {paths(tuple(column.counts.split(' | ')))}"
    if column.step and not column.paths:
        return "The path of the row."
    return paths(column.paths) if column.paths else column.source


def paths(alternatives: tuple[str, ...]) -> str:
    """Paths as code."""
    return ", ".join(f"`{path}`" for path in alternatives)


def left_out_lines() -> Iterator[str]:
    """What the XML has and no column holds."""
    yield "## What has no column"
    yield ""
    yield "All that NLM's DTD declares is in a column above, or here. What no DTD declares is in `unknown_element`,"
    yield "with its path and count, and all of it is in `raw_citation`."
    yield ""
    yield "| element or attribute | why |"
    yield "|---|---|"
    for name, reason in (READ_WITH_DOCUMENT | LEFT_OUT).items():
        yield f"| `{name}` | {reason} |"


if __name__ == "__main__":
    FILE.write_text(data_dictionary(), encoding="utf-8")

"""The formats of `corpus export`, by name and by the ending of a file, and how citations are written in each."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from flows.exports.abstract import abstract_text
from flows.exports.bibtex import bibtex_text
from flows.exports.columns import OWN_SCHEMA, to_row
from flows.exports.csl import csl_text
from flows.exports.medline import medline_text
from flows.exports.record import PARTS, Record
from flows.exports.ris import ris_text

# Rows of a row group of Parquet.
GROUP_ROWS = 2_000

# Separator of the values of a list in one CSV cell.
BETWEEN = "; "


def write_texts(text: Callable[[Record], str], between: str = "") -> Callable[..., None]:
    """A writer of texts one behind the other."""

    def write(records: Iterable[Record], stream: BinaryIO, _extra: pa.Schema) -> None:
        for number, record in enumerate(records):
            stream.write(((between if number else "") + text(record)).encode())

    return write


def write_abstracts(records: Iterable[Record], stream: BinaryIO, _extra: pa.Schema) -> None:
    """Write citations in the abstract format, which numbers them."""
    for order, record in enumerate(records, start=1):
        stream.write((abstract_text(record, order) + "\n").encode())


def write_csl(records: Iterable[Record], stream: BinaryIO, _extra: pa.Schema) -> None:
    """Write citations as one array of CSL-JSON, an item a line."""
    stream.write(b"[\n")
    for number, record in enumerate(records):
        stream.write(((",\n" if number else "") + csl_text(record)).encode())
    stream.write(b"\n]\n")


def rows_of(records: Iterable[Record], extra: pa.Schema) -> Iterator[dict[str, Any]]:
    """Citations as rows, with the columns that were asked for besides."""
    for record in records:
        yield {**to_row(record), **{name: record.extra[name] for name in extra.names}}


def write_csv(records: Iterable[Record], stream: BinaryIO, extra: pa.Schema) -> None:
    """Write citations as CSV, one row each; the values of a list in one cell."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    try:
        names = [*OWN_SCHEMA.names, *extra.names]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        for row in rows_of(records, extra):
            writer.writerow({n: BETWEEN.join(map(str, v)) if isinstance(v, list) else v for n, v in row.items()})
    finally:
        text.detach()


def write_json_lines(records: Iterable[Record], stream: BinaryIO, extra: pa.Schema) -> None:
    """Write citations as JSON, an object a line."""
    for row in rows_of(records, extra):
        stream.write((json.dumps(row, ensure_ascii=False, default=str) + "\n").encode())


def write_parquet(records: Iterable[Record], stream: BinaryIO, extra: pa.Schema) -> None:
    """Write citations as Parquet."""
    schema = pa.schema([*OWN_SCHEMA, *extra])
    rows = rows_of(records, extra)
    with pq.ParquetWriter(stream, schema) as writer:
        while group := list(islice(rows, GROUP_ROWS)):
            writer.write_table(pa.Table.from_pylist(group, schema))


WRITERS: dict[str, Callable[[Iterable[Record], BinaryIO, pa.Schema], None]] = {
    "ris": write_texts(ris_text),
    "nbib": write_texts(medline_text, "\n"),
    "bibtex": write_texts(bibtex_text),
    "csl-json": write_csl,
    "csv": write_csv,
    "jsonl": write_json_lines,
    "parquet": write_parquet,
    "abstract": write_abstracts,
}

# The tables of which a format shows something; the MEDLINE format shows all.
SHORT_PARTS = (
    "abstract_section", "affiliation", "author", "book", "citation_date", "comment_correction", "deleted_citation",
    "isbn", "keyword", "language", "mesh_heading", "publication_type", "retracted",
)  # fmt: skip


def parts_of(format_: str) -> tuple[str, ...]:
    """The tables that a format is made of, besides `citation`."""
    return PARTS if format_ == "nbib" else SHORT_PARTS


# Formats of reference managers, which have no place for columns of somebody's own.
REFERENCE_FORMATS = ("ris", "nbib", "bibtex", "csl-json", "abstract")

ENDINGS = {
    ".ris": "ris",
    ".nbib": "nbib",
    ".bib": "bibtex",
    ".json": "csl-json",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "abstract",
}

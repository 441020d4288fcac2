"""A citation as a row of columns, for reviewers and for programs: CSV, JSON Lines, Parquet."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from flows.exports.record import Record, name_of

TEXTS = pa.list_(pa.string())

# Columns in order, with their type and how a record gives them.
COLUMNS: dict[str, tuple[pa.DataType, Callable[[Record], Any]]] = {
    "pmid": (pa.int64(), lambda r: r.pmid),
    "title": (pa.string(), lambda r: r.title or None),
    "authors": (TEXTS, lambda r: [name_of(person) for person in r.authors]),
    "journal": (pa.string(), lambda r: r.journal or (r.book["book_title"] if r.book else r.citation["journal_title"])),
    "year": (pa.int16(), lambda r: r.citation["pub_year"]),
    "volume": (pa.string(), lambda r: r.volume or None),
    "issue": (pa.string(), lambda r: r.citation["issue"]),
    "pages": (pa.string(), lambda r: r.citation["medline_pgn"]),
    "doi": (pa.string(), lambda r: r.citation["doi"]),
    "pmc_id": (pa.string(), lambda r: r.citation["pmc_id"]),
    "abstract": (pa.string(), lambda r: r.abstract or None),
    "publication_types": (TEXTS, lambda r: r.values("publication_type")),
    "mesh": (TEXTS, lambda r: r.mesh),
    "keywords": (TEXTS, lambda r: r.values("keyword")),
    "languages": (TEXTS, lambda r: r.values("language")),
    "is_retracted": (pa.bool_(), lambda r: r.is_retracted),
    "notes": (TEXTS, lambda r: r.notes),
    "url": (pa.string(), lambda r: r.url),
}
OWN_SCHEMA = pa.schema([pa.field(name, column_type) for name, (column_type, _) in COLUMNS.items()])


def to_row(record: Record) -> dict[str, Any]:
    """A citation as values by the name of their column."""
    return {name: read(record) for name, (_, read) in COLUMNS.items()}

"""What reading some records gives: the rows of every table, where they came from, and what no column takes."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

# The column, of staged rows only, that tells the records of one PMID in a document apart.
CHUNK_ORDER = pa.field("chunk_order", pa.int32())


@dataclass(frozen=True)
class Provenance:
    """Where records are from.

    Attributes:
        run_id: The run.
        source: efetch, file or sample.
        record_source: The request, or the file's name.
        fetched_at: When they came, UTC.
        code_version: Version of this project.
        nlm_year: Two digits of the year in the name of a file of NLM's series; None for anything else.
        nlm_number: The number in its name.
        last_modified: Last-Modified of the file, UTC without time zone; None if it is not known.
    """

    run_id: str
    source: str
    record_source: str
    fetched_at: datetime
    code_version: str
    nlm_year: int | None = None
    nlm_number: int | None = None
    last_modified: datetime | None = None

    @property
    def delivery_kind(self) -> str:
        """As in `delivery`."""
        return self.source if self.nlm_year is None else "nlm_file"


@dataclass(frozen=True)
class UnknownElement:
    """What no column is for, or its column cannot hold: its path, how often it was met, and the first example."""

    path: str
    count: int
    example_pmid: int
    example_text: str | None


@dataclass
class ParsedRecords:
    """What some records became.

    Attributes:
        tables: Rows by table; tables without a row are left out.
        unknown: Elements and attributes no reader is for, by path.
        rejected: The reason by PMID, for records that could not be read.
        rejected_count: Records of the run rejected so far, those without a PMID among them.
        dates: date_revised, and the newest of it and date_completed, by PMID, in days since 1970.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)
    rejected_count: int = 0
    dates: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)


def in_chunk(rows: pa.Table, chunk_order: int) -> pa.Table:
    """Rows with the position of the chunk that they were read from."""
    return rows.append_column(CHUNK_ORDER, pa.repeat(pa.scalar(chunk_order, pa.int32()), rows.num_rows))


def add_unknown(known: dict[str, UnknownElement], element: UnknownElement) -> None:
    """Add what was met to what was met before; the first example stays."""
    before = known.get(element.path)
    known[element.path] = replace(before, count=before.count + element.count) if before else element

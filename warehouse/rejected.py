"""Records that could not be read, and have not been since."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

OPEN = Path(__file__).parent / "sql" / "select_open_rejected.sql"


@dataclass(frozen=True)
class RejectedRecord:
    """A record that waits for code that can read it.

    Attributes:
        record_xml: Its element, byte for byte.
        source: efetch or file.
        record_source: The request, or the file's name, it came from.
    """

    record_xml: bytes
    source: str
    record_source: str


def read_open(con: duckdb.DuckDBPyConnection) -> list[RejectedRecord]:
    """The rejected records that no later run has read, oldest first, each once.

    Args:
        con: With the views of warehouse/current.py.
    """
    rows = con.execute(OPEN.read_text(encoding="utf-8")).fetchall()
    return [RejectedRecord(bytes(xml), source, record_source) for xml, source, record_source in rows]

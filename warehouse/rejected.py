"""Records that could not be read, and have not been since."""

from dataclasses import dataclass
from datetime import datetime

from warehouse.current import open_memory, view_runs
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory


@dataclass(frozen=True)
class RejectedRecord:
    """A record that waits for code that can read it.

    Attributes:
        record_xml: Its element, byte for byte.
        source: efetch or file.
        record_source: The request, or the file's name, it came from.
        delivered_at: When the run that rejected it had ended, UTC without time zone.
    """

    record_xml: bytes
    source: str
    record_source: str
    delivered_at: datetime


def read_open(directory: DataDirectory) -> list[RejectedRecord]:
    """The rejected records that no later run has read, oldest first, each once.

    Raises:
        StoreError: A Parquet file cannot be read.
    """
    with open_memory() as con:
        view_runs(con, directory)
        rows = con.execute(read_statement("select_open_rejected")).fetchall()
    return [RejectedRecord(bytes(xml), *rest) for xml, *rest in rows]

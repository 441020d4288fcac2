"""PMIDs that several files deliver, or that one withdraws: what holds by the rule of an ingest is served.

The rule is not repeated here: the SQL of an ingest decides (`warehouse.decide.hold_alone`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from lxml import etree

from flows.nlm_files.reading import place_in_series
from transforms.raw_records import RawRecord
from transforms.values import to_date
from warehouse.decide import hold_alone
from warehouse.schema.deliveries import STAGED_DELIVERY

# Tables of the time of loading; `packed` is null in the first record of a PMID, which is in table `record`.
SCHEMA = """
create table file (file_order integer primary key, name text, newest_date text);
create table delivery (
    pmid integer, file_order integer, chunk_order integer, record_order integer, evidence text, pmid_version integer,
    content_sha256 text, date_revised text, packed blob
);
"""
READ_DELIVERIES = """
select pmid, evidence, pmid_version, content_sha256, date_revised, chunk_order, record_order, file_order, name,
    newest_date
from delivery join file using (file_order) where pmid between ? and ? and pmid in (select pmid from repeated)
"""
FIND_HOLDER = """
select packed from delivery where pmid = ? and content_sha256 = ? order by packed is null desc, file_order desc limit 1
"""

# PMIDs that are decided on at once.
PMID_COUNT = 10_000


@dataclass
class FileNotes:
    """The notes of one file that is being loaded: what it delivers, and the newest date in it.

    Attributes:
        con: The index.
        name: The file's name without folders.
        file_order: Its position among the files.
        newest: The newest of DateRevised and DateCompleted so far.
    """

    con: sqlite3.Connection
    name: str
    file_order: int = 0
    newest: date | None = None

    def __post_init__(self) -> None:
        """Note the file."""
        added = self.con.execute("insert into file (name) values (?)", (self.name,))
        self.file_order = added.lastrowid or 0

    def add_record(self, record: RawRecord, element: etree._Element, chunk_order: int, packed: bytes | None) -> None:
        """Note a record; `packed` if another one of its PMID came before."""
        revised = date_of(element, "DateRevised")
        days = [day for day in (self.newest, revised, date_of(element, "DateCompleted")) if day]
        self.newest = max(days, default=None)
        at = (record.pmid, self.file_order, chunk_order, record.position)
        row = (*at, None, record.pmid_version, record.content_sha256, revised and revised.isoformat(), packed)
        self.con.execute("insert into delivery values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def add_deletions(self, deletions: Sequence[tuple[int, str, int]], chunk_order: int) -> None:
        """Note the PMIDs that a chunk withdraws."""
        rows = [(pmid, self.file_order, chunk_order, position, evidence) for pmid, evidence, position in deletions]
        self.con.executemany("insert into delivery values (?, ?, ?, ?, ?, null, null, null, null)", rows)

    def close(self) -> None:
        """Note the file's newest date."""
        newest = self.newest and self.newest.isoformat()
        self.con.execute("update file set newest_date = ? where file_order = ?", (newest, self.file_order))


def pick_records(records: Iterable[RawRecord]) -> dict[int, RawRecord]:
    """The records of a chunk that count: of each PMID the later one of the highest version, as an ingest picks them."""
    picked: dict[int, RawRecord] = {}
    for record in records:
        if record.pmid is None or record.refused:
            continue
        if record.pmid not in picked or record.pmid_version >= picked[record.pmid].pmid_version:
            picked[record.pmid] = record
    return picked


def date_of(element: etree._Element, name: str) -> date | None:
    """A date of a record, if it is given with year, month and day."""
    for path in (name, f"MedlineCitation/{name}", f"BookDocument/{name}"):
        found = element.find(path)
        if found is not None:
            year, month, day = ((found.findtext(part) or "").strip() for part in ("Year", "Month", "Day"))
            return to_date(year, month, day)
    return None


def find_changes(con: sqlite3.Connection) -> Iterator[tuple[int, bytes | None]]:
    """The PMIDs of which another record than the first is to be served, with that record, or None if none is."""
    con.execute("create index delivery_pmid on delivery (pmid)")
    con.execute(
        """create table repeated as
        select pmid from delivery group by pmid having count(*) > 1 or count(evidence) > 0 order by pmid"""
    )
    read_at = datetime.now(UTC).replace(tzinfo=None)
    last = 0
    while pmids := con.execute(
        "select pmid from repeated where pmid > ? order by pmid limit ?", (last, PMID_COUNT)
    ).fetchall():
        first, last = pmids[0][0], pmids[-1][0]
        cursor = con.cursor()
        cursor.row_factory = sqlite3.Row
        rows = [stage(row, read_at) for row in cursor.execute(READ_DELIVERIES, (first, last))]
        for pmid, content_sha256, is_deleted in hold_alone(STAGED_DELIVERY.to_arrow(rows)):
            if is_deleted or content_sha256 is None:
                yield pmid, None
            elif packed := con.execute(FIND_HOLDER, (pmid, content_sha256)).fetchone()[0]:
                yield pmid, packed


def stage(row: sqlite3.Row, read_at: datetime) -> tuple[object, ...]:
    """A row of STAGED_DELIVERY.

    Args:
        row: Of READ_DELIVERIES.
        read_at: When the first file counts as read; the others follow in their order.
    """
    year, number = place_in_series(row["name"])
    return (
        row["pmid"],
        "file" if year is None else "nlm_file",
        row["evidence"] is not None,
        row["pmid_version"],
        row["content_sha256"],
        row["date_revised"] and date.fromisoformat(row["date_revised"]),
        year,
        number,
        row["chunk_order"],
        row["record_order"],
        row["evidence"],
        row["name"],
        read_at + timedelta(microseconds=row["file_order"]),
        row["newest_date"] and date.fromisoformat(row["newest_date"]),
        None,
        None,
        False,
    )


def drop(con: sqlite3.Connection) -> None:
    """Forget what was delivered."""
    for name in ("repeated", "delivery", "file"):
        con.execute(f"drop table if exists {name}")

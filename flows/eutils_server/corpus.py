"""The records of a published corpus: its tables as they are, and the records as they came from its Parquet files."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from flows.eutils_server.linkout import obj_url
from flows.eutils_server.store import Store, listed, put_around
from warehouse.current import literal, open_memory
from warehouse.errors import StoreError
from warehouse.query import of_other_version, open_published
from warehouse.schema.raw import RAW_CITATION
from warehouse.store import DataDirectory, run_folders

TAG = re.compile(rb"<([A-Za-z]+)")
# Citations of which there is no record, or that NLM withdrew.
UNSERVED = "SELECT pmid FROM citation WHERE source = 'seed' UNION ALL SELECT pmid FROM deleted_citation"
LINKOUT = """SELECT url, link_name, subject_type, category, attribute, provider_name, provider_abbr, provider_id
FROM linkout WHERE pmid = {} ORDER BY linkout_order"""


@dataclass
class CorpusStore(Store):
    """The records of a data directory; follows what is published there.

    Attributes:
        directory: The data directory.
        memory: What a question may hold in memory.
        stamp: Which file is open: its device, inode and time.
        raw: Files of records as they came, each with its lowest and highest PMID.
        reader: Reads them.
    """

    directory: DataDirectory = field(kw_only=True)
    memory: str = field(default="1GB", kw_only=True)
    stamp: tuple[int, int, int] = field(kw_only=True)
    raw: dict[Path, tuple[int, int]] = field(default_factory=dict)
    reader: duckdb.DuckDBPyConnection = field(default_factory=open_memory)

    @classmethod
    def open(cls, directory: DataDirectory, *, memory: str = "1GB") -> "CorpusStore":
        """Open what is published.

        Raises:
            StoreError: There is no published file, it cannot be opened, or another version published it.
            UsageError: `memory` is not a size.
        """
        stamp = stamp_of(directory.database)
        store = cls(open_published(directory, memory=memory), directory=directory, memory=memory, stamp=stamp)
        store.look_around()
        try:
            store.search("a[ti]", {})
        except duckdb.CatalogException as exc:
            raise of_other_version(directory) from exc
        return store

    def look_around(self) -> None:
        """Find out what is not served, and which files hold records."""
        self.unserved = UNSERVED if self.con.execute(f"FROM ({UNSERVED}) LIMIT 1").fetchall() else ""
        files = [folder / f"{RAW_CITATION.name}.parquet" for folder in run_folders(self.directory)]
        self.raw = {path: self.raw.get(path) or range_of(path) for path in files if path.exists()}

    def refresh(self) -> None:
        """As `Store` has it; the file that is open stays if the new one cannot be opened yet."""
        stamp = stamp_of(self.directory.database)
        if stamp in (self.stamp, MISSING):
            return
        try:
            con = open_published(self.directory, memory=self.memory)
        except StoreError:
            return
        self.con.close()
        self.con, self.stamp = con, stamp
        self.look_around()

    def xml_of(self, pmids: Collection[int]) -> dict[int, bytes]:
        """As `Store` has it.

        Raises:
            StoreError: The files that have the records cannot be read.
        """
        known = self.known(pmids)
        if not known:
            return {}
        rows = self.con.execute(f"SELECT pmid, content_sha256 FROM citation WHERE pmid IN ({listed(known)})").fetchall()
        hashes = dict(rows)
        try:
            found = self.read_raw(known)
        except duckdb.Error:
            self.look_around()  # Another process has compacted the runs.
            try:
                found = self.read_raw(known)
            except duckdb.Error as exc:
                raise StoreError(
                    f"The records of {self.directory.parquet} cannot be read; run `corpus check`."
                ) from exc
        return {pmid: as_sent(xml) for pmid, content, xml in found if hashes[pmid] == content}

    def read_raw(self, pmids: Collection[int]) -> Iterable[tuple[int, str, bytes]]:
        """(PMID, hash of its content, record) of all records of some PMIDs."""
        files = [
            literal(str(path))
            for path, (first, last) in self.raw.items()
            if any(first <= pmid <= last for pmid in pmids)
        ]
        if not files:
            return []
        return self.reader.execute(
            f"""SELECT pmid, content_sha256, record_xml FROM read_parquet([{", ".join(files)}])
            WHERE pmid IN ({listed(pmids)})"""
        ).fetchall()

    def linkouts(self, pmid: int) -> list[str]:
        """As `Store` has it."""
        cursor = self.con.execute(LINKOUT.format(pmid))
        names = [column[0] for column in cursor.description or ()]
        return [obj_url(dict(zip(names, map(as_text, row), strict=True))) for row in cursor.fetchall()]


MISSING = (0, 0, 0)


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Identifies the version of a file that is there now; MISSING if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return MISSING
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def range_of(path: Path) -> tuple[int, int]:
    """The lowest and the highest PMID in a file of records, by its footer."""
    metadata = pq.read_metadata(path)
    column = RAW_CITATION.column_names.index("pmid")
    groups = [metadata.row_group(number).column(column).statistics for number in range(metadata.num_row_groups)]
    if not groups or any(group is None or not group.has_min_max for group in groups):
        return 0, 1 << 62
    return min(group.min for group in groups), max(group.max for group in groups)


def as_sent(record_xml: bytes) -> bytes:
    """A record as EFetch sends it."""
    found = TAG.match(record_xml)
    return put_around(found[1].decode() if found else "", record_xml)


def as_text(value: object) -> str:
    """A value of a table as an element's text."""
    return "" if value is None else str(value)

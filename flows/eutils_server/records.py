"""The records of PubMed XML on disk, or of the seed pages, as a store of their own.

They are gathered in a temporary SQLite database, in which what repeats is decided on, and then written, with the tables
that a published file has, into a DuckDB file: temporary, or kept for the next time. Memory stays the same however many
records there are.
"""

import json
import shutil
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

import duckdb
import pyarrow as pa

from flows.definition.paths import show
from flows.definition.seeds import read_pages
from flows.definition.version import CODE_VERSION
from flows.eutils_server import repeated
from flows.eutils_server.linkout import LINKOUT_FILES, read_linkout
from flows.eutils_server.seed_records import seed_links, seed_record
from flows.eutils_server.store import LINK_KINDS, Store, put_around, records_of
from flows.nlm_files.files import read_blocks
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import RawRecord, read_chunk
from warehouse.current import columns_ddl, literal, open_memory, quoted, use_file
from warehouse.errors import CorpusError, DocumentError, UsageError
from warehouse.fill import fill_lists
from warehouse.schema.declaration import PROGRAM
from warehouse.schema.tables import TABLES
from warehouse.search_index import fill_search
from warehouse.sql_files import read_definitions

# Version of the index; raise it with every change of its content or layout.
INDEX_VERSION = 3
GATHERED = """
pragma journal_mode = off;
pragma synchronous = off;
create table record (pmid integer primary key, packed blob);
create table linkout (pmid integer, resource text);
"""
OWN_TABLES = (
    "made_of (files VARCHAR, skipped VARCHAR)",
    "record (pmid BIGINT, packed BLOB)",
    "resource (pmid BIGINT, resource VARCHAR)",
)
BATCH_BYTES = 4_000_000
MEMORY = "512MB"


@dataclass
class RecordStore(Store):
    """The records of files or of seed pages."""

    @classmethod
    def from_paths(cls, paths: Sequence[Path], *, index: Path | None = None) -> "RecordStore":
        """The records of PubMed XML files, and of all files in folders that are such; LinkOut of `linkout.tsv`.

        Of several records of a PMID the one that holds after an ingest of these files is served, and none if it is
        withdrawn (`repeated.py`). A file in a folder that is not PubMed XML is passed over and noted in `skipped`, and
        so is the rest of one that ends half way.

        Args:
            paths: Files and folders.
            index: Where the index is kept for the next time; it is rebuilt if the files have changed, or have
                changed. None keeps it in a temporary file.
        Raises:
            UsageError: A path does not exist, a LinkOut file cannot be read, or `index` is another kind of file.
            DocumentError: A file that was named itself is not PubMed XML.
        """
        files = list_files(paths)
        if index is None:
            gathered = Gathered()
            gathered.load(files)
            return cls.temporary(gathered)
        part = index.with_name(f"{index.name}.part")
        files = [
            (path, is_named) for path, is_named in files if path.resolve() not in (index.resolve(), part.resolve())
        ]
        made_of = fingerprint(files)
        if kept := cls.from_index(index, made_of):
            return kept
        part.unlink(missing_ok=True)
        gathered = Gathered()
        gathered.load(files)
        gathered.write(part, made_of)
        part.replace(index)
        if made := cls.from_index(index, made_of):
            return made
        raise CorpusError(f"{index} was changed by another process as it was made; start again.")

    @classmethod
    def from_seeds(cls, folder: Path) -> "RecordStore":
        """Records made of the seed pages: each page's own citation and the entries of its lists, with their links.

        Nothing is invented: a record has what the page says, and its neighbours have no scores.

        Raises:
            SeedError: A page cannot be read.
        """
        gathered = Gathered()
        for page in read_pages(folder):
            for pmid, xml in seed_record(page):
                if not gathered.has(pmid):
                    gathered.add(pmid, pack(next(iter(records_of(xml, page.file_name)))))
            gathered.links += seed_links(page)
        store = cls.temporary(gathered)
        store.has_given_links = True
        return store

    @classmethod
    def temporary(cls, gathered: "Gathered") -> "RecordStore":
        """A store in a file that is deleted with it."""
        folder = Path(mkdtemp(prefix="corpus-entrez-"))
        try:
            gathered.write(folder / "records.duckdb")
            store = cls(attach(folder / "records.duckdb"), skipped=gathered.skipped)
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        finalize(store, rmtree, folder, ignore_errors=True)
        return store

    @classmethod
    def from_index(cls, path: Path, made_of: str) -> "RecordStore | None":
        """The records of an index that was kept; None if there is none, or it was made of other files.

        Raises:
            UsageError: The file is not an index.
        """
        if not path.exists():
            return None
        try:
            con = attach(path)
        except duckdb.Error as exc:
            raise UsageError(f"{path} is not an index of this server; name another file.") from exc
        try:
            rows = con.execute("SELECT files, skipped FROM made_of").fetchall()
        except duckdb.Error as exc:
            con.close()
            raise UsageError(f"{path} is not an index of this server; name another file.") from exc
        if {files for files, _ in rows} != {made_of}:
            con.close()
            return None
        return cls(con, skipped=[sentence for _, sentence in rows if sentence is not None])

    def xml_of(self, pmids: Collection[int]) -> dict[int, bytes]:
        """As `Store` has it."""
        listed = ", ".join(map(str, pmids)) or "NULL"
        rows = self.con.execute(f"SELECT pmid, packed FROM record WHERE pmid IN ({listed})").fetchall()
        return {pmid: zlib.decompress(packed) for pmid, packed in rows}

    def linkouts(self, pmid: int) -> list[str]:
        """As `Store` has it."""
        rows = self.con.execute("SELECT resource FROM resource WHERE pmid = $1", [pmid]).fetchall()
        return [resource for (resource,) in rows]


def attach(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads a file, in an instance of its own, so that a file that replaces it is another one."""
    con = open_memory()
    try:
        con.execute(f"SET memory_limit = {literal(MEMORY)}")
        con.execute(f"ATTACH {literal(str(path))} AS records (READ_ONLY, TYPE duckdb)")
        use_file(con, "records")
    except duckdb.Error:
        con.close()
        raise
    return con


@dataclass
class Gathered:
    """Records that were read, before they are written.

    Attributes:
        con: A temporary SQLite database.
        links: (link name, PMID, neighbour), in order.
        skipped: Files that were no PubMed XML, or not whole, and records that cannot be read, with the reason.
    """

    con: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect("", isolation_level=None))
    links: list[tuple[str, int, int]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make its tables."""
        self.con.executescript(GATHERED + repeated.SCHEMA)
        self.con.execute("begin")

    def load(self, files: Sequence[tuple[Path, bool]]) -> None:
        """Add the records of files; those that were found in a folder need not be PubMed XML.

        Raises:
            DocumentError: A file that was named itself is not PubMed XML.
            UsageError: A LinkOut file cannot be read.
        """
        for path, is_named in files:
            try:
                self.add_file(path)
            except DocumentError as exc:
                if is_named:
                    raise
                self.skipped.append(str(exc))
        for pmid, other in repeated.find_changes(self.con):
            self.con.execute("delete from record where pmid = ?", (pmid,))
            if other is not None:
                self.add(pmid, other)
        repeated.drop(self.con)

    def add_file(self, path: Path) -> None:
        """Add the records of a file, or LinkOut data.

        Raises:
            DocumentError: It is neither.
            UsageError: It is LinkOut data that cannot be read.
        """
        if path.name in LINKOUT_FILES:
            self.con.executemany("insert into linkout values (?, ?)", read_linkout(path))
            return
        notes = repeated.FileNotes(self.con, show(path.name))
        chunks = split_document(read_blocks(path, lambda _: None), name=str(path), on_break=self.skipped.append)
        try:
            for chunk_order, chunk in enumerate(chunks, 1):
                found = read_chunk(chunk, name=str(path))
                for pmid, record in repeated.pick_records(found.records).items():
                    packed = pack(record)
                    is_first = not self.has(pmid)
                    if is_first:
                        self.add(pmid, packed)
                    notes.add_record(record, record.parse(), chunk_order, None if is_first else packed)
                notes.add_deletions(found.deletions, chunk_order)
        finally:
            notes.close()

    def add(self, pmid: int, packed: bytes) -> None:
        """Add the record of a PMID that has none yet."""
        self.con.execute("insert into record values (?, ?)", (pmid, packed))

    def has(self, pmid: int) -> bool:
        """Whether there is a record of this PMID."""
        return self.con.execute("select 1 from record where pmid = ?", (pmid,)).fetchone() is not None

    def write(self, path: Path, made_of: str = "") -> None:
        """Write the records and their tables into a new DuckDB file, and forget them.

        Args:
            path: The file.
            made_of: What `fingerprint` says of the files that they came from.
        """
        con = open_memory()
        try:
            con.execute(f"SET memory_limit = {literal(MEMORY)}")
            con.execute(f"SET temp_directory = {literal(f'{path}.spill')}")
            con.execute(f"ATTACH {literal(str(path))} AS records")
            con.execute("USE records")
            con.execute("BEGIN")
            con.execute(f"CREATE SCHEMA {PROGRAM}")
            use_file(con, "records")
            for ddl in [f"{t.schema}.{quoted(t.name)} ({columns_ddl(t)})" for t in TABLES.values() if not t.is_raw]:
                con.execute(f"CREATE TABLE {ddl}")
            for ddl in OWN_TABLES:
                con.execute(f"CREATE TABLE {ddl}")
            for file in read_definitions():
                con.execute(file.statement)
            for batch in self.batches():
                self.write_batch(con, batch)
            con.execute("CREATE TEMP VIEW put_citation AS SELECT pmid FROM citation")
            fill_lists(con, None)
            fill_search(con, None)
            self.write_rest(con, made_of)
            con.execute("COMMIT")
            con.execute("CHECKPOINT records")
        finally:
            con.close()
            self.con.close()
            shutil.rmtree(f"{path}.spill", ignore_errors=True)

    def batches(self) -> Iterator[list[tuple[int, bytes]]]:
        """The records by PMID, some megabytes at a time."""
        batch: list[tuple[int, bytes]] = []
        size = 0
        for pmid, packed in self.con.execute("select pmid, packed from record order by pmid"):
            batch.append((pmid, packed))
            size += len(packed) * 4
            if size > BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def write_batch(self, con: duckdb.DuckDBPyConnection, batch: list[tuple[int, bytes]]) -> None:
        """Write some records and the rows of every table that they make; one that cannot be read is left out."""
        xml = b"<PubmedArticleSet>%b</PubmedArticleSet>" % b"".join(zlib.decompress(packed) for _, packed in batch)
        now = datetime.now(UTC).replace(tzinfo=None)
        parsed = make_tables(records_of(xml, "records"), Provenance("", "file", "records", now, CODE_VERSION))
        self.skipped += [f"PMID {pmid} is left out: {reason}" for pmid, reason in parsed.rejected.items()]
        for name, rows in parsed.tables.items():
            if name in TABLES and not TABLES[name].is_raw:
                insert(con, name, rows.select([c for c in TABLES[name].column_names if c in rows.column_names]))
        kept = [(pmid, packed) for pmid, packed in batch if pmid not in parsed.rejected]
        pmids, packs = [pmid for pmid, _ in kept], [packed for _, packed in kept]
        insert(con, "record", pa.table({"pmid": pa.array(pmids, pa.int64()), "packed": pa.array(packs, pa.binary())}))

    def write_rest(self, con: duckdb.DuckDBPyConnection, made_of: str) -> None:
        """Write links, LinkOut, and what the file was made of."""
        links = [
            {"pmid": pmid, "link_kind": LINK_KINDS[name], "linked_pmid": linked, "source": "seed", "link_order": order}
            for order, (name, pmid, linked) in enumerate(dict.fromkeys(self.links), 1)
        ]
        linkouts = self.con.execute("select pmid, resource from linkout order by rowid").fetchall()
        resources = [{"pmid": pmid, "resource": resource} for pmid, resource in linkouts]
        notes = [{"files": made_of, "skipped": sentence} for sentence in [None, *self.skipped]]
        for name, rows in (("link", links), ("resource", resources), ("made_of", notes)):
            if rows:
                insert(con, name, pa.Table.from_pylist(rows))


def insert(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Insert rows by the names of their columns."""
    con.register("rows", rows)
    con.execute(f"INSERT INTO {quoted(name)} BY NAME FROM rows")
    con.unregister("rows")


def list_files(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files of some paths, folders with all below them, each with whether it was named itself.

    Raises:
        UsageError: A path does not exist.
    """
    files = []
    for path in paths:
        if path.is_dir():
            files += [(file, False) for file in sorted(p for p in path.rglob("*") if p.is_file())]
        elif path.exists():
            files.append((path, True))
        else:
            raise UsageError(f"There is no file {path}.")
    return files


def fingerprint(files: Sequence[tuple[Path, bool]]) -> str:
    """A fingerprint of these files, by which an index made of them is recognised."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path, _ in files]
    return json.dumps([INDEX_VERSION, stats])


def pack(record: RawRecord) -> bytes:
    """A record as EFetch sends it, compressed."""
    return zlib.compress(put_around(record.tag, record.record_xml), 1)

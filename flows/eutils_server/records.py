"""The records that the server stands on, and the index of them.

Both are in a SQLite database, temporary or kept for the next time: memory stays the same however many records there
are. Words are found with SQLite's FTS5.
"""

import json
import sqlite3
import weakref
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import etree

from flows.eutils_server.linkout import LINKOUT_FILES, read_linkout
from flows.eutils_server.record_fields import TITLES, RecordFields, elements_by_tag, joined, read_fields, words_of
from flows.eutils_server.seed_records import seed_links, seed_record
from flows.files import read_blocks
from flows.seeds import read_pages
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from warehouse.errors import CorpusError, DocumentError, UsageError

# Counts up with every change of what is indexed, and how.
INDEX_VERSION = 1

CACHE = "pragma cache_size = -65536"
SCHEMA = f"""
pragma journal_mode = off;
pragma synchronous = off;
{CACHE};
create table made_of (files text, skipped text);
create table record (pmid integer primary key, version integer, packed blob);
create table citation (
    pmid integer primary key, edat integer, crdt integer, mdat integer, pdat integer, epdat integer, author text,
    journal text
);
create table link (link_name text, pmid integer, link_order integer, neighbour integer);
create table linkout (pmid integer, resource text);
create virtual table text using fts5 (ti, ab, ad, other, val, content='', tokenize="unicode61 remove_diacritics 2");
create virtual table vocabulary using fts5vocab (text, 'col');
"""
INDEXES = """
create index citation_edat on citation (edat);
create index citation_crdt on citation (crdt);
create index citation_mdat on citation (mdat);
create index citation_pdat on citation (pdat);
create index citation_epdat on citation (epdat);
create index link_pmid on link (link_name, pmid, link_order);
create index link_neighbour on link (link_name, neighbour);
create index linkout_pmid on linkout (pmid);
"""
DATE_KINDS = ("edat", "crdt", "mdat", "pdat", "epdat")
SORT_ORDERS = {"pub_date": "pdat desc, pmid desc", "author": "author, pmid desc", "journalname": "journal, pmid desc"}

# Words that more titles share than this say nothing of likeness, and would make it slow.
COMMON_WORD_COUNT = 1_000
NEIGHBOUR_COUNT = 20

# (neighbour, score); a score is None where there is none to be had.
Links = list[tuple[int, int | None]]


def open_index(path: Path | None = None) -> sqlite3.Connection:
    """An empty index in a temporary file of SQLite's own, or in a given one that is not there yet.

    It is used from one thread at a time, whichever that is.
    """
    con = sqlite3.connect(path or "", check_same_thread=False, isolation_level=None)
    con.executescript(SCHEMA)
    con.execute("begin")
    return con


@dataclass
class RecordStore:
    """Records by PMID.

    Attributes:
        con: The index.
        has_given_links: Neighbours are given, and not derived from reference lists and titles.
        common_words: Words of titles that were found to be common.
        skipped: Files that were no PubMed XML, or not whole, with the reason.
    """

    con: sqlite3.Connection = field(default_factory=open_index)
    has_given_links: bool = False
    common_words: set[str] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Close the index with the store."""
        weakref.finalize(self, self.con.close)

    @classmethod
    def from_paths(cls, paths: Sequence[Path], *, index: Path | None = None) -> "RecordStore":
        """The records of PubMed XML files, and of all files in folders that are such; LinkOut of `linkout.tsv`.

        Of several records of a PMID the highest version counts, then the last file. A file in a folder that is no
        PubMed XML is passed over and noted in `skipped`, and so is the rest of one that ends half way.

        Args:
            paths: Files and folders.
            index: Where the index is kept for the next time; it is made anew when the files are others, or have
                changed. None keeps it in a temporary file.
        Raises:
            UsageError: A path does not exist, a LinkOut file cannot be read, or `index` is another kind of file.
            DocumentError: A file that was named itself is not PubMed XML.
        """
        files = list_files(paths)
        if index is None:
            store = cls()
            store.load(files)
            return store
        part = index.with_name(f"{index.name}.part")
        files = [
            (path, is_named) for path, is_named in files if path.resolve() not in (index.resolve(), part.resolve())
        ]
        made_of = fingerprint(files)
        if kept := cls.from_index(index, made_of):
            return kept
        part.unlink(missing_ok=True)
        store = cls(open_index(part))
        store.load(files)
        notes = [(made_of, sentence) for sentence in [None, *store.skipped]]
        store.con.executemany("insert into made_of values (?, ?)", notes)
        store.con.close()
        part.replace(index)
        if made := cls.from_index(index, made_of):
            return made
        raise CorpusError(f"{index} was changed by another process as it was made; start again.")

    @classmethod
    def from_index(cls, path: Path, made_of: str) -> "RecordStore | None":
        """The records of an index that was kept; None if there is none, or it was made of other files.

        Raises:
            UsageError: The file is no index.
        """
        if not path.exists():
            return None
        con = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            rows = con.execute("select files, skipped from made_of").fetchall()
        except sqlite3.DatabaseError as exc:
            con.close()
            raise UsageError(f"{path} is no index of this server; name another file.") from exc
        if {files for files, _ in rows} != {made_of}:
            con.close()
            return None
        con.execute(CACHE)
        return cls(con, skipped=[sentence for _, sentence in rows if sentence is not None])

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
        self.complete()

    @classmethod
    def from_seeds(cls, folder: Path) -> "RecordStore":
        """Records made of the seed pages: each page's own citation and the entries of its lists, with their links.

        Nothing is made up: a record has what the page says, and its neighbours have no scores.

        Raises:
            SeedError: A page cannot be read.
        """
        store = cls(has_given_links=True)
        for page in read_pages(folder):
            for pmid, xml in seed_record(page):
                if pmid not in store:
                    store.add(next(iter(records_of(xml, page.file_name))))
            for order, (name, pmid, linked) in enumerate(seed_links(page)):
                store.con.execute("insert into link values (?, ?, ?, ?)", (name, pmid, order, linked))
        store.complete()
        return store

    def add_file(self, path: Path) -> None:
        """Add the records of a file, or LinkOut data.

        Raises:
            DocumentError: It is neither.
            UsageError: It is LinkOut data that cannot be read.
        """
        if path.name in LINKOUT_FILES:
            self.con.executemany("insert into linkout values (?, ?)", read_linkout(path))
            return
        for chunk in split_document(read_blocks(path, lambda _: None), name=str(path), on_break=self.skipped.append):
            for record in read_chunk(chunk, name=str(path)).records:
                self.add(record)

    def add(self, record: RawRecord) -> None:
        """Add a record, unless a higher version of its PMID is there."""
        pmid = record.pmid
        if pmid is None:
            return
        held = self.con.execute("select version from record where pmid = ?", (pmid,)).fetchone()
        if held is not None:
            if held[0] > record.pmid_version:
                return
            self.remove(pmid)
        fields = read_fields(record.parse())
        packed = zlib.compress(wrapped(record), 1)
        self.con.execute("insert into record values (?, ?, ?)", (pmid, record.pmid_version, packed))
        days = [fields.dates.get(kind) for kind in DATE_KINDS]
        self.con.execute(
            "insert into citation values (?, ?, ?, ?, ?, ?, ?, ?)", (pmid, *days, fields.author, fields.journal)
        )
        self.con.execute(
            "insert into text (rowid, ti, ab, ad, other, val) values (?, ?, ?, ?, ?, ?)", row(pmid, fields)
        )
        if not self.has_given_links:
            links = [("pubmed_pubmed_refs", pmid, order, cited) for order, cited in enumerate(fields.cited_pmids)]
            self.con.executemany("insert into link values (?, ?, ?, ?)", links)

    def remove(self, pmid: int) -> None:
        """Take a record out, for another version of it; FTS5 wants to be told what it had."""
        had = row(pmid, read_fields(self.element(pmid)))
        self.con.execute(
            "insert into text (text, rowid, ti, ab, ad, other, val) values ('delete', ?, ?, ?, ?, ?, ?)", had
        )
        for table in ("record", "citation", "link"):
            self.con.execute(f"delete from {table} where pmid = ?", (pmid,))

    def complete(self) -> None:
        """Make the indexes, once all records are there."""
        self.con.execute("commit")
        self.con.executescript(INDEXES)

    def __contains__(self, pmid: int) -> bool:
        """Whether there is a record of this PMID."""
        return self.con.execute("select 1 from record where pmid = ?", (pmid,)).fetchone() is not None

    def __len__(self) -> int:
        """The number of records."""
        return len(self.pmids)

    @cached_property
    def pmids(self) -> frozenset[int]:
        """All PMIDs, once all records are there."""
        return frozenset(self.select("select pmid from citation"))

    def select(self, query: str, *parameters: object) -> list[int]:
        """The first column of a query's rows."""
        return [row[0] for row in self.con.execute(query, parameters).fetchall()]

    def xml(self, pmid: int) -> bytes:
        """A record's element.

        Raises:
            KeyError: There is none of this PMID.
        """
        found = self.con.execute("select packed from record where pmid = ?", (pmid,)).fetchone()
        if found is None:
            raise KeyError(pmid)
        return zlib.decompress(found[0])

    def element(self, pmid: int) -> etree._Element:
        """The same, parsed.

        Raises:
            KeyError: There is none of this PMID.
        """
        return next(iter(records_of(self.xml(pmid), f"PMID {pmid}"))).parse()

    def match(self, expression: str) -> set[int]:
        """The PMIDs that an expression of FTS5 over the columns ti, ab, ad, other and val finds."""
        return set(self.select("select rowid from text where text match ?", expression))

    def between(self, kinds: Sequence[str], first: int, last: int) -> set[int]:
        """The PMIDs with a date of one of some kinds in a range of days as YYYYMMDD; kind `uid` is the PMID itself."""
        columns = ["pmid" if kind == "uid" else kind for kind in kinds]
        found: set[int] = set()
        for column in columns:
            found.update(self.select(f"select pmid from citation where {column} between ? and ?", first, last))
        return found

    def sort(self, pmids: Iterable[int], order: str) -> list[int]:
        """PMIDs in one of SORT_ORDERS; those without a record are left out."""
        listed = str(list(pmids))
        return self.select(
            f"select pmid from citation join json_each(?) on pmid = value order by {SORT_ORDERS[order]}", listed
        )

    def neighbours(self, link_name: str, pmid: int) -> Links:
        """The neighbours of a PMID: the given ones, else derived from reference lists and from the words of titles."""
        if self.has_given_links or link_name == "pubmed_pubmed_refs":
            query = "select neighbour from link where link_name = ? and pmid = ? order by link_order"
            return [(neighbour, None) for neighbour in self.select(query, link_name, pmid)]
        if link_name == "pubmed_pubmed_citedin":
            query = "select pmid from link where link_name = 'pubmed_pubmed_refs' and neighbour = ? order by pmid desc"
            return [(citing, None) for citing in self.select(query, pmid)]
        return self.alike(pmid) if link_name == "pubmed_pubmed" else []

    def alike(self, pmid: int) -> Links:
        """Records whose titles share words, itself first; the score is FTS5's bm25, in millionths."""
        if pmid not in self:
            return []
        words = dict.fromkeys(words_of(joined(elements_by_tag(self.element(pmid)), *TITLES)))
        rare = [word for word in words if not self.is_common(word)]
        if not rare:
            return [(pmid, 0)]
        query = "select rowid, rank from text where text match ? order by rank, rowid desc limit ?"
        expression = f"ti : ({' OR '.join(rare)})"
        scores = {
            other: round(-1e6 * rank) for other, rank in self.con.execute(query, (expression, NEIGHBOUR_COUNT + 1))
        }
        own = max(scores.values(), default=0)
        scores.pop(pmid, None)
        return [(pmid, own), *list(scores.items())[:NEIGHBOUR_COUNT]]

    def is_common(self, word: str) -> bool:
        """Whether too many titles have a word; to count them takes the longer the more there are, so it is kept."""
        if word in self.common_words:
            return True
        count = sum(self.select("select doc from vocabulary where term = ? and col = 'ti'", word))
        if count > COMMON_WORD_COUNT:
            self.common_words.add(word)
        return count > COMMON_WORD_COUNT

    def linkouts(self, pmid: int) -> list[str]:
        """The LinkOut resources of a PMID, as `linkout.py` packs them."""
        return [
            resource
            for (resource,) in self.con.execute("select resource from linkout where pmid = ?", (pmid,)).fetchall()
        ]


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
    """What tells an index that was made of these files, as they are, from any other."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path, _ in files]
    return json.dumps([INDEX_VERSION, stats])


def row(pmid: int, fields: RecordFields) -> tuple[int, str, str, str, str, str]:
    """A row of the index of words."""
    return pmid, fields.title, fields.abstract, fields.affiliations, fields.other, " ".join(fields.values)


def records_of(xml: bytes, name: str) -> Iterator[RawRecord]:
    """The records of a document in memory."""
    for chunk in split_document([xml], name=name):
        yield from read_chunk(chunk, name=name).records


def wrapped(record: RawRecord) -> bytes:
    """A record as EFetch sends it: those of old files and of book sets have the element around them that they lack."""
    around = {"MedlineCitation": b"PubmedArticle", "BookDocument": b"PubmedBookArticle"}.get(record.tag)
    return b"<%b>%b</%b>" % (around, record.record_xml, around) if around else record.record_xml

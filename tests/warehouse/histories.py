"""Random histories of a corpus: runs with new, revised and deleted citations, links, members and seed pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

from tests.records import article, article_set
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import read_chunk
from transforms.seed_tables import make_seed_tables
from transforms.seed_text import parse_seed_document
from warehouse.run_writer import RunWriter, commit_run, start_run
from warehouse.schema.derived import POSTING_LIST
from warehouse.schema.ledger import DELETED_CITATION, OUTCOMES, REQUEST, RUN
from warehouse.schema.links import LINK, LINK_LIST, LINKOUT, LINKOUT_LIST
from warehouse.schema.members import MEMBER
from warehouse.schema.seeds import SEED_DOCUMENT
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory

PMIDS = range(1, 10)
BEGINNING = datetime(2026, 11, 1, 2, tzinfo=UTC)
MESH = '<MeshHeading><DescriptorName UI="D{0:06}" MajorTopicYN="{1}">Descriptor {0}</DescriptorName></MeshHeading>'
COMMENT = '<CommentsCorrections RefType="{}"><RefSource>J</RefSource><PMID>{}</PMID></CommentsCorrections>'
DOI = '<ELocationID EIdType="doi" ValidYN="Y">{}</ELocationID>'
PAGE = "{title}\n- PMID: {pmid}\n{title}\nAbstract\n{text}\nSimilar articles\n{entries}Cited by\nReferences\n"
ENTRY = "-\nA title of {0}.J Invent Res. 2019 Mar 4;7(2):11-9. PMID: {0}\n"
CITATION_SCHEMA = TABLES["citation"].arrow_schema


@dataclass
class History:
    """A data directory that runs are committed to, and what is known in it."""

    directory: DataDirectory
    random: Random
    clock: datetime = BEGINNING
    delivered: set[int] = field(default_factory=set)
    pages: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)

    def commit_random_run(self) -> Path:
        """Commit a random run."""
        self.clock += timedelta(days=1)
        writer = start_run(self.directory, self.clock)
        pmids = self.pick()
        deleted = [pmid for pmid in self.pick(2) if pmid not in pmids]
        self.write_records(writer, pmids)
        evidence = ("DeleteCitation", "empty_reply")[self.clock.day % 2]
        rows = [(pmid, evidence, "file", writer.run_id) for pmid in deleted]
        writer.write({"deleted_citation": DELETED_CITATION.to_arrow(rows)})
        self.write_links(writer)
        self.write_members(writer)
        if self.random.random() < 0.5:
            self.write_page(writer, self.random.choice("ab"))
        outcomes = {pmid: "revised" if pmid in self.delivered else "new" for pmid in pmids}
        outcomes |= dict.fromkeys(deleted, "deleted")
        self.delivered |= set(pmids)
        write_accounts(writer, outcomes, self.clock)
        return commit_run(writer)

    def pick(self, most: int = 4) -> list[int]:
        """Some PMIDs."""
        return sorted(self.random.sample(PMIDS, self.random.randint(0, most)))

    def write_records(self, writer: RunWriter, pmids: Sequence[int]) -> None:
        """Records of random content."""
        records = []
        for pmid in pmids:
            mesh = "".join(MESH.format(n, "NY"[(n + self.clock.day) % 2]) for n in self.pick(3))
            tie = self.random.choice(["RetractionIn", "RetractionOf"])
            comments = "".join(COMMENT.format(tie, n) for n in self.pick(1))
            lists = f"<CommentsCorrectionsList>{comments}</CommentsCorrectionsList>" if comments else ""
            lists += f"<MeshHeadingList>{mesh}</MeshHeadingList>" if mesh else ""
            text = self.random.choice(["", "<Abstract><AbstractText>Ketamine for mice.</AbstractText></Abstract>"])
            title = f"Title {self.random.randint(1, 3)} of trials."
            doi = DOI.format(self.random.choice(["10.1/A", "doi:10.1/a", "10.1/b", "none"]))
            parts = (doi + text, lists, "")
            records.append(article(pmid, title=title, version=self.random.randint(1, 2), parts=parts))
        if records:
            (chunk,) = split_document([article_set(*records)], name="test")
            origin = Provenance(writer.run_id, self.random.choice(["file", "efetch"]), "test", self.clock, "0")
            writer.write(make_tables(read_chunk(chunk, name="test").records, origin).tables)

    def write_links(self, writer: RunWriter) -> None:
        """Lists of neighbours and of LinkOut resources, some of them empty."""
        now = self.clock.replace(tzinfo=None)
        for pmid in self.pick(3):
            kind, source = self.random.choice(["similar", "cited_by"]), self.random.choice(["elink", "seed"])
            linked = self.pick(3)
            row = (pmid, kind, source, len(linked), writer.run_id, now)
            links = [(pmid, kind, to, source, n, self.random.choice([None, 7])) for n, to in enumerate(linked, 1)]
            writer.write({"link_list": LINK_LIST.to_arrow([row]), "link": LINK.to_arrow(links)})
        for pmid in self.pick(2):
            urls = [(pmid, n, f"http://x/{n}", *[None] * 7) for n in range(1, self.random.randint(1, 3))]
            writer.write({"linkout_list": LINKOUT_LIST.to_arrow([(pmid, len(urls), writer.run_id, now)])})
            writer.write({"linkout": LINKOUT.to_arrow(urls)})

    def write_members(self, writer: RunWriter) -> None:
        """Reasons that begin or cease to hold."""
        rows = []
        for pmid in self.pick(3):
            since = self.members.pop(pmid, None)
            rows.append((pmid, "pmids", "x", 0, since or writer.run_id, since and writer.run_id, writer.run_id))
            if since is None:
                self.members[pmid] = writer.run_id
        writer.write({"member": MEMBER.to_arrow(rows)})

    def write_page(self, writer: RunWriter, seed_id: str) -> None:
        """A seed page that is new, different, or gone; seed text for what no run has delivered."""
        if seed_id in self.pages and self.random.random() < 0.4:
            gone = dict(zip(SEED_DOCUMENT.column_names, self.pages.pop(seed_id), strict=True))
            gone |= {"is_removed": True, "run_id": writer.run_id}
            writer.write({"seed_document": SEED_DOCUMENT.to_arrow([tuple(gone.values())])})
            return
        pmid = self.random.choice(PMIDS)
        entries = "".join(ENTRY.format(n) for n in self.pick())
        text = PAGE.format(title=f"Page {seed_id}.", pmid=pmid, text=self.random.random(), entries=entries)
        page = parse_seed_document(text.encode(), seed_id=seed_id, file_name=f"{seed_id}.txt")
        fresh = set(writer._waiting.get("citation", [CITATION_SCHEMA.empty_table()])[0]["pmid"].to_pylist())
        tables = make_seed_tables(page, run_id=writer.run_id, delivered=self.delivered | fresh)
        # A run writes a table's rows in one piece here; the lists of a page are those of its own PMID.
        tables = {name: table for name, table in tables.items() if name not in ("link", "link_list")}
        writer.write(tables)
        (row,) = tables["seed_document"].to_pylist()
        self.pages[seed_id] = tuple(row.values())


def write_accounts(writer: RunWriter, outcomes: dict[int, str], now: datetime) -> None:
    """The run's row, and an outcome for each PMID."""
    counts = [list(outcomes.values()).count(outcome) for outcome in OUTCOMES]
    stamp = now.replace(tzinfo=None)
    row = (writer.run_id, "refresh", stamp, stamp, "test", None, len(outcomes), *counts, True, 0, "0", None)
    requests = [(writer.run_id, pmid, "new", outcome, None) for pmid, outcome in outcomes.items()]
    writer.write({"run": RUN.to_arrow([row]), "request": REQUEST.to_arrow(requests)})


def read_tables(database: Path) -> dict[str, pa.Table]:
    """Every table of a file, sorted, without how it was built: of lists of words, what is in them."""
    names = {t.name: f"{t.schema}.{t.name}" for t in TABLES.values() if not t.is_raw and t.name != "build"}
    names[POSTING_LIST.name] = "program.search_index"
    with duckdb.connect(database, read_only=True) as con:
        return {name: con.sql(f"FROM {place} ORDER BY ALL").to_arrow_table() for name, place in names.items()}

"""Documents on disk into a run: what is new or different is written, and every PMID has its outcome."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.files import check_md5, read_blocks, reading_file, show
from flows.outcomes import Outcomes, request_table, unknown_table
from flows.parallel import ChunkReader
from flows.report import Progress
from flows.version import CODE_VERSION
from transforms.pubmed_document import DocumentChunk, split_document
from transforms.pubmed_xml import ParsedRecords, Provenance, ReadChunk, RecordSummary, add_unknown
from warehouse.held import Held
from warehouse.schema import DELETED_CITATION, MEMBER, OUTCOMES, REJECTED_CITATION, RUN
from warehouse.store import DataDirectory, RunWriter, commit_run, discard_run, start_run

Tables = dict[str, pa.Table]

PMID_ELEMENT = re.compile(rb"<PMID[^>]*>\s*(\d{1,18})\s*</PMID>")


@dataclass
class FileReading:
    """What has been read of one file.

    Attributes:
        name: What the rows call the file.
        writer: Its run.
        held: Citations by PMID as of before the file; brought up to date when it is committed.
        started_at: When it began, UTC.
        breaks: Where the file breaks off, if it does and its whole records were wanted all the same.
        outcomes: One for every PMID of the file.
        fresh: What to hold by PMID when the file is committed.
        versions: PMID version by PMID, of the records read so far.
        again: Of a record whose PMID has come before in the file: its summary, and rows among which are its own, those
            of all such records of a chunk. The last record of the highest version.
        deletions: Evidence by PMID.
    """

    name: str
    writer: RunWriter
    held: dict[int, Held]
    started_at: datetime
    breaks: list[str]
    outcomes: Outcomes = field(default_factory=Outcomes)
    fresh: dict[int, Held] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    again: dict[int, tuple[RecordSummary, Tables]] = field(default_factory=dict)
    deletions: dict[int, str] = field(default_factory=dict)


def read_file(
    directory: DataDirectory,
    path: Path,
    held: dict[int, Held],
    members: set[int],
    read_chunks: ChunkReader,
    progress: Progress,
    *,
    salvage: bool = False,
) -> FileReading:
    """Read one file into one run and commit it; `held` and `members` are brought up to date.

    Raises:
        DocumentError: The file cannot be used; nothing of it was committed.
    """
    breaks: list[str] = []
    on_break = breaks.append if salvage else None
    check_md5(path, on_break=on_break)
    with reading_file(path):
        size = path.stat().st_size
    name, called = show(path.name), show(path)
    blocks = read_blocks(path, lambda done: progress(name, min(done, size), size), on_break=on_break)
    chunks = split_document(blocks, name=called, on_break=on_break)
    reading = read_run(directory, name, [("file", name, called, chunks)], held, members, read_chunks, breaks)
    progress(name, size, size)
    return reading


def read_run(
    directory: DataDirectory,
    name: str,
    sources: Sequence[tuple[str, str, str, Iterator[DocumentChunk]]],
    held: dict[int, Held],
    members: set[int],
    read_chunks: ChunkReader,
    breaks: list[str],
) -> FileReading:
    """Read documents into one run and commit it; `held` and `members` are brought up to date.

    Args:
        directory: The data directory, held for writing.
        name: What the run calls its source.
        sources: (source, record_source, name in an error, chunks) of each document.
        held: Citations by PMID.
        members: PMIDs that are members because of a file.
        read_chunks: Reads chunks, in this process or others.
        breaks: Filled in while the chunks are read, if one breaks off.
    Raises:
        DocumentError: A document cannot be used; nothing was committed.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    writer = start_run(directory, datetime.now(UTC))
    try:
        reading = FileReading(name, writer, held, now, breaks)
        for source, record_source, called, chunks in sources:
            provenance = Provenance(writer.run_id, source, record_source, now, CODE_VERSION)
            for chunk in read_chunks(chunks, lambda chunk: known_hashes(held, chunk), called, provenance):
                store_chunk(reading, chunk)
        store_again(reading)
        finish_file(reading, members)
        commit_run(writer)
    finally:
        discard_run(writer)
    held.update(reading.fresh)
    return reading


def known_hashes(held: Mapping[int, Held], chunk: DocumentChunk) -> dict[int, str]:
    """What is held of the records of a chunk, which are not read for it: content_sha256 by PMID."""
    if not held:
        return {}
    pmids = map(int, PMID_ELEMENT.findall(chunk.xml))
    return {pmid: held[pmid].content_sha256 for pmid in pmids if pmid in held}


def store_chunk(reading: FileReading, chunk: ReadChunk) -> None:
    """Write the rows of the records that are new or different, and note every record's outcome."""
    reading.deletions.update(chunk.deletions)
    for summaries, parsed in chunk.parts:
        wanted, later = [], []
        for summary in summaries:
            if summary.pmid is None:
                continue
            if summary.pmid in reading.versions:
                if summary.pmid_version >= reading.versions[summary.pmid]:
                    reading.versions[summary.pmid] = summary.pmid_version
                    later.append((summary.pmid, summary))
            else:
                reading.versions[summary.pmid] = summary.pmid_version
                if is_news(reading, summary):
                    wanted.append(summary)
        if later:
            rows = rows_of(parsed.tables, [pmid for pmid, _ in later], with_nameless=False)
            reading.again.update({pmid: (summary, rows) for pmid, summary in later})
        for element in parsed.unknown.values():
            add_unknown(reading.outcomes.unknown, element)
        write_rows(reading, wanted, parsed, is_whole=len(wanted) == len(summaries))


def write_rows(reading: FileReading, wanted: Sequence[RecordSummary], parsed: ParsedRecords, *, is_whole: bool) -> None:
    """Write the rows of some records of a part, and of those without a PMID, and note their outcomes."""
    pmids = [summary.pmid for summary in wanted if summary.pmid is not None]
    tables = parsed.tables if is_whole else rows_of(parsed.tables, pmids, with_nameless=True)
    note_outcomes(reading, wanted, parsed.rejected)
    write_tables(reading, tables)


def write_tables(reading: FileReading, tables: Tables) -> None:
    """Write rows; rejected records are numbered through the run."""
    if (refused := tables.get(REJECTED_CITATION.name)) is not None and refused.num_rows:
        first = reading.outcomes.rejected_count + 1
        reading.outcomes.rejected_count += refused.num_rows
        reading.outcomes.nameless_count += refused["pmid"].null_count
        at = refused.schema.get_field_index("record_order")
        numbers = pa.array(range(first, first + refused.num_rows), pa.int32())
        tables = tables | {REJECTED_CITATION.name: refused.set_column(at, refused.schema.field(at), numbers)}
    reading.writer.write(tables)


def note_outcomes(reading: FileReading, summaries: Sequence[RecordSummary], refused: Mapping[int, str]) -> None:
    """Note the outcomes of records that were read, and what is held of them now."""
    for summary in summaries:
        pmid = summary.pmid
        if pmid is None:
            continue
        if pmid in refused:
            reading.outcomes.note([pmid], "rejected", refused[pmid])
        else:
            reading.outcomes.note([pmid], "revised" if pmid in reading.held else "new")
            reading.fresh[pmid] = Held(
                summary.content_sha256, summary.pmid_version, summary.date_revised, summary.citation_status
            )


def rows_of(tables: Tables, pmids: Sequence[int], *, with_nameless: bool) -> Tables:
    """The rows of some PMIDs.

    Args:
        tables: Rows of records.
        pmids: Which of them.
        with_nameless: Those without a PMID as well.
    """
    wanted = pa.array(pmids, pa.int64())
    found = {}
    for name, table in tables.items():
        mask = pc.is_in(table["pmid"], wanted)
        if with_nameless:
            mask = pc.or_(mask, pc.is_null(table["pmid"]))
        found[name] = table.filter(mask)
    return found


def is_news(reading: FileReading, summary: RecordSummary) -> bool:
    """Whether a record is to be written; where it is not, its outcome is noted.

    A file can be older than what is held: a record of a lower PMID version, or revised on an earlier day, is not taken.
    """
    if summary.pmid is None or (held := reading.held.get(summary.pmid)) is None:
        return True
    if held.content_sha256 == summary.content_sha256:
        reading.outcomes.note([summary.pmid], "unchanged")
        return False
    revised = summary.date_revised
    is_older = held.date_revised is not None and revised is not None and revised < held.date_revised
    if is_older or summary.pmid_version < held.pmid_version:
        reading.outcomes.note([summary.pmid], "unchanged", f"{reading.name} has an older record than the one held.")
        return False
    return True


def store_again(reading: FileReading) -> None:
    """Let the later record of a PMID that came more than once take the place of the earlier one."""
    news = {pmid: again for pmid, again in reading.again.items() if is_news(reading, again[0])}
    if not news:
        return
    same = [
        p
        for p, (summary, _) in reading.again.items()
        if p in reading.fresh and reading.fresh[p].pmid_version == summary.pmid_version
    ]
    reading.writer.drop_citations(list(news), same)
    by_rows: dict[int, tuple[Tables, list[RecordSummary]]] = {}
    for summary, tables in news.values():
        by_rows.setdefault(id(tables), (tables, []))[1].append(summary)
    for tables, summaries in by_rows.values():
        rows = rows_of(tables, [s.pmid for s in summaries if s.pmid is not None], with_nameless=False)
        refused = rows.get(REJECTED_CITATION.name, REJECTED_CITATION.to_arrow([]))
        reasons = dict(zip(refused["pmid"].to_pylist(), refused["reason"].to_pylist(), strict=True))
        note_outcomes(reading, summaries, reasons)
        write_tables(reading, rows)


def finish_file(reading: FileReading, members: set[int]) -> None:
    """Write the deletions, the memberships, the outcomes and the run's row."""
    run_id, name = reading.writer.run_id, reading.name
    outcomes = reading.outcomes
    for pmid, evidence in reading.deletions.items():
        outcomes.note([pmid], "deleted", f"{evidence} in {name}")
    deleted = [(pmid, evidence, name, run_id) for pmid, evidence in reading.deletions.items()]
    joined = [
        p for p in outcomes.by_pmid if p not in members and outcomes.by_pmid[p] in ("new", "revised", "unchanged")
    ]
    members.update(joined)
    counts = outcomes.counts()
    run = (
        run_id,
        "ingest",
        reading.started_at,
        datetime.now(UTC),
        name,
        None,
        len(outcomes.by_pmid),
        *(counts.get(outcome, 0) for outcome in OUTCOMES),
        not reading.breaks,
        0,
        CODE_VERSION,
    )
    reading.writer.write(
        {
            DELETED_CITATION.name: DELETED_CITATION.to_arrow(deleted),
            MEMBER.name: MEMBER.to_arrow([(pmid, "file", name, 0, run_id, None, run_id) for pmid in joined]),
            "request": request_table(outcomes, dict.fromkeys(outcomes.by_pmid, "file"), run_id),
            "unknown_element": unknown_table(outcomes, run_id),
            RUN.name: RUN.to_arrow([run]),
        }
    )

"""PubMed XML on disk: EFetch sets, baseline and update files, read as a stream and committed one run a file."""

import hashlib
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path

from lxml import etree

from flows.fetch import Outcomes, request_table, unknown_table
from flows.report import Progress, RunReport, silent
from flows.settings import CODE_VERSION, Settings
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from transforms.pubmed_xml import Provenance, make_tables
from warehouse import build, state
from warehouse.errors import DocumentError, UsageError
from warehouse.schema import DELETED_CITATION, MEMBER, OUTCOMES, RUN
from warehouse.state import Held
from warehouse.store import DataDirectory, RunWriter, commit_run, discard_run, start_run, writing

BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


@dataclass
class FileReading:
    """What has been read of one file.

    Attributes:
        path: The file.
        writer: Its run.
        held: Citations by PMID as of before the file; brought up to date when it is committed.
        outcomes: One for every PMID of the file.
        records: Records read so far.
        fresh: What to hold by PMID when the file is committed.
        versions: PMID version by PMID, of the records read so far.
        again: Records whose PMID has come before in the file; the last one of the highest version counts.
        deletions: Evidence by PMID.
    """

    path: Path
    writer: RunWriter
    held: dict[int, Held]
    started_at: datetime
    outcomes: Outcomes = field(default_factory=Outcomes)
    records: int = 0
    fresh: dict[int, Held] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    again: dict[int, RawRecord] = field(default_factory=dict)
    deletions: dict[int, str] = field(default_factory=dict)


def ingest(settings: Settings, paths: Sequence[Path], *, progress: Progress = silent) -> RunReport:
    """Read files in the order given, each into a run of its own, and publish at the end.

    A file that cannot be used is named in the report's troubles; the others are read all the same.

    Args:
        settings: Options.
        paths: Files, or folders that stand for the `.xml` and `.xml.gz` files in them.
        progress: Told of each file's compressed bytes.
    Raises:
        UsageError: A path does not exist, or a folder has no such file.
        CorpusError: The data directory cannot be read or written.
    """
    files = find_files(paths)
    directory = DataDirectory(settings.data_dir)
    report = RunReport(run_kind="ingest", plan={}, outcomes={})
    start = time.perf_counter()
    with writing(directory):
        con = state.open_state(directory)
        held = state.read_held(con)
        members = {m.pmid for m in state.read_members(con) if m.reason == "file"}
        con.close()
        for path in files:
            try:
                reading = read_file(directory, path, held, members, progress)
            except DocumentError as exc:
                report.troubles.append(str(exc))
                continue
            add_to_report(report, reading)
        report.seconds["read"] = time.perf_counter() - start
        if report.files:
            progress("publish", 0, 1)
            start = time.perf_counter()
            report.row_counts = build.publish(directory)
            report.seconds["publish"] = time.perf_counter() - start
            progress("publish", 1, 1)
    return report


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files that the paths name; those of a folder are sorted by name.

    Raises:
        UsageError: A path does not exist, or a folder has no PubMed file.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.name.endswith((".xml", ".xml.gz")))
            if not found:
                raise UsageError(f"{path} holds no .xml or .xml.gz file.")
            files += found
        elif path.exists():
            files.append(path)
        else:
            raise UsageError(f"There is no file {path}.")
    return files


def read_file(
    directory: DataDirectory, path: Path, held: dict[int, Held], members: set[int], progress: Progress
) -> FileReading:
    """Read one file into one run and commit it; `held` and `members` are brought up to date.

    Raises:
        DocumentError: The file cannot be used; nothing of it was committed.
    """
    check_md5(path)
    now = datetime.now(UTC)
    writer = start_run(directory, now)
    try:
        reading = FileReading(path, writer, held, now)
        size = path.stat().st_size
        blocks = read_blocks(path, lambda done: progress(path.name, min(done, size), size))
        for chunk in split_document(blocks, name=str(path)):
            found = read_chunk(chunk, name=str(path))
            reading.deletions.update(found.deletions)
            store_records(reading, found.records)
        store_again(reading)
        finish_file(reading, members)
        commit_run(writer)
    finally:
        discard_run(writer)
    progress(path.name, size, size)
    held.update(reading.fresh)
    return reading


def store_records(reading: FileReading, records: Iterable[RawRecord]) -> None:
    """Write the records that are new or different, and note every record's outcome."""
    changed = []
    for record in records:
        reading.records += 1
        if record.pmid is None:
            changed.append(record)
        elif record.pmid in reading.versions:
            if record.pmid_version >= reading.versions[record.pmid]:
                reading.versions[record.pmid] = record.pmid_version
                reading.again[record.pmid] = record
        else:
            reading.versions[record.pmid] = record.pmid_version
            if is_news(reading, record):
                changed.append(record)
    write_records(reading, changed)


def write_records(reading: FileReading, records: Sequence[RawRecord]) -> None:
    """Write records and note their outcomes."""
    provenance = Provenance(
        run_id=reading.writer.run_id,
        source="file",
        record_source=reading.path.name,
        fetched_at=reading.started_at,
        code_version=CODE_VERSION,
    )
    parsed = make_tables(records, provenance, rejected_before=reading.outcomes.rejected_count)
    reading.outcomes.note_parsed(parsed, reading.held, records)
    reading.writer.write(parsed.tables)
    for record in records:
        if record.pmid is not None and record.pmid not in parsed.rejected:
            revised = date_revised(record.element)
            reading.fresh[record.pmid] = Held(record.content_sha256, record.pmid_version, revised)


def is_news(reading: FileReading, record: RawRecord) -> bool:
    """Whether a record is to be written; where it is not, its outcome is noted.

    A file can be older than what is held: a record of a lower PMID version, or revised on an earlier day, is not taken.
    """
    if record.pmid is None or (held := reading.held.get(record.pmid)) is None:
        return True
    if held.content_sha256 == record.content_sha256:
        reading.outcomes.note([record.pmid], "unchanged")
        return False
    revised = date_revised(record.element)
    is_older = held.date_revised is not None and revised is not None and revised < held.date_revised
    if is_older or record.pmid_version < held.pmid_version:
        reading.outcomes.note([record.pmid], "unchanged", f"{reading.path.name} has an older record than the one held.")
        return False
    return True


def store_again(reading: FileReading) -> None:
    """Let the later record of a PMID that came more than once take the place of the earlier one."""
    news = [record for record in reading.again.values() if is_news(reading, record)]
    if not news:
        return
    pmids = [record.pmid for record in news if record.pmid is not None]
    same = [
        p for p, r in reading.again.items() if p in reading.fresh and reading.fresh[p].pmid_version == r.pmid_version
    ]
    reading.writer.drop_citations(pmids, same)
    write_records(reading, news)


def date_revised(record: etree._Element) -> date | None:
    """DateRevised of a record as a date; None where it is missing or no calendar date."""
    element = record.find(".//DateRevised")
    if element is None:
        return None
    parts = [element.findtext(name) or "" for name in ("Year", "Month", "Day")]
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def finish_file(reading: FileReading, members: set[int]) -> None:
    """Write the deletions, the memberships, the outcomes and the run's row."""
    run_id, name = reading.writer.run_id, reading.path.name
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
        True,
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


def add_to_report(report: RunReport, reading: FileReading) -> None:
    """Add a file to what the command says at its end."""
    report.run_id = reading.writer.run_id
    report.files += 1
    report.plan["file"] = report.plan.get("file", 0) + len(reading.outcomes.by_pmid)
    for outcome, count in reading.outcomes.counts().items():
        report.outcomes[outcome] = report.outcomes.get(outcome, 0) + count
    for pmid, outcome in reading.outcomes.by_pmid.items():
        if outcome == "rejected":
            report.rejected[pmid] = f"{reading.outcomes.details[pmid]} ({reading.path.name})"
    for path, element in reading.outcomes.unknown.items():
        report.unknown[path] = report.unknown.get(path, 0) + element.count


def read_blocks(path: Path, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """A file's bytes in blocks, unpacked if they are gzip, whatever the file's name says.

    Args:
        path: The file.
        on_read: Told how many bytes of the file have been read.
    Raises:
        DocumentError: The file cannot be read, or its gzip data are damaged or end early.
    """
    blocks = read_packed(path, on_read)
    try:
        first = next(blocks, b"")
        if first.startswith(GZIP_MAGIC):
            yield from unpack_gzip(chain([first], blocks))
        else:
            yield first
            yield from blocks
    except EOFError as exc:
        raise DocumentError(f"{path} ends before its gzip data do; download it again.") from exc
    except OSError as exc:
        raise DocumentError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    except zlib.error as exc:
        raise DocumentError(f"{path} is damaged ({exc}); download it again.") from exc


def read_packed(path: Path, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """A file's bytes in blocks, as they are."""
    done = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            done += len(block)
            on_read(done)
            yield block


def unpack_gzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip data of one or several members; no piece is larger than a block, however well the data are packed.

    Raises:
        EOFError: The data end early.
        zlib.error: The data are damaged.
    """
    unpack = zlib.decompressobj(wbits=31)
    for block in blocks:
        rest = block
        while rest:
            if unpack.eof:
                unpack = zlib.decompressobj(wbits=31)
            yield unpack.decompress(rest, BLOCK_BYTES)
            rest = unpack.unconsumed_tail or unpack.unused_data
    if not unpack.eof:
        raise EOFError


def check_md5(path: Path) -> None:
    """Compare a file with the `.md5` that NLM puts beside each, where it is there.

    Raises:
        DocumentError: They differ.
    """
    beside = path.with_name(path.name + ".md5")
    if not beside.exists():
        return
    said = re.search(r"\b[0-9a-f]{32}\b", beside.read_text(encoding="utf-8", errors="replace").lower())
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "md5").hexdigest()
    if said is None or said[0] != digest:
        raise DocumentError(f"{path} does not agree with {beside.name}; download it again.")

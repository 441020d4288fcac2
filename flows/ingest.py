"""PubMed XML on disk: EFetch sets, baseline and update files, read as a stream and committed one run a file."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from lxml import etree

from flows.fetch import Outcomes, request_table, unknown_table
from flows.files import check_md5, find_files, read_blocks
from flows.report import Progress, RunReport, silent
from flows.settings import CODE_VERSION, Settings
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from transforms.pubmed_xml import Provenance, make_tables
from warehouse import build, state
from warehouse.errors import DocumentError
from warehouse.schema import DELETED_CITATION, MEMBER, OUTCOMES, RUN
from warehouse.state import Held
from warehouse.store import DataDirectory, RunWriter, commit_run, discard_run, start_run, writing


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

"""PubMed XML on disk: EFetch sets, baseline and update files, read as a stream and committed one run a file."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.files import find_files
from flows.parallel import read_here, reading_chunks
from flows.read_files import FileReading, read_file, read_run
from flows.report import Progress, RunReport, silent
from flows.seeds import DEFINITION_FILE, read_definition
from flows.settings import Settings
from transforms.pubmed_document import DocumentChunk, split_document
from warehouse import build, rejected, state
from warehouse.drift import measure_published
from warehouse.errors import DocumentError
from warehouse.held import Held
from warehouse.store import DataDirectory, writing


def ingest(
    settings: Settings, paths: Sequence[Path], *, workers: int = 1, salvage: bool = False, progress: Progress = silent
) -> RunReport:
    """Read files in the order given, each into a run of its own, and publish at the end.

    A file that cannot be used is named in the report's troubles; the others are read all the same.

    Args:
        settings: Options.
        paths: Files, or folders that stand for the `.xml` and `.xml.gz` files in them.
        workers: Processes that read; the rows come out the same, in the same order.
        salvage: Keep the whole records before the place where a file breaks off.
        progress: Told of each file's compressed bytes.
    Raises:
        UsageError: A path does not exist, or a folder has no such file.
        CorpusError: The data directory cannot be read or written.
    """
    files = find_files(paths)
    directory = DataDirectory(settings.data_dir)
    report = RunReport(run_kind="ingest", plan={}, outcomes={})
    start = time.perf_counter()
    with (
        writing(directory, purpose="ingest", wait=not settings.no_wait),
        reading_chunks(files, workers, directory.chunks) as read_chunks,
    ):
        con = state.open_state(directory)
        held = state.read_held(con)
        members = {m.pmid for m in state.read_members(con) if m.reason == "file"}
        con.close()
        for path in files:
            try:
                reading = read_file(directory, path, held, members, read_chunks, progress, salvage=salvage)
            except DocumentError as exc:
                report.troubles.append(str(exc))
                continue
            add_to_report(report, reading)
        report.seconds["read"] = time.perf_counter() - start
        if report.files:
            publish(report, settings, progress)
    return report


def replay_rejected(settings: Settings, *, progress: Progress = silent) -> RunReport:
    """Read the rejected records again that have not been read since, with today's transforms, and publish.

    Args:
        settings: Options.
        progress: Told of the records.
    Raises:
        CorpusError: The data directory cannot be read or written.
    """
    directory = DataDirectory(settings.data_dir)
    report = RunReport(run_kind="ingest", plan={}, outcomes={})
    start = time.perf_counter()
    with writing(directory, purpose="ingest", wait=not settings.no_wait):
        con = state.open_state(directory)
        waiting = rejected.read_open(con)
        held = state.read_held(con)
        members = {m.pmid for m in state.read_members(con)}
        con.close()
        if waiting:
            reading = read_rejected(directory, waiting, held, members, progress)
            add_to_report(report, reading)
        report.seconds["read"] = time.perf_counter() - start
        if report.files:
            publish(report, settings, progress)
    return report


def read_rejected(
    directory: DataDirectory,
    waiting: Sequence[rejected.RejectedRecord],
    held: dict[int, Held],
    members: set[int],
    progress: Progress,
) -> FileReading:
    """Read rejected records into one run and commit it."""
    sources = [
        (record.source, record.record_source, f"the rejected record of {record.record_source}", record_chunks(record))
        for record in waiting
    ]
    progress("rejected records", 0, len(waiting))
    reading = read_run(directory, "rejected records", sources, held, members, read_here, [])
    progress("rejected records", len(waiting), len(waiting))
    return reading


def record_chunks(record: rejected.RejectedRecord) -> Iterator[DocumentChunk]:
    """A record as a document of its own."""
    return split_document([record.record_xml], name=f"the rejected record of {record.record_source}")


def publish(report: RunReport, settings: Settings, progress: Progress) -> None:
    """Publish what was committed, and note the time that it takes."""
    limits = read_definition(settings.seeds / DEFINITION_FILE).drift.limits(settings)
    progress("publish", 0, 1)
    start = time.perf_counter()
    directory = DataDirectory(settings.data_dir)
    report.coverage_before = measure_published(directory)
    report.row_counts = build.publish(directory, limits=limits)
    report.seconds["publish"] = time.perf_counter() - start
    progress("publish", 1, 1)


def add_to_report(report: RunReport, reading: FileReading) -> None:
    """Add a file to what the command says at its end."""
    report.run_id = reading.writer.run_id
    report.files += 1
    report.plan["file"] = report.plan.get("file", 0) + len(reading.outcomes.by_pmid)
    for outcome, count in reading.outcomes.counts().items():
        report.outcomes[outcome] = report.outcomes.get(outcome, 0) + count
    for pmid, outcome in reading.outcomes.by_pmid.items():
        if outcome == "rejected":
            report.rejected[pmid] = f"{reading.outcomes.details[pmid]} ({reading.name})"
    report.nameless += reading.outcomes.nameless_count
    for path, element in reading.outcomes.unknown.items():
        report.unknown[path] = report.unknown.get(path, 0) + element.count
    if reading.breaks:
        kept = len(reading.outcomes.by_pmid)
        report.salvaged.append(f"{reading.breaks[0]} The {kept:,} whole records before that were kept.")

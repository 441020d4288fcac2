"""PubMed XML on disk: EFetch sets, baseline and update files, each read whole and committed as a run of its own."""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from flows.definition.progress import Progress, count_of, silent
from flows.definition.seeds import DEFINITION_FILE, read_definition
from flows.definition.settings import Settings
from flows.definition.version import CODE_VERSION
from flows.nlm_files.files import find_files
from flows.nlm_files.processes import LOCAL, check_engine, is_worth_workers, read_files
from flows.nlm_files.reading import Reading, StagedFile, place_in_series
from flows.runs.baseline import BASELINE_STATE, name_broken, stage_lacking, year_of_baseline
from flows.runs.deliveries import FILE_REQUESTS, read_rejected, settle_run, write_requests
from flows.runs.file_ledger import FILE_STATE, FileCall, begin_call, describe_files, make_jobs
from flows.runs.ledger import RunFacts, run_table
from flows.runs.report import RunReport
from flows.runs.showing import show_run
from flows.runs.summary import told_on_failure
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from warehouse import build, decide, rejected
from warehouse.current import literal
from warehouse.drift import measure_published
from warehouse.errors import DocumentError
from warehouse.lock import writing
from warehouse.run_writer import clear_staging, commit_run, discard_reading, discard_run, open_reading, open_run
from warehouse.schema.deliveries import FILE
from warehouse.schema.ledger import RUN, UNKNOWN_ELEMENT
from warehouse.state import Connection, add_run, open_state
from warehouse.store import DataDirectory, next_run_id


def ingest(  # noqa: PLR0913 - options of the command
    settings: Settings,
    paths: Sequence[Path],
    *,
    workers: int = 1,
    salvage: bool = False,
    again: bool = False,
    baseline: bool = False,
    folders: Sequence[Path] = (),
    engine: str = LOCAL,
    progress: Progress = silent,
) -> RunReport:
    """Read files, each into a run of its own, and publish at the end.

    A file that cannot be used is named in the report's troubles; the others are still read. A file that was read
    before, by its name and MD5, is skipped.

    Args:
        settings: Options.
        paths: Files, or folders that stand for the `.xml` and `.xml.gz` files in them.
        workers: Processes that read, a file each; the runs come out the same, in the same order.
        salvage: Keep the complete records of a truncated file.
        again: Read files that were read before, too.
        baseline: They are a whole new baseline, which ends what it lacks.
        folders: Folders that the files must be below; any folder if empty.
        engine: `local`, or the address of a Dask scheduler whose workers read.
        progress: Told of each file's compressed bytes, or of the files if several processes read.
    Raises:
        UsageError: A path does not exist, a folder has no such file, or the files are not a whole baseline.
        CorpusError: The data directory cannot be read or written.
    """
    check_engine(engine)
    files = find_files(paths)
    year = year_of_baseline(files) if baseline else None
    directory = settings.directory
    report = RunReport(run_kind="ingest", plan={}, outcomes={})
    start = time.perf_counter()
    with writing(directory, purpose="ingest", wait=not settings.no_wait):
        clear_staging(directory)
        call = begin_call(directory, files, is_salvaged=salvage, is_again=again, folders=tuple(folders))
        run_ids = read_and_commit(call, files, workers, engine, report, progress)
        if year is not None and report.troubles:
            report.troubles.append(f"Nothing that the baseline of pubmed{year} lacks was ended; read all of its files.")
        elif year is not None:
            run_ids += end_lacking(directory, year, report)
        report.seconds["read"] = time.perf_counter() - start
        report.skipped = call.skipped
        if run_ids:
            with open_state(directory, FILE_STATE) as con:
                report.notes += describe_files(con, run_ids, taken_over=year)
        # A run that an earlier call could not publish is waiting, too.
        if run_ids or build.is_behind(directory):
            publish(report, settings, progress)
    show_run(settings, report, with_page=False)
    return report


def read_and_commit(
    call: FileCall, files: Sequence[Path], workers: int, engine: str, report: RunReport, progress: Progress
) -> list[str]:
    """Read the files of a call, and commit each as a run; returns the runs in order."""
    is_apart = engine != LOCAL or (workers > 1 and len(files) > 1 and is_worth_workers(files))
    run_ids = []
    with closing(open_state(call.directory, FILE_STATE, is_followed=True, is_asked_often=len(files) > 1)) as con:
        for number, (job, result) in enumerate(
            read_files(make_jobs(call, files), workers=workers if is_apart else 1, progress=progress, engine=engine), 1
        ):
            if isinstance(result, DocumentError):
                report.troubles.append(str(result))
            else:
                commit_file(con, result, report)
                run_ids.append(job.run_id)
            if is_apart:
                progress("files", number + len(call.skipped), len(files))
    return run_ids


def end_lacking(directory: DataDirectory, year: int, report: RunReport) -> list[str]:
    """End what a baseline lacks in a run of its own, unless one of its files is truncated; returns the run."""
    now = datetime.now(UTC)
    facts = RunFacts(next_run_id(directory, now), "ingest", utc(now), f"the baseline of pubmed{year}", is_complete=True)
    reading = open_reading(directory, facts.run_id)
    with closing(open_state(directory, BASELINE_STATE, is_followed=True)) as con:
        if broken := name_broken(con, year):
            report.troubles.append(
                f"Nothing that the baseline of pubmed{year} lacks was ended: {broken} is truncated; download it again, "
                "and read all of its files."
            )
            discard_reading(directory, facts.run_id)
            return []
        count = stage_lacking(con, year, reading, facts.started_at)
        if not count:
            discard_reading(directory, facts.run_id)
            return []
        commit_read(con, directory, facts, reading.folder, report)
    report.notes.append(
        f"{count_of(count, 'PMID')} ended that the baseline of pubmed{year} lacks; see deleted_citation."
    )
    return [facts.run_id]


def commit_file(con: Connection, staged: StagedFile, report: RunReport) -> int:
    """Decide what holds of a file's deliveries, commit its run, and add it to the report; returns its PMIDs."""
    job = staged.job
    facts = RunFacts(job.run_id, "ingest", job.read_at, staged.name, is_complete=not staged.breaks)
    count = commit_read(con, job.directory, facts, staged.folder, report, file=staged)
    report.files += 1
    report.nameless += staged.nameless_count
    report.refused += staged.refused
    if staged.breaks:
        report.salvaged.append(f"{staged.breaks[0]} The {count:,} whole records before that were kept.")
    return count


def commit_read(
    con: Connection,
    directory: DataDirectory,
    facts: RunFacts,
    folder: Path,
    report: RunReport,
    *,
    file: StagedFile | None = None,
) -> int:
    """Decide what holds of what was read into a staged folder, and commit it as a run.

    Args:
        con: What holds, which follows the runs that are committed.
        directory: The data directory, held for writing.
        facts: Of the run.
        folder: The staged folder, which is removed afterwards.
        report: The run's outcomes are added to it.
        file: The file that was read, if it was one.
    Returns:
        PMIDs that have an outcome.
    """
    writer = open_run(directory, facts.run_id)
    try:
        report.unknown = add_counts(report.unknown, read_unknown(con, folder))
        decide.decide(con, folder, facts.run_id)
        outcomes = decide.count_outcomes(con)
        rejections = read_rejected(con)
        write_requests(con, writer, FILE_REQUESTS)
        writer.write({RUN.name: run_table(facts, outcomes)})
        if file is not None:
            writer.write({FILE.name: file_table(con, file)})
        settle_run(con, folder, directory, writer, with_members=True)
        add_run(con, commit_run(writer), FILE_STATE)
    finally:
        discard_run(writer)
        discard_reading(directory, facts.run_id)
    report.run_id = facts.run_id
    report.first_run_id = report.first_run_id or facts.run_id
    report.plan["file"] = report.plan.get("file", 0) + sum(outcomes.values())
    report.outcomes = add_counts(report.outcomes, outcomes)
    report.rejected |= {pmid: f"{reason} ({facts.run_source})" for pmid, reason in rejections.items()}
    return sum(outcomes.values())


def add_counts(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Add up two counts by key."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(n for n in other if n not in one))}


def read_unknown(con: Connection, folder: Path) -> dict[str, int]:
    """How often each undeclared path was met."""
    file = folder / f"{UNKNOWN_ELEMENT.name}.parquet"
    if not file.exists():
        return {}
    return dict(con.execute(f"SELECT path, element_count FROM read_parquet({literal(str(file))})").fetchall())


def file_table(con: Connection, file: StagedFile) -> pa.Table:
    """FILE: the file that was read."""
    newest, records, deletions, rejections = decide.read_file_facts(con)
    values = {
        "file_name": file.name,
        "file_md5": file.md5,
        "nlm_year": file.nlm_year,
        "nlm_number": file.nlm_number,
        "file_bytes": file.file_bytes,
        "last_modified": file.job.last_modified,
        "newest_date": newest,
        "record_count": records + file.nameless_count,
        "deletion_count": deletions,
        "rejected_count": rejections + file.nameless_count,
        "is_whole": not file.breaks,
        "read_at": file.job.read_at,
        "run_id": file.job.run_id,
    }
    return FILE.to_arrow([[values[name] for name in FILE.column_names]])


def replay_rejected(settings: Settings, *, progress: Progress = silent) -> RunReport:
    """Read rejected records again, unless they were read since, with today's transforms, and publish.

    Args:
        settings: Options.
        progress: Told of the records.
    Raises:
        CorpusError: The data directory cannot be read or written.
    """
    directory = settings.directory
    report = RunReport(run_kind="ingest", plan={}, outcomes={})
    start = time.perf_counter()
    with writing(directory, purpose="ingest", wait=not settings.no_wait):
        clear_staging(directory)
        waiting = rejected.read_open(directory)
        if waiting:
            now = datetime.now(UTC)
            facts = RunFacts(next_run_id(directory, now), "ingest", utc(now), "rejected records", is_complete=True)
            reading = Reading(open_reading(directory, facts.run_id))
            for number, record in enumerate(waiting, 1):
                read_again(reading, record)
                progress("rejected records", number, len(waiting))
            reading.close()
            with closing(open_state(directory, FILE_STATE, is_followed=True)) as con:
                commit_read(con, directory, facts, reading.writer.folder, report)
            report.files += 1
            report.nameless += reading.nameless_count
        report.seconds["read"] = time.perf_counter() - start
        if report.files:
            publish(report, settings, progress)
    show_run(settings, report, with_page=False)
    return report


def read_again(reading: Reading, record: rejected.RejectedRecord) -> None:
    """Read a rejected record as a document of its own, as of when it came."""
    name = f"the rejected record of {record.record_source}"
    year, number = place_in_series(record.record_source)
    provenance = Provenance(
        reading.writer.run_id,
        record.source,
        record.record_source,
        record.delivered_at,
        CODE_VERSION,
        nlm_year=year,
        nlm_number=number,
    )
    reading.read(split_document([record.record_xml], name=name), provenance, name=name)


def utc(moment: datetime) -> datetime:
    """A time with its zone as rows have it: UTC without one."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def publish(report: RunReport, settings: Settings, progress: Progress) -> None:
    """Publish what was committed, and note how long it takes."""
    limits = read_definition(settings.seeds / DEFINITION_FILE).drift.limits(settings)
    progress("publish", 0, 1)
    start = time.perf_counter()
    directory = settings.directory
    report.coverage_before = report.coverage_before or measure_published(directory)
    report.unusable.clear()
    with told_on_failure(report):
        report.row_counts = build.publish(
            directory, limits=limits, say=report.notes.append, refuse=report.unusable.append
        )
    report.seconds["publish"] = report.seconds.get("publish", 0) + time.perf_counter() - start
    progress("publish", 1, 1)

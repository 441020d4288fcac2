"""NLM's files followed: what is listed and not held is downloaded, read and published by portions: `corpus sync`."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flows.definition.progress import Progress, silent, silent_line
from flows.definition.settings import Settings
from flows.nlm_files.download import Downloads, downloading
from flows.nlm_files.file_client import FileClient, file_client
from flows.nlm_files.listing import ListedFile
from flows.nlm_files.processes import LOCAL, WORTH_WORKERS_BYTES, check_engine, read_files
from flows.runs.file_ledger import FILE_STATE, FileCall, describe_files, look_up, make_jobs
from flows.runs.ingest import commit_file, publish
from flows.runs.report import RunReport
from flows.runs.rollover import end_what_baseline_lacks
from flows.runs.showing import show_run
from flows.runs.sync_plan import (
    AHEAD,
    BATCH_FILES,
    SyncPlan,
    describe_sync,
    files_folder,
    make_plan,
    megabytes,
)
from warehouse import build
from warehouse.errors import CorpusError, DocumentError, StoreError
from warehouse.lock import writing
from warehouse.run_writer import clear_staging
from warehouse.state import Connection, open_state
from warehouse.store import DataDirectory, run_folders, writing_file

# A first load is published after this many files, and then each time it has grown fourfold. A build takes time in
# proportion to the corpus, so all of these together take a third of the last one.
FIRST_PORTION = 8
GROWTH = 4

# Seconds for a waiting process to get the data directory; taking it back at once would win every time.
BETWEEN_BATCHES_S = 0.1


@dataclass
class Tally:
    """How far a sync is.

    Attributes:
        plan: What it is to do.
        progress: Told of bytes, files and records.
        files: Files done, read or not.
        read_bytes: Bytes of the files that were read.
        records: Records in them.
        came: Bytes that were downloaded.
    """

    plan: SyncPlan
    progress: Progress
    files: int = 0
    read_bytes: int = 0
    records: int = 0
    came: int = 0

    def add_bytes(self, count: int) -> None:
        """Count bytes that came."""
        self.came += count
        total = max(1, self.plan.bytes >> 20)
        self.progress("downloaded MB", min(self.came >> 20, total), total)

    def add_file(self, file_bytes: int, records: int) -> None:
        """Count a finished file; the total of records is estimated from those so far."""
        self.files += 1
        self.read_bytes += file_bytes
        self.records += records
        total = len(self.plan.missing)
        is_over = self.files == total
        expected = self.records * max(self.plan.bytes, self.read_bytes) // max(1, self.read_bytes)
        self.progress("files", self.files, total)
        self.progress("records", self.records, self.records if is_over else max(expected, self.records + 1))


def sync(
    settings: Settings,
    *,
    workers: int = 1,
    engine: str = LOCAL,
    keep_files: bool = True,
    rollover: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
    say: Callable[[str], None] = silent_line,
) -> RunReport:
    """Read what NLM lists and the ledger of files does not have, and publish it.

    It can be stopped at any moment: each file is committed when it is read, and the next call goes on from there.

    Args:
        settings: Options; `sync_from` has the listings, `sync_files` gets the files.
        workers: Processes that read, a file each.
        engine: `local`, or the address of a Dask scheduler whose workers read.
        keep_files: Leave the files on disk when they are read.
        rollover: Let a new year's baseline end what it lacks (rollover.py).
        dry_run: Plan only; nothing is downloaded or written.
        progress: Told of bytes, files and records.
        say: Told the lines of the plan, before anything is downloaded.
    Raises:
        EntrezError: NLM's listings cannot be had.
        StoreError: The data directory cannot be read or written, or there is no room.
    """
    check_engine(engine)
    directory = settings.directory
    report = RunReport(run_kind="sync", plan={}, outcomes={}, is_dry=dry_run)
    start = time.perf_counter()
    with file_client(settings) as client:
        plan = make_plan(client, settings, workers=workers, keep_files=keep_files, is_dry=dry_run)
        report.files_plan = describe_sync(plan)
        report.held_count = plan.held_count
        if dry_run:
            return report
        for what, text in report.files_plan:
            say(f"  {what:<11} {text}")
        require_room(plan, keep_files=keep_files)
        run_ids = read_portions(Call(settings, directory, client, plan, report, progress, workers, engine, keep_files))
    with writing(directory, purpose="sync", wait=is_begun(plan, settings)):
        year, ended = end_what_baseline_lacks(directory, plan, settings, report, is_asked=rollover)
        with open_state(directory, FILE_STATE) as con:
            report.notes += describe_files(con, [*run_ids, *ended], taken_over=year)
        report.seconds["read"] = time.perf_counter() - start - report.seconds.get("publish", 0)
        if build.is_behind(directory):
            # The share of abstracts or headings in the first files says nothing about the others.
            is_load = len(plan.missing) > plan.read_count
            publish(report, accepting(settings) if rollover or is_load else settings, progress)
    show_run(settings, report, with_page=False)
    return report


def is_begun(plan: SyncPlan, settings: Settings) -> bool:
    """Whether to wait for another process that is writing: with --no-wait too, once files were downloaded."""
    return bool(plan.missing) or not settings.no_wait


def accepting(settings: Settings) -> Settings:
    """Settings with the drift gate open."""
    return settings.model_copy(update={"accept_drift": True})


@dataclass(frozen=True)
class Call:
    """What the portions of one call share; as the arguments of `sync`."""

    settings: Settings
    directory: DataDirectory
    client: FileClient
    plan: SyncPlan
    report: RunReport
    progress: Progress
    workers: int
    engine: str
    keep_files: bool


def require_room(plan: SyncPlan, *, keep_files: bool) -> None:
    """Check that there is enough disk space.

    Raises:
        StoreError: There is not.
    """
    if plan.disk_bytes > plan.free_bytes:
        other = ", give --no-keep-files," if keep_files else ""
        raise StoreError(
            f"About {megabytes(plan.disk_bytes)} of disk are needed and {megabytes(plan.free_bytes)} are free; make "
            f"room{other} or choose another --data-dir. Nothing was downloaded."
        )


def read_portions(call: Call) -> list[str]:
    """Download and read what is missing, and publish now and then but for the last portion; the runs."""
    run_ids: list[str] = []
    missing, tally = call.plan.missing, Tally(call.plan, call.progress)
    call.client.on_bytes = tally.add_bytes
    if not missing:
        return run_ids
    folder = files_folder(call.settings)
    with downloading(call.client, missing, folder, ahead=AHEAD, no_wait=call.settings.no_wait) as downloads:
        while tally.files < len(missing):
            size = max(FIRST_PORTION, (GROWTH - 1) * (call.plan.read_count + tally.files))
            run_ids += read_portion(call, downloads, min(size, len(missing) - tally.files), tally)
    return run_ids


def read_portion(call: Call, downloads: Downloads, size: int, tally: Tally) -> list[str]:
    """Read this many files, a batch at a time, and publish them unless they are the last; the runs.

    The data directory is held while files are read and published, not while they are awaited.
    """
    run_ids: list[str] = []
    end = tally.files + size
    with closing(Followed(call.directory)) as followed:
        while tally.files < end:
            count = min(BATCH_FILES, end - tally.files)
            downloads.wait_for(count)
            with writing(call.directory, purpose="sync", wait=True):
                clear_staging(call.directory)
                run_ids += read_batch(call, followed, downloads.take(count), tally)
                if tally.files == end < len(call.plan.missing) and build.is_behind(call.directory):
                    publish(call.report, accepting(call.settings), call.progress)
            time.sleep(BETWEEN_BATCHES_S)
    return run_ids


@dataclass
class Followed:
    """What holds, looked up again only if another process has committed since.

    Attributes:
        directory: The data directory.
        folders: The runs that it knows of.
        con: Its answers; None as long as nobody has asked.
    """

    directory: DataDirectory
    folders: tuple[Path, ...] = ()
    con: Connection | None = None

    def open(self) -> Connection:
        """What holds now; the data directory is held for writing."""
        if self.con is None or self.folders != tuple(run_folders(self.directory)):
            self.close()
            self.con = open_state(self.directory, FILE_STATE, is_followed=True, is_asked_often=True)
        return self.con

    def note(self) -> None:
        """Note the runs that were added to it."""
        self.folders = tuple(run_folders(self.directory))

    def close(self) -> None:
        """Close the connection."""
        if self.con is not None:
            self.con.close()
        self.con = None


def read_batch(
    call: Call, followed: Followed, fetched: Iterator[tuple[ListedFile, Path | CorpusError]], tally: Tally
) -> list[str]:
    """Read files, and commit each as a run; the runs."""
    run_ids = []
    is_apart = call.engine != LOCAL or (call.workers > 1 and call.plan.bytes >= WORTH_WORKERS_BYTES)

    def paths() -> Iterator[Path]:
        for _, result in fetched:
            if isinstance(result, CorpusError):
                call.report.troubles.append(str(result))
                tally.add_file(0, 0)
            else:
                yield result

    ledger = FileCall(call.directory, is_downloaded=True)
    con = followed.open()
    look_up(con, ledger, [Path(file.name) for file in call.plan.missing])
    for job, result in read_files(
        make_jobs(ledger, paths()), workers=call.workers if is_apart else 1, progress=silent, engine=call.engine
    ):
        if isinstance(result, DocumentError):
            call.report.troubles.append(str(result))
            tally.add_file(0, 0)
            continue
        records = commit_file(con, result, call.report)
        run_ids.append(job.run_id)
        tally.add_file(result.file_bytes, records)
        if not call.keep_files:
            drop(job.path)
    followed.note()
    for _ in ledger.skipped:
        tally.add_file(0, 0)
    return run_ids


def drop(path: Path) -> None:
    """Remove a file that was read, and its sum."""
    with writing_file(path):
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.md5").unlink(missing_ok=True)

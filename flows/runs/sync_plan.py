"""What a sync is to do: the files that NLM lists and the ledger does not have, and what they will take."""

import shutil
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from flows.definition.progress import count_of
from flows.definition.settings import NLM_FILES_URL, Settings
from flows.nlm_files.download import read_listing, read_md5
from flows.nlm_files.file_client import CONNECTIONS, FileClient
from flows.nlm_files.listing import FOLDERS, ListedFile
from warehouse.errors import UsageError
from warehouse.lock import writing
from warehouse.schema.deliveries import FILE
from warehouse.state import open_state
from warehouse.store import DataDirectory

# A file changed less than this before it was read may have been replaced: a listing has no time zone.
CHANGED_WITHIN = timedelta(days=2)

# Files that are read together, once all of them are on disk: until then, a refresh can have the data directory. What
# holds is looked up once per batch. Downloads go on meanwhile.
BATCH_FILES = 64
AHEAD = BATCH_FILES + CONNECTIONS

# Measured on two cores: MB of packed files that a process reads in a second, and that a publish takes in; MB that are
# copied in a second of the published file; what a byte takes in Parquet and in DuckDB. The pace of the line is a guess.
READ_MB_S, PUBLISHED_MB_S, COPIED_MB_S, LINE_MB_S = 3.2, 4.5, 150, 10
PARQUET_SHARE, DATABASE_SHARE = 2.25, 3.5


@dataclass(frozen=True)
class SyncPlan:
    """What a sync is to do.

    Attributes:
        url: The address that `baseline/` and `updatefiles/` are in.
        missing: Files to download and read, in NLM's order.
        held_count: Listed files that are held.
        read_count: Files that were ever read.
        listed: Numbers of the listed files by folder and year.
        unsummed: Listed files without a listed `.md5`: NLM is still putting them there.
        replaced: Names of the missing ones that were held, and that NLM has replaced since.
        bytes: To download, as the listings round them.
        disk_bytes: Disk that is needed at most, beside what is used now.
        free_bytes: Disk that is free.
        seconds: What it will take, by step.
    """

    url: str
    missing: tuple[ListedFile, ...]
    held_count: int
    read_count: int
    listed: dict[tuple[str, int], list[int]]
    unsummed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    bytes: int = 0
    disk_bytes: int = 0
    free_bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def make_plan(client: FileClient, settings: Settings, *, workers: int, keep_files: bool, is_dry: bool) -> SyncPlan:
    """Compare NLM's listings with the ledger of files.

    The data directory is held only while the ledger is read, and not at all for a dry run.

    Raises:
        UsageError: `sync_from` is not an address.
        EntrezError: A listing cannot be had.
        LockedError: Another process is writing, and nobody is to wait for it.
        StoreError: A Parquet file cannot be read.
    """
    url = settings.sync_from
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--from {url}: write an address such as {NLM_FILES_URL}.")
    listed = [file for folder in FOLDERS for file in read_listing(client, url, folder)]
    listed.sort(key=lambda file: file.place)
    with nullcontext() if is_dry else writing(settings.directory, purpose="sync", wait=not settings.no_wait):
        held = read_held(settings.directory)
    replaced = tuple(f.name for f in listed if f.name in held and is_replaced(client, f, held[f.name]))
    unsummed = tuple(f.name for f in listed if f.name not in held and not f.has_md5)
    missing = tuple(f for f in listed if (f.name not in held or f.name in replaced) and f.has_md5)
    numbers: dict[tuple[str, int], list[int]] = {}
    for file in listed:
        numbers.setdefault((file.folder, file.year), []).append(file.number)
    held_count = len(listed) - len(missing) - len(unsummed)
    plan = SyncPlan(url, missing, held_count, len(held), numbers, unsummed, replaced)
    return reckon(plan, settings, workers=workers, keep_files=keep_files)


def read_held(directory: DataDirectory) -> dict[str, tuple[datetime, set[str]]]:
    """When each file was read last, UTC, and the MD5s that it had, by name."""
    with open_state(directory, (FILE,)) as con:
        rows = con.execute("SELECT file_name, max(read_at), list(file_md5) FROM state.file GROUP BY 1").fetchall()
    return {name: (read_at, set(sums)) for name, read_at, sums in rows}


def is_replaced(client: FileClient, file: ListedFile, held: tuple[datetime, set[str]]) -> bool:
    """Whether NLM has replaced a file that is held; its sum is asked for only if it was changed late."""
    read_at, sums = held
    if file.changed_at is not None and file.changed_at < read_at - CHANGED_WITHIN:
        return False
    # Ask twice for an unknown sum before asking for the file.
    return file.has_md5 and all(read_md5(client, file) not in sums for _ in range(2))


def reckon(plan: SyncPlan, settings: Settings, *, workers: int, keep_files: bool) -> SyncPlan:
    """A plan with estimates of time and disk."""
    folder, directory = files_folder(settings), settings.directory
    there = {f.name: size_of(folder, f) for f in plan.missing}
    size = sum(f.rounded_bytes for f in plan.missing)
    left = sum(max(0, f.rounded_bytes - there[f.name]) for f in plan.missing)
    database = directory.database.stat().st_size if directory.database.exists() else 0
    largest = max((f.rounded_bytes for f in plan.missing), default=0)
    on_disk = left if keep_files else min(left, largest * AHEAD)
    # The next published file is built beside the one before it.
    needed = on_disk + PARQUET_SHARE * size + 2 * (database + DATABASE_SHARE * size) - database if size else 0
    megabyte = 1 << 20
    seconds = {
        "download": left / megabyte / LINE_MB_S,
        "read": size / megabyte / READ_MB_S / workers,
        "publish": size / megabyte / PUBLISHED_MB_S + database / megabyte / COPIED_MB_S if size else 0,
    }
    root = next(path for path in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(root).free
    return replace(plan, bytes=size, disk_bytes=round(needed), free_bytes=free, seconds=seconds)


def files_folder(settings: Settings) -> Path:
    """Where the files are kept."""
    return settings.sync_files or settings.data_dir / "nlm-files"


def size_of(folder: Path, file: ListedFile) -> int:
    """Bytes of a file that are on disk already."""
    target = folder / file.folder / file.name
    paths = (path for path in (target, target.with_name(f"{file.name}.part")) if path.exists())
    return max((path.stat().st_size for path in paths), default=0)


def describe_sync(plan: SyncPlan) -> list[tuple[str, str]]:
    """The facts of a plan, each with its name."""
    listed = [
        f"{folder}/ {count_of(len(numbers), 'file')} of pubmed{year}"
        for (folder, year), numbers in sorted(plan.listed.items())
    ]
    names = [file.name.removesuffix(".xml.gz") for file in plan.missing]
    which = "" if not names else f": {names[0]}" if len(names) == 1 else f": {names[0]} to {names[-1]}"
    minutes = {step: seconds / 60 for step, seconds in plan.seconds.items()}
    steps = ", ".join(f"{step} {value:.0f}" for step, value in minutes.items())
    facts = [
        ("from", plan.url),
        ("listed", ", ".join(listed) or "no file of NLM's series"),
        ("files", f"{len(names):,} to read{which}; {plan.held_count:,} held already"),
    ]
    if plan.replaced:
        facts.append(("replaced", f"{', '.join(plan.replaced[:5])}: replaced since they were read"))
    if plan.unsummed:
        facts.append(("waiting", f"{count_of(len(plan.unsummed), 'file')} without .md5 yet: {plan.unsummed[0]}"))
    if names:
        facts += [
            ("bytes", f"{megabytes(plan.bytes)} over {CONNECTIONS} connections"),
            ("minutes", f"about {max(1, sum(minutes.values())):.0f} ({steps}; at {LINE_MB_S} MB/s)"),
            ("disk", f"about {megabytes(plan.disk_bytes)} needed, {megabytes(plan.free_bytes)} free"),
        ]
    return facts


def megabytes(size: int) -> str:
    """Bytes in MB or GB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"

"""Upkeep of a data directory: `corpus compact`, `corpus rebuild` and `corpus check`, and what they say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flows.definition.progress import Progress, silent
from flows.definition.settings import Settings
from flows.nlm_files.processes import LOCAL, check_engine
from flows.runs import rebuild as rebuilding
from warehouse import build, check
from warehouse import compact as compaction
from warehouse.errors import StoreError
from warehouse.lock import writing
from warehouse.schema.ledger import RUN
from warehouse.store import DataDirectory, run_folders


def compact(settings: Settings, *, keep: str = "all") -> Iterator[str]:
    """Merge small runs, give up raw records by rule, and publish a file without gaps; says what it does.

    Raises:
        CorpusError: A file cannot be read or written, there is no room, or `keep` is not a rule; nothing is lost.
    """
    directory = existing(settings)
    with writing(directory, purpose="compact", wait=not settings.no_wait):
        build.refuse_lost_runs(directory)
        now = datetime.now(UTC)
        plan = compaction.plan_compaction(directory, keep=keep, now=now)
        needed = compaction.space_needed(directory, plan.bytes_before)
        yield f"This takes up to {needed / 1e6:,.0f} MB of disk for a while."
        done = compaction.compact(directory, plan, now=now)
        if done.folders:
            yield (
                f"Parquet: {len(done.folders):,} folders of {done.bytes_before / 1e6:,.1f} MB became one of "
                f"{done.bytes_after / 1e6:,.1f} MB."
            )
        if done.dropped.num_rows:
            yield f"Raw: {done.dropped.num_rows:,} replaced records were given up."
        before = size_of(directory.database)
        notes: list[str] = []
        build.publish(directory, afresh=True, say=notes.append)
        yield from notes
        yield f"DuckDB: {before / 1e6:,.1f} MB became {size_of(directory.database) / 1e6:,.1f} MB."


def is_of_mesh(folder: Path) -> bool:
    """Whether a run's folder has nothing but MeSH and the account of the run."""
    return all(file.stem.startswith("mesh_") or file.stem == RUN.name for file in folder.glob("*.parquet"))


def rebuild(settings: Settings, *, workers: int = 1, engine: str = LOCAL, progress: Progress = silent) -> Iterator[str]:
    """Rebuild the model from the raw records and publish it; says what differs.

    Raises:
        CorpusError: A file cannot be read or written, or there is no room; nothing is lost.
        StoreError: Damaged files cannot be rebuilt from the raw records; the others were rebuilt.
    """
    check_engine(engine)
    directory = existing(settings)
    with writing(directory, purpose="rebuild", wait=not settings.no_wait):
        largest = max(map(compaction.size_of, run_folders(directory)), default=0)
        yield f"This takes up to {compaction.space_needed(directory, largest) / 1e6:,.0f} MB of disk for a while."
        found = rebuilding.rebuild(directory, workers=workers, engine=engine, progress=progress)
        for name in found.damaged:
            yield f"{name} was damaged, and was rebuilt from the raw records."
        for pmid, reason in sorted(found.unreadable.items())[:10]:
            yield f"The record of PMID {pmid} cannot be read today, its rows stay: {reason}"
        for name in sorted(found.rows_gone.keys() | found.rows_come.keys()):
            gone, come = found.rows_gone.get(name, 0), found.rows_come.get(name, 0)
            yield f"{name}: {gone:,} rows removed, {come:,} added."
        yield f"{found.replaced:,} of {found.folders:,} run folders rewritten."
        if found.lost:
            first = Path(found.lost[0])
            # Everything of MeSH comes from its files, so its folder can go.
            other_way = f", or remove {first.parent}, run `corpus rebuild`, then `corpus mesh` with its files"
            raise StoreError(
                f"{first} is damaged and cannot be rebuilt from the raw records; put it back from a backup"
                f"{other_way if first.stem.startswith('mesh_') and is_of_mesh(first.parent) else ''}. "
                f"{len(found.lost):,} such files; nothing was published."
            )
        notes: list[str] = []
        build.publish(directory, afresh=True, say=notes.append)
        yield from notes


def run_check(settings: Settings, *, manifest: Path | None = None) -> Iterator[str]:
    """What is wrong with the data directory, or with the corpus that a manifest names, one sentence each.

    Raises:
        CorpusError: The manifest is not one, or there is no room to build a file for comparison.
    """
    directory = existing(settings)
    with writing(directory, purpose="check", wait=not settings.no_wait):
        yield from check.check_manifest(directory, manifest) if manifest else check.check_all(directory)


def existing(settings: Settings) -> DataDirectory:
    """The data directory, which has runs.

    Raises:
        StoreError: There is none.
    """
    directory = settings.directory
    if not directory.parquet.is_dir():
        raise StoreError(
            f"There are no runs in {directory.root}; run `corpus refresh` or `corpus ingest`, or put "
            f"{directory.parquet} back from a backup."
        )
    return directory


def size_of(file: Path) -> int:
    """Bytes of a file; 0 if it is not there."""
    return file.stat().st_size if file.exists() else 0

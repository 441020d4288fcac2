"""What the functions of one run share."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flows.definition.progress import Progress
from flows.definition.seeds import CorpusDefinition
from flows.definition.settings import Settings
from flows.entrez.client import EntrezClient, Reply
from flows.entrez.fetch import Delivery, fetch_batch
from flows.nlm_files.reading import Reading
from flows.runs.report import RunReport
from transforms.parsed_records import Provenance
from transforms.raw_records import ChunkRecords
from warehouse import build
from warehouse.run_writer import RunWriter, commit_run
from warehouse.store import DataDirectory


@dataclass(frozen=True)
class Steps:
    """The parts that Prefect shows as tasks; plain functions unless a flow wraps them."""

    fetch: Callable[[EntrezClient, Sequence[int], Path], Delivery] = fetch_batch
    transform: Callable[[Reading, ChunkRecords, Provenance], set[int]] = Reading.add
    commit: Callable[[RunWriter], Path] = commit_run
    publish: Callable[..., dict[str, int]] = build.publish


PLAIN_STEPS = Steps()


@dataclass
class Work:
    """What the functions of one run share.

    Attributes:
        settings: Options.
        definition: `corpus.toml`.
        directory: The data directory, held for writing.
        client: How to ask Entrez.
        writer: The run being written.
        reading: Where replies of EFetch are read to.
        started_at: When it began, UTC.
        report: Filled in on the way.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
        replies: Replies other than EFetch's that rows were made from.
        unused: Files of replies in staging that this run has no use for.
    """

    settings: Settings
    definition: CorpusDefinition
    directory: DataDirectory
    client: EntrezClient
    writer: RunWriter
    reading: Reading
    started_at: datetime
    report: RunReport
    progress: Progress
    steps: Steps
    replies: list[Reply] = field(default_factory=list)
    unused: set[Path] = field(default_factory=set)


@contextmanager
def timed(work: Work, step: str) -> Iterator[None]:
    """Note the seconds that a step takes."""
    start = time.perf_counter()
    try:
        yield
    finally:
        work.report.seconds[step] = work.report.seconds.get(step, 0) + time.perf_counter() - start

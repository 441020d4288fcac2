"""Chunks of documents read by several processes, and given back in their order."""

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from transforms.pubmed_document import DocumentChunk
from transforms.pubmed_xml import Provenance, ReadChunk, read_records
from warehouse.errors import CorpusError

# Below this, all files together are read before other processes have begun to work.
WORTH_WORKERS_BYTES = 8 << 20

# Chunks, what is held of a chunk's records (content_sha256 by PMID), the document's name in an error, where it is from.
ChunkReader = Callable[
    [Iterator[DocumentChunk], Callable[[DocumentChunk], dict[int, str]], str, Provenance], Iterator[ReadChunk]
]


def default_workers() -> int:
    """As many as there are cores for this process."""
    return len(os.sched_getaffinity(0))


@contextmanager
def reading_chunks(files: Sequence[Path], workers: int) -> Iterator[ChunkReader]:
    """A reader of chunks: in this process, or in as many as wanted where the files are worth it."""
    if workers <= 1 or sum(path.stat().st_size for path in files) < WORTH_WORKERS_BYTES:
        yield read_here
        return
    # A process of its own kind, not a copy of this one: threads of Arrow and DuckDB do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:

        def read_there(
            chunks: Iterator[DocumentChunk],
            known_of: Callable[[DocumentChunk], dict[int, str]],
            name: str,
            provenance: Provenance,
        ) -> Iterator[ReadChunk]:
            waiting: deque[Future[ReadChunk]] = deque()
            try:
                for chunk in chunks:
                    known = known_of(chunk)
                    waiting.append(pool.submit(read_quietly, chunk, name, known, provenance))
                    # One more than there are workers: none waits, and memory stays bounded.
                    if len(waiting) > workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BrokenProcessPool as exc:
                raise CorpusError(f"{name}: a reading process was ended; try again with --workers 1.") from exc
            finally:
                for future in waiting:
                    future.cancel()

        yield read_there


def read_here(
    chunks: Iterator[DocumentChunk],
    known_of: Callable[[DocumentChunk], dict[int, str]],
    name: str,
    provenance: Provenance,
) -> Iterator[ReadChunk]:
    """Read chunks in this process."""
    for chunk in chunks:
        yield read_quietly(chunk, name, known_of(chunk), provenance)


def read_quietly(chunk: DocumentChunk, name: str, known: dict[int, str], provenance: Provenance) -> ReadChunk:
    """Read a chunk while the garbage collector rests: of the many rows that it would look through, none is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return read_records(chunk, name=name, known=known, provenance=provenance)
    finally:
        if was_enabled:
            gc.enable()

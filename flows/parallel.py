"""Chunks of documents read by several processes, and given back in their order."""

import gc
import multiprocessing
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from transforms.pubmed_document import DocumentChunk
from transforms.pubmed_xml import Provenance, ReadChunk, read_records
from warehouse.errors import CorpusError

# Below this, all files together are read before other processes have begun to work.
WORTH_WORKERS_BYTES = 8 << 20

# Stands for a table that is in a file.
EMPTY = pa.table({})

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
    # Not copies of this process, since threads of Arrow and DuckDB do not survive a fork, but of one without threads
    # that has loaded the libraries.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lxml.etree", "numpy", "pyarrow.compute"])
    with (
        tempfile.TemporaryDirectory(prefix="corpus-") as folder,
        ProcessPoolExecutor(workers, mp_context=context) as pool,
    ):
        start_processes(pool, workers)
        numbers = count()

        def read_there(
            chunks: Iterator[DocumentChunk],
            known_of: Callable[[DocumentChunk], dict[int, str]],
            name: str,
            provenance: Provenance,
        ) -> Iterator[ReadChunk]:
            waiting: deque[tuple[Path, Future[ReadChunk]]] = deque()
            try:
                for chunk in chunks:
                    path = Path(folder) / f"{next(numbers)}.arrows"
                    known = known_of(chunk)
                    waiting.append((path, pool.submit(read_apart, chunk, name, known, provenance, path)))
                    # One more than there are workers: none waits, and memory stays bounded.
                    if len(waiting) > workers:
                        yield take_tables(*waiting.popleft())
                while waiting:
                    yield take_tables(*waiting.popleft())
            except BrokenProcessPool as exc:
                raise CorpusError(f"{name}: a reading process was ended; try again with --workers 1.") from exc
            finally:
                for _, future in waiting:
                    future.cancel()

        yield read_there


def start_processes(pool: ProcessPoolExecutor, workers: int) -> None:
    """Start all processes of a pool, without what this one was started as.

    Each would load the main module as well, and a command line or Prefect's engine takes longer to load than a file to
    read.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        for _ in range(workers):
            pool.submit(os.getpid)
    finally:
        sys.modules["__main__"] = main


def read_apart(chunk: DocumentChunk, name: str, known: dict[int, str], provenance: Provenance, path: Path) -> ReadChunk:
    """Read a chunk in a process of its own; its tables are left in a file, for they are too large for a pipe."""
    read = read_quietly(chunk, name, known, provenance)
    with pa.OSFile(str(path), "wb") as file:
        for _, parsed in read.parts:
            for table in parsed.tables.values():
                with pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
            parsed.tables = dict.fromkeys(parsed.tables, EMPTY)
    return read


def take_tables(path: Path, future: Future[ReadChunk]) -> ReadChunk:
    """The chunk that another process has read, with the tables that it left in a file."""
    read = future.result()
    with pa.OSFile(str(path)) as file:
        for _, parsed in read.parts:
            parsed.tables = {name: pa.ipc.open_stream(file).read_all() for name in parsed.tables}
    path.unlink()
    return read


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

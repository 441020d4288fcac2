"""Chunks of documents read by several processes, and given back in their order."""

import gc
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from transforms.pubmed_document import DocumentChunk
from transforms.pubmed_xml import Provenance, ReadChunk, read_records
from warehouse.errors import DocumentError
from warehouse.store import writing_file

logger = logging.getLogger("corpus")

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
def reading_chunks(files: Sequence[Path], workers: int, folder: Path) -> Iterator[ChunkReader]:
    """A reader of chunks: in this process, or in as many as wanted where the files are worth it.

    Args:
        files: What will be read.
        workers: How many processes.
        folder: Where other processes leave their tables; what a run that was killed has left there is removed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    is_worth_it = workers > 1 and sum(map(size_of, files)) >= WORTH_WORKERS_BYTES
    pool = start_processes(workers) if is_worth_it else None
    if pool is None:
        yield read_here
        return
    try:
        with pool:
            yield read_with(pool, workers, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where that cannot be told, which reading it will say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read_with(pool: ProcessPoolExecutor, workers: int, folder: Path) -> ChunkReader:
    """A reader of chunks in other processes; once one of them was ended, in this one."""
    numbers = count()
    is_broken = False

    def read_there(
        chunks: Iterator[DocumentChunk],
        known_of: Callable[[DocumentChunk], dict[int, str]],
        name: str,
        provenance: Provenance,
    ) -> Iterator[ReadChunk]:
        nonlocal is_broken
        if is_broken:
            yield from read_here(chunks, known_of, name, provenance)
            return
        with writing_file(folder):
            folder.mkdir(parents=True, exist_ok=True)
        waiting: deque[tuple[Path, Future[ReadChunk]]] = deque()
        try:
            for chunk in chunks:
                path = folder / f"{next(numbers)}.arrows"
                known = known_of(chunk)
                waiting.append((path, pool.submit(read_apart, chunk, name, known, provenance, path)))
                # One more than there are workers: none waits, and memory stays bounded.
                if len(waiting) > workers:
                    yield take_tables(*waiting.popleft())
            while waiting:
                yield take_tables(*waiting.popleft())
        except BrokenProcessPool as exc:
            is_broken = True
            raise DocumentError(f"{name}: a process that read it was ended; try again with --workers 1.") from exc
        finally:
            for _, future in waiting:
                future.cancel()

    return read_there


def start_processes(workers: int) -> ProcessPoolExecutor | None:
    """Start processes, without what this one was started as; None, with a word about it, where none can be.

    Each would load the main module as well, and a command line or Prefect's engine takes longer to load than a file to
    read.
    """
    # Processes of their own kind, not copies of this one: threads of Arrow and DuckDB do not survive a fork. A server
    # to fork from would be met in the folder for temporary files, whose path may be longer than a socket's can be.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent)
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        for _ in range(workers):
            pool.submit(os.getpid)
    except OSError as exc:
        logger.warning("Files are read by one process, since no others can be started: %s.", exc.strerror or exc)
        pool.shutdown(wait=False, cancel_futures=True)
        return None
    finally:
        sys.modules["__main__"] = main
    return pool


def follow_parent() -> None:
    """Let a reading process end with the one that started it, however that ends, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_after_parent, daemon=True).start()


def end_after_parent() -> None:
    """Wait for the parent's end, and end at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


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
    """The chunk that another process has read, with the tables that it left in a file.

    Raises:
        StoreError: It could not leave them there, on a full disk for example.
    """
    with writing_file(path):
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

"""Tasks done by several processes, here or on a Dask cluster, with results in order.

The task of a process that dies is done again.
"""

import logging
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from flows.definition.paths import show
from flows.definition.progress import Progress
from flows.nlm_files.dask_pool import DaskPool
from flows.nlm_files.reading import FileJob, StagedFile, read_file
from warehouse.errors import CorpusError, DocumentError, StoreError, UsageError

logger = logging.getLogger("corpus")

# Below this, one process has read all files before others have started.
WORTH_WORKERS_BYTES = 8 << 20

# Attempts at a task whose process dies.
ATTEMPTS = 2

LOCAL = "local"

# A file that was read, or why it could not be used.
Result = StagedFile | DocumentError

J = TypeVar("J")
R = TypeVar("R")


class Pool(Protocol):
    """Processes that do tasks, here or elsewhere.

    Attributes:
        size: How many at a time.
        broken: What a future raises whose task has to be handed over again.
    """

    size: int
    broken: tuple[type[BaseException], ...]

    def submit(self, task: Callable[[J], R], job: J) -> "Future[R]":
        """Have a task done."""

    def explain(self, exc: Exception) -> str:
        """What an error of a future says of its task in a sentence; '' if it is the task's own."""

    def restart(self) -> None:
        """Start over after a broken future."""

    def end(self) -> None:
        """End at once."""


class LocalPool:
    """Processes of this machine."""

    broken: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, executor: ProcessPoolExecutor, size: int) -> None:
        self.executor, self.size = executor, size

    def submit(self, task: Callable[[J], R], job: J) -> "Future[R]":
        """Have a process do a task."""
        return self.executor.submit(task, job)

    def explain(self, _exc: Exception) -> str:
        """Whatever a task raises is its own."""
        return ""

    def restart(self) -> None:
        """Start other processes."""
        end_now(self.executor)
        self.executor = start_again(self.size)

    def end(self) -> None:
        """End the processes at once."""
        end_now(self.executor)


def default_workers() -> int:
    """As many as there are cores for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_engine(engine: str) -> None:
    """Check that a text says where files are read.

    Raises:
        UsageError: It does not.
    """
    if engine != LOCAL and not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", engine):
        raise UsageError(f"--engine {engine}: write local, or a Dask scheduler's address such as tcp://host:8786.")


def open_pool(engine: str, workers: int) -> Pool | None:
    """The processes of an engine; None if this process is to do the work itself."""
    check_engine(engine)
    if engine != LOCAL:
        return DaskPool(engine)
    executor = start_processes(workers) if workers > 1 else None
    return LocalPool(executor, workers) if executor else None


def read_files(
    jobs: Iterable[FileJob], *, workers: int, progress: Progress, engine: str = LOCAL
) -> Iterator[tuple[FileJob, Result]]:
    """Read files, as many at a time as there are processes; the results come in the order of the jobs.

    Args:
        jobs: The files; taken one by one, some ahead of what has come back.
        workers: How many processes; with one, this process reads.
        progress: Told of each file's compressed bytes if this process reads.
        engine: `local`, or the address of a Dask scheduler, whose workers read instead.
    Raises:
        StoreError: No processes can be started, or the cluster cannot read.
    """
    pool = open_pool(engine, workers)
    if pool is None:
        for job in jobs:
            yield job, read_or_refuse(job, progress)
        return
    results = do_apart(
        pool,
        read_quietly,
        map(make_absolute, jobs) if engine != LOCAL else iter(jobs),
        name_of=lambda job: show(job.path),
    )
    for job, result in results:
        if isinstance(result, StagedFile) and not result.folder.is_dir():
            raise StoreError(
                f"{show(job.path)} was read, and {show(result.folder)} is not here; the data directory has to be on a "
                "disk that the workers share with this machine, by the same path."
            )
        yield job, result


def make_absolute(job: FileJob) -> FileJob:
    """A job whose paths mean the same to a process with another working folder."""
    directory = replace(job.directory, root=job.directory.root.absolute())
    return replace(job, path=job.path.absolute(), directory=directory, folders=tuple(f.absolute() for f in job.folders))


def read_or_refuse(job: FileJob, progress: Progress) -> Result:
    """Read a file; an error of the file is a result as well."""
    try:
        return read_file(job, progress)
    except DocumentError as exc:
        return exc


def read_quietly(job: FileJob) -> Result:
    """Read a file in a process of its own."""
    return read_or_refuse(job, lambda _step, _done, _total: None)


@dataclass
class Waiting(Generic[J, R]):
    """A task that is done, or waits for it; without a future as long as it was not handed over."""

    job: J
    attempt: int = 0
    future: "Future[R | DocumentError] | None" = None


def do_apart(
    pool: Pool, task: Callable[[J], R], jobs: Iterator[J], *, name_of: Callable[[J], str]
) -> Iterator[tuple[J, R | DocumentError]]:
    """Do tasks in other processes, one more at a time than there are, so that none waits; the results in their order.

    Args:
        pool: The processes; ended afterwards.
        task: What is done; a function that they can import.
        jobs: Its arguments.
        name_of: What to call a job in a sentence.
    Raises:
        StoreError: The pool cannot be restarted.
    """
    waiting: deque[Waiting[J, R]] = deque()
    is_done = False
    try:
        while not is_done:
            while len(waiting) <= pool.size and (job := next(jobs, None)) is not None:
                waiting.append(Waiting(job))
            try:
                for one in waiting:
                    hand_over(pool, task, one, name_of)
                result = result_of(pool, waiting[0], name_of) if waiting else None
            except pool.broken:
                # Which task's process died is unknown: every unfinished task is done again.
                pool.restart()
                for one in waiting:
                    if one.future is not None and not is_read(one.future):
                        one.future = None
                continue
            if result is None:
                is_done = True
            else:
                yield waiting.popleft().job, result
    finally:
        pool.end()


def hand_over(pool: Pool, task: Callable[[J], R], one: Waiting[J, R], name_of: Callable[[J], str]) -> None:
    """Have a task done, unless it is already, or several processes have died of it."""
    if one.future is not None:
        return
    if one.attempt < ATTEMPTS:
        one.future = pool.submit(task, one.job)
        one.attempt += 1
        if one.attempt > 1:
            logger.warning("A process that read files was ended; %s is read again.", name_of(one.job))
        return
    one.future = Future()
    times = f"the process that read it was ended {one.attempt} times; try again with --workers 1."
    one.future.set_result(DocumentError(f"{name_of(one.job)}: {times}"))


def result_of(pool: Pool, one: Waiting[J, Any], name_of: Callable[[J], str]) -> Any:
    """What a task that was handed over gives, or a sentence about the processes that could not do it."""
    if one.future is None:
        return None
    try:
        return one.future.result()
    except pool.broken:
        raise
    except CorpusError:
        raise
    except Exception as exc:
        if why := pool.explain(exc):
            return DocumentError(f"{name_of(one.job)}: {why}")
        raise


def is_read(future: "Future[Any]") -> bool:
    """Whether a file was read before its pool broke."""
    return future.done() and not future.cancelled() and future.exception() is None


def is_worth_workers(files: Iterable[Path]) -> bool:
    """Whether files are large enough for other processes to be started."""
    return sum(map(size_of, files)) >= WORTH_WORKERS_BYTES


def size_of(path: Path) -> int:
    """Bytes of a file; 0 if that cannot be told, which reading it will say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def end_now(pool: ProcessPoolExecutor) -> None:
    """End a pool and its processes without waiting: if one was killed, others may wait for a lock that it held."""
    left = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in left:
        process.kill()


def start_again(workers: int) -> ProcessPoolExecutor:
    """Start processes in the place of those that have ended.

    Raises:
        StoreError: None can be started any more.
    """
    pool = start_processes(workers)
    if pool is None:
        raise StoreError("No processes can be started any more; run it again with --workers 1.")
    return pool


def start_processes(workers: int) -> ProcessPoolExecutor | None:
    """Start processes, without what this one was started as; None, with a word about it, where none can be.

    Each would load the main module as well, and a command line or Prefect's engine takes longer to load than a file to
    read.
    """
    # Spawn instead of fork: threads of Arrow and DuckDB do not survive a fork. A server
    # to fork from would be met in the folder for temporary files, whose path may be longer than a socket's can be.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent)
    # Processes inherit blocked signals: they ignore Ctrl-C, even while they load.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with as_nobody():
            for _ in range(workers):
                pool.submit(os.getpid)
    except OSError as exc:
        logger.warning("Files are read by one process, since no others can be started: %s.", exc.strerror or exc)
        pool.shutdown(wait=False, cancel_futures=True)
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return pool


@contextmanager
def as_nobody() -> Iterator[None]:
    """Hide the main module from the processes that are started."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def follow_parent() -> None:
    """Let a worker process end with its parent, however that ends, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_after_parent, daemon=True).start()


def end_after_parent() -> None:
    """Wait for the parent's end, and end at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

"""Workers of a Dask cluster, through its `concurrent.futures` executor: `--engine tcp://host:8786`.

Dask schedules, finds out that a worker died, and has its task done again by another one. Workers need this package, of
this version, and see the files and the data directory by the paths that they have here.
"""

import hashlib
import importlib.metadata
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from flows.definition.version import CODE_VERSION
from warehouse.errors import StoreError, UsageError

logger = logging.getLogger("corpus")

J = TypeVar("J")
R = TypeVar("R")

CONNECT_S = 60.0
ROOT = Path(__file__).parents[2]
# Modules that decide how a document is read.
READERS = (
    "transforms/*.py*",
    "warehouse/schema/*.py",
    "warehouse/run_writer.py",
    "warehouse/store.py",
    "flows/nlm_files/*.py",
    "flows/runs/rebuild.py",
)


@cache
def code_sha256() -> str:
    """SHA-256 of the modules that read documents: two installations of one version may differ."""
    found = hashlib.sha256()
    for path in sorted(path for pattern in READERS for path in ROOT.glob(pattern)):
        found.update(path.read_bytes())
    return found.hexdigest()


class OtherCodeError(Exception):
    """A worker has other code than the machine that asks."""


def run_if_same(expected: str, task: Callable[[J], R], job: J) -> R:
    """Do a task on a worker, if its code is the asking machine's.

    Raises:
        OtherCodeError: It is not.
    """
    if code_sha256() != expected:
        raise OtherCodeError
    return task(job)


class DaskPool:
    """The workers of a scheduler.

    Attributes:
        address: The scheduler's, `tcp://host:8786`.
        size: How many tasks they do at a time.
        broken: What a future raises whose task has to be handed over again.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed  # noqa: PLC0415 - an optional extra, and it takes a second
        except ModuleNotFoundError as exc:
            raise UsageError(f"--engine {address}: Dask is not installed; install corpus[dask] first.") from exc
        self.address = address
        self.distributed: Any = distributed
        # If the scheduler is gone, Dask cancels its tasks; OSError stands for a lost connection.
        self.broken: tuple[type[BaseException], ...] = (CancelledError, OSError)
        self.connect()

    def connect(self) -> None:
        """Connect to the scheduler, and check that its workers have the same code and reach the files.

        Raises:
            StoreError: It does not answer, has no workers, or one of them cannot.
        """
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # Errors become sentences here.
        try:
            self.client = self.distributed.Client(self.address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as exc:
            raise StoreError(
                f"No Dask scheduler answers at {self.address}; start one with `dask scheduler`, or leave --engine out."
            ) from exc
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_S)
            versions = self.client.run(importlib.metadata.version, "corpus", on_error="return")
        except (OSError, TimeoutError) as exc:
            self.end()
            raise StoreError(
                f"The Dask scheduler at {self.address} has no workers; start some with `dask worker {self.address}`."
            ) from exc
        for worker, found in versions.items():
            if found != CODE_VERSION:
                has = f"corpus {found}" if isinstance(found, str) else "no corpus"
                self.end()
                raise StoreError(f"The Dask worker {worker} has {has}; install corpus {CODE_VERSION} there.")
        self.size = max(1, sum(self.client.nthreads().values()))
        self.executor = self.client.get_executor(pure=False)

    def submit(self, task: Callable[[J], R], job: J) -> "Future[R]":
        """Have a worker do a task."""
        future: Future[R] = self.executor.submit(run_if_same, code_sha256(), task, job)
        return future

    def explain(self, exc: Exception) -> str:
        """What an error of a future says of its task in a sentence; '' if it says nothing of the cluster.

        Raises:
            StoreError: No task can be done as the workers are.
        """
        causes = [exc, exc.__cause__, exc.__context__]
        if any(isinstance(cause, OtherCodeError | ModuleNotFoundError | AttributeError) for cause in causes):
            raise StoreError(
                f"A Dask worker of {self.address} has other code than this machine, or lacks a package of it; install "
                f"the same corpus {CODE_VERSION} there, and start it again."
            ) from exc
        if isinstance(exc, self.distributed.KilledWorker):
            return "every Dask worker that read it died; try again with --workers 1 and without --engine."
        return ""

    def restart(self) -> None:
        """Connect again.

        Raises:
            StoreError: The scheduler does not come back.
        """
        logger.warning("The Dask scheduler at %s is gone or restarted; its tasks are submitted again.", self.address)
        self.end()
        self.connect()

    def end(self) -> None:
        """Close the connection; tasks that have not begun are dropped."""
        self.client.close(timeout=5)

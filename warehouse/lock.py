"""The lock of the one process that writes to a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from warehouse.errors import LockedError, StoreError
from warehouse.store import DataDirectory, logger


@contextmanager
def writing(directory: DataDirectory, *, purpose: str = "writing", wait: bool = False) -> Iterator[None]:
    """Be the one process that writes to the data directory.

    Args:
        directory: The data directory.
        purpose: What for, in a word; others are told.
        wait: Wait for another process that is writing, with a word about it.
    Raises:
        LockedError: Another process is writing.
        StoreError: The directory cannot be made or written.
    """
    with holding(directory.lock, purpose=purpose, wait=wait, option="--data-dir"):
        yield


@contextmanager
def holding(lock: Path, *, purpose: str, wait: bool, option: str) -> Iterator[None]:
    """Be the one process that writes to the folder of a lock file.

    The operating system gives the lock back when the process ends, however it ends; a file left behind locks nothing.

    Args:
        lock: The lock file; its folder is made.
        purpose: What for, in a word; others are told.
        wait: Wait for another process that holds it, with a word about it.
        option: What chooses another folder.
    Raises:
        LockedError: Another process holds it.
        StoreError: The folder cannot be made or written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        raise StoreError(f"Cannot write to {lock.parent}: {exc.strerror}; choose another with {option}.") from exc
    try:
        take_lock(descriptor, lock.parent, wait=wait)
        holder = f"{os.getpid()} ({purpose}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC)\n"
        # The holder's name is only informational, so a full disk is ignored here.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int, folder: Path, *, wait: bool) -> None:
    """Take the lock of an open lock file.

    Raises:
        LockedError: Another process has it, and `wait` is not set.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "unknown"
        if not wait:
            raise LockedError(f"Process {holder} is writing to {folder}; try again when it is done.") from exc
        logger.warning("Process %s is writing to %s; waiting for it to end.", holder, folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)

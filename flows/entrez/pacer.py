"""One pace for all requests of a machine, whichever process or thread sends them.

A file shared under its lock holds when the last requests started, and until when nobody may start one. Whoever wants to
send waits until the N-th last start lies a whole window back, N being the rate; so no window of a second ever has more
than N starts, and what one request loses by being late the next one makes good.
"""

import fcntl
import os
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from warehouse.errors import StoreError, TransientError

# NCBI counts what arrives, and one request can be 45 ms longer on its way than another; 95.7 % of the rate is used.
WINDOW_S = 1.045

# A start that is this little late counts from when it was due: a busy machine wakes late, and every delay would add up
# over the requests that follow.
FORGIVEN_S = 0.015

# Minimum distance between two starts, as a share of even spacing, so that requests do not come in bursts.
EVENNESS = 0.9

# NCBI's highest limit in requests a second (NBK25497).
MOST = 10

# A pause lasts at most a day, whatever a reply asks for; one that ends later was written by a wrong clock.
LONGEST_PAUSE_S = 86_400.0

# The pace alone never makes a request wait longer than its window; a wait this much longer is a pause.
LONGEST_TURN_S = 5.0

# The file is locked for microseconds; do not wait for a process that was stopped in them, or is hostile.
LONGEST_LOCK_S = 20.0
LOCK_POLL_S = 0.002

LAYOUT = struct.Struct(f"{1 + MOST}d")


@dataclass(frozen=True)
class Pace:
    """What the file holds; 0 is none.

    Attributes:
        pause_until: Nobody starts a request before this; of the wall clock, since a pause can outlast a restart.
        starts: When the last requests were due, or were sent if that was later than is forgiven; the latest one last.
            Of the machine's clock since it was started.
    """

    pause_until: float = 0.0
    starts: tuple[float, ...] = field(default=(0.0,) * MOST)


def pace_file(host: str) -> Path:
    """The file that the processes of this machine share for a host."""
    return Path(tempfile.gettempdir()) / f"corpus-entrez-pace-{host}"


def clock() -> float:
    """Seconds on a clock that is the same in all processes, and never set back."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def open_locked(path: Path) -> int:
    """A locked descriptor of the file; closing it, or the end of the process, releases the lock.

    Raises:
        StoreError: The file belongs to somebody else and cannot be shared, or somebody does not give it back.
    """
    try:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            with suppress(PermissionError):
                os.fchmod(descriptor, 0o666)
    except OSError as exc:
        raise StoreError(f"{path}, which keeps the pace of requests, cannot be written: {exc.strerror}.") from exc
    deadline = time.monotonic() + LONGEST_LOCK_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StoreError(
                    f"{path}, which keeps the pace of requests, is held by another process that does not give it back; "
                    "end that, or set TMPDIR to a folder of your own."
                ) from None
            time.sleep(LOCK_POLL_S)
        else:
            return descriptor


def read_pace(descriptor: int, now: float) -> Pace:
    """The file's content, without starts from before the last reboot."""
    written = os.pread(descriptor, LAYOUT.size, 0)
    if len(written) != LAYOUT.size:
        return Pace()
    pause_until, *starts = LAYOUT.unpack(written)
    return Pace(
        pause_until if pause_until <= time.time() + LONGEST_PAUSE_S else 0.0,
        tuple(s if s <= now else 0.0 for s in starts),
    )


def write_pace(descriptor: int, pace: Pace) -> None:
    """Write the pace to the file."""
    os.pwrite(descriptor, LAYOUT.pack(pace.pause_until, *pace.starts), 0)


def next_start(pace: Pace, rate: float) -> float:
    """The earliest time at which a request may start, pauses aside.

    Args:
        pace: What was sent.
        rate: Requests a second, 10 at most; of a fraction, what fits wholly into a second.
    """
    count = max(1, int(rate))
    window_s = WINDOW_S * max(1.0, 1 / rate)
    return max(pace.starts[-count] + window_s, pace.starts[-1] + EVENNESS * window_s / count)


def try_start(path: Path, rate: float) -> tuple[float, float]:
    """Start a request now, if it may.

    Returns:
        Seconds to wait and ask again, and 0; or 0 and the start, to be given to `note_sent`.
    """
    descriptor = open_locked(path)
    try:
        now = clock()
        pace = read_pace(descriptor, now)
        due = next_start(pace, rate)
        # Right after a reboot the clock is near 0, and a start of 0 means none.
        wait_s = max(pace.pause_until - time.time(), due - now if any(pace.starts) else 0.0)
        if wait_s > 0:
            return wait_s, 0.0
        start = max(due, now - FORGIVEN_S)
        write_pace(descriptor, replace(pace, starts=(*pace.starts[1:], start)))
        return 0.0, start
    finally:
        os.close(descriptor)


def wait_for_start(path: Path, rate: float, say: Callable[[float], None] = lambda _: None) -> float:
    """Sleep until a request may start; it is counted as started.

    Args:
        path: The file.
        rate: Requests a second.
        say: Told, before each sleep, how many seconds it takes.
    Returns:
        The start, to be given to `note_sent`.
    Raises:
        TransientError: A pause has begun; whoever sends decides whether to wait for its end.
    """
    longest_s = LONGEST_TURN_S + WINDOW_S * max(1.0, 1 / rate)
    while True:
        wait_s, start = try_start(path, rate)
        if not wait_s:
            return start
        if wait_s > longest_s:
            raise TransientError("Entrez has asked this machine to wait", retry_after_s=wait_s)
        say(wait_s)
        time.sleep(wait_s)


def note_sent(path: Path, start: float) -> None:
    """Move a start to now, once the request has been sent completely: on a busy machine, time passes in between."""
    descriptor = open_locked(path)
    try:
        now = clock()
        pace = read_pace(descriptor, now)
        if start in pace.starts:
            starts = sorted(max(s, now - FORGIVEN_S) if s == start else s for s in pace.starts)
            write_pace(descriptor, replace(pace, starts=tuple(starts)))
    finally:
        os.close(descriptor)


def pause(path: Path, seconds: float) -> None:
    """Stop all requests for a while, at most a day; a longer pause in effect stays."""
    descriptor = open_locked(path)
    try:
        pace = read_pace(descriptor, clock())
        until = max(pace.pause_until, time.time() + min(seconds, LONGEST_PAUSE_S))
        write_pace(descriptor, replace(pace, pause_until=until))
    finally:
        os.close(descriptor)


def pause_left(path: Path) -> float:
    """Seconds until the current pause ends; 0 if there is none."""
    descriptor = open_locked(path)
    try:
        return max(0.0, read_pace(descriptor, clock()).pause_until - time.time())
    finally:
        os.close(descriptor)


def count_recent(path: Path) -> int:
    """Requests of this machine that started within the last second."""
    descriptor = open_locked(path)
    try:
        now = clock()
        return sum(start > now - 1 for start in read_pace(descriptor, now).starts if start)
    finally:
        os.close(descriptor)

"""One pace for all requests of a machine, whichever process or thread sends them.

A file holds the time of the next free slot. Whoever wants to send takes the slot under the file's lock, moves it on by
the gap, and sleeps until it comes; so requests start at even distances and never more than the rate in any second.
"""

import fcntl
import os
import struct
import tempfile
import time
from pathlib import Path

# NCBI counts by its own clock, so the gap is a little longer than 1/rate; 99 % of the rate is used.
MARGIN = 1.01

# A slot further away than this was written before the machine's clock started anew.
FARTHEST_SLOT_S = 600.0

SLOT = struct.Struct("d")


def pace_file(host: str) -> Path:
    """The file that the processes of this machine share for a host."""
    return Path(tempfile.gettempdir()) / f"corpus-entrez-pace-{host}"


def take_slot(path: Path, rate: float) -> float:
    """Take the next free slot, without waiting for it.

    Args:
        path: The shared file; made if it is not there.
        rate: Requests a second.
    Returns:
        Seconds until the slot, 0 if it is now.
    """
    # The clock is the machine's own since it started, the same in all processes and never set back.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        written = os.pread(descriptor, SLOT.size, 0)
        free = SLOT.unpack(written)[0] if len(written) == SLOT.size else now
        slot: float = max(now, free) if free - now < FARTHEST_SLOT_S else now
        os.pwrite(descriptor, SLOT.pack(slot + MARGIN / rate), 0)
        return slot - now
    finally:
        os.close(descriptor)


def wait_for_slot(path: Path, rate: float) -> None:
    """Sleep until this request may start."""
    if (wait_s := take_slot(path, rate)) > 0:
        time.sleep(wait_s)

"""Slots are handed out at even distances, to whoever asks."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

from flows.pacer import SLOT, take_slot

HAND_OUT = """
import sys, time, pathlib
from flows.pacer import take_slot
for _ in range(20):
    wait = take_slot(pathlib.Path(sys.argv[1]), 10)
    print(time.clock_gettime(time.CLOCK_MONOTONIC) + wait)
"""


def test_the_first_slot_is_now_and_the_next_ones_follow_at_the_gap(tmp_path: Path) -> None:
    """Three requests a second are a third of a second apart, and 1 % more."""
    waits = [take_slot(tmp_path / "pace", 3) for _ in range(4)]
    assert waits[0] == 0
    assert all(abs(wait - number * 1.01 / 3) < 0.1 for number, wait in enumerate(waits))


def test_two_processes_never_get_slots_closer_than_the_gap(tmp_path: Path) -> None:
    """NCBI counts the requests of an address, not of a process.

    The clock is read after the slot is taken, so that a busy machine can make two slots look a little closer.
    """
    command = [sys.executable, "-c", HAND_OUT, str(tmp_path / "pace")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    slots = sorted(float(line) for process in processes for line in process.communicate()[0].split())
    assert len(slots) == 40
    assert all(later - earlier > 0.08 for earlier, later in itertools.pairwise(slots))


def test_a_slot_from_before_the_machine_was_started_is_not_waited_for(tmp_path: Path) -> None:
    """The clock begins anew with the machine, the file may outlive it."""
    path = tmp_path / "pace"
    path.write_bytes(SLOT.pack(time.clock_gettime(time.CLOCK_MONOTONIC) + 1e6))
    assert take_slot(path, 3) == 0

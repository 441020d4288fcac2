"""No second ever has more starts than the rate, whoever asks, and hardly a slot is wasted."""

import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.entrez.pacer import LAYOUT, clock, note_sent, pause, pause_left, try_start, wait_for_start
from warehouse.errors import TransientError

START = """
import sys, pathlib
from flows.entrez.pacer import clock, note_sent, wait_for_start
for _ in range(15):
    start = wait_for_start(pathlib.Path(sys.argv[1]), 10)
    print(start)
"""


def busiest(starts: list[float]) -> int:
    """The most starts in any window of one second."""
    return max(sum(first <= start < first + 1 for start in starts) for first in starts)


@pytest.mark.parametrize(("rate", "most", "least_used"), [(10, 10, 9.5), (3, 3, 2.7), (2.5, 2, 1.9), (0.5, 1, 0.45)])
def test_no_second_has_more_than_the_rate_and_almost_all_of_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: float, most: int, least_used: float
) -> None:
    """On a machine that wakes each of them some hundredths of a second late."""
    now = 100.0
    path = tmp_path / "pace"
    starts: list[float] = []
    monkeypatch.setattr("flows.entrez.pacer.clock", lambda: now)
    for number in range(200):
        while (wait_s := try_start(path, rate)[0]) > 0:
            now += wait_s + number % 4 / 200
        starts.append(now)
    assert busiest(starts) == most
    assert 199 / (starts[-1] - starts[0]) >= least_used


def test_two_processes_share_one_pace(tmp_path: Path) -> None:
    """NCBI counts the requests of an address, not of a process."""
    command = [sys.executable, "-c", START, str(tmp_path / "pace")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    starts = sorted(float(line) for process in processes for line in process.communicate()[0].split())
    assert len(starts) == 30
    assert busiest(starts) <= 10
    assert all(later - earlier > 0.08 for earlier, later in itertools.pairwise(starts))


def test_threads_share_it_too(tmp_path: Path) -> None:
    """They wait for each other, not for their own last request only."""
    starts: list[float] = []
    threads = [threading.Thread(target=lambda: starts.append(wait_for_start(tmp_path / "pace", 10))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert busiest(starts) <= 10


def test_a_request_that_took_long_to_send_counts_from_its_end(tmp_path: Path) -> None:
    """It arrives when it was sent, not when it was meant to be."""
    path = tmp_path / "pace"
    start = wait_for_start(path, 1)
    time.sleep(0.2)
    note_sent(path, start)
    wait_s, _ = try_start(path, 1)
    assert wait_s > 0.9


def test_a_pause_holds_for_everybody_and_a_shorter_one_does_not_end_it(tmp_path: Path) -> None:
    """What one process was told holds for the address."""
    path = tmp_path / "pace"
    pause(path, 30)
    pause(path, 1)
    wait_s, start = try_start(path, 10)
    assert 29 < wait_s <= 30
    assert start == 0


def test_what_was_written_before_the_machine_was_started_is_not_waited_for(tmp_path: Path) -> None:
    """The clock starts over with the machine, the file may outlive it."""
    path = tmp_path / "pace"
    path.write_bytes(LAYOUT.pack(*(clock() + 1e6 for _ in range(11))))
    wait_s, start = try_start(path, 3)
    assert wait_s == 0
    assert start > 0


def test_a_pause_of_an_hour_is_not_slept_through(tmp_path: Path) -> None:
    """Whoever waits for a turn is told how long it would be."""
    path = tmp_path / "pace"
    pause(path, 3600)
    with pytest.raises(TransientError) as caught:
        wait_for_start(path, 3)
    assert 3590 < (caught.value.retry_after_s or 0) <= 3600 == round(pause_left(path))


def test_no_pause_is_longer_than_a_day(tmp_path: Path) -> None:
    """Whatever a reply asks for, or a wrong clock wrote."""
    path = tmp_path / "pace"
    pause(path, 1e9)
    assert pause_left(path) <= 86_400
    path.write_bytes(LAYOUT.pack(time.time() + 1e9, *[0.0] * 10))
    assert pause_left(path) == 0


def test_a_file_of_another_form_is_started_over(tmp_path: Path) -> None:
    """It may be an earlier version's, or cut off."""
    path = tmp_path / "pace"
    path.write_bytes(b"\0" * 8)
    assert try_start(path, 3)[0] == 0

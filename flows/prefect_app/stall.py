"""A run without progress ends itself: it may hang forever while others wait for its place."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Failed

# Below this share of a CPU a process counts as idle: Prefect's own threads use some.
IDLE_SHARE = 0.05

# A publish of all of PubMed computes for hours without progress; a busy process has this many budgets.
BUSY_BUDGETS = 12


@dataclass
class StallWatch:
    """Notices that a run has stalled.

    Attributes:
        budget_s: Seconds that it may be idle without a word of progress.
        told_at: When it last told of progress.
        busy_at: When it was last seen computing.
        looked_at: When it was last looked at.
        cpu_s: Processor time until then.
    """

    budget_s: float = float("inf")
    told_at: float = field(default_factory=time.monotonic)
    busy_at: float = field(default_factory=time.monotonic)
    looked_at: float = field(default_factory=time.monotonic)
    cpu_s: float = field(default_factory=time.process_time)

    def begin(self, budget_s: float) -> None:
        """Start watching a run."""
        self.budget_s, self.cpu_s = budget_s, time.process_time()
        self.told_at = self.busy_at = self.looked_at = time.monotonic()

    def tell(self) -> None:
        """Note progress."""
        self.told_at = time.monotonic()

    def has_stalled(self, now: float, cpu_s: float) -> bool:
        """Whether there was no progress for the budget, by the time and the processor time that it is now."""
        if cpu_s - self.cpu_s > IDLE_SHARE * (now - self.looked_at):
            self.busy_at = now
        self.looked_at, self.cpu_s = now, cpu_s
        silent_s = now - self.told_at
        return min(silent_s, now - self.busy_at) > self.budget_s or silent_s > BUSY_BUDGETS * self.budget_s


# A process runs one flow at a time.
watch = StallWatch()


@contextmanager
def ending_if_stalled(budget_s: float, end: Callable[[str], None]) -> Iterator[None]:
    """End the run if it stalls meanwhile.

    Args:
        budget_s: Seconds that it may be idle without a word of progress.
        end: Ends it, given a sentence that says why; called in a thread of its own.
    """
    watch.begin(budget_s)
    done = threading.Event()

    def look() -> None:
        while not done.wait(min(budget_s / 20, 30)):
            if watch.has_stalled(time.monotonic(), time.process_time()):
                end(describe_stall(budget_s))
                return

    threading.Thread(target=look, name="stall watch", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def describe_stall(budget_s: float) -> str:
    """The sentence of a run that ends itself."""
    span = f"{budget_s / 60:.0f} minutes" if budget_s >= 120 else f"{budget_s:g} seconds"
    return (
        f"No progress for {span} (CORPUS_RUN_BUDGET_S), so it was ended; the next run takes over what it had fetched."
    )


def end_process(flow_run_id: UUID, log: Any, sentence: str) -> None:
    """Mark a run as failed, and kill its process."""
    try:
        log.error(sentence)
        state: State[None] = Failed(message=sentence)
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(flow_run_id, state, force=True)
        # Prefect sends the log in portions.
        time.sleep(3)
    finally:
        os._exit(1)

"""Progress of a run, and counts and PMIDs in sentences."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress

# Seconds between two lines of a long step if there is no terminal.
LINE_EVERY_S = 10.0

# Called with the step's name, how much is done and how much there is; a step is over when both are equal.
Progress = Callable[[str, int, int], None]


def silent(_step: str, _done: int, _total: int) -> None:
    """Discard progress."""


def silent_line(_line: str) -> None:
    """Discard a line."""


def print_line(line: str) -> None:
    """Print to standard error; a closed pipe stops no run."""
    with suppress(OSError):
        print(line, file=sys.stderr)  # noqa: T201


class PlainLines:
    """Progress as lines: when a step ends, and now and then while it lasts."""

    def __init__(self, say: Callable[[str], None] = print_line) -> None:
        self.say = say
        self.told_at: dict[str, float] = {}
        self.last: dict[str, str] = {}
        self.began: dict[str, tuple[float, int]] = {}

    def tell(self, step: str, done: int, total: int) -> None:
        """Print a line if the step has ended, or has been silent for a while."""
        now = time.monotonic()
        is_first = step not in self.told_at
        if is_first:
            self.told_at[step] = now
            self.began[step] = now, done
        if total and (done >= total or now - self.told_at[step] >= LINE_EVERY_S):
            self.told_at[step] = now
            line = f"{step}: {done:,} of {total:,}"
            if line != self.last.get(step):
                self.last[step] = line
                self.say(line + self.left(step, done, total, now))

    def left(self, step: str, done: int, total: int, now: float) -> str:
        """Estimated time left at the pace so far; '' if it cannot be estimated yet, or the step is over."""
        began, first = self.began[step]
        if done >= total or done <= first:
            return ""
        seconds = (total - done) * (now - began) / (done - first)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"


def count_of(count: int, noun: str) -> str:
    """A number with its noun, whose plural ends in s: 1 file, 2,000 files."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def name_some(pmids: list[int], most: int = 10) -> str:
    """PMIDs in a sentence: the first ones, and how many more there are."""
    return name_first(sorted(pmids)[:most], len(pmids))


def name_first(pmids: list[int], count: int) -> str:
    """The first of `count` PMIDs in a sentence, and how many more there are."""
    named = ", ".join(map(str, pmids))
    return named if count <= len(pmids) else f"{named} and {count - len(pmids):,} more"

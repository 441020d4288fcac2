"""Progress as plain lines, and numbers in sentences."""

import pytest

from flows.definition.progress import LINE_EVERY_S, PlainLines, count_of, name_first, name_some


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the module, set by the test."""
    now = [100.0]
    monkeypatch.setattr("flows.definition.progress.time.monotonic", lambda: now[0])
    return now


def test_a_step_says_its_end_once_and_now_and_then_where_it_is(clock: list[float]) -> None:
    """The first line comes after the interval; the rest is estimated from the pace so far."""
    said: list[str] = []
    lines = PlainLines(said.append)
    for second, done in ((0, 0), (5, 1), (LINE_EVERY_S, 2), (LINE_EVERY_S + 1, 3), (50, 10), (51, 10)):
        clock[0] = 100 + second
        lines.tell("fetch", done, 10)
    assert said == ["fetch: 2 of 10, about 40 s left", "fetch: 10 of 10"]


def test_minutes_are_said_from_a_minute_and_a_half_on(clock: list[float]) -> None:
    """A step that begins half done counts from there; without a total or progress, nothing is estimated."""
    said: list[str] = []
    lines = PlainLines(said.append)
    lines.tell("read", 500, 2000)
    lines.tell("wait", 0, 0)
    clock[0] += LINE_EVERY_S
    lines.tell("read", 1000, 2000)
    lines.tell("wait", 0, 0)
    clock[0] += 80
    lines.tell("read", 1000, 2_000)
    lines.tell("read", 1001, 2_000)
    clock[0] += LINE_EVERY_S
    lines.tell("read", 1001, 2_000)
    assert said == ["read: 1,000 of 2,000, about 20 s left", "read: 1,001 of 2,000, about 3 min left"]


def test_numbers_have_their_noun() -> None:
    """One file, no files, thousands of files."""
    assert [count_of(n, "file") for n in (0, 1, 2, 2000)] == ["0 files", "1 file", "2 files", "2,000 files"]


def test_the_first_pmids_are_named_in_order() -> None:
    """With the number of the others."""
    assert name_some([3, 1, 2]) == "1, 2, 3"
    assert name_some(list(range(12, 0, -1))) == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"
    assert name_some([5, 4], most=1) == "4 and 1 more"
    assert name_first([7], 2001) == "7 and 2,000 more"

"""A run that makes no progress ends itself."""

import threading

from flows.prefect_app.stall import BUSY_BUDGETS, StallWatch, describe_stall, ending_if_stalled, watch


def made_at(now: float, budget_s: float = 60) -> StallWatch:
    """A watch that began at a time, with no processor time used."""
    return StallWatch(budget_s, told_at=now, busy_at=now, looked_at=now, cpu_s=0)


def test_an_idle_run_has_stalled_after_its_budget() -> None:
    """Processor time of Prefect's own threads is no work."""
    idle = made_at(0)
    assert [idle.has_stalled(now, cpu_s=now * 0.01) for now in (30, 59, 61)] == [False, False, True]


def test_progress_and_work_keep_a_run_alive() -> None:
    """A publish computes for long without progress."""
    busy = made_at(0)
    assert not any(busy.has_stalled(now, cpu_s=now) for now in range(10, 60 * BUSY_BUDGETS, 10))


def test_a_run_that_computes_without_end_has_stalled_too() -> None:
    """It gets several budgets."""
    busy = made_at(0)
    assert [busy.has_stalled(now, cpu_s=now) for now in (700, 721)] == [False, True]


def test_a_stalled_run_is_ended_with_a_sentence() -> None:
    """Whatever holds it: the end comes from a thread of its own."""
    ended = threading.Event()
    said: list[str] = []

    def end(sentence: str) -> None:
        said.append(sentence)
        ended.set()

    with ending_if_stalled(0.2, end):
        assert ended.wait(30)
    assert said == [describe_stall(0.2)]


def test_the_watch_of_a_run_starts_over() -> None:
    """What an earlier run of the process did does not matter."""
    watch.told_at = float("-inf")
    with ending_if_stalled(3600, lambda _: None):
        assert not watch.has_stalled(watch.looked_at + 1, cpu_s=watch.cpu_s)

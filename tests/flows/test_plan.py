"""Which PMIDs are asked for, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.plan import find_deleted, is_off_peak, plan_citations
from flows.seeds import CitationRules
from warehouse.held import Held
from warehouse.state import Asked

NOW = datetime(2026, 11, 24, 7)  # noqa: DTZ001 - as DuckDB gives it, UTC
RULES = CitationRules(refetch_after_days=90, in_process_after_days=7, missing_after_days=7)


def held(status: str | None = "MEDLINE") -> Held:
    """A citation."""
    return Held("", 1, None, status)


def asked(outcome: str, days_ago: float, *, missing: int = 0) -> Asked:
    """A PMID that was asked for in one run, or left out of several."""
    at = NOW - timedelta(days=days_ago)
    is_delivered = outcome in ("new", "revised", "unchanged")
    return Asked(outcome, at, at if is_delivered else None, missing, at if missing else None)


@pytest.mark.parametrize(
    ("holding", "asking", "reason"),
    [
        (None, None, "new"),
        (None, asked("failed", 1), "owed"),
        (held(), asked("failed", 1), "owed"),
        (None, asked("not_found", 1, missing=1), "missing"),
        (None, asked("not_found", 1, missing=2), None),
        (None, asked("not_found", 8, missing=2), "missing"),
        (held(), asked("not_found", 1, missing=2), "missing"),
        (None, asked("rejected", 1), None),
        (None, asked("rejected", 8), "missing"),
        (held(), asked("unchanged", 1), None),
        (held("In-Process"), asked("new", 6), None),
        (held("In-Process"), asked("new", 8), "in_process"),
        (held("Publisher"), asked("unchanged", 8), "in_process"),
        (held("PubMed-not-MEDLINE"), asked("new", 8), None),
        (held(), asked("new", 91), "aged"),
        (held(), None, "aged"),
        (held(), asked("deleted", 8, missing=3), None),
        (held("Publisher"), asked("deleted", 8, missing=3), None),
        (held(), asked("deleted", 91, missing=3), "aged"),
    ],
)
def test_what_is_held_and_what_was_asked_say_why(
    holding: Held | None, asking: Asked | None, reason: str | None
) -> None:
    """By state of indexing, last outcome and age."""
    plan = plan_citations(
        [7], held={7: holding} if holding else {}, asked={7: asking} if asking else {}, now=NOW, rules=RULES
    )
    assert plan.reasons.get(7) == reason


def test_only_what_is_held_and_was_left_out_long_before_is_deleted() -> None:
    """One outage is not two answers, and what never came cannot have been withdrawn."""
    earlier = {1: asked("not_found", 2, missing=1), 2: asked("not_found", 0.1, missing=1), 3: asked("new", 9)}
    earlier[4] = asked("not_found", 2, missing=1)
    found = find_deleted(
        [1, 2, 3, 4, 5],
        held={p: held() for p in (1, 2, 3, 5)},
        asked=earlier,
        confirmed_before=NOW - timedelta(hours=12),
    )
    assert found == [1]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 24, 7, tzinfo=UTC), True),  # Tuesday 02:00 EST
        (datetime(2026, 11, 24, 10, tzinfo=UTC), False),  # 05:00
        (datetime(2026, 11, 24, 20, tzinfo=UTC), False),  # 15:00
        (datetime(2026, 11, 25, 2, tzinfo=UTC), True),  # 21:00
        (datetime(2026, 7, 21, 0, 30, tzinfo=UTC), False),  # Monday 20:30, in daylight-saving time
        (datetime(2026, 7, 21, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 28, 20, tzinfo=UTC), True),  # Saturday afternoon
        (datetime(2026, 11, 30, 3, tzinfo=UTC), True),  # Sunday 22:00
    ],
)
def test_large_jobs_are_for_the_night_and_the_weekend_in_the_east(at: datetime, expected: bool) -> None:  # noqa: FBT001
    """NBK25497."""
    assert is_off_peak(at) == expected

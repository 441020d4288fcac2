"""When a reply says to come back."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from flows.entrez.limits import LONGEST_PAUSE_S, retry_after_s


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("9" * 30, LONGEST_PAUSE_S),
        ("-5", None),
        ("5.5", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 9015 07:28:00 GMT", LONGEST_PAUSE_S),
        ("Wed, 21 Oct 2015 07:28:00", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    """A past date means at once. Anything else says nothing, nor does a date without a zone."""
    assert retry_after_s({"Retry-After": value}) == seconds


def test_a_date_is_as_far_away_as_it_is() -> None:
    """To the second, as HTTP's dates are."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after_s({"Retry-After": then}) == pytest.approx(90, abs=5)
    assert retry_after_s({}) is None

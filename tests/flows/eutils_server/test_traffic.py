"""Limits on requests, over any window of a second."""

import pytest

from flows.eutils_server.traffic import Limit, Window, parse_limit
from warehouse.errors import UsageError


@pytest.mark.parametrize(("text", "limit"), [("none", None), ("ncbi", Limit(3, 10)), ("7", Limit(7, 7))])
def test_a_limit_is_ncbis_a_number_or_none(text: str, limit: Limit | None) -> None:
    """NCBI's is higher with a key."""
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "all"])
def test_another_limit_is_refused(text: str) -> None:
    """With it, nobody could ask anything."""
    with pytest.raises(UsageError, match="give `ncbi`, `none` or a number of requests a second"):
        parse_limit(text)


def test_a_window_is_the_second_before_an_arrival() -> None:
    """What arrived exactly a second ago is outside; the busiest second is remembered."""
    window = Window()
    assert [window.add(at) for at in (0.0, 0.5, 0.9, 1.0, 1.5, 3.0)] == [1, 2, 3, 3, 3, 1]
    assert window.busiest == 3

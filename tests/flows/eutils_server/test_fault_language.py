"""The language of faults: read, refused, and counted."""

import pytest

from flows.eutils_server.fault_language import KINDS, UTILITIES, choose_fault, parse_fault, parse_faults
from tests.conftest import REPOSITORY
from warehouse.errors import UsageError


def struck(spec: str, requests: int, utility: str = "efetch") -> list[int]:
    """Numbers of the requests of a utility, from 1, that a fault strikes."""
    faults = parse_faults(spec)
    return [number for number in range(1, requests + 1) if choose_fault(faults, utility)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        (":2", [1, 2]),
        (":3-4", [3, 4]),
        (":/3", [3, 6]),
        (":0", []),
        (":0%", []),
        (":100%", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_when_says_which_requests_are_struck(when: str, expected: list[int]) -> None:
    """The first, some, every so many, or a share."""
    assert struck(f"500{when}", 6) == expected


def test_a_share_is_the_same_each_time_and_another_with_another_seed() -> None:
    """A trial can be repeated."""
    one, other = struck("500:30%", 200), struck("seed=7; 500:30%", 200)
    assert one == struck("500:30%", 200) != other
    assert 40 < len(one) < 80


def test_only_requests_of_its_utilities_count() -> None:
    """Those that an earlier fault has struck do not count either."""
    faults = parse_faults("500@elink:1\n429@efetch+elink:1")
    kinds = [fault.kind if (fault := choose_fault(faults, u)) else None for u in ("efetch", "elink", "elink", "efetch")]
    assert kinds == ["429", "500", None, None]
    assert [fault.struck for fault in faults] == [1, 1]


def test_a_fault_has_its_value_or_the_default() -> None:
    """Numbers as they are compared, words as they stand."""
    assert parse_fault("stall").value == "60.0"
    assert parse_fault("stall=0.5@elink").number == 0.5
    assert parse_fault("error=Some; words, with = signs".replace(";", ",")).value == "Some, words, with = signs"
    assert parse_fault("gzip").value == "gzip"
    assert parse_fault("reset").utilities == frozenset(UTILITIES)
    assert parse_fault("leave-out@efetch+elink").utilities == {"efetch"}


def test_words_of_an_error_may_have_colons_and_the_readme_names_every_kind() -> None:
    """The language in use, and as it is documented."""
    (fault,) = parse_faults("error=Search Backend failed: try later@esearch:2")
    assert (fault.value, fault.last) == ("Search Backend failed: try later", 2)
    readme = (REPOSITORY / "flows" / "eutils_server" / "README.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in readme] == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("nothing", "there is no kind 'nothing'; take one of 429, "),
        ("500@efetch+ezip", "there is no utility 'ezip'"),
        ("merged@elink", "merged is for efetch only"),
        ("leave-out@esearch", "leave-out is for efetch only"),
        ("500:x", "is not of the form kind=value@utility"),
        ("500:/0", "is not of the form"),
        ("cut=x", "the value of cut is a number"),
        ("stall=long", "the value of stall is a number"),
        ("cut=1.5", "the value of cut is out of range"),
        ("stall=-1", "out of range"),
        ("slow=0", "out of range"),
        ("gzip=zip", "the value of gzip is one of gzip, deflate, damaged"),
        ("seed=x", "the seed is a number"),
    ],
)
def test_what_makes_no_sense_is_refused(spec: str, sentence: str) -> None:
    """The error names what would."""
    with pytest.raises(UsageError, match=sentence):
        parse_faults(spec)

"""Single values are kept as they are; nothing is invented."""

from datetime import date

import pytest

from transforms.values import first_year, normal_orcid, to_date, to_pmid, yes_no


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("2020", "Aug", "5"), date(2020, 8, 5)),
        (("2020", "08", "05"), date(2020, 8, 5)),
        (("2020", "Aug", None), None),
        (("2020", None, "5"), None),
        (("2020", "02", "30"), None),
        (("2020", "Summer", "1"), None),
    ],
)
def test_a_date_needs_three_parts_that_make_one(
    parts: tuple[str | None, str | None, str | None], expected: date | None
) -> None:
    """No first of the month, no January is ever made up."""
    assert to_date(*parts) == expected


@pytest.mark.parametrize(
    ("year", "medline_date", "expected"),
    [
        ("2019", None, 2019),
        (None, "1998 Spring", 1998),
        (None, "1975-1976", 1975),
        (None, "Spring", None),
        ("19x", None, None),
        ("0000", "0000", None),
    ],
)
def test_the_year_is_the_first_that_is_given(year: str | None, medline_date: str | None, expected: int | None) -> None:
    """MedlineDate holds the year in most of its forms."""
    assert first_year(year, medline_date) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("http://orcid.org/0000000218250097", "0000-0002-1825-0097"),
        ("0000-0002-9079-593X", "0000-0002-9079-593X"),
        ("orcid.org/ 0000 0002 1825 0097.", "0000-0002-1825-0097"),
        ("ORCID: 0000\u20130002\u20131825\u20130097", "0000-0002-1825-0097"),
        ("https://orcid.org/https://orcid.org/0000-0002-9079-593x", "0000-0002-9079-593X"),
        ("ISNI 0000 0002 1825 0097", None),
        ("0000-0002-1825-00979", None),
        ("0000-0002-1825-0098", None),
        ("R-1234-2008", None),
    ],
)
def test_an_orcid_has_one_form_if_its_check_digit_is_right(identifier: str, expected: str | None) -> None:
    """Publishers send URLs, bare digits and mistakes."""
    assert normal_orcid(identifier) == expected


def test_a_flag_that_is_neither_y_nor_n_is_not_guessed() -> None:
    """The record goes to rejected_citation with this sentence."""
    with pytest.raises(ValueError, match="'U' is neither Y nor N"):
        yes_no("U")


@pytest.mark.parametrize(("text", "expected"), [("0000001", 1), ("0", None), ("", None), ("PMC1", None), ("٣", None)])
def test_a_pmid_is_a_positive_number(text: str, expected: int | None) -> None:
    """`0000001` is read as 1 by NCBI as well."""
    assert to_pmid(text) == expected

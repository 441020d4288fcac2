"""Single values are kept as they are; nothing is invented."""

from datetime import date

import pytest

from transforms.values import (
    first_year,
    normal_orcid,
    resolve_references,
    to_date,
    to_pmid,
    to_version,
    yes_no,
)


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


# Three in Arabic, in full width, as an exponent; and what Python's int() reads besides.
ODD_DIGITS = ("\u0663", "\uff13", "\u00b3", "3_0", "+3", "-3", "3.0", "3e1", "0x3", "three")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25217177", 25217177),
        ("0000001", 1),
        ("0" * 5000 + "7", 7),
        (" 7\n", 7),
        ("999999999", 999999999),
        ("1000000000", None),
        ("9" * 20, None),
        ("9" * 5000, None),
        ("0", None),
        ("", None),
        (" ", None),
        ("1 2", None),
        ("PMC1", None),
        *((odd, None) for odd in ODD_DIGITS),
    ],
)
def test_a_pmid_is_a_positive_number(text: str, expected: int | None) -> None:
    """`0000001` is read as 1 by NCBI as well."""
    assert to_pmid(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("0032767", 32767),
        ("32768", None),
        ("0099999", None),
        ("0", None),
        ("", None),
        ("9" * 5000, None),
        *((odd, None) for odd in ODD_DIGITS),
    ],
)
def test_a_version_is_a_number_that_its_column_holds(text: str, expected: int | None) -> None:
    """Zeros before it are no matter."""
    assert to_version(text) == expected


@pytest.mark.parametrize("odd", ["9" * 20, "9" * 5000, "0", "", "2020 ", *ODD_DIGITS])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_part_that_is_none_of_a_date_makes_no_date(odd: str, part: int) -> None:
    """Whatever stands there, it is kept in its column of text."""
    parts = ["2020", "03", "03"]
    parts[part] = odd
    assert to_date(*parts) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&#x80;&#150;&#x9F;", "\x80\x96\x9f"),
        ("&#x7f;&#xFDD0;&#x1FFFE;", "\x7f\ufdd0\U0001fffe"),
        ("&amp;lt; &lt;&gt;&quot;&apos;", "&lt; <>\"'"),
        ("&#38;#38;", "&#38;"),
    ],
)
def test_a_reference_is_the_character_that_xml_says(text: str, expected: str) -> None:
    """HTML makes dashes and curly quotes of some, and drops others."""
    assert resolve_references(text) == expected

"""Names, titles and dates as all formats need them, and as each writes them."""

from typing import Any

import pytest

from flows.exports.bibtex import escape, escape_address, names
from flows.exports.csl import csl_name
from flows.exports.record import cited_title, date_parts, name_of, one_line
from flows.exports.ris import ris_name

PERSON: dict[str, Any] = dict.fromkeys(
    ("collective_name", "last_name", "fore_name", "middle_name", "initials", "suffix")
)
HAMBRICK = {**PERSON, "last_name": "Hambrick", "fore_name": "George W", "initials": "GW", "suffix": "Jr"}
DATE = dict.fromkeys(f"pub_date_{part}" for part in ("year", "month", "day", "season")) | {"medline_date": None}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"year": "2020", "month": "Mar", "day": "4"}, ("2020", 3, 4, "")),
        ({"year": "2020", "month": "03"}, ("2020", 3, None, "")),
        ({"year": "2020", "season": "Spring"}, ("2020", None, None, "Spring")),
        ({"year": "2020", "month": "Mar-Apr"}, ("2020", 3, None, "")),
        ({"year": "2020", "month": "13"}, ("2020", None, None, "13")),
        ({"year": "2020", "month": "3", "day": "4-5"}, ("2020", 3, None, "4-5")),
        ({}, ("", None, None, "")),
    ],
)
def test_a_date_has_the_parts_that_are_there(parts: dict[str, str], expected: tuple[object, ...]) -> None:
    """What is not a number stays as it is written."""
    assert date_parts(DATE | {f"pub_date_{part}": text for part, text in parts.items()}) == expected


def test_a_medline_date_is_a_year_and_the_rest() -> None:
    """Or only the rest."""
    assert date_parts(DATE | {"medline_date": "1998 Dec-1999 Jan"}) == ("1998", None, None, "Dec-1999 Jan")
    assert date_parts(DATE | {"medline_date": "Spring 1998"}) == ("", None, None, "Spring 1998")


def test_a_name_is_written_as_each_format_has_it() -> None:
    """The suffix has another place in each; a person may have only a last name."""
    assert name_of(HAMBRICK) == "Hambrick GW Jr"
    assert ris_name(HAMBRICK) == "Hambrick, George W, Jr"
    assert csl_name(HAMBRICK) == {"family": "Hambrick", "given": "George W", "suffix": "Jr"}
    assert names([HAMBRICK]) == "{Hambrick, Jr, George W}"
    only = {**PERSON, "last_name": "van der Berg"}
    assert (name_of(only), ris_name(only), names([only])) == ("van der Berg", "van der Berg", "{{van der Berg}}")


def test_a_group_is_one_name() -> None:
    """Whatever words are in it."""
    group = {**PERSON, "collective_name": "Smith and Sons, Group"}
    assert (name_of(group), ris_name(group)) == ("Smith and Sons, Group",) * 2
    assert csl_name(group) == {"literal": "Smith and Sons, Group"}
    assert names([group, HAMBRICK]) == "{{Smith and Sons, Group} and Hambrick, Jr, George W}"


def test_tex_sets_a_text_as_it_is() -> None:
    """Without ligatures of quotes and hyphens; a DOI is not TeX text."""
    assert escape("5% of {x} ~ a_b -- ''") == (
        r"5\% of \textbraceleft{}x\textbraceright{} \textasciitilde{} a\_b -{}- '{}'"
    )
    assert escape_address("10.1/a b_{c}") == "10.1/a%20b_%7Bc%7D"


def test_the_full_stop_of_a_title_goes_and_dots_stay() -> None:
    """NLM sets one after each."""
    assert [cited_title(title) for title in ("A.", "A?", "A...", "", ".")] == ["A", "A?", "A...", "", ""]
    assert one_line(" a\r\nb\u2028c ") == "a b c"

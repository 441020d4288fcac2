"""Words and days of a record, as searches compare them."""

import pytest
from lxml import etree

from flows.eutils_server.record_fields import day_of, is_of_reference, words_of


@pytest.mark.parametrize(
    ("xml", "day"),
    [
        ("<D><Year>2020</Year><Month>Mar</Month><Day>4</Day></D>", 2020_03_04),
        ("<D><Year>2020</Year><Month>03</Month></D>", 2020_03_01),
        ("<D><Year>2020</Year><Month>Winter</Month><Day>9</Day></D>", 2020_01_09),
        ("<D><Year>2021</Year><Month>2</Month><Day>30</Day></D>", 2021_01_01),
        ("<D><MedlineDate>1998 Apr 15-30</MedlineDate></D>", 1998_04_15),
        ("<D><MedlineDate>Spring 1998</MedlineDate></D>", 1998_01_01),
        ("<D><MedlineDate>1998-1999</MedlineDate></D>", 1998_01_01),
        ("<D><Year>98</Year></D>", None),
        ("<D><MedlineDate>Spring</MedlineDate></D>", None),
        ("<D/>", None),
    ],
)
def test_a_date_is_a_day_of_which_missing_parts_are_the_first(xml: str, day: int | None) -> None:
    """Only for comparison: no table has it."""
    assert day_of(etree.fromstring(xml)) == day


def test_words_are_compared_without_case_and_diacritics() -> None:
    """Greek and digits are words; underscores and hyphens separate them."""
    assert words_of("Sjögren's IL-6_a β") == ["sjogren", "s", "il", "6", "a", "β"]


def test_an_id_of_a_cited_paper_is_not_the_records_own() -> None:
    """Both stand in an ArticleIdList."""
    root = etree.fromstring("<P><L><A/></L><Reference><L><A/></L></Reference></P>")
    assert [is_of_reference(element) for element in root.iter("A")] == [False, True]
    assert not is_of_reference(root)

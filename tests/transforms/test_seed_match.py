"""A record is an entry's only if it certainly is."""

import pytest
from lxml import etree

from tests.records import article
from transforms.seed_entry import SeedEntry
from transforms.seed_match import citation_parts, is_record_of, search_terms

DOI = '<ELocationID EIdType="doi" ValidYN="Y">10.1000/AbC</ELocationID>'
RECORD = etree.fromstring(article(7, parts=(DOI, "", "")))
TITLE = "Ketamine in an invented trial"


def entry(**values: object) -> SeedEntry:
    """An entry of a reference list."""
    return SeedEntry(list_name="reference", citation_order=1, citation_text="", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"title": "KETAMINE, in an invented trial?", "journal": "J Invent Res", "pub_year": 2019},
        {"title": "[Ketamine in an invented trial.]"},
        {"title": TITLE, "journal": "Journal of Invented Results."},
        # The year of the issue is not that of the first publication; the DOI is the same.
        {"title": TITLE, "journal": "Another J", "pub_year": 2018, "doi": "10.1000/abc"},
        {"doi": "10.1000/ABC", "pub_year": 2019},
    ],
)
def test_the_same_citation_is_recognised(values: dict[str, object]) -> None:
    """By title and issue, by title and DOI, or by DOI and year if no title could be read."""
    assert is_record_of(entry(**values), RECORD)


@pytest.mark.parametrize(
    "values",
    [
        {"title": "Ketamine in another trial", "journal": "J Invent Res", "pub_year": 2019},
        {"title": "Ketamine in another trial", "doi": "10.1000/abc", "pub_year": 2019},
        {"title": TITLE, "pub_year": 2018},
        {"title": TITLE, "journal": "Another J"},
        {"doi": "10.1000/abc"},
        {"doi": "10.1000/abc", "pub_year": 2018},
        {"pub_year": 2019, "journal": "J Invent Res"},
    ],
)
def test_a_citation_that_may_be_another_is_not_taken(values: dict[str, object]) -> None:
    """A wrong PMID is worse than none."""
    assert not is_record_of(entry(**values), RECORD)


def test_what_ecitmatch_takes_is_the_first_page_and_the_first_author() -> None:
    """Without the bars that separate its fields."""
    cited = entry(
        journal="J Invent | Res", pub_year=2019, volume="7", pages="e11-9", authors="Mann BJ, Smith A.", title=TITLE
    )
    assert citation_parts(cited) == {
        "journal_title": "J Invent Res",
        "year": "2019",
        "volume": "7",
        "first_page": "e11",
        "author_name": "Mann BJ",
    }
    assert citation_parts(entry(journal="J Invent Res", pub_year=2019)) is None


def test_searches_go_from_the_surest_to_the_next() -> None:
    """AND, OR and NOT of a title are words; a title that is common is not searched."""
    assert search_terms(entry(title="TRUTH AND (NOT) LIES OR NEITHER", pub_year=2019, doi="10.1000/a(1)b")) == [
        '"10.1000/a(1)b"[doi]',
        "truth and not lies or neither[ti] AND 2018:2020[dp]",
    ]
    assert search_terms(entry(title="Editorial.", pub_year=2019)) == []

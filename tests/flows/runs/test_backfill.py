"""A backfill brings what somebody asks for, by number, by search or by date, and refuses nonsense before it asks."""

from collections.abc import Callable
from datetime import date

import pytest

from flows.definition.settings import Settings
from flows.runs.backfill import backfill, make_request, parse_day, parse_pmids
from flows.runs.refresh import refresh
from tests.corpora import select
from tests.records import article, article_set
from warehouse.errors import UsageError

Make = Callable[..., Settings]
Serve = Callable[[bytes], str]


def test_a_backfill_makes_members_that_no_refresh_takes_away(make_settings: Make, serve_records: Serve) -> None:
    """A person asked for them, not the seeds folder."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n")
    refresh(settings)
    report = backfill(settings, make_request(pmids="2 1", reason="because"))
    assert report.outcomes == {"unchanged": 1, "new": 1}
    refresh(settings)
    assert select(settings, "SELECT pmid, reason FROM member WHERE until_run_id IS NULL ORDER BY 1, 2") == [
        (1, "backfill"),
        (1, "pmids"),
        (2, "backfill"),
    ]
    assert select(settings, "SELECT reason FROM run WHERE run_kind = 'backfill'") == [("because",)]


def test_a_search_in_a_window_of_dates_is_backfilled(make_settings: Make, serve_records: Serve) -> None:
    """All records here have the entrez date 2019/03/05; the membership says which search brought them."""
    settings = make_settings(serve_records(article_set(article(1), article(2, title="Other things."))), a__pmids="9\n")
    found = make_request(query="ketamine[ti]", from_date="2019-03-01", to_date="2019/03/31")
    assert backfill(settings, found).outcomes == {"new": 1}
    assert select(settings, "SELECT pmid, via FROM member WHERE reason = 'backfill'") == [(1, "ketamine[ti]")]
    assert backfill(settings, make_request(query="ketamine[ti]", from_date="2020-01-01")).outcomes == {}
    assert backfill(settings, make_request(from_date="2019-03-05", to_date="2019-03-05")).outcomes == {
        "unchanged": 1,
        "new": 1,
    }


def test_a_search_that_finds_more_than_the_limit_is_refused(make_settings: Make, serve_records: Serve) -> None:
    """A typo must not cost a million requests."""
    settings = make_settings(serve_records(article_set(*map(article, range(1, 6)))), a__pmids="9\n")
    with pytest.raises(UsageError, match="query: it finds 5 PMIDs, more than the limit of 3"):
        backfill(settings, make_request(query="ketamine[ti]", limit=3))


def test_a_dry_run_says_what_is_held_already(make_settings: Make, serve_records: Serve) -> None:
    """And writes nothing."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n")
    refresh(settings)
    report = backfill(settings, make_request(pmids="1 2 3"), dry_run=True)
    assert (report.plan, report.held_count) == ({"asked": 3}, 1)
    assert select(settings, "SELECT count(*) FROM run") == [(1,)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "pmids, query, from_date: all are empty"),
        ({"pmids": "1", "date_type": "rdat"}, "date_type: 'rdat' is none of edat, mdat, pdat, crdt"),
        ({"from_date": "2020-02-30"}, "from_date: '2020-02-30' is not a day; write it as 2026-11-24"),
        ({"to_date": "yesterday"}, "to_date: 'yesterday' is not a day"),
        ({"from_date": "2020-02-02", "to_date": "2020-02-01"}, "from_date: 2020-02-02 is after to_date"),
        ({"pmids": "1", "follow": ["friends"]}, "follow: 'friends' is none of similar, cited_by, reference"),
        ({"query": "x", "limit": 0}, "limit: 0 is too few"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_field(fields: dict[str, object], sentence: str) -> None:
    """Before any request is made."""
    with pytest.raises(UsageError, match=sentence):
        make_request(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["2026-11-04", "2026/11/4", " 2026-11-04\n"])
def test_a_day_is_written_with_hyphens_or_slashes(text: str) -> None:
    """As in PubMed's searches and as everywhere else; blanks alone are neither a day nor a mistake."""
    assert parse_day("from_date", text) == date(2026, 11, 4)
    assert parse_day("from_date", " ") is None


def test_what_is_no_day_is_quoted_without_blanks_and_within_bounds() -> None:
    """Somebody may have pasted a page."""
    with pytest.raises(UsageError, match=f"^from_date: '{'x' * 40}' is not a day; write it as 2026-11-24.$"):
        parse_day("from_date", f" {'x' * 50} ")


@pytest.mark.parametrize(
    "text",
    ["1, 2;3\n4", "1 2 3 4 # five\n", "1\r\n2\r\n3\t00000000004", "PMID: 1|PMID:2; pmids 3/4", "[1, '2', (3)、4]"],
)
def test_pmids_come_in_any_form(text: str) -> None:
    """People paste them from anywhere."""
    assert parse_pmids(text) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 PMC2", "'PMC2' is not a PMID"),
        ("1.5", "'1.5'"),
        ("-5", "'-5'"),
        ("0", "'0'"),
        ("9" * 20, "'9"),
        (" \n", "there is none"),
    ],
)
def test_what_is_no_pmid_is_refused(text: str, sentence: str) -> None:
    """Before any request is made."""
    with pytest.raises(UsageError, match=sentence):
        parse_pmids(text)

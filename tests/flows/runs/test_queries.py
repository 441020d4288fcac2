"""What NCBI did with a search is reported, and kept for every run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from flows.definition.settings import Settings
from flows.runs.backfill import backfill, make_request
from flows.runs.maintenance import run_check
from flows.runs.refresh import refresh
from flows.runs.summary import summarise
from flows.runs.work import PLAIN_STEPS
from tests.corpora import select
from tests.flows.runs.test_refresh import NOBODY
from tests.records import article, article_set
from warehouse.errors import EntrezError, KeyRefusedError, StoreError, UsageError

Make = Callable[..., Settings]
Serve = Callable[[bytes], str]

NO_LINKS = "[links]\nfetch = []\nlinkout = false\n"


def test_every_run_says_what_a_search_found_and_as_what(make_settings: Make, serve_records: Serve) -> None:
    """Even without news and without an answer; what was found before an outage is not new after it."""
    settings = make_settings(
        serve_records(article_set(article(1), article(2))), a__query="ketamine[ti]\n", corpus__toml=NO_LINKS
    )
    refresh(settings)
    refresh(settings)
    refresh(settings.model_copy(update={"entrez": NOBODY, "entrez_budget_s": 0}))
    backfill(settings, make_request(query="ketamine[ti]", from_date="2019-03-01"))
    rows = select(
        settings,
        """SELECT search_name, search_text, date_type, CAST(from_date AS VARCHAR), to_date, promised_count,
            delivered_count, new_count, failure IS NULL
        FROM search_run ORDER BY run_id""",
    )
    asked = ("a.query", "ketamine[ti]", None, None, None)
    assert rows == [
        (*asked, 2, 2, 2, True),
        (*asked, 2, 2, 0, True),
        (*asked, None, None, None, False),
        ("ketamine[ti]", "ketamine[ti]", "edat", "2019-03-01", None, 2, 2, 2, True),
    ]
    assert select(settings, "SELECT count(*) FROM search_run WHERE translation ILIKE '%ketamine%'") == [(3,)]


def test_a_search_with_an_ignored_part_is_named_and_ends_with_3(make_settings: Make, serve_records: Serve) -> None:
    """In a dry run too; but all that NCBI finds was obtained, so the next run need not look further back."""
    settings = make_settings(
        serve_records(article_set(article(1))), a__query="ketamine[ti] OR x[nofield]\n", corpus__toml=NO_LINKS
    )
    assert refresh(settings, dry_run=True).exit_code == 3
    report = refresh(settings)
    assert report.exit_code == 3
    assert "! a.query: NCBI did not search all of it as asked (" in summarise(report, settings)
    assert select(settings, "SELECT is_complete FROM run") == [(True,)]
    ((ignored,),) = select(settings, "SELECT ignored FROM search_run")
    assert "FieldNotFound: nofield" in ignored


def test_what_a_run_that_fails_has_found_is_kept(
    make_settings: Make, serve_records: Serve, serve_faults: Callable[..., str]
) -> None:
    """A search that finds too much, one that nobody answers, and a refused key; and nothing else of those runs."""
    settings = make_settings(serve_records(article_set(article(1), article(2))), a__pmids="1\n", corpus__toml=NO_LINKS)
    refresh(settings)
    too_much = make_request(query="ketamine[ti]", limit=1, reason="To see.")
    with pytest.raises(UsageError, match="more than the limit of 1"):
        backfill(settings, too_much)
    away = settings.model_copy(update={"entrez": NOBODY, "entrez_budget_s": 0})
    with pytest.raises(EntrezError):
        backfill(away, too_much)
    refused = serve_faults(article_set(article(1)), "bad-key")
    with pytest.raises(KeyRefusedError):
        backfill(settings.model_copy(update={"entrez": refused, "ncbi_api_key": SecretStr("a key")}), too_much)
    with pytest.raises(UsageError):
        backfill(settings, too_much, dry_run=True)
    rows = select(
        settings,
        """SELECT promised_count, delivered_count, search_run.new_count, failure LIKE '%API key%', run_failure[:6],
            reason, is_complete, requested_count
        FROM search_run JOIN run USING (run_id) ORDER BY run_id""",
    )
    assert rows == [
        (2, 2, None, None, "query:", "To see.", False, 0),
        (None, None, None, False, "esearc", "To see.", False, 0),
        (None, None, None, True, "esearc", "To see.", False, 0),
    ]
    assert select(settings, "SELECT pmid, reason FROM member") == [(1, "pmids")]
    assert list(run_check(settings, manifest=None)) == []
    assert not list((settings.data_dir / "staging").glob("r*="))
    report = backfill(settings, make_request(query="ketamine[ti]"))
    assert [search.new for search in report.searches] == [2]


def test_where_even_that_cannot_be_kept_the_failure_stays_what_it_is(
    make_settings: Make, serve_records: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; a failure to publish what was committed is no reason to commit it again."""
    settings = make_settings(
        serve_records(article_set(article(1), article(2))), a__query="ketamine[ti]\n", corpus__toml=NO_LINKS
    )

    def fail(*_: object, **__: object) -> Any:
        raise StoreError("No room.")

    with pytest.raises(UsageError, match="more than the limit"):
        backfill(settings, make_request(query="1:3[uid]", limit=1), steps=replace(PLAIN_STEPS, commit=fail))
    assert caplog.messages == ["What was found is not in search_run yet: No room."]
    with pytest.raises(StoreError, match=r"No room\."):
        refresh(settings, steps=replace(PLAIN_STEPS, publish=fail))
    refresh(settings)
    assert select(settings, "SELECT count(*), count(run_failure) FROM run") == [(2, 0)]

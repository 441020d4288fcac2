"""Entries of seed pages that give no PMID get one if Entrez knows it for certain, and stay as they are if not."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.definition.settings import Settings
from flows.entrez.client import EntrezClient, Reply, connect
from flows.entrez.utilities import ecitmatch
from flows.runs.refresh import refresh
from tests.corpora import select
from tests.records import article, article_set
from tests.scripted import Answer, scripted_server
from warehouse.query import read_status
from warehouse.store import DataDirectory, run_folders

Make = Callable[..., Settings]
Serve = Callable[[bytes], str]

PAGE = """Ketamine in depression
- PMID: 7
Ketamine in depression
Abstract
Some text.
References
{}
"""
ENTRY = "Mann BJ, Smith A. {title} {journal}. {year} Mar 4;7(2):11-9."
FOUND = ENTRY.format(title="A long trial of ketamine in mice.", journal="J Invent Res", year=2019)
WRONG_YEAR = ENTRY.format(title="Another long trial of ketamine in rats.", journal="J Invent Res", year=2018)
UNKNOWN = ENTRY.format(title="Nobody has ever heard of this title.", journal="J Lost Res", year=2001)

PARTS = {"journal_title": "J Invent Res", "year": "2019", "volume": "7", "first_page": "11", "author_name": "Mann BJ"}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """PMIDs that ECitMatch knows, by year; none unless a test puts one in."""
    pmids: dict[str, int] = {}

    def answer(client: EntrezClient, citations: Sequence[Mapping[str, str]]) -> tuple[Reply, dict[int, int]]:
        client.count("request_count")
        found = {n: pmids[c["year"]] for n, c in enumerate(citations) if c["year"] in pmids}
        return Reply("ecitmatch", "{}", repr(found).encode(), datetime.now(UTC)), found

    monkeypatch.setattr("flows.runs.resolve.ecitmatch", answer)
    return pmids


def replies_of(folder: Path) -> list[str]:
    """The utilities whose replies a run has kept for good."""
    path = folder / "raw_reply.parquet"
    return sorted(pq.read_table(path)["utility"].to_pylist()) if path.exists() else []


def test_an_entry_without_a_pmid_becomes_a_member_when_entrez_knows_it(
    make_settings: Make, serve_records: Serve
) -> None:
    """In the same run; what is not certainly the same stays unresolved and is counted."""
    served = serve_records(
        article_set(
            article(7, title="Ketamine in depression."),
            article(8, title="A long trial of <i>ketamine</i> in mice"),
            article(9, title="Another long trial of ketamine in rats."),
        )
    )
    definition = "[links]\nfetch = []\nlinkout = false\n"
    settings = make_settings(
        served, p__txt=PAGE.format("\n".join([FOUND, WRONG_YEAR, UNKNOWN])), corpus__toml=definition
    )
    report = refresh(settings)
    assert report.outcomes == {"new": 2}
    assert report.unresolved == 2
    assert select(settings, "SELECT pmid, resolution FROM seed_citation ORDER BY citation_order") == [
        (8, "esearch"),
        (None, None),
        (None, None),
    ]
    assert select(settings, "SELECT pmid, reason, via, depth FROM member ORDER BY pmid") == [
        (7, "seed", "p", 0),
        (8, "reference", "7", 1),
    ]
    assert select(settings, "SELECT pmid, linked_pmid FROM link WHERE source = 'seed'") == [(7, 8)]
    assert "esearch" in replies_of(run_folders(DataDirectory(settings.data_dir))[-1])
    assert read_status(DataDirectory(settings.data_dir))["unresolved"] == 2


def test_what_is_not_resolved_is_asked_again_when_the_page_changes_or_the_answer_is_old(
    make_settings: Make, serve_records: Serve
) -> None:
    """And not before; what was resolved stays so without a request."""
    served = serve_records(
        article_set(article(7, title="Ketamine in depression."), article(8, title="A long trial of ketamine in mice."))
    )
    definition = "[links]\nfetch = []\nlinkout = false\n"
    settings = make_settings(served, p__txt=PAGE.format(f"{FOUND}\n{UNKNOWN}"), corpus__toml=definition)
    refresh(settings)
    second = refresh(settings)
    assert (second.outcomes, second.unresolved) == ({}, 1)
    # Post and search for revisions, both a second time since there are none, and nothing else.
    assert second.request_count == 4
    (settings.seeds / "corpus.toml").write_text("[links]\nfetch = []\nlinkout = false\nrefetch_after_days = 0\n")
    third = refresh(settings)
    assert third.request_count > 4
    assert select(settings, "SELECT pmid FROM seed_citation ORDER BY citation_order") == [(8,), (None,)]
    (settings.seeds / "corpus.toml").write_text(definition)
    assert refresh(settings).request_count == 4
    (settings.seeds / "p.txt").write_text(PAGE.format(FOUND))
    changed = refresh(settings)
    assert (changed.outcomes, changed.unresolved) == ({}, 0)
    assert select(settings, "SELECT pmid, resolution FROM seed_citation") == [(8, "esearch")]


def test_without_entrez_nothing_is_resolved_and_the_next_run_asks(make_settings: Make, serve_records: Serve) -> None:
    """The page does not count as asked about."""
    page = PAGE.format(FOUND)
    settings = make_settings("http://127.0.0.1:9/", p__txt=page, corpus__toml="[links]\nfetch = []\nlinkout = false\n")
    report = refresh(settings)
    assert (report.exit_code, report.unresolved) == (3, 1)
    assert any("Not looked up: 1 reference in seeds" in trouble for trouble in report.troubles)
    served = serve_records(article_set(article(7), article(8, title="A long trial of ketamine in mice.")))
    refresh(settings.model_copy(update={"entrez": served}))
    assert select(settings, "SELECT pmid, resolution FROM seed_citation") == [(8, "esearch")]


def test_a_dry_run_counts_the_requests_and_asks_for_no_entry(make_settings: Make, serve_records: Serve) -> None:
    """One of ECitMatch and one of ESearch at most, and the page's own record."""
    settings = make_settings(
        serve_records(article_set(article(7))),
        p__txt=PAGE.format(FOUND),
        corpus__toml="[links]\nfetch = []\nlinkout = false\n",
    )
    report = refresh(settings, dry_run=True)
    assert (report.planned_requests, report.request_count, report.unresolved) == (3, 0, 1)


def test_ecitmatch_is_asked_before_esearch(make_settings: Make, serve_records: Serve, known: dict[str, int]) -> None:
    """It knows the second entry, whose title is garbled on the page."""
    known["2018"] = 9
    served = serve_records(article_set(article(7), article(8, title="A long trial of ketamine in mice."), article(9)))
    page = PAGE.format(f"{FOUND}\n{WRONG_YEAR}")
    settings = make_settings(served, p__txt=page, corpus__toml="[links]\nfetch = []\nlinkout = false\n")
    report = refresh(settings)
    assert (report.outcomes, report.unresolved) == ({"new": 3}, 0)
    assert select(settings, "SELECT pmid, resolution FROM seed_citation ORDER BY citation_order") == [
        (8, "esearch"),
        (9, "ecitmatch"),
    ]
    assert replies_of(run_folders(DataDirectory(settings.data_dir))[-1]) == ["ecitmatch", "esearch"]
    # The year on the page is not that of the record: that is said, not corrected.
    assert select(
        settings, "SELECT column_name, seed_value, entrez_value FROM conflict WHERE column_name = 'pub_year'"
    ) == [("pub_year", "2018", "2019")]


def test_ecitmatch_answers_a_line_for_each_citation() -> None:
    """In any order; a citation that it does not find or that is ambiguous gets no PMID."""
    citations = [PARTS, PARTS | {"year": "1900"}, PARTS | {"year": "2018"}]
    lines = [
        "J Invent Res|1900|7|11|Mann BJ|1|NOT_FOUND;INVALID_JOURNAL",
        "J Invent Res|2019|7|11|Mann BJ|0|2014248",
        "J Invent Res|2018|7|11|Mann BJ|2|AMBIGUOUS (2 citations)",
    ]

    def script(asked: Any, number: int) -> Answer:
        assert asked.parameters["bdata"].split("\r")[1] == "J Invent Res|1900|7|11|Mann BJ|1"
        kept = lines[:2] if number == 0 else lines
        return Answer("\n".join(kept).encode() + b"\n", content_type="text/plain")

    with scripted_server(script) as (base_url, asked):
        client = connect(Settings(entrez=base_url, entrez_budget_s=5, ncbi_api_key="a key"), base_url)
        reply, pmids = ecitmatch(client, citations)
    assert pmids == {0: 2014248}
    # The first reply was a line short.
    assert len(asked) == 2
    assert reply.utility == "ecitmatch"

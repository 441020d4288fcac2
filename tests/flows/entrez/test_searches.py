"""A search of any size delivers all that it promises, or says that it does not."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from flows.definition.settings import Settings
from flows.entrez.client import EntrezClient, connect
from flows.entrez.searches import REACHABLE, search_all
from tests.scripted import Answer, Asked, scripted_server
from warehouse.errors import DocumentError

Dates = dict[int, date | None]


def client_of(base_url: str) -> EntrezClient:
    """A client of a server on loopback; with a key Bio.Entrez waits less between two requests."""
    return connect(Settings(entrez=base_url, entrez_budget_s=0, ncbi_api_key="a key"), base_url)


def answer_from(dates: Dates, *, hide: int = 0) -> Callable[[Asked, int], Answer]:
    """ESearch over PMIDs and their entrez dates, with NCBI's limit; `hide` of them are never delivered."""

    def script(asked: Asked, _number: int) -> Answer:
        found = list(dates)
        term, parameters = asked.parameters["term"], asked.parameters
        if "mindate" in parameters:
            first, last = (date(*map(int, parameters[name].split("/"))) for name in ("mindate", "maxdate"))
            found = [pmid for pmid in found if (day := dates[pmid]) is not None and first <= day <= last]
        if " NOT " in term:
            found = [pmid for pmid in found if dates[pmid] is None]
        elif "[edat]) AND" in term:
            day = date(*map(int, term.partition(" AND ")[2].partition("[edat]")[0].split("/")))
            found = [pmid for pmid in found if dates[pmid] == day]
        if "[uid]" in term:
            low, high = map(int, term.rpartition(" AND ")[2].removesuffix("[uid]").split(":"))
            found = [pmid for pmid in found if low <= pmid <= high]
        page = "".join(f"<Id>{pmid}</Id>" for pmid in found[: min(int(parameters["retmax"]), REACHABLE)] if pmid > hide)
        return Answer(f"<eSearchResult><Count>{len(found)}</Count><IdList>{page}</IdList></eSearchResult>".encode())

    return script


def spread(count: int, days: int) -> Dates:
    """PMIDs over days, one after the other."""
    return {pmid: date(2020, 1, 1) + timedelta(days=pmid % days) for pmid in range(1, count + 1)}


@pytest.mark.parametrize(
    "dates",
    [
        spread(10, 3),
        spread(REACHABLE, 3),
        spread(REACHABLE + 1, 700),
        spread(25_000, 2_000),
        # More on one day than can be reached, and records that have no date at all.
        spread(21_000, 1),
        spread(12_000, 30) | dict.fromkeys(range(50_000, 50_100)),
    ],
    ids=["few", "wall", "one more", "years", "a day", "no date"],
)
def test_all_that_is_promised_is_delivered(dates: Dates) -> None:
    """By days, then by PMID; each part can be reached."""
    with scripted_server(answer_from(dates)) as (base_url, asked):
        found = search_all(client_of(base_url), "ketamine")
    assert sorted(found.pmids.to_pylist()) == sorted(dates)
    assert found.promised == len(dates)
    assert all(count <= REACHABLE for _, count in found.windows)
    assert sum(count for _, count in found.windows) == len(dates)
    assert len(asked) <= 60


def test_a_range_of_dates_is_kept_while_it_is_split() -> None:
    """What lies outside is not asked for."""
    dates = spread(30_000, 300)
    first, last = date(2020, 2, 1), date(2020, 8, 31)
    with scripted_server(answer_from(dates)) as (base_url, _):
        found = search_all(client_of(base_url), "ketamine", mindate=first, maxdate=last)
    assert sorted(found.pmids.to_pylist()) == [pmid for pmid, day in dates.items() if day and first <= day <= last]


@pytest.mark.parametrize("count", [10, 12_000])
def test_what_is_promised_and_not_delivered_is_said(count: int) -> None:
    """After it was asked for again."""
    with (
        scripted_server(answer_from(spread(count, 30), hide=2)) as (base_url, _),
        pytest.raises(DocumentError, match=rf"promises {count:,} PMIDs and delivers {count - 2:,}"),
    ):
        search_all(client_of(base_url), "ketamine")


def test_a_search_that_finds_nothing_is_asked_again() -> None:
    """A failing back end gives the same answer, and a query would lose all its members."""
    script = answer_from(spread(10, 3))
    nothing = Answer(b"<eSearchResult><Count>0</Count><IdList></IdList></eSearchResult>")
    with scripted_server(lambda asked, number: script(asked, number) if number else nothing) as (base_url, asked):
        assert len(search_all(client_of(base_url), "ketamine").pmids) == 10
        assert len(asked) == 2


def test_what_ncbi_made_of_a_search_is_kept() -> None:
    """For the search as a whole; finding nothing does not count as an ignored part."""
    body = b"""<eSearchResult><Count>1</Count><IdList><Id>7</Id></IdList><QueryTranslation>"mice"[All
        Fields]</QueryTranslation>
        <ErrorList><PhraseNotFound>ketamin[ti]</PhraseNotFound><FieldNotFound>nofield</FieldNotFound></ErrorList>
        <WarningList><PhraseIgnored>of</PhraseIgnored><QuotedPhraseNotFound>"a b"</QuotedPhraseNotFound>
        <OutputMessage>No items found.</OutputMessage><OutputMessage>Endings cut.</OutputMessage></WarningList>
        </eSearchResult>"""
    with scripted_server(lambda _asked, _number: Answer(body)) as (base_url, _):
        found = search_all(client_of(base_url), "mice")
    assert found.translation == '"mice"[All Fields]'
    assert found.ignored == (
        "PhraseNotFound: ketamin[ti]",
        "FieldNotFound: nofield",
        "PhraseIgnored: of",
        'QuotedPhraseNotFound: "a b"',
        "OutputMessage: Endings cut.",
    )

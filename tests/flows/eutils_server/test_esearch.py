"""ESearch: pages, orders, dates, the history and both forms of the reply."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from flows.eutils_server.esearch import as_json
from flows.eutils_server.records import RecordStore
from flows.eutils_server.search import Result
from flows.eutils_server.serve import running_server
from tests.flows.eutils_server.replies import nesting
from tests.records import article, article_set

Ask = Callable[..., httpx.Response]

TODAY = date.today()  # noqa: DTZ011 - reldate counts from the day that the server has
LONG_AGO = ("2001", "02", "03")


def entry(pmid: int, author: str, journal: str, year: int, revised: tuple[str, str, str] = LONG_AGO) -> str:
    """A record with an author, in a journal and of a year."""
    named = f"<AuthorList><Author><LastName>{author}</LastName><Initials>A</Initials></Author></AuthorList>"
    record = article(pmid, title="Ketamine.", revised=revised, parts=(named, "", ""))
    return record.replace("J Invent Res", journal).replace("2019", str(year))


def days_ago(days: int) -> tuple[str, str, str]:
    """A day as year, month and day."""
    year, month, day = (TODAY - timedelta(days=days)).isoformat().split("-")
    return year, month, day


RECORDS = article_set(
    entry(1, "Zeta", "Ann Test", 2020, days_ago(3)),
    entry(2, "Alpha", "Mol Test", 2018),
    entry(3, "Mu", "Zoo Test", 2022, days_ago(30)),
)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Sends a search; gives the reply."""
    path = tmp_path_factory.mktemp("records") / "r.xml"
    path.write_bytes(RECORDS)
    with running_server(RecordStore.from_paths([path])) as base_url:

        def send(**parameters: object) -> httpx.Response:
            return httpx.post(f"{base_url}esearch.fcgi", data={"db": "pubmed", **parameters})

        yield send


def pmids_of(reply: httpx.Response) -> list[int]:
    """The PMIDs of a reply in XML."""
    return [int(e.text or 0) for e in etree.fromstring(reply.content).iterfind("IdList/Id")]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", [3, 2, 1]),
        ("relevance", [3, 2, 1]),
        ("pub_date", [3, 1, 2]),
        ("Author", [2, 3, 1]),
        ("JournalName", [1, 2, 3]),
    ],
)
def test_the_order_is_the_one_asked_for(ask: Ask, sort: str, expected: list[int]) -> None:
    """By date from the newest, by author and journal from A."""
    assert pmids_of(ask(term="ketamine", sort=sort)) == expected


def test_the_history_keeps_the_order(ask: Ask) -> None:
    """EFetch then delivers in that order too."""
    kept = ask(term="ketamine", sort="Author", usehistory="y", retmode="json").json()["esearchresult"]
    again = ask(WebEnv=kept["webenv"], query_key=kept["querykey"], usehistory="y", retmode="json").json()
    assert again["esearchresult"]["count"] == "3"
    assert again["esearchresult"]["webenv"] == kept["webenv"]
    assert again["esearchresult"]["querykey"] == "2"
    narrowed = ask(term="#1 NOT 2[uid]", WebEnv=kept["webenv"], sort="Author")
    assert pmids_of(narrowed) == [3, 1]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"reldate": 5, "datetype": "mdat"}, [1]),
        ({"reldate": 60, "datetype": "mdat"}, [3, 1]),
        ({"mindate": "2020", "maxdate": "2021", "datetype": "pdat"}, [1]),
        ({"mindate": "2020", "datetype": "edat"}, [3, 1]),
        ({"maxdate": "2019/12", "datetype": "crdt"}, [2]),
        ({"mindate": "2018", "maxdate": "2018"}, [2]),
    ],
)
def test_dates_narrow_a_search(ask: Ask, parameters: dict[str, Any], expected: list[int]) -> None:
    """With and without a term; edat if no kind of date is named."""
    assert pmids_of(ask(**parameters)) == expected
    assert pmids_of(ask(term="ketamine", **parameters)) == expected


def test_pages_and_counts(ask: Ask) -> None:
    """RetMax is the number that came; `rettype=count` gives the count alone."""
    page = etree.fromstring(ask(term="ketamine", retstart=1, retmax=1).content)
    assert [page.findtext(name) for name in ("Count", "RetMax", "RetStart", "IdList/Id")] == ["3", "1", "1", "2"]
    assert [e.tag for e in etree.fromstring(ask(term="ketamine", rettype="count").content)] == ["Count"]


def test_json_has_the_members_of_ncbis(ask: Ask, shared_data: Path) -> None:
    """Those of a reply of NCBI that found something, in its order."""
    text = (shared_data / "eutils" / "esearch" / "zhangyee+fastpaper-cli__pubmed_esearch.json").read_text()
    theirs = re.findall(r'"(count|retmax|retstart|idlist|translationset|querytranslation)":', text)
    ours = ask(term="ketamine", retmode="json").json()
    assert list(ours["esearchresult"]) == theirs
    assert ours["header"] == {"type": "esearch", "version": "0.3"}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_nothing_found_is_said(ask: Ask, form: str) -> None:
    """As NCBI says it: the phrase, and that there are no items."""
    reply = ask(term="nonesuch[ti]", retmode=form)
    if form == "json":
        found = reply.json()["esearchresult"]
        assert found["errorlist"] == {"phrasesnotfound": ["nonesuch[ti]"], "fieldsnotfound": []}
        assert found["warninglist"]["outputmessages"] == ["No items found."]
    else:
        element = etree.fromstring(reply.content)
        assert element.findtext("ErrorList/PhraseNotFound") == "nonesuch[ti]"
        assert element.findtext("WarningList/OutputMessage") == "No items found."


def test_replies_have_the_elements_of_ncbis(ask: Ask, shared_data: Path) -> None:
    """No reply has an element, below which parent, that no reply of NCBI's has."""
    seen: set[tuple[str, str]] = set()
    for path in (shared_data / "eutils" / "esearch").glob("*"):
        if path.read_bytes().lstrip().startswith(b"<"):
            seen |= nesting(etree.parse(path).getroot())
    terms = ("ketamine AND 2018:2022[dp]", "(zeta a) OR nonesuch", 'ketamine[nofield] OR "no such"')
    for term in terms:
        assert nesting(etree.fromstring(ask(term=term, usehistory="y").content)) <= seen | NOT_SEEN


# In the DTD, though no stored reply has them.
NOT_SEEN = {("ErrorList", "FieldNotFound"), ("WarningList", "QuotedPhraseNotFound")}


def test_json_says_what_was_not_found_where_ncbi_says_it() -> None:
    """Phrases and fields are errors, quoted phrases a warning; a search that finds nothing says so."""
    result = Result([], "x[zz]", [("a", "b")], phrases_not_found=["p"], fields_not_found=["zz"], quoted_not_found=["q"])
    members = json.loads(bytes(as_json(result, 0, 0, [], None).body))["esearchresult"]
    assert members["translationset"] == [{"from": "a", "to": "b"}]
    assert members["errorlist"] == {"phrasesnotfound": ["p"], "fieldsnotfound": ["zz"]}
    assert members["warninglist"]["quotedphrasesnotfound"] == ["q"]
    assert members["warninglist"]["outputmessages"] == ["No items found."]
    plain = json.loads(bytes(as_json(Result([7], "x", []), 1, 0, [7], ("W", 2)).body))["esearchresult"]
    assert (plain["idlist"], plain["webenv"], plain["querykey"]) == (["7"], "W", "2")
    assert plain.keys().isdisjoint({"errorlist", "warninglist"})

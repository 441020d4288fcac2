"""A corpus and the records that it was made from answer alike; later publishes are followed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.definition.settings import load_settings
from flows.eutils_server.corpus import CorpusStore
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.runs.maintenance import compact
from tests.corpora import commit
from tests.flows.eutils_server.test_esearch import entry
from tests.flows.eutils_server.test_search import HEADINGS, REFERENCES, SECOND
from tests.records import article, article_set
from warehouse.build import publish
from warehouse.errors import StoreError
from warehouse.store import DataDirectory

ARTICLES = (
    article(1, title="Ketamine in <i>rats</i>.", revised=("2020", "01", "02")),
    article(2, title="Ketamine in depressed rats.", revised=("2026", "11", "20"), parts=(SECOND, HEADINGS, REFERENCES)),
    article(3, title="Something else.").replace(
        "<Year>2019</Year><Month>Mar</Month><Day>4</Day>", "<MedlineDate>1998 Apr 15-30</MedlineDate>"
    ),
    entry(4, "Zeta", "Ann Test", 2020),
    entry(5, "Alpha", "Mol Test", 2018),
    entry(6, "Mu", "Zoo Test", 2022),
)
TERMS = (
    "ketamine", "ketamine rats", "NOT ketamine", "else OR ketamine AND depressed", "(depressed OR else) AND ketamine",
    '"something else"[ti]', "keta*[tiab]", '"rats ketamine"[ti:~2]', "beta-blocker", "β-blocker", "muller",
    "smith j[au]", "smith ja[1au] AND doe b[lastau]", "zeta a", "Rats, Wistar[mh]", "depression/drug therapy[majr]",
    "Journal Article[pt] AND english[la]", "J Invent Res[ta]", "journal of invented results[ta]", "1234-5678[ta]",
    "2019[dp]", "1998/04/15[dp]", "2018:2020[dp]", "2026[mdat]", "2020/01:2020/01/31[mdat]", "2:3[uid]", "2 4 99",
    "hasabstract", "medline[sb]", "free full text[sb]", "nothing[ti] OR ketamine", "rats[nofield]", "2020[pubn]",
    '"no such" OR else', "yesterday[dp]", "ketamine '", "(ketamine", "#7", "smith john a[fau]", "10.1/cited[doi]",
    "rats[mh:noexp]", "last 5 years[mdat]", "the", "systematic[sb]",
)  # fmt: skip
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("einfo", {}),
    ("einfo", {"db": "pubmed", "retmode": "json"}),
    *(("esearch", {"term": term, "retmode": form}) for term in TERMS for form in ("xml", "json")),
    *(("esearch", {"term": "all[sb]", "sort": sort}) for sort in ("relevance", "pub_date", "author", "journal", "odd")),
    ("esearch", {"term": "ketamine OR something OR else", "sort": "relevance"}),
    ("esearch", {"term": "all[sb]", "retstart": 1, "retmax": 2}),
    ("esearch", {"term": "all[sb]", "retstart": 9999}),
    ("esearch", {"term": "ketamine", "rettype": "count"}),
    ("esearch", {"term": "ketamine", "field": "titl"}),
    ("esearch", {"term": "all[sb]", "mindate": "2019", "maxdate": "2020", "datetype": "pdat"}),
    ("esearch", {"mindate": "2018", "datetype": "edat"}),
    ("esearch", {"term": "ketamine", "reldate": 9, "datetype": "mdat"}),
    ("esearch", {"term": "ketamine", "mindate": "2018", "datetype": "uid"}),
    *((utility, {"id": "2,1,99", **more}) for utility, more in (
        ("efetch", {}), ("efetch", {"rettype": "medline", "retmode": "text"}), ("efetch", {"rettype": "uilist"}),
        ("efetch", {"rettype": "abstract", "retmode": "text"}), ("esummary", {}), ("esummary", {"version": "2.0"}),
        ("esummary", {"retmode": "json"}), ("elink", {}), ("elink", {"cmd": "neighbor_score"}),
        ("elink", {"cmd": "acheck"}), ("elink", {"cmd": "llinks"}), ("elink", {"retmode": "json"}),
    )),
    ("elink", {"id": ["1", "2"], "linkname": "pubmed_pubmed_citedin,pubmed_pubmed_refs"}),
    ("efetch", {"id": ""}),
    ("ecitmatch", {"bdata": "j invent res|2019|7|11|smith j|k|\rann test|2020||||x|\r||||smith|y|"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """The records as a corpus, in two runs."""
    directory = DataDirectory(tmp_path_factory.mktemp("corpus") / "data")
    commit(directory, *ARTICLES[:3])
    commit(directory, *ARTICLES[3:])
    publish(directory)
    return directory


@pytest.fixture(scope="module")
def both(directory: DataDirectory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of a server of the records and of one of the corpus."""
    path = tmp_path_factory.mktemp("records") / "r.xml"
    path.write_bytes(article_set(*ARTICLES))
    with (
        running_server(RecordStore.from_paths([path])) as records,
        running_server(CorpusStore.open(directory)) as corpus,
    ):
        yield records, corpus


def ask(base_url: str, utility: str, **parameters: Any) -> tuple[int, str]:
    """Status and body of a reply, without what differs from request to request."""
    ending = "cgi" if utility == "ecitmatch" else "fcgi"
    database = {} if utility == "einfo" else {"db": "pubmed"}
    reply = httpx.post(f"{base_url}{utility}.{ending}", data=database | parameters, timeout=60)
    return reply.status_code, re.sub(r"MCID_\w+|Build-[\d.]+|\d{4}/\d\d/\d\d \d\d:\d\d", "-", reply.text)


@pytest.mark.parametrize(("utility", "parameters"), REQUESTS, ids=lambda value: str(value)[:70])
def test_both_answer_alike(both: tuple[str, str], utility: str, parameters: dict[str, Any]) -> None:
    """Every utility, in every form, errors included."""
    records, corpus = both
    assert ask(records, utility, **parameters) == ask(corpus, utility, **parameters)


def test_both_keep_a_history_alike(both: tuple[str, str]) -> None:
    """Searches of searches, posted PMIDs, pages and orders."""
    told = [list(tell_history(base_url)) for base_url in both]
    assert told[0] == told[1]
    assert "<Count>2</Count>" in told[0][0]
    assert "<Count>1</Count>" in told[0][1]


def tell_history(base_url: str) -> Iterator[str]:
    """The replies to a session."""
    first = httpx.get(f"{base_url}esearch.fcgi?db=pubmed&term=ketamine+AND+2019[dp]&usehistory=y").text
    web_env = re.search(r"<WebEnv>(.*?)</WebEnv>", first)
    assert web_env
    yield first.replace(web_env[1], "-")
    session = {"WebEnv": web_env[1], "usehistory": "y"}
    for utility, parameters in (
        ("esearch", {"term": "#1 NOT depressed"}),
        ("epost", {"id": "5,6,99"}),
        ("esearch", {"term": "#1 OR #3", "sort": "author"}),
        ("esearch", {"query_key": "3"}),
        ("esearch", {"query_key": "4", "term": "ketamine[ti]"}),
        ("efetch", {"query_key": "4", "retstart": 1, "retmax": 2}),
        ("esummary", {"query_key": "1", "version": "2.0"}),
        ("elink", {"query_key": "1", "cmd": "neighbor_history"}),
        ("efetch", {"query_key": "9"}),
        ("efetch", {"query_key": "2", "webenv": web_env[1], "WebEnv": ""}),
    ):
        yield ask(base_url, utility, **(session | parameters))[1]


def test_what_is_published_is_followed(tmp_path: Path) -> None:
    """Without a restart, and after the runs were merged."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, article(1, title="Ketamine."))
    publish(directory)
    with running_server(CorpusStore.open(directory)) as base_url:
        assert "<Id>2</Id>" not in ask(base_url, "esearch", term="ketamine")[1]
        commit(directory, article(1, title="Rats.", revised=("2021", "01", "02")), article(2, title="Ketamine."))
        publish(directory)
        assert "<IdList>\n<Id>2</Id>\n</IdList>" in ask(base_url, "esearch", term="ketamine")[1]
        list(compact(load_settings(data_dir=directory.root)))
        assert "Rats." in ask(base_url, "efetch", id="1")[1]


def test_a_folder_without_a_corpus_is_an_error(tmp_path: Path) -> None:
    """It says what to run."""
    with pytest.raises(StoreError, match="run `corpus refresh`"):
        CorpusStore.open(DataDirectory(tmp_path))


def test_a_corpus_of_another_version_is_refused_at_the_start(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by an internal error with the first search."""
    monkeypatch.setattr("flows.corpus_search.sources.PMIDS", "(SELECT pmid FROM program.of_earlier) AS pmid")
    with pytest.raises(StoreError, match=r"another version; publish it again with `corpus compact`"):
        CorpusStore.open(directory)

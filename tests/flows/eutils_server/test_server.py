"""The project's own client against the server."""

from collections.abc import Callable
from typing import Any

import pytest

from flows.definition.settings import Settings
from flows.entrez.client import connect
from flows.entrez.searches import search_revised
from flows.entrez.utilities import efetch, elink, epost, esearch
from flows.eutils_server.records import RecordStore
from tests.records import article, article_set
from transforms.elink import parse_elink
from transforms.pubmed_document import split_document
from transforms.raw_records import read_chunk
from warehouse.errors import HistoryError, PermanentError

REFERENCES = """<ReferenceList><Reference><Citation>One.</Citation><ArticleIdList>
<ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></Reference></ReferenceList>"""

RECORDS = article_set(
    article(1, title="Ketamine in rats.", revised=("2020", "01", "02")),
    article(2, title="Ketamine in depressed rats.", revised=("2026", "11", "20"), parts=("", "", REFERENCES)),
    article(3, title="Something else."),
)


@pytest.fixture
def base_url(serve_records: Callable[[bytes], str]) -> str:
    """A server of three records, with Bio.Entrez pointed at it."""
    url = serve_records(RECORDS)
    connect(Settings(), url)
    return url


def test_records_are_delivered_byte_for_byte(base_url: str) -> None:
    """What was on the disk is what the client keeps."""
    reply = efetch(connect(Settings(), base_url), [1, 2])
    (chunk,) = split_document([reply.body], name="reply")
    assert all(record.record_xml in RECORDS for record in read_chunk(chunk, name="reply").records)


def test_unknown_pmids_are_left_out_in_silence(base_url: str) -> None:
    """As NCBI does, with status 200 and an empty set."""
    assert list(split_document([efetch(connect(Settings(), base_url), [98, 99]).body], name="reply")) == []


def test_links_come_for_each_pmid_with_scores_where_there_are_any(base_url: str) -> None:
    """Repeated ids give a LinkSet each."""
    client = connect(Settings(), base_url)
    similar = parse_elink(elink(client, [1, 3], "pubmed_pubmed").body)
    assert [s.source_pmids for s in similar] == [(1,), (3,)]
    (neighbour,) = similar[0].links["pubmed_pubmed"]
    assert neighbour.pmid == 2
    assert neighbour.score is not None
    (cited,) = parse_elink(elink(client, [1], "pubmed_pubmed_citedin").body)
    assert [n.pmid for n in cited.links["pubmed_pubmed_citedin"]] == [2]


def test_revised_pmids_are_found_through_the_history(base_url: str) -> None:
    """The cost of a night follows what changed."""
    (found,) = search_revised(connect(Settings(), base_url), [[1, 2, 3]], "2026/11/01")
    assert found.pmids == (2,)


def test_more_than_two_hundred_ids_go_by_post(base_url: str) -> None:
    """A long GET is refused by NCBI."""
    web_env, key = epost(connect(Settings(), base_url), list(range(1, 2000)))
    assert web_env.startswith("MCID_")
    assert key == "1"


def test_an_error_inside_status_200_has_ncbis_words(base_url: str) -> None:
    """Biopython's own reader hides them behind a missing DTD."""
    client = connect(Settings(), base_url)
    with pytest.raises(PermanentError, match="cannot be larger than 9998"):
        esearch(client, "ketamine", retstart=10_000)
    with pytest.raises(HistoryError, match="Unable to obtain query #7"):
        esearch(client, "#7 AND ketamine", WebEnv="MCID_gone")


def test_a_folder_may_hold_other_things(tmp_path: Any) -> None:
    """They are skipped, and named."""
    (tmp_path / "r.xml").write_bytes(RECORDS)
    (tmp_path / "notes.txt").write_text("not a record")
    (tmp_path / "cut.xml").write_bytes(article_set(article(8), article(9))[:-200])
    store = RecordStore.from_paths([tmp_path])
    assert sorted(store.pmids) == [1, 2, 3, 8]
    assert len(store.skipped) == 2
    assert store.xml(8).startswith(b"<PubmedArticle>")

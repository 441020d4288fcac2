"""ELink and EInfo: the shapes of NCBI's replies, JSON, and LinkOut data."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from lxml import etree

from flows.eutils_server.elink import LinkSetDbs, json_set
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.flows.eutils_server.replies import nesting
from tests.records import article, article_set
from transforms.elink import parse_elink
from warehouse.errors import UsageError

CITES = """<ReferenceList><Reference><Citation>One.</Citation><ArticleIdList>
<ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></Reference></ReferenceList>"""
RECORDS = article_set(
    article(1, title="Ketamine in rats."),
    article(2, title="Ketamine in mice.", parts=("", "", CITES)),
    article(3, title="Else.", parts=("", "", CITES)),
)
LINKOUT = (
    "pmid\turl\tcategory\tprovider_name\tprovider_abbr\tprovider_id\n"
    "1\thttp://a.example/?x=1&y=2\tFull Text Sources\tA\tAAA\t7\n1\thttp://b.example/\t\tB\tBBB\t8\n"
)


def ask(base_url: str, *ids: str, utility: str = "elink", **parameters: str) -> httpx.Response:
    """The reply to a request with an `id` each."""
    return httpx.get(f"{base_url}{utility}.fcgi", params=[*(("id", pmid) for pmid in ids), *parameters.items()])


def test_cited_in_and_references_are_each_others_reverse(serve_records: Callable[[bytes], str]) -> None:
    """From the records' own lists; the newest that cites comes first."""
    url = serve_records(RECORDS)
    (cited_in,) = parse_elink(ask(url, "1", dbfrom="pubmed", linkname="pubmed_pubmed_citedin").content)
    assert [n.pmid for n in cited_in.links["pubmed_pubmed_citedin"]] == [3, 2]
    (references,) = parse_elink(ask(url, "2", dbfrom="pubmed", linkname="pubmed_pubmed_refs").content)
    assert [n.pmid for n in references.links["pubmed_pubmed_refs"]] == [1]


def test_similar_articles_begin_with_the_source_itself(serve_records: Callable[[bytes], str]) -> None:
    """With the highest score, as at NCBI."""
    reply = ask(serve_records(RECORDS), "1", dbfrom="pubmed", cmd="neighbor_score", linkname="pubmed_pubmed")
    links = etree.fromstring(reply.content).findall("LinkSet/LinkSetDb/Link")
    assert [link.findtext("Id") for link in links] == ["1", "2"]
    scores = [int(link.findtext("Score") or 0) for link in links]
    assert scores == sorted(scores, reverse=True)


def test_json_has_a_set_for_each_id(serve_records: Callable[[bytes], str]) -> None:
    """Without `linksetdbs` where there are no links; scores beside their ids."""
    url = serve_records(RECORDS)
    plain = ask(url, "2", "1", dbfrom="pubmed", linkname="pubmed_pubmed_refs", retmode="json").json()
    db = {"dbto": "pubmed", "linkname": "pubmed_pubmed_refs", "links": ["1"]}
    assert plain["linksets"] == [
        {"dbfrom": "pubmed", "ids": ["2"], "linksetdbs": [db]},
        {"dbfrom": "pubmed", "ids": ["1"]},
    ]
    scored = ask(url, "1", dbfrom="pubmed", linkname="pubmed_pubmed", cmd="neighbor_score", retmode="json").json()
    links = scored["linksets"][0]["linksetdbs"][0]["links"]
    assert [link["id"] for link in links] == ["1", "2"]
    assert all(isinstance(link["score"], int) for link in links)


def test_a_score_is_shown_where_it_is_asked_for_and_there_is_one() -> None:
    """Otherwise a link is only the PMID, as text."""
    links: LinkSetDbs = [("pubmed_pubmed", {2: 900, 3: None})]
    assert json_set([1], links, is_scored=True)["linksetdbs"] == [
        {"dbto": "pubmed", "linkname": "pubmed_pubmed", "links": [{"id": "2", "score": 900}, "3"]}
    ]
    assert json_set([1], links, is_scored=False)["linksetdbs"] == [
        {"dbto": "pubmed", "linkname": "pubmed_pubmed", "links": ["2", "3"]}
    ]


def test_nothing_links_to_another_database(serve_records: Callable[[bytes], str]) -> None:
    """There is none here; the set is empty, without an error."""
    (found,) = parse_elink(ask(serve_records(RECORDS), "1", dbfrom="pubmed", db="gene").content)
    assert (found.source_pmids, found.links) == ((1,), {})


def test_linkout_comes_from_the_file_beside_the_records(tmp_path: Path) -> None:
    """In its order, all of it with llinks, the first with prlinks."""
    (tmp_path / "r.xml").write_bytes(RECORDS)
    (tmp_path / "linkout.tsv").write_text(LINKOUT)
    with running_server(RecordStore.from_paths([tmp_path])) as url:
        first, second = parse_elink(ask(url, "1", "2", dbfrom="pubmed", cmd="llinks").content)
        assert first.linkouts is not None
        assert [(o.url, o.category, o.provider_abbr) for o in first.linkouts] == [
            ("http://a.example/?x=1&y=2", "Full Text Sources", "AAA"),
            ("http://b.example/", None, "BBB"),
        ]
        assert second.linkouts == ()
        (first,) = parse_elink(ask(url, "1", dbfrom="pubmed", cmd="prlinks").content)
        assert [o.url for o in first.linkouts or ()] == ["http://a.example/?x=1&y=2"]


@pytest.mark.parametrize(
    "text", ["pmid\turl\tcolour\n1\thttp://a.example/\tred\n", "pmid\turl\nx\thttp://a.example/\n"]
)
def test_linkout_data_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    """It names the file, and what is wrong with it."""
    (tmp_path / "linkout.tsv").write_text(text)
    with pytest.raises(UsageError, match=r"linkout\.tsv.*(colour|line 2)"):
        RecordStore.from_paths([tmp_path])


@pytest.mark.parametrize("command", ["neighbor", "neighbor_score", "acheck", "ncheck", "llinks"])
def test_elink_has_the_elements_of_ncbis_replies(tmp_path: Path, shared_data: Path, command: str) -> None:
    """No reply has an element, below which parent, that no reply of NCBI's has."""
    seen = {("IdUrlSet", "Info")}  # In the DTD, for what has no LinkOut.
    for path in (shared_data / "eutils" / "elink").glob("*.xml"):
        seen |= nesting(etree.parse(path).getroot())
    (tmp_path / "r.xml").write_bytes(RECORDS)
    (tmp_path / "linkout.tsv").write_text(LINKOUT)
    with running_server(RecordStore.from_paths([tmp_path])) as url:
        reply = etree.fromstring(ask(url, "1,2", "3", dbfrom="pubmed", cmd=command).content)
    assert nesting(reply) <= seen


def test_einfo_has_the_elements_and_names_of_ncbis(serve_records: Callable[[bytes], str], shared_data: Path) -> None:
    """Each field that NCBI has too has its full name."""
    theirs = etree.parse(shared_data / "eutils" / "einfo" / "biopython+biopython__einfo2.xml").getroot()
    url = serve_records(RECORDS)
    ours = etree.fromstring(ask(url, utility="einfo", db="pubmed").content)
    assert nesting(ours) <= nesting(theirs)
    names = {field.findtext("Name"): field.findtext("FullName") for field in theirs.iter("Field")}
    for field in ours.iter("Field"):
        name = field.findtext("Name")
        assert names.get(name, field.findtext("FullName")) == field.findtext("FullName")
    about = ask(url, utility="einfo", db="pubmed", retmode="json").json()["einforesult"]["dbinfo"][0]
    assert about["count"] == "3"
    assert len(about["fieldlist"]) == len(list(ours.iter("Field")))
    assert ask(url, utility="einfo", retmode="json").json()["einforesult"] == {"dblist": ["pubmed"]}

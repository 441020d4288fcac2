"""Summaries: what they say, in what form, and which requests are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from lxml import etree

from flows.eutils_server.esummary import doc_sum, document_summary
from flows.eutils_server.records import RecordStore
from flows.eutils_server.summary import read_summary
from flows.eutils_server.text_formats import text_records
from tests.records import article, article_set

AUTHORS = """<Abstract><AbstractText>Text.</AbstractText></Abstract><AuthorList>
<Author><LastName>Hambrick</LastName><ForeName>George W</ForeName><Initials>GW</Initials><Suffix>Jr</Suffix></Author>
<Author><CollectiveName>A Group</CollectiveName></Author>
<Author ValidYN="N"><LastName>Hambrik</LastName><Initials>GW</Initials></Author></AuthorList>"""
ERRATUM = """<CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn">
<RefSource>J Invent Res. 2020;8:1</RefSource>
<PMID Version="1">9</PMID></CommentsCorrections></CommentsCorrectionsList>"""
CITES_ONE = """<ReferenceList><Reference><Citation>One.</Citation><ArticleIdList>
<ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></Reference></ReferenceList>"""
RECORDS = article_set(
    article(1, title="The <i>first</i> &amp; best.", parts=(AUTHORS, ERRATUM, "")),
    article(2, parts=("", "", CITES_ONE)),
)

Items = dict[str, str | list[tuple[str, str]]]

# What NCBI counts or knows beside the record: citing papers in PMC, and ISSNs of the journal.
NOT_OF_THE_RECORD = ("PmcRefCount", "ISSN", "ESSN")

REAL_FILES = (
    "KerstenDoering+PubMedPortable__medline_00000000.xml",
    "Klortho+Eutils-JSON__efetch.pubmedbook.xml",
    "PubData2XL+PubMed_XML_to_Pandas_with_XLSX__book.xml",
    "alexmasselot+medlineGeoBackend__pubmed_tricky.xml",
    "tipplerow+pubmed__pubmed_sample.xml",
)


def items_of(element: etree._Element) -> Items:
    """The Items of a DocSum by name; lists as (name, text)."""
    return {
        item.get("Name") or "": [(entry.get("Name") or "", entry.text or "") for entry in item] or item.text or ""
        for item in element.iterfind("Item")
    }


def ask(base_url: str, **parameters: object) -> httpx.Response:
    """The reply to an ESummary, by POST."""
    return httpx.post(f"{base_url}esummary.fcgi", data={"db": "pubmed", **parameters})


def test_a_summary_says_what_the_record_says(serve_records: Callable[[bytes], str]) -> None:
    """Names with suffix, collectives by their own kind, the title without markup, corrections, and who cites it."""
    reply = ask(serve_records(RECORDS), id="1")
    items = items_of(next(etree.fromstring(reply.content).iter("DocSum")))
    assert items["AuthorList"] == [("Author", "Hambrick GW Jr"), ("CollectiveName", "A Group")]
    assert items["LastAuthor"] == "Hambrick GW Jr"
    assert items["Title"] == "The first & best."
    assert items["References"] == [("Erratum in", "J Invent Res. 2020;8:1. PMID: 9")]
    assert items["SO"] == "2019 Mar 4;7(2):11-9"
    assert items["PmcRefCount"] == "1"


def test_summaries_are_those_of_ncbi(shared_data: Path) -> None:
    """Of the records that both its ESummary and its EFetch are kept of, but for what is not in the record."""
    store = RecordStore.from_paths([shared_data / "efetch" / "dhimmel+pubmedpy__efetch.xml"])
    reply = etree.parse(shared_data / "eutils" / "esummary" / "dhimmel+pubmedpy__esummary.xml")
    compared = 0
    for theirs in reply.iter("DocSum"):
        pmid = int(theirs.findtext("Id") or 0)
        if pmid in store:
            ours = items_of(etree.fromstring(doc_sum(read_summary(store.element(pmid)))))
            expected = items_of(theirs)
            assert list(ours) == list(expected)
            assert {k: v for k, v in ours.items() if k not in NOT_OF_THE_RECORD} == {
                k: v for k, v in expected.items() if k not in NOT_OF_THE_RECORD
            }
            compared += 1
    assert compared >= 5


def test_version_2_has_the_elements_of_ncbis(shared_data: Path, serve_records: Callable[[bytes], str]) -> None:
    """In its order; ClusterID, ViewCount and the like hold nothing here."""
    theirs = etree.parse(shared_data / "eutils" / "esummary" / "Klortho+Eutils-JSON__esummary.pubmed.xml")
    reply = etree.fromstring(ask(serve_records(RECORDS), id="1", version="2.0").content)
    expected = [str(e.tag) for e in next(theirs.iter("DocumentSummary")) if e.tag != "ViewCount"]
    assert [str(e.tag) for e in next(reply.iter("DocumentSummary"))][: len(expected)] == expected
    assert reply.find("DocumentSummarySet[@status='OK']/DocumentSummary[@uid='1']/Authors/Author/Name") is not None


def test_json_has_a_member_for_each_uid(serve_records: Callable[[bytes], str]) -> None:
    """A PMID that is not known has an error in its place."""
    result = ask(serve_records(RECORDS), id="2,7", retmode="json").json()["result"]
    assert result["uids"] == ["2", "7"]
    assert result["2"]["title"] == "Ketamine in an invented trial."
    assert result["7"] == {"uid": "7", "error": "cannot get document summary"}


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, "Neither query_key nor id specified"),
        ({"id": "1,abc"}, "Invalid uid abc at position= 1"),
        (
            {"id": ",".join(map(str, range(1, 502)))},
            "Too many UIDs in request. Maximum number of UIDs is 500 for JSON format output.",
        ),
    ],
)
def test_what_cannot_be_answered_is_said_in_ncbis_words(
    serve_records: Callable[[bytes], str], parameters: dict[str, str], error: str
) -> None:
    """With status 200."""
    reply = ask(serve_records(RECORDS), retmode="json", **parameters)
    assert (reply.status_code, json.loads(reply.content)["error"]) == (200, error)


def test_every_real_record_can_be_summarised_and_printed(shared_data: Path) -> None:
    """Books and old records too: well-formed in both versions, and as text."""
    store = RecordStore.from_paths([shared_data / "efetch" / name for name in REAL_FILES])
    assert len(store) > 100
    for pmid in store.pmids:
        element = store.element(pmid)
        summary = read_summary(element)
        assert etree.fromstring(doc_sum(summary)).findtext("Id") == str(pmid)
        assert etree.fromstring(document_summary(pmid, summary)).get("uid") == str(pmid)
        assert f"PMID- {pmid}\n" in "".join(text_records([store.xml(pmid)], "medline"))
        assert f"PMID: {pmid}" in "".join(text_records([store.xml(pmid)], "abstract"))

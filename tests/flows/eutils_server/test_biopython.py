"""Bio.Entrez and Bio.Medline, which know nothing of this server, read and validate every reply."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from Bio import Entrez, Medline

from flows.definition.settings import Settings
from flows.entrez.client import connect
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.flows.eutils_server.test_edirect import LINKOUT, RECORDS

entrez: Any = Entrez  # Biopython declares no types.
medline: Any = Medline


@pytest.fixture(autouse=True)
def base_url(tmp_path: Path) -> Iterator[str]:
    """A server of three records and a LinkOut resource, with Bio.Entrez pointed at it."""
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "records.xml").write_bytes(RECORDS)
    (folder / "linkout.tsv").write_text(LINKOUT)
    with running_server(RecordStore.from_paths([folder])) as url:
        connect(Settings(), url)
        yield url


def read(handle: Any) -> Any:
    """What Bio.Entrez makes of a reply, checked against the DTD that it names."""
    with handle:
        return entrez.read(handle, validate=True)


def test_einfo() -> None:
    """The list, and the fields and links of PubMed."""
    assert list(read(entrez.einfo())["DbList"]) == ["pubmed"]
    (about,) = read(entrez.einfo(db="pubmed"))["DbInfo"]
    assert about["Count"] == "3"
    assert {"TIAB", "MESH", "MDAT"} <= {field["Name"] for field in about["FieldList"]}
    assert [link["Name"] for link in about["LinkList"]] == [
        "pubmed_pubmed", "pubmed_pubmed_citedin", "pubmed_pubmed_refs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "pmids"),
    [
        ("ketamine", ["2", "1"]),
        ("ketamine NOT depressed[ti]", ["1"]),
        ('"invented results"[ta] AND (rats OR else)', []),
        ("j invent res[ta] AND 2019/03:2019/04[dp] AND (rats[tiab] OR else[ti])", ["3", "2", "1"]),
        ("keta*[ti] AND doe j[au]", ["2"]),
        ("1:2[uid]", ["2", "1"]),
        ("nowhere[ti] OR 3[pmid]", ["3"]),
        ("rats[nofield]", ["2", "1"]),
    ],
)
def test_esearch(term: str, pmids: list[str]) -> None:
    """Terms of every kind, with their messages."""
    found = read(entrez.esearch(db="pubmed", term=term, usehistory="y"))
    assert (list(found["IdList"]), found["Count"]) == (pmids, str(len(pmids)))
    assert found["WebEnv"].startswith("MCID_")
    assert found["QueryTranslation"]


def test_esearch_says_what_it_does_not_find() -> None:
    """In the lists of the DTD."""
    found = read(entrez.esearch(db="pubmed", term='nowhere[ti] AND "not here"[ab]'))
    assert list(found["ErrorList"]["PhraseNotFound"]) == ["nowhere[ti]"]
    assert list(found["WarningList"]["QuotedPhraseNotFound"]) == ['"not here"']
    assert list(found["WarningList"]["OutputMessage"]) == ["No items found."]
    assert list(read(entrez.esearch(db="pubmed", term="x[nofield]"))["ErrorList"]["FieldNotFound"]) == ["nofield"]


def test_epost_and_the_history() -> None:
    """Sets are searched, fetched and summarised by query key."""
    posted = read(entrez.epost(db="pubmed", id="1,3"))
    history = {"WebEnv": posted["WebEnv"], "query_key": posted["QueryKey"]}
    both = read(entrez.esearch(db="pubmed", term=f"#{posted['QueryKey']} AND 2020[mdat]", WebEnv=posted["WebEnv"]))
    assert list(both["IdList"]) == ["3", "1"]
    (second,) = read(entrez.efetch(db="pubmed", retstart=1, retmax=5, **history))["PubmedArticle"]
    assert second["MedlineCitation"]["PMID"] == "3"
    assert [summary["Id"] for summary in read(entrez.esummary(db="pubmed", **history))] == ["1", "3"]


def test_esummary() -> None:
    """Version 1.0, whose DTD Biopython has."""
    (summary,) = read(entrez.esummary(db="pubmed", id="2"))
    assert (summary["Title"], summary["AuthorList"], summary["SO"]) == (
        "Ketamine in depressed rats.", ["Doe J"], "2019 Mar 4;7(2):11-9",
    )  # fmt: skip


def test_efetch_as_xml_and_as_medline() -> None:
    """PubmedArticleSet by the DTD, and the tagged format by Bio.Medline."""
    fetched = read(entrez.efetch(db="pubmed", id="1,2,99", retmode="xml"))
    assert [str(a["MedlineCitation"]["PMID"]) for a in fetched["PubmedArticle"]] == ["1", "2"]
    with entrez.efetch(db="pubmed", id="1,2", rettype="medline", retmode="text") as handle:
        first, second = medline.parse(io.StringIO(handle.read()))
    assert (first["PMID"], second["TI"], second["AU"]) == ("1", "Ketamine in depressed rats.", ["Doe J"])


def test_elink() -> None:
    """Every command; a LinkSet each for repeated ids, one for a comma list."""
    by_id = read(entrez.elink(dbfrom="pubmed", db="pubmed", id=["1", "2"], linkname="pubmed_pubmed_refs"))
    assert [(list(s["IdList"]), len(s["LinkSetDb"])) for s in by_id] == [(["1"], 0), (["2"], 1)]
    (merged,) = read(entrez.elink(dbfrom="pubmed", db="pubmed", id="1,3", cmd="neighbor_score"))
    assert list(merged["IdList"]) == ["1", "3"]
    assert {link["Id"] for link in merged["LinkSetDb"][0]["Link"] if int(link["Score"]) >= 0} == {"1", "2", "3"}
    (kept,) = read(
        entrez.elink(dbfrom="pubmed", db="pubmed", id="2", cmd="neighbor_history", linkname="pubmed_pubmed_refs")
    )
    (entry,) = kept["LinkSetDbHistory"]
    history = {"WebEnv": kept["WebEnv"], "query_key": entry["QueryKey"]}
    assert list(read(entrez.esearch(db="pubmed", term="", **history))["IdList"]) == ["1"]


@pytest.mark.parametrize("command", ["acheck", "ncheck", "lcheck", "llinks", "llinkslib", "prlinks"])
def test_elink_about_links(command: str) -> None:
    """What links there are, with and without LinkOut data."""
    (found,) = read(entrez.elink(dbfrom="pubmed", id="1,2", cmd=command))
    if command.endswith("check"):
        assert len(found["IdCheckList"]["Id"]) + len(found["IdCheckList"]["IdLinkSet"]) == 2
    else:
        sets = found["IdUrlList"]["IdUrlSet"]
        assert [[str(o["Url"]) for o in s["ObjUrl"]] for s in sets] == [[], ["http://publisher.example/2"]]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: entrez.esearch(db="gene", term="x"), "Invalid db name specified: gene"),
        (lambda: entrez.esearch(db="pubmed", term="x", retstart=9_999), "'retstart' cannot be larger than 9998"),
        (lambda: entrez.esearch(db="pubmed", term="#1", WebEnv="MCID_gone"), "Unable to obtain query #1"),
        (lambda: entrez.esummary(db="pubmed", id=""), "Neither query_key nor id specified"),
        (lambda: entrez.esummary(db="pubmed", id="abc"), "Invalid uid abc at position= 0"),
    ],
)
def test_errors_in_status_200_are_raised_with_ncbis_words(ask: Callable[[], Any], words: str) -> None:
    """As Bio.Entrez does with NCBI's."""
    with pytest.raises(RuntimeError, match=words.replace("(", r"\(")):
        read(ask())

"""What PubMed and reference managers save, read as entries."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.saved_references import READERS, read_references, tell_format, tell_markup
from transforms.seed_entry import SeedEntry
from transforms.values import split_pmids

SUMMARY = """1: Smith J, Roe B. A title of some length. J Invent Res. 2014 Apr;4(2):75-99. doi:
10.5555/summary. PMID: 11; PMCID: PMC11.

2: Doe J. Another title. J Invent Res. 2015 May 1;5:1. PMID: 12.
"""
ABSTRACTS = """1. J Invent Res. 2009 Dec 11;326(5959):1478-9. doi: 10.5555/one.

A title.

Comment in
    J Invent Res. 2010;1:1. PMID: 999.

1. First aim. 2. Second aim, of J Other Res. PMID 888 said more.

DOI: 10.5555/one
PMID: 21  [Indexed for MEDLINE]


2. J Invent Res. 2009 Nov 20;326(5956):1049.

Another title.

PMID: 22  [Indexed for MEDLINE]
"""
NBIB = """PMID- 31
TI  - A long
      title.
DP  - 2019 Mar
AID - 10.5555/nbib [doi]
PMC - PMC31

PMID- 32
TI  - B.
"""
RIS = """TY  - JOUR
TI  - In PubMed
DB  - PubMed
AN  - 41
N1  - Retracted in: J Invent Res. PMID: 9
ER  -

TY  - JOUR
TI  - In Embase
DB  - Embase
Medline
AN  - 42
DO  - https://doi.org/10.5555/ris
PY  - 2024
ER  -

TY  - JOUR
AU  - Nobody
ER  -
"""
CSV = 'PMID,Title,DOI\n"51","A, title",10.5555/csv\n,"Only a title",\nx,"Bad",\n'
BIB = """@article{a, title={A {Title}}, pmid={61}, year=2020}
@article{b, doi={10.5555/bib}, year=2021, title={B}}
@article{c, title={Broken
"""
JSON = (
    '[{"id": "a", "PMID": "71", "title": "A"}, {"id": "b", "DOI": "10.5555/csl", "issued": {"date-parts": [[2020]]}}]'
)
NUMBERED = "\n1: Roe A. PMID: 5.\n\n2: -"
BEGINNINGS = ("PMID- ", "TY  - JOUR\n", "1. ", "PMID,Title\n", "@article{", '[{"id": ', "<html>")
NO_PMID = "line 1: it names no PMID of its own; save an article's page or a list of results of PubMed"
HTML = '<html><head><meta name="citation_pmid" content="81"></head><body>Similar: <a href="/99/">x</a></body></html>'


def told(text: str, kind: str) -> list[tuple[int | None, str | None]]:
    """PMID and DOI of each entry."""
    return [(entry.pmid, entry.doi) for entry in read_references(text, kind)[0]]


@pytest.mark.parametrize(
    ("text", "kind", "right"),
    [
        (SUMMARY, "numbered", [(11, "10.5555/summary"), (12, None)]),
        (ABSTRACTS, "numbered", [(21, "10.5555/one"), (22, None)]),
        (NBIB, "nbib", [(31, "10.5555/nbib"), (32, None)]),
        (RIS, "ris", [(41, None), (None, "10.5555/ris")]),
        (CSV, "csv", [(51, "10.5555/csv"), (None, None)]),
        (BIB, "bib", [(61, None), (None, "10.5555/bib")]),
        (JSON, "json", [(71, None), (None, "10.5555/csl")]),
        (HTML, "html", [(81, None)]),
    ],
    ids=["summary", "abstract", "nbib", "ris", "csv", "bib", "json", "html"],
)
def test_each_format_is_read_and_told(text: str, kind: str, right: list[tuple[int | None, str | None]]) -> None:
    """A PMID of another paper, in a comment, a note or an abstract, is not the record's own."""
    assert told(text, kind) == right
    assert told(text.replace("\n", "\r\n"), kind) == right
    assert (tell_format(text) or tell_markup(text)) == kind


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        (RIS, "ris", "line 17: it has no PMID, DOI, PMCID or title; give it one, or remove it"),
        (NUMBERED, "numbered", "line 4: it has no PMID, DOI, PMCID or title; give it one, or remove it"),
        (CSV, "csv", "line 4: 'x' is not a PMID; correct it, or remove the row"),
        (BIB, "bib", "line 3: the entry is not BibTeX; correct it, or remove it"),
        ("a,b\n1,2\n", "csv", "line 1: no column is called PMID, DOI, PMCID or Title; name one so"),
        ("{", "json", "line 1: it is not JSON; save it again as CSL-JSON"),
        ("<p>x</p>", "html", NO_PMID),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_line(text: str, kind: str, problem: str) -> None:
    """The other entries are still read."""
    assert read_references(text, kind)[1] == [problem]


@pytest.mark.parametrize("kind", READERS)
@given(text=st.text(alphabet="PMIDTY -:=@{}[]<>,\"'\n\0a1.é", max_size=80))
def test_no_text_stops_a_reader(kind: str, text: str) -> None:
    """Whatever it is, something is read, something is said, or there is nothing in it."""
    for begin in ("", *BEGINNINGS):
        entries, problems = read_references(begin + text, kind)
        assert all(problem.startswith("line ") for problem in problems)
        assert [entry.citation_order for entry in entries] == list(range(1, len(entries) + 1))


def test_an_entry_of_nbib_has_what_resolving_needs() -> None:
    """And what the sample shows of it, offline."""
    entry = read_references(NBIB, "nbib")[0][0]
    assert (entry.title, entry.pub_year, entry.pmc_id) == ("A long title.", 2019, "PMC31")
    assert (entry.list_name, entry.citation_order) == ("seed", 1)


def test_pmids_stand_in_a_line_in_any_way() -> None:
    """As people write them; anything else is the error's text."""
    assert split_pmids("PMID: 993, 5; https://pubmed.ncbi.nlm.nih.gov/7/") == [993, 5, 7]
    with pytest.raises(ValueError, match=r"^x1$"):
        split_pmids("1 x1")


def test_real_exports_are_read_whole(shared_data: Path) -> None:
    """PubMed's nbib and CSV, EndNote's and Zotero's RIS."""

    def read(ending: str) -> tuple[SeedEntry, ...]:
        (path,) = (shared_data / "exports").glob(f"*{ending}")
        entries, problems = read_references(path.read_text(encoding="utf-8-sig"), path.suffix[1:])
        assert problems == []
        return entries

    assert [len(read(ending)) for ending in (".nbib", ".csv", "endnote.ris", "zotero.ris")] == [50, 10, 10, 10]
    assert all(entry.pmid for entry in [*read(".nbib"), *read(".csv")])
    assert all(entry.doi and entry.title and not entry.pmid for entry in [*read("endnote.ris"), *read("zotero.ris")])

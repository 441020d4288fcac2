"""One page as different programs extract it: PMIDs, lists, order, DOIs and flags are the same."""

import pytest

from tests.seed_pages import parse

LYNX = """\
A title of words
   * PMID: 1

Similar articles

     * [7]One of
       two. Roe A. J Med. 2001;1:1. doi: 10.1000/
       a.2. PMID: 2 Free PMC
       article.
     * [8]Two. Poe B. J Med. 2002;1:1. PMID:
       3

Cited by

     * [9]Three. J Med. 2003. doi: 10.1000/4. PMID: 4

References

    1. Roe A. One. J Med. 2001;1:1. - [10]PubMed
    2. Poe B. Two. J Med. 2002;1:1.

References

   7. file:///2/
  10. file:///5/
""".replace("\n   7. ", "\n   1. file:///#main\n   7. ")
MARKDOWN = """\
# A title of words

PMID:
  **1**

## Similar articles

* [One of
two.](/2/)

  Roe A. J Med. 2001. doi: 10.1000/a.2. PMID: 2 Free PMC article.
* [Two.](/3/)

  Poe B. J Med. PMID: **3**

Cited by
--------

* Three. J Med. 2003. doi: [10.1000/4](https://doi.org/10.1000/4). PMID: 4
  + [Search in PubMed](/?term=x)

References
----------

1. Roe A. One. J Med. 2001;1:1. - [PubMed](https://pubmed.ncbi.nlm.nih.gov/5/)
2. Poe B. Two. J Med. 2002;1:1.
"""
PDF = """\
A title of words
PMID: 1
Similar articles
One of two.
Roe A. J Med. 2001;1:1. doi: 10.1000/a.2. PMID: 2 Free
PMC article.
Two.
Poe B. J Med.
2002;1:1. PMID:
3
Cited by
Three. J Med. 2003. doi:
10.1000/4. PMID: 4
References
Roe A. One. J Med. 2001;1:1. https://pubmed.ncbi.nlm.nih.gov/5/
Poe B. Two. J Med. 2002;1:1.
Publication types
Review
"""


@pytest.mark.parametrize("text", [LYNX, MARKDOWN, PDF], ids=["lynx", "markdown", "pdf"])
def test_what_one_tool_cuts_apart_is_read_as_what_another_keeps(text: str) -> None:
    """Line breaks, bullets, links and marks are the tool's, not the page's."""
    page = parse(text)
    assert [(e.list_name, e.pmid, e.doi) for e in page.entries] == [
        ("similar", 2, "10.1000/a.2"),
        ("similar", 3, None),
        ("cited_by", 4, "10.1000/4"),
        ("reference", 5, None),
        ("reference", None, None),
    ]
    assert page.entries[0].flags == ("Free PMC article",)
    assert (page.pmid, page.title) == (1, "A title of words")


BUTTONS = """\
Create file Cancel
Create file Cancel
J Nutr
. 2001 Jan;131(1):66-71.
Of acids
M R Roe 1, P C Poe
PMID: 1
"""
TWICE = """\
Biochem J
. 1976 Jan 1;154(1):163-9.
Of oleate
R J Roe, C E Poe
PMID: 1
Biochem J
. 1976 Jan 1;154(1):163-9.
Of oleate
R J Roe, C E Poe
PMID: 1
"""
DATED = """\
Editorial
.\x20
2019 Aug 27;140(9):726-728.
It is time
- PMID: 1
.\x20
2019 Aug 27;140(9):726-728.
It is time
"""
WRAPPED = """\
J Nutr
. 2023 Aug 22;15(1):141.
Markers in
old patients
Mahin Roe 1, Daniel Poe 2
PMID: 1
"""
LONG = "It is time for reducing global cardiovascular mortality"
# Wrapped headings: their last lines look like a name, or like an entry of a list.
HEADINGS = {
    "Shaken cultures with enzymatic release of sugars, of the\nGlucose Release Medium EnPresso B": "\n[Roe K](/x) 1",
    "Antibiotic resistance genes of wastewater treatment plants\n- A review": "\n[Roe K](/x)",
    "Trans-catheter aspiration of emboli of the heart, with\nCompromise During CT-Guided Biopsy, a Maneuver": "Kim K",
}
UNDERLINED = f"""\
{LONG} - PubMed
===================
# {LONG}
* PMID: **1**
"""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (BUTTONS, "Of acids"),
        (TWICE, "Of oleate"),
        (DATED, "It is time"),
        (WRAPPED, "Markers in old patients"),
        (UNDERLINED, LONG),
        (WRAPPED.replace("Mahin Roe 1, Daniel Poe 2", "Mahin Roe"), None),
        ("Save\nCite\nPMID: 1\nAbstract\nText.", None),
        (
            WRAPPED.replace("old patients", "old patients of Enzymatic Release B"),
            "Markers in old patients of Enzymatic Release B",
        ),
        (WRAPPED.replace("Markers in", 'Markers in "very'), None),
        *((f"# {t}\n{names}\n* PMID: **1**\n", t.replace("\n", " ")) for t, names in HEADINGS.items()),
    ],
)
def test_a_title_is_taken_only_from_where_it_must_stand(text: str, title: str | None) -> None:
    """No button, journal, date or author becomes one; what could be either is null."""
    assert parse(text).title == title


def test_an_odd_doi_is_whole_in_markdown() -> None:
    """Early ones hold brackets and signs that Markdown has other uses for."""
    doi = "10.1002/(SICI)1097-0142(19960601)77:11<2200::AID-CNCR3>3.0.CO;2-T"
    escaped = doi.replace("<", "&lt;").replace(">", "&gt;")
    for shown in (f"[{doi}](https://doi.org/{doi})", f"[{escaped}](https://doi.org/{escaped})", escaped):
        assert parse(f"# A title of words\n\n* PMID: **1**\n* DOI: {shown}\n").doi == doi

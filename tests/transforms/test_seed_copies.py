"""Pages as people copy and save them, and pages of books and preprints."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.seed_pages import BROWSER, EXTRACTED, ODD, SMALL, WHOLE_WINDOW, parse, parsed, pmids, rows


@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("\n", "\r"),
        "\ufeff" + SMALL,
        SMALL.replace(" ", "\u00a0"),
        SMALL.replace("\n", " \n"),
        SMALL.replace("\n", "\n\n"),
        SMALL.replace("-\n", "\u2022\n"),
        SMALL.replace("-\n", "- "),
        SMALL.replace("-\n", "* "),
        SMALL.replace("-\nOne", "1. One").replace("-\nTwo", "2. Two"),
        SMALL.replace("-\nOne", "[1] One").replace("-\nTwo", "[2] Two"),
        SMALL.replace("-\nOne", "1.\nOne").replace("-\nTwo", "2.\nTwo"),
        SMALL.replace("-\n", ""),
        SMALL.replace("- PMID: 1", "PMID: 1").replace("- DOI:", "DOI:"),
        SMALL.replace("- PMID: 1", "PMID:1"),
        SMALL.replace("- PMID: 1\n- DOI: 10.1/x", "PMID: 1 DOI: 10.1/x"),
        SMALL.replace("- DOI: 10.1/x", "DOI: https://doi.org/10.1/x"),
        SMALL.replace("A title\nAbstract", "A title.\nAbstract"),
        SMALL.replace("A title\nAbstract", "Abstract"),
        SMALL.replace("Abstract\n", "ABSTRACT:\n"),
        SMALL.replace("Similar articles", "## Similar articles").replace("Abstract\n", "**Abstract**\n"),
        SMALL.replace("Cited by", "Cited by 0 articles").replace("References", "References (0)"),
        SMALL.replace("Cited by", 'See all similar articles\nCited by\nSee all "Cited by" articles'),
        SMALL + "Publication types\nMeSH terms\nLinkOut - more resources\nFull Text Sources\n",
    ],
)
def test_the_manner_of_saving_makes_no_difference(text: str) -> None:
    """Line ends, byte order mark, bullets, blank lines and Markdown's marks are the editor's, not the page's."""
    assert parsed(parse(text)) == parsed(parse(SMALL))


def test_a_page_whose_navigation_comes_first_is_read_like_any_other() -> None:
    """The headings of the navigation have nothing below them."""
    navigation = "Page navigation\nTitle & authors\nAbstract\nSimilar articles\nCited by\nLinkOut - more resources\n"
    page = parse(navigation + SMALL)
    assert (page.title, page.abstract, pmids(page)) == ("A title", "An abstract.", [("similar", 2), ("similar", 3)])


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_sections_makes_no_difference(shuffle: random.Random) -> None:
    """Sections of every kind, in any order behind the header."""
    header, *sections = re.split(
        r"(?m)^(?=(?:Similar articles|Publication types|MeSH terms|References|Abstract|Comment in|Cited by)$)",
        ODD.read_text(),
    )
    shuffle.shuffle(sections)
    page, expected = parse(header + "".join(sections)), parse(ODD.read_bytes())
    assert sorted(page.entries, key=repr) == sorted(expected.entries, key=repr)
    assert sorted(page.terms) == sorted(expected.terms)
    assert (page.title, page.abstract, page.authors) == (expected.title, expected.abstract, expected.authors)


def test_a_page_copied_from_the_browser_keeps_its_lines() -> None:
    """Journal above the title, entries over several lines, authors everywhere."""
    page = parse(BROWSER)
    assert page.title == "Multistage drug effects of ketamine"
    assert (page.journal, page.volume, page.pages) == ("Eur Arch Psychiatry Clin Neurosci", "264 Suppl 1", "S55-65")
    assert page.authors == "M Paul 1, N Schaaff, J Padberg 2"
    assert page.abstract == "Background: Many.\nResults: Few."
    assert [(e.pmid, e.title, e.authors, e.journal) for e in page.entries] == [
        (29532791, None, None, None),
        (5, None, None, None),
    ]
    assert page.entries[0].publication_types == ("Review",)


def test_a_whole_browser_window_is_read_below_its_navigation() -> None:
    """The title is the line behind the journal, not the first banner; the flags stick to the PMID."""
    page = parse(WHOLE_WINDOW)
    assert (page.pmid, page.pmc_id, page.doi) == (98000001, "PMC9800001", "10.9999/ji.2013.1")
    assert page.title == "Risk of something: following something else"
    assert page.authors == "Ada B Invented 1, Bela Invented 2, Cleo-May Invented 1"
    assert (page.journal, page.pub_date, page.pages) == ("J Invent", "2014 Feb 12", "579-86")
    assert tuple(dict.fromkeys(page.section("publication_type"))) == ("Randomized Controlled Trial",)
    assert page.abstract == "Importance: It matters.\nObjectives: To say so."
    assert [(e.list_name, e.pmid, e.title, e.authors, e.journal) for e in page.entries] == [
        ("Comment in", 98000002, None, None, None),
        ("Comment in", 98000003, None, None, None),
        ("similar", 98000004, None, None, None),
        ("similar", 98000005, None, None, None),
        ("cited_by", 98000006, None, None, None),
        ("reference", None, None, None, None),
        ("reference", None, "Living in a global environment.", "Delmonico FL, Dew MA", "Invent Int"),
    ]
    assert [e.doi for e in page.entries] == [
        "10.9999/ji.2013.2", None, "10.9999/nri.58", None, "10.9999/1-2022-0105en", None, None
    ]  # fmt: skip
    assert page.entries[2].flags == ("Free PMC article", "No abstract available")
    assert page.entries[3].publication_types == ("Review",)
    assert [term for name, _, term in page.terms if name == "header"] == []
    assert [term for name, _, term in page.terms if name == "Full Text Sources"] == ["Invented PMC"]


def test_a_page_that_a_program_extracted_is_read() -> None:
    """Its block of metadata is the program's, not PubMed's, and is kept apart."""
    page = parse(EXTRACTED)
    assert (page.pmid, page.title, page.abstract) == (98000001, "Is it a key to unravel the enigma?", "It is.")
    assert page.authors == "Nuria Invented-Lopera 1, Ammar Abu-Invented # 2"
    assert [(e.pmid, e.title, e.journal) for e in page.entries] == [
        (98000002, "One of them.", "Cancers (Invent)"),
        (98000003, "Another.", "inRxiv"),
    ]
    assert page.entries[1].publication_types == ("Preprint",)
    assert [term for name, _, term in page.terms if name == "front_matter"] == [
        "title: Full text links",
        "author: Username",
        "date: 2022-08-25",
    ]


def test_a_page_in_markdown_is_read() -> None:
    """Web clippers save pages like this."""
    page = parse(
        "# [A title](https://pubmed.ncbi.nlm.nih.gov/1/)\n\n**PMID:** 1\n**DOI:** [10.1/x](https://doi.org/10.1/x)\n\n"
        "## Similar articles\n\n"
        "1. [Another [1].](https://pubmed.ncbi.nlm.nih.gov/2/) Doe A, Roe B. Nature. 2014 Mar;1:2. PMID: 2 Review.\n"
    )
    assert (page.pmid, page.title, page.doi) == (1, "A title", "10.1/x")
    assert [(e.pmid, e.title, e.authors) for e in page.entries] == [(2, None, None)]


BOOK = """\
Review
In: StatPearls [Internet]. Treasure Island (FL): StatPearls Publishing; 2025 Jan\u2013.
2023 Jul 24.
Ketamine Toxicity
Ann Roe 1, Kim Poe 2
Affiliations
Expand
PMID: 31082131
Bookshelf ID: NBK541087
Free Books & Documents
Excerpt
Ketamine is a drug.
Sections
Introduction
"""


@pytest.mark.parametrize("text", [BOOK, BOOK.replace("\nBookshelf", " Bookshelf"), "Cite\nSections\n" + BOOK])
def test_the_page_of_a_book_is_read(text: str) -> None:
    """It has an excerpt for an abstract, and no journal above its title."""
    page = parse(text)
    assert (page.pmid, page.title, page.pub_date) == (31082131, "Ketamine Toxicity", "2023 Jul 24")
    assert (page.authors, page.abstract) == ("Ann Roe 1, Kim Poe 2", "Ketamine is a drug.")
    assert tuple(dict.fromkeys(page.section("publication_type"))) == ("Review",)
    assert "Bookshelf ID: NBK541087" in [term for name, _, term in page.terms if name == "header"]


PREPRINT = """\
Retracted article
This article has been retracted.
bioRxiv
[Preprint]. 2023 Jan 5:2023.01.05.522900.
doi: 10.1101/2023.01.05.522900.
Of a preprint
J Doe, K Roe
PMID: 36711001
Abstract
in English, Spanish
Text.
Similar articles
An updated one.
Roe K, Poe E.
bioRxiv [Preprint]. 2024 Jan 5:2024.01.05.1. doi: 10.1101/2024.01.05.1.
Update in: Nat Commun. 2024 Oct 3;14(1):6168. doi: 10.1038/s41467.
PMID: 36711002 Free PMC article.
"""


def test_the_page_of_a_preprint_is_read() -> None:
    """Its server's name is not a title, and a note on a line of its own no entry."""
    page = parse(PREPRINT)
    assert (page.title, page.journal, page.pages) == ("Of a preprint", "bioRxiv", "2023.01.05.522900")
    assert (page.pub_date, tuple(dict.fromkeys(page.section("publication_type"))), page.abstract) == (
        "2023 Jan 5",
        ("Preprint",),
        "Text.",
    )
    assert [(e.pmid, e.title, e.doi) for e in page.entries] == [(36711002, None, None)]
    assert rows(page)["citation"][0]["is_retracted"]

"""A page saved as text, from its bytes to the rows of the tables."""

import hashlib
import random
import re
import textwrap
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.seed_entry import SeedEntry
from transforms.seed_lines import is_heading, is_ignored, read_lines
from transforms.seed_tables import make_seed_tables
from transforms.seed_text import SeedPage, parse_seed_document
from warehouse.errors import SeedError
from warehouse.schema.citation import CITATION

ROOT = Path(__file__).parents[2]
GIVEN = ROOT / "seeds" / "000_c094b752a16dd644.txt"
ODD = ROOT / "tests" / "fixtures" / "seeds" / "odd_page.txt"

SMALL = """\
A title
- PMID: 1
- DOI: 10.1/x
A title
Abstract
An abstract.
Similar articles
-
One.J Med. 2014 Mar;1:2. J Med. 2014. PMID: 2 Review.
-
Two.J Med. 2015;1:3. J Med. 2015. PMID: 3
Cited by
References
"""

# Title, journal, date, volume, issue, pages, DOI, Epub, PMID, flags, publication types; authors, PII, PMC id are None.
FREE = "Free PMC article"
TRIAL = "Clinical Trial"
GIVEN_ENTRIES = [
    (
        "similar",
        "A review of ketamine in affective disorders: current evidence of clinical efficacy, limitations of use and "
        "pre-clinical evidence on proposed mechanisms of action.",
        ("J Affect Disord", "2014 Mar", "156", None, "24-35", "10.1016/j.jad.2013.11.014", "2013 Dec 10", 24388038),
        (),
        ("Review",),
    ),
    (
        "similar",
        "The Ketamine Antidepressant Story: New Insights.",
        ("Molecules", "2020 Dec 7", "25", "23", "5777", "10.3390/molecules25235777", None, 33297563),
        (FREE,),
        ("Review",),
    ),
    (
        "similar",
        "Bidirectional Homeostatic Regulation of a Depression-Related Brain State by Gamma-Aminobutyric Acidergic "
        "Deficits and Ketamine Treatment.",
        (
            "Biol Psychiatry",
            "2016 Sep 15",
            "80",
            "6",
            "457-468",
            "10.1016/j.biopsych.2016.02.009",
            "2016 Feb 13",
            27062563,
        ),
        (FREE,),
        (),
    ),
    (
        "similar",
        "Neurocognitive effects of ketamine and association with antidepressant response in individuals with "
        "treatment-resistant depression: a randomized controlled trial.",
        ("Neuropsychopharmacology", "2015 Mar 13", "40", "5", "1084-90", "10.1038/npp.2014.298", None, 25374095),
        (FREE,),
        (TRIAL,),
    ),
    (
        "similar",
        "Safety and efficacy of repeated-dose intravenous ketamine for treatment-resistant depression.",
        ("Biol Psychiatry", "2010 Jan 15", "67", "2", "139-45", "10.1016/j.biopsych.2009.08.038", None, 19897179),
        (),
        (TRIAL,),
    ),
    (
        "cited_by",
        "The Risk of Upper Urinary Tract Involvement in Patients With Ketamine-Associated Uropathy.",
        ("Int Neurourol J", "2017 Jun", "21", "2", "128-132", "10.5213/inj.1732704.352", "2017 Jun 21", 28673061),
        (FREE,),
        (),
    ),
    (
        "cited_by",
        "Temporal Dynamics of Antidepressant Ketamine Effects on Glutamine Cycling Follow Regional Fingerprints of "
        "AMPA and NMDA Receptor Densities.",
        (
            "Neuropsychopharmacology",
            "2017 May",
            "42",
            "6",
            "1201-1209",
            "10.1038/npp.2016.184",
            "2016 Sep 8",
            27604568,
        ),
        (FREE,),
        (TRIAL,),
    ),
    (
        "cited_by",
        "Regulation of glutamate transporter 1 via BDNF-TrkB signaling plays a role in the anti-apoptotic and "
        "antidepressant effects of ketamine in chronic unpredictable stress model of depression.",
        (
            "Psychopharmacology (Berl)",
            "2016 Feb",
            "233",
            "3",
            "405-15",
            "10.1007/s00213-015-4128-2",
            "2015 Oct 29",
            26514555,
        ),
        (),
        (),
    ),
    (
        "cited_by",
        "Ketamine administration reduces amygdalo-hippocampal reactivity to emotional stimulation.",
        ("Hum Brain Mapp", "2016 May", "37", "5", "1941-52", "10.1002/hbm.23148", "2016 Feb 25", 26915535),
        (FREE,),
        (),
    ),
    (
        "cited_by",
        "Default mode network connectivity change corresponds to ketamine's delayed glutamatergic effects.",
        (
            "Eur Arch Psychiatry Clin Neurosci",
            "2020 Mar",
            "270",
            "2",
            "207-216",
            "10.1007/s00406-018-0942-y",
            "2018 Oct 23",
            30353262,
        ),
        (),
        (TRIAL,),
    ),
]

BROWSER = """\
Skip to main page content
Review
Eur Arch Psychiatry Clin Neurosci

. 2014 Nov;264 Suppl 1:S55-65. doi: 10.1007/s00406-014-0535-3. Epub 2014 Sep 13.
Multistage drug effects of ketamine
M Paul 1, N Schaaff, J Padberg 2
Affiliations
1 Department of Psychiatry, Munich.
PMID: 25217177 DOI: 10.1007/s00406-014-0535-3
Abstract
Background: Many.

Results: Few.
Similar articles
Ketamine.
Zanos P, Gould TD.
Mol Psychiatry. 2018 Apr;23(4):801-811. doi: 10.1038/mp.2017.255. Epub 2018 Mar 13.
PMID: 29532791
Free PMC article.
Review.
mTOR signalling.
Kim K.
J Med. 2019;1:2.
PMID: 5
See all similar articles
LinkOut - more resources
Full Text Sources
Springer
"""

# Copied from a browser with Ctrl-A: banners, the page's navigation, then the page; flags stick to the PMID.
WHOLE_WINDOW = """\
Skip to main page content
U.S. flagAn official website of the United States government Here's how you know\x20
NIH NLM LogoLog in

Access keysNCBI HomepageMyNCBI HomepageMain ContentMain Navigation
pubmed logo
Search:
Search
Advanced
User Guide
SaveEmailSend to
Display options
Full text links
Invented Publisher full text link
Actions
Cite
Collections
Permalink
Page navigation
Title & authors
Abstract
Comment in
Similar articles
Cited by
References
MeSH terms
LinkOut - more resources
Randomized Controlled Trial J Invent
. 2014 Feb 12;311(6):579-86. doi: 10.9999/ji.2013.1.
Risk of something: following something else
Ada B Invented 1, Bela Invented 2, Cleo-May Invented 1
Affiliations Collapse
Affiliations
1Department of Inventions, University, Town.
2Elsewhere.
PMID: 98000001 PMCID: PMC9800001 DOI: 10.9999/ji.2013.1
Abstract
Importance: It matters.

Objectives: To say so.

PubMed Disclaimer

Conflict of interest statement
None of us exists.
Figures
Figure 1
Figure 1. Nothing over time\u2026
Comment in
Understanding nothing.
Gill JS, Tonelli M.
J Invent. 2014 Feb 12;311(6):577-9; author reply 578. doi: 10.9999/ji.2013.2.
PMID: 98000002 No abstract available.
What we still need to know?
Kasiske BL.
Am J Invent. 2014 Sep;64(3):335-7. Epub 2014 May 5.
PMID: 98000003 No abstract available.
Similar articles
Long-term risks: part one.
Van Arendonk KJ, Garonzik-Wang JM, O'Keeffe LM; American Society of Inventors.
Nat Rev Invent. 2015 Jul;11(7):411-9. doi: 10.9999/nri.58. eCollection 2015.
PMID: 98000004Free PMC article.No abstract available.
[Obituary: Professor X, 1898-1972].
Klein D.
J Genet Invent. 1972 Jun;20(4):suppl 177-8.
PMID: 98000005Review.
See all similar articles
Cited by
Using [99mTc]Tc-DTPA vs. equations.
Carvalho JP, Pint\u00e3o S.
J Bras Invent. 2023 Jul-Sep;45(3):344-349. doi: 10.9999/1-2022-0105en.
PMID: 98000006
See all "Cited by" articles
References
[Accessed April 17, 2013];Organ website. http://example.org/step2.asp.
\x20
Delmonico FL, Dew MA. Living in a global environment. Invent Int. 2007;71(7):608-614. - PubMed
\x20
Show all 28 references
MeSH terms
Adolescent
Inventions / epidemiology*
LinkOut - more resources
Full Text Sources
Invented PMC
NCBI Literature Resources MeSH PMC Bookshelf Disclaimer The PubMed wordmark and PubMed logo are registered.
Follow NCBI
Connect with NLM

\x20\x20
National Library of Medicine
8600 Rockville Pike
Bethesda, MD 20894

Web Policies
FOIA
HHS Vulnerability Disclosure

Help
Accessibility
Careers

NLM
NIH
HHS
USA.gov
"""

# As programs extract it: a block above the page, a blank line after every line, the PMID three times.
EXTRACTED = """\
---
title: Full text links
author: Username
date: 2022-08-25
---
Is it a key to unravel the enigma?

- PMID: 98000001

- PMCID: PMC9800001

- DOI: 10.9999/x.1

Is it a key to unravel the enigma?

Nuria Invented-Lopera 1, Ammar Abu-Invented # 2
Affiliations Collapse
Affiliations
1Department of Inventions.
#Contributed equally.
PMID: 98000001 PMCID: PMC9800001 DOI: 10.9999/x.1

Abstract

It is.

Figures

Similar articles

-

One of them.Cancers (Invent). 2025 Jan 3;17(1):133. doi: 10.9999/c1. Cancers (Invent). 2025. PMID: 98000002 Review.

-

Another.inRxiv [Preprint]. 2025 May 14:2025.05.14.65. doi: 10.9999/2025.05.14.65. inRxiv. 2025. PMID: 98000003 Preprint.
"""


def parse(text: str | bytes) -> SeedPage:
    data = text if isinstance(text, bytes) else text.encode()
    return parse_seed_document(data, seed_id="page", file_name="page.txt")


def pmids(page: SeedPage) -> list[tuple[str, int | None]]:
    return [(entry.list_name, entry.pmid) for entry in page.entries]


def parsed(page: SeedPage) -> dict[str, object]:
    """Everything but what names and quotes the file."""
    values = dict(vars(page))
    for name in ("seed_text", "seed_sha256", "seed_id", "file_name"):
        del values[name]
    return values


def rows(page: SeedPage, delivered: Iterable[int] = ()) -> dict[str, list[dict[str, object]]]:
    tables = make_seed_tables(page, run_id="r", delivered=set(delivered))
    return {name: table.to_pylist() for name, table in tables.items()}


# --- the given page ---------------------------------------------------------------------------------------------------


def test_the_given_page_has_its_own_fields() -> None:
    """The abstract is whole, and the empty headings make no terms."""
    page = parse(GIVEN.read_bytes())
    assert (page.pmid, page.doi, page.pmc_id) == (25217177, "10.1007/s00406-014-0535-3", None)
    assert page.title == "Multistage drug effects of ketamine in the treatment of major depression"
    assert page.abstract is not None
    assert page.abstract == GIVEN.read_text().split("Abstract\n")[1].split("\nSimilar articles")[0]
    assert page.terms == ()
    assert page.list_names == ("similar", "cited_by", "reference")


def test_the_given_page_has_ten_entries_with_all_their_fields() -> None:
    """Five similar and five cited-by, each field as it stands on the page."""
    entries = parse(GIVEN.read_bytes()).entries
    lines = [line for line in GIVEN.read_text().splitlines() if re.search(r"\. PMID: \d", line)]
    expected = [
        SeedEntry(
            list_name=list_name,
            citation_order=index % 5 + 1,
            citation_text=lines[index],
            title=title,
            journal=values[0],
            pub_date=values[1],
            pub_year=int(values[1][:4]),
            volume=values[2],
            issue=values[3],
            pages=values[4],
            doi=values[5],
            epub_date=values[6],
            pmid=values[7],
            flags=flags,
            publication_types=types,
        )
        for index, (list_name, title, values, flags, types) in enumerate(GIVEN_ENTRIES)
    ]
    assert list(entries) == expected


def test_the_given_page_makes_eleven_citations_and_ten_links() -> None:
    """What a first refresh without NCBI loads."""
    tables = rows(parse(GIVEN.read_bytes()))
    assert len(tables["citation"]) == len({row["pmid"] for row in tables["citation"]}) == 11
    assert [row["link_kind"] for row in tables["link"]] == ["similar"] * 5 + ["cited_by"] * 5
    assert [(row["link_kind"], row["link_count"]) for row in tables["link_list"]] == [
        ("similar", 5),
        ("cited_by", 5),
        ("reference", 0),
    ]
    assert len(tables["seed_document"]) == 1
    assert len(tables["seed_citation"]) == 10
    assert len(tables["publication_type"]) == 6


# --- every line is accounted for --------------------------------------------------------------------------------------


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text)) - {"PMID", "DOI", "PMCID", "doi", "Epub", "Keywords", "Title"}


@pytest.mark.parametrize("text", [GIVEN.read_text(), ODD.read_text(), BROWSER, WHOLE_WINDOW, EXTRACTED, SMALL])
def test_every_line_is_in_a_field_or_a_heading_or_ignored_on_purpose(text: str) -> None:
    """A line that is dropped by accident would be missed by nobody."""
    page = parse(text)
    own = [str(value) for name, value in parsed(page).items() if value and name not in ("entries", "terms")]
    kept = words(" ".join([*own, *(term for _, _, term in page.terms), *(e.citation_text for e in page.entries)]))
    lost = [
        line
        for line in (line.text for line in read_lines(text))
        if not is_heading(line)
        and not is_ignored(line)
        and not words(re.sub(r"^(?:[0-9]+\.|Conflict of interest statement:) ", "", line)) <= kept
    ]
    assert lost == []


@pytest.mark.parametrize(
    "line", ["Back pain", "Search for a cause", "Help seeking", "National Library of Medicine, a history"]
)
def test_a_line_that_only_resembles_a_button_is_kept(line: str) -> None:
    """MeSH terms and titles can begin with the words of a button."""
    assert not is_ignored(line)
    assert ("mesh_term", 1, line) in parse(f"{SMALL}MeSH terms\n{line}\n").terms


# --- the odd page -----------------------------------------------------------------------------------------------------


def test_the_odd_page_has_its_own_fields() -> None:
    """Lists before the abstract, a title that is a question, ids with brackets, a date in Spring."""
    page = parse(ODD.read_bytes())
    assert page.pmid == 99000001
    assert page.title == "[Is an invented page odd enough? Yes. It is!]."
    assert page.authors == "\u00d6 M\u00fcller-Oerlinghausen 1 2, Jean d'\u00c9t\u00e9 3, Wei-Li O'Brien Jr #, et al."
    assert (page.doi, page.pmc_id) == ("10.9999/odd(2020)1-2", "PMC9900001")
    assert (page.journal, page.pub_date, page.pub_year) == ("Z Erfundene Psychiatr (Berl)", "1998 Spring", 1998)
    assert (page.volume, page.issue, page.pages, page.epub_date) == ("12 Suppl 1", "3 Pt 2", "S55-S65e", "1997 Dec 31")
    assert page.abstract is not None
    assert [line.split(":")[0] for line in page.abstract.split("\n")] == [
        "Background",
        "Methods",
        "Results",
        "Conclusion",
        "Trial registration",
    ]


def test_the_odd_page_has_every_list() -> None:
    """Bulleted, numbered and bare lists, with and without PMIDs, and one that is of no known kind."""
    page = parse(ODD.read_bytes())
    assert pmids(page) == [
        *(("similar", 99000000 + n) for n in range(2, 8)),
        *(("reference", n) for n in (None, None, None, 99000008, None)),
        ("Comment in", 99000009),
        ("cited_by", 99000010),
        ("cited_by", 99000002),
    ]
    assert [entry.title for entry in page.entries] == [
        "Does it work? And for whom? A trial in 1.5 mg/kg.",
        "[Ketamin bei Depression].",
        "mTOR and p53: \u03b2-arrestin's \u201crole\u201d?",
        "Withdrawn claims!",
        "A preprint first.",
        "No volume here.",
        "The invented statement: is it so?",
        "Safety of nothing.",
        None,
        "Effects.",
        None,
        None,
        None,
        None,
    ]


def test_the_odd_page_has_terms_of_every_section() -> None:
    """Bulleted on lines of their own or not, with the buttons between them left out."""
    page = parse(ODD.read_bytes())
    sections: dict[str, list[str]] = {}
    for name, order, term in page.terms:
        sections.setdefault(name, []).append(term)
        assert order == len(sections[name])
    assert sections == {
        "publication_type": ["Randomized Controlled Trial", "Randomized Controlled Trial", "English Abstract"],
        "header": [
            "doi: 10.9999/(SICI)1097-0193(1998)6:4<316::AID-HBM9>3.0.CO;2-6. Epub 1997 Dec 31.",
            "[Article in German]",
        ],
        "mesh_term": ["Adult", "Antidepressive Agents / therapeutic use*"],
        "substance": ["Antidepressive Agents", "Ketamine"],
        "grant": ["R01 XX000000/XX/NIXX NIH HHS/United States"],
        "keyword": ["odd pages", "saved text", "\u03b2-arrestin"],
        "copyright_information": ["\u00a9 1998. The Inventors, with exclusive licence."],
        "coi_statement": ["The authors declare that they do not exist."],
        "Figures": ["Fig. 1"],
        "Related information": ["MedGen"],
        "Full Text Sources": ["Invented Publisher"],
        "Other Literature Sources": ["The Lens - Patent Citations Database"],
    }
    assert tuple(dict.fromkeys(page.section("publication_type"))) == ("Randomized Controlled Trial", "English Abstract")


# --- pages as people save them ----------------------------------------------------------------------------------------


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


@settings(deadline=None)  # Other work on the machine is no fault of the parser.
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


@pytest.mark.parametrize("width", [60, 72, 80, 100])
@pytest.mark.parametrize("bullet", ["", "- ", "\u2022 "])
def test_a_page_that_was_wrapped_is_joined_again(width: int, bullet: str) -> None:
    """Mail programs and editors break lines at a fixed width; an entry goes on below."""
    text = GIVEN.read_text().replace("-\n", bullet)
    wrapped = "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n")
    )
    page, expected = parse(wrapped), parse(GIVEN.read_bytes())
    assert page.entries == expected.entries
    assert page.abstract == expected.abstract
    assert page.title == expected.title


@pytest.mark.parametrize("bullet", ["", "-\n", "{n}. "])
def test_several_hundred_entries_are_all_found(bullet: str) -> None:
    """'See all similar articles' has been pressed."""
    lines = [
        f"{bullet.format(n=n)}Title {n}: what of it?J Med. 2014 Mar;{n}:2-9. J Med. 2014. PMID: {1000 + n} Review."
        for n in range(1, 701)
    ]
    begun = time.process_time()
    page = parse(SMALL + "\n".join(lines))
    assert time.process_time() - begun < 20
    found = [entry for entry in page.entries if entry.list_name == "reference"]
    assert [entry.pmid for entry in found] == list(range(1001, 1701))
    assert {entry.journal for entry in found} == {"J Med"}
    assert [entry.volume for entry in found] == [str(n) for n in range(1, 701)]


@pytest.mark.parametrize(
    "line",
    [
        "Some line of text. 2014;1:2",
        "some line of text",
        "Foo B, Bar C. Title of x. J Med. 2014;1:2.",
        "-",
        "- PMID: 1",
        "Foo B. " * 50,
    ],
)
@pytest.mark.parametrize("heading", ["Similar articles", "References", "MeSH terms", "Abstract"])
def test_the_time_for_a_page_grows_with_its_length(line: str, heading: str) -> None:
    """Entries whose end cannot be told must not be searched again for each line that follows."""
    begun = time.process_time()
    parse(f"{SMALL}{heading}\n" + f"{line}\n" * 3000)
    assert time.process_time() - begun < 20


def test_references_of_one_length_are_not_taken_for_wrapped_lines() -> None:
    """Their width says nothing."""
    lines = [f"Foo B, Bar C. A title that is as long as the others: {n}. J Med. 2014;1:2." for n in range(100, 130)]
    entries = parse(SMALL + "\n".join(lines)).entries[2:]
    assert [entry.citation_text for entry in entries] == lines


def test_references_without_pmid_are_entries_of_their_own() -> None:
    """One a line without bullets, or a paragraph each."""
    one = "Hutton B, Salanti G. The statement. Ann Intern Med. 2015;162:777-784. - DOI - PubMed"
    two = "Aan het Rot M (2010) Safety of x. Biol Psychiatry 67:139-145"
    three = "Invented Organization. Depression. Geneva: IO; 2017."
    for text in (f"{one}\n{two}\n{three}", f"{one}\n\n{two}\n\n{three}", f"{one}\nDOI\nPubMed\n{two}\n- DOI\n{three}"):
        entries = parse(SMALL + text).entries[2:]
        assert [entry.citation_text for entry in entries] == [one, two, three]
        assert [entry.pmid for entry in entries] == [None, None, None]


def test_a_list_under_an_unknown_heading_keeps_that_heading() -> None:
    """PubMed adds kinds of lists; their entries are not of the list above."""
    text = SMALL.replace("Cited by", "Discussed in podcasts\n-\nThree.J Med. 2016;1:4. J Med. 2016. PMID: 4\nCited by")
    assert pmids(parse(text)) == [("similar", 2), ("similar", 3), ("Discussed in podcasts", 4)]


def test_a_page_without_abstract_has_none() -> None:
    """With or without the remark that there is none."""
    assert parse(SMALL.replace("An abstract.", "No abstract available")).abstract is None
    assert parse(SMALL.replace("Abstract\nAn abstract.\n", "")).abstract is None


def test_a_heading_that_comes_twice_continues_its_list() -> None:
    """The second part is counted on."""
    page = parse(SMALL + "Similar articles\n-\nThree.J Med. 2016;1:4. J Med. 2016. PMID: 4\n")
    assert [(e.citation_order, e.pmid) for e in page.entries] == [(1, 2), (2, 3), (3, 4)]


def test_the_text_is_kept_byte_for_byte() -> None:
    """Whatever the parser makes of it, it can be parsed again."""
    data = ("\ufeff" + SMALL.replace("\n", "\r\n")).encode()
    page = parse(data)
    assert page.seed_text.encode() == data
    assert page.seed_sha256 == hashlib.sha256(data).hexdigest()


# --- what is no page --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "page.txt, line 1: the file is empty"),
        (b" \r\n\n", "page.txt, line 1: the file is empty"),
        (b"\xff\xfeA\0", "page.txt, line 1: it is UTF-16; save it as UTF-8"),
        (b"A title\nPMID: 1\n\x00\x01", "page.txt, line 3: the file is binary; save"),
        ("A title\nPMID: 1\nZ\u00fcrich".encode("latin-1"), "page.txt, line 3: it is not UTF-8; save it as UTF-8"),
        (b"<!DOCTYPE html>\n<html>", "page.txt, line 1: it is HTML or XML; name it \\*.html"),
        (
            b"Hello.\nThis is a letter.\n",
            "page.txt, line 2: the text ends without a line such as `PMID: 25217177`; save",
        ),
        (SMALL.replace("- PMID: 1", "").encode(), "page.txt, line 13: the text ends without a line such as"),
        (b"A title\nPMID: abc\n", "page.txt, line 2: 'abc' is not a PMID; write"),
        (b"A title\nPMID: 0\n", "page.txt, line 2: '0' is not a PMID"),
        (b"A title\nPMID: 1234567890\n", "page.txt, line 2: '1234567890' is not a PMID"),
        (
            b"A title\nPMID: 1\nA title\nPMID: 2\n",
            "page.txt, line 4: the page has a second PMID of its own, 2 after 1; put",
        ),
    ],
)
def test_a_text_that_is_no_page_is_refused_with_file_line_and_advice(data: bytes, message: str) -> None:
    """One sentence, for whoever put the file there."""
    with pytest.raises(SeedError, match=f"^{message}"):
        parse(data)


@settings(deadline=None)  # Other work on the machine is no fault of the parser.
@given(st.lists(st.one_of(st.sampled_from([*SMALL.splitlines(), *BROWSER.splitlines(), ""]), st.text(max_size=20))))
def test_any_text_is_a_page_or_is_refused(lines: list[str]) -> None:
    """No other error, and no entry without text."""
    try:
        page = parse("\n".join(lines))
    except SeedError:
        return
    assert all(entry.citation_text for entry in page.entries)
    make_seed_tables(page, run_id="r", delivered=())


@settings(deadline=None)  # Other work on the machine is no fault of the parser.
@given(st.binary(max_size=200))
def test_any_bytes_are_a_page_or_are_refused(data: bytes) -> None:
    """A file of any other kind, dropped there by accident."""
    with pytest.raises(SeedError):
        parse(data)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_delivered_pmid_gets_no_citation_from_the_page() -> None:
    """Entrez knows better; its links and entries stay."""
    tables = rows(parse(SMALL), delivered=[1, 3])
    assert [row["pmid"] for row in tables["citation"]] == [2]
    assert [row["pmid"] for row in tables["publication_type"]] == [2]
    assert [row["linked_pmid"] for row in tables["link"]] == [2, 3]
    assert [row["pmid"] for row in tables["seed_citation"]] == [2, 3]


def test_a_citation_holds_what_the_entry_says_and_null_elsewhere() -> None:
    """Dates are split where they have parts, and are whole where they have not."""
    odd = {row["pmid"]: row for row in rows(parse(ODD.read_bytes()))["citation"]}
    given = {row["pmid"]: row for row in rows(parse(GIVEN.read_bytes()))["citation"]}
    row = {name: value for name, value in given[33297563].items() if value is not None}
    assert (
        row.pop("content_sha256")
        == hashlib.sha256(parse(GIVEN.read_bytes()).entries[1].citation_text.encode()).hexdigest()
    )
    assert row == {
        "pmid": 33297563,
        "pmid_version": 1,
        "record_kind": "seed",
        "source": "seed",
        "article_title": "The Ketamine Antidepressant Story: New Insights.",
        "medline_ta": "Molecules",
        "volume": "25",
        "issue": "23",
        "pub_date_year": "2020",
        "pub_date_month": "Dec",
        "pub_date_day": "7",
        "pub_year": 2020,
        "pub_date": date(2020, 12, 7),
        "medline_pgn": "5777",
        "doi": "10.3390/molecules25235777",
        "is_retracted": False,
        "run_id": "r",
    }
    assert (odd[99000002]["medline_date"], odd[99000002]["pub_date_year"]) == ("2020 Jan-Feb", None)
    assert (odd[99000003]["medline_date"], odd[99000003]["pub_year"]) == ("1998 Spring", 1998)
    assert given[24388038]["pub_date_month"] == "Mar"
    assert given[24388038]["pub_date"] is None
    assert tuple(given[25217177]) == CITATION.column_names


def test_the_pages_own_citation_has_its_abstract_and_statements() -> None:
    """The page says more of itself than of its entries."""
    own = rows(parse(ODD.read_bytes()))["citation"][0]
    assert (own["pmid"], own["medline_date"]) == (99000001, "1998 Spring")
    assert str(own["abstract"]).startswith("Background: Pages are saved")
    assert own["copyright_information"] == "\u00a9 1998. The Inventors, with exclusive licence."
    assert own["coi_statement"] == "The authors declare that they do not exist."


def test_an_entry_that_is_retracted_says_so_and_its_notice_does_not() -> None:
    """`Retraction of Publication` is the notice."""
    text = SMALL.replace("PMID: 2 Review.", "PMID: 2 Retracted Publication.").replace(
        "PMID: 3", "PMID: 3 Retraction of Publication."
    )
    assert [row["is_retracted"] for row in rows(parse(text))["citation"]] == [False, True, False]
    own = parse(SMALL + "Publication types\nRetracted Publication\n")
    assert rows(own)["citation"][0]["is_retracted"] is True


def test_a_pmid_in_two_lists_is_one_citation_and_two_links() -> None:
    """The first entry's words; the page's own where it lists itself, which is no link."""
    text = SMALL.replace("References\n", "One again.J Med. 2014;1:2. J Med. 2014. PMID: 2\nReferences\n")
    text += "Self.J Med. 2014;1:2. J Med. 2014. PMID: 1\nTwice.J Med. 2014;1:2. J Med. 2014. PMID: 9\n" * 2
    tables = rows(parse(text))
    assert [(row["pmid"], row["article_title"]) for row in tables["citation"]] == [
        (1, "A title"),
        (2, "One."),
        (3, "Two."),
        (9, "Twice."),
    ]
    assert [(r["link_kind"], r["linked_pmid"], r["link_order"]) for r in tables["link"]] == [
        ("similar", 2, 1),
        ("similar", 3, 2),
        ("cited_by", 2, 1),
        ("reference", 9, 2),
    ]
    assert [(r["link_kind"], r["link_count"]) for r in tables["link_list"]] == [
        ("similar", 2),
        ("cited_by", 1),
        ("reference", 1),
    ]
    assert [row["publication_type"] for row in tables["publication_type"]] == ["Review"]


def test_only_lists_with_a_heading_are_lists() -> None:
    """A list that the page does not show is not known to be empty."""
    tables = rows(parse("A title\nPMID: 1\nCited by\n"))
    assert [(r["link_kind"], r["source"], r["fetched_at"]) for r in tables["link_list"]] == [("cited_by", "seed", None)]


def test_phrases_are_rows_in_the_entrys_order() -> None:
    """Flags and types mixed, as they stand."""
    text = SMALL.replace("PMID: 2 Review.", "PMID: 2 Free article. Review. Odd flag.")
    assert [(r["flag_order"], r["flag_kind"], r["flag"]) for r in rows(parse(text))["seed_citation_flag"]] == [
        (1, "flag", "Free article"),
        (2, "publication_type", "Review"),
        (3, "flag", "Odd flag"),
    ]


def test_keys_are_unique() -> None:
    """One row of a table per key, whatever the page repeats."""
    tables = make_seed_tables(parse(ODD.read_text() + ODD.read_text()), run_id="r", delivered=())
    for name, key in {
        "seed_citation": ["list_name", "citation_order"],
        "seed_citation_flag": ["list_name", "citation_order", "flag_order"],
        "seed_term": ["section_name", "term_order"],
        "link": ["link_kind", "linked_pmid"],
        "citation": ["pmid"],
        "publication_type": ["pmid", "publication_type_order"],
    }.items():
        found = [tuple(row.values()) for row in tables[name].select(key).to_pylist()]
        assert len(found) == len(set(found)), name


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
    """Its server's name is no title, and a note on a line of its own no entry."""
    page = parse(PREPRINT)
    assert (page.title, page.journal, page.pages) == ("Of a preprint", "bioRxiv", "2023.01.05.522900")
    assert (page.pub_date, tuple(dict.fromkeys(page.section("publication_type"))), page.abstract) == (
        "2023 Jan 5",
        ("Preprint",),
        "Text.",
    )
    assert [(e.pmid, e.title, e.doi) for e in page.entries] == [(36711002, None, None)]
    assert rows(page)["citation"][0]["is_retracted"]


@pytest.mark.parametrize("heading", ["Abstract in English, Chinese", "ABSTRACT", "## Abstract"])
def test_an_abstract_in_several_languages_is_one(heading: str) -> None:
    """The heading names them."""
    assert parse(SMALL.replace("Abstract", heading)).abstract == parse(SMALL).abstract


def test_a_page_in_markdown_is_read() -> None:
    """Clippers write it so."""
    page = parse(
        "# [A title](https://pubmed.ncbi.nlm.nih.gov/1/)\n\n**PMID:** 1\n**DOI:** [10.1/x](https://doi.org/10.1/x)\n\n"
        "## Similar articles\n\n"
        "1. [Another [1].](https://pubmed.ncbi.nlm.nih.gov/2/) Doe A, Roe B. Nature. 2014 Mar;1:2. PMID: 2 Review.\n"
    )
    assert (page.pmid, page.title, page.doi) == (1, "A title", "10.1/x")
    assert [(e.pmid, e.title, e.authors) for e in page.entries] == [(2, None, None)]


def test_a_number_behind_a_bullet_is_none_of_the_reference() -> None:
    """Lists whose numbers are text have both."""
    page = parse(SMALL + "\nReferences\n\u2022 1.\nA one. Nature. 2001;1:1.\n\u2022 2.\nA two. Nature. 2001;1:2.\n")
    assert [e.citation_text for e in page.entries if e.list_name == "reference"] == [
        "A one. Nature. 2001;1:1.",
        "A two. Nature. 2001;1:2.",
    ]

"""A page saved as text, from its bytes to its fields."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.seed_pages import BROWSER, GIVEN, ODD, SMALL, parse, pmids
from transforms.seed_entry import SeedEntry
from transforms.seed_tables import make_seed_tables
from warehouse.errors import SeedError

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


def test_a_page_without_abstract_has_none() -> None:
    """With or without the remark that there is none."""
    assert parse(SMALL.replace("An abstract.", "No abstract available")).abstract is None
    assert parse(SMALL.replace("Abstract\nAn abstract.\n", "")).abstract is None


def test_the_text_is_kept_byte_for_byte() -> None:
    """Whatever the parser makes of it, it can be parsed again."""
    data = ("\ufeff" + SMALL.replace("\n", "\r\n")).encode()
    page = parse(data)
    assert page.seed_text.encode() == data
    assert page.seed_sha256 == hashlib.sha256(data).hexdigest()


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


@given(st.lists(st.one_of(st.sampled_from([*SMALL.splitlines(), *BROWSER.splitlines(), ""]), st.text(max_size=20))))
def test_any_text_is_a_page_or_is_refused(lines: list[str]) -> None:
    """No other error, and no entry without text."""
    try:
        page = parse("\n".join(lines))
    except SeedError:
        return
    assert all(entry.citation_text for entry in page.entries)
    make_seed_tables(page, run_id="r", delivered=())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_page_or_are_refused(data: bytes) -> None:
    """A file of any other kind, dropped there by accident."""
    with pytest.raises(SeedError):
        parse(data)


@pytest.mark.parametrize("heading", ["Abstract in English, Chinese", "ABSTRACT", "## Abstract"])
def test_an_abstract_in_several_languages_is_one(heading: str) -> None:
    """The heading names them."""
    assert parse(SMALL.replace("Abstract", heading)).abstract == parse(SMALL).abstract

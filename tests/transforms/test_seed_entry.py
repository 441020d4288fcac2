"""An entry of a list, from the string that PubMed shows to its fields."""

import time
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.seed_entry import SeedEntry, parse_entry


def parse(*lines: str, list_name: str = "similar") -> SeedEntry:
    return parse_entry("\n".join(lines), list_name=list_name, citation_order=1)


def found(entry: SeedEntry) -> dict[str, object]:
    """The fields that are not None and not empty, other than the place and the text."""
    values = asdict(entry)
    for name in ("list_name", "citation_order", "citation_text"):
        del values[name]
    return {name: value for name, value in values.items() if value not in (None, ())}


def test_the_short_citation_tells_where_the_title_stops() -> None:
    """Title and journal run together; the journal is named again before the PMID."""
    entry = parse(
        "The Ketamine Antidepressant Story: New Insights.Molecules. 2020 Dec 7;25(23):5777. "
        "doi: 10.3390/molecules25235777. Molecules. 2020. PMID: 33297563 Free PMC article. Review."
    )
    assert found(entry) == {
        "pmid": 33297563,
        "title": "The Ketamine Antidepressant Story: New Insights.",
        "journal": "Molecules",
        "pub_date": "2020 Dec 7",
        "pub_year": 2020,
        "volume": "25",
        "issue": "23",
        "pages": "5777",
        "doi": "10.3390/molecules25235777",
        "flags": ("Free PMC article",),
        "publication_types": ("Review",),
    }


@pytest.mark.parametrize(
    "title",
    [
        "Is ketamine safe?",
        "At last!",
        "Is it safe? A question of dose.",
        "A dose of 0.5 mg/kg. Then 1.5 mg/kg.",
        "[Ketamin bei Depression].",
        'He said "no".',
        'She said "why?"',
        "β-arrestin in Zürich: 5-HT₂A.",
        "mTOR.",
        "Over 9,000 in 2014. Nature. 2014.",
        "Comment on: the effect of x.",
        "Nutrition in children. Vitamin A.",
        "PMC and DOI: a review",
    ],
)
def test_a_title_may_end_and_hold_what_it_likes(title: str) -> None:
    """Full stops, question marks and brackets inside a title are not ends of it."""
    entry = parse(f"{title}Nature. 2014 Feb;5:1. doi: 10.1/x. Nature. 2014. PMID: 8")
    assert (title, "Nature", "2014 Feb", "5", "1") == (
        entry.title,
        entry.journal,
        entry.pub_date,
        entry.volume,
        entry.pages,
    )


@pytest.mark.parametrize(
    "journal",
    ["Psychopharmacology (Berl)", "Acta Crystallogr. D. Struct", "J R Soc Interface", "3 Biotech", "Ärztebl", "mBio"],
)
def test_a_journal_may_hold_brackets_and_full_stops(journal: str) -> None:
    """The whole journal is what repeats, not its last word."""
    entry = parse(f"A title.{journal}. 2016 Feb;233(3):405-15. Epub 2015 Oct 29. {journal}. 2016. PMID: 26514555")
    assert ("A title.", journal, "2015 Oct 29") == (entry.title, entry.journal, entry.epub_date)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("2014 Mar;156:24-35", ("2014 Mar", "156", None, "24-35")),
        ("2014;156(2)", ("2014", "156", "2", None)),
        ("2014 Nov;264 Suppl 1:S55-65", ("2014 Nov", "264 Suppl 1", None, "S55-65")),
        ("2014;25(3 Pt 2 (Suppl)):1", ("2014", "25", "3 Pt 2 (Suppl)", "1")),
        ("2015 Sep 23;(9):CD011612", ("2015 Sep 23", None, "9", "CD011612")),
        ("2020 Dec 7:1-9", ("2020 Dec 7", None, None, "1-9")),
        ("2020 May 22:S0140-6736(20)31180-6", ("2020 May 22", None, None, "S0140-6736(20)31180-6")),
        ("2018;3(4-5):127.e1-127.e5", ("2018", "3", "4-5", "127.e1-127.e5")),
        ("1999;80(6):457-8; discussion 460", ("1999", "80", "6", "457-8; discussion 460")),
        ("2020 Jan-Feb;1:2", ("2020 Jan-Feb", "1", None, "2")),
        ("1998 Spring;1:2", ("1998 Spring", "1", None, "2")),
        ("1998 Apr 15-30;1:2", ("1998 Apr 15-30", "1", None, "2")),
        ("1975-1976;1:2", ("1975-1976", "1", None, "2")),
        ("2013 Nov-2014 Jan;1:2", ("2013 Nov-2014 Jan", "1", None, "2")),
        ("2001 3rd Quarter;1:2", ("2001 3rd Quarter", "1", None, "2")),
        ("2014 Mar 3", ("2014 Mar 3", None, None, None)),
    ],
)
def test_dates_and_numbers_stay_as_they_stand(numbers: str, expected: tuple[str | None, ...]) -> None:
    """Each part can be missing, and a date need not be a month and a day."""
    year = numbers[:4]
    entry = parse(f"A title.J Med. {numbers}. doi: 10.1/x. J Med. {year}. PMID: 1")
    assert expected == (entry.pub_date, entry.volume, entry.issue, entry.pages)
    assert int(year) == entry.pub_year


@pytest.mark.parametrize(
    "doi",
    [
        "10.1016/S0140-6736(19)31234-5",
        "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
        "10.1371/journal.pone.0119045",
        "10.1000/a_b;c[d]",
    ],
)
def test_a_doi_keeps_its_odd_characters(doi: str) -> None:
    """Brackets and semicolons belong to old DOIs; the sentence's full stop does not."""
    assert doi == parse(f"T.J Med. 2014;1:2. doi: {doi}. Epub 2013 Dec 1. J Med. 2014. PMID: 1").doi


def test_identifiers_of_all_kinds_are_found_before_and_after_the_pmid() -> None:
    """PubMed has used several orders over the years."""
    entry = parse("T.J Med. 2014. pii: S01(9)1-5. doi: 10.1/x. J Med. 2014. PMID: 1 PMCID: PMC22. Review.")
    assert (entry.pii, entry.doi, entry.pmc_id, entry.pmid) == ("S01(9)1-5", "10.1/x", "PMC22", 1)
    assert (entry.publication_types, entry.flags) == (("Review",), ())


def test_a_note_on_another_citation_gives_its_ids_to_nobody() -> None:
    """A retraction's or a later version's PMID and DOI are not the entry's own."""
    entry = parse(
        "A preprint.bioRxiv [Preprint]. 2023 Jan 5:2022.12.01.518123. doi: 10.1101/2022.12.01.518123. "
        "Update in: Cell. 2023 Feb 2;1(1):3. doi: 10.1/zz. PMID: 99 bioRxiv. 2023. PMID: 1 Updated."
    )
    assert (
        entry.pmid,
        entry.journal,
        entry.doi,
        entry.pages,
    ) == (1, "bioRxiv", "10.1101/2022.12.01.518123", "2022.12.01.518123")
    assert entry.flags == ("Update in: Cell. 2023 Feb 2;1(1):3. doi: 10.1/zz. PMID: 99", "Updated")
    assert entry.publication_types == ("Preprint",)


@pytest.mark.parametrize(
    "lines",
    [
        (
            "Ketamine: promising path or false prophecy?",
            "Zanos P, Gould TD; Study Group.",
            "Mol Psychiatry. 2018 Apr;23(4):801-811. doi: 10.1038/mp.2017.255. Epub 2018 Mar 13.",
            "PMID: 29532791 Free PMC article.",
        ),
        ("[Ketamine]. [Article in German] Zanos P, Gould TD. Nervenarzt. 2018 Apr;85(3):1. doi: 10.1038/",
         "mp.2017.255. PMID: 29532791 Free PMC article."),
        ("A title.van der Berg A, O'Brien J Jr.van der Berg A, et al.J Med. 2018 Apr;1:2. doi: 10.1038/mp.2017.255.",
         "J Med. 2018. PMID:", "29532791 Free PMC", "article."),
    ],
)  # fmt: skip
def test_with_authors_between_no_title_is_taken(lines: tuple[str, ...]) -> None:
    """Where it ends would be a guess, and Entrez knows it by the PMID. PMID, DOI and flags are found in any form."""
    entry = parse(*lines)
    assert (entry.title, entry.authors) == (None, None)
    assert (entry.pmid, entry.doi) == (29532791, "10.1038/mp.2017.255")
    assert "Free PMC article" in entry.flags
    assert " ".join(lines) == entry.citation_text


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        (
            "T.J Med. 2012;39(2):1. doi: 10.1016/ j.anl.2011.02.012. Epub 2011 May 17. PMID: 1",
            "10.1016/j.anl.2011.02.012",
        ),
        ("T. J Med. 2012. doi:\n10.1016/x.1. PMID: 1", "10.1016/x.1"),
        ("T. J Med. 2012. doi: 10.1111\n/j.1365-2133. PMID: 1", "10.1111/j.1365-2133"),
        ("T. J Med. 2012. doi: 10.1016/S0002-9440\n(10)65298-4. PMID: 1", "10.1016/S0002-9440(10)65298-4"),
        ("T. J Med. 2012. doi: 10.1016/S0002\nPMID: 1", "10.1016/S0002"),
        ("T. J Med. 1999;60 Suppl 1:1-9. doi: 51466. J Med. 1999. PMID: 1", None),
    ],
)
def test_a_doi_is_whole_over_line_breaks(text: str, doi: str | None) -> None:
    """Programs break lines around slashes and before brackets; what is not a DOI is none, and no flag either."""
    entry = parse(*text.split("\n"))
    assert entry.doi == doi
    assert entry.flags == ()


WORD = st.from_regex(r"[A-Za-z\u00e0-\u00f6\u03b1-\u03c9][a-z0-9\u00e0-\u00f6-]{0,9}", fullmatch=True)
TITLE = st.builds(
    " ".join,
    st.lists(
        st.builds(
            lambda words, end: " ".join(words) + end,
            st.lists(WORD, min_size=2, max_size=8),
            st.sampled_from([".", "?", "!", ": so.", " (1.5 mg)."]),
        ),
        min_size=1,
        max_size=3,
    ),
)
JOURNAL = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(st.from_regex(r"[A-Z\u00c0-\u00d6][a-z]{1,8}", fullmatch=True), min_size=1, max_size=4),
    st.sampled_from(["", " (Berl)", " A", " 2"]),
)
DATE = st.sampled_from(
    ["2014", "2014 Mar", "2020 Dec 7", "2020 Jan-Feb", "1998 Spring", "2013 Nov-2014 Jan", "1998 Apr 15-30"]
)
NUMBER = st.from_regex(r"[1-9][0-9]{0,3}", fullmatch=True)
ISSUE = st.one_of(NUMBER, st.sampled_from(["3 Suppl 1", "Pt 2", "4-5"]))
PAGES = st.sampled_from(["1", "24-35", "S55-65", "e0119045", "127.e1-127.e5", "S0140-6736(19)31234-5"])
DOI = st.from_regex(r"10\.[0-9]{4}/[a-z0-9][a-zA-Z0-9.()/_-]{0,15}[a-zA-Z0-9]", fullmatch=True)
FLAGS = st.lists(st.sampled_from(["Free PMC article", "German", "No abstract available"]), unique=True)
TYPES = st.lists(
    st.sampled_from(["Review", "Clinical Trial, Phase I", "Research Support, N.I.H., Extramural"]), unique=True
)


@given(
    st.fixed_dictionaries(
        {
            "title": TITLE,
            "journal": JOURNAL,
            "pub_date": DATE,
            "volume": NUMBER,
            "issue": st.none() | ISSUE,
            "pages": PAGES,
            "doi": st.none() | DOI,
            "epub_date": st.none() | st.sampled_from(["2013 Dec 10", "2013 Dec", "2013"]),
            "pmid": st.integers(1, 999_999_999),
            "flags": FLAGS.map(tuple),
            "publication_types": TYPES.map(tuple),
        }
    ),
    st.sampled_from(["", " "]),
)
def test_an_entry_made_from_parts_is_taken_apart_into_them(parts: dict[str, object], gap: str) -> None:
    """A round trip for titles, journals and numbers of any kind."""
    issue = f"({parts['issue']})" if parts["issue"] else ""
    doi = f" doi: {parts['doi']}." if parts["doi"] else ""
    epub = f" Epub {parts['epub_date']}." if parts["epub_date"] else ""
    date = str(parts["pub_date"])
    phrases = " ".join(f"{p}." for group in (parts["flags"], parts["publication_types"]) for p in group)  # type: ignore[attr-defined]
    entry = parse(
        f"{parts['title']}{gap}{parts['journal']}. {date};{parts['volume']}{issue}:{parts['pages']}.{doi}{epub} "
        f"{parts['journal']}. {date[:4]}. PMID: {parts['pmid']} {phrases}".strip()
    )
    assert {name: value for name, value in parts.items() if value} | {"pub_year": int(date[:4])} == found(entry)


PIECES = st.sampled_from(
    [
        "PMID: 1",
        ". 2014",
        ";",
        "(",
        ")",
        "doi: 10.1/x",
        "A B",
        "Kim K, ",
        "et al.",
        "Update in: ",
        "J Med",
        "?",
        "a ",
        " ",
    ]
)


@given(
    st.lists(st.one_of(PIECES, st.text(max_size=5)), min_size=1), st.sampled_from(["similar", "reference", "Update in"])
)
def test_any_text_is_an_entry(pieces: list[str], list_name: str) -> None:
    """An entry that cannot be understood is kept, never refused."""
    text = " ".join("".join(pieces).split())
    entry = parse(text, list_name=list_name)
    assert text == entry.citation_text
    assert entry.title is None or entry.title in text.replace("  ", " ") or "[Article in" in text


@pytest.mark.parametrize(
    "text",
    [
        "A B I, " * 1400 + "x",
        "Kim K, " * 1400 + ". x",
        ". 2014;1" * 1200,
        "A. " * 3000 + "2014. PMID: 1",
        "(" * 9000,
        "J. 2014. " * 1000 + "PMID: 1",
        "a (2010) b. " * 800,
        "- DOI " * 1600 + "x",
        "10.1234/" * 1200,
    ],
)
def test_the_time_for_an_entry_is_bounded(text: str) -> None:
    """Patterns that try every way to split a long line would hang a refresh."""
    begun = time.process_time()
    parse(text)
    parse(text, list_name="reference")
    assert time.process_time() - begun < 10


def test_a_book_has_a_date_and_no_journal() -> None:
    """StatPearls is on many pages; what it is a part of is a flag, and its authors are not a journal."""
    source = "In: StatPearls [Internet]. Treasure Island (FL): StatPearls Publishing; 2025 Jan\u2013"
    fields = {"pmid": 3, "title": "Ketamine.", "pub_date": "2024 Jan 30", "pub_year": 2024, "flags": (source, "Free x")}
    together = parse(f"Ketamine.2024 Jan 30. {source}. 2024 Jan 30. {source}. PMID: 3 Free x.")
    assert found(together) == fields
    later = parse(f"Ketamine.2008 Jan 1 [updated 2009 Feb 2]. {source}. PMID: 3")
    assert (later.pub_date, later.flags) == ("2008 Jan 1", ("[updated 2009 Feb 2]", source))


def test_a_preprint_is_one_by_its_short_citation_too() -> None:
    """Whether or not it says so again before the PMID."""
    for short in ("medRxiv. 2023.", "medRxiv [Preprint]. 2023."):
        entry = parse(f"A title.medRxiv [Preprint]. 2023 Jan 5:2023.01.05.1. doi: 10.1101/1. {short} PMID: 3")
        assert (entry.title, entry.journal, entry.publication_types) == ("A title.", "medRxiv", ("Preprint",))

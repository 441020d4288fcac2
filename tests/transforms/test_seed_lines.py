"""The lines of a page: which belong to its sections, and where one entry of a list ends."""

import re
import textwrap
import time

import pytest

from tests.seed_pages import BROWSER, EXTRACTED, GIVEN, ODD, SMALL, WHOLE_WINDOW, parse, parsed, pmids
from transforms.seed_lines import is_heading, is_ignored, read_lines


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text)) - {"PMID", "DOI", "PMCID", "doi", "Epub", "Keywords", "Title"}


@pytest.mark.parametrize("text", [GIVEN.read_text(), ODD.read_text(), BROWSER, WHOLE_WINDOW, EXTRACTED, SMALL])
def test_every_line_is_in_a_field_or_a_heading_or_ignored_on_purpose(text: str) -> None:
    """Nobody would miss a line that is dropped by accident."""
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


def test_references_of_one_length_are_not_taken_for_wrapped_lines() -> None:
    """Their width says nothing."""
    lines = [f"Foo B, Bar C. A title that is as long as the others: {n}. J Med. 2014;1:2." for n in range(100, 130)]
    entries = parse(SMALL + "\n".join(lines)).entries[2:]
    assert [entry.citation_text for entry in entries] == lines


@pytest.mark.parametrize("bullet", ["", "-\n", "{n}. "])
def test_several_hundred_entries_are_all_found(bullet: str) -> None:
    """Someone pressed 'See all similar articles'."""
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


def test_references_without_pmid_are_entries_of_their_own() -> None:
    """One per line without bullets, or one per paragraph."""
    one = "Hutton B, Salanti G. The statement. Ann Intern Med. 2015;162:777-784. - DOI - PubMed"
    two = "Aan het Rot M (2010) Safety of x. Biol Psychiatry 67:139-145"
    three = "Invented Organization. Depression. Geneva: IO; 2017."
    for text in (f"{one}\n{two}\n{three}", f"{one}\n\n{two}\n\n{three}", f"{one}\nDOI\nPubMed\n{two}\n- DOI\n{three}"):
        entries = parse(SMALL + text).entries[2:]
        assert [entry.citation_text for entry in entries] == [one, two, three]
        assert [entry.pmid for entry in entries] == [None, None, None]


def test_a_number_behind_a_bullet_is_none_of_the_reference() -> None:
    """Lists whose numbers are text have both."""
    page = parse(SMALL + "\nReferences\n\u2022 1.\nA one. Nature. 2001;1:1.\n\u2022 2.\nA two. Nature. 2001;1:2.\n")
    assert [e.citation_text for e in page.entries if e.list_name == "reference"] == [
        "A one. Nature. 2001;1:1.",
        "A two. Nature. 2001;1:2.",
    ]


def test_a_list_under_an_unknown_heading_keeps_that_heading() -> None:
    """PubMed adds kinds of lists; their entries are not of the list above."""
    text = SMALL.replace("Cited by", "Discussed in podcasts\n-\nThree.J Med. 2016;1:4. J Med. 2016. PMID: 4\nCited by")
    assert pmids(parse(text)) == [("similar", 2), ("similar", 3), ("Discussed in podcasts", 4)]


def test_a_heading_that_comes_twice_continues_its_list() -> None:
    """The second part goes on counting."""
    page = parse(SMALL + "Similar articles\n-\nThree.J Med. 2016;1:4. J Med. 2016. PMID: 4\n")
    assert [(e.citation_order, e.pmid) for e in page.entries] == [(1, 2), (2, 3), (3, 4)]

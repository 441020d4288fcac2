"""The tables of a page: its entries, its links, and its own citation as a record would fill it."""

import hashlib
from datetime import date

import pytest

from tests.seed_pages import GIVEN, ODD, SMALL, parse, rows
from transforms.seed_tables import make_seed_tables
from warehouse.schema.citation import CITATION


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


def test_a_delivered_pmid_gets_no_citation_from_the_page() -> None:
    """Entrez knows better; its links and entries stay."""
    tables = rows(parse(SMALL), delivered=[1, 3])
    assert [row["pmid"] for row in tables["citation"]] == [2]
    assert [row["pmid"] for row in tables["publication_type"]] == [2]
    assert [row["linked_pmid"] for row in tables["link"]] == [2, 3]
    assert [row["pmid"] for row in tables["seed_citation"]] == [2, 3]


def test_a_citation_holds_what_the_entry_says_and_null_elsewhere() -> None:
    """Dates are split if they have parts, otherwise kept whole."""
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
    """With the first entry's words, or the page's own if it lists itself, which is not a link."""
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


OWN = """\
J Invent Res
. 2014 Nov;264:S55-65.
An invented title
Ann B Roe 1 2, Ludwig van Poe Jr 2, Zoe K\u00fc
Affiliations
1 Department of Inventions.
2 Elsewhere.
PMID: 1
Abstract
Background: Why.
Results: What.
Comment in
- Roe A. J Invent Res. 2015;1:1. PMID: 2
Retraction in
- Poe B. J Invent Res. 2016;1:1. PMID: 3
MeSH terms
- Depression / blood
- Depression / drug therapy*
- Humans
Substances
- Ketamine
Keywords
odd; pages
"""


def test_a_page_fills_the_tables_that_a_record_would_fill() -> None:
    """As far as it has them: names, affiliations, labels, MeSH, substances, keywords, comments and corrections."""
    tables = rows(parse(OWN))

    def told(table: str, *columns: str) -> list[tuple[object, ...]]:
        return [tuple(row[column] for column in columns) for row in tables[table]]

    assert told("author", "author_order", "last_name", "fore_name", "suffix") == [
        (1, "Roe", "Ann B", None),
        (2, "van Poe", "Ludwig", "Jr"),
        (3, "K\u00fc", "Zoe", None),
    ]
    assert told("affiliation", "author_order", "affiliation_order", "affiliation") == [
        (1, 1, "Department of Inventions."),
        (1, 2, "Elsewhere."),
        (2, 1, "Elsewhere."),
    ]
    assert told("abstract_section", "section_order", "label", "section_text") == [
        (1, "Background", "Why."),
        (2, "Results", "What."),
    ]
    columns = ("heading_order", "qualifier_order", "descriptor_name", "qualifier_name", "is_qualifier_major")
    assert told("mesh_heading", *columns) == [
        (1, 1, "Depression", "blood", False),
        (1, 2, "Depression", "drug therapy", True),
        (2, 1, "Humans", "", None),
    ]
    assert told("substance", "substance_name") == [("Ketamine",)]
    assert told("keyword", "keyword_order", "keyword") == [(1, "odd"), (2, "pages")]
    assert told("comment_correction", "ref_type", "related_pmid") == [("CommentIn", 2), ("RetractionIn", 3)]
    assert told("link", "link_kind", "linked_pmid") == [("comment_in", 2), ("retraction_in", 3)]
    assert told("citation", "pmid", "is_retracted") == [(1, True), (2, False), (3, False)]
    assert all(not rows(parse(OWN), delivered=[1])[name] for name in ("author", "mesh_heading", "comment_correction"))


@pytest.mark.parametrize(
    "authors",
    [
        "Ann B Roe 1 2,\nLudwig van Poe Jr 2, Ali el-Aziz",
        "Roe AB \u00b9 \u00b2, van Poe\nL, el-Aziz A",
        "Roe AB\n1, van Poe L 2, el-Aziz A",
        "Roe AB, van\nPoe L, el-\nAziz A",
        "Ann Bernadette Cecilia Roe 1 2, Ludwig Maximilian van\nPoe 2, Ali el-Aziz 2",
    ],
)
def test_authors_over_several_lines_are_all_there(authors: str) -> None:
    """Programs break a long line of names anywhere; none of them is lost, and nobody is made of half a name."""
    page = parse(OWN.replace("Ann B Roe 1 2, Ludwig van Poe Jr 2, Zoe K\u00fc", authors))
    assert [row["last_name"] for row in rows(page)["author"]] == ["Roe", "van Poe", "el-Aziz"]


@pytest.mark.parametrize(
    ("authors", "people"),
    [
        ("Roe AB, Poe K; American Society of Inventors", ["Roe", "Poe", None]),
        ("Roe AB 1, Chapple SDj 2, Poe K", ["Roe", None, "Poe"]),
        ("Ann Roe 1, World Invention Organization 2", ["Roe", None]),
        ("Ann B 1, Bo Poe 2", ["B", "Poe"]),
    ],
)
def test_who_is_no_person_is_a_collective(authors: str, people: list[str | None]) -> None:
    """A name is split only in the way the others of its list are."""
    found = rows(parse(OWN.replace("Ann B Roe 1 2, Ludwig van Poe Jr 2, Zoe K\u00fc", authors)))["author"]
    assert [row["last_name"] for row in found] == people
    assert all((row["last_name"] is None) == bool(row["collective_name"]) for row in found)

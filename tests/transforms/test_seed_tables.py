"""What a page says of its own citation, in the tables that a record would fill."""

import pytest

from tests.transforms.test_seed_text import parse, rows

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
    """As far as it tells: names, affiliations, labels, MeSH, substances, keywords, comments and corrections."""
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
    """A name is taken apart only as the others of its list are."""
    found = rows(parse(OWN.replace("Ann B Roe 1 2, Ludwig van Poe Jr 2, Zoe K\u00fc", authors)))["author"]
    assert [row["last_name"] for row in found] == people
    assert all((row["last_name"] is None) == bool(row["collective_name"]) for row in found)

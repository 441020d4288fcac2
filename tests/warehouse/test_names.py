"""Names of authors and titles as views show and count them."""

import pytest

from flows.corpus_search.ask import search_corpus
from tests.corpora import commit, select
from tests.records import article
from warehouse import build
from warehouse.store import DataDirectory

AUTHOR = "<Author ValidYN='{}'><LastName>{}</LastName><Initials>{}</Initials>{}</Author>"
PLACE = "<AffiliationInfo><Affiliation>{}</Affiliation></AffiliationInfo>"


def authors(*people: tuple[str, str, str, str]) -> tuple[str, str, str]:
    """The parts of a record with authors, each (ValidYN, last name, initials, more)."""
    return f"<AuthorList>{''.join(AUTHOR.format(*person) for person in people)}</AuthorList>", "", ""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Names that are corrected, have a suffix, or are written in several ways; titles that NLM does not have."""
    directory = DataDirectory(tmp_path_factory.mktemp("data"))
    wrong, right = ("N", "Mistermann", "A", PLACE.format("Wrong")), ("Y", "Mustermann", "A", PLACE.format("Right"))
    commit(
        directory,
        article(1, parts=authors(wrong, right, ("Y", "Ace", "BC", "<Suffix>Jr</Suffix>"))),
        article(2, parts=authors(("Y", "M\u00dcLLER", "A", ""), ("Y", "Bee", "B", ""), ("N", "Bea", "B", ""))),
        article(3, parts=authors(("Y", "Mu\u0308ller", "A", ""), ("Y", "Bee", "B", ""))),
        article(4, title="[Not Available].").replace(
            "</PublicationTypeList>",
            "</PublicationTypeList><VernacularTitle>Observaciones sobre zoonosis.</VernacularTitle>",
        ),
        article(5, title="[Not Available]."),
    )
    build.publish(directory)
    return directory


def test_a_name_marked_as_wrong_is_kept_and_no_author(directory: DataDirectory) -> None:
    """Its correction stands beside it, and would be counted twice."""
    assert select(directory, "SELECT last_name FROM author WHERE NOT is_valid ORDER BY 1") == [
        ("Bea",),
        ("Mistermann",),
    ]
    assert select(directory, "SELECT authors, first_affiliation FROM article WHERE pmid = 1") == [
        (["Mustermann A", "Ace BC Jr"], "Right")
    ]
    ends = "SELECT author_name, first_author_count, last_author_count FROM author_output ORDER BY 1"
    assert select(directory, ends) == [
        ("Ace BC Jr", 0, 1),
        ("Bee B", 0, 2),
        ("Mustermann A", 1, 0),
        ("Mu\u0308ller A", 2, 0),
    ]
    assert select(directory, "FROM coauthor WHERE author_name IN ('Bea B', 'Mistermann A')") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mustermann a[1au]", [1]),
        ("mistermann a[1au]", []),
        ("mistermann a[au]", [1]),
        ("bee b[lastau]", [3, 2]),
        ("bea b[lastau]", []),
        ("muller a[1au]", [3, 2]),
        ("ace bc jr[au]", [1]),
        ('"ace bc"[lastau]', [1]),
        ("ace bc sr[au]", []),
    ],
)
def test_the_first_and_last_author_are_valid_names(directory: DataDirectory, query: str, expected: list[int]) -> None:
    """It is still found as a name."""
    assert search_corpus(directory, query).citations["pmid"].to_pylist() == expected


def test_names_are_compared_in_one_form_and_without_case(directory: DataDirectory) -> None:
    """Composed or not, capitals or not; asked for by any spelling."""
    asked = "SELECT coauthor_name, citation_count FROM coauthor WHERE author_name = '{}'"
    for spelling in ("M\u00dcLLER A", "Mu\u0308ller A"):
        assert select(directory, asked.format(spelling)) == [("Bee B", 2)]
    assert [row[1] for row in select(directory, asked.format("Bee B"))] == [2]
    assert select(directory, "SELECT name_key('Wei\u00df A') = name_key('WEISS A'), name_key('Mu\u0308ller')") == [
        (True, "m\u00fcller")
    ]


def test_a_title_that_nlm_does_not_have_is_shown_in_its_own_language(directory: DataDirectory) -> None:
    """And found by its words; verbatim it stays in citation."""
    assert select(directory, "SELECT pmid, title FROM article WHERE pmid IN (4, 5) ORDER BY 1") == [
        (4, "Observaciones sobre zoonosis."),
        (5, "[Not Available]."),
    ]
    assert select(directory, "SELECT article_title FROM citation WHERE pmid = 4") == [("[Not Available].",)]
    assert select(directory, "SELECT pmid, title FROM search_article('zoonosis')") == [
        (4, "Observaciones sobre zoonosis.")
    ]
    (row,) = search_corpus(directory, "zoonosis").citations.to_pylist()
    assert row["title"] == "Observaciones sobre zoonosis."


def test_article_has_where_it_stands(directory: DataDirectory) -> None:
    """Volume, issue, pages, ISSN and language."""
    asked = "SELECT volume, issue, pages, issn, languages FROM article WHERE pmid = 2"
    assert select(directory, asked) == [("7", "2", "11-9", "1234-5678", ["eng"])]

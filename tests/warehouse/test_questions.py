"""The views and macros that answer what people ask, on a few invented records."""

from typing import Any

import duckdb
import pytest

from tests.corpora import NOON, commit
from tests.records import article
from warehouse import build
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.ledger import DELETED_CITATION, OUTCOMES, REQUEST, RUN
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.members import MEMBER
from warehouse.sql_files import read_sql
from warehouse.store import DataDirectory

AUTHOR = "<Author><LastName>{}</LastName><Initials>{}</Initials>{}</Author>"
ORCID = '<Identifier Source="ORCID">0000-0002-1825-0097</Identifier>'
TIE = (
    "<CommentsCorrectionsList><CommentsCorrections RefType='{}'><RefSource>J Invent Res. 2020</RefSource>"
    "<PMID Version='1'>{}</PMID></CommentsCorrections></CommentsCorrectionsList>"
)
HEADING = (
    "<MeshHeadingList><MeshHeading><DescriptorName UI='D007649' MajorTopicYN='{}'>Ketamine</DescriptorName>"
    "<QualifierName UI='Q000627' MajorTopicYN='N'>therapeutic use</QualifierName>"
    "<QualifierName UI='Q000009' MajorTopicYN='N'>adverse effects</QualifierName></MeshHeading></MeshHeadingList>"
)
REFERENCE = (
    "<ReferenceList><Reference><Citation>A paper.</Citation><ArticleIdList>"
    '<ArticleId IdType="pubmed">{}</ArticleId></ArticleIdList></Reference></ReferenceList>'
)


def authors(*people: tuple[str, str, str]) -> str:
    """An author list of (last name, initials, identifier)."""
    return f"<AuthorList>{''.join(AUTHOR.format(*person) for person in people)}</AuthorList>"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A corpus in which 1 is retracted by 2; 3 cites 1; 4 is linked to 1 and, like 3, to 9, which is not held."""
    directory = DataDirectory(tmp_path_factory.mktemp("data"))
    commit(
        directory,
        article(
            1, title="One.", parts=(authors(("Ace", "A", ORCID), ("Bee", "B", "")), TIE.format("RetractionIn", 2), "")
        ),
        article(2, title="Two.", parts=("", TIE.format("RetractionOf", 1), REFERENCE.format(1))).replace(
            "2019", "2020"
        ),
        article(
            3,
            title="Three.",
            parts=(authors(("Bee", "B", ""), ("Ace", "A", ORCID)), HEADING.format("N"), REFERENCE.format(1)),
        ).replace("2019", "2021"),
        article(4, title="Four.", parts=(authors(("Bee", "B", "")), HEADING.format("Y"), REFERENCE.format(9))),
    )
    writer = start_run(directory, NOON)
    stamp, run_id = NOON.replace(tzinfo=None), writer.run_id
    lists = [
        (4, "similar", "elink", 2),
        (4, "similar", "seed", 1),
        (1, "cited_by", "elink", 1),
        (3, "similar", "seed", 2),
    ]
    writer.write({"link_list": LINK_LIST.to_arrow([(*row, run_id, stamp) for row in lists])})
    links = [
        (4, "similar", 9, "elink", 1, 50),
        (4, "similar", 1, "elink", 2, 70),
        (4, "similar", 9, "seed", 1, None),
        (1, "cited_by", 3, "elink", 1, None),
        (3, "similar", 9, "seed", 1, None),
        (3, "similar", 8, "seed", 2, None),
    ]
    writer.write({"link": LINK.to_arrow(links)})
    members = [(1, "seed", "page", 0, None), (4, "cited_by", "1", 1, None), (3, "similar", "4", 2, run_id)]
    members.append((1, "similar", "4", 2, None))
    writer.write({"member": MEMBER.to_arrow([(*row[:4], run_id, row[4], run_id) for row in members])})
    writer.write({"deleted_citation": DELETED_CITATION.to_arrow([(8, "DeleteCitation", "file", run_id)])})
    counts = (int(outcome == "deleted") for outcome in OUTCOMES)
    writer.write(
        {"run": RUN.to_arrow([(run_id, "refresh", stamp, stamp, "test", None, 1, *counts, True, 0, "0", None)])}
    )
    writer.write({"request": REQUEST.to_arrow([(run_id, 8, "missing", "deleted", None)])})
    commit_run(writer)
    build.publish(directory)
    return duckdb.connect(directory.database, read_only=True)


def ask(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The answer's rows."""
    return con.execute(sql).fetchall()


def test_cites_joins_reference_lists_and_link_lists_of_either_side(con: duckdb.DuckDBPyConnection) -> None:
    """What the record says and what ELink says are one row."""
    assert ask(con, "SELECT pmid, title, sources FROM cites(3)") == [(1, "One.", ["elink", "record"])]
    assert ask(con, "SELECT pmid, title, sources FROM cites(4)") == [(9, None, ["record"])]
    assert ask(con, "SELECT pmid, year, sources FROM cited_by(1)") == [
        (2, 2020, ["record"]),
        (3, 2021, ["elink", "record"]),
    ]


def test_similar_to_ranks_by_score_and_names_its_sources(con: duckdb.DuckDBPyConnection) -> None:
    """A neighbour that is not held has no title."""
    assert ask(con, "SELECT pmid, score, title, sources FROM similar_to(4)") == [
        (1, 70, "One.", ["elink"]),
        (9, 50, None, ["elink", "seed"]),
    ]
    assert ask(con, "SELECT pmid FROM similar_to(3)") == [(9,), (8,)]


def test_a_retraction_has_the_paper_the_notice_and_its_date(con: duckdb.DuckDBPyConnection) -> None:
    """Said from both sides, and once here."""
    assert ask(con, "SELECT pmid, title, notice_pmid, CAST(notice_date AS VARCHAR), notice_year FROM retraction") == [
        (1, "One.", 2, "2020-03-04", 2020)
    ]


def test_what_cites_a_retracted_paper_is_named_without_the_notice(con: duckdb.DuckDBPyConnection) -> None:
    """The notice of course cites it."""
    assert ask(con, "SELECT pmid, retracted_pmid, is_after_notice FROM cites_retracted") == [(3, 1, True)]


def test_the_frontier_is_what_is_not_held_and_much_linked_to(con: duckdb.DuckDBPyConnection) -> None:
    """PMID 8 was withdrawn."""
    assert ask(con, "SELECT pmid, linked_count, link_kinds FROM frontier(1)") == [(9, 2, ["reference", "similar"])]
    assert ask(con, "FROM frontier(3)") == []


def test_why_goes_down_to_the_seed(con: duckdb.DuckDBPyConnection) -> None:
    """Step by step, and says which reason has ceased; two that came through each other still end."""
    asked = "SELECT step, pmid, reason, via, until IS NULL, link_sources FROM why({})"
    assert ask(con, asked.format(4)) == [
        (0, 4, "cited_by", "1", True, None),
        (1, 1, "seed", "page", True, None),
    ]
    assert [row[:5] for row in ask(con, asked.format(3))] == [
        (0, 3, "similar", "4", False),
        (1, 4, "cited_by", "1", True),
        (2, 1, "seed", "page", True),
    ]
    assert [row[1:] for row in ask(con, asked.format(1)) if row[2] == "similar"] == [
        (1, "similar", "4", True, ["elink"])
    ]


def test_mesh_counts_a_citation_once_a_descriptor(con: duckdb.DuckDBPyConnection) -> None:
    """However many qualifiers it has."""
    asked = "SELECT descriptor_name, year, citation_count, major_count FROM mesh_by_year ORDER BY year"
    assert ask(con, asked) == [("Ketamine", 2019, 1, 1), ("Ketamine", 2021, 1, 0)]


def test_authors_are_counted_by_orcid_and_by_name_without_one(con: duckdb.DuckDBPyConnection) -> None:
    """With their positions in the list."""
    asked = """SELECT author_name, orcid IS NOT NULL, citation_count, first_author_count, last_author_count, last_year
        FROM author_output ORDER BY 1"""
    assert ask(con, asked) == [("Ace A", True, 2, 1, 1, 2021), ("Bee B", False, 3, 2, 2, 2021)]


def test_coauthors_are_pairs_of_names(con: duckdb.DuckDBPyConnection) -> None:
    """From both sides."""
    asked = "SELECT coauthor_name, citation_count, first_year, last_year FROM coauthor WHERE author_name = 'Bee B'"
    assert ask(con, asked) == [("Ace A", 2, 2019, 2021)]


def test_a_journal_is_one_row_with_its_counts(con: duckdb.DuckDBPyConnection) -> None:
    """By its id in NLM's catalogue."""
    assert ask(
        con, "SELECT journal, nlm_unique_id, citation_count, retracted_count, first_year, last_year FROM journal"
    ) == [("J Invent Res", "0000001", 4, 1, 2019, 2021)]


def test_coverage_has_a_row_a_run_and_one_of_all(con: duckdb.DuckDBPyConnection) -> None:
    """Shares from 0 to 1."""
    asked = (
        "SELECT run_id IS NULL, citation_count, author_share, mesh_share, reference_share, abstract_share FROM coverage"
    )
    expected = (4, 0.75, 0.5, 0.75, 0)
    assert sorted(ask(con, asked)) == [(False, *expected), (True, *expected)]


def test_recent_change_counts_back_from_the_last_run(con: duckdb.DuckDBPyConnection) -> None:
    """What came in the last two runs, which are less than a day apart."""
    asked = "SELECT pmid, table_name, column_name, after FROM recent_change(1) WHERE pmid IN (1, 8)"
    assert ask(con, asked) == [
        (8, "deleted_citation", "evidence", "DeleteCitation"),
        (1, "citation", "pmid", "1"),
    ]
    assert ask(con, "FROM recent_change(0)") == []


EXAMPLES = {file.name: file.comment.partition("Example: ")[2] for file in read_sql("create")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_in_the_comment_runs(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """People copy it."""
    assert name.removeprefix("create_") in EXAMPLES[name]
    ask(con, EXAMPLES[name])

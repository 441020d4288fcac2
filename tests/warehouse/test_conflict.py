"""Where a seed page and the record disagree, both values stand in `conflict`; what only looks different does not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.records import article, article_set
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from transforms.pubmed_xml import make_tables
from transforms.raw_records import read_chunk
from transforms.seed_tables import make_seed_tables
from transforms.seed_text import parse_seed_document
from warehouse import build
from warehouse.run_writer import commit_run, start_run
from warehouse.store import DataDirectory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

PAGE = """{title}
- PMID: 7
- DOI: {doi}
{title}
Abstract
Some text.
Similar articles
-
{entry} PMID: 8
Cited by
References
"""
SAME = "Ketamine in an invented trial.J Invent Res. 2019 Mar 4;7(2):11-9. doi: 10.1000/8. J Invent Res. 2019."
DOI = '<ELocationID EIdType="doi" ValidYN="Y">{}</ELocationID>'


def conflicts(tmp_path: Path, page: str, *records: str) -> list[tuple[Any, ...]]:
    """The rows of `conflict` of a corpus with one page and some records."""
    directory = DataDirectory(tmp_path / "data")
    writer = start_run(directory, NOON)
    (chunk,) = split_document([article_set(*records)], name="test")
    origin = Provenance(writer.run_id, "efetch", "test", NOON, "0")
    writer.write(make_tables(read_chunk(chunk, name="test").records, origin).tables)
    seed = parse_seed_document(page.encode(), seed_id="page", file_name="page.txt")
    writer.write(make_seed_tables(seed, run_id=writer.run_id, delivered={7, 8}))
    commit_run(writer)
    build.publish(directory)
    with duckdb.connect(directory.database, read_only=True) as con:
        return con.execute("SELECT pmid, column_name, seed_value, entrez_value FROM conflict ORDER BY ALL").fetchall()


def record(pmid: int, doi: str, title: str = "Ketamine in an invented trial.") -> str:
    """A record with a DOI."""
    return article(pmid, title=title, parts=(DOI.format(doi), "", ""))


@pytest.mark.parametrize(
    "title",
    [
        "Ketamine in an invented trial",
        "KETAMINE in an  invented trial",
        "[Ketamine in an invented trial].",
        "Ketamine: in an &#8220;invented&#8221; trial?",
        "<i>Ketamine</i> in an invented trial.",
    ],
)
def test_titles_that_differ_in_case_or_punctuation_agree(tmp_path: Path, title: str) -> None:
    """A page has no markup, and typesets quotation marks and brackets in its own way."""
    page = PAGE.format(title="Ketamine in an invented trial", doi="10.1000/ABC", entry=SAME)
    assert conflicts(tmp_path, page, record(7, "10.1000/abc", title), record(8, "10.1000/8", title)) == []


def test_a_value_that_differs_is_there_from_both_sides(tmp_path: Path) -> None:
    """Of the page's own citation: its title and its DOI."""
    page = PAGE.format(title="Esketamine in an invented trial", doi="10.1000/other", entry=SAME)
    assert conflicts(tmp_path, page, record(7, "10.1000/abc"), record(8, "10.1000/8")) == [
        (7, "article_title", "Esketamine in an invented trial", "Ketamine in an invented trial."),
        (7, "doi", "10.1000/other", "10.1000/abc"),
    ]


def test_an_entry_of_a_list_can_disagree_too(tmp_path: Path) -> None:
    """In journal and year; neither of the journal's names is the entry's."""
    entry = "Ketamine in an invented trial.J Other Res. 2018 Mar 4;7(2):11-9. doi: 10.1000/8. J Other Res. 2018."
    page = PAGE.format(title="Ketamine in an invented trial", doi="10.1000/7", entry=entry)
    assert conflicts(tmp_path, page, record(7, "10.1000/7"), record(8, "10.1000/8")) == [
        (8, "medline_ta", "J Other Res", "J Invent Res"),
        (8, "pub_year", "2018", "2019"),
    ]


def test_a_journal_agrees_under_any_of_its_names(tmp_path: Path) -> None:
    """Here the record's full title, on the page."""
    entry = SAME.replace("J Invent Res", "Journal of Invented Results")
    page = PAGE.format(title="Ketamine in an invented trial", doi="10.1000/7", entry=entry)
    assert conflicts(tmp_path, page, record(7, "10.1000/7"), record(8, "10.1000/8")) == []


def test_a_value_that_was_cut_or_lost_its_hyphens_is_no_conflict(tmp_path: Path) -> None:
    """Programs cut titles and DOIs at a line's end, and PDF loses hyphens there; a title that goes on is a conflict."""
    cut = "Ketamine in an inv\u00adented.J Invent Res. 2019 Mar 4;7(2):11-9. doi: 10.1000/a8. J Invent Res. 2019."
    page = PAGE.format(title="Ketamine in an invented", doi="10.1000/7", entry=cut)
    assert conflicts(tmp_path, page, record(7, "10.1000/7-x"), record(8, "10.1000/a-8")) == []


def test_a_title_that_goes_on_is_a_conflict(tmp_path: Path) -> None:
    """The record does not contain it."""
    page = PAGE.format(title="Ketamine in an invented trial: and more", doi="10.1000/7", entry=SAME)
    assert [row[1] for row in conflicts(tmp_path, page, record(7, "10.1000/7"))] == ["article_title"]


def test_what_only_one_side_says_is_no_conflict(tmp_path: Path) -> None:
    """The record has no DOI, and PMID 8 has no record."""
    page = PAGE.format(title="Ketamine in an invented trial", doi="10.1000/7", entry=SAME)
    assert conflicts(tmp_path, page, article(7)) == []


def test_any_doi_of_the_record_agrees(tmp_path: Path) -> None:
    """ELocationID and ArticleId can differ; the page shows one of them."""
    page = PAGE.format(title="Ketamine in an invented trial", doi="10.1000/second", entry=SAME)
    two = article(7, parts=(DOI.format("10.1000/first") + DOI.format("10.1000/second"), "", ""))
    assert conflicts(tmp_path, page, two) == []

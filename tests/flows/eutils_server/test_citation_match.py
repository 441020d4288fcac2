"""ECitMatch answers Bio.Entrez, which knows nothing of this server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from Bio import Entrez

from flows.definition.settings import Settings
from flows.entrez.client import connect
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article, article_set

entrez: Any = Entrez  # Biopython declares no types.

MANN = "<AuthorList><Author><LastName>Mann</LastName><ForeName>Barbara J</ForeName><Initials>BJ</Initials></Author>"
MANN += "<Author><LastName>Smith</LastName><Initials>A</Initials></Author></AuthorList>"
# Journal, year, volume and first page are those of tests/records.py; only the first has authors.
RECORDS = article_set(article(1, parts=(MANN, "", "")), article(2))
LINES = {
    "J INVENT RES|2019|7|11|mann bj|a|": "J INVENT RES|2019|7|11|mann bj|a|AMBIGUOUS 1,2",
    "Journal of Invented Results|2018|7|11|mann bj|b|": "Journal of Invented Results|2018|7|11|mann bj|b|NOT_FOUND",
    "|2019||11|smith a|c|": "|2019||11|smith a|c|2",
    "||||mann bj|d|": "||||mann bj|d|NOT_FOUND",
}


def ask(bdata: Any) -> list[str]:
    """The lines of a reply."""
    with entrez.ecitmatch(db="pubmed", bdata=bdata) as handle:
        text: str = handle.read()
    return text.splitlines()


def test_each_line_comes_back_with_its_outcome(serve_records: Callable[[bytes], str]) -> None:
    """In order and with its key; a record that names no author fits any, and an author alone is not a citation."""
    connect(Settings(), serve_records(RECORDS))
    assert ask("\r".join(LINES)) == list(LINES.values())


def test_parts_can_be_given_by_name(serve_records: Callable[[bytes], str]) -> None:
    """As Bio.Entrez offers it, without the last bar."""
    connect(Settings(), serve_records(article_set(article(1, parts=(MANN, "", "")))))
    assert ask([{"journal_title": "j invent res", "volume": "7", "author_name": "Mann B", "key": "k"}]) == [
        "j invent res||7||Mann B|k|1"
    ]


@pytest.mark.parametrize("author", ["Mann C", "Man"])
def test_another_author_is_not_found(serve_records: Callable[[bytes], str], author: str) -> None:
    """The last name must be whole; given initials must be the first ones."""
    connect(Settings(), serve_records(article_set(article(1, parts=(MANN, "", "")))))
    assert ask(f"j invent res|2019|7|11|{author}|k|") == [f"j invent res|2019|7|11|{author}|k|NOT_FOUND"]


@pytest.mark.parametrize("author", ["O'Neil-Mann", "O'Neil-Mann B.J.", "oneil-mann"])
def test_a_last_name_of_several_words_is_matched_word_by_word(
    serve_records: Callable[[bytes], str], author: str
) -> None:
    """As a search compares names: hyphens and apostrophes separate words."""
    named = MANN.replace("<LastName>Mann<", "<LastName>O'Neil-Mann<")
    connect(Settings(), serve_records(article_set(article(1, parts=(named, "", "")))))
    outcome = "NOT_FOUND" if author == "oneil-mann" else "1"
    assert ask(f"j invent res|2019|7|11|{author}|k|") == [f"j invent res|2019|7|11|{author}|k|{outcome}"]


def test_records_of_seed_pages_are_matched(tmp_path: Path) -> None:
    """They have what the page says of them: journal, year, volume and pages, and no author."""
    entry = "Other.J Invent Res. 2001 Mar;7(2):11-9. J Invent Res. 2001. PMID: 6"
    page = f"Ketamine.\nPMID: 5\n\nSimilar articles\n-\n{entry}\n"
    (tmp_path / "a.txt").write_text(page)
    store = RecordStore.from_seeds(tmp_path)
    assert sorted(store.pmids) == [5, 6]
    with running_server(store) as url:
        connect(Settings(), url)
        assert ask("J Invent Res|2001|7|11|Mann BJ|k|") == ["J Invent Res|2001|7|11|Mann BJ|k|6"]

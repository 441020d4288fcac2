"""A search in PubMed's language over the published corpus: `corpus search`, and `search_corpus` from Python."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from flows.corpus_search.clauses import Line
from flows.corpus_search.statement import write_statement
from warehouse.current import literal
from warehouse.errors import StoreError, UsageError
from warehouse.query import ask, open_published
from warehouse.store import DataDirectory

SORTS = ("date", "relevance")
ANSWER = """SELECT citation.pmid, {score}citation.pub_year AS year,
    coalesce(medline_ta, iso_abbreviation, journal_title) AS journal,
    shown_title(article_title, vernacular_title, book_title) AS title
FROM citation LEFT JOIN book USING (pmid) {scores}SEMI JOIN ({found}) AS found USING (pmid)
ORDER BY {order}"""
PMIDS = "SELECT pmid FROM citation SEMI JOIN ({found}) AS found USING (pmid) ORDER BY pmid DESC"


@dataclass
class SearchAnswer:
    """What a search found.

    Attributes:
        citations: pmid, year, journal and title, in the order asked for; or pmid alone.
        translation: The search as it was understood, in PubMed's words.
        notes: Sentences about what was read or searched otherwise than PubMed might.
        sql: The statement, which can be run by itself.
        lines: Its clauses.
        counts: Citations that each clause finds; empty if they were not asked for.
    """

    citations: pa.Table
    translation: str
    notes: list[str]
    sql: str
    lines: list[Line] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)


def search_corpus(
    directory: DataDirectory,
    query: str,
    *,
    sort: str = "date",
    with_counts: bool = False,
    with_titles: bool = True,
    memory: str = "1GB",
    seconds: float | None = 300,
) -> SearchAnswer:
    """Search the published corpus as PubMed is searched.

    Args:
        directory: The data directory.
        query: In PubMed's language.
        sort: `date`, the newest PMID first, or `relevance`, by BM25 over title and abstract.
        with_counts: Count what each clause finds.
        with_titles: Look up titles, most of the work if a search finds many; without them, always by date.
        memory: As for `open_published`.
        seconds: How long it may take; None is without limit.
    Raises:
        SearchError: It cannot be understood, or asks for what the corpus does not have.
        QueryError: It took too long or too much memory.
        StoreError: There is no published file, or it was built before it could be searched.
        UsageError: There is no such sort.
    """
    if sort not in SORTS:
        raise UsageError(f"--sort {sort}: write one of {', '.join(SORTS)}.")
    con = open_published(directory, memory=memory)
    try:
        statement = write_statement(con, query, today=datetime.now(UTC).date())
        words = " ".join(line.translation for line in statement.lines)
        is_scored = sort == "relevance"
        sql = (ANSWER if with_titles else PMIDS).format(
            found=statement.sql,
            score="scored.score, " if is_scored else "",
            scores=f"LEFT JOIN search({literal(words)}) AS scored USING (pmid) " if is_scored else "",
            order="scored.score DESC NULLS LAST, citation.pmid DESC" if is_scored else "citation.pmid DESC",
        )
        citations = ask(con, sql, seconds=seconds)
        counts = count_lines(con, query, seconds) if with_counts else []
    except duckdb.CatalogException as exc:
        raise StoreError(f"{directory.database} was built before it could be searched; run `corpus rebuild`.") from exc
    finally:
        con.close()
    return SearchAnswer(citations, statement.translation, statement.notes, sql, statement.lines, counts)


def count_lines(con: duckdb.DuckDBPyConnection, query: str, seconds: float | None) -> list[int]:
    """Citations that each clause of a search finds."""
    statement = write_statement(con, query, today=datetime.now(UTC).date(), is_by_clause=True)
    counted = ", ".join(f"count(*) FILTER ({line.condition})" for line in statement.lines)
    answer = ask(con, f"{statement.steps}SELECT count(*), [{counted}]::BIGINT[] AS counts FROM marked", seconds=seconds)
    counts: list[int] = answer["counts"][0].as_py()
    return counts

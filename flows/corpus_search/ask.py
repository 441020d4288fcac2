"""A search in PubMed's language over the published corpus: `corpus search`, and `search_corpus` from Python."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.corpus_search.clauses import Line
from flows.corpus_search.statement import write_statement
from warehouse.current import literal
from warehouse.errors import UsageError
from warehouse.query import ask, ask_numbers, of_other_version, open_published
from warehouse.store import DataDirectory

SORTS = ("date", "relevance")
BY_DATE = "SELECT pmid FROM ({found}) ORDER BY pmid DESC"
BY_RELEVANCE = """SELECT pmid, score FROM ({found}) LEFT JOIN search({words}) USING (pmid)
ORDER BY score DESC NULLS LAST, pmid DESC"""
# What citations are called; those of a page are in `listed`.
TITLES = """SELECT citation.pmid, citation.pub_year AS year,
    coalesce(medline_ta, iso_abbreviation, journal_title) AS journal,
    shown_title(article_title, vernacular_title, book_title) AS title
FROM (FROM citation SEMI JOIN listed USING (pmid) WHERE pmid BETWEEN {first} AND {last}) AS citation
LEFT JOIN book USING (pmid)"""
# Citations whose titles are looked up together.
PAGE = 100_000


@dataclass
class SearchAnswer:
    """What a search found.

    Attributes:
        citations: pmid, year, journal and title of those listed, in the order asked for; or pmid alone.
        found_count: Citations that it finds, listed or not.
        translation: The search as it was understood, in PubMed's words.
        notes: Sentences about what was read or searched otherwise than PubMed might.
        sql: The statement, which can be run by itself.
        lines: Its clauses.
        counts: Citations that each clause finds; empty if they were not asked for.
    """

    citations: pa.Table
    found_count: int
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
    limit: int | None = None,
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
        limit: List the first so many in that order; None lists all.
        with_counts: Count what each clause finds.
        with_titles: Look up titles, most of the work if a search lists many.
        memory: As for `open_published`.
        seconds: How long each step may take; None is without limit.
    Raises:
        SearchError: It cannot be understood, or asks for what the corpus does not have.
        QueryError: It took too long or too much memory.
        StoreError: There is no published file, or another version published it.
        UsageError: There is no such sort.
    """
    if sort not in SORTS:
        raise UsageError(f"--sort {sort}: write one of {', '.join(SORTS)}.")
    con = open_published(directory, memory=memory)
    try:
        statement = write_statement(con, query, today=datetime.now(UTC).date())
        words = " ".join(line.translation for line in statement.lines)
        order = BY_RELEVANCE if sort == "relevance" else BY_DATE
        sql = order.format(found=statement.sql, words=literal(words))
        found = ask_numbers(con, sql, seconds=seconds)
        citations = found.slice(0, limit)
        if with_titles:
            citations = pa.concat_tables(
                name_citations(con, citations.slice(start, PAGE), seconds)
                for start in range(0, max(citations.num_rows, 1), PAGE)
            )
        counts = count_lines(con, query, seconds) if with_counts else []
    except duckdb.CatalogException as exc:
        raise of_other_version(directory) from exc
    finally:
        con.close()
    translation, notes, lines = statement.translation, statement.notes, statement.lines
    return SearchAnswer(citations, found.num_rows, translation, notes, sql, lines, counts)


def name_citations(con: duckdb.DuckDBPyConnection, listed: pa.Table, seconds: float | None) -> pa.Table:
    """The citations of a page with what they are called, in its order."""
    ends = pc.min_max(listed["pmid"]).as_py()
    con.register("listed", listed)
    try:
        sql = TITLES.format(first=ends["min"] or 0, last=ends["max"] or 0)
        named = ask(con, sql, seconds=seconds)
    finally:
        con.unregister("listed")
    named = named.take(pc.index_in(listed["pmid"], value_set=named["pmid"]))
    return named.add_column(1, "score", listed["score"]) if "score" in listed.column_names else named


def count_lines(con: duckdb.DuckDBPyConnection, query: str, seconds: float | None) -> list[int]:
    """Citations that each clause of a search finds."""
    statement = write_statement(con, query, today=datetime.now(UTC).date(), is_by_clause=True)
    counted = ", ".join(f"count(*) FILTER ({line.condition})" for line in statement.lines)
    answer = ask(con, f"{statement.steps}SELECT count(*), [{counted}]::BIGINT[] AS counts FROM marked", seconds=seconds)
    counts: list[int] = answer["counts"][0].as_py()
    return counts

"""Searches over the records: what a term finds, and what Entrez says about it."""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log
from typing import TypeGuard

import duckdb
import numpy as np
import pyarrow as pa

from flows.corpus_search.clauses import Line, Statement
from flows.corpus_search.places import DAYS, FIRST, UID, YEARS
from flows.corpus_search.statement import asked_as, write_statement
from transforms.pubmed_query import LONGEST_TERM, Clause, Range
from warehouse.errors import SearchError

# Kinds of fields whose clauses say how relevant a citation is.
WEIGHED = ("words", "value", "name", "mesh")

NAME = "array_to_string(search_split(concat_ws(' ', coalesce(last_name, collective_name), initials)), ' ')"
FIRST_AUTHORS = f"SELECT pmid, any_value({NAME}) AS author FROM author WHERE {FIRST} GROUP BY pmid"
JOURNALS = "search_fold(coalesce(medline_ta, iso_abbreviation, journal_title, ''))"
# The day of publication of every citation, in whatever year.
PUBLISHED = DAYS["PPDT"].replace(YEARS, "0 AND 9999")
# Orders by the name of `sort`, over a query `found` for PMIDs.
SORTS = {
    "": "FROM found ORDER BY pmid DESC",
    "pub_date": f"FROM found LEFT JOIN ({PUBLISHED}) AS issue USING (pmid) ORDER BY day DESC NULLS LAST, pmid DESC",
    "author": f"FROM found LEFT JOIN ({FIRST_AUTHORS}) USING (pmid) ORDER BY coalesce(author, ''), pmid DESC",
    "journalname": f"FROM found LEFT JOIN citation USING (pmid) ORDER BY {JOURNALS}, pmid DESC",
}
RELEVANCE = "relevance"


@dataclass
class Result:
    """What a search found, and what Entrez says about it.

    Attributes:
        pmids: In the order asked for.
        translation: The search as it was understood.
        translations: (from, to) of phrases that were looked up as something else besides.
        phrases_not_found, fields_not_found, quoted_not_found: Parts of the term as they stand.
    """

    pmids: Sequence[int] = ()
    translation: str = ""
    translations: list[tuple[str, str]] = field(default_factory=list)
    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    quoted_not_found: list[str] = field(default_factory=list)


def search(
    con: duckdb.DuckDBPyConnection,
    term: str,
    history: Mapping[int, Sequence[int]],
    *,
    sort: str = "",
    unserved: str = "",
) -> Result:
    """What a term finds.

    Args:
        con: The tables of a corpus.
        term: In PubMed's language.
        history: Earlier sets by query key.
        sort: One of SORTS, or RELEVANCE: what has more of what few have comes first.
        unserved: A query for PMIDs that are not to be found; '' for none.
    Raises:
        SearchError: The term, or a part of it, cannot be understood, or is beyond all bounds.
    """
    if len(term) > LONGEST_TERM:
        raise SearchError(f"The term is too long: {len(term)} characters, of {LONGEST_TERM}.")
    keys = {int(key) for key in re.findall(r"#(\d{1,9})", term)} & history.keys()
    for key in keys:
        con.register(f"earlier_{key}", pa.table({"pmid": pa.array(np.array(history[key], np.int64))}))
    try:
        today = datetime.now(UTC).date()
        statement = write_statement(con, term, today=today, earlier=keys, is_forgiving=True, is_by_clause=True)
        missing = find_missing(con, statement)
        but = f" ANTI JOIN ({unserved}) AS unserved USING (pmid)" if unserved else ""
        found = f"SELECT pmid FROM ({statement.sql.removeprefix(statement.steps)}){but}"
        order = by_relevance(con, statement) if sort == RELEVANCE else SORTS[sort]
        rows = con.execute(f"{statement.steps.rstrip()},\nfound AS ({found}) SELECT pmid {order}").fetchnumpy()["pmid"]
    finally:
        for key in keys:
            con.unregister(f"earlier_{key}")
    return Result(
        array("q", np.ascontiguousarray(rows, np.int64).tobytes()),
        statement.translation,
        statement.translations,
        [asked_as(asked) for asked in missing if not is_phrase(asked)],
        statement.fields_not_found,
        [f'"{asked.text}"{"*" * asked.is_truncated}' for asked in missing if is_phrase(asked)],
    )


def is_phrase(asked: Clause | Range) -> TypeGuard[Clause]:
    """Whether it is a clause in quotes."""
    return isinstance(asked, Clause) and asked.is_quoted


def find_missing(con: duckdb.DuckDBPyConnection, statement: Statement) -> list[Clause | Range]:
    """The clauses and ranges of a search that find nothing."""
    # PMIDs are looked up together, since there may be thousands.
    named = {n: pmids_of(line.asked) for n, line in enumerate(statement.lines) if is_of_pmids(line.asked)}
    pmids = ", ".join(map(str, {pmid for found in named.values() for pmid in found})) or "NULL"
    held = {pmid for (pmid,) in con.execute(f"SELECT pmid FROM citation WHERE pmid IN ({pmids})").fetchall()}
    tested = [n for n in range(len(statement.lines)) if n not in named]
    tests = ", ".join(f"coalesce(bool_or({statement.lines[n].condition}), false)" for n in tested)
    ((_, are_there),) = con.execute(f"{statement.steps}SELECT count(*), [{tests}] FROM marked").fetchall()
    found = dict(zip(tested, are_there, strict=True)) | {n: bool(held & pmids) for n, pmids in named.items()}
    return [line.asked for n, line in enumerate(statement.lines) if not found[n]]


def is_of_pmids(asked: Clause | Range) -> TypeGuard[Clause]:
    """Whether it is a PMID, or several."""
    return isinstance(asked, Clause) and asked.field is UID and bool(pmids_of(asked))


def pmids_of(asked: Clause | Range) -> set[int]:
    """The PMIDs that a clause lists; empty if any of its words is not one."""
    words = re.split(r"[\s,]+", asked.text.strip()) if isinstance(asked, Clause) else []
    return {int(word) for word in words} if all(word.isdecimal() and len(word) <= 18 for word in words) else set()


def by_relevance(con: duckdb.DuckDBPyConnection, statement: Statement) -> str:
    """The order by the sum of the weights of what each has, of which rare words have more; then the newest first."""
    lines = [line for line in statement.lines if is_weighed(line)]
    if not lines:
        return SORTS[""]
    counts = ", ".join(f"count(*) FILTER ({line.condition})" for line in lines)
    ((total, found),) = con.execute(
        f"{statement.steps}SELECT (SELECT count(*) FROM citation), [{counts}] FROM marked"
    ).fetchall()
    weighed = " + ".join(
        f"CASE WHEN {line.condition} THEN {round(1000 * log(1 + total / count))} ELSE 0 END"
        for line, count in zip(lines, found, strict=True)
        if count
    )
    if not weighed:
        return SORTS[""]
    scores = f"SELECT pmid, {weighed} AS score FROM marked"
    return f"FROM found LEFT JOIN ({scores}) USING (pmid) ORDER BY coalesce(score, 0) DESC, pmid DESC"


def is_weighed(line: Line) -> bool:
    """Whether a clause says how relevant a citation is."""
    asked = line.asked
    return isinstance(asked, Clause) and not line.is_excluded and (asked.field is None or asked.field.kind in WEIGHED)

"""The searches of a run: what was asked, what NCBI made of it, and what it brought (`search_run`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from flows.entrez.client import Reply
from flows.entrez.searches import Found, search_all
from flows.runs.plan import add_members, members_of
from flows.runs.report import SearchReport, name_ignored
from flows.runs.work import Work, timed
from warehouse.errors import CorpusError, DocumentError, EntrezError
from warehouse.schema.ledger import SEARCH_RUN
from warehouse.sql_files import read_statement
from warehouse.state import Connection


@dataclass
class Answers:
    """What became of the queries of the seeds folder.

    Attributes:
        replies: Those that PMIDs came in.
        unasked: Names of the files whose query was not answered.
    """

    replies: list[Reply] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def ask_queries(work: Work, con: Connection, queries: Mapping[str, str]) -> Answers:
    """Add what each query of the seeds folder finds to the members; if it is not answered, what it found before stays.

    Args:
        work: The run; its report has each search.
        con: As prepared.
        queries: The search by name of its file.
    """
    answers = Answers()
    with timed(work, "search"):
        for number, (name, term) in enumerate(queries.items(), 1):
            try:
                found = search_and_note(work, SearchReport(name, "query", term))
                add_members(con, members_of(found.pmids, "query", name))
                answers.replies += found.replies
            except (EntrezError, DocumentError) as exc:
                answers.unasked.append(name)
                work.report.troubles.append(f"{name} was not searched ({exc}); the next run asks again.")
            work.progress("search", number, len(queries))
    con.execute(read_statement("plan_add_query_member"), {"names": answers.unasked})
    return answers


def ask_in_window(
    work: Work, term: str, *, datetype: str, mindate: date | None = None, maxdate: date | None = None
) -> Found:
    """What a backfill's search finds.

    Raises:
        EntrezError: It was not answered.
    """
    window = (datetype, mindate, maxdate) if mindate or maxdate else ()
    with timed(work, "search"):
        return search_and_note(work, SearchReport(term, "backfill", term, *window))


def search_and_note(work: Work, search: SearchReport) -> Found:
    """Run a search, and add its result to the report, with what NCBI ignored.

    Raises:
        CorpusError: It was not answered; the report says why as well.
    """
    work.report.searches.append(search)
    window = {"datetype": search.date_type} if search.date_type else {}
    try:
        found = search_all(work.client, search.term, mindate=search.from_date, maxdate=search.to_date, **window)
    except CorpusError as exc:
        search.failure = str(exc)
        raise
    search.translation, search.ignored = found.translation, found.ignored
    search.promised, search.delivered, search.parts = found.promised, len(found.pmids), len(found.windows)
    if search.ignored:
        work.report.ignored.append(name_ignored(search))
    return found


def write_searches(work: Work, con: Connection) -> None:
    """Write a row for each search, whatever it found.

    Args:
        work: The run.
        con: With `member_change`, which says what is new.
    """
    new = con.execute(
        "SELECT reason, via, count(*) FROM member_change WHERE since_run_id = $run_id GROUP BY ALL",
        {"run_id": work.writer.run_id},
    ).fetchall()
    new_counts = {(reason, via): count for reason, via, count in new}
    for search in work.report.searches:
        if not search.failure:
            search.new = new_counts.get((search.reason, search.name), 0)
    work.writer.write({SEARCH_RUN.name: search_table(work.report.searches, work.writer.run_id)})


def search_table(searches: Sequence[SearchReport], run_id: str) -> pa.Table:
    """SEARCH_RUN: a row for each search of a run, in their order."""
    rows = [
        (
            run_id,
            number,
            search.name,
            search.term,
            search.date_type,
            search.from_date,
            search.to_date,
            search.translation or None,
            "; ".join(search.ignored) or None,
            search.promised,
            search.delivered,
            search.new,
            search.failure or None,
        )
        for number, search in enumerate(searches, 1)
    ]
    return SEARCH_RUN.to_arrow(rows)

"""The backfill: PMIDs that a person chose, pasted or found by a search, with their neighbours if wanted."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import pyarrow as pa

from flows.definition.progress import Progress, count_of, silent
from flows.definition.seeds import LinkKind
from flows.definition.settings import Settings
from flows.runs.engine import decide_outcomes, finish, running
from flows.runs.links import refresh_links
from flows.runs.members import write_members
from flows.runs.obtain import obtain
from flows.runs.plan import add_members, describe_plan, members_of, plan_asked, planning
from flows.runs.queries import ask_in_window, write_searches
from flows.runs.report import RunReport
from flows.runs.work import PLAIN_STEPS, Steps, Work
from transforms.saved_references import read_references, tell_format, tell_markup
from transforms.values import split_pmids
from warehouse.errors import UsageError
from warehouse.sql_files import read_statement
from warehouse.state import Connection

logger = logging.getLogger("corpus")

DateType = Literal["edat", "mdat", "pdat", "crdt"]

# A date window without a search finds every PMID.
EVERY_PMID = "1:99999999[uid]"

DEFAULT_LIMIT = 10_000


@dataclass(frozen=True)
class BackfillRequest:
    """What a person asks for.

    Attributes:
        pmids: Given by number.
        term: A PubMed search; '' for none.
        date_type: Which of a record's dates the window is of: edat, mdat, pdat or crdt.
        from_date: The window's first day.
        to_date: Its last day.
        follow: Link lists whose neighbours are wanted as well.
        limit: The most PMIDs that the search may find.
        reason: Why, in the words of whoever asks.
    """

    pmids: tuple[int, ...] = ()
    term: str = ""
    date_type: DateType = "edat"
    from_date: date | None = None
    to_date: date | None = None
    follow: tuple[LinkKind, ...] = ()
    limit: int = DEFAULT_LIMIT
    reason: str | None = None


def make_request(
    *,
    pmids: str = "",
    query: str = "",
    date_type: str = "edat",
    from_date: str = "",
    to_date: str = "",
    follow: Sequence[str] = (),
    limit: int = DEFAULT_LIMIT,
    reason: str = "",
) -> BackfillRequest:
    """The request that was typed into a form or on a command line.

    Raises:
        UsageError: A field makes no sense, or all are empty; names the field and says what it takes.
    """
    dates: tuple[DateType, ...] = get_args(DateType)
    chosen = next((known for known in dates if known == date_type), None)
    if chosen is None:
        raise UsageError(f"date_type: {date_type!r} is none of {', '.join(get_args(DateType))}.")
    if unknown := [kind for kind in follow if kind not in get_args(LinkKind)]:
        raise UsageError(f"follow: {unknown[0]!r} is none of {', '.join(get_args(LinkKind))}.")
    if limit < 1:
        raise UsageError(f"limit: {limit} is too few; give a number of PMIDs.")
    first, last = parse_day("from_date", from_date), parse_day("to_date", to_date)
    if first and last and first > last:
        raise UsageError(f"from_date: {first} is after to_date, {last}.")
    term = " ".join(query.split())
    if (first or last) and not term:
        term = EVERY_PMID
    if not pmids.strip() and not term:
        raise UsageError("pmids, query, from_date: all are empty; give PMIDs, a PubMed search, or a window of dates.")
    numbers = parse_pmids(pmids) if pmids.strip() else []
    kinds: tuple[LinkKind, ...] = tuple(kind for kind in get_args(LinkKind) if kind in follow)
    return BackfillRequest(tuple(numbers), term, chosen, first, last, kinds, limit, reason.strip() or None)


def parse_pmids(text: str) -> list[int]:
    """PMIDs of a text: separated by spaces, line ends or punctuation, or as PubMed or a reference manager saved them.

    `#` begins a comment, `PMID:` is skipped. Saved references without a PMID are counted in the log and left out: only
    the seeds folder resolves those.

    Raises:
        UsageError: Something in it is not a PMID, or it has none.
    """
    pmids: dict[int, None] = {}
    text = text.removeprefix("\ufeff")
    if kind := tell_format(text) or tell_markup(text):
        entries, problems = read_references(text, kind)
        for problem in problems:
            logger.warning("pmids, %s.", problem)
        if unknown := [entry for entry in entries if entry.pmid is None]:
            logger.warning(
                "pmids: %s without a PMID; put the file into seeds/ to find it.", count_of(len(unknown), "reference")
            )
        pmids = dict.fromkeys(entry.pmid for entry in entries if entry.pmid is not None)
    else:
        for line in text.splitlines():
            try:
                pmids |= dict.fromkeys(split_pmids(line.partition("#")[0]))
            except ValueError as exc:
                raise UsageError(f"pmids: {str(exc)[:40]!r} is not a PMID; give numbers such as 25217177.") from exc
    if not pmids:
        raise UsageError("pmids: there is none; give numbers such as 25217177.")
    return list(pmids)


def parse_day(field: str, text: str) -> date | None:
    """A day written as 2026-11-24 or 2026/11/24; None for an empty text.

    Raises:
        UsageError: It is not a day; names the field.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s*", text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise UsageError(f"{field}: {text.strip()[:40]!r} is not a day; write it as 2026-11-24.")


def backfill(
    settings: Settings,
    request: BackfillRequest,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
    steps: Steps = PLAIN_STEPS,
) -> RunReport:
    """Fetch the PMIDs of a request, held or not, and make them members of the corpus.

    Args:
        settings: Options.
        request: As `make_request` gave it.
        dry_run: Plan only: Entrez is searched, nothing is fetched and nothing is written.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
    Raises:
        UsageError: The search finds more than the request's limit.
        EntrezError: The search was not answered.
        CorpusError: As for `flows.runs.refresh.refresh`.
    """
    with running(settings, "backfill", progress, steps, dry_run=dry_run) as work, planning(work) as con:
        work.report.reason = request.reason
        add_members(con, members_of(pa.array(request.pmids, pa.int64()), "backfill", ""))
        if request.term:
            find_asked(work, con, request)
        if request.follow:
            find_neighbours(work, con, request)
        plan_asked(con)
        if dry_run:
            return describe_plan(work, con)
        obtain(work, con)
        decide_outcomes(work, con)
        write_members(work, con, is_ending=False)
        write_searches(work, con)
        finish(work, con)
    return work.report


def find_asked(work: Work, con: Connection, request: BackfillRequest) -> None:
    """Add what the request's search finds to the members.

    Raises:
        UsageError: It finds more than the limit.
        EntrezError: It was not answered.
    """
    found = ask_in_window(
        work, request.term, datetype=request.date_type, mindate=request.from_date, maxdate=request.to_date
    )
    pmids = found.pmids
    if len(pmids) > request.limit:
        raise UsageError(
            f"query: it finds {len(pmids):,} PMIDs, more than the limit of {request.limit:,}; "
            "narrow it, or raise the limit."
        )
    work.replies += found.replies
    add_members(con, members_of(pmids, "backfill", request.term))


def find_neighbours(work: Work, con: Connection, request: BackfillRequest) -> None:
    """Add the neighbours that a request wants; their membership names the PMID and the list they come from."""
    wanted = {"fetch": list(request.follow), "follow": list(request.follow), "depth": 1, "linkout": False}
    refresh_links(work, con, work.definition.links.model_copy(update=wanted))
    con.execute(read_statement("plan_rename_neighbour"))

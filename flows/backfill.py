"""The backfill: PMIDs of somebody's choice, pasted or found by a search, with their neighbours if wanted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from flows.links import refresh_links
from flows.plan import Plan
from flows.refresh import describe_plan, finish, obtain, running, write_members
from flows.report import Progress, RunReport, silent
from flows.search import search_all
from flows.seeds import LinkKind, parse_pmid
from flows.settings import Settings
from flows.work import PLAIN_STEPS, Steps, Work, timed
from warehouse import state
from warehouse.errors import UsageError
from warehouse.state import Reason

DateType = Literal["edat", "mdat", "pdat", "crdt"]

# A window of dates without a search is a search for every PMID.
EVERY_PMID = "1:99999999[uid]"

DEFAULT_LIMIT = 10_000


@dataclass(frozen=True)
class BackfillRequest:
    """What somebody wants.

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
    """A request of what was typed into a form or a command line.

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


# What stands between PMIDs in lists, tables, citations and code; a minus or a point would make another number.
SEPARATORS = re.compile(r"""\bPMIDs?\b\s*:?|[,;|/()\[\]{}<>"'`\uff0c\uff1b\u3001]""", re.IGNORECASE)


def parse_pmids(text: str) -> list[int]:
    """PMIDs in any text that separates them by blanks, line ends or marks; `#` begins a comment, `PMID:` is no matter.

    Raises:
        UsageError: Something in it is not a PMID, or there is none.
    """
    pmids: dict[int, None] = {}
    for line in text.splitlines():
        for entry in SEPARATORS.sub(" ", line.partition("#")[0]).split():
            pmid = parse_pmid(entry)
            if pmid is None:
                raise UsageError(f"pmids: {entry[:40]!r} is not a PMID; give numbers such as 25217177.")
            pmids[pmid] = None
    if not pmids:
        raise UsageError("pmids: there is none; give numbers such as 25217177.")
    return list(pmids)


def parse_day(field: str, text: str) -> date | None:
    """A day written as 2026-11-24 or 2026/11/24; None for an empty text.

    Raises:
        UsageError: It is none; names the field.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s*", text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise UsageError(f"{field}: {text.strip()[:40]!r} is no day; write it as 2026-11-24.")


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
        CorpusError: As for `flows.refresh.refresh`.
    """
    with running(settings, "backfill", progress, steps, dry_run=dry_run) as work:
        con = state.open_state(work.directory)
        held_members = state.read_members(con)
        members = find_asked(work, request)
        members |= find_neighbours(work, con, request, members)
        plan = Plan()
        plan.add((member.pmid for member in members), "asked")
        if dry_run:
            return describe_plan(work, con, plan)
        outcomes = obtain(work, con, plan)
        new = {member: depth for member, depth in members.items() if member not in held_members}
        write_members(work, new, {}, frozenset())
        finish(work, con, plan, outcomes, reason=request.reason)
    return work.report


def find_asked(work: Work, request: BackfillRequest) -> dict[Reason, int]:
    """The PMIDs that a request names or its search finds.

    Raises:
        UsageError: The search finds more than the limit.
        EntrezError: It was not answered.
    """
    members = {Reason(pmid, "backfill", ""): 0 for pmid in request.pmids}
    if request.term:
        with timed(work, "search"):
            found = search_all(
                work.client,
                request.term,
                datetype=request.date_type,
                mindate=request.from_date,
                maxdate=request.to_date,
            )
        work.report.searches[request.term] = (found.promised, len(found.pmids), len(found.windows))
        if len(found.pmids) > request.limit:
            raise UsageError(
                f"query: it finds {len(found.pmids):,} PMIDs, more than the limit of {request.limit:,}; "
                "narrow it, or raise the limit."
            )
        work.replies += found.replies
        members |= {Reason(pmid, "backfill", request.term): 0 for pmid in found.pmids}
    return members


def find_neighbours(
    work: Work, con: state.Connection, request: BackfillRequest, members: Mapping[Reason, int]
) -> dict[Reason, int]:
    """The neighbours that a request wants; their membership says of which PMID's which list they are."""
    if not request.follow:
        return {}
    rules = {"fetch": list(request.follow), "follow": list(request.follow), "depth": 1, "linkout": False}
    links = work.definition.links.model_copy(update=rules)
    work.definition = work.definition.model_copy(update={"links": links})
    found = dict(members)
    refresh_links(work, con, found)
    return {
        Reason(member.pmid, "backfill", f"{member.reason} {member.via}"): depth
        for member, depth in found.items()
        if member not in members
    }

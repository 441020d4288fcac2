"""The refresh: plan, fetch, transform, commit, publish, as plain functions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa

from flows.entrez import Reply, connect
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.fetch import asked_pmids, batches, drop_kept_replies, kept_replies
from flows.in_flight import in_flight
from flows.links import refresh_links
from flows.outcomes import Outcomes, request_table, unknown_table
from flows.plan import (
    OVERLAP,
    Plan,
    compare_members,
    depths,
    find_deleted,
    find_members,
    is_off_peak,
    plan_citations,
)
from flows.report import Progress, RunReport, name_some, silent
from flows.resolve import resolve_seeds
from flows.search import search_all, search_revised
from flows.seeds import DEFINITION_FILE, Seeds, read_definition, read_seeds
from flows.settings import NCBI_BASE_URL, Settings, check_entrez
from flows.version import CODE_VERSION
from flows.work import PLAIN_STEPS, Steps, Work, timed
from transforms.seed_text import make_seed_tables
from warehouse import state
from warehouse.drift import measure_published
from warehouse.errors import CheckError, DocumentError, EntrezError
from warehouse.held import Held
from warehouse.schema import DELETED_CITATION, MEMBER, OUTCOMES, RAW_REPLY, RUN, SEED_DOCUMENT
from warehouse.state import Membership, Reason
from warehouse.store import DataDirectory, RunWriter, discard_run, start_run, writing


@contextmanager
def entrez_at(settings: Settings) -> Iterator[str]:
    """The base URL of the E-utilities that the settings name; for `sample` a server runs as long as the context.

    Raises:
        UsageError: Neither ncbi, sample nor a URL.
    """
    check_entrez(settings.entrez)
    if settings.entrez == "sample":
        with running_server(RecordStore.from_seeds(settings.seeds)) as base_url:
            yield base_url
    elif settings.entrez == "ncbi":
        yield NCBI_BASE_URL
    else:
        yield settings.entrez.rstrip("/") + "/"


def refresh(
    settings: Settings, *, dry_run: bool = False, progress: Progress = silent, steps: Steps = PLAIN_STEPS
) -> RunReport:
    """Bring the corpus up to date with what the seeds folder says and what Entrez has.

    Args:
        settings: Options.
        dry_run: Plan only: Entrez is searched, nothing is fetched and nothing is written.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
    Raises:
        SeedError: A seed cannot be used; nothing was changed.
        CorpusError: Anything else that stops the run; what was published stays, what was fetched is kept in staging.
    """
    seeds = read_seeds(settings.seeds)
    with running(settings, "refresh", progress, steps, dry_run=dry_run) as work:
        con = state.open_state(work.directory)
        held_members = state.read_members(con)
        seeds, resolved = resolve_seeds(work, con, seeds)
        query_pmids, unasked, searches = ask_queries(work, seeds)
        members = find_members(seeds, query_pmids)
        kept = {m: s.depth for m, s in held_members.items() if m.reason == "query" and m.via in unasked}
        members.update(kept)
        refresh_links(work, con, members)

        pmids = [*depths(members), *(m.pmid for m in held_members if m.reason == "backfill")]
        plan = plan_refresh(work, con, pmids)
        if dry_run:
            return describe_plan(work, con, plan)
        outcomes = obtain(work, con, plan)
        write_seeds(work, con, seeds, outcomes, resolved)
        if write_members(work, members, held_members, unasked):
            work.replies += searches
        finish(work, con, plan, outcomes)
    return work.report


def refresh_lists(settings: Settings, *, progress: Progress = silent, steps: Steps = PLAIN_STEPS) -> RunReport:
    """Obtain the link lists of all members anew, whatever their age; a nightly refresh obtains those that are due.

    Neighbours that `corpus.toml` follows become members with the next refresh.

    Args:
        settings: Options.
        progress: Told of each list.
        steps: The parts that may be Prefect tasks.
    Raises:
        CorpusError: As for `refresh`.
    """
    with running(settings, "links", progress, steps, dry_run=False) as work:
        con = state.open_state(work.directory)
        members = {reason: held.depth for reason, held in state.read_members(con).items()}
        every_list = {"refetch_after_days": 0, "linkout_after_days": 0, "depth": work.definition.links.depth}
        links = work.definition.links.model_copy(update=every_list)
        work.definition = work.definition.model_copy(update={"links": links})
        refresh_links(work, con, members)
        finish(work, con, Plan(), Outcomes())
    return work.report


@contextmanager
def running(settings: Settings, kind: str, progress: Progress, steps: Steps, *, dry_run: bool) -> Iterator[Work]:
    """A run: the data directory held for writing, Entrez at hand; what is not committed at the end is discarded.

    A dry run writes nothing, and so waits for nobody.
    """
    directory = DataDirectory(settings.data_dir)
    with (
        entrez_at(settings) as base_url,
        nullcontext() if dry_run else writing(directory, purpose=kind, wait=not settings.no_wait),
    ):
        client = connect(settings, base_url)
        definition = read_definition(settings.seeds / DEFINITION_FILE)
        now = datetime.now(UTC)
        writer = RunWriter(directory, "", directory.staging / "none") if dry_run else start_run(directory, now)
        report = RunReport(run_kind=kind, is_dry=dry_run)
        started_at = now.replace(tzinfo=None)
        work = Work(settings, definition, directory, client, writer, started_at, report, progress, steps)
        try:
            yield work
        finally:
            discard_run(writer)


def ask_queries(work: Work, seeds: Seeds) -> tuple[dict[str, list[int]], frozenset[str], list[Reply]]:
    """What each query of the seeds folder finds.

    Returns:
        PMIDs by file name, the names of the files whose query could not be asked, and the replies.
    """
    searches: list[Reply] = []
    found: dict[str, list[int]] = {}
    unasked: set[str] = set()
    with timed(work, "search"):
        for number, (name, term) in enumerate(seeds.queries.items(), 1):
            try:
                result = search_all(work.client, term)
                found[name] = result.pmids
                searches += result.replies
                work.report.searches[name] = (result.promised, len(result.pmids), len(result.windows))
            except (EntrezError, DocumentError) as exc:
                unasked.add(name)
                work.report.troubles.append(f"{name} was not searched ({exc}); the next run asks again.")
            work.progress("search", number, len(seeds.queries))
    return found, frozenset(unasked), searches


def plan_refresh(work: Work, con: state.Connection, pmids: Sequence[int]) -> Plan:
    """Which PMIDs to ask for: what is not held, what NCBI says was revised, what has not been looked at for long."""
    held = state.read_held(con, pmids)
    asked = state.read_asked(con)
    plan = plan_citations(pmids, held=held, asked=asked, now=work.started_at, rules=work.definition.citations)
    since = state.read_revised_since(con)
    known = [pmid for pmid in dict.fromkeys(pmids) if pmid in held and pmid not in plan.reasons]
    if since is not None and known:
        with timed(work, "search"):
            try:
                revised = search_revised(work.client, known, f"{since - OVERLAP:%Y/%m/%d}")
                plan.add(revised.pmids, "revised")
                work.replies += revised.replies
            except (EntrezError, DocumentError) as exc:
                work.report.troubles.append(f"Revisions were not searched ({exc}); the next run looks back further.")
    return plan


def describe_plan(work: Work, con: state.Connection, plan: Plan) -> RunReport:
    """The report of a dry run: PMIDs by reason, those that are held already, the requests and the time they take."""
    report = work.report
    report.plan = plan.counts()
    report.held_count = len(state.read_held(con, plan.reasons))
    report.planned_requests += -(-len(plan.reasons) // work.settings.batch_size)
    report.rate = work.client.rate
    report.is_off_peak = is_off_peak(work.started_at.replace(tzinfo=UTC))
    report.request_count = work.client.request_count
    return report


def obtain(work: Work, con: state.Connection, plan: Plan) -> Outcomes:
    """Fetch and read what the plan names, replies that an unfinished run had fetched first.

    What Entrez leaves out is asked for once more in the same run, unless it was missing before and is not held: a reply
    can be short by accident. Of what is held and still left out, some is believed deleted, as `find_deleted` says.

    Returns:
        One outcome for every PMID of the plan.
    """
    outcomes = Outcomes()
    pmids = list(plan.reasons)
    held = state.read_held(con, pmids)
    for pmid in state.read_deleted(con) & held.keys():
        # One that comes back the same is written all the same: that it was delivered ends its deletion.
        held[pmid] = replace(held[pmid], content_sha256="")
    work.report.plan = plan.counts()
    take_over_records(work, plan, outcomes, held)
    fetch_records(work, [pmid for pmid in pmids if pmid not in outcomes.by_pmid], outcomes, held, len(pmids))
    missing = [p for p in pmids if outcomes.by_pmid[p] == "not_found"]
    again = [p for p in missing if p in held or plan.reasons[p] != "missing"]
    fetch_records(work, again, outcomes, held, len(pmids))
    confirm_deleted(work, con, outcomes, held)
    return outcomes


def take_over_records(work: Work, plan: Plan, outcomes: Outcomes, held: Mapping[int, Held]) -> None:
    """Read the replies of EFetch that a run that broke off had fetched; those without a PMID of the plan are left."""
    for path, reply in kept_replies(work.directory, work.client.source, datetime.now(UTC)):
        if reply.utility != "efetch":
            continue
        answered = [p for p in asked_pmids(reply) if p in plan.reasons and p not in outcomes.by_pmid]
        if not answered:
            work.unused.add(path)
            continue
        with timed(work, "transform"):
            work.steps.transform(reply, work.writer, outcomes, held, answered)


def fetch_records(work: Work, pmids: Sequence[int], outcomes: Outcomes, held: Mapping[int, Held], total: int) -> None:
    """Fetch PMIDs in batches, several in flight, and read each reply when it comes; every PMID gets its outcome.

    Args:
        work: The run.
        pmids: What to fetch.
        outcomes: Filled in.
        held: Citations of the plan's PMIDs.
        total: PMIDs of the plan.
    """
    calls = (
        partial(work.steps.fetch, work.client, batch, work.directory.replies)
        for batch in batches(pmids, work.settings.batch_size)
    )
    work.progress("fetch", len(outcomes.by_pmid), total)
    deliveries = in_flight(calls, work.client.in_flight, work.client.stopping)
    while True:
        with timed(work, "fetch"):
            delivery = next(deliveries, None)
        if delivery is None:
            return
        for pmid, sentence in delivery.failed.items():
            outcomes.note([pmid], "failed", sentence)
        with timed(work, "transform"):
            for reply in delivery.replies:
                work.steps.transform(reply, work.writer, outcomes, held, asked_pmids(reply))
        work.progress("fetch", len(outcomes.by_pmid), total)


def confirm_deleted(work: Work, con: state.Connection, outcomes: Outcomes, held: Mapping[int, Held]) -> None:
    """Note the citations that are believed deleted, and write those that were not before."""
    missing = [pmid for pmid, outcome in outcomes.by_pmid.items() if outcome == "not_found"]
    hours = work.definition.citations.deleted_after_hours
    deleted = find_deleted(
        missing,
        held=held,
        asked=state.read_asked(con) if missing else {},
        confirmed_before=work.started_at - timedelta(hours=hours),
    )
    outcomes.note(deleted, "deleted", "Entrez left it out of its replies in two runs.")
    run_id = work.writer.run_id
    new = set(deleted) - state.read_deleted(con)
    rows = [(pmid, "empty_reply", f"efetch from {work.client.source}", run_id) for pmid in sorted(new)]
    work.writer.write({DELETED_CITATION.name: DELETED_CITATION.to_arrow(rows)})


def write_seeds(work: Work, con: state.Connection, seeds: Seeds, outcomes: Outcomes, resolved: frozenset[str]) -> None:
    """Write the seed pages that are new or different, or whose entries were asked about; note those that are gone."""
    before = state.read_seed_hashes(con)
    pages = [p for p in seeds.pages if before.get(p.seed_id) != p.seed_sha256 or p.seed_id in resolved]
    on_pages = {page.pmid for page in pages} | {e.pmid for page in pages for e in page.entries if e.pmid is not None}
    delivered = set(state.read_held(con, on_pages))
    delivered |= {pmid for pmid, outcome in outcomes.by_pmid.items() if outcome in ("new", "revised", "unchanged")}
    for page in pages:
        tables = make_seed_tables(page, run_id=work.writer.run_id, delivered=delivered)
        work.writer.write(tables)
        # A PMID on two pages has one row: the first page's.
        delivered |= set(tables["citation"]["pmid"].to_pylist()) if "citation" in tables else set()
    removed = before.keys() - {page.seed_id for page in seeds.pages}
    if removed:
        gone = state.read_seed_documents(con, removed, is_removed=True, run_id=work.writer.run_id)
        work.writer.write({SEED_DOCUMENT.name: SEED_DOCUMENT.to_arrow(gone)})


def write_members(
    work: Work, found: Mapping[Reason, int], held: Mapping[Reason, Membership], unasked: frozenset[str]
) -> bool:
    """Write the reasons that began or ceased to hold; whether there are any."""
    run_id = work.writer.run_id
    changes = compare_members(found, held, run_id=run_id, keep=unasked)
    rows = [
        (
            c.member.pmid,
            c.member.reason,
            c.member.via,
            c.membership.depth,
            c.membership.since_run_id,
            run_id if c.is_ended else None,
            run_id,
        )
        for c in changes
    ]
    work.writer.write({MEMBER.name: MEMBER.to_arrow(rows)})
    return bool(rows)


def finish(
    work: Work,
    con: state.Connection,
    plan: Plan,
    outcomes: Outcomes,
    *,
    reason: str | None = None,
) -> None:
    """Balance the accounts, commit the run, publish the DuckDB file and complete the report.

    Raises:
        CheckError: A PMID that was asked for has no outcome; nothing is committed.
    """
    report, writer = work.report, work.writer
    report.outcomes = outcomes.counts()
    if outcomes.by_pmid.keys() != plan.reasons.keys():
        lost = plan.reasons.keys() ^ outcomes.by_pmid.keys()
        raise CheckError(f"PMIDs without an outcome: {name_some(list(lost))}; nothing was committed.")
    held_before = state.read_held(con, plan.reasons)
    con.close()
    failed = [pmid for pmid, outcome in outcomes.by_pmid.items() if outcome == "failed"]
    report.owed = sorted(failed)
    report.not_found = sorted(p for p, o in outcomes.by_pmid.items() if o == "not_found" and p not in held_before)
    report.rejected = {p: outcomes.details[p] for p, o in outcomes.by_pmid.items() if o == "rejected"}
    report.unknown = {path: element.count for path, element in outcomes.unknown.items()}
    report.request_count = work.client.request_count
    if failed:
        report.troubles.append(f"Not obtained: {outcomes.details[failed[0]]}")
    with timed(work, "commit"):
        if plan.reasons:
            writer.write({"request": request_table(outcomes, plan.reasons, writer.run_id)})
        writer.write({"unknown_element": unknown_table(outcomes, writer.run_id)})
        writer.write({RAW_REPLY.name: reply_table(work)})
        writer.write({RUN.name: run_table(work, outcomes, reason)})
        work.steps.commit(writer)
        drop_kept_replies(work.directory, work.unused)
    report.run_id = writer.run_id
    work.progress("publish", 0, 1)
    with timed(work, "publish"):
        report.coverage_before = measure_published(work.directory)
        report.row_counts = work.steps.publish(work.directory, limits=work.definition.drift.limits(work.settings))
    work.progress("publish", 1, 1)


def reply_table(work: Work) -> pa.Table:
    """RAW_REPLY: the replies that rows were made from; a search that changed nothing is not among them."""
    run_id = work.writer.run_id
    return RAW_REPLY.to_arrow(
        [
            (run_id, number, r.utility, r.parameters, r.body, r.sha256, r.fetched_at)
            for number, r in enumerate(work.replies, 1)
        ]
    )


def run_table(work: Work, outcomes: Outcomes, reason: str | None) -> pa.Table:
    """RUN: this run's row."""
    counts = outcomes.counts()
    return RUN.to_arrow(
        [
            (
                work.writer.run_id,
                work.report.run_kind,
                work.started_at,
                datetime.now(UTC),
                work.client.source,
                reason,
                len(outcomes.by_pmid),
                *(counts.get(outcome, 0) for outcome in OUTCOMES),
                work.report.exit_code == 0,
                work.client.request_count,
                CODE_VERSION,
            )
        ]
    )

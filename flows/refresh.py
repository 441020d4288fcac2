"""The refresh and the backfill: plan, fetch, transform, commit, publish, as plain functions."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from flows.entrez import EntrezClient, Reply, connect, elink, search_all, search_revised
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.fetch import (
    Delivery,
    Outcomes,
    asked_pmids,
    batches,
    drop_kept_replies,
    fetch_batch,
    kept_replies,
    request_table,
    store_reply,
    unknown_table,
)
from flows.plan import OVERLAP, Plan, compare_members, depths, find_members, follow_links, plan_citations, stale_links
from flows.report import Progress, RunReport, name_some, silent
from flows.seeds import Seeds, parse_pmid, read_seeds
from flows.settings import CODE_VERSION, NCBI_BASE_URL, Settings
from transforms.elink import make_link_tables, parse_elink
from transforms.seed_text import make_seed_tables
from warehouse import build, state
from warehouse.errors import CheckError, EntrezError, UnreachableError, UsageError
from warehouse.schema import LINK, MEMBER, OUTCOMES, RAW_REPLY, RUN, SEED_DOCUMENT
from warehouse.state import Held, Membership, Reason
from warehouse.store import DataDirectory, RunWriter, commit_run, discard_run, start_run, writing

LINK_NAMES = {
    "similar": "pubmed_pubmed",
    "cited_by": "pubmed_pubmed_citedin",
    "reference": "pubmed_pubmed_refs",
}

# PMIDs in one ELink request: each gives a LinkSet of its own, and long answers of ELink are the slowest of all.
ELINK_BATCH = 100


@dataclass(frozen=True)
class Steps:
    """The parts that Prefect shows as tasks; plain functions unless a flow wraps them."""

    fetch: Callable[[EntrezClient, Sequence[int], Path], Delivery] = fetch_batch
    transform: Callable[[Reply, RunWriter, Outcomes, Mapping[int, Held], Sequence[int]], None] = store_reply
    commit: Callable[[RunWriter], Path] = commit_run
    publish: Callable[[DataDirectory], dict[str, int]] = build.publish


PLAIN_STEPS = Steps()


@dataclass
class Work:
    """What the functions of one run share.

    Attributes:
        settings: Options.
        directory: The data directory, held for writing.
        client: How to ask Entrez.
        writer: The run being written.
        started_at: When it began, UTC.
        report: Filled in on the way.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
        replies: Replies other than EFetch's that rows were made from.
    """

    settings: Settings
    directory: DataDirectory
    client: EntrezClient
    writer: RunWriter
    started_at: datetime
    report: RunReport
    progress: Progress
    steps: Steps
    replies: list[Reply] = field(default_factory=list)


@contextmanager
def entrez_at(settings: Settings, pages: Path) -> Iterator[str]:
    """The base URL of the E-utilities that the settings name; for `sample` a server runs as long as the context.

    Raises:
        UsageError: Neither ncbi, sample nor a URL.
    """
    if settings.entrez == "sample":
        with running_server(RecordStore.from_seeds(pages)) as base_url:
            yield base_url
    elif settings.entrez == "ncbi":
        yield NCBI_BASE_URL
    elif settings.entrez.startswith(("http://", "https://")):
        yield settings.entrez.rstrip("/") + "/"
    else:
        raise UsageError(f"--entrez {settings.entrez}: write ncbi, sample, or the base URL of an E-utilities server.")


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
        query_pmids, unasked, searches = ask_queries(work, seeds)
        members = find_members(seeds, query_pmids)
        kept = {m: s.depth for m, s in held_members.items() if m.reason == "query" and m.via in unasked}
        members.update(kept)
        refresh_links(work, con, seeds, members)

        pmids = [*depths(members), *(m.pmid for m in held_members if m.reason == "backfill")]
        plan = plan_refresh(work, con, seeds, pmids)
        if dry_run:
            return describe_plan(work, con, plan)
        outcomes = obtain(work, con, plan)
        write_seeds(work, con, seeds, outcomes)
        if write_members(work, members, held_members, unasked):
            work.replies += searches
        finish(work, con, plan, outcomes)
    return work.report


def backfill(
    settings: Settings,
    pmids: Sequence[int],
    *,
    reason: str | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
    steps: Steps = PLAIN_STEPS,
) -> RunReport:
    """Fetch the given PMIDs, held or not, and make them members of the corpus.

    Args:
        settings: Options.
        pmids: What to fetch.
        reason: Why, in the words of whoever asked; kept with the run.
        dry_run: Plan only: nothing is fetched and nothing is written.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
    Raises:
        CorpusError: As for `refresh`.
    """
    with running(settings, "backfill", progress, steps, dry_run=dry_run) as work:
        con = state.open_state(work.directory)
        held_members = state.read_members(con)
        plan = Plan()
        plan.add(pmids, "asked")
        if dry_run:
            return describe_plan(work, con, plan)
        outcomes = obtain(work, con, plan)
        members = {Reason(pmid, "backfill", ""): 0 for pmid in plan.reasons}
        new = {m: d for m, d in members.items() if m not in held_members}
        write_members(work, new, {}, frozenset())
        finish(work, con, plan, outcomes, reason=reason)
    return work.report


def parse_pmids(text: str) -> list[int]:
    """PMIDs in any text that separates them by blanks, commas, semicolons or line ends; `#` begins a comment.

    Raises:
        UsageError: Something in it is not a PMID, or there is none.
    """
    pmids: dict[int, None] = {}
    for line in text.splitlines():
        for entry in line.partition("#")[0].replace(",", " ").replace(";", " ").split():
            pmid = parse_pmid(entry)
            if pmid is None:
                raise UsageError(f"pmids: {entry[:40]!r} is not a PMID; give numbers such as 25217177.")
            pmids[pmid] = None
    if not pmids:
        raise UsageError("pmids: there is none; give numbers such as 25217177.")
    return list(pmids)


@contextmanager
def running(settings: Settings, kind: str, progress: Progress, steps: Steps, *, dry_run: bool) -> Iterator[Work]:
    """A run: the data directory held for writing, Entrez at hand; what is not committed at the end is discarded.

    A dry run writes nothing, and so waits for nobody.
    """
    directory = DataDirectory(settings.data_dir)
    with entrez_at(settings, settings.seeds) as base_url, nullcontext() if dry_run else writing(directory):
        client = connect(settings, base_url)
        now = datetime.now(UTC)
        writer = RunWriter(directory, "", directory.staging / "none") if dry_run else start_run(directory, now)
        report = RunReport(run_kind=kind, is_dry=dry_run)
        work = Work(settings, directory, client, writer, now.replace(tzinfo=None), report, progress, steps)
        try:
            yield work
        finally:
            discard_run(writer)


@contextmanager
def timed(work: Work, step: str) -> Iterator[None]:
    """Note the seconds that a step takes."""
    start = time.perf_counter()
    try:
        yield
    finally:
        work.report.seconds[step] = work.report.seconds.get(step, 0) + time.perf_counter() - start


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
                found[name], replies = search_all(work.client, term)
                searches += replies
            except EntrezError as exc:
                unasked.add(name)
                work.report.troubles.append(f"{name} was not searched ({exc}); the next run asks again.")
            work.progress("search", number, len(seeds.queries))
    return found, frozenset(unasked), searches


def refresh_links(work: Work, con: state.Connection, seeds: Seeds, members: dict[Reason, int]) -> None:
    """Obtain the link lists that are due, and add the neighbours that are followed to the members.

    Each step along links can bring members whose own lists are due, so the lists are obtained step by step.
    """
    rules = seeds.definition.links
    ages = state.read_link_ages(con)
    neighbours = state.read_neighbours(con, rules.follow, rules.limit)
    fetched_before = work.started_at - timedelta(days=rules.refetch_after_days)
    with timed(work, "links"):
        for depth in range(rules.depth + 1):
            at_depth = [pmid for pmid, steps in depths(members).items() if steps == depth]
            for kind in rules.fetch:
                due = stale_links(at_depth, kind, ages, fetched_before)
                work.report.planned_requests += -(-len(due) // ELINK_BATCH)
                if not work.report.is_dry and not fetch_links(
                    work, due, kind, neighbours, rules.limit if kind in rules.follow else 0
                ):
                    return
            if depth < rules.depth:
                for member, steps in follow_links(members, neighbours, depth=depth).items():
                    members.setdefault(member, steps)


def fetch_links(
    work: Work, pmids: Sequence[int], kind: str, neighbours: dict[int, list[tuple[str, int]]], followed: int
) -> bool:
    """Obtain the lists of one kind and write them; the first `followed` neighbours of each are added to `neighbours`.

    Returns:
        Whether Entrez could be reached.
    """
    done = 0
    for batch in batches(pmids, ELINK_BATCH):
        try:
            reply = elink(work.client, batch, LINK_NAMES[kind])
        except EntrezError as exc:
            work.report.troubles.append(
                f"{kind} links of {name_some(list(batch))} were not obtained ({exc}); the next run asks again."
            )
            if isinstance(exc, UnreachableError):
                return False
            continue
        work.replies.append(reply)
        tables = make_link_tables(
            parse_elink(reply.body),
            run_id=work.writer.run_id,
            fetched_at=reply.fetched_at,
            asked={LINK_NAMES[kind]: kind},
        )
        work.writer.write(tables)
        work.report.link_lists += tables["link_list"].num_rows
        if followed:
            follow(tables[LINK.name], kind, neighbours, followed)
        done += len(batch)
        work.progress(f"links ({kind})", done, len(pmids))
    return True


def follow(links: pa.Table, kind: str, neighbours: dict[int, list[tuple[str, int]]], limit: int) -> None:
    """Put the first neighbours of fresh lists in the place of the ones known before."""
    fresh: dict[int, list[tuple[str, int]]] = {}
    for row in links.select(["pmid", "linked_pmid", "link_order"]).to_pylist():
        if row["link_order"] <= limit:
            fresh.setdefault(row["pmid"], []).append((kind, row["linked_pmid"]))
    for pmid, pairs in fresh.items():
        neighbours[pmid] = [pair for pair in neighbours.get(pmid, []) if pair[0] != kind] + pairs


def plan_refresh(work: Work, con: state.Connection, seeds: Seeds, pmids: Sequence[int]) -> Plan:
    """Which PMIDs to ask for: what is not held, what NCBI says was revised, what has not been looked at for long."""
    held = state.read_held(con, pmids)
    plan = plan_citations(
        pmids,
        held=held,
        last_outcomes=state.read_last_outcomes(con),
        last_looks=state.read_last_looks(con),
        aged_before=work.started_at - timedelta(days=seeds.definition.citations.refetch_after_days),
    )
    since = state.read_revised_since(con)
    known = [pmid for pmid in dict.fromkeys(pmids) if pmid in held and pmid not in plan.reasons]
    if since is not None and known:
        with timed(work, "search"):
            try:
                revised, replies = search_revised(work.client, known, f"{since - OVERLAP:%Y/%m/%d}")
                plan.add(revised, "revised")
                work.replies += replies if revised else []
            except EntrezError as exc:
                work.report.troubles.append(f"Revisions were not searched ({exc}); the next run looks back further.")
    return plan


def describe_plan(work: Work, con: state.Connection, plan: Plan) -> RunReport:
    """The report of a dry run: PMIDs by reason, those that are held already, the requests and the time they take."""
    report = work.report
    report.plan = plan.counts()
    report.held_count = len(state.read_held(con, plan.reasons))
    report.planned_requests += -(-len(plan.reasons) // work.settings.batch_size)
    report.rate = work.client.rate
    report.request_count = work.client.request_count
    return report


def obtain(work: Work, con: state.Connection, plan: Plan) -> Outcomes:
    """Fetch and read what the plan names, replies that an unfinished run had fetched first.

    Returns:
        One outcome for every PMID of the plan.
    """
    outcomes = Outcomes()
    pmids = list(plan.reasons)
    held = state.read_held(con, pmids)
    work.report.plan = plan.counts()
    for reply in kept_replies(work.directory):
        answered = [p for p in asked_pmids(reply) if p in plan.reasons and p not in outcomes.by_pmid]
        with timed(work, "transform"):
            work.steps.transform(reply, work.writer, outcomes, held, answered)
    left = [pmid for pmid in pmids if pmid not in outcomes.by_pmid]
    is_reachable = True
    work.progress("fetch", len(pmids) - len(left), len(pmids))
    for batch in batches(left, work.settings.batch_size):
        if not is_reachable:
            outcomes.note(batch, "failed", "Entrez is out of reach.")
            continue
        with timed(work, "fetch"):
            delivery = work.steps.fetch(work.client, batch, work.directory.replies)
        is_reachable = not delivery.is_unreachable
        for pmid, sentence in delivery.failed.items():
            outcomes.note([pmid], "failed", sentence)
        with timed(work, "transform"):
            for reply in delivery.replies:
                work.steps.transform(reply, work.writer, outcomes, held, asked_pmids(reply))
        work.progress("fetch", len(outcomes.by_pmid), len(pmids))
    return outcomes


def write_seeds(work: Work, con: state.Connection, seeds: Seeds, outcomes: Outcomes) -> None:
    """Write the seed pages that are new or different, and note those that are gone."""
    before = state.read_seed_hashes(con)
    pages = [page for page in seeds.pages if before.get(page.seed_id) != page.seed_sha256]
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
        drop_kept_replies(work.directory)
    report.run_id = writer.run_id
    work.progress("publish", 0, 1)
    with timed(work, "publish"):
        report.row_counts = work.steps.publish(work.directory)
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
                "sample" if work.settings.entrez == "sample" else work.client.base_url,
                reason,
                len(outcomes.by_pmid),
                *(counts.get(outcome, 0) for outcome in OUTCOMES),
                work.report.exit_code == 0,
                work.client.request_count,
                CODE_VERSION,
            )
        ]
    )

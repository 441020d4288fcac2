"""Which PMIDs a run asks for, and why each one: decided in DuckDB, over what holds (`warehouse.state`).

The statements are `warehouse/sql/plan_*.sql`; each says at its head which relation it creates or fills. Python holds no
object for each PMID of the corpus: tables are filled from Arrow, and read in batches.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from flows.definition.seeds import CitationRules, Seeds, read_pmids
from flows.entrez.searches import REACHABLE, search_revised
from flows.runs.report import RunReport
from flows.runs.work import Work, timed
from transforms.saved_references import SEED_LIST
from warehouse import state
from warehouse.errors import DocumentError, EntrezError
from warehouse.schema.citation import CITATION
from warehouse.schema.deliveries import DELIVERY
from warehouse.schema.ledger import DELETED_CITATION, REQUEST, RUN
from warehouse.schema.links import LINK, LINK_LIST, LINKOUT_LIST
from warehouse.schema.members import MEMBER
from warehouse.schema.seeds import SEED_CITATION, SEED_DOCUMENT
from warehouse.sql_files import read_statement
from warehouse.state import Connection

# mdat is a day in US Eastern, and the index lags, so a search looks back this many days more.
OVERLAP = timedelta(days=2)

FOUND_MEMBER = pa.schema([MEMBER.arrow_schema.field(name) for name in ("pmid", "reason", "via", "depth")])

# PMIDs that are read from a table at a time.
PAGE = 10_000

# What planning and deciding ask for; a view of each of the other tables would cost a tenth of a small refresh.
PLAN_STATE = (
    *(CITATION, DELETED_CITATION, DELIVERY, LINK, LINK_LIST, LINKOUT_LIST),
    *(MEMBER, REQUEST, RUN, SEED_CITATION, SEED_DOCUMENT),
)


@contextmanager
def planning(work: Work) -> Iterator[Connection]:
    """What holds now, with the relations that a plan is made of."""
    with closing(state.open_state(work.directory, PLAN_STATE)) as con:
        prepare_plan(con, is_sample=work.client.source == "sample")
        yield con


def prepare_plan(con: Connection, *, is_sample: bool) -> None:
    """Create the relations that a plan is made of.

    Args:
        con: With the schema `state`.
        is_sample: Whether the sample is asked; if not, its earlier answers are ignored.
    """
    con.execute(read_statement("plan_counted_run"), {"is_sample": is_sample})
    for name in ("held_citation", "asked_pmid", "obtained_list", "empty_tables"):
        con.execute(read_statement(f"plan_{name}"))


def add_members(con: Connection, found: pa.Table) -> None:
    """Add reasons for which PMIDs are in the corpus; columns as in FOUND_MEMBER."""
    con.register("incoming", found)
    con.execute("INSERT INTO found_member BY NAME FROM incoming")
    con.unregister("incoming")


def members_of(pmids: pa.Array | pa.ChunkedArray, reason: str, via: str, *, depth: int = 0) -> pa.Table:
    """Reasons that differ in their PMID only."""
    count = len(pmids)
    same = [pa.repeat(pa.scalar(v, t), count) for v, t in ((reason, pa.string()), (via, pa.string()))]
    return pa.Table.from_arrays([pmids, *same, pa.repeat(pa.scalar(depth, pa.int16()), count)], schema=FOUND_MEMBER)


def add_seed_members(con: Connection, seeds: Seeds, *, follow: Iterable[str]) -> None:
    """Add the PMIDs that the seeds folder names.

    Args:
        con: As prepared.
        seeds: The folder; files of PMIDs are read here, a portion at a time.
        follow: The lists of seed pages whose entries are members, one step from the seed.
    Raises:
        SeedError: A file of PMIDs has changed since it was read first, and cannot be used now.
    """
    rows: list[tuple[int, str, str, int]] = []
    for page in seeds.pages:
        own = [page.pmid, *(entry.pmid for entry in page.entries if entry.list_name == SEED_LIST)]
        rows += [(pmid, "seed", page.seed_id, 0) for pmid in dict.fromkeys(own) if pmid is not None]
        rows += [
            (entry.pmid, entry.list_name, str(page.pmid), 1)
            for entry in page.entries
            if entry.pmid is not None and entry.list_name in follow
        ]
    columns: list[list[object]] = [list(values) for values in zip(*rows, strict=True)] or [[], [], [], []]
    add_members(con, pa.table(columns, schema=FOUND_MEMBER))
    for name, path in seeds.pmids.items():
        for pmids in read_pmids(path):
            add_members(con, members_of(pmids, "pmids", name))


def plan_members(con: Connection, rules: CitationRules, now: datetime) -> None:
    """Plan the members that are due regardless of revisions.

    Args:
        con: With the members found.
        rules: After how many days each is asked for again.
        now: UTC.
    """
    days = {
        "missing_before": rules.missing_after_days,
        "in_process_before": rules.in_process_after_days,
        "aged_before": rules.refetch_after_days,
    }
    con.execute(read_statement("plan_wanted"), {name: now - timedelta(days=n) for name, n in days.items()})
    con.execute(read_statement("plan_add_due"))


def plan_refresh(work: Work, con: Connection) -> None:
    """Plan what is not held, what was last checked long ago, and what NCBI says was revised."""
    while True:
        try:
            plan_members(con, work.definition.citations, work.started_at)
            break
        except duckdb.OutOfMemoryException:
            state.take_more_memory(con, work.directory)
    since = read_revised_since(con)
    if since is None:
        return
    day = f"{since - OVERLAP:%Y/%m/%d}"
    with timed(work, "search"):
        try:
            for result in search_revised(
                work.client, iter_batches(con, "wanted", REACHABLE, skip=count_plan(con)), day
            ):
                con.execute(read_statement("plan_add_revised"), {"pmids": list(result.pmids)})
                work.replies.append(result.reply)
        except (EntrezError, DocumentError) as exc:
            work.report.troubles.append(f"Revisions were not searched ({exc}); the next run looks back further.")


def read_revised_since(con: Connection) -> datetime | None:
    """When the last complete refresh began, UTC; None before the first."""
    query = "SELECT max(started_at) FROM counted_run WHERE run_kind = 'refresh' AND is_complete"
    ((since,),) = con.execute(query).fetchall()
    return since if isinstance(since, datetime) else None


def plan_asked(con: Connection) -> None:
    """Plan all that was found, held or not, for a backfill."""
    con.execute(read_statement("plan_add_asked"))


def iter_batches(con: Connection, table: str, size: int, *, skip: int = 0) -> Iterator[list[int]]:
    """PMIDs of a table in the order of its `plan_order`, which counts from 1 without gaps.

    The connection can be asked, and other tables written, between two batches.

    Args:
        con: As prepared.
        table: plan, wanted or due_list.
        size: PMIDs in a batch; the last can be shorter.
        skip: So many at the beginning are left out.
    """
    batch: list[int] = []
    while True:
        rows = con.table(table).filter(f"plan_order > {skip} AND plan_order <= {skip + PAGE}")
        page = rows.order("plan_order").project("pmid").to_arrow_table()["pmid"].to_pylist()
        batch += page
        while len(batch) >= size or (batch and not page):
            yield batch[:size]
            batch = batch[size:]
        if not page:
            return
        skip += PAGE


def count_plan(con: Connection) -> int:
    """How many PMIDs the plan has."""
    return sum(count_reasons(con).values())


def count_reasons(con: Connection) -> dict[str, int]:
    """PMIDs of the plan by reason, in the order in which they are asked for."""
    query = "SELECT reason, count(*) FROM plan GROUP BY reason ORDER BY min(plan_order)"
    return dict(con.execute(query).fetchall())


def describe_plan(work: Work, con: Connection) -> RunReport:
    """The report of a dry run: PMIDs by reason, those that are held already, the requests and the time they take."""
    report = work.report
    report.plan = count_reasons(con)
    ((report.held_count,),) = con.execute("SELECT count(*) FROM plan SEMI JOIN held_citation USING (pmid)").fetchall()
    report.planned_requests += -(-sum(report.plan.values()) // work.settings.batch_size)
    report.rate = work.client.rate
    report.is_off_peak = is_off_peak(work.started_at.replace(tzinfo=UTC))
    report.request_count = work.client.request_count
    return report


def is_off_peak(now: datetime) -> bool:
    """Whether this is NCBI's off-peak window, in which large jobs are welcome (NBK25497).

    Weekends, and from 21:00 to 05:00 in US Eastern.

    Args:
        now: With its time zone.
    """
    eastern = now.astimezone(ZoneInfo("America/New_York"))
    return eastern.weekday() >= 5 or eastern.hour >= 21 or eastern.hour < 5

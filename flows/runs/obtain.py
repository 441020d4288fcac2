"""What a plan names, obtained from Entrez: fetched, read into a staged folder, and every PMID answered for."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa

from flows.definition.progress import name_some
from flows.definition.version import CODE_VERSION
from flows.entrez.client import Reply
from flows.entrez.fetch import kept_replies, read_reply
from flows.entrez.in_flight import in_flight
from flows.entrez.merged import find_merged
from flows.nlm_files.reading import Reading
from flows.runs.plan import count_reasons
from flows.runs.work import Work, timed
from transforms.parsed_records import Provenance
from transforms.raw_records import ChunkRecords
from transforms.staged_rows import stage_deletion, stage_table
from warehouse.schema.deliveries import STAGED_DELIVERY
from warehouse.sql_files import read_statement
from warehouse.state import Connection

# PMIDs of the plan that are taken from DuckDB at once.
PLANNED_AT_ONCE = 10_000


def obtain(work: Work, con: Connection) -> None:
    """Fetch and read what the plan names, beginning with the replies of an interrupted run.

    What Entrez leaves out is asked for once more in the same run, unless it was missing before and is not held: a reply
    can be short by accident. Held citations that are left out again may be believed deleted.

    Args:
        work: The run.
        con: As `prepare_plan` left it, with the plan made; table `answer` is made here.
    """
    reading = work.reading
    work.report.plan = count_reasons(con)
    con.execute("CREATE TEMP TABLE answer (pmid BIGINT, outcome VARCHAR, detail VARCHAR, answer_order INTEGER)")
    ((total,),) = con.execute("SELECT count(*) FROM plan").fetchall()
    if not total:
        return
    take_over_records(work, con, reading)
    fetch_records(work, con, reading, planned(con, "ANTI JOIN answer USING (pmid)"), total)
    con.execute(
        """CREATE TEMP TABLE asked_again AS SELECT pmid, reason, plan_order FROM plan
        SEMI JOIN (FROM answer WHERE outcome = 'not_found') USING (pmid)
        WHERE reason <> 'missing' OR pmid IN (SELECT pmid FROM held_citation)"""
    )
    fetch_records(work, con, reading, planned(con, "SEMI JOIN asked_again USING (pmid)"), total)
    stage_empty_replies(work, con, reading)


def planned(con: Connection, condition: str) -> Iterator[int]:
    """The PMIDs of the plan that meet a condition, in the order in which they are asked for."""
    last = -1
    while True:
        rows = con.execute(
            f"SELECT pmid, plan_order FROM plan {condition} WHERE plan_order > $1 ORDER BY plan_order LIMIT $2",
            [last, PLANNED_AT_ONCE],
        ).fetchall()
        if not rows:
            return
        last = rows[-1][1]
        yield from (pmid for pmid, _ in rows)


def take_over_records(work: Work, con: Connection, reading: Reading) -> None:
    """Read the EFetch replies of an interrupted run; those without a PMID of the plan are left where they are."""
    for path, reply in kept_replies(work.directory, work.client.source, datetime.now(UTC)):
        if reply.utility != "efetch":
            continue
        rows = con.execute(
            "SELECT pmid FROM plan ANTI JOIN answer USING (pmid) WHERE list_contains($1, pmid)", [reply.pmids]
        ).fetchall()
        if rows:
            store_reply(work, con, reading, reply, read_reply(reply), [pmid for (pmid,) in rows])
        else:
            work.unused.add(path)


def fetch_records(work: Work, con: Connection, reading: Reading, pmids: Iterator[int], total: int) -> None:
    """Fetch PMIDs in batches, several in flight, and read each reply as it comes; every PMID gets an answer.

    Args:
        work: The run.
        con: The state, with table `answer`.
        reading: Where the replies are read to.
        pmids: What to fetch.
        total: PMIDs of the plan.
    """
    calls = (
        partial(work.steps.fetch, work.client, batch, work.directory.replies)
        for batch in in_batches(pmids, work.settings.batch_size)
    )
    done = count_answers(con)
    work.progress("fetch", done, total)
    deliveries = in_flight(calls, work.client.in_flight, work.client.stopping)
    while True:
        with timed(work, "fetch"):
            delivery = next(deliveries, None)
        if delivery is None:
            return
        for pmid, sentence in delivery.failed.items():
            note_answers(con, [pmid], "failed", sentence)
        for reply, chunks in zip(delivery.replies, delivery.read, strict=True):
            store_reply(work, con, reading, reply, chunks, reply.pmids)
        work.progress("fetch", count_answers(con), total)


def in_batches(pmids: Iterable[int], size: int) -> Iterator[list[int]]:
    """PMIDs in batches of a size; the last can be shorter."""
    batch: list[int] = []
    for pmid in pmids:
        batch.append(pmid)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def store_reply(
    work: Work,
    con: Connection,
    reading: Reading,
    reply: Reply,
    chunks: Sequence[ChunkRecords],
    asked: Sequence[int],
) -> None:
    """Read a reply of EFetch, and note the answer for each PMID.

    Args:
        work: The run.
        con: The state, with table `answer`.
        reading: Where it is read to.
        reply: A whole reply.
        chunks: What it holds.
        asked: The PMIDs that it answers for.
    """
    origin = provenance(work, reply)
    with timed(work, "transform"):
        found: set[int] = set()
        for chunk in chunks:
            found |= work.steps.transform(reading, chunk, origin)
    missing = [pmid for pmid in asked if pmid not in found]
    note_answers(con, [pmid for pmid in asked if pmid in found], "delivered", None)
    if merged := find_merged(reply.pmids, found):
        for pmid, other in merged.items():
            note_answers(con, [pmid], "not_found", f"NCBI has merged it into {other}.")
    elif unasked := found - set(reply.pmids):
        # A reply to another request says nothing about PMIDs that it leaves out.
        sentence = f"Entrez delivered {name_some(list(unasked))}, which was not asked for."
        note_answers(con, missing, "failed", sentence)
    else:
        note_answers(con, missing, "not_found", "Entrez left it out of its reply.")


def note_answers(con: Connection, pmids: Collection[int], outcome: str, detail: str | None) -> None:
    """Record Entrez's answers for PMIDs."""
    if pmids:
        con.register("answered", pa.table({"pmid": pa.array(list(pmids), pa.int64())}))
        con.execute(
            "INSERT INTO answer SELECT pmid, $1, $2, (SELECT count(*) FROM answer) FROM answered", [outcome, detail]
        )
        con.unregister("answered")


def count_answers(con: Connection) -> int:
    """How many PMIDs have an answer."""
    ((count,),) = con.execute("SELECT count(DISTINCT pmid) FROM answer").fetchall()
    return int(count)


def stage_empty_replies(work: Work, con: Connection, reading: Reading) -> None:
    """Stage a deletion for each citation that is believed deleted."""
    before = work.started_at - timedelta(hours=work.definition.citations.deleted_after_hours)
    con.execute("CREATE OR REPLACE TEMP TABLE empty_reply (pmid BIGINT)")
    con.execute(read_statement("insert_empty_reply"), {"confirmed_before": before})
    pmids = [pmid for (pmid,) in con.execute("SELECT pmid FROM empty_reply ORDER BY pmid").fetchall()]
    origin = Provenance(
        reading.writer.run_id, source_of(work), f"efetch from {work.client.source}", work.started_at, CODE_VERSION
    )
    reading.chunk_count += 1
    rows = [stage_deletion(pmid, "empty_reply", number, origin) for number, pmid in enumerate(pmids, 1)]
    reading.writer.write({STAGED_DELIVERY.name: stage_table(rows, reading.chunk_count, origin)})


def source_of(work: Work) -> str:
    """The `source` of this run's rows: efetch, or sample, whose stubs stand for records."""
    return "sample" if work.settings.entrez == "sample" else "efetch"


def provenance(work: Work, reply: Reply) -> Provenance:
    """Where the rows of a reply are from."""
    fetched_at: datetime = reply.fetched_at
    return Provenance(
        run_id=work.writer.run_id,
        source=source_of(work),
        record_source=f"efetch, reply {reply.sha256[:16]}",
        fetched_at=fetched_at,
        code_version=CODE_VERSION,
    )

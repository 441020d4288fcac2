"""The engine of a run that asks Entrez: begun, its accounts balanced, committed and published."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

import pyarrow as pa

from flows.definition.progress import Progress, name_some
from flows.definition.seeds import DEFINITION_FILE, read_definition
from flows.definition.settings import NCBI_BASE_URL, Settings, check_entrez
from flows.entrez.client import connect
from flows.entrez.fetch import drop_kept_replies
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.nlm_files.reading import Reading
from flows.runs.deliveries import settle_run, write_requests
from flows.runs.ledger import RunFacts, run_table
from flows.runs.queries import search_table
from flows.runs.report import RunReport
from flows.runs.showing import show_run
from flows.runs.summary import told_on_failure
from flows.runs.work import Steps, Work, timed
from warehouse import decide
from warehouse.drift import measure_published
from warehouse.errors import CheckError, CorpusError
from warehouse.lock import writing
from warehouse.run_writer import RunWriter, discard_reading, discard_run, open_reading, open_run, start_run
from warehouse.schema.ledger import RUN, SEARCH_RUN
from warehouse.schema.raw import RAW_REPLY
from warehouse.sql_files import read_statement
from warehouse.state import Connection

logger = logging.getLogger("corpus")

# The rows of REQUEST: what became of each PMID of the plan.
ASKED_REQUESTS = """SELECT run_id, pmid, plan_reason, outcome, detail
    FROM outcome CROSS JOIN this_run ORDER BY pmid"""


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


@contextmanager
def running(settings: Settings, kind: str, progress: Progress, steps: Steps, *, dry_run: bool) -> Iterator[Work]:
    """A run: holds the data directory for writing and connects to Entrez; what it does not commit is discarded.

    A dry run writes nothing, so it waits for no other writer. The searches of a run that fails are kept.
    """
    directory = settings.directory
    definition = read_definition(settings.seeds / DEFINITION_FILE)
    with (
        entrez_at(settings) as base_url,
        nullcontext() if dry_run else writing(directory, purpose=kind, wait=not settings.no_wait),
    ):
        client = connect(settings, base_url)
        now = datetime.now(UTC)
        # A dry run has a writer as well, which nothing writes to.
        writer = RunWriter(directory, "", directory.staging / "none") if dry_run else start_run(directory, now)
        report = RunReport(run_kind=kind, is_dry=dry_run)
        started_at = now.replace(tzinfo=None)
        reading = Reading(writer if dry_run else open_reading(directory, writer.run_id))
        work = Work(settings, definition, directory, client, writer, reading, started_at, report, progress, steps)
        try:
            yield work
        except CorpusError as exc:
            if report.searches and not dry_run:
                keep_searches(work, str(exc))
            raise
        finally:
            discard_run(writer)
            discard_reading(directory, writer.run_id)
    show_run(settings, report, with_page=True)


def keep_searches(work: Work, failure: str) -> None:
    """Commit and publish the searches of a run that failed, and nothing else of it.

    If that fails too, it is only logged: the run's own failure counts.
    """
    if (work.directory.parquet / work.writer.folder.name).exists():
        return  # It was committed but could not be published.
    discard_run(work.writer)
    try:
        writer = open_run(work.directory, work.writer.run_id)
        facts = facts_of(work, failure=failure)
        searches = search_table(work.report.searches, writer.run_id)
        writer.write({SEARCH_RUN.name: searches, RUN.name: run_table(facts, {})})
        work.steps.commit(writer)
        limits = work.definition.drift.limits(work.settings)
        work.steps.publish(work.directory, limits=limits, say=work.report.notes.append)
    except CorpusError as exc:
        logger.warning("What was found is not in search_run yet: %s", exc)


def facts_of(work: Work, *, failure: str | None = None) -> RunFacts:
    """What the row of a run says of it.

    Args:
        work: The run.
        failure: Why it failed; None if it did not.
    """
    return RunFacts(
        work.writer.run_id,
        work.report.run_kind,
        work.started_at,
        work.client.source,
        is_complete=failure is None and work.report.is_complete,
        reason=work.report.reason,
        request_count=work.client.request_count,
        failure=failure,
    )


def decide_outcomes(work: Work, con: Connection) -> None:
    """Decide what holds of what was read, and give each PMID asked for its outcome, in table `outcome`.

    Raises:
        CheckError: A PMID that was asked for has no outcome; nothing is committed.
    """
    with timed(work, "decide"):
        work.reading.close()
        decide.decide(con, work.reading.writer.folder, work.writer.run_id, wanted="plan")
        con.execute("DROP TABLE IF EXISTS outcome")
        con.execute(read_statement("temp_outcome"))
    lost = con.execute(
        "SELECT pmid FROM outcome WHERE outcome IS NULL OR outcome = 'delivered' ORDER BY pmid"
    ).fetchall()
    if lost:
        raise CheckError(f"PMIDs without an outcome: {name_some([pmid for (pmid,) in lost])}; nothing was committed.")


def finish(work: Work, con: Connection) -> None:
    """Commit the run, publish the DuckDB file and complete the report.

    Args:
        work: The run; its own tables are written.
        con: The state after `decide_outcomes`; closed afterwards.
    """
    report, writer = work.report, work.writer
    complete_report(work, con)
    with timed(work, "commit"):
        write_requests(con, writer, ASKED_REQUESTS)
        writer.write({RAW_REPLY.name: reply_table(work), RUN.name: run_table(facts_of(work), report.outcomes)})
        settle_run(con, work.reading.writer.folder, work.directory, writer, with_members=False)
        con.close()
        work.steps.commit(writer)
        drop_kept_replies(work.directory, work.unused)
    report.run_id = writer.run_id
    work.progress("publish", 0, 1)
    with timed(work, "publish"), told_on_failure(report):
        report.coverage_before = measure_published(work.directory)
        limits = work.definition.drift.limits(work.settings)
        report.row_counts = work.steps.publish(
            work.directory, limits=limits, say=report.notes.append, refuse=report.unusable.append
        )
    work.progress("publish", 1, 1)


def complete_report(work: Work, con: Connection) -> None:
    """Fill in what became of the PMIDs that were asked for."""
    report = work.report
    report.outcomes = dict(
        con.execute("SELECT outcome, count(*) FROM outcome GROUP BY ALL ORDER BY 2 DESC, 1").fetchall()
    )

    def pmids_with(condition: str) -> list[int]:
        rows = con.execute(f"SELECT pmid FROM outcome WHERE {condition} ORDER BY pmid").fetchall()
        return [pmid for (pmid,) in rows]

    report.owed = pmids_with("outcome = 'failed'")
    report.not_found = pmids_with("outcome = 'not_found' AND pmid NOT IN (SELECT pmid FROM held_citation)")
    rejected = con.execute("SELECT pmid, detail FROM outcome WHERE outcome = 'rejected' ORDER BY pmid").fetchall()
    report.rejected = dict(rejected)
    report.unknown = {path: element.count for path, element in work.reading.unknown.items()}
    report.request_count = work.client.request_count
    if report.owed:
        ((detail,),) = con.execute(
            "SELECT detail FROM outcome WHERE outcome = 'failed' ORDER BY pmid LIMIT 1"
        ).fetchall()
        report.troubles.append(f"Not obtained: {detail}")


def reply_table(work: Work) -> pa.Table:
    """RAW_REPLY: the replies that rows were made from; a search that changed nothing is not among them."""
    run_id = work.writer.run_id
    return RAW_REPLY.to_arrow(
        [
            (run_id, number, r.utility, r.parameters, r.body, r.sha256, r.fetched_at)
            for number, r in enumerate(work.replies, 1)
        ]
    )

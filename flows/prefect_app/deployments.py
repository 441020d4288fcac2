"""The Prefect flows and their deployments: the plain functions, scheduled, shown and recorded."""

import os
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

from prefect import Flow, flow, get_run_logger, tags
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron

from flows.definition.progress import count_of
from flows.definition.seeds import LinkKind
from flows.definition.settings import Settings
from flows.nlm_files.mesh_files import NLM_MESH
from flows.nlm_files.processes import default_workers
from flows.prefect_app.artifacts import (
    leave_sentences,
    page_progress,
    telling_of_drift,
)
from flows.prefect_app.flow_parts import (
    DAY,
    TASK_STEPS,
    DryRun,
    complete,
    fails_with_its_sentence,
    quieten_prefect,
    settings_of_run,
    titled,
)
from flows.prefect_app.heartbeat_automation import TAG
from flows.prefect_app.inbox import find_allowed, inboxes
from flows.prefect_app.late_runs import SKIPPED, newer_run_stands
from flows.prefect_app.unknown_parameters import name_unknown_parameters
from flows.runs import backfill as backfilling
from flows.runs import ingest as ingestion
from flows.runs import maintenance
from flows.runs import refresh as refreshing
from flows.runs import sync as syncing
from flows.runs.backfill import DEFAULT_LIMIT, DateType
from flows.runs.mesh import add_mesh
from flows.runs.report import RunReport
from flows.runs.sync_plan import files_folder
from warehouse.errors import CheckError, UsageError

quieten_prefect()


@flow(name="refresh", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def refresh(dry_run: DryRun = False, accept_drift: Annotated[bool, titled("Accept drift")] = False) -> State[RunReport]:
    """Bring the corpus up to date with the seeds folder and with Entrez.

    Args:
        dry_run: Say what would be asked for; fetch and write nothing.
        accept_drift: Publish even if counts or coverage moved further than corpus.toml allows.
    """
    if not dry_run and newer_run_stands():
        return SKIPPED
    settings = settings_of_run()
    if accept_drift:
        settings = settings.model_copy(update={"accept_drift": True})
    with page_progress("refresh", is_dry=dry_run) as progress, telling_of_drift(settings):
        report = refreshing.refresh(settings, dry_run=dry_run, progress=progress.tell, steps=TASK_STEPS)
        return complete(report, settings, progress)


@flow(name="refresh-links", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def refresh_links() -> State[RunReport]:
    """Fetch the link lists of all members again: similar, citing and cited articles, LinkOut, as corpus.toml says."""
    if newer_run_stands():
        return SKIPPED
    settings = settings_of_run()
    with page_progress("refresh-links") as progress, telling_of_drift(settings):
        report = refreshing.refresh_lists(settings, progress=progress.tell, steps=TASK_STEPS)
        return complete(report, settings, progress)


@flow(name="backfill", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def backfill(  # noqa: PLR0913 - the form's fields
    *,
    pmids: Annotated[str, titled("PMIDs")] = "",
    query: Annotated[str, titled("PubMed search")] = "",
    date_type: Annotated[DateType, titled("Kind of date")] = "edat",
    from_date: Annotated[str, titled("First day", pattern=DAY)] = "",
    to_date: Annotated[str, titled("Last day", pattern=DAY)] = "",
    follow: Annotated[Sequence[LinkKind], titled("Links to follow")] = (),
    limit: Annotated[int, titled("Limit", ge=1, le=1_000_000)] = DEFAULT_LIMIT,
    dry_run: DryRun = False,
    reason: Annotated[str, titled("Reason")] = "",
) -> State[RunReport]:
    """Fetch PMIDs of your choice, held or not, and make them members of the corpus.

    Args:
        pmids: Numbers such as 25217177, separated by spaces, commas, semicolons or line ends.
        query: A PubMed search, such as ketamine[ti] AND depression[mh]; what it finds is fetched besides the pmids.
        date_type: What the days below are: edat (entered PubMed), mdat (revised), pdat (published), crdt (created).
        from_date: First day, such as 2026-11-01, of what the search finds; without a search, every PMID of these days.
        to_date: Last day, such as 2026-11-24; none is up to now.
        follow: Neighbours to fetch too: similar articles, articles that cite them, their references.
        limit: If the search finds more PMIDs than this, nothing is fetched.
        dry_run: Say how many PMIDs, requests and minutes it would take, and how many are held; fetch and write nothing.
        reason: Why; it is kept with the run, in the table run.
    """
    request = backfilling.make_request(
        pmids=pmids,
        query=query,
        date_type=date_type,
        from_date=from_date,
        to_date=to_date,
        follow=follow,
        limit=limit,
        reason=reason,
    )
    settings = settings_of_run()
    with page_progress("backfill", query or from_date, is_dry=dry_run) as progress, telling_of_drift(settings):
        report = backfilling.backfill(settings, request, dry_run=dry_run, progress=progress.tell, steps=TASK_STEPS)
        return complete(report, settings, progress)


@flow(name="ingest", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def ingest(
    files: Annotated[str, titled("Files")] = "",
    salvage: Annotated[bool, titled("Salvage")] = False,
    replay_rejected: Annotated[bool, titled("Replay rejected")] = False,
) -> State[RunReport]:
    """Read PubMed XML below the folders of `corpus serve --files`: EFetch sets, baseline and update files.

    Args:
        files: Files or folders, one a line, in order; their whole paths, or those below the first of the folders. Empty
            only with replay_rejected.
        salvage: Keep the complete records of a truncated file.
        replay_rejected: Read the rejected records again, instead of files.
    """
    if bool(files.strip()) == replay_rejected:
        raise UsageError("files: name the files to read, or choose replay_rejected and leave it empty.")
    settings = settings_of_run()
    topic = "rejected records" if replay_rejected else ", ".join(files.split("\n"))
    with page_progress("ingest", topic) as progress, telling_of_drift(settings):
        if replay_rejected:
            report = ingestion.replay_rejected(settings, progress=progress.tell)
        else:
            paths, folders = find_allowed(files, settings)
            report = ingestion.ingest(
                settings, paths, workers=default_workers(), salvage=salvage, folders=folders, progress=progress.tell
            )
        return complete(report, settings, progress)


@flow(name="sync", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def sync(
    keep_files: Annotated[bool, titled("Keep files")] = True,
    rollover: Annotated[bool, titled("Rollover")] = False,
    dry_run: DryRun = False,
) -> State[RunReport]:
    """Follow NLM's baseline and update files: download, check, read and publish what is listed and not held.

    Args:
        keep_files: Keep the files on disk after reading them.
        rollover: Let a new year's whole baseline end what it lacks, however much that is.
        dry_run: Say what is missing and what it would take; do nothing.
    """
    if not dry_run and newer_run_stands():
        return SKIPPED
    settings, workers = settings_of_run(), default_workers()
    with page_progress("sync", is_dry=dry_run) as progress, telling_of_drift(settings):
        report = syncing.sync(
            settings,
            workers=workers,
            keep_files=keep_files,
            rollover=rollover,
            dry_run=dry_run,
            progress=progress.tell,
            say=get_run_logger().info,
        )
        return complete(report, settings, progress)


@flow(name="mesh", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def mesh(files: Annotated[str, titled("Files")] = "") -> None:
    """Read NLM's MeSH of a year, for searches that find narrower headings.

    Args:
        files: NLM's descriptor, qualifier and supplementary files, one a line, as for ingest. Empty: the newest of
            NLM's page.
    """
    settings = settings_of_run()
    with page_progress("mesh", ", ".join(files.split("\n"))) as progress:
        paths, folders = find_allowed(files, settings)
        url = None if paths else NLM_MESH
        leave_sentences("mesh", add_mesh(settings, paths, url=url, folders=folders, progress=progress.tell))


@flow(name="compact", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def compact(keep: Annotated[str, titled("Keep", pattern="^(all|last|[0-9]+)$")] = "all") -> None:
    """Merge small runs and reclaim the space of what was replaced; the corpus stays the same.

    Args:
        keep: Raw records that later ones replaced: all, last (only the last of each PMID), or those of that many days.
    """
    with page_progress("compact", f"keep {keep}"):
        leave_sentences("compact", maintenance.compact(settings_of_run(), keep=keep))


@flow(name="check", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def check() -> None:
    """Check everything against everything: hashes, keys, accounts, Parquet against DuckDB; changes nothing."""
    with page_progress("check"):
        troubles = leave_sentences("check", maintenance.run_check(settings_of_run(), manifest=None))
    if troubles:
        raise CheckError(f"{count_of(len(troubles), 'trouble')} found, said in the report; first: {troubles[0]}")


@flow(name="rebuild", retries=0, on_crashed=[name_unknown_parameters])
@fails_with_its_sentence
def rebuild() -> None:
    """Rebuild every table from the raw records, with today's code, and say what differs; repairs damaged files."""
    with page_progress("rebuild") as progress:
        leave_sentences("rebuild", maintenance.rebuild(settings_of_run(), progress=progress.tell))


def deployments(settings: Settings | None = None) -> list[RunnerDeployment]:
    """The deployments, one flow run at a time each. `prefect.yaml` is written from them.

    Args:
        settings: When the nightly refresh is due, and in which zone the schedules are; None for the defaults.
    """
    at = settings or Settings(_env_file=None)

    def deploy(run: Flow[..., Any], name: str, doc: str, cron: str = "", *, is_active: bool = True) -> RunnerDeployment:
        schedules = [Cron(cron, timezone=at.nightly_zone, active=is_active)] if cron else None
        made = run.to_deployment(name=name, description=doc, schedules=schedules, concurrency_limit=1, tags=[TAG])
        # Prefect declares that a coroutine can come back: it does inside an event loop.
        return cast("RunnerDeployment", made)

    nightly = f"0 {at.nightly_hour} * * *"
    return [
        deploy(
            refresh,
            "nightly-refresh",
            "Every night in NCBI's off-peak hours: what is new, revised or owed.",
            nightly,
        ),
        # Saturday morning, when NCBI minds large jobs least.
        deploy(refresh_links, "refresh-links", "Every Saturday: fetches all link lists of members again.", "0 4 * * 6"),
        deploy(backfill, "backfill", "PMIDs of your choice, held or not; they become members of the corpus."),
        deploy(ingest, "ingest", "PubMed XML on disk: baseline and update files, EFetch sets."),
        deploy(compact, "compact", "Every Saturday: merges small runs.", "0 5 * * 6"),
        deploy(check, "check", "Every Saturday: checks everything against everything.", "0 6 * * 6"),
        deploy(rebuild, "rebuild", "Rebuilds every table from the raw records with today's code."),
        # In the afternoon in New York, when the day's update files are there. A first run would load all of PubMed, so
        # a person has to switch it on.
        deploy(
            sync,
            "sync",
            "NLM's baseline and update files, followed every day once its schedule is switched on.",
            "0 16 * * *",
            is_active=False,
        ),
        # NLM puts the MeSH of a year out in December, and the baseline with its headings after that.
        deploy(
            mesh,
            "mesh",
            "Every January: NLM's MeSH of the year, which searches find narrower headings by.",
            "0 5 15 1 *",
        ),
    ]


FLOWS: dict[str, Callable[..., Any]] = {
    "refresh": refresh,
    "refresh-links": refresh_links,
    "backfill": backfill,
    "ingest": ingest,
}


def run_flow(name: str, settings: Settings, parameters: dict[str, Any]) -> RunReport:
    """Run a flow in this process, recorded by the Prefect API that is configured."""
    export(settings)
    with tags(TAG):
        state: State[RunReport] = FLOWS[name](**parameters, return_state=True)
    report: RunReport = state.result()
    return report


def export(settings: Settings) -> None:
    """Hand settings to flow runs, which read them from the environment; secrets are there already."""
    os.environ["CORPUS_ENTREZ"] = settings.entrez
    os.environ["CORPUS_SEEDS"] = str(settings.seeds.absolute())
    os.environ["CORPUS_DATA_DIR"] = str(settings.data_dir.absolute())
    os.environ["CORPUS_FILES"] = os.pathsep.join(str(folder.absolute()) for folder in inboxes(settings))
    os.environ["CORPUS_SYNC_FROM"] = settings.sync_from
    os.environ["CORPUS_SYNC_FILES"] = str(files_folder(settings).absolute())
    os.environ["CORPUS_NOTIFY"] = " ".join(settings.addresses)
    os.environ["CORPUS_ALARMS_ONLY"] = str(settings.alarms_only)
    os.environ["CORPUS_NO_WAIT"] = str(settings.no_wait)
    os.environ["CORPUS_ACCEPT_DRIFT"] = str(settings.accept_drift)

"""The Prefect flows and their deployments: the plain functions, scheduled, shown and recorded."""

import atexit
import logging
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, cast

from prefect import flow, get_run_logger, tags, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.runtime import deployment, flow_run
from prefect.schedules import Cron
from prefect.states import Completed, Failed
from pydantic import Field

from flows import backfill as backfilling
from flows import ingest as ingestion
from flows import maintenance
from flows import refresh as refreshing
from flows.backfill import DEFAULT_LIMIT, DateType
from flows.fetch import fetch_batch, store_reply
from flows.parallel import default_workers
from flows.report import RunReport
from flows.run_page import PageProgress, leave_report, leave_sentences, telling_of_drift
from flows.seeds import LinkKind
from flows.settings import Settings, load_settings
from flows.upkeep import TAG
from flows.work import Steps
from warehouse.build import publish
from warehouse.errors import CheckError, CorpusError, UsageError
from warehouse.store import commit_run

# Of a run that came late, after down-time, when a newer one of its deployment stands already.
SKIPPED: State[RunReport] = Completed(
    name="Skipped", message="A newer run of this deployment is due and does the same."
)


def titled(title: str, **limits: Any) -> Any:
    """What a form calls a field, and what can stand in it; Prefect puts the bare name over any other title."""
    return Field(json_schema_extra={"title": title}, **limits)


# What a day may look like in a form, empty or not; `parse_day` says the rest. A `date` could not be left empty there.
DAY = r"^\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2})?\s*$"

DryRun = Annotated[bool, titled("Dry run")]

# That each batch's tasks finished would be two lines a batch in the log, beside the line of their step with its count.
logging.getLogger("prefect.task_runs").setLevel(logging.WARNING)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a log line is more than Prefect's traceback of an error whose sentence the run has said already."""
    return not (record.exc_info and isinstance(record.exc_info[1], CorpusError))


for logger_name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(logger_name).addFilter(is_news)


@atexit.register
def end_quietly() -> None:
    """Close standard error at the very end of a process.

    DuckDB 2.0 lists there, over dozens of lines, what of its module is still held; threads of Prefect hold all modules.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


STANDING = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]

# Holds NCBI's API key where it is not in the environment.
API_KEY_BLOCK = "ncbi-api-key"


@task(name="step", cache_policy=NO_CACHE, persist_result=False)
def run_step(call: Callable[[], Any]) -> Any:
    """One step of a run; its arguments stay out of Prefect's database."""
    return call()


def as_task(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function that runs as a task of this name."""
    named = run_step.with_options(name=name, task_run_name=name)
    return lambda *arguments, **options: named(partial(function, *arguments, **options))


TASK_STEPS = Steps(
    fetch=as_task(fetch_batch, "fetch"),
    transform=as_task(store_reply, "transform"),
    commit=as_task(commit_run, "commit"),
    publish=as_task(publish, "publish"),
)

P = ParamSpec("P")
R = TypeVar("R")


def fails_with_its_sentence(run: Callable[P, R]) -> Callable[P, R | State[Any]]:
    """A flow that ends as Failed, with the sentence of an error that is raised on purpose and without its traceback."""

    @wraps(run)
    def run_or_say_why(*args: P.args, **kwargs: P.kwargs) -> R | State[Any]:
        try:
            return run(*args, **kwargs)
        except CorpusError as exc:
            get_run_logger().error(str(exc))
            return Failed(message=str(exc), data=exc)

    return run_or_say_why


@flow(name="refresh", retries=0)
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
    with telling_of_drift(settings):
        report = refreshing.refresh(settings, dry_run=dry_run, progress=PageProgress().tell, steps=TASK_STEPS)
    return complete(report, settings)


@flow(name="refresh-links", retries=0)
@fails_with_its_sentence
def refresh_links() -> State[RunReport]:
    """Obtain the link lists of all members anew: similar, citing and cited articles, LinkOut, as corpus.toml says."""
    if newer_run_stands():
        return SKIPPED
    settings = settings_of_run()
    with telling_of_drift(settings):
        report = refreshing.refresh_lists(settings, progress=PageProgress().tell, steps=TASK_STEPS)
    return complete(report, settings)


@flow(name="backfill", retries=0)
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
        pmids: Numbers such as 25217177, separated by blanks, commas, semicolons or line ends.
        query: A PubMed search, such as ketamine[ti] AND depression[mh]; what it finds is fetched besides the pmids.
        date_type: What the days below are: edat (entered PubMed), mdat (revised), pdat (published), crdt (created).
        from_date: First day, such as 2026-11-01, of what the search finds; without a search, every PMID of these days.
        to_date: Last day, such as 2026-11-24; none is up to now.
        follow: Their neighbours that are wanted as well: similar articles, articles that cite them, their references.
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
    settings, progress = settings_of_run(), PageProgress().tell
    with telling_of_drift(settings):
        report = backfilling.backfill(settings, request, dry_run=dry_run, progress=progress, steps=TASK_STEPS)
    return complete(report, settings)


@flow(name="ingest", retries=0)
@fails_with_its_sentence
def ingest(
    files: Annotated[str, titled("Files")] = "",
    salvage: Annotated[bool, titled("Salvage")] = False,
    replay_rejected: Annotated[bool, titled("Replay rejected")] = False,
) -> State[RunReport]:
    """Read PubMed XML that lies on the disk of the process that runs this: EFetch sets, baseline and update files.

    Args:
        files: Paths of files or folders, one a line, in order; empty only with replay_rejected.
        salvage: Of a file that breaks off, keep the whole records before the break.
        replay_rejected: Read the rejected records again, instead of files.
    """
    paths = [Path(line.strip()) for line in files.splitlines() if line.strip()]
    if bool(paths) == replay_rejected:
        raise UsageError("files: name the files to read, or choose replay_rejected and leave it empty.")
    settings, progress = settings_of_run(), PageProgress().tell
    with telling_of_drift(settings):
        if replay_rejected:
            report = ingestion.replay_rejected(settings, progress=progress)
        else:
            workers = default_workers()
            report = ingestion.ingest(settings, paths, workers=workers, salvage=salvage, progress=progress)
    return complete(report, settings)


@flow(name="compact", retries=0)
@fails_with_its_sentence
def compact(keep: Annotated[str, titled("Keep", pattern="^(all|last|[0-9]+)$")] = "all") -> None:
    """Put small runs together and give back the space of what was replaced; the corpus stays the same.

    Args:
        keep: Raw records that later ones replaced: all, last (only the last of each PMID), or those of so many days.
    """
    leave_sentences("compact", maintenance.compact(settings_of_run(), keep=keep))


@flow(name="check", retries=0)
@fails_with_its_sentence
def check() -> None:
    """Check everything against everything: hashes, keys, accounts, Parquet against DuckDB; changes nothing."""
    if troubles := leave_sentences("check", maintenance.run_check(settings_of_run(), manifest=None)):
        count = "1 trouble" if len(troubles) == 1 else f"{len(troubles):,} troubles"
        raise CheckError(f"{count} found, said in the report; first: {troubles[0]}")


@flow(name="rebuild", retries=0)
@fails_with_its_sentence
def rebuild() -> None:
    """Make every table anew from the raw records, with today's code, and say what differs; repairs damaged files."""
    leave_sentences("rebuild", maintenance.rebuild(settings_of_run(), progress=PageProgress().tell))


def settings_of_run() -> Settings:
    """The settings of a flow run; NCBI's API key from a Secret block where the environment has none."""
    settings = load_settings()
    if settings.ncbi_api_key is None and flow_run.id:
        try:
            secret = cast("Secret[str]", Secret.load(API_KEY_BLOCK))
        except ValueError:
            return settings  # There is no such block.
        return load_settings(ncbi_api_key=secret.get())
    return settings


def newer_run_stands() -> bool:
    """Whether a run of this deployment was due after this one, and has run, runs or will: one late run is enough."""
    began = flow_run.scheduled_start_time
    if not deployment.id or began is None:
        return False
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id={"any_": [deployment.id]}),
            flow_run_filter=FlowRunFilter(state={"type": {"any_": STANDING}}, expected_start_time={"after_": began}),
        )
    now = datetime.now(UTC)
    return any(
        run.expected_start_time
        and began < run.expected_start_time <= now
        and run.state_name != SKIPPED.name
        and not run.parameters.get("dry_run")
        for run in runs
    )


def complete(report: RunReport, settings: Settings) -> State[RunReport]:
    """Leave the report with the run: log, artifact, events, and a state that agrees with the command's exit code."""
    leave_report(report, settings)
    sentence = next(iter([*report.troubles, *report.salvaged]), "")
    if report.exit_code == CorpusError.exit_code:
        return Failed(message=sentence, data=CorpusError(sentence))
    if report.exit_code:
        return Completed(name="CompletedInPart", message=sentence, data=report)
    return Completed(data=report)


def deployments(settings: Settings | None = None) -> list[RunnerDeployment]:
    """The deployments, one flow run at a time each.

    Args:
        settings: When the nightly refresh is due, and in which zone the weekly ones are; None for the usual.
    """
    at = settings or Settings(_env_file=None)
    zone = at.nightly_zone
    made = [
        refresh.to_deployment(
            name="nightly-refresh",
            schedules=[Cron(f"0 {at.nightly_hour} * * *", timezone=zone)],
            concurrency_limit=1,
            tags=[TAG],
            description="Every night in NCBI's off-peak hours: what is new, revised or owed.",
        ),
        # Saturday morning, when NCBI minds large jobs least.
        refresh_links.to_deployment(
            name="refresh-links",
            schedules=[Cron("0 4 * * 6", timezone=zone)],
            concurrency_limit=1,
            tags=[TAG],
            description="Every Saturday: the link lists of all members anew.",
        ),
        backfill.to_deployment(
            name="backfill",
            concurrency_limit=1,
            tags=[TAG],
            description="PMIDs of your choice, held or not; they become members of the corpus.",
        ),
        compact.to_deployment(
            name="compact",
            schedules=[Cron("0 5 * * 6", timezone=zone)],
            concurrency_limit=1,
            tags=[TAG],
            description="Every Saturday: small runs put together.",
        ),
        check.to_deployment(
            name="check",
            schedules=[Cron("0 6 * * 6", timezone=zone)],
            concurrency_limit=1,
            tags=[TAG],
            description="Every Saturday: everything against everything.",
        ),
        rebuild.to_deployment(
            name="rebuild",
            concurrency_limit=1,
            tags=[TAG],
            description="Every table anew from the raw records, with today's code.",
        ),
        ingest.to_deployment(
            name="ingest",
            concurrency_limit=1,
            tags=[TAG],
            description="PubMed XML on disk: baseline and update files, EFetch sets.",
        ),
    ]
    # Prefect declares that a coroutine can come back: it does inside an event loop.
    return [cast("RunnerDeployment", deployed) for deployed in made]


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
    os.environ["CORPUS_NO_WAIT"] = str(settings.no_wait)
    os.environ["CORPUS_ACCEPT_DRIFT"] = str(settings.accept_drift)

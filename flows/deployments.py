"""The Prefect flows and their deployments: the plain functions of flows/refresh.py, scheduled, shown and recorded."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.runtime import flow_run
from prefect.schedules import Cron
from prefect.states import Completed

from flows import refresh as plain
from flows.fetch import fetch_batch, store_reply
from flows.report import Progress, RunReport, silent
from flows.settings import Settings, load_settings
from flows.terminal import PlainLines, summarise
from flows.work import Steps
from warehouse.build import publish
from warehouse.store import commit_run

# NCBI asks for large jobs between 21:00 and 05:00 US Eastern (NBK25497).
NIGHTLY = Cron("0 2 * * *", timezone="America/New_York")


@task(name="step", cache_policy=NO_CACHE, persist_result=False)
def run_step(call: Callable[[], Any]) -> Any:
    """One step of a run; its arguments stay out of Prefect's database."""
    return call()


def as_task(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function that runs as a task of this name."""
    named = run_step.with_options(name=name, task_run_name=name)
    return lambda *arguments: named(partial(function, *arguments))


TASK_STEPS = Steps(
    fetch=as_task(fetch_batch, "fetch"),
    transform=as_task(store_reply, "transform"),
    commit=as_task(commit_run, "commit"),
    publish=as_task(publish, "publish"),
)


@flow(name="refresh", retries=0)
def refresh(dry_run: bool = False) -> State[RunReport]:
    """Bring the corpus up to date with the seeds folder and with Entrez.

    Args:
        dry_run: Say what would be asked for; fetch and write nothing.
    """
    settings = load_settings()
    return complete(plain.refresh(settings, dry_run=dry_run, progress=log_progress(), steps=TASK_STEPS), settings)


@flow(name="backfill", retries=0)
def backfill(pmids: str, reason: str = "", dry_run: bool = False) -> State[RunReport]:
    """Fetch the given PMIDs, held or not, and make them members of the corpus.

    Args:
        pmids: Numbers such as 25217177, separated by blanks, commas, semicolons or line ends.
        reason: Why; it is kept with the run.
        dry_run: Say what would be asked for; fetch and write nothing.
    """
    settings = load_settings()
    asked = plain.parse_pmids(pmids)
    report = plain.backfill(
        settings, asked, reason=reason or None, dry_run=dry_run, progress=log_progress(), steps=TASK_STEPS
    )
    return complete(report, settings)


def log_progress() -> Progress:
    """Progress as lines of the run's log."""
    return PlainLines(get_run_logger().info).tell


def complete(report: RunReport, settings: Settings) -> State[RunReport]:
    """Leave the report with the run, as its log, its artifact and its state."""
    summary = summarise(report, settings)
    get_run_logger().info(summary)
    create_markdown_artifact(
        f"```\n{summary}\n```", key=f"{report.run_kind}-report", description=f"What {flow_run.name} did"
    )
    if report.exit_code:
        return Completed(name="CompletedInPart", message=report.troubles[0] if report.troubles else "", data=report)
    return Completed(data=report)


def deployments() -> list[RunnerDeployment]:
    """The deployments, one flow run at a time each."""
    nightly = refresh.to_deployment(
        name="nightly-refresh",
        schedules=[NIGHTLY],
        concurrency_limit=1,
        description="Every night in NCBI's off-peak hours: what is new, revised or owed.",
    )
    on_demand = backfill.to_deployment(
        name="backfill",
        concurrency_limit=1,
        description="PMIDs of your choice, held or not; they become members of the corpus.",
    )
    # Prefect declares that a coroutine can come back: it does inside an event loop.
    return [cast("RunnerDeployment", deployment) for deployment in (nightly, on_demand)]


def run_refresh(settings: Settings, *, dry_run: bool, progress: Progress = silent) -> RunReport:
    """Run the flow in this process, recorded by the Prefect API that is configured."""
    del progress  # The flow's log shows it.
    export(settings)
    return cast("RunReport", refresh(dry_run=dry_run, return_state=True).result())


def run_backfill(
    settings: Settings, pmids: Sequence[int], *, reason: str | None, dry_run: bool, progress: Progress = silent
) -> RunReport:
    """Run the flow in this process, recorded by the Prefect API that is configured."""
    del progress  # The flow's log shows it.
    export(settings)
    text = " ".join(str(pmid) for pmid in pmids)
    state = backfill(text, reason=reason or "", dry_run=dry_run, return_state=True)
    return cast("RunReport", state.result())


def export(settings: Settings) -> None:
    """Hand settings to flow runs, which read them from the environment; secrets are there already."""
    os.environ["CORPUS_ENTREZ"] = settings.entrez
    os.environ["CORPUS_SEEDS"] = str(settings.seeds.absolute())
    os.environ["CORPUS_DATA_DIR"] = str(settings.data_dir.absolute())

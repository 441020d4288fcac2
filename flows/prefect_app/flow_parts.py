"""Shared parts of the flows: form fields, steps as tasks, errors as sentences, settings, the end of a run."""

import atexit
import logging
import os
from collections.abc import Callable
from functools import partial, wraps
from typing import Annotated, Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import get_run_logger, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.exceptions import SignatureMismatchError
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from flows.definition.settings import Settings, load_settings
from flows.entrez.fetch import fetch_batch
from flows.nlm_files.reading import Reading
from flows.prefect_app.artifacts import (
    PageProgress,
    describe_shortfall,
    leave_report,
)
from flows.prefect_app.stall import end_process, ending_if_stalled
from flows.runs.report import RunReport
from flows.runs.work import Steps
from warehouse.build import publish
from warehouse.errors import CorpusError
from warehouse.run_writer import commit_run


def titled(title: str, **limits: Any) -> Any:
    """A form field's title and limits; Prefect overwrites a title that is set in any other way."""
    return Field(json_schema_extra={"title": title}, **limits)


# What a day may look like in a form, empty or not; `parse_day` says the rest. A `date` could not be left empty there.
DAY = r"^\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2})?\s*$"

DryRun = Annotated[bool, titled("Dry run")]


def is_news(record: logging.LogRecord) -> bool:
    """Whether a log line is not just Prefect's traceback of an error that the run has already reported."""
    return not (record.exc_info and isinstance(record.exc_info[1], CorpusError | SignatureMismatchError))


def quieten_prefect() -> None:
    """Keep lines out of a run's log that would drown its own, and silence the end of the process.

    `deployments.py`, which Prefect loads to run a flow, calls it when it is loaded: Prefect may refuse a run's
    parameters, with a traceback, before any of our code is called.
    """
    # Two lines for each batch, beside the progress line of its step.
    logging.getLogger("prefect.task_runs").setLevel(logging.WARNING)
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(is_news)
    atexit.register(close_standard_error)


def close_standard_error() -> None:
    """Close standard error at the very end of a process.

    DuckDB 2.0 prints dozens of lines there about objects that are still alive, because Prefect's threads hold them.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


# Secret block with NCBI's API key, if the key is not in the environment.
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
    transform=as_task(Reading.add, "transform"),
    commit=as_task(commit_run, "commit"),
    publish=as_task(publish, "publish"),
)

P = ParamSpec("P")
R = TypeVar("R")


def fails_with_its_sentence(run: Callable[P, R]) -> Callable[P, R | State[Any]]:
    """A flow that ends as Failed, with the sentence of an error that is raised on purpose and without its traceback.

    If it stalls it ends as well.
    """

    @wraps(run)
    def run_or_say_why(*args: P.args, **kwargs: P.kwargs) -> R | State[Any]:
        try:
            if not flow_run.id:
                return run(*args, **kwargs)
            end = partial(end_process, UUID(flow_run.id), get_run_logger())
            with ending_if_stalled(load_settings().run_budget_s, end):
                return run(*args, **kwargs)
        except CorpusError as exc:
            get_run_logger().error(str(exc))
            return Failed(message=str(exc), data=exc)

    return run_or_say_why


def settings_of_run() -> Settings:
    """The settings of a flow run; NCBI's API key from a Secret block if the environment has none."""
    settings = load_settings()
    if settings.ncbi_api_key is None and flow_run.id:
        try:
            secret = cast("Secret[str]", Secret.load(API_KEY_BLOCK))
        except ValueError:
            return settings  # There is no such block.
        return load_settings(ncbi_api_key=secret.get())
    return settings


def complete(report: RunReport, settings: Settings, progress: PageProgress) -> State[RunReport]:
    """Leave the report with the run: name, log, artifact, events, a state that agrees with the command's exit code."""
    if report.run_kind in ("refresh", "backfill"):
        progress.name_run(sum(report.plan.values()))
    leave_report(report, settings)
    sentence = describe_shortfall(report)
    if report.exit_code == CorpusError.exit_code:
        return Failed(message=sentence, data=CorpusError(sentence))
    if report.exit_code:
        return Completed(name="CompletedInPart", message=sentence, data=report)
    return Completed(data=report)

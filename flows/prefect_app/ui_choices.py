"""What a person set in Prefect's UI stays when `corpus serve` registers its deployments again.

Prefect's own registration puts back what the code says. Here, what the code said last time is kept in a variable of the
server, so a change by a person can be told from one of the code; the latter holds if no person made one.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.variables import Variable

from flows.prefect_app.heartbeat_automation import TAG

# The server's variable with what the code said of each deployment when it was last registered.
VARIABLE = "corpus_deployments"


@dataclass(frozen=True)
class Declared:
    """What the code says of a deployment that a person can change in the UI.

    Attributes:
        description: Its description.
        limit: Runs at a time.
        schedule: When it runs, as `write_schedule` has it; '' is never.
    """

    description: str
    limit: int | None
    schedule: str


def keep_choices(deployments: Sequence[RunnerDeployment]) -> list[str]:
    """Give deployments that are about to be registered what a person has set in the UI.

    Returns:
        Sentences about what the code changed since the last time, and about what a person set that stands against it.
    """
    before = read_declared()
    now = {str(deployment.name): declare(deployment) for deployment in deployments}
    said: list[str] = []
    with get_client(sync_client=True) as client:
        for deployment in deployments:
            try:
                there = client.read_deployment_by_name(deployment.full_name)
            except ObjectNotFound:
                continue
            name = str(deployment.name)
            said += keep_fields(deployment, there, before.get(name, now[name]))
            said += keep_schedules(client, there, before.get(name, now[name]).schedule, now[name].schedule, deployment)
    Variable.set(VARIABLE, json.dumps({name: vars(declared) for name, declared in now.items()}), overwrite=True)
    return said


def read_declared() -> dict[str, Declared]:
    """What the code said of each deployment when it was last registered; empty before the first time."""
    kept = Variable.get(VARIABLE, default="{}")
    try:
        return {name: Declared(**declared) for name, declared in json.loads(str(kept)).items()}
    except (ValueError, TypeError, AttributeError):
        return {}  # A person has overwritten it.


def declare(deployment: RunnerDeployment) -> Declared:
    """What the code says of a deployment."""
    limit = deployment.concurrency_limit
    schedule = next((write_schedule(wanted.schedule) for wanted in deployment.schedules or []), "")
    return Declared(deployment.description or "", limit if isinstance(limit, int) else None, schedule)


def keep_fields(deployment: RunnerDeployment, there: DeploymentResponse, before: Declared) -> Iterator[str]:
    """Put into a deployment what stands on the server, except what the code changed and nobody has touched."""
    limit_there = there.global_concurrency_limit.limit if there.global_concurrency_limit else None
    fields = [
        ("description", "description", there.description or "", before.description),
        ("concurrency_limit", "concurrency limit", limit_there, before.limit),
    ]
    for field, called, value, was in fields:
        wanted = getattr(deployment, field)
        if wanted != was and value == was:
            yield f"{deployment.name}: the {called} is now {wanted}; it was {was}."
            continue
        if wanted not in (was, value):
            yield f"{deployment.name}: the {called} stays as set in Prefect's UI, {value}; this version has {wanted}."
        setattr(deployment, field, value)
    known = deployment._parameter_openapi_schema.properties
    for unknown in there.parameters.keys() - known.keys():
        yield f"{deployment.name}: there is no parameter {unknown} any more; what was set for it in the UI is dropped."
    deployment.parameters = {name: value for name, value in there.parameters.items() if name in known}
    deployment.tags = list(dict.fromkeys([TAG, *there.tags]))
    deployment.paused = there.paused


def keep_schedules(
    client: SyncPrefectClient, there: DeploymentResponse, was: str, wanted: str, deployment: RunnerDeployment
) -> Iterator[str]:
    """Leave the schedules on the server as they are, but for the one of the code, if the code changed it.

    Args:
        client: Of the server.
        there: The deployment on the server.
        was: The schedule of the code when it was last registered.
        wanted: The one it has now.
        deployment: About to be registered; its schedules are taken out, so that Prefect does not put them back.
    """
    schedules = deployment.schedules or []
    deployment.schedules = None
    deployment.model_fields_set.discard("schedules")
    if wanted == was or any(wanted == write_schedule(schedule.schedule) for schedule in there.schedules):
        return
    ours: DeploymentSchedule | None = next((s for s in there.schedules if write_schedule(s.schedule) == was), None)
    if ours is None and was:
        stands = ", ".join(write_schedule(schedule.schedule) for schedule in there.schedules) or "none"
        yield f"{there.name}: the schedule stays as set in Prefect's UI, {stands}; this version has {wanted or 'none'}."
        return
    if ours is None:
        new = [(s.schedule, s.active is not False) for s in schedules if s.schedule]
        client.create_deployment_schedules(there.id, new)
    elif wanted:
        client.update_deployment_schedule(there.id, ours.id, schedule=schedules[0].schedule)
    else:
        client.delete_deployment_schedule(there.id, ours.id)
    off = "" if ours is None or ours.active else ", and stays turned off"
    yield f"{there.name}: the schedule is now {wanted or 'none'}{off}; it was {was or 'none'}."


def write_schedule(schedule: Any) -> str:
    """A schedule as text: cron and zone; whatever else a person made, as Prefect has it."""
    cron = getattr(schedule, "cron", None)
    return f"{cron} {schedule.timezone}" if cron else str(schedule)

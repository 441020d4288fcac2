"""Late runs after down-time: the newest of a deployment is enough."""

from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.runtime import deployment, flow_run
from prefect.states import Completed

from flows.runs.report import RunReport

# State of a late run, after down-time, if a newer run of its deployment exists.
SKIPPED: State[RunReport] = Completed(
    name="Skipped", message="A newer run of this deployment is due and does the same."
)


STANDING = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]


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

"""Unknown parameters of a deployment: Prefect refuses them in its forms, but not from other clients."""

from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed

from flows.prefect_app.escaping import on_one_line


def name_unknown_parameters(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Name the unknown parameters of a crashed run, if they are the reason; a hook of the flows."""
    known = flow.parameters.properties
    if unknown := sorted(flow_run.parameters.keys() - known.keys()):
        there = f"the parameters are {', '.join(known)}" if known else "there are none"
        sentence = f"There is no parameter {on_one_line(', '.join(unknown))[:200]}: {there}."
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(flow_run.id, Failed(message=sentence), force=True)

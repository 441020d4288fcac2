"""What `corpus serve` sets right in Prefect when it starts: runs that died with it, and who is told of what happens."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.events.actions import CallWebhook
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.states import Crashed
from pydantic import SecretStr

UNFINISHED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]

WEBHOOK_BLOCK = "corpus-notify"
AUTOMATION = "corpus: tell others"

# What an automation waits for: the project's own events, and flow runs that fail.
TOLD_EVENTS = {"corpus.*", "prefect.flow-run.Failed", "prefect.flow-run.Crashed"}
PAYLOAD = """{
    "event": "{{ event.event }}",
    "occurred": "{{ event.occurred }}",
    "run": "{{ event.resource['prefect.resource.name'] }}",
    "payload": {{ event.payload | tojson }}
}"""


def mark_crashed() -> list[str]:
    """Mark the runs that were at work when this server's last `corpus serve` was ended: nobody works at them any more.

    Returns:
        The names of the runs.
    """
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state={"type": {"any_": UNFINISHED}}))
        sentence = "The process that ran it was ended; the next run takes over what it had fetched."
        state: State[None] = Crashed(message=sentence)
        for run in runs:
            client.set_flow_run_state(run.id, state, force=True)
    return [run.name for run in runs]


def notify_by_webhook(url: str) -> None:
    """Have Prefect post to a URL when a run has something to say, or fails; one automation, brought up to date."""
    block = Webhook(method="POST", url=SecretStr(url))
    block_id = cast("UUID", block.save(WEBHOOK_BLOCK, overwrite=True))
    automation = AutomationCore(
        name=AUTOMATION,
        description="Posts the corpus's events and failed runs to the address of `corpus serve --notify`.",
        trigger=EventTrigger(expect=TOLD_EVENTS, posture=Posture.Reactive, threshold=1, within=timedelta(0)),
        actions=[CallWebhook(block_document_id=block_id, payload=PAYLOAD)],
    )
    with get_client(sync_client=True) as client:
        known = client.read_automations_by_name(AUTOMATION)
        if known:
            client.update_automation(known[0].id, automation)
        else:
            client.create_automation(automation)

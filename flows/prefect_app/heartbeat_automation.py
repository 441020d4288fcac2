"""What `corpus serve` sets up before runs start: it marks dead runs, and creates automations for heartbeats and
notifications."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterType, FlowRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.events.actions import ActionTypes, CallWebhook, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.states import Crashed
from pydantic import SecretStr

from flows.report.notify import is_webhook

# Tag of all our deployments and runs: a configured server can have runs of others, which must not be touched.
TAG = "corpus"
OF_OURS = ResourceSpecification({"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"})

UNFINISHED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]

# A run sends a heartbeat every `flows.prefect_app.serve.HEARTBEAT_S` seconds, so this allows for five lost ones.
SILENCE = timedelta(minutes=3)
HEARTBEAT = "prefect.flow-run.heartbeat"
ENDS = {
    f"prefect.flow-run.{name}" for name in ("Completed", "CompletedInPart", "Skipped", "Failed", "Crashed", "Cancelled")
}
WATCHING = "corpus: mark runs that died"

WEBHOOK_BLOCK = "corpus-notify"
TELLING = "corpus: tell others"

FAILURE_BLOCK = "corpus-notify-failures"
TELLING_FAILURES = "corpus: tell others of failures"

# Events that the automations wait for: failed runs, and the project's own events, or only the alarms among them.
FAILURES = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}
ALARM_EVENTS = {"corpus.citation.retracted", "corpus.drift"}
SUBJECT = "corpus: {{ flow_run.name }} ended as {{ flow_run.state.name }}"
BODY = "{{ flow_run.state.message }}"
PAYLOAD = """{
    "event": "{{ event.event }}",
    "occurred": "{{ event.occurred }}",
    "run": "{{ event.resource['prefect.resource.name'] }}",
    "payload": {{ event.payload | tojson }}
}"""


def mark_crashed() -> list[str]:
    """Mark the runs of an earlier `corpus serve` that died with it as crashed.

    Their progress bars are removed.

    Returns:
        The names of the runs.
    """
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state={"type": {"any_": UNFINISHED}}))
        sentence = "The process that ran it was ended; the next run takes over what it had fetched."
        state: State[None] = Crashed(message=sentence)
        for run in runs:
            client.set_flow_run_state(run.id, state, force=True)
        bars = client.read_artifacts(
            artifact_filter=ArtifactFilter(type=ArtifactFilterType(any_=["progress"])),
            flow_run_filter=FlowRunFilter(tags={"all_": [TAG]}),
        )
        for bar in bars:
            if bar.id:
                client.delete_artifact(bar.id)
    return [run.name for run in runs]


def watch_for_silence() -> None:
    """Have Prefect mark a run as crashed once its heartbeats stop."""
    automation = AutomationCore(
        name=WATCHING,
        description="Marks a run as crashed when its process has not said for three minutes that it lives.",
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT} | ENDS,
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=OF_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message="Its process has not said for three minutes that it lives; "
                "the next run takes over what it had fetched.",
            )
        ],
    )
    put_automation(automation)


def tell_others(addresses: Sequence[str], *, alarms_only: bool) -> None:
    """Have Prefect post the project's events to webhooks, and tell every address of runs that fail.

    What runs bring is sent to the other addresses by the runs themselves (flows/report/notify.py): a run that died
    tells nobody. Each automation is brought up to date.
    """
    webhooks = [address for address in addresses if is_webhook(address)]
    others = [address for address in addresses if address not in webhooks]
    if webhooks:
        ids = [save(Webhook(method="POST", url=SecretStr(url)), WEBHOOK_BLOCK, n) for n, url in enumerate(webhooks)]
        posts = [CallWebhook(block_document_id=block_id, payload=PAYLOAD) for block_id in ids]
        about = "Posts the corpus's events and failed runs to the address of `corpus serve --notify`."
        events = FAILURES | (ALARM_EVENTS if alarms_only else {"corpus.*"})
        put_automation(automation_on(TELLING, about, events, posts))
    if others:
        # Any block of this kind takes any address of Apprise; Prefect has none that is named so.
        ids = [save(SlackWebhook(url=SecretStr(url)), FAILURE_BLOCK, n) for n, url in enumerate(others)]
        told = [SendNotification(block_document_id=block_id, subject=SUBJECT, body=BODY) for block_id in ids]
        about = "Tells the addresses of `corpus serve --notify` of runs that failed."
        put_automation(automation_on(TELLING_FAILURES, about, FAILURES, told))


def save(block: Webhook | SlackWebhook, name: str, number: int) -> UUID:
    """Save a block under a name of its own; its id."""
    return cast("UUID", block.save(f"{name}-{number}" if number else name, overwrite=True))


def automation_on(name: str, about: str, events: set[str], actions: Sequence[ActionTypes]) -> AutomationCore:
    """An automation that acts on each event of some kinds, of runs of ours."""
    trigger = EventTrigger(
        expect=events, match_related=OF_OURS, posture=Posture.Reactive, threshold=1, within=timedelta(0)
    )
    return AutomationCore(name=name, description=about, trigger=trigger, actions=list(actions))


def put_automation(automation: AutomationCore) -> None:
    """Create an automation, or bring the one of its name up to date."""
    with get_client(sync_client=True) as client:
        known = client.read_automations_by_name(automation.name)
        if known:
            client.update_automation(known[0].id, automation)
        else:
            client.create_automation(automation)

"""prefect.yaml, written from the deployments: `python -m flows.prefect_app.prefect_yaml` brings it up to date."""

import json
from collections.abc import Iterator
from pathlib import Path

from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment

from flows.prefect_app.deployments import deployments
from flows.prefect_app.serve import HEARTBEAT_S

FILE = Path(__file__).parents[2] / "prefect.yaml"
CODE = "flows/prefect_app/deployments.py"

HEAD = f"""# The same deployments as `corpus serve`, for a work pool with workers:
#   prefect work-pool create corpus --type process
#   prefect deploy --all
#   prefect worker start --pool corpus
# Written by `uv run python -m flows.prefect_app.prefect_yaml` from {CODE}.
name: corpus
prefect-version: ">=3.9.1"

definitions:
  work_pool: &corpus
    name: corpus
    job_variables:
      env:
        # Seconds between two heartbeats of a run; the automation of `corpus serve --set-up-only` waits for them.
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: "{HEARTBEAT_S}"

deployments:"""


def prefect_yaml() -> str:
    """The whole file; Prefect's own format, with which `prefect deploy --all` makes the deployments."""
    return "\n".join([HEAD, "\n\n".join("\n".join(deployment_lines(d)) for d in deployments())]) + "\n"


def deployment_lines(deployment: RunnerDeployment) -> Iterator[str]:
    """An entry of the list of deployments.

    Raises:
        TypeError: A schedule is not a cron line.
    """
    yield f"  - name: {deployment.name}"
    yield f"    description: {json.dumps(deployment.description, ensure_ascii=False)}"
    # Prefect names the file from the folder that the process runs in.
    yield f"    entrypoint: {CODE}:{str(deployment.entrypoint).rpartition(':')[2]}"
    yield "    work_pool: *corpus"
    yield f"    tags: [{', '.join(deployment.tags)}]"
    yield f"    concurrency_limit: {deployment.concurrency_limit}"
    for number, scheduled in enumerate(deployment.schedules or []):
        if not isinstance(scheduled.schedule, CronSchedule):
            raise TypeError(f"The schedule of {deployment.name} is not a cron line.")
        if not number:
            yield "    schedules:"
        yield f"      - cron: {json.dumps(scheduled.schedule.cron)}"
        yield f"        timezone: {scheduled.schedule.timezone}"
        yield f"        active: {json.dumps(scheduled.active)}"


if __name__ == "__main__":
    FILE.write_text(prefect_yaml(), encoding="utf-8")

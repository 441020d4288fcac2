"""prefect.yaml says what the deployments say: two ways to run them, one definition of when."""

from datetime import timedelta

import pytest
import yaml
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule

from flows.prefect_app.deployments import deployments
from flows.prefect_app.prefect_yaml import FILE, deployment_lines, prefect_yaml
from flows.prefect_app.serve import HEARTBEAT_S


def test_prefect_yaml_is_up_to_date() -> None:
    """Run `uv run python -m flows.prefect_app.prefect_yaml` after a change of the deployments."""
    assert FILE.read_text(encoding="utf-8") == prefect_yaml()


def test_what_prefect_reads_from_it_is_what_the_code_declares() -> None:
    """Read as YAML, each deployment has its name, words, schedule and flow, and the pool's heartbeat."""
    entries = yaml.safe_load(prefect_yaml())["deployments"]
    assert [entry["name"] for entry in entries] == [deployment.name for deployment in deployments()]
    assert {entry["work_pool"]["name"] for entry in entries} == {"corpus"}
    heartbeat = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S)}
    assert all(entry["work_pool"]["job_variables"]["env"] == heartbeat for entry in entries)
    by_name = {entry["name"]: entry for entry in entries}
    nightly, sync = by_name["nightly-refresh"], by_name["sync"]
    assert nightly["schedules"] == [{"cron": "0 2 * * *", "timezone": "America/New_York", "active": True}]
    assert sync["schedules"] == [{"cron": "0 16 * * *", "timezone": "America/New_York", "active": False}]
    assert "schedules" not in by_name["backfill"]
    assert by_name["refresh-links"]["entrypoint"] == "flows/prefect_app/deployments.py:refresh_links"


def test_a_schedule_that_is_no_cron_line_is_refused() -> None:
    """The file would leave it out silently."""
    backfill = next(deployment for deployment in deployments() if deployment.name == "backfill")
    hourly = DeploymentScheduleCreate(schedule=IntervalSchedule(interval=timedelta(hours=1)))
    with pytest.raises(TypeError, match="backfill is not a cron line"):
        list(deployment_lines(backfill.model_copy(update={"schedules": [hourly]})))

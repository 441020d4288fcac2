"""The compose file says what the README says; no container is started here."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker
from prefect.settings.models.root import Settings
from pydantic import BaseModel

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
COMMANDS = {"scheduler": dask_scheduler.main, "dask-worker": dask_worker.main}
OWN = {name: service for name, service in SERVICES.items() if name != "database"}


def test_all_share_the_data_directory_and_only_the_server_has_a_port() -> None:
    """Paths are the same in all containers; the root is read-only; no port is open to others."""
    assert SERVICES["dask-worker"]["deploy"]["replicas"] == 2
    for name, service in OWN.items():
        assert service["volumes"] == ([] if name == "server" else ["./data:/data", "./seeds:/seeds:ro"])
        assert (service["image"], service["read_only"], service["tmpfs"]) == ("corpus", True, ["/tmp"])  # noqa: S108
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"server": ["127.0.0.1:4200:4200"]}
    assert SERVICES["corpus"]["environment"].items() <= SERVICES["worker"]["environment"].items()
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {
        *("database", "server", "set-up", "worker")
    }


def test_every_setting_is_one_that_is_read() -> None:
    """A variable that Prefect does not know would be ignored silently."""
    known = {variable for variable, _ in walk_settings(Settings)}
    asked = {variable for service in OWN.values() for variable in service.get("environment", {})}
    assert {variable for variable in asked if variable.startswith("PREFECT_")} <= known


def walk_settings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The environment variables of Prefect's settings, with the name of the field of each."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from walk_settings(field.annotation)
        prefix = str(model.model_config.get("env_prefix", ""))
        aliases = getattr(field.validation_alias, "choices", [f"{prefix}{name}"])
        yield from ((str(alias).upper(), name) for alias in aliases)


@pytest.mark.parametrize("name", COMMANDS)
def test_dask_takes_the_arguments(name: str) -> None:
    """As its own command line reads them."""
    program, command, *arguments = shlex.split(SERVICES[name]["command"])
    assert (program, command) == ("dask", name.removeprefix("dask-"))
    context = COMMANDS[name].make_context(name, arguments)
    assert isinstance(context, click.Context)
    if name == "dask-worker":
        assert context.params["nthreads"] == 1
        assert context.params["scheduler"] == "tcp://scheduler:8786"
        assert context.args == []


def test_the_image_has_what_the_services_run() -> None:
    """The lock is kept, and Dask is in it."""
    image = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^(?:RUN|    &&) uv sync --locked --no-dev --extra dask", image, re.MULTILINE)
    assert "tcp://scheduler:8786" in re.findall(r"^#   docker compose run .*--engine (.*)$", TEXT, re.MULTILINE)

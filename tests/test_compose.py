"""The compose file says what the README says; no container is started here."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
COMMANDS = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def test_a_scheduler_and_two_workers_share_the_data_directory_with_the_command() -> None:
    """Files and folders have the same path for all of them; no port is open to others."""
    assert list(SERVICES) == ["scheduler", "worker", "corpus"]
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    for service in SERVICES.values():
        assert service["volumes"] == ["./data:/data"]
        assert service["image"] == "corpus"
        assert "ports" not in service
    assert SERVICES["corpus"]["environment"]["CORPUS_DATA_DIR"] == "/data"
    assert SERVICES["corpus"]["profiles"]


@pytest.mark.parametrize("name", COMMANDS)
def test_dask_takes_the_arguments(name: str) -> None:
    """As its own command line reads them."""
    program, command, *arguments = shlex.split(SERVICES[name]["command"])
    assert (program, command) == ("dask", name)
    context = COMMANDS[name].make_context(name, arguments)
    assert isinstance(context, click.Context)
    if name == "worker":
        assert context.params["nthreads"] == 1
        assert context.params["scheduler"] == "tcp://scheduler:8786"
        assert context.args == []


def test_the_image_has_what_the_services_run() -> None:
    """The lock is kept, and Dask is in it."""
    image = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^RUN uv sync --locked --no-dev --extra dask", image, re.MULTILINE)
    assert "tcp://scheduler:8786" in re.findall(r"^#   docker compose run .*--engine (.*)$", TEXT, re.MULTILINE)

"""`corpus serve` in a process of its own, and its API as a person's browser asks it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

from tests.conftest import REPOSITORY

START_S = 600
RUN_S = 300
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# What the tests log in with; `serving` may be told to use another.
AUTH = ("tester", "opensesame")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int, own: Mapping[str, str], *options: str) -> Iterator[str]:
    """`corpus serve` over the given seeds in a folder, which has `log` and `data`; gives the URL of the API.

    Args:
        folder: Empty, or one that was served before.
        port: Where to listen.
        own: Variables of its environment.
        options: Of the command.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "CORPUS_"))}
    environment |= {"CORPUS_ENTREZ": "sample", **own}
    if not (folder / "seeds").exists():
        seeds = shutil.copytree(REPOSITORY / "seeds", folder / "seeds")
        definition = (seeds / "corpus.toml").read_text()
        assert "from_citations = 1000" in definition
        (seeds / "corpus.toml").write_text(definition.replace("from_citations = 1000", "from_citations = 11"))
    command = [sys.executable, "-c", "from flows.command.cli import main; main()", "serve", "--port", str(port)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*command, *options], cwd=folder, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            wait_for(
                lambda: b"Your deployments are being served" in (folder / "log").read_bytes(), START_S, folder / "log"
            )
            yield f"http://127.0.0.1:{port}/api"
        finally:
            server.terminate()
            server.wait(timeout=120)


def answer_of(method: str, url: str, body: Any = None, auth: tuple[str, str] | None = AUTH) -> httpx.Response:
    """What Prefect's API answers.

    503 means that SQLite is busy; it is asked again, as Prefect's own client does.
    """
    for _ in range(20):
        answer = httpx.request(method, url, json=body, timeout=60, auth=auth)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(1)
    return answer


def ask(api: str, path: str, **body: Any) -> Any:
    """A POST to Prefect's API."""
    return answer_of("POST", f"{api}/{path}", body).raise_for_status().json()


def run_of(api: str, run_id: str) -> dict[str, Any]:
    """A flow run, as Prefect has it now."""
    found: dict[str, Any] = answer_of("GET", f"{api}/flow_runs/{run_id}").raise_for_status().json()
    return found


def wait_for(is_true: Any, seconds: float, log: Path) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)


def run(api: str, name: str, **parameters: Any) -> dict[str, Any]:
    """Start a deployment as the UI does, and wait for its end."""
    (deployment,) = [d for d in ask(api, "deployments/filter") if d["name"] == name]
    started = ask(api, f"deployments/{deployment['id']}/create_flow_run", parameters=parameters)
    deadline = time.monotonic() + RUN_S
    while True:
        found = run_of(api, started["id"])
        if found["state"]["type"] in ("COMPLETED", "FAILED"):
            return found
        # A crashed run may get its reason a moment later.
        assert time.monotonic() < deadline, found["state"]
        time.sleep(0.5)


def log_in(context: BrowserContext, auth: tuple[str, str] = AUTH) -> None:
    """Log a browser's pages on the UI in, as its form does."""
    context.add_init_script(f"localStorage.setItem('prefect-password', btoa('{':'.join(auth)}'))")

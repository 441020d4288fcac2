"""`corpus serve` from outside: a page of another origin gets nowhere, and what a person set in the UI stays."""

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.scripted import folder_server
from tests.served import CHROMIUM_ARGUMENTS, answer_of, free_port, serving, wait_for

# What a page of another origin tries, with the browser's own means; each gives what it could see.
ATTACK = """
async ([api, deployment]) => {
    const steps = JSON.stringify({pull_steps: [{"prefect.deployments.steps.run_shell_script": {script: "id"}}]});
    const attempt = async (url, options) => {
        try {
            const answer = await fetch(url, options);
            return answer.type === "opaque" ? "opaque" : `read ${answer.status}`;
        } catch { return "blocked"; }
    };
    const socket = (path) => new Promise((done) => {
        const opened = new WebSocket(api.replace("http", "ws") + path, ["prefect"]);
        opened.onopen = () => opened.send(JSON.stringify({type: "auth", token: null}));
        opened.onmessage = () => done("accepted");
        opened.onclose = () => done("blocked");
    });
    const plain = {"Content-Type": "text/plain"};
    const json = {"Content-Type": "application/json"};
    const start = `${api}/deployments/${deployment}/create_flow_run`;
    return {
        get: await attempt(`${api}/admin/settings`),
        post: await attempt(`${api}/deployments/filter`, {method: "POST", headers: json, body: "{}"}),
        patch: await attempt(`${api}/deployments/${deployment}`, {method: "PATCH", headers: json, body: steps}),
        simple: await attempt(start, {method: "POST", headers: plain, body: "{}"}),
        blind: await attempt(start, {method: "POST", mode: "no-cors", headers: plain, body: "{}"}),
        bare: await attempt(start, {method: "POST", mode: "no-cors", body: new Blob(["{}"])}),
        events_in: await socket("/events/in"),
        events_out: await socket("/events/out"),
        logs_out: await socket("/logs/out"),
    };
}
"""
REPELLED = {
    "get": "blocked",
    "post": "blocked",
    "patch": "blocked",
    "simple": "blocked",
    "blind": "opaque",
    "bare": "opaque",
    "events_in": "blocked",
    "events_out": "blocked",
    "logs_out": "blocked",
}


@dataclass
class Served:
    """What the tests of this file act on; they come one after the other."""

    folder: Path
    port: int
    elsewhere: str
    browser: Browser

    @property
    def api(self) -> str:
        """The URL of the API."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def login(self) -> tuple[str, str]:
        """The authentication string, as the person finds it."""
        user, _, password = (self.folder / "data" / "prefect" / "auth-string").read_text().strip().partition(":")
        return user, password

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers a person."""
        answer = answer_of(method, f"{self.api}/{path}", body, self.login).raise_for_status()
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment as the server has it."""
        found: list[dict[str, Any]] = self.ask("POST", "deployments/filter", {})
        return next(deployed for deployed in found if deployed["name"] == name)

    def attack(self) -> dict[str, str]:
        """What a page of another origin can do, and that it changed nothing."""
        backfill = self.deployment("backfill")
        page = self.browser.new_page()
        page.goto(self.elsewhere)
        seen: dict[str, str] = page.evaluate(ATTACK, [self.api, backfill["id"]])
        page.close()
        assert self.deployment("backfill")["updated"] == backfill["updated"]
        assert self.ask("POST", "flow_runs/filter", {"deployments": {"name": {"any_": ["backfill"]}}}) == []
        return seen


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A browser, a page of another origin, and a folder to serve in."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("left out: chromium is not installed")
    folder, pages = tmp_path_factory.mktemp("closed"), tmp_path_factory.mktemp("elsewhere")
    (pages / "index.html").write_text("<!DOCTYPE html><title>elsewhere</title>")
    expect.set_options(timeout=60_000)
    with folder_server(pages) as elsewhere, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield Served(folder, free_port(), elsewhere, browser)
        browser.close()


def log_in(page: Page, served: Served) -> None:
    """Log in by the form, with the line of the file."""
    page.goto(f"http://127.0.0.1:{served.port}/deployments")
    page.locator("input").first.fill(":".join(served.login))
    page.get_by_role("button", name="Login").click()
    expect(page.get_by_role("link", name="nightly-refresh")).to_be_visible()


def refresh(served: Served, auth_string: str | None) -> subprocess.CompletedProcess[str]:
    """`corpus refresh --dry-run` against the server."""
    environment = {"PREFECT_API_URL": served.api, "CORPUS_ENTREZ": "sample", "DO_NOT_TRACK": "1"}
    if auth_string is not None:
        environment["PREFECT_API_AUTH_STRING"] = auth_string
    command = [sys.executable, "-c", "from flows.command.cli import main; main()", "refresh", "--dry-run"]
    return subprocess.run(
        command, cwd=served.folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_nobody_else_gets_in_and_what_a_person_set_stays(served: Served) -> None:
    """In three starts: closed; with other options; and open to all programs, but to no other page."""
    with serving(served.folder, served.port, {"PREFECT_SERVER_CORS_ALLOWED_METHODS": "*"}):
        check_files(served)
        assert "auth-string; stop with Ctrl-C" in (served.folder / "log").read_text()
        assert served.login[1] not in (served.folder / "log").read_text()
        assert answer_of("POST", f"{served.api}/deployments/filter", {}, None).status_code == 401
        assert answer_of("GET", f"{served.api}/admin/version", None, ("corpus", "guessed")).status_code == 401
        assert served.attack() == REPELLED
        check_strings(served)
        page = served.browser.new_page()
        log_in(page, served)
        set_choices(served, page)
        page.close()

    with serving(served.folder, served.port, {}, "--no-auth", "--hour", "3"):
        said = (served.folder / "log").read_text()
        assert "it asks nobody who they are (--no-auth)" in said
        schedule = "0 3 * * * America/New_York"
        assert f"nightly-refresh: the schedule is now {schedule}, and stays turned off; it was 0 2 " in said
        check_choices(served, "0 3 * * *")
        assert answer_of("GET", f"{served.api}/admin/version", None, None).status_code == 200
        assert served.attack() == REPELLED


def check_files(served: Served) -> None:
    """Only its owner can read what the server keeps."""
    home = served.folder / "data" / "prefect"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    kept = [*home.glob("prefect.db*"), *home.glob("auth-string"), *home.glob("*.log")]
    assert {"prefect.db", "prefect.db-wal", "prefect.db-shm", "auth-string"} <= {path.name for path in kept}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def check_strings(served: Served) -> None:
    """A command against this server needs its string, and says so."""
    missing, wrong = refresh(served, None), refresh(served, "corpus:guessed")
    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert missing.stderr.startswith(
        f"corpus: Prefect's server at {served.api} asks for PREFECT_API_AUTH_STRING; set it"
    )
    assert "does not take this PREFECT_API_AUTH_STRING" in wrong.stderr
    assert "Traceback" not in missing.stderr + wrong.stderr
    done = refresh(served, ":".join(served.login))
    assert done.returncode == 0, done.stderr


def set_choices(served: Served, page: Page) -> None:
    """A person turns a schedule off by its switch, pauses a deployment, adds a schedule and changes parameters."""
    nightly, check = served.deployment("nightly-refresh"), served.deployment("check")
    page.goto(f"http://127.0.0.1:{served.port}/deployments/deployment/{nightly['id']}")
    expect(page.get_by_text("At 02:00 AM").first).to_be_visible()
    page.locator(".deployment-schedule-card .p-toggle__control").first.click()
    wait_for(lambda: not served.deployment("nightly-refresh")["schedules"][0]["active"], 60, served.folder / "log")
    served.ask("PATCH", f"deployments/{check['id']}", {"paused": True})
    served.ask("PATCH", f"deployments/{served.deployment('compact')['id']}", {"parameters": {"keep": "last"}})
    added = [{"active": True, "schedule": {"cron": "0 12 1 * *", "timezone": "Europe/Berlin"}}]
    served.ask("POST", f"deployments/{served.deployment('rebuild')['id']}/schedules", added)
    (links,) = served.deployment("refresh-links")["schedules"]
    served.ask("DELETE", f"deployments/{served.deployment('refresh-links')['id']}/schedules/{links['id']}")


def check_choices(served: Served, cron: str) -> None:
    """All of it survives a restart."""
    (schedule,) = served.deployment("nightly-refresh")["schedules"]
    assert (schedule["schedule"]["cron"], schedule["active"]) == (cron, False)
    assert served.deployment("check")["paused"]
    assert served.deployment("compact")["parameters"] == {"keep": "last"}
    (added,) = served.deployment("rebuild")["schedules"]
    assert added["schedule"]["cron"] == "0 12 1 * *"
    assert served.deployment("refresh-links")["schedules"] == []
    assert json.dumps(served.deployment("backfill")["tags"]) == '["corpus"]'

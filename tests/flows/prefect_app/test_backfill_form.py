"""The form of a backfill in Prefect's UI, as a person fills it in a browser."""

import os
import shutil
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from flows.definition.seeds import read_seeds
from tests.conftest import REPOSITORY
from tests.served import AUTH, CHROMIUM_ARGUMENTS, RUN_S, answer_of, ask, free_port, log_in, run_of, serving, wait_for

SUBMITS = 10
UI_S = 60  # The UI asks for what is new every five seconds; Prefect sends a run's log in portions.


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`corpus serve` over the given seeds in an empty folder: the API's URL, and the data directory."""
    folder = tmp_path_factory.mktemp("form")
    with serving(folder, free_port(), {"PREFECT_SERVER_API_AUTH_STRING": ":".join(AUTH)}) as api:
        yield api, folder / "data"


@pytest.fixture
def page(served: tuple[str, Path]) -> Iterator[Page]:
    """A browser's page on the UI; nothing that it asks for or sends may leave the machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("left out: chromium is not installed")
    asked: set[str | None] = set()
    expect.set_options(timeout=UI_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 1100}, base_url=served[0].removesuffix("/api"), timezone_id="UTC"
        )
        log_in(context)
        context.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
        opened = context.new_page()
        opened.on("websocket", lambda socket: asked.add(urlsplit(socket.url).hostname))
        yield opened
        browser.close()
    assert asked - {None} == {"127.0.0.1"}


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures of the pages go: the folder that CORPUS_SCREENSHOTS names, or one of the test's own."""
    folder = REPOSITORY / os.environ.get("CORPUS_SCREENSHOTS", tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_form(page: Page, api: str, name: str) -> None:
    """Open the form of the backfill, and name the run."""
    (deployment,) = [d for d in ask(api, "deployments/filter") if d["name"] == "backfill"]
    page.goto(f"/deployments/deployment/{deployment['id']}/run")
    expect(page.get_by_text("Numbers such as 25217177")).to_be_visible()
    page.get_by_role("textbox").first.fill(name)


def submit(page: Page, api: str, name: str, log: Path) -> str:
    """Submit the form, and open the page of the run that it made; gives its id.

    A server on SQLite answers 503 when two of its services write at once; the page then says so, and a person
    submits again.
    """
    for _ in range(SUBMITS):
        with page.expect_response(lambda reply: reply.url.endswith("/create_flow_run"), timeout=UI_S * 1000) as reply:
            page.get_by_role("button", name="Submit").click()
        if reply.value.status != HTTPStatus.SERVICE_UNAVAILABLE:
            break
    named = {"flow_runs": {"name": {"any_": [name]}}}
    wait_for(lambda: ask(api, "flow_runs/filter", **named), 30, log)
    (started,) = ask(api, "flow_runs/filter", **named)
    page.goto(f"/runs/flow-run/{started['id']}")
    return str(started["id"])


def test_a_person_runs_a_backfill_in_the_ui(served: tuple[str, Path], page: Page, screenshots: Path) -> None:
    """From the deployments to the schedule, the form, the run, its report, and the records by SQL."""
    api, data = served
    seeds = read_seeds(data.parent / "seeds")
    pmids = {found.pmid for found in seeds.pages} | {e.pmid for p in seeds.pages for e in p.entries if e.pmid}
    assert len(pmids) == 11
    page.goto("/deployments")
    page.get_by_role("link", name="nightly-refresh").click()
    expect(page.get_by_text("At 02:00 AM").first).to_be_visible()

    open_form(page, api, "from-the-form")
    expect(page.get_by_text("Links to follow").first).to_be_visible()
    page.locator("textarea").first.fill("\n".join(map(str, pmids)))
    page.locator("textarea").last.fill("asked for in a browser")
    page.set_viewport_size({"width": 1280, "height": 1750})
    page.screenshot(path=screenshots / "form.png")
    page.set_viewport_size({"width": 1280, "height": 1100})
    run_id = submit(page, api, "from-the-form", data / "prefect" / "server.log")
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=RUN_S * 1000)
    expect(page.get_by_text("publish: 1 of 1")).to_be_visible()
    page.screenshot(path=screenshots / "run.png")

    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_role("link", name="backfill-report").click()
    expect(page.get_by_role("heading", name="Coverage")).to_be_visible()
    expect(page.get_by_role("cell", name="an abstract")).to_be_visible()
    page.screenshot(path=screenshots / "report.png")
    assert run_of(api, run_id)["parameters"]["reason"] == "asked for in a browser"
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        statement = "SELECT pmid, run.reason FROM request JOIN run USING (run_id) WHERE run.reason LIKE '%browser'"
        found = con.execute(statement).fetchall()
    assert set(found) == {(pmid, "asked for in a browser") for pmid in pmids}


def test_a_person_types_nonsense_into_the_form(served: tuple[str, Path], page: Page, screenshots: Path) -> None:
    """The form itself refuses what its schema says; the rest ends as Failed, with a sentence that names the field."""
    api, data = served
    open_form(page, api, "too-few")
    page.locator("textarea").first.fill("33297563")
    page.locator("input[type=number]").fill("0")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Validation failed for field 'limit'").first).to_be_visible()
    page.screenshot(path=screenshots / "refused.png")
    assert ask(api, "flow_runs/filter", flow_runs={"name": {"any_": ["too-few"]}}) == []

    open_form(page, api, "nonsense")
    page.locator("textarea").first.fill("33297563, PMC12")
    submit(page, api, "nonsense", data / "prefect" / "server.log")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible(timeout=RUN_S * 1000)
    expect(page.get_by_text("pmids: 'PMC12' is not a PMID; give numbers such as 25217177.").first).to_be_visible()
    expect(page.get_by_text("Finished in state Failed")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.screenshot(path=screenshots / "nonsense.png")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date_type", "yesterday"),
        ("from_date", "yesterday"),
        ("to_date", "2026-11"),
        ("follow", ["friends"]),
        ("limit", 0),
        ("limit", 1_000_001),
        ("dry_run", "perhaps"),
    ],
)
def test_the_schema_of_the_form_refuses_what_it_can(served: tuple[str, Path], field: str, value: Any) -> None:
    """Before there is a run, in words that name the field."""
    api, _ = served
    (deployment,) = [d for d in ask(api, "deployments/filter") if d["name"] == "backfill"]
    parameters = {"pmids": "33297563", field: value}
    answer = answer_of("POST", f"{api}/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    assert answer.status_code == 409
    assert field in answer.json()["detail"]

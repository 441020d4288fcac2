"""`corpus serve` as an operator meets it, and the same deployments in prefect.yaml."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import httpx
import pytest

from tests.mesh_records import descriptor, mesh_set
from tests.records import article, article_set
from tests.scripted import serving_with
from tests.served import (
    AUTH,
    RUN_S,
    answer_of,
    ask,
    free_port,
    run,
    run_of,
    serving,
    wait_for,
)

SCHEDULED = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}


class Receiver(BaseHTTPRequestHandler):
    """Takes what the notifying automation posts, and what Apprise sends."""

    told: ClassVar[list[dict[str, Any]]] = []
    sent: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        """Keep a message."""
        kept = self.sent if self.path == "/sent" else self.told
        kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`corpus serve` over the given seeds in an empty folder: the API's URL, and the data directory."""
    folder = tmp_path_factory.mktemp("serve")
    with serving_with(Receiver) as receiver:
        own = {
            "CORPUS_NOTIFY": f"{receiver}told {receiver.replace('http:', 'json:')}sent",
            "PREFECT_SERVER_API_AUTH_STRING": ":".join(AUTH),
            "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5",
        }
        with serving(folder, free_port(), own) as api:
            yield api, folder / "data"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{api}/health")


def test_a_second_serve_does_not_end_the_server_of_the_first(served: tuple[str, Path]) -> None:
    """It would take it for a leftover."""
    api, data = served
    command = [sys.executable, "-c", "from flows.command.cli import main; main()", "serve", "--port", "4299"]
    done = subprocess.run(
        [*command, "--data-dir", str(data), "--entrez", "sample"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert "Another `corpus serve` is at work over" in done.stderr
    assert httpx.get(f"{api}/health").is_success


def test_the_nightly_refresh_has_its_schedule(served: tuple[str, Path]) -> None:
    """Cron with an IANA zone, in NCBI's off-peak hours."""
    api, _ = served
    deployed = ask(api, "deployments/filter")
    active = {d["name"]: d["schedules"][0]["active"] for d in deployed if d["schedules"]}
    # A person switches on what follows all of PubMed.
    nightly_and_upkeep = dict.fromkeys(("nightly-refresh", "refresh-links", "compact", "check", "mesh"), True)
    assert active == nightly_and_upkeep | {"sync": False}
    (nightly,) = [d for d in deployed if d["name"] == "nightly-refresh"]
    (schedule,) = nightly["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "America/New_York")
    assert httpx.get(api.removesuffix("api")).status_code == 200


def test_the_server_schedules_the_coming_nights(served: tuple[str, Path]) -> None:
    """A schedule that starts no run is the quietest of failures."""
    api, data = served
    wait_for(lambda: len(ask(api, "flow_runs/filter", **SCHEDULED)) >= 3, 90, data / "prefect" / "server.log")
    assert "Traceback" not in (data / "prefect" / "server.log").read_text()


def test_a_backfill_completes_and_its_records_are_there(served: tuple[str, Path]) -> None:
    """With its report as an artifact, and its reason in the run."""
    api, data = served
    done = run(api, "backfill", pmids="25217177; 24388038", reason="a test")
    assert done["state"]["name"] == "Completed", done["state"]
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        assert con.execute("SELECT pmid, source FROM citation ORDER BY pmid").fetchall() == [
            (24388038, "sample"),
            (25217177, "sample"),
        ]
        assert con.execute("SELECT reason FROM run").fetchall() == [("a test",)]
    artifacts = {artifact["key"]: artifact for artifact in ask(api, "artifacts/filter")}
    assert artifacts.keys() == {"backfill-report"}
    report = artifacts["backfill-report"]["data"]
    assert "| new | 2 |" in report
    assert "| an abstract | - | 50.0 % |" in report
    assert "- **requests:** 1\n" in report
    (flow_run,) = ask(api, "flow_runs/filter", flow_runs={"id": {"any_": [done["id"]]}})
    assert flow_run["tags"] == ["corpus"]
    assert flow_run["name"] == "backfill: 2 PMIDs"

    def logged() -> list[str]:
        of_the_run = {"flow_run_id": {"any_": [done["id"]]}}
        return [line["message"] for line in ask(api, "logs/filter", logs=of_the_run, sort="TIMESTAMP_ASC")]

    # Prefect sends the log in portions, the last one after the run has ended.
    wait_for(lambda: "Finished in state Completed()" in logged(), 30, data / "prefect" / "server.log")
    assert [line for line in logged() if line.startswith(("fetch", "Finished"))] == [
        "fetch: 2 of 2",
        "Finished in state Completed()",
    ]
    tasks = {task["name"] for task in ask(api, "task_runs/filter")}
    assert {"fetch", "transform", "commit", "publish"} == tasks


def test_of_late_nights_only_the_last_one_runs(served: tuple[str, Path]) -> None:
    """After downtime every missed run is still due, and they would all do the same."""
    api, data = served
    (deployment,) = [d for d in ask(api, "deployments/filter") if d["name"] == "nightly-refresh"]
    nights = []
    for days in (1, 2, 3):
        due = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        late = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
        nights.append(ask(api, f"deployments/{deployment['id']}/create_flow_run", state=late)["id"])

    def names() -> list[str]:
        return [run_of(api, night)["state"]["name"] for night in nights]

    wait_for(lambda: set(names()) <= {"Completed", "Skipped", "Failed"}, RUN_S, data / "prefect" / "server.log")
    assert names() == ["Completed", "Skipped", "Skipped"]


def test_a_refresh_from_the_ui_completes(served: tuple[str, Path]) -> None:
    """The same run as every night's."""
    api, data = served
    assert run(api, "nightly-refresh")["state"]["name"] == "Completed"
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) FROM citation").fetchall() == [(11,)]


def test_upkeep_from_the_ui_says_what_it_did(served: tuple[str, Path]) -> None:
    """A check that finds nothing completes, and says so."""
    api, _ = served
    assert run(api, "check")["state"]["name"] == "Completed"
    (report,) = [a for a in ask(api, "artifacts/filter") if a["key"] == "check-report"]
    assert "all is as it should be" in report["data"]


def test_a_backfill_of_nonsense_fails_with_a_sentence(served: tuple[str, Path]) -> None:
    """It names the field."""
    api, _ = served
    done = run(api, "backfill", pmids="25217177 PMC12")
    assert done["state"]["type"] == "FAILED"
    assert done["state"]["message"] == "pmids: 'PMC12' is not a PMID; give numbers such as 25217177."


def test_a_parameter_that_there_is_not_is_named(served: tuple[str, Path]) -> None:
    """Prefect lets it pass, and the run would crash with a traceback."""
    api, _ = served
    done = run(api, "compact", keeep="all")
    assert (done["state"]["type"], done["state"]["message"]) == (
        "FAILED",
        "There is no parameter keeep: the parameters are keep.",
    )


def test_runs_are_forgotten_after_a_year(served: tuple[str, Path]) -> None:
    """With their logs and artifacts; Prefect itself keeps them forever."""
    api, data = served
    (deployment,) = [d for d in ask(api, "deployments/filter") if d["name"] == "compact"]

    def ended(days: int) -> str:
        made = ask(api, f"deployments/{deployment['id']}/create_flow_run", state={"type": "PENDING"})
        state = {"state": {"type": "CANCELLED"}, "force": True}
        answer_of("POST", f"{api}/flow_runs/{made['id']}/set_state", state).raise_for_status()
        day = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}"
        # The API takes no past time.
        with closing(sqlite3.connect(data / "prefect" / "prefect.db", timeout=60)) as con, con:
            assert con.execute("UPDATE flow_run SET end_time = ? WHERE id = ?", (day, made["id"])).rowcount == 1
        return str(made["id"])

    old, young = ended(370), ended(360)
    wait_for(lambda: answer_of("GET", f"{api}/flow_runs/{old}").status_code == 404, 60, data / "prefect" / "server.log")
    assert run_of(api, young)["state"]["type"] == "CANCELLED"


def test_mesh_is_read_from_the_inbox(served: tuple[str, Path]) -> None:
    """Without a file it would be downloaded; a file that is not below the inbox is not read."""
    api, data = served
    (data / "inbox" / "desc2026.xml").write_bytes(mesh_set(descriptor("D01", "Mood", trees=["F01"])))
    assert run(api, "mesh", files="desc2026.xml")["state"]["name"] == "Completed"
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        assert con.execute("SELECT descriptor_ui FROM mesh_descriptor").fetchall() == [("D01",)]
    refused = run(api, "mesh", files="/etc/hostname")
    assert refused["state"]["type"] == "FAILED"
    assert "is not below a folder that is read from" in refused["state"]["message"]


def test_an_ingest_of_a_file_that_breaks_off_fails_with_a_sentence(served: tuple[str, Path]) -> None:
    """The command ends with exit code 1 and the same words."""
    api, data = served
    (data / "inbox" / "broken.xml").write_bytes(article_set(article(1), article(2))[:-500])
    done = run(api, "ingest", files="broken.xml")
    assert done["state"]["name"] == "Failed"
    assert "broken.xml" in done["state"]["message"]
    assert "Traceback" not in done["state"]["message"]
    log = ask(api, "logs/filter", logs={"flow_run_id": {"any_": [done["id"]]}})
    assert not any("Traceback" in line["message"] for line in log)


def test_others_are_told_of_runs_and_of_failures(served: tuple[str, Path]) -> None:
    """By the automation that `--notify` sets up, at the address it was given."""
    _, data = served
    wait_for(lambda: {"corpus.refreshed", "prefect.flow-run.Failed"} <= told(), 90, data / "prefect" / "server.log")
    message = next(m for m in Receiver.told if m["event"] == "corpus.refreshed")
    assert message["payload"]["outcomes"] == {"new": 2}
    assert message["payload"]["sentence"].startswith("backfill 20")


def test_apprise_has_the_titles_from_the_run_and_failures_from_prefect(served: tuple[str, Path]) -> None:
    """The first backfill brought two records; the failure's message is its sentence, not a traceback."""
    _, data = served
    assert Receiver.sent[0]["title"] == "corpus: 2 new"
    assert "https://pubmed.ncbi.nlm.nih.gov/25217177/" in Receiver.sent[0]["message"]
    wait_for(lambda: any("ended as Failed" in m["title"] for m in Receiver.sent), 90, data / "prefect" / "server.log")
    failures = [m["message"] for m in Receiver.sent if "ended as Failed" in m["title"]]
    assert any("broken.xml" in message for message in failures)
    assert not any("Traceback" in message for message in failures)


def test_the_artifact_begins_with_titles_and_leads_to_the_report(served: tuple[str, Path]) -> None:
    """The server shows it to whoever has logged in."""
    api, _ = served
    (artifact,) = [a for a in ask(api, "artifacts/filter") if a["key"] == "backfill-report"][:1]
    assert artifact["data"].startswith("# backfill: ")
    assert "(/corpus/report.html)" in artifact["data"]
    base = api.removesuffix("/api")
    assert httpx.get(f"{base}/corpus/report.html").status_code == HTTPStatus.UNAUTHORIZED
    assert "<h1>The corpus</h1>" in httpx.get(f"{base}/corpus/report.html", auth=AUTH).text
    assert "<feed" in httpx.get(f"{base}/corpus/feed.xml", auth=AUTH).text


def test_a_drift_is_told_and_can_be_accepted_in_the_form(served: tuple[str, Path]) -> None:
    """Twenty records without a DOI beside eleven that have one."""
    api, data = served
    assert run(api, "nightly-refresh")["state"]["name"] == "Completed"
    (data / "inbox" / "records.xml").write_bytes(article_set(*(article(pmid) for pmid in range(1, 21))))
    refused = run(api, "ingest", files=str(data / "inbox" / "records.xml"))
    assert refused["state"]["name"] == "Failed"
    moved = "citations with DOI went from 100.0 to 35.5 %"
    assert refused["state"]["message"].startswith(f"{moved}: more than [drift] of corpus.toml allows")
    wait_for(lambda: "corpus.drift" in told(), 90, data / "prefect" / "server.log")
    (message,) = [m for m in Receiver.told if m["event"] == "corpus.drift"]
    assert message["payload"]["moved"] == [moved]
    assert moved in message["payload"]["sentence"]
    assert run(api, "nightly-refresh", accept_drift=True)["state"]["name"] == "Completed"
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) FROM citation").fetchall() == [(31,)]


def told() -> set[str]:
    """The events that were posted so far."""
    return {str(message["event"]) for message in Receiver.told}


def test_a_run_that_finds_nothing_is_not_done(served: tuple[str, Path]) -> None:
    """A night in which every PMID is unknown is a mistake somewhere; it comes last, since the PMID is a member now."""
    api, _ = served
    done = run(api, "backfill", pmids="99999999")
    assert done["state"]["name"] == "CompletedInPart"
    assert done["state"]["message"].startswith("Nothing that was asked for was found (99999999)")

"""What could go wrong tonight is said beforehand, a line for each check."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx
import pytest
from typer.testing import CliRunner

from flows.command.cli import app
from flows.definition.settings import Settings
from flows.entrez.probe import PROBES, Answer
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.runs.doctor import Check, check_clock, check_data_directory, check_locks, check_prefect, diagnose
from tests.flows.exports.test_read_back import BOOK
from tests.records import article, article_set
from tests.scripted import Answer as Scripted
from tests.scripted import Asked, scripted_server
from warehouse.store import DataDirectory

Make = Callable[..., Settings]
KEY = "0123456789abcdef0123456789abcdef0123"


def troubles(checks: list[Check]) -> dict[str, str]:
    """What the checks that found trouble say."""
    return {check.name: check.said for check in checks if check.outcome == "trouble"}


def diagnose_server(make_settings: Make, tmp_path: Path, faults: str, **changes: Any) -> tuple[list[Check], int]:
    """The checks against a server with faults, and the requests that it got."""
    path = tmp_path / "records.xml"
    path.write_bytes(article_set(article(1), article(2)))
    with running_server(RecordStore.from_paths([path]), faults=faults, limit="ncbi") as base_url:
        checks = list(diagnose(make_settings(base_url, a__pmids="1").model_copy(update=changes)))
        return checks, httpx.get(urljoin(base_url, "/corpus-server/statistics")).json()["total"]


def test_where_all_is_well_every_line_says_ok(make_settings: Make, tmp_path: Path) -> None:
    """Each utility is asked, paced, in ten requests at most."""
    checks, requests = diagnose_server(make_settings, tmp_path, "")
    assert {check.outcome for check in checks} == {"ok"}, checks
    assert {check.name for check in checks} >= {"einfo", "esearch", "epost", "esummary", "efetch", "elink", "ecitmatch"}
    assert requests == len(PROBES) <= 10
    assert not (tmp_path / "data").exists()


def test_a_server_whose_newest_record_is_a_chapter_is_well(make_settings: Make, tmp_path: Path) -> None:
    """PubMed has chapters of books among its records."""
    path = tmp_path / "books.xml"
    book = BOOK.format(pmid=9, title="").replace("</BookDocument>", "</BookDocument><PubmedBookData/>")
    path.write_text(f"<PubmedArticleSet>{book}</PubmedArticleSet>", encoding="utf-8")
    with running_server(RecordStore.from_paths([path])) as base_url:
        assert troubles(list(diagnose(make_settings(base_url, a__pmids="9")))) == {}


def test_a_reply_that_is_other_than_expected_is_a_case_to_send_in(make_settings: Make, tmp_path: Path) -> None:
    """With the request, but without the API key that NCBI repeats; control characters are not printed."""
    update = {"ncbi_api_key": Settings(ncbi_api_key=KEY).ncbi_api_key}
    checks, _ = diagnose_server(make_settings, tmp_path, "bad-key@elink; gzip@efetch; error@epost", **update)
    assert troubles(checks).keys() == {"elink", "epost"}
    cases = {check.name: check.case for check in checks if check.case}
    assert cases.keys() == {"elink", "epost", "efetch"}
    assert cases["elink"]["request"].startswith('elink {"dbfrom":"pubmed"')
    assert (cases["elink"]["status"], "API key invalid" in cases["elink"]["body"]) == (400, True)
    assert cases["efetch"]["unexpected"] == ["Content-Encoding gzip"]
    assert KEY not in json.dumps(cases)
    assert all(case["body"].isprintable() and len(case["body"]) <= 500 for case in cases.values())


@pytest.mark.parametrize("headers", [{"Date": "Fri, 01 Jan 99999999999999999999 00:00:00 GMT"}, {"X": "1" * 70_000}])
def test_a_reply_that_is_none_is_trouble_and_no_traceback(headers: dict[str, str], make_settings: Make) -> None:
    """A doctor that falls ill of what it should find is useless."""
    with scripted_server(lambda _asked, _number: Scripted(b"no XML", 200, headers)) as (base_url, _):
        checks = list(diagnose(make_settings(base_url, a__pmids="1\n")))
    assert any(check.outcome == "trouble" for check in checks)


def test_a_server_that_leads_in_a_circle_is_asked_twice(make_settings: Make) -> None:
    """No more than ten requests in all."""
    with scripted_server(lambda _asked, _number: Scripted(b"", 302, {"Location": "/again"})) as (base_url, requests):
        checks = list(diagnose(make_settings(base_url, a__pmids="1\n")))
    assert len(requests) == 2
    assert any(check.outcome == "trouble" for check in checks)


def test_what_is_led_elsewhere_counts_twice_and_is_said(make_settings: Make, tmp_path: Path) -> None:
    """Every request to the configured address is also one to another."""
    path = tmp_path / "records.xml"
    path.write_bytes(article_set(article(1)))
    with running_server(RecordStore.from_paths([path])) as there:

        def lead_away(asked: Asked, _number: int) -> Scripted:
            return Scripted(b"", 302, {"Location": f"{there}{asked.utility}.fcgi?{urlencode(asked.parameters)}"})

        with scripted_server(lead_away) as (base_url, requests):
            checks = list(diagnose(make_settings(base_url, a__pmids="1\n")))
        total = len(requests) + httpx.get(urljoin(there, "/corpus-server/statistics")).json()["total"]
    assert total == 10
    assert troubles(checks)["Entrez"] == f"{len(PROBES) - 5} requests were not sent"
    esearch = next(check for check in checks if check.name == "esearch")
    assert (esearch.outcome, f"a way round by {there}" in esearch.said) == ("note", True)


def test_who_cannot_be_reached_is_asked_once(make_settings: Make) -> None:
    """The other requests would wait for the same."""
    settings = make_settings("http://127.0.0.1:9/", a__pmids="1")
    found = troubles(list(diagnose(settings)))
    assert found.keys() == {"esearch", "Entrez"}
    assert found["Entrez"] == f"{len(PROBES) - 1} requests were not sent"


def test_ncbi_without_an_email_address_is_trouble_and_not_asked(make_settings: Make) -> None:
    """NCBI wants one with each request."""
    assert troubles(list(diagnose(make_settings("ncbi", a__pmids="1")))).keys() == {"email and key", "Entrez"}


def test_a_clock_that_is_hours_off_is_trouble() -> None:
    """Some seconds are not."""
    answer = Answer()
    answer.headers["Date"] = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert check_clock(answer).outcome == "trouble"
    assert check_clock(Answer()).outcome == "note"


def test_locks_that_lock_nothing_are_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on some network disks."""
    assert check_locks(tmp_path).outcome == "ok"
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    assert check_locks(tmp_path).outcome == "trouble"


def test_a_path_that_is_none_is_trouble() -> None:
    """Longer than a system allows."""
    (check,) = check_data_directory(DataDirectory(Path("a" * 5000)))
    assert (check.outcome, check.said) == ("trouble", "the path cannot be looked at: File name too long")


def test_a_prefect_server_that_is_configured_has_to_answer() -> None:
    """Without one `corpus serve` starts its own."""
    assert check_prefect(None).outcome == "ok"
    for url in ("http://127.0.0.1:9/api", "http://a..b/api", "http://[", "x", "http://127.0.0.1:9\n/"):
        assert check_prefect(url).outcome == "trouble"
    with scripted_server(lambda _asked, _number: Scripted(b"true")) as (base_url, _):
        assert check_prefect(f"{base_url}api").outcome == "ok"


def test_the_command_prints_a_line_for_each_check_and_ends_with_1_if_one_found_trouble(tmp_path: Path) -> None:
    """Or one JSON object."""
    arguments = ["doctor", "--entrez", "http://127.0.0.1:9/", "--seeds", str(tmp_path / "none")]
    shown = CliRunner().invoke(app, arguments)
    assert (shown.exit_code, "trouble seeds: " in shown.output, "ok      disk: " in shown.output) == (1, True, True)
    found = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert {"versions", "seeds"} <= {check["name"] for check in json.loads(found.output)["checks"]}

"""The report is one page that asks for nothing, and its numbers are those of the SQL beside them."""

import html
import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from flows.command.cli import app
from flows.definition.settings import Settings
from flows.report.figures import FIGURES
from flows.report.page import make_report
from flows.report.pictures import draw
from flows.runs.refresh import refresh
from flows.runs.summary import summarise
from tests.conftest import REPOSITORY
from tests.corpora import commit
from tests.records import article
from tests.served import CHROMIUM_ARGUMENTS
from tests.warehouse.histories import write_accounts
from warehouse import build
from warehouse.errors import StoreError, UsageError
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.ledger import SEARCH_RUN
from warehouse.schema.members import MEMBER
from warehouse.store import DataDirectory

EVIL = "Ketamine &lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}."
HEADING = '<MeshHeading><DescriptorName UI="D007649" MajorTopicYN="Y">Ketamine</DescriptorName></MeshHeading>'
MESH = f"<MeshHeadingList>{HEADING}</MeshHeadingList>"
ENTRY = '<CommentsCorrections RefType="{}"><RefSource>J</RefSource><PMID>{}</PMID></CommentsCorrections>'
TIE = f"<CommentsCorrectionsList>{ENTRY}</CommentsCorrectionsList>"
IDS = '<ArticleIdList><ArticleId IdType="pubmed">{0}</ArticleId></ArticleIdList>'
CITES = f"<ReferenceList><Reference><Citation>A paper of {{0}}.</Citation>{IDS}</Reference></ReferenceList>"
LABELS = "pmid,label,reason\n1,excluded,a review\n2,included,\n3,Included,\n3,excluded,\n5,excluded,\n"
AT = datetime(2026, 11, 2, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Six citations: 1 is retracted and cited by 2, 3 is under a concern; 2 and 3 cite 99, which is not held."""
    root = tmp_path_factory.mktemp("report")
    tables = root / "seeds" / "tables"
    tables.mkdir(parents=True)
    (tables / "labels.csv").write_text(LABELS, encoding="utf-8")
    directory = DataDirectory(root / "data", companions=tables)
    commit(
        directory,
        article(1, title=EVIL, parts=("", TIE.format("RetractionIn", 50) + MESH, "")),
        article(2, parts=("", MESH, CITES.format(1) + CITES.format(99))),
        article(3, parts=("", TIE.format("ExpressionOfConcernIn", 51), CITES.format(99))),
        *(article(pmid) for pmid in (4, 5, 6)),
    )
    writer = start_run(directory, AT)
    run = writer.run_id
    members: list[tuple[object, ...]] = [(n, "query", "a.query", 0, run, None, run) for n in (1, 2, 3, 7)]
    members += [(n, "query", "b.query", 0, run, None, run) for n in (1, 4)]
    members += [(5, "seed", "page", 0, run, None, run), (6, "cited_by", "5", 1, run, run, run)]
    writer.write({"member": MEMBER.to_arrow(members)})
    searches = [
        (run, n, name, "ketamine", None, None, None, None, None, count + 1, count, count, None)
        for n, (name, count) in enumerate([("a.query", 4), ("b.query", 2)], 1)
    ]
    writer.write({"search_run": SEARCH_RUN.to_arrow(searches)})
    write_accounts(writer, {}, AT)
    commit_run(writer)
    build.publish(directory)
    return directory


def sections(page: str) -> dict[str, str]:
    """The HTML of each figure."""
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))


def test_each_figure_shows_what_its_sql_answers(directory: DataDirectory) -> None:
    """The page's statement is run again as it stands, and each of its values is in the figure."""
    found = sections(make_report(directory))
    assert list(found) == [figure.name for figure in FIGURES]
    with duckdb.connect(directory.database, read_only=True) as con:
        for name, section in found.items():
            (sql,) = re.findall(r"<pre>(.*?)</pre>", section, re.DOTALL)
            answer = con.sql(html.unescape(sql))
            shown = section.partition("<summary>SQL")[0]
            shown = html.unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", shown, flags=re.DOTALL))
            for row in answer.fetchall():
                for column, value in zip(answer.columns, row, strict=True):
                    text = f"{int(value):,}" if str(value).isdigit() and not is_plain(column) else str(value)
                    assert value is None or isinstance(value, bool | datetime) or text in shown, (name, column, value)


def is_plain(column: str) -> bool:
    """Whether the numbers of a column are names."""
    return column.endswith(("pmid", "year"))


def test_the_numbers_of_the_prisma_flow_add_up(directory: DataDirectory) -> None:
    """Six reasons for five PMIDs, of which 7 was not delivered; labels that disagree decide nothing."""
    (sql,) = re.findall(r"<pre>(.*?)</pre>", sections(make_report(directory))["prisma"], re.DOTALL)
    with duckdb.connect(directory.database, read_only=True) as con:
        rows = con.execute(html.unescape(sql)).fetchall()
    identified = [row[1:] for row in rows if row[0] == "identified"]
    assert identified[0] == ("query a.query", 4, 5, 4)
    boxes = {box: count for box, _, count, *_ in rows if box not in ("identified", "excluded")}
    excluded = {reason: count for box, reason, count, *_ in rows if box == "excluded"}
    assert excluded == {"a review": 1, "no reason given": 1}
    boxes["excluded"] = sum(excluded.values())
    assert sum(count for _, count, *_ in identified) - boxes["duplicates"] == boxes["sought"]
    assert boxes["sought"] - boxes["not retrieved"] == boxes["screened"]
    assert boxes["included"] + boxes["excluded"] + boxes["not decided"] == boxes["screened"]
    decided = {name: boxes[name] for name in ("included", "excluded", "not retrieved")}
    assert decided == {"included": 1, "excluded": 2, "not retrieved": 1}


def test_a_browser_shows_every_figure_and_loads_nothing(directory: DataDirectory, tmp_path: Path) -> None:
    """At 1,400 and 400 pixels, light and dark: no request but for the page, no error, no scrolling sideways."""
    assert "<script>alert(1)</script> {{ 7 * 7 }}" in open_in_browser(make_report(directory), tmp_path, name="report")


def open_in_browser(report: str, folder: Path, *, name: str) -> str:
    """The text that a report shows in Chromium, once seen to be whole at both widths; keeps its pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("left out: chromium is not installed")
    pictures = REPOSITORY / os.environ.get("CORPUS_SCREENSHOTS", folder)
    pictures.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(report, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        for width, scheme in ((1400, "light"), (400, "dark")):
            opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            opened.on("request", lambda request: asked.append(request.url))
            opened.on("console", lambda message: said.append(message.text))
            opened.on("pageerror", lambda error: said.append(str(error)))
            opened.on("dialog", lambda dialog: said.append(dialog.message))
            opened.goto(page.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") == width
            for figure in FIGURES:
                assert opened.locator(f"#{figure.name}").is_visible()
                drawn = opened.locator(f"#{figure.name} figure svg:visible")
                assert drawn.count() == (figure.name in DRAWN), figure.name
                if figure.name in DRAWN:
                    box = drawn.bounding_box()
                    assert box is not None
                    assert 0 <= box["x"] < box["x"] + box["width"] <= width
            text = opened.inner_text("body")
            opened.screenshot(path=pictures / f"{name}-{width}.png", full_page=True)
        browser.close()
    assert asked == [page.as_uri()] * 2
    assert said == []
    return text


DRAWN = {"years", "journals", "mesh", "coverage", "freshness", "searches"}


def test_a_journal_that_looks_like_markup_is_text_in_the_picture() -> None:
    """The drawing escapes what it writes."""
    svg = draw("journals", [{"journal": "<b>J & K</b>", "citations": 2}])["wide"]
    assert "<b>" not in svg
    assert "&lt;b&gt;J &amp; K&lt;/b&gt;" in svg


@pytest.mark.parametrize("days", [1, 3, 50])
def test_runs_of_a_search_stand_at_their_days(days: int) -> None:
    """Even the first run, which stands alone: no label is a fraction of a second."""
    at = [AT + timedelta(days=day, hours=10, milliseconds=792) for day in range(days)]
    rows = [{"run_at": a, "search": "q", "promised": 9, "delivered": 9, "new": 9} for a in at]
    labels = re.findall(r">([^<>]+)</text>", draw("searches", rows)["wide"])
    assert "2 Nov" in labels
    assert [label for label in labels if not re.fullmatch(r"\d+|q|\d+ (?:Oct|Nov|Dec)", label)] == []
    assert len(labels) == len(set(labels))


def test_an_empty_corpus_has_a_report_and_none_is_a_sentence(tmp_path: Path) -> None:
    """Each figure says that there is nothing."""
    directory = DataDirectory(tmp_path / "data")
    with pytest.raises(StoreError, match="run `corpus refresh`"):
        make_report(directory)
    writer = start_run(directory, AT)
    write_accounts(writer, {}, AT)
    commit_run(writer)
    build.publish(directory)
    page = make_report(directory)
    for figure in FIGURES:
        if figure.name in ("new", "retractions", "mesh", "searches", "frontier"):
            assert figure.empty in page


def test_the_command_writes_a_file_or_to_standard_output(
    directory: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says what is missing if the extra is not installed."""
    data = ["--data-dir", str(directory.root)]
    written = CliRunner().invoke(app, ["report", "-o", str(tmp_path / "it.html"), *data])
    assert (written.exit_code, written.stdout) == (0, "")
    assert f"wrote {tmp_path / 'it.html'}: 0." in written.stderr
    piped = CliRunner().invoke(app, ["report", "-o", "-", *data])
    assert piped.stdout.startswith("<!doctype html>")
    assert sections(piped.stdout).keys() == sections((tmp_path / "it.html").read_text(encoding="utf-8")).keys()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    refused = CliRunner().invoke(app, ["report", *data])
    assert isinstance(refused.exception, UsageError)
    assert "pip install vl-convert-python" in str(refused.exception)


def test_a_refresh_leaves_the_report_and_says_where(make_settings: Callable[..., Settings]) -> None:
    """If it cannot be made, the run only gains a sentence."""
    settings = make_settings("sample", mine__pmids="25217177\n").model_copy(update={"no_report": False})
    shutil.copy(next((REPOSITORY / "seeds").glob("*.txt")), settings.seeds)
    report = refresh(settings)
    page = settings.data_dir / "report.html"
    assert report.page == str(page)
    assert f"  report      {page}" in summarise(report, settings)
    assert "Multistage drug effects of ketamine" in page.read_text(encoding="utf-8")
    page.unlink()
    page.mkdir()
    report = refresh(settings)
    (note,) = [note for note in report.notes if "report" in note]
    assert note.startswith("The corpus is published; its report, its feed or a message is not: ")
    assert report.exit_code == 0

"""What a run leaves on its page in Prefect's UI: progress while it works, its report, and events for others."""

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from flows.definition.progress import PlainLines, count_of, name_some
from flows.definition.settings import Settings
from flows.prefect_app.escaping import escape, on_one_line
from flows.prefect_app.guard import PAGES
from flows.prefect_app.stall import watch
from flows.report.digest import PUBMED, Digest, left_out, read_digest
from flows.report.page import FILE_NAME
from flows.runs.report import RunReport
from flows.runs.summary import describe_facts, summarise
from warehouse.errors import DriftError
from warehouse.query import RunChanges, read_run_changes

UPDATE_EVERY_S = 3.0

# The shares in a report, by their names in `warehouse/sql/select_drift.sql`.
SHARES = {"an abstract": "abstract_percent", "a DOI": "doi_percent", "MeSH": "mesh_percent"}

# The most PMIDs that one line of a report or one event names.
NAMED = 50


NO_NEWS = "nothing new"

# Names that Prefect makes up, such as crimson-otter.
GENERATED_NAME = re.compile(r"[a-z]+-[a-z]+")
LONGEST_NAME = 120


@dataclass
class PageProgress:
    """Progress as lines of the run's log, and as a bar on its page; the run's name says what it is for.

    Attributes:
        kind: What the run's name begins with.
        topic: What it is for, if that is known; a search, a window of days, files.
        is_dry: Whether it only plans.
    """

    kind: str
    topic: str = ""
    is_dry: bool = False
    lines: PlainLines = field(default_factory=lambda: PlainLines(get_run_logger().info))
    artifact_id: UUID | None = None
    updated_at: float = 0
    pmid_count: int | None = None

    def tell(self, step: str, done: int, total: int) -> None:
        """Write a line if one is due, and move the bar every few seconds."""
        watch.tell()
        self.lines.tell(step, done, total)
        if step == "fetch":
            self.name_run(total)
        now = time.monotonic()
        if not total or (now - self.updated_at < UPDATE_EVERY_S and done < total):
            return
        self.updated_at = now
        percent, text = 100 * done / total, f"{escape(step)}: {done:,} of {total:,}"
        if self.artifact_id is None:
            made = create_progress_artifact(percent, description=text)
            self.artifact_id = made if isinstance(made, UUID) else None
        else:
            update_progress_artifact(self.artifact_id, percent, description=text)

    def name_run(self, pmid_count: int | None) -> None:
        """Name the run once it is known how many PMIDs it is about; a name that a person gave it stays."""
        if pmid_count is not None and pmid_count == self.pmid_count:
            return
        self.pmid_count = pmid_count
        counted = "" if pmid_count is None else count_of(pmid_count, "PMID")
        what = ", ".join(filter(None, (cut(self.topic), counted)))
        name = f"{self.kind}: {what}" if what else self.kind
        if flow_run.id and GENERATED_NAME.fullmatch(flow_run.name or ""):
            with unless_prefect_is_busy(), get_client(sync_client=True) as client:
                client.set_flow_run_name(UUID(flow_run.id), f"{name} (dry run)" if self.is_dry else name)


@contextmanager
def page_progress(kind: str, topic: str = "", *, is_dry: bool = False) -> Iterator[PageProgress]:
    """Progress on the page of a run, named for what it is about; the bar is gone when the run is over."""
    progress = PageProgress(kind, topic, is_dry)
    progress.name_run(None)
    try:
        yield progress
    finally:
        if progress.artifact_id is not None:
            with unless_prefect_is_busy(), get_client(sync_client=True) as client:
                client.delete_artifact(progress.artifact_id)


def unless_prefect_is_busy() -> suppress:
    """Ignore failures of cosmetics: a run must not fail for its name, or for a progress bar that somebody deleted."""
    return suppress(httpx.HTTPError, ObjectNotFound)


def cut(text: str) -> str:
    """A text that fits into a name, on one line."""
    line = on_one_line(text)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def leave_report(report: RunReport, settings: Settings) -> None:
    """Leave the report of a run: in its log, as an artifact, and as events that an automation can wait for."""
    is_published = bool(report.row_counts)
    changes = read_run_changes(settings.directory, report.run_id) if is_published else RunChanges()
    get_run_logger().info(summarise(report, settings, [*changes.retracted, *changes.retracted_new]))
    digest = Digest()
    if is_published:
        _, digest = read_digest(settings.directory, None, report.first_run_id or report.run_id)
    create_markdown_artifact(
        describe_run(report, changes, digest, page_address(settings)),
        key=f"{report.run_kind}-report",
        description="What the run did",
    )
    if not report.is_dry:
        tell_others(report, settings, changes)


def leave_sentences(kind: str, sentences: Iterable[str]) -> list[str]:
    """Leave what upkeep has to say: in the log as it comes, and as an artifact at the end."""
    said = []
    for sentence in sentences:
        watch.tell()
        get_run_logger().info(sentence)
        said.append(sentence)
    text = "\n".join(f"- {escape(sentence)}" for sentence in said) or "Nothing to say: all is as it should be."
    create_markdown_artifact(f"# {kind}\n\n{text}", key=f"{kind}-report", description="What the run did")
    return said


def describe_run(report: RunReport, changes: RunChanges, digest: Digest, page: str = "") -> str:
    """The report as Markdown: the news first, ids and seconds last.

    Args:
        report: What the run did.
        changes: What it changed.
        digest: What there is to tell of it, by title.
        page: Address of the report of the whole corpus, if there is one.
    """
    lines = [f"# {report.run_kind}{' dry run' if report.is_dry else f': {digest.subject or NO_NEWS}'}", ""]
    lines += [f"> {escape(sentence)}\n" for sentence in troubles_of(report)]
    for heading, rows in digest.groups:
        titles = [f"- [{escape(one.words)}]({PUBMED}/{one.pmid}/)" for one in rows]
        lines += [f"## {escape(heading)}", "", *titles, *(f"- {more}" for more in left_out(rows)), ""]
    named = {
        "Deleted": changes.deleted,
        "Not found": report.not_found,
        "Rejected": list(report.rejected),
        "Owed to the next run": report.owed,
    }
    lines += [f"**{what}:** {linked(pmids)}\n" for what, pmids in named.items() if pmids]
    lines += [f"> {escape(sentence)}\n" for sentence in report.notes]
    lines += [f"[The report of the whole corpus]({page}), with pictures.\n"] if page else []
    # PMIDs that were not found are named above, with links, and so is the report.
    facts = [
        (what, text) for what, text in describe_facts(report) if what not in ("not found", "report" if page else "")
    ]
    lines += [*(f"- **{escape(what)}:** {escape(text)}" for what, text in facts), ""]
    lines += tables_of(report, changes)
    lines += [f"Run {report.run_id}."] if report.run_id else []
    return "\n".join(lines)


def tables_of(report: RunReport, changes: RunChanges) -> Iterator[str]:
    """Outcomes, changes by column, coverage and seconds as tables, a line each; those without rows are left out."""
    outcomes = [(outcome.replace("_", " "), f"{count:,}") for outcome, count in report.outcomes.items()]
    yield from draw_table(("outcome", "PMIDs"), outcomes, title="Outcomes")
    # That a citation is there since this run is its outcome.
    by_column = {at: count for at, count in changes.by_column.items() if at != ("citation", "pmid")}
    changed = [(f"{table}.{column}", f"{count:,}") for (table, column), count in by_column.items()]
    yield from draw_table(("column", "citations"), changed, title="What changed")
    shares = [
        (what, percent(report.coverage_before.get(SHARES[what])), percent(100 * part))
        for what, part in changes.coverage.items()
    ]
    yield from draw_table(("citations with", "before", "now"), shares, title="Coverage")
    seconds = [(step, f"{seconds:.1f}") for step, seconds in report.seconds.items()]
    yield from draw_table(("step", "seconds"), seconds, title="Time")


def troubles_of(report: RunReport) -> list[str]:
    """Sentences about what failed, or was done in part."""
    return [*report.troubles, *report.ignored, *report.salvaged, *report.unusable]


def page_address(settings: Settings) -> str:
    """Where this server shows the report of the data directory; '' if it does not, or there is none."""
    own_home = os.environ.get("PREFECT_HOME") == str(settings.data_dir.absolute() / "prefect")
    return f"{PAGES}/{FILE_NAME}" if own_home and (settings.data_dir / FILE_NAME).exists() else ""


def describe_shortfall(report: RunReport) -> str:
    """What a run could not do, in a sentence; '' if it did everything."""
    if sentences := troubles_of(report):
        return sentences[0]
    if report.owed:
        return f"Owed to the next run: {name_some(report.owed)}."
    if report.found_nothing:
        return f"Nothing that was asked for was found ({name_some(report.not_found)}); see whether these are PMIDs."
    return ""


def draw_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> list[str]:
    """A Markdown table under its title, numbers to the right; nothing if there are no rows."""
    if not rows:
        return []
    aligned = ["---"] + ["---:"] * (len(head) - 1)
    escaped = [[escape(cell) for cell in row] for row in rows]
    titled = [f"## {title}", ""] if title else []
    return [*titled, *(f"| {' | '.join(row)} |" for row in (head, aligned, *escaped)), ""]


def percent(share: float | None) -> str:
    """A share in percent; a dash if there is none."""
    return "-" if share is None else f"{share:.1f} %"


def linked(pmids: list[int]) -> str:
    """PMIDs with links to PubMed."""
    links = ", ".join(f"[{pmid}](https://pubmed.ncbi.nlm.nih.gov/{pmid}/)" for pmid in sorted(pmids)[:NAMED])
    return links if len(pmids) <= NAMED else f"{links} and {len(pmids) - NAMED:,} more"


def tell_others(report: RunReport, settings: Settings, changes: RunChanges) -> None:
    """Emit the events of a run that was published."""

    def emit(event: str, sentence: str, **payload: Any) -> None:
        emit_of_corpus(event, settings, run_id=report.run_id, sentence=sentence, **payload)

    outcomes = ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in report.outcomes.items())
    emit(
        "corpus.refreshed",
        f"{report.run_kind} {report.run_id}: {outcomes or 'nothing was asked for'}",
        run_kind=report.run_kind,
        outcomes=report.outcomes,
        seconds=sum(report.seconds.values()),
        request_count=report.request_count,
    )
    if changes.retracted:
        named = name_some(changes.retracted)
        emit("corpus.citation.retracted", f"Retracted: {named}", pmids=sorted(changes.retracted)[:NAMED])
    if report.owed:
        emit("corpus.owed", f"Owed to the next run: {name_some(report.owed)}", pmids=report.owed[:NAMED])


@contextmanager
def telling_of_drift(settings: Settings) -> Iterator[None]:
    """Emit an event if what is done meanwhile moves the corpus too far to be published; the error goes on its way."""
    try:
        yield
    except DriftError as exc:
        emit_of_corpus("corpus.drift", settings, sentence=str(exc), moved=exc.moved)
        raise


def emit_of_corpus(event: str, settings: Settings, **payload: Any) -> None:
    """Emit an event about the corpus of a data directory; Prefect adds the flow run."""
    resource = {"prefect.resource.id": f"corpus.{settings.data_dir.name}", "prefect.resource.name": "corpus"}
    emit_event(event, resource=resource, payload=payload)

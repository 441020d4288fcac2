"""What a person at a terminal sees: progress while a run works, and its summary at the end."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from flows.report import Progress, RunReport, name_some
from flows.settings import Settings

# Where there is no terminal, a step that takes long says so this often.
LINE_EVERY_S = 10.0


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Bars on a terminal, plain lines elsewhere; both on standard error, so that output can be piped."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainLines().tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with RichProgress(*columns, console=console, transient=False) as bars:
        tasks: dict[str, object] = {}

        def tell(step: str, done: int, total: int) -> None:
            if total and step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            if step in tasks:
                bars.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]

        yield tell


def print_line(line: str) -> None:
    """Print to standard error."""
    print(line, file=sys.stderr)  # noqa: T201


class PlainLines:
    """Progress as lines: when a step ends, and now and then while it lasts."""

    def __init__(self, say: Callable[[str], None] = print_line) -> None:
        self.say = say
        self.told_at: dict[str, float] = {}
        self.last: dict[str, str] = {}

    def tell(self, step: str, done: int, total: int) -> None:
        """Print a line if the step has ended, or has said nothing for a while."""
        now = time.monotonic()
        is_first = step not in self.told_at
        if is_first:
            self.told_at[step] = now
        if total and (done >= total or now - self.told_at[step] >= LINE_EVERY_S):
            self.told_at[step] = now
            line = f"{step}: {done:,} of {total:,}"
            if line != self.last.get(step):
                self.last[step] = line
                self.say(line)


def summarise(report: RunReport, settings: Settings) -> str:
    """What a run did, in a few lines that fit a terminal, and what to do next."""
    lines = [describe_headline(report)]
    lines += [f"  {what:<11} {text}" for what, text in describe_facts(report)]
    lines += [f"! {sentence}" for sentence in (*report.troubles, *report.salvaged)]
    if report.owed:
        lines.append(f"! Owed to the next run (view `owed`): {name_some(report.owed, most=50)}")
    if not report.is_dry and report.row_counts:
        where = "" if str(settings.data_dir) == "data" else f" --data-dir {settings.data_dir}"
        lines += ["", f'Ask it: corpus sql "select pmid, year, title from article order by year desc limit 10"{where}']
    return "\n".join(lines)


def describe_headline(report: RunReport) -> str:
    """Which run it was, and how long it took."""
    if report.is_dry:
        return f"{report.run_kind}, dry run: nothing was fetched or written"
    seconds = sum(report.seconds.values())
    steps = ", ".join(f"{step} {s:.1f}" for step, s in report.seconds.items() if s >= 0.05)
    what = f"{report.run_kind} {report.run_id}" if report.run_kind != "ingest" else f"ingest of {report.files:,} files"
    return f"{what}: {seconds:.1f} s ({steps})"


def describe_facts(report: RunReport) -> list[tuple[str, str]]:
    """What there is to say of a run, each with its name."""
    return describe_plan(report) if report.is_dry else describe_run(report)


def describe_plan(report: RunReport) -> list[tuple[str, str]]:
    """The facts of a dry run."""
    asked = sum(report.plan.values())
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report.plan.items()) or "nothing"
    if report.rate is None:
        pace = "no limit here"
    else:
        pace = f"{report.planned_requests / report.rate / 60:.1f} minutes at {report.rate:g} requests/s"
    if report.is_off_peak:
        hours = "off-peak now, the time NCBI asks for with large jobs"
    else:
        hours = "peak hours now; NCBI asks for large jobs at weekends or from 21:00 to 05:00 US Eastern"
    return [
        *describe_searches(report),
        ("PMIDs", f"{asked:,} to ask for: {reasons}"),
        ("held", f"{report.held_count:,} of them already"),
        ("requests", f"{report.planned_requests:,} ({pace})"),
        ("hours", hours),
    ]


def describe_searches(report: RunReport) -> list[tuple[str, str]]:
    """Of each query: what it promised, what came, in how many parts."""
    return [
        (name, f"{promised:,} PMIDs promised, {delivered:,} delivered (parts: {parts:,})")
        for name, (promised, delivered, parts) in report.searches.items()
    ]


def describe_run(report: RunReport) -> list[tuple[str, str]]:
    """The facts of a run that was committed."""
    asked = sum(report.outcomes.values())
    outcomes = ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in report.outcomes.items())
    rows = report.row_counts
    facts = [("PMIDs", f"{asked:,} asked for{': ' + outcomes if outcomes else ''}"), *describe_searches(report)]
    if report.unresolved:
        facts.append(("unresolved", f"{report.unresolved:,} entries of seed pages have no PMID yet, in seed_citation"))
    if report.link_lists:
        facts.append(("link lists", f"{report.link_lists:,} obtained"))
    if rows:
        facts.append(("corpus", f"{rows['citation']:,} citations, {rows['link']:,} links"))
    if report.run_kind != "ingest":
        facts.append(("requests", f"{report.request_count:,}"))
    if report.not_found:
        facts.append(("not found", name_some(report.not_found)))
    facts += [("rejected", f"{pmid}: {reason}") for pmid, reason in list(report.rejected.items())[:10]]
    if report.nameless:
        facts.append(("rejected", f"{report.nameless:,} records without a PMID, in rejected_citation"))
    if report.unknown:
        paths = ", ".join(f"{path} ({count:,})" for path, count in list(report.unknown.items())[:5])
        facts.append(("unknown", f"{len(report.unknown):,} elements no table knows, in unknown_element: {paths}"))
    return facts

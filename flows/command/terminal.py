"""Terminal output: progress of a run, its summary, and the status of a corpus."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from flows.command.start import pasteable
from flows.definition.progress import PlainLines, Progress, count_of, name_some
from flows.runs.report import RunReport

if TYPE_CHECKING:
    from flows.definition.settings import Settings


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Bars on a terminal, plain lines elsewhere; both on standard error, so that output can be piped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainLines().tell
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=console, transient=False) as bars:
        tasks: dict[str, object] = {}

        def tell(step: str, done: int, total: int) -> None:
            if total and step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            if step in tasks:
                bars.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]

        yield tell


def describe_status(found: dict[str, Any]) -> str:
    """The status as text."""
    citations = found["citations"]
    sources = ", ".join(f"{count:,} from {source}" for source, count in found["citations_by_source"].items())
    run, oldest = found["last_run"] or {}, found["oldest_fetched_at"]
    kind = f"{run.get('run_kind')}{', failed' if run.get('run_failure') else ''}"
    lines = [
        f"citations   {citations:,} ({sources or 'none'})",
        f"members     {found['members']:,}",
        f"links       {found['links']:,}",
        f"coverage    abstract {share(found['abstracts'], citations)}, DOI {share(found['dois'], citations)}, "
        f"MeSH {share(found['with_mesh'], citations)}",
        f"retracted   {found['retracted']:,}",
        f"deleted     {found['deleted']:,}",
        f"rejected    {found['rejected']:,}",
        f"owed        {len(found['owed']):,}{': ' + name_some(found['owed']) if found['owed'] else ''}",
        f"unresolved  {count_of(found['unresolved'], 'reference')} in seeds without a PMID yet",
        f"oldest      {f'fetched {oldest:%Y-%m-%d %H:%M} UTC' if oldest else 'none was fetched yet'}",
        f"last run    {run['run_id']} ({kind}), {found['runs']:,} in all" if run else "last run    none",
        f"size        DuckDB {found['database_bytes'] / 1e6:,.1f} MB, Parquet {found['parquet_bytes'] / 1e6:,.1f} MB",
    ]
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def end(report: RunReport, settings: "Settings") -> NoReturn:
    """Print the summary and leave with the report's exit code."""
    from flows.runs.summary import summarise
    from warehouse.query import read_retracted

    retracted: list[int] = []
    if report.row_counts and report.run_id:
        first = report.first_run_id or report.run_id
        retracted = read_retracted(settings.directory, first, report.run_id)
    typer.echo(pasteable(summarise(report, settings, retracted)))
    sys.exit(report.exit_code)

"""The summary at the end of a run."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flows.definition.progress import count_of, name_some
from flows.definition.settings import Settings
from flows.runs.report import RunReport
from warehouse.errors import CorpusError

logger = logging.getLogger("corpus")


def summarise(report: RunReport, settings: Settings, retracted: Sequence[int] = ()) -> str:
    """What a run did, in a few lines that fit a terminal, and what to do next.

    Args:
        report: What it did.
        settings: Its options.
        retracted: Retracted citations among those it brought.
    """
    lines = [describe_headline(report)]
    if retracted:
        what = count_of(len(retracted), "citation")
        lines.append(f"!!! RETRACTED: {what} of what this run brought: {name_some(list(retracted), most=50)}")
    lines += [f"  {what:<11} {text}" for what, text in describe_facts(report)]
    lines += [f"! {sentence}" for sentence in sentences_of(report)]
    if report.owed:
        lines.append(f"! Owed to the next run (view `owed`): {name_some(report.owed, most=50)}")
    if not report.is_dry and report.row_counts:
        where = "" if str(settings.data_dir) == "data" else f" --data-dir {settings.data_dir}"
        lines += ["", f'Ask it: corpus sql "select pmid, year, title from article order by year desc limit 10"{where}']
    return "\n".join(lines)


def sentences_of(report: RunReport) -> list[str]:
    """What did not go as requested, a sentence each."""
    sentences = [*report.troubles, *report.ignored, *report.salvaged, *report.unusable, *report.refused[:10]]
    if len(report.refused) > 10:
        sentences.append(f"{len(report.refused) - 10:,} more deletions name no PMID.")
    return [*sentences, *report.notes]


@contextmanager
def told_on_failure(report: RunReport) -> Iterator[None]:
    """Publish; if that fails there is no summary, so log the run's findings before the error."""
    try:
        yield
    except CorpusError:
        for sentence in sentences_of(report):
            logger.warning(sentence)
        raise


def describe_headline(report: RunReport) -> str:
    """Which run it was, and how long it took."""
    if report.is_dry:
        return f"{report.run_kind}, dry run: nothing was fetched or written"
    seconds = sum(report.seconds.values())
    steps = ", ".join(f"{step} {s:.1f}" for step, s in report.seconds.items() if s >= 0.05)
    files = f"of {count_of(report.files, 'file')}"
    what = f"{report.run_kind} {files if report.run_kind in ('ingest', 'sync') else report.run_id}"
    return f"{what}: {seconds:.1f} s ({steps})"


def describe_facts(report: RunReport) -> list[tuple[str, str]]:
    """The facts of a run, each with its name."""
    if report.is_dry:
        return report.files_plan or describe_plan(report)
    return describe_run(report)


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
    """Of each search that was answered: what it promised, what came, in how many parts, and how NCBI understood it."""
    facts = []
    for search in report.searches:
        if not search.failure:
            new = "" if search.new is None else f", {search.new:,} new"
            text = f"{search.promised:,} PMIDs promised, {search.delivered:,} delivered{new} (parts: {search.parts:,})"
            facts.append((search.name, text + (f"; searched as {search.translation}" if search.translation else "")))
    return facts


def describe_run(report: RunReport) -> list[tuple[str, str]]:
    """The facts of a run that was committed."""
    asked = sum(report.outcomes.values())
    outcomes = ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in report.outcomes.items())
    rows = report.row_counts
    facts = [("PMIDs", f"{asked:,} asked for{': ' + outcomes if outcomes else ''}"), *describe_searches(report)]
    if report.unresolved:
        facts.append(
            ("unresolved", f"{count_of(report.unresolved, 'reference')} in seeds without a PMID, in seed_citation")
        )
    if report.link_lists:
        facts.append(("link lists", f"{report.link_lists:,} obtained"))
    if rows:
        facts.append(("corpus", f"{count_of(rows['citation'], 'citation')}, {count_of(rows['link'], 'link')}"))
    if report.skipped:
        were, them = ("was", "it") if len(report.skipped) == 1 else ("were", "them")
        before = f"{count_of(len(report.skipped), 'file')} {were} read before, by name and MD5"
        facts.append(("skipped", f"{before}; --again reads {them}"))
    if report.run_kind not in ("ingest", "sync"):
        facts.append(("requests", f"{report.request_count:,}"))
    if report.page:
        facts.append(("report", report.page))
    if report.not_found:
        facts.append(("not found", name_some(report.not_found)))
    facts += [("rejected", f"{pmid}: {reason}") for pmid, reason in list(report.rejected.items())[:10]]
    if report.nameless:
        facts.append(("rejected", f"{count_of(report.nameless, 'record')} without a PMID, in rejected_citation"))
    if report.unknown:
        paths = ", ".join(f"{path} ({count:,})" for path, count in list(report.unknown.items())[:5])
        facts.append(
            ("unknown", f"{count_of(len(report.unknown), 'element')} no column takes, in unknown_element: {paths}")
        )
    return facts

"""After a run: the report and the feed of what was published, and notifications."""

import time

from flows.definition.settings import Settings
from flows.report.after_run import show
from flows.report.page import FILE_NAME
from flows.report.pictures import can_draw
from flows.runs.report import RunReport


def show_run(settings: Settings, report: RunReport, *, with_page: bool) -> None:
    """Show what a run brought, once it is published and the data directory is free again.

    Args:
        settings: Options.
        report: What it did; gets the seconds, and a note for each part that failed.
        with_page: Also write the report again, which reads every citation.
    """
    if report.is_dry or not report.row_counts or (settings.no_report and not settings.notify):
        return
    start = time.perf_counter()
    troubles = [*report.troubles, *report.ignored, *report.salvaged, *report.unusable]
    first = report.first_run_id or report.run_id
    report.notes += show(settings, troubles, first_run_id=first, with_page=with_page)
    page = settings.data_dir / FILE_NAME
    if with_page and not settings.no_report and can_draw() and page.exists():
        report.page = str(page)
    report.seconds["show"] = time.perf_counter() - start

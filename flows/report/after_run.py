"""After a published run: the report, the feed, and notifications."""

import logging
from collections.abc import Sequence

import duckdb

from flows.definition.settings import Settings
from flows.report import notify
from flows.report.feed import renew_feed
from flows.report.page import FILE_NAME, make_report
from flows.report.pictures import can_draw
from warehouse.errors import CorpusError
from warehouse.store import DataDirectory

logger = logging.getLogger("corpus")


def show(settings: Settings, troubles: Sequence[str] = (), *, first_run_id: str, with_page: bool = True) -> list[str]:
    """Make the report and the feed of the data directory, and notify the addresses.

    A failure is reported and costs the run nothing: it is published.

    Args:
        settings: Options of the run.
        troubles: Sentences about what the run could not do.
        first_run_id: The run, or the first of those of one call: where those who were told nothing yet begin.
        with_page: Also write the report again.
    Returns:
        A sentence for each part that failed.
    """
    directory = settings.directory
    said = []
    try:
        if not settings.no_report:
            renew_feed(directory, first_run_id)
            if with_page and can_draw():
                write_report(directory)
        if settings.notify:
            said += notify.tell(
                directory,
                settings.addresses,
                first_run_id=first_run_id,
                troubles=troubles,
                alarms_only=settings.alarms_only,
            )
    except (CorpusError, OSError, duckdb.Error) as exc:
        said.append(f"The corpus is published; its report, its feed or a message is not: {str(exc).splitlines()[0]}")
    return said


def write_report(directory: DataDirectory) -> None:
    """Write the report into the data directory, whole or not at all."""
    path = directory.root / FILE_NAME
    unfinished = path.with_name(f".{FILE_NAME}.unfinished")
    unfinished.write_text(make_report(directory), encoding="utf-8")
    unfinished.replace(path)

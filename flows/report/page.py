"""`corpus report`: the published corpus as one page that asks for nothing else."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from flows.report.figures import FIGURES, Figure, is_pmid, read_figure, show_value
from flows.report.pictures import Rows, draw, has_picture, read_text, require_drawing
from warehouse.errors import QueryError, StoreError
from warehouse.query import ask, open_published
from warehouse.store import DataDirectory, spill_folder

FILE_NAME = "report.html"
# For each figure, whatever the size of the corpus; DuckDB spills to disk.
MEMORY = "400MB"
MANIFEST = "SELECT content_sha256, last_run_id, as_of, len(run_ids) AS runs FROM manifest"


@dataclass(frozen=True)
class Shown:
    """A figure as the page has it.

    Attributes:
        figure: What it is.
        sql: The statement that gave it.
        rows: Its rows.
        svg: Its picture for wide and narrow screens, if it has one.
    """

    figure: Figure
    sql: str
    rows: Rows
    svg: dict[str, Markup]

    @property
    def columns(self) -> list[str]:
        """The names of its columns, without those that are empty in each row."""
        return [name for name in self.rows[0] if any(row[name] is not None for row in self.rows)] if self.rows else []


def make_report(directory: DataDirectory) -> str:
    """The page of the corpus that is published.

    Raises:
        UsageError: What draws the pictures is not installed.
        StoreError: Nothing is published, or by another version.
    """
    require_drawing()
    spill = spill_folder(directory, "report")
    con = open_published(directory, memory=MEMORY, spill=spill)
    try:
        (manifest,) = ask(con, MANIFEST).to_pylist()
        shown = [show_figure(figure, *read_figure(con, figure)) for figure in FIGURES]
    except QueryError as exc:
        raise StoreError(
            f"{directory.database} cannot be reported: {exc}; the next refresh renews it, or `corpus compact`."
        ) from exc
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)
    return render(manifest, shown)


def show_figure(figure: Figure, sql: str, rows: Rows) -> Shown:
    """A figure with its picture."""
    drawn = draw(figure.name, rows) if has_picture(figure.name) else {}
    # The drawing library escapes texts.
    return Shown(figure, sql, rows, {width: Markup(svg) for width, svg in drawn.items()})  # noqa: S704


def render(manifest: dict[str, Any], shown: Iterable[Shown]) -> str:
    """The page of the figures."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["grouped"] = group_boxes
    environment.globals["shown"] = show_value
    environment.tests["pmid"] = is_pmid
    template = environment.from_string(read_text("page.html"))
    style = Markup(read_text("page.css"))  # noqa: S704 - our own
    made_at = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return template.render(manifest=manifest, figures=list(shown), style=style, made_at=made_at)


def group_boxes(rows: Rows) -> list[tuple[str, Rows]]:
    """Rows of the PRISMA flow by their box."""
    return [(box, list(parts)) for box, parts in groupby(rows, key=lambda row: str(row["box"]))]

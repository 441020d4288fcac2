"""What the report shows: each figure with the statement that gave it, and its rows."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb

from flows.report.pictures import Rows
from warehouse.current import quoted
from warehouse.query import ask
from warehouse.schema.companions import COMPANION
from warehouse.sql_files import read_statement


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        name: That of `warehouse/sql/select_report_<name>.sql` and, if it is drawn, of `pictures/<name>.json`.
        title: Its heading.
        note: What has to be known to read it.
        empty: What is said if there are no rows.
    """

    name: str
    title: str
    note: str = ""
    empty: str = "Nothing."


FIGURES = (
    Figure("overview", "What the corpus is"),
    Figure("changes", "What changed", "Up to the last run. A citation is revised if a column or a list of it changed."),
    Figure("new", "New in the last 30 days", "The newest 30.", "Nothing is new."),
    Figure("revised", "Revised in the last 30 days", "The latest 30, with what changed.", "Nothing was revised."),
    Figure(
        "retractions",
        "Retracted",
        "The latest 50, with the citations held that cite them.",
        "No citation held is retracted.",
    ),
    Figure(
        "cited_retracted",
        "Citing a retracted article",
        "The retracted one need not be held. 50 at most.",
        "No citation held cites a retracted one.",
    ),
    Figure(
        "concerns", "Under an expression of concern", "Or retracted in part. The latest 50.", "There is no concern."
    ),
    Figure(
        "years",
        "Citations by year and type",
        "Of the last 40 years; each citation has the first of these types that is its own.",
    ),
    Figure("journals", "Journals", "The 15 with the most citations."),
    Figure(
        "mesh",
        "MeSH over time",
        "The 15 headings that are a main point most often, by year of publication: the stronger, the more of the "
        "year's indexed citations have them.",
        "No citation has MeSH yet.",
    ),
    Figure("coverage", "What the records have"),
    Figure("freshness", "How fresh they are", "By the days between the last delivery of a record and the last run."),
    Figure(
        "searches",
        "What the searches found",
        "In the runs of the last 60 days: the line is what NCBI delivered, the bars what it had not found before.",
        "No search was run: put a *.query file into the seeds folder.",
    ),
    Figure(
        "prisma",
        "PRISMA flow",
        "Identified: the reasons for which PMIDs are in the corpus. Included and excluded: as a companion table "
        "with a column label says (seeds/tables/labels.csv).",
    ),
    Figure(
        "frontier",
        "Worth reading next",
        "PMIDs that are not held and that the most citations held are linked to.",
        "Nothing that is not held is linked to twice.",
    ),
)

# Columns in which a decision can stand, and tables that are asked first.
LABEL_COLUMNS = ("label", "decision", "screening", "included")
LABEL_TABLES = ("labels", "screening", "label")


def read_figure(con: duckdb.DuckDBPyConnection, figure: Figure) -> tuple[str, Rows]:
    """The statement of a figure, as it can be asked again, and its rows.

    Args:
        con: The published file, as `warehouse.query.open_published` opens it.
        figure: The figure.
    Raises:
        QueryError: The file was built by a version without what is asked.
    """
    sql = read_statement(f"select_report_{figure.name}")
    if "companion_label" in sql:
        sql = sql.replace("companion_label", label_source(con))
    return sql.strip(), ask(con, sql).to_pylist()


def label_source(con: duckdb.DuckDBPyConnection) -> str:
    """The companion table that says what is included and excluded, as SQL with `pmid`, `label` and `reason`."""
    found = con.execute(
        f"""SELECT table_name, column_name, table_name IN (SELECT table_name FROM duckdb_columns()
            WHERE lower(column_name) = 'reason') AS has_reason
        FROM duckdb_columns() SEMI JOIN {COMPANION.name} USING (table_name)
        WHERE lower(column_name) IN {LABEL_COLUMNS}
        ORDER BY coalesce(list_position({list(LABEL_TABLES)}, table_name), 9), table_name,
            list_position({list(LABEL_COLUMNS)}, lower(column_name)) LIMIT 1"""
    ).fetchall()
    if not found:
        return "(SELECT NULL::BIGINT AS pmid, NULL AS label, NULL::VARCHAR AS reason WHERE false)"
    ((table, column, has_reason),) = found
    reason = "reason::VARCHAR" if has_reason else "NULL::VARCHAR"
    values = f"pmid, {quoted(column)} AS label, {reason} AS reason"
    return f"(SELECT {values} FROM {quoted(table)} WHERE pmid IS NOT NULL)"


def show_value(name: str, value: Any) -> str:
    """A value as it is read: thousands apart, but not in PMIDs and years."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and not is_plain_number(name):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def is_plain_number(name: str) -> bool:
    """Whether a number of a column is a name: a PMID, a year."""
    return is_pmid(name) or name == "year" or name.endswith("_year")


def is_pmid(name: str) -> bool:
    """Whether a column has a PMID, or several with commas."""
    return name == "pmid" or name.endswith("_pmid")

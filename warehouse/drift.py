"""The drift gate: a file whose counts or coverage moved further than is allowed is not published.

A reader that suddenly finds no abstracts, or a source that delivers half, looks like any other run otherwise.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.current import limit, literal, open_memory, use_file
from warehouse.errors import DriftError
from warehouse.published import own_published
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory


@dataclass(frozen=True)
class DriftLimits:
    """How far a publish may move from the file that is published.

    Attributes:
        citations_fall_percent: Fall of the number of citations.
        links_fall_percent: Fall of the number of links.
        coverage_points: Move, up or down, of the share with abstract, DOI or MeSH, in percent of the citations.
        from_citations: A published file with fewer citations is not compared: single ones move its shares.
    """

    citations_fall_percent: float = 5
    links_fall_percent: float = 30
    coverage_points: float = 10
    from_citations: int = 1000


def check_drift(directory: DataDirectory, following: Path, limits: DriftLimits) -> None:
    """Compare the file that is to be published with the one that is.

    Raises:
        DriftError: It moved further than allowed; names each number before and after.
        duckdb.Error: A file cannot be read.
    """
    before, after = measure(directory, directory.database), measure(directory, following)
    if before["citations"] >= limits.from_citations and (moved := find_drift(before, after, limits)):
        raise DriftError(
            f"{'; '.join(moved)}: more than [drift] of corpus.toml allows, so that the run was not published; "
            "if it is as it should be, publish it with --accept-drift, or accept_drift in the form of nightly-refresh.",
            moved=moved,
        )


def find_drift(before: dict[str, float], after: dict[str, float], limits: DriftLimits) -> list[str]:
    """The numbers that moved further than allowed, each with its value before and after."""
    moved = []
    for name, allowed in (("citations", limits.citations_fall_percent), ("links", limits.links_fall_percent)):
        if after[name] < before[name] * (1 - allowed / 100):
            moved.append(f"{name} went from {before[name]:,.0f} to {after[name]:,.0f}")
    for name, called in (("abstract_percent", "abstract"), ("doi_percent", "DOI"), ("mesh_percent", "MeSH")):
        if abs(after[name] - before[name]) > limits.coverage_points:
            moved.append(f"citations with {called} went from {before[name]:.1f} to {after[name]:.1f} %")
    return moved


def measure_published(directory: DataDirectory) -> dict[str, float]:
    """The numbers of the published file, by name; empty if there is none that is as it was published."""
    try:
        return measure(directory, directory.database) if own_published(directory) else {}
    except duckdb.Error:
        return {}  # The publish that follows replaces it.


def measure(directory: DataDirectory, database: Path) -> dict[str, float]:
    """The numbers of a file that are compared, by name."""
    try:
        return measure_within(directory, database, 0)
    except duckdb.OutOfMemoryException:
        return measure_within(directory, database, None)  # DuckDB 1.5 reads abstracts to count them.


def measure_within(directory: DataDirectory, database: Path, size: int | None) -> dict[str, float]:
    """The numbers, found in little memory, or with None for `size` in what DuckDB takes."""
    with open_memory() as con:
        limit(con, directory, size)
        con.execute(f"ATTACH {literal(str(database))} AS measured (READ_ONLY)")
        use_file(con, "measured")
        result = con.execute(read_statement("select_drift"))
        names = [column[0] for column in result.description or []]
        ((*values,),) = result.fetchall()
    return {name: float(value) for name, value in zip(names, values, strict=True)}

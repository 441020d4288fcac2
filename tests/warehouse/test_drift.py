"""A publish that moves the corpus further than is allowed is held back, and says by how much."""

from pathlib import Path
from random import Random

import duckdb
import pytest

from flows.definition.seeds import CorpusDefinition, DriftRules
from flows.definition.settings import Settings
from tests.warehouse.histories import History
from warehouse import build
from warehouse.drift import DriftLimits, find_drift, measure
from warehouse.errors import DriftError
from warehouse.store import DataDirectory, write_sums

BEFORE = {"citations": 1000.0, "abstract_percent": 80.0, "doi_percent": 90.0, "mesh_percent": 70.0, "links": 500.0}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"citations": 951.0, "links": 351.0, "mesh_percent": 79.0}, []),
        ({"citations": 5000.0, "links": 9000.0}, []),
        ({"citations": 940.0}, ["citations went from 1,000 to 940"]),
        ({"links": 300.0}, ["links went from 500 to 300"]),
        ({"abstract_percent": 0.0}, ["citations with abstract went from 80.0 to 0.0 %"]),
        (
            {"doi_percent": 79.0, "mesh_percent": 81.0},
            ["citations with DOI went from 90.0 to 79.0 %", "citations with MeSH went from 70.0 to 81.0 %"],
        ),
    ],
)
def test_what_moved_too_far_is_named_with_both_values(changed: dict[str, float], expected: list[str]) -> None:
    """Counts may grow, shares may move both ways a little."""
    assert expected == find_drift(BEFORE, BEFORE | changed, DriftLimits())


def test_a_publish_that_drifts_is_held_back_until_it_is_accepted(tmp_path: Path) -> None:
    """The old file stays; the run is committed, and the next publish has it."""
    directory = DataDirectory(tmp_path / "data")
    history = History(directory, Random(5))
    folders = [history.commit_random_run() for _ in range(3)]
    build.publish(directory)
    published = directory.database.read_bytes()
    assert measure(directory, directory.database)["links"] > 0
    for folder in folders:
        (folder / "link.parquet").unlink(missing_ok=True)
        write_sums(folder)
    limits = DriftLimits(from_citations=1)
    with pytest.raises(DriftError, match=r"links went from \d+ to 0: .* publish it with --accept-drift"):
        build.publish(directory, afresh=True, limits=limits)
    assert published == directory.database.read_bytes()
    build.publish(directory, afresh=True, limits=DriftLimits(from_citations=1000))
    with duckdb.connect(directory.database, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM link").fetchall() == [(0,)]


def test_the_first_publish_and_an_accepted_one_are_held_to_nothing(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    history = History(DataDirectory(tmp_path / "data"), Random(5))
    history.commit_random_run()
    assert build.publish(history.directory, limits=DriftLimits(from_citations=0))
    assert DriftRules().limits(Settings(accept_drift=True)) is None
    assert CorpusDefinition().drift.limits(Settings()) == DriftLimits()

"""A data directory of an earlier version opens in this one, and goes on.

`fixtures/data_of_0.1.0.tar.xz` has the sample and a file with a record and a deletion, by the first version.
"""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.definition.settings import Settings
from flows.runs.ingest import ingest
from tests.conftest import REPOSITORY
from tests.corpora import select
from tests.records import article, article_set
from warehouse.check import check_all
from warehouse.store import committed_runs

TITLES = "SELECT pmid, title FROM article ORDER BY pmid"


@pytest.fixture
def settings(make_settings: Callable[..., Settings], tmp_path: Path) -> Settings:
    """Settings over the earlier version's data directory."""
    with tarfile.open(REPOSITORY / "tests" / "fixtures" / "data_of_0.1.0.tar.xz") as archive:
        archive.extractall(tmp_path / "data", filter="data")
    return make_settings("sample")


def test_what_an_earlier_version_kept_is_there_and_a_run_is_added(settings: Settings, tmp_path: Path) -> None:
    """Its file answers as it stands; the next run builds this version's from its runs."""
    database = settings.directory.database
    before = select(settings, TITLES)
    assert len(before) == 12
    earlier = committed_runs(settings.directory).keys()
    assert list(check_all(settings.directory)) == [
        f"{database} can be written to (mode 644); run `chmod 444 {database}`.",
        f"Another version of this program published {database}; `corpus rebuild` builds it afresh.",
    ]
    path = tmp_path / "new.xml"
    path.write_bytes(article_set(article(90000002, title="Back again.")))
    assert ingest(settings, [path]).outcomes == {"new": 1}
    assert select(settings, TITLES) == sorted([*before, (90000002, "Back again.")])
    assert select(settings, "SELECT count(*) FROM run") == [(len(earlier) + 1,)]
    assert select(settings, "SELECT DISTINCT is_deleted FROM article") == [(False,)]
    assert list(check_all(settings.directory)) == []

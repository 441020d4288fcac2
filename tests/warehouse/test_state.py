"""What holds is read within bounds."""

from pathlib import Path

import pytest

from warehouse.current import memory_of, open_memory
from warehouse.errors import StoreError
from warehouse.state import open_state, take_more_memory
from warehouse.store import DataDirectory


def test_what_memory_does_not_hold_goes_to_a_folder_that_goes_with_the_connection(tmp_path: Path) -> None:
    """Even without a corpus, as in a first dry run: then to the system's temporary folder."""
    directory = DataDirectory(tmp_path / "data")
    for staging in (False, True):
        if staging:
            directory.staging.mkdir(parents=True)
        con = open_state(directory)
        con.execute("CREATE TEMP TABLE large AS SELECT i, md5(i::VARCHAR) AS text FROM range(4000000) numbers(i)")
        assert len(list(directory.staging.glob("*.spill"))) == staging
        assert con.execute("SELECT count(*), count(text) FROM large").fetchall() == [(4_000_000, 4_000_000)]
        con.close()
        assert directory.database.parent.exists() == staging
        assert not list(directory.staging.glob("*"))


def test_a_step_that_does_not_fit_gets_more_memory_once_it_is_there(tmp_path: Path) -> None:
    """Never more than DuckDB takes by itself, nor than the directory says."""
    with open_memory() as con:
        most = memory_of(con)
        con.execute("SET memory_limit = '100MB'")
        take_more_memory(con, DataDirectory(tmp_path))
        assert memory_of(con) == pytest.approx(min(most, 800_000_000), rel=0.01)
        con.execute("RESET memory_limit")
        with pytest.raises(StoreError, match="does not fit into DuckDB's memory"):
            take_more_memory(con, DataDirectory(tmp_path))
        con.execute("SET memory_limit = '100MB'")
        with pytest.raises(StoreError, match=r"of 9\d MB|of 100 MB; set CORPUS_MEMORY_MB"):
            take_more_memory(con, DataDirectory(tmp_path, memory_mb=100))

"""What holds is read within bounds."""

from pathlib import Path

from warehouse.state import open_state
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

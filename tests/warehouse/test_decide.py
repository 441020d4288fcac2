"""What was read is compared with what holds, and settled into the run."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.decide import decide
from warehouse.errors import StoreError
from warehouse.state import open_state
from warehouse.store import DataDirectory


def test_what_duckdb_cannot_compare_is_one_sentence(tmp_path: Path) -> None:
    """A damaged staged file, a full disk, or too little memory."""
    (tmp_path / "staged_delivery.parquet").write_bytes(b"PAR1 and nothing else")
    con = open_state(DataDirectory(tmp_path / "data"))
    with pytest.raises(StoreError, match=r"compared with the corpus: .*; run `corpus check`\. Nothing was changed\."):
        decide(con, tmp_path, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-0000")
    con.close()

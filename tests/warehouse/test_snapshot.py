"""A snapshot says what the published file says, to whatever reads Parquet; nobody sees half of one."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from tests.corpora import commit
from tests.records import article
from warehouse import build, snapshot
from warehouse.errors import StoreError, UsageError
from warehouse.schema.tables import TABLES
from warehouse.snapshot import find_target, write_snapshot
from warehouse.store import DataDirectory

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def quiet(_step: str, _done: int, _total: int) -> None:
    """Discard progress."""


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    """A corpus of 40 citations."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, *(article(pmid, title=f"Ketamine {pmid}.") for pmid in range(1, 41)))
    build.publish(directory)
    return directory


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer of the published file, or of an attach.sql."""
    if path.suffix == ".duckdb":
        with duckdb.connect(path, read_only=True) as con:
            return con.execute(sql).fetchall()
    with duckdb.connect() as con:
        con.execute(path.read_text(encoding="utf-8"))
        return con.execute(sql).fetchall()


def test_a_folder_is_read_by_pandas(directory: DataDirectory, tmp_path: Path) -> None:
    """CI runs this with pandas."""
    pandas = pytest.importorskip("pandas", reason="left out: pandas is not installed; `uv run --group readers pytest`")
    write_snapshot(directory, str(tmp_path / "out"), progress=quiet)
    assert pandas.read_parquet(tmp_path / "out" / "latest" / "citation")["pmid"].to_list() == list(range(1, 41))


def test_a_folder_is_read_by_polars_arrow_and_duckdb(
    directory: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same rows, views, macros and content; small row groups make several files."""
    monkeypatch.setattr(snapshot, "MOST_GROUP_ROWS", 8)
    monkeypatch.setattr(snapshot, "LEAST_GROUP_ROWS", 1)
    monkeypatch.setattr(snapshot, "GROUPS_A_FILE", 2)
    where = Path(write_snapshot(directory, str(tmp_path / "out"), progress=quiet))
    latest = tmp_path / "out" / "latest"
    assert latest.resolve() == where
    pmids = list(range(1, 41))
    assert pq.read_table(latest / "citation")["pmid"].to_pylist() == pmids
    assert pl.read_parquet(latest / "citation" / "*.parquet")["pmid"].to_list() == pmids
    assert ds.dataset(latest / "citation").to_table(filter=ds.field("pmid") == 7)["pmid"].to_pylist() == [7]
    for sql in (
        "SELECT content_sha256, full_sha256, row_counts FROM manifest",
        "SELECT pmid, round(score, 6) FROM search('ketamine') ORDER BY ALL",
        "SELECT pmid, title, journal, year FROM article ORDER BY pmid",
    ):
        assert ask(latest / "attach.sql", sql) == ask(directory.database, sql)
    said = json.loads((latest / "manifest.json").read_text())
    files = said["tables"]["citation"]["files"]
    assert [(f["rows"], f["pmid_min"], f["pmid_max"]) for f in files] == [(16, 1, 16), (16, 17, 32), (8, 33, 40)]
    assert "may not reflect the most current data available from NLM" in said["licence"]
    package = json.loads((latest / "datapackage.json").read_text())
    assert {r["name"] for r in package["resources"]} == {t.name for t in TABLES.values() if not t.is_raw}
    assert all((latest / path).is_file() for resource in package["resources"] for path in resource["path"])


def test_a_snapshot_that_breaks_off_is_not_the_latest(
    directory: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before stays; the next call writes it whole, and the same corpus is not written twice."""
    out = tmp_path / "out"
    first = Path(write_snapshot(directory, str(out), progress=quiet))
    commit(directory, article(41))
    build.publish(directory)

    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "attach_sql", fail)
        with pytest.raises(StoreError, match=r"the disk is full.*`latest` is as it was"):
            write_snapshot(directory, str(out), progress=quiet)
    assert (out / "latest").resolve() == first
    second = Path(write_snapshot(directory, str(out), progress=quiet))
    assert sorted(path.name for path in out.iterdir()) == sorted([first.name, second.name, "latest"])
    monkeypatch.setattr(snapshot, "write_table", fail)
    assert write_snapshot(directory, str(out), progress=quiet) == str(second)
    with pytest.raises(UsageError, match="give a folder, or an address such as s3://"):
        write_snapshot(directory, "gopher://x/y", progress=quiet)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("gs://anonymous@corpus/folder?scheme=http", "gs://corpus/folder"),
        ("s3://key:%2Fsecret@bucket/a/b/?region=us-east-1", "s3://bucket/a/b"),
        ("s3://bucket/a@b?region=eu-west-1", "s3://bucket/a@b"),
    ],
)
def test_an_address_is_shown_without_account_and_key(address: str, shown: str) -> None:
    assert find_target(address).shown == shown


@pytest.mark.parametrize(
    "address", ["s3://key:sec/ret@bucket/a", "s3://key:secret@bucket/a b", "ftp://key:secret@host/a"]
)
def test_an_address_that_is_none_does_not_show_its_key(address: str) -> None:
    with pytest.raises(UsageError, match="give a folder, or an address") as refused:
        find_target(address)
    assert not re.search("sec|ret@", str(refused.value))


def test_an_object_store_has_the_same(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest of `latest` names the files; what has no manifest is not a snapshot."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        files = pafs.S3FileSystem(
            endpoint_override=f"{host}:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
        )
        files.create_dir("bucket")
        address = f"s3://bucket/corpus?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
        where = write_snapshot(directory, address, progress=quiet)
        with files.open_input_stream("bucket/corpus/latest/manifest.json") as stream:
            said = json.loads(stream.read())
        assert where == f"s3://bucket/corpus/{said['snapshot']}"
        named = [f"bucket/corpus/{said['snapshot']}/{f['path']}" for f in said["tables"]["citation"]["files"]]
        found: pa.Table = ds.dataset(named, filesystem=files).to_table(columns=["pmid"])
        assert found["pmid"].to_pylist() == list(range(1, 41))
        with files.open_input_stream("bucket/corpus/latest/attach.sql") as stream:
            assert f"read_parquet(['{where}/citation/" in stream.read().decode()
    finally:
        server.stop()

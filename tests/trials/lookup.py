"""What one PMID costs in an object store: `uv run --group readers python -m tests.trials.lookup DATA_DIR`.

The snapshot of a data directory is written to a local S3 (moto). Everything that it sends passes through a proxy that
counts bytes. A citation and its authors are asked for: by the manifest, which names the file that can have a PMID, with
pyarrow, pandas and polars; and with DuckDB over attach.sql, whose views name all files.
"""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from fsspec.implementations.arrow import ArrowFSWrapper
from moto.server import ThreadedMotoServer

from tests.trials.synthetic import say
from warehouse.snapshot import write_snapshot
from warehouse.store import DataDirectory

MOST_BYTES = 1_000_000


@dataclass
class Counter:
    """Bytes that the server sent."""

    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int:
        """Bytes since the last time."""
        with self.lock:
            sent, self.sent = self.sent, 0
        return sent


def pump(source: socket.socket, target: socket.socket, counter: Counter | None) -> None:
    """Hand on what comes, and count it."""
    try:
        while block := source.recv(1 << 16):
            if counter:
                with counter.lock:
                    counter.sent += len(block)
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # The other side has gone.


@contextmanager
def counting(host: str, port: int) -> Iterator[tuple[int, Counter]]:
    """A proxy of a server: its port, and what it counts."""
    counter, listener = Counter(), socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection((host, port))
            threading.Thread(target=pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, counter), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], counter
    finally:
        listener.close()


def look_up(files: Any, where: str, port: int, counter: Counter) -> int:
    """Ask for one PMID in several ways; the most bytes that one of them took by the manifest."""
    with files.open_input_stream(f"{where}/manifest.json") as stream:
        manifest = json.loads(stream.read())
    say(f"{counter.take():10,} bytes: manifest.json")
    citation = manifest["tables"]["citation"]["files"]
    pmid = (citation[len(citation) // 2]["pmid_min"] + citation[len(citation) // 2]["pmid_max"]) // 2
    table = ds.dataset([f"{where}/{f['path']}" for f in citation], filesystem=files)
    near = table.to_table(columns=["pmid"], filter=ds.field("pmid") >= pmid)["pmid"]
    pmid = near[0].as_py()
    counter.take()

    def named(name: str) -> list[str]:
        found = manifest["tables"][name]["files"]
        return [f"{where}/{f['path']}" for f in found if f["pmid_min"] <= pmid <= f["pmid_max"]]

    options = {
        "aws_endpoint_url": f"http://127.0.0.1:{port}",
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }

    def by_polars(name: str) -> int:
        rows = pl.scan_parquet([f"s3://{path}" for path in named(name)], storage_options=options)
        return rows.filter(pl.col("pmid") == pmid).collect().height

    ways: dict[str, Callable[[str], int]] = {
        "pyarrow": lambda name: (
            ds.dataset(named(name), filesystem=files).to_table(filter=ds.field("pmid") == pmid).num_rows
        ),
        "pandas": lambda name: len(
            pd.read_parquet(named(name), filesystem=files, filters=[("pmid", "=", pmid)]),
        ),
        "polars": by_polars,
    }
    most = 0
    for way, count in ways.items():
        for name in ("citation", "author"):
            rows, sent = count(name), counter.take()
            say(f"{sent:10,} bytes: {way}, {rows} rows of {name} of PMID {pmid}, of {len(named(name))} file")
            most = max(most, sent)
    with duckdb.connect() as con:
        con.register_filesystem(S3OfArrow(files))
        with files.open_input_stream(f"{where}/attach.sql") as stream:
            con.execute(stream.read().decode())
        counter.take()
        for name in ("citation", "author", "article"):
            rows = len(con.execute(f"FROM {name} WHERE pmid = $1", [pmid]).fetchall())
            say(f"{counter.take():10,} bytes: DuckDB over attach.sql, {rows} rows of {name}")
    return most


class S3OfArrow(ArrowFSWrapper):  # type: ignore[misc]
    """A file system of Arrow as fsspec has it, for s3:// addresses."""

    protocol = "s3"


def main(directory: DataDirectory) -> None:
    """Run it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "testing"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        with counting(*server.get_host_and_port()) as (port, counter):
            files = pafs.S3FileSystem(
                endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
            )
            files.create_dir("bucket")
            address = f"s3://bucket/corpus?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
            where = write_snapshot(directory, address, progress=lambda *_: None).removeprefix("s3://")
            size = sum(file.size or 0 for file in files.get_file_info(pafs.FileSelector(where, recursive=True)))
            say(f"{size:10,} bytes: the snapshot")
            counter.take()
            if look_up(files, where, port, counter) >= MOST_BYTES:
                sys.exit(f"One PMID costs more than {MOST_BYTES:,} bytes.")
    finally:
        server.stop()


if __name__ == "__main__":
    main(DataDirectory(Path(sys.argv[1])))

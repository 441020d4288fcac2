"""Seconds and peak memory of runs over a large corpus: `python -m tests.benchmarks.scale DATA_DIR` (see multiply.py).

All its citations are members, by a file of PMIDs; links are not asked for. A local server holds 1,000 of the first
run's records, revised today. Measured, each in a process of its own: an ingest of one record; the first refresh, in
which nothing is due; a dry run of the next one; that refresh, which fetches the 1,000. The data directory is changed.
Below each line stands what the run says of its own parts; the copy of the published file is in "publish".
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from warehouse.build import publish
from warehouse.store import DataDirectory, run_folders

REVISED = 1000
CORPUS = Path(sys.executable).with_name("corpus")


def measure(directory: DataDirectory) -> None:
    """Print the figures of one data directory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The kernel charges a new process with the memory of its parent, so the parent must be small.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(prepare, directory, folder).result()
        options = ["--data-dir", str(directory.root)]
        run("ingest of one record", "ingest", str(folder / "one.xml"), "--workers", "1", *options)
        with running_server(RecordStore.from_paths([folder / "revised.xml"])) as url:
            options += ["--seeds", str(folder / "seeds"), "--entrez", url]
            run("refresh in which nothing is due", "refresh", *options)
            run("refresh --dry-run", "refresh", "--dry-run", *options)
            run(f"refresh of {REVISED:,} revised", "refresh", *options)


def prepare(directory: DataDirectory, folder: Path) -> None:
    """Publish, and write the seeds and the records that are delivered."""
    publish(directory)
    size = directory.database.stat().st_size
    start = time.perf_counter()
    shutil.copyfile(directory.database, directory.root / "copy")
    say(f"a copy of the published file of {size / 1e6:,.0f} MB takes {time.perf_counter() - start:.1f} s")
    (directory.root / "copy").unlink()
    (folder / "seeds").mkdir()
    with duckdb.connect(directory.database, read_only=True) as con:
        con.sql("SELECT pmid FROM citation ORDER BY pmid").write_csv(str(folder / "seeds/all.pmids"), header=False)
    (folder / "seeds/corpus.toml").write_text("[links]\nfetch = []\nlinkout = false\n")
    records = revised_records(directory)
    write_records(folder / "one.xml", records[:1])
    write_records(folder / "revised.xml", records[1:])


def revised_records(directory: DataDirectory) -> list[bytes]:
    """Records of the first run as NLM would give them after a revision today."""
    rows = pq.read_table(run_folders(directory)[0] / "raw_citation.parquet", columns=["record_xml"])
    texts = [text for text in rows["record_xml"].to_pylist() if b"<DateRevised>" in text][: REVISED + 1]
    day = datetime.now(UTC).strftime("<DateRevised><Year>%Y</Year><Month>%m</Month><Day>%d</Day></DateRevised>")
    texts = [re.sub(rb"<DateRevised>.*?</DateRevised>", day.encode(), text, flags=re.DOTALL) for text in texts]
    return [text.replace(b"</ArticleTitle>", b" (revised)</ArticleTitle>", 1) for text in texts]


def write_records(path: Path, records: list[bytes]) -> None:
    """Write a document of them."""
    path.write_bytes(b"<PubmedArticleSet>" + b"\n".join(records) + b"</PubmedArticleSet>")


def run(what: str, *arguments: str) -> None:
    """Run a command, and print its seconds, CPU seconds, peak memory, and what it says of itself."""
    start = time.perf_counter()
    process = subprocess.Popen([CORPUS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    say(f"{wall:8.2f} s  {cpu:8.2f} s CPU  {usage.ru_maxrss / 1024:6.0f} MB  {what}: ended with {code}")
    say("".join(f"    {line}\n" for line in told.splitlines()[:3]), end="")


def say(text: str, end: str = "\n") -> None:
    """Print it at once."""
    print(text, end=end, flush=True)  # noqa: T201


if __name__ == "__main__":
    measure(DataDirectory(Path(sys.argv[1])))

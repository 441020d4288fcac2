"""Forty files read by one process, two, and Dask: `python -m tests.trials.engines FILE.xml.gz [files, 40]`.

The records of a real file are put into so many files. They are ingested by one process, by two, by two Dask workers,
and by two of which one is killed in the middle; the README's commands start scheduler and workers, on loopback. All
have to hold the same content. CPU is that of the command and, with Dask, of scheduler and workers while it runs.
"""

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.nlm_tree import put
from tests.served import free_port
from tests.trials.follow import content_of
from tests.trials.synthetic import CORPUS, say

DASK = Path(sys.executable).with_name("dask")


def put_files(root: Path, source: Path, count: int) -> None:
    """The records of a file in so many files."""
    text = gzip.decompress(source.read_bytes()).decode("utf-8")
    records = re.findall(r"<PubmedArticle>.*?</PubmedArticle>", text, re.DOTALL)
    for number in range(count):
        part = records[number * len(records) // count : (number + 1) * len(records) // count]
        put(root, "baseline", number + 1, part)
    say(f"{len(records):,} records in {count} files")


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler and workers; the scheduler's address, and the processes that were started."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    commands = [["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]]
    commands += [["worker", address, "--nthreads", "1", "--no-dashboard"]] * workers
    with (folder / "dask.log").open("ab") as log:
        started = [subprocess.Popen([DASK, *command], stdout=log, stderr=log, cwd=folder) for command in commands]
    try:
        yield address, [psutil.Process(process.pid) for process in started]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(60)


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds of processes and those below them that are alive."""
    found = [p for process in processes for p in (process, *process.children(recursive=True))]
    return float(sum(sum(p.cpu_times()[:2]) for p in found))


def ingest(what: str, root: Path, data: Path, *options: str, meanwhile: Callable[[Path], None] | None = None) -> float:
    """Ingest the files, say what it takes, and give the CPU seconds of the command."""
    command = [*CORPUS, "ingest", str(root), "--data-dir", str(data), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=data.parent)
    if meanwhile:
        meanwhile(data)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    code, cpu = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
    say(f"{what:34} ended with {code}, {time.perf_counter() - start:6.1f} s, {cpu:6.1f} s CPU of the command")
    return cpu


def kill_a_worker(nanny: psutil.Process, files: int) -> Callable[[Path], None]:
    """Kills the worker of a nanny when so many files are committed."""

    def wait_and_kill(data: Path) -> None:
        while len(list(data.glob("parquet/run=*"))) < files:
            time.sleep(0.05)
        worker = max(nanny.children(recursive=True), key=lambda process: process.memory_info().rss)
        worker.send_signal(signal.SIGKILL)
        say(f"worker {worker.pid} killed after {files} files")

    return wait_and_kill


def main(source: Path, count: int = 40) -> None:
    """Run it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put_files(folder / "nlm", source, count)
        root, found = folder / "nlm" / "baseline", {}
        for what, options in (("one process", ("--workers", "1")), ("two processes", ("--workers", "2"))):
            data = folder / "data"
            ingest(what, root, data, *options)
            found[what] = content_of(data)
            shutil.rmtree(data)
        for what in ("Dask, two workers", "Dask, two workers, one killed"):
            with cluster(folder) as (address, processes):
                time.sleep(15)  # Workers load Dask first, which is not what is measured.
                before = cpu_of(processes)
                kill = kill_a_worker(processes[1], count // 3) if "killed" in what else None
                ingest(what, root, folder / "data", "--engine", address, meanwhile=kill)
                say(f"{'':34} and {cpu_of(processes) - before:6.1f} s CPU of scheduler and workers that are alive")
            found[what] = content_of(folder / "data")
            shutil.rmtree(folder / "data")
        for what, (content, citations) in found.items():
            say(f"{what:34} {citations:,} citations, content {content[:16]}")
        if len(set(found.values())) != 1:
            sys.exit("The contents differ.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))

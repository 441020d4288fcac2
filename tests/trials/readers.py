"""Four processes ask without pause while runs are published: `python -m tests.trials.readers [publishes, 20]`.

Each answer must be of one whole snapshot: the runs of its manifest and the rows of its tables agree.
"""

import multiprocessing
import sys
import tempfile
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random

import duckdb

from tests.trials.synthetic import say
from tests.warehouse.histories import History
from warehouse import build
from warehouse.store import DataDirectory

QUESTION = """SELECT (SELECT max(run_id) FROM run), (SELECT count(*) FROM run),
    (SELECT sum(requested_count) FROM run), (SELECT count(*) FROM request),
    (SELECT row_count FROM content WHERE table_name = 'citation'), (SELECT count(*) FROM citation)"""


def read(database: Path, stop: Event, answers: "Queue[tuple[dict[str, int], list[str], float]]") -> None:
    """Open, ask and close until told to stop; then say what was seen."""
    seen: dict[str, int] = {}
    troubles = []
    slowest_s = 0.0
    while not stop.is_set():
        start = time.perf_counter()
        try:
            with duckdb.connect(database, read_only=True) as con:
                ((last, _runs, requested, requests, stated, citations),) = con.execute(QUESTION).fetchall()
        except duckdb.Error as exc:
            troubles.append(str(exc))
            continue
        slowest_s = max(slowest_s, time.perf_counter() - start)
        seen[last] = seen.get(last, 0) + 1
        if requested != requests or stated != citations:
            troubles.append(f"half a snapshot at {last}")
    answers.put((seen, troubles, slowest_s))


def main(publishes: int) -> None:
    """Run it."""
    processes = multiprocessing.get_context("spawn")
    stop = processes.Event()
    answers: Queue[tuple[dict[str, int], list[str], float]] = processes.Queue()
    with tempfile.TemporaryDirectory() as folder:
        history = History(DataDirectory(Path(folder) / "data"), Random(publishes))
        history.commit_random_run()
        build.publish(history.directory)
        arguments = (history.directory.database, stop, answers)
        readers = [processes.Process(target=read, args=arguments, daemon=True) for _ in range(4)]
        for reader in readers:
            reader.start()
        for _ in range(publishes):
            history.commit_random_run()
            build.publish(history.directory)
        stop.set()
        said = [answers.get() for _ in readers]
        for reader in readers:
            reader.join()
    snapshots = {run_id for seen, _, _ in said for run_id in seen}
    count = sum(sum(seen.values()) for seen, _, _ in said)
    slowest_s = max(slowest_s for _, _, slowest_s in said)
    troubles = [trouble for _, found, _ in said for trouble in found]
    say(f"publishes {publishes}, answers {count}, snapshots seen {len(snapshots)}, slowest {slowest_s:.2f} s")
    say(f"errors {len(troubles)}: {troubles[:3]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

"""Four processes query nonstop while refreshes publish: `python -m tests.trials.readers [times, 20] [PMIDs, 2000]`.

Each opens the published file, runs the README's queries, and closes it. What it sees must be one whole snapshot: the
rows of its tables are those that its runs and its content state, and it answers the same from beginning to end.
"""

import multiprocessing
import os
import random
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb

from tests.trials.synthetic import Revising, say, serving, start_refresh, write_seeds
from warehouse.store import DataDirectory

DEFINITION = '[links]\nfetch = ["similar"]\nlinkout = false\n'
READERS = 4

SNAPSHOT = """SELECT (SELECT max(run_id) FROM run), (SELECT content_sha256 FROM manifest),
    (SELECT sum(requested_count) FROM run), (SELECT count(*) FROM request),
    (SELECT list(row_count ORDER BY table_name) FROM program.content
        WHERE table_name IN ('author', 'citation', 'link')),
    [(SELECT count(*) FROM author), (SELECT count(*) FROM citation), (SELECT count(*) FROM link)]"""
QUESTIONS = (
    "SELECT pmid, score, title FROM search_article('ketamine trial 7') LIMIT 10",
    "SELECT * FROM article WHERE pmid = 77",
    "FROM similar_to(77)",
    "FROM why(77)",
    "FROM coverage",
    "SELECT table_name, column_name, count(*) FROM recent_change(7) GROUP BY ALL",
    "SELECT count(*) FROM corpus_as_of('2100-01-01') WHERE is_member",
)

Seen = tuple[dict[str, int], list[str], float, str]


def read(database: Path, stop: Event, answers: "Queue[Seen]") -> None:
    """Ask until told to stop; then say how many answers came from each run, what was wrong, and the slowest."""
    with suppress(PermissionError):
        # The priority of the process that plays NCBI is not for readers.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    seen: dict[str, int] = {}
    troubles = []
    slowest_s, slowest = 0.0, ""
    while not stop.is_set():
        try:
            with duckdb.connect(database, read_only=True) as con:
                begin = con.execute(SNAPSHOT).fetchall()
                for question in QUESTIONS:
                    start = time.perf_counter()
                    con.execute(question).fetchall()
                    if time.perf_counter() - start > slowest_s:
                        slowest_s, slowest = time.perf_counter() - start, question
                end = con.execute(SNAPSHOT).fetchall()
        except duckdb.Error as exc:
            troubles.append(str(exc))
            continue
        ((last, _, requested, requests, stated, counted),) = begin
        seen[last] = seen.get(last, 0) + len(QUESTIONS)
        if begin != end or requested != requests or stated != counted:
            troubles.append(f"half a snapshot at {last}: {begin} {end}")
    answers.put((seen, troubles, slowest_s, slowest))


def main(refreshes: int, count: int) -> None:
    """Run it."""
    processes = multiprocessing.get_context("spawn")
    stop = processes.Event()
    answers: Queue[Seen] = processes.Queue()
    dice = random.Random(refreshes)
    entrez = Revising(count)
    with tempfile.TemporaryDirectory() as folder, serving(entrez) as base_url:
        data = DataDirectory(Path(folder) / "data")
        seeds = write_seeds(Path(folder) / "seeds", range(1, count + 1), DEFINITION)
        said, _ = start_refresh(base_url, seeds, data.root).communicate()
        assert data.database.exists(), said
        arguments = (data.database, stop, answers)
        readers = [processes.Process(target=read, args=arguments, daemon=True) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for _ in range(refreshes):
            entrez.revise(dice, count // 20)
            run = start_refresh(base_url, seeds, data.root)
            said, _ = run.communicate()
            assert run.returncode == 0, said
        time.sleep(1)
        stop.set()
        found = [answers.get() for _ in readers]
        for reader in readers:
            reader.join()
    snapshots = {run_id for seen, *_ in found for run_id in seen}
    asked = sum(sum(seen.values()) for seen, *_ in found)
    slowest_s, slowest = max(one[2:] for one in found)
    troubles = [trouble for _, some, *_ in found for trouble in some]
    say(f"refreshes {refreshes} of {count:,} PMIDs, answers {asked:,}, snapshots seen {len(snapshots)}")
    say(f"slowest {slowest_s:.2f} s: {slowest}")
    say(f"errors and halves {len(troubles)}: {troubles[:3]}")


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["20", "2000"][len(sys.argv) - 1 :])))

"""`kill -9` at random moments of four commands: `python -m tests.trials.kill_commands [kills, 100]`.

Two data directories see refreshes, ingests, compactions and rebuilds; in one of them each is killed, looked at, and run
again. After the kill the published file must open, hold whole runs and be as before the command or as after it; after
the second run it must hold what the other one does. Rebuilds have damaged files to repair.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.records import article, article_set
from tests.trials.synthetic import CORPUS, OF_A_RUN, REPOSITORY, Revising, say, serving, write_seeds
from warehouse.content import is_content
from warehouse.schema.derived import BUILD
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory, changed_files, run_folders

COMMANDS = ("refresh", "ingest", "compact", "rebuild")
DEFINITION = '[links]\nfetch = ["similar"]\nlinkout = false\n'
RECORDS, REVISED, INGESTED = 300, 40, 60
COMPARED = [t.name for t in TABLES.values() if is_content(t) and not t.is_raw and t.name not in (BUILD.name, "content")]

WHOLE_RUNS = """SELECT run_id FROM run LEFT JOIN request USING (run_id)
    GROUP BY run_id HAVING any_value(requested_count) <> count(request.pmid)"""
WHOLE_TABLES = (
    "SELECT row_count FROM program.content WHERE table_name = 'citation' EXCEPT SELECT count(*) FROM citation"
)


@dataclass
class Trial:
    """Where things are, and what was counted.

    Attributes:
        root: A folder for all of it.
        base_url: Of the Entrez that is asked.
        counts: Kills, kills before the end, and what went wrong, by name.
        states: How many kills left the file as before, and as after, by command.
    """

    root: Path
    base_url: str
    counts: Counter[str] = field(default_factory=Counter)
    states: Counter[tuple[str, str]] = field(default_factory=Counter)

    def data(self, name: str) -> DataDirectory:
        """The directory that is killed, or the other one."""
        return DataDirectory(self.root / name)

    def start(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start a command on one of them."""
        options = ["--entrez", self.base_url, "--seeds", str(self.root / "seeds")] if arguments == ["refresh"] else []
        command = [*CORPUS, *arguments, *options, "--data-dir", str(self.data(name).root)]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PREFECT_API_URL": ""}
        log = (self.root / "log").open("ab")
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.root)


def content_of(database: Path) -> dict[str, tuple[int, int]]:
    """Rows and a sum over them of each table, without what belongs to a run.

    Raises:
        duckdb.Error: It cannot be read.
        AssertionError: It has part of a run.
    """
    contents = {}
    with duckdb.connect(database, read_only=True) as con:
        for query in (WHOLE_RUNS, WHOLE_TABLES):
            assert con.execute(query).fetchall() == [], query
        for name in COMPARED:
            columns = ", ".join(f'"{c}"' for c in TABLES[name].column_names if c not in OF_A_RUN)
            sums = f"SELECT count(*), sum(hash(t)) FROM (SELECT {columns} FROM {TABLES[name].schema}.{name}) AS t"
            ((rows, total),) = con.execute(sums).fetchall()
            contents[name] = (int(rows), int(total or 0))
    return contents


def write_file(root: Path, number: int, dice: random.Random) -> Path:
    """A file to ingest: citations of which some are held already."""
    pmids = dice.sample(range(RECORDS // 2, 3 * RECORDS), INGESTED)
    path = root / f"file-{number}.xml"
    path.write_bytes(article_set(*(article(pmid, title=f"File {number}, {pmid}.") for pmid in pmids)))
    return path


def prepare(trial: Trial, entrez: Revising, number: int, dice: random.Random) -> list[str]:
    """The command of a round, with something for it to do in both directories."""
    name = COMMANDS[number % len(COMMANDS)]
    if name == "refresh":
        entrez.revise(dice, REVISED)
    elif name == "ingest":
        return [name, str(write_file(trial.root, number, dice))]
    elif name == "compact":
        return [name, "--keep", "all"]
    else:
        for directory in (trial.data("killed"), trial.data("whole")):
            for folder in run_folders(directory):
                if (file := folder / "language.parquet").exists():
                    file.write_bytes(file.read_bytes()[:-1])
    return [name]


def play(trial: Trial, entrez: Revising, number: int, dice: random.Random) -> None:
    """One round: the command on the one directory, and killed and run again on the other."""
    arguments = prepare(trial, entrez, number, dice)
    killed, whole = trial.data("killed"), trial.data("whole")
    before = content_of(killed.database)
    start = time.monotonic()
    assert trial.start("whole", arguments).wait() == 0, f"{arguments} failed; see {trial.root}/log"
    took_s = time.monotonic() - start
    expected = content_of(whole.database)
    run = trial.start("killed", arguments)
    time.sleep(dice.uniform(0.15, 1) * took_s)
    in_time = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    trial.counts["in time"] += in_time
    state = look_at(trial, before, expected)
    # What the rebuild had to repair is still damaged if it was killed first.
    damaged = [] if arguments == ["rebuild"] else [f for f in run_folders(killed) if changed_files(f)]
    trial.counts["runs half seen"] += bool(damaged)
    trial.counts["second runs that failed"] += trial.start("killed", arguments).wait() != 0
    trial.counts["rows lost"] += (is_other := content_of(killed.database) != expected)
    trial.states[arguments[0], state] += 1
    left = [p.name for p in killed.staging.iterdir() if p.is_file() or any(p.iterdir())]
    trial.counts["second runs that left something"] += bool(left)
    say(
        f"{number:3} {arguments[0]:8} killed {'in time' if in_time else 'too late'}, file as {state}, then "
        f"{'NOT ' if is_other else ''}equal {left or ''}"
    )


def look_at(trial: Trial, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> str:
    """Whether the published file is as before the command or as after it; counts it if it is neither or unreadable."""
    try:
        content = content_of(trial.data("killed").database)
    except duckdb.Error as exc:
        say(str(exc))
        trial.counts["files unreadable"] += 1
        return "unreadable"
    except AssertionError as exc:
        say(str(exc))
        trial.counts["runs half seen"] += 1
        return "half"
    # A compaction and a rebuild change nothing visible.
    state = "same" if before == after == content else "before" if content == before else "after"
    if content not in (before, after):
        trial.counts["runs half seen"] += 1
    return state


def main(kills: int) -> None:
    """Run it."""
    dice = random.Random(kills)
    entrez = Revising(RECORDS)
    with tempfile.TemporaryDirectory() as folder, serving(entrez) as base_url:
        trial = Trial(Path(folder), base_url)
        write_seeds(trial.root / "seeds", range(1, RECORDS + 1), DEFINITION)
        assert trial.start("whole", ["refresh"]).wait() == 0, (trial.root / "log").read_text()
        shutil.copytree(trial.data("whole").root, trial.data("killed").root)
        for number in range(kills):
            play(trial, entrez, number, dice)
        assert trial.start("killed", ["check"]).wait() == 0, (trial.root / "log").read_text()[-2000:]
    wrong = (
        "files unreadable",
        "runs half seen",
        "rows lost",
        "second runs that failed",
        "second runs that left something",
    )
    say(
        f"kills {kills}, {trial.counts['in time']} before the end; "
        + ", ".join(f"{w} {trial.counts[w]}" for w in wrong)
    )
    say(f"published file after the kill: {dict(trial.states)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)

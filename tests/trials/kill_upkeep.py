"""`kill -9` at random moments of compact, rebuild and publish: `python -m tests.trials.kill_upkeep [kills, 100]`.

After each kill the published file must open and hold the content that it had, and so must the next run's.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.trials.synthetic import say
from tests.warehouse.histories import History
from warehouse import build
from warehouse.store import DataDirectory

COMMANDS = (["compact"], ["rebuild"], ["compact", "--keep", "last"])
CORPUS = "import sys; from flows.cli import main; sys.argv = ['corpus', *sys.argv[1:]]; main()"


def content_of(directory: DataDirectory) -> tuple[str, int]:
    """The content that the published file has, and its runs."""
    with duckdb.connect(directory.database, read_only=True) as con:
        ((content, runs),) = con.execute("SELECT content_sha256, len(run_ids) FROM manifest").fetchall()
    return content, runs


def main(kills: int) -> None:
    """Run it."""
    dice = random.Random(kills)
    wrong, in_time = [], 0
    with tempfile.TemporaryDirectory() as folder:
        history = History(DataDirectory(Path(folder) / "data"), dice)
        for number in range(kills):
            for _ in range(2):
                history.commit_random_run()
            build.publish(history.directory)
            expected = content_of(history.directory)
            command = [sys.executable, "-c", CORPUS, *dice.choice(COMMANDS), "--data-dir", str(history.directory.root)]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
                time.sleep(dice.uniform(0.5, 6))
                in_time += run.poll() is None
                run.send_signal(signal.SIGKILL)
            try:
                after_kill = content_of(history.directory)
                build.publish(history.directory, afresh=True)
                is_same = after_kill == expected == content_of(history.directory)
            except duckdb.Error as exc:
                is_same = False
                say(f"{number}: {exc}")
            wrong += [] if is_same else [number]
    say(f"kills {kills} ({in_time} before the end), unreadable or of another content: {wrong or 'none'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)

"""Two backfills and a refresh started together under `corpus serve`: their order, what the UI says, their results.

python -m tests.trials.together [records, 1000]
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import duckdb

from tests.served import free_port
from tests.trials.postgres import CORPUS, ENDED, Api, running
from tests.trials.prefect_cost import wait_for_deployments
from tests.trials.synthetic import REPOSITORY, Synthetic, say, serving, write_seeds

DEFINITION = "[links]\nlinkout = false\n"


def main(records: int) -> None:
    """Run it, and print each change of state of the three."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "CORPUS_"))}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        root = Path(temporary)
        port = free_port()
        environment = kept | {
            "PYTHONPATH": str(REPOSITORY),
            "CORPUS_ENTREZ": stack.enter_context(serving(Synthetic(2 * records, latency_s=0.5))),
            "CORPUS_SEEDS": str(write_seeds(root / "seeds", range(1, records + 1), DEFINITION)),
            "CORPUS_DATA_DIR": str(root / "data"),
        }
        stack.enter_context(running((*CORPUS, "serve", "--port", str(port)), environment, root / "log"))
        api = Api(f"http://127.0.0.1:{port}/api")
        api.wait()
        wait_for_deployments(api)
        first, second = (", ".join(map(str, range(start, start + records // 2))) for start in (1, records + 1))
        begun = time.monotonic()
        runs = {
            "backfill of half": api.start("backfill/backfill", pmids=first, reason="first"),
            "backfill of others": api.start("backfill/backfill", pmids=second, reason="second"),
            "refresh": api.start("refresh/nightly-refresh"),
        }
        told: dict[str, str] = {}
        while True:
            states = {what: api.state(run_id) for what, run_id in runs.items()}
            for what, state in states.items():
                if told.get(what) != state["name"]:
                    told[what] = state["name"]
                    message = f": {state['message']}" if state["message"] else ""
                    say(f"{time.monotonic() - begun:6.1f} s  {what}: {state['name']}{message}")
            if all(state["type"] in ENDED for state in states.values()):
                break
            time.sleep(0.5)
        with duckdb.connect(root / "data" / "corpus.duckdb", read_only=True) as con:
            columns = "run_kind, reason, requested_count, new_count, unchanged_count"
            for row in con.execute(f"SELECT {columns} FROM run ORDER BY run_id").fetchall():
                say("  run: " + ", ".join(f"{n} {v}" for n, v in zip(columns.split(", "), row, strict=True)))
            ((citations, requested),) = con.execute(
                "SELECT (SELECT count(*) FROM citation), (SELECT count(*) FROM request)"
            ).fetchall()
        say(f"  citations {citations:,}, PMIDs asked for {requested:,}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

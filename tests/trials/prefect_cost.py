"""What Prefect adds to a refresh: the same one as plain functions, and as a flow that a server records.

python -m tests.trials.prefect_cost [records ...: 11 10000]

Seconds are those of the steps, then those of the whole process of `corpus refresh`, and of a run of the deployment
from the moment that it is asked for, as the UI does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.served import free_port
from tests.trials.postgres import CORPUS, Api, running
from tests.trials.synthetic import REPOSITORY, Synthetic, say, serving, write_seeds

DEFINITION = "[links]\nlinkout = false\n"


def summed_seconds(output: str) -> float:
    """The seconds that a run itself took, from the first line of its report."""
    (headline,) = [line for line in output.splitlines() if line.startswith("refresh 20")]
    return float(headline.split(": ")[1].split(" s ")[0])


def refresh(environment: dict[str, str], data: Path) -> tuple[float, float]:
    """A first refresh by the command; gives the seconds of its steps, and those of its process."""
    shutil.rmtree(data / "parquet", ignore_errors=True)
    (data / "corpus.duckdb").unlink(missing_ok=True)
    begun = time.monotonic()
    done = subprocess.run((*CORPUS, "refresh"), env=environment, capture_output=True, text=True, check=False)
    whole = time.monotonic() - begun
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return summed_seconds(done.stdout), whole


def main(counts: list[int]) -> None:
    """Run it and print the table."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "CORPUS_"))}
    say(f"{'records':>8}  {'how':<32}{'steps, s':>10}{'in all, s':>11}")
    for count in counts:
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            root = Path(temporary)
            seeds = write_seeds(root / "seeds", range(1, count + 1), DEFINITION)
            environment = kept | {
                "PYTHONPATH": str(REPOSITORY),
                "CORPUS_ENTREZ": stack.enter_context(serving(Synthetic(count))),
                "CORPUS_SEEDS": str(seeds),
                "CORPUS_DATA_DIR": str(root / "data"),
            }

            def tell(how: str, steps: float, whole: float, count: int = count) -> None:
                say(f"{count:>8,}  {how:<32}{steps:>10.1f}{whole:>11.1f}")

            tell("plain functions", *refresh(environment, root / "data"))
            port = free_port()
            serve = (*CORPUS, "serve", "--no-auth", "--port", str(port))
            stack.enter_context(running(serve, environment, root / "log"))
            api = Api(f"http://127.0.0.1:{port}/api")
            api.wait()
            wait_for_deployments(api)
            tell("a flow, PREFECT_API_URL set", *refresh(environment | {"PREFECT_API_URL": api.url}, root / "data"))
            shutil.rmtree(root / "data" / "parquet")
            (root / "data" / "corpus.duckdb").unlink()
            begun = time.monotonic()
            run_id = api.start("refresh/nightly-refresh")
            while api.state(run_id)["type"] != "COMPLETED":
                time.sleep(0.2)
            whole = time.monotonic() - begun
            run = api.http.get(f"/flow_runs/{run_id}").json()
            tell("the deployment, from its start", run["total_run_time"], whole)
            lines = api.http.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": [run_id]}}}).json()
            tasks = api.http.post("/task_runs/count", json={"flow_runs": {"id": {"any_": [run_id]}}}).json()
            say(f"          that run has {tasks:,} task runs and {len(lines):,} lines of log")


def wait_for_deployments(api: Api) -> None:
    """Wait until `corpus serve` has registered them, and polls."""
    while len(api.http.post("/deployments/filter", json={}).json()) < 7:
        time.sleep(0.5)
    time.sleep(5)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [11, 10_000])

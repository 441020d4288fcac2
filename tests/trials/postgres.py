"""Prefect on PostgreSQL with two workers: a refresh, and a worker that is killed in the middle of one.

python -m tests.trials.postgres [records, 2000]

Needs Debian's package `postgresql`, and makes a cluster of its own. A run is marked as crashed only
after three minutes of silence.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.served import free_port
from tests.trials.synthetic import REPOSITORY, Synthetic, content_of, say, serving, start_refresh, write_seeds

DEFINITION = '[links]\nfetch = ["similar"]\nlinkout = false\n'
PACE = {"CORPUS_BATCH_SIZE": "20", "CORPUS_ENTREZ_IN_FLIGHT": "2", "NCBI_API_KEY": "a key for a trial"}
LATENCY_S = 0.5
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
PREFECT = (sys.executable, "-m", "prefect")
CORPUS = (sys.executable, "-c", "from flows.command.cli import main; main()")
Worker = subprocess.Popen[bytes]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL cluster with an empty database; gives its URL for Prefect."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    # PostgreSQL refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder.mkdir()
    if as_user:
        shutil.chown(folder, "postgres")
    port = free_port()

    def run(program: str, *arguments: str) -> None:
        with (folder.parent / "postgres.log").open("ab") as log:
            command = [*as_user, str(programs / program), *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/")

    run("initdb", "-D", f"{folder}/cluster", "-A", "trust", "-U", "postgres")
    options = f"-p {port} -h 127.0.0.1 -k {folder}"
    run("pg_ctl", "-D", f"{folder}/cluster", "-l", f"{folder}/log", "-o", options, "-w", "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "prefect")
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/prefect"
    finally:
        run("pg_ctl", "-D", f"{folder}/cluster", "-m", "fast", "stop")


@contextmanager
def running(command: tuple[str, ...], environment: dict[str, str], log: Path) -> Iterator[Worker]:
    """A program in a session of its own, ended with everything that it started."""
    with log.open("ab") as stream:
        program = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            yield program
        finally:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(program.pid, sign)
                    program.wait(timeout=20)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


class Api:
    """What the trial asks of Prefect's API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30)

    def wait(self) -> None:
        """Wait for the server's first answer."""
        for _ in range(180):
            try:
                if self.http.get("/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(1)
        raise TimeoutError(self.url)

    def start(self, name: str, **parameters: Any) -> str:
        """Start a deployment; gives the run's id."""
        deployment = self.http.get(f"/deployments/name/{name}").raise_for_status().json()
        started = self.http.post(f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters})
        return str(started.raise_for_status().json()["id"])

    def state(self, run_id: str) -> dict[str, Any]:
        """The state of a run."""
        found: dict[str, Any] = self.http.get(f"/flow_runs/{run_id}").raise_for_status().json()["state"]
        return found

    def follow(self, what: str, run_id: str, since: float, workers: dict[str, Worker]) -> None:
        """Say each change of a run's state, with the seconds since something and who works, until the run has ended."""
        told = ""
        while True:
            state = self.state(run_id)
            if state["name"] != told:
                told = str(state["name"])
                by = f" ({', '.join(busy(workers)) or 'no worker'})" if told == "Running" else ""
                message = f": {state['message']}" if state["message"] else ""
                say(f"  {time.monotonic() - since:6.1f} s  {what}: {told}{by}{message}")
            if state["type"] in ENDED:
                return
            time.sleep(1)


def wait_for_half(api: Api, run_id: str, entrez: Synthetic, records: int) -> None:
    """Wait until a run has fetched half of its records."""
    while sum(entrez.fetched.values()) < records // 2:
        if api.state(run_id)["type"] in ENDED:
            raise RuntimeError(f"The run ended too early: {api.state(run_id)}")
        time.sleep(0.2)


def main(records: int) -> None:
    """Run it, and print what Prefect says of each run."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        root = Path(temporary)
        root.chmod(0o755)
        entrez = Synthetic(records, latency_s=LATENCY_S)
        base_url = stack.enter_context(serving(entrez))
        seeds = write_seeds(root / "seeds", range(1, records + 1), DEFINITION)
        start_refresh(base_url, seeds, root / "plain", **PACE).communicate()
        expected = content_of(root / "plain" / "corpus.duckdb")

        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "CORPUS_"))}
        environment = kept | {
            "PYTHONPATH": str(REPOSITORY),
            "PREFECT_HOME": str(root / "home"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_API_DATABASE_CONNECTION_URL": stack.enter_context(postgres(root / "postgres")),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "CORPUS_ENTREZ": base_url,
            "CORPUS_SEEDS": str(seeds),
            "CORPUS_DATA_DIR": str(root / "data"),
            **PACE,
        }
        server = (*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(running(server, environment, root / "server.log"))
        api = Api(environment["PREFECT_API_URL"])
        api.wait()
        for command in (
            (*PREFECT, "work-pool", "create", "corpus", "--type", "process"),
            (*PREFECT, "work-pool", "set-concurrency-limit", "corpus", "1"),
            (*PREFECT, "--no-prompt", "deploy", "--all"),
            (*CORPUS, "serve", "--set-up-only"),
        ):
            done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        workers = {name: stack.enter_context(start_worker(name, environment, root)) for name in ("one", "two")}

        say(f"A refresh of {records:,} records")
        begun = time.monotonic()
        api.follow("refresh", api.start("refresh/nightly-refresh"), begun, workers)
        say(f"  corpus equal to that of `corpus refresh`: {content_of(root / 'data' / 'corpus.duckdb') == expected}")

        for case in ("the worker alone", "the worker and its flow run"):
            shutil.rmtree(root / "data")
            entrez.fetched.clear()
            say(f"kill -9 of {case}, when half was fetched; a check and a refresh are started after it")
            run_id = api.start("refresh/nightly-refresh")
            wait_for_half(api, run_id, entrez, records)
            (taken_by,) = busy(workers)
            of_worker = processes_below(workers[taken_by].pid)
            killed = time.monotonic()
            for pid in [workers[taken_by].pid, *(of_worker if case.endswith("run") else [])]:
                os.kill(pid, signal.SIGKILL)
            workers.pop(taken_by).wait()
            say(f"     0.0 s  worker {taken_by} is gone")
            check_id, next_id = api.start("check/check"), api.start("refresh/nightly-refresh")
            api.follow("refresh", run_id, killed, workers)
            api.follow("check", check_id, killed, workers)
            api.follow("next refresh", next_id, killed, workers)
            is_equal = content_of(root / "data" / "corpus.duckdb") == expected
            twice = sum(entrez.fetched.values()) - len(entrez.fetched)
            say(f"  corpus equal: {is_equal}; records fetched twice: {twice:,}")
            workers[taken_by] = stack.enter_context(start_worker(taken_by, environment, root))
            time.sleep(15)


def start_worker(name: str, environment: dict[str, str], root: Path) -> AbstractContextManager[Worker]:
    """A worker of the pool."""
    command = (*PREFECT, "worker", "start", "--pool", "corpus", "--name", name)
    return running(command, environment, root / f"{name}.log")


def busy(workers: dict[str, Worker]) -> list[str]:
    """The workers that have a flow run."""
    return [name for name, worker in workers.items() if processes_below(worker.pid)]


def processes_below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *processes_below(child)]
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)

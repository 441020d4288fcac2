"""`corpus serve`: all deployments, served from a Prefect server of its own on loopback unless one is configured."""

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from flows.definition.settings import Settings, check_entrez
from flows.entrez.client import check_email
from flows.prefect_app import guard, login
from flows.prefect_app.inbox import make_inboxes
from flows.report import notify
from warehouse.errors import CorpusError, StoreError, UsageError

# A busy machine takes minutes; a server that ends is noticed at once.
SERVER_START_S = 600.0

# Above this size, the server's log is rotated when the server starts; the previous one is kept.
LOG_BYTES = 10_000_000

# Seconds between a run's heartbeats; `flows.prefect_app.heartbeat_automation.SILENCE` is several times that.
HEARTBEAT_S = 30


DAY_S = 86_400


def serve_deployments(
    settings: Settings,
    *,
    host: str,
    port: int,
    is_set_up_only: bool = False,
    no_auth: bool = False,
    keep_runs: int = 365,
) -> None:
    """Serve the deployments until the process is told to stop.

    Args:
        settings: Options of the flow runs.
        host: Address of the Prefect server.
        port: Its port.
        is_set_up_only: Create the automations on the server that is configured, and end: workers run the deployments.
        no_auth: Let the server ask nobody for the authentication string.
        keep_runs: Days after which the server forgets a run with its log and artifacts.
    Raises:
        UsageError: The port is in use, an option is nonsense, another `corpus serve` is at work over the data
            directory, no server is configured for a set-up only, or NCBI is to be asked and there is no email.
        CorpusError: The server does not start, or the one that is configured does not answer.
    """
    check_entrez(settings.entrez)
    notify.check_addresses(settings.addresses)
    if not is_set_up_only:
        check_email(settings)
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_S))
    if api_url := os.environ.get("PREFECT_API_URL"):
        check_configured(api_url, settings)
        serve_all(settings, is_own_server=False, is_set_up_only=is_set_up_only)
        return
    if is_set_up_only:
        raise UsageError("--set-up-only is for a Prefect server that runs already; name it in PREFECT_API_URL.")
    # If it is stopped while starting, it must stop its server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # After Ctrl-C it ends once its server has ended.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = settings.data_dir.absolute() / "prefect"
    api_url = f"http://{host}:{port}/api"
    os.environ.update(server_environment(home, api_url, keep_runs=keep_runs))
    # A person may name more origins, such as that of a proxy.
    os.environ.setdefault(guard.ORIGINS, guard.own_origins(host, port))
    given = settings.prefect_server_login
    if given and no_auth:
        raise UsageError("--no-auth: PREFECT_SERVER_API_AUTH_STRING is set as well; choose one of them.")
    make_inboxes(settings)
    with only_one(home):
        end_orphan(home / "server.pid")
        how = set_login(home, given.get_secret_value() if given else None, no_auth=no_auth)
        with prefect_server(host, port, home):
            print(f"Prefect's UI is at http://{host}:{port}; {how}; stop with Ctrl-C.", file=sys.stderr)  # noqa: T201
            serve_all(settings, is_own_server=True)


def set_login(home: Path, given: str | None, *, no_auth: bool) -> str:
    """Hand the authentication string to the server and to this process, its client.

    Returns:
        How to log in, for a sentence.
    """
    if no_auth:
        os.environ.pop("PREFECT_SERVER_API_AUTH_STRING", None)
        return "it asks nobody who they are (--no-auth): whoever reaches it can run what they like as you"
    text = given or login.read_login(home)
    os.environ["PREFECT_SERVER_API_AUTH_STRING"] = os.environ["PREFECT_API_AUTH_STRING"] = text
    if given:
        return "log in with PREFECT_SERVER_API_AUTH_STRING"
    # Others may read a log file or a journal.
    return f"log in with {text if sys.stderr.isatty() else 'the line in ' + str(home / login.FILE_NAME)}"


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Allow one `corpus serve` with its own server per data directory: two would stop each other's server.

    Raises:
        UsageError: There is another.
        StoreError: The folder cannot be written.
    """
    login.make_private(home)
    try:
        lock = (home / "serve.lock").open("ab")
    except OSError as exc:
        raise StoreError(f"Cannot write to {home}: {exc.strerror}; choose another folder with --data-dir.") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise UsageError(f"Another `corpus serve` is at work over {home.parent}; stop it first.") from exc
        yield


def check_configured(api_url: str, settings: Settings) -> None:
    """Whether the Prefect server that is configured answers, and takes the authentication string.

    Raises:
        CorpusError: It does not.
    """
    try:
        httpx.get(f"{api_url.rstrip('/')}/health", timeout=30).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
        raise CorpusError(f"PREFECT_API_URL: Prefect's server at {api_url} does not answer ({exc}).") from exc
    import prefect.settings  # noqa: PLC0415
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415

    has_string = prefect.settings.get_current_settings().api.auth_string is not None
    try:
        with get_client(sync_client=True) as client:
            client.hello()
    except PrefectHTTPStatusError as exc:
        if exc.response.status_code != httpx.codes.UNAUTHORIZED:
            raise CorpusError(f"PREFECT_API_URL: Prefect's server at {api_url} does not answer ({exc}).") from exc
        what = "does not take this PREFECT_API_AUTH_STRING" if has_string else "asks for PREFECT_API_AUTH_STRING"
        kept = settings.data_dir / "prefect" / login.FILE_NAME
        raise CorpusError(
            f"Prefect's server at {api_url} {what}; set it to the server's string (`corpus serve` keeps its own in "
            f"{kept})."
        ) from exc


def server_environment(home: Path, api_url: str, *, keep_runs: int) -> dict[str, str]:
    """Prefect's settings for a server that keeps to itself: no telemetry, no outside request, all below one folder.

    It forgets runs that ended `keep_runs` days ago, with their logs and artifacts.
    """
    return {
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(keep_runs * DAY_S),
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_UI_API_URL": api_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
    }


def end_orphan(pid_file: Path) -> None:
    """Stop the Prefect server that a killed `corpus serve` left behind."""
    if not pid_file.exists():
        return
    text = pid_file.read_text(encoding="utf-8")
    # Empty if the disk was full.
    pid = int(text) if text.isdecimal() else 0
    command = Path(f"/proc/{pid}/cmdline")
    # The id may have been reused by another process.
    if command.exists() and guard.FACTORY.encode() in command.read_bytes():
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            if not command.exists() or not command.read_bytes():
                break
            time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


@contextmanager
def prefect_server(host: str, port: int, home: Path) -> Iterator[None]:
    """A Prefect server in a process of its own, healthy on entry and ended on exit.

    Args:
        host: Its address.
        port: Its port.
        home: Folder of its log, and of its process id as long as it runs.
    Raises:
        UsageError: The port is in use, or the address is none.
        CorpusError: The server does not start.
    """
    log, pid_file = home / "server.log", home / "server.pid"
    try:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                raise UsageError(f"--port {port} is in use; stop what listens there, or choose another.")
    except socket.gaierror as exc:
        raise UsageError(f"--host {host}: there is no such address ({exc.strerror}).") from exc
    command = [sys.executable, "-m", "uvicorn", "--factory", guard.FACTORY, "--host", host, "--port", str(port)]
    command += ["--log-level", "warning"]
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name("server.log.1"))
    with log.open("ab") as stream:
        log.chmod(0o600)
        # The server's files, above all its database, are private to their owner.
        server = subprocess.Popen(  # noqa: S603
            command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, umask=0o077
        )
    pid_file.write_text(str(server.pid), encoding="utf-8")
    try:
        wait_until_healthy(server, f"http://{host}:{port}/api/health", log)
        yield
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        pid_file.unlink(missing_ok=True)


def wait_until_healthy(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Wait for the server's first answer.

    Raises:
        CorpusError: It ended, or does not answer in time.
    """
    deadline = time.monotonic() + SERVER_START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CorpusError(f"Prefect's server ended with code {server.returncode}; {log} says why.")
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise CorpusError(f"Prefect's server did not answer within {SERVER_START_S:.0f} s; {log} says why.")


def serve_all(settings: Settings, *, is_own_server: bool, is_set_up_only: bool = False) -> None:
    """Register the deployments and run what is scheduled or asked for, one run at a time."""
    # Prefect reads its settings when it is first imported, so this waits until they are in the environment.
    import prefect  # noqa: PLC0415

    from flows.prefect_app.deployments import deployments, export  # noqa: PLC0415
    from flows.prefect_app.heartbeat_automation import mark_crashed, tell_others, watch_for_silence  # noqa: PLC0415
    from flows.prefect_app.ui_choices import keep_choices  # noqa: PLC0415

    export(settings)
    if is_own_server:
        mark_crashed()
    watch_for_silence()
    if settings.addresses:
        tell_others(settings.addresses, alarms_only=settings.alarms_only)
    # When stopped, Prefect's runner does not await its own shutdown, and cancels the tasks that listen to runs.
    warnings.filterwarnings("ignore", message="coroutine 'Runner.astop' was never awaited", category=RuntimeWarning)
    logging.getLogger("asyncio").addFilter(is_no_cancellation)
    if is_set_up_only:
        print(f"The automations are set up at {os.environ['PREFECT_API_URL']}.", file=sys.stderr)  # noqa: T201
    else:
        deployed = deployments(settings)
        for sentence in keep_choices(deployed):
            print(sentence, file=sys.stderr)  # noqa: T201
        prefect.serve(*deployed, pause_on_shutdown=False, limit=1)


def is_no_cancellation(record: logging.LogRecord) -> bool:
    """Whether a line of the log is of more than a task that was told to stop."""
    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))

"""What tests share: folders of their own, and a server of records written here."""

import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from flows.definition.settings import Settings
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server

REPOSITORY = Path(__file__).parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

# A report after each run would take two seconds; tests of the report ask for one.
os.environ["CORPUS_NO_REPORT"] = "1"

# Other work on the machine must fail no test.
hypothesis.settings.register_profile("corpus", deadline=None)
hypothesis.settings.load_profile("corpus")

# A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Files whose tests start servers, browsers, commands or processes, or publish many times; `-m "not slow"` leaves them
# out.
SLOW = {
    *(f"flows/command/test_{name}.py" for name in ("answers", "cli", "start")),
    *("flows/exports/test_read_back.py", "flows/nlm_files/test_dask.py", "flows/nlm_files/test_processes.py"),
    *(f"flows/runs/test_{name}.py" for name in ("backfill", "deliveries", "doctor", "ingest", "ledger", "maintenance")),
    *(f"flows/runs/test_{name}.py" for name in ("mesh", "queries", "rebuild", "refresh", "resolve", "sync", "upgrade")),
    *("test_readme.py", "test_recipes.py", "transforms/test_accounting.py"),
    *(f"warehouse/test_{name}.py" for name in ("build", "companions", "corrections", "incremental", "published")),
    *("warehouse/test_snapshot.py", "warehouse/test_state.py"),
}
SLOW_FOLDERS = ("flows/prefect_app", "flows/eutils_server", "flows/report")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of those files, and begin with them, so that quick ones fill the processes at the end."""
    tests = REPOSITORY / "tests"
    for item in items:
        file = item.path.relative_to(tests).as_posix()
        if file in SLOW or file.startswith(SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Options of whoever runs the tests do not count, and no opener outlives its test."""
    for name in ("CORPUS_ENTREZ", "CORPUS_SEEDS", "CORPUS_DATA_DIR", "NCBI_EMAIL", "NCBI_API_KEY", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)  # Hints would begin with `uv run`.
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield
    # A command sets variables of its process, which here is the tests' own.
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
    urllib.request.install_opener(urllib.request.build_opener())


@pytest.fixture
def serve_records(tmp_path: Path) -> Iterator[Callable[[bytes], str]]:
    """Serves a document of records; gives the base URL."""
    with ExitStack() as stack:

        def start(document: bytes) -> str:
            path = tmp_path / f"served-{len(list(tmp_path.iterdir()))}.xml"
            path.write_bytes(document)
            return stack.enter_context(running_server(RecordStore.from_paths([path])))

        yield start


@pytest.fixture
def serve_faults(tmp_path: Path) -> Iterator[Callable[[bytes, str], str]]:
    """Serves a document of records with faults; gives the base URL."""
    with ExitStack() as stack:

        def start(document: bytes, faults: str) -> str:
            path = tmp_path / f"served-{len(list(tmp_path.iterdir()))}.xml"
            path.write_bytes(document)
            return stack.enter_context(running_server(RecordStore.from_paths([path]), faults=faults))

        yield start


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with the test's own seeds folder and data directory; retries take no time."""

    def make(entrez: str, **seed_files: str) -> Settings:
        seeds = tmp_path / "seeds"
        seeds.mkdir(exist_ok=True)
        for name, text in seed_files.items():
            (seeds / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return Settings(entrez=entrez, seeds=seeds, data_dir=tmp_path / "data", entrez_budget_s=0)

    return make


@pytest.fixture
def shared_data() -> Path:
    """The folder of real replies and files of NCBI, which is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("left out: the real records of ../shared/data are not here")
    return SHARED_DATA

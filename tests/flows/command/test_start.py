"""How the command starts and ends: Ctrl-C, output that nobody reads, a system that lacks what it needs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.command.options import EXPORT_FORMATS
from flows.command.start import pasteable
from flows.exports.formats import WRITERS
from tests.records import article, article_set

START = "from flows.command.start import main; main()"
STOPPED = "corpus: stopped; what was fetched is kept for the next run.\n"


def run(program: str, *arguments: str, redirection: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that starts the command, in a shell that redirects its streams."""
    command = [sys.executable, "-c", program, *arguments]
    if redirection:
        command = ["bash", "-c", f'"$@" {redirection}', "bash", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "moment",
    [
        # While modules are imported.
        "sys.meta_path.insert(0, type('Finder', (), {'find_spec': lambda name, *_: interrupt(name == 'typer')}))",
        # While Python works.
        "import warehouse.query as query; query.read_status = interrupt",
        # While DuckDB works; it may wait forever for its own threads.
        "import duckdb, warehouse.query as query; query.read_status = lambda _: (soon(), duckdb.sql(LONG).fetchall())",
    ],
)
def test_ctrl_c_ends_with_a_sentence_at_any_point(moment: str) -> None:
    """It is not an error of the program, and what was obtained is not lost."""
    program = f"""
import os, signal, sys, threading
LONG = "SELECT sum(hash(range)) FROM range(1000000000000)"
def interrupt(is_now=True):
    if is_now:
        os.kill(os.getpid(), signal.SIGINT)
def soon():
    threading.Timer(0.2, interrupt).start()
{moment}
{START}
"""
    done = run(program, "status")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", STOPPED)


def test_a_question_that_duckdb_does_not_stop_ends_all_the_same(tmp_path: Path) -> None:
    """It checks for interrupts only between portions of rows, and this is one value that takes minutes."""
    (tmp_path / "a.xml").write_bytes(article_set(article(1)))
    assert run(START, "ingest", "a.xml").returncode == 0
    long = "select levenshtein(repeat('a', 300000 + range::int), repeat('b', 300000)) from range(1)"
    done = run(START, "sql", long, "--timeout", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "corpus: The question does not stop, and was left: one value of it takes too long.\n"


def test_ctrl_c_ends_reading_processes_without_a_word(tmp_path: Path) -> None:
    """A terminal sends it to all of them."""
    records = article_set(*(article(pmid, title="word " * 400) for pmid in range(1, 12_000)))
    (tmp_path / "a.xml").write_bytes(records)
    command = [sys.executable, "-c", START, "ingest", "a.xml", "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        time.sleep(2)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=120)
    assert (process.returncode, told.splitlines()[-1:]) == (130, [STOPPED.strip()])
    assert "Traceback" not in told


@pytest.mark.parametrize("arguments", [["--help"], ["sql", "select 1"], ["ingest", "a.xml"]])
def test_output_that_cannot_be_written_is_no_traceback(tmp_path: Path, arguments: list[str]) -> None:
    """A full disk gets a sentence; a reader that has had enough, and closed output, need none."""
    (tmp_path / "a.xml").write_bytes(article_set(article(1)))
    assert run(START, "ingest", "a.xml").returncode == 0
    full = run(START, *arguments, redirection="> /dev/full")
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1].startswith("corpus: Standard output cannot be written: the disk is full")
    for redirection in ("| true", ">&-", ">&- 2>&- <&-"):
        done = run(START, *arguments, redirection=redirection)
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr
    assert run(START, "check").returncode == 0


def test_a_system_without_file_locks_is_told_what_to_use() -> None:
    """Windows has no such locks, and cannot replace a file that somebody has open."""
    done = run(f"import sys; sys.modules['fcntl'] = None; {START}", "status")
    assert done.returncode == 1
    assert done.stderr == (
        "corpus: this system lacks what the corpus is published with; on Windows, run it in WSL (`wsl --install`).\n"
    )


def test_the_command_is_described_without_what_the_commands_need() -> None:
    """`--version` and `--help` come at once: a command loads what it needs when it runs."""
    large = "{'duckdb', 'lxml', 'numpy', 'prefect', 'pyarrow', 'pydantic_settings', 'rich.progress'}"
    code = f"import sys, flows.command.cli; print(sorted({large} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_the_formats_of_an_export_are_those_that_can_be_written() -> None:
    """The help names them without importing what writes them."""
    assert list(WRITERS) == list(EXPORT_FORMATS)


@pytest.mark.parametrize(
    ("hint", "pasted"),
    [
        ("run `corpus refresh` first.", "run `uv run corpus refresh` first."),
        ('Ask it: corpus sql "from article"', 'Ask it: uv run corpus sql "from article"'),
        ("Example: corpus mesh a.xml, or: corpus mesh", "Example: uv run corpus mesh a.xml, or: uv run corpus mesh"),
        ("the corpus is held by `corpus.duckdb`", "the corpus is held by `corpus.duckdb`"),
    ],
)
def test_a_hint_can_be_pasted(monkeypatch: pytest.MonkeyPatch, hint: str, pasted: str) -> None:
    """As the command was called: by `uv run`, or by itself."""
    assert pasteable(hint) == hint
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert pasteable(hint) == pasted

"""The README's "Ask it" chapter and `warehouse/QUESTIONS.md` show what the sample corpus answers."""

import json
import re
import shlex
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from flows.command.cli import app

REPOSITORY = Path(__file__).parents[1]
CHAPTER = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("\n## Ask it\n")[2].partition("\n## ")[0] + (
    REPOSITORY / "warehouse" / "QUESTIONS.md"
).read_text(encoding="utf-8")
# A fenced block of a command after `$`, which can go over several lines within its quotes, and what it prints.
EXAMPLES = re.findall(r"```\n\$ (corpus sql \"[^\"]*\")\n(.*?)```", CHAPTER, re.DOTALL)


def corpus(arguments: list[str], data_dir: Path) -> str:
    """What the command prints, on a terminal of 100 columns."""
    done = CliRunner().invoke(app, arguments, env={"CORPUS_DATA_DIR": str(data_dir), "COLUMNS": "100"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the quick start."""
    data_dir = tmp_path_factory.mktemp("sample")
    corpus(["refresh", "--entrez", "sample", "--seeds", str(REPOSITORY / "seeds")], data_dir)
    return data_dir


def test_there_are_a_dozen() -> None:
    """Every block that begins with a prompt is read as an example."""
    assert len(EXAMPLES) == CHAPTER.count("$ corpus") >= 12


@pytest.mark.parametrize(("command", "answer"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_answer_is_the_one_shown(sample: Path, command: str, answer: str) -> None:
    """Word for word."""
    printed = corpus(shlex.split(command)[1:], sample)
    assert [line.rstrip() for line in printed.splitlines()] == answer.splitlines()


def test_the_answers_are_the_same_after_upkeep_and_a_refresh_without_news(sample: Path, tmp_path: Path) -> None:
    """And the content has the same SHA-256; one more run is right, and the only difference."""
    data = tmp_path / "data"
    shutil.copytree(sample, data)
    manifest = json.loads(corpus(["sql", "FROM manifest", "--format", "json"], data))
    for command in (["compact"], ["refresh", "--entrez", "sample"], ["rebuild"], ["compact", "--keep", "last"]):
        seeds = ["--seeds", str(REPOSITORY / "seeds")] if "refresh" in command else []
        corpus([*command, *seeds], data)
        if "refresh" in command:
            assert json.loads(corpus(["status", "--format", "json"], data))["runs"] == 2
        now = json.loads(corpus(["sql", "FROM manifest", "--format", "json"], data))
        assert [now[n] for n in ("content_sha256", "row_counts")] == [
            manifest[n] for n in ("content_sha256", "row_counts")
        ], command
        for example, answer in EXAMPLES:
            if "len(run_ids)" not in example:
                printed = corpus(shlex.split(example)[1:], data)
                assert [line.rstrip() for line in printed.splitlines()] == answer.splitlines(), (command, example)


def test_a_snapshot_gives_the_same_answers(sample: Path, tmp_path: Path) -> None:
    """Any DuckDB that reads its attach.sql answers each example as the published file does."""
    corpus(["snapshot", str(tmp_path / "out")], sample)
    with (
        duckdb.connect(sample / "corpus.duckdb", read_only=True) as published,
        duckdb.connect() as snapshot,
    ):
        snapshot.execute((tmp_path / "out" / "latest" / "attach.sql").read_text(encoding="utf-8"))
        for command, _ in EXAMPLES:
            (question,) = shlex.split(command)[2:]
            answers = [con.execute(question).fetchall() for con in (published, snapshot)]
            assert answers[0] == answers[1], question
            assert answers[0], question

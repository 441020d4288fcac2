"""The README's "Ask it" chapter shows what the sample corpus answers."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app

REPOSITORY = Path(__file__).parents[1]
CHAPTER = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("\n## Ask it\n")[2].partition("\n## ")[0]
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

"""Options from the environment and from `.env`."""

import os
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperOption

from flows.command.cli import app
from flows.command.environment import read_env_file
from tests.conftest import REPOSITORY
from tests.flows.command.test_cli import corpus

GROUP: Any = typer.main.get_command(app)
OPTIONS = [
    pytest.param(name, option, id=f"{name}{max(option.opts, key=len)}")
    for name, command in GROUP.commands.items()
    for option in command.params
    if isinstance(option, TyperOption)
]


def parse(command: str, *arguments: str) -> dict[str, Any]:
    """The values of a command's parameters."""
    needed = ["1"] if command in ("sql", "search", "snapshot") else []
    name, found, rest = GROUP.resolve_command(None, [command, *needed, *arguments])
    parameters: dict[str, Any] = found.make_context(name, rest).params
    return parameters


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_each_option_of_each_command_can_be_set(
    command: str, option: TyperOption, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the name derived from the option, for all commands or for one, in the environment or in `.env`."""
    written = max(option.opts, key=len)
    is_on = option.is_flag and option.default is True
    expected = parse(command, option.secondary_opts[0] if is_on else written, *([] if option.is_flag else ["3"]))
    assert expected != parse(command)
    general = "CORPUS_" + written.removeprefix("--").replace("-", "_").upper()
    own = general.replace("CORPUS_", f"CORPUS_{command.replace('-', '_').upper()}_", 1)
    value, other = ("0", "1") if is_on else ("1", "0") if option.is_flag else ("3", "4")
    for given in ({general: value}, {own: value}, {own: value, general: other}):
        with monkeypatch.context() as patch:
            patch.setattr(os, "environ", os.environ | given)
            assert parse(command) == expected
    (tmp_path / ".env").write_text(f"{general}={value}\n")
    monkeypatch.setattr(os, "environ", os.environ | {})
    read_env_file()
    assert parse(command) == expected


@pytest.mark.parametrize("is_in_file", [False, True])
def test_a_dry_run_in_the_environment_writes_nothing(tmp_path: Path, *, is_in_file: bool) -> None:
    """It is the option that does most harm if it is ignored."""
    if is_in_file:
        (tmp_path / ".env").write_text("CORPUS_DRY_RUN=1\n")
    environment = {} if is_in_file else {"CORPUS_DRY_RUN": "1"}
    done = corpus("refresh", "--entrez", "sample", CORPUS_SEEDS=str(REPOSITORY / "seeds"), **environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refresh, dry run: nothing was fetched or written")
    assert not (tmp_path / "data" / "corpus.duckdb").exists()


def test_the_environment_counts_before_the_file_and_the_option_before_both(tmp_path: Path) -> None:
    """The setting nearest to the command wins."""
    (tmp_path / ".env").write_text("CORPUS_DATA_DIR=from-file\n")
    assert "from-file/corpus.duckdb" in corpus("status").stderr
    assert "from-environment/" in corpus("status", CORPUS_DATA_DIR="from-environment").stderr
    assert "given/" in corpus("status", "--data-dir", "given", CORPUS_DATA_DIR="from-environment").stderr


def test_a_variable_without_value_is_not_set() -> None:
    """Container files often declare variables that they leave empty."""
    assert "There is no data/corpus.duckdb yet" in corpus("status", CORPUS_DATA_DIR="", CORPUS_NO_WAIT="").stderr


def test_a_value_that_makes_no_sense_names_its_variable() -> None:
    """The command line does not show where it comes from."""
    done = corpus("refresh", CORPUS_DRY_RUN="perhaps", COLUMNS="200")
    assert done.returncode == 2
    assert "CORPUS_DRY_RUN" in done.stderr


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    """It may have been saved in another encoding."""
    (tmp_path / ".env").write_bytes("CORPUS_REASON=für\n".encode("latin-1"))
    done = corpus("status")
    assert done.returncode == 2
    assert done.stderr.startswith("corpus: .env cannot be read")

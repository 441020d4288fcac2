"""Options from the environment: each option of each command has its `CORPUS_*` variables, and `.env` may set them."""

import os
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from typer.core import TyperGroup, TyperOption

from flows.command.start import stop
from warehouse.errors import UsageError

ENV_FILE = ".env"


class Commands(TyperGroup):
    """Commands whose options can all be set as `CORPUS_<OPTION>`, or as `CORPUS_<COMMAND>_<OPTION>` for one of them."""

    def __init__(self, **attributes: Any) -> None:
        """Name the variable of every option."""
        super().__init__(**attributes)
        for command in self.commands.values():
            for option in options_of(command):
                other = [option.envvar] if isinstance(option.envvar, str) else option.envvar or []
                option.envvar = [variable_of(option), *other] if other else variable_of(option)

    def main(self, *args: Any, **options: Any) -> Any:
        """Read `.env`, then run.

        Raises:
            UsageError: `.env` cannot be read.
        """
        read_env_file()
        return super().main(*args, **options)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run; a variable of its own wins over one for all commands."""
        name, command, rest = super().resolve_command(ctx, args)
        for option in options_of(command):
            own = variable_of(option, str(name))
            if os.environ.get(own):
                os.environ[variable_of(option)] = os.environ[own]
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command; Ctrl-C ends it with a sentence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            stop()
        except RuntimeError as exc:
            # DuckDB's word for Ctrl-C.
            if str(exc) == "Query interrupted":
                stop()
            raise


def options_of(command: Any) -> list[TyperOption]:
    """The options of a command, without `--help`."""
    return [parameter for parameter in command.params if isinstance(parameter, TyperOption)]


def variable_of(option: TyperOption, command: str = "") -> str:
    """The variable that sets an option, for all commands or for one: CORPUS_FORMAT, CORPUS_SQL_FORMAT."""
    name = max(option.opts, key=len).removeprefix("--")
    return "_".join(filter(None, ("CORPUS", command, name))).replace("-", "_").upper()


def read_env_file() -> None:
    """Load the `CORPUS_*` variables of `.env`, unless the environment sets them.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        given = dotenv_values(ENV_FILE) if Path(ENV_FILE).is_file() else {}
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{ENV_FILE} cannot be read ({exc}); fix it, or remove it.") from exc
    for name, value in given.items():
        if name.upper().startswith("CORPUS_") and value is not None:
            os.environ.setdefault(name.upper(), value)

"""Options that several commands share, and the text that an argument stands for."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warehouse.errors import UsageError
from warehouse.open_file import open_file

if TYPE_CHECKING:
    from flows.definition.settings import Settings

# Rows of a table, half of them the first and half the last.
TABLE_ROWS = 40

# The formats of `corpus export`, which flows/exports/formats.py writes.
EXPORT_FORMATS = ("ris", "nbib", "bibtex", "csl-json", "csv", "jsonl", "parquet", "abstract")

EntrezOption = Annotated[
    str | None,
    typer.Option(
        metavar="ncbi|sample|URL",
        help="Source of records: NCBI, the seed documents (no network), or another E-utilities server. Default: ncbi.",
    ),
]
SeedsOption = Annotated[Path | None, typer.Option(help="Folder that defines the corpus. Default: seeds.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Data directory of the corpus. Default: data.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched; fetch and write nothing.")]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Stop at once if another process is writing to the data directory.")
]
DriftOption = Annotated[
    bool,
    typer.Option("--accept-drift", help="Publish even if counts or coverage moved further than corpus.toml allows."),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="table, csv, json (one object per line), parquet; or citations as ris, nbib, bibtex, csl-json, abstract. "
        "Default: told by the file's ending, or table.",
    ),
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="local|tcp://HOST:PORT",
        help="What reads the files: processes of this machine, or the workers of a Dask scheduler.",
    ),
]

# A name with an ending, or a path; no list of PMIDs looks like this.
FILE_NAME = re.compile(r"[^,;|:]*\w\.[A-Za-z]\w{0,9}|[\w.~-]*/[\w./-]*[A-Za-z][\w./-]*")


# Limit for standard input, which can be endless: 25 million PMIDs.
LARGEST_INPUT_BYTES = 256 << 20


def load_settings(**given: Any) -> "Settings":
    """As in flows/definition/settings.py, which is imported only when a command runs."""
    from flows.definition.settings import load_settings as load  # noqa: PLC0415 - as in cli.py

    return load(**given)


def read_argument(text: str) -> str:
    """What an argument stands for: standard input for -, the file of that name, or the text itself.

    Raises:
        UsageError: The file cannot be read, or the text is the name of a file that is not there.
    """
    if text == "-":
        return read_standard_input("PMIDs").decode("utf-8-sig", "replace")
    try:
        path = Path(text)
        if len(text) < 4096 and path.is_file():
            with open_file(path) as stream:
                return stream.read().decode("utf-8-sig")
        is_other = len(text) < 4096 and path.exists() and not path.is_dir()
    except (OSError, ValueError) as exc:
        raise UsageError(f"--pmids {text}: {exc}.") from exc
    if is_other:
        raise UsageError(f"--pmids {text}: it is a pipe or a device, and no file; pipe it into `--pmids -`.")
    if FILE_NAME.fullmatch(text):
        raise UsageError(f"--pmids {text}: there is no such file; name one, or give PMIDs such as 25217177.")
    return text


def read_standard_input(what: str) -> bytes:
    """All of standard input; on a terminal, a prompt comes first.

    Args:
        what: What is expected there.
    Raises:
        UsageError: It is too large to be meant, or cannot be read.
    """
    if sys.stdin.isatty():
        typer.echo(f"Type {what}, and end with Ctrl-D on a line of its own.", err=True)
    try:
        read = sys.stdin.buffer.read(LARGEST_INPUT_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"Standard input cannot be read: {exc.strerror}.") from exc
    if len(read) > LARGEST_INPUT_BYTES:
        raise UsageError(f"Standard input has more than {LARGEST_INPUT_BYTES >> 20} MiB; give less at a time.")
    return read

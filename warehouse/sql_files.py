"""The statements of `warehouse/sql/`, one a file, with the comment at its head."""

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

SQL_FOLDER = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class SqlFile:
    """One statement, with what its head says.

    Attributes:
        name: Name of the file without its ending, `<verb>_<object>`.
        comment: The `--` lines at its top, joined.
        statement: The SQL.
    """

    name: str
    comment: str
    statement: str


@cache
def read_sql(verb: str) -> tuple[SqlFile, ...]:
    """The SQL files whose names begin with a verb, sorted by name."""
    files = []
    for path in sorted(SQL_FOLDER.glob(f"{verb}_*.sql")):
        text = path.read_text(encoding="utf-8")
        head = re.match(r"(?:--.*\n)*", text)
        lines = head.group().splitlines() if head else []
        comment = " ".join(line.removeprefix("--").strip() for line in lines)
        files.append(SqlFile(path.stem, comment, text))
    return tuple(files)


@cache
def read_definitions() -> tuple[SqlFile, ...]:
    """The files that create views and macros, each after those that it names: DuckDB looks them up at once."""
    by_object = {file.name.removeprefix("create_"): file for file in read_sql("create")}
    named = {
        name: by_object.keys() & set(re.findall(r"\w+", re.sub(r"--.*|'[^']*'", "", file.statement))) - {name}
        for name, file in by_object.items()
    }
    return tuple(by_object[name] for name in TopologicalSorter(named).static_order())


@cache
def read_statement(name: str) -> str:
    """The statement of one file, named without its ending."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")

"""Answers of `corpus sql`, written as a table, CSV, JSON or Parquet."""

import io
import json
import math
import stat
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from warehouse.errors import QueryError, StoreError, UsageError
from warehouse.store import NO_SPACE, DataDirectory, why_not_written

# Where columns would have to be narrower than this to stand side by side, each row is drawn downwards.
NARROWEST = 8


def write_answer(answer: pa.Table, format_: str, output: Path | None, directory: DataDirectory) -> None:
    """Write an answer to a file, whole or not at all, or to standard output (None or `-`).

    Devices and pipes are written to as they are; a link is followed.

    Args:
        answer: What was answered.
        format_: A name of ANSWER_FORMATS.
        output: The file.
        directory: The data directory, whose own files are not for answers.
    Raises:
        UsageError: The file cannot be written, or is one of the corpus.
        StoreError: The disk is full, or standard output cannot be written.
        QueryError: The format does not know a value's type.
    """
    if output is None or str(output) == "-":
        try:
            write_values(answer, format_, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise  # Whoever reads has enough.
        except OSError as exc:
            raise StoreError(f"Standard output cannot be written: {why_not_written(exc)}.") from exc
        return
    try:
        target = output.resolve()
        if is_of_corpus(target, directory):
            raise UsageError(f"-o {output}: that is a file of the corpus itself; name another file.")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with target.open("wb") as stream:
                write_values(answer, format_, stream)
            return
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            with unfinished.open("wb") as stream:
                write_values(answer, format_, stream)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as exc:
        if (reason := why_not_written(exc)) == NO_SPACE:
            raise StoreError(f"-o {output}: {reason}.") from exc
        raise UsageError(f"-o {output}: {reason}; name another file.") from exc


def is_of_corpus(file: Path, directory: DataDirectory) -> bool:
    """Whether a file is one that the corpus keeps, or would be."""
    own = (directory.database, directory.parquet, directory.staging, directory.lock)
    return any(file.is_relative_to(path.resolve()) for path in own)


def write_values(answer: pa.Table, format_: str, stream: Any) -> None:
    """Write an answer to a stream.

    Raises:
        QueryError: The format does not know a value's type, or Python does not know the value.
    """
    try:
        ANSWER_FORMATS[format_](answer, stream)
    except (pa.ArrowException, OverflowError, ValueError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise QueryError(f"A value cannot be written as {format_}: {reason}; cast its column to VARCHAR.") from exc


def write_table(answer: pa.Table, stream: Any) -> None:
    """Draw an answer as a table of the terminal's width; row by row downwards, if the columns do not fit."""
    terminal = Console()
    # Only a terminal gets styles; an emoji's name in a title is no emoji.
    styled = {"file": sys.stdout} if stream is sys.stdout.buffer else {"file": io.StringIO()}
    console = Console(**styled, width=terminal.width, emoji=False, markup=False, highlight=False)
    names = answer.column_names
    columns = [[text_of(v) for v in column.to_pylist(maps_as_pydicts="strict")] for column in answer.columns]
    rows = list(zip(*columns, strict=True))
    if is_too_wide(names, columns, console.width):
        table = Table(show_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows or [("(no rows)", *("" for _ in names[1:]))]:
            for name, text in zip(names, row, strict=True):
                table.add_row(name, text)
            table.add_section()
    else:
        table = Table(show_edge=False, header_style="bold")
        for name, column_type in zip(names, answer.schema.types, strict=True):
            table.add_column(name, justify="right" if is_number(column_type) else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
    with console.capture() as capture:
        console.print(table)
    stream.write(capture.get().encode())


def is_too_wide(names: list[str], columns: list[list[str]], width: int) -> bool:
    """Whether columns cannot stand side by side in a width without being squeezed."""
    longest = [max(map(len, (name, *column))) for name, column in zip(names, columns, strict=True)]
    return sum(min(length, NARROWEST) + 3 for length in longest) > width


def is_number(column_type: pa.DataType) -> bool:
    """Whether a column has numbers."""
    types = pa.types
    return any(is_type(column_type) for is_type in (types.is_integer, types.is_floating, types.is_decimal))


def text_of(value: Any) -> str:
    """A value in a table or in CSV; null is empty."""
    if value is None:
        return ""
    if isinstance(value, pa.MonthDayNano):
        months, days, nanoseconds = value
        seconds = Decimal(nanoseconds) / 1_000_000_000
        parts = {"months": f"{months}", "days": f"{days}", "seconds": f"{seconds.normalize():f}"}
        return " ".join(f"{number} {unit}" for unit, number in parts.items() if number != "0") or "0 seconds"
    return str(value)


def write_csv(answer: pa.Table, stream: Any) -> None:
    """Write an answer as CSV; lists, structs and maps as JSON, bytes as hexadecimal digits."""
    columns = [column if is_csv_type(column.type) else as_texts(column) for column in answer.columns]
    pyarrow.csv.write_csv(pa.table(columns, names=answer.column_names), stream)


def is_csv_type(column_type: pa.DataType) -> bool:
    """Whether pyarrow writes a column of this type as CSV itself."""
    types = pa.types
    known = (types.is_boolean, types.is_string, types.is_large_string, types.is_temporal, types.is_null)
    is_known = is_number(column_type) or any(is_type(column_type) for is_type in known)
    return is_known and not types.is_interval(column_type)


def as_texts(column: pa.ChunkedArray) -> pa.Array:
    """The values of a column as text."""
    values = [plain(value) for value in column.to_pylist(maps_as_pydicts="strict")]
    texts = [json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value for value in values]
    return pa.array([None if text is None else str(text) for text in texts], pa.string())


def write_json(answer: pa.Table, stream: Any) -> None:
    """Write an answer as JSON, an object a line; the second column of a name gets a number."""
    answer = answer.rename_columns(distinct(answer.column_names))
    for batch in answer.to_batches(max_chunksize=1000):
        for row in batch.to_pylist(maps_as_pydicts="strict"):
            stream.write((json.dumps(plain(row), ensure_ascii=False) + "\n").encode())


def plain(value: Any) -> Any:
    """A value as JSON knows it: decimals are numbers, times text, bytes hexadecimal digits, NaN and infinity null."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else text_of(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | None) else text_of(value)


def write_parquet(answer: pa.Table, stream: Any) -> None:
    """Write an answer as Parquet; the second column of a name gets a number."""
    pq.write_table(answer.rename_columns(distinct(answer.column_names)), stream)


def distinct(names: list[str]) -> list[str]:
    """Names of columns, those that come again with a number: `pmid`, `pmid_1`."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for name in names:
        given = name
        while given in found or (given != name and given in names):
            seen[name] += 1
            given = f"{name}_{seen[name]}"
        found.append(given)
    return found


ANSWER_FORMATS: dict[str, Callable[[pa.Table, Any], None]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}

"""Answers of `corpus sql`, written as they come: as a table of the first and last rows, CSV, JSON or Parquet."""

import io
import json
import math
import os
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from flows.command.options import TABLE_ROWS
from flows.command.start import without_controls
from warehouse.errors import QueryError, StoreError, UsageError
from warehouse.store import NO_SPACE, DataDirectory, why_not_written

Row = tuple[str, ...]

# Minimum width of a text column. If columns would be narrower than this, or than their longest word, which can be an
# identifier, each row is drawn downwards.
NARROWEST = 20
# Maximum lines of a value; if one needs more, each row is drawn downwards.
TALLEST = 8

# Characters of one value in a table, and of all values together. Some characters of each value are always shown.
VALUE_LETTERS = 50_000
TABLE_LETTERS = 10_000_000
LEAST_LETTERS = 200

# A row group of Parquet is written when its rows take this much in memory.
GROUP_BYTES = 16 << 20


def write_answer(
    answer: pa.RecordBatchReader,
    format_: str,
    output: Path | None,
    directory: DataDirectory,
    *,
    rows: int = TABLE_ROWS,
) -> None:
    """Write an answer as a name of ANSWER_FORMATS says; `write_output` has the other arguments and the errors.

    Args:
        answer: What is answered; it is read once, as it is written.
        format_: The name.
        output: The file.
        directory: The data directory.
        rows: The most rows of a table.
    Raises:
        QueryError: The format has no such type, or the query failed while its answer was read.
    """
    write_output(lambda stream: write_values(answer, format_, stream, rows=rows), output, directory)


def write_output(write: Callable[[Any], None], output: Path | None, directory: DataDirectory) -> None:
    """Write a file, whole or not at all, or standard output (None or `-`).

    Devices and pipes are written to as they are; a link is followed.

    Args:
        write: Writes to a stream of bytes.
        output: The file.
        directory: The data directory, whose own files are not for answers.
    Raises:
        UsageError: The file cannot be written, or is one of the corpus.
        StoreError: The disk is full, or standard output cannot be written.
    """
    if output is None or str(output) == "-":
        try:
            write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise  # The reader has closed the pipe.
        except OSError as exc:
            raise StoreError(f"Standard output cannot be written: {why_not_written(exc)}.") from exc
        return
    try:
        target = output.resolve()
        if is_of_corpus(target, directory):
            raise UsageError(f"-o {output}: that is a file of the corpus itself; name another file.")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            if target.is_fifo():
                typer.echo(f"-o {output}: waits until somebody reads from it.", err=True)
            with target.open("wb") as stream:
                write(stream)
            return
        unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            with unfinished.open("xb") as stream:  # Do not open a link that appeared meanwhile.
                write(stream)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as exc:
        if (reason := why_not_written(exc)) == NO_SPACE:
            raise StoreError(f"-o {output}: {reason}.") from exc
        raise UsageError(f"-o {output}: {reason}; name another file.") from exc


def is_of_corpus(file: Path, directory: DataDirectory) -> bool:
    """Whether a file is one that the corpus keeps, or would be."""
    own = (directory.parquet, directory.staging, directory.lock, directory.published_note, directory.root / "prefect")
    database = directory.database.resolve()
    # DuckDB reads logs beside it: .wal, .wal.checkpoint, .wal.recovery.
    is_log = file.parent == database.parent and file.name.startswith(database.name)
    return is_log or any(file.is_relative_to(path.resolve()) for path in own)


def write_values(answer: pa.RecordBatchReader, format_: str, stream: Any, *, rows: int = TABLE_ROWS) -> None:
    """Write an answer to a stream.

    Raises:
        QueryError: The format has no such type, or Python no such value.
    """
    try:
        if format_ == "table":
            write_table(answer, stream, rows=rows)
        else:
            ANSWER_FORMATS[format_](answer, stream)
    except (pa.ArrowException, OverflowError, ValueError) as exc:
        reason = (str(exc).splitlines() or [type(exc).__name__])[0]
        raise QueryError(f"A value cannot be written as {format_}: {reason}; cast its column to VARCHAR.") from exc


def write_table(answer: pa.RecordBatchReader, stream: Any, *, rows: int = TABLE_ROWS) -> None:
    """Draw the first and last rows of an answer, with their number if some are left out.

    The table is as wide as the terminal; if the columns do not fit, each row is drawn downwards.
    """
    first, last, count = read_ends(answer, rows)
    is_cut = count > len(first) + len(last)
    terminal = Console()
    # Styles on a terminal only; `:smile:` in a title stays as it is.
    styled = {"file": sys.stdout} if stream is sys.stdout.buffer else {"file": io.StringIO()}
    console = Console(**styled, width=terminal.width, emoji=False, markup=False, highlight=False)
    names = [without_controls(name) for name in answer.schema.names]
    drawn = [*first, *last]
    columns = [[row[index] for row in drawn] for index in range(len(names))]
    if is_cut:
        drawn.insert(len(first), ("…",) * len(names))
    widths = share_width(names, columns, console.width)
    if widths is None:
        table = Table(show_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for row in drawn or [("(no rows)", *("" for _ in names[1:]))]:
            for name, text in zip(names, row, strict=True):
                table.add_row(name, text)
            table.add_section()
    else:
        table = Table(show_edge=False, header_style="bold")
        for name, column_type, column_width in zip(names, answer.schema.types, widths, strict=True):
            justify: Literal["left", "right"] = "right" if is_number(column_type) else "left"
            table.add_column(name, justify=justify, overflow="fold", width=column_width)
        for row in drawn:
            table.add_row(*row)
    with console.capture() as capture:
        console.print(table)
    stream.write(capture.get().encode())
    if is_cut:
        shown = f"the first {len(first):,} and the last {len(last):,}" if len(last) else f"the first {len(first):,}"
        stream.write(f"{count:,} rows, of which {shown} are shown; --rows shows more, --format csv all.\n".encode())


def read_ends(answer: pa.RecordBatchReader, most: int) -> tuple[list[Row], list[Row], int]:
    """The first and last rows of an answer as text, `most` in all, and the count of all its rows.

    Only the text that is shown is kept: no DuckDB row group is held in memory for a few of its rows.
    """
    letters = min(VALUE_LETTERS, max(LEAST_LETTERS, TABLE_LETTERS // (most * max(len(answer.schema), 1))))
    first: list[Row] = []
    last: deque[Row] = deque(maxlen=most // 2)
    waiting = None  # The last batch; it becomes text only if the next one does not replace it.
    count, half = 0, most // 2
    for batch in answer:
        count += batch.num_rows
        rest = batch.slice(most - half - len(first))
        first += texts_of(batch.slice(0, most - half - len(first)), letters)
        if waiting is not None and rest.num_rows < half:
            last += texts_of(waiting, letters)
        waiting = rest.slice(max(rest.num_rows - half, 0))
        if batch.nbytes > GROUP_BYTES:
            last += texts_of(waiting, letters)
            waiting = None
        del batch, rest
    if waiting is not None:
        last += texts_of(waiting, letters)
    return first, list(last), count


def texts_of(batch: pa.RecordBatch, letters: int) -> list[Row]:
    """The rows of a batch as a table shows them, one value at a time."""
    rows = zip(*batch.columns, strict=True)
    return [
        tuple(without_controls(shorten(text_of(v.as_py(maps_as_pydicts="strict")), letters)) for v in row)
        for row in rows
    ]


def shorten(text: str, letters: int) -> str:
    """A value of a table; if it would take minutes to draw, its beginning and its length."""
    return text if len(text) <= letters else f"{text[:letters]}… ({len(text):,} letters)"


def share_width(names: list[str], columns: list[list[str]], width: int) -> list[int] | None:
    """The width of each column if they fit side by side and no word is cut.

    Columns that need more than their share get what the others leave. None if they do not fit, or a text is too tall.
    """
    texts = [(name, *column) for name, column in zip(names, columns, strict=True)]
    longest = [max(cell_len(line) for text in column for line in text.split("\n")) for column in texts]
    words = [max((cell_len(word) for text in column for word in text.split()), default=0) for column in texts]
    widths = [max(word, min(length, NARROWEST)) for word, length in zip(words, longest, strict=True)]
    left = width - sum(widths) - 3 * len(widths) + 1
    if left < 0:
        return None
    while short := [place for place, length in enumerate(longest) if widths[place] < length]:
        part = left // len(short)
        for place in short:
            more = min(max(part, 1), longest[place] - widths[place], left)
            widths[place] += more
            left -= more
        if not left:
            break
    is_tall = any(length > TALLEST * given for length, given in zip(longest, widths, strict=True))
    return None if is_tall else widths


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


def write_csv(answer: pa.RecordBatchReader, stream: Any) -> None:
    """Write an answer as CSV; lists, structs and maps as JSON, bytes as hexadecimal digits."""
    known = [is_csv_type(column_type) for column_type in answer.schema.types]
    schema = pa.schema(
        column if is_known else pa.field(column.name, pa.string())
        for column, is_known in zip(answer.schema, known, strict=True)
    )
    with pyarrow.csv.CSVWriter(stream, schema) as writer:
        for batch in answer:
            columns = [column if is_known else as_texts(column) for column, is_known in zip(batch, known, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def is_csv_type(column_type: pa.DataType) -> bool:
    """Whether pyarrow writes a column of this type as CSV itself."""
    types = pa.types
    known = (types.is_boolean, types.is_string, types.is_large_string, types.is_temporal, types.is_null)
    is_known = is_number(column_type) or any(is_type(column_type) for is_type in known)
    return is_known and not types.is_interval(column_type)


def as_texts(column: pa.Array) -> pa.Array:
    """The values of a column as text."""
    values = [plain(value) for value in column.to_pylist(maps_as_pydicts="strict")]
    texts = [json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value for value in values]
    return pa.array([None if text is None else str(text) for text in texts], pa.string())


def write_json(answer: pa.RecordBatchReader, stream: Any) -> None:
    """Write an answer as JSON, one object per line; a repeated column name gets a number."""
    names = distinct(answer.schema.names)
    for batch in answer:
        rows = batch.rename_columns(names).to_pylist(maps_as_pydicts="strict")
        stream.write("".join(json.dumps(plain(row), ensure_ascii=False) + "\n" for row in rows).encode())


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


def write_parquet(answer: pa.RecordBatchReader, stream: Any) -> None:
    """Write an answer as Parquet; a repeated column name gets a number."""
    names = distinct(answer.schema.names)
    schema = pa.schema(column.with_name(name) for column, name in zip(answer.schema, names, strict=True))
    with pq.ParquetWriter(stream, schema) as writer:
        for group in row_groups(answer):
            writer.write_table(group.rename_columns(names))


def row_groups(answer: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The rows of an answer in groups of GROUP_BYTES."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in answer:
        held.append(batch)
        size += batch.nbytes
        if size >= GROUP_BYTES:
            yield pa.Table.from_batches(held, answer.schema)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held, answer.schema)


def distinct(names: list[str]) -> list[str]:
    """Column names, repeated ones with a number: `pmid`, `pmid_1`."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for name in names:
        given = name
        while given in found or (given != name and given in names):
            seen[name] += 1
            given = f"{name}_{seen[name]}"
        found.append(given)
    return found


ANSWER_FORMATS: dict[str, Callable[[pa.RecordBatchReader, Any], None]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}

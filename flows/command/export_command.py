"""`corpus export`, and citations written for reference managers by `corpus sql` and `corpus search`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import typer

from flows.command.answers import ANSWER_FORMATS, write_answer, write_output
from flows.command.options import TABLE_ROWS
from flows.definition.progress import count_of, name_first
from flows.exports.columns import OWN_SCHEMA
from flows.exports.corpus import Written, expect_pmid, read_citations
from flows.exports.formats import ENDINGS, REFERENCE_FORMATS, WRITERS, parts_of
from warehouse.errors import QueryError, UsageError
from warehouse.query import open_published
from warehouse.store import DataDirectory

# Formats of `corpus sql` and `corpus search`: the answer itself, or the citations that it names.
ASKED_FORMATS = (*ANSWER_FORMATS, "jsonl", *REFERENCE_FORMATS)
ASKED_ENDINGS = {**ENDINGS, ".json": "json", ".txt": "table"}

BOM = "\ufeff".encode()


def search_pmids(directory: DataDirectory, query: str, *, memory: str, seconds: float) -> pa.RecordBatchReader:
    """The PMIDs that a search finds; prints what was understood otherwise than on PubMed."""
    from flows.corpus_search.ask import search_corpus

    found = search_corpus(directory, query, with_titles=False, memory=memory, seconds=seconds)
    for sentence in found.notes:
        typer.echo(f"! {sentence}", err=True)
    return found.citations.to_reader()


def choose_format(
    format_: str | None, output: Path | None, endings: Mapping[str, str], known: Collection[str], default: str = ""
) -> str:
    """The format asked for, or that of the file's ending, or the default.

    Raises:
        UsageError: There is no such format, or neither ending nor default gives one.
    """
    ending = "" if output is None else output.suffix.lower()
    chosen = format_ or endings.get(ending) or default
    if not chosen:
        raise UsageError(f"--format is missing; write one of {', '.join(known)}, or -o with such an ending.")
    if chosen not in known:
        raise UsageError(f"--format {chosen}: write one of {', '.join(known)}.")
    return chosen


def write_citations(
    con: duckdb.DuckDBPyConnection,
    answer: pa.RecordBatchReader,
    format_: str,
    output: Path | None,
    directory: DataDirectory,
    *,
    has_bom: bool = False,
) -> None:
    """Write the citations of an answer, and say how many they were and what could not be written.

    Args:
        con: The connection that the answer streams from.
        answer: With a column `pmid`.
        format_: A name of WRITERS.
        output: The file, or standard output.
        directory: The data directory.
        has_bom: Begin with the mark of UTF-8.
    Raises:
        QueryError: The answer has no column `pmid`, or failed on the way.
        typer.Exit: With 3 if PMIDs are not held; they are named.
    """
    expect_pmid(answer.schema)
    others = [column for column in answer.schema if column.name not in OWN_SCHEMA.names]
    if len({column.name for column in others}) < len(others):
        raise QueryError("Two columns of the query have one name; rename one with AS.")
    written = Written(left_out=[c.name for c in others] if format_ in REFERENCE_FORMATS else [])
    reading = con.cursor()
    try:
        reading.execute("USE corpus")

        def write(file: Any) -> None:
            if has_bom:
                file.write(BOM)
            citations = read_citations(reading, answer, written, parts_of(format_))
            WRITERS[format_](citations, file, pa.schema(others))

        write_output(write, output, directory)
    finally:
        reading.close()
    if written.left_out:
        typer.echo(f"! {format_} has no place for the columns {', '.join(written.left_out)}.", err=True)
    is_file = output is not None and str(output) != "-"
    typer.echo(f"wrote {count_of(written.count, 'citation')}{f' to {output}' if is_file else ''}", err=True)
    if written.missing_count:
        named = name_first(written.missing, written.missing_count)
        typer.echo(
            f"! {count_of(written.missing_count, 'PMID')} not in the corpus: {named}; fetch with `corpus backfill`.",
            err=True,
        )
        raise typer.Exit(3)


def write_asked(
    con: duckdb.DuckDBPyConnection | None,
    answer: pa.RecordBatchReader,
    format_: str,
    output: Path | None,
    directory: DataDirectory,
    *,
    noun: str = "row",
    rows: int = TABLE_ROWS,
) -> None:
    """Write an answer of `corpus sql` or `corpus search`: as it is, or the citations that it names.

    Args:
        con: As for `write_citations`; None opens one.
        answer: The answer.
        format_: A name of ASKED_FORMATS.
        output: The file, or standard output.
        directory: The data directory.
        noun: What one row is.
        rows: The most rows of a table.
    """
    if format_ in REFERENCE_FORMATS:
        with closing(con.cursor() if con else open_published(directory)) as reading:
            write_citations(reading, answer, format_, output, directory)
        return
    counts: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in answer:
            counts.append(batch.num_rows)
            yield batch

    reader = pa.RecordBatchReader.from_batches(answer.schema, batches())
    write_answer(reader, "json" if format_ == "jsonl" else format_, output, directory, rows=rows)
    if output is not None and str(output) != "-":
        typer.echo(f"wrote {count_of(sum(counts), noun)} to {output}", err=True)

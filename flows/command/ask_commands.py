"""Commands that query the corpus, from `corpus sql` to `corpus status`, and `corpus mesh`, which searches need."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.command.options import (
    EXPORT_FORMATS,
    TABLE_ROWS,
    DataOption,
    FormatOption,
    NoWaitOption,
    SeedsOption,
    load_settings,
    read_argument,
    read_standard_input,
)
from flows.command.start import end_at_once
from flows.command.terminal import describe_status, show_progress
from flows.definition.progress import count_of
from warehouse.errors import StuckError, UsageError

if TYPE_CHECKING:
    from flows.definition.settings import Settings


def mesh(
    files: Annotated[
        list[Path] | None, typer.Argument(help="NLM's descriptor, qualifier and supplementary files, .xml or .gz.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="Page of the files. Default: NLM's."),
    ] = None,
    data_dir: DataOption = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Also read files that were read before.")] = False,
    no_wait: NoWaitOption = False,
) -> None:
    """Read NLM's MeSH of a year, for searches that find narrower headings; without files, the newest is downloaded."""
    from flows.nlm_files.mesh_files import NLM_MESH
    from flows.runs.mesh import add_mesh

    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None)
    url = from_ if files else from_ or NLM_MESH
    with show_progress() as progress:
        for sentence in add_mesh(settings, files or [], url=url, is_again=again, progress=progress):
            typer.echo(sentence)


def sql(
    statement: Annotated[str, typer.Argument(help="One SQL statement, or - for standard input.")],
    format_: FormatOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file; - is standard output.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to show: the first and the last.")] = TABLE_ROWS,
    timeout: Annotated[float, typer.Option(min=0.01, help="Stop the query after this many seconds.")] = 300,
    memory: Annotated[str, typer.Option(help="Memory limit of the query: 500MB, 4GB.")] = "1GB",
    data_dir: DataOption = None,
) -> None:
    """Query the published corpus: read-only, with no access to files or network, answers of any size."""
    from flows.command.export_command import ASKED_ENDINGS, ASKED_FORMATS, choose_format, write_asked
    from warehouse.query import open_published, stream

    settings = load_settings(data_dir=data_dir)
    format_ = choose_format(format_, output, ASKED_ENDINGS, ASKED_FORMATS, "table")
    directory = settings.directory
    con = open_published(directory, memory=memory)
    try:
        if statement == "-":
            statement = read_standard_input("a statement").decode("utf-8-sig", "surrogateescape")
        write_asked(con, stream(con, statement, seconds=timeout), format_, output, directory, rows=rows)
    except StuckError as exc:
        end_at_once(str(exc), exc.exit_code)
    finally:
        con.close()


def search(  # noqa: PLR0913, PLR0917 - a command's options
    query: Annotated[
        str | None, typer.Argument(help="A search in PubMed's language, or a strategy of lines; - is standard input.")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option("--seed", metavar="NAME", help="Run seeds/NAME.query, and compare with what NCBI delivered last."),
    ] = None,
    format_: FormatOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file; - is standard output.")
    ] = None,
    sort: Annotated[str, typer.Option(help="date (newest first) or relevance.")] = "date",
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"List the first N citations. Default: {TABLE_ROWS} in a table, otherwise all."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.01, help="Stop the search after this many seconds.")] = 300,
    memory: Annotated[str, typer.Option(help="Memory limit of the search: 500MB, 4GB.")] = "1GB",
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how it was understood, what each clause finds, and the SQL.")
    ] = False,
) -> None:
    """Search the corpus in PubMed's language, offline; what it understands otherwise goes to standard error."""
    from flows.command.export_command import ASKED_ENDINGS, ASKED_FORMATS, choose_format, write_asked
    from flows.corpus_search.ask import search_corpus
    from flows.exports.formats import REFERENCE_FORMATS
    from transforms.strategy import read_strategy

    settings = load_settings(data_dir=data_dir, seeds=seeds)
    format_ = choose_format(format_, output, ASKED_ENDINGS, ASKED_FORMATS, "table")
    directory = settings.directory
    if (query is None) == (seed is None):
        raise UsageError("Give a search, or --seed NAME of a seeds/NAME.query.")
    if seed is not None:
        if explain or sort != "date":
            raise UsageError("--seed compares: leave --explain and --sort out, or give the search itself.")
        write_comparison(settings, seed, format_, output, memory=memory, seconds=timeout)
        return
    text = read_strategy(read_standard_input("a search").decode("utf-8-sig", "replace") if query == "-" else str(query))
    most = limit or (TABLE_ROWS if format_ == "table" else None)
    found = search_corpus(
        directory,
        text,
        sort=sort,
        limit=most,
        with_counts=explain,
        with_titles=format_ not in REFERENCE_FORMATS,
        memory=memory,
        seconds=timeout,
    )
    if explain:
        for line, count in zip(found.lines, found.counts, strict=True):
            typer.echo(f"{count:>11,}  {line.translation}", err=True)
        typer.echo(f"\n{found.sql}\n", err=True)
    for sentence in found.notes:
        typer.echo(f"! {sentence}", err=True)
    said = f"{found.found_count:,} citations"
    if found.citations.num_rows < found.found_count:
        said += f" (the first {found.citations.num_rows:,} are listed; --limit lists more, --format csv all)"
    typer.echo(f"{said}: {found.translation}", err=True)
    write_asked(None, found.citations.to_reader(), format_, output, directory, noun="citation", rows=most or TABLE_ROWS)


def write_comparison(
    settings: "Settings", seed: str, format_: str, output: Path | None, *, memory: str, seconds: float
) -> None:
    """Write the PMIDs that only NCBI or only the corpus finds for a search of the seeds folder."""
    from flows.command.export_command import write_asked
    from flows.corpus_search.compare import compare_seed
    from flows.definition.seeds import read_query

    name = seed if seed.endswith(".query") else f"{seed}.query"
    directory = settings.directory
    compared = compare_seed(directory, name, read_query(settings.seeds / name), memory=memory, seconds=seconds)
    for sentence in compared.notes:
        typer.echo(f"! {sentence}", err=True)
    counts = compared.differences["found_by"].to_pylist()
    only = f"{counts.count('NCBI'):,} by NCBI only, {counts.count('corpus'):,} by the corpus only"
    asked = f"{compared.asked_at:%Y-%m-%d %H:%M} UTC"
    typer.echo(
        f"{count_of(compared.both, 'PMID')} found by both, {only} (NCBI: {asked}): {compared.translation}", err=True
    )
    write_asked(None, compared.differences.to_reader(), format_, output, directory)


def export(  # noqa: PLR0913 - a command's options
    statement: Annotated[
        str | None, typer.Argument(metavar="[SQL]", help="A query with a column pmid, or - for standard input.")
    ] = None,
    query: Annotated[str | None, typer.Option(help="Export what a search in PubMed's language finds.")] = None,
    pmids: Annotated[str | None, typer.Option(metavar="TEXT|FILE|-", help="Export these PMIDs.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help=f"{', '.join(EXPORT_FORMATS)}. Default: told by the file's ending.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file; - is standard output.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.01, help="Stop the query after this many seconds.")] = 300,
    memory: Annotated[str, typer.Option(help="Memory limit of the query: 500MB, 4GB.")] = "1GB",
    data_dir: DataOption = None,
    *,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin CSV with a byte order mark, by which Excel recognises UTF-8.")
    ] = False,
) -> None:
    """Write citations for reference managers, reviewers and programs, each once, in the order of the query."""
    import pyarrow as pa

    from flows.command.export_command import choose_format, search_pmids, write_citations
    from flows.exports.formats import ENDINGS
    from warehouse.query import open_published, stream

    if sum(given is not None for given in (statement, query, pmids)) != 1:
        raise UsageError("Give one of a query in SQL, --query and --pmids.")
    format_ = choose_format(format_, output, ENDINGS, EXPORT_FORMATS)
    if bom and format_ != "csv":
        raise UsageError(f"--bom is for CSV; {format_} needs none.")
    directory = load_settings(data_dir=data_dir).directory
    con = open_published(directory, memory=memory)
    try:
        if statement is not None:
            if statement == "-":
                statement = read_standard_input("a statement").decode("utf-8-sig", "surrogateescape")
            answer = stream(con, statement, seconds=timeout)
        elif query is not None:
            answer = search_pmids(directory, query, memory=memory, seconds=timeout)
        else:
            from flows.runs.backfill import parse_pmids

            answer = pa.table({"pmid": pa.array(parse_pmids(read_argument(str(pmids))), pa.int64())}).to_reader()
        write_citations(con, answer, format_, output, directory, has_bom=bom)
    except StuckError as exc:
        end_at_once(str(exc), exc.exit_code)
    finally:
        con.close()


def status(
    format_: Annotated[str, typer.Option("--format", help="text, json or prometheus.")] = "text",
    data_dir: DataOption = None,
) -> None:
    """What the corpus holds, how fresh it is, and what is owed."""
    from warehouse.query import read_status

    settings = load_settings(data_dir=data_dir)
    found = read_status(settings.directory)
    if format_ == "json":
        typer.echo(json.dumps(found, default=str))
    elif format_ == "text":
        typer.echo(describe_status(found))
    elif format_ == "prometheus":
        from flows.command.metrics import metrics_of

        typer.echo(metrics_of(found), nl=False)
    else:
        raise UsageError(f"--format {format_}: write text, json or prometheus.")

"""The `corpus` command."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from flows.answers import ANSWER_FORMATS, write_answer
from flows.report import Progress, RunReport, name_some
from flows.settings import Settings, load_settings
from flows.terminal import show_progress, summarise
from flows.version import CODE_VERSION
from warehouse.errors import CheckError, CorpusError, UsageError
from warehouse.query import ask, open_published, read_status
from warehouse.store import DataDirectory

app = typer.Typer(
    help="Keeps a PubMed literature corpus up to date: Entrez to Parquet to DuckDB.",
    epilog="First steps: `corpus refresh --entrez sample`, then `corpus sql 'select pmid, title from article'`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EntrezOption = Annotated[
    str | None,
    typer.Option(
        envvar="CORPUS_ENTREZ",
        metavar="ncbi|sample|URL",
        help="Who is asked: NCBI, the seed documents (no network), or another E-utilities server. Default: ncbi.",
    ),
]
SeedsOption = Annotated[
    Path | None, typer.Option(envvar="CORPUS_SEEDS", help="Folder that says what the corpus is. Default: seeds.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data-dir", envvar="CORPUS_DATA_DIR", help="Folder that holds it. Default: data.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked for; fetch and write nothing.")]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Stop at once where another process is writing to the data directory.")
]
DriftOption = Annotated[
    bool,
    typer.Option("--accept-drift", help="Publish even if counts or coverage moved further than corpus.toml allows."),
]
FormatOption = Annotated[str, typer.Option("--format", help="table, csv, json (an object a line) or parquet.")]


def main() -> NoReturn:
    """Run the command; an error is one sentence, and the exit code says what kind it is."""
    try:
        app(standalone_mode=True)
    except CorpusError as exc:
        print(f"corpus: {exc}", file=sys.stderr)  # noqa: T201
        sys.exit(exc.exit_code)
    except KeyboardInterrupt:
        print("corpus: stopped; what was fetched is kept for the next run.", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    sys.exit(0)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:  # noqa: FBT002
    """Options of the command itself."""
    if version:
        typer.echo(CODE_VERSION)
        raise typer.Exit


@app.command(epilog="Example: corpus refresh --entrez sample --data-dir /tmp/try")
def refresh(
    entrez: EntrezOption = None,
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
    *,
    dry_run: DryRunOption = False,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Bring the corpus up to date with the seeds folder and with Entrez."""
    from flows import refresh as plain

    settings = load_settings(
        entrez=entrez, seeds=seeds, data_dir=data_dir, no_wait=no_wait or None, accept_drift=accept_drift or None
    )

    def run(progress: Progress) -> RunReport:
        return plain.refresh(settings, dry_run=dry_run, progress=progress)

    run_and_report("refresh", settings, run, {"dry_run": dry_run})


@app.command(
    epilog="Example: corpus backfill --pmids '25217177, 24388038' --reason 'asked for by the review team', "
    "or: corpus backfill --query 'ketamine AND depression' --from 2024-01-01 --dry-run"
)
def backfill(  # noqa: PLR0913 - the form's fields
    *,
    pmids: Annotated[str, typer.Option(help="PMIDs, a file of them, or - for standard input.")] = "",
    query: Annotated[str, typer.Option(help="A PubMed search, of any size.", metavar="TERM")] = "",
    date_type: Annotated[str, typer.Option(help="The window's date: edat, mdat, pdat or crdt.")] = "edat",
    from_date: Annotated[str, typer.Option("--from", help="The window's first day.", metavar="DATE")] = "",
    to_date: Annotated[str, typer.Option("--to", help="The window's last day.", metavar="DATE")] = "",
    follow: Annotated[
        list[str] | None, typer.Option(help="Neighbours as well: similar, cited_by or reference; can be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The most PMIDs that the search may find.")] = 10_000,
    reason: Annotated[str, typer.Option(help="Why; kept with the run.")] = "",
    entrez: EntrezOption = None,
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
    dry_run: DryRunOption = False,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Fetch PMIDs of your choice, held or not, and make them members of the corpus."""
    from flows import backfill as plain

    settings = load_settings(
        entrez=entrez, seeds=seeds, data_dir=data_dir, no_wait=no_wait or None, accept_drift=accept_drift or None
    )
    fields = {
        "pmids": read_argument(pmids) if pmids else "",
        "query": query,
        "date_type": date_type,
        "from_date": from_date,
        "to_date": to_date,
        "follow": follow or [],
        "limit": limit,
        "reason": reason,
    }
    request = plain.make_request(**fields)  # type: ignore[arg-type]

    def run(progress: Progress) -> RunReport:
        return plain.backfill(settings, request, dry_run=dry_run, progress=progress)

    run_and_report("backfill", settings, run, {**fields, "dry_run": dry_run})


@app.command(epilog="Example: corpus ingest pubmed26n0001.xml.gz pubmed26n0002.xml.gz")
def ingest(
    files: Annotated[
        list[Path] | None, typer.Argument(help="PubMed XML, .xml or .xml.gz, or folders of it, in order.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(envvar="CORPUS_WORKERS", min=1, help="Processes that read. Default: one a core.")
    ] = None,
    data_dir: DataOption = None,
    *,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Of a file that breaks off, keep the whole records before the break.")
    ] = False,
    replay_rejected: Annotated[
        bool, typer.Option("--replay-rejected", help="Read the rejected records again, instead of files.")
    ] = False,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Read PubMed XML on disk: EFetch sets, baseline and update files."""
    from flows import ingest as ingestion
    from flows.parallel import default_workers

    if bool(files) == replay_rejected:
        raise UsageError("Name the files to read, or give --replay-rejected and no file.")
    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None, accept_drift=accept_drift or None)
    with show_progress() as progress:
        if files:
            report = ingestion.ingest(
                settings, files, workers=workers or default_workers(), salvage=salvage, progress=progress
            )
        else:
            report = ingestion.replay_rejected(settings, progress=progress)
    end(report, settings)


@app.command(epilog='Example: corpus sql "select pmid, year, title from article order by year desc" --format csv')
def sql(
    statement: Annotated[str, typer.Argument(help="One SQL statement, or - for standard input.")],
    format_: FormatOption = "table",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file; - is standard output.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(envvar="CORPUS_SQL_TIMEOUT", min=0.01, help="Seconds after which a question is stopped.")
    ] = 300,
    memory: Annotated[
        str, typer.Option(envvar="CORPUS_SQL_MEMORY", help="Memory that a question may take: 500MB, 4GB.")
    ] = "1GB",
    data_dir: DataOption = None,
) -> None:
    """Ask the published corpus; read-only, with no access to files or network."""
    settings = load_settings(data_dir=data_dir)
    if format_ not in ANSWER_FORMATS:
        raise UsageError(f"--format {format_}: write one of {', '.join(ANSWER_FORMATS)}.")
    directory = DataDirectory(settings.data_dir)
    con = open_published(directory, memory=memory)
    try:
        sql_text = sys.stdin.buffer.read().decode("utf-8-sig", "surrogateescape") if statement == "-" else statement
        answer = ask(con, sql_text, seconds=timeout)
    finally:
        con.close()
    write_answer(answer, format_, output, directory)


@app.command(epilog="Example: corpus status --format json")
def status(
    format_: Annotated[str, typer.Option("--format", help="text or json.")] = "text", data_dir: DataOption = None
) -> None:
    """What the corpus holds, how fresh it is, and what is owed."""
    settings = load_settings(data_dir=data_dir)
    found = read_status(DataDirectory(settings.data_dir))
    if format_ == "json":
        typer.echo(json.dumps(found, default=str))
    elif format_ == "text":
        typer.echo(describe_status(found))
    else:
        raise UsageError(f"--format {format_}: write text or json.")


@app.command(epilog="Example: corpus compact --keep 365")
def compact(
    keep: Annotated[
        str,
        typer.Option(
            envvar="CORPUS_KEEP",
            metavar="all|last|DAYS",
            help="Raw records that later ones replaced: keep all, none but the last of each PMID, or those of DAYS.",
        ),
    ] = "all",
    data_dir: DataOption = None,
    *,
    no_wait: NoWaitOption = False,
) -> None:
    """Put small runs together and give back the space of what was replaced; the corpus stays the same."""
    from flows import maintenance

    for sentence in maintenance.compact(load_settings(data_dir=data_dir, no_wait=no_wait or None), keep=keep):
        typer.echo(sentence)


@app.command(epilog="Example: corpus rebuild")
def rebuild(data_dir: DataOption = None, *, no_wait: NoWaitOption = False) -> None:
    """Make every table anew from the raw records, with today's code, and say what differs; repairs damaged files."""
    from flows import maintenance

    with show_progress() as progress:
        for sentence in maintenance.rebuild(
            load_settings(data_dir=data_dir, no_wait=no_wait or None), progress=progress
        ):
            typer.echo(sentence)


@app.command(
    epilog='Example: corpus sql "FROM manifest" --format json -o cited.json; corpus check --manifest cited.json'
)
def check(
    manifest: Annotated[
        Path | None, typer.Option(help="Verify the corpus that this manifest names, as of its last run.")
    ] = None,
    data_dir: DataOption = None,
    *,
    no_wait: NoWaitOption = False,
) -> None:
    """Check everything against everything: hashes, keys, accounts, Parquet against DuckDB; changes nothing."""
    from flows import maintenance

    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None)
    troubles = list(maintenance.run_check(settings, manifest=manifest))
    for sentence in troubles:
        typer.echo(sentence)
    if troubles:
        count = "1 trouble" if len(troubles) == 1 else f"{len(troubles):,} troubles"
        raise CheckError(f"{count} found, said above.")
    typer.echo("All is as it should be.")


@app.command("entrez-server", epilog="Example: corpus entrez-server --records pubmed26n0001.xml.gz --port 8080")
def entrez_server(
    records: Annotated[
        list[Path] | None, typer.Option(help="PubMed XML: files, or folders of them. Without it, the seed documents.")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="Keep the index of the records in this file, and start from it next time.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    seeds: SeedsOption = None,
    faults: Annotated[
        str, typer.Option(help="Faults to inject, such as '429:5; cut@efetch:10%'. See flows/eutils_server/README.md.")
    ] = "",
    limit: Annotated[
        str, typer.Option(help="Requests a second: a number, `ncbi` (3, 10 with an API key) or none.")
    ] = "none",
) -> None:
    """Serve PubMed XML on disk through the E-utilities protocol, for tests and local mirrors."""
    from flows.eutils_server.app import create_app
    from flows.eutils_server.fault_language import parse_faults
    from flows.eutils_server.records import RecordStore
    from flows.eutils_server.serve import serve as serve_records
    from flows.eutils_server.traffic import parse_limit

    settings = load_settings(seeds=seeds)
    injected, allowed = parse_faults(faults), parse_limit(limit)
    store = RecordStore.from_paths(records, index=index) if records else RecordStore.from_seeds(settings.seeds)

    def say(base_url: str) -> None:
        for sentence in store.skipped:
            typer.echo(f"! {sentence}", err=True)
        typer.echo(f"Serving {len(store):,} records at {base_url}; stop with Ctrl-C.")
        typer.echo(f"Use it: corpus refresh --entrez {base_url}")

    serve_records(create_app(store, faults=injected, limit=allowed), host=host, port=port, on_ready=say)


@app.command(epilog="Example: corpus serve --port 4200, then open http://127.0.0.1:4200")
def serve(  # noqa: PLR0913 - a command's options
    *,
    host: Annotated[str, typer.Option(help="Address of Prefect's server and UI.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Prefect's server and UI.")] = 4200,
    notify: Annotated[
        str | None, typer.Option(envvar="CORPUS_NOTIFY", metavar="URL", help="Post to it what runs did, and failures.")
    ] = None,
    hour: Annotated[
        int | None, typer.Option(envvar="CORPUS_NIGHTLY_HOUR", min=0, max=23, help="Hour of the nightly refresh: 2.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            envvar="CORPUS_NIGHTLY_ZONE", help="Time zone of the schedules, by its IANA name: America/New_York."
        ),
    ] = None,
    set_up_only: Annotated[
        bool,
        typer.Option(
            "--set-up-only", help="Set up automations on the server of PREFECT_API_URL, and end; for workers."
        ),
    ] = False,
    entrez: EntrezOption = None,
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
) -> None:
    """Run the deployments: the nightly refresh on its schedule, and what is started from Prefect's UI."""
    from flows.serve import serve_deployments

    settings = load_settings(entrez=entrez, seeds=seeds, data_dir=data_dir, nightly_hour=hour, nightly_zone=zone)
    serve_deployments(settings, host=host, port=port, notify=notify, is_set_up_only=set_up_only)


def run_and_report(
    flow_name: str, settings: Settings, run: Callable[[Progress], RunReport], parameters: dict[str, Any]
) -> NoReturn:
    """Run something, as a flow that Prefect records where an API is configured, and end with its report."""
    with show_progress() as progress:
        if os.environ.get("PREFECT_API_URL"):
            from flows.serve import HEARTBEAT_S

            os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_S))
            from flows.deployments import run_flow

            report = run_flow(flow_name, settings, parameters)
        else:
            report = run(progress)
    end(report, settings)


def end(report: RunReport, settings: Settings) -> NoReturn:
    """Print the summary and leave with the report's exit code."""
    typer.echo(summarise(report, settings))
    sys.exit(report.exit_code)


def read_argument(text: str) -> str:
    """What an argument stands for: standard input for -, the file of that name, or the text itself.

    Raises:
        UsageError: The file cannot be read.
    """
    if text == "-":
        return sys.stdin.read()
    try:
        path = Path(text)
        return path.read_text(encoding="utf-8") if len(text) < 4096 and path.is_file() else text
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"--pmids {text}: {exc}.") from exc


def describe_status(found: dict[str, Any]) -> str:
    """The status for people."""
    citations = found["citations"]
    sources = ", ".join(f"{count:,} from {source}" for source, count in found["citations_by_source"].items())
    run = found["last_run"]
    lines = [
        f"citations   {citations:,} ({sources or 'none'})",
        f"members     {found['members']:,}",
        f"links       {found['links']:,}",
        f"coverage    abstract {share(found['abstracts'], citations)}, DOI {share(found['dois'], citations)}, "
        f"MeSH {share(found['with_mesh'], citations)}",
        f"retracted   {found['retracted']:,}",
        f"deleted     {found['deleted']:,}",
        f"rejected    {found['rejected']:,}",
        f"owed        {len(found['owed']):,}{': ' + name_some(found['owed']) if found['owed'] else ''}",
        f"unresolved  {found['unresolved']:,} entries of seed pages have no PMID yet",
        f"oldest      fetched {found['oldest_fetched_at'] or 'never'} UTC",
        f"last run    {run['run_id']} ({run['run_kind']}), {found['runs']:,} in all" if run else "last run    none",
        f"size        DuckDB {found['database_bytes'] / 1e6:,.1f} MB, Parquet {found['parquet_bytes'] / 1e6:,.1f} MB",
    ]
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.0f} %" if whole else "-"

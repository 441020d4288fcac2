"""The `corpus` command."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from flows.command.ask_commands import export, mesh, search, sql, status
from flows.command.environment import Commands
from flows.command.file_commands import ingest, report, snapshot, sync
from flows.command.options import (
    DataOption,
    DriftOption,
    DryRunOption,
    EngineOption,
    EntrezOption,
    NoWaitOption,
    SeedsOption,
    load_settings,
    read_argument,
)
from flows.command.start import close_output, fail, pasteable
from flows.command.terminal import end, show_progress
from flows.definition.progress import Progress, count_of
from flows.runs.report import RunReport
from warehouse.errors import CheckError, CorpusError, UsageError

if TYPE_CHECKING:
    from flows.definition.settings import Settings

app = typer.Typer(
    cls=Commands,
    help="Keeps a PubMed literature corpus up to date: Entrez to Parquet to DuckDB. Every option can also be set as "
    "CORPUS_<OPTION>, or for one command as CORPUS_<COMMAND>_<OPTION>, in the environment or in `.env`.",
    epilog="First steps: `corpus refresh --entrez sample`, then `corpus sql 'select pmid, title from article'`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> NoReturn:
    """Run the command; an error is one sentence, and the exit code says what kind it is."""
    app.info.epilog = pasteable(str(app.info.epilog))
    for command in app.registered_commands:
        command.epilog = pasteable(str(command.epilog))
    try:
        app()
    except CorpusError as exc:
        fail(str(exc), exc.exit_code)
    except OSError as exc:
        if exc.errno == errno.ENAMETOOLONG:
            fail("A path is longer than this system allows; write a shorter one.", UsageError.exit_code)
        if trouble := close_output():
            from warehouse.store import why_not_written

            fail(f"Standard output cannot be written: {why_not_written(trouble)}.", CorpusError.exit_code)
        raise
    sys.exit(0)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:  # noqa: FBT002
    """Options of the command itself."""
    if version:
        from flows.definition.version import CODE_VERSION
        from warehouse.compiled_choice import is_compiled

        way = "compiled" if is_compiled("transforms.compiled_reading") else "numpy"
        typer.echo(f"{CODE_VERSION}\nreading: {way}")
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
    from flows.runs import refresh as plain

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
    date_type: Annotated[str, typer.Option(help="Which date --from and --to mean: edat, mdat, pdat or crdt.")] = "edat",
    from_date: Annotated[str, typer.Option("--from", help="First day.", metavar="DATE")] = "",
    to_date: Annotated[str, typer.Option("--to", help="Last day.", metavar="DATE")] = "",
    follow: Annotated[
        list[str] | None, typer.Option(help="Fetch neighbours too: similar, cited_by or reference; can be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Fetch nothing if the search finds more PMIDs than this.")] = 10_000,
    reason: Annotated[str, typer.Option(help="Why you ask; kept with the run.")] = "",
    entrez: EntrezOption = None,
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
    dry_run: DryRunOption = False,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Fetch PMIDs of your choice, held or not, and make them members of the corpus."""
    from flows.runs import backfill as plain

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


app.command(epilog="Example: corpus ingest pubmed26n0001.xml.gz pubmed26n0002.xml.gz")(ingest)
app.command(epilog="Example: corpus sync --dry-run, then corpus sync")(sync)
app.command(epilog="Example: corpus snapshot exports/, or: corpus snapshot s3://bucket/corpus")(snapshot)
app.command(epilog="Example: corpus report -o report.html")(report)
app.command(epilog="Example: corpus mesh desc2026.xml qual2026.xml supp2026.xml, or: corpus mesh")(mesh)
app.command(epilog='Example: corpus sql "select pmid, year, title from article order by year desc" --format csv')(sql)
app.command(epilog="Example: corpus search 'neoplasms[mh] AND \"quality of life\"[tiab] AND 2020:2025[dp]' --explain")(
    search
)
app.command(epilog='Example: corpus export "select pmid from article where year >= 2020" -o found.ris')(export)
app.command(epilog="Example: corpus status --format json")(status)


@app.command(epilog="Example: corpus compact --keep 365")
def compact(
    keep: Annotated[
        str,
        typer.Option(
            metavar="all|last|DAYS",
            help="Which replaced raw records to keep: all, the last of each PMID, or those of the last DAYS.",
        ),
    ] = "all",
    data_dir: DataOption = None,
    *,
    no_wait: NoWaitOption = False,
) -> None:
    """Merge small runs and reclaim the space of what was replaced; the corpus stays the same."""
    from flows.runs import maintenance

    for sentence in maintenance.compact(load_settings(data_dir=data_dir, no_wait=no_wait or None), keep=keep):
        typer.echo(sentence)


@app.command(epilog="Example: corpus rebuild")
def rebuild(
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes. Default: one per core.")] = None,
    engine: EngineOption = "local",
    data_dir: DataOption = None,
    *,
    no_wait: NoWaitOption = False,
) -> None:
    """Rebuild every table from the raw records, with today's code, and say what differs; repairs damaged files."""
    from flows.nlm_files.processes import default_workers
    from flows.runs import maintenance

    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None)
    with show_progress() as progress:
        for sentence in maintenance.rebuild(
            settings, workers=workers or default_workers(), engine=engine, progress=progress
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
    from flows.runs import maintenance

    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None)
    troubles = list(maintenance.run_check(settings, manifest=manifest))
    for sentence in troubles:
        typer.echo(sentence)
    if troubles:
        raise CheckError(f"{count_of(len(troubles), 'trouble')} found; see above.")
    typer.echo("All is as it should be.")


@app.command(epilog="Example: corpus doctor --entrez sample")
def doctor(
    entrez: EntrezOption = None,
    seeds: SeedsOption = None,
    data_dir: DataOption = None,
    format_: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say what would go wrong tonight: this machine, the settings, Prefect, and each utility of Entrez."""
    from flows.command.diagnosis import write_checks
    from flows.runs.doctor import diagnose

    if format_ not in ("text", "json"):
        raise UsageError(f"--format {format_}: write text or json.")
    settings = load_settings(entrez=entrez, seeds=seeds, data_dir=data_dir)
    if not write_checks(diagnose(settings), is_json=format_ == "json"):
        raise typer.Exit(1)


@app.command("entrez-server", epilog="Example: corpus entrez-server --records pubmed26n0001.xml.gz --port 8080")
def entrez_server(  # noqa: PLR0913 - a command's options
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="More --records, as a shell expands `*.xml`.")
    ] = None,
    *,
    records: Annotated[
        list[Path] | None, typer.Option(help="PubMed XML files, or folders of them. Default: the seed documents.")
    ] = None,
    nlm_files: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Serve this folder below /pubmed/ as NLM serves its files, for `corpus sync`."
        ),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Serve the published corpus of this data directory, and each later one.")
    ] = None,
    memory: Annotated[str, typer.Option(help="Memory limit of a request to the corpus.")] = "1GB",
    index: Annotated[
        Path | None, typer.Option(help="Keep the index of the records in this file, and reuse it next time.")
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
    """Serve PubMed XML on disk, or a corpus, through the E-utilities protocol, for tests and local mirrors."""
    from flows.eutils_server.app import create_app
    from flows.eutils_server.corpus import CorpusStore
    from flows.eutils_server.fault_language import parse_faults
    from flows.eutils_server.records import RecordStore
    from flows.eutils_server.serve import serve as serve_records
    from flows.eutils_server.store import Store
    from flows.eutils_server.traffic import parse_limit
    from warehouse.store import DataDirectory

    settings = load_settings(seeds=seeds)
    records = [*(records or []), *(more or [])]
    injected, allowed = parse_faults(faults), parse_limit(limit)
    if nlm_files and not nlm_files.is_dir():
        raise UsageError(f"--nlm-files {nlm_files}: there is no such folder.")
    if data_dir and (records or index or seeds):
        raise UsageError("--data-dir takes no --records, --index or --seeds; leave them out.")
    store: Store
    if data_dir:
        store = CorpusStore.open(DataDirectory(data_dir), memory=memory)
    elif records or (nlm_files and not settings.seeds.is_dir()):
        store = RecordStore.from_paths(records, index=index)
    else:
        store = RecordStore.from_seeds(settings.seeds)

    def say(base_url: str) -> None:
        for sentence in store.skipped:
            typer.echo(f"! {sentence}", err=True)
        typer.echo(f"Serving {len(store):,} records at {base_url}; stop with Ctrl-C.")
        typer.echo(pasteable(f"Use it: corpus refresh --entrez {base_url}"))
        if nlm_files:
            tree = base_url.removesuffix("entrez/eutils/")
            typer.echo(pasteable(f"    or: corpus sync --from {tree}pubmed/"))

    app = create_app(store, faults=injected, limit=allowed, nlm_files=nlm_files)
    serve_records(app, host=host, port=port, on_ready=say)


@app.command(epilog="Example: corpus serve --port 4200, then open http://127.0.0.1:4200")
def serve(  # noqa: PLR0913 - a command's options
    *,
    host: Annotated[str, typer.Option(help="Address of Prefect's server and UI.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Prefect's server and UI.")] = 4200,
    notify: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A webhook, or an address of Apprise; can be repeated.")
    ] = None,
    alarms_only: Annotated[
        bool, typer.Option("--alarms-only", help="Notify only of retractions, concerns and failures.")
    ] = False,
    hour: Annotated[
        int | None, typer.Option(envvar="CORPUS_NIGHTLY_HOUR", min=0, max=23, help="Hour of the nightly refresh: 2.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            envvar="CORPUS_NIGHTLY_ZONE", help="Time zone of the schedules, by its IANA name: America/New_York."
        ),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            envvar="CORPUS_FILES",
            metavar="DIR",
            help="Folder below which `ingest` in the UI reads; can be repeated. Default: inbox in the data directory.",
        ),
    ] = None,
    keep_runs: Annotated[
        int,
        typer.Option(
            envvar="CORPUS_KEEP_RUNS",
            min=1,
            metavar="DAYS",
            help="Days that Prefect keeps runs, logs and artifacts.",
        ),
    ] = 365,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Require no login: whoever reaches the port can do anything.")
    ] = False,
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
    from flows.prefect_app.serve import serve_deployments

    folders = os.pathsep.join(str(folder.absolute()) for folder in files) if files else None
    settings = load_settings(
        entrez=entrez,
        seeds=seeds,
        data_dir=data_dir,
        nightly_hour=hour,
        nightly_zone=zone,
        files=folders,
        notify=" ".join(notify) if notify else None,
        alarms_only=alarms_only or None,
    )
    serve_deployments(settings, host=host, port=port, is_set_up_only=set_up_only, no_auth=no_auth, keep_runs=keep_runs)


def run_and_report(
    flow_name: str, settings: "Settings", run: Callable[[Progress], RunReport], parameters: dict[str, Any]
) -> NoReturn:
    """Run something, as a flow that Prefect records if an API is configured, and end with its report."""
    with show_progress() as progress:
        if os.environ.get("PREFECT_API_URL"):
            from flows.prefect_app.serve import HEARTBEAT_S, check_configured

            os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT_S))
            check_configured(os.environ["PREFECT_API_URL"], settings)
            from flows.prefect_app.deployments import run_flow

            report = run_flow(flow_name, settings, parameters)
        else:
            report = run(progress)
    end(report, settings)

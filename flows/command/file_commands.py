"""Files in and out: `corpus ingest`, `corpus sync`, `corpus snapshot` and `corpus report`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from flows.command.options import DataOption, DriftOption, EngineOption, NoWaitOption, load_settings
from flows.command.terminal import end, show_progress
from warehouse.errors import UsageError


def ingest(  # noqa: PLR0913 - a command's options
    files: Annotated[
        list[Path] | None, typer.Argument(help="PubMed XML, .xml or .xml.gz, or folders of it, in order.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Reading processes. Default: one per core.")] = None,
    engine: EngineOption = "local",
    data_dir: DataOption = None,
    *,
    salvage: Annotated[bool, typer.Option("--salvage", help="Keep the complete records of a truncated file.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also read files that were read before.")] = False,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="The files are a complete new baseline: end the records that it lacks.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --baseline: show what would be added and ended; change nothing.")
    ] = False,
    replay_rejected: Annotated[
        bool, typer.Option("--replay-rejected", help="Read the rejected records again instead of files.")
    ] = False,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Read PubMed XML on disk: EFetch sets, baseline and update files; what was read before is skipped."""
    from flows.nlm_files.processes import default_workers
    from flows.runs import ingest as ingestion
    from flows.runs.baseline import preview_baseline

    if bool(files) == replay_rejected:
        raise UsageError("Name the files to read, or give --replay-rejected and no file.")
    if dry_run and not baseline:
        raise UsageError("--dry-run goes with --baseline; without it, nothing that is held ends.")
    settings = load_settings(data_dir=data_dir, no_wait=no_wait or None, accept_drift=accept_drift or None)
    with show_progress() as progress:
        if files and dry_run:
            for sentence in preview_baseline(settings, files, workers=workers or default_workers(), progress=progress):
                typer.echo(sentence)
            return
        if files:
            report = ingestion.ingest(
                settings,
                files,
                workers=workers or default_workers(),
                engine=engine,
                salvage=salvage,
                again=again,
                baseline=baseline,
                progress=progress,
            )
        else:
            report = ingestion.replay_rejected(settings, progress=progress)
    end(report, settings)


def sync(  # noqa: PLR0913 - a command's options
    *,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help="Where baseline/ and updatefiles/ are. Default: NLM.",
        ),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the files. Default: nlm-files in the data directory."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Reading processes. Default: one per core.")] = None,
    engine: EngineOption = "local",
    keep_files: Annotated[
        bool, typer.Option("--keep-files/--no-keep-files", help="Keep the files on disk after reading them.")
    ] = True,
    rollover: Annotated[
        bool,
        typer.Option(
            "--rollover", help="Let a new baseline end the records that it lacks, even before an update file follows."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is missing and what it would take; do nothing.")
    ] = False,
    data_dir: DataOption = None,
    no_wait: NoWaitOption = False,
    accept_drift: DriftOption = False,
) -> None:
    """Follow NLM's baseline and update files: download, check, read and publish what is listed and not held."""
    from flows.nlm_files.processes import default_workers
    from flows.runs.sync import sync as follow

    settings = load_settings(
        data_dir=data_dir,
        no_wait=no_wait or None,
        accept_drift=accept_drift or None,
        sync_from=from_,
        sync_files=files,
    )
    with show_progress() as progress:
        report = follow(
            settings,
            workers=workers or default_workers(),
            engine=engine,
            keep_files=keep_files,
            rollover=rollover,
            dry_run=dry_run,
            progress=progress,
            say=partial(typer.echo, err=True),
        )
    end(report, settings)


def snapshot(
    target: Annotated[str, typer.Argument(help="A folder, or s3://BUCKET/FOLDER, gs://, az://.")],
    data_dir: DataOption = None,
) -> None:
    """Write the current tables as sorted Parquet, for pandas, polars, Spark or any DuckDB; dated, and as `latest`."""
    from warehouse.snapshot import write_snapshot

    settings = load_settings(data_dir=data_dir)
    with show_progress() as progress:
        where = write_snapshot(settings.directory, target, progress=progress)
    typer.echo(f"The snapshot is {where}; read it with the attach.sql and manifest.json there.")


def report(
    output: Annotated[Path, typer.Option("-o", "--output", help="Write to this file; - is standard output.")] = Path(
        "report.html"
    ),
    data_dir: DataOption = None,
) -> None:
    """Show the corpus on one page for any browser, with charts and the SQL of each; the page loads nothing else."""
    from flows.command.answers import write_output
    from flows.report.page import make_report

    directory = load_settings(data_dir=data_dir).directory
    page = make_report(directory).encode()
    write_output(lambda stream: stream.write(page), output, directory)
    if str(output) != "-":
        typer.echo(f"wrote {output}: {len(page) / 1e6:.1f} MB, for any browser", err=True)

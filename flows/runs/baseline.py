"""A whole new NLM baseline: what its files lack is ended, after a preview if wanted."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from flows.definition.paths import show
from flows.definition.progress import Progress, count_of, name_some, silent
from flows.definition.settings import Settings
from flows.nlm_files.files import find_files
from flows.nlm_files.processes import read_files
from flows.nlm_files.reading import place_in_series
from flows.runs.file_ledger import FILE_STATE, begin_call, make_jobs
from warehouse import decide
from warehouse.current import literal
from warehouse.errors import DocumentError, UsageError
from warehouse.lock import writing
from warehouse.run_writer import RunWriter, clear_staging, discard_reading
from warehouse.schema.deliveries import STAGED_DELIVERY
from warehouse.schema.ledger import REQUEST
from warehouse.sql_files import read_statement
from warehouse.state import Connection, open_state

# Tables of the state that are read; requests have the PMIDs that the runs of a baseline met.
BASELINE_STATE = (*FILE_STATE, REQUEST)


def year_of_baseline(files: Sequence[Path]) -> int:
    """The year of the files, which are of one year and numbered from 1 without a gap.

    Raises:
        UsageError: They are not a whole baseline.
    """
    places = [place_in_series(path.name) for path in files]
    if (None, None) in places:
        name = show(files[places.index((None, None))].name)
        raise UsageError(f"{name} is not a file of NLM's series; give --baseline only pubmedYYnNNNN.xml.gz.")
    years = {year for year, _ in places if year is not None}
    if len(years) > 1:
        raise UsageError(f"The files are of {len(years)} years; a baseline is of one.")
    (year,) = years
    numbers = {number for _, number in places}
    if missing := sorted(set(range(1, len(numbers) + 1)) - numbers):
        raise UsageError(
            f"pubmed{year}n{missing[0]:04}.xml.gz is missing; a baseline ends what it lacks, so give all of its files."
        )
    return year


def stage_lacking(con: Connection, year: int, writer: RunWriter, now: datetime) -> int:
    """Stage a deletion for each PMID that a baseline lacks; returns how many.

    Args:
        con: The state, with the runs of the baseline.
        year: Two digits of its year.
        writer: Of the staged folder.
        now: UTC without time zone.
    """
    values = {"nlm_year": year, "record_source": f"the baseline of pubmed{year}", "delivered_at": now}
    count = 0
    for rows in decide.arrow_rows(con, STAGED_DELIVERY, read_statement("select_lacking"), values):
        writer.write({STAGED_DELIVERY.name: rows})
        count += rows.num_rows
    writer.close()
    return count


def preview_baseline(
    settings: Settings, paths: Sequence[Path], *, workers: int = 1, progress: Progress = silent
) -> list[str]:
    """What a whole new baseline would bring and end; the files are read, and nothing is changed.

    Raises:
        UsageError: The files are not a whole baseline.
        DocumentError: One of them cannot be used.
    """
    files = find_files(paths)
    year = year_of_baseline(files)
    directory = settings.directory
    with (
        writing(directory, purpose="ingest", wait=not settings.no_wait),
        closing(open_state(directory, BASELINE_STATE)) as con,
    ):
        clear_staging(directory)
        con.execute("CREATE TEMP TABLE baseline_pmid (pmid BIGINT)")
        call = begin_call(directory, files, is_salvaged=False, is_again=True)
        for number, (job, result) in enumerate(
            read_files(make_jobs(call, files), workers=workers, progress=progress), 1
        ):
            if isinstance(result, DocumentError):
                raise result
            file = literal(str(result.folder / f"{STAGED_DELIVERY.name}.parquet"))
            con.execute(f"INSERT INTO baseline_pmid SELECT pmid FROM read_parquet({file}) WHERE pmid IS NOT NULL")
            discard_reading(directory, job.run_id)
            progress("files", number, len(files))
        return describe_preview(con, year, len(files))


def name_broken(con: Connection, year: int) -> str | None:
    """The first file of a year of which only the records before a break are held; None if all are whole."""
    rows = con.execute(
        """SELECT file_name FROM state.file WHERE nlm_year = $1
        QUALIFY row_number() OVER (PARTITION BY file_name ORDER BY read_at DESC) = 1 AND NOT is_whole
        ORDER BY file_name LIMIT 1""",
        [year],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def describe_preview(con: Connection, year: int, count: int) -> list[str]:
    """Sentences about what the files of a baseline hold, bring and lack."""
    ((pmids, new),) = con.execute(
        """SELECT count(*), count(*) FILTER (pmid NOT IN (SELECT pmid FROM state.citation WHERE source <> 'seed'))
        FROM (SELECT DISTINCT pmid FROM baseline_pmid)"""
    ).fetchall()
    now = datetime.now(UTC).replace(tzinfo=None)
    values = {"nlm_year": year, "record_source": "", "delivered_at": now}
    lacking = con.sql(
        f"SELECT pmid FROM ({read_statement('select_lacking')}) ANTI JOIN baseline_pmid USING (pmid)", params=values
    )
    ended = sorted(pmid for (pmid,) in lacking.fetchall())
    sentences = [f"{count_of(count, 'file')} of pubmed{year}: {count_of(pmids, 'PMID')}, {new:,} of them new."]
    if ended:
        sentences.append(
            f"{count_of(len(ended), 'PMID')} of earlier files would end, missing from the new ones: {name_some(ended)}."
        )
    return [*sentences, "Nothing was changed; run it without --dry-run to take the baseline over."]

"""A new year of NLM's baseline: once all of it is read, it is compared with what is held, and taken over or left."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.definition.progress import count_of, name_some
from flows.definition.seeds import DEFINITION_FILE, read_definition
from flows.definition.settings import Settings
from flows.runs.baseline import BASELINE_STATE, name_broken
from flows.runs.ingest import end_lacking
from flows.runs.report import RunReport
from flows.runs.sync_plan import SyncPlan
from warehouse.sql_files import read_statement
from warehouse.state import Connection, open_state
from warehouse.store import DataDirectory


@dataclass(frozen=True)
class Comparison:
    """What a baseline would change.

    Attributes:
        year: Two digits of its year.
        missing: Numbers of its listed files that are not read whole, or are not listed between others.
        is_followed: Its first update file is listed, so that no baseline file can be missing at the end.
        coming: PMIDs that came with files of the year and were not held before.
        lacking: PMIDs of earlier files that it lacks.
        held: Citations with a record that are not withdrawn.
    """

    year: int
    missing: list[int]
    is_followed: bool
    coming: int
    lacking: list[int]
    held: int


def end_what_baseline_lacks(
    directory: DataDirectory, plan: SyncPlan, settings: Settings, report: RunReport, *, is_asked: bool
) -> tuple[int | None, list[str]]:
    """Let the newest baseline end what it lacks, if all of it is read, and it ends no more than the drift gate allows.

    Args:
        directory: The data directory, held for writing.
        plan: With what is listed.
        settings: Options.
        report: Gets sentences about it.
        is_asked: A person has asked for it.
    Returns:
        The year of the baseline, if earlier files are of another; the run that ended something.
    """
    with closing(open_state(directory, BASELINE_STATE)) as con:
        found = compare_baseline(con, plan)
        if found is None:
            return None, []
        year = f"pubmed{found.year}"
        if broken := name_broken(con, found.year):
            report.troubles.append(f"Nothing that the baseline of {year} lacks was ended: {broken} is truncated.")
            return found.year, []
    if found.missing:
        report.notes.append(
            f"Of the baseline of {year}, {count_of(len(found.missing), 'file')} must still be read, first "
            f"{year}n{found.missing[0]:04}; what it lacks stays until then."
        )
        return found.year, []
    if not found.lacking:
        return found.year, []
    compared = (
        f"The baseline of {year} brings {count_of(found.coming, 'new PMID')} and lacks {len(found.lacking):,} of "
        f"{found.held:,} citations: {name_some(found.lacking)}."
    )
    if why := why_not(found, settings, is_asked=is_asked):
        report.troubles.append(f"{compared} They stay, since {why} ends them.")
        return found.year, []
    report.notes.append(compared)
    return found.year, end_lacking(directory, found.year, report)


def compare_baseline(con: Connection, plan: SyncPlan) -> Comparison | None:
    """Compare the newest listed baseline with earlier files; None if there are none."""
    years = [year for folder, year in plan.listed if folder == "baseline"]
    if not years:
        return None
    year = max(years)
    ((is_new,),) = con.execute("SELECT count(*) > 0 FROM state.file WHERE nlm_year < $1", [year]).fetchall()
    if not is_new:
        return None
    numbers = set(plan.listed["baseline", year])
    read = {n for (n,) in con.execute("SELECT nlm_number FROM state.file WHERE nlm_year = $1", [year]).fetchall()}
    missing = sorted(set(range(1, max(numbers) + 1)) - read)
    updates = set(plan.listed.get(("updatefiles", year), ()))
    ((coming,),) = con.execute(
        """SELECT count(DISTINCT pmid) FROM state.request SEMI JOIN (FROM state.file WHERE nlm_year = $1) USING (run_id)
        WHERE outcome = 'new'""",
        [year],
    ).fetchall()
    ((held,),) = con.execute(
        "SELECT count(*) FROM state.citation ANTI JOIN state.deleted_citation USING (pmid) WHERE source <> 'seed'"
    ).fetchall()
    lacking: list[int] = []
    if not missing:
        values = {"nlm_year": year, "record_source": "", "delivered_at": datetime.now(UTC).replace(tzinfo=None)}
        rows = con.sql(f"SELECT pmid FROM ({read_statement('select_lacking')}) ORDER BY pmid", params=values).fetchall()
        lacking = [pmid for (pmid,) in rows]
    return Comparison(year, missing, max(numbers) + 1 in updates | read, int(coming), lacking, int(held))


def why_not(found: Comparison, settings: Settings, *, is_asked: bool) -> str:
    """Why a baseline is not taken over, and the command that takes it over anyway; '' if it is.

    Unasked, it has to be whole for sure, and to end no more than the drift gate allows. A person who asks can waive
    one of them, not both: half a listing looks like a whole baseline that ends half of the corpus.
    """
    limits = read_definition(settings.seeds / DEFINITION_FILE).drift.limits(settings)
    allowed = None if limits is None or found.held < limits.from_citations else limits.citations_fall_percent
    is_much = allowed is not None and 100 * len(found.lacking) > allowed * found.held
    much = f"that is more than the {allowed:g} % that [drift] of corpus.toml allows" if is_much else ""
    if not found.is_followed:
        unknown = "no update file follows yet that would show the baseline to be whole"
        if is_much and is_asked:
            return f"{unknown}, and {much}; `corpus sync --rollover --accept-drift`"
        return "" if is_asked else f"{unknown}; `corpus sync --rollover`"
    return f"{much}; `corpus sync --rollover`" if is_much and not is_asked else ""

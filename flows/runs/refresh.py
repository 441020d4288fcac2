"""The refresh: plan, fetch, read, decide, commit, publish, as plain functions."""

from flows.definition.progress import Progress, silent
from flows.definition.seeds import read_seeds
from flows.definition.settings import Settings
from flows.runs.engine import decide_outcomes, finish, running
from flows.runs.links import refresh_links
from flows.runs.members import write_members
from flows.runs.obtain import obtain
from flows.runs.plan import add_seed_members, describe_plan, plan_refresh, planning
from flows.runs.queries import ask_queries, write_searches
from flows.runs.report import RunReport
from flows.runs.resolve import resolve_seeds
from flows.runs.seed_pages import write_seeds
from flows.runs.work import PLAIN_STEPS, Steps
from warehouse.sql_files import read_statement


def refresh(
    settings: Settings, *, dry_run: bool = False, progress: Progress = silent, steps: Steps = PLAIN_STEPS
) -> RunReport:
    """Bring the corpus up to date with what the seeds folder says and what Entrez has.

    Args:
        settings: Options.
        dry_run: Plan only: Entrez is searched, nothing is fetched and nothing is written.
        progress: Told of each step.
        steps: The parts that may be Prefect tasks.
    Raises:
        SeedError: No seed can be used; nothing was changed.
        CorpusError: Anything else that stops the run; what was published stays, what was fetched is kept in staging.
    """
    seeds = read_seeds(settings.seeds)
    with running(settings, "refresh", progress, steps, dry_run=dry_run) as work, planning(work) as con:
        work.report.troubles += seeds.problems
        seeds, resolved = resolve_seeds(work, con, seeds)
        add_seed_members(con, seeds, follow=work.definition.seed_lists.follow)
        answers = ask_queries(work, con, seeds.queries)
        refresh_links(work, con, work.definition.links)
        plan_refresh(work, con)
        if dry_run:
            return describe_plan(work, con)
        obtain(work, con)
        decide_outcomes(work, con)
        write_seeds(work, con, seeds, resolved)
        if write_members(work, con, is_ending=not seeds.problems):
            work.replies += answers.replies
        write_searches(work, con)
        finish(work, con)
    return work.report


def refresh_lists(settings: Settings, *, progress: Progress = silent, steps: Steps = PLAIN_STEPS) -> RunReport:
    """Fetch the link lists of all members again, whatever their age; a nightly refresh fetches those that are due.

    Members that only files brought are left out: NLM has 40 million.

    Neighbours that `corpus.toml` follows become members with the next refresh.

    Args:
        settings: Options.
        progress: Told of each list.
        steps: The parts that may be Prefect tasks.
    Raises:
        CorpusError: As for `refresh`.
    """
    with running(settings, "links", progress, steps, dry_run=False) as work, planning(work) as con:
        con.execute(read_statement("plan_add_asked_member"))
        every_list = {"refetch_after_days": 0, "linkout_after_days": 0}
        refresh_links(work, con, work.definition.links.model_copy(update=every_list))
        obtain(work, con)
        decide_outcomes(work, con)
        finish(work, con)
    return work.report

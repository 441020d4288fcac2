"""The seed pages that a run writes: new ones, changed ones, and those whose entries were asked about."""

from flows.definition.seeds import Seeds
from flows.runs.work import Work
from transforms.seed_tables import make_seed_tables
from warehouse import state
from warehouse.schema.seeds import SEED_DOCUMENT


def write_seeds(work: Work, con: state.Connection, seeds: Seeds, resolved: frozenset[str]) -> None:
    """Write the seed pages that are new or different, or whose entries were asked about; note those that are gone.

    Args:
        work: The run.
        con: The state, after `decide_outcomes`.
        seeds: The folder.
        resolved: Seed ids of the pages whose entries were asked about.
    """
    before = state.read_seed_hashes(con)
    pages = [p for p in seeds.pages if before.get(p.seed_id) != p.seed_sha256 or p.seed_id in resolved]
    named = {page.pmid for page in pages} | {e.pmid for page in pages for e in page.entries}
    rows = con.execute(
        """SELECT pmid FROM state.citation WHERE source <> 'seed' AND list_contains($1, pmid)
        UNION SELECT pmid FROM holding WHERE content_sha256 IS NOT NULL""",
        [sorted(pmid for pmid in named if pmid is not None)],
    ).fetchall()
    delivered = {pmid for (pmid,) in rows}
    for page in pages:
        tables = make_seed_tables(page, run_id=work.writer.run_id, delivered=delivered)
        work.writer.write(tables)
        # A PMID on two pages has one row: the first page's.
        delivered |= set(tables["citation"]["pmid"].to_pylist()) if "citation" in tables else set()
    removed = before.keys() - {page.seed_id for page in seeds.pages}
    # A file that cannot be read now is still there.
    if removed and not seeds.problems:
        gone = state.read_seed_documents(con, removed, is_removed=True, run_id=work.writer.run_id)
        work.writer.write({SEED_DOCUMENT.name: SEED_DOCUMENT.to_arrow(gone)})

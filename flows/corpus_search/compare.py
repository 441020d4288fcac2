"""A search of the seeds folder run on the corpus, beside what NCBI delivered for it last: `corpus search --seed`."""

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.corpus_search.statement import write_statement
from warehouse.current import literal
from warehouse.errors import UsageError
from warehouse.query import ask, of_other_version, open_published
from warehouse.store import DataDirectory

# The last answer that came whole, in a run that kept what it had.
ASKED = """SELECT run_id, started_at, search_text FROM search_run JOIN run USING (run_id)
WHERE search_name = {name} AND search_run.new_count IS NOT NULL ORDER BY started_at DESC LIMIT 1"""

DIFFERENCE = """SELECT coalesce(found.pmid, delivered.pmid) AS pmid,
    CASE WHEN found.pmid IS NULL THEN 'NCBI' WHEN delivered.pmid IS NULL THEN 'corpus' ELSE 'both' END AS found_by,
    CASE
        WHEN found.pmid IS NOT NULL AND delivered.pmid IS NOT NULL THEN NULL
        WHEN found.pmid IS NULL AND citation.pmid IS NULL THEN 'not held'
        WHEN found.pmid IS NULL AND citation.source = 'seed' THEN 'held as seed text only'
        WHEN found.pmid IS NULL THEN 'read otherwise'
        WHEN came.run_id > {run_id} THEN 'came after the search'
        WHEN citation.run_id > {run_id} THEN 'revised after the search'
        ELSE 'read otherwise' END AS why,
    citation.pub_year AS year,
    shown_title(article_title, vernacular_title, NULL) AS title
FROM ({found}) AS found
FULL JOIN (
    SELECT DISTINCT pmid FROM member WHERE reason = 'query' AND via = {name} AND until_run_id IS NULL
) AS delivered ON delivered.pmid = found.pmid
LEFT JOIN citation ON citation.pmid = coalesce(found.pmid, delivered.pmid)
LEFT JOIN (
    SELECT pmid, max(run_id) AS run_id FROM change
    WHERE table_name = 'citation' AND column_name = 'pmid' AND before IS NULL GROUP BY pmid
) AS came ON came.pmid = found.pmid
ORDER BY pmid DESC"""


@dataclass
class Comparison:
    """What the corpus and NCBI find by one search.

    Attributes:
        differences: pmid, found_by (NCBI or corpus), why, year and title of those that only one of them finds, the
            newest PMID first. `read otherwise` is a difference of the two searches: in mapping, in the index, or
            because it is about parts of a record that have changed.
        both: PMIDs that both find.
        asked_at: When NCBI was asked, UTC.
        translation: The search as it was understood here.
        notes: Sentences about what was read or searched otherwise than PubMed might.
    """

    differences: pa.Table
    both: int
    asked_at: datetime
    translation: str
    notes: list[str]


def compare_seed(
    directory: DataDirectory, name: str, search: str, *, memory: str = "1GB", seconds: float | None = 300
) -> Comparison:
    """Run a search on the corpus, and compare what it finds with what NCBI delivered last.

    Args:
        directory: The data directory.
        name: Of the *.query file, as in member.via.
        search: What the file says now.
        memory: As for `open_published`.
        seconds: How long it may take; None is without limit.
    Raises:
        UsageError: NCBI has not answered this search, or was last asked another one under this name.
        SearchError: It cannot be understood, or asks for what the corpus does not have.
        QueryError: It took too long or too much.
        StoreError: There is no published file.
    """
    con = open_published(directory, memory=memory)
    try:
        asked = ask(con, ASKED.format(name=literal(name)), seconds=seconds).to_pylist()
        if not asked:
            raise UsageError(f"NCBI has not answered {name} yet; run `corpus refresh`.")
        if asked[0]["search_text"] != search:
            raise UsageError(f"{name} has another search than NCBI was last asked; run `corpus refresh`.")
        statement = write_statement(con, search, today=datetime.now(UTC).date())
        query = DIFFERENCE.format(found=statement.sql, name=literal(name), run_id=literal(asked[0]["run_id"]))
        rows = ask(con, query, seconds=seconds)
    except duckdb.CatalogException as exc:
        raise of_other_version(directory) from exc
    finally:
        con.close()
    is_both = pc.equal(rows["found_by"], "both")
    both = pc.sum(is_both).as_py() or 0
    notes = statement.notes
    return Comparison(rows.filter(pc.invert(is_both)), both, asked[0]["started_at"], statement.translation, notes)

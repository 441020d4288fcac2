"""Why each PMID is in the corpus: the reasons that began or ceased to hold in a run."""

import pyarrow as pa

from flows.runs.work import Work
from warehouse.schema.members import MEMBER
from warehouse.sql_files import read_statement
from warehouse.state import Connection

# Rows that are written at a time.
PORTION = 100_000


def write_members(work: Work, con: Connection, *, is_ending: bool) -> bool:
    """Write the reasons that began or ceased to hold; returns whether there are any.

    Args:
        work: The run.
        con: With the members found.
        is_ending: Whether all that the seeds folder gives was found, so that what is missing has ceased to hold.
    """
    find_member_changes(con, work.writer.run_id, is_ending=is_ending)
    count = 0
    for batch in con.table("member_change").to_arrow_reader(PORTION):
        table = pa.Table.from_batches([batch]).select(MEMBER.column_names).cast(MEMBER.arrow_schema)
        work.writer.write({MEMBER.name: table})
        count += table.num_rows
    return count > 0


def find_member_changes(con: Connection, run_id: str, *, is_ending: bool) -> None:
    """Create `member_change`, rows of MEMBER."""
    con.execute(read_statement("plan_member_change"), {"run_id": run_id, "is_ending": is_ending})

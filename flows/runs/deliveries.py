"""From what a run has read to what holds: decided, settled into the run's tables, and counted."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from flows.definition.version import CODE_VERSION
from transforms.parsed_records import Provenance
from transforms.pubmed_document import DocumentChunk
from transforms.pubmed_xml import read_records
from warehouse import decide
from warehouse.compact import read_rows
from warehouse.errors import StoreError
from warehouse.run_writer import RunWriter
from warehouse.schema.citation import CITATION
from warehouse.schema.deliveries import STAGED_DELIVERY
from warehouse.schema.ledger import REQUEST
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.raw import RAW_CITATION
from warehouse.schema.tables import TABLES
from warehouse.state import Connection
from warehouse.store import DataDirectory, run_folders, run_ids_of

# The outcomes of what was read, as REQUEST has them; of files, all of it; `asked` has what a refresh asked for.
FILE_REQUESTS = """SELECT run_id, pmid, 'file' AS plan_reason, outcome, detail
    FROM verdict CROSS JOIN this_run ORDER BY pmid"""


def settle_run(
    con: Connection, staged: Path, directory: DataDirectory, writer: RunWriter, *, with_members: bool
) -> None:
    """Write into a run what was decided, and the rows of the records that hold.

    Args:
        con: After `decide`.
        staged: The folder that reading left.
        directory: The data directory.
        writer: The run, to be committed afterwards.
        with_members: PMIDs that came become members because of a file.
    Raises:
        StoreError: A raw record is gone, or the disk is full.
    """
    decide.write_decided(con, writer, with_members=with_members)
    write_raised(directory, decide.find_raised(con), writer)
    decide.settle(con, staged, writer)
    staged.rmdir()


def write_raised(directory: DataDirectory, raised: Sequence[decide.RaisedRecord], writer: RunWriter) -> None:
    """Write the rows of records that hold again, made from the raw records of earlier runs.

    Raises:
        StoreError: A raw record is missing.
    """
    wanted = {(record.run_id, record.pmid, record.content_sha256) for record in raised}
    runs = {record.run_id for record in raised}
    for folder in run_folders(directory) if wanted else ():
        if runs.isdisjoint(run_ids_of(folder)):
            continue
        for rows in read_rows(RAW_CITATION, folder):
            for row in rows.to_pylist():
                key = (row["run_id"], row["pmid"], row["content_sha256"])
                if key in wanted:
                    wanted.discard(key)
                    writer.write(rows_of_record(row, writer.run_id))
    if wanted:
        run_id, pmid, _ = min(wanted)
        raise StoreError(f"The raw record of PMID {pmid} of run {run_id} is gone; put its folder back from a backup.")


def rows_of_record(raw: dict[str, object], run_id: str) -> dict[str, pa.Table]:
    """The rows of a raw record, as of another run."""
    provenance = Provenance(run_id, raw["source"], raw["record_source"], raw["fetched_at"], CODE_VERSION)  # type: ignore[arg-type]
    chunk = DocumentChunk(raw["record_xml"], 1)  # type: ignore[arg-type]
    read = read_records(chunk, name=f"the raw record of PMID {raw['pmid']}", provenance=provenance)
    tables = {
        name: rows.drop_columns("chunk_order") for name, rows in read.tables.items() if name != STAGED_DELIVERY.name
    }
    made = {t.name for t in TABLES.values() if CITATION.name in (t.name, t.owner) or t in (LINK, LINK_LIST)}
    return {name: rows for name, rows in tables.items() if name in made}


def read_rejected(con: Connection, most: int = 1000) -> dict[int, str]:
    """Why records could not be read, by PMID; only the first ones."""
    query = "SELECT pmid, detail FROM verdict WHERE outcome = 'rejected' ORDER BY pmid LIMIT $1"
    return dict(con.execute(query, [most]).fetchall())


def write_requests(con: Connection, writer: RunWriter, query: str) -> None:
    """Write the outcome of each PMID."""
    decide.write_query(con, writer, REQUEST, query)

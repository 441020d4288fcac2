"""A large data directory made from a small one: `python -m tests.benchmarks.multiply DATA_DIR COPIES`.

Each copy of a run is a run of its own whose PMIDs follow those of the copy before, without gaps; titles, abstracts and
records are the same, so `corpus rebuild` has no meaning there.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.store import DataDirectory, new_run_id, run_folders, run_id_of, write_sums


def multiply(directory: DataDirectory, copies: int) -> None:
    """Commit copies of the runs of a data directory that have citations."""
    runs = [run for run in run_folders(directory) if (run / "citation.parquet").exists()]
    files = [file for run in runs for file in run.glob("*.parquet") if "pmid" in pq.read_schema(file).names]
    found = [pq.read_table(file, columns=["pmid"])["pmid"] for file in files]
    pmids = pc.unique(pa.chunked_array([chunk for column in found for chunk in column.chunks])).sort()
    first = pmids[-1].as_py() + 1
    run_id = run_id_of(run_folders(directory)[-1])
    for copy, run in ((copy, run) for copy in range(copies) for run in runs):
        run_id = new_run_id(*parse(run_id))
        staging = directory.staging / f"run={run_id}"
        staging.mkdir(parents=True)
        for file in run.glob("*.parquet"):
            with (
                pq.ParquetFile(file) as source,
                pq.ParquetWriter(
                    staging / file.name, source.schema_arrow, compression="zstd", compression_level=1
                ) as target,
            ):
                for group in range(source.num_row_groups):
                    rows = source.read_row_group(group)
                    target.write_table(renumbered(rows, pmids, first + copy * len(pmids), run_id))
        write_sums(staging)
        staging.rename(directory.parquet / staging.name)


def parse(run_id: str) -> tuple[datetime, str]:
    """The time in a run id, and the id, so that the next one follows it."""
    return datetime.strptime(run_id.split("-", maxsplit=1)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), run_id


def renumbered(table: pa.Table, pmids: pa.Array, first: int, run_id: str) -> pa.Table:
    """The rows with other PMIDs, from the first on in the order of theirs, and another run."""
    for number, field in enumerate(table.schema):
        if field.name == "pmid":
            places = pc.index_in(table["pmid"], value_set=pmids).cast(pa.int64())
            table = table.set_column(number, field, pc.add(places, first))
        elif field.name.endswith("run_id"):
            values = pc.if_else(pc.is_valid(table[field.name]), run_id, None).cast(field.type)
            table = table.set_column(number, field, values)
    return table


if __name__ == "__main__":
    multiply(DataDirectory(Path(sys.argv[1])), int(sys.argv[2]))

"""A large data directory made from a small one: `python -m tests.benchmarks.multiply DATA_DIR COPIES`.

Each copy of a run is a run of its own whose PMIDs follow those of the copy before; titles, abstracts and records are
the same, so `corpus rebuild` has no meaning there. No PMID may end up with more than nine digits.
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
    pmids = [pq.read_table(run / "citation.parquet", columns=["pmid"])["pmid"] for run in runs]
    step = max(pc.max(found).as_py() for found in pmids) - min(pc.min(found).as_py() for found in pmids) + 1
    run_id = run_id_of(run_folders(directory)[-1])
    for copy, first in ((copy, run) for copy in range(1, copies + 1) for run in runs):
        run_id = new_run_id(*parse(run_id))
        staging = directory.staging / f"run={run_id}"
        staging.mkdir(parents=True)
        for file in first.glob("*.parquet"):
            with (
                pq.ParquetFile(file) as source,
                pq.ParquetWriter(
                    staging / file.name, source.schema_arrow, compression="zstd", compression_level=1
                ) as target,
            ):
                for group in range(source.num_row_groups):
                    target.write_table(shifted(source.read_row_group(group), copy * step, run_id))
        write_sums(staging)
        staging.rename(directory.parquet / staging.name)


def parse(run_id: str) -> tuple[datetime, str]:
    """The time in a run id, and the id, so that the next one follows it."""
    return datetime.strptime(run_id.split("-", maxsplit=1)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), run_id


def shifted(table: pa.Table, step: int, run_id: str) -> pa.Table:
    """The rows with other PMIDs and another run."""
    for number, field in enumerate(table.schema):
        if field.name == "pmid":
            table = table.set_column(number, field, pc.add(table["pmid"], step))
        elif field.name.endswith("run_id"):
            values = pc.if_else(pc.is_valid(table[field.name]), run_id, None).cast(field.type)
            table = table.set_column(number, field, values)
    return table


if __name__ == "__main__":
    multiply(DataDirectory(Path(sys.argv[1])), int(sys.argv[2]))

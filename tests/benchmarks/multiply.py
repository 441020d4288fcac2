"""A large data directory made of one run: `python -m tests.benchmarks.multiply DATA_DIR COPIES`.

Each copy is a run of its own whose PMIDs follow on those of the copy before; titles, abstracts and records are the
same, so that `corpus rebuild` has no meaning there. The first run's PMIDs should lie close to each other, as those of a
baseline file do: no PMID may have more than nine digits.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.store import DataDirectory, new_run_id, run_folders, run_id_of, write_sums


def multiply(directory: DataDirectory, copies: int) -> None:
    """Commit copies of the first run of a data directory."""
    first = run_folders(directory)[0]
    run_id = run_id_of(first)
    pmids = pq.read_table(first / "citation.parquet", columns=["pmid"])["pmid"]
    step = pc.max(pmids).as_py() - pc.min(pmids).as_py() + 1
    for copy in range(1, copies + 1):
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

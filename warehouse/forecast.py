"""What a build afresh of a large corpus takes, said before it begins: hours, and disk that may not be there."""

import os
import shutil

import pyarrow.parquet as pq

from warehouse.errors import StoreError
from warehouse.published import Say
from warehouse.schema.citation import CITATION
from warehouse.store import DataDirectory, committed_runs, run_folders

# Smaller ones are built while one waits.
LARGE_CITATIONS = 10_000_000

# Measured (README.md): citations that a core builds in a second at five million of them, and what a byte of the runs'
# Parquet, without raw records, takes in DuckDB.
CITATIONS_S_A_CORE, DATABASE_SHARE = 3_000, 4


def forecast_build(directory: DataDirectory, say: Say) -> None:
    """Say what a build afresh of the committed runs takes, if there are many citations.

    Args:
        directory: The data directory.
        say: Told hours and disk.
    Raises:
        StoreError: There is not enough disk.
    """
    files = [folder / f"{CITATION.name}.parquet" for folder in run_folders(directory)]
    rows = sum(pq.read_metadata(file).num_rows for file in files if file.exists())
    if rows < LARGE_CITATIONS:
        return
    needed = DATABASE_SHARE * sum(committed_runs(directory).values())
    free = shutil.disk_usage(directory.root).free
    if needed > free:
        raise StoreError(
            f"{directory.database} is to be built afresh of {rows:,} rows of citations, which takes about "
            f"{needed / 1e9:,.1f} GB of disk, and {free / 1e9:,.1f} GB are free; make room and run it again. The old "
            "file stays."
        )
    threads = directory.threads or os.cpu_count() or 1
    hours = rows / CITATIONS_S_A_CORE / threads / 3600
    say(
        f"{directory.database} is built afresh of {rows:,} rows of citations: about {hours:,.1f} hours with "
        f"{threads} threads, and {needed / 1e9:,.1f} GB of disk; {free / 1e9:,.1f} GB are free."
    )

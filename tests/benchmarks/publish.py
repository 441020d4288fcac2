"""Times of publishing a large corpus: `python -m tests.benchmarks.publish DATA_DIR` (see multiply.py for one).

Builds the file afresh, commits a run that revises 1,000 citations, brings a copy up to date with it, and asks ten
questions. Times are one run each, on whatever else the machine does.
"""

import random
import resource
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse import build
from warehouse.query import ask, open_published
from warehouse.schema import OUTCOMES, REQUEST, RUN, TABLES, Table
from warehouse.store import DataDirectory, commit_run, run_folders, start_run

REVISED = 1000
QUESTIONS = (
    "SELECT pmid, title FROM article LIMIT 10",
    "SELECT * FROM article WHERE pmid = (SELECT max(pmid) FROM citation)",
    "FROM search('ketamine depression') LIMIT 10",
    "FROM search('hypertension in pregnancy outcome') LIMIT 10",
    "SELECT count(*) FROM article WHERE list_contains(mesh, 'Humans')",
    "FROM mesh_by_year ORDER BY ALL DESC LIMIT 10",
    "FROM journal LIMIT 10",
    "FROM frontier(3) LIMIT 10",
    "FROM coverage",
    "SELECT table_name, column_name, count(*) FROM change GROUP BY ALL",
)


def commit_revision(directory: DataDirectory, seed: int = 0) -> None:
    """Commit a run in which citations from anywhere in the corpus have other titles."""
    folders = [folder for folder in run_folders(directory) if (folder / "member.parquet").exists()]
    now = datetime.now(UTC)
    writer = start_run(directory, now)
    dice = random.Random(seed)
    pmids: list[int] = []
    for number, folder in enumerate(folders):
        held = pq.read_table(folder / "citation.parquet", columns=["pmid"])["pmid"].to_pylist()
        chosen = dice.sample(held, REVISED * (number + 1) // len(folders) - REVISED * number // len(folders))
        pmids += chosen
        for table in TABLES.values():
            file = folder / f"{table.name}.parquet"
            if file.exists() and (table.owner == "citation" or table.name in ("citation", "raw_citation")):
                writer.write({table.name: revised(table, file, chosen, writer.run_id)})
    stamp = now.replace(tzinfo=None)
    counts = [REVISED if outcome == "revised" else 0 for outcome in OUTCOMES]
    run = (writer.run_id, "refresh", stamp, stamp, "test", None, REVISED, *counts, True, 0, "0")
    requests = [(writer.run_id, pmid, "revised", "revised", None) for pmid in pmids]
    writer.write({"run": RUN.to_arrow([run]), "request": REQUEST.to_arrow(requests)})
    commit_run(writer)


def revised(table: Table, file: Path, pmids: list[int], run_id: str) -> pa.Table:
    """The rows of some citations as another run has them."""
    rows = pq.read_table(file, filters=[("pmid", "in", pmids)]).drop_columns(["run_id"])
    if "run_id" in table.column_names:
        rows = rows.add_column(table.column_names.index("run_id"), "run_id", [[run_id] * rows.num_rows])
    if table.name == "citation":
        at = rows.schema.get_field_index("article_title")
        titles = pc.binary_join_element_wise(rows["article_title"], pa.scalar("(revised)"), " ")
        rows = rows.set_column(at, "article_title", titles)
    return rows.cast(table.arrow_schema)


def say(what: str, start: float) -> None:
    """Print the time since a moment, and the most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.perf_counter() - start:8.2f} s  {peak:6.0f} MB  {what}", flush=True)  # noqa: T201


def measure(directory: DataDirectory) -> None:
    """Print the times."""
    start = time.perf_counter()
    counts = build.publish(directory, afresh=True)
    say(f"built afresh: {counts['citation']:,} citations, {sum(counts.values()):,} rows", start)
    parquet = sum(file.stat().st_size for file in directory.parquet.rglob("*.parquet"))
    say(f"Parquet {parquet / 1e6:,.0f} MB, DuckDB {directory.database.stat().st_size / 1e6:,.0f} MB", start)
    commit_revision(directory)
    start = time.perf_counter()
    shutil.copyfile(directory.database, directory.root / "copy")
    say("copy alone", start)
    (directory.root / "copy").unlink()
    start = time.perf_counter()
    build.publish(directory)
    say(f"brought up to date with {REVISED:,} revised citations, copy and checks included", start)
    con = open_published(directory, memory="4GB")
    for question in QUESTIONS:
        start = time.perf_counter()
        ask(con, question)
        say(question, start)


if __name__ == "__main__":
    measure(DataDirectory(Path(sys.argv[1])))

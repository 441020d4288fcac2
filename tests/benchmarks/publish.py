"""Times of publishing a large corpus: `python -m tests.benchmarks.publish DATA_DIR` (see multiply.py for one).

Builds the file from scratch, beside DuckDB's own tables of the same Parquet; three times commits a run that revises
1,000 citations and updates a copy with it; and runs the README's queries: cold, on a new connection with nothing of the
file in the page cache, and again. Times are of one run each, whatever else the machine does.
"""

import os
import random
import resource
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse import build
from warehouse.query import ask, open_published
from warehouse.run_writer import commit_run, start_run
from warehouse.schema.declaration import Table
from warehouse.schema.ledger import OUTCOMES, REQUEST, RUN
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory, run_folders

REVISED = 1000
# With PMIDs in place of {0}, one that is cited and linked from somewhere, and {1}, the last one.
QUESTIONS = (
    "SELECT * FROM article WHERE pmid = {1}",
    "SELECT pmid, title FROM article ORDER BY year DESC LIMIT 10",
    "SELECT pmid, score, title FROM search_article('ketamine depression') LIMIT 10",
    "SELECT pmid, score, title FROM search_article('hypertension in pregnancy outcome') LIMIT 10",
    "SELECT pmid, score, authors FROM search('depression') JOIN article a USING (pmid) WHERE a.year > 1975 LIMIT 3",
    "FROM similar_to({1})",
    "FROM cited_by({0}) LIMIT 10",
    "FROM cites({1})",
    "FROM why({1})",
    "SELECT count(*) FROM retraction",
    "SELECT count(*) FROM cites_retracted",
    "FROM frontier(2) LIMIT 10",
    "SELECT table_name, column_name, count(*) FROM recent_change(7) GROUP BY ALL",
    "FROM coverage WHERE run_id IS NULL",
    "FROM journal ORDER BY journal LIMIT 3",
    "SELECT pmid, year FROM article WHERE list_contains(mesh, 'Ketamine')",
    "SELECT count(*) FROM corpus_as_of('2026-01-01')",
    "SELECT count(*) FROM corpus_as_of('2100-01-01') WHERE is_member",
    "FROM manifest",
    "FROM mesh_by_year WHERE descriptor_name = 'Ketamine'",
    "FROM mesh_by_year ORDER BY ALL LIMIT 10",
    "FROM author_output ORDER BY citation_count DESC LIMIT 10",
    "FROM coauthor WHERE author_name = 'Smith J' LIMIT 10",
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
    run = (writer.run_id, "refresh", stamp, stamp, "test", None, REVISED, *counts, True, 0, "0", None)
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
    return rows.select(table.column_names).cast(table.arrow_schema)


def say(what: str, start: float) -> None:
    """Print the time since a moment, and the most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.perf_counter() - start:8.2f} s  {peak:6.0f} MB  {what}", flush=True)  # noqa: T201


def measure(directory: DataDirectory) -> None:
    """Print the times."""
    start = time.perf_counter()
    counts = build.publish(directory, afresh=True)
    say(f"built afresh: {counts['citation']:,} citations, {sum(counts.values()):,} rows", start)
    copy_in_order(directory)
    parquet = sum(file.stat().st_size for file in directory.parquet.rglob("*.parquet"))
    say(f"Parquet {parquet / 1e6:,.0f} MB, DuckDB {directory.database.stat().st_size / 1e6:,.0f} MB", start)
    for number in range(3):
        commit_revision(directory, number)
        start = time.perf_counter()
        shutil.copyfile(directory.database, directory.root / "copy")
        copy_s = time.perf_counter() - start
        (directory.root / "copy").unlink()
        start = time.perf_counter()
        build.publish(directory)
        size = directory.database.stat().st_size / 1e6
        say(f"brought up to date with {REVISED:,} revised, copy ({copy_s:.2f} s) included; {size:,.0f} MB", start)
    ask_questions(directory)


def copy_in_order(directory: DataDirectory) -> None:
    """The peer of a build: DuckDB's own tables of the same Parquet in key order, and no more."""
    path = directory.root / "peer.duckdb"
    path.unlink(missing_ok=True)
    start = time.perf_counter()
    with duckdb.connect(path) as con:
        for table in TABLES.values():
            files = [str(file) for file in directory.parquet.glob(f"*/{table.name}.parquet")]
            if files and not table.is_raw:
                rows = f"read_parquet({files}, union_by_name = true) ORDER BY {', '.join(table.key)}"
                con.execute(f"CREATE TABLE {table.name} AS FROM {rows}")
    say("DuckDB's own ordered CREATE TABLE AS of the same Parquet", start)
    path.unlink()


def ask_questions(directory: DataDirectory) -> None:
    """Print the times of the questions, cold and again."""
    with duckdb.connect(directory.database, read_only=True) as con:
        ((cited, last),) = con.execute(
            "SELECT (SELECT max(cited_pmid) FROM cited_reference), max(pmid) FROM citation"
        ).fetchall()
    for question in QUESTIONS:
        sql = question.format(cited, last)
        with directory.database.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        start = time.perf_counter()
        con = open_published(directory)
        rows = ask(con, sql).num_rows
        cold_s = time.perf_counter() - start
        start = time.perf_counter()
        ask(con, sql)
        say(f"(cold {cold_s:.2f} s) {sql}: {rows:,} rows", start)
        con.close()


if __name__ == "__main__":
    measure(DataDirectory(Path(sys.argv[1])))

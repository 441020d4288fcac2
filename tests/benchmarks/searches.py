"""Milliseconds of searches over a large corpus: `python -m tests.benchmarks.searches DATA_DIR QUERIES.jsonl`.

DATA_DIR has a published corpus with MeSH (multiply.py, full_mesh.py); each line of QUERIES.jsonl is an object with
`query`. Printed is the best of three of each search, wall and CPU (which other programs do not lengthen), from the text
to the PMIDs found in a file that is open, as a server has it; and, each time with opening it, as the command does, to
the PMIDs, to the first 40 with their titles, and to all with their titles.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import duckdb

from flows.command.options import TABLE_ROWS
from flows.corpus_search.ask import search_corpus
from flows.corpus_search.statement import asked_as, clauses_of, write_statement
from transforms.pubmed_query import parse_query
from transforms.strategy import read_strategy
from warehouse.query import ask_numbers, open_published
from warehouse.store import DataDirectory

LINES = 60
Measured = tuple[float, float, int]
SINGLE = (
    "Neoplasms[mh]", "Neoplasms[mh:noexp]", "humans[mh]", "a*", "a*[tiab]", '"of the"[tiab]', '"in the"[tiab]',
    "breast cancer[tiab]", '"breast cancer"[tiab:~5]', "systematic[sb]", "cancer", "2020:2021[dp]", "smith j[au]",
    "english[la]", "hasabstract", "Lancet[ta]",
)  # fmt: skip


def make_strategy(queries: list[str]) -> str:
    """A strategy of so many lines, of clauses of the searches: three in each line, and two lines that join them."""
    clauses = dict.fromkeys(
        asked_as(clause)
        for query in queries
        for clause in clauses_of(parse_query(query).root)
        if clause.field is not None and not clause.is_quoted
    )
    parts = iter(clauses)
    lines = [f"#{number} {' OR '.join(islice(parts, 3))}" for number in range(1, LINES - 1)]
    half = LINES // 2
    lines.append(f"#{LINES - 1} {' OR '.join(f'#{number}' for number in range(1, half))}")
    lines.append(f"#{LINES} #{LINES - 1} AND ({' OR '.join(f'#{number}' for number in range(half, LINES - 1))})")
    return read_strategy("\n".join(lines))


def measure(search: Callable[[], int]) -> Measured:
    """Milliseconds of the best of three runs of a search, wall and CPU, and how many it finds."""
    best: list[tuple[float, float]] = []
    found = 0
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        found = search()
        best.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)))
    return min(wall for wall, _ in best), min(cpu for _, cpu in best), found


def find(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """Search a file that is open; how many citations are found."""
    return len(ask_numbers(con, write_statement(con, query, today=datetime.now(UTC).date()).sql))


def report(directory: DataDirectory, path: Path) -> Iterator[str]:
    """A line for each search, and what they come to."""
    queries = [json.loads(line)["query"] for line in path.read_text().splitlines()]
    named = [(query, query) for query in SINGLE]
    named += [(f"strategy of {LINES} lines", make_strategy(queries))]
    named += [(f"query {number}", query) for number, query in enumerate(queries, 1)]
    times = []
    kinds = ("open: wall", "CPU ms", "PMIDs: wall", "CPU ms", "first: wall", "CPU ms", "all: wall", "CPU ms", "found")
    yield " ".join(f"{kind:>11}" for kind in kinds)
    con = open_published(directory)
    for name, query in named:
        *opened, _ = measure(partial(find, con, query))
        searched = partial(search_corpus, directory, query)
        *alone, found = measure(lambda: searched(with_titles=False).found_count)  # noqa: B023
        *first, _ = measure(lambda: searched(limit=TABLE_ROWS).found_count)  # noqa: B023
        *titled, _ = measure(lambda: searched().found_count)  # noqa: B023
        yield " ".join(f"{number:>11,.0f}" for number in (*opened, *alone, *first, *titled, found)) + f"  {name}"
        if name.startswith("query"):
            times.append((*opened, *alone, *first, *titled))
    con.close()
    named_kinds = [f"{what}, {of}" for what in ("open", "PMIDs", "first", "all") for of in ("wall", "CPU")]
    for kind, of_kind in zip(named_kinds, zip(*times, strict=True), strict=True):
        yield f"{len(of_kind)} queries, {kind}: median {median(of_kind):.0f} ms, slowest {max(of_kind):.0f} ms"


if __name__ == "__main__":
    for line in report(DataDirectory(Path(sys.argv[1])), Path(sys.argv[2])):
        print(line, flush=True)  # noqa: T201

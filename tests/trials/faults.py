"""Every fault, struck at a fifth of all requests: how often, what the run did, time lost, corpus afterwards.

    python -m tests.trials.faults [PMIDs, 400]

The corpus is compared table by table with that of a run without faults. A second run has revised records to find.
"""

import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx

from flows.eutils_server.fault_language import KINDS
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article, article_set
from tests.trials.synthetic import TITLE, content_of, say, start_refresh, write_seeds

DEFINITION = "[links]\nlinkout = true\n"
VARIABLES = {"CORPUS_BATCH_SIZE": "10", "CORPUS_ENTREZ_TIMEOUT_S": "1", "NCBI_API_KEY": "a key for a trial"}

# What makes a fault last as long as it has to, beside the time-out of a second, and strike all that it can.
VALUES = {"429": "=1", "stall": "=2", "slow": "=2000", "leave-out": "=3"}
WHEN = {"dead-webenv": "1-2"}


def write_records(path: Path, count: int, revised: range) -> None:
    """Records that cite each other, some of them revised in a far future."""
    records = []
    for pmid in range(1, count + 1):
        cited = f'<ArticleId IdType="pubmed">{pmid % count + 1}</ArticleId>'
        refers = f"<Reference><ArticleIdList>{cited}</ArticleIdList></Reference>"
        is_revised = pmid in revised
        records.append(
            article(
                pmid,
                title=TITLE.format(f"{pmid}, revised" if is_revised else pmid),
                revised=("2100", "01", "01") if is_revised else ("2020", "01", "02"),
                parts=("", "", f"<ReferenceList>{refers}</ReferenceList>"),
            )
        )
    path.write_bytes(article_set(*records))


def run_twice(kind: str, count: int, root: Path) -> tuple[list[int], float, int, int, dict[str, str]]:
    """A first refresh, and one after 1 % was revised; exit codes, seconds, requests, faults struck, and the content."""
    root.mkdir()
    seeds = write_seeds(root / "seeds", range(1, count + 1), DEFINITION)
    fault = f"{kind}{VALUES.get(kind, '')}:{WHEN.get(kind, '20%')}; seed=7" if kind else ""
    codes, seconds, requests, struck = [], 0.0, 0, 0
    for number, revised in enumerate((range(0), range(1, count, 100))):
        write_records(root / f"{number}.xml", count, revised)
        with running_server(RecordStore.from_paths([root / f"{number}.xml"]), faults=fault) as base_url:
            start = time.monotonic()
            run = start_refresh(base_url, seeds, root / "data", **VARIABLES)
            output = run.communicate()[0]
            seconds += time.monotonic() - start
            statistics = httpx.get(urljoin(base_url, "/corpus-server/statistics")).json()
        requests += sum(statistics["requests"].values())
        struck += sum(statistics["faults"].values())
        codes.append(run.returncode)
        if run.returncode:
            say(output)
    return codes, seconds, requests, struck, content_of(root / "data" / "corpus.duckdb")


def main(count: int) -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        _, clean_s, requests, _, expected = run_twice("", count, Path(folder) / "clean")
        say(f"{'fault':22}{'struck':>9}{'requests':>9}{'exit':>7}{'lost s':>8}  corpus")
        say(f"{'none':22}{0:9}{requests:9}{'0 0':>7}{0.0:8.1f}  ({clean_s:.1f} s)")
        for kind in KINDS:
            codes, seconds, requests, struck, content = run_twice(kind, count, Path(folder) / kind)
            different = [table for table in expected if content[table] != expected[table]]
            verdict = f"differs in {', '.join(different)}" if different else "equal"
            shown = " ".join(map(str, codes))
            say(f"{kind:22}{struck:9}{requests:9}{shown:>7}{seconds - clean_s:8.1f}  {verdict}")


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["400"])[0]))

"""Every fault, struck at a fifth of all requests: how often, what the run did, time lost, corpus afterwards.

    python -m tests.trials.faults [PMIDs, 400] [kind ...]

The corpus is compared table by table with that of a run without faults: equal, or the run has said why not. A second
run has revised records to find.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import httpx

from flows.eutils_server.fault_language import KINDS, ONLY_FOR
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from tests.records import article, article_set
from tests.trials.synthetic import TITLE, content_of, say, start_refresh, write_seeds

DEFINITION = "[links]\nlinkout = true\n"
VARIABLES = {"CORPUS_BATCH_SIZE": "10", "CORPUS_ENTREZ_TIMEOUT_S": "1", "NCBI_API_KEY": "a key for a trial"}

# What makes a fault last as long as it has to, beside the time-out of a second, and strike all that it can.
VALUES = {"429": "=1", "stall": "=2", "slow": "=2000", "leave-out": "=3"}
# What strikes NLM's files alone, which no refresh asks for.
OF_FILES = {"listing", "md5", "file"}
WHEN = {"dead-webenv": "1-2", "ignored-phrase": "1-2"}


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


@dataclass
class Outcome:
    """What two refreshes did.

    Attributes:
        codes: Their exit codes.
        seconds: Both together.
        requests: Sent.
        struck: Faults.
        output: What they printed.
        content: A hash of each table; empty if nothing was published.
    """

    codes: list[int] = field(default_factory=list)
    seconds: float = 0.0
    requests: int = 0
    struck: int = 0
    output: str = ""
    content: dict[str, str] = field(default_factory=dict)


# What may differ from a run without faults, if the run says so: what is owed or refused is not there.
SENTENCES = {
    "retry-after": "come back at",
    "bad-key": "correct or remove NCBI_API_KEY",
    "empty": "not found",
    "merged": "not found",
    "ignored-phrase": "was searched without a part of it",
}


def run_twice(kind: str, count: int, root: Path) -> Outcome:
    """A first refresh, and one after 1 % was revised."""
    root.mkdir()
    seeds = write_seeds(root / "seeds", range(1, count + 1), DEFINITION)
    (seeds / "all.query").write_text(f"1:{count}[uid]\n")
    fault = f"{kind}{VALUES.get(kind, '')}:{WHEN.get(kind, '20%')}; seed=7" if kind else ""
    outcome = Outcome()
    for number, revised in enumerate((range(0), range(1, count, 100))):
        write_records(root / f"{number}.xml", count, revised)
        with running_server(RecordStore.from_paths([root / f"{number}.xml"]), faults=fault) as base_url:
            start = time.monotonic()
            run = start_refresh(base_url, seeds, root / "data", **VARIABLES)
            output = run.communicate()[0]
            outcome.output += output
            outcome.seconds += time.monotonic() - start
            statistics = httpx.get(urljoin(base_url, "/corpus-server/statistics")).json()
        outcome.requests += sum(statistics["requests"].values())
        outcome.struck += sum(statistics["faults"].values())
        outcome.codes.append(run.returncode)
        if run.returncode:
            say(output)
    database = root / "data" / "corpus.duckdb"
    outcome.content = content_of(database) if database.exists() else {}
    return outcome


def judge(kind: str, outcome: Outcome, expected: dict[str, str]) -> str:
    """Whether the corpus is that of a run without faults, or the run said why it is not; neither is silence."""
    different = [table for table in expected if outcome.content.get(table) != expected[table]]
    is_said = SENTENCES.get(kind, "!") in outcome.output
    if not different:
        return "equal, and said" if is_said and any(outcome.codes) else "equal"
    return f"{'said' if is_said else 'SILENT'}: differs in {', '.join(different)}"


def main(count: int, kinds: Sequence[str]) -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        clean = run_twice("", count, Path(folder) / "clean")
        say(f"{'fault':22}{'struck':>9}{'requests':>9}{'exit':>7}{'lost s':>8}  corpus")
        say(f"{'none':22}{0:9}{clean.requests:9}{'0 0':>7}{0.0:8.1f}  ({clean.seconds:.1f} s)")
        for kind in kinds or [kind for kind in KINDS if not ONLY_FOR.get(kind, frozenset("*")) <= OF_FILES]:
            outcome = run_twice(kind, count, Path(folder) / kind)
            lost_s, codes = outcome.seconds - clean.seconds, " ".join(map(str, outcome.codes))
            verdict = judge(kind, outcome, clean.content)
            say(f"{kind:22}{outcome.struck:9}{outcome.requests:9}{codes:>7}{lost_s:8.1f}  {verdict}")


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["400"])[0]), sys.argv[2:])

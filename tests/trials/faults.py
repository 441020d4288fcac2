"""Every fault, struck at a fifth of all requests: how often, what the run did, time lost, corpus afterwards.

    python -m tests.trials.faults [PMIDs, 400]

The corpus is compared table by table with that of a run without faults. A second run has revised records to find.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.trials.synthetic import FAULTS, Synthetic, content_of, say, serving, start_refresh, write_seeds

DEFINITION = '[links]\nfetch = ["similar", "cited_by", "reference"]\nlinkout = false\n'
VARIABLES = {"CORPUS_BATCH_SIZE": "5", "CORPUS_ENTREZ_TIMEOUT_S": "1", "NCBI_API_KEY": "a key for a trial"}


def run_twice(fault: str, count: int, root: Path) -> tuple[list[int], float, Synthetic, dict[str, str]]:
    """A first refresh, and one after 1 % was revised; exit codes, seconds, the server, and the content."""
    entrez = Synthetic(count, fault=fault)
    seeds = write_seeds(root / "seeds", range(1, count + 1), DEFINITION)
    codes = []
    start = time.monotonic()
    with serving(entrez) as base_url:
        for revised in (frozenset(), frozenset(range(1, count, 100))):
            entrez.revised = revised
            run = start_refresh(base_url, seeds, root / "data", **VARIABLES)
            output = run.communicate()[0]
            codes.append(run.returncode)
            if run.returncode:
                say(output)
    return codes, time.monotonic() - start, entrez, content_of(root / "data" / "corpus.duckdb")


def main(count: int) -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        _, clean_s, clean, expected = run_twice("", count, Path(folder) / "clean")
        say(f"{'fault':22}{'injected':>9}{'requests':>9}{'exit':>7}{'lost s':>8}  corpus")
        say(f"{'none':22}{0:9}{len(clean.arrivals):9}{'0 0':>7}{0.0:8.1f}  ({clean_s:.1f} s)")
        for fault in FAULTS:
            codes, seconds, entrez, content = run_twice(fault, count, Path(folder) / fault.replace(" ", "-"))
            different = [table for table in expected if content[table] != expected[table]]
            verdict = f"differs in {', '.join(different)}" if different else "equal"
            shown = " ".join(map(str, codes))
            line = f"{fault:22}{entrez.injected:9}{len(entrez.arrivals):9}{shown:>7}{seconds - clean_s:8.1f}  {verdict}"
            say(line)


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["400"])[0]))

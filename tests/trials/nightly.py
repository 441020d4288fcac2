"""The cost of a night with 1 % revised: requests and seconds; and a query that finds more than can be reached.

python -m tests.trials.nightly [PMIDs ...: 1000 10000]
"""

import re
import sys
import tempfile
import time
from pathlib import Path

from tests.trials.synthetic import Synthetic, say, serving, start_refresh, write_seeds

DEFINITION = "[links]\nlinkout = false\n"
VARIABLES = {"NCBI_API_KEY": "a key for a trial", "CORPUS_ENTREZ_RATE": "10"}


def run_once(entrez: Synthetic, base_url: str, seeds: Path, data: Path) -> tuple[int, float, str]:
    """A refresh: its requests, its seconds, and what it printed."""
    before, start = len(entrez.arrivals), time.monotonic()
    run = start_refresh(base_url, seeds, data, **VARIABLES)
    output = run.communicate()[0]
    if run.returncode:
        say(output)
    return len(entrez.arrivals) - before, time.monotonic() - start, output


def main(counts: list[int]) -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        say(f"{'PMIDs':>8}{'first run':>24}{'night, 1 % revised':>24}{'night without news':>24}")
        for count in counts:
            entrez = Synthetic(count)
            seeds = write_seeds(root / f"seeds-{count}", range(1, count + 1), DEFINITION)
            cells = []
            with serving(entrez) as base_url:
                for revised in (frozenset(), frozenset(range(1, count, 100)), frozenset()):
                    entrez.revised = revised
                    requests, seconds, _ = run_once(entrez, base_url, seeds, root / f"data-{count}")
                    cells.append(f"{requests:,} req {seconds:.1f} s")
            say(f"{count:8,}" + "".join(f"{cell:>24}" for cell in cells))
        entrez = Synthetic(25_000)
        seeds = root / "seeds-query"
        seeds.mkdir()
        (seeds / "all.query").write_text("ketamine\n")
        (seeds / "corpus.toml").write_text("[links]\nfetch = []\nlinkout = false\n")
        with serving(entrez) as base_url:
            requests, seconds, output = run_once(entrez, base_url, seeds, root / "data-query")
        lines = re.findall(r".*(?:promised|PMIDs|citations).*", output)
        say("\n".join([f"a query of 25,000: {requests:,} requests, {seconds:.1f} s", *lines]))


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1000, 10_000])

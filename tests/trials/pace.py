"""Two refreshes at once, in two processes on two data directories: the busiest second, the mean rate, the refusals.

    python -m tests.trials.pace [requests in all, 2000] [requests a second, 10]

The server refuses what goes beyond the limit in any window of one second, as NCBI does.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.trials.synthetic import Synthetic, busiest_second, say, serving, start_refresh, write_seeds


def main(total: int, rate: int) -> None:
    """Run it and print the figures."""
    entrez = Synthetic(total, limit=rate, latency_s=0.3)
    half = total // 2
    variables = {"CORPUS_BATCH_SIZE": "1", "CORPUS_ENTREZ_RATE": str(rate), "NCBI_EMAIL": "trial@example.org"}
    if rate > 3:
        variables["NCBI_API_KEY"] = "a key for a trial"
    with tempfile.TemporaryDirectory() as folder, serving(entrez) as base_url:
        root = Path(folder)
        parts = (range(1, half + 1), range(half + 1, total + 1))
        seeds = [
            write_seeds(root / f"seeds-{n}", part, "[links]\nfetch = []\nlinkout = false\n")
            for n, part in enumerate(parts)
        ]
        start = time.monotonic()
        runs = [start_refresh(base_url, s, root / f"data-{n}", **variables) for n, s in enumerate(seeds)]
        outputs = [run.communicate()[0] for run in runs]
        seconds = time.monotonic() - start
    span = entrez.arrivals[-1] - entrez.arrivals[0]
    mean = (len(entrez.arrivals) - 1) / span
    say(f"exit codes      {[run.returncode for run in runs]}")
    say(f"requests        {len(entrez.arrivals):,} in {seconds:.0f} s")
    say(f"busiest second  {busiest_second(entrez.arrivals)} of {rate}")
    say(f"mean rate       {mean:.2f}/s, {100 * mean / rate:.1f} % of the limit")
    say(f"refused (429)   {entrez.refused}")
    if any(run.returncode for run in runs):
        say("\n".join(outputs))


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["2000", "10"][len(sys.argv) - 1 :])))

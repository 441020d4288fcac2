"""`kill -9` at random moments of a refresh: the corpus after the next run, and what was fetched twice.

python -m tests.trials.kill [kills, 50] [PMIDs, 2000]
"""

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.trials.synthetic import Synthetic, content_of, say, serving, start_refresh, write_seeds

DEFINITION = '[links]\nfetch = ["similar"]\nlinkout = false\n'
BATCH_SIZE, IN_FLIGHT, LATENCY_S = 50, 4, 0.4
VARIABLES = {
    "CORPUS_BATCH_SIZE": str(BATCH_SIZE),
    "CORPUS_ENTREZ_IN_FLIGHT": str(IN_FLIGHT),
    "NCBI_API_KEY": "a key for a trial",
}


def fetched_twice(entrez: Synthetic) -> int:
    """Records that EFetch has sent more than once."""
    return sum(entrez.fetched.values()) - len(entrez.fetched)


def main(kills: int, count: int) -> None:
    """Run it and print a line for each kill, and the sums."""
    dice = random.Random(kills)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        seeds = write_seeds(root / "seeds", range(1, count + 1), DEFINITION)
        clean = Synthetic(count, latency_s=LATENCY_S)
        with serving(clean) as base_url:
            start_refresh(base_url, seeds, root / "clean", **VARIABLES).communicate()
            after_last_s = time.monotonic() - clean.arrivals[-1]
        expected = content_of(root / "clean" / "corpus.duckdb")
        unequal, twice, in_time = [], [], 0
        for number in range(kills):
            entrez = Synthetic(count, latency_s=LATENCY_S)
            data = root / f"data-{number}"
            with serving(entrez) as base_url:
                run = start_refresh(base_url, seeds, data, **VARIABLES)
                # Two of three while requests are under way, the others in what follows the last one.
                requests = dice.randint(1, len(clean.arrivals)) if number % 3 else len(clean.arrivals)
                while run.poll() is None and len(entrez.arrivals) < requests:
                    time.sleep(0.01)
                time.sleep(dice.uniform(0, LATENCY_S if number % 3 else after_last_s))
                in_time += run.poll() is None
                run.send_signal(signal.SIGKILL)
                run.communicate()
                again = start_refresh(base_url, seeds, data, **VARIABLES)
                again.communicate()
            is_equal = again.returncode == 0 and content_of(data / "corpus.duckdb") == expected
            unequal += [] if is_equal else [number]
            twice.append(fetched_twice(entrez))
            say(f"{number:3} after {requests:3} requests: equal {is_equal}, fetched twice {twice[-1]}")
    say(f"kills {kills} ({in_time} before the end), not equal: {unequal or 'none'}")
    mean = sum(twice) / kills
    say(f"fetched twice: {max(twice)} at most, {mean:.1f} on average; in flight {BATCH_SIZE * IN_FLIGHT}")


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["50", "2000"][len(sys.argv) - 1 :])))

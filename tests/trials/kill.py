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
        with serving(Synthetic(count, latency_s=LATENCY_S)) as base_url:
            start = time.monotonic()
            start_refresh(base_url, seeds, root / "clean", **VARIABLES).communicate()
            clean_s = time.monotonic() - start
        expected = content_of(root / "clean" / "corpus.duckdb")
        unequal, twice, in_time = [], [], 0
        for number in range(kills):
            entrez = Synthetic(count, latency_s=LATENCY_S)
            data = root / f"data-{number}"
            with serving(entrez) as base_url:
                run = start_refresh(base_url, seeds, data, **VARIABLES)
                moment = dice.uniform(0, clean_s)
                time.sleep(moment)
                in_time += run.poll() is None
                run.send_signal(signal.SIGKILL)
                run.communicate()
                again = start_refresh(base_url, seeds, data, **VARIABLES)
                again.communicate()
            is_equal = again.returncode == 0 and content_of(data / "corpus.duckdb") == expected
            unequal += [] if is_equal else [number]
            twice.append(fetched_twice(entrez))
            say(f"{number:3} at {moment:5.2f} s: equal {is_equal}, fetched twice {twice[-1]}")
    say(f"kills {kills} ({in_time} before the end), clean run {clean_s:.1f} s, not equal: {unequal or 'none'}")
    mean = sum(twice) / kills
    say(f"fetched twice: {max(twice)} at most, {mean:.1f} on average; in flight {BATCH_SIZE * IN_FLIGHT}")


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["50", "2000"][len(sys.argv) - 1 :])))

"""Single bits changed over a data directory: `python -m tests.trials.bit_flips DATA_DIR [flips, 200]`.

Works on a copy. Of each flip it says whether `corpus check` found it, and whether `corpus rebuild` mended it.
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path

from flows.maintenance import rebuild, run_check
from flows.settings import Settings
from tests.trials.synthetic import say
from warehouse.errors import CorpusError


def trial(whole: Path, root: Path, dice: random.Random) -> tuple[str, bool, bool]:
    """Change one bit of a copy: where, whether it was found, whether a rebuild mended it."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole, root)
    files = [file for file in sorted(root.rglob("*")) if file.is_file() and file.stat().st_size]
    file = dice.choices(files, [f.stat().st_size if f.suffix != ".duckdb" else 50_000 for f in files])[0]
    data = bytearray(file.read_bytes())
    position = dice.randrange(len(data))
    data[position] ^= 1 << dice.randrange(8)
    file.write_bytes(data)
    settings = Settings(data_dir=root)
    found = is_found(settings)
    try:
        list(rebuild(settings))
    except CorpusError:
        return f"{file.name} at {position}", found, False
    return f"{file.name} at {position}", found, not is_found(settings)


def is_found(settings: Settings) -> bool:
    """Whether a check finds anything."""
    try:
        return bool(list(run_check(settings)))
    except CorpusError:
        return True


def main(whole: Path, flips: int) -> None:
    """Run it."""
    dice = random.Random(flips)
    unfound, unmended = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(flips):
            where, found, mended = trial(whole, Path(folder) / "data", dice)
            unfound += [] if found else [where]
            unmended += [] if mended else [where]
    say(f"flips {flips}, not found {len(unfound)}: {unfound}")
    say(f"not mended by rebuild {len(unmended)}: {unmended}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)

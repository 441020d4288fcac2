"""Single bits changed over a data directory: `python -m tests.trials.bit_flips DATA_DIR [flips, 200]`.

Works on a copy. Half of the bits are anywhere, by size; of the others each file has as many. For each it says whether
`corpus check` finds it and `corpus rebuild` repairs it: all files whole again, and the tables as they were. A bit
that is not found must be one that changes no answer.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

from flows.definition.settings import Settings
from flows.runs.maintenance import rebuild, run_check
from tests.trials.synthetic import say
from warehouse.check import compare
from warehouse.errors import CorpusError
from warehouse.store import DataDirectory, changed_files, run_folders


def files_of(root: Path) -> list[Path]:
    """The files that hold something."""
    return [file for file in sorted(root.rglob("*")) if file.is_file() and file.stat().st_size]


def flip(root: Path, dice: random.Random, *, by_size: bool) -> tuple[str, str]:
    """Change one bit: the kind of file, and where."""
    files = files_of(root)
    file = dice.choices(files, [f.stat().st_size if by_size else 1 for f in files])[0]
    data = bytearray(file.read_bytes())
    position = dice.randrange(len(data))
    data[position] ^= 1 << dice.randrange(8)
    file.write_bytes(data)
    return file.name, f"{file.relative_to(root)} at {position:,} of {len(data):,}"


def sentences(work: Iterator[str]) -> tuple[list[str], str]:
    """What a command says, and the error it ends with, if any."""
    said: list[str] = []
    try:
        said.extend(work)
    except CorpusError as exc:
        return said, str(exc)
    return said, ""


def is_as_before(whole: Path, root: Path) -> bool:
    """Whether every table of the published file is what it was."""
    return not list(compare(DataDirectory(root).database, DataDirectory(whole).database))


def is_whole(whole: Path, root: Path) -> bool:
    """Whether all files of committed runs are what was committed, and the tables what they were."""
    try:
        folders = run_folders(DataDirectory(root))
        return not any(map(changed_files, folders)) and is_as_before(whole, root)
    except (CorpusError, duckdb.Error):
        return False


def main(whole: Path, flips: int) -> None:
    """Run it."""
    dice = random.Random(flips)
    counts: Counter[str] = Counter()
    unmended: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        for number in range(flips):
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(whole, root)
            name, where = flip(root, dice, by_size=number % 2 == 0)
            found, error = sentences(run_check(Settings(data_dir=root)))
            if not found and not error:
                kind = "changes nothing" if is_as_before(whole, root) else "NOT FOUND"
                counts[kind] += 1
                say(f"{number:3} {where}: {kind}")
                continue
            counts["found"] += 1
            _, refused = sentences(rebuild(Settings(data_dir=root)))
            if is_whole(whole, root):
                counts["mended"] += 1
                continue
            kind = "refused" if refused else "NOT MENDED IN SILENCE"
            unmended[name, kind] += 1
            counts[kind] += 1
            say(f"{number:3} {where}: {kind}; {refused or found[0]}")
    say(f"flips {flips}: {dict(counts)}")
    say(f"not mended, by file: {dict(unmended.most_common())}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)

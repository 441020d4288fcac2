"""`corpus sync` killed at random: `python -m tests.trials.follow FILE.xml.gz [kills, 50] [files, 300] [records, 50]`.

Real records under other PMIDs become NLM's baseline and update files; update files revise or withdraw 20 % of them, two
numbers come late, and at the end there is a new baseline year. A sync follows them over a server with faults, and is
killed again and again. What it holds must then be what a clean ingest of the same files holds, and no file that was
whole on disk may be asked for again. Most of the time is the start of commands, and fsync: keep TMPDIR in memory.
"""

import gzip
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.nlm_tree import asked_of, name_of, put, serving_tree
from tests.trials.synthetic import CORPUS, say

FAULTS = (
    "break=0.4@file:6%; cut@file:2%; replaced@file:2%; reset@file:2%; 503@file:3%; "
    "wrong-md5@md5:2%; 503@md5:2%; 503@listing:5%; half@listing:5%; cut@listing:5%; seed=5"
)
FIRST_PMID = 50_000_000
REVISED_SHARE, GONE_SHARE = 0.18, 0.02


def read_records(path: Path, count: int) -> list[str]:
    """The first real records of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        text = stream.read(count * 20_000)
    return re.findall(r"<PubmedArticle>.*?</PubmedArticle>", text, re.DOTALL)[:count]


def renumber(record: str, pmid: int, revision: int = 0) -> str:
    """A record under another PMID; each revision has a title and a date of its own."""
    record = re.sub(r'<PMID Version="1">\d+</PMID>', f'<PMID Version="1">{pmid}</PMID>', record, count=1)
    record = re.sub(r'<ArticleId IdType="pubmed">\d+</', f'<ArticleId IdType="pubmed">{pmid}</', record)
    if revision:
        record = record.replace("<ArticleTitle>", f"<ArticleTitle>Revision {revision}. ", 1)
        day = f"<Year>2026</Year><Month>{1 + revision % 12:02}</Month><Day>{1 + revision % 28:02}</Day>"
        record = re.sub(r"<DateRevised>.*?</DateRevised>", f"<DateRevised>{day}</DateRevised>", record, flags=re.DOTALL)
    return record


def make_tree(root: Path, records: Sequence[str], files: int, each: int) -> tuple[int, list[int]]:
    """Baseline and update files of a year, and the number of baseline files; the PMIDs that are left."""
    dice, baseline = random.Random(1), files * 2 // 3
    pmids = [FIRST_PMID + number for number in range(baseline * each)]
    held = {pmid: records[position % len(records)] for position, pmid in enumerate(pmids)}
    for number in range(1, baseline + 1):
        part = pmids[(number - 1) * each : number * each]
        put(root, "baseline", number, [renumber(held[pmid], pmid) for pmid in part])
    changed = dice.sample(pmids, round(len(pmids) * (REVISED_SHARE + GONE_SHARE)))
    updates = files - baseline
    gone = set(changed[: round(len(pmids) * GONE_SHARE)])
    for number in range(1, updates + 1):
        part = changed[(number - 1) * len(changed) // updates : number * len(changed) // updates]
        new = FIRST_PMID + len(pmids) + number
        revised = [renumber(held[pmid], pmid, number) for pmid in part if pmid not in gone]
        put(root, "updatefiles", baseline + number, [*revised, renumber(records[0], new)], gone=gone & set(part))
        held[new] = records[0]
    return baseline, sorted(held.keys() - gone)


def start(data: Path, url: str, workers: int, *options: str) -> "subprocess.Popen[bytes]":
    """A sync."""
    command = [*CORPUS, "sync", "--from", url, "--data-dir", str(data), "--workers", str(workers), "--accept-drift"]
    command += options
    with (data.parent / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=data.parent)


def whole_files(data: Path) -> set[str]:
    """Names of the files that are whole on disk."""
    return {path.name for path in (data / "nlm-files").rglob("*.xml.gz")}


def wait_for_changes(run: "subprocess.Popen[bytes]", data: Path, count: int) -> None:
    """Wait until so many changes were seen among the files, the runs and what is staged, or the sync ended."""
    before: set[Path] = set()
    while count > 0 and run.poll() is None:
        now = {path for pattern in ("nlm-files/*/*", "parquet/*", "staging/*") for path in data.glob(pattern)}
        count -= now != before
        before = now
        time.sleep(0.1)


def follow(
    root: Path, data: Path, url: str, kills: int, dice: random.Random, counts: dict[str, int], *options: str
) -> None:
    """Sync until there is nothing left, killed so often before."""
    while True:
        whole, asked = whole_files(data), asked_of(url)
        # Processes of its own take a second each to start; one call in four has some.
        run, began = start(data, url, dice.choice((1, 1, 1, 2)), *options), time.monotonic()
        if kills > 0:
            wait_for_changes(run, data, dice.randint(1, 25))
            time.sleep(dice.uniform(0, 0.5))
            counts["kills in time"] += run.poll() is None
            run.send_signal(signal.SIGKILL)
            kills -= 1
        code = run.wait()
        again = [name for name in whole if asked_of(url).get(name, 0) > asked.get(name, 0)]
        counts["asked for again"] += len(again)
        counts["calls"] += 1
        whole = whole_files(data)
        say(f"{counts['calls']:3} {code:4} after {time.monotonic() - began:5.1f} s, {len(whole)} files {again or ''}")
        # Half a listing looks like a whole one.
        if code == 0 and whole >= {path.name for path in root.rglob("*.xml.gz")}:
            return


def content_of(data: Path) -> tuple[str, int]:
    """The content hash of a corpus, and its citations."""
    with duckdb.connect(data / "corpus.duckdb", read_only=True) as con:
        rows = con.execute("SELECT content_sha256, row_counts['citation'] FROM manifest").fetchall()
    return str(rows[0][0]), int(rows[0][1])


def main(source: Path, kills: int = 50, files: int = 300, each: int = 50) -> None:
    """Run it."""
    dice, counts = random.Random(kills), dict.fromkeys(("calls", "kills in time", "asked for again"), 0)
    records = read_records(source, 1_500)
    with tempfile.TemporaryDirectory() as folder:
        root, data, hidden = Path(folder, "nlm"), Path(folder, "followed"), Path(folder, "hidden")
        baseline, left = make_tree(root, records, files, each)
        hidden.mkdir()
        late = [root / "updatefiles" / f"{name_of(baseline + n)}{end}" for n in (3, 7) for end in ("", ".md5")]
        for path in late:
            path.rename(hidden / path.name)
        archive = Path(folder, "archive")
        with serving_tree(root, FAULTS) as url:
            follow(root, data, url, kills * 2 // 3, dice, counts)
            for path in late:
                (hidden / path.name).rename(path)
            follow(root, data, url, kills // 6, dice, counts)
            shutil.copytree(root, archive)
            shutil.rmtree(root)
            (root / "updatefiles").mkdir(parents=True)
            kept = left[len(left) // 50 :]
            numbers = range(0, len(kept), 4 * each)
            for number, first in enumerate(numbers, 1):
                part = kept[first : first + 4 * each]
                texts = [renumber(records[pmid % len(records)], pmid, 30) for pmid in part]
                put(root, "baseline", number, texts, year=27)
            follow(root, data, url, kills - kills * 2 // 3 - kills // 6, dice, counts, "--rollover")
        clean = Path(folder, "clean")
        for paths, options in (([archive], []), ([root / "baseline"], ["--baseline"])):
            command = [*CORPUS, "ingest", *map(str, paths), *options, "--data-dir", str(clean), "--accept-drift"]
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
        followed, expected = content_of(data), content_of(clean)
        say(f"{files} files and {len(numbers)} of a new year; {counts}; {expected[1]:,} citations")
        say(f"content {'equal' if followed == expected else 'NOT equal'}: {followed[0][:16]} and {expected[0][:16]}")
        if followed != expected or counts["asked for again"]:
            sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))

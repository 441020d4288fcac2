"""Seconds and peak memory of hostile input at three sizes each: `python -m tests.benchmarks.hostile [kind ...]`.

Each must grow in step with its size, or be refused in a sentence. Files go through `corpus ingest`, terms to a server
of one record as ESearch has them. The memory of a file is that of its process; of a term, the peak of the server's
process. The first line of each shows what a process uses before the input comes.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError

from tests.records import article, article_set

CORPUS = Path(sys.executable).with_name("corpus")
TITLE = "T."


def in_record(inner: str) -> bytes:
    """A document of one record with this as its title."""
    return article_set(article(1, title=TITLE)).replace(
        b"<ArticleTitle>T.</ArticleTitle>", b"<ArticleTitle>T.</ArticleTitle>" + inner.encode(), 1
    )


FILES: dict[str, tuple[Callable[[int], bytes], tuple[int, int, int]]] = {
    "attributes of an element": (
        lambda n: in_record("<x " + " ".join(f'a{i}="1"' for i in range(n)) + "/>"),
        (12_500, 25_000, 50_000),
    ),
    "distinct tags": (lambda n: in_record("".join(f"<a{i}>x</a{i}>" for i in range(n))), (250_000, 500_000, 1_000_000)),
    "distinct tags over records": (
        lambda n: b"".join(
            (
                b"<PubmedArticleSet>",
                *(article(i + 1, parts=("", f"<a{i}>x</a{i}>", "")).encode() for i in range(n)),
                b"</PubmedArticleSet>",
            )
        ),
        (10_000, 20_000, 40_000),
    ),
    "times one PMID": (
        lambda n: b"".join((b"<PubmedArticleSet>", article(1).encode() * n, b"</PubmedArticleSet>")),
        (5_000, 10_000, 20_000),
    ),
    "end tags in a comment": (
        lambda n: in_record("<!-- " + "</PubmedArticle>" * n + " -->"),
        (125_000, 250_000, 500_000),
    ),
    "bytes of title": (
        lambda n: article_set(article(1, title="word " * (n // 5))),
        (15_000_000, 30_000_000, 60_000_000),
    ),
    "elements within each other": (lambda n: in_record("<b>" * n + "x" + "</b>" * n), (10_000, 20_000, 40_000)),
}

TERMS: dict[str, tuple[Callable[[int], str], tuple[int, int, int]]] = {
    "parentheses in a term": (lambda n: "(" * n + "a" + ")" * n, (250_000, 500_000, 1_000_000)),
    "slashes in a term": (lambda n: "a/" * n + "b[mh]", (15_000, 30_000, 60_000)),
    "words of a term": (lambda n: " OR ".join(f"w{i}" for i in range(n)), (2_500, 5_000, 10_000)),
}


def main(kinds: list[str]) -> None:
    """Print a line for each kind and size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "none.xml", article_set(article(1)))
        say("one small record", 1, *ingest(folder / "none.xml"))
        for kind, (content, sizes) in FILES.items():
            for size in sizes if not kinds or kind in kinds else ():
                write(folder / "hostile.xml", content(size))
                say(kind, size, *ingest(folder / "hostile.xml"))
        for kind, (term, sizes) in TERMS.items():
            for size in sizes if not kinds or kind in kinds else ():
                say(kind, size, *search(folder / "none.xml", term(size)))


def write(path: Path, content: bytes) -> None:
    """Write it without holding it in memory."""
    path.write_bytes(content)


def ingest(path: Path) -> tuple[float, float, str]:
    """Seconds, MB at most, and the last line of what the command said."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PROGRAM, str(CORPUS), "ingest", str(path), "--workers", "1"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ingest", "!", "corpus:"))]
    *_, peak = done.stdout.split()
    return seconds, int(peak) / 1024, f"ended with {done.returncode}; {(lines or [''])[-1][:150]}"


# Starts the command from a small process, whose memory does not count.
PROGRAM = """
import os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def search(records: Path, term: str) -> tuple[float, float, str]:
    """Seconds, MB of the server at most, and what it answered."""
    command = [str(CORPUS), "entrez-server", "--records", str(records), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "http://" in line)
        url = next(word for word in line.split() if word.startswith("http://")).rstrip(";.")
        data = urllib.parse.urlencode({"db": "pubmed", "term": term}).encode()
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(url + "esearch.fcgi", data) as reply:  # noqa: S310
                said = f"HTTP {reply.status}: {reply.read()[:400]!r}"
        except HTTPError as exc:
            said = f"HTTP {exc.code}: {exc.read()[:400]!r}"
        seconds = time.perf_counter() - start
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        peak = int(status.split("VmHWM:")[1].split()[0])
        os.kill(server.pid, 15)
    return seconds, peak / 1024, said[-150:]


def say(kind: str, size: int, seconds: float, peak: float, told: str) -> None:
    """Print a line."""
    print(f"{size:>12,} {kind:28} {seconds:7.1f} s {peak:6.0f} MB  {told}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])

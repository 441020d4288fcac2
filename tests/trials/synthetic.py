"""An Entrez of made-up records, as large as a trial wants it, with a limit; and refreshes that ask it."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import duckdb

from tests.records import article, article_set
from tests.scripted import Answer, Asked, scripted_server

REPOSITORY = Path(__file__).parents[2]
AS_USUAL = "import os; os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))"
CORPUS = (sys.executable, "-c", f"{AS_USUAL}; from flows.command.cli import main; main()")
TITLE = "Trial {} of ketamine."
REACHABLE = 9_999

# What no two runs have in common.
OF_A_RUN = {"run_id", "fetched_at", "since_run_id", "until_run_id", "reply_sha256", "started_at", "finished_at"}
COMPARED = ("citation", "author", "language", "link", "link_list", "member", "article_id", "seed_citation", "linkout")


@dataclass
class Synthetic:
    """Records of the PMIDs 1 to `count`; each refers to the next ones, and has its entrez date in a year of its own.

    Attributes:
        count: Records.
        revised: PMIDs that a search by mdat finds, and whose records differ from before.
        limit: Requests in any window of one second; those beyond are refused with 429. None refuses none.
        latency_s: Before each answer.
        refused: How many requests were refused for the limit.
        arrivals: Times of all requests.
        fetched: How often each record was sent.
    """

    count: int
    revised: frozenset[int] = frozenset()
    limit: int | None = None
    latency_s: float = 0.0
    refused: int = 0
    arrivals: list[float] = field(default_factory=list)
    fetched: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked, _number: int) -> Answer:
        """Answer a request: refuse it, or serve it."""
        with self.lock:
            recent = sum(at > asked.at - 1 for at in self.arrivals[-50:])
            self.arrivals.append(asked.at)
            if self.limit is not None and recent >= self.limit:
                self.refused += 1
                body = f'{{"error":"API rate limit exceeded","api-key":"192.0.2.1","count":"{recent + 1}"}}'
                return Answer(body.encode(), 429, content_type="application/json")
        if self.latency_s:
            time.sleep(self.latency_s)
        return self.serve(asked)

    def serve(self, asked: Asked) -> Answer:
        """The answer without fault."""
        parameters = asked.parameters
        if asked.utility == "efetch":
            pmids = [int(p) for p in parameters["id"].split(",") if self.has(int(p))]
            with self.lock:
                self.fetched.update(pmids)
            return Answer(article_set(*map(self.record, pmids)))
        if asked.utility == "epost":
            return Answer(b"<ePostResult><QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv></ePostResult>")
        if asked.utility == "elink":
            sets = "".join(self.link_set(int(p), parameters["linkname"]) for p in asked.ids)
            return Answer(f"<eLinkResult>{sets}</eLinkResult>".encode())
        found = sorted(self.search(parameters))
        page = "".join(f"<Id>{pmid}</Id>" for pmid in found[: min(int(parameters["retmax"]), REACHABLE)])
        return Answer(f"<eSearchResult><Count>{len(found)}</Count><IdList>{page}</IdList></eSearchResult>".encode())

    def has(self, pmid: int) -> bool:
        """Whether there is such a record."""
        return 1 <= pmid <= self.count

    def record(self, pmid: int) -> str:
        """A record that cites the two that follow it."""
        refers = "".join(
            f'<Reference><ArticleIdList><ArticleId IdType="pubmed">{p}</ArticleId></ArticleIdList></Reference>'
            for p in (pmid + 1, pmid + 2)
        )
        title = TITLE.format(f"{pmid}, revised" if pmid in self.revised else pmid)
        return article(pmid, title=title, parts=("", "", f"<ReferenceList>{refers}</ReferenceList>"))

    def link_set(self, pmid: int, name: str) -> str:
        """The LinkSet of a PMID."""
        near = [p for p in (pmid + 1, pmid + 2) if self.has(p)]
        links = "".join(f"<Link><Id>{p}</Id><Score>{1000 - p % 1000}</Score></Link>" for p in near)
        found = f"<LinkSetDb><DbTo>pubmed</DbTo><LinkName>{name}</LinkName>{links}</LinkSetDb>" if near else ""
        return f"<LinkSet><DbFrom>pubmed</DbFrom><IdList><Id>{pmid}</Id></IdList>{found}</LinkSet>"

    def search(self, parameters: dict[str, str]) -> Sequence[int]:
        """What is revised, or what has its date between two: PMID 1 is of 2000, the last one of 2024."""
        if "[mdat]" in parameters["term"]:
            return sorted(self.revised)
        if "mindate" not in parameters:
            return range(1, self.count + 1)
        first, last = (float_year(parameters[name]) for name in ("mindate", "maxdate"))
        return [p for p in range(1, self.count + 1) if first <= 2000 + 25 * (p - 1) / self.count < last + 1 / 365]


@dataclass
class Revising(Synthetic):
    """Records whose titles say how often they were revised; some are before each refresh."""

    revisions: Counter[int] = field(default_factory=Counter)

    def revise(self, dice: Random, most: int) -> None:
        """Revise so many."""
        self.revised = frozenset(dice.sample(range(1, self.count + 1), most))
        self.revisions.update(self.revised)

    def record(self, pmid: int) -> str:
        """A record."""
        text = "<Abstract><AbstractText>Ketamine was given.</AbstractText></Abstract>"
        return article(pmid, title=f"Trial {pmid}, revision {self.revisions[pmid]}.", parts=(text, "", ""))


def float_year(day: str) -> float:
    """A day as YYYY/MM/DD as a year with a fraction, in 365ths."""
    year, month, date = map(int, day.split("/"))
    return year + min(364, (month - 1) * 31 + date - 1) / 365


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201


@contextmanager
def serving(entrez: Synthetic) -> Iterator[str]:
    """Serve it; gives the base URL."""
    # NCBI's machines are not the ones that the refreshes keep busy, and know at once what arrives. Where only root can
    # have it so, a busy machine lets arrivals look closer than they were.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    with scripted_server(entrez.answer) as (base_url, _):
        yield base_url


def start_refresh(base_url: str, seeds: Path, data_dir: Path, **variables: str) -> subprocess.Popen[str]:
    """Start `corpus refresh` in a process of its own; `variables` are of its environment."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    command = [*CORPUS, "refresh", "--entrez", base_url, "--seeds", str(seeds), "--data-dir", str(data_dir)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def write_seeds(folder: Path, pmids: Sequence[int], definition: str) -> Path:
    """A seeds folder with PMIDs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.pmids").write_text("\n".join(map(str, pmids)) + "\n")
    (folder / "corpus.toml").write_text(definition)
    return folder


def busiest_second(arrivals: Sequence[float]) -> int:
    """The most arrivals in any window of one second."""
    times = sorted(arrivals)
    most = last = 0
    for first, start in enumerate(times):
        while last < len(times) and times[last] < start + 1:
            last += 1
        most = max(most, last - first)
    return most


def content_of(database: Path) -> dict[str, str]:
    """A hash of the content of each table, without what belongs to a run."""
    hashes = {}
    with duckdb.connect(database, read_only=True) as con:
        for table in COMPARED:
            described = con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()
            columns = ", ".join(f'"{name}"' for (name,) in described if name not in OF_A_RUN)
            rows = con.execute(
                f"SELECT md5(string_agg(md5(CAST(t AS VARCHAR)), '' ORDER BY md5(CAST(t AS VARCHAR))))"
                f" FROM (SELECT {columns} FROM {table}) t"
            ).fetchall()
            hashes[table] = str(rows[0][0])
    return hashes

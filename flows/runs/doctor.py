"""What can go wrong before a nightly run: this machine, the settings, Prefect and Entrez, one line per check."""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Literal

import httpx

from flows.definition.seeds import DEFINITION_FILE, read_definition, read_seeds
from flows.definition.settings import NCBI_BASE_URL, Settings
from flows.definition.version import CODE_VERSION
from flows.entrez.client import EntrezClient, connect
from flows.entrez.probe import PROBES, Answer, ask_all, compare, describe_case
from flows.eutils_server.records import RecordStore
from flows.eutils_server.serve import running_server
from flows.runs.engine import entrez_at
from warehouse.errors import CorpusError
from warehouse.store import DataDirectory

Outcome = Literal["ok", "note", "trouble"]

LIBRARIES = ("prefect", "biopython", "duckdb", "pyarrow", "lxml")

# A publish builds the next file beside the old one, and a run has its folder in staging.
LEAST_FREE_BYTES = 1 << 30

# Search windows and ages are in days, so minutes do not matter; hours would.
MOST_CLOCK_S = 300.0
PREFECT_S = 10.0

# The record that the local server answers with for comparison: only what every record has.
REFERENCE = b"""<PubmedArticleSet><PubmedArticle>
<MedlineCitation Status="MEDLINE"><PMID Version="1">1</PMID>
<Article><Journal><JournalIssue><PubDate><Year>2020</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>A title.</ArticleTitle><Language>eng</Language></Article></MedlineCitation>
<PubmedData><PublicationStatus>ppublish</PublicationStatus>
<ArticleIdList><ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle></PubmedArticleSet>"""


@dataclass(frozen=True)
class Check:
    """A check and what it found.

    Attributes:
        name: What was looked at.
        outcome: ok; note (unexpected, but nothing fails for it); trouble.
        said: What was found.
        next_step: What to do; '' for nothing.
        case: A difference that can be sent in, as `describe_case` gives it.
    """

    name: str
    outcome: Outcome
    said: str
    next_step: str = ""
    case: Mapping[str, Any] | None = None


def diagnose(settings: Settings) -> Iterator[Check]:
    """Run all checks, local ones first; at most ten requests go to Entrez."""
    yield check_versions()
    yield from check_data_directory(settings.directory)
    yield check_seeds(settings)
    yield check_identity(settings)
    yield check_prefect(os.environ.get("PREFECT_API_URL"))
    yield from check_entrez_server(settings)


def check_versions() -> Check:
    """Python, this project and its dependencies."""
    found, missing = [f"corpus {CODE_VERSION}", f"Python {python_version()}"], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "versions", "trouble", f"{', '.join(missing)} not installed", "install again with `uv sync --locked`"
        )
    return Check("versions", "ok", ", ".join(found))


def check_data_directory(directory: DataDirectory) -> Iterator[Check]:
    """Whether it is writable, whether file locks work, and how much disk is free."""
    root = directory.root.absolute()
    try:
        at = next(folder for folder in (root, *root.parents) if folder.exists())
    except OSError as exc:
        yield Check("data directory", "trouble", f"the path cannot be looked at: {exc.strerror}", "give --data-dir")
        return
    try:
        with tempfile.TemporaryFile(dir=at) as file, os.fdopen(os.dup(file.fileno())):
            file.write(b"x")
            file.flush()
        yield Check("data directory", "ok", f"{root} can be written" if at == root else f"{root} can be made")
        yield check_locks(at)
    except OSError as exc:
        yield Check(
            "data directory",
            "trouble",
            f"{at} cannot be written: {exc.strerror}",
            "change its owner, or give --data-dir",
        )
    free, size = shutil.disk_usage(at).free, directory.database.stat().st_size if directory.database.exists() else 0
    said = f"{free / 1e9:,.1f} GB free; the published file has {size / 1e9:,.1f} GB"
    if free < LEAST_FREE_BYTES + 2 * size:
        yield Check("disk", "trouble", said, "make room: the next file is built beside it; see `corpus compact --help`")
    else:
        yield Check("disk", "ok", said)


def check_locks(folder: Path) -> Check:
    """Whether a file that is locked is locked for others: on some network disks it is not."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file, Path(file.name).open("rb") as other:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Check("locks", "ok", "one process at a time can write")
    return Check("locks", "trouble", f"{folder} does not lock files", "take a local disk: two runs would write at once")


def check_seeds(settings: Settings) -> Check:
    """Whether the definition of the corpus can be read."""
    try:
        seeds = read_seeds(settings.seeds)
        read_definition(settings.seeds / DEFINITION_FILE)
    except CorpusError as exc:
        return Check("seeds", "trouble", str(exc).rstrip("."), "correct the file, or give --seeds")
    if seeds.problems:
        return Check("seeds", "trouble", seeds.problems[0].rstrip("."), "correct the file; the others are used")
    count = len(seeds.pages) + len(seeds.pmids) + len(seeds.queries)
    return Check("seeds", "ok", f"{count:,} {'file' if count == 1 else 'files'} in {settings.seeds}")


def check_identity(settings: Settings) -> Check:
    """The email address and key that NCBI is given."""
    key = "with an API key" if settings.ncbi_api_key else "without an API key"
    if settings.ncbi_email is None:
        if settings.entrez == "ncbi":
            return Check("email and key", "trouble", f"no email address, {key}", "set NCBI_EMAIL, here or in .env")
        return Check("email and key", "ok", f"no email address, which only NCBI asks for; {key}")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", settings.ncbi_email):
        return Check("email and key", "trouble", "NCBI_EMAIL is not an email address", "correct NCBI_EMAIL")
    return Check("email and key", "ok", f"{settings.ncbi_email}, {key}")


def check_prefect(api_url: str | None) -> Check:
    """Whether Prefect's server answers, if one is configured."""
    if not api_url:
        return Check("Prefect", "ok", "none is configured; `corpus serve` starts its own")
    try:
        # Read only its beginning: bytes can trickle.
        with httpx.stream("GET", f"{api_url.rstrip('/')}/health", timeout=PREFECT_S) as reply:
            reply.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
        said = f"{api_url} does not answer ({exc or type(exc).__name__})"
        return Check("Prefect", "trouble", said, "start the server, or unset PREFECT_API_URL")
    return Check("Prefect", "ok", f"{api_url} answers")


def check_entrez_server(settings: Settings) -> Iterator[Check]:
    """Each utility's reply, compared with the local server's; then the clock and the limits that the replies show."""
    try:
        with entrez_at(settings) as base_url:
            expected = reference_answers()
            client = connect(settings, base_url)
            answers = []
            for number, (probe, answer) in enumerate(ask_all(client)):
                answers.append(answer)
                lacking, besides = compare(answer, expected[number])
                case = None
                if lacking or besides:
                    case = describe_case(probe, answer, lacking, besides, hide_from(settings))
                yield describe_probe(probe.name, answer, lacking, besides, case)
    except CorpusError as exc:
        yield Check("Entrez", "trouble", str(exc).rstrip("."), "see above")
        return
    if len(answers) < len(PROBES):
        yield Check("Entrez", "trouble", f"{len(PROBES) - len(answers)} requests were not sent", "see the line above")
    yield check_clock(answers[0])
    yield check_limits(client, answers, is_ncbi=base_url == NCBI_BASE_URL)


def reference_answers() -> list[Answer]:
    """What the local server answers to each probe."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reference.xml"
        path.write_bytes(REFERENCE)
        with running_server(RecordStore.from_paths([path])) as base_url:
            client = connect(Settings(entrez="sample", entrez_rate=None), base_url)
            return [answer for _, answer in ask_all(client)]


def describe_probe(
    name: str, answer: Answer, lacking: list[str], besides: list[str], case: Mapping[str, Any] | None
) -> Check:
    """The line of a utility."""
    if answer.failure:
        return Check(name, "trouble", answer.failure, "see whether Entrez can be reached from here", case)
    if lacking:
        return Check(name, "trouble", f"expected {', '.join(lacking)}", "send in the case below", case)
    if besides:
        return Check(name, "note", f"has more than expected: {', '.join(besides)}", "send in the case below", case)
    return Check(name, "ok", f"HTTP {answer.status}, {len(answer.body):,} bytes")


def check_clock(answer: Answer) -> Check:
    """This machine's clock against the Date of a reply."""
    try:
        date = parsedate_to_datetime(answer.headers.get("Date", ""))
        seconds = (answer.received_at - (date if date.tzinfo else date.replace(tzinfo=UTC))).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return Check("clock", "note", "no reply says what time it is")
    # A Date has no fractions.
    said = f"{abs(seconds):.0f} s {'ahead of' if seconds >= 0 else 'behind'} Entrez"
    if abs(seconds) > MOST_CLOCK_S:
        return Check("clock", "trouble", said, "set the clock: windows of dates and ages are counted from it")
    return Check("clock", "ok", said)


def check_limits(client: EntrezClient, answers: list[Answer], *, is_ncbi: bool) -> Check:
    """The limit that the replies name, and the rate that is kept."""
    limits = [limit for answer in answers if (limit := answer.headers.get("X-RateLimit-Limit"))]
    refused = sum(answer.status == 429 for answer in answers)
    rate = "no limit of ours" if client.rate is None else f"{client.rate:g} requests/s are kept"
    if refused:
        return Check(
            "limits", "trouble", f"{refused} requests were refused as too fast; {rate}", "see who else uses it"
        )
    if not limits:
        return Check("limits", "note" if is_ncbi else "ok", f"no reply names a limit (X-RateLimit-Limit); {rate}")
    named = min(int(limit[:9]) for limit in limits) if all(map(str.isdecimal, limits)) else 0
    wanted = 10 if client.api_key else 3
    if is_ncbi and named != wanted:
        return Check("limits", "trouble", f"NCBI allows {named} requests/s, not {wanted}; {rate}", "see NCBI_API_KEY")
    return Check("limits", "ok", f"{named} requests/s are allowed; {rate}")


def hide_from(settings: Settings) -> Callable[[str], str]:
    """A function that takes the API key and the email address out of a text."""
    key = settings.ncbi_api_key.get_secret_value() if settings.ncbi_api_key else ""
    secrets = [secret for secret in (key, settings.ncbi_email or "") if secret]

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return hide

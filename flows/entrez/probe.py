"""A small request to each utility, and how its reply differs from what the local server gives to the same one.

The project is tested with the local server; if NCBI differs from it, a case says so and can be sent in.
"""

import http.client
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.error import HTTPError

import Bio.Entrez
from lxml import etree

from flows.entrez.bodies import read_body
from flows.entrez.client import SLOWEST_REPLY, EntrezClient, describe
from flows.entrez.opener import cut_off_after
from transforms.entrez_words import LONGEST_QUOTE, printable
from warehouse.errors import EntrezError

# The newest record of PubMed can be a book's or a chapter's.
OF_BOOKS = {"PubmedBookArticle": "PubmedArticle", "BookDocument": "MedlineCitation", "PubmedBookData": "PubmedData"}
# Depth to which elements are compared; what is deeper depends on the record.
DEPTH = 3
QUOTED_CHARACTERS = 500

# Not every record has neighbours.
OPTIONAL = {"eLinkResult/LinkSet/LinkSetDb"}

# Requests to a configured server in all.
MOST_REQUESTS = 10

# Even without a limit, a configured server is not asked faster than this.
PAUSE_S = 0.35

# NBK25499's own example.
CITATION = {
    "journal_title": "proc natl acad sci u s a",
    "year": "1991",
    "volume": "88",
    "first_page": "3248",
    "author_name": "mann bj",
    "key": "Art1",
}


@dataclass(frozen=True)
class Probe:
    """A request, by the name of its utility; `{pmid}` in a value stands for a PMID that there is.

    Attributes:
        name: What it shows.
        utility: Name of a function of Bio.Entrez.
        parameters: The utility's.
    """

    name: str
    utility: str
    parameters: Mapping[str, Any]


# The first search finds the PMID of those that follow it.
PROBES = (
    Probe("esearch", "esearch", {"db": "pubmed", "term": "all[sb]", "retmax": "1", "retmode": "xml"}),
    Probe("einfo", "einfo", {"db": "pubmed"}),
    Probe("epost", "epost", {"db": "pubmed", "id": "{pmid}"}),
    Probe("esummary", "esummary", {"db": "pubmed", "id": "{pmid}"}),
    Probe("efetch", "efetch", {"db": "pubmed", "id": "{pmid}", "retmode": "xml"}),
    Probe("elink", "elink", {"dbfrom": "pubmed", "db": "pubmed", "cmd": "neighbor_score", "id": ["{pmid}"]}),
    Probe("ecitmatch", "ecitmatch", {"db": "pubmed", "bdata": [CITATION]}),
    Probe("esearch, a field that is none", "esearch", {"db": "pubmed", "term": "all[NoSuchField]", "retmode": "xml"}),
    Probe(
        "esearch, beyond 9,999", "esearch", {"db": "pubmed", "term": "all[sb]", "retstart": "9999", "retmode": "xml"}
    ),
)


@dataclass
class Answer:
    """What a probe was answered.

    Attributes:
        failure: The sentence if there was no answer; '' if there was.
        led_to: The address that the reply came from where another one had been asked; '' for the same.
    """

    status: int = 0
    headers: Message = field(default_factory=Message)
    body: bytes = b""
    failure: str = ""
    led_to: str = ""
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def ask_all(client: EntrezClient) -> Iterator[tuple[Probe, Answer]]:
    """Send each probe once, one after the other; no more once there is no connection, or one more could be too many."""
    pmid = "1"
    for probe in PROBES:
        # A reply that leads elsewhere makes a request two.
        if client.request_count + 2 > MOST_REQUESTS:
            return
        parameters = {name: fill_in(value, pmid) for name, value in probe.parameters.items()}
        answer = ask(client, Probe(probe.name, probe.utility, parameters))
        if probe is PROBES[0] and (root := root_of(answer.body)) is not None:
            pmid = printable(root.findtext("IdList/Id") or pmid)
        yield Probe(probe.name, probe.utility, parameters), answer
        if answer.failure or 300 <= answer.status < 400:
            return
        if client.rate is None:
            time.sleep(PAUSE_S if client.source != "sample" else 0)


def fill_in(value: Any, pmid: str) -> Any:
    """A parameter with the PMID in it."""
    if isinstance(value, list):
        return [fill_in(part, pmid) for part in value]
    return value.replace("{pmid}", pmid) if isinstance(value, str) else value


def ask(client: EntrezClient, probe: Probe) -> Answer:
    """One request without retries, so that what is wrong shows."""
    sent_before = client.request_count
    try:
        with cut_off_after(SLOWEST_REPLY * client.timeout_s):
            try:
                with getattr(Bio.Entrez, probe.utility)(**probe.parameters) as handle:
                    response = handle.buffer if isinstance(handle, io.TextIOWrapper) else handle
                    led_to = response.url if client.request_count > sent_before + 1 else ""
                    return Answer(response.status, response.headers, read_body(response), led_to=led_to)
            except HTTPError as exc:
                with exc:
                    return Answer(exc.code, exc.headers, exc.read(1 << 16))
    except (EntrezError, OSError, http.client.HTTPException, ValueError) as exc:
        return Answer(failure=printable(str(exc))[:LONGEST_QUOTE] or type(exc).__name__)


def root_of(body: bytes) -> etree._Element | None:
    """The root of an XML reply; None if it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None


def shape_of(body: bytes) -> set[str]:
    """What a reply is made of: the paths of its elements, or the number of fields of its lines."""
    root = root_of(body)
    if root is None:
        lines = body.decode("utf-8", "replace").splitlines()
        return {f"a line of {line.count('|') + 1} fields" for line in lines if line.strip()}
    return set(paths_of(root, DEPTH)) - OPTIONAL


def paths_of(element: etree._Element, depth: int) -> Iterator[str]:
    """The paths of an element and of those in it, `depth` names long at most; a book's are called as an article's."""
    name = OF_BOOKS.get(str(element.tag), str(element.tag))
    yield name
    if depth > 1:
        for child in element.iterchildren(tag=etree.Element):
            yield from (f"{name}/{path}" for path in paths_of(child, depth - 1))


def compare(got: Answer, expected: Answer) -> tuple[list[str], list[str]]:
    """What an answer lacks of what is expected, and what it has besides.

    Args:
        got: The configured server's.
        expected: The local server's, to the same request.
    """
    if got.failure:
        return [got.failure], []
    lacking = [] if got.status == expected.status else [f"HTTP status {expected.status}, not {got.status}"]
    types = [answer.headers.get_content_type() for answer in (got, expected)]
    if types[0] != types[1]:
        lacking.append(f"Content-Type {types[1]}, not {printable(types[0])}")
    shapes = shape_of(got.body), shape_of(expected.body)
    lacking += sorted(shapes[1] - shapes[0])
    besides = sorted(map(printable, shapes[0] - shapes[1]))
    if got.led_to:
        besides.append(f"a way round by {printable(got.led_to)[:LONGEST_QUOTE]}, which makes two requests of each")
    if encoding := got.headers.get("Content-Encoding"):
        besides.append(f"Content-Encoding {printable(encoding)}")
    return lacking, besides


def describe_case(
    probe: Probe, got: Answer, lacking: list[str], besides: list[str], hide: Callable[[str], str]
) -> dict[str, Any]:
    """A difference as it can be sent in.

    Args:
        probe: The request.
        got: Its answer.
        lacking: What was expected and did not come.
        besides: What came and was not expected.
        hide: Takes the API key and the email address out of a text.
    """
    return {
        "request": f"{probe.utility} {hide(describe(probe.parameters))}",
        "status": got.status,
        "headers": [hide(printable(f"{name}: {value}")) for name, value in got.headers.items()],
        "body": hide(printable(got.body.decode("utf-8", "replace")))[:QUOTED_CHARACTERS],
        "expected": lacking,
        "unexpected": besides,
    }

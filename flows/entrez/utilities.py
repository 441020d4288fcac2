"""The E-utilities, one function for each: a request, and the reply that is whole and of the right kind."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from lxml import etree

from flows.entrez.bodies import parse_reply
from flows.entrez.client import EntrezClient, Reply, describe, send
from transforms.elink import LinkSet, parse_elink
from transforms.entrez_words import printable, quote_words
from transforms.values import to_pmid
from warehouse.errors import PermanentError, TransientError

T = TypeVar("T")


def send_and_read(
    client: EntrezClient,
    utility: str,
    read: Callable[[bytes], T],
    parameters: Mapping[str, Any],
    *,
    budget_s: float | None = None,
) -> tuple[Reply, T]:
    """As `send`, with what the reply says: it is verified by reading it, and read once."""
    found: list[T] = []
    reply = send(client, utility, lambda body: found.append(read(body)), parameters, budget_s=budget_s)
    return reply, found[-1]


def efetch(client: EntrezClient, pmids: Sequence[int], *, budget_s: float | None = None) -> Reply:
    """Fetch records by PMID, by POST; those NCBI does not know are left out of its reply.

    Args:
        client: As `connect` gave it.
        pmids: 10,000 at most.
        budget_s: Seconds for all attempts, if not the client's.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """

    def check(body: bytes) -> None:
        # One record that is not well-formed must not cost the others, so only the end is looked at here.
        if not body.rstrip().endswith((b"</PubmedArticleSet>", b"<PubmedArticleSet/>")):
            parse_reply("efetch", body, "PubmedArticleSet")

    parameters = {"db": "pubmed", "id": ",".join(map(str, pmids)), "retmode": "xml"}
    try:
        return send(client, "efetch", check, parameters, budget_s=budget_s)
    except PermanentError as exc:
        if "ID list is empty" in str(exc):
            # NCBI's answer when it knows none of the PMIDs.
            return Reply("efetch", describe(parameters), b"<PubmedArticleSet/>", datetime.now(UTC))
        raise


# What NCBI says when a search finds nothing; any other message is about a part of it that was not searched as asked.
NO_ITEMS = "No items found."


@dataclass(frozen=True)
class SearchResult:
    """A page of an ESearch.

    Attributes:
        reply: As it came.
        count: Hits in all.
        pmids: This page's PMIDs in NCBI's order.
        translation: How NCBI understood the term; '' if it does not say.
        ignored: What of the term was not searched as asked, in NCBI's words, each as `PhraseNotFound: ketamin`: a
            phrase or field that it does not know, a word that it ignores, a quoted phrase that it took apart, endings
            that it left out.
    """

    reply: Reply
    count: int
    pmids: tuple[int, ...]
    translation: str = ""
    ignored: tuple[str, ...] = ()


def esearch(client: EntrezClient, term: str, **parameters: object) -> SearchResult:
    """One page of a search in PubMed.

    Args:
        client: As `connect` gave it.
        term: The search.
        parameters: retmax, mindate, maxdate, datetype, WebEnv ... as NBK25499 has them.
    Raises:
        TransientError: Not delivered within the budget; HistoryError if the history set is gone.
        PermanentError: NCBI refuses the term, or nothing of it could be understood.
    """

    def read(body: bytes) -> etree._Element:
        element = parse_reply("esearch", body, "eSearchResult")
        ids = [e.text or "" for e in element.iterfind("IdList/Id")]
        if wrong := [text for text in ids if to_pmid(text) is None]:
            raise TransientError(f"esearch: the reply has {wrong[0][:40]!r} for a PMID: {quote_words(body)}")
        if not re.fullmatch(r"[0-9]{0,18}", count := element.findtext("Count") or ""):
            raise TransientError(f"esearch: the reply has {count[:40]!r} for a count: {quote_words(body)}")
        return element

    reply, element = send_and_read(
        client, "esearch", read, {"db": "pubmed", "term": term, "retmode": "xml", **parameters}
    )
    notes = [
        (note.tag, printable("".join(map(str, note.itertext()))))
        for note in (*element.iterfind("ErrorList/*"), *element.iterfind("WarningList/*"))
    ]
    return SearchResult(
        reply,
        count=int(element.findtext("Count") or 0),
        pmids=tuple(pmid for e in element.iterfind("IdList/Id") if (pmid := to_pmid(e.text or ""))),
        translation=printable(element.findtext("QueryTranslation") or ""),
        ignored=tuple(dict.fromkeys(f"{tag}: {words}" for tag, words in notes if words and words != NO_ITEMS)),
    )


def epost(client: EntrezClient, pmids: Sequence[int]) -> tuple[str, str]:
    """Put up to 10,000 PMIDs on NCBI's history server.

    Returns:
        WebEnv and query key.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the list.
    """

    def read(body: bytes) -> tuple[str, str]:
        element = parse_reply("epost", body, "ePostResult")
        web_env, query_key = element.findtext("WebEnv"), element.findtext("QueryKey")
        if not (web_env and query_key):
            raise TransientError(f"epost: the reply names no history set: {quote_words(body)}")
        return web_env, query_key

    return send_and_read(client, "epost", read, {"db": "pubmed", "id": ",".join(map(str, pmids))})[1]


@dataclass(frozen=True)
class LinkReply(Reply):
    """A reply of ELink with what it says."""

    link_sets: tuple[LinkSet, ...] = field(default=(), repr=False)

    def without_link_sets(self) -> Reply:
        """The reply as it came, to be kept."""
        return Reply(self.utility, self.parameters, self.body, self.fetched_at)


def read_link_reply(reply: Reply) -> LinkReply:
    """A reply of ELink with what it says; one that was kept in staging is read."""
    if isinstance(reply, LinkReply):
        return reply
    return LinkReply(**vars(reply), link_sets=tuple(parse_elink(reply.body)))


def elink(
    client: EntrezClient, pmids: Sequence[int], linkname: str | None, *, budget_s: float | None = None
) -> LinkReply:
    """Neighbours of each PMID, with scores if NCBI has them, or its LinkOut resources; one set for each PMID.

    Args:
        client: As `connect` gave it.
        pmids: Sent as repeated `id`; a comma list would merge them into one LinkSet (NBK25499).
        linkname: pubmed_pubmed, pubmed_pubmed_citedin or pubmed_pubmed_refs; None is LinkOut (llinks).
        budget_s: Seconds for all attempts, if not the client's.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """
    parameters: dict[str, object] = {"dbfrom": "pubmed", "id": [str(pmid) for pmid in pmids]}
    if linkname is None:
        parameters |= {"cmd": "llinks"}
    else:
        parameters |= {"db": "pubmed", "cmd": "neighbor_score", "linkname": linkname}

    def read(body: bytes) -> tuple[LinkSet, ...]:
        link_sets = tuple(parse_elink(body))
        if lost := set(pmids).difference(*(link_set.source_pmids for link_set in link_sets)):
            raise TransientError(f"elink: the reply says nothing of {min(lost)} and {len(lost) - 1:,} more")
        return link_sets

    reply, link_sets = send_and_read(client, "elink", read, parameters, budget_s=budget_s)
    return LinkReply(**vars(reply), link_sets=link_sets)


# What a citation string for ECitMatch is made of, by Bio.Entrez's names.
CITATION_PARTS = ("journal_title", "year", "volume", "first_page", "author_name")


def ecitmatch(client: EntrezClient, citations: Sequence[Mapping[str, str]]) -> tuple[Reply, dict[int, int]]:
    """The PMIDs of citations by journal, year, volume, first page and author.

    Args:
        client: As `connect` gave it.
        citations: The parts of CITATION_PARTS that are known, without `|` or line ends.
    Returns:
        The reply, and PMIDs by position in `citations`; those not found and the ambiguous ones are left out.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """
    lines = [
        {name: citation.get(name, "") for name in CITATION_PARTS} | {"key": str(n)}
        for n, citation in enumerate(citations)
    ]

    def read(body: bytes) -> dict[int, str]:
        rows = [line.split("|") for line in body.decode("utf-8", "replace").splitlines()]
        keys = {str(n): n for n in range(len(citations))}
        answers = {keys[row[5]]: row[-1] for row in rows if len(row) >= 7 and row[5] in keys}
        if len(answers) < len(citations):
            raise TransientError(f"ecitmatch: {len(answers)} of {len(citations)} lines: {quote_words(body)}")
        return answers

    reply, answers = send_and_read(client, "ecitmatch", read, {"db": "pubmed", "bdata": lines})
    return reply, {n: pmid for n, answer in answers.items() if (pmid := to_pmid(answer))}

"""The E-utilities, one function for each: a request, and the reply that is whole and of the right kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flows.entrez import EntrezClient, Reply, describe, parse_reply, quote_words, send
from transforms.elink import parse_elink
from warehouse.errors import PermanentError, TransientError


def efetch(client: EntrezClient, pmids: Sequence[int], *, budget_s: float | None = None) -> Reply:
    """Fetch records by PMID, by POST; those NCBI does not know are left out of its reply.

    Args:
        client: As `connect` gave it.
        pmids: 10,000 at most.
        budget_s: Seconds for all attempts, where it is not the client's.
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


@dataclass(frozen=True)
class SearchResult:
    """A page of an ESearch: the reply, the number of hits in all, and this page's PMIDs in NCBI's order."""

    reply: Reply
    count: int
    pmids: tuple[int, ...]


def esearch(client: EntrezClient, term: str, **parameters: object) -> SearchResult:
    """One page of a search in PubMed.

    Args:
        client: As `connect` gave it.
        term: The search.
        parameters: retmax, mindate, maxdate, datetype, WebEnv ... as NBK25499 has them.
    Raises:
        TransientError: Not delivered within the budget; HistoryError where the history set is gone.
        PermanentError: NCBI refuses the term, or nothing of it could be understood.
    """

    def check(body: bytes) -> None:
        parse_reply("esearch", body, "eSearchResult")

    reply = send(client, "esearch", check, {"db": "pubmed", "term": term, "retmode": "xml", **parameters})
    element = parse_reply("esearch", reply.body, "eSearchResult")
    pmids = tuple(int(e.text or 0) for e in element.iterfind("IdList/Id"))
    return SearchResult(reply, int(element.findtext("Count") or 0), pmids)


def epost(client: EntrezClient, pmids: Sequence[int]) -> tuple[str, str]:
    """Put up to 10,000 PMIDs on NCBI's history server.

    Returns:
        WebEnv and query key.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the list.
    """

    def check(body: bytes) -> None:
        element = parse_reply("epost", body, "ePostResult")
        if not (element.findtext("WebEnv") and element.findtext("QueryKey")):
            raise TransientError(f"epost: the reply names no history set: {quote_words(body)}")

    reply = send(client, "epost", check, {"db": "pubmed", "id": ",".join(map(str, pmids))})
    element = parse_reply("epost", reply.body, "ePostResult")
    return element.findtext("WebEnv") or "", element.findtext("QueryKey") or ""


def elink(client: EntrezClient, pmids: Sequence[int], linkname: str | None, *, budget_s: float | None = None) -> Reply:
    """Neighbours of each PMID with scores where NCBI has them, or its LinkOut resources; one set for each PMID.

    Args:
        client: As `connect` gave it.
        pmids: Sent as repeated `id`; a comma list would merge them into one LinkSet (NBK25499).
        linkname: pubmed_pubmed, pubmed_pubmed_citedin or pubmed_pubmed_refs; None is LinkOut (llinks).
        budget_s: Seconds for all attempts, where it is not the client's.
    Raises:
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the request.
    """
    parameters: dict[str, object] = {"dbfrom": "pubmed", "id": [str(pmid) for pmid in pmids]}
    if linkname is None:
        parameters |= {"cmd": "llinks"}
    else:
        parameters |= {"db": "pubmed", "cmd": "neighbor_score", "linkname": linkname}

    def check(body: bytes) -> None:
        answered = {pmid for link_set in parse_elink(body) for pmid in link_set.source_pmids}
        if lost := set(pmids) - answered:
            raise TransientError(f"elink: the reply says nothing of {min(lost)} and {len(lost) - 1:,} more")

    return send(client, "elink", check, parameters, budget_s=budget_s)


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
        answers = {int(row[5]): row[-1].strip() for row in rows if len(row) >= 7 and row[5].isdecimal()}
        if answers.keys() != set(range(len(citations))):
            raise TransientError(f"ecitmatch: {len(answers)} of {len(citations)} lines: {quote_words(body)}")
        return answers

    reply = send(client, "ecitmatch", read, {"db": "pubmed", "bdata": lines})
    return reply, {n: int(answer) for n, answer in read(reply.body).items() if answer.isdecimal()}

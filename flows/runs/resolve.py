"""Entries of seed pages that give no PMID: found with ECitMatch, then with ESearch if a record proves to be the one.

An entry is asked for when its page is new or has changed, and again when the answer is older than link lists may be
(`links.refetch_after_days`). What cannot be resolved stays in `seed_citation` without a PMID.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from lxml import etree

from flows.definition.progress import count_of
from flows.definition.seeds import Seeds
from flows.entrez.client import EntrezClient, Reply
from flows.entrez.fetch import batches
from flows.entrez.in_flight import in_flight
from flows.entrez.utilities import ecitmatch, esearch
from flows.runs.work import Work, timed
from transforms.saved_references import SEED_LIST
from transforms.seed_entry import SeedEntry
from transforms.seed_match import citation_parts, is_record_of, search_terms
from transforms.seed_text import LINK_KINDS, SeedPage
from warehouse import state
from warehouse.errors import EntrezError, PermanentError

# Citation strings in one request of ECitMatch.
ECITMATCH_BATCH = 100

# An entry by its page and its place there: seed_id, list_name, citation_order.
Place = tuple[str, str, int]


@dataclass
class Resolutions:
    """What Entrez said of entries without a PMID.

    Attributes:
        found: PMID and method by place.
        unasked: Places of entries that could not be asked for.
        replies: Those in which PMIDs were found.
    """

    found: dict[Place, tuple[int, str]] = field(default_factory=dict)
    unasked: set[Place] = field(default_factory=set)
    replies: list[Reply] = field(default_factory=list)


def resolve_seeds(work: Work, con: state.Connection, seeds: Seeds) -> tuple[Seeds, frozenset[str]]:
    """The seeds with the PMIDs that Entrez knows for entries that give none.

    Args:
        work: The run; a dry run asks nothing and counts the requests.
        con: What is committed.
        seeds: As the folder has them.
    Returns:
        The seeds, and the ids of the pages that were asked about and have to be written again.
    """
    hashes, known = state.read_seed_hashes(con), state.read_resolutions(con)
    asked_at = state.read_resolution_times(con)
    same = {page.seed_id for page in seeds.pages if hashes.get(page.seed_id) == page.seed_sha256}
    pages = [recall(page, known, asked_at[page.seed_id]) if page.seed_id in same else page for page in seeds.pages]
    before = work.started_at - timedelta(days=work.definition.links.refetch_after_days)
    due = [page for page in pages if page.resolution_asked_at is None or page.resolution_asked_at < before]
    wanted = {place: entry for page in due for place, entry in open_entries(page)}
    if work.report.is_dry:
        work.report.planned_requests += plan_requests(wanted)
    elif wanted:
        with timed(work, "resolve"):
            resolutions = ask_for_pmids(work, wanted)
        work.replies += resolutions.replies
        answered = {place[0] for place in wanted} - {place[0] for place in resolutions.unasked}
        pages = [
            recall(
                page,
                resolutions.found,
                work.started_at if page.seed_id in answered else page.resolution_asked_at,
            )
            for page in pages
        ]
    work.report.unresolved = sum(len(list(open_entries(page))) for page in pages)
    return replace(seeds, pages=tuple(pages)), frozenset(place[0] for place in wanted)


def open_entries(page: SeedPage) -> Iterator[tuple[Place, SeedEntry]]:
    """The entries of a page's lists of citations whose PMID is not known."""
    for entry in page.entries:
        if entry.pmid is None and entry.list_name in (*LINK_KINDS, SEED_LIST):
            yield (page.seed_id, entry.list_name, entry.citation_order), entry


def recall(page: SeedPage, found: Mapping[Place, tuple[int, str]], asked_at: datetime | None) -> SeedPage:
    """A page with the PMIDs that were found for its entries."""
    places = {place for place, _ in open_entries(page)} & found.keys()
    entries = []
    for entry in page.entries:
        place = (page.seed_id, entry.list_name, entry.citation_order)
        pmid, method = found[place] if place in places else (entry.pmid, entry.resolution)
        entries.append(replace(entry, pmid=pmid, resolution=method))
    return replace(page, entries=tuple(entries), resolution_asked_at=asked_at)


def plan_requests(wanted: Mapping[Place, SeedEntry]) -> int:
    """The most requests that it can take to resolve entries."""
    matchable = sum(citation_parts(entry) is not None for entry in wanted.values())
    return -(-matchable // ECITMATCH_BATCH) + sum(len(search_terms(entry)) for entry in wanted.values())


def ask_for_pmids(work: Work, wanted: Mapping[Place, SeedEntry]) -> Resolutions:
    """Ask Entrez for the PMIDs of entries; report failures, and name the entries that could not be looked up."""
    resolutions = Resolutions()
    for ask in (match_citations, search_citations):
        left = {place: entry for place, entry in wanted.items() if place not in resolutions.found}
        try:
            ask(work, left, resolutions)
        except EntrezError as exc:
            resolutions.unasked |= left.keys()
            work.report.troubles.append(
                f"Not looked up: {count_of(len(left), 'reference')} in seeds ({exc}); the next run asks again."
            )
    resolutions.unasked -= resolutions.found.keys()
    return resolutions


def match_citations(work: Work, wanted: Mapping[Place, SeedEntry], resolutions: Resolutions) -> None:
    """Ask ECitMatch, by journal, year, volume, first page and author.

    Raises:
        EntrezError: It does not answer.
    """
    matchable = [(place, parts) for place, entry in wanted.items() if (parts := citation_parts(entry))]
    for batch in batches(matchable, ECITMATCH_BATCH):
        reply, pmids = ecitmatch(work.client, [parts for _, parts in batch])
        for number, pmid in pmids.items():
            resolutions.found[batch[number][0]] = (pmid, "ecitmatch")
        if pmids:
            resolutions.replies.append(reply)


def search_citations(work: Work, wanted: Mapping[Place, SeedEntry], resolutions: Resolutions) -> None:
    """Ask ESearch, and take what it finds if that is one record and proves to be the entry's.

    The records stay in staging, where the run finds them when it fetches its members.

    Raises:
        EntrezError: It does not answer.
    """
    client = work.client
    failures: list[EntrezError] = []
    calls = (partial(search_entry, client, place, entry, failures) for place, entry in wanted.items())
    hits: dict[Place, list[tuple[int, Reply]]] = {}
    for place, found in in_flight(calls, client.in_flight, client.stopping):
        hits[place] = found
        work.progress("resolve", len(hits), len(wanted))
    candidates = list(dict.fromkeys(pmid for found in hits.values() for pmid, _ in found))
    for batch in batches(candidates, work.settings.batch_size):
        delivery = work.steps.fetch(client, batch, work.directory.replies)
        records_found = [r for chunks in delivery.read for chunk in chunks for r in chunk.records]
        take_proven(wanted, hits, {r.pmid: r.parse() for r in records_found if r.pmid is not None}, resolutions)
        resolutions.unasked |= {
            place for place, found in hits.items() if any(pmid in delivery.failed for pmid, _ in found)
        }
    if failures:
        raise failures[0]


def take_proven(
    wanted: Mapping[Place, SeedEntry],
    hits: Mapping[Place, Sequence[tuple[int, Reply]]],
    records: Mapping[int, etree._Element],
    resolutions: Resolutions,
) -> None:
    """Take, for each entry that has no PMID yet, the first hit whose record proves to be the entry's."""
    for place, found in hits.items():
        for pmid, reply in found:
            if pmid in records and place not in resolutions.found and is_record_of(wanted[place], records[pmid]):
                resolutions.found[place] = (pmid, "esearch")
                resolutions.replies.append(reply)


def search_entry(
    client: EntrezClient, place: Place, entry: SeedEntry, failures: list[EntrezError]
) -> tuple[Place, list[tuple[int, Reply]]]:
    """The hits of an entry's searches that find exactly one PMID, the surest first.

    Args:
        client: As `connect` gave it.
        place: Returned as it is.
        entry: To be searched for.
        failures: Filled in; once Entrez has failed to answer, nothing more is searched.
    """
    hits = []
    for term in search_terms(entry):
        if failures:
            break
        try:
            result = esearch(client, term, retmax=2)
        except PermanentError:
            # A refused search finds nothing, and must not stop the others.
            continue
        except EntrezError as exc:
            failures.append(exc)
            break
        if result.count == len(result.pmids) == 1:
            hits.append((result.pmids[0], result.reply))
    return place, hits

"""Searches of any size: split until each part can be reached, and what was promised compared with what came."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from flows.entrez.client import EntrezClient, Reply
from flows.entrez.utilities import SearchResult, epost, esearch
from warehouse.errors import DocumentError, HistoryError, PermanentError

# Only the first 9,999 PMIDs of a search can be reached (NBK25499), and as many are posted at a time.
REACHABLE = 9_999

# The first and the last day that a window can begin or end with; PubMed's oldest entrez date is of 1965.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
LAST_PMID = 99_999_999

# A record can appear or vanish between the parts; then all parts are requested again, this many times.
TRIES = 3

# A history set lives for hours; one that is gone is posted again, this many times.
POSTS = 4


@dataclass
class Found:
    """What a search found.

    Attributes:
        parts: The PMIDs of each part, int64.
        replies: Those that PMIDs came in.
        windows: Each part with its number of PMIDs.
        promised: The number of PMIDs that the search as a whole has.
        translation: How NCBI understood the search as a whole.
        ignored: What of it NCBI did not search as asked; as in `SearchResult`.
    """

    parts: list[pa.Array] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    windows: list[tuple[str, int]] = field(default_factory=list)
    promised: int = 0
    translation: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def pmids(self) -> pa.Array:
        """Each once, in the order of the parts."""
        return pa.chunked_array(self.parts, pa.int64()).unique()

    def add(self, result: SearchResult, window: str) -> None:
        """Take in a part; one without PMIDs is none."""
        if result.pmids:
            self.parts.append(pa.array(result.pmids, pa.int64()))
            self.replies.append(result.reply)
            self.windows.append((window, result.count))


def search_all(
    client: EntrezClient, term: str, *, datetype: str = "edat", mindate: date | None = None, maxdate: date | None = None
) -> Found:
    """Every PMID that a search finds, in windows of a date if there are more than can be reached.

    Args:
        client: As `connect` gave it.
        term: The search.
        datetype: Whose windows are taken: edat, mdat, pdat or crdt.
        mindate: With `maxdate`, only what has its date from this day on.
        maxdate: The last day.
    Raises:
        DocumentError: NCBI delivers another number of PMIDs than it promises, again and again.
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the term.
    """
    is_dated = mindate is not None or maxdate is not None
    first, last = mindate or FIRST_DAY, maxdate or LAST_DAY
    whole = window_parameters(datetype, first, last) if is_dated else {}
    for _ in range(TRIES):
        found = Found()
        result = esearch(client, term, retmax=REACHABLE, **whole)
        if not result.count:
            # An empty result would end all members of a query, and a failing back end gives one as well.
            result = esearch(client, term, retmax=REACHABLE, **whole)
        found.promised, found.translation, found.ignored = result.count, result.translation, result.ignored
        if result.count <= REACHABLE:
            found.add(result, "all")
        else:
            dated = search_days(client, term, datetype, first, last, found)
            if not is_dated and dated < result.count:
                undated = f"({term}) NOT {first:%Y/%m/%d}:{last:%Y/%m/%d}[{datetype}]"
                search_pmids(client, undated, 1, LAST_PMID, found)
        if len(found.pmids) == found.promised:
            return found
    raise DocumentError(
        f"esearch: {term!r} promises {found.promised:,} PMIDs and delivers {len(found.pmids):,} in "
        f"{len(found.windows):,} parts; run it again, or narrow the search."
    )


def window_parameters(datetype: str, first: date, last: date) -> dict[str, str]:
    """The parameters of ESearch for a range of days."""
    return {"datetype": datetype, "mindate": f"{first:%Y/%m/%d}", "maxdate": f"{last:%Y/%m/%d}"}


def search_days(client: EntrezClient, term: str, datetype: str, first: date, last: date, found: Found) -> int:
    """Search a range of days, in halves for as long as it has more than can be reached; one day by PMID.

    Returns:
        PMIDs that the range is said to have.
    """
    result = esearch(client, term, retmax=REACHABLE, **window_parameters(datetype, first, last))
    count = result.count
    if count <= REACHABLE:
        found.add(result, f"{first:%Y/%m/%d}:{last:%Y/%m/%d}[{datetype}]")
    elif first == last:
        search_pmids(client, f"({term}) AND {first:%Y/%m/%d}[{datetype}]", 1, LAST_PMID, found)
    else:
        middle = first + (last - first) // 2
        # If the first half has all PMIDs, the second need not be asked.
        count = search_days(client, term, datetype, first, middle, found)
        if count < result.count:
            count += search_days(client, term, datetype, middle + timedelta(days=1), last, found)
    return count


def search_pmids(client: EntrezClient, term: str, first: int, last: int, found: Found) -> int:
    """Search a range of PMIDs, in halves for as long as it has more than can be reached.

    Returns:
        PMIDs that the range is said to have.
    Raises:
        PermanentError: The search takes no notice of the range.
    """
    result = esearch(client, f"({term}) AND {first}:{last}[uid]", retmax=REACHABLE)
    if result.count <= REACHABLE:
        found.add(result, f"{term} AND {first}:{last}[uid]")
    elif first == last:
        raise PermanentError(f"esearch: {term!r} AND {first}[uid] finds {result.count:,} records of one PMID.")
    else:
        middle = (first + last) // 2
        if search_pmids(client, term, first, middle, found) < result.count:
            search_pmids(client, term, middle + 1, last, found)
    return result.count


def search_revised(client: EntrezClient, portions: Iterable[Sequence[int]], since: str) -> Iterator[SearchResult]:
    """Which PMIDs were modified on or after a day, found on NCBI's side: EPost, then `#1 AND mdat`.

    Args:
        client: As `connect` gave it.
        portions: The PMIDs; as many at a time as can be reached.
        since: A day as YYYY/MM/DD.
    Yields:
        What was found of a portion, if anything.
    Raises:
        DocumentError: NCBI delivers another number of PMIDs than it promises.
        TransientError: Not delivered within the budget.
        PermanentError: NCBI refuses the list.
    """
    for posted in portions:
        # Ask again if nothing was found: a failing back end answers like that, and no later search looks back as far.
        result = search_posted(client, posted, since)
        if not result.count:
            result = search_posted(client, posted, since)
        if result.count != len(result.pmids):
            raise DocumentError(
                f"esearch: of {len(posted):,} posted PMIDs {result.count:,} are promised as revised and "
                f"{len(result.pmids):,} delivered; the next run looks again."
            )
        if result.pmids:
            yield result


def search_posted(client: EntrezClient, pmids: Sequence[int], since: str, posts: int = POSTS) -> SearchResult:
    """Post PMIDs and search among them; a set that is gone before it is searched is posted again.

    Raises:
        HistoryError: Set after set is gone.
    """
    web_env, query_key = epost(client, pmids)
    term = f"#{query_key} AND {since}:3000[mdat]"
    try:
        return esearch(client, term, WebEnv=web_env, usehistory="y", retmax=REACHABLE)
    except HistoryError:
        if posts == 1:
            raise
        return search_posted(client, pmids, since, posts - 1)

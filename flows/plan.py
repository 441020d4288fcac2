"""Which PMIDs a run asks for, and why each one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.seeds import CitationRules, Seeds
from warehouse.held import Held
from warehouse.state import Asked, Membership, Reason

# Reasons that the seeds folder gives, and takes away again; a PMID that a backfill or a file brought stays.
SEED_REASONS = frozenset({"seed", "similar", "cited_by", "reference", "pmids", "query"})

# mdat is a day in US Eastern and the index runs behind, so that a search looks back over this many days more.
OVERLAP = timedelta(days=2)


@dataclass
class Plan:
    """PMIDs to ask for.

    Attributes:
        reasons: Why by PMID, the first reason that applies, in the order in which they are asked: asked (a backfill's),
            owed (the last run did not get it), new, missing (Entrez left it out, or what it sent could not be read),
            in_process (MeSH, grants and PMCID are still to come), aged (not looked at for long), revised (NCBI says
            so).
    """

    reasons: dict[int, str] = field(default_factory=dict)

    def add(self, pmids: Iterable[int], reason: str) -> None:
        """Ask for PMIDs that are not yet asked for."""
        for pmid in pmids:
            self.reasons.setdefault(pmid, reason)

    def counts(self) -> dict[str, int]:
        """PMIDs by reason."""
        counts: dict[str, int] = {}
        for reason in self.reasons.values():
            counts[reason] = counts.get(reason, 0) + 1
        return counts


def find_members(seeds: Seeds, query_pmids: Mapping[str, Iterable[int]]) -> dict[Reason, int]:
    """The PMIDs that the seeds folder names, with the steps from a seed: 0, or 1 for an entry of a seed page's list.

    Args:
        seeds: The folder.
        query_pmids: What each query found, by file name.
    """
    members: dict[Reason, int] = {}
    for page in seeds.pages:
        members[Reason(page.pmid, "seed", page.seed_id)] = 0
        for entry in page.entries:
            if entry.pmid is not None and entry.list_name in seeds.definition.seed_lists.follow:
                members.setdefault(Reason(entry.pmid, entry.list_name, str(page.pmid)), 1)
    for file_name, pmids in seeds.pmids.items():
        members.update({Reason(pmid, "pmids", file_name): 0 for pmid in pmids})
    for file_name, found in query_pmids.items():
        members.update({Reason(pmid, "query", file_name): 0 for pmid in found})
    return members


def depths(members: Mapping[Reason, int]) -> dict[int, int]:
    """The fewest steps from a seed by PMID."""
    fewest: dict[int, int] = {}
    for member, depth in members.items():
        fewest[member.pmid] = min(depth, fewest.get(member.pmid, depth))
    return fewest


def follow_links(
    members: dict[Reason, int], neighbours: Mapping[int, list[tuple[str, int]]], *, depth: int
) -> dict[Reason, int]:
    """The members that links bring in one step: neighbours of the members that stand `depth` steps from a seed.

    Args:
        members: Found so far.
        neighbours: (link kind, PMID) by PMID, as far as they are followed.
        depth: Steps of the members whose neighbours are taken; the neighbours stand one step further.
    """
    return {
        Reason(linked, kind, str(pmid)): depth + 1
        for pmid, steps in depths(members).items()
        if steps == depth
        for kind, linked in neighbours.get(pmid, [])
    }


# States of indexing that NLM will leave again.
IN_PROCESS = frozenset({"Publisher", "In-Data-Review", "In-Process"})


def plan_citations(
    pmids: Iterable[int], *, held: Mapping[int, Held], asked: Mapping[int, Asked], now: datetime, rules: CitationRules
) -> Plan:
    """Members to ask for whatever NCBI says of revisions.

    Args:
        pmids: The members.
        held: Citations by PMID.
        asked: What runs have asked, by PMID.
        now: UTC.
        rules: After how many days what is asked for again.
    """
    plan = Plan()
    wanted = list(dict.fromkeys(pmids))
    plan.add((p for p in wanted if p in asked and asked[p].outcome == "failed"), "owed")
    plan.add((p for p in wanted if p not in held and p not in asked), "new")
    missing_before = now - timedelta(days=rules.missing_after_days)
    plan.add(
        (p for p in wanted if p in asked and is_missing_due(asked[p], missing_before, is_held=p in held)), "missing"
    )
    for reason, days in (("in_process", rules.in_process_after_days), ("aged", rules.refetch_after_days)):
        before = now - timedelta(days=days)
        plan.add((p for p in wanted if p in held and is_due(held[p], asked.get(p), before, reason)), reason)
    return plan


def is_missing_due(asked: Asked, missing_before: datetime, *, is_held: bool) -> bool:
    """Whether to ask again for a PMID that Entrez left out, or whose record could not be read.

    One that is held is asked for in every run until it is believed deleted, one that never came a second time in the
    next run; after that, and where the record could not be read, it is asked for by age.
    """
    if asked.outcome == "not_found" and (is_held or asked.missing_count == 1):
        return True
    return asked.outcome in ("not_found", "rejected") and asked.asked_at < missing_before


def is_due(held: Held, asked: Asked | None, before: datetime, reason: str) -> bool:
    """Whether a citation that is held has not been looked at, or, if it is deleted, asked for, since a time."""
    if reason == "in_process" and held.citation_status not in IN_PROCESS:
        return False
    if asked is not None and asked.outcome == "deleted":
        return reason == "aged" and asked.asked_at < before
    return asked is None or asked.looked_at is None or asked.looked_at < before


def find_deleted(
    missing: Iterable[int], *, held: Mapping[int, Held], asked: Mapping[int, Asked], confirmed_before: datetime
) -> list[int]:
    """PMIDs that are held and now believed deleted: left out in this run, and first in one that began long enough ago.

    Args:
        missing: What Entrez has left out in this run.
        held: Citations by PMID.
        asked: What earlier runs have asked, by PMID.
        confirmed_before: The earlier run began before this, so that one outage is not taken for two answers.
    """
    return [
        pmid
        for pmid in missing
        if pmid in held
        and pmid in asked
        and (since := asked[pmid].missing_since) is not None
        and since <= confirmed_before
    ]


def is_off_peak(now: datetime) -> bool:
    """Whether NCBI would have large jobs at this time: at weekends, or from 21:00 to 05:00 in US Eastern (NBK25497).

    Args:
        now: With its time zone.
    """
    eastern = now.astimezone(ZoneInfo("America/New_York"))
    return eastern.weekday() >= 5 or eastern.hour >= 21 or eastern.hour < 5


def stale_links(
    pmids: Iterable[int], kind: str, ages: Mapping[tuple[int, str], datetime], fetched_before: datetime
) -> list[int]:
    """PMIDs whose list of a kind has not been obtained since a time, or never."""
    return [p for p in dict.fromkeys(pmids) if (p, kind) not in ages or ages[p, kind] < fetched_before]


@dataclass(frozen=True)
class MemberChange:
    """A reason that began or ceased to hold in this run."""

    member: Reason
    membership: Membership
    is_ended: bool


def compare_members(
    found: Mapping[Reason, int], held: Mapping[Reason, Membership], *, run_id: str, keep: frozenset[str]
) -> list[MemberChange]:
    """What changed among the reasons.

    Args:
        found: The reasons that hold now, with their depths.
        held: Those that held before.
        run_id: This run.
        keep: Names of `*.query` files that could not be asked; what they found before still holds.
    """
    changes = []
    for member, depth in found.items():
        before = held.get(member)
        if before is None or before.depth != depth:
            since = run_id if before is None else before.since_run_id
            changes.append(MemberChange(member, Membership(depth, since), is_ended=False))
    for member, before in held.items():
        is_kept = member.reason not in SEED_REASONS or (member.reason == "query" and member.via in keep)
        if member not in found and not is_kept:
            changes.append(MemberChange(member, before, is_ended=True))
    return changes

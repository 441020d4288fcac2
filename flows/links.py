"""Neighbours and LinkOut from ELink: which lists are due, asked for in batches, and how far they are followed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa

from flows.entrez import EntrezClient, Reply
from flows.fetch import Delivery, ask_in_halves, asked_pmids, batches, keep_reply, kept_replies
from flows.in_flight import in_flight
from flows.plan import depths, follow_links, stale_links
from flows.report import name_some
from flows.utilities import elink
from flows.work import Work, timed
from transforms.elink import make_link_tables, parse_elink
from warehouse import state
from warehouse.schema import LINK, LINK_LIST, LINKOUT_LIST
from warehouse.state import Reason

# The linkname of each kind of list that is asked for; LinkOut has none.
LINKOUT_KIND = "linkout"
LINK_NAMES: dict[str, str | None] = {
    "similar": "pubmed_pubmed",
    "cited_by": "pubmed_pubmed_citedin",
    "reference": "pubmed_pubmed_refs",
    LINKOUT_KIND: None,
}

# PMIDs in one ELink request: each gives a LinkSet of its own, and long answers of ELink are the slowest of all.
ELINK_BATCH = 100


@dataclass
class Lists:
    """What is known of lists.

    Attributes:
        neighbours: (link kind, PMID) by PMID, as far as they are followed.
        stored: The lists that this run has written, by PMID and kind.
    """

    neighbours: dict[int, list[tuple[str, int]]]
    stored: set[tuple[int, str]] = field(default_factory=set)


def refresh_links(work: Work, con: state.Connection, members: dict[Reason, int]) -> None:
    """Obtain the link lists that are due, and add the neighbours that are followed to the members.

    Each step along links can bring members whose own lists are due, so the lists are obtained step by step.
    """
    rules = work.definition.links
    kinds = [*rules.fetch, *([LINKOUT_KIND] if rules.linkout else [])]
    ages = state.read_link_ages(con) | {(p, LINKOUT_KIND): at for p, at in state.read_linkout_ages(con).items()}
    lists = Lists(state.read_neighbours(con, rules.follow, rules.limit))
    # What Entrez has left out of its last reply, it has no lists of.
    missing = {pmid for pmid, asked in state.read_asked(con).items() if asked.outcome in ("not_found", "deleted")}
    with timed(work, "links"):
        if not work.report.is_dry:
            take_over_lists(work, lists)
        for depth in range(rules.depth + 1):
            at_depth = [pmid for pmid, steps in depths(members).items() if steps == depth and pmid not in missing]
            for kind in kinds:
                days = rules.linkout_after_days if kind == LINKOUT_KIND else rules.refetch_after_days
                due = stale_links(at_depth, kind, ages, work.started_at - timedelta(days=days))
                due = [pmid for pmid in due if (pmid, kind) not in lists.stored]
                work.report.planned_requests += -(-len(due) // ELINK_BATCH)
                if due and not work.report.is_dry:
                    obtain_lists(work, due, kind, lists)
            if depth < rules.depth:
                for member, steps in follow_links(members, lists.neighbours, depth=depth).items():
                    members.setdefault(member, steps)


def take_over_lists(work: Work, lists: Lists) -> None:
    """Take in the replies of ELink that a run that broke off had fetched."""
    for _, reply in kept_replies(work.directory, work.client.source, datetime.now(UTC)):
        if reply.utility == "elink":
            store_lists(work, reply, lists)


def obtain_lists(work: Work, pmids: Sequence[int], kind: str, lists: Lists) -> None:
    """Ask for the lists of one kind, those that a reply says nothing of a second time, and write them."""
    left: Sequence[int] = pmids
    failed: dict[int, str] = {}
    for _ in range(2):
        lost: list[int] = []
        for delivery in ask_for_lists(work, left, kind):
            failed |= delivery.failed
            for reply in delivery.replies:
                obtained = store_lists(work, reply, lists)
                lost += [pmid for pmid in asked_pmids(reply) if pmid not in obtained]
            done = sum((pmid, kind) in lists.stored for pmid in pmids)
            work.progress(f"links ({kind})", done, len(pmids))
        left = lost
    failed |= dict.fromkeys(left, "elink: the reply says nothing of it")
    if failed:
        sentence = next(iter(failed.values()))
        work.report.troubles.append(
            f"{kind} links of {name_some(list(failed))} were not obtained ({sentence}); the next run asks again."
        )


def ask_for_lists(work: Work, pmids: Sequence[int], kind: str) -> Iterable[Delivery]:
    """The replies of ELink for PMIDs, as they come, each kept in staging at once."""
    calls = (partial(fetch_lists, work, batch, LINK_NAMES[kind]) for batch in batches(pmids, ELINK_BATCH))
    return in_flight(calls, work.client.in_flight, work.client.stopping)


def fetch_lists(work: Work, pmids: Sequence[int], linkname: str | None) -> Delivery:
    """Ask for the lists of a batch; as `ask_in_halves`."""
    client: EntrezClient = work.client

    def ask(piece: Sequence[int], budget_s: float) -> Reply:
        reply = elink(client, piece, linkname, budget_s=budget_s)
        keep_reply(reply, work.directory.replies, client.source)
        return reply

    return ask_in_halves(client, pmids, ask)


def kind_of(reply: Reply) -> str:
    """The kind of list that a reply of ELink has."""
    name = json.loads(reply.parameters).get("linkname")
    return next(kind for kind, linkname in LINK_NAMES.items() if linkname == name)


def store_lists(work: Work, reply: Reply, lists: Lists) -> set[int]:
    """Write the lists of a reply; those that are followed take the place of the ones known before.

    Returns:
        The PMIDs whose list it has.
    """
    kind, rules = kind_of(reply), work.definition.links
    # Of two replies that were kept, both can have a list; a run has it once.
    link_sets = [s for s in parse_elink(reply.body) if not any((pmid, kind) in lists.stored for pmid in s.source_pmids)]
    name = LINK_NAMES[kind]
    asked = {name: kind} if name else {}
    tables = make_link_tables(link_sets, run_id=work.writer.run_id, fetched_at=reply.fetched_at, asked=asked)
    work.writer.write(tables)
    work.replies.append(reply)
    obtained = set(tables[(LINK_LIST if name else LINKOUT_LIST).name]["pmid"].to_pylist())
    work.report.link_lists += len(obtained)
    lists.stored |= {(pmid, kind) for pmid in obtained}
    if kind in rules.follow:
        follow(tables[LINK.name], kind, lists.neighbours, rules.limit)
    return obtained


def follow(links: pa.Table, kind: str, neighbours: dict[int, list[tuple[str, int]]], limit: int) -> None:
    """Put the first neighbours of fresh lists in the place of the ones known before."""
    fresh: dict[int, list[tuple[str, int]]] = {}
    for row in links.select(["pmid", "linked_pmid", "link_order"]).to_pylist():
        if row["link_order"] <= limit:
            fresh.setdefault(row["pmid"], []).append((kind, row["linked_pmid"]))
    for pmid, pairs in fresh.items():
        neighbours[pmid] = [pair for pair in neighbours.get(pmid, []) if pair[0] != kind] + pairs

"""Neighbours and LinkOut from ELink: which lists are due, asked for in batches, and how far they are followed."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow.compute as pc

from flows.definition.progress import name_first
from flows.definition.seeds import LinkRules
from flows.entrez.client import EntrezClient, Reply
from flows.entrez.fetch import Delivery, ask_in_halves, batches, keep_reply, kept_replies
from flows.entrez.in_flight import in_flight
from flows.entrez.utilities import LinkReply, elink, read_link_reply
from flows.runs.plan import iter_batches
from flows.runs.work import Work, timed
from transforms.elink import make_link_tables
from warehouse.schema.links import LINK, LINK_LIST, LINKOUT_LIST
from warehouse.sql_files import read_statement
from warehouse.state import Connection

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


def refresh_links(work: Work, con: Connection, rules: LinkRules) -> None:
    """Obtain the link lists that are due, and add the neighbours that are followed to the members.

    Each step along links can bring members whose own lists are due, so the lists are obtained step by step.

    Args:
        work: The run.
        con: With the members found so far.
        rules: Which lists, after how many days, and how far they are followed.
    """
    kinds = [*rules.fetch, *([LINKOUT_KIND] if rules.linkout else [])]
    with timed(work, "links"):
        con.execute(read_statement("plan_left_out"))
        if not work.report.is_dry:
            take_over_lists(work, con, rules)
        for depth in range(rules.depth + 1):
            for kind in kinds:
                days = rules.linkout_after_days if kind == LINKOUT_KIND else rules.refetch_after_days
                due = find_due_lists(con, kind, depth, work.started_at - timedelta(days=days))
                work.report.planned_requests += -(-due // ELINK_BATCH)
                if due and not work.report.is_dry:
                    obtain_lists(work, con, kind, rules, due)
            if rules.follow and depth < rules.depth:
                follow_links(con, rules, depth)


def find_due_lists(con: Connection, kind: str, depth: int, fetched_before: datetime) -> int:
    """Create `due_list`: the members some steps from a seed whose list of a kind is due; how many there are."""
    parameters = {"link_kind": kind, "depth": depth, "fetched_before": fetched_before}
    con.execute(read_statement("plan_due_list"), parameters)
    return con.table("due_list").shape[0]


def follow_links(con: Connection, rules: LinkRules, depth: int) -> None:
    """Add the neighbours of the members that stand `depth` steps from a seed, one step further."""
    parameters = {"depth": depth, "most": rules.limit, "link_kinds": list(rules.follow)}
    con.execute(read_statement("plan_add_neighbour"), parameters)


def take_over_lists(work: Work, con: Connection, rules: LinkRules) -> None:
    """Take over the ELink replies of an interrupted run; if two have the same list, the first counts."""
    for _, kept in kept_replies(work.directory, work.client.source, datetime.now(UTC)):
        if kept.utility == "elink":
            reply = read_link_reply(kept)
            query = "SELECT pmid FROM stored_list WHERE link_kind = $kind AND list_contains($pmids, pmid)"
            rows = con.execute(query, {"kind": kind_of(reply), "pmids": list(reply.pmids)}).fetchall()
            store_lists(work, con, reply, rules, set(reply.pmids) - {pmid for (pmid,) in rows})


def obtain_lists(work: Work, con: Connection, kind: str, rules: LinkRules, due: int) -> None:
    """Ask for the lists of `due_list` and write them; those missing from a reply are asked for a second time."""
    calls: Iterable[Sequence[int]] = iter_batches(con, "due_list", ELINK_BATCH)
    sentence = ""
    done = 0
    for _ in range(2):
        lost: list[int] = []
        for delivery in ask_for_lists(work, calls, kind):
            sentence = sentence or next(iter(delivery.failed.values()), "")
            for reply in delivery.replies:
                obtained = store_lists(work, con, read_link_reply(reply), rules, set(reply.pmids))
                lost += [pmid for pmid in reply.pmids if pmid not in obtained]
                done += len(obtained)
            work.progress(f"links ({kind})", done, due)
        calls = batches(lost, ELINK_BATCH)
    if done < due:
        query = """FROM due_list ANTI JOIN (FROM stored_list WHERE link_kind = $kind) stored USING (pmid)
            SELECT pmid ORDER BY pmid"""
        missing = con.execute(f"{query} LIMIT 10", {"kind": kind}).fetchall()
        named = name_first([pmid for (pmid,) in missing], due - done)
        work.report.troubles.append(
            f"{kind} links of {named} were not obtained ({sentence or 'elink: the reply says nothing of it'}); "
            "the next run asks again."
        )


def ask_for_lists(work: Work, calls: Iterable[Sequence[int]], kind: str) -> Iterable[Delivery]:
    """The replies of ELink for batches of PMIDs, as they come, each kept in staging at once."""
    asks = (partial(fetch_lists, work, batch, LINK_NAMES[kind]) for batch in calls)
    return in_flight(asks, work.client.in_flight, work.client.stopping)


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


def store_lists(work: Work, con: Connection, reply: LinkReply, rules: LinkRules, wanted: set[int]) -> set[int]:
    """Write the lists of a reply; those that are followed replace the ones known before.

    Args:
        work: The run.
        con: As prepared; `stored_list` and `fresh_link` are added to.
        reply: A whole reply of ELink.
        rules: Which lists are followed, and how many neighbours of each.
        wanted: PMIDs of the reply whose list this run has not written yet: it writes each once.
    Returns:
        The PMIDs whose list it has.
    """
    kind = kind_of(reply)
    name = LINK_NAMES[kind]
    tables = make_link_tables(
        [link_set for link_set in reply.link_sets if wanted.issuperset(link_set.source_pmids)],
        run_id=work.writer.run_id,
        fetched_at=reply.fetched_at,
        asked={name: kind} if name else {},
    )
    work.writer.write(tables)
    work.replies.append(reply.without_link_sets())
    lists = tables[(LINK_LIST if name else LINKOUT_LIST).name].select(["pmid"])
    work.report.link_lists += lists.num_rows
    con.register("incoming", lists)
    con.execute("INSERT INTO stored_list SELECT pmid, $kind FROM incoming", {"kind": kind})
    if kind in rules.follow:
        links = tables[LINK.name]
        con.register("incoming", links.filter(pc.field("link_order") <= rules.limit))
        con.execute("INSERT INTO fresh_link SELECT pmid, link_kind, linked_pmid FROM incoming")
    con.unregister("incoming")
    return set(lists["pmid"].to_pylist())

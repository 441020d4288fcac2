"""Which PMIDs are asked for, and why: the rules, on tables of a few rows."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import duckdb
import pyarrow as pa
import pytest

from flows.definition.seeds import CitationRules, LinkRules, Seeds
from flows.runs import plan as planning
from flows.runs.links import find_due_lists, follow_links
from flows.runs.members import find_member_changes
from flows.runs.plan import (
    add_members,
    add_seed_members,
    count_reasons,
    is_off_peak,
    iter_batches,
    members_of,
    plan_asked,
    plan_members,
    prepare_plan,
    read_revised_since,
)
from transforms.seed_entry import SeedEntry
from warehouse.current import columns_ddl, open_memory
from warehouse.schema.tables import TABLES
from warehouse.sql_files import read_statement
from warehouse.state import Connection

NOW = datetime(2026, 11, 24, 7)  # noqa: DTZ001 - as DuckDB gives it, UTC
RULES = CitationRules(refetch_after_days=90, in_process_after_days=7, missing_after_days=7)
SOURCE = "http://127.0.0.1:1/"

# Runs in a row that asked for PMID 7: outcome and days ago.
Asks = Iterable[tuple[str, float]]


@pytest.fixture
def con() -> Iterator[Connection]:
    """The schema `state` with empty tables."""
    with open_memory() as con:
        con.execute("CREATE SCHEMA state")
        for table in TABLES.values():
            con.execute(f"CREATE TABLE state.{table.name} ({columns_ddl(table).replace(' NOT NULL', '')})")
        yield con


def insert(con: Connection, table: str, **values: object) -> None:
    """Add a row; columns that are not given are null."""
    columns, names = ", ".join(values), ", ".join(f"${name}" for name in values)
    con.execute(f"INSERT INTO state.{table} ({columns}) VALUES ({names})", values)


def run(con: Connection, days_ago: float, *, source: str = SOURCE, kind: str = "refresh") -> str:
    """Add a run; its id sorts by time."""
    at = NOW - timedelta(days=days_ago)
    run_id = f"{at:%Y%m%dT%H%M%S}"
    insert(con, "run", run_id=run_id, run_kind=kind, started_at=at, run_source=source, is_complete=True)
    return run_id


def ask(con: Connection, asks: Asks, *, source: str = SOURCE) -> None:
    """Add runs that asked for PMID 7."""
    for outcome, days_ago in asks:
        insert(con, "request", run_id=run(con, days_ago, source=source), pmid=7, outcome=outcome)


def hold(con: Connection, status: str | None = "MEDLINE", *, pmid: int = 7, run_source: str = SOURCE) -> None:
    """Add a citation, brought by a run that asked for nothing else."""
    run_id = run(con, 1000 + pmid, source=run_source)
    insert(con, "citation", pmid=pmid, source="file", citation_status=status, run_id=run_id)


def find(con: Connection, pmids: Iterable[int], *, is_sample: bool = False, depth: int = 0) -> None:
    """Begin a plan with PMIDs of a seed file."""
    prepare_plan(con, is_sample=is_sample)
    add_members(con, members_of(pa.array(list(pmids), pa.int64()), "pmids", "a.pmids", depth=depth))


def read_plan(con: Connection) -> dict[int, str]:
    """The PMIDs of the plan in their order, with the reason of each."""
    return dict(con.execute("SELECT pmid, reason FROM plan ORDER BY plan_order").fetchall())


def test_a_plan_that_does_not_fit_is_made_again_in_more_memory(
    con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a few millions of members, what it begins with holds the PMIDs."""
    made: list[str] = []

    def make(*_: object) -> None:
        made.append("plan")
        if len(made) == 1:
            raise duckdb.OutOfMemoryException

    class Stop(Exception):  # noqa: N818
        """What comes after the members is of no interest here."""

    def stop(_: object) -> None:
        raise Stop

    monkeypatch.setattr(planning, "plan_members", make)
    monkeypatch.setattr(planning, "read_revised_since", stop)
    monkeypatch.setattr("warehouse.state.take_more_memory", lambda *_: made.append("memory"))
    with pytest.raises(Stop):
        planning.plan_refresh(MagicMock(), con)
    assert made == ["plan", "memory", "plan"]


@pytest.mark.parametrize(
    ("is_held", "status", "asks", "reason"),
    [
        (False, None, [], "new"),
        (False, None, [("failed", 1)], "owed"),
        (True, "MEDLINE", [("failed", 1)], "owed"),
        (False, None, [("not_found", 1)], "missing"),
        (False, None, [("not_found", 2), ("not_found", 1)], None),
        (False, None, [("not_found", 9), ("not_found", 8)], "missing"),
        # A run that failed says nothing; one that delivered restarts the count.
        (False, None, [("not_found", 3), ("failed", 2), ("not_found", 1)], None),
        (False, None, [("not_found", 3), ("rejected", 2), ("not_found", 1)], "missing"),
        (True, "MEDLINE", [("not_found", 2), ("not_found", 1)], "missing"),
        (False, None, [("rejected", 1)], None),
        (False, None, [("rejected", 8)], "missing"),
        (True, "MEDLINE", [("unchanged", 1)], None),
        (True, "In-Process", [("new", 6)], None),
        (True, "In-Process", [("new", 8)], "in_process"),
        (True, "Publisher", [("unchanged", 8)], "in_process"),
        (True, "PubMed-not-MEDLINE", [("new", 8)], None),
        (True, "MEDLINE", [("new", 91)], "aged"),
        (True, "MEDLINE", [], "aged"),
        (True, None, [], "aged"),
        (True, "MEDLINE", [("deleted", 8)], None),
        (True, "Publisher", [("deleted", 8)], None),
        (True, "MEDLINE", [("deleted", 91)], "aged"),
    ],
)
def test_what_is_held_and_what_was_asked_say_why(
    con: Connection,
    is_held: bool,  # noqa: FBT001
    status: str | None,
    asks: Asks,
    reason: str | None,
) -> None:
    """By state of indexing, last outcome and age."""
    if is_held:
        hold(con, status)
    ask(con, asks)
    find(con, [7])
    plan_members(con, RULES, NOW)
    assert read_plan(con).get(7) == reason


def test_what_was_asked_of_a_pmid_is_summed_up(con: Connection) -> None:
    """Up to the last run in whose reply it was."""
    ask(con, [("not_found", 9), ("unchanged", 8), ("not_found", 7), ("failed", 6), ("deleted", 5)])
    find(con, [])
    days = {name: NOW - timedelta(days=n) for name, n in (("asked", 5), ("looked", 8), ("missing", 7))}
    assert con.execute("FROM asked_pmid").fetchall() == [
        (7, "deleted", days["asked"], days["looked"], 2, days["missing"])
    ]


def test_the_plan_is_in_the_order_of_its_reasons(con: Connection) -> None:
    """What the last run did not get comes first; each PMID occurs once."""
    hold(con, pmid=3)
    ask(con, [("failed", 1)])
    find(con, [9, 3, 7, 5, 9])
    plan_members(con, RULES, NOW)
    assert list(read_plan(con).items()) == [(7, "owed"), (5, "new"), (9, "new"), (3, "aged")]
    assert list(count_reasons(con).items()) == [("owed", 1), ("new", 2), ("aged", 1)]
    con.execute(read_statement("plan_add_revised"), {"pmids": [2, 1]})
    assert list(iter_batches(con, "plan", 4)) == [[7, 5, 9, 3], [1, 2]]


def test_batches_are_as_large_as_asked_for_over_pages(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """And tables can be written between two of them."""
    monkeypatch.setattr(planning, "PAGE", 4)
    find(con, range(1, 12))
    plan_asked(con)
    found = []
    for batch in iter_batches(con, "plan", 3, skip=1):
        con.execute("INSERT INTO stored_list VALUES (1, 'similar')")
        found.append(batch)
    assert found == [[2, 3, 4], [5, 6, 7], [8, 9, 10], [11]]


def test_a_backfill_stays_a_member_and_a_file_is_not_asked_for(con: Connection) -> None:
    """Nobody names them again."""
    for pmid, reason, until in ((1, "backfill", None), (2, "file", None), (3, "backfill", "r"), (4, "query", None)):
        insert(con, "member", pmid=pmid, reason=reason, via="", depth=0, since_run_id="r", until_run_id=until)
    find(con, [5])
    plan_members(con, RULES, NOW)
    assert read_plan(con) == {1: "new", 5: "new"}


def test_what_is_held_and_not_due_is_searched_for_revisions(con: Connection) -> None:
    """After those that are due anyway; what is neither held nor due is not posted."""
    hold(con)
    ask(con, [("unchanged", 1)])
    insert(con, "request", run_id=run(con, 2), pmid=8, outcome="rejected")
    find(con, [7, 8, 9])
    plan_members(con, RULES, NOW)
    assert list(iter_batches(con, "wanted", 10, skip=1)) == [[7]]


def test_what_the_sample_answered_is_no_answer_for_a_real_refresh(con: Connection) -> None:
    """Its stubs are not held, and its answers do not count, however the stubs are marked."""
    ask(con, [("new", 1)], source="sample")
    sample = run(con, 1.5, source="sample")
    for pmid, source in ((7, "efetch"), (8, "sample")):
        insert(con, "citation", pmid=pmid, source=source, citation_status="MEDLINE", run_id=sample)
        insert(con, "link_list", pmid=pmid, link_kind="similar", source="elink", run_id=sample, fetched_at=NOW)
        insert(con, "linkout_list", pmid=pmid, run_id=sample, fetched_at=NOW)
    find(con, [7, 8])
    assert read_revised_since(con) is None
    con.execute(read_statement("plan_left_out"))
    assert [find_due_lists(con, kind, 0, NOW) for kind in ("similar", "linkout")] == [2, 2]
    plan_members(con, RULES, NOW)
    assert read_plan(con) == {7: "new", 8: "new"}


def test_the_sample_is_not_asked_for_what_is_held_for_real(con: Connection) -> None:
    """Its stubs would take the place of records; for the sample its own answers count."""
    hold(con, pmid=1)
    hold(con, pmid=2, run_source="sample")
    ask(con, [("not_found", 2), ("not_found", 1)], source="sample")
    find(con, [1, 2, 3, 7], is_sample=True)
    con.execute(read_statement("plan_left_out"))
    find_due_lists(con, "similar", 0, NOW)
    assert list(iter_batches(con, "due_list", 10)) == [[2, 3]]
    plan_members(con, RULES, NOW)
    assert read_plan(con) == {2: "aged", 3: "new"}
    con.execute("DELETE FROM plan")
    plan_asked(con)
    assert read_plan(con) == {2: "asked", 3: "asked", 7: "asked"}


def test_revisions_are_looked_for_since_the_last_complete_refresh(con: Connection) -> None:
    """Other runs did not look."""
    run(con, 3)
    run(con, 2, kind="backfill")
    insert(con, "run", run_id="z", run_kind="refresh", started_at=NOW, run_source=SOURCE, is_complete=False)
    find(con, [])
    assert read_revised_since(con) == NOW - timedelta(days=3)


def test_lists_are_due_by_age_kind_and_step(con: Connection) -> None:
    """What Entrez does not know has none, and what this run has written is not due."""
    run_id = run(con, 1)
    for pmid, kind, days in ((1, "similar", 6), (2, "similar", 8), (3, "cited_by", 1)):
        at = NOW - timedelta(days=days)
        insert(con, "link_list", pmid=pmid, link_kind=kind, source="elink", run_id=run_id, fetched_at=at)
    insert(con, "link_list", pmid=2, link_kind="similar", source="seed", run_id=run_id)
    ask(con, [("not_found", 1.2)])
    find(con, [1, 2, 3, 4, 7])
    con.execute("INSERT INTO stored_list VALUES (4, 'similar'), (3, 'cited_by')")
    con.execute(read_statement("plan_left_out"))
    assert find_due_lists(con, "similar", 0, NOW - timedelta(days=7)) == 2
    assert list(iter_batches(con, "due_list", 10)) == [[2, 3]]
    assert find_due_lists(con, "similar", 1, NOW) == 0


def test_the_first_neighbours_of_the_newest_lists_are_followed(con: Connection) -> None:
    """A list that this run wrote replaces the one before, even if empty; a seed's is not followed."""
    run_id = run(con, 1)
    for pmid, kind, source, linked in (
        (1, "similar", "elink", (11, 12, 13)),
        (2, "similar", "elink", (21,)),
        (3, "similar", "elink", (31,)),
        (1, "cited_by", "elink", (14,)),
        (1, "similar", "seed", (15,)),
    ):
        insert(con, "link_list", pmid=pmid, link_kind=kind, source=source, run_id=run_id, fetched_at=NOW)
        for order, other in enumerate(linked, 1):
            insert(con, "link", pmid=pmid, link_kind=kind, source=source, linked_pmid=other, link_order=order)
    find(con, [1, 2, 3])
    con.execute("INSERT INTO stored_list VALUES (2, 'similar'), (3, 'similar')")
    con.execute("INSERT INTO fresh_link VALUES (2, 'similar', 22)")
    follow_links(con, LinkRules(follow=["similar"], limit=2), 0)
    assert con.execute("FROM found_member WHERE depth = 1 ORDER BY pmid").fetchall() == [
        (11, "similar", "1", 1),
        (12, "similar", "1", 1),
        (22, "similar", "2", 1),
    ]
    # One step further, only those count that are not nearer to a seed in another way.
    add_members(con, members_of(pa.array([22]), "similar", "1", depth=2))
    con.execute("INSERT INTO fresh_link VALUES (22, 'similar', 221), (1, 'similar', 111)")
    follow_links(con, LinkRules(follow=["similar"], limit=2), 1)
    assert con.execute("SELECT pmid FROM found_member WHERE depth = 2 ORDER BY pmid").fetchall() == [(22,), (221,)]


def member_changes(con: Connection, *, is_ending: bool) -> list[tuple[Any, ...]]:
    """The rows of member that are written: PMID, reason, depth, since and until."""
    con.execute("DROP TABLE IF EXISTS member_change")
    find_member_changes(con, "now", is_ending=is_ending)
    return con.execute(
        "SELECT pmid, reason, depth, since_run_id, until_run_id FROM member_change ORDER BY ALL"
    ).fetchall()


def test_reasons_begin_move_and_cease(con: Connection) -> None:
    """What the seeds folder no longer gives ceases, what a backfill or a file brought does not."""
    held: Iterable[tuple[int, str, str, int, str | None]] = (
        (1, "pmids", "a.pmids", 0, None),
        (2, "pmids", "a.pmids", 1, None),
        (3, "pmids", "a.pmids", 0, "ended"),
        (4, "pmids", "b.pmids", 0, None),
        (5, "query", "asked.query", 0, None),
        (6, "query", "unasked.query", 0, None),
        (7, "backfill", "", 0, None),
        (8, "file", "", 0, None),
        (9, "similar", "1", 1, None),
    )
    for pmid, reason, via, depth, until in held:
        insert(con, "member", pmid=pmid, reason=reason, via=via, depth=depth, since_run_id="old", until_run_id=until)
    find(con, [1, 2, 3, 3])
    con.execute(read_statement("plan_add_query_member"), {"names": ["unasked.query"]})
    begun = [(2, "pmids", 0, "old", None), (3, "pmids", 0, "now", None)]
    ended = [(4, "pmids", 0, "old", "now"), (5, "query", 0, "old", "now"), (9, "similar", 1, "old", "now")]
    assert member_changes(con, is_ending=True) == [*begun, *ended]
    assert member_changes(con, is_ending=False) == begun


def test_a_seed_page_brings_itself_and_the_lists_that_are_followed(con: Connection, tmp_path: Path) -> None:
    """Entries without a PMID, and other lists, bring nothing; a file's PMID that comes twice is a member once."""

    class Page:
        """The parts of a page that are read."""

        pmid, seed_id = 1, "page"
        entries = tuple(
            SeedEntry(list_name=name, citation_order=order, citation_text="", pmid=pmid)
            for order, (name, pmid) in enumerate((("similar", 2), ("similar", None), ("reference", 3)), 1)
        )

    (tmp_path / "a.pmids").write_text("4\n4\n")
    prepare_plan(con, is_sample=False)
    seeds = Seeds(pages=(Page(),), pmids={"a.pmids": tmp_path / "a.pmids"}, queries={})  # type: ignore[arg-type]
    add_seed_members(con, seeds, follow=["similar"])
    assert member_changes(con, is_ending=True) == [
        (1, "seed", 0, "now", None),
        (2, "similar", 1, "now", None),
        (4, "pmids", 0, "now", None),
    ]


def test_only_what_is_held_and_was_left_out_long_before_is_deleted(con: Connection) -> None:
    """One outage is not two answers, and what never came cannot have been withdrawn."""
    for pmid in (1, 2, 3, 5):
        hold(con, pmid=pmid)
    for pmid, outcome, days_ago in ((1, "not_found", 2), (2, "not_found", 0.1), (3, "new", 9), (4, "not_found", 2.5)):
        insert(con, "request", run_id=run(con, days_ago), pmid=pmid, outcome=outcome)
    find(con, [1, 2, 3, 4, 5])
    con.execute("CREATE TABLE empty_reply (pmid BIGINT)")
    con.execute(
        "CREATE TABLE answer AS SELECT unnest([1, 2, 3, 4, 5]) AS pmid, 'not_found' AS outcome, 1 AS answer_order"
    )
    con.execute(read_statement("insert_empty_reply"), {"confirmed_before": NOW - timedelta(hours=12)})
    assert con.execute("FROM empty_reply").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 24, 7, tzinfo=UTC), True),  # Tuesday 02:00 EST
        (datetime(2026, 11, 24, 10, tzinfo=UTC), False),  # 05:00
        (datetime(2026, 11, 24, 20, tzinfo=UTC), False),  # 15:00
        (datetime(2026, 11, 25, 2, tzinfo=UTC), True),  # 21:00
        (datetime(2026, 7, 21, 0, 30, tzinfo=UTC), False),  # Monday 20:30, in daylight-saving time
        (datetime(2026, 7, 21, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 28, 20, tzinfo=UTC), True),  # Saturday afternoon
        (datetime(2026, 11, 30, 3, tzinfo=UTC), True),  # Sunday 22:00
    ],
)
def test_large_jobs_are_for_the_night_and_the_weekend_in_the_east(at: datetime, expected: bool) -> None:  # noqa: FBT001
    """NBK25497."""
    assert is_off_peak(at) == expected

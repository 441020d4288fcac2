"""What the committed runs know: the answers that the plan of the next run needs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from warehouse.current import open_memory, view_runs
from warehouse.held import Held
from warehouse.schema import SEED_DOCUMENT
from warehouse.store import DataDirectory

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Reason:
    """Why a PMID is in the corpus: the key of `member`."""

    pmid: int
    reason: str
    via: str


@dataclass(frozen=True)
class Membership:
    """How a reason holds: steps along links from a seed, and the run in which it began."""

    depth: int
    since_run_id: str


def open_state(directory: DataDirectory) -> Connection:
    """A DuckDB in memory with the views of warehouse/current.py over the runs committed now.

    Raises:
        StoreError: A Parquet file cannot be read.
    """
    con = open_memory()
    view_runs(con, directory)
    return con


def read_held(con: Connection, pmids: Collection[int] | None = None) -> dict[int, Held]:
    """The citations held by PMID, of the given PMIDs or of all; those known from seed text only are not held."""
    query = """SELECT pmid, content_sha256, pmid_version, date_revised, citation_status
        FROM current_citation WHERE source <> 'seed'"""
    if pmids is not None:
        con.register("asked", pa.table({"pmid": pa.array(list(pmids), pa.int64())}))
        query += " AND pmid IN (SELECT pmid FROM asked)"
    rows = con.execute(query).fetchall()
    return {pmid: Held(*rest) for pmid, *rest in rows}


def read_members(con: Connection) -> dict[Reason, Membership]:
    """The reasons that hold."""
    rows = con.execute(
        "SELECT pmid, reason, via, depth, since_run_id FROM current_member WHERE until_run_id IS NULL"
    ).fetchall()
    return {Reason(pmid, reason, via): Membership(depth, since) for pmid, reason, via, depth, since in rows}


def read_seed_hashes(con: Connection) -> dict[str, str]:
    """SHA-256 of each seed page by seed id; removed ones are left out."""
    rows = con.execute("SELECT seed_id, seed_sha256 FROM current_seed_document WHERE NOT is_removed").fetchall()
    return dict(rows)


def read_seed_documents(con: Connection, seed_ids: Collection[str], **changed: object) -> list[tuple[object, ...]]:
    """Rows of `seed_document` as they hold, with some columns changed."""
    columns = ", ".join(f"${name}" if name in changed else name for name in SEED_DOCUMENT.column_names)
    query = f"SELECT {columns} FROM current_seed_document WHERE list_contains($seed_ids, seed_id)"
    return con.execute(query, {"seed_ids": list(seed_ids)} | changed).fetchall()


def read_link_ages(con: Connection) -> dict[tuple[int, str], datetime]:
    """When each list was last obtained from ELink, UTC, by PMID and link kind."""
    rows = con.execute("SELECT pmid, link_kind, fetched_at FROM current_link_list WHERE source = 'elink'").fetchall()
    return {(pmid, kind): fetched_at for pmid, kind, fetched_at in rows}


def read_neighbours(con: Connection, kinds: Collection[str], limit: int) -> dict[int, list[tuple[str, int]]]:
    """The first neighbours of each list from ELink: (link kind, PMID) by PMID, in the lists' order."""
    rows = con.execute(
        """SELECT pmid, link_kind, linked_pmid FROM current_link
        WHERE source = 'elink' AND link_order <= $limit AND list_contains($kinds, link_kind)
        ORDER BY pmid, link_kind, link_order""",
        {"kinds": list(kinds), "limit": limit},
    ).fetchall()
    neighbours: dict[int, list[tuple[str, int]]] = {}
    for pmid, kind, linked in rows:
        neighbours.setdefault(pmid, []).append((kind, linked))
    return neighbours


@dataclass(frozen=True)
class Asked:
    """What runs have asked of a PMID.

    Attributes:
        outcome: That of the last run that asked for it.
        asked_at: When that run began, UTC.
        looked_at: When the last run began that it was delivered to, the same or not; None if it never was.
        missing_count: Runs in a row, up to the last one, in whose replies it was left out.
        missing_since: When the first of those began; None if the last one is none of them.
    """

    outcome: str
    asked_at: datetime
    looked_at: datetime | None
    missing_count: int
    missing_since: datetime | None


def read_asked(con: Connection) -> dict[int, Asked]:
    """What runs have asked, by PMID."""
    rows = con.execute(
        """WITH asked AS (
            SELECT pmid, outcome, run_id, started_at, outcome IN ('not_found', 'deleted') AS is_missing,
                outcome IN ('new', 'revised', 'unchanged', 'rejected') AS is_delivered
            FROM run_request JOIN run_run USING (run_id)
        ),
        last_delivery AS (
            SELECT pmid, max(run_id) AS run_id FROM asked WHERE is_delivered GROUP BY pmid
        )
        SELECT
            asked.pmid,
            arg_max(outcome, asked.run_id),
            max(started_at),
            max(started_at) FILTER (outcome IN ('new', 'revised', 'unchanged')),
            count(*) FILTER (is_missing AND asked.run_id > coalesce(last_delivery.run_id, '')),
            min(started_at) FILTER (is_missing AND asked.run_id > coalesce(last_delivery.run_id, ''))
        FROM asked LEFT JOIN last_delivery USING (pmid)
        GROUP BY asked.pmid"""
    ).fetchall()
    return {pmid: Asked(*rest) for pmid, *rest in rows}


def read_linkout_ages(con: Connection) -> dict[int, datetime]:
    """When the LinkOut resources of each PMID were last obtained, UTC."""
    return dict(con.execute("SELECT pmid, fetched_at FROM current_linkout_list").fetchall())


def read_revised_since(con: Connection) -> datetime | None:
    """When the last complete refresh began, UTC; None before the first."""
    rows = con.execute("SELECT max(started_at) FROM run_run WHERE run_kind = 'refresh' AND is_complete").fetchall()
    return rows[0][0] if rows else None


def read_resolutions(con: Connection) -> dict[tuple[str, str, int], tuple[int, str]]:
    """PMID and method of the entries of seed pages that Entrez has resolved, by seed id, list and position."""
    rows = con.execute(
        """SELECT seed_id, list_name, citation_order, pmid, resolution FROM current_seed_citation
        WHERE pmid IS NOT NULL AND resolution <> 'text'"""
    ).fetchall()
    return {(seed_id, name, order): (pmid, method) for seed_id, name, order, pmid, method in rows}


def read_resolution_times(con: Connection) -> dict[str, datetime | None]:
    """When Entrez was last asked for the entries of each seed page that give no PMID, UTC, by seed id."""
    return dict(
        con.execute("SELECT seed_id, resolution_asked_at FROM current_seed_document WHERE NOT is_removed").fetchall()
    )


def read_deleted(con: Connection) -> set[int]:
    """The PMIDs that are believed deleted."""
    return {pmid for (pmid,) in con.execute("SELECT pmid FROM current_deleted_citation").fetchall()}

"""Records by PMID: asked for in batches, kept as they came, read, and every PMID's outcome noted."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flows.entrez import EntrezClient, Reply, efetch
from flows.report import name_some
from flows.settings import CODE_VERSION
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from transforms.pubmed_xml import ParsedRecords, Provenance, UnknownElement, add_unknown, make_tables
from warehouse.errors import DocumentError, EntrezError, PermanentError, UnreachableError
from warehouse.schema import RAW_REPLY, REQUEST, UNKNOWN_ELEMENT
from warehouse.state import Held
from warehouse.store import DataDirectory, RunWriter


@dataclass
class Outcomes:
    """What became of each PMID: its one outcome, and a detail where there is something to say.

    Attributes:
        by_pmid: The outcome.
        details: What there is to say of it.
        unknown: Elements that no column is declared for, by path.
        rejected_count: Records rejected, those without a PMID among them.
    """

    by_pmid: dict[int, str] = field(default_factory=dict)
    details: dict[int, str] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected_count: int = 0

    def note(self, pmids: Iterable[int], outcome: str, detail: str | None = None) -> None:
        """Give PMIDs their outcome."""
        for pmid in pmids:
            self.by_pmid[pmid] = outcome
            if detail is not None:
                self.details[pmid] = detail

    def counts(self) -> dict[str, int]:
        """PMIDs by outcome."""
        counts: dict[str, int] = {}
        for outcome in self.by_pmid.values():
            counts[outcome] = counts.get(outcome, 0) + 1
        return counts

    def note_parsed(self, parsed: ParsedRecords, held: Mapping[int, Held], read: Sequence[RawRecord]) -> None:
        """Give the records that were read their outcomes: new or revised, or rejected."""
        for pmid in (record.pmid for record in read if record.pmid is not None):
            if pmid in parsed.rejected:
                self.note([pmid], "rejected", parsed.rejected[pmid])
            else:
                self.note([pmid], "revised" if pmid in held else "new")
        for element in parsed.unknown.values():
            add_unknown(self.unknown, element)
        self.rejected_count = parsed.rejected_count


def request_table(outcomes: Outcomes, reasons: Mapping[int, str], run_id: str) -> pa.Table:
    """REQUEST: the outcome of each PMID, in the order of the PMIDs."""
    return REQUEST.to_arrow(
        [
            (run_id, pmid, reasons[pmid], outcomes.by_pmid[pmid], outcomes.details.get(pmid))
            for pmid in sorted(outcomes.by_pmid)
        ]
    )


def unknown_table(outcomes: Outcomes, run_id: str) -> pa.Table:
    """UNKNOWN_ELEMENT: what no column is declared for, by path."""
    return UNKNOWN_ELEMENT.to_arrow(
        [(run_id, u.path, u.count, u.example_pmid, u.example_text) for _, u in sorted(outcomes.unknown.items())]
    )


def batches(pmids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Portions of a list."""
    for start in range(0, len(pmids), size):
        yield pmids[start : start + size]


def asked_pmids(reply: Reply) -> list[int]:
    """The PMIDs that a reply of EFetch answers for."""
    return [int(pmid) for pmid in json.loads(reply.parameters)["id"].split(",")]


@dataclass
class Delivery:
    """What one batch of PMIDs brought.

    Attributes:
        replies: The whole replies, each with the PMIDs that it answers for.
        failed: The sentence by PMID, for those that were not delivered.
    """

    replies: list[Reply] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    is_unreachable: bool = False


def fetch_batch(client: EntrezClient, pmids: Sequence[int], replies_folder: Path) -> Delivery:
    """Ask for a batch and keep each reply in staging at once; a batch that NCBI refuses is asked for in halves.

    Args:
        client: As `connect` gave it.
        pmids: Any number that one request takes.
        replies_folder: Where replies wait until their run is committed.
    """
    delivery = Delivery()
    try:
        reply = efetch(client, pmids)
        list(read_reply(reply))
    except (PermanentError, DocumentError) as exc:
        if len(pmids) == 1:
            delivery.failed[pmids[0]] = str(exc)
            return delivery
        middle = len(pmids) // 2
        for half in (pmids[:middle], pmids[middle:]):
            part = fetch_batch(client, half, replies_folder)
            delivery.replies += part.replies
            delivery.failed |= part.failed
        return delivery
    except EntrezError as exc:
        delivery.failed = dict.fromkeys(pmids, str(exc))
        delivery.is_unreachable = isinstance(exc, UnreachableError)
        return delivery
    keep_reply(reply, replies_folder)
    delivery.replies.append(reply)
    return delivery


def read_reply(reply: Reply) -> Iterator[RawRecord]:
    """The records of an EFetch reply.

    Raises:
        DocumentError: It is not well-formed, or not a set of PubMed records.
    """
    for chunk in split_document([reply.body], name="EFetch reply"):
        yield from read_chunk(chunk, name="EFetch reply").records


def keep_reply(reply: Reply, folder: Path) -> None:
    """Keep a reply until its run is committed, so that a run that breaks off need not ask again."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [("", 1, reply.utility, reply.parameters, reply.body, reply.sha256, reply.fetched_at)]
    path = folder / f"{reply.fetched_at:%Y%m%dT%H%M%S%f}-{reply.sha256[:8]}.parquet"
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(RAW_REPLY.to_arrow(rows), unfinished)
    unfinished.rename(path)


def kept_replies(directory: DataDirectory) -> list[Reply]:
    """The EFetch replies that an unfinished run had fetched, oldest first."""
    return [
        Reply(row["utility"], row["parameters"], row["reply"], row["fetched_at"])
        for path in sorted(directory.replies.glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def drop_kept_replies(directory: DataDirectory) -> None:
    """Remove the replies of staging: their run is committed."""
    for path in directory.replies.glob("*"):
        path.unlink()


def store_reply(
    reply: Reply, writer: RunWriter, outcomes: Outcomes, held: Mapping[int, Held], asked: Collection[int]
) -> None:
    """Read a reply, write what is new or different, and give each PMID that it answers for its outcome.

    Args:
        reply: A whole reply of EFetch.
        writer: The run.
        outcomes: Filled in.
        held: The citations of the asked PMIDs.
        asked: The PMIDs that the reply answers for.
    """
    newest: dict[int, RawRecord] = {}
    nameless = []
    for record in read_reply(reply):
        if record.pmid is None:
            nameless.append(record)
        elif record.pmid not in newest or newest[record.pmid].pmid_version <= record.pmid_version:
            newest[record.pmid] = record
    wanted = {pmid: newest[pmid] for pmid in asked if pmid in newest}
    changed = [r for p, r in wanted.items() if p not in held or held[p].content_sha256 != r.content_sha256]
    outcomes.note(wanted, "unchanged")
    missing = [pmid for pmid in asked if pmid not in newest]
    if unasked := newest.keys() - set(asked_pmids(reply)):
        # A reply to another question says nothing of what it leaves out.
        outcomes.note(missing, "failed", f"Entrez delivered {name_some(list(unasked))}, which was not asked for.")
    else:
        outcomes.note(missing, "not_found", "Entrez left it out of its reply.")
    parsed = make_tables(
        [*changed, *nameless], provenance(writer.run_id, reply), rejected_before=outcomes.rejected_count
    )
    outcomes.note_parsed(parsed, held, changed)
    writer.write(parsed.tables)


def provenance(run_id: str, reply: Reply) -> Provenance:
    """Where the rows of a reply are from."""
    fetched_at: datetime = reply.fetched_at
    return Provenance(
        run_id=run_id,
        source="efetch",
        record_source=f"efetch, reply {reply.sha256[:16]}",
        fetched_at=fetched_at,
        code_version=CODE_VERSION,
    )

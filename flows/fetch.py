"""Records by PMID: asked for in batches, kept as they came, read, and every PMID's outcome noted."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from flows.entrez import EntrezClient, Reply
from flows.outcomes import Outcomes
from flows.report import name_some
from flows.utilities import efetch
from flows.version import CODE_VERSION
from transforms.pubmed_document import RawRecord, read_chunk, split_document
from transforms.pubmed_xml import Provenance, make_tables
from warehouse.errors import DocumentError, EntrezError
from warehouse.held import Held
from warehouse.schema import RAW_REPLY
from warehouse.store import DataDirectory, RunWriter, writing_file

T = TypeVar("T")


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Portions of a list."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def asked_pmids(reply: Reply) -> list[int]:
    """The PMIDs that a reply of EFetch or ELink answers for."""
    ids = json.loads(reply.parameters)["id"]
    return [int(pmid) for pmid in (ids.split(",") if isinstance(ids, str) else ids)]


@dataclass
class Delivery:
    """What one batch of PMIDs brought.

    Attributes:
        replies: The whole replies, each with the PMIDs that it answers for.
        failed: The sentence by PMID, for those that were not delivered.
    """

    replies: list[Reply] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def fail(self, pmids: Iterable[int], sentence: str) -> None:
        """Note PMIDs that were not delivered."""
        self.failed.update(dict.fromkeys(pmids, sentence))


# So many times a batch is halved though nothing at all is delivered; then it is not the batch.
HALVINGS_WITHOUT_HOPE = 3


def ask_in_halves(client: EntrezClient, pmids: Sequence[int], ask: Callable[[Sequence[int], float], Reply]) -> Delivery:
    """Ask for a batch; one that keeps failing is asked for in halves, until what fails stands alone.

    Halves share the seconds that their whole had, so that one bad PMID costs twice the budget at most. Where nothing
    is delivered, to this batch or to another, the client is taken to be down, and nothing more is asked for.

    Args:
        client: As `connect` gave it.
        pmids: Any number that one request takes.
        ask: Called with PMIDs and the seconds for all attempts; a reply that it returns is whole.
    """
    delivery = Delivery()
    delivered_before = client.delivered_count
    pieces = [pmids]
    halvings = 0
    while pieces:
        failing = []
        sentence = ""
        for piece in pieces:
            if client.down:
                delivery.fail(piece, client.down)
                continue
            try:
                delivery.replies.append(ask(piece, client.budget_s / 2**halvings))
            except (EntrezError, DocumentError) as exc:
                sentence = str(exc)
                if len(piece) == 1 or client.down:
                    delivery.fail(piece, sentence)
                else:
                    failing.append(piece)
        if failing and halvings == HALVINGS_WITHOUT_HOPE and client.delivered_count == delivered_before:
            client.down = f"Entrez delivers nothing: {sentence}"
        pieces = [half for piece in failing for half in (piece[: len(piece) // 2], piece[len(piece) // 2 :])]
        halvings += 1
    return delivery


def fetch_batch(client: EntrezClient, pmids: Sequence[int], replies_folder: Path) -> Delivery:
    """Ask for the records of a batch and keep each reply in staging at once; as `ask_in_halves`.

    Args:
        client: As `connect` gave it.
        pmids: Any number that one request takes.
        replies_folder: Where replies wait until their run is committed.
    """

    def ask(piece: Sequence[int], budget_s: float) -> Reply:
        reply = efetch(client, piece, budget_s=budget_s)
        for _ in read_reply(reply):
            pass
        keep_reply(reply, replies_folder, client.source)
        return reply

    return ask_in_halves(client, pmids, ask)


def read_reply(reply: Reply) -> Iterator[RawRecord]:
    """The records of an EFetch reply.

    Raises:
        DocumentError: It is not well-formed, or not a set of PubMed records.
    """
    for chunk in split_document([reply.body], name="EFetch reply"):
        yield from read_chunk(chunk, name="EFetch reply").records


def keep_reply(reply: Reply, folder: Path, source: str) -> None:
    """Keep a reply until its run is committed, so that a run that breaks off need not ask again.

    Args:
        reply: A whole reply.
        folder: The replies of staging.
        source: Whose it is, as in `EntrezClient`.
    Raises:
        StoreError: The disk is full or not writable.
    """
    rows = [("", 1, reply.utility, reply.parameters, reply.body, reply.sha256, reply.fetched_at)]
    path = folder / f"{reply.fetched_at:%Y%m%dT%H%M%S%f}-{reply.sha256[:8]}.parquet"
    unfinished = path.with_suffix(f".{get_ident()}")
    with writing_file(path):
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(RAW_REPLY.to_arrow(rows).replace_schema_metadata({"source": source}), unfinished)
        unfinished.rename(path)


# A reply that is older says nothing of today: it would hide a revision that no later search looks back to.
OLDEST_KEPT = timedelta(days=1)


def kept_replies(directory: DataDirectory, source: str, now: datetime) -> Iterator[tuple[Path, Reply]]:
    """The replies that an unfinished run had fetched, oldest first, each with its file.

    What is of another source, too old, or cannot be read after a crash of the machine is removed: it is asked for
    again.

    Args:
        directory: The data directory.
        source: Whose replies are wanted, as in `EntrezClient`.
        now: UTC.
    """
    for path in sorted(directory.replies.glob("*.parquet")):
        try:
            table = pq.read_table(path)
            (row,) = table.to_pylist()
            reply = Reply(row["utility"], row["parameters"], row["reply"], row["fetched_at"].replace(tzinfo=UTC))
            is_ours = (table.schema.metadata or {}).get(b"source") == source.encode()
            is_whole = reply.sha256 == row["reply_sha256"]
        except (pa.ArrowException, OSError, ValueError, KeyError):
            is_ours = is_whole = False
        if is_ours and is_whole and now - reply.fetched_at <= OLDEST_KEPT:
            yield path, reply
        else:
            path.unlink()


def drop_kept_replies(directory: DataDirectory, keep: Collection[Path]) -> None:
    """Remove the replies of staging, since their run is committed, but for those that it had no use for."""
    for path in directory.replies.glob("*"):
        if path not in keep:
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

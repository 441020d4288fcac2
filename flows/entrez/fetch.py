"""Records by PMID: asked for in batches, kept as they came, read, and every PMID's outcome noted."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from flows.entrez.client import EntrezClient, Reply
from flows.entrez.merged import find_mistaken
from flows.entrez.utilities import efetch
from transforms.pubmed_document import split_document
from transforms.raw_records import ChunkRecords, read_chunk
from warehouse.errors import DocumentError, EntrezError
from warehouse.schema.raw import RAW_REPLY
from warehouse.store import DataDirectory, writing_file

T = TypeVar("T")

# After this many halvings without any delivery, the batch is not to blame: Entrez is down.
HALVINGS_WITHOUT_HOPE = 3

# Do not reuse older replies: a revision made since then would be missed, because later searches do not look back that
# far.
OLDEST_KEPT = timedelta(days=1)


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Portions of a list."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@dataclass
class Delivery:
    """What one batch of PMIDs brought.

    Attributes:
        replies: The whole replies, each with the PMIDs that it answers for.
        read: Of replies of EFetch, what each holds, in the same order.
        failed: The sentence by PMID, for those that were not delivered.
    """

    replies: list[Reply] = field(default_factory=list)
    read: list[list[ChunkRecords]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def fail(self, pmids: Iterable[int], sentence: str) -> None:
        """Note PMIDs that were not delivered."""
        self.failed.update(dict.fromkeys(pmids, sentence))


def ask_in_halves(client: EntrezClient, pmids: Sequence[int], ask: Callable[[Sequence[int], float], Reply]) -> Delivery:
    """Ask for a batch; split one that keeps failing in half, until the failing PMID stands alone.

    Halves share the seconds of their whole, so one bad PMID costs at most twice the budget. If nothing is delivered,
    to this batch or another, Entrez counts as down, and nothing more is requested.

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

    A PMID that came back as another one is requested again alone: then it is known to be merged.

    Args:
        client: As `connect` gave it.
        pmids: Any number that one request takes.
        replies_folder: Where replies wait until their run is committed.
    """

    read: list[list[ChunkRecords]] = []
    mistaken: list[int] = []

    def ask(piece: Sequence[int], budget_s: float, *, is_certain: bool = False) -> Reply:
        reply = efetch(client, piece, budget_s=budget_s)
        chunks = read_reply(reply)
        found = {record.pmid for chunk in chunks for record in chunk.records if record.pmid is not None}
        others = find_mistaken(piece, found)
        if is_certain and others and len(piece) > 1:
            raise DocumentError("efetch: the reply has a PMID that was not asked for")
        mistaken.extend(others)
        keep_reply(reply, replies_folder, client.source)
        read.append(chunks)
        return reply

    delivery = ask_in_halves(client, pmids, ask)
    if mistaken and len(pmids) > 1:
        alone = ask_in_halves(client, list(mistaken), partial(ask, is_certain=True))
        delivery.replies += alone.replies
        delivery.failed |= alone.failed
    delivery.read = read
    return delivery


def read_reply(reply: Reply) -> list[ChunkRecords]:
    """What an EFetch reply holds, by chunk.

    Raises:
        DocumentError: It is not well-formed, or not a set of PubMed records.
    """
    name = "EFetch reply"
    return [read_chunk(chunk, name=name) for chunk in split_document([reply.body], name=name, is_reply=True)]


def keep_reply(reply: Reply, folder: Path, source: str) -> None:
    """Keep a reply until its run is committed, so that an interrupted run need not ask again.

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


def kept_replies(directory: DataDirectory, source: str, now: datetime) -> Iterator[tuple[Path, Reply]]:
    """The replies that an unfinished run had fetched, oldest first, each with its file.

    Replies from another source, old ones, and ones that a crash left unreadable are removed and requested again.

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
    """Remove the staged replies of a committed run, except those that it did not use."""
    for path in directory.replies.glob("*"):
        if path not in keep:
            path.unlink()

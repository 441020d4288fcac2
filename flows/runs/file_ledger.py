"""The ledger of files: which have been read, and what their numbers say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path

from flows.definition.paths import show
from flows.nlm_files.files import check_md5, md5_of, opening, unpack_blocks
from flows.nlm_files.reading import FileJob, place_in_series
from warehouse.errors import DocumentError
from warehouse.schema.citation import CITATION
from warehouse.schema.deliveries import DELIVERY, FILE
from warehouse.schema.ledger import DELETED_CITATION, RUN
from warehouse.schema.members import MEMBER
from warehouse.sql_files import read_statement
from warehouse.state import Connection, open_state
from warehouse.store import DataDirectory, new_run_id, next_run_id

# Tables that the decision about a file needs.
FILE_STATE = (CITATION, DELETED_CITATION, DELIVERY, FILE, MEMBER, RUN)

# Gaps in the numbers that are named.
MOST_GAPS = 10


@dataclass
class FileCall:
    """The files of one call, as they are taken up.

    Attributes:
        directory: The data directory, held for writing.
        is_salvaged: Keep the complete records of a truncated file.
        is_again: Read files that have been read before.
        folders: Folders that the files must be below; any folder if empty.
        is_downloaded: The files have the server's modification times.
        known: When a file was last read, by name and MD5, with those of this call.
        undated_at: When an undated deletion was last read; files read before it count if they come again.
        skipped: Names of files that were skipped.
    """

    directory: DataDirectory
    is_salvaged: bool = False
    is_again: bool = False
    folders: tuple[Path, ...] = ()
    is_downloaded: bool = False
    known: dict[tuple[str, str], datetime] = field(default_factory=dict)
    undated_at: datetime | None = None
    skipped: list[str] = field(default_factory=list)


def begin_call(
    directory: DataDirectory,
    files: Sequence[Path],
    *,
    is_salvaged: bool,
    is_again: bool,
    folders: tuple[Path, ...] = (),
) -> FileCall:
    """Look up what the ledger knows of some files.

    Raises:
        StoreError: A Parquet file cannot be read.
    """
    call = FileCall(directory, is_salvaged, is_again, folders)
    with open_state(directory, FILE_STATE) as con:
        look_up(con, call, files)
    return call


def look_up(con: Connection, call: FileCall, files: Sequence[Path]) -> None:
    """Note in a call what the ledger knows of some files.

    Args:
        con: With the state of the ledger.
        call: Of the files.
        files: By their names; they need not be there.
    """
    names = [show(path.name) for path in files]
    rows = con.execute(
        "SELECT file_name, file_md5, max(read_at) FROM state.file WHERE list_contains($1, file_name) GROUP BY ALL",
        [names],
    ).fetchall()
    call.known = {(name, md5): read_at for name, md5, read_at in rows}
    ((call.undated_at,),) = con.execute(
        """SELECT max(delivered_at) FROM state.delivery
        WHERE is_deletion AND nlm_year IS NULL AND as_of IS NULL"""
    ).fetchall()


def make_jobs(call: FileCall, files: Iterable[Path]) -> Iterator[FileJob]:
    """The files that are to be read, each with its run; those that have been read are noted as skipped.

    Raises:
        DocumentError: A file cannot be read.
    """
    read_at = datetime.now(UTC).replace(tzinfo=None)
    run_id = ""
    for path in files:
        now = max(datetime.now(UTC).replace(tzinfo=None), read_at + timedelta(microseconds=1))
        name = show(path.name)
        if not take_up(call, path, now):
            call.skipped.append(name)
            continue
        read_at = now
        stamp = now.replace(tzinfo=UTC)
        run_id = new_run_id(stamp, run_id) if run_id else next_run_id(call.directory, stamp)
        changed = changed_at(path) if call.is_downloaded else None
        yield FileJob(path, call.directory, run_id, read_at, call.is_salvaged, changed, call.folders)


def changed_at(path: Path) -> datetime:
    """When a file was changed, UTC without time zone."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def take_up(call: FileCall, path: Path, now: datetime) -> bool:
    """Note that a file is read now; False if it was read before and would change nothing now."""
    name = show(path.name)
    is_numbered = place_in_series(path.name)[0] is not None
    try:
        with opening(path, call.folders) as stream:
            key = (name, md5_of(stream))
            check_md5(path, key[1], call.folders)
            last = call.known.get(key)
            is_later = is_numbered or call.undated_at is None or (last is not None and call.undated_at <= last)
            if not call.is_again and last is not None and is_later:
                return False
            call.known[key] = now
            if not is_numbered and has_deletion(stream):
                call.undated_at = now
    except DocumentError:
        pass  # Reading it will report the reason.
    return True


def has_deletion(stream: BufferedReader) -> bool:
    """Whether a file seems to have a deletion.

    Raises:
        DocumentError: It cannot be read.
    """
    tail = b""
    for block in unpack_blocks(stream, lambda _: None):
        if b"<Delete" in tail + block:
            return True
        tail = block[-8:]
    return False


def describe_files(con: Connection, run_ids: Sequence[str], *, taken_over: int | None = None) -> list[str]:
    """What the numbers of NLM's files say after some were read: gaps, files that came late, a new baseline year.

    Args:
        con: The state after the call, with the runs of it.
        run_ids: The runs of the call.
        taken_over: The year whose whole baseline the call has read.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE call_run AS SELECT unnest($1::VARCHAR[]) AS run_id", [list(run_ids)])
    sentences = []
    gaps = con.execute(read_statement("select_file_gap")).fetchall()
    if gaps:
        named = [f"pubmed{year}n{first:04}" + (f" to {last:04}" if last > first else "") for year, first, last in gaps]
        more = f" and {len(named) - MOST_GAPS:,} more gaps" if len(named) > MOST_GAPS else ""
        sentences.append(f"Not read yet: {', '.join(named[:MOST_GAPS])}{more}.")
    late = con.execute(read_statement("select_file_late")).fetchall()
    if late:
        name, earlier = late[0]
        more = f" ({len(late):,} files came late)" if len(late) > 1 else ""
        sentences.append(f"{name} came after {earlier}; the higher number holds{more}.")
    for (year,) in con.execute(read_statement("select_file_new_year")).fetchall():
        if year == taken_over:
            continue
        sentences.append(
            f"pubmed{year} is a new baseline year. What its baseline lacks stays until all of it is read with "
            "`corpus ingest --baseline FILE...`."
        )
    return sentences

"""Citations of the published file, a few at a time, in the order of a question's answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from flows.exports.record import PARTS, Record, make_records
from warehouse.errors import QueryError, StoreError
from warehouse.query import ask
from warehouse.schema.tables import TABLES

# Citations per batch: each table is scanned once for a batch.
BATCH = 1_000
# PMIDs have at most nine digits (`transforms.values`): a bit for each is 125 MB, a page of bits 128 KB.
PAGE_BITS = 1 << 20


@dataclass
class Seen:
    """PMIDs that were met, a bit for each, in pages: an answer of any size is looked through in bounded memory."""

    pages: dict[int, bytearray] = field(default_factory=dict)

    def add(self, pmid: int) -> bool:
        """Note a PMID; false if it was there."""
        number, bit = divmod(pmid, PAGE_BITS)
        page = self.pages.setdefault(number, bytearray(PAGE_BITS >> 3))
        is_new = not page[bit >> 3] & 1 << (bit & 7)
        page[bit >> 3] |= 1 << (bit & 7)
        return is_new


@dataclass
class Written:
    """What became of an answer.

    Attributes:
        count: Citations that were written, each once.
        missing_count: PMIDs that the corpus does not hold.
        missing: The first of them.
        left_out: Columns of the answer that the format has no place for.
    """

    count: int = 0
    missing_count: int = 0
    missing: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def expect_pmid(schema: pa.Schema) -> None:
    """Refuse an answer that does not say which citations are meant.

    Raises:
        QueryError: It has no column `pmid`, or one that is not of whole numbers.
    """
    if schema.names.count("pmid") != 1:
        raise QueryError("The question gives no column `pmid`; write SELECT pmid FROM ..., once.")
    if not pa.types.is_integer(schema.field("pmid").type):
        raise QueryError("The column `pmid` holds no whole numbers; write CAST(... AS BIGINT) AS pmid.")


def read_citations(
    con: duckdb.DuckDBPyConnection, answer: pa.RecordBatchReader, written: Written, parts: Sequence[str] = PARTS
) -> Iterator[Record]:
    """The citations of an answer, in its order, each once; the answer's other columns are their `extra`.

    Args:
        con: As `open_published` gave it, and not the one that the answer streams from.
        answer: With a column `pmid`; nulls are passed over.
        written: Filled in.
        parts: The other tables whose rows are wanted.
    """
    seen = Seen()
    waiting: dict[int, dict[str, object]] = {}
    for batch in answer:
        for row in batch.to_pylist():
            pmid = row.pop("pmid")
            if pmid is None:
                continue
            if not 0 < pmid < 1_000_000_000:
                raise QueryError(f"The column `pmid` holds {pmid}, which is not a PMID.")
            if seen.add(pmid):
                waiting[pmid] = row
        if len(waiting) >= BATCH:
            yield from read_batch(con, waiting, written, parts)
            waiting = {}
    yield from read_batch(con, waiting, written, parts)


def read_batch(
    con: duckdb.DuckDBPyConnection, wanted: dict[int, dict[str, object]], written: Written, parts: Sequence[str]
) -> Iterator[Record]:
    """The citations of some PMIDs, in their order."""
    pmids = sorted(wanted)
    if not pmids:
        return
    tables = {name: read_rows(con, name, pmids) for name in ("citation", *parts)}
    read = {record.pmid: record for record in make_records(tables)}
    for pmid, extra in wanted.items():
        if (record := read.get(pmid)) is None:
            written.missing_count += 1
            written.missing += [pmid] if len(written.missing) < 10 else []
            continue
        written.count += 1
        yield Record(record.citation, record.parts, extra)


def read_rows(con: duckdb.DuckDBPyConnection, table: str, pmids: list[int]) -> pa.Table:
    """The rows of a table or view for some PMIDs, in the order of its key.

    Raises:
        StoreError: The published file does not have it.
    """
    key = ", ".join(TABLES[table].key) if table in TABLES else "pmid"
    # The range lets DuckDB skip row groups without any of them.
    sql = (
        f"SELECT * FROM {table} WHERE pmid BETWEEN {pmids[0]} AND {pmids[-1]} "
        f"AND pmid IN ({', '.join(map(str, pmids))}) ORDER BY {key}"
    )
    try:
        return ask(con, sql)
    except QueryError as exc:
        if isinstance(exc.__cause__, duckdb.CatalogException):
            raise StoreError(
                f"The published file has no {table}: an earlier version of this program made it; run `corpus rebuild`."
            ) from exc
        raise

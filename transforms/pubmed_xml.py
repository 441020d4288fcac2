"""PubMed records to the tables of warehouse/schema.py, the records of a chunk at once.

Where each element goes is declared in the schema and made into nodes by transforms/record_paths.py; along them
transforms/record_columns.py reads the columns, and transforms/derived_columns.py adds those that follow from others.
What has no node is counted by its path, never fatal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256

import numpy as np
import pyarrow as pa

from transforms.derived_columns import derive_dates, derive_retracted, derive_values
from transforms.elements import Elements, Positions
from transforms.pubmed_document import DocumentChunk, RawRecord, read_chunk
from transforms.record_columns import (
    NOTHING,
    TABLE_NUMBERS,
    Columns,
    count_within,
    fill_defaults,
    has_values,
    place,
    read_columns,
    to_tables,
)
from transforms.record_paths import ENTRY
from warehouse.schema import LINK, LINK_LIST, RAW_CITATION, REJECTED_CITATION, Table


@dataclass(frozen=True)
class Provenance:
    """Where records are from.

    Attributes:
        run_id: The run.
        source: efetch or file.
        record_source: The request, or the file's name.
        fetched_at: When they came, UTC.
        code_version: Version of this project.
    """

    run_id: str
    source: str
    record_source: str
    fetched_at: datetime
    code_version: str


@dataclass(frozen=True)
class UnknownElement:
    """An element or attribute that no reader is for: its path, how often it was met, and the first example."""

    path: str
    count: int
    example_pmid: int
    example_text: str | None


@dataclass
class ParsedRecords:
    """What some records became.

    Attributes:
        tables: Rows by table; tables without a row are left out.
        unknown: Elements and attributes no reader is for, by path.
        rejected: The reason by PMID, for records that could not be read.
        rejected_count: Records of the run rejected so far, those without a PMID among them.
        states: date_revised and citation_status by PMID, as in citation.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)
    rejected_count: int = 0
    states: dict[int, tuple[date | None, str | None]] = field(default_factory=dict)


# --- tables ----------------------------------------------------------------------------------------------------------


def make_tables(records: Iterable[RawRecord], provenance: Provenance, *, rejected_before: int = 0) -> ParsedRecords:
    """The rows of some records.

    Args:
        records: Each PMID at most once.
        provenance: Where they are from.
        rejected_before: Records of the run that were rejected before these; their positions go on from there.
    Returns:
        All tables that have rows, raw_citation, rejected_citation and the record's own links among them. A record that
        cannot be read has a row in rejected_citation, one in raw_citation if its PMID is known, and no other.
    """
    records = list(records)
    parsed = ParsedRecords(rejected_count=rejected_before)
    if not records:
        return parsed
    rejected = {position: reason for position, r in enumerate(records) if (reason := reason_against(r))}
    elements, positions = put_together(records)
    columns = None
    while columns is None and len(rejected) < len(records):
        readable = sorted((positions[i], i) for i in range(len(records)) if i not in rejected)
        columns = read_columns(elements, np.array([position for position, _ in readable]))
        wanted = [records[i] for _, i in readable]
        tables = derive_tables(columns, wanted, provenance)
        for fault in sorted(columns.faults, key=lambda fault: fault.element):
            _, number = readable[int(columns.record[fault.element])]
            rejected.setdefault(number, fault.sentence)
        if columns.faults:
            # Read again without them: nothing of a record that cannot be read is in a table.
            columns = None
            continue
        note_states(parsed, tables["citation"])
        parsed.tables = {name: table for name, table in tables.items() if table.num_rows}
        note_unknown(parsed, columns, wanted)
    if rejected:
        reject(parsed, [(records[i], rejected[i]) for i in sorted(rejected)], provenance)
    add_raw(parsed, records, provenance)
    return parsed


def reason_against(record: RawRecord) -> str:
    """Why a record is not read at all; '' if it is."""
    if record.tag not in ENTRY.children:
        return f"{record.tag} is no record of PubMed."
    return f"The {record.tag} has no PMID that is a number." if record.pmid is None else ""


def put_together(records: Sequence[RawRecord]) -> tuple[Elements, list[int]]:
    """The elements that hold all of some records, and the position of each record."""
    if all(record.elements is records[0].elements for record in records[1:]):
        return records[0].elements, [record.position for record in records]
    chunk = DocumentChunk(b"".join(record.record_xml for record in records), 1)
    together = read_chunk(chunk, name="records").records
    return together[0].elements, [record.position for record in together]


def derive_tables(columns: Columns, records: Sequence[RawRecord], provenance: Provenance) -> dict[str, pa.Table]:
    """The tables of what was read.

    Args:
        columns: As read; a required value that is missing becomes a fault.
        records: The records, in the order of the columns.
        provenance: Where they are from.
    """
    is_book = np.array(["Book" in record.tag for record in records])
    derive_values(columns)
    kinds = np.array([columns.add_text("article"), columns.add_text("book")])
    columns.values[place("citation", "pmid_version")] = np.array([record.pmid_version for record in records])
    columns.values[place("citation", "record_kind")] = kinds[is_book.astype(int)]
    columns.values[place("citation", "content_sha256")] = np.array(
        [columns.add_text(record.content_sha256) for record in records]
    )
    pmids = np.array([record.pmid for record in records], np.int64)
    constants = constants_of(provenance)
    links = link_tables(columns, pmids, constants)
    fill_defaults(columns)
    strings = columns.strings()
    derive_retracted(columns, strings)
    tables = to_tables(columns, strings, pmids, constants, derive_dates(columns, strings, is_book))
    has_book = is_book | has_values(columns, "book")
    tables["book"] = tables["book"].filter(pa.array(has_book))
    return tables | links


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What there is to know of a record before its rows are wanted.

    Attributes:
        pmid: Its PMID; None if it has none, and is rejected.
        pmid_version: Version of the PMID.
        content_sha256: As in citation.
        date_revised: As in citation; None for a record without rows.
        citation_status: As in citation; None for a record without rows.
        is_known: The record is the one held; it has no rows here.
    """

    pmid: int | None
    pmid_version: int
    content_sha256: str
    date_revised: date | None
    citation_status: str | None
    is_known: bool


@dataclass
class ReadChunk:
    """A chunk of a document, read.

    Attributes:
        parts: Summaries in document order and the rows made of them; in each part a PMID comes once.
        deletions: The PMIDs it withdraws, with the element that says so.
    """

    parts: list[tuple[list[RecordSummary], ParsedRecords]] = field(default_factory=list)
    deletions: list[tuple[int, str]] = field(default_factory=list)


def read_records(chunk: DocumentChunk, *, name: str, known: Mapping[int, str], provenance: Provenance) -> ReadChunk:
    """Read a chunk of a document into rows.

    Args:
        chunk: As `split_document` gave it.
        name: What to call the document in an error.
        known: content_sha256 of the records that are held already, by PMID; no rows are made of the same again.
        provenance: Where the records are from.
    Raises:
        DocumentError: The chunk is not well-formed.
    """
    found = read_chunk(chunk, name=name)
    read = ReadChunk(deletions=found.deletions)
    waiting = found.records
    while waiting:
        part: dict[int | None, RawRecord] = {}
        nameless: list[RawRecord] = []
        again: list[RawRecord] = []
        for record in waiting:
            if record.pmid is None:
                nameless.append(record)
            elif record.pmid in part:
                again.append(record)
            else:
                part[record.pmid] = record
        records = [*part.values(), *nameless]
        parsed = make_tables([record for record in records if not is_known(record, known)], provenance)
        summaries = [
            RecordSummary(
                record.pmid,
                record.pmid_version,
                record.content_sha256,
                *parsed.states.get(record.pmid or 0, (None, None)),
                is_known=is_known(record, known),
            )
            for record in records
        ]
        read.parts.append((summaries, parsed))
        waiting = again
    return read


def is_known(record: RawRecord, known: Mapping[int, str]) -> bool:
    """Whether a record is held already, as it is."""
    return record.pmid is not None and known.get(record.pmid) == record.content_sha256


def link_tables(columns: Columns, pmids: Positions, constants: Mapping[str, pa.Scalar]) -> dict[str, pa.Table]:
    """LINK and LINK_LIST: the PMIDs that each record's own reference list names, each once, in order."""
    record = columns.record_of[TABLE_NUMBERS["cited_reference"]]
    cited = columns.column(*place("cited_reference", "cited_pmid"))
    record, cited = record[cited != NOTHING], cited[cited != NOTHING]
    firsts = np.sort(np.unique(np.stack([record, cited]), axis=1, return_index=True)[1])
    record, cited = record[firsts], cited[firsts]
    kind, source = pa.scalar("reference"), pa.scalar("record")
    counts = np.bincount(record, minlength=len(pmids))
    links = {"pmid": pmids[record], "linked_pmid": cited, "link_order": count_within(record) + 1}
    lists = {"pmid": pmids, "link_count": counts}
    fixed = {"link_kind": kind, "source": source, "run_id": constants["run_id"], "fetched_at": constants["fetched_at"]}
    return {LINK.name: fill_table(LINK, links, fixed), LINK_LIST.name: fill_table(LINK_LIST, lists, fixed)}


def fill_table(
    table: Table, columns: Mapping[str, Positions | list[object]], fixed: Mapping[str, pa.Scalar]
) -> pa.Table:
    """A table of some columns with their values and some of one value each; the others are null."""
    rows = len(columns["pmid"])
    return pa.Table.from_arrays(
        [
            pa.array(columns[c.name], c.type)
            if c.name in columns
            else pa.repeat(fixed[c.name], rows)
            if c.name in fixed
            else pa.nulls(rows, c.type)
            for c in table.columns
        ],
        schema=table.arrow_schema,
    )


def constants_of(provenance: Provenance) -> dict[str, pa.Scalar]:
    """The columns that have one value in all rows of a call."""
    return {
        "run_id": pa.scalar(provenance.run_id),
        "source": pa.scalar(provenance.source),
        "record_source": pa.scalar(provenance.record_source),
        "fetched_at": pa.scalar(provenance.fetched_at.replace(tzinfo=None), pa.timestamp("us")),
    }


def add_raw(parsed: ParsedRecords, records: Sequence[RawRecord], provenance: Provenance) -> None:
    """RAW_CITATION: the records as they came, those without a PMID excepted."""
    kept = [record for record in records if record.pmid is not None]
    if kept:
        constants = constants_of(provenance)
        columns: dict[str, list[object]] = {
            "pmid": [record.pmid for record in kept],
            "pmid_version": [record.pmid_version for record in kept],
            "record_xml": [record.record_xml for record in kept],
            "record_sha256": [sha256(record.record_xml).hexdigest() for record in kept],
            "content_sha256": [record.content_sha256 for record in kept],
        }
        parsed.tables[RAW_CITATION.name] = fill_table(RAW_CITATION, columns, constants)


def reject(parsed: ParsedRecords, rejected: list[tuple[RawRecord, str]], provenance: Provenance) -> None:
    """REJECTED_CITATION: the records that could not be read."""
    rows = []
    for record, reason in rejected:
        parsed.rejected_count += 1
        rows.append(
            (
                provenance.run_id,
                parsed.rejected_count,
                record.pmid,
                record.record_xml,
                reason,
                provenance.code_version,
                provenance.record_source,
            )
        )
        if record.pmid is not None:
            parsed.rejected[record.pmid] = reason
    parsed.tables[REJECTED_CITATION.name] = REJECTED_CITATION.to_arrow(rows)


def note_states(parsed: ParsedRecords, citation: pa.Table) -> None:
    """Note the date and status of each record, by PMID."""
    dates, statuses = citation["date_revised"].to_pylist(), citation["citation_status"].to_pylist()
    parsed.states = dict(zip(citation["pmid"].to_pylist(), zip(dates, statuses, strict=True), strict=True))


def note_unknown(parsed: ParsedRecords, columns: Columns, records: Sequence[RawRecord]) -> None:
    """Note what nothing is declared for, by path."""
    for unknown in columns.unknown:
        pmid = records[int(columns.record[unknown.element])].pmid
        add_unknown(parsed.unknown, UnknownElement(unknown.path, 1, pmid or 0, unknown.text or None))


def add_unknown(known: dict[str, UnknownElement], element: UnknownElement) -> None:
    """Add what was met to what was met before; the first example stays."""
    before = known.get(element.path)
    known[element.path] = replace(before, count=before.count + element.count) if before else element

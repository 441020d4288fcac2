"""PubMed records to the tables of warehouse/schema/, the records of a chunk at once.

Where each element goes is declared in the schema and made into nodes by transforms/record_paths.py; along them
transforms/record_columns.py reads the columns, and transforms/derived_columns.py adds those that follow from others.
What has no node is counted by its path, never fatal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.column_tables import fill_defaults, has_values, to_tables
from transforms.columns import NOTHING, TABLE_NUMBERS, Columns, place
from transforms.derived_columns import derive_abstract, derive_dates, derive_retracted, derive_values
from transforms.elements import Elements
from transforms.numpy_reading import Positions
from transforms.parsed_records import ParsedRecords, Provenance, UnknownElement, add_unknown, in_chunk
from transforms.pubmed_document import DocumentChunk
from transforms.raw_records import ChunkRecords, RawRecord, read_chunk
from transforms.record_columns import count_within, read_columns
from transforms.record_paths import ENTRY
from transforms.staged_rows import stage, stage_deletion, stage_table
from warehouse.schema.declaration import Table
from warehouse.schema.deliveries import STAGED_DELIVERY
from warehouse.schema.ledger import REJECTED_CITATION
from warehouse.schema.links import LINK, LINK_LIST
from warehouse.schema.raw import RAW_CITATION

# Papers with thousands of authors have a few megabytes. A title of 60 MB was read, and then no file could be published:
# its search terms alone took more memory than a publish has.
LARGEST_RECORD_BYTES = 16 << 20


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
        note_dates(parsed, tables["citation"])
        parsed.tables = {name: table for name, table in tables.items() if table.num_rows}
        note_unknown(parsed, columns, wanted)
    if rejected:
        reject(parsed, [(records[i], rejected[i]) for i in sorted(rejected)], provenance)
    add_raw(parsed, records, provenance)
    return parsed


def reason_against(record: RawRecord) -> str:
    """Why a record is not read at all; '' if it is."""
    if record.tag not in ENTRY.children:
        return f"{record.tag} is not a record of PubMed."
    if (size := record.last - record.first) > LARGEST_RECORD_BYTES:
        return f"It has {size:,} bytes, more than the {LARGEST_RECORD_BYTES:,} that can be published."
    return record.refused


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
    pmids = np.array([record.pmid for record in records], np.int64)
    constants = constants_of(provenance)
    links = link_tables(columns, pmids, constants)
    fill_defaults(columns)
    strings = columns.strings()
    derive_retracted(columns, strings)
    made = derive_dates(columns, strings, is_book) | derive_abstract(columns, strings)
    made[place("citation", "content_sha256")] = pa.array([record.content_sha256 for record in records])
    tables = to_tables(columns, strings, pmids, constants, made)
    has_book = is_book | has_values(columns, "book")
    tables["book"] = tables["book"].filter(pa.array(has_book))
    return tables | links


@dataclass
class ReadChunk:
    """A chunk of a document, read.

    Attributes:
        tables: Rows by table, each with `chunk_order`; STAGED_DELIVERY has a row for every record with a PMID and for
            every deletion. A PMID has the rows of one record: the last one of the highest version that can be read.
        unknown: Elements and attributes no reader is for, by path.
        rejected_count: Records of the document rejected so far, those without a PMID among them.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected_count: int = 0


def read_records(
    chunk: DocumentChunk, *, name: str, provenance: Provenance, chunk_order: int = 1, rejected_before: int = 0
) -> ReadChunk:
    """Read a chunk of a document into rows.

    Args:
        chunk: As `split_document` gave it.
        name: What to call the document in an error.
        provenance: Where the records are from.
        chunk_order: The chunk's position in its document, from 1.
        rejected_before: Records of the document that were rejected before these.
    Raises:
        DocumentError: The chunk is not well-formed.
    """
    found = read_chunk(chunk, name=name)
    return make_rows(found, provenance, chunk_order=chunk_order, rejected_before=rejected_before)


def group_versions(found: Iterable[RawRecord]) -> dict[int, list[RawRecord]]:
    """The records of each PMID, by version and place: the one that holds is the last."""
    groups: dict[int, list[RawRecord]] = {}
    for record in found:
        if record.pmid is not None:
            groups.setdefault(record.pmid, []).append(record)
    for records in groups.values():
        records.sort(key=lambda record: record.pmid_version)
    return groups


def make_rows(
    found: ChunkRecords, provenance: Provenance, *, chunk_order: int = 1, rejected_before: int = 0
) -> ReadChunk:
    """The rows of what `read_chunk` found in a chunk; arguments as for `read_records`."""
    nameless = [record for record in found.records if record.pmid is None]
    waiting = group_versions(found.records)
    read = ReadChunk(rejected_count=rejected_before)
    parts: list[dict[str, pa.Table]] = []
    staged: list[tuple[object, ...]] = []
    while waiting or nameless:
        chosen = [records.pop() for records in waiting.values()]
        parsed = make_tables([*chosen, *nameless], provenance, rejected_before=read.rejected_count)
        nameless = []
        read.rejected_count = parsed.rejected_count
        parts.append(parsed.tables)
        for element in parsed.unknown.values():
            add_unknown(read.unknown, element)
        staged += [stage(record, parsed, provenance) for record in chosen]
        unread = {pmid: records for pmid, records in waiting.items() if pmid in parsed.rejected and records}
        superseded = [record for pmid, records in waiting.items() if pmid not in unread for record in records]
        staged += [stage(record, None, provenance) for record in superseded]
        waiting = unread
    staged += [stage_deletion(*deletion, provenance) for deletion in found.deletions]
    read.tables = {name: in_chunk(rows, chunk_order) for name, rows in put_tables_together(parts).items()}
    read.tables[STAGED_DELIVERY.name] = stage_table(staged, chunk_order, provenance)
    return read


def put_tables_together(parts: Sequence[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    """The rows of each table, in the order of the parts."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}


def link_tables(columns: Columns, pmids: Positions, constants: Mapping[str, pa.Scalar]) -> dict[str, pa.Table]:
    """LINK and LINK_LIST: the PMIDs that each record's own reference list names, each once, in order."""
    record = columns.record_of[TABLE_NUMBERS["cited_reference"]]
    cited = columns.column(*place("cited_reference", "cited_pmid"))
    record, cited = record[cited != NOTHING], cited[cited != NOTHING]
    firsts = np.sort(np.unique(record << 32 | cited, return_index=True)[1])
    record, cited = record[firsts], cited[firsts]
    kind, source = pa.scalar("reference"), pa.scalar("record")
    counts = np.bincount(record, minlength=len(pmids))
    links = {"pmid": pmids[record], "linked_pmid": cited, "link_order": count_within(record) + 1}
    lists = {"pmid": pmids, "link_count": counts}
    fixed = {"link_kind": kind, "source": source, "run_id": constants["run_id"], "fetched_at": constants["fetched_at"]}
    return {LINK.name: fill_table(LINK, links, fixed), LINK_LIST.name: fill_table(LINK_LIST, lists, fixed)}


def fill_table(
    table: Table, columns: Mapping[str, Positions | pa.Array | list[object]], fixed: Mapping[str, pa.Scalar]
) -> pa.Table:
    """A table of some columns with their values and some of one value each; the others are null."""
    rows = len(columns["pmid"])
    return pa.Table.from_arrays(
        [
            columns[c.name]
            if isinstance(columns.get(c.name), pa.Array)
            else pa.array(columns[c.name], c.type)
            if c.name in columns
            else pa.repeat(fixed[c.name], rows)
            if c.name in fixed
            else pa.nulls(rows, c.type)
            for c in table.columns
        ],
        schema=table.arrow_schema,
    )


def to_binary(values: Sequence[memoryview]) -> pa.Array:
    """A column of bytes, copied once; as many as the chunks of a document and the replies of a request have."""
    borders = np.cumsum([0, *map(len, values)])
    if borders[-1] >= 1 << 31:
        return pa.array(list(map(bytes, values)), pa.binary())
    offsets = pa.py_buffer(borders.astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(values), [None, offsets, pa.py_buffer(b"".join(values))])


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
        held = [memoryview(record.source)[record.first : record.last] for record in kept]
        columns: dict[str, pa.Array | list[object]] = {
            "pmid": [record.pmid for record in kept],
            "pmid_version": [record.pmid_version for record in kept],
            "record_xml": to_binary(held),
            "record_sha256": [
                # What holds no line break has no layout: its content is all of it.
                record.content_sha256 if is_content else sha256(record_xml).hexdigest()
                for record, record_xml in zip(kept, held, strict=True)
                for is_content in [record.source.find(b"\n", record.first, record.last) < 0]
            ],
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
                record.record_xml if record.last - record.first <= LARGEST_RECORD_BYTES else b"",
                reason,
                provenance.code_version,
                provenance.record_source,
            )
        )
        if record.pmid is not None:
            parsed.rejected[record.pmid] = reason
    parsed.tables[REJECTED_CITATION.name] = REJECTED_CITATION.to_arrow(rows)


def note_dates(parsed: ParsedRecords, citation: pa.Table) -> None:
    """Note the dates of each record, by PMID."""
    revised = citation["date_revised"]
    newest = pc.max_element_wise(revised, citation["date_completed"])
    days = (dates.cast(pa.int32()).to_pylist() for dates in (revised, newest))
    pairs = zip(*days, strict=True)
    parsed.dates = dict(zip(citation["pmid"].to_pylist(), pairs, strict=True))


def note_unknown(parsed: ParsedRecords, columns: Columns, records: Sequence[RawRecord]) -> None:
    """Note what nothing is declared for, by path."""
    for unknown in columns.unknown:
        pmid = records[int(columns.record[unknown.element])].pmid
        add_unknown(parsed.unknown, UnknownElement(unknown.path, 1, pmid or 0, unknown.text or None))

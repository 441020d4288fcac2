"""PubMed records to the tables of warehouse/schema.py: the whole record in one pass over its elements.

Where each element goes is declared in the schema and made into nodes by transforms/record_paths.py; this module walks
a record along them, and derives the columns that follow from others. What has no node is counted by its path, never
fatal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pyarrow as pa

from transforms.pubmed_document import DocumentChunk, RawRecord, read_chunk
from transforms.record_paths import (
    CONTEXT,
    COUNTS,
    ENTRY,
    FIRST_ROW,
    PATHS,
    READ_TABLES,
    Extension,
    Node,
    Slot,
    blank_row,
)
from transforms.values import LINE_BREAKS, first_year, normal_orcid, text_of, to_date, to_pmid
from warehouse.errors import RecordError
from warehouse.schema import LINK, LINK_LIST, MARKUP, MATHML, RAW_CITATION, RECORD, REJECTED_CITATION, TABLES

Element = Any  # an lxml element; lxml's stubs let every text be bytes as well
Row = list[Any]

RETRACTED_PUBLICATION = "D016441"


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


# --- reading ---------------------------------------------------------------------------------------------------------

TABLE_NUMBERS = {table.name: number for number, table in enumerate(READ_TABLES)}
BLANK_COUNTS = [0] * len(PATHS.counters)
BLANK_CONTEXT: Row = [None] * len(PATHS.contexts)
# Tables with one row a record begin with it; the others have no current row before their element comes.
BLANK_ROWS: list[Row] = [list(blank_row(table)) if table.rows == RECORD else [] for table in READ_TABLES]
SINGLE_ROWS = [number for number, table in enumerate(READ_TABLES) if table.rows == RECORD]


@dataclass(slots=True)
class Reading:
    """One record as it is read.

    Attributes:
        pmid: Its PMID.
        tag: Its element.
        rows: Rows by table, in the order of READ_TABLES.
        unknown: Path and text of elements and attributes that have no node.
    """

    pmid: int
    tag: str
    rows: list[list[Row]] = field(default_factory=lambda: [[] for _ in READ_TABLES])
    unknown: list[tuple[str, str]] = field(default_factory=list)

    def of(self, table: str) -> list[Row]:
        """The rows of a table."""
        return self.rows[TABLE_NUMBERS[table]]

    def report(self, node: Node, name: str, text: str) -> None:
        """Note something in an element that nothing is declared for."""
        self.unknown.append((f"{node.path}/{name}".lstrip("/"), text[:200]))


def read_record(record: RawRecord) -> Reading:
    """Read a record's elements into rows.

    Raises:
        RecordError: It has no PMID, is no record, or has two values where there is a place for one.
    """
    tag = str(record.element.tag)
    if tag not in ENTRY.children:
        raise RecordError(f"{tag} is no record of PubMed.")
    if record.pmid is None:
        raise RecordError(f"The {tag} has no PMID that is a number.")
    reading = Reading(record.pmid, tag)
    walk(reading, record.element)
    return reading


def walk(reading: Reading, root: Element) -> None:  # noqa: PLR0912, PLR0915 - the inner loop; calls would be half of it
    """Follow a record's elements in document order, each to its node.

    The elements above the current one are kept on a stack; an element of which no row, value or name is known is
    reported with all that is in it, and not followed further.

    Raises:
        RecordError: There are two values where there is a place for one, or one is not of the column's kind.
    """
    pmid, rows = reading.pmid, reading.rows
    counts, context = BLANK_COUNTS.copy(), BLANK_CONTEXT.copy()
    state: list[Row] = [counts, context, *BLANK_ROWS]
    for number in SINGLE_ROWS:
        row = state[FIRST_ROW + number] = BLANK_ROWS[number].copy()
        row[0] = pmid
        rows[number].append(row)
    top, node = root.getparent(), ENTRY
    stack: list[tuple[Element | None, Node, Row | None]] = []
    leaf, leaf_node = root.getparent(), ENTRY
    extended: Row | None = None
    marked_up: set[Element | None] = set()
    not_followed: set[Element | None] = set()
    for element in root.iter():
        parent = element.getparent()
        if parent is not top:
            if parent is leaf or parent in marked_up:
                if leaf not in marked_up:
                    marked_up.add(leaf)
                    store_marked_up(state, leaf, leaf_node)
                marked_up.add(element)
                report_unless_markup(reading, element, leaf_node)
                continue
            if parent in not_followed:
                not_followed.add(element)
                continue
            while parent is not top:
                ended = node
                top, node, enclosing = stack.pop()
                if enclosing is not None and ended.row is not None:
                    state[FIRST_ROW + ended.row.table] = enclosing
        child = node.children.get(element.tag)
        # Between elements that hold no text NLM puts none; where somebody else did, it is at least reported.
        if element.tail and not element.tail.isspace():
            reading.report(node, "text()", element.tail.strip())
        if child is None:
            reading.report(node, str(element.tag), text_of(element))
            not_followed.add(element)
            continue

        enclosing = None
        if not child.is_plain:
            if child.is_context:
                set_context(state, element, child)
            new_row = child.row
            if new_row is not None:
                row = new_row.blank.copy()
                row[0] = pmid
                table_rows = rows[new_row.table]
                if new_row.position:
                    row[new_row.position] = len(table_rows) + 1
                for index, source, at in new_row.pulls:
                    row[index] = state[source][at]
                place = FIRST_ROW + new_row.table
                if new_row.nested:
                    enclosing = state[place]
                    row[new_row.nested] = enclosing[new_row.position] if node is child else None
                state[place] = row
                table_rows.append(row)
            elif child.extension is not None:
                extended = extend(state, rows, child.extension, extended)
        attributes = element.items()
        if attributes:
            slots = child.attributes
            for name, value in attributes:
                slot = slots.get(name)
                if slot is not None:
                    state[slot.place][slot.index] = value if slot.convert is None else convert(slot, value, child)
                elif name not in slots:
                    reading.report(child, f"@{name}", value)

        text = element.text
        if child.children:
            if text and not text.isspace():
                reading.report(child, "text()", text.strip())
            stack.append((top, node, enclosing))
            top, node = element, child
            continue
        leaf, leaf_node = element, child
        if text:
            slot = child.text
            if slot is not None:
                text = text.strip()
                if "\n" in text:
                    text = LINE_BREAKS.sub(" ", text)
                if text:
                    target = state[slot.place]
                    if target[slot.index]:
                        raise RecordError(f"There are two {child.path}, where there is a place for one.")
                    target[slot.index] = text if slot.convert is None else convert(slot, text, child)


def convert(slot: Slot, text: str, node: Node) -> object:
    """A column's value of text.

    Raises:
        RecordError: There is none.
    """
    assert slot.convert is not None, node.path  # noqa: S101 - for the type checker
    try:
        return slot.convert(text)
    except ValueError as exc:
        raise RecordError(f"{node.path}: {exc}.") from exc


def set_context(state: list[Row], element: Element, node: Node) -> None:
    """Count an element, and put what the rows below it take from it where they find it."""
    counts, context = state[COUNTS], state[CONTEXT]
    for count in node.counts:
        counts[count] += 1
    for count in node.resets:
        counts[count] = 0
    for index, blank in node.clears:
        context[index] = blank
    for name, index in node.aheads:
        context[index] = text_ahead(element, name)
    for name, slot in node.also:
        if (value := element.get(name)) is not None:
            state[slot.place][slot.index] = value if slot.convert is None else convert(slot, value, node)


def text_ahead(element: Element, name: str) -> str | None:
    """The text of a child that comes later; None if there is none."""
    child = element.find(name)
    return text_of(child) or None if child is not None else None


def extend(state: list[Row], rows: list[list[Row]], extension: Extension, extended: Row | None) -> Row:
    """Begin a further row, if the element is not the first that extends the current one.

    Args:
        state: The reading's state.
        rows: Rows by table.
        extension: What to do.
        extended: The row that was extended last.
    Returns:
        The row that is extended now.
    """
    row = state[FIRST_ROW + extension.table]
    if row is extended:
        row = state[FIRST_ROW + extension.table] = row.copy()
        rows[extension.table].append(row)
        row[extension.position] += 1
    for index, blank in extension.own:
        row[index] = blank
    return row


def store_marked_up(state: list[Row], element: Element, node: Node) -> None:
    """Put the whole text of an element with markup into its place, instead of what stands before the first tag.

    Raises:
        RecordError: The place is taken.
    """
    slot = node.text
    if slot is not None:
        target = state[slot.place]
        if target[slot.index] and not (element.text or "").strip():
            raise RecordError(f"There are two {node.path}, where there is a place for one.")
        text = text_of(element)
        target[slot.index] = text if slot.convert is None else convert(slot, text, node)


def report_unless_markup(reading: Reading, element: Element, node: Node) -> None:
    """Report what stands inside of text and is neither markup nor MathML; its text is kept all the same."""
    tag = str(element.tag)
    if not tag.startswith(MATHML):
        if tag not in MARKUP:
            reading.report(node, tag, text_of(element))
        for name, value in element.items():
            reading.report(node, f"{tag}/@{name}", value)


# --- columns that follow from others ---------------------------------------------------------------------------------


def positions(table: str, *names: str) -> tuple[int, ...]:
    """Where the columns stand in a row."""
    return tuple(TABLES[table].column_names.index(name) for name in names)


PUB_DATE_PARTS = ("pub_date_year", "pub_date_month", "pub_date_day", "medline_date")
CITATION_PUB_DATE = positions("citation", *PUB_DATE_PARTS)
BOOK_PUB_DATE = positions("book", *PUB_DATE_PARTS)
PUB_YEAR, PUB_DATE, DATE_COMPLETED, DATE_REVISED, ABSTRACT, IS_RETRACTED = positions(
    "citation", "pub_year", "pub_date", "date_completed", "date_revised", "abstract", "is_retracted"
)
DOI, PII, PMC_ID = positions("citation", "doi", "pii", "pmc_id")
PMID_VERSION, RECORD_KIND, CONTENT_SHA256, CITATION_STATUS = positions(
    "citation", "pmid_version", "record_kind", "content_sha256", "citation_status"
)
DATE_KIND = positions("citation_date", "date_kind")[0]
TYPE_UI, TYPE_NAME = positions("publication_type", "publication_type_ui", "publication_type")
REF_TYPE = positions("comment_correction", "ref_type")[0]
SECTION_KIND, SECTION_LANGUAGE, SECTION_ORDER, SECTION_LABEL, SECTION_TEXT = positions(
    "abstract_section", "abstract_kind", "language", "section_order", "label", "section_text"
)
CITED_PMID, CITED_DOI, CITED_PMC_ID = positions("cited_reference", "cited_pmid", "cited_doi", "cited_pmc_id")
DATE_YEAR, DATE_MONTH, DATE_DAY, DATE_WHOLE = positions("citation_date", "year", "month", "day", "citation_date")
HISTORY_YEAR, HISTORY_MONTH, HISTORY_DAY, HISTORY_WHOLE = positions(
    "history_date", "year", "month", "day", "history_date"
)

# Few dates are ever different ones.
date_of = lru_cache(maxsize=100_000)(to_date)
year_of = lru_cache(maxsize=10_000)(first_year)


def derive(reading: Reading, record: RawRecord) -> None:
    """Fill in the columns that follow from others."""
    for row in reading.of("history_date"):
        row[HISTORY_WHOLE] = date_of(row[HISTORY_YEAR], row[HISTORY_MONTH], row[HISTORY_DAY])
    for row in reading.of("citation_date"):
        row[DATE_WHOLE] = date_of(row[DATE_YEAR], row[DATE_MONTH], row[DATE_DAY])
    if sections := reading.of("abstract_section"):
        number_sections(sections)
    for person in ("author", "investigator"):
        if identifiers := reading.of(f"{person}_identifier"):
            derive_orcids(person, reading.of(person), identifiers)
    if references := reading.of("cited_reference"):
        derive_cited_ids(references, reading.of("cited_article_id"))
    derive_citation(reading, record)


def number_sections(sections: list[Row]) -> None:
    """ABSTRACT_SECTION: the position of each section among those of its kind and language."""
    counts: dict[tuple[object, object], int] = {}
    for row in sections:
        abstract = (row[SECTION_KIND], row[SECTION_LANGUAGE])
        row[SECTION_ORDER] = counts[abstract] = counts.get(abstract, 0) + 1


def derive_orcids(person: str, persons: list[Row], identifiers: list[Row]) -> None:
    """AUTHOR_IDENTIFIER and AUTHOR, or the same of investigators: ORCIDs in one form."""
    order, source, verbatim, orcid = positions(
        f"{person}_identifier", f"{person}_order", "identifier_source", "identifier", "orcid"
    )
    (person_orcid,) = positions(person, "orcid")
    for row in identifiers:
        if row[source] is None or str(row[source]).upper() == "ORCID":
            row[orcid] = normal_orcid(str(row[verbatim]))
            owner = persons[as_position(row[order]) - 1]
            owner[person_orcid] = owner[person_orcid] or row[orcid]


def derive_cited_ids(references: list[Row], ids: list[Row]) -> None:
    """CITED_REFERENCE: of each kind of identifier the first."""
    for _pmid, reference_order, _order, id_type, text in ids:
        row = references[as_position(reference_order) - 1]
        if id_type == "pubmed" or id_type is None:
            row[CITED_PMID] = row[CITED_PMID] or to_pmid(str(text))
        elif id_type == "doi":
            row[CITED_DOI] = row[CITED_DOI] or text or None
        elif id_type == "pmc":
            row[CITED_PMC_ID] = row[CITED_PMC_ID] or text or None


def as_position(value: object) -> int:
    """A position, which a row holds as any value."""
    assert isinstance(value, int)  # noqa: S101 - for the type checker
    return value


def derive_citation(reading: Reading, record: RawRecord) -> None:
    """CITATION: what follows from the record's parts; BOOK: whether there is a row."""
    (citation,), (book,) = reading.of("citation"), reading.of("book")
    is_book = "Book" in reading.tag
    year, month, day, medline = (
        [book[index] for index in BOOK_PUB_DATE] if is_book else [citation[index] for index in CITATION_PUB_DATE]
    )
    citation[PUB_YEAR] = year_of(year, medline)
    citation[PUB_DATE] = date_of(year, month, day)
    for row in reading.of("citation_date"):
        if row[DATE_KIND] == "DateRevised":
            citation[DATE_REVISED] = row[DATE_WHOLE]
        elif row[DATE_KIND] == "DateCompleted":
            citation[DATE_COMPLETED] = row[DATE_WHOLE]
    own, locations = reading.of("article_id"), reading.of("elocation_id")
    citation[DOI] = choose_id("doi", own, locations)
    citation[PII] = choose_id("pii", own, locations)
    citation[PMC_ID] = choose_id("pmc", own, locations)
    if sections := reading.of("abstract_section"):
        lines = [
            f"{row[SECTION_LABEL]}: {row[SECTION_TEXT]}" if row[SECTION_LABEL] else row[SECTION_TEXT]
            for row in sections
            if row[SECTION_KIND] == "main" and row[SECTION_TEXT]
        ]
        citation[ABSTRACT] = "\n".join(lines) or None
    citation[IS_RETRACTED] = is_retracted(reading.of("publication_type"), reading.of("comment_correction"))
    citation[PMID_VERSION] = record.pmid_version
    citation[RECORD_KIND] = "book" if is_book else "article"
    citation[CONTENT_SHA256] = record.content_sha256
    if not is_book and not any(book[1:]):
        reading.of("book").clear()


def is_retracted(types: list[Row], ties: list[Row]) -> bool:
    """Whether the paper is retracted, by its publication type or by a tie to the notice; never true for the notice."""
    for row in types:
        if row[TYPE_UI] == RETRACTED_PUBLICATION or row[TYPE_NAME] == "Retracted Publication":
            return True
    return any(row[REF_TYPE] == "RetractionIn" for row in ties)


def choose_id(id_type: str, own: list[Row], locations: list[Row]) -> str | None:
    """The one identifier of a kind: the first of the own list, else of the valid, else of the invalid locations."""
    for row in own:
        if row[2] == id_type and row[3]:
            return str(row[3])
    found = [row for row in locations if row[2] == id_type and row[4]]
    found.sort(key=lambda row: row[3] is False)
    return found[0][4] if found else None


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
    rows: list[list[Row]] = [[] for _ in READ_TABLES]
    rejected: list[tuple[RawRecord, str]] = []
    links: list[Row] = []
    link_lists: list[Row] = []
    for record in records:
        try:
            reading = read_record(record)
            derive(reading, record)
        except RecordError as exc:
            rejected.append((record, str(exc)))
            continue
        for path, text in reading.unknown:
            add_unknown(parsed.unknown, UnknownElement(path, 1, reading.pmid, text or None))
        for all_rows, found in zip(rows, reading.rows, strict=True):
            all_rows.extend(found)
        citation = reading.of("citation")[0]
        parsed.states[reading.pmid] = (citation[DATE_REVISED], citation[CITATION_STATUS])
        add_links(reading, links, link_lists)
    try:
        parsed.tables = read_tables(rows, links, link_lists, provenance)
    except (ValueError, OverflowError, pa.ArrowException) as exc:
        # A value that no column takes: read one by one, only its record is lost.
        if len(records) > 1:
            return read_one_by_one(records, provenance, rejected_before)
        rejected, parsed = [(records[0], str(exc))], ParsedRecords(rejected_count=rejected_before)
    if rejected:
        reject(parsed, rejected, provenance)
    add_raw(parsed, records, provenance)
    return parsed


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


def add_links(reading: Reading, links: list[Row], link_lists: list[Row]) -> None:
    """LINK and LINK_LIST: the PMIDs that the record's own reference list names, each once, in order."""
    references = reading.of("cited_reference")
    cited = dict.fromkeys(row[CITED_PMID] for row in references if row[CITED_PMID] is not None) if references else ()
    for position, pmid in enumerate(cited, 1):
        links.append([reading.pmid, "reference", pmid, "record", position, None])
    link_lists.append([reading.pmid, "reference", "record", len(cited), None, None])


def read_tables(
    rows: list[list[Row]], links: list[Row], link_lists: list[Row], provenance: Provenance
) -> dict[str, pa.Table]:
    """The Arrow tables of all rows.

    Raises:
        ValueError: A required value is null.
        pyarrow.ArrowInvalid: A value does not fit its column.
    """
    constants = constants_of(provenance)
    tables = {table.name: table.to_arrow(found, constants) for table, found in zip(READ_TABLES, rows, strict=True)}
    of_link = {name: constants[name] for name in ("run_id", "fetched_at")}
    tables |= {LINK.name: LINK.to_arrow(links), LINK_LIST.name: LINK_LIST.to_arrow(link_lists, of_link)}
    return {name: table for name, table in tables.items() if table.num_rows}


def constants_of(provenance: Provenance) -> dict[str, pa.Scalar]:
    """The columns that have one value in all rows of a call."""
    return {
        "run_id": pa.scalar(provenance.run_id),
        "source": pa.scalar(provenance.source),
        "record_source": pa.scalar(provenance.record_source),
        "fetched_at": pa.scalar(provenance.fetched_at.replace(tzinfo=None), pa.timestamp("us")),
    }


def add_raw(parsed: ParsedRecords, records: list[RawRecord], provenance: Provenance) -> None:
    """RAW_CITATION: the records as they came, those without a PMID excepted."""
    rows = [
        (
            None,
            r.pmid,
            r.pmid_version,
            r.record_xml,
            sha256(r.record_xml).hexdigest(),
            r.content_sha256,
            None,
            None,
            None,
        )
        for r in records
        if r.pmid is not None
    ]
    if rows:
        parsed.tables[RAW_CITATION.name] = RAW_CITATION.to_arrow(rows, constants_of(provenance))


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


def read_one_by_one(records: list[RawRecord], provenance: Provenance, rejected_before: int) -> ParsedRecords:
    """The same as `make_tables`, for records of which one has a value that Arrow refuses."""
    joined = ParsedRecords(rejected_count=rejected_before)
    parts = []
    for record in records:
        part = make_tables([record], provenance, rejected_before=joined.rejected_count)
        joined.rejected_count = part.rejected_count
        joined.rejected |= part.rejected
        joined.states |= part.states
        for element in part.unknown.values():
            add_unknown(joined.unknown, element)
        parts.append(part.tables)
    names = dict.fromkeys(name for tables in parts for name in tables)
    joined.tables = {name: pa.concat_tables(tables[name] for tables in parts if name in tables) for name in names}
    return joined


def add_unknown(known: dict[str, UnknownElement], element: UnknownElement) -> None:
    """Add what was met to what was met before; the first example stays."""
    before = known.get(element.path)
    known[element.path] = replace(before, count=before.count + element.count) if before else element

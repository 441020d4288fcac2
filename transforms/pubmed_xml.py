"""PubMed records to the tables of warehouse/schema.py: the whole record in one pass.

Each element has a reader in a dictionary by name; a reader appends tuples, in the order of the table's columns, to the
rows of its tables. What no reader is for is counted by its path, never fatal.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pyarrow as pa
from lxml import etree

from transforms.pubmed_document import RawRecord
from transforms.values import first_year, normal_orcid, text_of, to_date, to_pmid, yes_no
from warehouse.errors import RecordError
from warehouse.schema import RAW_CITATION, REJECTED_CITATION, TABLES

Element = etree._Element
Row = tuple[object, ...]

RETRACTED_PUBLICATION = "D016441"
DATES = ("Year", "Month", "Day", "Season", "MedlineDate")


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
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    unknown: dict[str, UnknownElement] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)
    rejected_count: int = 0


@dataclass
class Reading:
    """One record as it is read.

    Attributes:
        pmid: Its PMID.
        rows: Rows by table.
        values: Columns of `citation` found so far.
        book: Columns of `book`.
        counts: Positions given out so far, by what they count.
        unknown: Paths no reader is for.
    """

    pmid: int
    rows: dict[str, list[Row]] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    book: dict[str, object] = field(default_factory=dict)
    counts: Counter[object] = field(default_factory=Counter)
    unknown: list[tuple[str, str]] = field(default_factory=list)

    def add(self, table: str, *values: object) -> None:
        """Append a row that begins with the PMID."""
        self.rows.setdefault(table, []).append((self.pmid, *values))

    def next(self, counted: object) -> int:
        """The next position, from 1."""
        self.counts[counted] += 1
        return self.counts[counted]

    def report(self, element: Element, path: str) -> None:
        """Note an element that no reader is for, with all that is below it."""
        self.unknown.append((f"{path}/{element.tag}", text_of(element)[:200]))


Reader = Callable[[Reading, Element, str], None]


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
    rows: dict[str, list[Row]] = {}
    for record in records:
        reason = None
        try:
            reading = read_record(record, provenance)
        except (RecordError, ValueError) as exc:
            reason = str(exc)
        else:
            for path, text in reading.unknown:
                add_unknown(parsed.unknown, UnknownElement(path, 1, reading.pmid, text or None))
            for name, found in reading.rows.items():
                rows.setdefault(name, []).extend(found)
        if reason is not None:
            reject(rows, parsed, record, provenance, reason)
        if record.pmid is not None:
            rows.setdefault("raw_citation", []).append(raw_row(record, provenance))
    try:
        parsed.tables = {name: TABLES[name].to_arrow(found) for name, found in rows.items()}
    except (ValueError, OverflowError, pa.ArrowException) as exc:
        # A value that no column takes: read one by one, only its record is lost.
        if len(records) > 1:
            return read_one_by_one(records, provenance, rejected_before)
        return make_rejected(records[0], provenance, str(exc), rejected_before)
    return parsed


def make_rejected(record: RawRecord, provenance: Provenance, reason: str, rejected_before: int) -> ParsedRecords:
    """The rows of a record that could not be read, and of nothing else."""
    parsed = ParsedRecords(rejected_count=rejected_before)
    rows: dict[str, list[Row]] = {}
    reject(rows, parsed, record, provenance, reason)
    if record.pmid is not None:
        rows["raw_citation"] = [raw_row(record, provenance)]
    parsed.tables = {name: TABLES[name].to_arrow(found) for name, found in rows.items()}
    return parsed


def read_one_by_one(records: list[RawRecord], provenance: Provenance, rejected_before: int) -> ParsedRecords:
    """The same as `make_tables`, for records of which one has a value that Arrow refuses."""
    joined = ParsedRecords(rejected_count=rejected_before)
    parts = []
    for record in records:
        part = make_tables([record], provenance, rejected_before=joined.rejected_count)
        joined.rejected_count = part.rejected_count
        joined.rejected |= part.rejected
        for element in part.unknown.values():
            add_unknown(joined.unknown, element)
        parts.append(part.tables)
    names = dict.fromkeys(name for tables in parts for name in tables)
    joined.tables = {name: pa.concat_tables(tables[name] for tables in parts if name in tables) for name in names}
    return joined


def reject(
    rows: dict[str, list[Row]], parsed: ParsedRecords, record: RawRecord, provenance: Provenance, reason: str
) -> None:
    """Note a record that could not be read."""
    parsed.rejected_count += 1
    rows.setdefault(REJECTED_CITATION.name, []).append(
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


def raw_row(record: RawRecord, provenance: Provenance) -> Row:
    """RAW_CITATION: the record as it came."""
    assert record.pmid is not None, RAW_CITATION.name  # noqa: S101 - for the type checker
    return (
        provenance.run_id,
        record.pmid,
        record.pmid_version,
        record.record_xml,
        hashlib.sha256(record.record_xml).hexdigest(),
        record.content_sha256,
        provenance.source,
        provenance.record_source,
        provenance.fetched_at,
    )


def add_unknown(known: dict[str, UnknownElement], element: UnknownElement) -> None:
    """Add what was met to what was met before; the first example stays."""
    before = known.get(element.path)
    known[element.path] = replace(before, count=before.count + element.count) if before else element


def read_record(record: RawRecord, provenance: Provenance) -> Reading:
    """Read one record.

    Raises:
        RecordError: It has no PMID, or is no record.
        ValueError: A value in it does not fit its column.
    """
    root = record.element
    tag = str(root.tag)
    if tag not in ROOT_READERS:
        raise RecordError(f"{tag} is no record of PubMed.")
    if record.pmid is None:
        raise RecordError(f"The {tag} has no PMID that is a number.")
    reading = Reading(record.pmid)
    ROOT_READERS[tag](reading, root, tag)
    reading.values |= {
        "pmid": record.pmid,
        "pmid_version": record.pmid_version,
        "record_kind": "book" if "Book" in tag else "article",
        "source": provenance.source,
        "content_sha256": record.content_sha256,
        "run_id": provenance.run_id,
        "fetched_at": provenance.fetched_at,
    }
    derive_citation(reading)
    derive_links(reading, provenance)
    if reading.values["record_kind"] == "book":
        add_wide_row(reading, "book", reading.book | {"pmid": reading.pmid})
    add_wide_row(reading, "citation", reading.values)
    return reading


def add_wide_row(reading: Reading, table: str, values: Mapping[str, object]) -> None:
    """Add the one row that a wide table has for a record, from its columns by name.

    Raises:
        ValueError: A column is not declared.
    """
    names = TABLES[table].column_names
    if undeclared := values.keys() - set(names):
        raise ValueError(f"{table} has no column {', '.join(sorted(undeclared))}")
    reading.rows.setdefault(table, []).append(tuple(values.get(name) for name in names))


def derive_citation(reading: Reading) -> None:
    """Columns of `citation` that follow from the record's parts."""
    values, rows = reading.values, reading.rows
    dates = values if values["record_kind"] == "article" else reading.book
    year, month, day = (as_text(dates.get(f"pub_date_{part}")) for part in ("year", "month", "day"))
    values["pub_year"] = first_year(year, as_text(dates.get("medline_date")))
    values["pub_date"] = to_date(year, month, day)
    for kind, column in (("DateCompleted", "date_completed"), ("DateRevised", "date_revised")):
        values[column] = next((row[-1] for row in rows.get("citation_date", []) if row[2] == kind), None)
    article_ids = [(row[2], row[3]) for row in rows.get("article_id", [])]
    locations = [(row[2], row[3], row[4]) for row in rows.get("elocation_id", [])]
    for id_type in ("doi", "pii"):
        own = [value for kind, value in article_ids if kind == id_type]
        valid = [value for kind, is_valid, value in locations if kind == id_type and is_valid is not False]
        invalid = [value for kind, is_valid, value in locations if kind == id_type and is_valid is False]
        values[id_type] = next(iter(own + valid + invalid), None)
    values["pmc_id"] = next((value for kind, value in article_ids if kind == "pmc"), None)
    types = {row[2] for row in rows.get("publication_type", [])} | {row[3] for row in rows.get("publication_type", [])}
    ties = {row[2] for row in rows.get("comment_correction", [])}
    values["is_retracted"] = bool(types & {RETRACTED_PUBLICATION, "Retracted Publication"}) or "RetractionIn" in ties
    sections = [row for row in rows.get("abstract_section", []) if row[1] == "main"]
    lines = [f"{row[5]}: {row[7]}" if row[5] else str(row[7]) for row in sections if row[7]]
    values["abstract"] = "\n".join(lines) or None


def as_text(value: object) -> str | None:
    """A value of a text column."""
    return value if isinstance(value, str) else None


def derive_links(reading: Reading, provenance: Provenance) -> None:
    """LINK and LINK_LIST: the PMIDs that the record's own reference list names, each once, in order."""
    cited = dict.fromkeys(row[4] for row in reading.rows.get("cited_reference", []) if row[4] is not None)
    for position, pmid in enumerate(cited, 1):
        reading.add("link", "reference", pmid, "record", position, None)
    reading.add("link_list", "reference", "record", len(cited), provenance.run_id, provenance.fetched_at)


# --- readers ---------------------------------------------------------------------------------------------------------


def children_of(readers: Mapping[str, Reader]) -> Reader:
    """A reader that hands each child to its own reader."""

    def read(reading: Reading, element: Element, path: str) -> None:
        for child in element:
            tag = str(child.tag)
            reader = readers.get(tag)
            if reader is None:
                reading.report(child, path)
            else:
                reader(reading, child, f"{path}/{tag}")

    return read


def value(column: str) -> Reader:
    """A reader that puts an element's text into a column of `citation`."""

    def read(reading: Reading, element: Element, _path: str) -> None:
        reading.values[column] = text_of(element) or None

    return read


def book_value(column: str) -> Reader:
    """A reader that puts an element's text into a column of `book`, and its link attributes beside it."""

    def read(reading: Reading, element: Element, _path: str) -> None:
        reading.book[column] = text_of(element) or None
        if element.attrib:
            reading.book |= link_attributes(element, column)

    return read


def link_attributes(element: Element, column: str) -> dict[str, object]:
    """The attributes book, part and sec of a title."""
    return {f"{column}_{name}": element.get(name) for name in ("book", "part", "sec") if element.get(name)}


def list_item(table: str, *attributes: str) -> Reader:
    """A reader of a repeated element: a row with its position, its attributes, and its text."""

    def read(reading: Reading, element: Element, _path: str) -> None:
        values = [element.get(name) for name in attributes]
        reading.add(table, reading.next(table), *values, text_of(element))

    return read


def nothing(_reading: Reading, _element: Element, _path: str) -> None:
    """A reader for what is read elsewhere."""


def parts_of(element: Element, known: tuple[str, ...], reading: Reading, path: str) -> dict[str, str]:
    """The text of an element's children by name; what is empty is left out, what is not known is reported.

    Raises:
        RecordError: A child comes twice.
    """
    parts: dict[str, str] = {}
    for child in element:
        tag = str(child.tag)
        if tag not in known:
            reading.report(child, path)
        elif tag in parts:
            raise RecordError(f"{path} has two {tag} elements.")
        elif text := text_of(child):
            parts[tag] = text
    return parts


def read_article_title(reading: Reading, element: Element, _path: str) -> None:
    """ArticleTitle; its link attributes are a book's."""
    reading.values["article_title"] = text_of(element) or None
    if element.attrib:
        reading.book |= link_attributes(element, "article_title")


def read_abstract(reading: Reading, element: Element, path: str) -> None:
    """ABSTRACT_SECTION: a row a section of Abstract or OtherAbstract."""
    is_main = element.tag == "Abstract"
    kind = "main" if is_main else element.get("Type") or ""
    language = "" if is_main else element.get("Language") or ""
    number = 0 if is_main else reading.next("abstract")
    copyright_text = None
    sections = []
    for child in element:
        if child.tag == "AbstractText":
            sections.append((child.get("Label"), child.get("NlmCategory"), text_of(child)))
        elif child.tag == "CopyrightInformation":
            copyright_text = text_of(child) or None
        else:
            reading.report(child, path)
    if is_main:
        reading.values["copyright_information"] = copyright_text
    for label, category, text in sections:
        position = reading.next(("section", kind, language))
        reading.add("abstract_section", kind, language, position, number, label, category, text, copyright_text)


def read_pub_date(store: str) -> Reader:
    """A reader of a PubDate into the columns of `citation` or of `book`."""

    def read(reading: Reading, element: Element, path: str) -> None:
        values = reading.values if store == "citation" else reading.book
        parts = parts_of(element, DATES, reading, path)
        for name, column in zip(
            DATES, ("pub_date_year", "pub_date_month", "pub_date_day", "pub_date_season", "medline_date"), strict=True
        ):
            values[column] = parts.get(name)

    return read


def read_citation_date(reading: Reading, element: Element, path: str) -> None:
    """CITATION_DATE: a date of the record."""
    parts = parts_of(element, ("Year", "Month", "Day", "Season", "Hour", "Minute", "Second"), reading, path)
    year, month, day = parts.get("Year"), parts.get("Month"), parts.get("Day")
    whole: date | None = to_date(year, month, day)
    position = reading.next("date")
    kind, date_type = str(element.tag), element.get("DateType")
    reading.add("citation_date", position, kind, date_type, year, month, day, parts.get("Season"), whole)


def read_history(reading: Reading, element: Element, path: str) -> None:
    """HISTORY_DATE: a PubMedPubDate."""
    parts = parts_of(element, ("Year", "Month", "Day", "Hour", "Minute", "Second"), reading, path)
    year, month, day, hour, minute, second = (
        parts.get(name) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
    )
    status = element.get("PubStatus")
    whole = to_date(year, month, day)
    reading.add("history_date", reading.next("history"), status, year, month, day, hour, minute, second, whole)


NAME_PARTS = {
    "LastName": "last_name",
    "ForeName": "fore_name",
    "FirstName": "fore_name",
    "MiddleName": "middle_name",
    "Initials": "initials",
    "Suffix": "suffix",
    "CollectiveName": "collective_name",
}


def read_people(name: str, person_tag: str) -> Reader:
    """A reader of an AuthorList or InvestigatorList into the four tables of its people."""
    affiliation_table = "affiliation" if name == "author" else "investigator_affiliation"

    def read(reading: Reading, element: Element, path: str) -> None:
        list_order = reading.next(f"{name} list")
        list_path = path.rsplit("/", 2)[-2]
        if name == "author" and list_path == "Article":
            reading.values["is_author_list_complete"] = yes_no(element.get("CompleteYN"))
        for person in element:
            if person.tag != person_tag:
                reading.report(person, path)
                continue
            position = reading.next(name)
            names, investigators, orcid = read_person(reading, person, f"{path}/{person_tag}", name, position)
            reading.add(
                name,
                position,
                list_order,
                list_path,
                element.get("Type"),
                element.get("ID"),
                names.get("last_name"),
                names.get("fore_name"),
                names.get("middle_name"),
                names.get("initials"),
                names.get("suffix"),
                names.get("collective_name"),
                investigators,
                yes_no(person.get("ValidYN")),
                yes_no(person.get("EqualContrib")),
                orcid,
            )

    def read_person(
        reading: Reading, person: Element, path: str, name: str, position: int
    ) -> tuple[dict[str, str], str | None, str | None]:
        names: dict[str, str] = {}
        investigators = orcid = None
        identifiers = affiliations = 0
        for child in person:
            tag = str(child.tag)
            if tag in NAME_PARTS:
                if text := text_of(child):
                    names[NAME_PARTS[tag]] = text
                investigators = child.get("Investigators") or investigators
            elif tag == "Identifier":
                identifiers += 1
                identifier = text_of(child)
                source = child.get("Source")
                normal = normal_orcid(identifier) if source is None or source.upper() == "ORCID" else None
                orcid = orcid or normal
                reading.add(f"{name}_identifier", position, identifiers, source, identifier, normal)
            elif tag == "AffiliationInfo":
                affiliations += 1
                read_affiliation(reading, child, f"{path}/{tag}", position, affiliations)
            elif tag == "Affiliation":
                affiliations += 1
                reading.add(affiliation_table, position, affiliations, text_of(child))
            else:
                reading.report(child, path)
        return names, investigators, orcid

    def read_affiliation(reading: Reading, element: Element, path: str, position: int, affiliation: int) -> None:
        identifiers = 0
        text = ""
        for child in element:
            if child.tag == "Affiliation":
                text = text_of(child)
            elif child.tag == "Identifier":
                identifiers += 1
                table = f"{affiliation_table}_identifier"
                reading.add(table, position, affiliation, identifiers, child.get("Source"), text_of(child))
            else:
                reading.report(child, path)
        reading.add(affiliation_table, position, affiliation, text)

    return read


def read_article_affiliation(reading: Reading, element: Element, _path: str) -> None:
    """AFFILIATION of the whole article, as files before 2014 have it: author_order 0."""
    reading.add("affiliation", 0, reading.next("article affiliation"), text_of(element))


def read_mesh_heading(reading: Reading, element: Element, path: str) -> None:
    """MESH_HEADING: a row a qualifier, or one with an empty qualifier.

    Raises:
        RecordError: There is no descriptor.
    """
    descriptor: tuple[object, ...] | None = None
    qualifiers: list[tuple[object, ...]] = []
    for child in element:
        is_major, is_auto = yes_no(child.get("MajorTopicYN")), yes_no(child.get("AutoHM"))
        if child.tag in ("DescriptorName", "Descriptor"):
            descriptor = (child.get("UI"), text_of(child), child.get("Type"), is_major, is_auto)
        elif child.tag in ("QualifierName", "SubHeading"):
            qualifiers.append((child.get("UI"), text_of(child), is_major, is_auto))
        else:
            reading.report(child, path)
    if descriptor is None:
        raise RecordError("A MeshHeading has no DescriptorName.")
    heading = reading.next("heading")
    for position, qualifier in enumerate(qualifiers or [("", "", None, None)], 1):
        reading.add("mesh_heading", heading, position, *descriptor, *qualifier)


def read_chemical(reading: Reading, element: Element, path: str) -> None:
    """SUBSTANCE.

    Raises:
        RecordError: It has no name.
    """
    parts = parts_of(element, ("RegistryNumber", "NameOfSubstance", "CASRegistryNumber"), reading, path)
    name = element.find("NameOfSubstance")
    if name is None:
        raise RecordError("A Chemical has no NameOfSubstance.")
    number = parts.get("RegistryNumber") or parts.get("CASRegistryNumber")
    reading.add("substance", reading.next("substance"), number, name.get("UI"), text_of(name))


def read_keywords(reading: Reading, element: Element, path: str) -> None:
    """KEYWORD: one list's."""
    number = reading.next("keyword list")
    for child in element:
        if child.tag == "Keyword":
            is_major = yes_no(child.get("MajorTopicYN"))
            position = reading.next("keyword")
            reading.add("keyword", position, number, element.get("Owner"), text_of(child), is_major)
        else:
            reading.report(child, path)


def read_grants(reading: Reading, element: Element, path: str) -> None:
    """GRANT_SUPPORT: one list's."""
    reading.values["is_grant_list_complete"] = yes_no(element.get("CompleteYN"))
    names = ("GrantID", "Acronym", "Agency", "Country")
    for child in element:
        if child.tag == "Grant":
            parts = parts_of(child, names, reading, f"{path}/Grant")
            reading.add("grant_support", reading.next("grant"), *(parts.get(name) for name in names))
        else:
            reading.report(child, path)


def read_data_banks(reading: Reading, element: Element, path: str) -> None:
    """ACCESSION: one list's."""
    reading.values["is_data_bank_list_complete"] = yes_no(element.get("CompleteYN"))
    for bank in element:
        if bank.tag != "DataBank":
            reading.report(bank, path)
            continue
        number = reading.next("data bank")
        name: str | None = None
        accessions: list[str] = []
        for child in bank:
            if child.tag == "DataBankName":
                name = text_of(child) or None
            elif child.tag == "AccessionNumberList":
                accessions += [text_of(accession) for accession in child]
            else:
                reading.report(child, f"{path}/DataBank")
        for position, accession in enumerate(accessions or [None], 1):
            reading.add("accession", number, position, name, accession)


def read_name_subject(reading: Reading, element: Element, path: str) -> None:
    """PERSONAL_NAME_SUBJECT."""
    known = ("LastName", "ForeName", "FirstName", "Initials", "Suffix")
    parts = parts_of(element, known, reading, path)
    fore_name = parts.get("ForeName") or parts.get("FirstName")
    position = reading.next("subject")
    reading.add(
        "personal_name_subject", position, parts.get("LastName"), fore_name, parts.get("Initials"), parts.get("Suffix")
    )


def read_comment(reading: Reading, element: Element, path: str) -> None:
    """COMMENT_CORRECTION."""
    parts = parts_of(element, ("RefSource", "PMID", "Note"), reading, path)
    pmid = element.find("PMID")
    version = to_pmid(pmid.get("Version") or "") if pmid is not None else None
    related = to_pmid(parts.get("PMID", ""))
    position, ref_type = reading.next("comment"), element.get("RefType")
    reading.add("comment_correction", position, ref_type, parts.get("RefSource"), related, version, parts.get("Note"))


def read_article_ids(reading: Reading, element: Element, path: str) -> None:
    """ARTICLE_ID: the record's own list, never one of a cited work."""
    list_path = path.rsplit("/", 2)[-2]
    for child in element:
        if child.tag == "ArticleId":
            position = reading.next("article id")
            reading.add("article_id", position, child.get("IdType"), text_of(child), list_path)
        else:
            reading.report(child, path)


def read_elocation(reading: Reading, element: Element, _path: str) -> None:
    """ELOCATION_ID."""
    is_valid = yes_no(element.get("ValidYN"))
    reading.add("elocation_id", reading.next("elocation"), element.get("EIdType"), is_valid, text_of(element))


def read_object(reading: Reading, element: Element, path: str) -> None:
    """OBJECT: a row a parameter."""
    number, kind = reading.next("object"), element.get("Type")
    parameters = [child for child in element if child.tag == "Param"]
    for position, parameter in enumerate(parameters, 1):
        reading.add("object", number, position, kind, parameter.get("Name"), text_of(parameter))
    if not parameters:
        reading.add("object", number, 1, kind, None, None)
    for child in element:
        if child.tag != "Param":
            reading.report(child, path)


def read_reference_list(reading: Reading, element: Element, path: str, parent: int | None = None) -> None:
    """REFERENCE_LIST and its CITED_REFERENCEs; lists can be nested."""
    number = reading.next("reference list")
    title = element.find("Title")
    reading.add("reference_list", number, parent, (text_of(title) or None) if title is not None else None)
    for child in element:
        if child.tag == "Reference":
            read_reference(reading, child, f"{path}/Reference", number)
        elif child.tag == "ReferenceList":
            read_reference_list(reading, child, f"{path}/ReferenceList", number)
        elif child.tag != "Title":
            reading.report(child, path)


def read_reference(reading: Reading, element: Element, path: str, list_order: int) -> None:
    """CITED_REFERENCE and its CITED_ARTICLE_IDs."""
    position = reading.next("reference")
    citation = None
    ids: list[tuple[str | None, str]] = []
    for child in element:
        if child.tag == "Citation":
            citation = text_of(child) or None
        elif child.tag == "ArticleIdList":
            ids += [(article_id.get("IdType"), text_of(article_id)) for article_id in child]
        else:
            reading.report(child, path)
    for number, (kind, text) in enumerate(ids, 1):
        reading.add("cited_article_id", position, number, kind, text)
    found = {kind or "pubmed": text for kind, text in reversed(ids)}
    pmid = to_pmid(found.get("pubmed", ""))
    reading.add("cited_reference", position, list_order, citation, pmid, found.get("doi"), found.get("pmc"))


def read_supplementary_mesh(reading: Reading, element: Element, _path: str) -> None:
    """SUPPLEMENTARY_MESH."""
    position = reading.next("supplementary")
    reading.add("supplementary_mesh", position, element.get("Type"), element.get("UI"), text_of(element))


def read_issn(reading: Reading, element: Element, _path: str) -> None:
    """ISSN of the issue, and its type."""
    reading.values["issn"] = text_of(element) or None
    reading.values["issn_type"] = element.get("IssnType")


def read_sections(reading: Reading, element: Element, path: str, parent: int | None = None) -> None:
    """BOOK_SECTION; sections can be nested."""
    for section in element:
        if section.tag != "Section":
            if parent is None or section.tag not in ("LocationLabel", "SectionTitle"):
                reading.report(section, path)
            continue
        number = reading.next("section")
        label, title = section.find("LocationLabel"), section.find("SectionTitle")
        links = [title.get(name) if title is not None else None for name in ("book", "part", "sec")]
        reading.add(
            "book_section",
            number,
            parent,
            text_of(label) or None if label is not None else None,
            label.get("Type") if label is not None else None,
            text_of(title) or None if title is not None else None,
            *links,
        )
        read_sections(reading, section, f"{path}/Section", number)


def read_items(reading: Reading, element: Element, path: str) -> None:
    """BOOK_ITEM: one list's."""
    number = reading.next("item list")
    for position, child in enumerate(element, 1):
        if child.tag == "Item":
            reading.add("book_item", number, position, element.get("ListType"), text_of(child))
        else:
            reading.report(child, path)


def read_medline_citation(reading: Reading, element: Element, path: str) -> None:
    """MedlineCitation: its attributes and its parts."""
    reading.values |= {
        "citation_status": element.get("Status"),
        "owner": element.get("Owner"),
        "indexing_method": element.get("IndexingMethod"),
        "version_id": element.get("VersionID"),
        "version_date": element.get("VersionDate"),
    }
    children_of(MEDLINE_CITATION_READERS)(reading, element, path)


def read_article(reading: Reading, element: Element, path: str) -> None:
    """Article: its medium and its parts."""
    reading.values["pub_model"] = element.get("PubModel")
    children_of(ARTICLE_READERS)(reading, element, path)


def read_journal_issue(reading: Reading, element: Element, path: str) -> None:
    """JournalIssue: its medium and its parts."""
    reading.values["cited_medium"] = element.get("CitedMedium")
    children_of(JOURNAL_ISSUE_READERS)(reading, element, path)


JOURNAL_ISSUE_READERS: dict[str, Reader] = {
    "Volume": value("volume"),
    "Issue": value("issue"),
    "PubDate": read_pub_date("citation"),
}

JOURNAL_READERS: dict[str, Reader] = {
    "ISSN": read_issn,
    "JournalIssue": read_journal_issue,
    "Title": value("journal_title"),
    "ISOAbbreviation": value("iso_abbreviation"),
}

PAGINATION_READERS: dict[str, Reader] = {
    "MedlinePgn": value("medline_pgn"),
    "StartPage": value("start_page"),
    "EndPage": value("end_page"),
}

ARTICLE_READERS: dict[str, Reader] = {
    "Journal": children_of(JOURNAL_READERS),
    "ArticleTitle": read_article_title,
    "VernacularTitle": value("vernacular_title"),
    "Pagination": children_of(PAGINATION_READERS),
    "ELocationID": read_elocation,
    "Abstract": read_abstract,
    "Affiliation": read_article_affiliation,
    "AuthorList": read_people("author", "Author"),
    "Language": list_item("language"),
    "DataBankList": read_data_banks,
    "GrantList": read_grants,
    "PublicationTypeList": children_of({"PublicationType": list_item("publication_type", "UI")}),
    "ArticleDate": read_citation_date,
}

MEDLINE_CITATION_READERS: dict[str, Reader] = {
    "PMID": nothing,
    "DateCreated": read_citation_date,
    "DateCompleted": read_citation_date,
    "DateRevised": read_citation_date,
    "Article": read_article,
    "MedlineJournalInfo": children_of(
        {
            "Country": value("journal_country"),
            "MedlineTA": value("medline_ta"),
            "NlmUniqueID": value("nlm_unique_id"),
            "ISSNLinking": value("issn_linking"),
        }
    ),
    "ChemicalList": children_of({"Chemical": read_chemical}),
    "SupplMeshList": children_of({"SupplMeshName": read_supplementary_mesh}),
    "CitationSubset": list_item("citation_subset"),
    "CommentsCorrectionsList": children_of({"CommentsCorrections": read_comment}),
    "GeneSymbolList": children_of({"GeneSymbol": list_item("gene_symbol")}),
    "MeshHeadingList": children_of({"MeshHeading": read_mesh_heading}),
    "NumberOfReferences": value("number_of_references"),
    "PersonalNameSubjectList": children_of({"PersonalNameSubject": read_name_subject}),
    "OtherID": list_item("other_id", "Source"),
    "OtherAbstract": read_abstract,
    "KeywordList": read_keywords,
    "CoiStatement": value("coi_statement"),
    "SpaceFlightMission": list_item("space_flight_mission"),
    "InvestigatorList": read_people("investigator", "Investigator"),
    "GeneralNote": list_item("general_note", "Owner"),
}

PUBMED_DATA_READERS: dict[str, Reader] = {
    "History": children_of({"PubMedPubDate": read_history}),
    "PublicationStatus": value("publication_status"),
    "ArticleIdList": read_article_ids,
    "ObjectList": children_of({"Object": read_object}),
    "ReferenceList": read_reference_list,
}

BOOK_READERS: dict[str, Reader] = {
    "Publisher": children_of(
        {"PublisherName": book_value("publisher_name"), "PublisherLocation": book_value("publisher_location")}
    ),
    "BookTitle": book_value("book_title"),
    "PubDate": read_pub_date("book"),
    "BeginningDate": read_citation_date,
    "EndingDate": read_citation_date,
    "AuthorList": read_people("author", "Author"),
    "InvestigatorList": read_people("investigator", "Investigator"),
    "Volume": book_value("volume"),
    "VolumeTitle": book_value("volume_title"),
    "Edition": book_value("edition"),
    "CollectionTitle": book_value("collection_title"),
    "Isbn": list_item("isbn"),
    "ELocationID": read_elocation,
    "Medium": book_value("medium"),
    "ReportNumber": book_value("report_number"),
}

BOOK_DOCUMENT_READERS: dict[str, Reader] = {
    "PMID": nothing,
    "ArticleIdList": read_article_ids,
    "Book": children_of(BOOK_READERS),
    "LocationLabel": list_item("location_label", "Type"),
    "ArticleTitle": read_article_title,
    "VernacularTitle": value("vernacular_title"),
    "Pagination": children_of(PAGINATION_READERS),
    "Language": list_item("language"),
    "AuthorList": read_people("author", "Author"),
    "InvestigatorList": read_people("investigator", "Investigator"),
    "PublicationType": list_item("publication_type", "UI"),
    "Abstract": read_abstract,
    "Sections": read_sections,
    "KeywordList": read_keywords,
    "ContributionDate": read_citation_date,
    "DateRevised": read_citation_date,
    "GrantList": read_grants,
    "ItemList": read_items,
    "ReferenceList": read_reference_list,
}

ROOT_READERS: dict[str, Reader] = {
    "PubmedArticle": children_of(
        {"MedlineCitation": read_medline_citation, "PubmedData": children_of(PUBMED_DATA_READERS)}
    ),
    "PubmedBookArticle": children_of(
        {"BookDocument": children_of(BOOK_DOCUMENT_READERS), "PubmedBookData": children_of(PUBMED_DATA_READERS)}
    ),
    "MedlineCitation": read_medline_citation,
    "BookDocument": children_of(BOOK_DOCUMENT_READERS),
}

"""NLM's MeSH XML: descriptor, qualifier and supplementary records, read as a stream.

https://www.nlm.nih.gov/mesh/xmlmesh.html; the DTDs of 2006 to today.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
from lxml import etree

from warehouse.errors import DocumentError
from warehouse.schema.mesh_vocabulary import (
    DESCRIPTOR,
    MESH_DESCRIPTOR,
    MESH_MAPPED_HEADING,
    MESH_PHARMACOLOGICAL_ACTION,
    MESH_QUALIFIER,
    MESH_SUPPLEMENTARY,
    MESH_TERM,
    MESH_TREE_NUMBER,
    QUALIFIER,
    SUPPLEMENTARY,
)

# By name of the table; without the kind, which all rows of a file share.
Rows = dict[str, list[tuple[object, ...]]]

# Records per batch of Arrow tables.
RECORDS_AT_ONCE = 2_000
MADE = (
    MESH_DESCRIPTOR, MESH_TREE_NUMBER, MESH_TERM, MESH_QUALIFIER, MESH_SUPPLEMENTARY, MESH_MAPPED_HEADING,
    MESH_PHARMACOLOGICAL_ACTION,
)  # fmt: skip


@dataclass
class MeshDocument:
    """What is known of a file while it is read.

    Attributes:
        name: Its name, for messages.
        kind: descriptor, qualifier or supplementary; '' before its first element.
        year: The year of MeSH: the one in its name, else the latest in which a record is active, else that of its DTD.
        record_count: Records read so far.
    """

    name: str
    kind: str = ""
    year: int | None = None
    record_count: int = 0
    _active_year: int = 0
    _dtd_year: int = 0
    _seen: set[str] = field(default_factory=set)


def read_mesh(blocks: Iterable[bytes], document: MeshDocument) -> Iterator[dict[str, pa.Table]]:
    """The rows of a file, some thousand records at a time.

    Args:
        blocks: The file's bytes, unpacked.
        document: With its name; what else is known of it is filled in on the way, and whole at the end.
    Raises:
        DocumentError: It is not MeSH XML, not well-formed, cut off, or a record lacks what every record has.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    rows: Rows = defaultdict(list)
    try:
        for block in blocks:
            parser.feed(block)
            take_events(parser, document, rows)
            if len(document._seen) - document.record_count >= RECORDS_AT_ONCE:
                yield make_tables(rows, document)
        parser.close()
        take_events(parser, document, rows)
    except etree.XMLSyntaxError as exc:
        raise DocumentError(f"{document.name} is not well-formed, or cut off: {exc.msg}; download it again.") from exc
    yield make_tables(rows, document)
    if not document.record_count:
        raise DocumentError(f"{document.name} has no record of MeSH; download it again.")
    document.year = find_year(document)


def take_events(parser: etree.XMLPullParser, document: MeshDocument, rows: Rows) -> None:
    """Note what kind of file it is, and add the rows of the records that have ended.

    Raises:
        DocumentError: It is not MeSH XML, or a record lacks what every record has.
    """
    for event, element in parser.read_events():
        if not isinstance(element, etree._Element):
            continue
        parent = element.getparent()
        if event == "start" and parent is None:
            open_document(element, document)
        elif event == "end" and parent is not None and parent.getparent() is None:
            add_record(element, document, rows)
            parent.remove(element)


def open_document(root: etree._Element, document: MeshDocument) -> None:
    """Note what kind of file it is.

    Raises:
        DocumentError: It is not MeSH XML.
    """
    if root.tag not in KINDS:
        raise DocumentError(f"{document.name} is not MeSH XML: it begins with <{root.tag}>.")
    document.kind = KINDS[str(root.tag)]
    found = re.search(r"(?:19|20)\d\d", root.getroottree().docinfo.doctype)  # type: ignore[attr-defined] # not in lxml's stubs
    document._dtd_year = int(found[0]) if found else 0


def add_record(element: etree._Element, document: MeshDocument, rows: Rows) -> None:
    """Add the rows of a record.

    Raises:
        DocumentError: It lacks what every record has, or came before.
    """
    ui = text_of(element, UI_TAGS[document.kind])
    name = text_of(element, NAME_TAGS[document.kind])
    if element.tag != RECORD_TAGS[document.kind] or ui is None or name is None:
        raise DocumentError(
            f"{document.name}: record {len(document._seen) + 1:,} ({ui or element.tag}) has no identifier or no name; "
            "download the file again."
        )
    if ui in document._seen:
        raise DocumentError(f"{document.name}: {ui} comes twice; download the file again.")
    document._seen.add(ui)
    years = (year.text or "" for year in element.iterfind("ActiveMeSHYearList/Year"))
    document._active_year = max(document._active_year, *(int(year) for year in years if year.isdecimal()), 0)
    try:
        READERS[document.kind](element, ui, name, rows)
    except ValueError as exc:
        raise DocumentError(
            f"{document.name}: {ui} has a class that is not a number ({exc}); download it again."
        ) from exc
    add_terms(element, ui, rows)


def make_tables(rows: Rows, document: MeshDocument) -> dict[str, pa.Table]:
    """The rows so far as Arrow tables; `rows` is empty afterwards.

    Raises:
        DocumentError: A record lacks what every record has.
    """
    document.record_count = len(document._seen)
    try:
        tables = {table.name: table.to_arrow([(document.kind, *row) for row in rows[table.name]]) for table in MADE}
    except ValueError as exc:
        raise DocumentError(f"{document.name}: {exc}; download the file again.") from exc
    rows.clear()
    return tables


def find_year(document: MeshDocument) -> int:
    """The year of MeSH that a file is.

    Raises:
        DocumentError: Neither its name nor its content says.
    """
    named = re.search(r"(?:desc|qual|supp)((?:19|20)\d\d)", document.name)
    year = int(named[1]) if named else document._active_year or document._dtd_year
    if not year:
        raise DocumentError(f"{document.name} does not say of which year it is; name it as NLM does: desc2026.xml.")
    return year


def text_of(element: etree._Element, path: str) -> str | None:
    """The text at a path, stripped; None if there is none."""
    return (element.findtext(path) or "").strip() or None


def read_descriptor(element: etree._Element, ui: str, name: str, rows: Rows) -> None:
    """Add the rows of a descriptor."""
    rows[MESH_DESCRIPTOR.name].append(
        (
            ui,
            name,
            int(element.get("DescriptorClass") or 1),
            text_of(element, f"{PREFERRED}/ScopeNote"),
            text_of(element, "Annotation"),
            registry_number(element),
        )
    )
    add_tree_numbers(element, ui, rows)
    add_actions(element, ui, rows)


def read_qualifier(element: etree._Element, ui: str, name: str, rows: Rows) -> None:
    """Add the rows of a qualifier."""
    abbreviation = text_of(element, f"{PREFERRED}/TermList/Term[@RecordPreferredTermYN='Y']/Abbreviation")
    rows[MESH_QUALIFIER.name].append((ui, name, abbreviation, text_of(element, f"{PREFERRED}/ScopeNote")))
    add_tree_numbers(element, ui, rows)


def read_supplementary(element: etree._Element, ui: str, name: str, rows: Rows) -> None:
    """Add the rows of a supplementary record."""
    class_ = element.get("SCRClass")
    rows[MESH_SUPPLEMENTARY.name].append(
        (ui, name, int(class_) if class_ else None, text_of(element, "Note"), registry_number(element))
    )
    for number, mapped in enumerate(element.iterfind("HeadingMappedToList/HeadingMappedTo"), 1):
        descriptor = text_of(mapped, "DescriptorReferredTo/DescriptorUI") or ""
        qualifier = text_of(mapped, "QualifierReferredTo/QualifierUI") or ""
        rows[MESH_MAPPED_HEADING.name].append(
            (
                ui,
                number,
                descriptor.lstrip("*") or None,
                text_of(mapped, "DescriptorReferredTo/DescriptorName/String"),
                qualifier.lstrip("*") or None,
                text_of(mapped, "QualifierReferredTo/QualifierName/String"),
                descriptor.startswith("*") or qualifier.startswith("*"),
            )
        )
    add_actions(element, ui, rows)


def add_tree_numbers(element: etree._Element, ui: str, rows: Rows) -> None:
    """Add the places of a record in the tree, each once."""
    numbers = {(number.text or "").strip() for number in element.iterfind("TreeNumberList/TreeNumber")}
    rows[MESH_TREE_NUMBER.name] += [(ui, number) for number in sorted(numbers) if number]


def add_actions(element: etree._Element, ui: str, rows: Rows) -> None:
    """Add what a substance does; files before 2016 say it of its concepts."""
    below = "PharmacologicalActionList/PharmacologicalAction/DescriptorReferredTo"
    found = [*element.iterfind(below), *element.iterfind(f"ConceptList/Concept/{below}")]
    actions = {text_of(action, "DescriptorUI"): text_of(action, "DescriptorName/String") for action in found}
    rows[MESH_PHARMACOLOGICAL_ACTION.name] += [(ui, action_ui, name) for action_ui, name in actions.items()]


def add_terms(element: etree._Element, ui: str, rows: Rows) -> None:
    """Add the names of a record, concept by concept."""
    number = 0
    for concept in element.iterfind("ConceptList/Concept"):
        concept_ui, concept_name = text_of(concept, "ConceptUI"), text_of(concept, "ConceptName/String")
        is_preferred = concept.get("PreferredConceptYN") == "Y"
        for term in concept.iterfind("TermList/Term"):
            number += 1
            is_record_name = is_preferred and term.get("RecordPreferredTermYN") == "Y"
            rows[MESH_TERM.name].append(
                (
                    ui,
                    number,
                    text_of(term, "String"),
                    text_of(term, "TermUI"),
                    concept_ui,
                    concept_name,
                    is_preferred,
                    is_record_name and term.get("IsPermutedTermYN") != "Y",
                    term.get("IsPermutedTermYN") == "Y",
                )
            )


def registry_number(element: etree._Element) -> str | None:
    """The number of the preferred concept; `0` says that there is none."""
    for path in ("RegistryNumberList/RegistryNumber", "RegistryNumber"):
        number = text_of(element, f"{PREFERRED}/{path}")
        if number and number != "0":
            return number
    return None


PREFERRED = "ConceptList/Concept[@PreferredConceptYN='Y']"
KINDS = {"DescriptorRecordSet": DESCRIPTOR, "QualifierRecordSet": QUALIFIER, "SupplementalRecordSet": SUPPLEMENTARY}
RECORD_TAGS = {DESCRIPTOR: "DescriptorRecord", QUALIFIER: "QualifierRecord", SUPPLEMENTARY: "SupplementalRecord"}
UI_TAGS = {DESCRIPTOR: "DescriptorUI", QUALIFIER: "QualifierUI", SUPPLEMENTARY: "SupplementalRecordUI"}
NAME_TAGS = {
    DESCRIPTOR: "DescriptorName/String",
    QUALIFIER: "QualifierName/String",
    SUPPLEMENTARY: "SupplementalRecordName/String",
}
READERS: dict[str, Callable[[etree._Element, str, str, Rows], None]] = {
    DESCRIPTOR: read_descriptor,
    QUALIFIER: read_qualifier,
    SUPPLEMENTARY: read_supplementary,
}

"""The records of a chunk as they came, with their PMIDs and hashes, and the PMIDs that it withdraws."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from lxml import etree

from transforms import reading_kernel
from transforms.document_prolog import ASIDE, SETS
from transforms.elements import Elements, find_elements
from transforms.numpy_reading import BROKEN
from transforms.pubmed_document import SECTION, DocumentChunk, count_lines
from transforms.start_tags import StartTag
from transforms.value_columns import to_pmids
from transforms.values import HIGHEST_VERSION, to_pmid, to_version
from warehouse.errors import DocumentError

# XML's own.
BLANKS = b" \t\r\n"
DELETIONS = ("DeleteCitation", "DeleteDocument")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it came.

    Attributes:
        pmid: Its PMID; None if there is none, or what it gives for one is none.
        pmid_version: Version of the PMID; 1 if it gives none.
        source: The bytes that it came in.
        first: Where its element begins in them.
        last: Where it ends.
        content_sha256: SHA-256, hex, of those bytes without what only lays them out.
        elements: The elements of the chunk that it came in.
        position: Its own among them.
        tag: Its element's name.
        refused: Why it is not read, in a sentence: its PMID or its version is none; '' if it is read.
    """

    pmid: int | None
    pmid_version: int
    source: bytes
    first: int
    last: int
    content_sha256: str
    elements: Elements
    position: int
    tag: str
    refused: str = ""

    @property
    def record_xml(self) -> bytes:
        """The record's element, byte for byte."""
        return self.source[self.first : self.last]

    def parse(self) -> etree._Element:
        """Its element as a tree."""
        return parse_xml(self.record_xml, name=f"PMID {self.pmid}")[0]


@dataclass
class ChunkRecords:
    """What a chunk holds.

    Attributes:
        records: Its records in order.
        deletions: The PMIDs it withdraws, each with the element that says so and the position of that element.
        refused: Sentences about what it would withdraw that is not a PMID.
    """

    records: list[RawRecord] = field(default_factory=list)
    deletions: list[tuple[int, str, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_chunk(chunk: DocumentChunk, *, name: str) -> ChunkRecords:
    """The records of a chunk.

    Args:
        chunk: As `split_document` gave it.
        name: What to call the document in an error.
    Returns:
        Records in order; an element that is not a record is one without a PMID, which the transform refuses.
    Raises:
        DocumentError: The chunk is not well-formed, or there is text between the records; names the line.
    """
    elements, source = find_elements(chunk.xml), chunk.xml
    if elements is None:
        elements, slices = rewrite(chunk, name)
        source = b"".join(slices)
        lasts = list(accumulate(map(len, slices)))
        firsts = [0, *lasts[:-1]]
        hashes = [hashlib.sha256(content_of(record_xml)).hexdigest() for record_xml in slices]
    else:
        firsts, lasts = borders_of(chunk, elements, name)
        hashes = content_hashes(elements, firsts, lasts)
    found = ChunkRecords()
    pmids = find_pmids(elements)
    plain = read_plain_pmids(elements, pmids)
    tops = elements.levels[0]
    for top, first, last, content_sha256 in zip(tops.tolist(), firsts, lasts, hashes, strict=True):
        tag = elements.name_of(top)
        if tag in DELETIONS:
            read_deletions(found, elements, top, name, chunk)
        else:
            pmid, version, refused = plain.get(top) or read_pmid(elements, top, pmids.get(top, []))
            found.records.append(
                RawRecord(pmid, version, source, first, last, content_sha256, elements, top, tag, refused)
            )
    return found


def borders_of(chunk: DocumentChunk, elements: Elements, name: str) -> tuple[list[int], list[int]]:
    """Where each record of a chunk begins and ends in its bytes.

    Raises:
        DocumentError: There is text between them.
    """
    tops, xml = elements.levels[0], elements.xml
    firsts = elements.offsets[2 * elements.tag[tops] + 1].tolist()
    lasts = elements.offsets[2 * elements.end[tops] + 2].tolist()
    between = zip([0, *lasts], [*firsts, len(xml)], strict=True)
    if any(not xml[last:first].isspace() for last, first in between if last < first):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    begins, ends = elements.source_borders(tops)
    return begins.tolist(), ends.tolist()


def rewrite(chunk: DocumentChunk, name: str) -> tuple[Elements, list[bytes]]:
    """The elements of a chunk that is not written as NLM does, and the bytes of its records as they came.

    Raises:
        DocumentError: As `read_chunk`.
    """
    few = rewrite_few(chunk.xml)
    if few is not None:
        return few
    root = parse_xml(chunk.xml, name=name, first_line=chunk.first_line)
    records = list(root)
    if any(text and text.strip() for text in (root.text, *(record.tail for record in records))):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    rewritten = [etree.tostring(record, encoding="utf-8", with_tail=False) for record in records]
    elements = find_elements(b"".join(rewritten))
    if elements is None or len(elements.levels[0]) != len(records):
        raise DocumentError(f"{name}, line {chunk.first_line}: records in a form that is not read; please report it.")
    return elements, slice_records(chunk.xml, records) or rewritten


def rewrite_few(xml: bytes) -> tuple[Elements, list[bytes]] | None:
    """The same where each record can be looked at alone: only what needs it goes through libxml2.

    None where records are not plainly one behind the other, or one is not well-formed, which then has its line.
    """
    starts = {tuple(b"<" + tag for tag in tags): tags for tags in SETS.values()}
    head = xml[:1000].lstrip(BLANKS)
    begin = next((begin for begin in starts if head.startswith(begin)), ())
    tags = starts.get(begin, ())
    end = re.compile(SECTION + b"|</(?:" + b"|".join(tags) + b")>", re.DOTALL)
    ends = [found.end() for found in end.finditer(xml) if xml.startswith(b"</", found.start())] if tags else []
    if not ends or xml[ends[-1] :].strip(BLANKS):
        return None
    records = [xml[first:last].strip(BLANKS) for first, last in pairwise([0, *ends])]
    if not all(record.startswith(begin) for record in records):
        return None
    if find_elements(records[0]) is None and find_elements(records[-1]) is None:
        return None  # It is all in another form, with carriage returns, say.
    elements = find_elements(b"".join(rewrite_odd(records)))
    return (elements, records) if elements is not None and len(elements.levels[0]) == len(records) else None


def rewrite_odd(records: list[bytes]) -> list[bytes]:
    """Records in the form that is read: those that are not are found by halves, and each of them rewritten."""
    if find_elements(b"".join(records)) is not None:
        return records
    if len(records) > 1:
        half = len(records) // 2
        return rewrite_odd(records[:half]) + rewrite_odd(records[half:])
    try:
        root = parse_xml(records[0], name="")
    except DocumentError:
        return records
    return [etree.tostring(record, encoding="utf-8", with_tail=False) for record in root]


def parse_xml(xml: bytes, *, name: str, first_line: int = 1) -> etree._Element:
    """Some elements as a tree, below an element of their own; comments and processing instructions are left out.

    Raises:
        DocumentError: Not well-formed; names the line.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(b"<chunk>" + xml + b"</chunk>", parser)
    except etree.XMLSyntaxError as exc:
        line = first_line + (exc.lineno or 1) - 1
        # lxml's own message quotes the document.
        log: Any = exc.error_log  # lxml's stub does not know what is in it.
        names = [entry.type_name.removeprefix("ERR_") for entry in log]
        reason = names[-1].replace("_", " ").lower() if names else "syntax"
        raise DocumentError(f"{name}, line {line}: not well-formed ({reason}); download it again.") from exc


def slice_records(xml: bytes, records: list[etree._Element]) -> list[bytes] | None:
    """The bytes of each record of a chunk; None if the borders cannot be told from the bytes."""
    slices = []
    position = 0
    # Comments, instructions and CDATA can hold what looks like a border.
    bare = ASIDE.sub(lambda found: b" " * len(found[0]), xml)
    for record in records:
        tag = str(record.tag).encode()
        start = bare.find(b"<" + tag, position)
        end_tag = b"</" + tag + b">"
        end = bare.find(end_tag, start)
        if start < 0 or end < 0 or bare[position:start].strip():
            return None
        position = end + len(end_tag)
        slices.append(xml[start:position])
    return slices


def find_pmids(elements: Elements) -> dict[int, list[int]]:
    """The elements with each record's own PMID, of which there should be one; a record without any is left out."""
    names = [tag.name for tag in elements.start_tags]
    is_pmid = np.array([name == "PMID" for name in names])[elements.code]
    found: dict[int, list[int]] = {}
    inner = elements.levels[2] if len(elements.levels) > 2 else elements.levels[0][:0]
    for pmid in inner[is_pmid[inner]].tolist():
        holder = int(elements.parent[pmid])
        if names[elements.code[holder]] in ("MedlineCitation", "BookDocument"):
            found.setdefault(int(elements.parent[holder]), []).append(pmid)
    for pmid in elements.levels[1][is_pmid[elements.levels[1]]].tolist() if len(elements.levels) > 1 else []:
        top = int(elements.parent[pmid])
        if names[elements.code[top]] in ("MedlineCitation", "BookDocument"):
            found.setdefault(top, []).append(pmid)
    return found


def read_plain_pmids(elements: Elements, pmids: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, int, str]]:
    """The same as `read_pmid` gives, for all records that have one PMID in which nothing is odd."""
    alone = {own[0]: top for top, own in pmids.items() if len(own) == 1}
    found = np.fromiter(alone, np.int64, len(alone))
    found = found[elements.end[found] == elements.tag[found] + 1]
    texts = to_pmids(elements.strings.take(pa.array(2 * elements.tag[found] + 2)))
    versions = {code: to_version(version_of(elements.start_tags[code])) for code in set(elements.code[found].tolist())}
    read = zip(found.tolist(), texts.tolist(), elements.code[found].tolist(), strict=True)
    return {alone[e]: (pmid, version, "") for e, pmid, code in read if pmid and (version := versions[code])}


def read_pmid(elements: Elements, top: int, own: list[int]) -> tuple[int | None, int, str]:
    """The PMID of a record, and its version.

    Args:
        elements: The elements of its chunk.
        top: Its element.
        own: The elements with its PMID.
    Returns:
        The PMID, None if there is none; the version, 1 if none is given; and why the record is refused.
    """
    tag = elements.name_of(top)
    given = {(elements.whole_text(element), version_of(elements.start_tag(element))) for element in own}
    if len(given) > 1:
        return None, 1, f"The {tag} has two PMIDs, where there is a place for one."
    for text, version in given:
        pmid, number = to_pmid(text), to_version(version)
        if pmid is None:
            return None, 1, f"The PMID of the {tag} is {text[:40]!r}, which is not a PMID."
        if number is None:
            return (
                pmid,
                1,
                f"The version of the PMID is {version[:40]!r}, which is not a number from 1 to {HIGHEST_VERSION:,}.",
            )
        return pmid, number, ""
    return None, 1, f"The {tag} has no PMID."


def version_of(tag: StartTag) -> str:
    """The version that a PMID gives; files before 2008 give none, and mean the first."""
    return next((value for name, value in tag.attributes if name == "Version"), "1")


def read_deletions(found: ChunkRecords, elements: Elements, top: int, name: str, chunk: DocumentChunk) -> None:
    """Note the PMIDs that an element withdraws, and what else it names, which withdraws nothing."""
    evidence = elements.name_of(top)
    for element in elements.levels[1][elements.parent[elements.levels[1]] == top].tolist():
        if elements.name_of(element) != "PMID":
            continue
        text = elements.whole_text(element)
        pmid = to_pmid(text)
        if pmid is not None:
            found.deletions.append((pmid, evidence, top))
            continue
        where = name
        if elements.source is chunk.xml:
            start = int(elements.source_borders(np.array([element]))[0][0])
            where = f"{name}, line {chunk.first_line + count_lines(chunk.xml[:start])}"
        found.refused.append(
            f"{where}: {evidence} names {text[:40]!r}, which is not a PMID; nothing is withdrawn by it."
        )


def content_hashes(elements: Elements, begins: list[int], ends: list[int]) -> list[str]:
    """SHA-256, hex, of each record without what only lays it out.

    Args:
        elements: Those of a chunk.
        begins: Where each record begins in its bytes as they came.
        ends: Where it ends.
    """
    e, tops = elements, elements.levels[0]
    firsts, lasts = 2 * e.tag[tops] + 1, 2 * e.end[tops] + 2
    content, borders = reading_kernel.kernel.content(e.xml, e.offsets, e.flags, firsts, lasts)
    broken = np.flatnonzero(e.flags & BROKEN)
    is_odd = np.searchsorted(broken, lasts) > np.searchsorted(broken, firsts)
    if len(e.gaps):
        # A processing instruction is part of the record as sent.
        is_odd |= np.array(ends) - np.array(begins) > e.offsets[lasts] - e.offsets[firsts]
    return [
        hashlib.sha256(content_of(e.source[begin:end]) if is_odd_one else content[first:last]).hexdigest()
        for begin, end, first, last, is_odd_one in zip(
            begins, ends, borders[:-1].tolist(), borders[1:].tolist(), is_odd.tolist(), strict=True
        )
    ]


def content_of(record_xml: bytes) -> bytes:
    """A record's bytes without what only lays them out: line breaks between tags, and blanks around any line break."""
    if b"\n" not in record_xml:
        return record_xml
    return b"\n".join(map(bytes.strip, record_xml.splitlines())).replace(b">\n<", b"><")

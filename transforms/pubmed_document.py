"""A PubMed document as its records: cut at their borders byte by byte, read a few megabytes at a time.

Cutting before reading keeps memory bounded and gives each record's bytes as they came. No DTD is read, no entity but
XML's own five is known, and nothing is fetched.
"""

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from lxml import etree

from transforms.elements import Elements, find_elements
from warehouse.errors import DocumentError

CHUNK_BYTES = 3 << 20
LONGEST_RECORD_BYTES = 64 << 20
LONGEST_PROLOG_BYTES = 1 << 20

# The elements that hold records, with the elements of their records and deletions.
SETS = {
    b"PubmedArticleSet": (b"PubmedArticle", b"PubmedBookArticle", b"DeleteCitation"),
    b"PubmedBookArticleSet": (b"PubmedBookArticle",),
    b"MedlineCitationSet": (b"MedlineCitation", b"DeleteCitation"),
    b"BookDocumentSet": (b"BookDocument", b"DeleteDocument"),
}
RECORDS = (b"PubmedArticle", b"PubmedBookArticle", b"MedlineCitation", b"BookDocument")
DELETIONS = ("DeleteCitation", "DeleteDocument")

BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?(?:encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*?)?\?>")
SKIPPED = re.compile(rb"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)
DOCTYPE = re.compile(rb"<!DOCTYPE(?:[^<>\[\]\"']|\"[^\"]*\"|'[^']*')*(\[.*?\]\s*)?>", re.DOTALL)
ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*?)?(/?)>")


@dataclass(frozen=True)
class DocumentChunk:
    """Some whole records of a document.

    Attributes:
        xml: Their bytes with what stands between them, UTF-8.
        first_line: The line of the document that they begin on, from 1.
    """

    xml: bytes
    first_line: int


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it came.

    Attributes:
        pmid: Its PMID; None if there is none, or it is not a number.
        pmid_version: Version of the PMID; 1 if it gives none.
        record_xml: The record's element, byte for byte.
        content_sha256: SHA-256, hex, of those bytes without what only lays them out.
        elements: The elements of the chunk that it came in.
        position: Its own among them.
    """

    pmid: int | None
    pmid_version: int
    record_xml: bytes
    content_sha256: str
    elements: Elements
    position: int

    @property
    def tag(self) -> str:
        """Its element's name."""
        return self.elements.name_of(self.position)

    def parse(self) -> etree._Element:
        """Its element as a tree."""
        return parse_xml(self.record_xml, name=f"PMID {self.pmid}")[0]


@dataclass
class ChunkRecords:
    """What a chunk holds: its records in order, and the PMIDs it withdraws with the element that says so."""

    records: list[RawRecord] = field(default_factory=list)
    deletions: list[tuple[int, str]] = field(default_factory=list)


def split_document(
    blocks: Iterable[bytes],
    *,
    name: str,
    chunk_bytes: int = CHUNK_BYTES,
    on_break: Callable[[str], None] | None = None,
) -> Iterator[DocumentChunk]:
    """Cut a document into chunks of whole records.

    Args:
        blocks: The document's bytes, unpacked: an EFetch reply, a baseline or update file, a set of any kind, or a
            single record.
        name: What to call it in an error.
        chunk_bytes: About how large a chunk is.
        on_break: Told that the document ends half way, after its whole records; without it, that is an error.
    Raises:
        DocumentError: The document is not PubMed XML, declares entities, ends half way, or has a record above 64 MiB.
    """
    stream = to_utf8(iter(blocks), name)
    buffer, root = read_prolog(stream, name)
    line = 1 + root.line_breaks
    ends = [b"</" + tag + b">" for tag in root.record_tags]
    waiting, size = [buffer], len(buffer)
    for block in stream:
        waiting.append(block)
        size += len(block)
        if size < chunk_bytes:
            continue
        buffer = join_sets(b"".join(waiting), root.end_tag)
        waiting.clear()
        cut = last_border(buffer, ends)
        if cut:
            yield DocumentChunk(buffer[:cut], line)
            line += count_lines(buffer[:cut])
            buffer = buffer[cut:]
        elif size > LONGEST_RECORD_BYTES:
            raise DocumentError(f"{name}, line {line}: a record of more than 64 MiB; this is no PubMed file.")
        waiting, size = [buffer], len(buffer)
    buffer = join_sets(b"".join(waiting), root.end_tag)
    cut = last_border(buffer, ends)
    if cut:
        yield DocumentChunk(buffer[:cut], line)
        line += count_lines(buffer[:cut])
    rest = buffer[cut:]
    if not is_end(rest, root.end_tag):
        line += rest.count(b"\n")
        sentence = f"{name}, line {line}: the document ends half way; download it again."
        if on_break is None:
            raise DocumentError(sentence)
        on_break(sentence)


def join_sets(buffer: bytes, end_tag: bytes) -> bytes:
    """Documents written one behind the other, as `cat` and EDirect do it, as one; every line stays where it is."""
    if not end_tag or end_tag not in buffer:
        return buffer
    start = rb"\s*(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\?>)?\s*(?:<!DOCTYPE[^<>\[]*>)?\s*<" + end_tag[2:-1]
    empty, begun = start + rb"(?:\s[^<>]*?)?/>", start + rb"(?:\s[^<>]*)?>"
    joint = re.compile(end_tag + rb"(?:" + empty + rb")*(" + begun + rb")?")
    return joint.sub(lambda found: b"\n" * found[0].count(b"\n") + (b"" if found[1] else end_tag), buffer)


def count_lines(xml: bytes) -> int:
    """How many lines end in some bytes."""
    return int(np.count_nonzero(np.frombuffer(xml, np.uint8) == ord("\n")))


@dataclass(frozen=True)
class DocumentRoot:
    """What the beginning of a document says.

    Attributes:
        record_tags: Elements that are records or deletions.
        end_tag: What has to come after the last of them; b'' if the record is the root itself.
        line_breaks: Lines before the first record.
    """

    record_tags: tuple[bytes, ...]
    end_tag: bytes
    line_breaks: int


def read_prolog(stream: Iterator[bytes], name: str) -> tuple[bytes, DocumentRoot]:
    """Read up to the root element.

    Returns:
        The bytes that follow its start tag (or begin with it, where the root is itself a record), and what it is. A tag
        that ends its set at once is given its end tag.
    Raises:
        DocumentError: It is not PubMed XML, or declares entities.
    """
    buffer = b""
    found = None
    while found is None:
        block = next(stream, b"")
        buffer += block
        position = skip_prolog(buffer, name)
        found = ROOT.match(buffer, position)
        if found is None and (not block or len(buffer) > LONGEST_PROLOG_BYTES):
            start = buffer[:60].decode("utf-8", "replace").strip()
            if not start:
                raise DocumentError(f"{name}, line 1: there is nothing in it; download it again.")
            raise DocumentError(f"{name}, line 1: this is not XML of PubMed; it begins with {start!r}.")
    tag = found[1]
    if tag in RECORDS:
        return buffer[found.start() :], DocumentRoot((tag,), b"", buffer.count(b"\n", 0, found.start()))
    if tag not in SETS:
        raise DocumentError(f"{name}, line 1: {explain_root(tag, buffer + b''.join(stream))}")
    end_tag = b"</" + tag + b">"
    rest = (end_tag if found[2] else b"") + buffer[found.end() :]
    return rest, DocumentRoot(SETS[tag], end_tag, buffer.count(b"\n", 0, found.end()))


def skip_prolog(buffer: bytes, name: str) -> int:
    """Where the root element begins, past declaration, comments and DOCTYPE.

    Raises:
        DocumentError: The DOCTYPE declares entities.
    """
    position = 0
    while True:
        skipped = SKIPPED.match(buffer, position)
        position = skipped.end() if skipped else position
        doctype = DOCTYPE.match(buffer, position)
        if doctype is None:
            return position
        if doctype[1] and b"<!ENTITY" in doctype[1]:
            raise DocumentError(f"{name}, line 1: it declares entities of its own, as no PubMed file does; not read.")
        position = doctype.end()


def explain_root(tag: bytes, document: bytes) -> str:
    """Why a document with this root element is not read, in NCBI's words if it has some."""
    error = re.search(rb"<ERROR>(.*?)</ERROR>", document, re.DOTALL | re.IGNORECASE)
    if error:
        return f"instead of records NCBI says: {error[1].decode('utf-8', 'replace').strip()}"
    return f"this is not a set of PubMed records; its root element is {tag.decode('utf-8', 'replace')}."


def to_utf8(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The same document in UTF-8, without a byte order mark.

    Raises:
        DocumentError: The encoding is not known, or the bytes are not in it.
    """
    first = b""
    for block in blocks:
        first += block
        if len(first) >= 200:
            break
    encoding = "utf-8"
    for mark, marked in BYTE_ORDER_MARKS:
        if first.startswith(mark):
            first, encoding = first[len(mark) :], marked
            break
    declared = DECLARATION.match(first)
    if encoding == "utf-8" and declared and declared[1]:
        encoding = declared[1].decode("ascii").lower()
    if encoding in ("utf-8", "utf8", "us-ascii", "ascii"):
        yield first
        yield from blocks
        return
    try:
        decode = codecs.getincrementaldecoder(encoding)().decode
        yield decode(first).encode()
        for block in blocks:
            yield decode(block).encode()
        yield decode(b"", True).encode()  # noqa: FBT003 - the only way to say it is the last
    except (LookupError, UnicodeDecodeError) as exc:
        raise DocumentError(f"{name}: it cannot be read as {encoding}: {exc}.") from exc


def last_border(buffer: bytes, ends: Iterable[bytes]) -> int:
    """Where the last whole record of the buffer ends, outside comments and CDATA; 0 if there is none."""
    limit = len(buffer)
    with_sections = has_sections(buffer)
    while True:
        cut = 0
        for end in ends:
            # Only what comes behind the border found so far is of interest; most documents have one kind of record.
            at = buffer.rfind(end, cut, limit)
            cut = at + len(end) if at >= 0 else cut
        if cut == 0 or not with_sections:
            return cut
        if not (is_inside(buffer, cut, b"<!--", b"-->") or is_inside(buffer, cut, b"<![CDATA[", b"]]>")):
            return cut
        limit = cut - 1


def is_inside(buffer: bytes, position: int, start: bytes, end: bytes) -> bool:
    """Whether a position lies between two marks."""
    opened = buffer.rfind(start, 0, position)
    return opened >= 0 and buffer.find(end, opened, position) < 0


def has_sections(buffer: bytes) -> bool:
    """Whether there is a comment or CDATA, which can hold what looks like a border."""
    marks = np.frombuffer(buffer, np.uint8)
    exclamations = np.flatnonzero(marks == ord("!"))
    return bool((marks[exclamations - 1] == ord("<")).any())


def is_end(rest: bytes, end_tag: bytes) -> bool:
    """Whether what follows the last record is the end of the document and nothing else."""
    skipped = SKIPPED.match(rest)
    position = skipped.end() if skipped else 0
    if not rest.startswith(end_tag, position):
        return False
    return SKIPPED.fullmatch(rest, position + len(end_tag)) is not None


def read_chunk(chunk: DocumentChunk, *, name: str) -> ChunkRecords:
    """The records of a chunk.

    Args:
        chunk: As `split_document` gave it.
        name: What to call the document in an error.
    Returns:
        Records in order; an element that is no record is one without a PMID, which the transform refuses.
    Raises:
        DocumentError: The chunk is not well-formed, or there is text between the records; names the line.
    """
    elements = find_elements(chunk.xml)
    if elements is None:
        elements, slices = rewrite(chunk, name)
        hashes = [hashlib.sha256(content_of(record_xml)).hexdigest() for record_xml in slices]
    else:
        slices = slice_elements(chunk, elements, name)
        hashes = content_hashes(slices, elements)
    found = ChunkRecords()
    pmids = find_pmids(elements)
    tops = elements.levels[0]
    for top, record_xml, content_sha256 in zip(tops.tolist(), slices, hashes, strict=True):
        if elements.name_of(top) in DELETIONS:
            found.deletions += read_deletions(elements, top)
        else:
            pmid, version = read_pmid(elements, pmids.get(top))
            found.records.append(RawRecord(pmid, version, record_xml, content_sha256, elements, top))
    return found


def slice_elements(chunk: DocumentChunk, elements: Elements, name: str) -> list[bytes]:
    """The bytes of each record of a chunk.

    Raises:
        DocumentError: There is text between them.
    """
    tops = elements.levels[0]
    firsts = elements.offsets[2 * elements.tag[tops] + 1].tolist()
    lasts = elements.offsets[2 * elements.end[tops] + 2].tolist()
    between = zip([0, *lasts], [*firsts, len(chunk.xml)], strict=True)
    if any(not chunk.xml[last:first].isspace() for last, first in between if last < first):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    return [chunk.xml[first:last] for first, last in zip(firsts, lasts, strict=True)]


def rewrite(chunk: DocumentChunk, name: str) -> tuple[Elements, list[bytes]]:
    """The elements of a chunk that is not written as NLM does, and the bytes of its records as they came.

    Raises:
        DocumentError: As `read_chunk`.
    """
    root = parse_xml(chunk.xml, name=name, first_line=chunk.first_line)
    records = list(root)
    if any(text and text.strip() for text in (root.text, *(record.tail for record in records))):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    rewritten = [etree.tostring(record, encoding="utf-8", with_tail=False) for record in records]
    elements = find_elements(b"".join(rewritten))
    if elements is None or len(elements.levels[0]) != len(records):
        raise DocumentError(f"{name}, line {chunk.first_line}: records in a form that is not read; please report it.")
    return elements, slice_records(chunk.xml, records) or rewritten


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
        reason = str(exc.msg).partition(", line ")[0]
        raise DocumentError(f"{name}, line {line}: not well-formed ({reason}); download it again.") from exc


def slice_records(xml: bytes, records: list[etree._Element]) -> list[bytes] | None:
    """The bytes of each record of a chunk; None where the borders cannot be told from the bytes."""
    slices = []
    position = 0
    for record in records:
        tag = str(record.tag).encode()
        start = xml.find(b"<" + tag, position)
        end_tag = b"</" + tag + b">"
        end = xml.find(end_tag, start)
        if start < 0 or end < 0 or xml[position:start].strip():
            return None
        position = end + len(end_tag)
        slices.append(xml[start:position])
    return slices


def find_pmids(elements: Elements) -> dict[int, int]:
    """The element with each record's own PMID; a record without one is left out."""
    names = [tag.name for tag in elements.start_tags]
    is_pmid = np.array([name == "PMID" for name in names])[elements.code]
    found: dict[int, int] = {}
    inner = elements.levels[2] if len(elements.levels) > 2 else elements.levels[0][:0]
    for pmid in reversed(inner[is_pmid[inner]].tolist()):
        found[int(elements.parent[elements.parent[pmid]])] = pmid
    for pmid in reversed(elements.levels[1][is_pmid[elements.levels[1]]].tolist() if len(elements.levels) > 1 else []):
        top = int(elements.parent[pmid])
        if names[elements.code[top]] in ("MedlineCitation", "BookDocument"):
            found[top] = pmid
    return found


def read_pmid(elements: Elements, element: int | None) -> tuple[int | None, int]:
    """A PMID and its version; None if it is not a number, 1 if it gives no version."""
    if element is None:
        return None, 1
    number = elements.whole_text(element)
    version = "1"
    for name, value in elements.start_tag(element).attributes:
        if name == "Version":
            version = value.strip()
    return (
        int(number) if number.isdecimal() and number.isascii() and len(number) <= 18 else None,
        int(version) if version.isdecimal() and version.isascii() and len(version) <= 4 else 1,
    )


def read_deletions(elements: Elements, top: int) -> list[tuple[int, str]]:
    """The PMIDs that an element withdraws, with its name."""
    name = elements.name_of(top)
    return [
        (int(elements.whole_text(element)), name)
        for element in elements.levels[1][elements.parent[elements.levels[1]] == top].tolist()
        if elements.name_of(element) == "PMID"
    ]


def content_hashes(slices: list[bytes], elements: Elements) -> list[str]:
    """SHA-256, hex, of each record without what only lays it out."""
    if b"\n" not in elements.xml:
        return [hashlib.sha256(content_of(record_xml)).hexdigest() for record_xml in slices]
    tops = elements.levels[0]
    is_layout = elements.layout
    kept = elements.strings.filter(pa.array(~is_layout))
    _, offsets, data = kept.buffers()
    borders = np.frombuffer(offsets, np.int32)
    before = np.cumsum(~is_layout)
    first, last = before[2 * elements.tag[tops] + 1] - 1, before[2 * elements.end[tops] + 1]
    content = memoryview(data)
    broken = np.cumsum(elements.broken)
    has_others = broken[2 * elements.end[tops] + 1] > broken[2 * elements.tag[tops]]
    return [
        hashlib.sha256(content_of(record_xml) if is_odd else content[start:end]).hexdigest()
        for record_xml, start, end, is_odd in zip(
            slices, borders[first].tolist(), borders[last].tolist(), has_others.tolist(), strict=True
        )
    ]


def content_of(record_xml: bytes) -> bytes:
    """A record's bytes without what only lays them out: line breaks between tags, and blanks around any line break."""
    if b"\n" not in record_xml:
        return record_xml
    return b"\n".join(map(bytes.strip, record_xml.splitlines())).replace(b">\n<", b"><")

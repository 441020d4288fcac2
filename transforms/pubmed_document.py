"""A PubMed document as its records: cut at their borders byte by byte, parsed a few megabytes at a time.

Cutting before parsing keeps memory bounded, gives each record's bytes as they came, and is faster than an event parser.
No DTD is read, no entity but XML's own five is known, and nothing is fetched.
"""

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from transforms.record_paths import TEXT_ELEMENTS
from warehouse.errors import DocumentError

CHUNK_BYTES = 2 << 20
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

# Names the elements whose blanks are text, so that the parser can drop all others: half of its nodes.
BLANKS_ARE_TEXT = "".join(f"<!ELEMENT {name} (#PCDATA)>" for name in sorted(TEXT_ELEMENTS))
DOCTYPE_OF_CHUNK = f"<!DOCTYPE chunk [{BLANKS_ARE_TEXT}]>".encode()


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
        element: The same, parsed.
    """

    pmid: int | None
    pmid_version: int
    record_xml: bytes
    content_sha256: str
    element: etree._Element


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
    if root is None:
        return
    line = 1 + root.line_breaks
    ends = [b"</" + tag + b">" for tag in root.record_tags]
    for block in stream:
        buffer += block
        if len(buffer) >= chunk_bytes:
            cut = last_border(buffer, ends)
            if cut:
                yield DocumentChunk(buffer[:cut], line)
                line += buffer.count(b"\n", 0, cut)
                buffer = buffer[cut:]
            elif len(buffer) > LONGEST_RECORD_BYTES:
                raise DocumentError(f"{name}, line {line}: a record of more than 64 MiB; this is no PubMed file.")
    cut = last_border(buffer, ends)
    if cut:
        yield DocumentChunk(buffer[:cut], line)
        line += buffer.count(b"\n", 0, cut)
    rest = buffer[cut:]
    if not is_end(rest, root.end_tag):
        line += rest.count(b"\n")
        sentence = f"{name}, line {line}: the document ends half way; download it again."
        if on_break is None:
            raise DocumentError(sentence)
        on_break(sentence)


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


def read_prolog(stream: Iterator[bytes], name: str) -> tuple[bytes, DocumentRoot | None]:
    """Read up to the root element.

    Returns:
        The bytes that follow its start tag (or begin with it, where the root is itself a record), and what it is; None
        for an empty set.
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
            raise DocumentError(f"{name}, line 1: this is not XML of PubMed; it begins with {start!r}.")
    tag = found[1]
    if tag in RECORDS:
        return buffer[found.start() :], DocumentRoot((tag,), b"", buffer.count(b"\n", 0, found.start()))
    if tag not in SETS:
        raise DocumentError(f"{name}, line 1: {explain_root(tag, buffer + b''.join(stream))}")
    if found[2]:
        return b"", None
    end_tag = b"</" + tag + b">"
    return buffer[found.end() :], DocumentRoot(SETS[tag], end_tag, buffer.count(b"\n", 0, found.end()))


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
    while True:
        cut = 0
        for end in ends:
            # Only what comes behind the border found so far is of interest; most documents have one kind of record.
            at = buffer.rfind(end, cut, limit)
            cut = at + len(end) if at >= 0 else cut
        if cut == 0 or not (is_inside(buffer, cut, b"<!--", b"-->") or is_inside(buffer, cut, b"<![CDATA[", b"]]>")):
            return cut
        limit = cut - 1


def is_inside(buffer: bytes, position: int, start: bytes, end: bytes) -> bool:
    """Whether a position lies between two marks."""
    opened = buffer.rfind(start, 0, position) if start in buffer else -1
    return opened >= 0 and buffer.find(end, opened, position) < 0


def is_end(rest: bytes, end_tag: bytes) -> bool:
    """Whether what follows the last record is the end of the document and nothing else."""
    skipped = SKIPPED.match(rest)
    position = skipped.end() if skipped else 0
    if not rest.startswith(end_tag, position):
        return False
    return SKIPPED.fullmatch(rest, position + len(end_tag)) is not None


def read_chunk(chunk: DocumentChunk, *, name: str) -> ChunkRecords:
    """Parse the records of a chunk.

    Args:
        chunk: As `split_document` gave it.
        name: What to call the document in an error.
    Returns:
        Records in order; an element that is no record is one without a PMID, which the transform refuses.
    Raises:
        DocumentError: The chunk is not well-formed, or there is text between the records; names the line.
    """
    # MathML's elements are many, and the blanks in all of them are text.
    root = parse_chunk(chunk, name=name, drop_blanks=b"MathML" not in chunk.xml)
    elements = list(root)
    if any(text and text.strip() for text in (root.text, *(element.tail for element in elements))):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    found = ChunkRecords()
    slices = slice_records(chunk.xml, elements)
    if slices is None:
        elements = list(parse_chunk(chunk, name=name, drop_blanks=False))
        slices = [etree.tostring(element, encoding="utf-8", with_tail=False) for element in elements]
    for element, record_xml in zip(elements, slices, strict=True):
        if element.tag in DELETIONS:
            found.deletions += [(int(e.text or ""), str(element.tag)) for e in element.iterfind("PMID")]
        else:
            found.records.append(make_record(element, record_xml))
    return found


def parse_chunk(chunk: DocumentChunk, *, name: str, drop_blanks: bool) -> etree._Element:
    """The tree of a chunk, with or without the blanks between elements that hold no text.

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
        remove_blank_text=drop_blanks,
    )
    try:
        return etree.fromstring(DOCTYPE_OF_CHUNK + b"<chunk>" + chunk.xml + b"</chunk>", parser)
    except etree.XMLSyntaxError as exc:
        line = chunk.first_line + (exc.lineno or 1) - 1
        reason = str(exc.msg).partition(", line ")[0]
        raise DocumentError(f"{name}, line {line}: not well-formed ({reason}); download it again.") from exc


def slice_records(xml: bytes, elements: list[etree._Element]) -> list[bytes] | None:
    """The bytes of each element of a chunk; None where the borders cannot be told from the bytes."""
    slices = []
    position = 0
    for element in elements:
        tag = str(element.tag).encode()
        start = xml.find(b"<" + tag, position)
        end_tag = b"</" + tag + b">"
        end = xml.find(end_tag, start)
        if start < 0 or end < 0 or xml[position:start].strip():
            return None
        position = end + len(end_tag)
        slices.append(xml[start:position])
    return slices


def make_record(element: etree._Element, record_xml: bytes) -> RawRecord:
    """A record with its PMID and hash."""
    inner = element if element.tag in ("MedlineCitation", "BookDocument") or len(element) == 0 else element[0]
    pmid = inner.find("PMID")
    if pmid is None:
        pmid = element.find("*/PMID")
    number = (pmid.text or "").strip() if pmid is not None else ""
    version = (pmid.get("Version") or "1").strip() if pmid is not None else "1"
    return RawRecord(
        pmid=int(number) if number.isdecimal() and number.isascii() and len(number) <= 18 else None,
        pmid_version=int(version) if version.isdecimal() and version.isascii() and len(version) <= 4 else 1,
        record_xml=record_xml,
        content_sha256=hashlib.sha256(content_of(record_xml)).hexdigest(),
        element=element,
    )


def content_of(record_xml: bytes) -> bytes:
    """A record's bytes without what only lays them out: line breaks between tags, and blanks around any line break."""
    if b"\n" not in record_xml:
        return record_xml
    return b"\n".join(map(bytes.strip, record_xml.splitlines())).replace(b">\n<", b"><")

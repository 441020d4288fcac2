"""A PubMed document as its records: cut at their borders byte by byte, read a few megabytes at a time.

Cutting before reading keeps memory bounded and gives each record's bytes as they came. No DTD is read, no entity but
XML's own five is known, and nothing is fetched.
"""

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from lxml import etree

from transforms.elements import Elements, StartTag, find_elements
from transforms.value_columns import to_pmids
from transforms.values import HIGHEST_VERSION, to_pmid, to_version
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

# What a document in Unicode begins with: a byte order mark, or `<?` in two bytes each.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))

# Other encodings that XML is written in, by Python's names: all of them have ASCII's bytes in a declaration. Python has
# codecs that are none (rot13, zlib), or that no XML parser knows (utf-7, punycode, unicode_escape).
ENCODINGS = {
    *("utf-8", "ascii", "koi8-r", "koi8-u", "tis-620", "mac-roman", *(f"iso8859-{part}" for part in range(1, 17))),
    *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "iso2022_kr"),
    *("cp437", "cp850", "cp852", "cp855", "cp866", "cp874", "cp932", "cp949", "cp950"),
    *(f"cp{page}" for page in range(1250, 1259)),
}

# A quantifier with a plus never goes back: what is not matched at once is not tried in all other ways.
COMMENT = rb"<!--(?:(?!-->).)*+-->|<\?(?:(?!\?>).)*+\?>"
QUOTED = rb"\"[^\"]*+\"|'[^']*+'"
DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?\sencoding\s*=\s*(?:\"([^\">]*)\"|'([^'>]*)')")
ENCODING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}")
SKIPPED = re.compile(rb"(?:\s++|" + COMMENT + rb")*+", re.DOTALL)
SUBSET = rb"\[((?:" + COMMENT + rb"|" + QUOTED + rb"|[^\]\"'<]++|<(?!!--|\?))*+)\]\s*"
DOCTYPE = re.compile(rb"<!DOCTYPE(?:[^<>\[\]\"']++|" + QUOTED + rb")*+(?:" + SUBSET + rb")?>", re.DOTALL)
ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:\s(?:[^<>\"'/]++|" + QUOTED.replace(b"]*", b"<]*") + rb")*+)?(/?)>")
ASIDE = re.compile(COMMENT + rb"|<!\[CDATA\[(?:(?!\]\]>).)*+\]\]>", re.DOTALL)
# A comment or CDATA; one that does not end goes to the end of what there is.
SECTION = rb"<!--(?:.*?-->|.*)|<!\[CDATA\[(?:.*?\]\]>|.*)"


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
        pmid: Its PMID; None if there is none, or what it gives for one is none.
        pmid_version: Version of the PMID; 1 if it gives none.
        record_xml: The record's element, byte for byte.
        content_sha256: SHA-256, hex, of those bytes without what only lays them out.
        elements: The elements of the chunk that it came in.
        position: Its own among them.
        refused: Why it is not read, in a sentence: its PMID or its version is none; '' if it is read.
    """

    pmid: int | None
    pmid_version: int
    record_xml: bytes
    content_sha256: str
    elements: Elements
    position: int
    refused: str = ""

    @property
    def tag(self) -> str:
        """Its element's name."""
        return self.elements.name_of(self.position)

    def parse(self) -> etree._Element:
        """Its element as a tree."""
        return parse_xml(self.record_xml, name=f"PMID {self.pmid}")[0]


@dataclass
class ChunkRecords:
    """What a chunk holds.

    Attributes:
        records: Its records in order.
        deletions: The PMIDs it withdraws, each with the element that says so and the position of that element.
        refused: Sentences about what it would withdraw that is no PMID.
    """

    records: list[RawRecord] = field(default_factory=list)
    deletions: list[tuple[int, str, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def split_document(
    blocks: Iterable[bytes],
    *,
    name: str,
    chunk_bytes: int = CHUNK_BYTES,
    on_break: Callable[[str], None] | None = None,
    is_reply: bool = False,
) -> Iterator[DocumentChunk]:
    """Cut a document into chunks of whole records.

    Args:
        blocks: The document's bytes, unpacked: an EFetch reply, a baseline or update file, a set of any kind, or a
            single record.
        name: What to call it in an error.
        chunk_bytes: About how large a chunk is.
        on_break: Told that the document ends half way, after its whole records; without it, that is an error.
        is_reply: NCBI sent it, so that an error says what NCBI says. An error never quotes a file: it can be a secret.
    Raises:
        DocumentError: The document is not PubMed XML, declares entities, ends half way, or has a record above 64 MiB.
    """
    stream = to_utf8(iter(blocks), name)
    buffer, root = read_prolog(stream, name, is_reply=is_reply)
    line = 1 + root.line_breaks
    ends = [b"</" + tag + b">" for tag in root.record_tags]
    waiting, size, wanted = [buffer], len(buffer), chunk_bytes
    for block in stream:
        waiting.append(block)
        size += len(block)
        if size < wanted:
            continue
        buffer = join_sets(b"".join(waiting), root.end_tag)
        waiting.clear()
        cut = last_border(buffer, ends)
        if cut:
            yield DocumentChunk(buffer[:cut], line)
            line += count_lines(buffer[:cut])
            buffer = buffer[cut:]
            wanted = chunk_bytes
        elif size > LONGEST_RECORD_BYTES:
            raise DocumentError(f"{name}, line {line}: a record of more than 64 MiB; this is no PubMed file.")
        else:
            # Looked through again when it has doubled, a long record costs no more than twice its length.
            wanted = min(2 * size, LONGEST_RECORD_BYTES + 1)
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
    start = rb"\s*+(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\?>)?\s*+(?:<!DOCTYPE[^<>\[]*>)?\s*+<" + end_tag[2:-1]
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


def read_prolog(stream: Iterator[bytes], name: str, *, is_reply: bool) -> tuple[bytes, DocumentRoot]:
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
            if not buffer.strip():
                raise DocumentError(f"{name}, line 1: there is nothing in it; download it again.")
            raise DocumentError(f"{name}, line 1: this is not XML of PubMed; nothing of it was read.")
    tag = found[1]
    if tag in RECORDS:
        return buffer[found.start() :], DocumentRoot((tag,), b"", buffer.count(b"\n", 0, found.start()))
    if tag not in SETS:
        if is_reply:
            raise DocumentError(f"{name}, line 1: {explain_root(tag, buffer + b''.join(stream))}")
        raise DocumentError(f"{name}, line 1: this is not a set of PubMed records, by its root element.")
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
        if doctype[1] and b"<!ENTITY" in ASIDE.sub(b"", doctype[1]):
            raise DocumentError(f"{name}, line 1: it declares entities of its own, as no PubMed file does; not read.")
        position = doctype.end()


def explain_root(tag: bytes, document: bytes) -> str:
    """Why a reply with this root element is not read, in NCBI's words if it has some."""
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
    first, encoding = find_encoding(first, name)
    if encoding in ("utf-8", "ascii"):
        yield first
        yield from blocks
        return
    try:
        decode = codecs.getincrementaldecoder(encoding)().decode
        yield decode(first).encode()
        for block in blocks:
            yield decode(block).encode()
        yield decode(b"", True).encode()  # noqa: FBT003 - the only way to say it is the last
    except UnicodeError as exc:
        raise DocumentError(f"{name}: some bytes are not in the encoding that it declares; save it as UTF-8.") from exc


def find_encoding(first: bytes, name: str) -> tuple[bytes, str]:
    """The beginning of a document without its byte order mark, and Python's name of the encoding that it is in.

    Raises:
        DocumentError: It declares an encoding that XML is not written in.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if first.startswith(mark):
            return first[len(mark) :], encoding
    for beginning, encoding in WITHOUT_MARK:
        if first.startswith(beginning):
            return first, encoding
    declaration = DECLARATION.match(first)
    if declaration is None:
        return first, "utf-8"
    declared = (declaration[1] or declaration[2] or b"").decode("ascii", "replace")
    try:
        encoding = codecs.lookup(declared).name if ENCODING_NAME.fullmatch(declared) else ""
    except LookupError:
        encoding = ""
    if encoding not in ENCODINGS:
        raise DocumentError(f"{name}, line 1: it declares an encoding that it cannot be in; save it as UTF-8.")
    return first, encoding


def last_border(buffer: bytes, ends: Sequence[bytes]) -> int:
    """Where the last whole record of the buffer ends, outside comments and CDATA; 0 if there is none."""
    cut = 0
    if has_sections(buffer):
        for found in re.finditer(SECTION + b"|" + b"|".join(ends), buffer, re.DOTALL):
            if buffer.startswith(b"</", found.start()):
                cut = found.end()
        return cut
    for end in ends:
        # Only what comes behind the border found so far is of interest; most documents have one kind of record.
        at = buffer.rfind(end, cut)
        cut = at + len(end) if at >= 0 else cut
    return cut


def has_sections(buffer: bytes) -> bool:
    """Whether there is a comment or CDATA, which can hold what looks like a border."""
    marks = np.frombuffer(buffer, np.uint8)
    exclamations = np.flatnonzero(marks == ord("!"))
    return bool((marks[exclamations - 1] == ord("<")).any())


def is_end(rest: bytes, end_tag: bytes) -> bool:
    """Whether what follows the last record is the end of the document and nothing else."""
    skipped = SKIPPED.match(rest)
    position = skipped.end() if skipped else 0
    end = re.compile(re.escape(end_tag).replace(b">", rb"\s*+>")).match(rest, position)
    return end is not None and SKIPPED.fullmatch(rest, end.end()) is not None


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
    plain = read_plain_pmids(elements, pmids)
    tops = elements.levels[0]
    for top, record_xml, content_sha256 in zip(tops.tolist(), slices, hashes, strict=True):
        if elements.name_of(top) in DELETIONS:
            read_deletions(found, elements, top, name, chunk)
        else:
            pmid, version, refused = plain.get(top) or read_pmid(elements, top, pmids.get(top, []))
            found.records.append(RawRecord(pmid, version, record_xml, content_sha256, elements, top, refused))
    return found


def slice_elements(chunk: DocumentChunk, elements: Elements, name: str) -> list[bytes]:
    """The bytes of each record of a chunk.

    Raises:
        DocumentError: There is text between them.
    """
    tops, xml = elements.levels[0], elements.xml
    firsts = elements.offsets[2 * elements.tag[tops] + 1].tolist()
    lasts = elements.offsets[2 * elements.end[tops] + 2].tolist()
    between = zip([0, *lasts], [*firsts, len(xml)], strict=True)
    if any(not xml[last:first].isspace() for last, first in between if last < first):
        raise DocumentError(f"{name}, line {chunk.first_line}: there is text between the records; not read.")
    borders = zip(*(of.tolist() for of in elements.source_borders(tops)), strict=True)
    return [chunk.xml[first:last] for first, last in borders]


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
        # The message itself quotes the document.
        log: Any = exc.error_log  # lxml's stub does not know what is in it.
        names = [entry.type_name.removeprefix("ERR_") for entry in log]
        reason = names[-1].replace("_", " ").lower() if names else "syntax"
        raise DocumentError(f"{name}, line {line}: not well-formed ({reason}); download it again.") from exc


def slice_records(xml: bytes, records: list[etree._Element]) -> list[bytes] | None:
    """The bytes of each record of a chunk; None where the borders cannot be told from the bytes."""
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
            return None, 1, f"The PMID of the {tag} is {text[:40]!r}, which is no PMID."
        if number is None:
            return (
                pmid,
                1,
                f"The version of the PMID is {version[:40]!r}, which is no number from 1 to {HIGHEST_VERSION:,}.",
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
        found.refused.append(f"{where}: {evidence} names {text[:40]!r}, which is no PMID; nothing is withdrawn by it.")


def content_hashes(slices: list[bytes], elements: Elements) -> list[str]:
    """SHA-256, hex, of each record without what only lays it out."""
    if b"\n" not in elements.xml:
        return [hashlib.sha256(content_of(record_xml)).hexdigest() for record_xml in slices]
    tops = elements.levels[0]
    is_kept = np.ones(len(elements.offsets) - 1, bool)
    is_kept[elements.layout] = False
    _, offsets, data = elements.strings.filter(pa.array(is_kept)).buffers()
    borders = np.frombuffer(offsets, np.int32)
    before = np.cumsum(is_kept)
    first, last = before[2 * elements.tag[tops] + 1] - 1, before[2 * elements.end[tops] + 1]
    content = memoryview(data)
    firsts, lasts = 2 * elements.tag[tops] + 1, 2 * elements.end[tops] + 2
    is_odd = np.searchsorted(elements.broken, lasts) > np.searchsorted(elements.broken, firsts)
    if len(elements.gaps):
        # A processing instruction is part of what was sent.
        is_odd |= np.array(list(map(len, slices))) > elements.offsets[lasts] - elements.offsets[firsts]
    return [
        hashlib.sha256(content_of(record_xml) if is_odd_one else content[start:end]).hexdigest()
        for record_xml, start, end, is_odd_one in zip(
            slices, borders[first].tolist(), borders[last].tolist(), is_odd.tolist(), strict=True
        )
    ]


def content_of(record_xml: bytes) -> bytes:
    """A record's bytes without what only lays them out: line breaks between tags, and blanks around any line break."""
    if b"\n" not in record_xml:
        return record_xml
    return b"\n".join(map(bytes.strip, record_xml.splitlines())).replace(b">\n<", b"><")

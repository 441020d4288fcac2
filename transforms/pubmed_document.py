"""A PubMed document as chunks of whole records: cut at their borders byte by byte, read a few megabytes at a time.

Cutting before reading keeps memory bounded and gives each record's bytes as they came. No DTD is read, no entity but
XML's own five is known, and nothing is fetched.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms import reading_kernel
from transforms.document_prolog import read_prolog, skip_aside, to_utf8
from warehouse.errors import DocumentError

CHUNK_BYTES = 10 << 20
LONGEST_RECORD_BYTES = 64 << 20
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
        records, rest = part_records(waiting, root.end_tag, ends)
        waiting, size = [rest], len(rest)
        if records:
            yield DocumentChunk(records, line)
            line += count_lines(records)
            wanted = chunk_bytes
        elif size > LONGEST_RECORD_BYTES:
            raise DocumentError(f"{name}, line {line}: a record of more than 64 MiB; this is not a PubMed file.")
        else:
            # Looked through again when it has doubled, a long record costs no more than twice its length.
            wanted = min(2 * size, LONGEST_RECORD_BYTES + 1)
    records, rest = part_records(waiting, root.end_tag, ends)
    if records:
        yield DocumentChunk(records, line)
        line += count_lines(records)
    if not is_end(join_sets(rest, root.end_tag), root.end_tag):
        line += rest.count(b"\n")
        sentence = f"{name}, line {line}: the document ends half way; download it again."
        if on_break is None:
            raise DocumentError(sentence)
        on_break(sentence)


def part_records(blocks: Sequence[bytes], end_tag: bytes, ends: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The whole records of some blocks, and what comes behind them.

    Args:
        blocks: They follow each other.
        end_tag: As in `DocumentRoot`.
        ends: The end tags of records.
    """
    cut = last_border(blocks[-1], ends)
    if cut:
        # Most blocks hold whole records: where nothing else is, they are copied once.
        records = b"".join([*blocks[:-1], blocks[-1][:cut]])
        if not (end_tag and reading_kernel.kernel.holds(records, end_tag)) and not has_sections(records):
            return records, blocks[-1][cut:]
    buffer = join_sets(b"".join(blocks), end_tag)
    cut = last_border(buffer, ends)
    return buffer[:cut], buffer[cut:]


def join_sets(buffer: bytes, end_tag: bytes) -> bytes:
    """Documents written one after the other, as `cat` and EDirect do, as one; every line keeps its number."""
    if not end_tag or end_tag not in buffer:
        return buffer
    start = rb"\s*+(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\?>)?\s*+(?:<!DOCTYPE[^<>\[]*>)?\s*+<" + end_tag[2:-1]
    empty, begun = start + rb"(?:\s[^<>]*?)?/>", start + rb"(?:\s[^<>]*)?>"
    joint = re.compile(end_tag + rb"(?:" + empty + rb")*(" + begun + rb")?")
    return joint.sub(lambda found: b"\n" * found[0].count(b"\n") + (b"" if found[1] else end_tag), buffer)


def count_lines(xml: bytes) -> int:
    """How many lines end in some bytes."""
    lines: int = reading_kernel.kernel.count(xml, ord("\n"))
    return lines


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
    return next(pairs_in(buffer, b"<", b"!"), None) is not None


def pairs_in(buffer: bytes, first: bytes, second: bytes) -> Iterator[int]:
    """Where two bytes stand together; quick if the second is rare."""
    at = buffer.find(second, 1)
    while at >= 0:
        if buffer[at - 1] == first[0]:
            yield at - 1
        at = buffer.find(second, at + 1)


def is_end(rest: bytes, end_tag: bytes) -> bool:
    """Whether what follows the last record is the end of the document and nothing else."""
    end = re.compile(re.escape(end_tag).replace(b">", rb"\s*+>")).match(rest, skip_aside(rest, 0))
    return end is not None and skip_aside(rest, end.end()) == len(rest)

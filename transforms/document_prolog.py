"""What a PubMed document begins with: its encoding, its DOCTYPE, and the element that holds its records."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.errors import DocumentError

LONGEST_PROLOG_BYTES = 1 << 20

# The elements that hold records, with the elements of their records and deletions.
SETS = {
    b"PubmedArticleSet": (b"PubmedArticle", b"PubmedBookArticle", b"DeleteCitation"),
    b"PubmedBookArticleSet": (b"PubmedBookArticle",),
    b"MedlineCitationSet": (b"MedlineCitation", b"DeleteCitation"),
    b"BookDocumentSet": (b"BookDocument", b"DeleteDocument"),
}
RECORDS = (b"PubmedArticle", b"PubmedBookArticle", b"MedlineCitation", b"BookDocument")

# What a document in Unicode begins with: a byte order mark, or `<?` in two bytes each.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WITHOUT_MARK = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))

# Other encodings of XML, by Python's names; in all of them a declaration is ASCII. Python also has codecs that are no
# encodings (rot13, zlib), and some that no XML parser knows (utf-7, punycode, unicode_escape).
ENCODINGS = {
    *("utf-8", "ascii", "koi8-r", "koi8-u", "tis-620", "mac-roman", *(f"iso8859-{part}" for part in range(1, 17))),
    *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "iso2022_kr"),
    *("cp437", "cp850", "cp852", "cp855", "cp866", "cp874", "cp932", "cp949", "cp950"),
    *(f"cp{page}" for page in range(1250, 1259)),
}

# Possessive quantifiers do not backtrack. Before Python 3.11.5 they are wrong for groups, so only single characters
# have one.
QUOTED = rb"\"[^\"]*+\"|'[^']*+'"
DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?\sencoding\s*=\s*(?:\"([^\">]*)\"|'([^'>]*)')")
ENCODING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}")
COMMENT = rb"<!--[^-]*+(?:-(?!->)[^-]*+)*-->|<\?[^?]*+(?:\?(?!>)[^?]*+)*\?>"
SUBSET = rb"\[((?:" + COMMENT + rb"|" + QUOTED + rb"|[^\]\"'<]++|<(?!!--|\?))*)\]\s*"
DOCTYPE = re.compile(rb"<!DOCTYPE(?:[^<>\[\]\"']++|" + QUOTED + rb")*(?:" + SUBSET + rb")?>")
ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:\s(?:[^<>\"'/]++|" + QUOTED.replace(b"]*", b"<]*") + rb")*)?(/?)>")
ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>", re.DOTALL)
BLANKS = re.compile(rb"\s*+")


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
        The bytes that follow its start tag (or begin with it, if the root is itself a record), and what it is. A tag
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
        position = skip_aside(buffer, position)
        doctype = DOCTYPE.match(buffer, position)
        if doctype is None:
            return position
        if doctype[1] and b"<!ENTITY" in ASIDE.sub(b"", doctype[1]):
            raise DocumentError(f"{name}, line 1: it declares entities of its own, as no PubMed file does; not read.")
        position = doctype.end()


def skip_aside(buffer: bytes, position: int) -> int:
    """Where blanks, whole comments and processing instructions end that begin at a position."""
    while True:
        position = BLANKS.match(buffer, position).end()  # type: ignore[union-attr] # it matches nothing as well
        begin, end = (b"<!--", b"-->") if buffer.startswith(b"<!--", position) else (b"<?", b"?>")
        at = buffer.find(end, position + len(begin)) if buffer.startswith(begin, position) else -1
        if at < 0:
            return position
        position = at + len(end)


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

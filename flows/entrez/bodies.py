"""The bodies of replies: read whole, unpacked, and told apart from errors."""

import http.client
import zlib
from collections.abc import Callable
from urllib.error import HTTPError

from lxml import etree

from transforms.entrez_words import error_of, is_transient, quote_words
from warehouse.errors import PermanentError, TransientError

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 20

# 10,000 records are some 150 MB today.
LARGEST_BODY_BYTES = 1 << 30
LARGEST_ERROR_BYTES = 1 << 16


def read_body(response: http.client.HTTPResponse) -> bytes:
    """The body of a response, whole as far as its length says, and unpacked.

    Raises:
        http.client.IncompleteRead: It was cut off.
        TransientError: What it is packed with is damaged, or not known here.
        PermanentError: It is larger than anything that was asked for.
    """
    parts, size = [], 0
    while part := response.read1(PIECE_BYTES):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY_BYTES:
            raise too_large()
    body = b"".join(parts)
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return unpack(body, response.headers.get("Content-Encoding", ""))


def read_error(error: HTTPError) -> bytes:
    """The body of an error page as far as it can be read."""
    try:
        return unpack(error.read(LARGEST_ERROR_BYTES), error.headers.get("Content-Encoding", ""), is_part=True)
    except (OSError, http.client.HTTPException, TransientError, PermanentError):
        return b""


def unpack(body: bytes, encoding: str, *, is_part: bool = False) -> bytes:
    """A body without the encodings that a server, or a proxy on the way, has put around it unasked.

    Args:
        body: As it came.
        encoding: The header Content-Encoding; '' for none. What begins as gzip does is unpacked without it.
        is_part: Only the beginning has been read.
    Raises:
        TransientError: It is damaged, or packed with something else.
        PermanentError: It is larger than anything that was asked for.
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    if not names and body.startswith(GZIP_MAGIC):
        names = ["gzip"]
    for name in reversed(names):
        if name == "identity" or not body:
            continue
        if name not in UNPACKERS:
            raise TransientError(f"the reply is packed with {quote_words(name.encode())}, which was not asked for")
        try:
            body = UNPACKERS[name](body, is_part)
        except (zlib.error, EOFError) as exc:
            raise TransientError(f"the reply is packed with {name} and damaged ({exc})") from None
    return body


def unpack_gzip(body: bytes, is_part: bool) -> bytes:  # noqa: FBT001 - one of UNPACKERS
    """A gzip file of one member or several."""
    parts: list[bytes] = []
    while body.startswith(GZIP_MAGIC):
        part, body = inflate(body, zlib.MAX_WBITS | 16, is_part, LARGEST_BODY_BYTES - sum(map(len, parts)))
        parts.append(part)
    if not parts:
        raise EOFError("it does not begin as gzip does")
    return b"".join(parts)


def unpack_deflate(body: bytes, is_part: bool) -> bytes:  # noqa: FBT001 - one of UNPACKERS
    """zlib's form, as HTTP means it, or the bare one that some servers send."""
    try:
        return inflate(body, zlib.MAX_WBITS, is_part, LARGEST_BODY_BYTES)[0]
    except zlib.error:
        return inflate(body, -zlib.MAX_WBITS, is_part, LARGEST_BODY_BYTES)[0]


def inflate(body: bytes, window_bits: int, is_part: bool, most_bytes: int) -> tuple[bytes, bytes]:  # noqa: FBT001
    """What is packed, and the bytes behind it.

    Raises:
        EOFError: It ends half way.
        PermanentError: It is larger than `most_bytes`.
    """
    unpacker = zlib.decompressobj(window_bits)
    unpacked = unpacker.decompress(body, most_bytes + 1)
    if len(unpacked) > most_bytes:
        raise too_large()
    if not unpacker.eof and not is_part:
        raise EOFError("it ends half way")
    return unpacked, unpacker.unused_data


UNPACKERS: dict[str, Callable[[bytes, bool], bytes]] = {
    "gzip": unpack_gzip,
    "x-gzip": unpack_gzip,
    "deflate": unpack_deflate,
}


def too_large() -> PermanentError:
    """The refusal of a body that would fill the memory."""
    return PermanentError(f"the reply is larger than {LARGEST_BODY_BYTES >> 20:,} MiB")


def parse_reply(utility: str, body: bytes, root: str) -> etree._Element:
    """An XML reply that is whole and of the right kind.

    Raises:
        TransientError: Cut off, another document, or an error that means "later".
        HistoryError: The history set is gone.
        PermanentError: NCBI's own words for any other error.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as exc:
        words = quote_words(body)
        if body.lstrip().startswith(b"{") and not is_transient(words):
            raise error_of(words, f"{utility}: {words}") from None
        raise TransientError(f"{utility}: the reply is not whole XML ({exc.msg}): {words}") from None
    errors = [
        " ".join(str(t) for t in e.itertext()).strip()
        for e in element.iter("ERROR")
        if "".join(str(t) for t in e.itertext()).strip()
    ]
    if errors:
        raise error_of(" ".join(errors), f"{utility}: {' '.join(errors[0].split())}")
    if element.tag != root:
        raise TransientError(f"{utility}: the reply is a {element.tag}, not a {root}")
    return element

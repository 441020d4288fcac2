"""Bodies of replies: unpacked within bounds, and told apart from errors."""

import gzip
import zlib

import pytest

from flows.entrez import bodies
from flows.entrez.bodies import inflate, parse_reply, unpack
from warehouse.errors import CorpusError, HistoryError, PermanentError, TransientError

TEXT = b"<a/>" * 50


def test_a_body_may_be_as_large_as_allowed_and_no_larger() -> None:
    """What is packed behind the first member comes back."""
    packed = zlib.compress(TEXT)
    assert inflate(packed + b"rest", zlib.MAX_WBITS, False, len(TEXT)) == (TEXT, b"rest")  # noqa: FBT003
    with pytest.raises(PermanentError, match="larger than 1,024 MiB"):
        inflate(packed, zlib.MAX_WBITS, False, len(TEXT) - 1)  # noqa: FBT003


def test_half_a_body_is_an_error_unless_a_part_was_asked_for() -> None:
    """Only the beginning of an error page is read."""
    half = gzip.compress(bytes(range(256)) * 50)[:-100]
    with pytest.raises(TransientError, match=r"packed with gzip and damaged \(it ends half way\)"):
        unpack(half, "gzip")
    assert unpack(half, "gzip", is_part=True).startswith(bytes(range(200)))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), ""),
        (gzip.compress(TEXT[:7], mtime=0) + gzip.compress(TEXT[7:], mtime=0), "X-GZIP"),
        (zlib.compress(TEXT)[2:-4], "deflate"),
        (gzip.compress(zlib.compress(TEXT), mtime=0), " deflate , gzip, "),
    ],
)
def test_every_encoding_is_undone_last_first(body: bytes, encoding: str) -> None:
    """As a proxy puts them on, whether it says so or not."""
    assert unpack(body, encoding) == TEXT


def test_an_empty_body_is_packed_with_nothing() -> None:
    """A header alone is no damage; an encoding that nobody asked for is named."""
    assert unpack(b"", "gzip") == b""
    with pytest.raises(TransientError, match="packed with br, which was not asked for"):
        unpack(TEXT, "br")
    with pytest.raises(TransientError, match="does not begin as gzip does"):
        unpack(TEXT, "gzip")


def test_members_of_a_gzip_body_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small ones fill the memory as well as a large one does."""
    monkeypatch.setattr(bodies, "LARGEST_BODY_BYTES", 2 * len(TEXT))
    assert unpack(gzip.compress(TEXT) * 2, "gzip") == TEXT * 2
    with pytest.raises(PermanentError):
        unpack(gzip.compress(TEXT) * 3, "gzip")


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        (b"<eSearchResult><Count>", TransientError, "the reply is not whole XML"),
        (b"<html/>", TransientError, "the reply is a html, not a eSearchResult"),
        (b"<eSearchResult><ERROR>Invalid  db</ERROR></eSearchResult>", PermanentError, "^esearch: Invalid db$"),
        (b"<eSearchResult><ERROR>Unable to obtain query #1</ERROR></eSearchResult>", HistoryError, "query #1"),
        (b' {"error":"API key invalid"}', CorpusError, "API key invalid"),
    ],
)
def test_an_answer_other_than_the_one_asked_for_is_an_error(
    body: bytes, error: type[CorpusError], sentence: str
) -> None:
    """Which one says whether asking again can help."""
    with pytest.raises(error, match=sentence):
        parse_reply("esearch", body, "eSearchResult")


def test_an_error_without_words_is_none() -> None:
    """NCBI sends an empty ERROR beside whole results."""
    body = b"<eSearchResult><ERROR> </ERROR><Count>3</Count></eSearchResult>"
    assert parse_reply("esearch", body, "eSearchResult").findtext("Count") == "3"

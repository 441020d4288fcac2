"""What NCBI's words mean, in whichever utility's reply they stand."""

import pytest

from transforms.entrez_words import error_of, quote_words
from warehouse.errors import HistoryError, KeyRefusedError, PermanentError, TransientError


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("API rate limit exceeded", TransientError),
        ("Search Backend failed: read timeout", TransientError),
        ("Couldn't resolve #exLinkSrv2, the address table is empty.", TransientError),
        ("External viewer error: Empty Response. Bytes read: 0 Status: Timeout", TransientError),
        ("Database is not supported: pubmed", TransientError),
        ("TXCLIENT(CException::eUnknown): Connection refused", TransientError),
        ("Unable to obtain query #1", HistoryError),
        ("Can't fetch uids from history because of: NCBI C++ Exception", HistoryError),
        ("Search Backend failed: 'retstart' cannot be larger than 9998", PermanentError),
        ("Cannot retrieve history data: OUT OF RANGE.", PermanentError),
        ("Invalid db name specified: pubmedx", PermanentError),
        ("API key invalid", KeyRefusedError),
    ],
)
def test_one_table_says_what_passes_what_stays_and_what_ends_the_run(words: str, kind: type[Exception]) -> None:
    """Words that are not known stay."""
    assert type(error_of(words, "efetch: a message")) is kind


def test_a_quote_is_one_line_of_text_without_markup() -> None:
    """Control characters, escape sequences and marks that reverse the text become spaces."""
    page = b"<h1>Bad\n\x1b[31m Gate\xe2\x80\xaeway</h1><p>The proxy server received an invalid response.</p>\x00"
    assert quote_words(page) == "Bad [31m Gate way The proxy server received an invalid response."
    assert quote_words(b"") == ""


def test_of_a_body_that_is_no_text_nothing_is_quoted() -> None:
    """Its letters would be accidents."""
    assert quote_words(bytes(range(128, 256)) + b"key=abc") == "135 bytes that are not text"

"""NCBI's error messages: which are transient, which permanent, which end a run, and how a body is quoted.

NCBI puts errors into bodies of any form and any status, so their words decide. Replies as they came and reports of
others are where the words are from; what none of the expressions knows is taken to stay.
"""

import re
import unicodedata

from warehouse.errors import CorpusError, HistoryError, KeyRefusedError, PermanentError, TransientError

# The request was refused for being too fast.
REFUSED_WORDS = "API rate limit exceeded"

KEY_REFUSED = re.compile(r"api[ _-]?key (?:is )?(?:invalid|not valid|unknown)|invalid api[ _-]?key", re.IGNORECASE)

# The limit of 9,999 looks like a failing back end, but it is permanent.
PERMANENT = re.compile(r"cannot be larger than|out of range", re.IGNORECASE)

HISTORY = re.compile(
    r"unable to obtain query #|cannot retrieve history data|can't fetch uids from history", re.IGNORECASE
)

# Outages of a back end and limits on the rate. A request that cannot be served (an invalid db, linkname or id) has
# none of these words.
TRANSIENT = re.compile(
    r"exLinkSrv2|address table is empty|timed? ?out|temporarily|try again|unavailable|backend|rate limit|server error"
    r"|empty response|unable to (?:connect|obtain|read)|can ?not connect|could ?n.t resolve|internal error|txclient"
    r"|\beof\b|connection|CException|NCBI C\+\+|database is not supported: pubmed",
    re.IGNORECASE,
)

LONGEST_QUOTE = 200
# In a text, fewer than one character in ten is unprintable.
MOST_UNPRINTABLE = 0.1


def error_of(words: str, message: str) -> CorpusError:
    """The error that NCBI's words stand for, with a message of its own.

    Returns:
        KeyRefusedError, PermanentError, HistoryError or TransientError; PermanentError for words that are not known.
    """
    if KEY_REFUSED.search(words):
        return KeyRefusedError(f"{message}. NCBI refuses the API key: correct or remove NCBI_API_KEY.")
    if PERMANENT.search(words):
        return PermanentError(message)
    if HISTORY.search(words):
        return HistoryError(message)
    return TransientError(message) if TRANSIENT.search(words) else PermanentError(message)


def is_transient(words: str) -> bool:
    """Whether an error's words mean "later"."""
    return isinstance(error_of(words, ""), TransientError)


def quote_words(body: bytes) -> str:
    """What a body says, as a part of a sentence: without markup, on one line, 200 characters at most; '' for nothing.

    A body that is not text is not quoted: nothing of it may reach a terminal, a log or a table.
    """
    text = body[: 20 * LONGEST_QUOTE].decode("utf-8", "replace")
    odd = sum(is_unprintable(c) and c not in "\t\n\r" for c in text)
    if odd > MOST_UNPRINTABLE * len(text):
        return f"{len(body):,} bytes that are not text"
    return printable(re.sub(r"<[^>]*>", " ", text))[:LONGEST_QUOTE]


def printable(text: str) -> str:
    """A text on one line, with a blank for each control character that a terminal would obey."""
    return " ".join("".join(" " if is_unprintable(c) else c for c in text).split())


def is_unprintable(character: str) -> bool:
    """Whether a character is a control, a formatting mark (which can turn the writing round), or none at all."""
    return unicodedata.category(character)[0] == "C" or character == "\N{REPLACEMENT CHARACTER}"

"""The search language of PubMed, as far as this server speaks it.

    term   := clause (AND|OR|NOT clause)*        from left to right, as Entrez reads it; no operator is AND
    clause := ( term ) | #key | range[field] | "phrase"[field] | word[field] | word
    range  := 2020/01/31:3000 and the like

Fields: uid, pmid; ti, ab, tiab and all fields (words of title and abstract); edat, crdt, mdat, dp (dates).
"""

import re
from collections.abc import Mapping
from datetime import date

from flows.eutils_server.records import RecordStore, words_of

TOKEN = re.compile(r'\(|\)|#\d+|"[^"]*"(?:\s*\[[^\]]*\])?|[^\s()"\[\]]+(?:\s*\[[^\]]*\])?')

DATE_FIELDS = {
    "edat": "edat", "date - entry": "edat", "date - entrez": "edat", "crdt": "crdt", "date - create": "crdt",
    "mdat": "mdat", "date - modification": "mdat", "lr": "mdat", "dp": "pdat", "pdat": "pdat",
    "date - publication": "pdat",
}  # fmt: skip
WORD_FIELDS = {
    "ti": ("ti",), "title": ("ti",), "ab": ("ab",), "abstract": ("ab",), "tiab": ("ti", "ab"),
    "title/abstract": ("ti", "ab"), "tw": ("ti", "ab"), "all": ("ti", "ab"), "all fields": ("ti", "ab"),
    "": ("ti", "ab"),
}  # fmt: skip


class SearchError(Exception):
    """A term that cannot be understood; says which part."""


def search(store: RecordStore, term: str, history: Mapping[int, list[int]]) -> set[int]:
    """The PMIDs that a term finds.

    Args:
        store: The records.
        term: In the language above.
        history: Earlier sets by query key.
    Raises:
        SearchError: The term, or a part of it, cannot be understood.
    """
    tokens = TOKEN.findall(term)
    found, rest = read_term(store, tokens, history)
    if rest:
        raise SearchError(f"Unbalanced parenthesis before {rest[0]!r}")
    return found


def read_term(store: RecordStore, tokens: list[str], history: Mapping[int, list[int]]) -> tuple[set[int], list[str]]:
    """Read clauses up to the end or a closing parenthesis.

    Returns:
        What they find, and the tokens that are left.
    """
    found: set[int] | None = None
    operator = "AND"
    while tokens and tokens[0] != ")":
        token, tokens = tokens[0], tokens[1:]
        if token in ("AND", "OR", "NOT"):
            operator = token
            continue
        if token == "(":  # noqa: S105 - a parenthesis
            clause, tokens = read_term(store, tokens, history)
            if not tokens:
                raise SearchError("A parenthesis is not closed")
            tokens = tokens[1:]
        else:
            clause = read_clause(store, token, history)
        if found is None:
            found = set(store.packed) - clause if operator == "NOT" else clause
        else:
            found = {"AND": found & clause, "OR": found | clause, "NOT": found - clause}[operator]
        operator = "AND"
    return found or set(), tokens


def read_clause(store: RecordStore, token: str, history: Mapping[int, list[int]]) -> set[int]:
    """What one clause finds.

    Raises:
        SearchError: The field or the key is not known, or a date is none.
    """
    if token.startswith("#"):
        key = int(token[1:])
        if key not in history:
            raise SearchError(f"Unable to obtain query #{key}")
        return set(history[key])
    text, _, field_name = token.partition("[")
    text, field_name = text.strip().strip('"'), field_name.rstrip("]").strip().lower()
    if field_name in ("uid", "pmid"):
        return {int(text)} & store.packed.keys() if text.isdecimal() else set()
    if field_name in DATE_FIELDS:
        return between(store, DATE_FIELDS[field_name], *text.partition(":")[::2])
    if field_name not in WORD_FIELDS:
        raise SearchError(f"Field not known: [{field_name}]")
    if not field_name and text.isdecimal() and int(text) in store.packed:
        return {int(text)}
    found: set[int] | None = None
    for word in words_of(text):
        having = {p for name in WORD_FIELDS[field_name] for p in store.words[name].get(word, ())}
        found = having if found is None else found & having
    return found or set()


def between(store: RecordStore, kind: str, first: str, last: str) -> set[int]:
    """PMIDs with a date in a range; a year or a month alone is all of it, and so is a single date.

    Raises:
        SearchError: One of them is no date.
    """
    start, end = edge(first, is_end=False), edge(last or first, is_end=True)
    return {pmid for pmid, when in store.dates[kind].items() if start <= when <= end}


def edge(text: str, *, is_end: bool) -> date:
    """The first or the last day that a date as far as it is given stands for.

    Raises:
        SearchError: It is no date.
    """
    parts = [int(part) for part in text.split("/") if part.isdecimal()]
    if not 1 <= len(parts) <= 3 or len(parts) != len(text.split("/")):
        raise SearchError(f"Not a date: {text!r}")
    year, month, day = (*parts, *(12, 31)[len(parts) - 1 :])[:3] if is_end else (*parts, 1, 1)[:3]
    while True:
        try:
            return date(year, month, day)
        except ValueError as exc:
            # The last day of a month is not always a 31st.
            if not (is_end and day > 28):
                raise SearchError(f"Not a date: {text!r}") from exc
            day -= 1

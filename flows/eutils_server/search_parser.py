"""The search language of PubMed as a tree.

    term   := [NOT] clause ((AND | OR | NOT)? clause)*   from left to right, as Entrez reads it; no operator is AND
    clause := ( term ) | #key | bound : bound | words[field] | "phrase"[field] | word*[field]
    bound  := "2020/01/31"[field]                        or 2020/01/31:3000[field] in one

A field stands for all words before it, up to an operator. Operators are in capitals.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = re.compile(r'\s*(?:(?P<symbol>[()])|#(?P<key>\d+)|"(?P<phrase>[^"]*)"(?P<star>\*?)|\[(?P<field>[^\]]*)\]'
                   r'|(?P<word>[^\s()"\[\]]+))')  # fmt: skip
OPERATORS = ("AND", "OR", "NOT")
DEEPEST = 100


class SearchError(Exception):
    """A term that cannot be understood; says which part."""


@dataclass(frozen=True)
class Clause:
    """Words, a phrase or a value.

    Attributes:
        text: Without quotes, field and `*`.
        field: As it stands in brackets; None where there is none.
        is_quoted: It was in quotes.
        is_truncated: It ended with `*`.
    """

    text: str
    field: str | None = None
    is_quoted: bool = False
    is_truncated: bool = False


@dataclass(frozen=True)
class Range:
    """Everything from a first to a last value, both as they stand."""

    first: str
    last: str
    field: str | None


@dataclass(frozen=True)
class Earlier:
    """A set of the history, `#1`."""

    key: int


@dataclass(frozen=True)
class Group:
    """Clauses, each with the operator before it; the first one's is AND, or NOT: all records but these."""

    parts: tuple[tuple[str, "Node"], ...]


Node = Clause | Range | Earlier | Group


@dataclass(frozen=True)
class Token:
    """A token: its kind as in TOKEN, and its text; `star` says that a quoted phrase is truncated."""

    kind: str
    text: str
    star: bool = False


@dataclass
class Tokens:
    """The tokens of a term, taken one by one."""

    tokens: list[Token]
    position: int = 0

    def next_is(self, kind: str, *texts: str) -> bool:
        """Whether the next token is of a kind, and one of some texts."""
        if self.position == len(self.tokens):
            return False
        token = self.tokens[self.position]
        return token.kind == kind and (not texts or token.text in texts)

    def take(self) -> Token:
        """The next token."""
        self.position += 1
        return self.tokens[self.position - 1]

    def take_while(self, is_wanted: Callable[[], bool]) -> list[Token]:
        """The next tokens as long as they are wanted."""
        taken = []
        while is_wanted():
            taken.append(self.take())
        return taken


def parse_term(term: str) -> Group:
    """A term as a tree.

    Raises:
        SearchError: A parenthesis, a quote or a bracket has no partner, or parentheses are nested too deep.
    """
    tokens = Tokens(split_term(term))
    group = parse_group(tokens, depth=0)
    if tokens.position < len(tokens.tokens):
        raise SearchError("Unbalanced parenthesis: one is closed that was not opened")
    return group


def split_term(term: str) -> list[Token]:
    """The tokens of a term.

    Raises:
        SearchError: A quote or a bracket has no partner.
    """
    tokens, position = [], 0
    while position < len(term) and (rest := term[position:].strip()):
        found = TOKEN.match(term, position)
        if found is None:
            raise SearchError(f"Unbalanced quote or bracket at {rest[:20]!r}")
        kind = str(found.lastgroup)
        if kind == "star":
            kind = "phrase"
        tokens.append(Token(kind, found[kind], star=found["star"] == "*"))
        position = found.end()
    return tokens


def parse_group(tokens: Tokens, depth: int) -> Group:
    """Clauses up to the end or a closing parenthesis.

    Raises:
        SearchError: A parenthesis is not closed, or they are nested too deep.
    """
    if depth > DEEPEST:
        raise SearchError(f"Parentheses are nested deeper than {DEEPEST}")
    parts: list[tuple[str, Node]] = []
    operator = "AND"
    while tokens.position < len(tokens.tokens) and not tokens.next_is("symbol", ")"):
        if tokens.next_is("word", *OPERATORS):
            operator = tokens.take().text
            continue
        parts.append((operator, parse_clause(tokens, depth)))
        operator = "AND"
    return Group(tuple(parts))


def parse_clause(tokens: Tokens, depth: int) -> Node:
    """One clause.

    Raises:
        SearchError: It makes no sense.
    """
    if tokens.next_is("symbol", "("):
        tokens.take()
        group = parse_group(tokens, depth + 1)
        if not tokens.next_is("symbol", ")"):
            raise SearchError("Unbalanced parenthesis: one is not closed")
        tokens.take()
        return group
    if tokens.next_is("key"):
        return Earlier(int(tokens.take().text))
    if tokens.next_is("field"):
        raise SearchError(f"There is nothing before [{tokens.take().text}]")
    clause = parse_words(tokens)
    if tokens.next_is("word") and tokens.tokens[tokens.position].text.startswith(":"):
        return parse_range(tokens, clause)
    first, colon, last = clause.text.partition(":")
    if colon and not clause.is_quoted and re.fullmatch(r"[\d/]+\s*:\s*[\d/]+", clause.text):
        return Range(first.strip(), last.strip(), clause.field)
    return clause


def parse_words(tokens: Tokens) -> Clause:
    """A phrase, or the words up to an operator or a field, with the field."""

    def is_word() -> bool:
        if not tokens.next_is("word") or tokens.next_is("word", *OPERATORS):
            return False
        return not tokens.tokens[tokens.position].text.startswith(":")

    if tokens.next_is("phrase"):
        token = tokens.take()
        text, is_quoted, is_truncated = token.text, True, token.star or token.text.endswith("*")
    else:
        words = [tokens.take(), *tokens.take_while(is_word)]
        text = " ".join(token.text for token in words)
        is_quoted, is_truncated = False, text.endswith("*")
    field = tokens.take().text if tokens.next_is("field") else None
    return Clause(text.removesuffix("*").strip(), field, is_quoted=is_quoted, is_truncated=is_truncated)


def parse_range(tokens: Tokens, first: Clause) -> Range:
    """A range whose ends stand apart, `"2020"[dp] : "2021"[dp]`; the field of either counts.

    Raises:
        SearchError: It has no second end.
    """
    colon = tokens.take().text
    if colon != ":":
        last = Clause(colon.removeprefix(":"), tokens.take().text if tokens.next_is("field") else None)
    elif tokens.next_is("phrase") or tokens.next_is("word"):
        last = parse_words(tokens)
    else:
        raise SearchError(f"The range that begins with {first.text!r} has no end")
    return Range(first.text, last.text, last.field or first.field)

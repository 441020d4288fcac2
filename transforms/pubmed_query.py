"""PubMed's query language as a tree; the one reader of it.

    query  := [NOT] clause ((AND | OR | NOT)? clause)*   from left to right, as PubMed reads it; no operator is AND
    clause := ( query ) | #1 | range | words[field] | "phrase"[field] | word*[field]
    range  := 2020/01/31:3000[field] or "2020/01/31"[field] : "2020/12/31"[field]
    field  := a tag or name of transforms/pubmed_fields.py, with :noexp or :~3 after it

A field stands for all words before it, up to an operator. `Query.notes` names what may have been meant otherwise, and
`Query.unknown_tags` the fields that PubMed does not have. Anything else that is not understood is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from transforms.pubmed_fields import BY_TAG, Field
from warehouse.errors import SearchError

# Curly and other quotes, dashes, and spaces that do not break, one for one, so that places stay what they are.
PLAIN = str.maketrans("“”„‟″＂‘’‛′‐‑‒–—−\u00a0\u2007\u202f\u200b\ufeff", '""""""' + "''''" + "------" + "     ")  # noqa: RUF001
TOKEN = re.compile(
    r'\s*(?:(?P<symbol>[()])|#(?P<key>\d{1,9})(?![^\s()])|"(?P<phrase>[^"]*)"(?P<star>\*?)|\[(?P<tag>[^\[\]]*)\]'
    r'|(?P<word>[^\s()"\[\]]+))'
)
OPERATORS = ("AND", "OR", "NOT")
DATE = r"\d{1,4}(?:[/-]\d{1,2}){0,2}"
RANGE = re.compile(rf"({DATE}|\d+):({DATE}|\d+)")
WILDCARD = re.compile(r"\w[?$]\w|\w\$$")
# Reviews have searches of some thousand characters, and 10,000 PMIDs joined by OR have 150,000.
LONGEST_TERM = 500_000
DEEPEST = 100  # Nested parentheses; those around a single clause do not count.


@dataclass(frozen=True)
class Clause:
    """Words, a phrase or a value.

    Attributes:
        text: Without quotes, field and `*`; white space is one space.
        field: None if no field is given, or one that PubMed does not have.
        tag: The field as it stands in brackets; '' if there is none.
        place: Of its first character, from 1.
        is_quoted: It was in quotes.
        is_truncated: It ended with `*`.
        is_exploded: What stands below a heading counts as well: no `:noexp`.
        distance: Words that may stand between those of the clause, of `:~3`; None if they stand as they are.
    """

    text: str
    field: Field | None = None
    tag: str = ""
    place: int = 1
    is_quoted: bool = False
    is_truncated: bool = False
    is_exploded: bool = True
    distance: int | None = None


@dataclass(frozen=True)
class Range:
    """Everything from a first to a last value, both as they stand."""

    first: str
    last: str
    field: Field | None = None
    tag: str = ""
    place: int = 1


@dataclass(frozen=True)
class Earlier:
    """An earlier search, `#1`."""

    key: int
    place: int = 1


@dataclass(frozen=True)
class Group:
    """Clauses, each with the operator before it; the first one's is AND, or NOT: all records but these."""

    parts: tuple[tuple[str, "Node"], ...]


Node = Clause | Range | Earlier | Group


@dataclass(frozen=True)
class Note:
    """A part of a query that was read otherwise than it may have been meant; its place counts from 1."""

    place: int
    text: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.text!r} at character {self.place} {self.meaning}"


@dataclass
class Query:
    """A query that was read.

    Attributes:
        root: Its clauses.
        notes: What was read otherwise than it may have been meant.
        unknown_tags: Clauses and ranges whose field PubMed does not have.
    """

    root: Group
    notes: list[Note] = field(default_factory=list)
    unknown_tags: list[Clause | Range] = field(default_factory=list)


@dataclass(frozen=True)
class Token:
    """A token: its kind as in TOKEN, its text and its place; `star` says that a quoted phrase is truncated."""

    kind: str
    text: str
    place: int
    star: bool = False


@dataclass
class Open:
    """A parenthesis that is being read: its clauses so far, and the operator that waits for the next one."""

    place: int
    parts: list[tuple[str, Node]] = field(default_factory=list)
    operator: Token | None = None

    def add(self, node: Node) -> None:
        """Add a clause with the operator before it."""
        self.parts.append((self.operator.text.upper() if self.operator else "AND", node))
        self.operator = None


def parse_query(text: str) -> Query:
    """A query as a tree.

    Raises:
        SearchError: A part of it makes no sense; says which, and its place.
    """
    tokens = mark_operators(list(split_tokens(text.translate(PLAIN))))
    query = Query(Group(()))
    opened = [Open(place=1)]
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "operator":
            take_operator(opened[-1], token, query)
        elif token.text == "(" and token.kind == "symbol":
            opened.append(Open(place=token.place))
            if len(opened) > 20 * DEEPEST:
                raise SearchError(f"Parentheses are nested deeper than {DEEPEST} at character {token.place}.")
        elif token.kind == "symbol":
            close_group(opened, token)
        elif token.kind == "key":
            opened[-1].add(Earlier(int(token.text), token.place))
        elif token.kind == "tag":
            is_behind_group = position > 0 and tokens[position - 1].text == ")"
            reason = "follows a parenthesis: put it behind each word" if is_behind_group else "has no words before it"
            raise SearchError(f"The field [{token.text}] at character {token.place} {reason}.")
        else:
            position = take_clause(tokens, position, opened[-1], query)
            continue
        position += 1
    if len(opened) > 1:
        raise SearchError(f"The parenthesis at character {opened[-1].place} is not closed.")
    if not opened[0].parts and not opened[0].operator:
        raise SearchError("The search is empty; write what to look for.")
    query.root = Group(tuple(finish(opened[0])))
    refuse_depth(query.root)
    return query


def split_tokens(text: str) -> Iterator[Token]:
    """The tokens of a query.

    Raises:
        SearchError: A quote or a bracket has no partner.
    """
    position, end = 0, len(text.rstrip())
    while position < end:
        found = TOKEN.match(text, position)
        if found is None:
            place = position + re.compile(r"\s*").match(text, position).end() - position  # type: ignore[union-attr]
            what = "quote" if text[place] == '"' else "bracket"
            raise SearchError(f"The {what} at character {place + 1} has no partner: {text[place : place + 20]!r}.")
        kind = "phrase" if found["phrase"] is not None else str(found.lastgroup)
        start = found.start(kind) - (kind in ("phrase", "tag", "key")) + 1
        yield Token(kind, found[kind], start, star=found["star"] == "*")
        position = found.end()


def mark_operators(tokens: list[Token]) -> list[Token]:
    """The tokens, with the words that are operators marked as such.

    In capitals they always are. In small letters PubMed takes them for operators where no word can stand: behind a
    field, a phrase or a parenthesis, or before a parenthesis; between words they are words ("wit and humor").
    """
    marked = list(tokens)
    for number, token in enumerate(tokens):
        if token.kind == "word" and token.text.upper() in OPERATORS:
            before = tokens[number - 1] if number else None
            after = tokens[number + 1] if number + 1 < len(tokens) else None
            is_tagged = after is not None and after.kind == "tag"
            ends = before is not None and (before.kind in ("tag", "phrase", "key") or before.text == ")")
            begins = before is not None and after is not None and after.kind in ("symbol", "key") and after.text != ")"
            if token.text in OPERATORS or ((ends or begins) and not is_tagged):
                marked[number] = replace(token, kind="operator")
    return marked


def take_operator(group: Open, token: Token, query: Query) -> None:
    """Let an operator wait for the clause after it.

    Raises:
        SearchError: Another one waits already, or there is nothing before it.
    """
    name = token.text.upper()
    waiting = group.operator.text.upper() if group.operator else ""
    if waiting and not (waiting == "AND" and name == "NOT"):
        raise SearchError(f"{waiting} is followed by {name} at character {token.place}; leave one of them out.")
    if not group.parts and not waiting and name != "NOT":
        raise SearchError(f"There is nothing before {name} at character {token.place}.")
    if token.text != name:
        query.notes.append(Note(token.place, token.text, f"was read as the operator {name}"))
    if waiting:
        query.notes.append(Note(token.place, "AND NOT", "was read as NOT"))
    group.operator = token


def close_group(opened: list[Open], token: Token) -> None:
    """End the innermost parenthesis.

    Raises:
        SearchError: None is open, or there is nothing in it.
    """
    if len(opened) == 1:
        raise SearchError(f"The parenthesis at character {token.place} closes none.")
    group = opened.pop()
    parts = finish(group)
    if not parts:
        raise SearchError(f"There is nothing in the parentheses at character {group.place}.")
    only = parts[0][1] if len(parts) == 1 and parts[0][0] == "AND" else None
    opened[-1].add(only or Group(tuple(parts)))


def finish(group: Open) -> list[tuple[str, Node]]:
    """The clauses of a parenthesis that is read to its end.

    Raises:
        SearchError: An operator has no clause after it.
    """
    if group.operator:
        raise SearchError(f"There is nothing behind {group.operator.text} at character {group.operator.place}.")
    return group.parts


def refuse_depth(root: Group) -> None:
    """Check that what follows may go down the tree.

    Raises:
        SearchError: It is nested too deep.
    """
    level: list[Group] = [root]
    for _ in range(DEEPEST):
        level = [node for group in level for _, node in group.parts if isinstance(node, Group)]
        if not level:
            return
    raise SearchError(f"Parentheses are nested deeper than {DEEPEST}.")


def take_clause(tokens: list[Token], position: int, group: Open, query: Query) -> int:
    """Add the clause that begins at a position; the position after it.

    Raises:
        SearchError: It makes no sense.
    """
    start = tokens[position]
    position, run = take_run(tokens, position)
    tag = tokens[position].text if position < len(tokens) and tokens[position].kind == "tag" else None
    position += tag is not None
    if is_colon(tokens, position):
        return take_range(tokens, position, (run, tag), group, query)
    clause = with_tag(Clause("", place=start.place), tag)
    is_bound = clause.field is None or clause.field.kind in ("date", "uid")
    if start.kind == "word" and len(run) == 1 and is_bound and (found := RANGE.fullmatch(start.text)):
        add_checked(Range(found[1], found[2], clause.field, clause.tag, start.place), group, query)
        return position
    note_words(run, query)
    for words in split_truncated(run):
        text = " ".join(" ".join(token.text for token in words).split())
        is_quoted, is_truncated = words[0].kind == "phrase", words[-1].star or text.endswith("*")
        text = clause.text or text.strip("* ")
        if "*" in text or not text:
            raise SearchError(
                f"{words[0].text!r} at character {words[0].place}: `*` stands for the end of a word or phrase only."
            )
        made = replace(clause, text=text, place=words[0].place, is_quoted=is_quoted, is_truncated=is_truncated)
        add_checked(made, group, query)
    return position


def take_run(tokens: list[Token], position: int) -> tuple[int, list[Token]]:
    """A phrase, or the words up to anything else, and the position after them."""
    run = [tokens[position]]
    position += 1
    while run[0].kind == "word" and position < len(tokens) and tokens[position].kind == "word":
        if is_colon(tokens, position):
            break
        run.append(tokens[position])
        position += 1
    return position, run


def is_colon(tokens: list[Token], position: int) -> bool:
    """Whether the token at a position is the colon of a range whose ends stand apart."""
    return position < len(tokens) and tokens[position].kind == "word" and tokens[position].text.startswith(":")


def take_range(
    tokens: list[Token], position: int, first: tuple[list[Token], str | None], group: Open, query: Query
) -> int:
    """Add a range whose ends stand apart; the field of either counts. The position after it.

    Raises:
        SearchError: It has no second end.
    """
    run, tag = first
    colon = tokens[position]
    position += 1
    last = colon.text.removeprefix(":")
    if not last:
        if position == len(tokens) or tokens[position].kind not in ("phrase", "word"):
            raise SearchError(f"The range at character {run[0].place} has no end.")
        last = tokens[position].text
        position += 1
    if position < len(tokens) and tokens[position].kind == "tag":
        tag = tokens[position].text
        position += 1
    clause = with_tag(Clause("", place=run[0].place), tag)
    first_text = " ".join(token.text for token in run).strip()
    add_checked(Range(first_text, last.strip(), clause.field, clause.tag, run[0].place), group, query)
    return position


def with_tag(clause: Clause, tag: str | None) -> Clause:
    """A clause with the field that stands in brackets.

    Raises:
        SearchError: The field has no such modifier.
    """
    if tag is None:
        return clause
    name, colon, modifier = (part.strip() for part in " ".join(tag.lower().split()).partition(":"))
    clause = replace(clause, field=(known := BY_TAG.get(name)), tag=tag.strip())
    if known is None or not colon:
        return clause
    if modifier == "noexp" and known.kind == "mesh":
        return replace(clause, is_exploded=False)
    if re.fullmatch(r"~\d{1,4}", modifier) and known.has_proximity:
        return replace(clause, distance=int(modifier[1:]))
    if known.name == "JOUR" and modifier.startswith("__jid"):
        return replace(clause, field=BY_TAG["jid"], text=modifier.removeprefix("__jid"))
    raise SearchError(f"The field [{tag.strip()}] at character {clause.place} has no `:{modifier}`; leave it out.")


def split_truncated(run: list[Token]) -> Iterator[list[Token]]:
    """The words of a run in parts, each but the last one ending with `*`: only the end of a phrase is truncated."""
    part: list[Token] = []
    for token in run:
        part.append(token)
        if token.kind == "word" and token.text.endswith("*"):
            yield part
            part = []
    if part:
        yield part


def note_words(run: list[Token], query: Query) -> None:
    """Note what in words looks like more than words."""
    for number, token in enumerate(run):
        if token.kind == "word" and token.text.upper() in OPERATORS:
            query.notes.append(Note(token.place, token.text, "was read as a word: operators are in capitals"))
        if WILDCARD.search(token.text):
            query.notes.append(Note(token.place, token.text, "was read without `?` or `$`: `*` is the only wildcard"))
        if token.text.startswith("*"):
            query.notes.append(Note(token.place, token.text, "was read without the `*` before it"))
        if token.kind == "word" and token.text.endswith("*") and number + 1 < len(run):
            query.notes.append(Note(token.place, token.text, "ends a phrase: what follows is searched for itself"))


def add_checked(node: Clause | Range, group: Open, query: Query) -> None:
    """Add a clause or a range, and note a field that PubMed does not have."""
    if node.tag and node.field is None:
        query.unknown_tags.append(node)
    group.add(node)

"""A search strategy as reviewers write it: numbered lines that refer to each other, and comments.

    # Population
    #1 depression[mh] OR depress*[tiab]
    #2 ketamine[tiab]
       OR esketamine[tiab]
    #1 AND #2 AND 2015:2026[dp]

is the one search `(depression[mh] OR depress*[tiab]) AND (ketamine[tiab] OR esketamine[tiab]) AND 2015:2026[dp]`.
PubMed numbers the lines of its own Advanced Search in the same way, but keeps them only for a session.
"""

import re
from dataclasses import dataclass, field

from transforms.pubmed_query import LONGEST_TERM
from warehouse.errors import SearchError

# `#1 text`, `#1. text`, `#1: text`; a line that goes on with an operator is itself a search.
NUMBERED = re.compile(r"#(\d+)(?:[.:)]|(?=\s))[ \t]*+(?!(?:AND|OR|NOT)\b)(.*)", re.IGNORECASE)
OPERATOR = re.compile(r"(?:AND|OR|NOT)\b", re.IGNORECASE)
COMMENT = re.compile(r"#(?!\d)")
REFERENCE = re.compile(r'"[^"]*"|#(\d+)\b')


@dataclass
class StrategyLine:
    """A line of a strategy, with those that go on with it.

    Attributes:
        place: Its line in the text, from 1.
        number: What others refer to it by; None if it has none.
        parts: Its text, line by line.
    """

    place: int
    number: int | None
    parts: list[str] = field(default_factory=list)


def read_strategy(text: str) -> str:
    """The search that a strategy is: its last line, with the lines that it refers to in parentheses.

    Text without numbered lines is one search, written on any number of lines.

    Args:
        text: Lines; those that begin with `#` and no number are comments.
    Returns:
        A search in PubMed's language; '' for a text without one.
    Raises:
        SearchError: A line refers to one that is not before it, two have one number, or the last one is empty.
    """
    lines = split_lines(text)
    searches: dict[int, str] = {}
    search = ""
    for line in lines:
        search = put_in(" ".join(part for part in line.parts if part), searches, line.place)
        if line.number is None:
            continue
        if line.number in searches:
            raise SearchError(f"line {line.place}: there is a #{line.number} before it; give each line its own number.")
        if not search:
            raise SearchError(f"line {line.place}: #{line.number} is empty; write a search, or remove the line.")
        searches[line.number] = search
    return search


def split_lines(text: str) -> list[StrategyLine]:
    """The lines of a strategy.

    One without a number goes on with the line before, unless it refers to others and does not begin with an operator.
    """
    lines: list[StrategyLine] = []
    for place, raw in enumerate(text.splitlines(), 1):
        content = raw.strip()
        if not content or COMMENT.match(content):
            continue
        refers = any(reference[1] for reference in REFERENCE.finditer(content))
        if numbered := NUMBERED.fullmatch(content):
            lines.append(StrategyLine(place, int(numbered[1]), [numbered[2]]))
        elif not lines or (refers and not OPERATOR.match(content)):
            lines.append(StrategyLine(place, None, [content]))
        else:
            lines[-1].parts.append(content)
    return lines


def put_in(text: str, searches: dict[int, str], place: int) -> str:
    """A line with the searches in the place of their numbers; what stands in quotes is left as it is.

    Raises:
        SearchError: There is no such line before it, or it becomes too long.
    """

    def search_of(reference: re.Match[str]) -> str:
        if reference[1] is None:
            return reference[0]
        number = int(reference[1])
        if number not in searches:
            raise SearchError(f"line {place}: there is no #{number} before it.")
        return f"({searches[number]})"

    whole = REFERENCE.sub(search_of, text)
    if len(whole) > LONGEST_TERM:
        raise SearchError(f"line {place}: the search has more than {LONGEST_TERM:,} characters with what it refers to.")
    return whole

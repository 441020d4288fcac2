"""ECitMatch: the PMID of a citation by its journal, year, volume, first page and author (NBK25499, ECitMatch)."""

import re

from flows.eutils_server.record_fields import JOINT, value_token, words_of
from flows.eutils_server.records import RecordStore

LINE_END = re.compile(r"\r\n?|\n")
# The parts of a citation string before the author, by the names of their values in the index.
PARTS = ("ta", "year", "vi", "pg")

# So many PMIDs are named where a citation fits several records; of more, their number is said.
NAMED_COUNT = 3


def citation_lines(bdata: str) -> list[str]:
    """The citation strings of a request, one a line; NCBI takes any line end."""
    return [line for line in LINE_END.split(bdata) if line.strip()]


def answer_line(store: RecordStore, line: str) -> str:
    """The answer to one citation string: the string, and a PMID, NOT_FOUND, or AMBIGUOUS with what it may be.

    Args:
        store: The records.
        line: `journal|year|volume|first page|author|key|`, the last bar or not.
    """
    parts = [*line.split("|"), "", "", "", "", "", ""][:6]
    found = sorted(match_citation(store, parts[:4], parts[4]))
    if not found:
        outcome = "NOT_FOUND"
    elif len(found) == 1:
        outcome = str(found[0])
    elif len(found) <= NAMED_COUNT:
        outcome = f"AMBIGUOUS {','.join(map(str, found))}"
    else:
        outcome = f"AMBIGUOUS ({len(found)} citations)"
    return "|".join([*(part.strip() for part in parts), outcome])


def match_citation(store: RecordStore, parts: list[str], author: str) -> set[int]:
    """The PMIDs that every part that is given fits; a record that names no author fits any.

    An author alone is no citation.
    """
    given = [value_token(name, part) for name, part in zip(PARTS, parts, strict=True) if words_of(part)]
    if not given:
        return set()
    expression = "val : " + " AND val : ".join(f'"{token}"' for token in given)
    found = store.match(expression)
    name = author_token(author)
    if not name:
        return found
    has_author = store.match(f'{expression} AND val : "{value_token("hasau", "yes")}"')
    is_first = store.match(f"{expression} AND val : ({name})")
    return (found - has_author) | is_first


def author_token(name: str) -> str:
    """The expression for a first author, with as many initials as are given: `Mann, B.J.` is `mann bj`; '' for none."""
    last, *rest = [*(words for part in re.split(r"[\s,]+", name.strip()) if (words := "".join(words_of(part)))), ""]
    if not last:
        return ""
    initials = "".join(rest)
    token = value_token("1au", f"{last} {initials}")
    return f'"{token}"*' if initials else f'"{token}" OR "{token}{JOINT}"*'

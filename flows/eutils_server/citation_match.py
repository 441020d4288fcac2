"""ECitMatch: the PMID of a citation by its journal, year, volume, first page and author (NBK25499, ECitMatch)."""

import re

from flows.corpus_search.places import FIRST
from flows.eutils_server.record_fields import words_of
from flows.eutils_server.store import Store
from warehouse.current import literal

LINE_END = re.compile(r"\r\n?|\n")
WORDS = "array_to_string(search_split({}), ' ')"
JOURNALS = ("medline_ta", "iso_abbreviation", "journal_title", "issn")
# The parts of a citation string before the author, as conditions on a citation.
PARTS = {
    "journal": f"{WORDS.format('{0}')} IN ({', '.join(map(WORDS.format, JOURNALS))})",
    "year": "pub_year = try_cast({0} AS INTEGER)",
    "volume": "search_fold(volume) = search_fold({0})",
    "page": "search_fold(regexp_extract(coalesce(medline_pgn, start_page), '[^\\s,;-]+')) = search_fold({0})",
}
NAME = WORDS.format("concat_ws(' ', coalesce(last_name, collective_name), initials)")

# PMIDs named if a citation fits several records; beyond that, only their number.
NAMED_COUNT = 3


def citation_lines(bdata: str) -> list[str]:
    """The citation strings of a request, one a line; NCBI takes any line end."""
    return [line for line in LINE_END.split(bdata) if line.strip()]


def answer_line(store: Store, line: str) -> str:
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


def match_citation(store: Store, parts: list[str], author: str) -> set[int]:
    """The PMIDs that every part that is given fits; a record that names no author fits any.

    An author alone is not a citation.

    Args:
        store: The records.
        parts: Journal, year, volume and first page; '' for what is not given.
        author: `Mann BJ`, or ''.
    """
    tests = [PARTS[name].format(literal(part)) for name, part in zip(PARTS, parts, strict=True) if words_of(part)]
    if not tests:
        return set()
    # Cheap comparisons first: a journal is compared word by word.
    fits = store.served(" AND ".join(reversed(tests)))
    name = author_name(author)
    if name:
        # Initials may be followed by others; a last name alone is whole.
        begins = literal(name if len(re.split(r"[\s,]+", author.strip())) > 1 else f"{name} ")
        is_other = f"NOT ({NAME} = {literal(name)} OR starts_with({NAME}, {begins}))"
        # The names of what fits otherwise are compared, not all there are.
        fits = f"""WITH fitting AS MATERIALIZED ({fits}),
        first AS MATERIALIZED (SELECT pmid, last_name, collective_name, initials
            FROM author SEMI JOIN fitting USING (pmid) WHERE {FIRST})
        SELECT pmid FROM fitting WHERE pmid NOT IN (SELECT pmid FROM first WHERE {is_other})"""
    return set(store.select(fits))


def author_name(name: str) -> str:
    """A first author as names are compared, with as many initials as are given: `Mann, B.J.` is `mann bj`."""
    last, *rest = re.split(r"[\s,]+", name.strip())
    # A hyphen or apostrophe parts a last name into words; full stops do not part initials.
    return " ".join([*words_of(last), "".join(word for part in rest for word in words_of(part))]).strip()

"""PubMed's automatic term mapping: untagged words looked up as headings, journals and authors, then as words.

https://pubmed.ncbi.nlm.nih.gov/help/#automatic-term-mapping
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from flows.corpus_search.vocabulary import (
    Heading,
    find_authors,
    find_journals,
    find_variants,
    spaced,
    split_words,
)
from transforms.pubmed_fields import BY_NAME
from transforms.pubmed_query import Clause

ALL, MESH, JOURNAL, AUTHOR = BY_NAME["ALL"], BY_NAME["MESH"], BY_NAME["JOUR"], BY_NAME["AUTH"]
# The most words that a heading, journal or author is looked for in.
LONGEST = 8

# Any of these alternatives, each of which is clauses that all have to hold.
Alternatives = list[tuple[Clause, ...]]


@dataclass(frozen=True)
class Mapped:
    """Untagged words as they are searched: all of the parts, any alternative of each.

    Attributes:
        parts: The parts, in the order of the words.
        notes: Sentences about words that were left out.
        headings: The headings among the alternatives.
    """

    parts: tuple[Alternatives, ...]
    notes: tuple[str, ...]
    headings: tuple[Heading, ...]


def words_of_text(text: str) -> list[str]:
    """The words of a run of untagged words that have a letter or digit."""
    return [word for word in text.replace(",", " ").split() if re.search(r"[^\W_]", word)]


def runs_of(texts: Iterable[str]) -> set[str]:
    """All runs of consecutive words in some texts, which may name a heading, a journal or an author."""
    return {
        " ".join(found[start:end])
        for found in map(words_of_text, texts)
        for start in range(len(found))
        for end in range(start + 1, min(len(found), start + LONGEST) + 1)
    }


def map_untagged(
    con: duckdb.DuckDBPyConnection, texts: Sequence[str], headings: dict[str, Heading]
) -> dict[str, Mapped]:
    """How each of some runs of untagged words is searched.

    Args:
        con: The corpus.
        texts: The runs.
        headings: The descriptors that any of `runs_of` the texts stands for.
    """
    if not texts:
        return {}
    words = {text: words_of_text(text) for text in texts}
    runs = runs_of(texts)
    journals = find_journals(con, runs)
    authors = find_authors(con, {run.lower() for run in runs if re.fullmatch(r"[^\W\d]{2,}(?: [^\W\d]{1,2})", run)})
    singles = {part for found in split_words(con, sorted(runs)).values() for part in found if len(found) == 1}
    variants = find_variants(con, sorted(singles))
    tables = (headings, journals, authors, variants)
    return {text: map_words(found, *tables) for text, found in words.items()}


def map_words(
    words: Sequence[str],
    headings: dict[str, Heading],
    journals: dict[str, str],
    authors: set[str],
    variants: dict[str, list[str] | None],
) -> Mapped:
    """The longest run of words from the left that is a heading, else a journal, else an author, else one word."""
    parts: list[Alternatives] = []
    notes: list[str] = []
    start = 0
    while start < len(words):
        ends = range(min(len(words), start + LONGEST), start, -1)
        runs = [(end, " ".join(words[start:end])) for end in ends]
        found = next(((end, run) for end, run in runs if is_known(run, headings, journals, authors)), (start + 1, ""))
        end, run = found
        text = run or words[start]
        if run or variants.get(text.lower(), [text]) is not None:
            parts.append(alternatives_of(text, headings, journals, authors, variants))
        else:
            notes.append(f"{text!r} is a word that PubMed leaves out.")
        start = end
    clauses = (clause for part in parts for alternative in part for clause in alternative)
    names = {spaced(clause.text) for clause in clauses if clause.field is MESH}
    return Mapped(tuple(parts), tuple(notes), tuple(h for h in headings.values() if spaced(h.name) in names))


def is_known(run: str, headings: dict[str, Heading], journals: dict[str, str], authors: set[str]) -> bool:
    """Whether a run of words is a heading, a journal of several words or an author."""
    return spaced(run) in headings or spaced(run) in journals or run.lower() in authors


def alternatives_of(
    run: str,
    headings: dict[str, Heading],
    journals: dict[str, str],
    authors: set[str],
    variants: dict[str, list[str] | None],
) -> Alternatives:
    """What a run of words is searched as, in the order of PubMed's translations."""
    found: Alternatives = []
    if heading := headings.get(spaced(run)):
        found.append((Clause(heading.name, MESH, "mh", is_quoted=True),))
        found += words_of(heading.name)
    elif journal := journals.get(spaced(run)):
        found.append((Clause(journal, JOURNAL, "ta", is_quoted=True),))
    elif run.lower() in authors:
        return [(Clause(run, AUTHOR, "au"),)]
    found += words_of(run)
    for variant in variants.get(run.lower()) or ():
        found += words_of(variant)
    return list(dict.fromkeys(found))


def words_of(text: str) -> Alternatives:
    """A text in all fields: its words, and the phrase that they are."""
    text = text.lower()
    parts = re.findall(r"[^\s,]+", text)
    phrase = (Clause(text, ALL, "all", is_quoted=True),)
    if len(parts) == 1:
        return [phrase]
    return [tuple(Clause(part, ALL, "all", is_quoted=True) for part in parts), phrase]

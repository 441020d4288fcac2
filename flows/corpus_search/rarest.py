"""Which part of a search to look up first, so that the rest is looked up of few citations."""

from collections import Counter
from collections.abc import Collection, Sequence

import duckdb

from flows.corpus_search.marks import Condition
from flows.corpus_search.sources import UNION, Word, begun_by, in_fields
from flows.corpus_search.vocabulary import listed


def find_rarest(con: duckdb.DuckDBPyConnection, parts: Sequence[Condition]) -> Condition | None:
    """The condition that the fewest citations can meet, by the words that it is about.

    A heading or a value is thought to be as rare as the words beside it. Whatever is chosen, the same is found.

    Args:
        con: The corpus.
        parts: Conditions that must all be met.
    Returns:
        None if they cannot be told from each other.
    """
    words = {part: [one for one in part.of or () if isinstance(one, Word)] for part in parts if not part.of_none}
    known = [part for part in parts if words.get(part)]
    if len(parts) < 2 or not known:
        return None
    if len(known) == 1:
        return known[0]
    sizes = count_lists(con, {word for of_part in words.values() for word in of_part})
    return min(known, key=lambda part: sum(sizes[word] for word in words[part]))


def count_lists(con: duckdb.DuckDBPyConnection, words: Collection[Word]) -> Counter[Word]:
    """How many lists of the index each of some words has: how common they are, without reading the lists."""
    sizes: Counter[Word] = Counter()
    whole = {one.word for one in words if not one.is_truncated}
    query = f"SELECT word, field, count(*) FROM program.posting_list WHERE word IN {listed(sorted(whole))} GROUP BY ALL"
    found = con.execute(query).fetchall() if whole else []
    for one in (one for one in words if not one.is_truncated):
        sizes[one] = sum(n for word, name, n in found if word == one.word and name in (one.fields or (name,)))
    if begun := [one for one in words if one.is_truncated]:
        counts = UNION.join(
            f"SELECT {number}, count(*) FROM program.posting_list WHERE {begun_by(one.word)}{in_fields(one.fields)}"
            for number, one in enumerate(begun)
        )
        for number, count in con.execute(counts).fetchall():
            sizes[begun[number]] = count
    return sizes

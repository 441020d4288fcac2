"""What a search looks up in the tables, and the queries for the citations that have it, each with its marks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.corpus_search.vocabulary import Heading, listed
from warehouse.current import literal

# Bits of an integer, without its sign bit.
WIDTH = 62
UNION = "\nUNION ALL\n"
# Of the rows of posting_list.
PMIDS = "unnest(pmids) AS pmid"


@dataclass(frozen=True)
class Word:
    """A word in some fields of the index, or all that begin with it; no field is all of them."""

    fields: tuple[str, ...]
    word: str
    is_truncated: bool = False


@dataclass(frozen=True)
class Descriptor:
    """A heading of MeSH on citations, with those below it if it is exploded."""

    heading: Heading
    is_exploded: bool
    is_major: bool


@dataclass(frozen=True)
class Value:
    """A value of a table; all that are asked for of an expression are looked up in one scan.

    Attributes:
        table: The table, which has a PMID in each row.
        expression: What is compared, of its columns.
        value: With what.
        where: A condition on its rows; '' for none.
        word: A word of field `indexing` that every citation with the value has; '' if none is known.
    """

    table: str
    expression: str
    value: str
    where: str = ""
    word: str = ""


@dataclass(frozen=True)
class Selection:
    """A query for PMIDs."""

    sql: str


LookedUp = Word | Descriptor | Value | Selection


def sources_of(bits: Mapping[LookedUp, int], names: Sequence[str]) -> list[str]:
    """Queries for the citations that have what is looked up, with their marks."""
    found = [*word_sources(bits, names), *descriptor_sources(bits, names), *value_sources(bits, names)]
    found += [
        f"SELECT pmid, {constants(bit, names)} FROM ({one.sql})"
        for one, bit in bits.items()
        if isinstance(one, Selection)
    ]
    return found


def word_sources(all_bits: Mapping[LookedUp, int], names: Sequence[str]) -> Iterable[str]:
    """Queries for the citations that have the words, with their marks."""
    by_fields: dict[tuple[str, ...], dict[str, int]] = {}
    for one, bits in all_bits.items():
        if isinstance(one, Word) and one.is_truncated:
            yield (
                f"SELECT {PMIDS}, {constants(bits, names)} FROM program.posting_list "
                f"WHERE {begun_by(one.word)}{in_fields(one.fields)}"
            )
        elif isinstance(one, Word):
            by_fields.setdefault(one.fields, {})[one.word] = bits
    for fields, words in by_fields.items():
        # A join with the words would say the same; DuckDB 2.0.0 fails on what it makes of it ("changed identity").
        told = ", ".join(f"{cases(words, number)} AS {name}" for number, name in enumerate(names))
        # DuckDB reads the lists of a whole row group to find one word; by their numbers, it reads some of them.
        rows = f"SELECT rowid FROM program.posting_list WHERE word IN {listed(words)}{in_fields(fields)}"
        lists = f"SELECT pmids, {told} FROM program.posting_list WHERE rowid IN ({rows})"
        yield f"SELECT {PMIDS}, {', '.join(names)} FROM ({lists})"


def cases(words: Mapping[str, int], column: int) -> str:
    """The marks of a word that one column has, as an expression."""
    by_bits: dict[int, list[str]] = {}
    for word, bits in words.items():
        by_bits.setdefault(bits >> WIDTH * column & (1 << WIDTH) - 1, []).append(word)
    if len(by_bits) == 1:
        return f"{next(iter(by_bits))}::BIGINT"
    whens = " ".join(f"WHEN word IN {listed(of_bits)} THEN {bits}" for bits, of_bits in by_bits.items() if bits)
    return f"CASE {whens} ELSE 0 END::BIGINT"


def descriptor_sources(all_bits: Mapping[LookedUp, int], names: Sequence[str]) -> Iterable[str]:
    """Queries for the citations that have the headings, with their marks."""
    sums = ", ".join(f"bit_or({name}) AS {name}" for name in names)
    for is_major in (False, True):
        asked = {o: b for o, b in all_bits.items() if isinstance(o, Descriptor) and o.is_major == is_major}
        if not asked:
            continue
        exploded = [(literal(one.heading.ui), bits) for one, bits in asked.items() if one.is_exploded]
        alone = [(literal(one.heading.ui), bits) for one, bits in asked.items() if not one.is_exploded]
        of_number = f"AS descriptor_number, {', '.join(names)} FROM"
        numbered = [f"SELECT ui_number(mesh_ui) {of_number} {table(alone, 'mesh_ui', names)}"] if alone else []
        if exploded:
            asked_for = table(exploded, "mesh_ui", names)
            numbered.append(
                f"SELECT ui_number(below_ui) {of_number} program.mesh_below JOIN {asked_for} USING (mesh_ui)"
            )
        where = " WHERE is_major" if is_major else ""
        yield (
            f"SELECT pmid, {', '.join(names)} FROM program.article_mesh "
            f"JOIN (SELECT descriptor_number, {sums} FROM (\n"
            f"{UNION.join(numbered)}\n) GROUP BY descriptor_number) USING (descriptor_number){where}"
        )
        # Records from before 2012 have names only.
        named = table(((literal(one.heading.name.lower()), bits) for one, bits in asked.items()), "name", names)
        yield (
            f"SELECT pmid, {', '.join(names)} FROM program.article_mesh "
            f"JOIN {named} ON lower(descriptor_name) = name "
            f"WHERE descriptor_number IS NULL{' AND is_major' if is_major else ''}"
        )


def value_sources(all_bits: Mapping[LookedUp, int], names: Sequence[str]) -> Iterable[str]:
    """Queries for the citations that have the values, with their marks."""
    groups: dict[tuple[str, str, str, bool], list[Value]] = {}
    for one in all_bits:
        if isinstance(one, Value):
            groups.setdefault((one.table, one.expression, one.where, bool(one.word)), []).append(one)
    for (name, expression, where, has_word), values in groups.items():
        asked = table(((literal(one.value), all_bits[one]) for one in values), "asked_value", names)
        tests = [where] if where else []
        if has_word:
            words = listed(sorted({one.word for one in values}))
            index = f"SELECT {PMIDS} FROM program.posting_list WHERE field = 'indexing' AND word IN {words}"
            tests.append(f"pmid IN ({index})")
        condition = f" WHERE {' AND '.join(tests)}" if tests else ""
        yield (f"SELECT pmid, {', '.join(names)} FROM {name} JOIN {asked} ON {expression} = asked_value{condition}")


def table(rows: Iterable[tuple[str, int]], columns: str, names: Sequence[str]) -> str:
    """Values with their marks, as a relation."""
    values = ", ".join(f"({value}, {', '.join(map(str, split(bits, names)))})" for value, bits in rows)
    return f"(VALUES {values}) AS asked({columns}, {', '.join(names)})"


def constants(bits: int, names: Sequence[str]) -> str:
    """Marks as columns."""
    return ", ".join(f"{part}::BIGINT AS {name}" for part, name in zip(split(bits, names), names, strict=True))


def split(bits: int, names: Sequence[str]) -> list[int]:
    """The marks that each column has."""
    return [bits >> WIDTH * number & (1 << WIDTH) - 1 for number in range(len(names))]


def numbers(pmids: Collection[int]) -> str:
    """PMIDs as an SQL list in parentheses."""
    return f"({', '.join(map(str, pmids)) or 'NULL'})"


def in_fields(fields: tuple[str, ...]) -> str:
    """A further condition on the fields of the index."""
    return f" AND field IN {listed(fields)}" if fields else ""


def begun_by(text: str) -> str:
    """The condition on words that begin with a text: they stand together in the index."""
    following = text[:-1] + chr(ord(text[-1]) + 1)
    return f"word >= {literal(text)} AND word < {literal(following)}"

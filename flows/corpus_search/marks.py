"""A search as SQL: what a citation has is marked by bits, and the search is a condition on them.

Each word, heading and value that a search names is looked up once, all of a table in one query. Neighbours under OR
share a bit. A phrase is at first the bits of its words: only the texts of citations about which it decides are read.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from flows.corpus_search.texts import LETTER, PLAIN, Sought
from flows.corpus_search.vocabulary import Heading, listed
from warehouse.current import literal

# Bits of an integer, without its sign bit.
WIDTH = 62
UNION = "\nUNION ALL\n"


@dataclass(frozen=True)
class Word:
    """A word in some fields of the index, or all that begin with it; no field is all of them."""

    fields: tuple[str, ...]
    word: str
    is_truncated: bool = False


@dataclass(frozen=True)
class Phrase:
    """Words near each other in a text.

    Attributes:
        words: The words that tell which texts to look into.
        pattern: The regular expression that follows on the beginning of a word in a text of `PLAIN`; '' with `near`.
        near: A condition on `words`, the words of a text, instead.
        usual: How the phrase mostly stands in a text, if most texts that are read have it; '' if not.
    """

    words: tuple[Word, ...]
    pattern: str
    near: str = ""
    usual: str = ""


@dataclass(frozen=True)
class Pmids:
    """Citations by their PMIDs."""

    pmids: tuple[int, ...]


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


@dataclass(frozen=True)
class Condition:
    """A condition on the marks of a citation.

    Attributes:
        surely: It holds whatever the texts say.
        perhaps: It may hold.
        exactly: It holds, once the texts that decide were read.
        of_none: It holds for a citation without any mark.
    """

    surely: str
    perhaps: str
    exactly: str
    of_none: bool = False


# What finds citations; any of several is a list.
LookedUp = Word | Descriptor | Value | Selection
Found = LookedUp | Phrase | Pmids | Condition
NOTHING = Condition("false", "false", "false")


def certain(condition: str) -> Condition:
    """A condition that no text decides."""
    return Condition(condition, condition, condition)


def negate(one: Condition) -> Condition:
    """All that do not meet a condition."""
    return Condition(f"NOT {one.perhaps}", f"NOT {one.surely}", f"NOT {one.exactly}", not one.of_none)


def join(parts: Sequence[tuple[str, Condition]]) -> Condition:
    """Conditions joined by AND, OR and NOT from the left; the first one's operator is nothing, or NOT."""
    (operator, first), *others = parts
    first = negate(first) if operator == "NOT" else first
    if not others:
        return first
    of_none = first.of_none
    for operator, one in others:
        of_none = {
            "AND": of_none and one.of_none, "OR": of_none or one.of_none, "NOT": of_none and not one.of_none
        }[operator]  # fmt: skip
    opposite = {"surely": "perhaps", "perhaps": "surely", "exactly": "exactly"}
    said = {
        name: join_as([(operator, getattr(one, against if operator == "NOT" else name)) for operator, one in others],
                      getattr(first, name))
        for name, against in opposite.items()
    }  # fmt: skip
    return Condition(**said, of_none=of_none)


def join_as(others: Sequence[tuple[str, str]], first: str) -> str:
    """The same as SQL; flat at any length, since DuckDB's parser recurses into parentheses."""
    operators = {operator for operator, _ in others}
    if len(operators) == 1 and operators != {"NOT"}:
        return f"({f' {operators.pop()} '.join([first, *(sql for _, sql in others)])})"
    decided = {"AND": "WHEN NOT {} THEN false", "OR": "WHEN {} THEN true", "NOT": "WHEN {} THEN false"}
    cases = " ".join(decided[operator].format(sql) for operator, sql in reversed(others))
    return f"CASE {cases} ELSE {first} END"


# Of the rows of posting_list.
PMIDS = "unnest(pmids) AS pmid"


@dataclass
class Marks:
    """What a search looks up, and the bits that stand for it.

    Attributes:
        bits: The bits of each word, heading or query.
        shared: The bit of what was looked up together.
        pmids: PMIDs that are asked for.
        tests: The bits of what is looked for in texts.
    """

    bits: dict[LookedUp, int] = field(default_factory=dict)
    shared: dict[frozenset[LookedUp], int] = field(default_factory=dict)
    pmids: set[int] = field(default_factory=set)
    tests: dict[Sought, int] = field(default_factory=dict)

    def bit_of(self, looked_up: Collection[LookedUp]) -> int:
        """The number of the bit that is set if any of some things was found."""
        bit = self.shared.setdefault(frozenset(looked_up), len(self.shared))
        for one in looked_up:
            self.bits[one] = self.bits.get(one, 0) | 1 << bit
        return bit

    def mark(self, looked_up: Collection[LookedUp]) -> str:
        """The condition that any of some things was found."""
        bit = self.bit_of(looked_up)
        return f"(m{bit // WIDTH} & {1 << bit % WIDTH}) <> 0"

    def all_marks(self, words: Collection[Word]) -> str:
        """The condition that each of some words was found."""
        masks: dict[int, int] = {}
        for bit in {self.bit_of([word]) for word in words}:
            masks[bit // WIDTH] = masks.get(bit // WIDTH, 0) | 1 << bit % WIDTH
        return " AND ".join(f"(m{number} & {mask}) = {mask}" for number, mask in masks.items())

    def any_of(self, found: Sequence[Found]) -> Condition:
        """The condition that any of some things is found."""
        conditions = [one for one in found if isinstance(one, Condition)]
        if looked_up := [one for one in found if isinstance(one, LookedUp)]:
            conditions.append(certain(self.mark(looked_up)))
        if pmids := dict.fromkeys(pmid for one in found if isinstance(one, Pmids) for pmid in one.pmids):
            self.pmids |= pmids.keys()
            conditions.append(certain(f"pmid IN {numbers(pmids)}"))
        phrases: dict[tuple[str, ...], list[Phrase]] = {}
        for one in found:
            if isinstance(one, Phrase):
                phrases.setdefault(one.words[0].fields, []).append(one)
        conditions += [self.any_phrase(fields, together) for fields, together in phrases.items()]
        if len(conditions) < 2:
            return conditions[0] if conditions else NOTHING
        return join([("OR", one) for one in conditions])

    def any_phrase(self, fields: tuple[str, ...], phrases: Sequence[Phrase]) -> Condition:
        """The condition that any of some phrases stands in fields: texts are searched once for all."""
        test = Sought(
            fields,
            tuple(dict.fromkeys(one.pattern for one in phrases if one.pattern)),
            tuple(one.usual for one in phrases if one.usual),
            tuple(one.near for one in phrases if one.near),
        )
        number = self.tests.setdefault(test, len(self.tests))
        candidates = dict.fromkeys(f"({self.all_marks(one.words)})" for one in phrases)
        perhaps = f"({' OR '.join(candidates)})"
        return Condition("false", perhaps, f"(t{number // WIDTH} & {1 << number % WIDTH}) <> 0")

    def steps(self, conditions: Sequence[Condition]) -> str:
        """The CTEs of relation `marked`: citations with marks, and those of the texts that decide on conditions."""
        count = max(1, -(-len(self.shared) // WIDTH))
        names = [f"m{number}" for number in range(count)]
        sources = [*self.word_sources(names), *self.descriptor_sources(names), *self.value_sources(names)]
        sources += [
            f"SELECT pmid, {constants(bits, names)} FROM ({one.sql})"
            for one, bits in self.bits.items()
            if isinstance(one, Selection)
        ]
        if self.pmids or not sources:
            sources.append(f"SELECT pmid, {constants(0, names)} FROM citation WHERE pmid IN {numbers(self.pmids)}")
        sums = ", ".join(f"bit_or({name}) AS {name}" for name in names)
        seen = f"SELECT pmid, {sums} FROM (\n{UNION.join(sources)}\n) GROUP BY pmid"
        if any(one.of_none for one in conditions):
            given = ", ".join(f"coalesce({name}, 0) AS {name}" for name in names)
            seen = f"SELECT pmid, {given} FROM citation LEFT JOIN ({seen}) USING (pmid)"
        if not self.tests:
            return f"WITH marked AS (\n{seen}\n)\n"
        doubtful = " OR ".join(dict.fromkeys(
            f"({one.perhaps} AND NOT {one.surely})" for one in conditions if one.exactly != one.surely
        ))  # fmt: skip
        tested = [f"t{number}" for number in range(-(-len(self.tests) // WIDTH))]
        return f"""WITH seen AS MATERIALIZED (\n{seen}\n),
doubtful AS (SELECT pmid FROM seen WHERE {doubtful or "false"}),
{self.read_texts(tested)},
marked AS (SELECT seen.*, {", ".join(f"coalesce({name}, 0) AS {name}" for name in tested)}
FROM seen LEFT JOIN tested USING (pmid))
"""

    def read_texts(self, names: Sequence[str]) -> str:
        """The CTE `tested`: what the texts of doubtful citations say."""
        fields = {name for test in self.tests for name in test.fields}
        where = f" WHERE field IN {listed(sorted(fields))}" if all(test.fields for test in self.tests) else ""
        flags: dict[str, list[str]] = {name: [] for name in names}
        for test, number in self.tests.items():
            is_narrower = test.fields and (not where or set(test.fields) != fields)
            of_fields = f"field IN {listed(test.fields)} AND " if is_narrower else ""
            # One expression needs no folding of most texts; for several, each text is folded once.
            condition = test.write(is_alone=len(self.tests) == 1)
            flags[f"t{number // WIDTH}"].append(
                f"CASE WHEN {of_fields}({condition}) THEN {1 << number % WIDTH} ELSE 0 END::BIGINT"
            )
        said = ",\n".join(f"bit_or({' | '.join(tests)}) AS {name}" for name, tests in flags.items())
        read = f"search_text SEMI JOIN doubtful USING (pmid){where}"
        is_folded = len(self.tests) > 1 or any(test.near for test in self.tests)
        texts = f"SELECT pmid, field, text{f', {PLAIN} AS plain' if is_folded else ''} FROM {read}"
        if any(test.near for test in self.tests):
            texts = f"SELECT *, regexp_extract_all(plain, '{LETTER}+') AS words FROM ({texts})"
        return f"tested AS (SELECT pmid, {said}\nFROM ({texts}) GROUP BY pmid)"

    def word_sources(self, names: Sequence[str]) -> Iterable[str]:
        """Queries for the citations that have the words, with their marks."""
        by_fields: dict[tuple[str, ...], dict[str, int]] = {}
        for one, bits in self.bits.items():
            if isinstance(one, Word) and one.is_truncated:
                yield (
                    f"SELECT {PMIDS}, {constants(bits, names)} FROM program.posting_list "
                    f"WHERE word >= {literal(one.word)} "
                    f"AND word < {literal(following(one.word))}{in_fields(one.fields)}"
                )
            elif isinstance(one, Word):
                by_fields.setdefault(one.fields, {})[one.word] = bits
        for fields, words in by_fields.items():
            where = f"WHERE word IN {listed(words)}{in_fields(fields)}"
            if len(set(words.values())) == 1:
                of_all = constants(next(iter(words.values())), names)
                yield f"SELECT {PMIDS}, {of_all} FROM program.posting_list {where}"
            else:
                asked = table(((literal(word), bits) for word, bits in words.items()), "word", names)
                yield f"SELECT {PMIDS}, {', '.join(names)} FROM program.posting_list JOIN {asked} USING (word) {where}"

    def descriptor_sources(self, names: Sequence[str]) -> Iterable[str]:
        """Queries for the citations that have the headings, with their marks."""
        sums = ", ".join(f"bit_or({name}) AS {name}" for name in names)
        for is_major in (False, True):
            asked = {o: b for o, b in self.bits.items() if isinstance(o, Descriptor) and o.is_major == is_major}
            if not asked:
                continue
            places = [
                (f"{literal(tree)}, {literal(tree + '/')}", bits)
                for one, bits in asked.items()
                if one.is_exploded
                for tree in one.heading.trees
            ]
            numbered = [
                f"SELECT ui_number({literal(one.heading.ui)}) AS descriptor_number, {constants(bits, names)}"
                for one, bits in asked.items()
            ]
            if places:
                # In the tree, what stands below C04 begins with `C04.`, and `/` is the character after the dot.
                below = table(places, "low, high", names)
                numbered.append(
                    f"SELECT ui_number(mesh_ui), {', '.join(names)} FROM mesh_tree_number JOIN {below} "
                    "ON tree_number >= low AND tree_number < high"
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

    def value_sources(self, names: Sequence[str]) -> Iterable[str]:
        """Queries for the citations that have the values, with their marks."""
        groups: dict[tuple[str, str, str, bool], list[Value]] = {}
        for one in self.bits:
            if isinstance(one, Value):
                groups.setdefault((one.table, one.expression, one.where, bool(one.word)), []).append(one)
        for (name, expression, where, has_word), values in groups.items():
            asked = table(((literal(one.value), self.bits[one]) for one in values), "asked_value", names)
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


def following(word: str) -> str:
    """The first text that comes after all that begin with a word."""
    return word[:-1] + chr(ord(word[-1]) + 1)

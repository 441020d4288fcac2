"""A search as SQL: what a citation has is marked by bits, and the search is a condition on them.

Each word, heading and value that a search names is looked up once, all of a table in one query. Neighbours under OR
share a bit. A phrase is at first the bits of its words: only the texts of citations about which it decides are read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from flows.corpus_search.sources import UNION, WIDTH, LookedUp, Word, constants, numbers, sources_of
from flows.corpus_search.texts import LETTER, PLAIN, Sought, texts_of
from flows.corpus_search.vocabulary import listed


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
class Condition:
    """A condition on the marks of a citation.

    Attributes:
        surely: It holds whatever the texts say.
        perhaps: It may hold.
        exactly: It holds, once the texts that decide were read.
        of_none: It holds for a citation without any mark.
        of: What is looked up for it; None if PMIDs are asked for as well.
        parts: The conditions that must all be met for it, if there are several.
    """

    surely: str
    perhaps: str
    exactly: str
    of_none: bool = False
    of: frozenset["LookedUp"] | None = None
    parts: tuple["Condition", ...] = ()


# What finds citations; any of several is a list.
Found = LookedUp | Phrase | Pmids | Condition
NOTHING = Condition("false", "false", "false", of=frozenset())


def certain(condition: str, of: Collection["LookedUp"] | None = None) -> Condition:
    """A condition that no text decides."""
    return Condition(condition, condition, condition, of=None if of is None else frozenset(of))


def negate(one: Condition) -> Condition:
    """All that do not meet a condition."""
    return Condition(f"NOT {one.perhaps}", f"NOT {one.surely}", f"NOT {one.exactly}", not one.of_none, one.of)


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
    joined = [first, *(negate(one) if operator == "NOT" else one for operator, one in others)]
    known: list[frozenset[LookedUp]] = [one.of for one in joined if one.of is not None]
    of = frozenset[LookedUp]().union(*known) if len(known) == len(joined) else None
    is_all = all(operator != "OR" for operator, _ in others)
    needed = tuple(part for one in joined for part in one.parts or [one]) if is_all else ()
    return Condition(said["surely"], said["perhaps"], said["exactly"], of_none, of, needed)


def join_as(others: Sequence[tuple[str, str]], first: str) -> str:
    """The same as SQL; flat at any length, since DuckDB's parser recurses into parentheses."""
    operators = {operator for operator, _ in others}
    if len(operators) == 1 and operators != {"NOT"}:
        return f"({f' {operators.pop()} '.join([first, *(sql for _, sql in others)])})"
    decided = {"AND": "WHEN NOT {} THEN false", "OR": "WHEN {} THEN true", "NOT": "WHEN {} THEN false"}
    cases = " ".join(decided[operator].format(sql) for operator, sql in reversed(others))
    return f"CASE {cases} ELSE {first} END"


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
            conditions.append(certain(self.mark(looked_up), looked_up))
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
        exactly = f"(t{number // WIDTH} & {1 << number % WIDTH}) <> 0"
        return Condition("false", perhaps, exactly, of=frozenset(word for one in phrases for word in one.words))

    def steps(self, conditions: Sequence[Condition], first: Condition | None = None) -> str:
        """The CTEs of relation `marked`: citations with marks, and those of the texts that decide on conditions.

        Args:
            conditions: What will be asked of it.
            first: A part of the only one of them: citations that cannot meet it are left out, and so not looked at for
                the others.
        """
        count = max(1, -(-len(self.shared) // WIDTH))
        names = [f"m{number}" for number in range(count)]
        sums = ", ".join(f"bit_or({name}) AS {name}" for name in names)
        of_first = first.of if first and first.of else frozenset()
        sources = sources_of({one: bits for one, bits in self.bits.items() if one not in of_first}, names)
        if self.pmids or not self.bits:
            sources.append(f"SELECT pmid, {constants(0, names)} FROM citation WHERE pmid IN {numbers(self.pmids)}")
        seen = UNION.join(sources)
        if first and of_first:
            found = UNION.join(sources_of({one: self.bits[one] for one in of_first}, names))
            found = f"SELECT pmid, {sums} FROM (\n{found}\n) GROUP BY pmid"
            others = f"{UNION}FROM (\n{seen}\n) SEMI JOIN first USING (pmid)" if sources else ""
            seen = f"WITH first AS MATERIALIZED (\nFROM ({found}) WHERE {first.perhaps}\n)\nFROM first{others}"
        seen = f"SELECT pmid, {sums} FROM (\n{seen}\n) GROUP BY pmid"
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
        read = texts_of(fields if all(test.fields for test in self.tests) else ())
        flags: dict[str, list[str]] = {name: [] for name in names}
        for test, number in self.tests.items():
            is_narrower = test.fields and (read == "search_text" or set(test.fields) != fields)
            of_fields = f"field IN {listed(test.fields)} AND " if is_narrower else ""
            # One expression needs no folding of most texts; for several, each text is folded once.
            condition = test.write(is_alone=len(self.tests) == 1)
            flags[f"t{number // WIDTH}"].append(
                f"CASE WHEN {of_fields}({condition}) THEN {1 << number % WIDTH} ELSE 0 END::BIGINT"
            )
        said = ",\n".join(f"bit_or({' | '.join(tests)}) AS {name}" for name, tests in flags.items())
        read += " SEMI JOIN doubtful USING (pmid)"
        is_folded = len(self.tests) > 1 or any(test.near for test in self.tests)
        texts = f"SELECT pmid, field, text{f', {PLAIN} AS plain' if is_folded else ''} FROM {read}"
        if any(test.near for test in self.tests):
            texts = f"SELECT *, regexp_extract_all(plain, '{LETTER}+') AS words FROM ({texts})"
        return f"tested AS (SELECT pmid, {said}\nFROM ({texts}) GROUP BY pmid)"

"""Conditions on marks: joined as PubMed joins clauses, and never wrong about what a text decides."""

import random

import duckdb

from flows.corpus_search.marks import Condition, Marks, Phrase, certain, join
from flows.corpus_search.sources import WIDTH, Selection, Word
from flows.corpus_search.texts import APART, PLAIN, Sought
from warehouse.sql_files import read_statement

OPERATORS = ("AND", "OR", "NOT")


def test_operators_are_joined_from_the_left() -> None:
    """Every chain of up to five values, with and without a NOT at its beginning, compared with Python's own sets."""
    chance = random.Random(14)
    with duckdb.connect() as con:
        for _ in range(300):
            values = [chance.random() < 0.5 for _ in range(chance.randint(1, 5))]
            operators = [chance.choice(["", "NOT"]), *(chance.choice(OPERATORS) for _ in values[1:])]
            expected = values[0] != (operators[0] == "NOT")
            for operator, value in zip(operators[1:], values[1:], strict=True):
                expected = {"AND": expected and value, "OR": expected or value, "NOT": expected and not value}[operator]
            parts = [(operator, certain(str(value).lower())) for operator, value in zip(operators, values, strict=True)]
            assert con.execute(f"SELECT {join(parts).exactly}").fetchall() == [(expected,)], parts


def test_what_is_sure_without_texts_is_so_and_what_may_be_is_not_passed_over() -> None:
    """Of a chain with undecided parts, `surely` implies every outcome, and every outcome implies `perhaps`."""
    chance = random.Random(7)
    with duckdb.connect() as con:
        for _ in range(300):
            truths = [chance.choice([False, True]) for _ in range(4)]
            undecided = [chance.random() < 0.5 for _ in truths]
            conditions = [
                Condition(str(truth and not open_).lower(), str(truth or open_).lower(), str(truth).lower())
                for truth, open_ in zip(truths, undecided, strict=True)
            ]
            whole = join(
                [(chance.choice(["", "NOT"]), conditions[0]), *((chance.choice(OPERATORS), c) for c in conditions[1:])]
            )
            ((surely, exactly, perhaps),) = con.execute(
                f"SELECT {whole.surely}, {whole.exactly}, {whole.perhaps}"
            ).fetchall()
            assert surely <= exactly <= perhaps


def test_chains_of_thousands_are_no_deep_expressions() -> None:
    """DuckDB refuses expressions that are nested a thousand deep."""
    parts = [(("AND", "OR")[number % 2] if number else "", certain("true")) for number in range(2_000)]
    with duckdb.connect() as con:
        assert con.execute(f"SELECT {join(parts).exactly}").fetchall() == [(True,)]


def test_there_are_as_many_marks_as_are_needed() -> None:
    """More than an integer has bits; one may stand for several things."""
    marks = Marks()
    one = marks.mark([Selection("SELECT 1 AS pmid"), Selection("SELECT 2 AS pmid")])
    conditions = [marks.mark([Selection(f"SELECT {number} AS pmid")]) for number in range(1, WIDTH + 3)]
    steps = marks.steps([certain(condition) for condition in conditions])
    with duckdb.connect() as con:
        for number, condition in enumerate(conditions, 1):
            assert con.execute(f"{steps}SELECT pmid FROM marked WHERE {condition}").fetchall() == [(number,)]
        assert con.execute(f"{steps}SELECT pmid FROM marked WHERE {one} ORDER BY pmid").fetchall() == [(1,), (2,)]


def test_neighbours_share_a_bit_and_one_expression() -> None:
    """Of words under OR, and of phrases in the same fields."""
    marks, fields = Marks(), ("title",)
    marks.any_of([Word(fields, "mood"), Word(fields, "sadness"), Word(fields, "mood")])
    assert len(marks.shared) == 1
    marks.any_of([Phrase((Word(fields, "low"),), "low mood"), Phrase((Word(fields, "mood"),), "mood swings")])
    assert len(marks.tests) == 1


def test_a_phrase_is_found_whatever_stands_between_its_words() -> None:
    """Beside the words of each text: with dashes, entities, accents and marks; one expression, and several."""
    chance = random.Random(11)
    pieces = (
        "of", "the", "The", "THE", "fthe", "of\u0301", "b\xe9ta", "\u03b2", "\ufb01", "19", "\xb2", "\u4e2d", " ", " ",
        "-", "\u2013", "\u2019", "&amp;", "&#x3b2;", "<i>", ".", "_", "\x00", "\u0301", "\u200b", "\u0903",
    )  # fmt: skip
    texts = ["".join(chance.choices(pieces, k=chance.randint(2, 9))) for _ in range(3_000)]
    phrases = (("of", "the"), ("beta", "of"), ("the", "19"), ("\u4e2d", "the", "of"))
    patterns = [f"{APART}+".join(words) + f"($|{APART})" for words in phrases]
    with duckdb.connect() as con:
        for name in ("search_plain", "search_greek", "search_fold", "search_split"):
            con.execute(read_statement(f"create_{name}"))
        con.execute("CREATE TABLE given AS SELECT unnest($1::VARCHAR[]) AS text", [texts])
        read = f"SELECT text, {PLAIN} AS plain FROM given"
        for words, asked in [*zip(phrases, ([one] for one in patterns), strict=True), (None, patterns)]:
            sought = Sought((), tuple(asked), (" of the ",) if words == ("of", "the") else (), ())
            rows = con.execute(
                f"SELECT text, search_split(text), {sought.write(is_alone=True)}, {sought.write(is_alone=False)} "
                f"FROM ({read})"
            ).fetchall()
            for text, found, alone, together in rows:
                said = f" {' '.join(found)} "
                expected = any(f" {' '.join(one)} " in said for one in ([words] if words else phrases))
                assert (alone, together) == (expected, expected), (words, text, found)

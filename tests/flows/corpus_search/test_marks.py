"""Conditions on marks: joined as PubMed joins clauses, and never wrong about what a text decides."""

import random

import duckdb

from flows.corpus_search.marks import WIDTH, Condition, Marks, Phrase, Selection, Word, certain, join

OPERATORS = ("AND", "OR", "NOT")


def test_operators_are_joined_from_the_left() -> None:
    """Every chain of up to five values, with and without a NOT at its beginning, beside Python's own sets."""
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
    """More than a whole number has bits; one thing may stand for several."""
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

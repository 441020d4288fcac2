"""The part of a search that is looked up first: which it is, and that nothing else is found for it."""

import random
from pathlib import Path

import pytest

from flows.corpus_search import rarest, statement
from flows.corpus_search.ask import search_corpus
from flows.corpus_search.marks import Condition, Marks, certain, join, negate
from flows.corpus_search.rarest import find_rarest
from flows.corpus_search.sources import Word, cases
from flows.corpus_search.texts import texts_of
from tests.corpora import commit
from tests.records import article
from warehouse import build, posting_lists
from warehouse.query import open_published
from warehouse.store import DataDirectory

ABSTRACT = "<Abstract><AbstractText>{}</AbstractText></Abstract>"
KEYWORDS = """<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">{}</Keyword></KeywordList>"""
LETTERS = "abcdef"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Sixty citations with some letters in each field; `f` is rare, and lists are short."""
    chance = random.Random(5)
    directory = DataDirectory(tmp_path_factory.mktemp("rarest"))

    def text(count: int) -> str:
        return " ".join(chance.choices(LETTERS, weights=(16, 16, 8, 4, 4, 1), k=count))

    records = [
        article(pmid, title=text(3), parts=(ABSTRACT.format(text(6)), KEYWORDS.format(text(2)), ""))
        for pmid in range(1, 61)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posting_lists, "LONGEST", 2)
        commit(directory, *records)
        build.publish(directory)
    return directory


def about(*words: str) -> Condition:
    """That any of some words is in a title."""
    looked_up = [Word(("title",), word) for word in words]
    return certain(Marks().mark(looked_up), looked_up)


def test_the_rarest_part_is_that_whose_words_have_the_fewest_lists(directory: DataDirectory) -> None:
    """However many words they are; what excludes, or is about no word, is not chosen."""
    con = open_published(directory)
    common, rare, excluded = about("a", "b"), about("d", "f"), negate(about("f"))
    assert find_rarest(con, [common, rare, excluded, certain("pmid IN (1)")]) == rare
    assert find_rarest(con, [common, excluded]) == common
    assert find_rarest(con, [rare]) is None
    assert find_rarest(con, [certain("true"), excluded]) is None
    begun = Word((), "f", is_truncated=True)
    assert (
        rarest.count_lists(con, [begun, Word((), "f")])[begun]
        == rarest.count_lists(con, [Word((), "f")])[Word((), "f")]
    )
    con.close()


def test_parts_are_what_all_must_be_met() -> None:
    """Parentheses do not matter; conditions joined by OR have no parts."""
    one, two, three = about("a"), about("b"), about("c")
    both = join([("", one), ("AND", two)])
    assert join([("", both), ("NOT", three)]).parts == (one, two, negate(three))
    assert join([("", both), ("OR", three)]).parts == ()
    assert join([("", both), ("OR", three)]).of == frozenset(Word(("title",), word) for word in "abc")
    assert join([("", one), ("OR", certain("pmid IN (1)"))]).of is None


def random_query(chance: random.Random, depth: int = 2) -> str:
    """A search of words, phrases, beginnings and PMIDs, joined in any way."""
    if depth == 0 or chance.random() < 0.2:
        tag = chance.choice(["[ti]", "[tiab]", "[all]", "[ab]"])
        word, other = chance.choices(LETTERS, k=2)
        return chance.choice([f"{word}{tag}", f"{word}{tag}", f'"{word} {other}"{tag}', f"{word}x{word}[ti]", "7[uid]"])
    parts = [random_query(chance, depth - 1) for _ in range(chance.randint(2, 4))]
    return "(" + parts[0] + "".join(f" {chance.choice(['AND', 'AND', 'OR', 'NOT'])} {part}" for part in parts[1:]) + ")"


def test_any_part_may_be_first(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search finds the same whichever part that can be is looked up first, and if none is."""
    chance = random.Random(3)
    firsts = 0
    for _ in range(40):
        query = random_query(chance)
        monkeypatch.setattr(statement, "find_rarest", lambda _con, _parts: None)
        expected = search_corpus(directory, query, with_titles=False).citations["pmid"].to_pylist()
        for number in range(3):

            def choose(_: object, parts: tuple[Condition, ...], number: int = number) -> Condition | None:
                nonlocal firsts
                known = [part for part in parts if part.of and not part.of_none]
                firsts += len(known) > number
                return known[number] if len(known) > number else None

            monkeypatch.setattr(statement, "find_rarest", choose)
            assert search_corpus(directory, query, with_titles=False).citations["pmid"].to_pylist() == expected, query
    assert firsts > 30


def test_words_have_their_marks_in_each_column() -> None:
    """A column that has the same of all is one number."""
    assert cases({"a": 1, "b": 1}, 0) == "1::BIGINT"
    assert (
        cases({"a": 1, "b": 2, "c": 1 << 62}, 0)
        == "CASE WHEN word IN ('a') THEN 1 WHEN word IN ('b') THEN 2 ELSE 0 END::BIGINT"
    )
    assert cases({"a": 1, "c": 1 << 62}, 1) == "CASE WHEN word IN ('c') THEN 1 ELSE 0 END::BIGINT"


def test_texts_of_fields_are_those_of_the_view(directory: DataDirectory, tmp_path: Path) -> None:
    """Of each field, one table or several."""
    assert not list(tmp_path.iterdir())
    con = open_published(directory)
    names = [name for (name,) in con.execute("SELECT DISTINCT field FROM search_text").fetchall()]
    assert {"title", "abstract", "keyword", "journal"} <= set(names)
    for name in names:
        own = con.execute(f"FROM {texts_of([name])} ORDER BY ALL").fetchall()
        assert own == con.execute("FROM search_text WHERE field = $1 ORDER BY ALL", [name]).fetchall()
    assert texts_of([]) == "search_text"
    con.close()

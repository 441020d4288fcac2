"""Words cut, counted and sorted by compiled code: what SQL makes of the same texts."""

# ruff: noqa: RUF001 - letters that look alike are what is tried
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpora import commit
from tests.records import article
from warehouse import build, posting_lists, search_index
from warehouse.compiled_choice import is_compiled
from warehouse.sql_files import read_statement
from warehouse.store import DataDirectory

if not is_compiled(search_index.KERNEL):
    pytest.skip("left out: nothing was compiled here, so SQL alone cuts words", allow_module_level=True)

from warehouse.compiled_words import count_words, in_order
from warehouse.posting_lists import merge_lists
from warehouse.words import MACROS, cut_words, read_texts, stems_of

Text = tuple[int, str, str | None]

PIECES = (
    *"aZ09-_ <>&;#/.\n\x00\x7f",
    *("the", "IL-6", "x" * 64, "x" * 65, "é" * 64, "é" * 65, "x" * 60 + "é" * 5),
    *("β", "Β", "ς", "Ω", "µ", "ﬁ", "ß", "ẞ", "İ", "ı", "ſ", "K", "Å", "e\u0301", "\u0301", "=\u0338", "Ǆ"),
    *(
        "±",
        "–",
        "≥",
        "\u2009",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "²",
        "½",
        "Ⅳ",
        "①",
        "٣",
        "抑郁症",
        "депрессия",
        "한국",
        "𝛽",
        "😀",
    ),
    *("&lt;", "&amp;lt;", "&#x2009;", "&beta;", "&amp;#946;", "&eacute;", "&amp;", "R&D", "&#0;", "&#1114112;"),
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the macros that say what a word is, and empty tables of texts and words."""
    con = duckdb.connect()
    for name in MACROS:
        con.execute(read_statement(f"create_{name}"))
    con.execute("CREATE TABLE search_text (pmid BIGINT, field VARCHAR, text VARCHAR)")
    con.execute("CREATE TABLE indexed (pmid BIGINT)")
    yield con
    con.close()


def by_sql(con: duckdb.DuckDBPyConnection, texts: list[Text]) -> list[tuple[str, str, int, int]]:
    """The rows of the index by SQL; the texts are in table `search_text` then."""
    for table in ("search_text", "indexed"):
        con.execute(f"DELETE FROM {table}")
    if texts:
        con.executemany("INSERT INTO search_text VALUES ($1, $2, $3)", [list(text) for text in texts])
    con.execute("INSERT INTO indexed SELECT DISTINCT pmid FROM search_text")
    return con.execute(read_statement("cut_words"), {"first": 0, "last": 99}).fetchall()


def flat(lists: pa.Table) -> list[tuple[str, str, int, int]]:
    """The rows that lists are, in their order; each list begins with the PMID that it says."""
    rows = lists.to_pylist()
    assert [row["first_pmid"] for row in rows] == [row["pmids"][0] for row in rows]
    assert all(len(row["pmids"]) <= posting_lists.LONGEST for row in rows)
    return [
        (row["word"], row["field"], pmid, count)
        for row in rows
        for pmid, count in zip(row["pmids"], row["word_counts"], strict=True)
    ]


def check(con: duckdb.DuckDBPyConnection, texts: list[Text]) -> None:
    """Both ways give the same rows in the same order."""
    expected = by_sql(con, texts)
    assert flat(cut_words(con, read_texts(con, {"first": 0, "last": 99}))) == expected


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [(1, "title", None), (2, "title", "")],
        [(1, "title", "± – ≥"), (2, "title", "\x00 & ; \x7f")],
        [(2, "title", "b a"), (1, "title", "a"), (1, "abstract", "a A á"), (1, "title", "A-a")],
        # A run that SQL splits has words that stand beside it as well, once or more.
        [(1, "title", "5±2 mg, 5±2; 2"), (2, "title", "β-catenin betaβ beta"), (1, "other", "5")],
        *([(number, "title", f"{piece} x{piece}x {piece}{piece}")] for number, piece in enumerate(PIECES)),
    ],
)
def test_words_are_those_of_the_macros(con: duckdb.DuckDBPyConnection, texts: list[Text]) -> None:
    """By citation and field, in the order of the index."""
    check(con, texts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.sampled_from(["abstract", "name", "title"]),
            st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join),
        ),
        max_size=8,
    )
)
def test_words_of_any_texts(con: duckdb.DuckDBPyConnection, texts: list[Text]) -> None:
    """Whatever stands beside whatever."""
    check(con, texts)


def test_more_words_than_there_was_room_for(con: duckdb.DuckDBPyConnection) -> None:
    """Every array grows at least once."""
    dice = random.Random(1)
    numbers = [dice.randrange(60_000) for _ in range(150_000)]
    text = " ".join(f"word{number}" for number in numbers)
    check(con, [(1, "title", text), (2, "title", text[: len(text) // 2])])


def test_ranges_of_words_in_several_files(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The ranges of sorted files, one after the other, are all rows in the order of the index."""
    texts = [(pmid, field, f"a{pmid % 3} b β{pmid} z") for pmid in range(1, 9) for field in ("title", "other")]
    expected = by_sql(con, [*texts])
    paths = [tmp_path / f"{first}.parquet" for first in (1, 5)]
    for path, first in zip(paths, (1, 5), strict=True):
        rows = cut_words(con, read_texts(con, {"first": first, "last": first + 3}))
        pq.write_table(rows, path, row_group_size=3)
    bounds = [None, "a1", "b", "beta5", None]
    merged = [row for low, high in pairwise(bounds) for row in flat(merge_lists(paths, low, high))]
    assert merged == expected


# Endings of Porter's rules and what their conditions ask for, so that made words meet them all.
SYLLABLES = """ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness fulness ousness
aliti iviti biliti logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent sion tion
ou ism ate iti ous ive ize sses ies ss s eed ed ing at bl iz ll zz tt y w x e a i o u b t br qu yy hop fil""".split()  # noqa: SIM905


def test_stems_are_those_of_the_macro(con: duckdb.DuckDBPyConnection) -> None:
    """Words of every rule, and those that stay as they are."""
    dice = random.Random(1)
    words = {"".join(dice.choices(SYLLABLES, k=dice.randint(1, 5))) for _ in range(20_000)}
    words |= {"".join(dice.choices("abehlnosty", k=dice.randint(1, 7))) for _ in range(20_000)}
    words |= {"", "5ht2a", "é", "naïve", "x" * 70, "ies", "eed", "ement", "ational", "sses"}
    con.execute(read_statement("create_search_stem"))
    expected = dict(con.execute("FROM search_stem($1)", [list(words)]).fetchall())
    found = stems_of(pa.array(expected, pa.large_string())).to_pylist()
    assert {row["word"]: row["stem"] for row in found} == expected


def test_both_ways_build_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its parts are sorted in memory or by way of files."""
    monkeypatch.setattr(search_index, "CUT_AT_ONCE", 3)
    monkeypatch.setattr(search_index, "SORTED_AT_ONCE", 20)
    monkeypatch.setattr(search_index, "SORTED_ROW_BYTES", 1 << 50)
    monkeypatch.setattr(search_index, "SAMPLED", 2)
    directory = DataDirectory(tmp_path / "data")
    abstract = "<Abstract><AbstractText>Ketamine {} mg, 5±{} β-{}</AbstractText></Abstract>"
    commit(
        directory, *(article(n, title=f"Crème {n}", parts=(abstract.format(n, n % 3, n), "", "")) for n in range(1, 11))
    )
    found = []
    for way in ("", "numpy"):
        monkeypatch.setenv("CORPUS_READING", way)
        build.publish(directory, afresh=True)
        with duckdb.connect(directory.database, read_only=True) as built:
            tables = ("posting_list", "search_vocabulary", "search_length")
            found.append([built.execute(f"FROM program.{table} ORDER BY rowid").fetchall() for table in tables])
    assert [sorted(rows) for rows in found[0]] == [sorted(rows) for rows in found[1]]
    assert found[0][0] == sorted(found[0][0], key=lambda row: (row[0].encode(), *row[1:3])) == found[1][0]
    assert len(found[0][2]) == 10


def test_places_beyond_an_array_are_refused() -> None:
    """Nothing is read or written there."""
    one = np.array([0], np.int64)
    for borders, order in (([0, 9], [0]), ([0, 1], [1]), ([0, 1], [-1]), ([-5, 1], [0])):
        with pytest.raises(IndexError):
            count_words(b"a", np.array(borders, np.int64), np.array(order, np.int64), np.array([0], np.int32))
    with pytest.raises(IndexError):
        count_words(b"a", np.array([0, 1], np.int64), one, np.array([], np.int32))
    for values in ([3], [-2]):
        with pytest.raises(IndexError):
            in_order(np.array(values, np.int32), 3)

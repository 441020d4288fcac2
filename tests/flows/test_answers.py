"""Answers of `corpus sql` in every format, and where they are written to."""

import io
import json
import os
import stat
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.answers import write_answer, write_values
from warehouse.errors import QueryError, StoreError, UsageError
from warehouse.store import DataDirectory


def answer(sql: str) -> pa.Table:
    """What DuckDB answers."""
    with duckdb.connect() as con:
        return con.sql(sql).to_arrow_table()


def written(sql: str, format_: str) -> str:
    """The answer as text."""
    stream = io.BytesIO()
    write_values(answer(sql), format_, stream)
    return stream.getvalue().decode()


def test_columns_of_one_name_are_all_there() -> None:
    """A join of two tables with `*` has them; each keeps its value."""
    sql = "SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a_1"
    assert written(sql, "table").split()[-7:] == ["1", "│", "2", "│", "3", "│", "4"]
    assert written(sql, "csv") == '"a","a","b","a_1"\n1,2,3,4\n'
    assert json.loads(written(sql, "json")) == {"a": 1, "a_2": 2, "b": 3, "a_1": 4}
    stream = io.BytesIO()
    write_values(answer(sql), "parquet", stream)
    assert pq.read_table(stream).to_pydict() == {"a": [1], "a_2": [2], "b": [3], "a_1": [4]}


def test_json_has_numbers_where_sql_has() -> None:
    """A sum is a HUGEINT, which Arrow gives as a decimal; NaN is not JSON."""
    sql = "SELECT sum(i) AS s, 1.50::DECIMAL(9, 2) AS d, 'nan'::DOUBLE AS n, map {'k': 1} AS m FROM range(4) AS t(i)"
    assert json.loads(written(sql, "json")) == {"s": 6, "d": 1.5, "n": None, "m": {"k": 1}}


def test_csv_takes_every_type() -> None:
    """Bytes and intervals are text, lists and structs JSON."""
    sql = "SELECT '\\xAA'::BLOB AS b, INTERVAL '3 days' AS i, [1, NULL] AS l, {'x': DATE '2026-01-02'} AS s, NULL AS n"
    assert written(sql, "csv") == '"b","i","l","s","n"\n"aa","3 days","[1, null]","{""x"": ""2026-01-02""}",\n'


@pytest.mark.parametrize(("sql", "format_"), [("INTERVAL '1 day'", "parquet"), ("DATE 'infinity'", "json")])
def test_what_a_format_does_not_know_is_one_sentence(sql: str, format_: str) -> None:
    """Not a stack."""
    with pytest.raises(QueryError, match=f"cannot be written as {format_}: .*cast its column to VARCHAR"):
        written(f"SELECT {sql} AS x", format_)


def test_columns_that_do_not_fit_are_drawn_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thing that people ask is `FROM citation LIMIT 1`, with fifty columns."""
    monkeypatch.setenv("COLUMNS", "80")
    columns = ", ".join(f"'a value of some length' AS column_{n}" for n in range(50))
    lines = [line.split(" │ ") for line in written(f"SELECT {columns}", "table").splitlines()]
    assert [name.strip() for name, _ in lines] == [f"column_{n}" for n in range(50)]
    assert {text.strip() for _, text in lines} == {"a value of some length"}


def test_a_title_is_shown_as_it_is() -> None:
    """Rich would make a picture of :pill: and a colour of [red]."""
    assert ":pill: [red]x[/red]" in written("SELECT ':pill: [red]x[/red]' AS title", "table")


def test_a_pipe_is_written_to_and_a_link_followed(tmp_path: Path) -> None:
    """Put in place by a rename, a file would take the place of /dev/null."""
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file.csv"
    os.mkfifo(pipe)
    link.symlink_to(file)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for output in (pipe, link):
        write_answer(answer("SELECT 1 AS a"), "csv", output, DataDirectory(tmp_path / "data"))
    assert os.read(reader, 100) == b'"a"\n1\n'
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()
    assert file.read_text() == '"a"\n1\n'


@pytest.mark.parametrize("name", ["corpus.duckdb", "refresh.lock", "parquet/run=1/citation.parquet", "staging/x"])
def test_an_answer_does_not_take_the_place_of_the_corpus(name: str, tmp_path: Path) -> None:
    """`-o data/corpus.duckdb` would be the end of it."""
    output = tmp_path / "other" / ".." / name
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="that is a file of the corpus itself"):
        write_answer(answer("SELECT 1"), "csv", output, DataDirectory(tmp_path))


def test_what_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    """Neither whole nor in part."""
    with pytest.raises(QueryError):
        write_answer(
            answer("SELECT INTERVAL '1 day'"), "parquet", tmp_path / "x.parquet", DataDirectory(tmp_path / "d")
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="left out: this system has no /dev/full")
def test_a_full_disk_is_no_wrong_usage(tmp_path: Path) -> None:
    """Exit code 1, not 2."""
    with pytest.raises(StoreError, match="-o /dev/full: the disk is full; make room, and run it again"):
        write_answer(answer("SELECT 1"), "csv", Path("/dev/full"), DataDirectory(tmp_path))

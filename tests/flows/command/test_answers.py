"""Answers of `corpus sql` in every format, and where they go."""

import io
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.command.answers import read_ends, write_answer, write_values
from warehouse.errors import QueryError, StoreError, UsageError
from warehouse.store import DataDirectory


def answer(sql: str) -> pa.RecordBatchReader:
    """What DuckDB answers."""
    with duckdb.connect() as con:
        return con.sql(sql).to_arrow_table().to_reader()


def written(sql: str, format_: str) -> str:
    """The answer as text."""
    stream = io.BytesIO()
    write_values(answer(sql), format_, stream)
    return stream.getvalue().decode()


def test_columns_of_one_name_are_all_there() -> None:
    """A `*` over a join has such columns; each keeps its value."""
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
    """A rename would replace /dev/null by a file."""
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


@pytest.mark.parametrize(
    "name",
    [
        "corpus.duckdb",
        "corpus.duckdb.wal",
        "corpus.duckdb.wal.checkpoint",
        "refresh.lock",
        "parquet/run=1/citation.parquet",
        "prefect/prefect.db",
        "staging/x",
    ],
)
def test_an_answer_does_not_take_the_place_of_the_corpus(name: str, tmp_path: Path) -> None:
    """`-o data/corpus.duckdb` would be the end of it."""
    output = tmp_path / "other" / ".." / name
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="that is a file of the corpus itself"):
        write_answer(answer("SELECT 1"), "csv", output, DataDirectory(tmp_path))


def test_a_table_shows_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    """A title may hold any character that XML may hold; CSV and JSON have it as it is."""
    write_answer(
        answer("SELECT chr(27) || '[31mred' || chr(155) || '31m' AS a, chr(8238) || 'abc' || chr(10) || 'd' AS b"),
        "table",
        tmp_path / "out",
        DataDirectory(tmp_path / "d"),
    )
    drawn = (tmp_path / "out").read_text()
    assert "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}31m" in drawn
    assert not {"\x1b", "\x9b", "\u202e"} & set(drawn)


def test_a_link_in_the_place_of_the_unfinished_file_is_not_written_through(tmp_path: Path) -> None:
    """It would be the end of what it points to."""
    (tmp_path / "kept").write_text("kept")
    (tmp_path / f".out.csv.{os.getpid()}.unfinished").symlink_to(tmp_path / "kept")
    write_answer(answer("SELECT 1 AS a"), "csv", tmp_path / "out.csv", DataDirectory(tmp_path / "d"))
    assert (tmp_path / "kept").read_text() == "kept"


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


def test_of_many_rows_the_first_and_the_last_are_drawn_with_their_number() -> None:
    """Three hundred thousand rows took 22 seconds to draw."""
    stream = io.BytesIO()
    write_values(answer("SELECT range AS n FROM range(12345)"), "table", stream, rows=5)
    *drawn, told = stream.getvalue().decode().splitlines()
    assert [line.strip() for line in drawn[2:]] == ["0", "1", "2", "…", "12343", "12344"]
    assert told == "12,345 rows, of which the first 3 and the last 2 are shown; --rows shows more, --format csv all."
    assert written("SELECT range AS n FROM range(40)", "table").split()[-1] == "39"


def test_of_many_long_values_only_what_is_shown_is_kept() -> None:
    """However many rows a table may have; one batch is cut before the next one comes."""
    held = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(20):
            held.append(pa.total_allocated_bytes())
            yield pa.record_batch({"n": pa.array([number] * 2048), "x": pa.array(["é" * 10_000] * 2048)})

    schema = pa.schema([("n", pa.int64()), ("x", pa.string())])
    before = pa.total_allocated_bytes()
    first, last, count = read_ends(pa.RecordBatchReader.from_batches(schema, batches()), 2000)
    assert (count, len(first), len(last)) == (20 * 2048, 1000, 1000)
    assert {row[1] for row in first + last} == {"é" * 2_500 + "… (10,000 letters)"}
    assert (first[0][0], first[-1][0], last[0][0], last[-1][0]) == ("0", "0", "19", "19")
    assert max(held) - before < 3 * 2048 * 20_000


def test_the_ends_of_an_answer_are_right_whatever_its_batches() -> None:
    """Smaller than half a table, larger, and empty."""
    for sizes in ([0], [1], [3, 1, 0, 2], [5, 0, 5], [1] * 12, [30], [2, 30, 1]):
        numbers = list(range(sum(sizes)))
        rest = iter(numbers)
        batches = [pa.record_batch({"n": pa.array([next(rest) for _ in range(size)], pa.int64())}) for size in sizes]
        first, last, count = read_ends(pa.RecordBatchReader.from_batches(batches[0].schema, batches), 7)
        expected = numbers if len(numbers) <= 7 else [*numbers[:4], *numbers[-3:]]
        assert ([int(row[0]) for row in first + last], count) == (expected, len(numbers))


def test_a_value_of_many_letters_is_drawn_in_part() -> None:
    """With its length; the other formats have it whole."""
    assert "(1,000,000 letters)" in written("SELECT repeat('x', 1000000) AS x", "table")
    assert len(written("SELECT repeat('x', 1000000) AS x", "csv")) > 1_000_000


def test_parquet_is_written_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group ends when its rows are many bytes, so no answer is held whole; without rows, the columns are there."""
    monkeypatch.setattr("flows.command.answers.GROUP_BYTES", 1)
    with duckdb.connect() as con:
        batches = con.sql("SELECT range AS n FROM range(5000)").to_arrow_reader(2048)
        stream = io.BytesIO()
        write_values(batches, "parquet", stream)
    assert pq.ParquetFile(stream).num_row_groups == 3
    assert pq.read_table(stream)["n"].to_pylist() == list(range(5000))
    stream = io.BytesIO()
    write_values(answer("SELECT 1 AS a WHERE false"), "parquet", stream)
    assert pq.read_table(stream).schema.names == ["a"]


def test_an_answer_that_fails_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    """What was written of it is gone, and the earlier file is still there."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]})
        raise QueryError("The question was stopped after 1 s.")

    (tmp_path / "x.csv").write_text("before")
    failing = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
    with pytest.raises(QueryError, match="stopped after 1 s"):
        write_answer(failing, "csv", tmp_path / "x.csv", DataDirectory(tmp_path / "data"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


DOI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_identifier_is_cut(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Side by side, texts get what the identifiers leave; otherwise each row is drawn downwards."""
    monkeypatch.setenv("COLUMNS", str(width))
    for columns in (
        f"'{DOI}' AS doi",
        f"12345678 AS pmid, '{DOI}' AS doi, 'A title of words that goes on' AS title",
    ):
        table = written(f"SELECT {columns}", "table")
        assert DOI in table
        assert max(map(len, table.splitlines())) <= width
    assert "title" in table.splitlines()[2] if width == 60 else "title" in table.splitlines()[0]


def test_a_long_text_is_drawn_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """An abstract beside other columns would be a tower of words."""
    monkeypatch.setenv("COLUMNS", "80")
    table = written("SELECT 1 AS pmid, repeat('word ', 300) AS abstract", "table")
    assert [line.split("│")[0].strip() for line in table.splitlines()[:2]] == ["pmid", "abstract"]

"""The DuckDB file is built beside the published one, and readers never wait."""

import os
from pathlib import Path

import duckdb
import pytest

from tests.corpora import commit, select
from tests.records import article
from warehouse import build, check
from warehouse.check import check_all
from warehouse.current import limit, memory_of, open_memory
from warehouse.errors import CheckError, QueryError, StoreError, UsageError
from warehouse.query import ask, open_published, read_status
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    """A data directory with two records published."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, article(1, title="One."), article(2, title="Two."))
    build.publish(directory)
    return directory


def test_every_table_column_and_view_is_there_with_its_comment(directory: DataDirectory) -> None:
    """People read the comments before they read the README."""
    names = {table.name for table in TABLES.values() if not table.is_raw}
    assert {row[0] for row in select(directory, "SELECT table_name FROM duckdb_tables()")} == names
    assert select(directory, "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL") == [(0,)]
    without = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    assert select(directory, without) == []
    assert select(directory, "SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL") == []
    macros = "SELECT count(*) FROM duckdb_functions() WHERE NOT internal AND comment IS NULL"
    assert select(directory, macros) == [(0,)]


def test_a_later_run_replaces_all_rows_of_its_citations(directory: DataDirectory) -> None:
    """And leaves those of other citations alone."""
    commit(directory, article(2, title="Two again.").replace("<Language>eng</Language>", "<Language>fre</Language>"))
    build.publish(directory)
    assert select(directory, "SELECT pmid, article_title FROM citation ORDER BY 1") == [(1, "One."), (2, "Two again.")]
    assert select(directory, "SELECT pmid, language FROM language ORDER BY 1") == [(1, "eng"), (2, "fre")]


def test_a_reader_keeps_its_snapshot_while_the_next_file_is_published(directory: DataDirectory) -> None:
    """Neither waits, neither fails."""
    with duckdb.connect(directory.database, read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM citation").fetchall() == [(2,)]
        commit(directory, article(3))
        build.publish(directory)
        assert reader.execute("SELECT count(*) FROM citation").fetchall() == [(2,)]
    assert select(directory, "SELECT count(*) FROM citation") == [(3,)]


def test_a_check_that_fails_leaves_the_old_file_published(directory: DataDirectory) -> None:
    """The run's accounts do not add up: it asked for more than it can account for."""
    commit(directory, article(3), requested=2)
    with pytest.raises(CheckError, match=r"Every PMID that a run asked for has its one outcome.*nothing was published"):
        build.publish(directory)
    assert select(directory, "SELECT count(*) FROM citation") == [(2,)]
    assert not list(directory.staging.glob("corpus-*"))


def test_what_killed_processes_spilled_is_removed_after_a_day(tmp_path: Path) -> None:
    """A step that only reads may be at work beside a publish."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, article(1))
    folders = [directory.staging / f"report-{number}.spill" for number in range(2)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_block-0.block").touch()
    os.utime(folders[0], (0, 0))
    build.publish(directory)
    assert list(directory.staging.iterdir()) == folders[1:]


def test_a_parquet_file_that_is_damaged_is_one_sentence(directory: DataDirectory) -> None:
    """And the old file stays."""
    folder = commit(directory, article(3))
    (folder / "author.parquet").write_bytes(b"PAR1 no longer")
    with pytest.raises(StoreError, match="author"):
        build.publish(directory)
    assert select(directory, "SELECT count(*) FROM citation") == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY citation TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "DELETE FROM citation",
        "CREATE TABLE x (i INT)",
    ],
)
def test_a_question_reaches_nothing_but_the_corpus(directory: DataDirectory, sql: str) -> None:
    """No file, no network, no setting, no change."""
    con = open_published(directory)
    with pytest.raises(QueryError):
        ask(con, sql)
    con.close()


def test_an_error_in_a_question_is_a_sentence_with_its_position(directory: DataDirectory) -> None:
    """Without DuckDB's own stack."""
    con = open_published(directory)
    with pytest.raises(QueryError, match=r"titel.*\(line 1, column 8: ") as caught:
        ask(con, "SELECT titel FROM article")
    assert "\n" not in str(caught.value)
    with pytest.raises(QueryError, match="One statement at a time: these are 2"):
        ask(con, "SELECT 1; SELECT 2")
    con.close()


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT " + "1, " * 200 + "titel FROM article", "line 1, column 608: "),
        ("SELECT '漢字', titel FROM article", r"line 1, column 14: SELECT '漢字', titel FROM article\)"),
        ("SELECT 1,\n\ttitel\nFROM article", r"line 2, column 2: titel\)"),
    ],
)
def test_the_position_is_counted_in_lines_and_letters(directory: DataDirectory, sql: str, place: str) -> None:
    """DuckDB's own picture of it cuts long lines, and counts wide letters and tabs as several."""
    con = open_published(directory)
    with pytest.raises(QueryError, match=place):
        ask(con, sql)
    con.close()


def test_a_run_that_has_lost_its_name_is_said(directory: DataDirectory) -> None:
    """It would silently count for nothing."""
    (directory.parquet / "20261124T120000Z-0000").mkdir()
    (directory.parquet / ".DS_Store").touch()
    (said,) = check_all(directory)
    assert "20261124T120000Z-0000 is not read: the name of a run begins with run=" in said


def test_a_corpus_that_is_not_there_yet_is_said(tmp_path: Path) -> None:
    """With what to run first."""
    with pytest.raises(StoreError, match="run `corpus refresh` or `corpus ingest` first"):
        open_published(DataDirectory(tmp_path))


def test_the_status_has_counts_the_last_run_and_sizes(directory: DataDirectory) -> None:
    """For people and for scripts."""
    status = read_status(directory)
    assert (status["citations"], status["citations_by_source"], status["owed"]) == (2, {"file": 2}, [])
    assert status["last_run"]["run_kind"] == "ingest"
    assert status["database_bytes"] > 0
    assert status["parquet_bytes"] > 0


ENDLESS = "SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b WHERE a.range * b.range % 7 = 3"


def test_a_question_that_takes_too_long_is_stopped(directory: DataDirectory) -> None:
    """The connection can then be used again."""
    con = open_published(directory)
    with pytest.raises(QueryError, match=r"stopped after 0\.2 s; ask for less, or allow more with --timeout"):
        ask(con, ENDLESS, seconds=0.2)
    assert ask(con, "SELECT 1 AS one", seconds=60).to_pylist() == [{"one": 1}]
    con.close()


def test_a_question_that_takes_too_much_memory_is_refused(directory: DataDirectory) -> None:
    """Nothing is written to disk instead."""
    con = open_published(directory, memory="100MB")
    with pytest.raises(QueryError, match="needs more memory than it may have"):
        ask(con, "SELECT list(range) FROM range(100000000)")
    con.close()
    with pytest.raises(UsageError, match="write a size such as 500MB"):
        open_published(directory, memory="1GB'; SELECT '1")


def test_a_statement_of_the_program_may_write_what_memory_does_not_hold(
    directory: DataDirectory, tmp_path: Path
) -> None:
    sql = "SELECT count(*) FROM (SELECT DISTINCT range AS n FROM range(6000000))"
    con = open_published(directory, memory="60MB")
    with pytest.raises(QueryError, match="needs more memory"):
        ask(con, sql)
    con.close()
    con = open_published(directory, memory="60MB", spill=tmp_path / "spill")
    assert ask(con, sql).to_pylist() == [{"count_star()": 6_000_000}]
    con.close()


@pytest.mark.parametrize(
    ("threads", "memory_mb", "size", "expected"),
    [(None, None, 0, 160), (1, None, 0, 160), (3, None, 0, 240), (3, None, 800_000_000, 340), (3, 300, None, 300)],
)
def test_duckdb_takes_what_its_threads_and_keys_need(
    tmp_path: Path, threads: int | None, memory_mb: int | None, size: int | None, expected: int
) -> None:
    """Unless the directory says how much."""
    with open_memory() as con:
        con.execute("SET threads = 2")
        limit(con, DataDirectory(tmp_path, threads, memory_mb), size)
        ((found, memory),) = con.execute(
            "SELECT current_setting('threads'), current_setting('memory_limit')"
        ).fetchall()
    assert found == (threads or 2)
    assert memory.endswith("MiB")
    assert float(memory.split()[0]) == pytest.approx(expected * 1e6 / 2**20, abs=0.1)


@pytest.mark.parametrize(("own_mb", "memory_mb", "expected"), [(3200, None, 1000), (320, None, 160), (3200, 200, 200)])
def test_a_build_afresh_takes_a_quarter_of_memory(
    tmp_path: Path, own_mb: int, memory_mb: int | None, expected: int
) -> None:
    """DuckDB's own limit is four fifths, shown to a tenth of a GiB."""
    with open_memory() as con:
        con.execute("SET threads = 2")
        con.execute(f"SET memory_limit = '{own_mb}MB'")
        limit(con, DataDirectory(tmp_path, None, memory_mb), 0, sorts_all=True)
        assert memory_of(con) == pytest.approx(expected * 1e6, rel=0.05)


def test_a_check_knows_a_file_of_another_version(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables may differ, which is no damage."""
    assert list(check_all(directory)) == []
    monkeypatch.setattr(check, "facts_of", lambda _: {"definition_sha256": "another", "rebuilt": ""})
    sentence = f"Another version of this program published {directory.database}; `corpus rebuild` builds it afresh."
    assert list(check_all(directory)) == [sentence]

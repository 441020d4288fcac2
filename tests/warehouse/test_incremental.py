"""A file that was updated has the content of one that was built from scratch."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import pytest

from flows.runs.rebuild import rebuild
from tests.corpora import commit
from tests.records import article
from tests.warehouse.histories import History, read_tables
from warehouse import build, compact, fill, portions, search_index
from warehouse.check import compare
from warehouse.current import rows_of_files
from warehouse.errors import CheckError, StoreError
from warehouse.portions import PmidRange
from warehouse.schema.citation import CITATION
from warehouse.schema.declaration import Table
from warehouse.schema.ledger import DELETED_CITATION, RUN
from warehouse.schema.members import MEMBER
from warehouse.state import open_state
from warehouse.store import DataDirectory, run_folders, write_sums


@pytest.fixture
def _always_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small runs are a large part of the whole here, so do what large ones need."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    monkeypatch.setattr(portions, "KEYS_AT_ONCE", 2)
    monkeypatch.setattr(portions, "DESCRIBED_AT_ONCE", 2)
    monkeypatch.setattr(search_index, "TAKEN_AT_ONCE", 3)
    monkeypatch.setattr(search_index, "NOTES_AT_ONCE", 1)
    monkeypatch.setattr(search_index, "ROWS_A_NOTE", 2)
    monkeypatch.setattr(portions, "NOTES_KEPT", 0)
    monkeypatch.setattr(fill, "COMPARED_AT_ONCE", 1)
    monkeypatch.setattr(fill, "LISTED_AT_ONCE", 3)


def assert_same_content(directory: DataDirectory, other: Path) -> None:
    """The published file and one that is built from scratch have the same rows in every table."""
    build.build(directory, other)
    published, afresh = read_tables(directory.database), read_tables(other)
    for name, table in afresh.items():
        assert table.to_pylist() == published[name].to_pylist(), name
    assert list(compare(directory.database, other)) == []


def test_a_check_finds_what_is_wrong_with_a_list(tmp_path: Path) -> None:
    """A citation that is not there, and an order that is not that of PMIDs."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, *(article(pmid) for pmid in (1, 2)))
    build.publish(directory)
    for change, found in (("[1, 3]", "other ones"), ("[2, 1]", "a list out of order")):
        other = tmp_path / "other.duckdb"
        shutil.copyfile(directory.database, other)
        with duckdb.connect(other) as con:
            con.execute(f"UPDATE program.posting_list SET pmids = {change} WHERE word = 'ketamine'")
        assert [found in said for said in compare(other, directory.database)] == [True], change


@pytest.mark.usefixtures("_always_up_to_date")
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_of_building_give_the_same_content(tmp_path: Path, seed: int) -> None:
    """After any history of new, revised and deleted citations, links, members and seed pages."""
    history = History(DataDirectory(tmp_path / "data"), Random(seed))
    for _ in range(6):
        for _ in range(history.random.choice([1, 1, 2, 3])):
            history.commit_random_run()
        build.publish(history.directory)
    assert_same_content(history.directory, tmp_path / "afresh.duckdb")
    with duckdb.connect(tmp_path / "afresh.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) > 0 FROM program.citation_past").fetchall() == [(True,)]
        assert con.execute("SELECT count(*) > 0 FROM change WHERE table_name = 'link'").fetchall() == [(True,)]


def test_small_portions_of_many_files_give_the_same_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portion of a baseline opens a few files; wherever rows lie, none is lost or repeated."""
    history = History(DataDirectory(tmp_path / "data"), Random(7))
    for _ in range(8):
        history.commit_random_run()
    build.publish(history.directory)
    opened: list[tuple[int, int]] = []

    def note(table: Table, files: list[str], *, is_restricted: bool) -> str:
        opened.append((len(files), len(list(history.directory.parquet.glob(f"*/{table.name}.parquet")))))
        return rows_of_files(table, files, is_restricted=is_restricted)

    monkeypatch.setattr(portions, "rows_of_files", note)
    monkeypatch.setattr(portions, "SORTED_SHARE", 1 << 60)
    monkeypatch.setattr(portions, "PORTION_BYTES", 3_000)
    assert_same_content(history.directory, tmp_path / "small.duckdb")
    assert sum(there for there, _ in opened) < sum(all_files for _, all_files in opened)


@pytest.mark.parametrize(
    ("part", "first", "last", "is_touched"),
    [
        (PmidRange(10, 20), 11, 30, True),
        (PmidRange(10, 20), 1, 10, False),
        (PmidRange(10, 20), 1, 11, True),
        (PmidRange(10, 20), 20, 30, True),
        (PmidRange(10, 20), 21, 30, False),
        (PmidRange(None, 20), 21, 30, False),
        (PmidRange(10, None), 1, 10, False),
        (PmidRange(10, 20), None, None, True),
    ],
)
def test_a_file_is_read_for_a_portion_if_its_range_touches_it(
    part: PmidRange, first: int | None, last: int | None, *, is_touched: bool
) -> None:
    """A range excludes its lower bound and includes its upper one; a file without statistics is read."""
    assert part.touches(first, last) == is_touched


@pytest.mark.parametrize("is_published", [True, False])
def test_what_holds_is_the_same_read_once_or_each_time(tmp_path: Path, *, is_published: bool) -> None:
    """Over a published file and runs that it has not seen, and over runs alone."""
    history = History(DataDirectory(tmp_path / "data"), Random(3))
    for number in range(6):
        history.commit_random_run()
        if is_published and number == 2:
            build.publish(history.directory)
    tables = (CITATION, DELETED_CITATION, MEMBER, RUN)
    answers = []
    for is_asked_often in (False, True):
        with open_state(history.directory, tables, is_followed=True, is_asked_often=is_asked_often) as con:
            if is_asked_often:
                shutil.rmtree(history.directory.parquet)
            answers.append([con.execute(f"FROM state.{table.name} ORDER BY ALL").fetchall() for table in tables])
    assert answers[0] == answers[1]
    assert all(answers[0])


# Later than the clock of whoever runs the test: then a compaction does not affect later run ids.
LATER = datetime(2100, 1, 1, 2, tzinfo=UTC)


@pytest.mark.usefixtures("_always_up_to_date")
@pytest.mark.parametrize("keep", ["all", "last"])
@pytest.mark.parametrize("seed", range(2))
def test_upkeep_between_the_runs_leaves_no_trace(tmp_path: Path, seed: int, keep: str) -> None:
    """Compactions and rebuilds anywhere in a history, and the tables are those of one that never saw any."""
    kept_up, plain = (History(DataDirectory(tmp_path / name), Random(seed), clock=LATER) for name in ("kept", "plain"))
    dice = Random(seed)
    upkeep = ["compact", "rebuild"] * 2
    dice.shuffle(upkeep)
    for step in upkeep:
        for _ in range(dice.choice([1, 2, 3])):
            kept_up.commit_random_run()
            plain.commit_random_run()
        if step == "compact":
            plan = compact.plan_compaction(kept_up.directory, keep=keep, now=kept_up.clock)
            compact.compact(kept_up.directory, plan, now=kept_up.clock)
            assert len(run_folders(kept_up.directory)) == 1
        elif step == "rebuild":
            damaged = damage_languages(kept_up.directory) if keep == "all" else []
            assert rebuild(kept_up.directory).damaged == damaged
        build.publish(kept_up.directory)
    build.publish(plain.directory, afresh=True)
    assert_same_content(kept_up.directory, tmp_path / "afresh.duckdb")
    assert read_tables(kept_up.directory.database) == read_tables(plain.directory.database)


def damage_languages(directory: DataDirectory) -> list[str]:
    """Damage the languages of every folder, so that a rebuild has something to do; the files."""
    files = [folder / "language.parquet" for folder in run_folders(directory)]
    files = [file for file in files if file.exists()]
    for file in files:
        file.write_bytes(file.read_bytes()[:-1])
    return list(map(str, files))


@pytest.mark.usefixtures("_always_up_to_date")
def test_a_copy_is_brought_up_to_date_where_it_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building a large corpus from scratch takes minutes."""
    history = History(DataDirectory(tmp_path / "data"), Random(1))
    history.commit_random_run()
    build.publish(history.directory)
    history.commit_random_run()
    assert build.runs_to_add(history.directory)
    monkeypatch.delattr(build, "build")
    build.publish(history.directory)
    assert build.runs_to_add(history.directory) == frozenset()


@pytest.mark.usefixtures("_always_up_to_date")
@pytest.mark.parametrize("reason", ["no file", "no database", "other rules", "many runs", "an old run"])
def test_the_file_is_built_afresh_where_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """No file, one that cannot be read, one built by other rules, or of runs that are no longer there."""
    directory = DataDirectory(tmp_path / "data")
    history = History(directory, Random(2))
    first = history.commit_random_run()
    history.commit_random_run()
    build.publish(directory)
    assert build.runs_to_add(directory) == frozenset()
    if reason == "no file":
        directory.database.unlink()
    elif reason == "no database":
        directory.database.write_bytes(b"not a database" * 1000)
    elif reason == "other rules":
        monkeypatch.setattr(build, "STORAGE_VERSION", "latest")
    elif reason == "many runs":
        for _ in range(build.MOST_NEW_RUNS + 1):
            history.commit_random_run()
    else:
        first.rename(tmp_path / "first")
        build.publish(directory, afresh=True)
        (tmp_path / "first").rename(first)
    assert build.runs_to_add(directory) is None
    monkeypatch.delattr(build, "bring_up_to_date")
    monkeypatch.undo()
    build.publish(directory)
    assert_same_content(directory, tmp_path / "afresh.duckdb")


@pytest.mark.usefixtures("_always_up_to_date")
def test_a_check_that_fails_leaves_the_old_file_also_when_it_is_brought_up_to_date(tmp_path: Path) -> None:
    """And names the rows."""
    directory = DataDirectory(tmp_path / "data")
    history = History(directory, Random(3))
    history.commit_random_run()
    build.publish(directory)
    before = directory.database.read_bytes()
    folder = history.commit_random_run()
    (folder / "request.parquet").unlink()
    write_sums(folder)
    with pytest.raises(CheckError, match=r"Every PMID that a run asked for.*Found: \[\('2026"):
        build.publish(directory)
    assert directory.database.read_bytes() == before
    assert not list(directory.staging.glob("corpus-*"))


def test_a_run_that_is_lost_is_named_and_not_left_out_silently(tmp_path: Path) -> None:
    """The published file still has its rows; only `corpus rebuild` goes on without it."""
    directory = DataDirectory(tmp_path / "data")
    history = History(directory, Random(2))
    history.commit_random_run()
    lost = history.commit_random_run()
    build.publish(directory)
    before = directory.database.read_bytes()
    lost.rename(tmp_path / "lost")
    history.commit_random_run()
    with pytest.raises(StoreError, match=rf"Run {lost.name.removeprefix('run=')} is in .* put its folder back"):
        build.publish(directory)
    assert directory.database.read_bytes() == before
    build.publish(directory, afresh=True)
    assert_same_content(directory, tmp_path / "afresh.duckdb")


@pytest.mark.usefixtures("_always_up_to_date")
def test_what_duckdb_cannot_bring_up_to_date_is_built_from_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of DuckDB in a statement of an update does not stop tomorrow's run; it is said."""
    directory = DataDirectory(tmp_path / "data")
    commit(directory, article(1, title="One"))
    build.publish(directory)
    commit(directory, article(2, title="Two"))

    def fail(*_: object) -> None:
        raise duckdb.InternalException("INTERNAL Error: dictionary\nStack trace")

    monkeypatch.setattr(build, "bring_up_to_date", fail)
    said: list[str] = []
    assert build.publish(directory, say=said.append)["citation"] == 2
    assert "INTERNAL Error: dictionary); it was built from scratch." in said[-1]
    with duckdb.connect(directory.database, read_only=True) as con:
        assert con.execute("SELECT pmid FROM search('two')").fetchall() == [(2,)]

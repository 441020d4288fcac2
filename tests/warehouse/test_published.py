"""Readers see what the runs say, whatever another program does to the published file or leaves beside it.

The other programs are real processes: DuckDB's locks are not seen within one.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.corpora import commit
from tests.records import article
from warehouse import build, published
from warehouse.check import check_all
from warehouse.drift import measure_published
from warehouse.errors import StoreError
from warehouse.published import check_ownership
from warehouse.query import open_published
from warehouse.store import DataDirectory

EDIT = "UPDATE citation SET article_title = 'Edited.' WHERE pmid = 1; DELETE FROM citation WHERE pmid = 2"

# A program that opens the file and runs a statement per line; an empty line kills it.
SESSION = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("PRAGMA disable_checkpoint_on_shutdown")
print("open", flush=True)
for line in sys.stdin:
    if not line.strip():
        os._exit(9)
    try:
        con.execute(line)
        print("done", flush=True)
    except duckdb.Error as exc:
        print(str(exc).splitlines()[0], flush=True)
"""


class Session:
    """Another program that has the published file open for writing."""

    def __init__(self, database: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SESSION, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.answer() == "open"

    def answer(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def run(self, sql: str) -> str:
        """What it says of a statement."""
        assert self.process.stdin
        self.process.stdin.write(f"{sql}\n")
        self.process.stdin.flush()
        return self.answer()

    def die(self) -> None:
        """End without a checkpoint."""
        self.process.communicate("\n")


Open = Callable[[], Session]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """A data directory with two citations published, and a third one committed."""
    directory = DataDirectory(tmp_path_factory.mktemp("pristine") / "data")
    commit(directory, article(1, title="One."), article(2, title="Two."))
    build.publish(directory)
    commit(directory, article(3, title="Three."))
    return directory


@pytest.fixture
def directory(pristine: DataDirectory, tmp_path: Path) -> DataDirectory:
    """A copy of it, which is not an edit: inodes and times differ, bytes do not."""
    return DataDirectory(shutil.copytree(pristine.root, tmp_path / "data"))


@pytest.fixture
def open_session(directory: DataDirectory) -> Iterator[Open]:
    """Opens the published file in another program, as root or after a chmod; none outlives the test."""
    sessions: list[Session] = []

    def start() -> Session:
        directory.database.chmod(0o644)
        sessions.append(Session(directory.database))
        return sessions[-1]

    yield start
    for session in sessions:
        session.process.kill()
        session.process.communicate()


def titles(directory: DataDirectory) -> list[str]:
    """The titles that any DuckDB client sees."""
    with duckdb.connect(directory.database, read_only=True) as con:
        return [title for (title,) in con.execute("SELECT article_title FROM citation ORDER BY pmid").fetchall()]


def publish(directory: DataDirectory, *, afresh: bool = False) -> list[str]:
    """Publish; the sentences that a person sees."""
    said: list[str] = []
    build.publish(directory, afresh=afresh, say=said.append)
    return said


def wal(directory: DataDirectory) -> Path:
    """Where DuckDB puts the WAL."""
    return directory.root / "corpus.duckdb.wal"


def test_the_file_is_published_read_only_and_replaced_all_the_same(directory: DataDirectory) -> None:
    """Mode 0444 keeps every program except root's from opening it for writing."""
    assert publish(directory) == []
    assert stat.S_IMODE(directory.database.stat().st_mode) == 0o444
    assert titles(directory) == ["One.", "Two.", "Three."]
    assert sorted(p.name for p in directory.root.iterdir()) == ["corpus.duckdb", "parquet", "published.json", "staging"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_open_it_for_writing(directory: DataDirectory) -> None:
    """And can read it; the test's own folders are opened to that user."""
    shared = Path(f"/tmp/corpus-published-{os.getpid()}")  # noqa: S108 - pytest's own folders are root's alone
    shared.mkdir()
    shutil.copy2(directory.database, shared)
    shared.chmod(0o777)
    open_it = "import os, duckdb; os.setuid(65534); duckdb.connect({!r}, read_only={}).execute('FROM citation')"
    try:
        codes = [
            subprocess.run(
                [sys.executable, "-c", open_it.format(str(shared / "corpus.duckdb"), is_reader)],
                capture_output=True,
                check=False,
                cwd="/",
            ).returncode
            for is_reader in (True, False)
        ]
    finally:
        shutil.rmtree(shared)
    assert codes == [0, 1]


@pytest.mark.parametrize("ending", [".wal", ".wal.checkpoint", ".wal.recovery"])
def test_a_wal_that_was_left_is_removed_and_named(directory: DataDirectory, open_session: Open, ending: str) -> None:
    """DuckDB would replay it over the next file: one title would read Edited, and one citation be gone."""
    session = open_session()
    assert session.run(EDIT) == "done"
    session.die()
    left = wal(directory).rename(directory.root / f"corpus.duckdb{ending}")
    (sentence,) = publish(directory)
    assert sentence == (
        f"Another program opened {directory.database} for writing and left {left}; it was removed, "
        "and what it held is not in the corpus."
    )
    assert titles(directory) == ["One.", "Two.", "Three."]
    assert list(check_ownership(directory)) == []


def test_our_own_readers_refuse_a_file_with_a_wal_beside_it(directory: DataDirectory, open_session: Open) -> None:
    """DuckDB replays it in memory, also read-only; `corpus check` compares by a name that has none."""
    session = open_session()
    session.run(EDIT)
    session.die()
    assert titles(directory) == ["Edited."]
    with pytest.raises(StoreError, match=r"left .*corpus\.duckdb\.wal; run `corpus refresh`"):
        open_published(directory)
    assert published.own_published(directory) is None
    assert measure_published(directory) == {}
    directory.database.chmod(0o444)
    shutil.rmtree(max(directory.parquet.iterdir()))
    assert list(check_all(directory)) == [
        f"Another program opened {directory.database} for writing and left {wal(directory)}; run `corpus rebuild`."
    ]


def test_an_edit_that_was_checkpointed_is_named_and_built_over(
    directory: DataDirectory, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next file would have carried it on."""
    session = open_session()
    session.run(EDIT)
    assert session.run("CHECKPOINT") == "done"
    session.die()
    sentence = f"{directory.database} is not as it was published: another program wrote to it, or replaced it"
    with pytest.raises(StoreError, match="is not as it was published"):
        open_published(directory)
    troubles = list(check_ownership(directory))
    assert f"{sentence}; run `corpus rebuild`." in troubles
    assert f"{directory.database} can be written to (mode 644); run `chmod 444 {directory.database}`." in troubles
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    monkeypatch.setattr(build, "bring_up_to_date", None)
    (said,) = publish(directory)
    assert said.endswith("another program wrote to it, or replaced it. It is built afresh from the runs.")
    assert titles(directory) == ["One.", "Two.", "Three."]
    assert list(check_all(directory)) == []


@pytest.mark.parametrize("before", ["", EDIT, f"{EDIT}; CHECKPOINT"])
def test_a_session_that_stays_open_over_a_publish_commits_nothing_to_the_new_file(
    directory: DataDirectory, open_session: Open, before: str
) -> None:
    """Whether or not it had written before; its WAL would lie beside a file that it never saw."""
    session = open_session()
    if before:
        assert session.run(before) == "done"
    said = publish(directory)
    assert f"Process {session.process.pid} (" in said[-1]
    assert "has an earlier" in said[-1]
    for sql in ("DELETE FROM citation WHERE pmid = 1", "CHECKPOINT", "DELETE FROM citation", "DELETE FROM author"):
        session.run(sql)
        assert titles(directory) == ["One.", "Two.", "Three."]
    assert "Failed to commit" in session.run("CREATE TABLE other (i INT)")
    open_published(directory).close()
    (trouble,) = check_ownership(directory)
    assert f"Process {session.process.pid} (" in trouble
    (again,) = publish(directory)
    assert "has an earlier" in again
    assert "Failed to commit" in session.run("CREATE TABLE other (i INT)")
    session.die()
    assert titles(directory) == ["One.", "Two.", "Three."]
    assert publish(directory) == []
    assert sorted(p.name for p in directory.root.iterdir()) == ["corpus.duckdb", "parquet", "published.json", "staging"]
    assert list(directory.staging.iterdir()) == []
    assert list(check_ownership(directory)) == []


def test_no_wal_can_be_made_while_one_file_replaces_another(
    directory: DataDirectory, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that opens the old file just before would commit beside the new one."""
    sessions: list[Session] = []
    seen: list[str] = []
    allow_wal = published.allow_wal

    def open_late(directory: DataDirectory) -> None:
        keep_earlier(directory)
        sessions.append(open_session())

    def look(directory: DataDirectory, say: published.Say) -> None:
        seen.append(sessions[0].run("DELETE FROM citation"))
        assert titles(directory) == ["One.", "Two.", "Three."]
        allow_wal(directory, say)

    keep_earlier = published.keep_earlier
    monkeypatch.setattr(published, "keep_earlier", open_late)
    monkeypatch.setattr(published, "allow_wal", look)
    publish(directory)
    assert "Failed to commit" in seen[0]


def test_a_file_is_copied_by_its_blocks_or_not_at_all(tmp_path: Path) -> None:
    """The file system says which."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(1 << 20))
    is_shared = published.share_blocks(source, target)
    assert target.read_bytes() == (source.read_bytes() if is_shared else b"")


def test_a_file_that_is_edited_while_it_is_copied_is_built_afresh(
    directory: DataDirectory, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint ends with a header, which the copy is compared by."""
    copyfile = shutil.copyfile

    def copy_and_edit(source: Path, target: Path) -> None:
        copyfile(source, target)
        session = open_session()
        session.run(EDIT)
        session.run("CHECKPOINT")
        session.die()

    monkeypatch.setattr(published, "share_blocks", lambda *_: False)
    monkeypatch.setattr(shutil, "copyfile", copy_and_edit)
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    monkeypatch.setattr(build, "bring_up_to_date", None)
    publish(directory)
    assert titles(directory) == ["One.", "Two.", "Three."]


def test_a_whole_copy_of_a_data_directory_is_no_edit(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is updated as usual."""
    monkeypatch.setattr(build, "MOST_NEW_SHARE", 1.0)
    assert build.runs_to_add(directory) is not None
    monkeypatch.setattr(build, "build", None)
    assert publish(directory) == []
    assert titles(directory) == ["One.", "Two.", "Three."]


def test_a_file_without_its_note_is_built_afresh_and_still_answers(directory: DataDirectory) -> None:
    """It was published by an earlier version, or only the DuckDB file was put back from a backup."""
    directory.published_note.unlink()
    open_published(directory).close()
    (sentence,) = publish(directory)
    assert sentence.startswith(f"Without {directory.published_note} it cannot be told whether another program wrote")
    assert publish(directory) == []


def test_a_kill_between_the_note_and_the_file_leaves_a_known_file(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either file is known while one replaces the other."""
    with monkeypatch.context() as patch:
        patch.setattr(published, "keep_earlier", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(directory)
    assert published.is_as_noted(directory)
    with monkeypatch.context() as patch:
        patch.setattr(published, "allow_wal", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publish(directory)
    open_published(directory).close()
    assert publish(directory) == []
    assert titles(directory) == ["One.", "Two.", "Three."]
    assert not wal(directory).is_symlink()


def test_a_folder_where_a_wal_would_be_is_named(directory: DataDirectory) -> None:
    """No client can open the file then; it is not removed with what is in it."""
    wal(directory).mkdir()
    with pytest.raises(StoreError, match=r"corpus\.duckdb\.wal cannot be removed .* remove it and run it again"):
        publish(directory)

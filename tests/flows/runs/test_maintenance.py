"""Compaction, rebuild and check leave the corpus as it is, and find and repair damage."""

import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.definition.settings import Settings
from flows.runs import maintenance
from flows.runs import rebuild as rebuilding
from tests.warehouse.histories import BEGINNING, History, read_tables
from transforms import pubmed_xml
from transforms.parsed_records import ParsedRecords
from warehouse import build, compact, portions
from warehouse.errors import StoreError, UsageError
from warehouse.store import SUPERSEDES, DataDirectory, run_folders

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Six published runs."""
    history = History(DataDirectory(tmp_path / "data"), Random(11))
    for _ in range(6):
        history.commit_random_run()
    build.publish(history.directory)
    return history


@pytest.fixture
def settings(history: History) -> Settings:
    """Settings of their data directory."""
    return Settings(data_dir=history.directory.root)


def content_of(directory: DataDirectory) -> str:
    """The SHA-256 that the manifest gives."""
    with duckdb.connect(directory.database, read_only=True) as con:
        ((content,),) = con.execute("SELECT content_sha256 FROM manifest").fetchall()
    return str(content)


def test_a_compaction_changes_no_table(history: History, settings: Settings) -> None:
    """Rows keep the run that wrote them; a file that is updated afterwards is the same too."""
    before, content = read_tables(history.directory.database), content_of(history.directory)
    sentences = list(maintenance.compact(settings))
    assert "Parquet: 6 folders" in sentences[1]
    assert len(run_folders(history.directory)) == len(list(history.directory.parquet.iterdir())) == 1
    assert before == read_tables(history.directory.database)
    assert content == content_of(history.directory)
    history.commit_random_run()
    build.publish(history.directory)
    upkept = read_tables(history.directory.database)
    list(maintenance.compact(settings))
    assert upkept == read_tables(history.directory.database)
    assert list(maintenance.run_check(settings)) == []


def test_a_compaction_that_is_killed_before_it_removes_what_it_superseded_counts_no_row_twice(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder is there, and so are the others; the next compaction removes them for good."""
    before = read_tables(history.directory.database)
    plan = compact.plan_compaction(history.directory, keep="all", now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(compact, "remove_superseded", lambda _directory: None)
        compact.compact(history.directory, plan, now=NOW)
    assert len(list(history.directory.parquet.iterdir())) == 7
    assert len(run_folders(history.directory)) == 1
    build.publish(history.directory, afresh=True)
    assert before == read_tables(history.directory.database)
    history.commit_random_run()
    again = compact.plan_compaction(history.directory, keep="all", now=NOW)
    compact.compact(history.directory, again, now=NOW)
    assert len(list(history.directory.parquet.iterdir())) == 1


def test_raw_records_that_were_replaced_are_given_up_by_rule(history: History, settings: Settings) -> None:
    """The last record of each PMID is always kept, and so is the corpus."""
    before = read_tables(history.directory.database)
    raw = [pq.read_table(file) for file in history.directory.parquet.glob("*/raw_citation.parquet")]
    pmids = {pmid for table in raw for pmid in table["pmid"].to_pylist()}
    assert sum(table.num_rows for table in raw) > len(pmids)
    days = (datetime.now(UTC) - BEGINNING).days + 400
    list(maintenance.compact(settings, keep=str(days)))
    (folder,) = run_folders(history.directory)
    assert pq.read_table(folder / "raw_citation.parquet").num_rows == sum(table.num_rows for table in raw)
    list(maintenance.compact(settings, keep="last"))
    (folder,) = run_folders(history.directory)
    assert sorted(pq.read_table(folder / "raw_citation.parquet")["pmid"].to_pylist()) == sorted(pmids)
    assert before == read_tables(history.directory.database)
    with pytest.raises(UsageError, match="write all, last, or a number of days"):
        list(maintenance.compact(settings, keep="some"))
    list(maintenance.compact(settings, keep="999999"))


@pytest.mark.parametrize("name", ["citation", "raw_citation", "link"])
def test_damage_is_not_copied_under_new_sums(history: History, settings: Settings, name: str) -> None:
    """A compaction that copied a flipped bit would make it valid by every later sum."""
    file = next(
        folder / f"{name}.parquet" for folder in run_folders(history.directory) if (folder / f"{name}.parquet").exists()
    )
    whole = file.read_bytes()
    file.write_bytes(bytes([*whole[:40], whole[40] ^ 1, *whole[41:]]))
    folders = run_folders(history.directory)
    with pytest.raises(StoreError, match=rf"{name}\.parquet is not what was committed; run `corpus rebuild`"):
        list(maintenance.compact(settings))
    assert folders == run_folders(history.directory)
    if name != "raw_citation":
        with pytest.raises(StoreError, match=r"is not what was committed.* The published file stays"):
            build.publish(history.directory, afresh=True)
    file.write_bytes(whole)
    list(maintenance.compact(settings))
    assert list(maintenance.run_check(settings)) == []


def test_a_compaction_puts_the_rows_of_a_pmid_together(
    history: History, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any number of portions, with every row that there was: a build skips portions outside its range."""
    monkeypatch.setattr(portions, "SORTED_SHARE", 1 << 60)
    monkeypatch.setattr(portions, "PORTION_BYTES", 4_000)
    before = content_of(history.directory)
    rows = sum(pq.read_metadata(file).num_rows for file in history.directory.parquet.glob("*/language.parquet"))
    list(maintenance.compact(settings))
    (folder,) = run_folders(history.directory)
    found = pq.read_table(folder / "language.parquet")
    keys = list(zip(found["pmid"].to_pylist(), found["run_id"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert len(keys) == rows > 0
    assert content_of(history.directory) == before


def test_a_rebuild_with_the_same_transforms_changes_nothing(history: History, settings: Settings) -> None:
    """And no folder is written."""
    folders, content = run_folders(history.directory), content_of(history.directory)
    assert list(maintenance.rebuild(settings))[1:] == ["0 of 6 run folders rewritten."]
    assert folders == run_folders(history.directory)
    assert content == content_of(history.directory)


def test_a_rebuild_says_what_other_transforms_make_different(
    history: History, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows keep their runs, and the published file is built from them."""
    before = read_tables(history.directory.database)
    read = pubmed_xml.make_tables

    def read_otherwise(*args: object, **kwargs: object) -> ParsedRecords:
        parsed = read(*args, **kwargs)  # type: ignore[arg-type]
        if (languages := parsed.tables.get("language")) is not None:
            values = ["ENG"] * languages.num_rows
            at = languages.schema.get_field_index("language")
            parsed.tables["language"] = languages.set_column(at, languages.schema.field(at), [values])
        return parsed

    monkeypatch.setattr(rebuilding, "make_tables", read_otherwise)
    sentences = list(maintenance.rebuild(settings))
    assert any(sentence.startswith("language: ") for sentence in sentences)
    after = read_tables(history.directory.database)
    assert set(after["language"]["language"].to_pylist()) == {"ENG"}
    assert before["language"].num_rows == after["language"].num_rows
    assert {name for name in before if before[name] != after[name]} == {"article_list", "language", "content"}
    monkeypatch.undo()
    list(maintenance.rebuild(settings))
    assert before == read_tables(history.directory.database)


def flip(file: Path, position: int) -> None:
    """Change one byte."""
    data = bytearray(file.read_bytes())
    data[position] ^= 0x10
    file.write_bytes(data)


@pytest.mark.parametrize("table", ["citation", "mesh_heading", "language"])
def test_a_damaged_table_is_found_and_rebuilt_from_raw(history: History, settings: Settings, table: str) -> None:
    """Without a seed page, all rows of these come from records."""
    before = read_tables(history.directory.database)
    folder = next(
        f
        for f in run_folders(history.directory)
        if (f / f"{table}.parquet").exists() and not (f / "seed_document.parquet").exists()
    )
    file = folder / f"{table}.parquet"
    flip(file, file.stat().st_size // 3)
    troubles = list(maintenance.run_check(settings))
    assert any(f"{file} is not what was committed" in sentence for sentence in troubles)
    sentences = list(maintenance.rebuild(settings))
    assert f"{file} was damaged, and was rebuilt from the raw records." in sentences
    assert list(maintenance.run_check(settings)) == []
    assert before == read_tables(history.directory.database)


def test_a_damaged_raw_file_is_said_and_nothing_is_lost(history: History, settings: Settings) -> None:
    """Nothing else can make it."""
    file = run_folders(history.directory)[0] / "raw_citation.parquet"
    flip(file, file.stat().st_size // 2)
    published = history.directory.database.read_bytes()
    with pytest.raises(StoreError, match=r"raw_citation.parquet is damaged.*put it back from a backup"):
        list(maintenance.rebuild(settings))
    assert published == history.directory.database.read_bytes()
    flip(file, file.stat().st_size // 2)
    assert list(maintenance.run_check(settings)) == []


@pytest.mark.parametrize("table", ["citation", "publication_type", "language"])
def test_rows_that_no_record_gives_are_not_left_out_by_a_rebuild(tmp_path: Path, table: str) -> None:
    """Seed text is in two tables, and a compaction may have given up the records of the others' former rows."""
    history = History(DataDirectory(tmp_path / "data"), Random(11))
    for _ in range(8):
        history.commit_random_run()
    build.publish(history.directory)
    settings = Settings(data_dir=history.directory.root)
    list(maintenance.compact(settings, keep="last" if table == "language" else "all"))
    before = read_tables(history.directory.database)
    (folder,) = run_folders(history.directory)
    assert "seed" in pq.read_table(folder / "citation.parquet")["source"].to_pylist()
    flip(folder / f"{table}.parquet", 20)
    with pytest.raises(StoreError, match=rf"{table}.parquet is damaged and cannot be rebuilt from the raw"):
        list(maintenance.rebuild(settings))
    assert before == read_tables(history.directory.database)
    flip(folder / f"{table}.parquet", 20)
    assert list(maintenance.run_check(settings)) == []


def test_a_published_file_that_is_not_what_the_runs_give_is_found_and_repaired(
    history: History, settings: Settings
) -> None:
    """Whether one of its rows was changed or it cannot be read at all."""
    with duckdb.connect(history.directory.database) as con:
        con.execute("UPDATE citation SET article_title = 'Another.' WHERE pmid = (SELECT min(pmid) FROM citation)")
    assert any(sentence.startswith("Table citation of") for sentence in maintenance.run_check(settings))
    history.directory.database.write_bytes(b"no database")
    assert any("cannot be read" in sentence for sentence in maintenance.run_check(settings))
    list(maintenance.rebuild(settings))
    assert list(maintenance.run_check(settings)) == []


def test_a_manifest_can_be_verified_when_the_corpus_has_moved_on(
    history: History, settings: Settings, tmp_path: Path
) -> None:
    """A review cites it, and looks again a year later; one of another content is refused."""
    with duckdb.connect(history.directory.database, read_only=True) as con:
        json = con.sql("SELECT to_json(manifest)::VARCHAR FROM manifest").fetchall()[0][0]
    cited = tmp_path / "cited.json"
    cited.write_text(json)
    history.commit_random_run()
    build.publish(history.directory)
    list(maintenance.compact(settings))
    assert list(maintenance.run_check(settings, manifest=cited)) == []
    cited.write_text(json.replace('"content_sha256":"', '"content_sha256":"0'))
    (sentence,) = maintenance.run_check(settings, manifest=cited)
    assert "give the content" in sentence
    cited.write_text(re.sub(r'"citation":(\d+)', r'"citation":\g<1>0', json))
    (sentence,) = maintenance.run_check(settings, manifest=cited)
    assert re.search(r"give \d+ rows of citation, not \d+0;", sentence)
    cited.write_text(re.sub(r'"last_run_id":"\d+', '"last_run_id":"1', json))
    (sentence,) = maintenance.run_check(settings, manifest=cited)
    assert "The last of the runs of" in sentence
    cited.write_text("{}")
    with pytest.raises(UsageError, match="is not a manifest"):
        list(maintenance.run_check(settings, manifest=cited))


def test_a_lost_run_is_one_sentence(history: History, settings: Settings, tmp_path: Path) -> None:
    """What a manifest names is not there, and a data directory without runs is none."""
    cited = tmp_path / "cited.json"
    cited.write_text('{"content_sha256": "0", "run_ids": ["20200101T000000Z-0000"], "row_counts": {}}')
    (sentence,) = maintenance.run_check(settings, manifest=cited)
    assert sentence.startswith("The run 20200101T000000Z-0000 of")
    history.directory.parquet.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="There are no runs in"):
        list(maintenance.run_check(settings))


def test_a_superseding_folder_whose_note_is_damaged_is_one_sentence(history: History, settings: Settings) -> None:
    """Without it, rows would count twice."""
    list(maintenance.compact(settings))
    (run_folders(history.directory)[0] / SUPERSEDES).write_text("{")
    with pytest.raises(StoreError, match="put it back from a backup, or its runs count twice"):
        list(maintenance.compact(settings))

"""A rebuild by several processes leaves what one process leaves."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import duckdb
import pytest

from flows.definition.settings import Settings
from flows.nlm_files import processes
from flows.runs import maintenance
from flows.runs import rebuild as rebuilding
from tests.flows.nlm_files.test_processes import start_and_kill
from tests.records import article
from tests.warehouse.histories import History
from tests.warehouse.test_incremental import damage_languages
from warehouse import build
from warehouse.errors import StoreError
from warehouse.store import DataDirectory, run_folders


def damaged_corpus(root: Path) -> tuple[Settings, list[str], tuple[str, str]]:
    """Six published runs whose languages are damaged afterwards; their files, and the hashes of the corpus before."""
    history = History(DataDirectory(root), Random(11))
    for _ in range(6):
        history.commit_random_run()
    build.publish(history.directory)
    before = hashes_of(history.directory)
    return Settings(data_dir=root), damage_languages(history.directory), before


def hashes_of(directory: DataDirectory) -> tuple[str, str]:
    """Hashes of what the corpus says, and of everything."""
    with duckdb.connect(directory.database, read_only=True) as con:
        ((said, full),) = con.execute("SELECT content_sha256, full_sha256 FROM manifest").fetchall()
    return said, full


def test_several_processes_make_what_one_makes_though_one_of_them_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some process rebuilds each folder whole; nothing of a process that died is left in staging."""
    alone, damaged, before = damaged_corpus(tmp_path / "alone")
    apart, damaged_apart, _ = damaged_corpus(tmp_path / "apart")
    sentences = list(maintenance.rebuild(alone))
    monkeypatch.setattr(rebuilding, "WORTH_WORKERS_BYTES", 0)
    pools: list[int] = []
    started = processes.start_processes

    def start(count: int) -> ProcessPoolExecutor | None:
        pools.append(count)
        return started(count)

    monkeypatch.setattr(processes, "start_processes", start)
    start_and_kill(1, monkeypatch)
    said = list(maintenance.rebuild(apart, workers=2))
    assert pools == [2, 2]
    assert [s.replace("/apart/", "/alone/") for s in said[1:]] == sentences[1:]
    assert len(damaged) == len(damaged_apart) == sum("was rebuilt" in sentence for sentence in said) > 1
    for settings in (alone, apart):
        assert hashes_of(settings.directory) == before
        assert list(settings.directory.staging.glob("r*=*")) == []
        assert list(maintenance.run_check(settings)) == []
    assert len(run_folders(apart.directory)) == 6


def test_raw_records_are_read_together_and_each_keeps_its_bytes() -> None:
    """One chunk for all: their elements are found once."""
    records = {pmid: article(pmid).strip().encode() for pmid in (3, 1)}
    read = rebuilding.read_records(records)
    assert [(record.pmid, record.record_xml) for record in read] == list(records.items())
    assert read[0].elements is read[1].elements


@pytest.mark.parametrize("damaged", [b"<PubmedArticle>", b"", b"text", article(2).encode() * 2])
def test_a_raw_record_that_is_none_any_longer_is_named(damaged: bytes) -> None:
    """The others are not to blame for it."""
    with pytest.raises(StoreError, match=r"^The raw record of PMID 2 cannot be read: .*; run `corpus check`\.$"):
        rebuilding.read_records({1: article(1).encode(), 2: damaged})

"""PMIDs that come several times in the files of the server: it serves what an ingest of the same files keeps."""

from pathlib import Path
from random import Random

import duckdb
import pytest

from flows.definition.settings import Settings
from flows.eutils_server import repeated
from flows.eutils_server.records import RecordStore
from flows.runs.ingest import ingest
from tests.records import article, article_set
from warehouse.store import DataDirectory

PMIDS = range(1, 61)
COMPLETED = "<DateCompleted><Year>2026</Year><Month>03</Month><Day>{:02}</Day></DateCompleted>"


def deletion(*pmids: int) -> str:
    """A DeleteCitation."""
    return f"<DeleteCitation>{''.join(f'<PMID>{pmid}</PMID>' for pmid in pmids)}</DeleteCitation>"


def random_file(random: Random) -> bytes:
    """Records of some PMIDs, some of them twice, some without a day; deletions come last."""
    records = []
    for pmid in random.choices(PMIDS, k=20):
        day = random.choice(["", "01", "02", "03"])
        completed = COMPLETED.format(random.randint(1, 4)) if random.random() < 0.2 else ""
        title, version = f"Title {random.randint(1, 3)} of trials.", random.choice([1, 1, 1, 2])
        records.append(
            article(pmid, title=title, version=version, revised=("2026", "03", day), parts=("", completed, ""))
        )
    after = deletion(*random.sample(PMIDS, 3)) if random.random() < 0.6 else ""
    return article_set(*records, after=after)


def ingested(paths: list[Path], data_dir: Path) -> dict[int, str]:
    """The titles of the citations that hold after an ingest, by PMID."""
    settings = Settings(data_dir=data_dir)
    assert not ingest(settings, paths).troubles
    with duckdb.connect(DataDirectory(data_dir).database, read_only=True) as con:
        return dict(con.execute("SELECT pmid, title FROM article WHERE NOT is_deleted").fetchall())


def served(store: RecordStore) -> dict[int, str]:
    """The titles of the records that are served, by PMID."""
    return {pmid: store.element(pmid).findtext(".//ArticleTitle") or "" for pmid in store.pmids}


@pytest.mark.parametrize("seed", range(4))
def test_it_serves_what_an_ingest_of_the_same_files_keeps(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty histories of numbered and other files, in any order; what it serves is what it finds."""
    random = Random(seed)
    names = [f"pubmed{year}n{number:04}.xml" for year in (26, 27) for number in (1, 2, 3)]
    paths = [tmp_path / name for name in [*names, *(f"set{number}.xml" for number in range(4))]]
    for path in paths:
        path.write_bytes(random_file(random))
    random.shuffle(paths)
    monkeypatch.setattr(repeated, "PMID_COUNT", 7)
    store = RecordStore.from_paths(paths)
    expected = ingested(paths, tmp_path / "data")
    assert 30 < len(expected) < len(PMIDS)
    assert served(store) == expected
    for number in (1, 2, 3):
        found = {pmid for pmid, title in expected.items() if title.startswith(f"Title {number}")}
        assert set(store.search(f'"title {number} of trials"[ti]', {}).pmids) == found


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("pubmed26n0002.xml", "pubmed26n0001.xml", "Earlier."),
        ("pubmed26n0001.xml", "pubmed27n0001.xml", "Later."),
        ("pubmed26n0009.xml", "b.xml", "Later."),
        ("b.xml", "pubmed26n0009.xml", "Later."),
    ],
)
def test_numbered_files_go_by_number_and_others_by_the_day(
    first: str, second: str, expected: str, tmp_path: Path
) -> None:
    """DateRevised decides if one of the two has no number; the order in which they are named does not."""
    paths = [tmp_path / first, tmp_path / second]
    paths[0].write_bytes(article_set(article(1, title="Earlier.", revised=("2026", "03", "01"))))
    paths[1].write_bytes(article_set(article(1, title="Later.", revised=("2026", "03", "02"))))
    for order in (paths, paths[::-1]):
        assert served(RecordStore.from_paths(order)) == {1: expected}


def test_the_higher_version_is_served_whatever_its_file(tmp_path: Path) -> None:
    """Even if it stands before the lower one, in the same file."""
    records = article(1, title="Second.", version=2), article(1, title="First.")
    (tmp_path / "pubmed26n0001.xml").write_bytes(article_set(*records))
    (tmp_path / "pubmed26n0002.xml").write_bytes(article_set(records[1]))
    assert served(RecordStore.from_paths([tmp_path])) == {1: "Second."}


def test_a_later_numbered_file_withdraws_a_pmid(tmp_path: Path) -> None:
    """It is no longer found; a record in a still later file is."""
    (tmp_path / "pubmed26n0001.xml").write_bytes(article_set(article(1), article(2)))
    (tmp_path / "pubmed26n0002.xml").write_bytes(article_set(article(3), after=deletion(1, 2)))
    (tmp_path / "pubmed26n0003.xml").write_bytes(article_set(article(2, title="Again.")))
    store = RecordStore.from_paths([tmp_path], index=tmp_path / "records.index")
    assert store.pmids == {2, 3}
    assert 1 not in store
    assert set(store.search("again[ti]", {}).pmids) == {2}

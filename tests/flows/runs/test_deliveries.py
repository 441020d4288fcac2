"""What holds depends on the deliveries alone: not on their order, their grouping, the workers, or being repeated."""

import gzip
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.definition.settings import Settings
from flows.definition.version import CODE_VERSION
from flows.nlm_files import processes
from flows.nlm_files.reading import Reading
from flows.runs.baseline import preview_baseline
from flows.runs.file_ledger import FILE_STATE
from flows.runs.ingest import commit_read, ingest
from flows.runs.ledger import RunFacts
from flows.runs.maintenance import compact, rebuild
from flows.runs.report import RunReport
from tests.records import article, article_set
from transforms.parsed_records import Provenance
from transforms.pubmed_document import split_document
from warehouse.build import publish
from warehouse.errors import DriftError, StoreError, UsageError
from warehouse.run_writer import clear_staging, open_reading
from warehouse.state import open_state
from warehouse.store import DataDirectory, next_run_id

PMIDS = range(1, 6)
BEGINNING = datetime(2026, 3, 1)  # noqa: DTZ001 - as rows have it, UTC


@dataclass(frozen=True)
class Document:
    """What one source gave at one time: a file's name, or efetch or sample, its bytes, and the time of a reply."""

    name: str
    body: bytes
    at: datetime


def random_document(random: Random, number: int) -> Document:
    """A numbered file, a file without a number, a reply of EFetch or one of the sample; deletions in some."""
    kind = random.choice(["nlm_file", "nlm_file", "file", "efetch", "sample"])
    records = []
    for pmid in random.sample(PMIDS, random.randint(0, 3)):
        for _ in range(random.choice([1, 1, 1, 2])):
            day = f"{random.randint(1, 4):02}"
            title = f"{'Stub' if kind == 'sample' else 'Title'} {random.randint(1, 3)} of trials."
            version = random.choice([1, 1, 1, 2])
            records.append(article(pmid, title=title, version=version, revised=("2026", "03", day)))
    gone = "".join(f"<PMID>{pmid}</PMID>" for pmid in random.sample(PMIDS, random.randint(0, 1)))
    # An undated file is as of when it was read, and so depends on the order.
    is_with_deletions = bool(gone and records) and kind.endswith("file")
    deletions = f"<DeleteCitation>{gone}</DeleteCitation>" if is_with_deletions else ""
    name = {"nlm_file": f"pubmed26n{number:04}.xml.gz", "file": f"set{number}.xml"}.get(kind, kind)
    at = BEGINNING + timedelta(days=random.randint(0, 4), minutes=number)
    return Document(name, article_set(*records, after=deletions), at)


def deliver(settings: Settings, documents: Sequence[Document], folder: Path, *, workers: int = 1) -> None:
    """Read documents in this order: consecutive files in one call, replies as runs of their own; then publish."""
    waiting: list[Path] = []

    def read_files() -> None:
        if waiting:
            ingest(settings, waiting, workers=workers)
            waiting.clear()

    for document in documents:
        if document.name in ("efetch", "sample"):
            read_files()
            read_reply(settings, document)
        else:
            path = folder / document.name
            path.write_bytes(gzip.compress(document.body) if path.suffix == ".gz" else document.body)
            waiting.append(path)
    read_files()
    publish(DataDirectory(settings.data_dir))


def read_reply(settings: Settings, document: Document) -> None:
    """Commit a reply of EFetch, or of the sample, as a run of its own."""
    directory = DataDirectory(settings.data_dir)
    directory.root.mkdir(exist_ok=True)
    clear_staging(directory)
    now = datetime.now(UTC)
    facts = RunFacts(next_run_id(directory, now), "refresh", now.replace(tzinfo=None), document.name, is_complete=True)
    reading = Reading(open_reading(directory, facts.run_id))
    origin = Provenance(facts.run_id, document.name, f"{document.name}, reply", document.at, CODE_VERSION)
    reading.read(split_document([document.body], name="reply"), origin, name="reply")
    reading.close()
    with closing(open_state(directory, FILE_STATE, is_followed=True)) as con:
        commit_read(con, directory, facts, reading.writer.folder, RunReport())


def content_of(settings: Settings) -> tuple[str, list[tuple[object, ...]]]:
    """The hash of what the corpus says, and what it says of each PMID, which tells more if two differ."""
    with duckdb.connect(DataDirectory(settings.data_dir).database, read_only=True) as con:
        ((sha256,),) = con.execute("SELECT content_sha256 FROM manifest").fetchall()
        then = "SELECT pmid, is_deleted FROM corpus_as_of('2100-01-01') ORDER BY pmid"
        now = "SELECT pmid, is_deleted FROM article SEMI JOIN citation USING (pmid) ORDER BY pmid"
        assert con.execute(then).fetchall() == con.execute(now).fetchall()
        query = "SELECT pmid, title, is_deleted FROM article ORDER BY pmid"
        return str(sha256), con.execute(query).fetchall()


def check_outcomes(settings: Settings) -> None:
    """Check that every outcome is true: what holds is what the last new, revised or unchanged delivery said."""
    with duckdb.connect(DataDirectory(settings.data_dir).database, read_only=True) as con:
        wrong = con.execute(
            """SELECT pmid FROM (SELECT pmid, arg_max(outcome, run_id) AS outcome FROM request
                WHERE outcome IN ('new', 'revised', 'unchanged', 'deleted') GROUP BY pmid)
            JOIN article USING (pmid) WHERE (outcome = 'deleted') <> is_deleted"""
        ).fetchall()
        assert wrong == []


@pytest.mark.parametrize("seed", range(6))
def test_the_same_deliveries_give_the_same_content(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order, in any grouping, over one or three workers, repeated, compacted and rebuilt."""
    monkeypatch.setattr(processes, "WORTH_WORKERS_BYTES", 0)
    random = Random(seed)
    documents = [random_document(random, number) for number in range(1, 9)]
    (tmp_path / "files").mkdir()
    contents = {}
    for way in ("in order", "backwards", "shuffled"):
        ordered = list(documents if way == "in order" else reversed(documents))
        if way == "shuffled":
            random.shuffle(ordered)
        settings = Settings(data_dir=tmp_path / way)
        deliver(settings, ordered, tmp_path / "files", workers=3 if way == "shuffled" else 1)
        contents[way] = content_of(settings)
        check_outcomes(settings)
    deliver(settings, [d for d in documents if random.random() < 0.5], tmp_path / "files")
    contents["repeated"] = content_of(settings)
    list(compact(settings, keep="last"))
    contents["compacted"] = content_of(settings)
    list(rebuild(settings))
    contents["rebuilt"] = content_of(settings)
    assert contents == dict.fromkeys(contents, contents["in order"])


def test_a_file_that_was_read_is_skipped_unless_it_is_wanted_again(tmp_path: Path) -> None:
    """By its name and MD5; another file of the same name is read."""
    path, settings = tmp_path / "pubmed26n0001.xml.gz", Settings(data_dir=tmp_path / "data")
    path.write_bytes(gzip.compress(article_set(article(1))))
    assert ingest(settings, [path]).outcomes == {"new": 1}
    again = ingest(settings, [path])
    assert (again.skipped, again.files, again.outcomes) == (["pubmed26n0001.xml.gz"], 0, {})
    assert ingest(settings, [path], again=True).outcomes == {"unchanged": 1}
    path.write_bytes(gzip.compress(article_set(article(1, title="Another."))))
    assert ingest(settings, [path]).files == 1


def test_an_undated_deletion_is_as_of_when_it_was_read(tmp_path: Path) -> None:
    """A record that is read after it ends it, even the same record as before."""
    record, deletion = tmp_path / "record.xml", tmp_path / "deletion.xml"
    record.write_bytes(article_set(article(1)))
    deletion.write_bytes(article_set(after="<DeleteCitation><PMID>1</PMID></DeleteCitation>"))
    settings = Settings(data_dir=tmp_path / "data")
    ingest(settings, [record, deletion])
    assert content_of(settings)[1] == [(1, "Ketamine in an invented trial.", True)]
    assert ingest(settings, [record]).outcomes == {"unchanged": 1}
    assert content_of(settings)[1] == [(1, "Ketamine in an invented trial.", False)]
    assert ingest(settings, [record]).skipped == ["record.xml"]


def test_an_undated_deletion_does_not_hide_a_dated_one(tmp_path: Path) -> None:
    """A record that is read after both ends the undated one alone, if the dated one is later than the record."""
    gone = "<DeleteCitation><PMID>1</PMID></DeleteCitation>"
    dated, undated, record = (tmp_path / f"{name}.xml" for name in ("dated", "undated", "record"))
    dated.write_bytes(article_set(article(2, revised=("2026", "06", "01")), after=gone))
    undated.write_bytes(article_set(after=gone))
    record.write_bytes(article_set(article(1, revised=("2026", "05", "01"))))
    for number, order in enumerate([(dated, undated, record), (undated, record, dated), (record, undated, dated)]):
        settings = Settings(data_dir=tmp_path / f"data{number}")
        for path in order:
            ingest(settings, [path])
        assert [(pmid, is_deleted) for pmid, _, is_deleted in content_of(settings)[1]] == [(1, True), (2, False)]


def test_of_two_records_of_a_file_the_later_one_counts(tmp_path: Path) -> None:
    """Unless its version is lower, or it cannot be read."""
    settings, path = Settings(data_dir=tmp_path / "data"), tmp_path / "a.xml"
    bad = article(3, title="Bad.").replace("</Article>", "<ArticleTitle>Two.</ArticleTitle></Article>")
    path.write_bytes(
        article_set(
            article(1, title="X.", revised=("2020", "01", "01")),
            article(1, title="Y.", revised=("2019", "01", "01")),
            article(2, title="Second version.", version=2),
            article(2, title="First version."),
            article(3, title="Good."),
            bad,
        )
    )
    ingest(settings, [path])
    assert [title for _, title, _ in content_of(settings)[1]] == ["Y.", "Second version.", "Good."]


def test_gaps_and_late_files_and_a_new_year_are_named(tmp_path: Path) -> None:
    """What a person must know about a series."""
    settings = Settings(data_dir=tmp_path / "data")
    paths = {}
    for number, name in enumerate(["26n0001", "26n0002", "26n0004", "26n0007", "27n0001"], 1):
        paths[name] = tmp_path / f"pubmed{name}.xml.gz"
        paths[name].write_bytes(gzip.compress(article_set(article(number))))
    first = ingest(settings, [paths["26n0001"], paths["26n0004"], paths["26n0007"]])
    assert first.notes == ["Not read yet: pubmed26n0002 to 0003, pubmed26n0005 to 0006."]
    late = ingest(settings, [paths["26n0002"]])
    assert late.notes == [
        "Not read yet: pubmed26n0003, pubmed26n0005 to 0006.",
        "pubmed26n0002.xml.gz came after pubmed26n0007.xml.gz; the higher number holds.",
    ]
    (_, year) = ingest(settings, [paths["27n0001"]]).notes
    assert year.startswith("pubmed27 is a new baseline year. What its baseline lacks stays until")


@pytest.fixture
def rollover(tmp_path: Path) -> tuple[Settings, dict[str, Path]]:
    """A corpus of one year's files, and files of the next year's baseline, which lacks PMID 2."""
    paths = {}
    for name, pmids in {"26n0001": (1, 2), "26n0002": (3,), "27n0001": (1,), "27n0002": (3, 4)}.items():
        paths[name] = tmp_path / f"pubmed{name}.xml.gz"
        day = ("2026", "12", "01") if name.startswith("27") else ("2026", "03", "01")
        paths[name].write_bytes(gzip.compress(article_set(*(article(pmid, revised=day) for pmid in pmids))))
    settings = Settings(data_dir=tmp_path / "data")
    ingest(settings, [paths["26n0001"], paths["26n0002"]])
    return settings, paths


def test_a_new_baseline_ends_what_it_lacks(rollover: tuple[Settings, dict[str, Path]]) -> None:
    """NLM says to discard everything and load it; with evidence, and after a look at it."""
    settings, paths = rollover
    files = [paths["27n0001"], paths["27n0002"]]
    assert preview_baseline(settings, files) == [
        "2 files of pubmed27: 3 PMIDs, 1 of them new.",
        "1 PMID of earlier files would end, missing from the new ones: 2.",
        "Nothing was changed; run it without --dry-run to take the baseline over.",
    ]
    assert [pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted] == []
    report = ingest(settings, files, baseline=True)
    assert report.notes == ["1 PMID ended that the baseline of pubmed27 lacks; see deleted_citation."]
    assert [pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted] == [2]
    with duckdb.connect(DataDirectory(settings.data_dir).database, read_only=True) as con:
        evidence = con.execute("SELECT evidence, evidence_source FROM deleted_citation").fetchall()
    assert evidence == [("baseline", "the baseline of pubmed27")]


def test_a_baseline_that_is_not_whole_ends_nothing(rollover: tuple[Settings, dict[str, Path]]) -> None:
    """What a missing file holds would be lost."""
    settings, paths = rollover
    with pytest.raises(UsageError, match=r"pubmed27n0001.xml.gz is missing; a baseline ends what it lacks"):
        ingest(settings, [paths["27n0002"]], baseline=True)
    with pytest.raises(UsageError, match="files are of 2 years"):
        ingest(settings, [paths["26n0001"], paths["27n0001"]], baseline=True)
    paths["27n0002"].write_bytes(b"no XML")
    report = ingest(settings, [paths["27n0001"], paths["27n0002"]], baseline=True)
    assert report.troubles[1] == "Nothing that the baseline of pubmed27 lacks was ended; read all of its files."
    assert [pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted] == []


def test_a_baseline_does_not_lack_what_it_has_in_another_form(rollover: tuple[Settings, dict[str, Path]]) -> None:
    """A record that cannot be read, or one of an older version, still counts."""
    settings, paths = rollover
    newer = paths["26n0001"].with_name("pubmed26n0003.xml.gz")
    newer.write_bytes(gzip.compress(article_set(article(3, version=2, revised=("2026", "04", "01")))))
    ingest(settings, [newer])
    unreadable = article(2).replace("</Article>", "<ArticleTitle>Two.</ArticleTitle></Article>")
    paths["27n0001"].write_bytes(gzip.compress(article_set(article(1, revised=("2026", "12", "01")), unreadable)))
    files = [paths["27n0001"], paths["27n0002"]]
    assert preview_baseline(settings, files)[:-1] == ["2 files of pubmed27: 4 PMIDs, 1 of them new."]
    ingest(settings, files, baseline=True)
    assert [pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted] == []


def test_a_baseline_with_a_file_that_breaks_off_ends_nothing(rollover: tuple[Settings, dict[str, Path]]) -> None:
    """Salvaged now or before, what stood behind the break does not count as lacking."""
    settings, paths = rollover
    whole = article_set(*(article(pmid, revised=("2026", "12", "01")) for pmid in (3, 4)))
    paths["27n0002"].write_bytes(gzip.compress(whole[: whole.rindex(b"<PubmedArticle>") + 200]))
    for salvage in (True, False):
        report = ingest(settings, [paths["27n0001"], paths["27n0002"]], baseline=True, salvage=salvage)
        assert report.troubles == [
            "Nothing that the baseline of pubmed27 lacks was ended: pubmed27n0002.xml.gz is truncated; "
            "download it again, and read all of its files."
        ]
    assert [pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted] == []


def test_the_drift_gate_counts_what_a_baseline_ends(tmp_path: Path) -> None:
    """Rows of what is withdrawn stay, so the number of rows does not fall."""
    old, new = tmp_path / "pubmed26n0001.xml", tmp_path / "pubmed27n0001.xml"
    old.write_bytes(article_set(*(article(pmid) for pmid in range(1, 1101))))
    new.write_bytes(article_set(*(article(pmid) for pmid in range(1, 101))))
    settings = Settings(data_dir=tmp_path / "data")
    ingest(settings, [old])
    with pytest.raises(DriftError, match="citations went from 1,100 to 100"):
        ingest(settings, [new], baseline=True)
    # The next call that may publishes what waits, even if it has nothing new to read.
    report = ingest(settings.model_copy(update={"accept_drift": True}), [new])
    assert report.skipped == ["pubmed27n0001.xml"]
    assert len([pmid for pmid, _, is_deleted in content_of(settings)[1] if is_deleted]) == 1000


@pytest.mark.parametrize("begins_deleted", [False, True])
def test_a_corrected_file_of_the_same_number_holds(*, begins_deleted: bool, tmp_path: Path) -> None:
    """Positions in two documents cannot be compared."""
    settings = Settings(data_dir=tmp_path / "data")
    gone = "<DeleteCitation><PMID>1</PMID></DeleteCitation>"
    ingest(settings, [*write_all(tmp_path, {"pubmed25n0001.xml": article_set(article(1))})])
    others = [article(8), article(7)]
    with_deletion = article_set(*others, after=gone), article_set(article(8, revised=("2026", "03", "09")), after=gone)
    with_record = article_set(*others, article(1)), article_set(article(1, revised=("2026", "03", "09")), *others)
    first, second = (with_deletion[0], with_record[1]) if begins_deleted else (with_record[0], with_deletion[1])
    for content, is_deleted in ((first, begins_deleted), (second, not begins_deleted)):
        ingest(settings, [*write_all(tmp_path, {"pubmed26n0001.xml": content})])
        assert [is_gone for pmid, _, is_gone in content_of(settings)[1] if pmid == 1] == [is_deleted]


def write_all(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files by name."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def test_what_was_known_then_agrees_with_what_holds(tmp_path: Path) -> None:
    """An older record that takes the place of another can be withdrawn already."""
    settings = Settings(data_dir=tmp_path / "data")
    gone = "<DeleteCitation><PMID>1</PMID></DeleteCitation>"
    files = {
        "pubmed26n0001.xml": article_set(article(9, revised=("2026", "03", "05")), after=gone),
        "pubmed26n0002.xml": article_set(
            article(1, revised=("2026", "03", "01")), article(8, revised=("2026", "03", "10"))
        ),
        "set.xml": article_set(article(1, title="Of a set.", revised=("2026", "03", "02"))),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        ingest(settings, [tmp_path / name])
        content_of(settings)
    assert content_of(settings)[1][0] == (1, "Of a set.", True)


def test_a_copy_of_a_run_under_another_name_is_named(tmp_path: Path) -> None:
    """Both would have the same rows."""
    (tmp_path / "a.xml").write_bytes(article_set(article(1)))
    (tmp_path / "b.xml").write_bytes(article_set(article(2)))
    settings = Settings(data_dir=tmp_path / "data")
    ingest(settings, [tmp_path / "a.xml"])
    (run,) = DataDirectory(settings.data_dir).parquet.iterdir()
    shutil.copytree(run, run.with_name("run=20991231T000000Z-aaaa"))
    with pytest.raises(StoreError, match=r"run=20991231T000000Z-aaaa has the rows of run .*: it is a copy"):
        publish(DataDirectory(settings.data_dir))


def test_compaction_keeps_the_raw_record_of_what_holds(tmp_path: Path) -> None:
    """The last record of a PMID may be one that could not be read, or an older one."""
    settings = Settings(data_dir=tmp_path / "data")
    good, bad = tmp_path / "pubmed26n0002.xml", tmp_path / "pubmed26n0003.xml"
    older = tmp_path / "pubmed26n0001.xml"
    good.write_bytes(article_set(article(1, title="Good.")))
    two = "<ArticleTitle>Two.</ArticleTitle></Article>"
    bad.write_bytes(article_set(article(1, title="Bad.").replace("</Article>", two)))
    older.write_bytes(article_set(article(1, title="Older.")))
    outcomes = [ingest(settings, [file]).outcomes for file in (good, bad, older)]
    assert outcomes == [{"new": 1}, {"rejected": 1}, {"older": 1}]
    list(compact(settings, keep="last"))
    list(rebuild(settings))
    assert content_of(settings)[1] == [(1, "Good.", False)]
    (folder,) = DataDirectory(settings.data_dir).parquet.iterdir()
    raw = pq.read_table(folder / "raw_citation.parquet").to_pylist()
    assert [b"Good." in row["record_xml"] for row in raw] == [True]

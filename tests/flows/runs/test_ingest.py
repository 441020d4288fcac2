"""Files are read whole or not at all, in order, and the newer record of a PMID stays."""

import errno
import gzip
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.definition.settings import Settings
from flows.nlm_files import processes
from flows.nlm_files.files import read_blocks
from flows.runs.ingest import ingest, replay_rejected
from flows.runs.summary import summarise
from tests.conftest import REPOSITORY
from tests.corpora import select
from tests.records import article, article_set
from transforms import pubmed_xml
from transforms.pubmed_document import LONGEST_RECORD_BYTES, split_document
from warehouse.errors import DocumentError, StoreError, UsageError
from warehouse.query import read_status
from warehouse.store import DataDirectory


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data directory."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes a file."""

    def write_file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write_file


Write = Callable[[str, bytes], Path]


def test_a_deletion_that_names_no_pmid_is_said_and_the_rest_is_read(settings: Settings, write: Write) -> None:
    """The sentence names file, line and value; the run is done in part."""
    gone = "".join(f"<PMID>{text}</PMID>" for text in ("", "9" * 20, "-5", "0", "2"))
    report = ingest(
        settings, [write("a.xml", article_set(article(1), after=f"<DeleteCitation>{gone}</DeleteCitation>"))]
    )
    assert (report.outcomes, report.exit_code) == ({"new": 1, "deleted": 1}, 3)
    assert [re.sub(r"^.*a\.xml, line \d+: ", "", sentence) for sentence in report.refused] == [
        f"DeleteCitation names '{text}', which is not a PMID; nothing is withdrawn by it."
        for text in ("", "9" * 20, "-5", "0")
    ]
    assert "! " + report.refused[0] in summarise(report, settings)


def test_what_was_found_out_is_said_where_publishing_fails(
    settings: Settings, write: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then there is no summary, and what was read is committed: the next run would not say it."""

    def fail(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr("warehouse.build.publish", fail)
    document = article_set(article(1), after="<DeleteCitation><PMID>-5</PMID></DeleteCitation>")
    with pytest.raises(StoreError, match="The disk is full"):
        ingest(settings, [write("a.xml", document)])
    assert "DeleteCitation names '-5', which is not a PMID" in caplog.text


def test_packed_and_plain_files_are_read_whatever_their_name(settings: Settings, write: Write) -> None:
    """Some `.gz` files are not packed, and some others are."""
    files = [
        write("a.xml.gz", gzip.compress(article_set(article(1)))),
        write("b.xml.gz", article_set(article(2))),
        write("c.xml", gzip.compress(article_set(article(3))[:500]) + gzip.compress(article_set(article(3))[500:])),
    ]
    report = ingest(settings, files)
    assert (report.outcomes, report.files, report.exit_code) == ({"new": 3}, 3, 0)
    assert select(settings, "SELECT pmid, source FROM citation ORDER BY pmid") == [
        (1, "file"),
        (2, "file"),
        (3, "file"),
    ]
    assert select(settings, "SELECT pmid, via FROM member WHERE pmid = 1") == [(1, "a.xml.gz")]


def test_the_same_file_again_changes_nothing(settings: Settings, write: Write) -> None:
    """Nor does one with other line ends."""
    document = article_set(article(1), article(2))
    ingest(settings, [write("a.xml", document)])
    report = ingest(settings, [write("b.xml", document.replace(b"\n", b"\r\n"))])
    assert report.outcomes == {"unchanged": 2}


def test_of_several_records_the_highest_version_counts_and_then_the_last(settings: Settings, write: Write) -> None:
    """A file can hold Version 1..n of a PMID; all of them stay raw."""
    records = [
        article(1, version=1, title="One."),
        article(1, version=3, title="Three."),
        article(1, version=2, title="Two."),
        article(2, title="Early."),
        article(2, title="Late."),
        article(3),
    ]
    report = ingest(settings, [write("a.xml", article_set(*records))])
    assert report.outcomes == {"new": 3}
    assert select(settings, "SELECT pmid, pmid_version, article_title FROM citation WHERE pmid < 3 ORDER BY pmid") == [
        (1, 3, "Three."),
        (2, 1, "Late."),
    ]
    assert select(settings, "SELECT count(*) FROM language") == [(3,)]


def test_an_older_record_does_not_take_the_place_of_a_newer_one(settings: Settings, write: Write) -> None:
    """Somebody ingests last year's baseline after this year's update."""
    ingest(settings, [write("new.xml", article_set(article(1, title="New.", revised=("2026", "01", "01"))))])
    report = ingest(settings, [write("old.xml", article_set(article(1, title="Old.", revised=("2025", "01", "01"))))])
    assert report.outcomes == {"older": 1}
    assert select(settings, "SELECT article_title FROM citation") == [("New.",)]


def test_a_deletion_keeps_the_last_known_record_until_it_comes_again(settings: Settings, write: Write) -> None:
    """DeleteCitation comes in update files only."""
    ingest(settings, [write("a.xml", article_set(article(1), article(2)))])
    deletion = "<DeleteCitation><PMID Version='1'>1</PMID></DeleteCitation>"
    report = ingest(settings, [write("b.xml", article_set(after=deletion))])
    assert report.outcomes == {"deleted": 1}
    assert select(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, True), (2, False)]
    ingest(settings, [write("c.xml", article_set(article(1, title="Back.", revised=("2030", "01", "01"))))])
    assert select(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, False), (2, False)]


def test_a_broken_file_is_named_and_the_others_are_read(settings: Settings, write: Write) -> None:
    """Nothing of it is committed; the run is done in part, and has failed only if no file could be read."""
    files = [write("a.xml", article_set(article(1))[:-60]), write("b.xml", article_set(article(2)))]
    assert ingest(settings, files[:1]).exit_code == 1
    report = ingest(settings, files)
    assert report.exit_code == 3
    assert [sentence.split(": ")[1] for sentence in report.troubles] == [
        "the document ends half way; download it again."
    ]
    assert select(settings, "SELECT pmid FROM citation") == [(2,)]


def test_a_bad_record_is_kept_with_its_reason(settings: Settings, write: Write) -> None:
    """One bad record never costs the others."""
    report = ingest(settings, [write("a.xml", article_set(article(1), article("x"), article("y")))])
    assert report.outcomes == {"new": 1}
    assert select(settings, "SELECT record_order, reason FROM rejected_citation ORDER BY 1") == [
        (1, "The PMID of the PubmedArticle is 'x', which is not a PMID."),
        (2, "The PMID of the PubmedArticle is 'y', which is not a PMID."),
    ]
    assert "2 records without a PMID, in rejected_citation" in summarise(report, settings)


def test_a_record_rejected_again_waits_once(settings: Settings, write: Write) -> None:
    """Each time is a row of the log; the status counts the records."""
    bad = article(2, parts=("<AuthorList><Author ValidYN='maybe'><LastName>A</LastName></Author></AuthorList>", "", ""))
    ingest(settings, [write("a.xml", article_set(article("x"), bad))])
    assert replay_rejected(settings).nameless == 1
    assert select(settings, "SELECT count(*) FROM rejected_citation") == [(4,)]
    assert read_status(DataDirectory(settings.data_dir))["rejected"] == 2
    ingest(settings, [write("b.xml", article_set(article(2)))])
    assert read_status(DataDirectory(settings.data_dir))["rejected"] == 1


def test_a_file_is_compared_with_its_md5(settings: Settings, write: Write) -> None:
    """NLM puts one beside each file."""
    content = gzip.compress(article_set(article(1)))
    file = write("a.xml.gz", content)
    write("a.xml.gz.md5", f"MD5(a.xml.gz)= {hashlib.md5(content).hexdigest()}\n".encode())  # noqa: S324
    assert ingest(settings, [file]).exit_code == 0
    write("a.xml.gz.md5", b"MD5(a.xml.gz)= 00000000000000000000000000000000\n")
    assert "does not agree with a.xml.gz.md5" in ingest(settings, [file]).troubles[0]


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-20], lambda b: b[:200] + b"\0" * 20 + b[220:]], ids=["cut", "flipped"]
)
def test_damaged_gzip_is_one_sentence(write: Write, damage: Callable[[bytes], bytes]) -> None:
    """With what to do next."""
    file = write("a.xml.gz", damage(gzip.compress(article_set(*(article(n, title=str(n)) for n in range(50))))))
    with pytest.raises(DocumentError, match="download it again"):
        list(read_blocks(file, lambda _: None))


def test_a_gzip_bomb_is_unpacked_block_by_block(write: Write) -> None:
    """Memory stays bounded however well the data are packed."""
    file = write("a.xml.gz", gzip.compress(b"<PubmedArticleSet><PubmedArticle>" + b"x" * (80 << 20)))
    assert max(len(block) for block in read_blocks(file, lambda _: None)) <= 1 << 20


def test_a_path_that_is_not_there_is_said_before_anything_is_read(settings: Settings, tmp_path: Path) -> None:
    """Nothing is written either."""
    with pytest.raises(UsageError, match="There is no file"):
        ingest(settings, [tmp_path / "missing.xml"])
    with pytest.raises(UsageError, match=r"holds no \.xml"):
        ingest(settings, [tmp_path])
    assert not settings.data_dir.exists()


def test_a_file_that_breaks_off_is_refused_unless_it_is_to_be_salvaged(settings: Settings, write: Write) -> None:
    """Then its whole records are kept, and the exit code says that it is not all."""
    document = article_set(article(1), article(2), article(3))
    cut = write("cut.xml", document[: document.index(b'<PMID Version="1">3') + 5])
    refused = ingest(settings, [cut])
    assert (refused.exit_code, refused.files) == (1, 0)
    assert f"{cut}, line" in refused.troubles[0]
    kept = ingest(settings, [cut], salvage=True)
    assert (kept.exit_code, kept.outcomes) == (3, {"new": 2})
    assert "ends half way; download it again. The 2 whole records before that were kept." in kept.salvaged[0]
    assert select(settings, "SELECT pmid FROM citation ORDER BY pmid") == [(1,), (2,)]
    assert select(settings, "SELECT is_complete FROM run") == [(False,)]


def test_gzip_data_that_end_early_can_be_salvaged(settings: Settings, write: Write) -> None:
    """What could be unpacked is read up to its last whole record."""
    packed = gzip.compress(article_set(*(article(pmid, title=f"Title {pmid * 7919}.") for pmid in range(1, 200))))
    cut = write("cut.xml.gz", packed[: len(packed) // 2])
    assert ingest(settings, [cut]).troubles == [f"{cut} ends before its gzip data do; download it again."]
    kept = ingest(settings, [cut], salvage=True)
    (count,) = select(settings, "SELECT count(*) FROM citation")[0]
    assert 0 < count < 199
    assert f"ends before its gzip data do; download it again. The {count} whole records" in kept.salvaged[0]


def test_rejected_records_are_read_again_when_the_code_can(
    settings: Settings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the XML that was kept, without the file; what still cannot be read stays rejected."""
    with monkeypatch.context() as broken:
        broken.setattr(pubmed_xml, "reason_against", lambda _: "Not today.")
        first = ingest(settings, [write("a.xml", article_set(article(1), article(2)))])
    assert first.outcomes == {"rejected": 2}
    assert select(settings, "SELECT count(*) FROM citation") == [(0,)]
    bad = (
        article(3)
        .replace('ValidYN="Y"', "")
        .replace('PubModel="Print"', 'PubModel="Print"')
        .replace(
            "<Language>eng</Language>",
            "<AuthorList><Author ValidYN='maybe'><LastName>A</LastName></Author></AuthorList>",
        )
    )
    ingest(settings, [write("b.xml", article_set(bad))])
    again = replay_rejected(settings)
    assert again.outcomes == {"new": 2, "rejected": 1}
    assert "'maybe' is neither Y nor N" in again.rejected[3]
    assert select(settings, "SELECT pmid, source FROM citation ORDER BY pmid") == [(1, "file"), (2, "file")]
    assert replay_rejected(settings).outcomes == {"rejected": 1}


def test_several_workers_make_the_same_rows(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same order, with the duplicates of a file and the records held before."""
    monkeypatch.setattr(processes, "WORTH_WORKERS_BYTES", 0)
    monkeypatch.setitem(split_document.__kwdefaults__ or {}, "chunk_bytes", 2000)
    files = [
        write("a.xml", article_set(*(article(pmid) for pmid in range(1, 40)))),
        write("b.xml", article_set(*(article(p, title=f"T{p % 3}.", version=1 + p % 2) for p in (*range(20, 60), 21)))),
    ]
    answers = []
    for workers in (1, 2):
        settings = Settings(data_dir=tmp_path / f"data-{workers}")
        report = ingest(settings, files, workers=workers)
        rows = select(settings, "SELECT * EXCLUDE (run_id, fetched_at) FROM citation ORDER BY pmid")
        answers.append((report.outcomes, rows, select(settings, "SELECT * FROM language ORDER BY ALL")))
    assert answers[0] == answers[1]
    assert answers[0][0]["new"] == 59


def test_of_a_large_file_that_is_known_in_part_the_rest_is_kept(settings: Settings, write: Write) -> None:
    """More than DuckDB may hold in memory stays; so do the run's own rows of the same tables."""
    text = "<Abstract><AbstractText>" + "Invented words of some length. " * 1300 + "</AbstractText></Abstract>"
    records = [article(pmid, parts=(text, "", "")) for pmid in range(1, 4001)]
    ingest(settings, [write("0.xml", article_set(article(9000, revised=("2019", "01", "02"))))])
    ingest(settings, [write("a.xml", article_set(*records[:100]))])
    deletion = "<DeleteCitation><PMID>9000</PMID></DeleteCitation>"
    report = ingest(settings, [write("b.xml", article_set(*records, after=deletion))], workers=1)
    assert report.outcomes == {"new": 3900, "unchanged": 100, "deleted": 1}
    counts = "SELECT count(*), count(DISTINCT pmid), sum(length(abstract)) // 4000 FROM citation WHERE pmid < 9000"
    assert select(settings, counts) == [(4000, 4000, 40299)]


def test_workers_load_nothing_of_the_command_and_leave_nothing_behind(tmp_path: Path, write: Write) -> None:
    """The command's main module takes longer to load than a file to read."""
    program = tmp_path / "program.py"
    program.write_text("""
print("loaded")
if __name__ == "__main__":
    from flows.nlm_files import processes
    from flows.command.cli import main
    processes.WORTH_WORKERS_BYTES = 0
    main()
""")
    path = write("a.xml", article_set(*(article(pmid) for pmid in range(1, 40))))
    done = subprocess.run(
        [sys.executable, str(program), "ingest", str(path), "--workers", "2"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "39 new" in done.stdout, done.stderr
    assert done.stdout.count("loaded") == 1
    assert [path.name for path in (tmp_path / "data" / "staging").iterdir()] == []


def test_a_folder_is_read_whole_or_what_cannot_be_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that leads nowhere is named, a pipe would never end, and a closed folder may hold what is wanted."""
    folder = tmp_path / "folder"
    (folder / "inner.xml").mkdir(parents=True)
    (folder / "inner.xml" / "a.xml").write_bytes(article_set(article(1)))
    os.mkfifo(folder / "pipe.xml")
    (folder / "lost.xml").symlink_to("nowhere")
    report = ingest(settings, [folder])
    assert report.outcomes == {"new": 1}
    lost = folder / "lost.xml"
    assert report.troubles == [f"{lost} cannot be read: No such file or directory; fix it, or leave it out."]
    scan = os.scandir

    def scan_some(path: Path | str) -> object:
        if str(path).endswith("inner.xml"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_some)
    with pytest.raises(DocumentError, match=r"inner\.xml cannot be read: Permission denied"):
        ingest(settings, [folder])


def test_a_sum_that_cannot_be_read_is_named(settings: Settings, write: Write, tmp_path: Path) -> None:
    """It may be that of a damaged file."""
    file = write("a.xml", article_set(article(1)))
    (tmp_path / "a.xml.md5").mkdir()
    assert ingest(settings, [file]).troubles == [f"{file}.md5 cannot be read: Is a directory; fix it, or leave it out."]


def test_a_file_name_may_be_no_text(settings: Settings, tmp_path: Path) -> None:
    """Names are bytes; those that are not UTF-8 are shown escaped."""
    file = tmp_path / os.fsdecode(b"caf\xe9.xml")
    file.write_bytes(article_set(article(1)))
    assert ingest(settings, [file]).outcomes == {"new": 1}
    assert select(settings, "SELECT via FROM member") == [(r"caf\xe9.xml",)]


def test_zeros_behind_gzip_data_are_nothing(write: Write) -> None:
    """Tapes and block devices fill up with them, and gzip reads on as well."""
    packed = gzip.compress(b"<a>") + bytes(600) + gzip.compress(b"</a>") + bytes(2 << 20)
    assert b"".join(read_blocks(write("a.xml.gz", packed), lambda _: None)) == b"<a></a>"


def test_a_gigabyte_in_one_element_is_refused_with_bounded_memory(tmp_path: Path) -> None:
    """It takes less than three times the longest record that is read, beside what any ingest takes."""
    peaks = []
    for mebibytes in (0, 1024):
        bomb = tmp_path / f"bomb-{mebibytes}.xml.gz"
        with gzip.open(bomb, "wb", compresslevel=1) as stream:
            stream.write(b"<PubmedArticleSet><PubmedArticle><MedlineCitation><ArticleTitle>")
            for _ in range(mebibytes):
                stream.write(bytes(1 << 20).replace(b"\0", b"x"))
        done = run_measured(tmp_path, "ingest", str(bomb), "--workers", "1")
        assert done.returncode == 1
        peak = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
        assert peak is not None, done.stdout
        peaks.append(int(peak[1]) << 10)
    assert f"{bomb}, line 1: a record of more than 64 MiB; this is not a PubMed file." in done.stdout
    assert peaks[1] - peaks[0] < 3 * LONGEST_RECORD_BYTES


def run_measured(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command; the most memory that it had is in its output."""
    # What the kernel's resource usage says would be at least what pytest itself had when it started this process.
    program = """
import atexit, re
from pathlib import Path
from flows.command.cli import main
atexit.register(lambda: print(re.search(r"VmHWM:.*", Path("/proc/self/status").read_text())[0]))
main()
"""
    command = [sys.executable, "-c", program, *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

"""Files are read whole or not at all, in order, and the newer record of a PMID stays."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.files import read_blocks
from flows.ingest import ingest
from flows.settings import Settings
from tests.flows.test_refresh import query
from tests.records import article, article_set
from warehouse.errors import DocumentError, UsageError


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


def test_packed_and_plain_files_are_read_whatever_their_name(settings: Settings, write: Write) -> None:
    """Some `.gz` files are not, and some others are."""
    files = [
        write("a.xml.gz", gzip.compress(article_set(article(1)))),
        write("b.xml.gz", article_set(article(2))),
        write("c.xml", gzip.compress(article_set(article(3))[:500]) + gzip.compress(article_set(article(3))[500:])),
    ]
    report = ingest(settings, files)
    assert (report.outcomes, report.files, report.exit_code) == ({"new": 3}, 3, 0)
    assert query(settings, "SELECT pmid, source FROM citation ORDER BY pmid") == [(1, "file"), (2, "file"), (3, "file")]
    assert query(settings, "SELECT pmid, via FROM member WHERE pmid = 1") == [(1, "a.xml.gz")]


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
    assert query(settings, "SELECT pmid, pmid_version, article_title FROM citation WHERE pmid < 3 ORDER BY pmid") == [
        (1, 3, "Three."),
        (2, 1, "Late."),
    ]
    assert query(settings, "SELECT count(*) FROM language") == [(3,)]


def test_an_older_record_does_not_take_the_place_of_a_newer_one(settings: Settings, write: Write) -> None:
    """Somebody ingests last year's baseline after this year's update."""
    ingest(settings, [write("new.xml", article_set(article(1, title="New.", revised=("2026", "01", "01"))))])
    report = ingest(settings, [write("old.xml", article_set(article(1, title="Old.", revised=("2025", "01", "01"))))])
    assert report.outcomes == {"unchanged": 1}
    assert query(settings, "SELECT article_title FROM citation") == [("New.",)]


def test_a_deletion_keeps_the_last_known_record_until_it_comes_again(settings: Settings, write: Write) -> None:
    """DeleteCitation comes in update files only."""
    ingest(settings, [write("a.xml", article_set(article(1), article(2)))])
    deletion = "<DeleteCitation><PMID Version='1'>1</PMID></DeleteCitation>"
    report = ingest(settings, [write("b.xml", article_set(after=deletion))])
    assert report.outcomes == {"deleted": 1}
    assert query(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, True), (2, False)]
    ingest(settings, [write("c.xml", article_set(article(1, title="Back.", revised=("2030", "01", "01"))))])
    assert query(settings, "SELECT pmid, is_deleted FROM article ORDER BY pmid") == [(1, False), (2, False)]


def test_a_broken_file_is_named_and_the_others_are_read(settings: Settings, write: Write) -> None:
    """Nothing of it is committed."""
    files = [write("a.xml", article_set(article(1))[:-60]), write("b.xml", article_set(article(2)))]
    report = ingest(settings, files)
    assert report.exit_code == 1
    assert [sentence.split(": ")[1] for sentence in report.troubles] == [
        "the document ends half way; download it again."
    ]
    assert query(settings, "SELECT pmid FROM citation") == [(2,)]


def test_a_bad_record_is_kept_with_its_reason(settings: Settings, write: Write) -> None:
    """One bad record never costs the others."""
    report = ingest(settings, [write("a.xml", article_set(article(1), article("x"), article("y")))])
    assert report.outcomes == {"new": 1}
    assert query(settings, "SELECT record_order, reason FROM rejected_citation ORDER BY 1") == [
        (1, "The PubmedArticle has no PMID that is a number."),
        (2, "The PubmedArticle has no PMID that is a number."),
    ]


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

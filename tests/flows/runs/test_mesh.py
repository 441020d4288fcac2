"""MeSH in the corpus: read, replaced by the next year, asked."""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.definition.settings import Settings, load_settings
from flows.runs import maintenance
from flows.runs.mesh import add_mesh
from tests.corpora import commit, select
from tests.mesh_records import descriptor, mesh_set, qualifier, supplementary
from tests.records import article
from tests.scripted import folder_server
from warehouse import build
from warehouse.check import check_all
from warehouse.errors import DocumentError, PermanentError, StoreError, TransientError, UsageError
from warehouse.store import DataDirectory, run_folders

DESCRIPTORS = mesh_set(
    descriptor("D01", "Mood", trees=["F01"]),
    descriptor("D02", "Sadness", "Sorrow", trees=["F01.1", "G02.5"]),
    descriptor("D03", "Melancholy", trees=["F01.1.7"]),
    descriptor("D04", "Mooduli", trees=["F011"]),
    descriptor("D05", "Male"),
    descriptor("D06", "Late Sadness", trees=["G02.5.1"]),
)
HEADINGS = """<MeshHeadingList>
<MeshHeading><DescriptorName UI="D02" MajorTopicYN="N">Sorrow</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName UI="D03" MajorTopicYN="N">Melancholy</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName UI="D99" MajorTopicYN="N">calmol</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName UI="D98" MajorTopicYN="N">Vapours</DescriptorName></MeshHeading></MeshHeadingList>"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a corpus with one citation."""
    settings = load_settings(data_dir=tmp_path / "data")
    commit(DataDirectory(settings.data_dir), article(1, parts=("", HEADINGS, "")))
    build.publish(DataDirectory(settings.data_dir))
    return settings


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_narrower_headings_are_those_below_any_of_its_places(settings: Settings, tmp_path: Path) -> None:
    """F011 is not below F01; Male has no place and is itself; an entry term and an identifier stand for the heading."""
    assert [*add_mesh(settings, [write(tmp_path, "desc2026.xml", DESCRIPTORS)])] == [
        "desc2026.xml: 6 descriptor records of MeSH 2026."
    ]
    below = "SELECT descriptor_name, depth FROM mesh_under({})"
    assert select(settings, below.format("'mood'")) == [("Mood", 0), ("Sadness", 1), ("Melancholy", 2)]
    expected = [("Sadness", 0), ("Late Sadness", 1), ("Melancholy", 1)]
    assert select(settings, below.format("'SORROW'")) == select(settings, below.format("'d02'")) == expected
    assert select(settings, below.format("'Male'")) == [("Male", 0)]
    assert select(settings, below.format("'Unheard'")) == []
    assert select(settings, "SELECT mesh_ui, mesh_name, term_name FROM mesh_find('sorrow')") == [
        ("D02", "Sadness", "Sorrow")
    ]


def test_stale_headings_are_named_with_what_has_replaced_them(settings: Settings, tmp_path: Path) -> None:
    """Renamed; become a supplementary record; gone without a successor. Without MeSH, none is named."""
    stale = "SELECT descriptor_name, what, new_ui, new_name FROM mesh_stale ORDER BY descriptor_name"
    assert select(settings, stale) == []
    files = [
        write(tmp_path, "desc2026.xml", DESCRIPTORS),
        write(tmp_path, "supp2026.xml", mesh_set(supplementary("C01", "calmol", mapped=[("*D01", "Mood")]))),
        write(tmp_path, "qual2026.xml", mesh_set(qualifier("Q01", "therapy", trees=["Y04"]))),
    ]
    list(add_mesh(settings, files))
    assert select(settings, stale) == [
        ("Sorrow", "renamed", "D02", "Sadness"),
        ("Vapours", "gone", None, None),
        ("calmol", "gone", "C01", "calmol"),
    ]
    assert select(settings, "SELECT descriptor_name FROM mesh_under('therapy')") == [("therapy",)]


def test_the_latest_year_of_a_kind_holds_as_a_whole(settings: Settings, tmp_path: Path) -> None:
    """An older file that is read later does not; the same file is not read again; the committed runs give the same."""
    supplement = write(tmp_path, "supp2025.xml", mesh_set(supplementary("C01", "calmol")))
    list(add_mesh(settings, [write(tmp_path, "desc2025.xml", DESCRIPTORS), supplement]))
    newer = write(tmp_path, "desc2026.xml", mesh_set(descriptor("D01", "Mood", trees=["F01"])))
    list(add_mesh(settings, [newer]))
    kept = [("descriptor", 2026, 1), ("supplementary", 2025, 1)]
    held = "SELECT mesh_kind, mesh_year, record_count FROM mesh_file ORDER BY mesh_kind"
    assert select(settings, held) == kept
    assert select(settings, "SELECT descriptor_name FROM mesh_descriptor") == [("Mood",)]
    assert select(settings, "SELECT DISTINCT mesh_ui FROM mesh_term ORDER BY mesh_ui") == [("C01",), ("D01",)]
    runs = len(run_folders(DataDirectory(settings.data_dir)))
    assert [*add_mesh(settings, [newer])] == [
        "desc2026.xml: the descriptors of MeSH 2026 are held already; not read again."
    ]
    assert len(run_folders(DataDirectory(settings.data_dir))) == runs
    older = write(tmp_path, "desc2024.xml", DESCRIPTORS)
    assert [*add_mesh(settings, [older])] == ["desc2024.xml: 6 descriptor records of MeSH 2024. Those of 2026 hold."]
    assert select(settings, held) == kept
    assert select(settings, "SELECT pmid FROM citation") == [(1,)]
    assert list(check_all(DataDirectory(settings.data_dir))) == []


def test_nothing_is_kept_where_a_file_cannot_be_used(settings: Settings, tmp_path: Path) -> None:
    """Two of one kind; one that is cut off; one that is not there."""
    good = write(tmp_path, "desc2026.xml", DESCRIPTORS)
    runs = len(run_folders(DataDirectory(settings.data_dir)))
    with pytest.raises(UsageError, match=r"desc2026.xml and desc2025.xml are both descriptor files"):
        list(add_mesh(settings, [good, write(tmp_path, "desc2025.xml", DESCRIPTORS + b"\n")]))
    with pytest.raises(DocumentError, match=r"supp2026.xml is not well-formed"):
        list(add_mesh(settings, [good, write(tmp_path, "supp2026.xml", DESCRIPTORS[:-9])]))
    with pytest.raises(UsageError, match="There is no file"):
        list(add_mesh(settings, [tmp_path / "desc2027.xml"]))
    assert len(run_folders(DataDirectory(settings.data_dir))) == runs
    assert select(settings, "SELECT count(*) FROM mesh_term") == [(0,)]


def test_a_damaged_folder_of_mesh_is_read_again_from_its_files(settings: Settings, tmp_path: Path) -> None:
    """`corpus rebuild` says what to do, and doing so is enough; a file that is held is read again if asked for."""
    file, directory = write(tmp_path, "desc2026.xml", DESCRIPTORS), DataDirectory(settings.data_dir)
    list(add_mesh(settings, [file]))
    held = select(settings, "FROM mesh_term ORDER BY ALL")
    assert [*add_mesh(settings, [file])] == [
        "desc2026.xml: the descriptors of MeSH 2026 are held already; not read again."
    ]
    assert [*add_mesh(settings, [file], is_again=True)] == ["desc2026.xml: 6 descriptor records of MeSH 2026."]
    assert select(settings, "FROM mesh_term ORDER BY ALL") == held
    for folder in run_folders(directory)[1:]:
        (folder / "mesh_term.parquet").write_bytes(b"damaged")
    with pytest.raises(
        StoreError, match=r"or remove .*run=.*, run `corpus rebuild`, then `corpus mesh` with its files"
    ):
        list(maintenance.rebuild(settings))
    for folder in run_folders(directory)[1:]:
        shutil.rmtree(folder)
    list(maintenance.rebuild(settings))
    assert select(settings, "FROM mesh_term") == []
    list(add_mesh(settings, [file]))
    assert select(settings, "FROM mesh_term ORDER BY ALL") == held
    assert list(check_all(directory)) == []


def test_mesh_is_content_whatever_its_file_is_called(settings: Settings, tmp_path: Path) -> None:
    """The digest of the corpus says MeSH, not the name, packing and time of its file; upkeep keeps it."""
    other = load_settings(data_dir=tmp_path / "other")
    commit(DataDirectory(other.data_dir), article(1, parts=("", HEADINGS, "")))
    digest = "SELECT content_sha256 FROM manifest"
    without = select(settings, digest)
    list(add_mesh(settings, [write(tmp_path, "desc2026.xml", DESCRIPTORS)]))
    list(add_mesh(other, [write(tmp_path, "mine-desc2026.xml.gz", gzip.compress(DESCRIPTORS))]))
    assert select(settings, digest) == select(other, digest) != without
    run = "SELECT run_source, requested_count, is_complete FROM run WHERE run_kind = 'mesh'"
    assert select(other, run) == [("mine-desc2026.xml.gz", 0, True)]
    said = select(settings, "SELECT * FROM mesh_term ORDER BY ALL")
    list(maintenance.compact(settings))
    list(maintenance.rebuild(settings))
    assert select(settings, digest) == select(other, digest)
    assert select(settings, "SELECT * FROM mesh_term ORDER BY ALL") == said
    assert list(check_all(DataDirectory(settings.data_dir))) == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder, and the address under which it is served."""
    folder = tmp_path / "nlm"
    folder.mkdir()
    with folder_server(folder) as base_url:
        yield base_url, folder


def test_the_newest_files_of_a_page_are_downloaded(settings: Settings, server: tuple[str, Path]) -> None:
    """A year may lack a kind; the page of a folder is enough."""
    url, folder = server
    write(folder, "desc2025.xml", mesh_set(descriptor("D01", "Old Mood")))
    write(folder, "desc2026.xml", DESCRIPTORS)
    write(folder, "qual2025.xml", mesh_set(qualifier("Q01", "therapy")))
    assert sorted(add_mesh(settings, [], url=url)) == [
        f"{url}desc2026.xml: 6 descriptor records of MeSH 2026.",
        f"{url}qual2025.xml: 1 qualifier records of MeSH 2025.",
    ]
    assert not list((settings.data_dir / "staging" / "mesh").iterdir())


def test_a_page_without_files_or_without_an_answer_is_named(settings: Settings, server: tuple[str, Path]) -> None:
    """The sentence says what to do next."""
    url, _ = server
    with pytest.raises(PermanentError, match="links to no file of MeSH"):
        list(add_mesh(settings, [], url=url))
    with pytest.raises(TransientError, match=r"gone/ cannot be had: .*404"):
        list(add_mesh(settings, [], url=f"{url}gone/"))
    with pytest.raises(TransientError, match="cannot be had"):
        list(add_mesh(settings, [], url="nonsense"))

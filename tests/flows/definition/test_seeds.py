"""The seeds folder says what the corpus is, and says what is wrong with it in one sentence."""

import os
import re
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from flows.definition.seeds import ENDINGS, PORTION_BYTES, read_definition, read_pmids, read_seeds
from tests.conftest import REPOSITORY
from warehouse.errors import SeedError


def test_the_given_folder_names_eleven_pmids() -> None:
    """The page's own, five similar articles and five that cite it."""
    seeds = read_seeds(REPOSITORY / "seeds")
    (page,) = seeds.pages
    assert page.pmid == 25217177
    assert len({page.pmid, *(entry.pmid for entry in page.entries)}) == 11
    assert read_definition(REPOSITORY / "seeds" / "corpus.toml").links.follow == []


def test_pmids_and_queries_have_comments(tmp_path: Path) -> None:
    """Blank lines and leading zeros do not matter."""
    (tmp_path / "a.pmids").write_text("# mine\n7\n 0008 # eight\n\n7\n", encoding="utf-8-sig")
    (tmp_path / "b.query").write_text("# a search\nketamine\n  AND depression\n")
    seeds = read_seeds(tmp_path)
    assert seeds.pmids == {"a.pmids": tmp_path / "a.pmids"}
    assert pmids_of(tmp_path / "a.pmids") == [7, 7, 8]
    assert seeds.queries == {"b.query": "ketamine AND depression"}


def pmids_of(path: Path) -> list[int]:
    """All PMIDs of a file."""
    return sorted(pmid for portion in read_pmids(path) for pmid in portion.to_pylist())


def test_a_line_of_a_large_file_is_named_by_its_number(tmp_path: Path) -> None:
    """The file is read in portions, and lines are counted over all of them."""
    lines = [str(n) for n in range(10_000_000, 10_000_000 + PORTION_BYTES // 4)]
    file = tmp_path / "a.pmids"
    file.write_text("\r\n".join(lines))
    assert pmids_of(file) == sorted(map(int, lines))
    file.write_text("\n".join([*lines, "x"]))
    with pytest.raises(SeedError, match=rf"a\.pmids, line {len(lines) + 1}: 'x' is not a PMID"):
        pmids_of(file)
    file.write_bytes("\n".join(lines).encode() + b"\n\n\xff\n")
    with pytest.raises(SeedError, match=rf"a\.pmids, line {len(lines) + 2}: it is not UTF-8"):
        pmids_of(file)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pmids", b"7\nPMC12\n", r"a\.pmids, line 2: 'PMC12' is not a PMID; write one number a line"),
        ("a.pmids", b"7\n8\n\xff\n", r"a\.pmids, line 3: it is not UTF-8; save it as UTF-8"),
        ("a.pmids", b"0\n", "'0' is not a PMID"),
        ("b.query", b"# nothing\n", r"b\.query, line 1: there is no search in it"),
        ("c.txt", b"Shopping list\nmilk\n", r"c\.txt"),
        ("corpus.toml", b"[links]\nfetch = [\n", r"corpus\.toml, line \d+|corpus\.toml, its last line"),
        ("corpus.toml", b"[links]\nfollow = []\ndeep = 2\n", r"corpus\.toml, line 3: links\.deep: "),
        ("corpus.toml", b"[links]\ndepth = 9\n", r"corpus\.toml, line 2: links\.depth: .*fix or remove it"),
        ("corpus.toml", b"[citations]\nrefetch_after_days = 99999999999999\n", r"corpus\.toml, line 2: .*36500"),
        ("corpus.toml", b"[linkz]\n", r"corpus\.toml, line 1: linkz: "),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    """One sentence with the file, the line and what to do."""
    (tmp_path / "good.pmids").write_text("1\n")
    (tmp_path / name).write_bytes(content)
    if name != "corpus.toml":
        seeds = read_seeds(tmp_path)
        assert seeds.pmids.keys() == {"good.pmids"}
        (problem,) = seeds.problems
        assert re.search(sentence, problem)
        assert problem.startswith(f"{tmp_path / name}, line ")
        (tmp_path / "good.pmids").unlink()
    read = partial(read_definition, tmp_path / name) if name == "corpus.toml" else partial(read_seeds, tmp_path)
    with pytest.raises(SeedError, match=sentence) as caught:
        read()
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_seed_is_said(tmp_path: Path) -> None:
    """An empty corpus is a mistake, not a wish."""
    with pytest.raises(SeedError, match="holds no seed"):
        read_seeds(tmp_path)
    with pytest.raises(SeedError, match="There is no folder"):
        read_seeds(tmp_path / "missing")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder, a link that leads nowhere, and a pipe that would never end."""
    seed = tmp_path / "seed.txt"
    seed.mkdir()
    with pytest.raises(SeedError, match=r"seed\.txt cannot be read: Is a directory; fix or remove it"):
        read_seeds(tmp_path)
    seed.rmdir()
    seed.symlink_to("nowhere")
    with pytest.raises(SeedError, match=r"seed\.txt cannot be read: No such file or directory"):
        read_seeds(tmp_path)
    seed.unlink()
    os.mkfifo(seed)
    with pytest.raises(
        SeedError, match=r"seed\.txt cannot be read: it is a pipe or a device, and no file; fix or remove it"
    ):
        read_seeds(tmp_path)


def test_names_may_be_in_capitals_hidden_or_no_text(tmp_path: Path) -> None:
    """Windows, editors and macOS name files in their own ways."""
    page = (REPOSITORY / "seeds" / "000_c094b752a16dd644.txt").read_bytes()
    (tmp_path / "SAVED.TXT").write_bytes(page)
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(page)
    (tmp_path / ".#saved.txt").symlink_to("user@host.123")
    (tmp_path / "._saved.txt").write_bytes(b"\0\5\x16\7")
    assert [page.seed_id for page in read_seeds(tmp_path).pages] == ["SAVED.TXT", r"caf\xe9"]


def test_a_file_that_is_no_seed_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who dropped it there expects it in the corpus."""
    for name in ("a.pmids", "b.docx", "corpus.toml", "README.md", ".b.txt.swp"):
        (tmp_path / name).write_text("1\n" if name == "a.pmids" else "")
    assert read_seeds(tmp_path).pmids.keys() == {"a.pmids"}
    assert caplog.messages == [
        f"{tmp_path / 'b.docx'} is left out: seeds are " + ", ".join(f"*{e}" for e in ENDINGS) + " files."
    ]


SAVED = """PMID- 31
TI  - A title.

PMID- 32
TI  - Another.
"""


def test_what_pubmed_saves_is_a_seed(tmp_path: Path) -> None:
    """A list of PMIDs, and records in any format: those that cannot be used are named with file and line."""
    (tmp_path / "pmid-list.txt").write_text("993\n994\n")
    (tmp_path / "pubmed-set.nbib").write_text(SAVED)
    (tmp_path / "pubmed-set.txt").write_text(SAVED)
    (tmp_path / "zotero.ris").write_text("TY  - JOUR\nDO  - 10.5555/x\nER  - \n\nTY  - JOUR\nER  - \n")
    (tmp_path / "urls.pmids").write_text("https://pubmed.ncbi.nlm.nih.gov/7/\nPMID: 8, 9 # three\n")
    seeds = read_seeds(tmp_path)
    assert {page.seed_id: [entry.pmid for entry in page.entries] for page in seeds.pages} == {
        "pubmed-set": [31, 32],
        "pubmed-set.nbib": [31, 32],
        "zotero.ris": [None],
    }
    assert {name: pa.concat_arrays(read_pmids(path)).to_pylist() for name, path in seeds.pmids.items()} == {
        "pmid-list.txt": [993, 994],
        "urls.pmids": [7, 8, 9],
    }
    assert seeds.problems == (
        f"{tmp_path / 'zotero.ris'}, line 5: it has no PMID, DOI, PMCID or title; give it one, or remove it.",
    )

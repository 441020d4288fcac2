"""`corpus export`, `corpus sql -o` and `corpus search -o` over a published file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.command.cli import app
from flows.eutils_server.records import RecordStore
from flows.eutils_server.text_formats import text_records
from flows.exports.corpus import Seen
from tests.records import article, article_set


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordStore]:
    """A data directory with three citations, and their records."""
    folder = tmp_path_factory.mktemp("export")
    file = folder / "records.xml"
    file.write_bytes(article_set(*(article(pmid, title=f"Title {pmid}.") for pmid in (3, 1, 2))))
    done = CliRunner().invoke(app, ["ingest", str(file), "--data-dir", str(folder / "data")])
    assert done.exit_code == 0, done.output
    return folder / "data", RecordStore.from_paths([file])


def run(corpus: tuple[Path, RecordStore], *arguments: str) -> Result:
    """What the command does."""
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(corpus[0])])


def test_the_published_file_gives_what_the_record_gives(corpus: tuple[Path, RecordStore]) -> None:
    """One implementation: the corpus and the E-utilities server write the same MEDLINE text."""
    done = run(corpus, "export", "SELECT pmid FROM citation ORDER BY pmid DESC", "--format", "nbib")
    assert (done.exit_code, done.stderr) == (0, "wrote 3 citations\n")
    assert done.stdout == "\n".join(text_records([corpus[1].xml(pmid) for pmid in (3, 2, 1)], "medline"))


def test_a_citation_is_written_once_where_it_came_first(corpus: tuple[Path, RecordStore]) -> None:
    """A query over authors gives a PMID for each of them."""
    sql = "SELECT unnest([2, 1, 2, NULL, 1]) AS pmid"
    done = run(corpus, "export", sql, "--format", "ris")
    assert [line for line in done.stdout.splitlines() if line.startswith("AN")] == ["AN  - 2", "AN  - 1"]


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.ris", b"TY  - JOUR\n"),
        ("a.nbib", b"PMID- "),
        ("a.bib", b"@article{pmid"),
        ("a.json", b'[\n{"id": "pmid:'),
        ("a.csv", b"pmid,title,"),
        ("a.jsonl", b'{"pmid": '),
        ("a.parquet", b"PAR1"),
    ],
)
def test_the_ending_tells_the_format(
    corpus: tuple[Path, RecordStore], tmp_path: Path, name: str, begins: bytes
) -> None:
    """And the command says what it wrote."""
    done = run(corpus, "export", "--pmids", "PMID: 1, 2", "-o", str(tmp_path / name))
    assert (done.exit_code, done.stderr) == (0, f"wrote 2 citations to {tmp_path / name}\n")
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_what_the_corpus_does_not_hold_is_named(corpus: tuple[Path, RecordStore]) -> None:
    """The others are written; the exit code says that it is a part."""
    done = run(corpus, "export", "--pmids", "1 77", "--format", "ris")
    assert done.exit_code == 3
    assert "AN  - 1\n" in done.stdout
    assert "! 1 PMID not in the corpus: 77;" in done.stderr


def test_own_columns_stand_beside_those_of_the_citation(corpus: tuple[Path, RecordStore]) -> None:
    """In CSV, with the mark for Excel; a reference manager has no place for them, and that is said."""
    sql = "SELECT pmid, 'included' AS label FROM citation WHERE pmid = 1"
    table = run(corpus, "export", sql, "--format", "csv", "--bom").stdout
    head, row = table.splitlines()
    assert (head[0], head.endswith(",label"), row.endswith(",included")) == ("\ufeff", True, True)
    assert "! ris has no place for the columns label.\n" in run(corpus, "export", sql, "--format", "ris").stderr


def test_sql_and_search_write_citations_too(corpus: tuple[Path, RecordStore], tmp_path: Path) -> None:
    """Or the rows of their answer, as the file's ending says."""
    said = {
        "a.ris": run(corpus, "sql", "SELECT pmid FROM citation", "-o", str(tmp_path / "a.ris")).stderr,
        "b.csv": run(corpus, "sql", "SELECT pmid FROM citation", "-o", str(tmp_path / "b.csv")).stderr,
        "c.bib": run(corpus, "search", "title", "-o", str(tmp_path / "c.bib")).stderr,
    }
    wrote = {name: text.splitlines()[-1].partition(" to ")[0] for name, text in said.items()}
    assert wrote == {"a.ris": "wrote 3 citations", "b.csv": "wrote 3 rows", "c.bib": "wrote 3 citations"}
    assert (tmp_path / "b.csv").read_text() == '"pmid"\n1\n2\n3\n'


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["export", "SELECT pub_year FROM citation", "--format", "ris"], 1, "gives no column `pmid`"),
        (["export", "SELECT 'x' AS pmid", "--format", "ris"], 1, "holds no whole numbers"),
        (["export", "SELECT pmid FROM citation"], 2, "--format is missing"),
        (["export", "SELECT pmid FROM citation", "--format", "doc"], 2, "--format doc: write one of ris,"),
        (["export", "--format", "ris"], 2, "Give one of a query in SQL, --query and --pmids"),
        (["export", "--pmids", "1", "--format", "ris", "--bom"], 2, "--bom is for CSV"),
    ],
)
def test_what_cannot_be_exported_is_said(
    corpus: tuple[Path, RecordStore], arguments: list[str], code: int, sentence: str
) -> None:
    """In one sentence, with its exit code."""
    done = run(corpus, *arguments)
    assert sentence in str(done.exception)
    assert getattr(done.exception, "exit_code", None) == code


def test_pmids_are_told_apart_by_a_bit_each() -> None:
    """Including those on both sides of a page, and the highest one."""
    seen = Seen()
    pmids = [1, (1 << 20) - 1, 1 << 20, 999_999_999]
    assert [seen.add(pmid) for pmid in [*pmids, *pmids]] == [True] * 4 + [False] * 4

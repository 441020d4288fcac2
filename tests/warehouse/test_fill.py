"""The worked example of `insert_change_of_presence.sql`, by runs of three files."""

from pathlib import Path

import duckdb

from flows.definition.settings import Settings
from flows.runs.ingest import ingest
from tests.records import article, article_set

DELETION = "<DeleteCitation><PMID Version='1'>7</PMID></DeleteCitation>"


def test_the_worked_example_is_what_the_file_says(tmp_path: Path) -> None:
    """Delivered, withdrawn, delivered again: three changes, and none for the revision of what came before."""
    documents = (article_set(article(7)), article_set(article(8), after=DELETION), article_set(article(7)))
    files = [tmp_path / f"pubmed26n000{number}.xml" for number in (1, 2, 3)]
    for file, document in zip(files, documents, strict=True):
        file.write_bytes(document)
    settings = Settings(data_dir=tmp_path / "data")
    assert ingest(settings, files).troubles == []
    with duckdb.connect(settings.directory.database, read_only=True) as con:
        runs = [run for (run,) in con.execute("SELECT run_id FROM run ORDER BY run_id").fetchall()]
        changes = con.execute(
            "SELECT run_id, table_name, column_name, before, after FROM change WHERE pmid = 7 ORDER BY run_id"
        ).fetchall()
    names = dict(zip(runs, "ABC", strict=True))
    assert [(names[run], *change) for run, *change in changes] == [
        ("A", "citation", "pmid", None, "7"),
        ("B", "deleted_citation", "evidence", None, "DeleteCitation"),
        ("C", "deleted_citation", "evidence", "DeleteCitation", None),
    ]

"""The worked example of `current.py`, over two runs of which the file has one."""

import shutil
from pathlib import Path

from flows.definition.settings import Settings
from flows.runs.ingest import ingest
from tests.records import article, article_set
from warehouse.current import open_memory, view_runs


def test_the_worked_example_is_what_the_module_says(tmp_path: Path) -> None:
    """The rows that the new run touches, and no other, come out of the file."""
    settings = Settings(data_dir=tmp_path / "data")
    directory = settings.directory
    file = tmp_path / "pubmed26n0001.xml"
    file.write_bytes(article_set(article(7, title="Old."), article(8)))
    ingest(settings, [file])
    shutil.copy(directory.database, tmp_path / "published.duckdb")
    file = tmp_path / "pubmed26n0002.xml"
    file.write_bytes(article_set(article(7, title="New.")))
    ingest(settings, [file])
    with open_memory() as con:
        con.execute(f"ATTACH '{tmp_path / 'published.duckdb'}' AS published (READ_ONLY)")
        ((first, second),) = con.execute(
            f"SELECT min(run_id), max(run_id) FROM read_parquet('{directory.parquet}/*/run.parquet')"
        ).fetchall()
        view_runs(con, directory, run_ids=[second], base="published")
        titles = "SELECT pmid, run_id, article_title FROM {} ORDER BY run_id DESC"
        assert con.execute(titles.format("new_citation")).fetchall() == [(7, second, "New.")]
        assert con.execute("FROM touched_citation").fetchall() == [(7,)]
        both = [(7, second, "New."), (7, first, "Old.")]
        assert con.execute(titles.format("run_citation")).fetchall() == both
        assert con.execute("SELECT pmid, run_id FROM key_citation").fetchall() == [(7, second)]
        assert con.execute(titles.format("current_citation")).fetchall() == both[:1]
        types = "SELECT DISTINCT run_id FROM current_publication_type"
        assert con.execute(types).fetchall() == [(second,)]

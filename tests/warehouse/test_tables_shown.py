"""What SHOW TABLES shows: the tables and views that people query, without those of the program."""

from pathlib import Path

import duckdb
import pytest

from tests.corpora import commit
from tests.records import article
from warehouse import build
from warehouse.query import ask, open_published
from warehouse.schema.declaration import PROGRAM
from warehouse.schema.tables import TABLES
from warehouse.store import DataDirectory

OF_PROGRAM = [name for name, table in TABLES.items() if table.schema == PROGRAM]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """A corpus of one citation."""
    directory = DataDirectory(tmp_path_factory.mktemp("shown") / "data")
    commit(directory, article(1, title="Ketamine in an invented trial."))
    build.publish(directory)
    return directory


def test_any_client_is_shown_the_tables_of_the_corpus(directory: DataDirectory) -> None:
    """Those of the program are in a schema of their own, and views and macros find them there."""
    with duckdb.connect(directory.database, read_only=True) as con:
        shown = {name for (name,) in con.execute("SHOW TABLES").fetchall()}
        assert {"citation", "article", "mesh_heading", "run"} <= shown
        assert shown.isdisjoint(OF_PROGRAM)
        assert len(OF_PROGRAM) == 11
        for name in OF_PROGRAM:
            con.execute(f"FROM program.{name}")
        assert con.execute("SELECT pmid FROM search('ketamine')").fetchall() == [(1,)]
        assert con.execute("SELECT pmid, title FROM search_article('ketamine')").fetchall() == [
            (1, "Ketamine in an invented trial.")
        ]


def test_the_command_says_what_a_row_is_and_knows_the_former_names(directory: DataDirectory) -> None:
    """`corpus sql` finds a table of the program with and without its schema."""
    con = open_published(directory)
    try:
        shown = dict(zip(*ask(con, "show tables;").to_pydict().values(), strict=True))
        assert shown["author"] == "An author, editor or collective"
        assert shown["article"].startswith("One row per citation, wide")
        assert shown.keys().isdisjoint(OF_PROGRAM)
        for name in OF_PROGRAM:
            assert ask(con, f"SELECT count(*) FROM {name}") == ask(con, f"SELECT count(*) FROM program.{name}")
    finally:
        con.close()


@pytest.mark.parametrize("table", ["article", "citation", "author", "mesh_heading", "member"])
def test_a_search_joins_without_clashes(directory: DataDirectory, table: str) -> None:
    """It has `pmid`, by which it joins, and `score`, which only `link` has too."""
    with duckdb.connect(directory.database, read_only=True) as con:
        columns = con.execute(f"FROM search('ketamine') JOIN {table} USING (pmid)").description or []
        names = [column[0] for column in columns]
        assert names[:2] == ["pmid", "score"]
        assert len(set(names)) == len(names)


def test_an_earlier_file_is_queried_as_it_is(tmp_path: Path) -> None:
    """It has no schema of the program yet; the next publish builds it from scratch."""
    with duckdb.connect(tmp_path / "corpus.duckdb") as con:
        con.execute("CREATE TABLE citation AS SELECT 1 AS pmid")
    con = open_published(DataDirectory(tmp_path))
    try:
        assert ask(con, "SELECT pmid FROM citation").to_pydict() == {"pmid": [1]}
    finally:
        con.close()

"""The SQL files: a statement each, its comment at the head, defined in an order that DuckDB can follow."""

import re

from warehouse.sql_files import SQL_FOLDER, read_definitions, read_sql, read_statement


def test_the_head_of_a_file_is_its_comment() -> None:
    """For every view and macro; people read it in DuckDB."""
    files = read_sql("create")
    assert len(files) > 30
    assert [file.name for file in files] == sorted(path.stem for path in SQL_FOLDER.glob("create_*.sql"))
    for file in files:
        first = file.statement.splitlines()[0]
        assert file.comment.startswith(first.removeprefix("--").strip()), file.name
        assert not re.search(r"^--|\n", file.comment), file.name
        assert read_statement(file.name) == file.statement


def test_each_definition_comes_after_those_that_it_names() -> None:
    """DuckDB looks them up when a macro or a view is created."""
    names = [file.name.removeprefix("create_") for file in read_definitions()]
    assert sorted(names) == sorted(file.name.removeprefix("create_") for file in read_sql("create"))
    for place, file in enumerate(read_definitions()):
        statement = re.sub(r"--.*|'[^']*'", "", file.statement)
        later = [name for name in names[place + 1 :] if re.search(rf"\b{name}\b", statement)]
        assert later == [], file.name


def test_a_verb_without_files_has_none() -> None:
    """It is part of a name, not a pattern of names."""
    assert read_sql("nothing") == ()

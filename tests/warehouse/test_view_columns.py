"""The comments of views' columns: their own words, or those of the column that they show."""

from warehouse.schema.citation import CITATION
from warehouse.view_columns import DOCS, view_column_doc


def test_a_view_has_words_of_its_own_or_those_of_the_table() -> None:
    """One view's words win over those of all views, and these over the table's."""
    name = next(name for name in DOCS if "." in name)
    view, _, column = name.partition(".")
    assert view_column_doc(view, column) == DOCS[name]
    shared = next(name for name in DOCS if "." not in name)
    assert view_column_doc("any_view", shared) == DOCS[shared]


def test_a_column_of_a_table_says_what_null_means() -> None:
    """A column that is never null says nothing of it."""
    columns = [c for c in CITATION.columns if c.name not in DOCS]
    nullable = next(c for c in columns if c.null)
    required = next(c for c in columns if not c.null)
    assert view_column_doc("any_view", nullable.name) == f"{nullable.doc} Null: {nullable.null}"
    assert view_column_doc("any_view", required.name) == required.doc


def test_of_a_name_that_nobody_declares_there_is_no_comment() -> None:
    """The build fails on it rather than inventing one."""
    assert view_column_doc("any_view", "nobody_declares_this") is None

"""The declarations hold together."""

import pyarrow as pa
import pytest

from warehouse.current import DUCKDB_TYPES
from warehouse.schema.declaration import Table
from warehouse.schema.publication import LANGUAGE
from warehouse.schema.tables import TABLES


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_keys_and_owners_name_columns_that_exist(table: Table) -> None:
    """A misspelt key column would only be noticed when a check runs."""
    assert set(table.key) <= set(table.column_names)
    if table.owner and table.owner != "derived":
        owner = TABLES[table.owner]
        assert set(table.owner_key) == set(owner.key)
        assert "run_id" in owner.column_names


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_says_what_it_is_and_has_a_duckdb_type(table: Table) -> None:
    """The data dictionary and the comments are made from these words."""
    assert table.row.endswith(".")
    for column in table.columns:
        assert column.doc.strip()
        assert column.type in DUCKDB_TYPES


def test_a_required_value_that_is_null_is_refused() -> None:
    """pyarrow itself lets a null into a field that is marked not null."""
    with pytest.raises(ValueError, match=r"language\.language: null in row 1"):
        LANGUAGE.to_arrow([(1, 1, "eng"), (1, 2, None)])


def test_a_row_of_the_wrong_length_is_refused() -> None:
    """A tuple with a value too many would shift every column after it."""
    with pytest.raises(ValueError, match="rows of 4 values for 3 columns"):
        LANGUAGE.to_arrow([(1, 1, "eng", "ger")])


def test_a_value_of_the_wrong_type_is_refused() -> None:
    """Text in a number's column is a fault of the transform, never silently converted."""
    with pytest.raises(pa.ArrowInvalid):
        LANGUAGE.to_arrow([("x", 1, "eng")])

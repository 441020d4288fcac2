"""Columns that follow from others, on the arrays that they are made of."""

import numpy as np
import pyarrow as pa
import pytest

from transforms.derived_columns import map_different, put_first


def test_of_several_values_for_a_row_the_first_is_put() -> None:
    """Rows without any keep theirs."""
    values = np.array([-1, 5, -1])
    put_first(values, np.array([2, 0, 2]), np.array([7, 8, 9]))
    assert values.tolist() == [8, 5, 7]


def test_each_combination_is_made_once() -> None:
    """Null is a value of its own; the order is that of the rows."""
    asked: list[tuple[str | None, ...]] = []

    def join(*parts: str | None) -> str | None:
        asked.append(parts)
        return "-".join(map(str, parts)) if parts[0] else None

    years, months = ["2020", None, "2020", "1999", "2020"], ["1", "1", None, "1", "1"]
    made = map_different(join, [pa.array(years), pa.array(months)], pa.string())
    assert made.to_pylist() == ["2020-1", None, "2020-None", "1999-1", "2020-1"]
    assert len(asked) == len(set(asked)) == 4
    assert map_different(join, [pa.array([], pa.string())], pa.int16()).type == pa.int16()


def test_a_value_that_does_not_fit_its_column_is_an_error() -> None:
    """A column of numbers takes no text."""
    with pytest.raises(pa.ArrowInvalid):
        map_different(lambda text: text, [pa.array(["x"])], pa.int16())

"""Columns derived from others, on the arrays that they are made from."""

from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from transforms.columns import NOTHING
from transforms.derived_columns import dates_of, map_different, put_first
from transforms.elements import find_elements
from transforms.record_columns import read_columns
from transforms.values import to_date


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


YEARS = ["1999", "2020", "2000", "1900", "0999", "999", "19990", "199", "", "2o20", "2020 ", "\u0662\u0660\u0662\u0660"]
MONTHS = ["01", "1", "12", "13", "00", "0", "2", "02", "Feb", "feb", "001", "Winter", "Jan-Feb", "1a"]
DAYS = ["1", "01", "28", "29", "30", "31", "32", "00", "001", "", "1st"]


def test_dates_are_those_of_their_texts() -> None:
    """For every year, month and day, odd forms included."""
    parts = list(product(YEARS, MONTHS, DAYS))
    xml = "".join(f"<D><Y>{y}</Y><M>{m}</M><D>{d}</D></D>" for y, m, d in parts).encode()
    e = find_elements(xml)
    assert e is not None
    columns = read_columns(e, e.levels[0][:0])
    strings = (2 * e.tag[e.levels[1]] + 2).reshape(-1, 3).T
    strings = np.where(e.offsets[strings] < e.offsets[strings + 1], strings, NOTHING)
    found = dates_of(columns, columns.strings(), list(strings)).to_pylist()
    assert found == [to_date(*part) for part in parts]
    assert sum(date is not None for date in found) > 100

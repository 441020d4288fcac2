"""The columns of a chunk as Arrow tables."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from transforms.columns import NOTHING, TABLE_NUMBERS, Columns, Fault
from transforms.numpy_reading import Flags, Positions, Strings
from transforms.record_paths import READ_TABLES
from warehouse.schema.declaration import RECORD

# Columns by table and position.
Made = dict[tuple[int, int], pa.Array]
SINGLE = [number for number, table in enumerate(READ_TABLES) if table.rows == RECORD]


def has_values(columns: Columns, table: str) -> Flags:
    """Of each row of a table with one row per record, whether the record has anything for it."""
    number = TABLE_NUMBERS[table]
    found = np.zeros(len(columns.records), bool)
    for (of, _), values in columns.values.items():
        if of == number:
            found |= (values != NOTHING) & (values != columns.positions.get("", NOTHING))
    return found


def fill_defaults(columns: Columns) -> None:
    """Make the columns that no element filled, where the schema says what they have then."""
    for number, table in enumerate(READ_TABLES):
        if len(columns.record_of[number]):
            for index, column in enumerate(table.columns):
                if column.default is not None or column.step:
                    columns.column(number, index)


def to_tables(
    columns: Columns, strings: Strings, pmids: Positions, constants: Mapping[str, pa.Scalar], made: Made
) -> dict[str, pa.Table]:
    """The Arrow tables of all columns; those without rows are left out.

    Args:
        columns: As read and derived; a required value that is null is added to its faults.
        strings: All strings.
        pmids: The records' PMIDs.
        constants: Columns that have one value in all rows.
        made: Columns that are Arrow's already.
    """
    tables = {}
    for number, table in enumerate(READ_TABLES):
        record = columns.record_of[number]
        if not len(record):
            continue
        arrays = [pa.array(pmids[record])]
        for index, column in enumerate(table.columns[1:], 1):
            if column.name in constants:
                array = pa.repeat(constants[column.name], len(record))
            elif (number, index) in made:
                array = made[number, index]
            elif (number, index) in columns.values:
                array = to_array(columns.values[number, index], column.type, strings)
            else:
                array = pa.nulls(len(record), column.type)
            if array.null_count and not column.null:
                for row in np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False)).tolist():
                    fault = Fault(int(columns.records[record[row]]), f"{table.name}.{column.name}: null in row {row}")
                    columns.faults.append(fault)
            arrays.append(array)
        # Columns marked not-null may hold null here; their records are read no further.
        tables[table.name] = pa.Table.from_arrays(arrays, schema=table.arrow_schema)
    return tables


def to_array(values: np.ndarray, type_: pa.DataType, strings: Strings) -> pa.Array:
    """A column of numbers as Arrow's."""
    if type_ == pa.string():
        return strings.take(values)
    is_null = values == NOTHING
    mask = is_null if is_null.any() else None
    return pa.array(values == 1 if type_ == pa.bool_() else values, type_, mask=mask)

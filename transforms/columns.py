"""The columns of a chunk while they are read: arrays with one number a row.

A number, a date or a flag is itself. A text is the position of a string among all strings of the chunk and those added
to them, and only at the end becomes the text itself (transforms/column_tables.py).
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms import numpy_reading, reading_kernel
from transforms.elements import Elements
from transforms.numpy_reading import Positions
from transforms.record_paths import NODE_OF_PATH, NODES, PATHS, READ_TABLES, Slot

# All arrays are int64; these names say what each number is: a position among the elements of the chunk, its strings
# (those in `made` and `texts` follow), the records that are read, or the rows of a table.
ElementsAt = Positions
StringsAt = Positions
RecordsAt = Positions
RowsAt = Positions
# By node: NODES, and the three kinds of element that have none.
NodesAt = npt.NDArray[np.int16]
# A column: a string's position, a number, a flag, or NOTHING.
Values = npt.NDArray[np.int64]

NOTHING = numpy_reading.NOTHING

TABLE_NUMBERS = {table.name: number for number, table in enumerate(READ_TABLES)}

NO_VALUES = np.empty(0, np.int64)

# What an element is that has no node: unknown, below one that is unknown or not wanted, or markup inside of text.
UNKNOWN, SKIPPED, INSIDE = len(NODES), len(NODES) + 1, len(NODES) + 2
IS_BRANCH = np.array([bool(node.children) for node in NODES] + [False] * 3)
TAKEN = {around.child.number for node in NODES if node.row for around in node.row.around if around.child}
HAS_TEXT = np.array([node.text is not None or node.number in TAKEN for node in NODES] + [False] * 3)
BEGINNING = {
    number: [node for node in NODES if node.row and node.row.table == number] for number in range(len(READ_TABLES))
}


def place(table: str, column: str) -> tuple[int, int]:
    """A column's table and position."""
    number = TABLE_NUMBERS[table]
    return number, READ_TABLES[number].column_names.index(column)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the record that an element belongs to cannot be read."""

    element: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something in an element that nothing is declared for, or that its column cannot hold.

    Attributes:
        element: Where it stands.
        path: Its path.
        text: What it says.
    """

    element: int
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Extensions:
    """What extends the rows of a table.

    Attributes:
        elements: The elements, in order.
        rows: The row of each, among all rows of the table.
        copies: How many rows each row becomes with those that extend it.
    """

    elements: ElementsAt
    rows: RowsAt
    copies: npt.NDArray[np.int64]


@dataclass
class Columns:
    """The records of a chunk as columns.

    Attributes:
        elements: All elements.
        records: Those that are records and wanted, in order.
        node: What each element is.
        by_node: The elements sorted by that, and where those of each node begin among them.
        text: Of each element that holds text, the string it is; NOTHING for an empty one and for all others.
        made: Strings that are not in the chunk as they are; they follow those of the chunk.
        record: Which of `records` each element belongs to.
        rows: By table, the elements that its rows begin with.
        row: Of each element that a row begins with, which of its table's rows that is.
        record_of: By table, which of `records` each row belongs to; with the rows that extend others.
        extensions: By table that has any, what extends its rows.
        values: By table and column, one number a row; NOTHING is null. A column without an entry is null or default.
        texts: More of them, which follow those.
        positions: Where each of `texts` is among all.
        faults: Why records cannot be read.
        unknown: What no node is for.
    """

    elements: Elements
    records: ElementsAt
    node: NodesAt
    by_node: tuple[ElementsAt, Positions]
    text: StringsAt
    made: pa.StringArray
    row: RowsAt
    record: RecordsAt
    rows: list[ElementsAt] = field(default_factory=list)
    record_of: list[RecordsAt] = field(default_factory=list)
    extensions: dict[int, Extensions] = field(default_factory=dict)
    values: dict[tuple[int, int], Values] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def of(self, node: int) -> ElementsAt:
        """The elements of a node."""
        order, borders = self.by_node
        return order[borders[node] : borders[node + 1]]

    def of_paths(self, paths: tuple[str, ...]) -> ElementsAt:
        """The elements of some paths."""
        return np.sort(np.concatenate([self.of(NODE_OF_PATH[path]) for path in paths]))

    @cached_property
    def first_text(self) -> int:
        """The position of the first of `texts`."""
        return len(self.elements.offsets) - 1 + len(self.made)

    def add_text(self, text: str) -> int:
        """The position of a string among all, added if it is new."""
        position = self.positions.get(text)
        if position is None:
            position = self.positions[text] = self.first_text + len(self.texts)
            self.texts.append(text)
        return position

    def text_at(self, position: int) -> str:
        """The string of a position."""
        own = len(self.elements.offsets) - 1
        if position < own:
            return self.elements.text(position)
        if position >= self.first_text:
            return self.texts[position - self.first_text]
        made: str = self.made[position - own].as_py()
        return made

    def strings(self) -> numpy_reading.Strings:
        """All strings: take a column's numbers of it to have the column."""
        others = pa.concat_arrays([self.made, pa.array(self.texts, pa.string())])
        strings: numpy_reading.Strings = reading_kernel.kernel.Strings(self.elements.xml, self.elements.offsets, others)
        return strings

    def record_at(self, elements: ElementsAt) -> RecordsAt:
        """Which of the records some elements belong to."""
        return self.record[elements]

    def up(self, elements: ElementsAt, steps: int) -> ElementsAt:
        """The elements some steps above others."""
        for _ in range(steps):
            elements = self.elements.parent[elements]
        return elements

    def row_at(self, slot: Slot, elements: ElementsAt) -> RowsAt:
        """The rows that some elements of a slot's node belong to."""
        if slot.steps is None:
            return self.record_at(elements)
        holders = self.up(elements, slot.steps)
        if slot.extends:
            extension = self.extensions[slot.table]
            return extension.rows[np.searchsorted(extension.elements, holders)]
        return self.row[holders]

    def column(self, table: int, column: int) -> Values:
        """A column, made if there is none."""
        found = self.values.get((table, column))
        if found is None:
            found = self.values[table, column] = self.blank_column(table, column)
        return found

    def blank_column(self, table: int, column: int) -> Values:
        """A column with what its rows have before anything is read."""
        default = READ_TABLES[table].columns[column].default
        own = PATHS.extended[table].own if table in PATHS.extended else {}
        rows = len(self.record_of[table]) if column in own else len(self.rows[table])
        values = np.full(rows, self.constant(default))
        for node in BEGINNING[table]:
            if node.row and node.row.blank[column] != default:
                values[self.row[self.of(node.number)]] = self.constant(node.row.blank[column])
        if column in own:
            values[self.extensions[table].rows] = self.constant(own[column])
        return values

    def constant(self, value: object) -> int:
        """The number that a value has in a column."""
        return NOTHING if value is None else self.add_text(value) if isinstance(value, str) else int(value)  # type: ignore[call-overload]

    @cached_property
    def attributes(self) -> dict[str, StringsAt]:
        """By the name of an attribute, its value's position by start tag; NOTHING where the tag has none."""
        found: dict[str, list[int]] = {}
        # As add_text, which would take half of the time: there are a dozen values a record.
        positions, texts, own = self.positions, self.texts, self.first_text
        for number, tag in enumerate(self.elements.start_tags):
            for name, value in tag.attributes:
                position = positions.get(value)
                if position is None:
                    position = positions[value] = own + len(texts)
                    texts.append(value)
                if name not in found:
                    found[name] = [NOTHING] * len(self.elements.start_tags)
                found[name][number] = position
        return {name: np.array(of_name) for name, of_name in found.items()}

    def attribute(self, elements: ElementsAt, name: str) -> StringsAt:
        """The values of an attribute of some elements; NOTHING where there is none."""
        of_name = self.attributes.get(name)
        return np.full(len(elements), NOTHING) if of_name is None else of_name[self.elements.code[elements]]

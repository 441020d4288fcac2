"""The columns of the schema's tables, read from all elements of a chunk at once.

Each element gets the node of its path (transforms/record_paths.py). What a node declares is then done for all of its
elements together: a column is an array with one number a row, which for text is the position of a string among all
strings of the chunk and those added to them, and only at the end becomes the text itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from transforms.elements import Elements, Flags, Positions
from transforms.record_paths import NODE_OF_PATH, NODES, PATHS, READ_TABLES, Around, Convert, Node, Slot
from warehouse.schema.declaration import RECORD
from warehouse.schema.left_out import MARKUP, MATHML

NOTHING = -1

TABLE_NUMBERS = {table.name: number for number, table in enumerate(READ_TABLES)}

NO_VALUES = np.empty(0, np.int64)

# Columns by table and position.
Made = dict[tuple[int, int], pa.Array]

# What an element is that has no node: unknown, below one that is unknown or not wanted, or markup inside of text.
UNKNOWN, SKIPPED, INSIDE = len(NODES), len(NODES) + 1, len(NODES) + 2

NAMES = {name: number for number, name in enumerate(dict.fromkeys(n for node in NODES for n in node.children))}


def next_nodes() -> np.ndarray:
    """The node of an element by the node around it and its name; the last column is for names of no path."""
    following = np.full((INSIDE + 1, len(NAMES) + 1), UNKNOWN, np.int16)
    following[UNKNOWN], following[SKIPPED], following[INSIDE] = SKIPPED, SKIPPED, INSIDE
    for node in NODES:
        if not node.children:
            following[node.number] = INSIDE
        for name, child in node.children.items():
            following[node.number, NAMES[name]] = child.number
    return following


NEXT_NODES = next_nodes()
IS_BRANCH = np.array([bool(node.children) for node in NODES] + [False] * 3)
TAKEN = {around.child.number for node in NODES if node.row for around in node.row.around if around.child}
HAS_TEXT = np.array([node.text is not None or node.number in TAKEN for node in NODES] + [False] * 3)
SINGLE = [number for number, table in enumerate(READ_TABLES) if table.rows == RECORD]
BEGINNING = {
    number: [node for node in NODES if node.row and node.row.table == number] for number in range(len(READ_TABLES))
}
OWN_POSITION = {
    number: index
    for number, table in enumerate(READ_TABLES)
    for index, column in enumerate(table.columns)
    if column.counts == table.rows
}
EXTENDING = {number: [node for node in NODES if node.extension == number] for number in PATHS.extended}
WITH_TEXT = [node for node in NODES if node.text]
WITH_ATTRIBUTES = [node for node in NODES if any(node.attributes.values())]


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

    elements: Positions
    rows: Positions
    copies: Positions


@dataclass
class Columns:
    """The records of a chunk as columns.

    Attributes:
        elements: All elements.
        records: Those that are records and wanted, in order.
        node: What each element is.
        record: Which of `records` each element belongs to.
        rows: By table, the elements that its rows begin with.
        row: Of each element that a row begins with, which of its table's rows that is.
        record_of: By table, which of `records` each row belongs to; with the rows that extend others.
        extensions: By table that has any, what extends its rows.
        values: By table and column, one number a row; NOTHING is null. A column without an entry is null or default.
        texts: Strings that are not in the chunk as they are; they follow those of the chunk.
        positions: Where each of those is among all.
        faults: Why records cannot be read.
        unknown: What no node is for.
    """

    elements: Elements
    records: Positions
    node: np.ndarray
    row: Positions
    record: Positions
    rows: list[Positions] = field(default_factory=list)
    record_of: list[Positions] = field(default_factory=list)
    extensions: dict[int, Extensions] = field(default_factory=dict)
    values: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    @cached_property
    def by_node(self) -> tuple[Positions, Positions]:
        """The elements sorted by their nodes, and where each node's begin."""
        order = np.argsort(self.node, kind="stable")
        return order, np.searchsorted(self.node[order], np.arange(INSIDE + 2))

    def of(self, node: int) -> Positions:
        """The elements of a node."""
        order, borders = self.by_node
        return order[borders[node] : borders[node + 1]]

    def of_paths(self, paths: tuple[str, ...]) -> Positions:
        """The elements of some paths."""
        return np.sort(np.concatenate([self.of(NODE_OF_PATH[path]) for path in paths]))

    def add_text(self, text: str) -> int:
        """The position of a string among all, added if it is new."""
        position = self.positions.get(text)
        if position is None:
            position = self.positions[text] = len(self.elements.offsets) - 1 + len(self.texts)
            self.texts.append(text)
        return position

    def text_at(self, position: int) -> str:
        """The string of a position."""
        own = len(self.elements.offsets) - 1
        return self.elements.text(position) if position < own else self.texts[position - own]

    def strings(self) -> pa.StringArray:
        """All strings: take a column's numbers of it to have the column."""
        return pa.concat_arrays([self.elements.strings, pa.array(self.texts, pa.string())])

    def record_at(self, elements: Positions) -> Positions:
        """Which of the records some elements belong to."""
        return self.record[elements]

    def up(self, elements: Positions, steps: int) -> Positions:
        """The elements some steps above others."""
        for _ in range(steps):
            elements = self.elements.parent[elements]
        return elements

    def row_at(self, slot: Slot, elements: Positions) -> Positions:
        """The rows that some elements of a slot's node belong to."""
        if slot.steps is None:
            return self.record_at(elements)
        holders = self.up(elements, slot.steps)
        if slot.extends:
            extension = self.extensions[slot.table]
            return extension.rows[np.searchsorted(extension.elements, holders)]
        return self.row[holders]

    def column(self, table: int, column: int) -> np.ndarray:
        """A column, made if there is none."""
        found = self.values.get((table, column))
        if found is None:
            found = self.values[table, column] = self.blank_column(table, column)
        return found

    def blank_column(self, table: int, column: int) -> np.ndarray:
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
    def attributes(self) -> dict[str, Positions]:
        """By the name of an attribute, its value's position by start tag; NOTHING where the tag has none."""
        found: dict[str, list[int]] = {}
        # As add_text, which would take half of the time: there are a dozen values a record.
        positions, texts, own = self.positions, self.texts, len(self.elements.offsets) - 1
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

    def attribute(self, elements: Positions, name: str) -> Positions:
        """The values of an attribute of some elements; NOTHING where there is none."""
        of_name = self.attributes.get(name)
        return np.full(len(elements), NOTHING) if of_name is None else of_name[self.elements.code[elements]]

    @cached_property
    def text(self) -> Positions:
        """Of each element that holds text, the string it is; NOTHING for an empty one and for all others."""
        found = np.full(len(self.node), NOTHING)
        wanted = np.flatnonzero(HAS_TEXT[self.node])
        tags, ends = self.elements.tag[wanted], self.elements.end[wanted]
        strings = 2 * tags + 2
        is_simple = (ends == tags + 1) & (self.elements.offsets[strings] < self.elements.offsets[strings + 1])
        simple, strings = wanted[is_simple], strings[is_simple]
        found[simple] = strings
        made = np.concatenate([simple[self.elements.texts_to_clean(strings)], wanted[ends > tags + 1]])
        texts, is_plain = self.elements.whole_texts(made)
        found[made] = len(self.elements.offsets) - 1 + len(self.texts) + np.arange(len(made))
        self.texts += texts
        for element in made[~is_plain].tolist():
            text = self.elements.whole_text(element)
            found[element] = self.add_text(text) if text else NOTHING
        return found


def read_columns(elements: Elements, records: Positions) -> Columns:
    """Read the columns of some records.

    Args:
        elements: All elements of a chunk.
        records: Those that are records and wanted, in order; each is one of ENTRY's.
    """
    count = len(elements.tag)
    record = np.zeros(count, np.int64)
    record[records[1:]] = 1
    columns = Columns(elements, records, find_nodes(elements, records), np.zeros(count, np.int64), np.cumsum(record))
    find_rows(columns)
    for node in WITH_ATTRIBUTES:
        if len(found := columns.of(node.number)):
            read_attributes(columns, node, found)
    for node in WITH_TEXT:
        if len(found := columns.of(node.number)):
            read_text(columns, node, found)
    for nodes in BEGINNING.values():
        for node in nodes:
            if len(found := columns.of(node.number)):
                take_around(columns, node, found)
    report_unknown(columns)
    repeat_extended(columns)
    return columns


def find_nodes(elements: Elements, records: Positions) -> np.ndarray:
    """The node of each element, or why it has none."""
    node = np.full(len(elements.tag), SKIPPED, np.int16)
    names = np.array([NAMES.get(tag.name, len(NAMES)) for tag in elements.start_tags])[elements.code]
    node[records] = NEXT_NODES[0, names[records]]
    for level in elements.levels[1:]:
        node[level] = NEXT_NODES[node[elements.parent[level]], names[level]]
    return node


def find_rows(columns: Columns) -> None:
    """Find the elements that rows begin with, and those that extend them."""
    for number, nodes in BEGINNING.items():
        if number in SINGLE:
            columns.rows.append(columns.records)
            columns.record_of.append(np.arange(len(columns.records)))
            continue
        found = [of for node in nodes if len(of := columns.of(node.number))]
        rows = np.sort(np.concatenate(found)) if len(found) > 1 else found[0] if found else columns.records[:0]
        columns.rows.append(rows)
        columns.row[rows] = np.arange(len(rows))
        columns.record_of.append(columns.record_at(rows))
    for number, nodes in EXTENDING.items():
        extending = np.sort(np.concatenate([columns.of(node.number) for node in nodes]))
        rows = columns.rows[number]
        base = np.searchsorted(rows, extending, "right") - 1
        order = count_within(base)
        copies = np.maximum(np.bincount(base, minlength=len(rows)), 1)
        first = np.cumsum(copies) - copies
        columns.extensions[number] = Extensions(extending, first[base] + order, copies)
        columns.record_of[number] = np.repeat(columns.record_of[number], copies)


def count_within(groups: Positions) -> Positions:
    """The position from 0 of each in its group; groups are sorted."""
    begins = np.flatnonzero(np.diff(groups, prepend=NOTHING))
    return np.arange(len(groups)) - np.repeat(begins, np.diff(begins, append=len(groups)))


def read_attributes(columns: Columns, node: Node, found: Positions) -> None:
    """Put the attributes of a node's elements into their columns."""
    for name, slots in node.attributes.items():
        if name in columns.attributes:
            values = columns.attribute(found, name)
            given = np.flatnonzero(values != NOTHING)
            for slot in slots:
                # A default may stand in the column by now, so only the elements are compared with each other.
                put_values(columns, f"{node.path}/@{name}", slot, values[given], found[given], NO_VALUES)


def read_text(columns: Columns, node: Node, found: Positions) -> None:
    """Put the texts of a node's elements into their column."""
    slot = node.text
    assert slot  # noqa: S101 - for the type checker
    texts = columns.text[found]
    found, texts = found[texts != NOTHING], texts[texts != NOTHING]
    put_values(columns, node.path, slot, texts, found, columns.column(slot.table, slot.column))


def put_values(columns: Columns, path: str, slot: Slot, values: Positions, found: Positions, held: np.ndarray) -> None:
    """Put values into their column, in which a row has a place for one: the same twice is one, another makes a fault.

    Args:
        columns: As read so far.
        path: Where the values stand.
        slot: Where they go.
        values: The strings.
        found: The element of each.
        held: What rows have from another path; empty if that does not count.
    """
    of_column, rows = columns.column(slot.table, slot.column), columns.row_at(slot, found)
    made = convert(columns, path, slot.convert, values, found)
    before = held[rows] if len(held) else np.full(len(rows), NOTHING)
    is_taken = (before != NOTHING) & (before != columns.positions.get("", NOTHING))
    first: dict[int, int] = dict(zip(rows[is_taken].tolist(), before[is_taken].tolist(), strict=True))
    if len(rows) > 1 and (rows[1:] <= rows[:-1]).any():
        is_taken |= np.bincount(rows)[rows] > 1
    for row, number, element in zip(*(of[is_taken].tolist() for of in (rows, made, found)), strict=True):
        other = first.setdefault(row, number)
        if other != number and (slot.convert or columns.text_at(other) != columns.text_at(number)):
            columns.faults.append(Fault(element, f"There are two {path}, where there is a place for one."))
    of_column[rows] = made


def convert(columns: Columns, path: str, of_text: Convert | None, values: Positions, found: Positions) -> Positions:
    """The numbers that a column has for some strings of a path.

    A string that the column cannot hold is null, and reported; one that the record cannot do without makes a fault.
    """
    if of_text is None:
        return values
    different, which = np.unique(values, return_inverse=True)
    made = [NOTHING] * len(different)
    for number, value in enumerate(different.tolist()):
        text = columns.text_at(value)
        try:
            converted = of_text(text)
        except ValueError as exc:
            columns.faults += [Fault(element, f"{path}: {exc}.") for element in found[which == number].tolist()]
            continue
        if converted is None:
            columns.unknown += [Unknown(element, path, text[:200]) for element in found[which == number].tolist()]
        else:
            made[number] = int(converted)
    return np.array(made)[which]


def take_around(columns: Columns, node: Node, found: Positions) -> None:
    """Fill what a node's rows have from the elements around them, and their positions."""
    new = node.row
    assert new  # noqa: S101 - for the type checker
    rows = columns.row[found]
    if new.position:
        columns.column(new.table, new.position)[rows] = position_in_record(columns, new.table)[rows]
    if new.nested:
        holder = columns.elements.parent[found]
        is_inner = columns.node[holder] == node.number
        outer = columns.row[holder[is_inner]]
        columns.column(new.table, new.nested)[rows[is_inner]] = position_in_record(columns, new.table)[outer]
    for around in new.around:
        values = values_around(columns, around, columns.up(found, around.steps))
        given = values != NOTHING
        columns.column(new.table, around.column)[rows[given]] = convert(
            columns, node.path, around.convert, values[given], found[given]
        )
    for count in new.counts:
        counted, restarts = columns.of_paths(count.counted), columns.records
        if count.restarts:
            restarts = np.sort(np.concatenate([restarts, columns.of_paths(count.restarts)]))
        last = restarts[np.searchsorted(restarts, found, "right") - 1]
        columns.column(new.table, count.column)[rows] = np.searchsorted(counted, found, "right") - np.searchsorted(
            counted, last, "right"
        )


def position_in_record(columns: Columns, table: int) -> Positions:
    """The position of each row among those of its record, from 1; rows that extend others do not count."""
    return count_within(columns.record_at(columns.rows[table])) + 1


def values_around(columns: Columns, around: Around, holders: Positions) -> Positions:
    """What some elements around rows give them."""
    if around.attribute:
        return columns.attribute(holders, around.attribute)
    if around.table is not None:
        # Tables of parts come after the table of the whole, whose positions are there by now.
        positions = columns.column(around.table, OWN_POSITION[around.table])
        return positions[columns.row[holders]]
    assert around.child  # noqa: S101 - for the type checker
    children = columns.of(around.child.number)
    if not len(children):
        return np.full(len(holders), NOTHING)
    holding = columns.elements.parent[children]
    for again in np.flatnonzero(holding[1:] == holding[:-1]).tolist():
        if (
            len(
                {
                    columns.text_at(text)
                    for text in columns.text[children[again : again + 2]].tolist()
                    if text != NOTHING
                }
            )
            > 1
        ):
            sentence = f"There are two {around.child.path}, where there is a place for one."
            columns.faults.append(Fault(int(children[again]), sentence))
    first = np.minimum(np.searchsorted(holding, holders), len(children) - 1)
    return np.where(holding[first] == holders, columns.text[children[first]], NOTHING)


def repeat_extended(columns: Columns) -> None:
    """Give the rows that extend others the values of those, but for their own."""
    for number, extension in columns.extensions.items():
        extended = PATHS.extended[number]
        for index in range(1, len(READ_TABLES[number].columns)):
            if index not in extended.own and (number, index) in columns.values:
                columns.values[number, index] = np.repeat(columns.values[number, index], extension.copies)
        position = np.repeat(columns.blank_column(number, extended.position), extension.copies)
        base = np.repeat(np.arange(len(extension.copies)), extension.copies)
        columns.values[number, extended.position] = position + count_within(base)


# --- what no node is for ---------------------------------------------------------------------------------------------


def report_unknown(columns: Columns) -> None:
    """Note the elements, attributes and texts that nothing is declared for."""
    elements, node = columns.elements, columns.node
    for element in columns.of(UNKNOWN).tolist():
        name = elements.name_of(element)
        report(columns, element, path_of(columns, elements.parent[element]), name, elements.whole_text(element))
    report_attributes(columns)
    if len(inside := columns.of(INSIDE)):
        report_inside(columns, inside)

    # Between elements that hold no text NLM puts none; where somebody else did, it is at least reported.
    holder = np.empty(len(elements.offsets) // 2 - 1, np.int64)
    holder[elements.end] = elements.parent
    has_end = elements.end > elements.tag
    holder[elements.tag[has_end]] = np.flatnonzero(has_end)
    # The last entry of `holder` is read for tags that stand in no element, whose text is none of theirs.
    is_stray = elements.offsets[2:-1:2] < elements.offsets[3::2]
    is_stray[elements.layout // 2 - 1] = False
    is_stray &= IS_BRANCH[node[holder]] & (holder >= 0)
    for tag in np.flatnonzero(is_stray).tolist():
        if text := elements.text(2 * tag + 2).strip():
            report(columns, int(holder[tag]), NODES[node[holder[tag]]].path, "text()", text)


def report(columns: Columns, element: int, path: str, name: str, text: str) -> None:
    """Note something in an element that nothing is declared for."""
    columns.unknown.append(Unknown(element, f"{path}/{name}".lstrip("/"), text[:200]))


def path_of(columns: Columns, element: int) -> str:
    """Where an element stands that has a node."""
    return NODES[int(columns.node[element])].path


def report_attributes(columns: Columns) -> None:
    """Note the attributes that are unknown for elements that are not."""
    elements = columns.elements
    kinds: dict[tuple[str, ...], int] = {(): 0}
    kind = np.array([kinds.setdefault(tag.attribute_names, len(kinds)) for tag in elements.start_tags])
    names = list(kinds)
    kind = kind[elements.code]
    wanted = np.flatnonzero((kind > 0) & (columns.node < UNKNOWN))
    pairs = columns.node[wanted].astype(np.int64) * len(names) + kind[wanted]
    is_found = np.zeros(UNKNOWN * len(names), bool)
    is_found[pairs] = True
    for pair in np.flatnonzero(is_found).tolist():
        node = NODES[pair // len(names)]
        for name in names[pair % len(names)]:
            if name not in node.attributes:
                for element in wanted[pairs == pair].tolist():
                    value = dict(elements.start_tag(element).attributes)[name]
                    report(columns, element, node.path, f"@{name}", value)


def report_inside(columns: Columns, inside: Positions) -> None:
    """Note what stands inside of text and is neither markup nor MathML; its text is kept all the same."""
    elements = columns.elements
    math: set[int] = set()
    leaf: dict[int, str] = {}
    for element in inside.tolist():
        holder = int(elements.parent[element])
        path = leaf[element] = leaf.get(holder) or path_of(columns, holder)
        tag = elements.start_tag(element)
        if holder in math or tag.name.startswith("mml:") or any(value == MATHML for _, value in tag.attributes):
            math.add(element)
            continue
        if tag.name not in MARKUP:
            report(columns, element, path, tag.name, elements.whole_text(element))
        for name, value in tag.attributes:
            report(columns, element, path, f"{tag.name}/@{name}", value)


# --- tables ----------------------------------------------------------------------------------------------------------


def has_values(columns: Columns, table: str) -> Flags:
    """Of each row of a table with one row a record, whether the record has anything for it."""
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
    columns: Columns, strings: pa.StringArray, pmids: Positions, constants: Mapping[str, pa.Scalar], made: Made
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


def positions_or_null(values: np.ndarray, is_null: Flags | None) -> pa.Array:
    """Positions as Arrow's, without a copy."""
    if is_null is None:
        return pa.array(values)
    valid = pa.py_buffer(np.packbits(~is_null, bitorder="little"))
    return pa.Array.from_buffers(pa.int64(), len(values), [valid, pa.py_buffer(values)])


def to_array(values: np.ndarray, type_: pa.DataType, strings: pa.StringArray) -> pa.Array:
    """A column of numbers as Arrow's."""
    is_null = values == NOTHING
    mask = is_null if is_null.any() else None
    if type_ == pa.string():
        return strings.take(positions_or_null(values, mask))
    return pa.array(values == 1 if type_ == pa.bool_() else values, type_, mask=mask)

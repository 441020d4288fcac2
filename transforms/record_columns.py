"""The columns of the schema's tables, read from all elements of a chunk at once.

Each element gets the node of its path (transforms/record_paths.py). What a node declares is then done for all of its
elements together, in the arrays of `Columns` (transforms/columns.py). Of a chunk with one record,

    <PubmedArticle><MedlineCitation><PMID>7</PMID><KeywordList Owner="NOTNLM">
    <Keyword MajorTopicYN="Y">ketamine</Keyword><Keyword>mood</Keyword></KeywordList>...

elements 0 to 5 are PubmedArticle, MedlineCitation, PMID, KeywordList, Keyword and Keyword. The table `keyword` becomes:

    rows            4, 5        the elements that its rows begin with
    record_of       0, 0        both belong to the first record
    keyword         12, 16      positions of the strings "ketamine" and "mood"
    is_major_topic  1, -1       Y; not said, so null
    keyword_list_owner 25, 25   the string "NOTNLM", taken from the element around both
    keyword_order   1, 2        positions in the record
"""

import numpy as np

from transforms import reading_kernel
from transforms.column_tables import SINGLE
from transforms.columns import (
    BEGINNING,
    HAS_TEXT,
    INSIDE,
    NO_VALUES,
    NOTHING,
    SKIPPED,
    UNKNOWN,
    Columns,
    ElementsAt,
    Extensions,
    Fault,
    NodesAt,
    StringsAt,
    Unknown,
    Values,
)
from transforms.elements import Elements
from transforms.numpy_reading import Positions
from transforms.record_paths import NODES, PATHS, READ_TABLES, Around, Convert, Node, Slot
from transforms.unknown_columns import report_unknown

NAMES = {name: number for number, name in enumerate(dict.fromkeys(n for node in NODES for n in node.children))}


def next_nodes() -> NodesAt:
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
OWN_POSITION = {
    number: index
    for number, table in enumerate(READ_TABLES)
    for index, column in enumerate(table.columns)
    if column.counts == table.rows
}
EXTENDING = {number: [node for node in NODES if node.extension == number] for number in PATHS.extended}
WITH_TEXT = [node for node in NODES if node.text]
WITH_ATTRIBUTES = [node for node in NODES if any(node.attributes.values())]


def read_columns(elements: Elements, records: ElementsAt) -> Columns:
    """Read the columns of some records.

    Args:
        elements: All elements of a chunk.
        records: Those that are records and wanted, in order; each is one of ENTRY's.
    """
    kernel, e = reading_kernel.kernel, elements
    count = len(e.tag)
    names = np.array([NAMES.get(tag.name, len(NAMES)) for tag in e.start_tags])[e.code]
    node, order, borders = kernel.nodes(e.parent, names, e.levels, np.ascontiguousarray(records), NEXT_NODES)
    text, made, odd = kernel.texts(e.xml, e.offsets, e.flags, e.tag, e.end, HAS_TEXT[node])
    record = np.zeros(count, np.int64)
    record[records[1:]] = 1
    row = np.zeros(count, np.int64)
    columns = Columns(e, records, node, (order, borders), text, made, row, np.cumsum(record))
    for element in odd.tolist():
        whole = e.whole_text(element)
        text[element] = columns.add_text(whole) if whole else NOTHING
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


def read_attributes(columns: Columns, node: Node, found: ElementsAt) -> None:
    """Put the attributes of a node's elements into their columns."""
    for name, slots in node.attributes.items():
        if name in columns.attributes:
            values = columns.attribute(found, name)
            given = np.flatnonzero(values != NOTHING)
            for slot in slots:
                # The column may hold a default already, so only the elements are compared with each other.
                put_values(columns, f"{node.path}/@{name}", slot, values[given], found[given], NO_VALUES)


def read_text(columns: Columns, node: Node, found: ElementsAt) -> None:
    """Put the texts of a node's elements into their column."""
    slot = node.text
    assert slot  # noqa: S101 - for the type checker
    texts = columns.text[found]
    found, texts = found[texts != NOTHING], texts[texts != NOTHING]
    put_values(columns, node.path, slot, texts, found, columns.column(slot.table, slot.column))


def put_values(columns: Columns, path: str, slot: Slot, values: StringsAt, found: ElementsAt, held: Values) -> None:
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


def convert(columns: Columns, path: str, of_text: Convert | None, values: StringsAt, found: ElementsAt) -> Values:
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


def take_around(columns: Columns, node: Node, found: ElementsAt) -> None:
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


def values_around(columns: Columns, around: Around, holders: ElementsAt) -> Values:
    """What some elements around rows give them."""
    if around.attribute:
        return columns.attribute(holders, around.attribute)
    if around.table is not None:
        # Tables of parts come after the table of the whole, whose positions are filled in already.
        positions = columns.column(around.table, OWN_POSITION[around.table])
        return positions[columns.row[holders]]
    assert around.child  # noqa: S101 - for the type checker
    children = columns.of(around.child.number)
    if not len(children):
        return np.full(len(holders), NOTHING)
    holding = columns.elements.parent[children]
    for again in np.flatnonzero(holding[1:] == holding[:-1]).tolist():
        texts = columns.text[children[again : again + 2]].tolist()
        if len({columns.text_at(text) for text in texts if text != NOTHING}) > 1:
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

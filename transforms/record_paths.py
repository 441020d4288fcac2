"""The reader of a record, made from the paths that warehouse/schema.py declares.

Every element that a path names has a node, and so have the elements around it: where its text and its attributes go,
whether a row begins with it, and which elements can stand in it. What has no node is unknown.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from transforms.values import to_pmid, yes_no
from warehouse.schema import MARKUP, READ_WITH_DOCUMENT, RECORD, TABLES, Column, Table

# What is read of a record, in this order.
READ_TABLES: tuple[Table, ...] = tuple(table for table in TABLES.values() if table.rows)

# The first lists of a reading's state; the current row of each of READ_TABLES follows.
COUNTS, CONTEXT, FIRST_ROW = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes.

    Attributes:
        place: Which list of the state.
        index: Where in it.
        convert: What makes the column's value of the text; None keeps it.
    """

    place: int
    index: int
    convert: Callable[[str], object] | None


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that begins with an element.

    Attributes:
        table: Position in READ_TABLES.
        blank: Its values to begin with; the first is replaced by the PMID.
        position: The column with the position among all rows of the record; 0 if there is none.
        pulls: (column, list of the state, index in it): what is taken from the elements around.
        nested: The column with the position of the row around; 0 if rows of the table hold no other.
    """

    table: int
    blank: list[object]
    position: int
    pulls: tuple[tuple[int, int, int], ...]
    nested: int


@dataclass(frozen=True, slots=True)
class Extension:
    """A further row of the same table, with the values of the one before except its own.

    Attributes:
        table: Position in READ_TABLES.
        position: The column with the position among the extensions.
        own: (column, value where the XML has none) of the columns that each of the rows has for itself.
    """

    table: int
    position: int
    own: tuple[tuple[int, object], ...]


@dataclass(slots=True)
class Node:
    """What to do with an element.

    Attributes:
        path: Where it stands, below the record's own element.
        children: Elements that can stand in it, by name; empty if it holds text.
        text: Where its text goes; None for one that holds no text, or whose text is read elsewhere.
        attributes: Where its attributes go, by name; None for one that is read elsewhere.
        also: (name of an attribute, second place where it goes).
        counts: Counters that go up by one.
        resets: Counters that begin anew.
        clears: (index, value where the XML has none) of what the rows below have from this element.
        aheads: (name of a child, index in the context): what the rows below have from an element that comes after them.
        row: The row that begins with it.
        extension: The row that it extends.
        is_context: Whether rows below take something from it: counts, resets, clears, aheads or also.
        is_plain: Whether it is neither that nor begins or extends a row, as most elements.
    """

    path: str
    children: dict[str, "Node"] = field(default_factory=dict)
    text: Slot | None = None
    attributes: dict[str, Slot | None] = field(default_factory=dict)
    also: tuple[tuple[str, Slot], ...] = ()
    counts: tuple[int, ...] = ()
    resets: tuple[int, ...] = ()
    clears: tuple[tuple[int, object], ...] = ()
    aheads: tuple[tuple[str, int], ...] = ()
    row: NewRow | None = None
    extension: Extension | None = None
    is_context: bool = False
    is_plain: bool = True


@dataclass
class RecordPaths:
    """The whole reader.

    Attributes:
        root: Node of a record's own element.
        counters: Number of each counter, by the paths of the elements that it counts.
        contexts: Number of each value of the context, by its path.
    """

    root: Node
    counters: dict[str, int] = field(default_factory=dict)
    contexts: dict[str, int] = field(default_factory=dict)

    def node(self, path: str) -> Node:
        """The node of a path, made if there is none."""
        node = self.root
        for step, name in enumerate(path.split("/"), 1):
            node = node.children.setdefault(name, Node("/".join(path.split("/")[:step])))
        return node

    def counter(self, paths: str) -> int:
        """The counter of some elements."""
        return self.counters.setdefault(paths, len(self.counters))

    def context(self, path: str) -> int:
        """The place in the context of a value that rows below take."""
        return self.contexts.setdefault(path, len(self.contexts))


def convert_of(column: Column) -> Callable[[str], object] | None:
    """What makes a column's value of text."""
    if column.type == pa.bool_():
        return yes_no
    if column.type == pa.int64():
        return to_required_pmid
    if column.type == pa.int16():
        return to_version
    return None


def to_required_pmid(text: str) -> int:
    """A PMID.

    Raises:
        ValueError: It is none.
    """
    pmid = to_pmid(text)
    if pmid is None:
        raise ValueError(f"{text!r} is not a PMID")
    return pmid


def to_version(text: str) -> int:
    """The version of a PMID.

    Raises:
        ValueError: It is no number from 1 to 32,767.
    """
    if not (text.isdecimal() and text.isascii() and 0 < int(text[:6]) <= 32767):
        raise ValueError(f"{text!r} is not a version")
    return int(text)


def blank_row(table: Table, row_path: str = "") -> list[object]:
    """The values of a row before anything is read: defaults, and what the row's own path says."""
    steps = row_path.split("/")
    return [
        steps[-c.step] if c.step and not any(path.startswith(f"{row_path}/") for path in c.paths) else c.default
        for c in table.columns
    ]


def compile_paths(tables: Iterable[Table]) -> RecordPaths:
    """The nodes of all elements that the tables' paths name.

    Raises:
        ValueError: A path is declared for nothing, or a column's path stands neither below nor around a row.
    """
    paths = RecordPaths(Node(""))
    for number, table in enumerate(tables):
        for row_path in table.rows.split(" | "):
            add_row(paths, number, table, row_path)
        for alternative in table.extended_by.split(" | ") if table.extended_by else ():
            add_extension(paths, number, table, alternative)
    for path in READ_WITH_DOCUMENT:
        element, _, attribute = path.partition("/@")
        node = paths.node(element)
        if attribute:
            node.attributes.setdefault(attribute, None)
    mark_contexts(paths.root)
    return paths


def mark_contexts(node: Node) -> None:
    """Note what is asked of each node most often."""
    node.is_context = any((node.counts, node.resets, node.clears, node.aheads, node.also))
    node.is_plain = not (node.is_context or node.row or node.extension)
    for child in node.children.values():
        if child is not node:
            mark_contexts(child)


def add_row(paths: RecordPaths, number: int, table: Table, row_path: str) -> None:
    """Enter a row of a table, with all its columns.

    Raises:
        ValueError: Rows of two tables begin with the element.
    """
    pulls = []
    position = 0
    for index, column in enumerate(table.columns[1:], 1):
        if column.counts == table.rows and not column.within:
            position = index
        elif column.counts:
            pulls += add_position(paths, index, column, row_path)
        for path in column.paths:
            if path not in table.rows.split(" | ") or path == row_path:
                slot = Slot(FIRST_ROW + number, index, convert_of(column))
                pulls += add_value(paths, slot, path, row_path, column.default)
    if row_path == RECORD:
        return
    node = paths.node(row_path)
    nested = table.column_names.index(table.nested) if table.nested else 0
    if nested:
        node.children[row_path.rpartition("/")[2]] = node
    if node.row is not None:
        raise ValueError(f"{row_path} begins rows of two tables")
    node.row = NewRow(number, blank_row(table, row_path), position, tuple(pulls), nested)


def add_position(paths: RecordPaths, index: int, column: Column, row_path: str) -> list[tuple[int, int, int]]:
    """Enter a column that counts elements; what the row takes of it."""
    counted = column.counts.split(" | ")
    if not any(row_path == path or row_path.startswith(f"{path}/") for path in counted):
        return []
    for number, table in enumerate(READ_TABLES):
        # The position of a row around this one, which need not be the last of its table: lists can be nested.
        if table.rows == column.counts and row_path not in counted:
            return [(index, FIRST_ROW + number, position_of(table))]
    counter = paths.counter(column.counts)
    for path in counted:
        node = paths.node(path)
        node.counts = tuple({*node.counts, counter})
    for path in column.within.split(" | ") if column.within else ():
        node = paths.node(path)
        node.resets = tuple({*node.resets, counter})
    return [(index, COUNTS, counter)]


def position_of(table: Table) -> int:
    """The column with a row's own position."""
    return next(index for index, column in enumerate(table.columns) if column.counts == table.rows)


def add_value(paths: RecordPaths, slot: Slot, path: str, row_path: str, default: object) -> list[tuple[int, int, int]]:
    """Enter a column's path, if it belongs to rows of this path; what the row takes of the elements around it."""
    element, _, attribute = path.partition("/@")
    if row_path in (RECORD, element) or element.startswith(f"{row_path}/"):
        enter(paths.node(element), slot, attribute)
        return []
    around = element if attribute else element.rpartition("/")[0]
    if not row_path.startswith(f"{around}/"):
        return []
    context = paths.context(path)
    node = paths.node(around)
    node.clears = tuple({*node.clears, (context, default)})
    if attribute:
        enter(node, Slot(CONTEXT, context, slot.convert), attribute)
    else:
        paths.node(element)
        node.aheads = tuple({*node.aheads, (element.rpartition("/")[2], context)})
    return [(slot.index, CONTEXT, context)]


def enter(node: Node, slot: Slot, attribute: str) -> None:
    """Give an element's text or attribute its place.

    Raises:
        ValueError: The text has a place already.
    """
    if attribute:
        first = node.attributes.setdefault(attribute, slot)
        if first != slot and (attribute, slot) not in node.also:
            node.also = (*node.also, (attribute, slot))
    elif node.text is None or node.text == slot:
        node.text = slot
    else:
        raise ValueError(f"{node.path} has two columns")


def add_extension(paths: RecordPaths, number: int, table: Table, path: str) -> None:
    """Enter an element that begins a further row."""
    own = [
        (index, None if column.null else column.default)
        for index, column in enumerate(table.columns)
        if any(p == path or p.startswith(f"{path}/") for p in column.paths)
    ]
    position = next(index for index, column in enumerate(table.columns) if column.counts == table.extended_by)
    paths.node(path).extension = Extension(number, position, tuple(own))


PATHS = compile_paths(READ_TABLES)


def text_elements(node: Node, name: str = "") -> set[str]:
    """The names of the elements below a node that hold text."""
    names = set() if node.children else {name}
    return names.union(*(text_elements(child, tag) for tag, child in node.children.items() if child is not node))


TEXT_ELEMENTS = frozenset(text_elements(PATHS.root) | {*MARKUP})

# What stands around a record: its own element. In old sets and in pieces of records that is one of the two below it.
ENTRY = Node(
    "",
    {
        "PubmedArticle": PATHS.root,
        "PubmedBookArticle": PATHS.root,
        "MedlineCitation": PATHS.root.children["MedlineCitation"],
        "BookDocument": PATHS.root.children["BookDocument"],
    },
)

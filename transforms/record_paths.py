"""The reader of a record, made from the paths that warehouse/schema/ declares.

Every element that a path names has a node, and so have the elements around it: where its text and its attributes go,
whether a row begins with it, and which elements can stand in it. What has no node is unknown. The table `keyword`, with
the rows `MedlineCitation/KeywordList/Keyword`, makes these of the last two elements of that path:

    KeywordList  attributes {"Owner": []}            known here; a row takes it from around itself
    Keyword      row        NewRow(keyword, around=[@Owner, 1 step up], position=keyword_order)
                 text       Slot(keyword, column keyword, 0 steps up to the element of the row)
                 attributes {"MajorTopicYN": [Slot(keyword, column is_major_topic, yes_no, 0 steps)]}
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from transforms.values import to_pmid, to_version, yes_no
from warehouse.schema.declaration import RECORD, Column, Table
from warehouse.schema.left_out import READ_WITH_DOCUMENT
from warehouse.schema.tables import TABLES

# Makes a value of text. None: the column cannot hold the text, which is reported. ValueError: the record is refused.
Convert = Callable[[str], int | bool | None]

# What is read of a record, in this order.
READ_TABLES: tuple[Table, ...] = tuple(table for table in TABLES.values() if table.rows)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes.

    Attributes:
        table: Position in READ_TABLES.
        column: Which of its columns.
        convert: What makes the column's value of the text; None keeps the text.
        steps: How many elements up from the value's own the row begins; None for the one row of a record.
        extends: Whether that element is one that extends a row.
    """

    table: int
    column: int
    convert: Convert | None
    steps: int | None
    extends: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What a row takes from an element around it.

    Attributes:
        column: Where it goes.
        steps: How many elements up from the row's own that element is.
        attribute: Its attribute; '' if it is something else.
        convert: As in `Slot`.
        child: The element in it whose text is taken, which may come after the row.
        table: The table of which it begins a row, whose position is taken.
    """

    column: int
    steps: int
    attribute: str = ""
    convert: Convert | None = None
    child: "Node | None" = None
    table: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A position that a row takes: how many of some elements began so far.

    Attributes:
        column: Where it goes.
        counted: Paths of the elements that are counted.
        restarts: Paths of the elements with which counting starts over.
    """

    column: int
    counted: tuple[str, ...]
    restarts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that begins with an element.

    Attributes:
        table: Position in READ_TABLES.
        blank: Its values to begin with.
        position: The column with the position among all rows of the record; 0 if there is none.
        nested: The column with the position of the row around; 0 if rows of the table hold no other.
        around: What it takes from the elements around.
        counts: What it takes of positions that others count.
    """

    table: int
    blank: tuple[object, ...]
    position: int
    nested: int
    around: tuple[Around, ...]
    counts: tuple[Count, ...]


@dataclass(slots=True, eq=False)
class Node:
    """What to do with an element.

    Attributes:
        path: Where it stands, below the record's own element.
        number: Position in NODES.
        children: Elements that can stand in it, by name; empty if it holds text.
        text: Where its text goes; None for one that holds no text, or whose text is read elsewhere.
        attributes: Where its attributes go, by name; nowhere for one that is read elsewhere.
        row: The row that begins with it.
        extension: The table whose current row it extends.
    """

    path: str
    number: int = -1
    children: dict[str, "Node"] = field(default_factory=dict)
    text: Slot | None = None
    attributes: dict[str, list[Slot]] = field(default_factory=dict)
    row: NewRow | None = None
    extension: int | None = None


@dataclass
class Extended:
    """A table whose rows some elements extend.

    Attributes:
        position: The column with the position among the extensions.
        own: (column, value where the XML has none) of the columns that each of the rows has for itself.
    """

    position: int
    own: dict[int, object]


@dataclass
class RecordPaths:
    """The whole reader.

    Attributes:
        root: Node of a record's own element.
        extended: What is extended, by table.
    """

    root: Node
    extended: dict[int, Extended] = field(default_factory=dict)

    def node(self, path: str) -> Node:
        """The node of a path, made if there is none."""
        node = self.root
        for step, name in enumerate(path.split("/"), 1):
            node = node.children.setdefault(name, Node("/".join(path.split("/")[:step])))
        return node


def convert_of(column: Column) -> Convert | None:
    """What makes a column's value of text; None for a column of text.

    Raises:
        ValueError: Nothing does, for a column of this type.
    """
    if column.type == pa.string():
        return None
    if column.type == pa.bool_():
        return yes_no
    if column.type == pa.int64():
        return to_pmid
    if column.type == pa.int16():
        return to_version
    raise ValueError(f"{column.name}: text cannot become {column.type}")


def blank_row(table: Table, row_path: str) -> tuple[object, ...]:
    """The values of a row before anything is read: defaults, and what the row's own path says."""
    steps = row_path.split("/")
    return tuple(
        steps[-c.step] if c.step and not any(path.startswith(f"{row_path}/") for path in c.paths) else c.default
        for c in table.columns
    )


def compile_paths(tables: Sequence[Table]) -> RecordPaths:
    """The nodes of all elements that the tables' paths name.

    Raises:
        ValueError: A path is declared for nothing, or a column's path stands neither below nor around a row.
    """
    paths = RecordPaths(Node(""))
    for number, table in enumerate(tables):
        if table.extended_by:
            add_extensions(paths, number, table)
        for row_path in table.rows.split(" | "):
            add_row(paths, tables, number, row_path)
    for path in READ_WITH_DOCUMENT:
        element, _, attribute = path.partition("/@")
        node = paths.node(element)
        if attribute:
            node.attributes.setdefault(attribute, [])
    return paths


def add_row(paths: RecordPaths, tables: Sequence[Table], number: int, row_path: str) -> None:
    """Enter a row of a table, with all its columns.

    Raises:
        ValueError: Rows of two tables begin with the element.
    """
    table = tables[number]
    around: list[Around] = []
    counts: list[Count] = []
    position = 0
    for index, column in enumerate(table.columns[1:], 1):
        if column.counts == table.rows and not column.within:
            position = index
        elif column.counts:
            add_position(tables, index, column, row_path, around, counts)
        for path in column.paths:
            if path not in table.rows.split(" | ") or path == row_path:
                around += add_value(paths, number, index, column, path, row_path)
    if row_path == RECORD:
        return
    node = paths.node(row_path)
    nested = table.column_names.index(table.nested) if table.nested else 0
    if nested:
        node.children[row_path.rpartition("/")[2]] = node
    if node.row is not None:
        raise ValueError(f"{row_path} begins rows of two tables")
    node.row = NewRow(number, blank_row(table, row_path), position, nested, tuple(around), tuple(counts))


def steps_between(path: str, outer: str) -> int:
    """How many elements up from one path the other stands."""
    return path.count("/") - outer.count("/")


def add_position(
    tables: Sequence[Table], index: int, column: Column, row_path: str, around: list[Around], counts: list[Count]
) -> None:
    """Enter a column that counts elements, if it counts any around rows of this path."""
    counted = tuple(column.counts.split(" | "))
    holders = [path for path in counted if row_path == path or row_path.startswith(f"{path}/")]
    if not holders:
        return
    for number, table in enumerate(tables):
        # The position of a row around this one, which need not be the last of its table: lists can be nested.
        if table.rows == column.counts and row_path not in counted:
            around.append(Around(index, steps_between(row_path, holders[0]), table=number))
            return
    counts.append(Count(index, counted, tuple(column.within.split(" | ")) if column.within else ()))


def add_value(
    paths: RecordPaths, number: int, index: int, column: Column, path: str, row_path: str
) -> Iterable[Around]:
    """Enter a column's path, if it belongs to rows of this path; what the row takes of the elements around it."""
    element, _, attribute = path.partition("/@")
    convert = convert_of(column)
    if row_path in (RECORD, element) or element.startswith(f"{row_path}/"):
        steps = None if row_path == RECORD else steps_between(element, row_path)
        extends = number in paths.extended and index in paths.extended[number].own
        if extends:
            steps = steps_to_extension(paths, number, element)
        enter(paths.node(element), Slot(number, index, convert, steps, extends), attribute)
        return []
    holder = element if attribute else element.rpartition("/")[0]
    if not row_path.startswith(f"{holder}/"):
        return []
    steps = steps_between(row_path, holder)
    if attribute:
        paths.node(element).attributes.setdefault(attribute, [])
        return [Around(index, steps, attribute, convert)]
    return [Around(index, steps, child=paths.node(element))]


def enter(node: Node, slot: Slot, attribute: str) -> None:
    """Give an element's text or attribute its place.

    Raises:
        ValueError: The text has a place already.
    """
    if attribute:
        slots = node.attributes.setdefault(attribute, [])
        if slot not in slots:
            slots.append(slot)
    elif node.text is None or node.text == slot:
        node.text = slot
    else:
        raise ValueError(f"{node.path} has two columns")


def add_extensions(paths: RecordPaths, number: int, table: Table) -> None:
    """Enter the elements that begin a further row."""
    alternatives = table.extended_by.split(" | ")
    paths.extended[number] = Extended(
        next(index for index, column in enumerate(table.columns) if column.counts == table.extended_by),
        {
            index: None if column.null else column.default
            for index, column in enumerate(table.columns)
            if any(p == path or p.startswith(f"{path}/") for p in column.paths for path in alternatives)
        },
    )
    for path in alternatives:
        paths.node(path).extension = number


def steps_to_extension(paths: RecordPaths, number: int, element: str) -> int:
    """How many elements up from a value the one stands that extends its row."""
    path = element
    while paths.node(path).extension != number:
        path = path.rpartition("/")[0]
    return steps_between(element, path)


PATHS = compile_paths(READ_TABLES)


# The parent of a record's own element. In old sets and in fragments, that is one of the two elements below it.
ENTRY = Node(
    "",
    children={
        "PubmedArticle": PATHS.root,
        "PubmedBookArticle": PATHS.root,
        "MedlineCitation": PATHS.root.children["MedlineCitation"],
        "BookDocument": PATHS.root.children["BookDocument"],
    },
)


def number_nodes(nodes: list[Node], node: Node) -> list[Node]:
    """Number a node and all below it."""
    if node.number < 0:
        node.number = len(nodes)
        nodes.append(node)
        for child in node.children.values():
            number_nodes(nodes, child)
    return nodes


NODES = number_nodes([], ENTRY)
NODE_OF_PATH = {node.path: node.number for node in NODES[1:]}

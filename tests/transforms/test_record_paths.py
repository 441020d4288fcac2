"""The reader that the declarations make, on small tables, and the worked example of `record_paths.py`."""

import pyarrow as pa
import pytest

from transforms.record_paths import (
    NODE_OF_PATH,
    NODES,
    READ_TABLES,
    Around,
    Count,
    Extended,
    NewRow,
    RecordPaths,
    Slot,
    blank_row,
    compile_paths,
    convert_of,
    steps_between,
)
from transforms.values import yes_no
from warehouse.schema.declaration import RECORD, TEXT, Column, Table, column, optional, order
from warehouse.schema.left_out import READ_WITH_DOCUMENT

PMID = column("pmid", pa.int64(), "PMID", source="A/PMID")


def table(name: str, *columns: Column, rows: str = "", extended_by: str = "", nested: str = "") -> Table:
    """A table of parts of a record."""
    return Table(name, "A row.", ("pmid",), (PMID, *columns), rows=rows, extended_by=extended_by, nested=nested)


def compiled(*tables: Table) -> RecordPaths:
    """Their reader."""
    return compile_paths(tables)


def test_the_worked_example_is_what_the_module_says() -> None:
    """The nodes of a keyword and of the list around it."""
    path = "MedlineCitation/KeywordList/Keyword"
    keyword, around = NODES[NODE_OF_PATH[path]], NODES[NODE_OF_PATH["MedlineCitation/KeywordList"]]
    number = next(n for n, t in enumerate(READ_TABLES) if t.name == "keyword")
    names = READ_TABLES[number].column_names
    assert around.attributes == {"Owner": []}
    assert keyword.row is not None
    assert (keyword.row.table, names[keyword.row.position]) == (number, "keyword_order")
    assert keyword.row.around[0] == Around(names.index("keyword_list_owner"), 1, "Owner")
    assert keyword.text == Slot(number, names.index("keyword"), None, 0)
    assert keyword.attributes == {"MajorTopicYN": [Slot(number, names.index("is_major_topic"), yes_no, 0)]}


def test_a_column_of_the_record_is_no_steps_from_a_row() -> None:
    """Its one row begins with no element."""
    paths = compiled(table("a", optional("title", TEXT, "", source="A/B/Title | A/Title/@Short"), rows=RECORD))
    assert paths.node("A/B/Title").text == Slot(0, 1, None, None)
    assert paths.node("A/Title").attributes == {"Short": [Slot(0, 1, None, None)]}
    assert (paths.node("A/Title").text, paths.root.children["A"].row) == (None, None)


def test_a_row_knows_how_far_up_its_elements_begin() -> None:
    """A value below the row, one around it, one beside it, and its position in its list."""
    rows = compiled(
        table(
            "part",
            order("part_order", "", counts="A/List/Part"),
            order("place", "", counts="A/List/Part", within="A/List"),
            optional("name", TEXT, "", source="A/List/Part/X/Name"),
            optional("kind", TEXT, "", source="A/List/@Kind"),
            optional("head", TEXT, "", source="A/List/Head"),
            rows="A/List/Part",
        )
    )
    assert rows.node("A/List/Part/X/Name").text == Slot(0, 3, None, 2)
    head = rows.node("A/List/Head")
    around = (Around(4, 1, "Kind"), Around(5, 1, child=head))
    counts = (Count(2, ("A/List/Part",), ("A/List",)),)
    assert rows.node("A/List/Part").row == NewRow(0, (None,) * 6, 1, 0, around, counts)
    assert rows.node("A/List").attributes == {"Kind": []}
    assert rows.extended == {}


def test_a_part_takes_the_position_of_the_whole_around_it() -> None:
    """Lists can be nested: the last whole is not always the one around."""
    whole = table("whole", order("whole_order", "", counts="A/Whole"), rows="A/Whole")
    part = table("part", order("whole_order", "", counts="A/Whole"), rows="A/Whole/Part/Piece")
    row = compiled(whole, part).node("A/Whole/Part/Piece").row
    assert row is not None
    assert (row.around, row.counts) == ((Around(1, 2, table=0),), ())


def test_elements_of_a_row_can_hold_each_other_or_extend_it() -> None:
    """A nested one is the node itself; each that extends has columns of its own."""
    nested = table(
        "list", order("n", "", counts="A/L"), Column("outer", pa.int32(), "", null="x"), rows="A/L", nested="outer"
    )
    node = compiled(nested).node("A/L")
    assert node.children == {"L": node}
    assert node.row is not None
    assert node.row.nested == 2
    extended = compiled(
        table(
            "p",
            optional("name", TEXT, "", source="A/P/Name"),
            order("n", "", counts="A/P/X"),
            column("x", TEXT, "", source="A/P/X/Y/Z", default="-"),
            rows="A/P",
            extended_by="A/P/X",
        )
    )
    assert extended.extended == {0: Extended(2, {3: "-"})}
    assert extended.node("A/P/X").extension == 0
    assert extended.node("A/P/X/Y/Z").text == Slot(0, 3, None, 2, extends=True)


def test_what_is_read_elsewhere_is_known() -> None:
    """Without a place for its text, and with its attributes, so that neither is reported."""
    paths = compiled(table("a", rows=RECORD))
    for path in READ_WITH_DOCUMENT:
        element, _, attribute = path.partition("/@")
        node = paths.node(element)
        assert node.text is None
        assert not attribute or node.attributes[attribute] == []
        assert "" not in node.attributes


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ((table("a", rows="A/B"), table("b", rows="A/B")), "A/B begins rows of two tables"),
        (
            (
                table("a", optional("x", TEXT, "", source="A/X"), rows=RECORD),
                table("b", optional("y", TEXT, "", source="A/X"), rows=RECORD),
            ),
            "A/X has two columns",
        ),
        ((table("a", optional("x", pa.float64(), "", source="A/X"), rows=RECORD),), "x: text cannot become double"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(tables: tuple[Table, ...], sentence: str) -> None:
    """When the module is imported, before anything is read."""
    with pytest.raises(ValueError, match=sentence):
        compile_paths(tables)


def test_a_blank_row_has_defaults_and_what_its_path_says() -> None:
    """The step of the path counts from its end, unless the row's path has a value itself."""
    kind = column("kind", TEXT, "", source="The name of the list.", step=2)
    assert blank_row(table("a", kind, optional("x", TEXT, "", default="-"), rows="A/L/P"), "A/L/P") == (None, "L", "-")
    own = column("kind", TEXT, "", source="A/L/P/@Kind", step=2, default="?")
    assert blank_row(table("a", own, rows="A/L/P"), "A/L/P") == (None, "?")


def test_text_stays_text_and_steps_are_slashes() -> None:
    """What converts is known by the column's type."""
    assert convert_of(optional("x", TEXT, "")) is None
    assert convert_of(optional("x", pa.bool_(), "")) is yes_no
    assert (steps_between("A/B/C", "A"), steps_between("A", "A")) == (2, 0)

"""Every element and attribute of the PubMed DTD has a column, or a reason to have none."""

from tests.pubmed_dtd import DTD_FILE, holds_text, names_in, read_dtd, record_paths
from transforms.record_paths import NODES, PATHS, Node
from warehouse.schema.left_out import LEFT_OUT, READ_WITH_DOCUMENT


def find_node(path: str) -> Node | None:
    """The reader's node of a path; None if it has none."""
    node: Node | None = PATHS.root
    for name in path.split("/"):
        node = node.children.get(name) if node else None
    return node


def test_every_path_of_the_dtd_has_its_place() -> None:
    """An element that holds text has a column for it; all attributes have one; an element of elements is known."""
    dtd = read_dtd()
    paths = dict(record_paths(dtd))
    unknown = []
    for path, declared in paths.items():
        node = find_node(path)
        if node is None:
            unknown.append(path)
            continue
        if holds_text(declared) and node.text is None and path not in READ_WITH_DOCUMENT and not is_read_ahead(path):
            unknown.append(f"{path}/text()")
        unknown += [f"{path}/@{a.name}" for a in declared.iterattributes() if a.name not in node.attributes]
    assert unknown == []
    # A DTD that could not be read would have nothing to miss.
    assert len(paths) > 250, DTD_FILE


def is_read_ahead(path: str) -> bool:
    """Whether the rows beside it take the text."""
    node = find_node(path)
    return any(around.child is node for other in NODES if other.row for around in other.row.around)


def test_elements_that_no_record_can_hold_have_a_reason() -> None:
    """Neither more nor fewer than those: a reason for something that has a column would hide its loss."""
    dtd = read_dtd()
    held = {name for path, _ in record_paths(dtd) for name in path.split("/")} | {"PubmedArticle", "PubmedBookArticle"}
    assert dtd.keys() - held == LEFT_OUT.keys() - {"math"}
    markup = {name for _, declared in record_paths(dtd) if holds_text(declared) for name in names_in(declared.content)}
    assert markup - {"DispFormula"} == {"b", "i", "u", "sub", "sup", "math"} <= LEFT_OUT.keys()


def test_what_is_read_with_the_document_is_a_path_of_the_dtd() -> None:
    """The list names nothing that is not there."""
    dtd = read_dtd()
    paths = {path for path, _ in record_paths(dtd)}
    paths |= {f"{path}/@{a.name}" for path, declared in record_paths(dtd) for a in declared.iterattributes()}
    assert READ_WITH_DOCUMENT.keys() <= paths

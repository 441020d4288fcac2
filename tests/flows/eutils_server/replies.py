"""What the tests of this folder look at in a reply."""

from lxml import etree


def nesting(element: etree._Element) -> set[tuple[str, str]]:
    """(parent, child) of all elements."""
    return {(str(parent.tag), str(child.tag)) for parent in element.iter(etree.Element) for child in parent}

"""What a chunk has that no node is for: elements, attributes and stray text, reported by their paths."""

import numpy as np

from transforms import reading_kernel
from transforms.columns import INSIDE, IS_BRANCH, UNKNOWN, Columns, ElementsAt, Unknown
from transforms.record_paths import NODES
from warehouse.schema.left_out import MARKUP, MATHML


def report_unknown(columns: Columns) -> None:
    """Note the elements, attributes and texts that nothing is declared for."""
    elements, node = columns.elements, columns.node
    for element in columns.of(UNKNOWN).tolist():
        name = elements.name_of(element)
        report(columns, element, path_of(columns, elements.parent[element]), name, elements.whole_text(element))
    report_attributes(columns)
    if len(inside := columns.of(INSIDE)):
        report_inside(columns, inside)

    # NLM puts no text between elements that hold none; text of others there is at least reported.
    e = elements
    tags, holders = reading_kernel.kernel.strays(e.offsets, e.flags, e.tag, e.end, e.parent, IS_BRANCH[node])
    for tag, holder in zip(tags.tolist(), holders.tolist(), strict=True):
        if text := e.text(2 * tag + 2).strip():
            report(columns, holder, NODES[node[holder]].path, "text()", text)


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


def report_inside(columns: Columns, inside: ElementsAt) -> None:
    """Note what stands inside of text and is neither markup nor MathML; its text is kept all the same."""
    elements, node = columns.elements, columns.node
    is_plain = np.array([tag.name in MARKUP and not tag.attributes for tag in elements.start_tags])
    math: set[int] = set()
    for element in inside[~is_plain[elements.code[inside]]].tolist():
        holder = int(elements.parent[element])
        while node[holder] == INSIDE and holder not in math:
            holder = int(elements.parent[holder])
        tag = elements.start_tag(element)
        if holder in math or tag.name.startswith("mml:") or any(value == MATHML for _, value in tag.attributes):
            math.add(element)
            continue
        path = path_of(columns, holder)
        if tag.name not in MARKUP:
            report(columns, element, path, tag.name, elements.whole_text(element))
        for name, value in tag.attributes:
            report(columns, element, path, f"{tag.name}/@{name}", value)

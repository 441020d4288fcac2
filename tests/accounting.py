"""What a record's XML holds and what its rows hold, each as a count of values; without the project's own reader."""

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pyarrow as pa

from warehouse.schema.left_out import LEFT_OUT, MATHML
from warehouse.schema.tables import TABLES

MARKUP = LEFT_OUT.keys()


def is_markup(element: ET.Element) -> bool:
    """Whether an element is part of the text around it."""
    return element.tag in MARKUP or element.tag.startswith(f"{{{MATHML}}}")


def values_of_record(record: ET.Element) -> Counter[tuple[str, str]]:
    """How often each text and attribute value of a record occurs, with its path."""
    is_whole = record.tag in ("PubmedArticle", "PubmedBookArticle")
    return values_of_xml(record, "" if is_whole else record.tag)


def values_of_xml(element: ET.Element, path: str) -> Counter[tuple[str, str]]:
    """The same for an element; empty texts are left out."""
    found = Counter((f"{path}/@{name}".lstrip("/"), value) for name, value in element.items())
    if all(map(is_markup, element)):
        text = re.sub(r"\s*\n\s*", " ", "".join(element.itertext())).strip()
        if text:
            found[path, text] += 1
        return found
    stray = [element.text, *(child.tail for child in element)]
    found.update((f"{path}/text()".lstrip("/"), piece.strip()) for piece in stray if piece and piece.strip())
    for child in element:
        found.update(values_of_xml(child, f"{path}/{child.tag}".lstrip("/")))
    return found


def values_of_rows(tables: dict[str, pa.Table]) -> Counter[str]:
    """How often each value occurs in the columns read from the XML; derived columns could hide a loss."""
    found: Counter[str] = Counter()
    for name, rows in tables.items():
        declared = TABLES[name]
        for column in declared.columns if declared.rows else ():
            if column.paths and not (column.name == "pmid" and name != "citation"):
                found.update(as_xml(value) for value in rows[column.name].to_pylist() if value is not None)
    return found


def as_xml(value: object) -> str:
    """A column's value as the XML has it."""
    return {True: "Y", False: "N"}[value] if isinstance(value, bool) else str(value)


def missing(record: ET.Element, tables: dict[str, pa.Table]) -> list[tuple[str, str]]:
    """The values of a record that occur more often in its XML than in its rows, with their paths."""
    in_rows = values_of_rows(tables)
    lost = []
    for (path, value), count in values_of_record(record).items():
        in_rows[value] -= count
        if in_rows[value] < 0:
            lost.append((path, value))
    return lost


def invented(record: ET.Element, tables: dict[str, pa.Table]) -> set[str]:
    """The values of the rows that occur nowhere in the XML and are not a column's default."""
    defaults = {as_xml(column.default) for table in TABLES.values() for column in table.columns}
    written = {value for _, value in values_of_record(record)}
    # Leading zeros do not change a number.
    numbers = {str(int(value)) for value in written if value.isascii() and value.isdecimal() and len(value) < 20}
    return values_of_rows(tables).keys() - written - numbers - names_in(record) - defaults


def names_in(record: ET.Element) -> set[str]:
    """The names of the elements of a record, which some columns hold."""
    return {element.tag for element in record.iter()}

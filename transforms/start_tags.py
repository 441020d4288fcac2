"""Start tags as NLM writes them, of which many elements have the same; each different one is read once."""

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from transforms.values import resolve_references

# Names and values as NLM writes them; any other way goes through libxml2.
START_TAG = re.compile(r'<([^\W\d][\w.:-]*)((?: [^\W\d][\w.:-]*="[^"<\n\t]*")*) ?/?>')
ATTRIBUTE = re.compile(r' ([^ =]+)="([^"]*)"')
MOST_TAGS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class StartTag:
    """A start tag, of which many elements can have the same.

    Attributes:
        name: The element's name.
        attributes: Names and values.
        attribute_names: The names alone.
        end_tag: What ends the element.
    """

    name: str
    attributes: tuple[tuple[str, str], ...]
    attribute_names: tuple[str, ...]
    end_tag: str


START_TAGS: dict[str, StartTag | None] = {}


def read_start_tags(tags: list[str]) -> list[StartTag] | None:
    """Start tags by their text; None if one is not written as NLM does. What was read once is kept."""
    if len(START_TAGS) > MOST_TAGS_KEPT:
        START_TAGS.clear()
    read: list[Any] = list(map(START_TAGS.get, tags))
    if None in read:
        for position, text in enumerate(tags):
            if read[position] is None:
                read[position] = START_TAGS[text] = read_start_tag(text)
                if read[position] is None:
                    return None
    return read


def read_start_tag(text: str) -> StartTag | None:
    """A start tag; None if it is not written as NLM does, or names an attribute twice."""
    found = START_TAG.fullmatch(text)
    if found is None:
        return None
    if not text.isascii() and libxml2_refuses(text):
        return None
    attributes = tuple((name, resolve_references(value)) for name, value in ATTRIBUTE.findall(found[2]))
    names = tuple(name for name, _ in attributes)
    return StartTag(found[1], attributes, names, f"</{found[1]}>") if len(set(names)) == len(names) else None


def libxml2_refuses(text: str) -> bool:
    """Whether a start tag has names with letters that XML does not allow in names."""
    empty = text.rstrip("/> ").replace(":", "_") + "/>"
    try:
        etree.fromstring(empty)
    except etree.XMLSyntaxError:
        return True
    return False

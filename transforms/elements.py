"""The elements of PubMed records as columns: where each begins and ends, what it is called, and which it stands in.

NLM writes XML in one narrow form: no comments, no CDATA, attributes in double quotes, `<` and `>` around tags only.
Bytes of that form are cut at those two marks, all of a chunk at once and with no object for each element.
`find_elements` takes nothing that is not well-formed; what is written in another form is first rewritten by libxml2.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lxml import etree

from transforms.values import LINE_BREAKS

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Names and values as NLM writes them; any other way goes through libxml2.
START_TAG = re.compile(r'<([^\W\d][\w.:-]*)((?: [^\W\d][\w.:-]*="[^"<\n\t]*")*) ?/?>')
ATTRIBUTE = re.compile(r' ([^ =]+)="([^"]*)"')
REFERENCE = re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
LESS, GREATER, AMPERSAND, SLASH, LINE_FEED, TAB, BLANK = b"<>&/\n\t "

# Elements in elements in elements; NLM's own are seven deep, MathML's a few more.
DEEPEST = 1000
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


@dataclass(frozen=True)
class Elements:
    """The elements of some records, one position each, in document order; tags and texts are numbered likewise.

    Attributes:
        xml: The bytes.
        offsets: Where the strings begin and end: text, tag, text, tag ... text; tag i is string 2i + 1.
        tag: Each element's start tag.
        end: Its end tag; the same for an empty element.
        parent: The element that it stands in; -1 if it stands in none.
        levels: The elements by their depth, those that stand in none first.
        code: Which of `start_tags` each is.
        start_tags: The different ones.
    """

    xml: bytes
    offsets: Positions
    tag: Positions
    end: Positions
    parent: Positions
    levels: list[Positions]
    code: Positions
    start_tags: list[StartTag]

    @cached_property
    def strings(self) -> pa.StringArray:
        """The texts and tags in turn, without a copy."""
        return strings_of(self.xml, self.offsets)

    @cached_property
    def layout(self) -> Flags:
        """Of each string, whether it is one line break with blanks behind it: what only lays the record out."""
        marks = np.frombuffer(self.xml, np.uint8)
        found = np.zeros(len(self.offsets) - 1, bool)
        texts = np.arange(0, len(found), 2)
        texts = texts[self.offsets[texts] < self.offsets[texts + 1]]
        texts = texts[marks[self.offsets[texts]] == LINE_FEED]
        different = self.strings.take(pa.array(texts)).dictionary_encode()
        is_blank = np.array([not text[1:].strip(" \t") for text in different.dictionary.to_pylist()], bool)
        if len(texts):
            found[texts] = is_blank[different.indices.to_numpy()]
        return found

    @cached_property
    def broken(self) -> Flags:
        """Of each string, whether it holds a line break and is not only layout."""
        marks = np.frombuffer(self.xml, np.uint8)
        found = np.zeros(len(self.offsets) - 1, bool)
        if np.count_nonzero(marks == LINE_FEED) > np.count_nonzero(self.layout):
            found[self.string_at(np.flatnonzero(marks == LINE_FEED))] = True
            found &= ~self.layout
        return found

    def start_tag(self, element: int) -> StartTag:
        """An element's start tag."""
        return self.start_tags[int(self.code[element])]

    def name_of(self, element: int) -> str:
        """An element's name."""
        return self.start_tag(element).name

    def string_at(self, places: Positions) -> Positions:
        """The strings that some bytes stand in."""
        return np.searchsorted(self.offsets, places, "right") - 1

    def text(self, string: int) -> str:
        """A string, its character references resolved."""
        text = self.xml[self.offsets[string] : self.offsets[string + 1]].decode()
        return unescape(text) if "&" in text else text

    def texts_in(self, element: int) -> str:
        """All text of an element, that of the elements in it included, as it stands there."""
        first, last = 2 * int(self.tag[element]) + 2, 2 * int(self.end[element]) + 1
        return self.text(first) if last == first + 1 else "".join(map(self.text, range(first, last, 2)))

    def whole_text(self, element: int) -> str:
        """The same as `transforms.values.text_of` gives it: trimmed, with a blank for each line break."""
        return clean(self.texts_in(element))

    def texts_to_clean(self, strings: Positions) -> Flags:
        """Of some strings, those that hold a reference or a line break, or may have blanks at their ends."""
        marks = np.frombuffer(self.xml, np.uint8)
        first, last = marks[self.offsets[strings]], marks[self.offsets[strings + 1] - 1]
        wanted = self.broken.copy()
        wanted[self.string_at(np.flatnonzero(marks == AMPERSAND))] = True
        return wanted[strings] | (first <= BLANK) | (last <= BLANK) | (first > 127) | (last > 127)


def strings_of(xml: bytes, offsets: Positions) -> pa.StringArray:
    """Strings that lie side by side, without a copy."""
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(xml))


def clean(text: str) -> str:
    """A text with its ends trimmed and a blank for each line break."""
    if "\n" in text:
        text = LINE_BREAKS.sub(" ", text)
    return text.strip()


def find_elements(xml: bytes) -> Elements | None:
    """The elements of records that are written as NLM does.

    Args:
        xml: Whole elements, in UTF-8.
    Returns:
        None if the bytes are not well-formed, or well-formed in another form: with comments, CDATA, processing
        instructions, carriage returns, other quotes, `>` in text, names that are not ASCII.
    """
    marks = np.frombuffer(xml, np.uint8)
    starts, ends = np.flatnonzero(marks == LESS), np.flatnonzero(marks == GREATER)
    count = len(starts)
    if count == 0 or count != len(ends) or not is_plain(xml, marks):
        return None
    if (starts > ends).any() or (ends[:-1] > starts[1:]).any():
        return None
    offsets = np.empty(2 * count + 2, np.int64)
    offsets[0], offsets[-1] = 0, len(xml)
    offsets[1:-1:2], offsets[2:-1:2] = starts, ends + 1
    return nest(xml, offsets, is_end=marks[starts + 1] == SLASH, is_empty=marks[ends - 1] == SLASH)


def is_plain(xml: bytes, marks: npt.NDArray[np.uint8]) -> bool:
    """Whether every character is one that XML allows, and every `&` begins a reference that needs no declaration."""
    if np.count_nonzero(marks < BLANK) != np.count_nonzero(marks == LINE_FEED) + np.count_nonzero(marks == TAB):
        return False
    # U+FFFE and U+FFFF are EF BF BE and EF BF BF; the last two bytes are never the first of a character.
    leads = np.flatnonzero(marks[:-2] == 0xEF)
    if ((marks[leads + 1] == 0xBF) & (marks[leads + 2] >= 0xBE)).any():
        return False
    if b"&" in xml:
        references = REFERENCE.findall(xml)
        if np.count_nonzero(marks == AMPERSAND) != len(references) or not all(map(is_character, set(references))):
            return False
    try:
        strings_of(xml, np.array([0, len(xml)])).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def is_character(reference: bytes) -> bool:
    """Whether a reference stands for a character that XML allows."""
    if not reference.startswith(b"&#"):
        return True
    n = int(reference[3:-1], 16) if reference.startswith(b"&#x") else int(reference[2:-1])
    return 32 <= n < 0xD800 or 0xE000 <= n < 0xFFFE or 0x10000 <= n < 0x110000 or n in (9, 10, 13)


def nest(xml: bytes, offsets: Positions, *, is_end: Flags, is_empty: Flags) -> Elements | None:
    """Pair start and end tags.

    Args:
        xml: As in `find_elements`.
        offsets: As in `Elements`.
        is_end: Of each tag, whether it ends an element.
        is_empty: Of each tag, whether it closes itself.
    Returns:
        None if tags do not pair, or one is not written as NLM does.
    """
    is_empty &= ~is_end
    steps = np.ones(len(is_end), np.int8)
    steps[is_end], steps[is_empty] = -1, 0
    open_after = np.cumsum(steps, dtype=np.int32)
    if open_after[-1] != 0 or open_after.min() < 0 or open_after.max() > DEEPEST:
        return None
    strings = strings_of(xml, offsets)
    tag, end_tags = np.flatnonzero(~is_end), np.flatnonzero(is_end)
    encoded = strings.take(pa.array(2 * tag + 1)).dictionary_encode()
    start_tags = read_start_tags(encoded.dictionary.to_pylist())
    if start_tags is None:
        return None
    code = encoded.indices.to_numpy().astype(np.int64)

    # At each depth start and end tags take turns.
    has_end = ~is_empty[tag]
    depth = (open_after[tag] - has_end).astype(np.int16)
    with_end = np.flatnonzero(has_end)
    with_end = with_end[np.argsort(depth[with_end], kind="stable")]
    ended = end_tags[np.argsort(open_after[end_tags].astype(np.int16), kind="stable")]
    end = tag.copy()
    end[with_end] = ended
    encoded_ends = strings.take(pa.array(2 * ended + 1)).dictionary_encode()
    numbers: dict[str, int] = {}
    names = np.array([numbers.setdefault(tag.end_tag, len(numbers)) for tag in start_tags])
    end_names = np.array([numbers.get(text, -1) for text in encoded_ends.dictionary.to_pylist()], np.int64)
    if (names[code[with_end]] != end_names[encoded_ends.indices.to_numpy()]).any():
        return None

    by_depth = np.argsort(depth, kind="stable")
    borders = np.searchsorted(depth[by_depth], np.arange(depth.max() + 2, dtype=np.int16))
    levels = [by_depth[first:last] for first, last in pairwise(borders.tolist())]
    parent = np.full(len(tag), -1)
    for above, level in pairwise(levels):
        parent[level] = above[np.searchsorted(above, level) - 1]
    return Elements(xml, offsets, tag, end, parent, levels, code, start_tags)


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
    attributes = tuple((name, unescape(value)) for name, value in ATTRIBUTE.findall(found[2]))
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

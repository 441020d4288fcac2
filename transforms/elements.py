"""The elements of PubMed records as columns: where each begins and ends, what it is called, and which it stands in.

NLM writes XML in one narrow form: no comments, no CDATA, attributes in double quotes, `<` and `>` around tags only.
Bytes of that form are cut at those two marks, all of a chunk at once and with no object for each element.
`find_elements` takes nothing that is not well-formed; what is written in another form is first rewritten by libxml2.
"""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from transforms.values import LINE_BREAKS, NAMED, resolve_references

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Names and values as NLM writes them; any other way goes through libxml2.
START_TAG = re.compile(r'<([^\W\d][\w.:-]*)((?: [^\W\d][\w.:-]*="[^"<\n\t]*")*) ?/?>')
ATTRIBUTE = re.compile(r' ([^ =]+)="([^"]*)"')
REFERENCE = re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
# PubMed Central leaves `<?pmcsd ?>` in texts. One on several lines goes through libxml2, so that lines can be counted.
INSTRUCTION = re.compile(rb"<\?(?!xml[ ?])[a-z_][\w.-]*(?: [ -;=@-~]*)?\?>", re.IGNORECASE)
LESS, GREATER, AMPERSAND, SLASH, LINE_FEED, TAB, BLANK, QUESTION = b"<>&/\n\t ?"

# Elements in elements in elements; NLM's own are seven deep, MathML's a few more.
DEEPEST = 1000
MOST_TAGS_KEPT = 20_000

NO_GAPS = np.empty(0, np.int64)


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
        source: The bytes as they came; `xml` but for processing instructions.
        gaps: Where in `xml` each processing instruction of `source` has stood.
        gap_bytes: How long it was.
    """

    xml: bytes
    offsets: Positions
    tag: Positions
    end: Positions
    parent: Positions
    levels: list[Positions]
    code: Positions
    start_tags: list[StartTag]
    source: bytes
    gaps: Positions = field(default_factory=lambda: NO_GAPS)
    gap_bytes: Positions = field(default_factory=lambda: NO_GAPS)

    def source_borders(self, elements: Positions) -> tuple[Positions, Positions]:
        """Where some elements begin and end in `source`."""
        firsts, lasts = self.offsets[2 * self.tag[elements] + 1], self.offsets[2 * self.end[elements] + 2]
        if not len(self.gaps):
            return firsts, lasts
        before = np.concatenate([[0], np.cumsum(self.gap_bytes)])
        return (
            firsts + before[np.searchsorted(self.gaps, firsts, "right")],
            lasts + before[np.searchsorted(self.gaps, lasts, "left")],
        )

    @cached_property
    def strings(self) -> pa.StringArray:
        """The texts and tags in turn, without a copy."""
        return strings_of(self.xml, self.offsets)

    @cached_property
    def layout(self) -> Positions:
        """The strings that are one line break with blanks behind it: what only lays the records out."""
        marks = np.frombuffer(self.xml, np.uint8)
        firsts = self.offsets[:-1:2]
        texts = 2 * np.flatnonzero((marks[firsts[1:-1]] == LINE_FEED) & (firsts[1:-1] < self.offsets[3:-1:2])) + 2
        candidates = self.strings.take(pa.array(texts))
        _, offsets, held = candidates.buffers()
        held, offsets = np.frombuffer(held or b"", np.uint8), np.frombuffer(offsets, np.int32)
        is_other = (held != BLANK) & (held != TAB)
        is_other[offsets[:-1]] = False
        is_layout = np.ones(len(texts), bool)
        is_layout[np.searchsorted(offsets, np.flatnonzero(is_other), "right") - 1] = False
        return texts[is_layout]

    @cached_property
    def broken(self) -> Positions:
        """The strings that hold a line break and are not only layout."""
        is_line_feed = np.frombuffer(self.xml, np.uint8) == LINE_FEED
        is_line_feed[self.offsets[self.layout]] = False
        return np.unique(self.string_at(np.flatnonzero(is_line_feed)))

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
        return resolve_references(self.xml[self.offsets[string] : self.offsets[string + 1]].decode())

    def texts_in(self, element: int) -> str:
        """All text of an element, that of the elements in it included, as it stands there."""
        first, last = 2 * int(self.tag[element]) + 2, 2 * int(self.end[element]) + 1
        return self.text(first) if last == first + 1 else "".join(map(self.text, range(first, last, 2)))

    def whole_text(self, element: int) -> str:
        """The same as `transforms.values.text_of` gives it: trimmed, with a blank for each line break."""
        return clean(self.texts_in(element))

    @cached_property
    def referring(self) -> Positions:
        """The strings that hold a reference."""
        return np.unique(self.string_at(np.flatnonzero(np.frombuffer(self.xml, np.uint8) == AMPERSAND)))

    def whole_texts(self, elements: Positions) -> tuple[list[str], Flags]:
        """The same of many elements at once, and whether it holds for each: an odd one is left to `whole_text`."""
        firsts, lasts = 2 * self.tag[elements] + 2, 2 * self.end[elements] + 1
        counts = self.end[elements] - self.tag[elements]
        borders = np.concatenate([[0], np.cumsum(counts)])
        pieces = np.repeat(firsts - 2 * borders[:-1], counts) + 2 * np.arange(borders[-1])
        lists = pa.ListArray.from_arrays(pa.array(borders, pa.int32()), self.strings.take(pa.array(pieces)))
        texts = pc.binary_join(lists, "")
        is_odd = holds(self.broken, firsts, lasts) | holds(self.layout, firsts, lasts)
        refers = holds(self.referring, firsts, lasts)
        resolved = texts.filter(pa.array(refers))
        is_odd[refers] |= pc.match_substring(resolved, "&#").to_numpy(zero_copy_only=False)
        for name, character in NAMED.items():
            resolved = pc.replace_substring(resolved, f"&{name};", character)
        texts = pc.replace_with_mask(texts, pa.array(refers), resolved)
        _, offsets, data = texts.buffers()
        marks, offsets = np.frombuffer(data or b"", np.uint8), np.frombuffer(offsets, np.int32).astype(np.int64)
        is_filled = np.flatnonzero(offsets[:-1] < offsets[1:])
        is_plain = np.zeros(len(texts), bool)
        is_plain[is_filled] = ~may_have_blanks(marks, offsets[is_filled], offsets[is_filled + 1])
        return texts.to_pylist(), is_plain & ~is_odd

    def texts_to_clean(self, strings: Positions) -> Flags:
        """Of some strings, those that hold a reference or a line break, or may have blanks at their ends."""
        wanted = np.zeros(len(self.offsets) - 1, bool)
        wanted[self.broken] = True
        wanted[self.referring] = True
        marks = np.frombuffer(self.xml, np.uint8)
        return wanted[strings] | may_have_blanks(marks, self.offsets[strings], self.offsets[strings + 1])


def holds(strings: Positions, firsts: Positions, lasts: Positions) -> Flags:
    """Of some ranges of strings, whether each has one of `strings`, which are sorted."""
    found: Flags = np.searchsorted(strings, firsts) < np.searchsorted(strings, lasts)
    return found


def bytes_at(characters: str, place: int) -> Flags:
    """Of every byte, whether one of some characters has it at a place."""
    found = np.zeros(256, bool)
    found[[character.encode()[place] for character in characters]] = True
    return found


OTHER_BLANKS = "".join(filter(str.isspace, map(chr, range(128, 0x10000))))
BLANK_FIRST, BLANK_BEFORE_LAST, BLANK_LAST = (bytes_at(OTHER_BLANKS, place) for place in (0, -2, -1))


def may_have_blanks(marks: npt.NDArray[np.uint8], firsts: Positions, lasts: Positions) -> Flags:
    """Of some texts with at least a byte, whether one can have blanks at its ends; some have none all the same.

    Args:
        marks: The bytes that hold the texts.
        firsts: Where they begin.
        lasts: Where they end.
    """
    first, last = marks[firsts], marks[lasts - 1]
    found = (first <= BLANK) | (last <= BLANK)
    found[first > 127] |= BLANK_FIRST[first[first > 127]]
    # The byte before is of the same character.
    others = np.flatnonzero(last > 127)
    found[others] |= BLANK_LAST[last[others]] & BLANK_BEFORE_LAST[marks[lasts[others] - 2]]
    return found


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
        None if the bytes are not well-formed, or well-formed in another form: with comments, CDATA, carriage returns,
        other quotes, `>` in text, names that are not ASCII.
    """
    marks = np.frombuffer(xml, np.uint8)
    # `<` and `>` differ in one bit.
    places = np.flatnonzero((marks & ~np.uint8(LESS ^ GREATER)) == LESS)
    is_greater = marks[places] == GREATER
    if not len(places) or len(places) % 2 or is_greater[::2].any() or not is_greater[1::2].all():
        return None
    places[1::2] += 1
    is_instruction = marks[places[::2] + 1] == QUESTION
    if is_instruction.any():
        return without_instructions(xml, places.reshape(-1, 2), is_instruction)
    return find_between(xml, places)


def without_instructions(xml: bytes, places: Positions, is_instruction: Flags) -> Elements | None:
    """The elements of bytes with processing instructions, which are part of no text.

    Args:
        xml: As in `find_elements`.
        places: Where each tag and each processing instruction begins and ends.
        is_instruction: Which of them are processing instructions.
    """
    borders = places[is_instruction].tolist()
    if not all(INSTRUCTION.fullmatch(xml, first, last) for first, last in borders):
        return None
    pieces = zip([0, *(last for _, last in borders)], [*(first for first, _ in borders), len(xml)], strict=True)
    sizes = np.where(is_instruction, places[:, 1] - places[:, 0], 0)
    gone = np.cumsum(sizes)
    rest = b"".join(xml[first:last] for first, last in pieces)
    elements = find_between(rest, (places - gone[:, np.newaxis])[~is_instruction].ravel())
    gaps = (places[:, 0] - gone + sizes)[is_instruction]
    return elements and replace(elements, source=xml, gaps=gaps, gap_bytes=sizes[is_instruction])


def find_between(xml: bytes, places: Positions) -> Elements | None:
    """The elements of bytes with tags that begin and end at some places, in turn."""
    marks = np.frombuffer(xml, np.uint8)
    if not len(places) or not is_plain(xml, marks):
        return None
    offsets = np.concatenate([[0], places, [len(xml)]])
    return nest(xml, offsets, is_end=marks[places[::2] + 1] == SLASH, is_empty=marks[places[1::2] - 2] == SLASH)


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
    wanted = pa.array([tag.end_tag for tag in start_tags], pa.string()).take(pa.array(code[with_end]))
    if not strings.take(pa.array(2 * ended + 1)).equals(wanted):
        return None

    by_depth = np.argsort(depth, kind="stable")
    borders = np.searchsorted(depth[by_depth], np.arange(depth.max() + 2, dtype=np.int16))
    levels = [by_depth[first:last] for first, last in pairwise(borders.tolist())]
    # An element one deeper than the one before is its first child; the others have the parent of the one before them.
    parent = np.full(len(tag), -1)
    is_first = np.diff(depth, prepend=depth[:1]) == 1
    parent[is_first] = np.flatnonzero(is_first) - 1
    for level in levels[1:]:
        parent[level] = np.maximum.accumulate(parent[level])
    return Elements(xml, offsets, tag, end, parent, levels, code, start_tags, xml)


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

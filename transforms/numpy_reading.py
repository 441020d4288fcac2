"""The steps of reading that look at every tag or text of a chunk, by numpy and Arrow.

`compiled_reading.pyx` has the same functions, compiled if there is a C compiler; `transforms/reading_kernel.py` says
which of the two are taken. What they give is the same, but for the order of strings that are made.
"""

import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.start_tags import read_start_tags
from transforms.values import NAMED

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Marks = npt.NDArray[np.uint8]

REFERENCE = re.compile(rb"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
LESS, GREATER, AMPERSAND, SLASH, LINE_FEED, TAB, BLANK = b"<>&/\n\t "

# Elements in elements in elements; NLM's own are seven deep, MathML's a few more.
DEEPEST = 1000
NOTHING = -1

# What a string has: it is one line break with blanks behind it, which only lays the records out; it holds another line
# break; it holds a reference; it may have blanks at its ends.
LAYOUT, BROKEN, REFERS, BLANK_ENDS = 1, 2, 4, 8


def bytes_at(characters: str, place: int) -> list[int]:
    """The bytes that some characters have at a place."""
    return [character.encode()[place] for character in characters]


OTHER_BLANKS = "".join(filter(str.isspace, map(chr, range(128, 0x10000))))
# What can begin a blank, stand before the last byte of one, or end one.
BLANK_FIRST, BLANK_BEFORE_LAST, BLANK_LAST = 1, 2, 4
ENDS = np.zeros(256, np.uint8)
ENDS[: BLANK + 1] = BLANK_FIRST | BLANK_LAST
for _bit, _place in ((BLANK_FIRST, 0), (BLANK_BEFORE_LAST, -2), (BLANK_LAST, -1)):
    ENDS[bytes_at(OTHER_BLANKS, _place)] |= _bit


def strings_of(xml: bytes, offsets: Positions) -> pa.StringArray:
    """Strings that lie side by side, without a copy."""
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(xml))


class Scanned(NamedTuple):
    """The elements of a chunk.

    Attributes:
        offsets, flags, tag, end, parent, code: As in `Elements`.
        order: The elements by their depth.
        borders: Where each depth begins among those, and where the last one ends.
        texts: The different start tags, as they stand there.
    """

    offsets: Positions
    flags: Marks
    tag: Positions
    end: Positions
    parent: Positions
    order: Positions
    borders: Positions
    code: Positions
    texts: list[str]


def count(xml: bytes, mark: int) -> int:
    """How often a byte is there."""
    return int(np.count_nonzero(np.frombuffer(xml, np.uint8) == mark))


def holds(xml: bytes, piece: bytes) -> bool:
    """Whether bytes are in others."""
    return piece in xml


# --- tags ------------------------------------------------------------------------------------------------------------


def scan(xml: bytes) -> Scanned | None:
    """The elements of records that are written as NLM does.

    Args:
        xml: Whole elements, in UTF-8 beyond doubt, without processing instructions.
    Returns:
        None if the bytes are not well-formed, or not written as NLM does; of start tags `read_start_tags` says that.
    """
    marks = np.frombuffer(xml, np.uint8)
    # `<` and `>` differ in one bit.
    places = np.flatnonzero((marks & ~np.uint8(LESS ^ GREATER)) == LESS)
    is_greater = marks[places] == GREATER
    if not len(places) or len(places) % 2 or is_greater[::2].any() or not is_greater[1::2].all():
        return None
    if not is_plain(xml, marks):
        return None
    places[1::2] += 1
    offsets = np.concatenate([[0], places, [len(xml)]])
    is_end, is_empty = marks[places[::2] + 1] == SLASH, marks[places[1::2] - 2] == SLASH
    nested = nest(strings_of(xml, offsets), is_end, is_empty & ~is_end)
    return nested and Scanned(offsets, flags_of(xml, marks, offsets), *nested)


def is_plain(xml: bytes, marks: Marks) -> bool:
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
    return True


def is_character(reference: bytes) -> bool:
    """Whether a reference stands for a character that XML allows."""
    if not reference.startswith(b"&#"):
        return True
    n = int(reference[3:-1], 16) if reference.startswith(b"&#x") else int(reference[2:-1])
    return 32 <= n < 0xD800 or 0xE000 <= n < 0xFFFE or 0x10000 <= n < 0x110000 or n in (9, 10, 13)


def nest(
    strings: pa.StringArray, is_end: Flags, is_empty: Flags
) -> tuple[Positions, Positions, Positions, Positions, Positions, Positions, list[str]] | None:
    """Pair start and end tags.

    Args:
        strings: Texts and tags in turn.
        is_end: Of each tag, whether it ends an element.
        is_empty: Of each tag, whether it is a start tag that closes itself.
    Returns:
        What `scan` does from `tag` on; None if tags do not pair.
    """
    steps = np.ones(len(is_end), np.int8)
    steps[is_end], steps[is_empty] = -1, 0
    open_after = np.cumsum(steps, dtype=np.int32)
    if open_after[-1] != 0 or open_after.min() < 0 or open_after.max() > DEEPEST:
        return None
    tag, end_tags = np.flatnonzero(~is_end), np.flatnonzero(is_end)
    encoded = strings.take(pa.array(2 * tag + 1)).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    start_tags = read_start_tags(texts)
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

    order = np.argsort(depth, kind="stable")
    borders = np.searchsorted(depth[order], np.arange(depth.max() + 2, dtype=np.int16))
    # An element one deeper than the one before is its first child; the others have the parent of the one before them.
    parent = np.full(len(tag), NOTHING)
    is_first = np.diff(depth, prepend=depth[:1]) == 1
    parent[is_first] = np.flatnonzero(is_first) - 1
    for level in levels_of(order, borders)[1:]:
        parent[level] = np.maximum.accumulate(parent[level])
    return tag, end, parent, order, borders, code, texts


def levels_of(order: Positions, borders: Positions) -> list[Positions]:
    """The elements of each depth."""
    return [order[first:last] for first, last in pairwise(borders.tolist())]


# --- texts -----------------------------------------------------------------------------------------------------------


def flags_of(xml: bytes, marks: Marks, offsets: Positions) -> Marks:
    """What each string has."""
    flags = np.zeros(len(offsets) - 1, np.uint8)
    firsts, lasts = offsets[:-1:2], offsets[1::2]
    filled = np.flatnonzero(firsts < lasts)
    flags[2 * filled[may_have_blanks(marks, firsts[filled], lasts[filled])]] = BLANK_ENDS
    layout = layout_of(xml, marks, offsets)
    flags[layout] |= LAYOUT
    is_line_feed = marks == LINE_FEED
    is_line_feed[offsets[layout]] = False
    flags[strings_at(offsets, is_line_feed)] |= BROKEN
    if b"&" in xml:
        # A reference in a tag is resolved with the tag.
        refer = strings_at(offsets, marks == AMPERSAND)
        flags[refer[refer % 2 == 0]] |= REFERS
    return flags


def strings_at(offsets: Positions, is_found: Flags) -> Positions:
    """The strings that some bytes stand in, each once."""
    return np.unique(np.searchsorted(offsets, np.flatnonzero(is_found), "right") - 1)


def layout_of(xml: bytes, marks: Marks, offsets: Positions) -> Positions:
    """The strings between tags that are one line break with blanks behind it."""
    firsts = offsets[:-1:2]
    texts = 2 * np.flatnonzero((marks[firsts[1:-1]] == LINE_FEED) & (firsts[1:-1] < offsets[3:-1:2])) + 2
    _, borders, held = strings_of(xml, offsets).take(pa.array(texts)).buffers()
    held, borders = np.frombuffer(held or b"", np.uint8), np.frombuffer(borders, np.int32)
    is_other = (held != BLANK) & (held != TAB)
    is_other[borders[:-1]] = False
    is_layout = np.ones(len(texts), bool)
    is_layout[np.searchsorted(borders, np.flatnonzero(is_other), "right") - 1] = False
    return texts[is_layout]


def may_have_blanks(marks: Marks, firsts: Positions, lasts: Positions) -> Flags:
    """Of some texts with at least a byte, whether one can have blanks at its ends; some have none all the same.

    Args:
        marks: The bytes that hold the texts.
        firsts: Where they begin.
        lasts: Where they end.
    """
    last = marks[lasts - 1]
    found: Flags = (ENDS[marks[firsts]] & BLANK_FIRST > 0) | ((ENDS[last] & BLANK_LAST > 0) & (last < 128))
    # The byte before is of the same character.
    others = np.flatnonzero(last > 127)
    found[others] |= (ENDS[last[others]] & BLANK_LAST > 0) & (ENDS[marks[lasts[others] - 2]] & BLANK_BEFORE_LAST > 0)
    return found


def texts(
    xml: bytes, offsets: Positions, flags: Marks, tag: Positions, end: Positions, is_wanted: Flags
) -> tuple[Positions, pa.StringArray, Positions]:
    """The text of each element, that of the elements in it included, as `values.text_of` gives it.

    Args:
        xml, offsets, flags, tag, end: As in `Elements`.
        is_wanted: Of each element, whether its text is.
    Returns:
        The string that it is: one of the chunk's, or behind those one of the strings that are made here; NOTHING for an
        empty one, and for one that is not wanted. The strings that are made. The elements whose text is odd, which have
        NOTHING here.
    """
    own = len(offsets) - 1
    found = np.full(len(tag), NOTHING)
    wanted = np.flatnonzero(is_wanted)
    tags, ends = tag[wanted], end[wanted]
    strings = 2 * tags + 2
    is_simple = (ends == tags + 1) & (offsets[strings] < offsets[strings + 1])
    simple, strings = wanted[is_simple], strings[is_simple]
    found[simple] = strings
    composed = np.concatenate([simple[flags[strings] > 0], wanted[ends > tags + 1]])
    made, is_plain_text = compose(xml, offsets, flags, 2 * tag[composed] + 2, 2 * end[composed] + 1)
    found[composed] = np.where(is_plain_text, own + np.arange(len(composed)), NOTHING)
    return found, made, composed[~is_plain_text]


def compose(
    xml: bytes, offsets: Positions, flags: Marks, firsts: Positions, lasts: Positions
) -> tuple[pa.StringArray, Flags]:
    """Texts of several strings, or with references, and of each whether that is all there is to it.

    Args:
        xml, offsets, flags: As in `Elements`.
        firsts: The first string of each text.
        lasts: Where each text ends; of the strings between, every other one is text.
    """
    counts = (lasts - firsts + 1) // 2
    borders = np.concatenate([[0], np.cumsum(counts)])
    pieces = np.repeat(firsts - 2 * borders[:-1], counts) + 2 * np.arange(borders[-1])
    strings = strings_of(xml, offsets).take(pa.array(pieces))
    made = pc.binary_join(pa.ListArray.from_arrays(pa.array(borders, pa.int32()), strings), "")
    is_odd = any_between(flags & (BROKEN | LAYOUT) > 0, firsts, lasts)
    refers = any_between(flags & REFERS > 0, firsts, lasts)
    resolved = made.filter(pa.array(refers))
    is_odd[refers] |= pc.match_substring(resolved, "&#").to_numpy(zero_copy_only=False)
    for name, character in NAMED.items():
        resolved = pc.replace_substring(resolved, f"&{name};", character)
    made = pc.replace_with_mask(made, pa.array(refers), resolved)
    _, made_offsets, data = made.buffers()
    marks, made_borders = np.frombuffer(data or b"", np.uint8), np.frombuffer(made_offsets, np.int32).astype(np.int64)
    filled = np.flatnonzero(made_borders[:-1] < made_borders[1:])
    is_whole = np.zeros(len(made), bool)
    is_whole[filled] = ~may_have_blanks(marks, made_borders[filled], made_borders[filled + 1])
    return made, is_whole & ~is_odd


def any_between(is_found: Flags, firsts: Positions, lasts: Positions) -> Flags:
    """Of some ranges of strings, whether one in each is found."""
    strings = np.flatnonzero(is_found)
    found: Flags = np.searchsorted(strings, firsts) < np.searchsorted(strings, lasts)
    return found


class Strings:
    """All strings of a chunk: those that its bytes are cut into, and behind them others."""

    def __init__(self, xml: bytes, offsets: Positions, others: pa.StringArray) -> None:
        """Put them together."""
        self.all = pa.concat_arrays([strings_of(xml, offsets), others])

    def take(self, values: Positions) -> pa.StringArray:
        """Some strings; null for NOTHING."""
        is_null = values == NOTHING
        if not is_null.any():
            return self.all.take(pa.array(values))
        valid = pa.py_buffer(np.packbits(~is_null, bitorder="little"))
        return self.all.take(pa.Array.from_buffers(pa.int64(), len(values), [valid, pa.py_buffer(values)]))


def content(
    xml: bytes, offsets: Positions, flags: Marks, firsts: Positions, lasts: Positions
) -> tuple[memoryview, Positions]:
    """Some ranges of strings without those that are layout, one behind the other.

    Args:
        xml, offsets, flags: As in `Elements`.
        firsts: The first string of each range, which is a tag.
        lasts: Where each range ends, behind a tag.
    Returns:
        The bytes, and where each range begins and ends in them.
    """
    is_kept = flags & LAYOUT == 0
    inside = np.zeros(len(flags) + 1, np.int64)
    inside[firsts] += 1
    inside[lasts] -= 1
    is_kept &= np.cumsum(inside)[:-1] > 0
    _, borders, data = strings_of(xml, offsets).filter(pa.array(is_kept)).buffers()
    before = np.concatenate([[0], np.cumsum(is_kept)])
    return memoryview(data or b""), np.frombuffer(borders, np.int32).astype(np.int64)[
        before[np.append(firsts, lasts[-1:])]
    ]


# --- elements --------------------------------------------------------------------------------------------------------


def nodes(
    parent: Positions, name: Positions, levels: list[Positions], records: Positions, following: npt.NDArray[np.int16]
) -> tuple[npt.NDArray[np.int16], Positions, Positions]:
    """The node of each element.

    Args:
        parent: As in `Elements`.
        name: The number of each element's name.
        levels: As in `Elements`.
        records: The elements that begin with the first row of `following`; they stand in no other.
        following: By the node around it and its name an element's node; the row before the last is for what is below
            elements that are not wanted.
    Returns:
        The node of each element, the elements sorted by their nodes, and where each node's begin among them.
    """
    node = np.full(len(parent), len(following) - 2, np.int16)
    node[records] = following[0, name[records]]
    for level in levels[1:]:
        node[level] = following[node[parent[level]], name[level]]
    order = np.argsort(node, kind="stable")
    return node, order, np.searchsorted(node[order], np.arange(len(following) + 1, dtype=np.int16))


def strays(
    offsets: Positions, flags: Marks, tag: Positions, end: Positions, parent: Positions, is_branch: Flags
) -> tuple[Positions, Positions]:
    """Texts that stand in elements that hold none.

    Args:
        offsets, flags, tag, end, parent: As in `Elements`.
        is_branch: Of each element, whether it is such a one.
    Returns:
        The tags that the texts come after, and the elements that they stand in.
    """
    holder = np.empty(len(offsets) // 2 - 1, np.int64)
    holder[end] = parent
    has_end = end > tag
    holder[tag[has_end]] = np.flatnonzero(has_end)
    # The last entry of `is_branch` is read for tags that stand in no element, whose text is none of theirs.
    is_stray = (offsets[2:-1:2] < offsets[3::2]) & (flags[2::2] & LAYOUT == 0) & is_branch[holder] & (holder >= 0)
    found = np.flatnonzero(is_stray)
    return found, holder[found]

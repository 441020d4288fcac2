"""The elements of PubMed records as columns: where each begins and ends, what it is called, and which it stands in.

NLM writes XML in one narrow form: no comments, no CDATA, attributes in double quotes, `<` and `>` around tags only.
Bytes of that form are cut at those two marks, all of a chunk at once and with no object for each element.
`find_elements` takes nothing that is not well-formed; what is written in another form is first rewritten by libxml2.
"""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import repeat

import numpy as np
import pyarrow as pa

from transforms import reading_kernel
from transforms.numpy_reading import Marks, Positions, Scanned, levels_of, strings_of
from transforms.pubmed_document import pairs_in
from transforms.start_tags import StartTag, read_start_tags
from transforms.values import LINE_BREAKS, resolve_references

# PubMed Central leaves `<?pmcsd ?>` in texts. One on several lines goes through libxml2, so that lines can be counted.
INSTRUCTION = re.compile(rb"<\?(?!xml[ ?])[a-z_][\w.-]*(?: [ -;=@-~]*)?\?>", re.IGNORECASE)

NO_GAPS = np.empty(0, np.int64)


@dataclass(frozen=True)
class Elements:
    """The elements of some records, one position each, in document order; tags and texts are numbered likewise.

    Attributes:
        xml: The bytes.
        offsets: Where the strings begin and end: text, tag, text, tag ... text; tag i is string 2i + 1.
        flags: What each of the strings has, by the bits of `numpy_reading`; 0 for a tag.
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
    flags: Marks
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

    def start_tag(self, element: int) -> StartTag:
        """An element's start tag."""
        return self.start_tags[int(self.code[element])]

    def name_of(self, element: int) -> str:
        """An element's name."""
        return self.start_tag(element).name

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
    if not xml or not is_utf8(xml):
        return None
    return find_between(xml) if next(pairs_in(xml, b"<", b"?"), None) is None else without_instructions(xml)


def without_instructions(xml: bytes) -> Elements | None:
    """The elements of bytes with processing instructions, which are part of no text."""
    found = list(map(INSTRUCTION.match, repeat(xml), pairs_in(xml, b"<", b"?")))
    if None in found:
        return None
    borders = np.array([instruction.span() for instruction in found if instruction])
    firsts, lasts = [0, *borders[:, 1].tolist()], [*borders[:, 0].tolist(), len(xml)]
    ranges = list(zip(firsts, lasts, strict=True))
    held = memoryview(xml)
    elements = find_between(b"".join(held[first:last] for first, last in ranges))
    # None stands in a tag, or in a reference: each `&` of what is left begins one.
    if elements is None or any(xml.rfind(b"&", *piece) > xml.rfind(b";", *piece) for piece in ranges):
        return None
    sizes = borders[:, 1] - borders[:, 0]
    gaps = borders[:, 1] - np.cumsum(sizes)
    strings = np.searchsorted(elements.offsets, gaps, "right") - 1
    if ((strings % 2 == 1) & (elements.offsets[strings] < gaps)).any():
        return None
    return replace(elements, source=xml, gaps=gaps, gap_bytes=sizes)


def find_between(xml: bytes) -> Elements | None:
    """The elements of bytes without processing instructions."""
    found: Scanned | None = reading_kernel.kernel.scan(xml) if xml else None
    if found is None:
        return None
    start_tags = read_start_tags(found.texts)
    if start_tags is None:
        return None
    levels = levels_of(found.order, found.borders)
    return Elements(
        xml, found.offsets, found.flags, found.tag, found.end, found.parent, levels, found.code, start_tags, xml
    )


def is_utf8(xml: bytes) -> bool:
    """Whether bytes are UTF-8, without an object for them."""
    try:
        strings_of(xml, np.array([0, len(xml)])).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True

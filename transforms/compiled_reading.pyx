# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""What `numpy_reading.py` does for a chunk of records, with the same functions, in one pass each and compiled.

Whatever is read from or written to an array by a place in it is checked against the array's length; the few calls of
`memcpy`, `memchr` and `memcmp` take ranges that were checked just before. No Python object is made for an element.
"""

import numpy as np
import pyarrow as pa

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <string.h>
    void *memmem(const void *, size_t, const void *, size_t);
    """
    void* memmem(const void*, size_t, const void*, size_t)

from transforms.numpy_reading import ENDS, Scanned
from transforms.numpy_reading import scan as scan_by_numpy

# As in `numpy_reading.py`.
cdef enum:
    LAYOUT = 1
    BROKEN = 2
    REFERS = 4
    BLANK_ENDS = 8
    # Bits of `ends`, by byte: what can begin a blank, stand before the last byte of one, or end one.
    FIRST = 1
    BEFORE_LAST = 2
    LAST = 4
    DEEPEST = 1000
    NOTHING = -1

cdef enum Kind:
    PLAIN, LESS, AMPERSAND, LINE_FEED, TAB, MAY_BE_NONE, NONE_OF_TEXT

cdef uint8_t[256] KIND
for _byte in range(256):
    KIND[_byte] = NONE_OF_TEXT if _byte < 32 or _byte == 0x3E else PLAIN
KIND[0x3C], KIND[0x26], KIND[0x0A], KIND[0x09], KIND[0xEF] = LESS, AMPERSAND, LINE_FEED, TAB, MAY_BE_NONE


cdef inline int digit_of(uint8_t mark, bint is_hex) noexcept:
    """The value of a digit; -1 for another byte."""
    if 0x30 <= mark <= 0x39:
        return mark - 0x30
    if is_hex and (0x41 <= mark <= 0x46 or 0x61 <= mark <= 0x66):
        return (mark | 0x20) - 0x61 + 10
    return -1


cdef int64_t reference(const uint8_t[::1] xml, int64_t at, int64_t end, int64_t* value) except -2:
    """How long the reference is that begins at a place, and the number of its character.

    Returns:
        0 if there is none that needs no declaration, or its character is none of XML's.
    """
    cdef int64_t place = at + 1
    cdef int64_t number = 0
    cdef int digits = 0
    cdef int digit
    cdef bint is_hex
    if place >= end:
        return 0
    if xml[place] != 0x23:
        if end - at >= 4 and xml[at + 2] == 0x74 and xml[at + 3] == 0x3B and xml[place] in (0x6C, 0x67):
            value[0] = 0x3C if xml[place] == 0x6C else 0x3E
            return 4
        if end - at >= 5 and memcmp(&xml[at], b"&amp;", 5) == 0:
            value[0] = 0x26
            return 5
        if end - at >= 6 and memcmp(&xml[at], b"&quot;", 6) == 0:
            value[0] = 0x22
            return 6
        if end - at >= 6 and memcmp(&xml[at], b"&apos;", 6) == 0:
            value[0] = 0x27
            return 6
        return 0
    place += 1
    is_hex = place < end and xml[place] == 0x78
    place += is_hex
    while place < end and digits <= 7:
        digit = digit_of(xml[place], is_hex)
        if digit < 0:
            break
        number = number * (16 if is_hex else 10) + digit
        digits += 1
        place += 1
    if digits == 0 or digits > (6 if is_hex else 7) or place >= end or xml[place] != 0x3B:
        return 0
    if not (32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
            or number == 9 or number == 10 or number == 13):
        return 0
    value[0] = number
    return place + 1 - at


cdef bint is_no_character(const uint8_t[::1] xml, int64_t at) except -1:
    """Whether U+FFFE or U+FFFF begins at a place, which XML does not allow."""
    return at + 2 < xml.shape[0] and xml[at + 1] == 0xBF and xml[at + 2] >= 0xBE


cdef bint is_tag_plain(const uint8_t[::1] xml, int64_t first, int64_t last) except -1:
    """Whether a start tag has nothing in it that no tag has; its form is looked at where it is read."""
    cdef int64_t at = first + 1
    cdef int64_t value = 0
    cdef int64_t length
    while at < last - 1:
        if xml[at] < 32 or xml[at] == 0x3C or (xml[at] == 0xEF and is_no_character(xml, at)):
            return False
        if xml[at] == 0x26:
            length = reference(xml, at, last, &value)
            if length == 0:
                return False
            at += length
        else:
            at += 1
    return True


cdef uint64_t hash_of(const uint8_t* first, int64_t length) noexcept:
    """A number for some bytes, whose range was checked."""
    cdef uint64_t found = <uint64_t>length * <uint64_t>0x9E3779B97F4A7C15
    cdef uint64_t word = 0
    cdef int64_t at = 0
    while length - at >= 8:
        memcpy(&word, first + at, 8)
        found = (found ^ word) * <uint64_t>0xFF51AFD7ED558CCD
        found ^= found >> 29
        at += 8
    if length >= 8:
        memcpy(&word, first + length - 8, 8)
    else:
        while at < length:
            word = word << 8 | first[at]
            at += 1
    found = (found ^ word) * <uint64_t>0xFF51AFD7ED558CCD
    found ^= found >> 32
    found *= <uint64_t>0xD6E8FEB86659FD93
    return found ^ (found >> 32)


cdef class TagTable:
    """The different start tags of a chunk, numbered as they first come."""

    cdef int32_t[::1] slots
    cdef int64_t[::1] firsts
    cdef int64_t[::1] lengths
    cdef int64_t[::1] name_lengths
    cdef uint64_t[::1] hashes
    cdef int64_t count
    cdef int most_probes
    cdef bint is_crowded

    def __cinit__(self, int most_probes):
        self.count = 0
        self.most_probes = most_probes
        self.is_crowded = False
        self.grow(1 << 12)

    cdef int grow(self, int64_t capacity) except -1:
        """Make room for half as many tags as there are slots."""
        cdef int64_t number
        cdef uint64_t slot
        cdef int64_t[::1] firsts = self.firsts, lengths = self.lengths, name_lengths = self.name_lengths
        cdef uint64_t[::1] hashes = self.hashes
        self.slots = np.full(capacity, NOTHING, np.int32)
        self.firsts, self.lengths, self.name_lengths = np.empty((3, capacity // 2), np.int64)
        self.hashes = np.empty(capacity // 2, np.uint64)
        if self.count:
            self.firsts[: self.count] = firsts
            self.lengths[: self.count] = lengths
            self.name_lengths[: self.count] = name_lengths
            self.hashes[: self.count] = hashes
        for number in range(self.count):
            slot = self.hashes[number] & <uint64_t>(capacity - 1)
            while self.slots[<int64_t>slot] != NOTHING:
                slot = (slot + 1) & <uint64_t>(capacity - 1)
            self.slots[<int64_t>slot] = <int32_t>number
        return 0

    cdef int64_t number_of(self, const uint8_t[::1] xml, int64_t first, int64_t last) except -2:
        """The number of a start tag; -1 if it is not taken."""
        cdef int64_t length = last - first
        cdef uint64_t mask = <uint64_t>(self.slots.shape[0] - 1)
        cdef uint64_t hashed = hash_of(&xml[first], length)
        cdef uint64_t slot = hashed & mask
        cdef int64_t number, name_last
        cdef int probes = 0
        while (number := self.slots[<int64_t>slot]) != NOTHING:
            if (
                self.hashes[number] == hashed
                and self.lengths[number] == length
                and memcmp(&xml[self.firsts[number]], &xml[first], <size_t>length) == 0
            ):
                return number
            slot = (slot + 1) & mask
            probes += 1
            if probes > self.most_probes:
                self.is_crowded = True
                return NOTHING
        if not is_tag_plain(xml, first, last):
            return NOTHING
        name_last = first + 1
        while name_last < last and xml[name_last] != 0x20 and xml[name_last] != 0x2F and xml[name_last] != 0x3E:
            name_last += 1
        number = self.count
        self.slots[<int64_t>slot] = <int32_t>number
        self.firsts[number] = first
        self.lengths[number] = length
        self.name_lengths[number] = name_last - first - 1
        self.hashes[number] = hashed
        self.count += 1
        if 2 * self.count >= self.slots.shape[0]:
            self.grow(2 * self.slots.shape[0])
        return number


cdef inline bint may_have_blanks(const uint8_t[::1] xml, int64_t first, int64_t last, const uint8_t[::1] ends) except -1:
    """Whether a text with at least a byte can have blanks at its ends."""
    cdef uint8_t mark = xml[last - 1]
    if ends[xml[first]] & FIRST:
        return True
    return ends[mark] & LAST and (mark < 128 or (last - first > 1 and ends[xml[last - 2]] & BEFORE_LAST))


cdef inline int64_t end_of_text(const uint8_t[::1] xml, int64_t at, uint8_t* flags) except -2:
    """Where a text ends that begins at a place, and what is in it; -1 if it is not taken."""
    cdef int64_t size = xml.shape[0]
    cdef int64_t value = 0
    cdef int64_t length
    cdef uint8_t kind
    cdef const uint8_t* marks
    if at < 0 or at >= size:
        return at
    marks = &xml[0]
    while True:
        # The one loop over every byte; `size` bounds it.
        while at < size and KIND[marks[at]] == PLAIN:
            at += 1
        if at == size:
            return at
        kind = KIND[xml[at]]
        if kind == LESS:
            return at
        elif kind == LINE_FEED:
            flags[0] |= BROKEN
            at += 1
        elif kind == AMPERSAND:
            length = reference(xml, at, size, &value)
            if length == 0:
                return NOTHING
            flags[0] |= REFERS
            at += length
        elif kind == TAB or (kind == MAY_BE_NONE and not is_no_character(xml, at)):
            at += 1
        else:
            return NOTHING


cdef inline bint is_layout(const uint8_t[::1] xml, int64_t first, int64_t last) except -1:
    """Whether a text is a line break with blanks behind it."""
    cdef int64_t at
    if xml[first] != 0x0A:
        return False
    for at in range(first + 1, last):
        if xml[at] != 0x20 and xml[at] != 0x09:
            return False
    return True


def count(const uint8_t[::1] xml not None, uint8_t mark):
    """As `numpy_reading.count`."""
    cdef int64_t size = xml.shape[0]
    cdef int64_t found = 0
    cdef int64_t first = 0
    cdef int64_t last, place
    cdef const uint8_t* marks
    cdef uint8_t some
    if size == 0:
        return 0
    marks = &xml[0]
    while first < size:
        # So few that a byte holds their count, which the compiler makes use of.
        last = min(first + 240, size)
        some = 0
        for place in range(first, last):
            some += marks[place] == mark
        found += some
        first = last
    return found


def holds(const uint8_t[::1] xml not None, const uint8_t[::1] piece not None):
    """As `numpy_reading.holds`."""
    if piece.shape[0] == 0 or xml.shape[0] == 0:
        return piece.shape[0] == 0
    return memmem(&xml[0], <size_t>xml.shape[0], &piece[0], <size_t>piece.shape[0]) != NULL


def scan(bytes xml not None, int most_probes=200):
    """As `numpy_reading.scan`, which takes over where a start tag needs more probes: only tags made for that do."""
    cdef const uint8_t[::1] marks = xml
    cdef const uint8_t[::1] ends = ENDS
    cdef int64_t most = count(marks, 0x3C)
    cdef int64_t size = len(xml)
    cdef int64_t at = 0
    cdef int64_t tags = 0
    cdef int64_t elements = 0
    cdef int64_t depth = 0
    cdef int64_t deepest = 0
    cdef int64_t first, element, length
    cdef const uint8_t* found
    cdef uint8_t text
    cdef TagTable table = TagTable(most_probes)
    if most == 0:
        return None
    offsets_, flags_ = np.empty(2 * most + 2, np.int64), np.empty(2 * most + 1, np.uint8)
    tag_, end_, parent_, code_ = (np.empty(most, np.int64) for _ in range(4))
    depths_ = np.empty(most, np.int16)
    cdef int64_t[::1] offsets = offsets_, tag = tag_, end = end_, parent = parent_, code = code_
    cdef uint8_t[::1] flags = flags_
    cdef int16_t[::1] depths = depths_
    cdef int64_t[::1] opened = np.empty(DEEPEST, np.int64)
    cdef int64_t[::1] by_depth = np.zeros(DEEPEST + 2, np.int64)
    offsets[0] = 0
    while True:
        first = at
        text = 0
        at = end_of_text(marks, at, &text)
        if at < 0:
            return None
        if at > first:
            # What stands before the first tag and behind the last one lays no record out.
            if text == BROKEN and tags and at < size and is_layout(marks, first, at):
                text = LAYOUT
            if may_have_blanks(marks, first, at, ends):
                text |= BLANK_ENDS
        flags[2 * tags] = text
        if at == size:
            break
        first = at
        found = <const uint8_t*>memchr(&marks[first], 0x3E, <size_t>(size - first))
        if found == NULL:
            return None
        at = (found - &marks[0]) + 1
        offsets[2 * tags + 1] = first
        offsets[2 * tags + 2] = at
        flags[2 * tags + 1] = 0
        if marks[first + 1] == 0x2F:
            if depth == 0:
                return None
            depth -= 1
            element = opened[depth]
            length = table.name_lengths[code[element]]
            if at - first != length + 3 or memcmp(
                &marks[first + 2], &marks[table.firsts[code[element]] + 1], <size_t>length
            ):
                return None
            end[element] = tags
        else:
            code[elements] = table.number_of(marks, first, at)
            if code[elements] == NOTHING:
                return scan_by_numpy(xml) if table.is_crowded else None
            tag[elements] = tags
            end[elements] = tags
            parent[elements] = opened[depth - 1] if depth else NOTHING
            depths[elements] = <int16_t>depth
            by_depth[depth + 1] += 1
            if depth + 1 > deepest:
                deepest = depth + 1
            if marks[at - 2] != 0x2F:
                if depth == DEEPEST:
                    return None
                opened[depth] = elements
                depth += 1
            elements += 1
        tags += 1
    if depth or elements == 0:
        return None
    offsets[2 * tags + 1] = size
    order_ = np.empty(elements, np.int64)
    cdef int64_t[::1] order = order_
    for first in range(deepest):
        by_depth[first + 1] += by_depth[first]
    borders = np.asarray(by_depth)[: deepest + 1].copy()
    for element in range(elements):
        order[by_depth[depths[element]]] = element
        by_depth[depths[element]] += 1
    texts = [
        xml[table.firsts[element] : table.firsts[element] + table.lengths[element]].decode()
        for element in range(table.count)
    ]
    return Scanned(
        offsets_[: 2 * tags + 2], flags_[: 2 * tags + 1], tag_[:elements], end_[:elements], parent_[:elements], order_, borders,
        code_[:elements], texts,
    )  # fmt: skip


cdef int put_character(uint8_t[::1] made, int64_t at, int64_t number) except -1:
    """Write a character in UTF-8; how many bytes it has."""
    if number < 0x80:
        made[at] = <uint8_t>number
        return 1
    if number < 0x800:
        made[at] = <uint8_t>(0xC0 | number >> 6)
        made[at + 1] = <uint8_t>(0x80 | number & 0x3F)
        return 2
    if number < 0x10000:
        made[at] = <uint8_t>(0xE0 | number >> 12)
        made[at + 1] = <uint8_t>(0x80 | number >> 6 & 0x3F)
        made[at + 2] = <uint8_t>(0x80 | number & 0x3F)
        return 3
    made[at] = <uint8_t>(0xF0 | number >> 18)
    made[at + 1] = <uint8_t>(0x80 | number >> 12 & 0x3F)
    made[at + 2] = <uint8_t>(0x80 | number >> 6 & 0x3F)
    made[at + 3] = <uint8_t>(0x80 | number & 0x3F)
    return 4


cdef int64_t resolve(const uint8_t[::1] xml, int64_t first, int64_t last, uint8_t[::1] made, int64_t at) except -2:
    """Write a text with its references resolved, none of which is shorter than its character.

    Returns:
        Where it ends; -1 if one stands for a control, which may be a line break.
    """
    cdef int64_t value = 0
    cdef int64_t length
    cdef const uint8_t* found
    if first < 0 or last > xml.shape[0] or at < 0 or last - first > made.shape[0] - at:
        raise IndexError
    while first < last:
        found = <const uint8_t*>memchr(&xml[first], 0x26, <size_t>(last - first))
        length = last - first if found == NULL else found - &xml[first]
        if length:
            memcpy(&made[at], &xml[first], <size_t>length)
            first += length
            at += length
        if found != NULL:
            length = reference(xml, first, last, &value)
            if length == 0 or value < 32:
                return NOTHING
            at += put_character(made, at, value)
            first += length
    return at


def texts(
    const uint8_t[::1] xml not None, const int64_t[::1] offsets not None, const uint8_t[::1] flags not None,
    const int64_t[::1] tag not None, const int64_t[::1] end not None, const uint8_t[::1] is_wanted not None,
):
    """As `numpy_reading.texts`."""
    cdef const uint8_t[::1] ends = ENDS
    cdef int64_t own = offsets.shape[0] - 1
    cdef int64_t count = tag.shape[0]
    cdef int64_t element, first, last, string, size
    cdef int64_t bytes_needed = 0
    cdef int64_t texts_needed = 0
    cdef int64_t texts_made = 0
    cdef int64_t odd_count = 0
    cdef int64_t at = 0
    cdef int64_t begin
    cdef uint8_t flag
    found_ = np.empty(count, np.int64)
    cdef int64_t[::1] found = found_
    for element in range(count):
        found[element] = NOTHING
        if not is_wanted[element] or end[element] == tag[element]:
            continue
        first, last = 2 * tag[element] + 2, 2 * end[element] + 1
        size, flag = 0, 0
        for string in range(first, last, 2):
            size += offsets[string + 1] - offsets[string]
            flag |= flags[string]
        if last == first + 1 and (flag == 0 or size == 0):
            found[element] = first if size else NOTHING
        else:
            # To be made, of so many bytes at most; texts can stand in texts.
            found[element] = own
            bytes_needed += size
            texts_needed += 1
    if bytes_needed > 0x7FFFFFFF:
        raise OverflowError("A chunk has more text than fits a column.")
    made_, odd_ = np.empty(bytes_needed, np.uint8), np.empty(texts_needed, np.int64)
    borders_ = np.zeros(texts_needed + 1, np.int32)
    cdef uint8_t[::1] made = made_
    cdef int64_t[::1] odd = odd_
    cdef int32_t[::1] borders = borders_
    for element in range(count):
        if found[element] != own:
            continue
        found[element] = NOTHING
        first, last = 2 * tag[element] + 2, 2 * end[element] + 1
        begin = at
        flag = 0
        for string in range(first, last, 2):
            flag |= flags[string]
        if flag & (BROKEN | LAYOUT):
            at = NOTHING
        else:
            for string in range(first, last, 2):
                if offsets[string] < offsets[string + 1]:
                    at = resolve(xml, offsets[string], offsets[string + 1], made, at)
                    if at < 0:
                        break
        if at <= begin or may_have_blanks(made, begin, at, ends):
            odd[odd_count] = element
            odd_count += 1
            at = begin
        else:
            found[element] = own + texts_made
            texts_made += 1
            borders[texts_made] = <int32_t>at
    strings = pa.StringArray.from_buffers(
        texts_made, pa.py_buffer(borders_[: texts_made + 1]), pa.py_buffer(made_[:at])
    )
    return found_, strings, odd_[:odd_count]


cdef class Strings:
    """As `numpy_reading.Strings`."""

    cdef const uint8_t[::1] xml
    cdef const int64_t[::1] offsets
    cdef const uint8_t[::1] others
    cdef const int32_t[::1] other_offsets

    def __init__(self, const uint8_t[::1] xml not None, const int64_t[::1] offsets not None, others):
        """Put them together."""
        _, borders, data = others.buffers()
        self.xml, self.offsets = xml, offsets
        self.others = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
        self.other_offsets = np.frombuffer(borders, np.int32)[: len(others) + 1]

    def take(self, const int64_t[::1] values not None):
        """Some strings; null for NOTHING."""
        cdef int64_t count = values.shape[0]
        cdef int64_t own = self.offsets.shape[0] - 1
        cdef int64_t size = 0
        cdef int64_t nulls = 0
        cdef int64_t place, value, first, length
        borders_ = np.empty(count + 1, np.int32)
        cdef int32_t[::1] borders = borders_
        borders[0] = 0
        for place in range(count):
            value = values[place]
            if value == NOTHING:
                nulls += 1
            elif value < own:
                size += self.offsets[value + 1] - self.offsets[value]
            else:
                size += self.other_offsets[value - own + 1] - self.other_offsets[value - own]
            if size > 0x7FFFFFFF:
                raise OverflowError("A chunk has more text than fits a column.")
            borders[place + 1] = <int32_t>size
        data_ = np.empty(size, np.uint8)
        cdef uint8_t[::1] data = data_
        for place in range(count):
            length = borders[place + 1] - borders[place]
            if length == 0:
                continue
            value = values[place]
            if value < own:
                first = self.offsets[value]
                copy(data, borders[place], self.xml, first, length)
            else:
                first = self.other_offsets[value - own]
                copy(data, borders[place], self.others, first, length)
        valid = None
        if nulls:
            valid = pa.py_buffer(np.packbits(np.asarray(values) != NOTHING, bitorder="little"))
        return pa.StringArray.from_buffers(count, pa.py_buffer(borders_), pa.py_buffer(data_), valid, nulls)


cdef inline int copy(
    uint8_t[::1] target, int64_t at, const uint8_t[::1] source, int64_t first, int64_t length
) except -1:
    """Copy at least a byte, where both ranges are in bounds."""
    if at < 0 or first < 0 or length < 1 or length > target.shape[0] - at or length > source.shape[0] - first:
        raise IndexError
    memcpy(&target[at], &source[first], <size_t>length)
    return 0


def content(
    const uint8_t[::1] xml not None, const int64_t[::1] offsets not None, const uint8_t[::1] flags not None,
    const int64_t[::1] firsts not None, const int64_t[::1] lasts not None,
):
    """As `numpy_reading.content`."""
    cdef int64_t count = firsts.shape[0]
    cdef int64_t place, string, run
    cdef int64_t at = 0
    cdef int64_t size = 0
    borders_ = np.zeros(count + 1, np.int64)
    cdef int64_t[::1] borders = borders_
    for place in range(count):
        size += offsets[lasts[place]] - offsets[firsts[place]]
    data_ = np.empty(size, np.uint8)
    cdef uint8_t[::1] data = data_
    for place in range(count):
        run = offsets[firsts[place]]
        for string in range(firsts[place] + 1, lasts[place], 2):
            if flags[string] & LAYOUT:
                copy(data, at, xml, run, offsets[string] - run)
                at += offsets[string] - run
                run = offsets[string + 1]
        copy(data, at, xml, run, offsets[lasts[place]] - run)
        at += offsets[lasts[place]] - run
        borders[place + 1] = at
    return memoryview(data_)[:at], borders_


def nodes(
    const int64_t[::1] parent not None, const int64_t[::1] name not None, levels, const int64_t[::1] records not None,
    const int16_t[:, ::1] following not None,
):
    """As `numpy_reading.nodes`; an element's parent comes before it."""
    cdef int64_t count = parent.shape[0]
    cdef int64_t kinds = following.shape[0]
    cdef int64_t element, place
    node_, order_, borders_ = np.empty(count, np.int16), np.empty(count, np.int64), np.zeros(kinds + 1, np.int64)
    cdef int16_t[::1] node = node_
    cdef int64_t[::1] order = order_, borders = borders_
    for element in range(count):
        node[element] = <int16_t>(kinds - 2)
    for place in range(records.shape[0]):
        node[records[place]] = following[0, name[records[place]]]
    for element in range(count):
        if parent[element] >= 0:
            node[element] = following[node[parent[element]], name[element]]
        borders[node[element] + 1] += 1
    for place in range(kinds):
        borders[place + 1] += borders[place]
    cdef int64_t[::1] next_place = borders_.copy()
    for element in range(count):
        place = next_place[node[element]]
        order[place] = element
        next_place[node[element]] = place + 1
    return node_, order_, borders_


def strays(
    const int64_t[::1] offsets not None, const uint8_t[::1] flags not None, const int64_t[::1] tag not None,
    const int64_t[::1] end not None, const int64_t[::1] parent not None, const uint8_t[::1] is_branch not None,
):
    """As `numpy_reading.strays`."""
    cdef int64_t element, holder, place
    cdef bint is_first
    found = []
    for element in range(tag.shape[0]):
        # The text behind the element, in the one around it, and the text that it begins with.
        for is_first in range(2):
            holder = element if is_first else parent[element]
            place = tag[element] if is_first else end[element]
            if is_first and end[element] == tag[element]:
                continue
            if holder < 0 or not is_branch[holder] or offsets[2 * place + 2] == offsets[2 * place + 3]:
                continue
            if not flags[2 * place + 2] & LAYOUT:
                found.append((place, holder))
    found.sort()
    return np.array(found, np.int64).reshape(-1, 2).T

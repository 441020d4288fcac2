# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""The stems of words by Porter's algorithm (1980), as macro `search_stem` has it.

The names of the steps are Porter's. A word is a row of bytes from a to z; a y that begins it is a consonant, and is
written Y until the end. A `head` is how many bytes stand before an ending, one at least.
"""

import numpy as np

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcmp, strlen

cdef enum:
    # A word grows by one letter at most, and shrinks again before it grows again.
    ROOM = 2

cdef struct Ending:
    const char* tail
    const char* put

# Of two endings that a word has, the longer one is looked for first.
cdef Ending[21] STEP_2 = [
    [b"ational", b"ate"], [b"ization", b"ize"], [b"iveness", b"ive"], [b"fulness", b"ful"], [b"ousness", b"ous"],
    [b"tional", b"tion"], [b"biliti", b"ble"], [b"entli", b"ent"], [b"ousli", b"ous"], [b"ation", b"ate"],
    [b"alism", b"al"], [b"aliti", b"al"], [b"iviti", b"ive"], [b"enci", b"ence"], [b"anci", b"ance"],
    [b"izer", b"ize"], [b"alli", b"al"], [b"ator", b"ate"], [b"logi", b"log"], [b"bli", b"ble"],
    [b"eli", b"e"],
]
cdef Ending[7] STEP_3 = [
    [b"icate", b"ic"], [b"ative", b""], [b"alize", b"al"], [b"iciti", b"ic"], [b"ical", b"ic"], [b"ness", b""],
    [b"ful", b""],
]
cdef Ending[18] STEP_4 = [
    [b"ement", b""], [b"ance", b""], [b"ence", b""], [b"able", b""], [b"ible", b""], [b"ment", b""], [b"ant", b""],
    [b"ent", b""], [b"ism", b""], [b"ate", b""], [b"iti", b""], [b"ous", b""], [b"ive", b""], [b"ize", b""],
    [b"al", b""], [b"er", b""], [b"ic", b""], [b"ou", b""],
]


cdef bint is_vowel(uint8_t mark) noexcept nogil:
    """Whether a letter is one of a, e, i, o, u."""
    return mark == b"a" or mark == b"e" or mark == b"i" or mark == b"o" or mark == b"u"


cdef class Word:
    """A word that is stemmed: the first `length` bytes of `marks`."""

    cdef uint8_t[::1] marks
    cdef int64_t length

    def __cinit__(self, int64_t room):
        self.marks = np.empty(room + ROOM, np.uint8)
        self.length = 0

    cdef bint ends(self, const char* tail) except -1 nogil:
        """Whether something stands before this ending."""
        cdef int64_t size = <int64_t>strlen(tail)
        return self.length > size and memcmp(&self.marks[self.length - size], tail, <size_t>size) == 0

    cdef int replace(self, int64_t head, const char* put) except -1 nogil:
        """Write an ending in the place of what stands after the head."""
        cdef int64_t at
        for at in range(<int64_t>strlen(put)):
            self.marks[head + at] = put[at]
        self.length = head + <int64_t>strlen(put)
        return 0

    cdef int64_t measure(self, int64_t head) except -1 nogil:
        """How many runs of vowels with consonants after them a head has: Porter's m."""
        cdef int64_t count = 0
        cdef int64_t at
        cdef bint was_vowel = False, is_now
        for at in range(head):
            # A y after a consonant is a vowel.
            is_now = is_vowel(self.marks[at]) or (self.marks[at] == b"y" and not was_vowel)
            count += was_vowel and not is_now
            was_vowel = is_now
        return count

    cdef bint is_short(self, int64_t head) except -1 nogil:
        """Whether a head is consonants, a vowel and a consonant but w, x and y: Porter's *o where m is 1."""
        cdef uint8_t last
        if head < 3 or is_vowel(self.marks[0]) or self.has_vowel(1, head - 2):
            return False
        last = self.marks[head - 1]
        return self.has_vowel(head - 2, head - 1) and not (
            is_vowel(last) or last == b"w" or last == b"x" or last == b"y"
        )

    cdef bint has_vowel(self, int64_t first, int64_t end) except -1 nogil:
        """Whether a vowel, y included, is among the bytes from `first` to before `end`."""
        cdef int64_t at
        for at in range(first, end):
            if is_vowel(self.marks[at]) or self.marks[at] == b"y":
                return True
        return False

    cdef int replace_one(self, const Ending* endings, int count, int64_t least) except -1 nogil:
        """Replace the longest of some endings if the head has the least measure; 1 if there is one at all."""
        cdef int number
        cdef int64_t head
        for number in range(count):
            if self.ends(endings[number].tail):
                head = self.length - <int64_t>strlen(endings[number].tail)
                if self.measure(head) >= least:
                    self.replace(head, endings[number].put)
                return 1
        return 0

    cdef int step_1(self) except -1 nogil:
        """Plurals, -ed and -ing, and a y at the end."""
        cdef int64_t head
        if self.ends(b"sses") or self.ends(b"ies"):
            self.length -= 2
        elif self.length > 2 and self.ends(b"s") and self.marks[self.length - 2] != b"s":
            self.length -= 1
        if self.ends(b"eed"):
            if self.measure(self.length - 3) > 0:
                self.length -= 1
        elif self.ends(b"ed") or self.ends(b"ing"):
            head = self.length - (2 if self.ends(b"ed") else 3)
            if self.has_vowel(0, head):
                self.length = head
                self.mend()
        if self.length > 1 and self.marks[self.length - 1] == b"y" and self.has_vowel(0, self.length - 1):
            self.marks[self.length - 1] = b"i"
        return 0

    cdef int mend(self) except -1 nogil:
        """Give back what -ed and -ing took: conflat(ed) becomes conflate, hopp(ing) hop."""
        cdef uint8_t last = self.marks[self.length - 1]
        cdef uint8_t before = self.marks[self.length - 2] if self.length > 1 else 0
        if (before == b"a" and last == b"t") or (before == b"b" and last == b"l") or (before == b"i" and last == b"z"):
            self.replace(self.length, b"e")
        elif last == before and not (is_vowel(last) or last == b"y" or last == b"l" or last == b"s" or last == b"z"):
            self.length -= 1
        elif self.is_short(self.length):
            self.replace(self.length, b"e")
        return 0

    cdef int step_4(self) except -1 nogil:
        """Endings that go from a long word."""
        if not self.replace_one(STEP_4, 18, 2) and self.length > 4 and self.ends(b"ion"):
            if self.marks[self.length - 4] in (b"s", b"t") and self.measure(self.length - 3) > 1:
                self.length -= 3
        return 0

    cdef int step_5(self) except -1 nogil:
        """An e at the end, and one of two l."""
        cdef int64_t measured
        if self.length > 1 and self.marks[self.length - 1] == b"e":
            measured = self.measure(self.length - 1)
            if measured > 1 or (measured == 1 and not self.is_short(self.length - 1)):
                self.length -= 1
        if self.ends(b"ll") and self.measure(self.length) > 1:
            self.length -= 1
        return 0


def stem_words(const uint8_t[::1] marks, const int64_t[::1] borders):
    """The stems of words.

    Args:
        marks: The words, UTF-8, one after the other.
        borders: Where each begins, and where the last one ends.
    Returns:
        The same two of the stems. A word of other characters than a to z, or of less than three, is its own.
    """
    cdef int64_t count = borders.shape[0] - 1
    cdef int64_t longest = np.diff(np.asarray(borders)).max() if count > 0 else 0
    cdef Word word = Word(longest)
    cdef uint8_t[::1] stems = np.empty(marks.shape[0] + ROOM, np.uint8)
    cdef int64_t[::1] ends = np.zeros(count + 1, np.int64)
    cdef int64_t number, first, length, at, size = 0
    cdef bint is_plain
    with nogil:
        for number in range(count):
            first, length = borders[number], borders[number + 1] - borders[number]
            is_plain = length >= 3
            for at in range(length):
                word.marks[at] = marks[first + at]
                is_plain &= b"a" <= word.marks[at] <= b"z"
            word.length = length
            if is_plain:
                if word.marks[0] == b"y":
                    word.marks[0] = b"Y"
                word.step_1()
                word.replace_one(STEP_2, 21, 1)
                word.replace_one(STEP_3, 7, 1)
                word.step_4()
                word.step_5()
                if word.marks[0] == b"Y":
                    word.marks[0] = b"y"
            for at in range(word.length):
                stems[size + at] = word.marks[at]
            size += word.length
            ends[number + 1] = size
    return np.asarray(stems)[:size], np.asarray(ends)

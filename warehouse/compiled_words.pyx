# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""The words of texts, counted by citation and field; `words.py` says what for.

Whatever is read from or written to an array by a place in it is checked against the array's length; `memcmp` and
`memcpy` take ranges that were checked just before. No Python object is made for a word, so that other threads go on.
"""

import os

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef enum:
    # Bytes of the longest word of ASCII.
    LONGEST = 64
    NOTHING = -1
    # Columns of `states`: where the bytes of a word begin and how many they are, its last row, and the group of that.
    FIRST = 0
    LENGTH = 1
    LAST_ROW = 2
    LAST_GROUP = 3

# A byte of a word, in lower case; 0 for one that parts words. Whatever is not ASCII belongs to a word.
LOWER = bytes(at if at >= 0x80 else ord(chr(at).lower()) if chr(at).isalnum() else 0 for at in range(256))

# Of this process, so that nobody can write a text whose words all get the same number.
cdef uint64_t SEED = int.from_bytes(os.urandom(8), "little")


cdef grown(array):
    """A copy of an array with twice its room."""
    larger = np.empty((2 * array.shape[0], *array.shape[1:]), array.dtype)
    larger[: array.shape[0]] = array
    return larger


cdef class Vocabulary:
    """The different words, numbered as they first come.

    A slot is 0, or has 32 bits of a hash above the number of a word after 1.
    """

    cdef uint64_t[::1] slots
    cdef int64_t[:, ::1] states
    cdef uint8_t[::1] marks
    cdef int64_t count, size

    def __cinit__(self):
        self.count = self.size = 0
        self.slots = np.zeros(1 << 16, np.uint64)
        self.states = np.empty((1 << 15, 4), np.int64)
        self.marks = np.empty(1 << 18, np.uint8)

    cdef int grow(self) except -1 with gil:
        """Make room for twice as many words: half as many as there are slots."""
        cdef uint64_t[::1] before = self.slots
        cdef uint64_t mask = <uint64_t>(2 * before.shape[0] - 1)
        cdef uint64_t slot
        cdef int64_t at
        self.slots = np.zeros(2 * before.shape[0], np.uint64)
        self.states = grown(np.asarray(self.states))
        for at in range(before.shape[0]):
            if before[at]:
                slot = before[at] >> 32 & mask
                while self.slots[<int64_t>slot]:
                    slot = (slot + 1) & mask
                self.slots[<int64_t>slot] = before[at]
        return 0

    cdef int64_t number_of(self, const uint8_t[::1] marks, int64_t first, int64_t length, uint64_t hashed) except -1 nogil:
        """The number of a word, which it gets now if it is new."""
        cdef uint64_t mask = <uint64_t>(self.slots.shape[0] - 1)
        cdef uint64_t high = (hashed ^ hashed >> 32) << 32
        cdef uint64_t slot = high >> 32 & mask
        cdef uint64_t found
        cdef int64_t number
        if first < 0 or length < 1 or first + length > marks.shape[0]:
            with gil:
                raise IndexError(first)
        while (found := self.slots[<int64_t>slot]) != 0:
            if found >> 32 == high >> 32:
                number = <int64_t>(found << 32 >> 32) - 1
                # What a state says is within `self.marks`: it was written there.
                if self.states[number, LENGTH] == length and memcmp(
                    &self.marks[self.states[number, FIRST]], &marks[first], <size_t>length
                ) == 0:
                    return number
            slot = (slot + 1) & mask
        while self.size + length > self.marks.shape[0]:
            with gil:
                self.marks = grown(np.asarray(self.marks))
        memcpy(&self.marks[self.size], &marks[first], <size_t>length)
        self.states[self.count, FIRST], self.states[self.count, LENGTH] = self.size, length
        self.states[self.count, LAST_ROW] = self.states[self.count, LAST_GROUP] = NOTHING
        self.size += length
        self.count += 1
        self.slots[<int64_t>slot] = high | <uint64_t>self.count
        if self.count == self.states.shape[0]:
            self.grow()
        return self.count - 1


def count_words(texts, const int64_t[::1] borders, const int64_t[::1] order, const int32_t[::1] groups):
    """Count the words of texts: runs of letters and digits of ASCII, and of whatever is not of ASCII.

    Args:
        texts: UTF-8, one after the other.
        borders: Where each text begins, and where the last one ends.
        order: The positions of the texts, those of a group together.
        groups: The group of each, in that order.
    Returns:
        The different words in lower case: the places where they begin, and the one where the last one ends; their bytes.
        For each word of a group, as they come: the number of the word, the group, and how often it is there. A word of
        ASCII that is longer than LONGEST is left out.
    """
    cdef Vocabulary vocabulary = Vocabulary()
    cdef const uint8_t[::1] marks = bytes(texts).translate(LOWER)
    cdef int32_t[:, ::1] found = np.empty((1 << 16, 3), np.int32)
    cdef int64_t rows = 0
    cdef int64_t place, first, at, end, number, row
    cdef uint64_t hashed
    cdef int32_t group
    cdef uint8_t mark, any_mark
    with nogil:
        for place in range(order.shape[0]):
            group = groups[place]
            at, end = borders[order[place]], borders[order[place] + 1]
            while at < end:
                first, any_mark, hashed = at, 0, SEED
                while at < end and (mark := marks[at]) != 0:
                    any_mark |= mark
                    hashed = (hashed ^ mark) * <uint64_t>0x100000001B3
                    at += 1
                if at == first:
                    at += 1
                    continue
                if at - first > LONGEST and any_mark < 0x80:
                    continue
                number = vocabulary.number_of(marks, first, at - first, hashed)
                row = vocabulary.states[number, LAST_ROW]
                if vocabulary.states[number, LAST_GROUP] == group:
                    found[row, 2] += 1
                    continue
                if rows == found.shape[0]:
                    with gil:
                        found = grown(np.asarray(found))
                found[rows, 0], found[rows, 1], found[rows, 2] = <int32_t>number, group, 1
                vocabulary.states[number, LAST_ROW], vocabulary.states[number, LAST_GROUP] = rows, group
                rows += 1
    firsts = np.append(np.asarray(vocabulary.states)[: vocabulary.count, FIRST], vocabulary.size)
    return firsts, np.asarray(vocabulary.marks)[: vocabulary.size], np.ascontiguousarray(np.asarray(found)[:rows].T)


def in_order(const int32_t[::1] values, int64_t bound):
    """The positions of some numbers from 0 to below a bound, sorted by them, equal ones as they come."""
    cdef int64_t[::1] places = np.zeros(bound + 1, np.int64)
    cdef int64_t[::1] order = np.empty(values.shape[0], np.int64)
    cdef int64_t at
    with nogil:
        for at in range(values.shape[0]):
            places[values[at] + 1] += 1
        for at in range(bound):
            places[at + 1] += places[at]
        for at in range(values.shape[0]):
            order[places[values[at]]] = at
            places[values[at]] += 1
    return np.asarray(order)

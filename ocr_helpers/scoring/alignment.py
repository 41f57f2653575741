"""Which characters of two texts belong together: the likeliest of the shortest edits."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.text import jamo_of

__all__ = ["AlignedPair", "align_texts", "count_right_spaces"]

_MOST_CELLS = 4_000_000
"""Of longer pairs of texts one shortest edit is taken as it comes: comparing all would fill the memory."""


_ALONE = 2
"""Unlikeness of a missing or surplus character; of a replaced one 1 to 3, of a space and a letter 6."""


Cell = tuple[int, int]


class AlignedPair(NamedTuple):
    """A character of each text, or of one of them.

    Attributes:
        expected: "" where the read character is too many.
        read: "" where the expected character is missing.
        place: of the character in the expected text, or of the one before which the surplus one stands.
        read_place: the same in the read text.

    """

    expected: str
    read: str
    place: int
    read_place: int

    @property
    def equal(self) -> bool:
        """Both are there and the same."""
        return self.expected == self.read


def align_texts(expected: str, read: str) -> list[AlignedPair]:
    """Pair the characters of two texts along a shortest edit (Levenshtein, unit costs).

    Of several that are as short the one with the most similar replacements is taken: syllables that share
    jamo before others, and a space rather missing or surplus than replaced by a letter. So a count of pairs
    tells what was confused with what.

    Args:
        expected: NFC.
        read: NFC.

    Returns:
        Every character of both texts once, in order.

    """
    if expected == read:
        return [AlignedPair(c, c, n, n) for n, c in enumerate(expected)]
    jamo = {character: jamo_of(character) for character in {*expected, *read}}
    best: dict[Cell, tuple[int, Cell]] = {(0, 0): (0, (0, 0))}
    for (i, j), ways in _shortest_edits(expected, read):
        options: list[tuple[int, Cell]] = []
        for before in ways:
            price = _ALONE
            if before == (i - 1, j - 1):
                a, b = expected[i - 1], read[j - 1]
                price = _unlikeness(a, b, jamo[a], jamo[b])
            options.append((best[before][0] + price, before))
        best[i, j] = min(options, key=lambda option: option[0])
    pairs = []
    cell: Cell = (len(expected), len(read))
    while cell != (0, 0):
        before = best[cell][1]
        a = expected[before[0]] if before[0] < cell[0] else ""
        b = read[before[1]] if before[1] < cell[1] else ""
        pairs.append(AlignedPair(a, b, *before))
        cell = before
    return pairs[::-1]


def _unlikeness(expected: str, read: str, jamo: str, read_jamo: str) -> int:
    if expected == read:
        return 0
    if expected.isspace() or read.isspace():
        return 6
    if len(jamo) == 1 or len(read_jamo) == 1:
        return 3
    return sum(jamo[n : n + 1] != read_jamo[n : n + 1] for n in range(3))


def count_right_spaces(
    expected: str, expected_gaps: Sequence[bool], read: str, read_gaps: Sequence[bool]
) -> int:
    """How many spaces of the read text stand where the expected text has one.

    Args:
        expected: its characters without spaces, NFC.
        expected_gaps: one flag for each but the first: a space stands before it.
        read: the same of the read text.
        read_gaps: the same.

    Returns:
        The most pairs of one expected and one read space that a shortest edit between the two texts puts in
        the same place. Where characters are missing or too many, their whole gap is one place.

    """
    if expected == read:
        return sum(a and b for a, b in zip(expected_gaps, read_gaps, strict=True))
    if not (any(expected_gaps) and any(read_gaps)):
        return 0
    spaced = [False, *expected_gaps, False], [False, *read_gaps, False]
    # A cell (i, j) of the edit is a place behind i expected and j read characters. A state says whether the
    # space at i and that at j have found their partner; a state leads to the most pairs so far.
    states: dict[Cell, dict[tuple[bool, bool], int]] = {(0, 0): {(False, False): 0}}
    for (i, j), ways in _shortest_edits(expected, read):
        here: dict[tuple[bool, bool], int] = states.setdefault((i, j), {})
        both = spaced[0][i] and spaced[1][j]
        for before in ways:
            for (first, second), count in states[before].items():
                taken = (first and before[0] == i, second and before[1] == j)
                # Taking a pair at once is never worse: the edit leaves row i or column j for good here.
                pair = both and not any(taken)
                state = (True, True) if pair else taken
                here[state] = max(here.get(state, 0), count + pair)
    return max(states[len(expected), len(read)].values())


def _shortest_edits(expected: str, read: str) -> Iterator[tuple[Cell, list[Cell]]]:
    """All shortest edits as a graph: each cell but (0, 0) that one passes, by rows, and the cells before it.

    A cell (i, j) is the state in which i expected and j read characters are done.
    """
    if (len(expected) + 1) * (len(read) + 1) > _MOST_CELLS:
        yield from _one_shortest_edit(expected, read)
        return
    ahead = _distances(expected, read)
    behind = _distances(expected[::-1], read[::-1])[::-1, ::-1]
    passed = np.argwhere(ahead + behind == ahead[-1, -1]).tolist()
    edits = {(i, j): int(ahead[i, j]) for i, j in passed}
    for (i, j), count in edits.items():
        ways = [before for before in ((i - 1, j), (i, j - 1)) if edits.get(before, count) == count - 1]
        if i and j and edits.get((i - 1, j - 1), -1) == count - (expected[i - 1] != read[j - 1]):
            ways.insert(0, (i - 1, j - 1))
        if ways:
            yield (i, j), ways


def _distances(expected: str, read: str) -> NDArray[np.int32]:
    """Levenshtein distance of every pair of beginnings, (len(expected) + 1, len(read) + 1)."""
    columns = np.arange(len(read) + 1, dtype=np.int32)
    letters = np.array([ord(c) for c in read], np.int32)
    table = np.empty((len(expected) + 1, len(read) + 1), np.int32)
    table[0] = columns
    for i, character in enumerate(expected, 1):
        row = table[i - 1] + 1
        row[1:] = np.minimum(row[1:], table[i - 1, :-1] + (letters != ord(character)))
        # A run of insertions costs one each: the least of what stands to the left, plus the way.
        table[i] = np.minimum.accumulate(row - columns) + columns
    return table


def _one_shortest_edit(expected: str, read: str) -> Iterator[tuple[Cell, list[Cell]]]:
    from rapidfuzz.distance import Levenshtein

    i = j = 0
    for operation in Levenshtein.opcodes(expected, read):
        while (i, j) != (operation.src_end, operation.dest_end):
            before = i, j
            i, j = min(i + 1, operation.src_end), min(j + 1, operation.dest_end)
            yield (i, j), [before]

"""The lines of a review: those that were found, those that a person added, and the order they stand in."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.line_review.sources import FoundLine, ReviewPage
from ocr_helpers.line_review.states import CorrectionError, key_of, keys
from ocr_helpers.reading_order import reading_order

__all__ = ["ReviewLines", "drawn_quad"]

_NEAR_PX = 3.0
"""A box that the same network finds on another machine can differ by a rounding, not by more."""
_LEAST_SIDE_PX = 4


class ReviewLines:
    """Lines by number and by key. A number is never given to another line.

    Args:
        pages: with the lines that were found; these are numbered in their order, added ones after them.

    """

    def __init__(self, pages: Sequence[ReviewPage]) -> None:
        self._found = [(page, line) for page, one in enumerate(pages) for line in one.lines]
        self._keys = keys(self._found)
        self._number_of = {key: number for number, key in enumerate(self._keys)}
        self._of_page: list[list[int]] = [[] for _ in pages]
        for number, (page, _) in enumerate(self._found):
            self._of_page[page].append(number)

    def __len__(self) -> int:
        """All lines, also those whose adding was undone."""
        return len(self._found)

    def __getitem__(self, number: int) -> tuple[int, FoundLine]:
        """Page and line."""
        return self._found[number]

    def key(self, number: int) -> str:
        """What names a line, also after the pages are read again."""
        return self._keys[number]

    def in_order(self, page: int | None = None) -> list[int]:
        """Numbers in reading order, of all pages or of one."""
        of = self._of_page if page is None else self._of_page[page : page + 1] if page >= 0 else []
        return [number for numbers in of for number in numbers]

    def added(self) -> list[int]:
        """Numbers of the lines that a person added."""
        return [number for number, (_, line) in enumerate(self._found) if line.added]

    def number_of(self, page: int, quad_xy: NDArray[np.float32]) -> int | None:
        """The line with this very box, also one whose adding was undone."""
        return self._number_of.get(key_of(page, quad_xy))

    def add(self, page: int, quad_xy: NDArray[np.float32]) -> int:
        """The number of a line with this box: a new one, or that of the line that has it already."""
        key = key_of(page, quad_xy)
        if key in self._number_of:
            return self._number_of[key]
        number = len(self._found)
        self._found.append((page, FoundLine(quad_xy, "", None, added=True, unread=True)))
        self._keys.append(key)
        self._number_of[key] = number
        self._of_page[page].insert(self._place(page, number), number)
        return number

    def set_read(self, number: int, text: str, score: float | None) -> None:
        """What stands in an added line, as it was read."""
        page, line = self._found[number]
        self._found[number] = page, replace(line, text=text, score=score, unread=False)

    def nearest(self, key: Any) -> int | None:
        """The line of a key; or the one whose corners all lie within a few pixels of the key's."""
        if key in self._number_of:
            return self._number_of[key]
        try:
            page, _, corners = str(key).partition("#")[0].partition(":")
            quad = np.array([float(value) for value in corners.split(",")], np.float32).reshape(4, 2)
            at = int(page)
        except ValueError:
            return None
        distances = [
            (float(np.abs(line.quad_xy - quad).max()), number)
            for number, (found_at, line) in enumerate(self._found)
            if found_at == at
        ]
        distance, number = min(distances, default=(math.inf, -1))
        return number if distance <= _NEAR_PX else None

    def _place(self, page: int, number: int) -> int:
        """Where a line goes among those of its page. These keep their order, which may be a person's."""
        others = self._of_page[page]
        order = reading_order([self._found[n][1].quad_xy for n in (*others, number)]).tolist()
        before = order[: order.index(len(others))]
        return before[-1] + 1 if before else 0


def drawn_quad(quad_xy: Any, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """The box that a person drew, cut to its page.

    Args:
        quad_xy: (4, 2) pixels, clockwise from the text's top left.
        size_wh: of the page.

    Returns:
        float32 (4, 2), whole pixels.

    Raises:
        CorrectionError: not (4, 2) finite numbers, not convex and clockwise, or less than 4 pixels wide or
            high on the page.

    """
    try:
        quad = np.asarray(quad_xy, np.float32).reshape(4, 2)
    except (TypeError, ValueError):
        raise CorrectionError(f"The box is {quad_xy!r}; expected four corners (x, y) in pixels.") from None
    if not np.isfinite(quad).all():
        raise CorrectionError(f"The box has a corner that is no number: {quad.tolist()}.")
    quad = np.asarray(np.round(np.clip(quad, 0, np.array(size_wh))), np.float32)
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    if np.linalg.norm(sides, axis=1).min() < _LEAST_SIDE_PX or not (turns > 0).all():
        raise CorrectionError(
            f"The box {quad.tolist()} cannot hold a line; expected four corners clockwise from the text's "
            f"top left, at least {_LEAST_SIDE_PX} pixels apart, on a page of {size_wh[0]} × {size_wh[1]}."
        )
    return quad

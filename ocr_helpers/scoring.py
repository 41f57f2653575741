"""How good a reading is: found boxes and read texts against the ground truth."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "BoxScore",
    "QuadShapeError",
    "intersections_over_unions",
    "match_boxes",
    "page_cer",
    "score_boxes",
]


class QuadShapeError(OcrHelpersError, ValueError):
    """Boxes that are not (N, 4, 2)."""


@dataclass(frozen=True, slots=True)
class BoxScore:
    """Found boxes against true ones.

    Attributes:
        matched: pairs of one found and one true box that overlap enough.
        found: how many boxes were found.
        expected: how many there are.

    """

    matched: int
    found: int
    expected: int

    @property
    def precision(self) -> float:
        """Share of the found boxes that are right, 0…1; nan where nothing was found."""
        return self.matched / self.found if self.found else float("nan")

    @property
    def recall(self) -> float:
        """Share of the true boxes that were found, 0…1; nan where there are none."""
        return self.matched / self.expected if self.expected else float("nan")

    @property
    def hmean(self) -> float:
        """Harmonic mean of the two: twice the matches by all boxes, 0…1; nan without any box."""
        boxes = self.found + self.expected
        return 2 * self.matched / boxes if boxes else float("nan")


def intersections_over_unions(quads_xy: Any, others_xy: Any) -> NDArray[np.float64]:
    """Share of its union that each pair of boxes has in common.

    Args:
        quads_xy: (N, 4, 2), convex, corners in turn, any unit.
        others_xy: (M, 4, 2), in the same unit.

    Returns:
        float64 (N, M), 0…1.

    Raises:
        QuadShapeError: another shape.

    """
    left, right = _quads(quads_xy, "quads_xy"), _quads(others_xy, "others_xy")
    shares = np.zeros((len(left), len(right)))
    if not shares.size:
        return shares
    # Only boxes whose upright rectangles meet can overlap: a page has few such pairs.
    low, high = left.min(1)[:, None], left.max(1)[:, None]
    meet = ((low < right.max(1)) & (right.min(1) < high)).all(-1)
    areas = [[abs(cv2.contourArea(quad)) for quad in quads] for quads in (left, right)]
    for i, j in np.argwhere(meet):
        shared, _ = cv2.intersectConvexConvex(left[i], right[j])
        both = areas[0][i] + areas[1][j] - shared
        shares[i, j] = min(1.0, shared / both) if both > 0 else 0.0
    return shares


def match_boxes(found_xy: Any, expected_xy: Any, least_overlap: float = 0.5) -> list[tuple[int, int]]:
    """Pair found with true boxes, each at most once, so that there are as many pairs as possible.

    Args:
        found_xy: (N, 4, 2).
        expected_xy: (M, 4, 2), in the same unit.
        least_overlap: intersection over union that a pair needs. At 0.5, as ICDAR's robust reading
            competitions have it, boxes that do not overlap their own kind leave hardly a choice.

    Returns:
        Pairs (place in ``found_xy``, place in ``expected_xy``), by the first.

    Raises:
        QuadShapeError: another shape.

    """
    shares = intersections_over_unions(found_xy, expected_xy)
    if not shares.size:
        return []
    from scipy.optimize import linear_sum_assignment

    # A pair counts 1; the overlap, below 1 in sum, only decides between equals.
    worth = np.where(shares >= least_overlap, 1 + shares / (1 + min(shares.shape)), 0)
    pairs = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return sorted((int(i), int(j)) for i, j in pairs if shares[i, j] >= least_overlap)


def score_boxes(found_xy: Any, expected_xy: Any, least_overlap: float = 0.5) -> BoxScore:
    """Count the boxes of a page that were found; arguments and errors as for `match_boxes`."""
    matched = len(match_boxes(found_xy, expected_xy, least_overlap))
    return BoxScore(matched, len(found_xy), len(expected_xy))


def page_cer(found_xy: Any, texts: Sequence[str], expected_xy: Any, expected_texts: Sequence[str]) -> float:
    """Character error rate of a page: edits that make the read lines the true ones, by true characters.

    Lines belong together where their boxes do, from an overlap of 0.3 on: a box that is too wide is an error
    of detection, not of reading. All characters of a line that was not found are missing, and all of one that
    is found where none is are too many. So the rate can exceed 1.

    Args:
        found_xy: (N, 4, 2), the boxes.
        texts: what was read in each.
        expected_xy: (M, 4, 2), the true boxes, in the same unit.
        expected_texts: what stands in each.

    Returns:
        0 for a page without an error; nan where no character is expected.

    Raises:
        QuadShapeError: another shape, or not one text for each box.

    """
    from rapidfuzz.distance import Levenshtein

    for boxes, lines in ((found_xy, texts), (expected_xy, expected_texts)):
        if len(boxes) != len(lines):
            raise QuadShapeError(f"There are {len(boxes)} boxes and {len(lines)} texts; expected as many.")
    read, true = ([unicodedata.normalize("NFC", text) for text in each] for each in (texts, expected_texts))
    pairs = match_boxes(found_xy, expected_xy, 0.3)
    edits = sum(Levenshtein.distance(read[i], true[j]) for i, j in pairs)
    for lines, known in ((read, {i for i, _ in pairs}), (true, {j for _, j in pairs})):
        edits += sum(len(line) for place, line in enumerate(lines) if place not in known)
    characters = sum(map(len, true))
    return edits / characters if characters else float("nan")


def _quads(quads_xy: Any, name: str) -> NDArray[np.float32]:
    quads = np.asarray(quads_xy, np.float32)
    if quads.size == 0:
        return quads.reshape(0, 4, 2)
    if quads.ndim != 3 or quads.shape[1:] != (4, 2):
        raise QuadShapeError(f"{name} has shape {quads.shape}; expected (N, 4, 2).")
    return quads

"""How well boxes are found: overlaps, one-to-one matches, precision and recall."""

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
    "matched_pairs",
    "merged_boxes",
    "score_boxes",
    "split_boxes",
]

LEAST_SHARE = 0.2
"""Share of a found box that lies in the true box of which it is a piece; see `split_boxes`."""


_SMALLER = np.float32(0.9998)


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

    def __add__(self, other: "BoxScore") -> "BoxScore":
        """Counts of several pages together."""
        if not isinstance(other, BoxScore):
            return NotImplemented
        return BoxScore(
            self.matched + other.matched, self.found + other.found, self.expected + other.expected
        )

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
    shared, areas, other_areas = _shared_areas(quads_xy, others_xy)
    both = areas[:, None] + other_areas - shared
    return np.divide(shared, both, out=np.zeros_like(shared), where=both > 0).clip(max=1.0)


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
    return matched_pairs(intersections_over_unions(found_xy, expected_xy), least_overlap)


def matched_pairs(shares: NDArray[np.float64], least_overlap: float = 0.5) -> list[tuple[int, int]]:
    """Do what `match_boxes` does where the shares of `intersections_over_unions` are known already."""
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


def split_boxes(found_xy: Any, expected_xy: Any) -> dict[int, tuple[int, ...]]:
    """True boxes that were found in several pieces.

    A piece is a found box whose centre lies in the true box, and at least `LEAST_SHARE` of its area. One more
    than half covered by another piece is a double of it and does not count. There are two pieces or more, and
    together they cover at least half of the true box.

    Wolf and Jolion (2006, "Object count/area graphs for the evaluation of object detection", IJDAR 8) ask for
    0.4 of the piece and 0.8 of the true box. But a detector's margin depends on ``unclip_ratio``: whole lines
    of the samples, found with 3.0, lie in their true boxes by a third only. So the share asked for is lower,
    and the centre keeps out what merely touches the line; half of the true box is enough to say in how many
    pieces it lies.

    Args:
        found_xy: (N, 4, 2).
        expected_xy: (M, 4, 2), in the same unit.

    Returns:
        Place in ``expected_xy`` → places of its pieces in ``found_xy``, ascending.

    Raises:
        QuadShapeError: another shape.

    """
    shared, areas, expected_areas = _shared_areas(found_xy, expected_xy)
    among, _, _ = _shared_areas(found_xy, found_xy)
    wholes = _quads(expected_xy, "expected_xy")
    centres = _quads(found_xy, "found_xy").mean(1)
    split = {}
    for place, whole in enumerate(expected_areas):
        pieces: list[int] = []
        for i in np.argsort(-shared[:, place], kind="stable"):
            if not shared[i, place] >= LEAST_SHARE * areas[i] > 0:
                continue
            x, y = (float(value) for value in centres[i])
            within = cv2.pointPolygonTest(wholes[place], (x, y), measureDist=False) >= 0
            if within and all(among[i, other] <= 0.5 * areas[i] for other in pieces):
                pieces.append(int(i))
        if len(pieces) > 1 and shared[pieces, place].sum() >= 0.5 * whole:
            split[place] = tuple(sorted(pieces))
    return split


def merged_boxes(found_xy: Any, expected_xy: Any) -> dict[int, tuple[int, ...]]:
    """Found boxes that hold several true ones, each by more than half of its area.

    More than half, because a box with a wide margin may reach into its neighbour without taking its text. How
    much blank the found box holds beside does not matter: one drawn around a whole table merges its cells.

    Args:
        found_xy: (N, 4, 2).
        expected_xy: (M, 4, 2), in the same unit.

    Returns:
        Place in ``found_xy`` → places in ``expected_xy``, ascending.

    Raises:
        QuadShapeError: another shape.

    """
    shared, _, expected_areas = _shared_areas(found_xy, expected_xy)
    held = shared > 0.5 * expected_areas
    return {int(i): tuple(int(j) for j in np.flatnonzero(held[i])) for i in np.flatnonzero(held.sum(1) > 1)}


Areas = NDArray[np.float64]


def _shared_areas(quads_xy: Any, others_xy: Any) -> tuple[Areas, Areas, Areas]:
    """Area that each pair has in common, (N, M), and the areas of both kinds, (N,) and (M,)."""
    left, right = _quads(quads_xy, "quads_xy"), _quads(others_xy, "others_xy")
    areas = [np.array([abs(cv2.contourArea(quad)) for quad in quads], float) for quads in (left, right)]
    shared = np.zeros((len(left), len(right)))
    if shared.size:
        # Only boxes whose upright rectangles meet can overlap: a page has few such pairs.
        low, high = left.min(1)[:, None], left.max(1)[:, None]
        meet = ((low < right.max(1)) & (right.min(1) < high)).all(-1)
        centres = right.mean(1, keepdims=True)
        smaller = centres + (right - centres) * _SMALLER
        for i, j in np.argwhere(meet):
            shared[i, j] = cv2.intersectConvexConvex(left[i], right[j])[0]
            # OpenCV 4.10 can be wrong by any amount where slanted boxes share part of an edge; a box that is
            # a trifle smaller shares none.
            check = cv2.intersectConvexConvex(left[i], smaller[j])[0]
            if abs(check - shared[i, j]) > 0.01 * min(areas[0][i], areas[1][j]):
                shared[i, j] = check
    return shared, areas[0], areas[1]


def _quads(quads_xy: Any, name: str) -> NDArray[np.float32]:
    quads = np.asarray(quads_xy, np.float32)
    if quads.size == 0:
        return quads.reshape(0, 4, 2)
    if quads.ndim != 3 or quads.shape[1:] != (4, 2):
        raise QuadShapeError(f"{name} has shape {quads.shape}; expected (N, 4, 2).")
    return quads

"""The steps from a probability map to text boxes, each over all candidates at once, bit by bit PaddleX's.

After ``DBPostProcess`` of paddlex 3.7 (``inference/models/text_detection/processors.py``) with its defaults:
box type ``quad``, score mode ``fast``, no dilation. Whatever rounds is left to the same calls of OpenCV and
pyclipper, on the same numbers; what is exact in any order (sorting corners, finding crops, scaling) is done
for all boxes together.
"""

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import TypeAlias

import cv2
import numpy as np
import pyclipper  # type: ignore[import-untyped]
from numpy.typing import NDArray

__all__ = [
    "MAX_CANDIDATES",
    "MIN_SIDE",
    "find_contours",
    "fit_quads",
    "score_quads",
    "strip_peaks",
    "unclip_quads",
]

MAX_CANDIDATES = 1000
"""PaddleX looks at this many outlines and drops the others."""
MIN_SIDE = 3
"""Shorter side, in pixels of the map, that a box needs; after unclipping 2 more."""

_STRIP_ROWS = 16
"""About the height of a line of text: lower strips would part a page into more bands than pays."""

ProbabilityMap: TypeAlias = NDArray[np.float32]
Quads: TypeAlias = NDArray[np.float32]


def strip_peaks(probability_map: ProbabilityMap) -> NDArray[np.float32]:
    """The highest probability of each strip of 16 rows, float32 (H / 16,), the last strip may be lower.

    NaN where a strip holds one.
    """
    height, width = probability_map.shape
    # Over the pixels in one row: along the rows of the map it would take twice as long.
    starts = np.arange(0, height, _STRIP_ROWS) * width
    peaks: NDArray[np.float32] = np.maximum.reduceat(probability_map.ravel(), starts)
    return peaks


def find_contours(
    probability_map: ProbabilityMap, peaks: NDArray[np.float32], thresh: float
) -> list[NDArray[np.int32]]:
    """Outlines of the areas above ``thresh``, of holes in them too, in PaddleX's order.

    Args:
        probability_map: float32 (H, W), 0…1.
        peaks: its `strip_peaks`.
        thresh: 0…1.

    Returns:
        Per outline int32 (N, 1, 2): x and y of pixels of the map; those within straight runs are left out.

    """
    # No outline crosses an empty row, so a page falls into bands of text. Their copies, OpenCV's own too,
    # stay in the processor's cache; those of a page of megabytes cost more than the search itself.
    changes = np.flatnonzero(np.diff(peaks > thresh, prepend=False, append=False)) * _STRIP_ROWS
    contours: list[NDArray[np.int32]] = []
    for top, bottom in changes.reshape(-1, 2)[::-1].tolist():  # OpenCV lists the lowest first
        above = (probability_map[top:bottom] > thresh).view(np.uint8)
        found, _ = cv2.findContours(above, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE, offset=(0, top))
        contours += found  # type: ignore[arg-type]
    return contours


def fit_quads(outlines: Sequence[NDArray[np.int32]]) -> tuple[Quads, NDArray[np.float64]]:
    """The rectangle of least area round each outline.

    Args:
        outlines: each int32 (N, 1, 2) or (N, 2), pixels of the map.

    Returns:
        float32 (M, 4, 2): corners in pixels of the map, from the upper left one clockwise, as
        ``get_mini_boxes`` orders them; and float64 (M, 2): its shorter side, and its longer side.

    """
    rectangles = [cv2.minAreaRect(outline) for outline in outlines]
    corners = np.array([cv2.boxPoints(rectangle) for rectangle in rectangles], np.float32).reshape(-1, 4, 2)
    sides = np.array([rectangle[1] for rectangle in rectangles]).reshape(-1, 2)
    return _upper_left_first(corners), np.sort(sides, axis=1)


def _upper_left_first(corners: Quads) -> Quads:
    """Two corners on the left, two on the right, each pair put in order by y."""
    # Stable, as Python's sort is: of two corners with the same x the first stays first.
    number = np.arange(len(corners))[:, None]
    corners = corners[number, np.argsort(corners[:, :, 0], axis=1, kind="stable")]
    lower = (corners[:, 1::2, 1] > corners[:, ::2, 1]).astype(np.intp)  # of the left and of the right pair
    left, right = lower[:, 0], lower[:, 1]
    ordered: Quads = corners[number, np.stack([1 - left, 3 - right, 2 + right, left], axis=1)]
    return ordered


def score_quads(probability_map: ProbabilityMap, quads: Quads) -> NDArray[np.float64]:
    """Mean probability inside each quadrilateral, 0…1.

    Args:
        probability_map: float32 (H, W).
        quads: float32 (M, 4, 2), pixels of the map.

    Returns:
        float64 (M,).

    """
    height, width = probability_map.shape
    last = np.array([width - 1, height - 1])
    first_xy = np.clip(np.floor(quads.min(axis=1)).astype(np.intp), 0, last)
    last_xy = np.clip(np.ceil(quads.max(axis=1)).astype(np.intp), 0, last)
    inside = (quads - first_xy[:, None].astype(np.float32)).astype(np.int32)
    crops = zip(inside, first_xy.tolist(), (last_xy + 1).tolist(), strict=True)
    scores = []
    for corners, (left, top), (right, bottom) in crops:
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(mask, [corners], (1,))
        scores.append(cv2.mean(probability_map[top:bottom, left:right], mask)[0])
    return np.array(scores)


def unclip_quads(quads: Quads, unclip_ratio: float) -> tuple[Quads, NDArray[np.float64]]:
    """Widen quadrilaterals by area · unclip_ratio / outline on every side, with round corners.

    The formula is that of M. Liao et al., Real-time Scene Text Detection with Differentiable Binarization
    (2020), section 3.5.

    Args:
        quads: float32 (M, 4, 2), pixels of the map; of `fit_quads`, no side shorter than `MIN_SIDE`.
        unclip_ratio: above 0.

    Returns:
        What `fit_quads` gives for the widened shapes.

    """
    offset = pyclipper.PyclipperOffset()
    widened: list[list[list[int]]] = []
    for quad, points in zip(quads, quads.tolist(), strict=True):
        distance = cv2.contourArea(quad) * unclip_ratio / cv2.arcLength(quad, True)
        offset.Clear()
        # Python's floats: reading NumPy's one by one takes as long as the widening.
        offset.AddPath(points, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
        # One polygon: a rectangle of MIN_SIDE and more neither splits nor gets holes when it grows.
        widened.append(offset.Execute(distance)[0])
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(widened)), np.int32).reshape(-1, 2)
    ends = [*accumulate(map(len, widened), initial=0)]
    return fit_quads([flat[start:end] for start, end in pairwise(ends)])

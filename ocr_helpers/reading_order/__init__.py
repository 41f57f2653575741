"""The order in which a person reads text boxes: along columns and with the page's skew.

PaddleOCR sorts boxes into rows of ten pixels, whatever the type size: it jumps between columns, and a skew of
3 degrees mixes its rows (https://github.com/PaddlePaddle/PaddleOCR/issues/18189). Here the page is cut
recursively at its white gaps, after G. Nagy and S. Seth, Hierarchical Representation of Optically Scanned
Documents (1984).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.reading_order.columns import LevelBoxes, find_columns, level_boxes, runs

__all__ = ["QuadShapeError", "QuadValueError", "reading_order"]

Indices = NDArray[np.intp]

# Far beyond any page; below it no sum or square of coordinates overflows.
_LARGEST_COORDINATE = 1e9
# Layouts nest a few times; a deeper nest is no page, and is read in plain rows.
_DEEPEST = 40


class QuadShapeError(OcrHelpersError):
    """The boxes are not N quadrilaterals of four (x, y) corners."""


class QuadValueError(OcrHelpersError):
    """A corner is not a finite number of pixels."""


def reading_order(quads_xy: ArrayLike | Sequence[ArrayLike]) -> Indices:
    """Return the indices of boxes in the order in which a person reads them.

    Horizontal text, left to right. The page's skew is estimated from the boxes and taken out first, up to 45
    degrees either way; a page that lies on its side must be turned upright first. Columns of running text are
    read one after the other; tables, and labels with their values, row by row; a heading or a footer across
    columns comes before or after them.

    Args:
        quads_xy: (N, 4, 2) numbers, or N arrays of (4, 2): corners in pixels of the page that the boxes
            belong to, y downwards, in any order within a box; PaddleOCR's ``dt_polys``. N may be 0.

    Returns:
        intp (N,): each index once; ``[texts[i] for i in reading_order(dt_polys)]``. It does not depend on the
        order in which distinct boxes come; equal boxes keep theirs.

    Raises:
        QuadShapeError: the shape is another.
        QuadValueError: a corner is not a number, not finite, or farther than 1e9 pixels from the origin.

    """
    quads = _checked(quads_xy)
    if not len(quads):
        return np.empty(0, np.intp)
    corners = np.sort(quads[..., 0] + 1j * quads[..., 1], axis=1)
    # Sums round differently in another order: the boxes are put into one that depends on their places alone.
    keys = [part for k in range(4) for part in (corners[:, k].real, corners[:, k].imag)]
    canonical = np.lexsort(keys)
    boxes = level_boxes(quads[canonical])
    return np.asarray(canonical[_order(boxes, np.arange(len(quads)), 0)], np.intp)


def _checked(quads_xy: ArrayLike | Sequence[ArrayLike]) -> NDArray[np.float64]:
    expected = "expected (N, 4, 2): four (x, y) corners for each box"
    try:
        quads = np.asarray(quads_xy)
    except ValueError:
        raise QuadShapeError(f"the boxes differ in shape; {expected}. Pass quadrilaterals only.") from None
    if quads.dtype.kind not in "iuf":
        if quads.size:
            raise QuadValueError(f"quads_xy has dtype {quads.dtype}; expected numbers of pixels.")
        quads = quads.astype(np.float64)
    if quads.shape == (0,):
        return np.empty((0, 4, 2))
    if quads.shape[1:] != (4, 2):
        remedy = "For one box pass quad[None]." if quads.shape == (4, 2) else "Pass PaddleOCR's dt_polys."
        raise QuadShapeError(f"quads_xy has shape {quads.shape}; {expected}. {remedy}")
    quads = quads.astype(np.float64)
    wrong = ~(np.abs(quads) <= _LARGEST_COORDINATE).all(axis=(1, 2))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise QuadValueError(
            f"box {first} is {quads[first].tolist()}; expected finite pixels, "
            f"at most {_LARGEST_COORDINATE:g} from the origin. Leave such boxes out."
        )
    return quads


def _order(boxes: LevelBoxes, of: Indices, depth: int) -> Indices:
    if len(of) < 2:
        return of
    if depth > _DEEPEST:
        return np.concatenate(_rows(boxes, of))
    if columns := find_columns(boxes, of):
        return np.concatenate([_order(boxes, part, depth + 1) for part in columns])
    strips = [of[run] for run in runs(boxes.y0[of], boxes.y1[of])]
    head = _letterhead(boxes, strips)
    strips = strips[2:] if head else strips
    return np.concatenate(head + [_strip(boxes, strip, depth) for strip in strips])


def _letterhead(boxes: LevelBoxes, strips: list[Indices]) -> list[Indices]:
    """The two sides of a letterhead on top: two rows of two, apart from the rest; ``[]`` where there is none.

    The name of an office with a smaller line below it, and a number and a date on the right. Rows of a table
    repeat one another; these differ in the size of their type.
    """
    if [len(strip) for strip in strips[:2]] != [2, 2]:
        return []
    sides = np.stack([strip[np.argsort(boxes.x[strip])] for strip in strips[:2]], axis=1)
    between = boxes.y0[strips[1]].min() - boxes.y1[strips[0]].max()
    below = boxes.y0[strips[2]].min() - boxes.y1[strips[1]].max() if len(strips) > 2 else np.inf
    name, detail = boxes.line[sides[0]]
    across = boxes.x0[sides[1]].min() - boxes.x1[sides[0]].max()
    tight = between < 0.5 * name and across > 5 * name
    return list(sides) if tight and below > 2 * name and not 0.85 * name < detail < name / 0.85 else []


def _strip(boxes: LevelBoxes, of: Indices, depth: int) -> Indices:
    """Order boxes that hang together from top to bottom: one row, or lines beside a taller box."""
    rows = _rows(boxes, of)
    parts = runs(boxes.x0[of], boxes.x1[of], 0.25 * boxes.line[of])
    if len(parts) < 2 or len(rows) < 2 or sum(len(row) > 1 for row in rows) > 1:
        return np.concatenate(rows)
    return np.concatenate([_order(boxes, of[part], depth + 1) for part in parts])


def _rows(boxes: LevelBoxes, of: Indices) -> list[Indices]:
    """Group boxes into rows from the top down, each from left to right."""
    rows: list[list[int]] = []
    for i in of[np.lexsort((boxes.x[of], boxes.y[of]))].tolist():
        if rows:
            # On a bent page a row drifts: the neighbour says where it is here.
            near = min(rows[-1], key=lambda j: abs(float(boxes.x[j] - boxes.x[i])))
            if abs(boxes.y[near] - boxes.y[i]) < 0.5 * min(boxes.height[near], boxes.height[i]):
                rows[-1].append(i)
                continue
        rows.append([i])
    return [np.array(sorted(row, key=lambda i: float(boxes.x[i])), np.intp) for row in rows]

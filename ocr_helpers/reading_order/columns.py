"""Text boxes made level, and the white gutters between columns of running text.

A table has white gaps too, and lines of columns often stand level with each other as its rows do. What
tells columns apart: long lines, set close, beside a gap that is narrow against them.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["LevelBoxes", "find_columns", "level_boxes", "runs"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

# The numbers below are in units of a line's height. A line of running text has at least five syllables.
_LONG = 5.0
# Two lines on one side are a column where the other side has three or more.
_FEWEST = 2
# Lines of running text are set at 1.2 to 1.7 of their box's height, rows of tables mostly wider.
_CLOSE = 1.75
# Headers and footers stand apart from columns by more than lines within them.
_APART = 1.5
# What stands this near to a column's left edge begins there; it also allows for an indent.
_INDENT = 2.0


@dataclass(frozen=True, eq=False)
class LevelBoxes:
    """N boxes after the page's skew is taken out, in pixels; every array is float64 (N,).

    Attributes:
        x: centres.
        y: centres.
        x0: left ends.
        x1: right ends.
        y0: upper ends.
        y1: lower ends.
        height: along y.
        line: the shorter side: the height of the text, also where it runs downwards.

    """

    x: Floats
    y: Floats
    x0: Floats
    x1: Floats
    y0: Floats
    y1: Floats
    height: Floats
    line: Floats

    def __getitem__(self, of: Indices) -> "LevelBoxes":
        """Return the boxes of these indices."""
        return LevelBoxes(*(getattr(self, field.name)[of] for field in fields(self)))


def level_boxes(quads_xy: Floats) -> LevelBoxes:
    """Turn quadrilaterals by the page's skew, about any point, and take their sides for axis-parallel.

    Args:
        quads_xy: (N, 4, 2) pixels, corners in any order.

    """
    # From a whole pixel, so that moving the page by whole pixels changes no bit.
    quads = quads_xy - quads_xy.reshape(-1, 2).min(axis=0)
    spokes = quads - quads.mean(axis=1, keepdims=True)
    around = np.argsort(np.arctan2(spokes[..., 1], spokes[..., 0]), axis=1, kind="stable")
    p0, p1, p2, p3 = np.moveaxis(np.take_along_axis(quads, around[..., None], axis=1), 1, 0)
    sides = np.stack([(p1 - p0 + p2 - p3) / 2, (p2 - p1 + p3 - p0) / 2], axis=1)
    angle = _skew(sides)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centres, sides = quads.mean(axis=1) @ turn, sides @ turn
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    first_is_level = np.abs(sides[:, 0, 0]) * lengths[:, 1] >= np.abs(sides[:, 1, 0]) * lengths[:, 0]
    width = np.where(first_is_level, lengths[:, 0], lengths[:, 1])
    height = np.where(first_is_level, lengths[:, 1], lengths[:, 0])
    x, y = centres.T
    half_w, half_h = width / 2, height / 2
    return LevelBoxes(x, y, x - half_w, x + half_w, y - half_h, y + half_h, height, np.minimum(width, height))


def _skew(sides: Floats) -> float:
    """Return the page's skew, -pi/4 to pi/4 radians: the median of the long sides' angles by length."""
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    rows = np.arange(len(sides))
    longer = np.argmax(lengths, axis=1)
    weights = np.where(lengths.max(axis=1) >= 2 * lengths.min(axis=1), lengths.max(axis=1), 0.0)
    if not weights.any():
        return 0.0
    # Text that runs downwards stands at a right angle to the rest, so angles count by quarter turns.
    quarters = 4 * np.arctan2(sides[rows, longer, 1], sides[rows, longer, 0])
    mean = np.angle(np.sum(weights * np.exp(1j * quarters)))
    apart = np.angle(np.exp(1j * (quarters - mean)))
    by_angle = np.argsort(apart, kind="stable")
    total = np.cumsum(weights[by_angle])
    median = by_angle[np.searchsorted(total, total[-1] / 2)]
    angle = float(np.angle(np.exp(1j * quarters[median]))) / 4
    # A level page stays as it is, to the last bit.
    return angle if abs(angle) > 1e-9 else 0.0


def runs(start: Floats, stop: Floats, overlap: Floats | float = 0.0) -> list[Indices]:
    """Group intervals that touch, in order; each is first shortened by ``overlap`` at both ends."""
    start, stop = start + overlap, stop - overlap
    order = np.lexsort((stop, start))
    reach = np.maximum.accumulate(stop[order])
    return [np.asarray(run) for run in np.split(order, 1 + np.flatnonzero(start[order][1:] > reach[:-1]))]


def find_columns(boxes: LevelBoxes, of: Indices) -> list[Indices]:
    """Cut boxes at the gutter with most lines beside it: above, left, right, below; ``[]`` without one."""
    part = boxes[of]
    long = part.x1 - part.x0 >= _LONG * part.line
    for x, upper, lower in _white_strips(part, long):
        inside = (part.y - 0.25 * part.height >= upper) & (part.y + 0.25 * part.height <= lower)
        left, right = inside & (part.x < x), inside & (part.x >= x)
        inside = _without_ends(part, left, right, long)
        left, right = inside & left, inside & right
        if _are_columns(part, left, right, long):
            middle = (part.y[inside].min() + part.y[inside].max()) / 2
            above = ~inside & (part.y < middle)
            return [of[mask] for mask in (above, left, right, ~inside & ~above)]
    return []


def _white_strips(part: LevelBoxes, long: Mask) -> list[tuple[float, float, float]]:
    """Vertical white strips as (x, upper, lower), between the boxes that cross x; most long lines first."""
    # Detected boxes reach a little beyond their text.
    start, stop = part.x0 + 0.25 * part.line, part.x1 - 0.25 * part.line
    starts, ends = np.unique(start), np.sort(stop)
    before = np.searchsorted(ends, starts)
    strips: list[tuple[int, float, float, float]] = []
    for x in ((ends[before[before > 0] - 1] + starts[before > 0]) / 2).tolist():
        crossing = np.flatnonzero((start < x) & (stop > x))
        crossing = crossing[np.argsort(part.y[crossing], kind="stable")]
        upper = np.maximum.accumulate(np.append(-np.inf, part.y1[crossing]))
        lower = np.minimum.accumulate(np.append(part.y0[crossing], np.inf)[::-1])[::-1]
        sides = [
            np.bincount(np.searchsorted(part.y[crossing], part.y[side]), minlength=len(upper))
            for side in (long & (stop <= x), long & (start >= x))
        ]
        fewer = np.minimum(*sides)
        strips += [
            (int(fewer[k]), x, float(upper[k]), float(lower[k]))
            for k in np.flatnonzero((fewer >= _FEWEST) & (upper < lower)).tolist()
        ]
    return [strip[1:] for strip in sorted(strips, key=lambda strip: (-strip[0], *strip[1:]))]


def _without_ends(part: LevelBoxes, left: Mask, right: Mask, long: Mask) -> Mask:
    """Leave out headers and footers beside the gutter: rows apart that do not begin where columns do."""
    sides = [_beside(part, left, 1) & long, _beside(part, right, -1) & long]
    if not all(side.any() for side in sides):
        return np.zeros(len(part.x), np.bool_)
    of = np.flatnonzero(left | right)
    blocks = [
        of[run] for run in runs(part.y0[of], part.y1[of], -0.5 * _APART * float(np.median(part.line[of])))
    ]
    edges = [float(np.median(part.x0[side])) for side in sides]
    widths = [float(np.quantile((part.x1 - part.x0)[side], 0.75)) for side in sides]

    def belongs(block: Indices) -> bool:
        for mask, edge, width in zip((left, right), edges, widths, strict=True):
            cells = block[mask[block]]
            reach = _INDENT * part.line[cells]
            begins = np.abs(part.x0[cells] - edge) <= reach
            # One short box at the edge is a page number, as long as nothing stands on the other side.
            if len(cells) == len(block) == 1:
                begins &= (part.x1 - part.x0)[cells] >= 0.4 * width
            centred = np.abs(part.x[cells] - edge - width / 2) <= reach
            if len(cells) and not (begins | centred).any():
                return False
        return True

    while blocks and not belongs(blocks[0]):
        blocks.pop(0)
    while blocks and not belongs(blocks[-1]):
        blocks.pop()
    kept = np.zeros(len(part.x), np.bool_)
    if blocks:
        kept[np.concatenate(blocks)] = True
    return kept


def _are_columns(part: LevelBoxes, left: Mask, right: Mask, long: Mask) -> bool:
    """Whether the lines on both sides of a gutter are running text, not cells of a table."""
    sides = [_beside(part, left, 1), _beside(part, right, -1)]
    texts = [np.flatnonzero(side & long) for side in sides]
    if min(len(text) for text in texts) < _FEWEST or max(len(text) for text in texts) < 3:
        return False
    width = part.x1 - part.x0
    if any(width[text].sum() < 0.5 * width[side].sum() for text, side in zip(texts, sides, strict=True)):
        return False
    gutter = part.x0[right].min() - part.x1[left].max()
    narrower = min(float(np.quantile(width[text], 0.75)) for text in texts)
    line = float(np.median(part.line[np.concatenate(texts)]))
    close = max(
        float(np.quantile(np.diff(np.sort(part.y[text])), 0.3) / np.median(part.line[text])) for text in texts
    )
    fewer, more = sorted(texts, key=len)
    apart = np.abs(part.y[fewer][:, None] - part.y[more]).min(axis=1)
    # Long lines beside a narrow gutter are text even where they are set wide.
    loose = 1.3 if gutter <= 0.2 * narrower and narrower >= 12 * line else 1.0
    if close > loose * _CLOSE:
        return False
    if np.mean(apart <= 0.2 * line) < 0.75:
        return bool(gutter <= narrower)
    # Level lines could be a table's. Text fills its column; cells are of any width.
    full = min(float(np.mean(width[text] >= 0.8 * np.quantile(width[text], 0.9))) for text in texts)
    return bool(full >= 0.35 and gutter <= 0.25 * narrower and narrower >= 1.6 * _LONG * line)


def _beside(part: LevelBoxes, side: Mask, direction: int) -> Mask:
    """The boxes of a side with no other between them and the gutter, to its right (1) or left (-1)."""
    of = np.flatnonzero(side)
    level = np.abs(part.y[of][:, None] - part.y[of]) < 0.5 * np.minimum(
        part.height[of][:, None], part.height[of]
    )
    further = direction * (part.x[of][None, :] - part.x[of][:, None]) > 0
    apart = np.maximum(part.x0[of][:, None], part.x0[of]) >= np.minimum(part.x1[of][:, None], part.x1[of])
    nearest = np.zeros(len(part.x), np.bool_)
    nearest[of[~(level & further & apart).any(axis=1)]] = True
    return nearest

"""Two settings on the same page as a figure: boxes before and after, and what each setting achieves."""

from collections.abc import Iterable

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocr_helpers.detection.figure_words import better_side, figures_shown
from ocr_helpers.detection.frames import Comparison, DetectionFrame, FrameFigures
from ocr_helpers.detection.layers import (
    GAINED,
    KEPT,
    LOST,
    REJECTED,
    Grid,
    Region,
    checked_region,
    draw_kept,
    draw_legend,
    draw_quads,
    draw_region,
    draw_rejected,
)
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import GREY, new_figure
from ocr_helpers.figures.lettering import draw_text, line_height

__all__ = ["NoComparisonError", "looks_of", "show_comparison"]

_WIDTH, _MARGIN, _HEAD, _FOOT = 10.0, 0.2, 0.3, 0.3
_TABLE = 2.9
_SIZE_PT = 9.0


class NoComparisonError(OcrHelpersError):
    """There are no two looks at the same page to compare."""


def show_comparison(tuning: DetectionTuning, *, region: Region | None = None) -> Figure:
    """Draw the pinned look and the newest one side by side, and what each achieves.

    Args:
        tuning: a ``DetectionTuning`` (``tuner.tuning`` of a ``DetectionTuner``) with a pinned look.
        region: part of the page to draw: left, top, right, bottom in its pixels; all of it where None. The
            figures in the table are those of the whole page.

    Returns:
        A matplotlib Figure; ``figure.axes[1]`` and ``[2]`` have the page's pixels as units.

    Raises:
        NoComparisonError: nothing is pinned.
        ocr_helpers.detection.layers.RegionError: no part of this page.

    """
    before, after, (first, second, changes) = looks_of(tuning)
    part = checked_region(region, after.page_map.page_bgr)
    grid = Grid.of(2, part, _WIDTH - _TABLE - 2 * _MARGIN, _HEAD)
    rows = _setting_rows(before, after) + _figure_rows(first, second)
    rows += [
        ("boxes lost", str(len(changes.lost_xy)), "", ""),
        ("boxes gained", "", str(len(changes.gained_xy)), ""),
        ("boxes reshaped", "", str(len(changes.reshaped_xy)), ""),
    ]
    tall = max(grid.size[1], (len(rows) + 1) * line_height(_SIZE_PT) + _HEAD)
    with matplotlib.style.context("default"):
        figure, axes = new_figure(_WIDTH, 2 * _MARGIN + tall + _FOOT)
        marked = ((before, "before", changes.lost_xy, LOST), (after, "after", changes.gained_xy, GAINED))
        for number, (frame, title, quads, style) in enumerate(marked):
            x, y = np.add(grid.place(number), _MARGIN).tolist()
            draw_text(axes, x, y - 0.1, title, 10, bold=True)
            panel = draw_region(figure, frame.page_map.page_bgr, part, x, y, grid.width)
            draw_kept(panel, frame.candidates)
            draw_rejected(panel, [found for found in frame.candidates if found.reason == "low_score"])
            draw_quads(panel, quads, style)
        _draw_table(axes, rows, _WIDTH - _MARGIN - _TABLE + 0.3)
        entries = [(KEPT, "box kept, darker: higher score"), (REJECTED["low_score"], "rejected: low score")]
        entries += [(LOST, "box lost")] * bool(len(changes.lost_xy))
        entries += [(GAINED, "box gained")] * bool(len(changes.gained_xy))
        draw_legend(axes, _MARGIN, _MARGIN + tall + 0.24, entries)
    return figure


def looks_of(
    tuning: DetectionTuning,
) -> tuple[DetectionFrame, DetectionFrame, tuple[FrameFigures, FrameFigures, Comparison]]:
    """Return the pinned look, the newest, and how they compare.

    Raises:
        NoComparisonError: nothing is pinned.

    """
    state, compared = tuning.state, tuning.comparison
    if state.pin is None or state.frame is None or compared is None:
        raise NoComparisonError("Nothing is pinned; call tuning.pin() before you change settings.")
    return state.pin, state.frame, compared


_Row = tuple[str, str, str, str]
"""A name, two values, and which is better: "a", "b" or neither."""


def _setting_rows(before: DetectionFrame, after: DetectionFrame) -> list[_Row]:
    first, second = before.settings.as_kwargs(), after.settings.as_kwargs()
    rows = [(name, str(first[name]), str(second[name]), "") for name in first if first[name] != second[name]]
    a, b = (" × ".join(map(str, frame.page_map.probabilities.shape[::-1])) for frame in (before, after))
    return rows if a == b else [*rows, ("network input", a, b, "")]


def _figure_rows(first: FrameFigures, second: FrameFigures) -> list[_Row]:
    return [
        (each.label, each.word(first), each.word(second), better_side(each, each.of(first), each.of(second)))
        for each in figures_shown(second)
    ]


def _draw_table(axes: Axes, rows: Iterable[_Row], left: float) -> None:
    right = _WIDTH - _MARGIN
    middle, y = right - 0.85, _MARGIN + _HEAD - 0.1
    for x, title in ((middle, "before"), (right, "after")):
        draw_text(axes, x, y, title, _SIZE_PT, bold=True, color=GREY, ha="right")
    for name, first, second, better in rows:
        y += line_height(_SIZE_PT)
        draw_text(axes, left, y, name, _SIZE_PT)
        draw_text(axes, middle, y, first, _SIZE_PT, bold=better == "a", ha="right")
        draw_text(axes, right, y, second, _SIZE_PT, bold=better == "b", ha="right")

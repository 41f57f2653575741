"""The probability map of a page, and its candidate boxes with their reasons, as figures."""

from collections.abc import Sequence

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocr_helpers.boxes import Candidate
from ocr_helpers.boxes.geometry import MIN_SIDE
from ocr_helpers.detection.layers import (
    CONTOUR,
    KEPT,
    MAP_OPACITY,
    REJECTED,
    REJECTED_WORDS,
    Grid,
    Region,
    checked_region,
    draw_contours,
    draw_kept,
    draw_legend,
    draw_map,
    draw_region,
    draw_rejected,
    map_colormap,
    touches,
)
from ocr_helpers.figures import GREY, draw_badge, new_figure, score_label
from ocr_helpers.figures.lettering import draw_text, line_height
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.stages import PageMap

__all__ = ["show_candidates", "show_map"]

_WIDTH, _LEAST_WIDTH, _MARGIN = 10.0, 7.5, 0.2
_HEAD, _FOOT = 0.32, 0.3
_PAGE_WIDTH, _LIST_WIDTH = 5.4, 3.6
_LISTED = 20
_LISTED_REASONS = ("low_score", "too_small_after_unclip")


def show_map(
    page_map: PageMap, settings: DetectionSettings | None = None, *, region: Region | None = None
) -> Figure:
    """Draw a page with the areas above ``thresh``, and its probability map beside it.

    Args:
        page_map: of ``StagedPipeline.probability_map``; it is not changed.
        settings: thresh is used; PaddleOCR's defaults where None.
        region: part of the page to draw: left, top, right, bottom in its pixels; all of it where None.

    Returns:
        A matplotlib Figure; ``figure.axes[1]`` and ``[2]`` have the page's pixels as units.

    Raises:
        ocr_helpers.detection.layers.RegionError: no part of this page.

    """
    settings = DetectionSettings() if settings is None else settings
    page_bgr, part = page_map.page_bgr, checked_region(region, page_map.page_bgr)
    grid = Grid.of(2, part, _WIDTH - 2 * _MARGIN, _HEAD)
    width, height = grid.size
    with matplotlib.style.context("default"):
        figure, axes = new_figure(max(_LEAST_WIDTH, width + 2 * _MARGIN), height + 2 * _MARGIN + _FOOT)
        for number, title in enumerate((f"areas above thresh {settings.thresh:g}", "probability map")):
            x, y = np.add(grid.place(number), _MARGIN).tolist()
            draw_text(axes, x, y - 0.1, title, 10, bold=True)
            panel = draw_region(figure, page_bgr, part, x, y, grid.width)
            if number == 0:
                draw_contours(panel, page_map.finder.outlines(settings.thresh))
            else:
                draw_map(panel, page_map.probabilities, (page_bgr.shape[1], page_bgr.shape[0]))
        _draw_map_legend(axes, _MARGIN, _MARGIN + height + 0.1, settings.thresh)
    return figure


def show_candidates(
    page_map: PageMap, settings: DetectionSettings | None = None, *, region: Region | None = None
) -> Figure:
    """Draw boxes that are kept and candidates that are rejected, with a list that says why each is.

    Args:
        page_map: of ``StagedPipeline.probability_map``; it is not changed.
        settings: thresh, box_thresh and unclip_ratio are used; PaddleOCR's defaults where None.
        region: as for `show_map`; only candidates that touch it are counted and listed.

    Returns:
        A matplotlib Figure; ``figure.axes[1]`` has the page's pixels as units.

    Raises:
        ocr_helpers.detection.layers.RegionError: no part of this page.

    """
    settings = DetectionSettings() if settings is None else settings
    part = checked_region(region, page_map.page_bgr)
    candidates = [found for found in page_map.finder.find(settings) if touches(found, part)]
    rejected = sorted((found for found in candidates if not found.kept), key=lambda found: -found.area)
    large = [found for found in rejected if found.reason in _LISTED_REASONS]
    notes = _notes(rejected, large[_LISTED:])
    grid = Grid.of(1, part, _PAGE_WIDTH, 0)
    scale, step = grid.width / (part[2] - part[0]), line_height(9)
    tall = max(grid.height, (1 + len(large[:_LISTED]) + len(notes)) * step)
    top, left = _MARGIN + _HEAD, _MARGIN + grid.width + 0.25
    with matplotlib.style.context("default"):
        figure, axes = new_figure(max(_LEAST_WIDTH, left + _LIST_WIDTH), top + tall + _FOOT + _MARGIN)
        draw_text(axes, _MARGIN, _MARGIN + 0.16, _counted(candidates), 10, bold=True)
        page_axes = draw_region(figure, page_map.page_bgr, part, _MARGIN, top, grid.width)
        draw_contours(page_axes, page_map.finder.outlines(settings.thresh))
        draw_kept(page_axes, candidates)
        draw_rejected(page_axes, rejected)
        y = top + 0.15
        draw_text(axes, left, y, "rejected" if rejected else "none rejected", 9, color=GREY)
        for number, found in enumerate(large[:_LISTED], start=1):
            y += step
            color = REJECTED[found.reason].color if found.reason else GREY
            x, above = (found.quad_before_xy.min(0) - part[:2]) * scale
            draw_badge(axes, _MARGIN + max(x - 0.02, 0.13), top + max(above, 0.08), str(number), color, 7)
            draw_badge(axes, left + 0.2, y - 0.04, str(number), color, 8)
            draw_text(axes, left + 0.3, y, _why(found, settings), 9)
        for note in notes:
            y += step
            draw_text(axes, left + 0.3, y, note, 9, color=GREY)
        reasons = dict.fromkeys(found.reason for found in rejected if found.reason)
        entries = [(CONTOUR, "area above thresh"), (KEPT, "box kept, darker: higher score")]
        entries += [(REJECTED[reason], f"rejected: {REJECTED_WORDS[reason]}") for reason in reasons]
        draw_legend(axes, _MARGIN, top + tall + 0.24, entries)
    return figure


def _draw_map_legend(axes: Axes, x: float, y: float, thresh: float) -> None:
    """A colour bar from 0 to 1 with a mark at the threshold."""
    width, height = 1.7, 0.11
    gradient = np.linspace(0, 1, 256)[np.newaxis]
    axes.imshow(
        gradient, cmap=map_colormap(), alpha=MAP_OPACITY, extent=(x, x + width, y + height, y), aspect="auto"
    )
    axes.plot([x + thresh * width] * 2, [y - 0.03, y + height + 0.03], color="black", linewidth=1.2)
    draw_text(
        axes,
        x + width + 0.1,
        y + 0.1,
        f"probability 0 … 1; the mark is thresh {thresh:g}",
        8,
        color="#444444",
    )


def _counted(candidates: Sequence[Candidate]) -> str:
    kept = sum(found.kept for found in candidates)
    return f"{kept} box{'es' * (kept != 1)} kept   ·   {len(candidates) - kept} rejected"


def _why(found: Candidate, settings: DetectionSettings) -> str:
    """The reason, with the number and the limit it is measured against."""
    if found.reason == "low_score":
        return f"low score   {score_label(found.score or 0.0, 3)} < box_thresh {settings.box_thresh:g}"
    return f"still too small   {found.unclipped_side:.1f} px < {MIN_SIDE + 2} of the map"


def _notes(rejected: Sequence[Candidate], unlisted: Sequence[Candidate]) -> list[str]:
    """What is said of those that are not listed one by one: there can be hundreds of them."""
    small, beyond = (
        sum(found.reason == name for found in rejected) for name in ("too_small", "beyond_limit")
    )
    return [
        *([f"… and {len(unlisted)} more"] if unlisted else []),
        *([f"{small} too small: thinner than {MIN_SIDE} px of the map"] if small else []),
        *([f"{beyond} beyond the limit: PaddleX looks at 1,000"] if beyond else []),
    ]

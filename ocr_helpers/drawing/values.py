"""One detection setting at several values: the same part of a page once for each, as a figure."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocr_helpers.boxes import Candidates
from ocr_helpers.detection.layers import (
    BEFORE,
    CONTOUR,
    KEPT,
    REJECTED,
    REJECTED_WORDS,
    Grid,
    Region,
    Style,
    checked_region,
    draw_before,
    draw_contours,
    draw_kept,
    draw_legend,
    draw_region,
    draw_rejected,
    touches,
)
from ocr_helpers.detection.state import NETWORK_FIELDS
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import GREY, new_figure, score_color, score_label
from ocr_helpers.figures.lettering import cells_of, draw_cells, draw_text, text_width, wrap
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page
from ocr_helpers.scoring import score_boxes
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.stages import PageMap, StagedPipeline

__all__ = ["UnknownParameterError", "show_values"]

_WIDTH, _LEAST_WIDTH, _MARGIN = 10.0, 7.5, 0.2
_HEAD, _FOOT = 0.52, 0.3
_PARAMETERS = tuple(field.name for field in dataclasses.fields(DetectionSettings))
_MOST_BADGES = 60


class UnknownParameterError(OcrHelpersError, ValueError):
    """The name is none of the detection settings, or there is no value to show it with."""


def show_values(
    staged: StagedPipeline,
    page: Page,
    parameter: str,
    values: Sequence[Any],
    *,
    settings: DetectionSettings | None = None,
    region: Region | None = None,
    truth: PageTruth | None = None,
) -> Figure:
    """Draw the same part of a page once for each value of one setting, all others left alone.

    Args:
        staged: finds the boxes; what it remembers is used.
        page: the page.
        parameter: name of one of ``DetectionSettings``.
        values: what it is set to, one picture each.
        settings: the others; PaddleOCR's defaults where None.
        region: part of the page to draw: left, top, right, bottom in its pixels; all of it where None. What
            is counted above each picture is the whole page.
        truth: ground truth, for the H-mean; where None, what stands in the JSON beside the page's image.

    Returns:
        A matplotlib Figure; all axes but the first have the page's pixels as units.

    Raises:
        UnknownParameterError: another name, or no values.
        ocr_helpers.detection.layers.RegionError: no part of this page.
        ocr_helpers.settings.checks.SettingTypeError, SettingRangeError: a value that cannot be used.

    """
    if parameter not in _PARAMETERS or not len(values):
        raise UnknownParameterError(
            f"parameter is {parameter!r} with {len(values)} values; expected one of "
            f"{', '.join(_PARAMETERS)}, and at least one value."
        )
    settings = DetectionSettings() if settings is None else settings
    looks = [_look(staged, page, dataclasses.replace(settings, **{parameter: value})) for value in values]
    part = checked_region(region, looks[0].page_map.page_bgr)
    truth = truth_beside(page) if truth is None else truth
    grid = Grid.of(len(looks), part, _WIDTH - 2 * _MARGIN, _HEAD)
    width, height = grid.size
    with matplotlib.style.context("default"):
        figure, axes = new_figure(max(_LEAST_WIDTH, width + 2 * _MARGIN), height + 2 * _MARGIN + _FOOT)
        for number, look in enumerate(looks):
            x, y = np.add(grid.place(number), _MARGIN).tolist()
            _draw_title(axes, x, y, grid.cell, parameter, look, truth)
            panel = draw_region(figure, look.page_map.page_bgr, part, x, y, grid.width)
            _draw_layers(panel, parameter, look)
        draw_legend(axes, _MARGIN, _MARGIN + height + 0.24, _legend(parameter, looks, part))
    return figure


class _Look(NamedTuple):
    settings: DetectionSettings
    page_map: PageMap
    candidates: Candidates


def _look(staged: StagedPipeline, page: Page, settings: DetectionSettings) -> _Look:
    page_map = staged.probability_map(page, settings)
    return _Look(settings, page_map, page_map.finder.find(settings))


def _draw_layers(axes: Axes, parameter: str, look: _Look) -> None:
    """Draw what this parameter moves, and no more: small text is soon covered."""
    if parameter == "unclip_ratio":
        draw_before(axes, look.candidates)
    elif parameter == "thresh":
        draw_contours(axes, look.page_map.finder.outlines(look.settings.thresh))
    draw_kept(axes, look.candidates)
    draw_rejected(axes, look.candidates)
    if parameter == "box_thresh":
        _draw_scores(axes, look.candidates)


def _legend(parameter: str, looks: Sequence[_Look], region: Region) -> list[tuple[Style, str]]:
    entries = [(KEPT, "box kept, darker: higher score")]
    if parameter == "unclip_ratio":
        entries.append((BEFORE, "before it is widened"))
    elif parameter == "thresh":
        entries.append((CONTOUR, "area above thresh"))
    seen = {found.reason for look in looks for found in look.candidates if touches(found, region)}
    return entries + [(REJECTED[why], f"rejected: {REJECTED_WORDS[why]}") for why in REJECTED if why in seen]


def _draw_title(
    axes: Axes, x: float, y: float, width: float, parameter: str, look: _Look, truth: PageTruth | None
) -> None:
    value = getattr(look.settings, parameter)
    title = f"{parameter} {value}{' (default)' * (value == getattr(DetectionSettings(), parameter))}"
    counts = look.candidates.counts
    said = f"{counts['kept']} box{'es' * (counts['kept'] != 1)}"
    if parameter in NETWORK_FIELDS:
        rows, columns = look.page_map.probabilities.shape
        said += f"; network input {columns} × {rows}"
    else:
        rejected = [f"{counts[reason]} {REJECTED_WORDS[reason]}" for reason in REJECTED if counts[reason]]
        said += f"; rejected: {', '.join(rejected)}" if rejected else "; none rejected"
    if truth is not None:
        hmean = f"H-mean {score_boxes(look.candidates.kept_quads_xy, truth.quads_xy).hmean:.1%}"
        if text_width(title, 10, True) + text_width(hmean, 9) + 0.15 < width:
            draw_text(axes, x + width, y - 0.37, hmean, 9, ha="right")
        else:
            said = f"{hmean}; {said}"
    draw_text(axes, x, y - 0.37, title, 10, bold=True)
    for number, cells in enumerate(wrap(cells_of(said), width, 8.5, 2)):
        draw_cells(axes, x, y - 0.21 + 0.14 * number, cells, 8.5, color=GREY)


def _draw_scores(axes: Axes, candidates: Candidates) -> None:
    """Write each score on its box, as far as they can be read."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    seen = [
        found
        for found in candidates
        if found.score is not None
        and found.reason != "too_small"
        and touches(found, (left, top, right, bottom))
    ]
    for found in seen if len(seen) <= _MOST_BADGES else ():
        corner = found.quad_before_xy.min(0)
        color = score_color(found.score or 0.0) if found.kept else REJECTED["low_score"].color
        box = {"facecolor": color, "edgecolor": "white", "linewidth": 0.4, "boxstyle": "round,pad=0.15"}
        axes.annotate(
            score_label(found.score or 0.0, 2), corner, color="white", fontsize=6, weight="bold",
            va="bottom", bbox=box, annotation_clip=True,
        )  # fmt: skip

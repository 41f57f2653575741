"""A tuned page as a figure: boxes kept and rejected, beside the settings and what they achieve."""

import dataclasses
from typing import TYPE_CHECKING

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from ocr_helpers.detection.figure_words import UNKNOWN, figures_shown
from ocr_helpers.detection.layers import REJECTED_WORDS
from ocr_helpers.detection.tuning import DetectionTuning, NoPageError
from ocr_helpers.figures import GREY, as_rgb, draw_image, new_figure, score_color
from ocr_helpers.figures.lettering import draw_text, line_height
from ocr_helpers.settings import DetectionSettings

if TYPE_CHECKING:
    from ocr_helpers.detection.frames import DetectionFrame, FrameFigures

__all__ = ["show_tuning"]

_MARGIN, _PAGE_WIDTH, _TABLE_WIDTH = 0.2, 6.6, 3.2
_SIZE_PT = 9.0
_REJECTED = "#d55e00"  # of Okabe and Ito's palette for colour-blind readers


def show_tuning(tuning: DetectionTuning) -> Figure:
    """Draw the newest look of a tuning.

    Args:
        tuning: a ``DetectionTuning``; ``tuner.tuning`` of a ``DetectionTuner``.

    Returns:
        A matplotlib Figure; ``figure.axes[1]`` has the page's pixels as units.

    Raises:
        NoPageError: there is no look yet; ``tuning.wait()`` waits for it.

    """
    frame, figures = tuning.state.frame, tuning.figures
    if frame is None or figures is None:
        raise NoPageError("There is nothing to draw yet; call tuning.wait() first.")
    rows, columns = frame.page_map.page_bgr.shape[:2]
    height = max(3.6, _PAGE_WIDTH * rows / columns)
    with matplotlib.style.context("default"):
        figure, axes = new_figure(3 * _MARGIN + _PAGE_WIDTH + _TABLE_WIDTH, height + 2 * _MARGIN)
        page_axes = draw_image(
            figure, as_rgb(frame.page_map.page_bgr, "page_bgr"), _MARGIN, _MARGIN, _PAGE_WIDTH
        )
        _draw_boxes(page_axes, frame)
        _draw_table(axes, frame, figures)
    return figure


def _draw_boxes(axes: Axes, frame: "DetectionFrame") -> None:
    for candidate in frame.candidates:
        if not candidate.kept and candidate.reason != "beyond_limit":
            axes.add_patch(
                Polygon(
                    candidate.quad_before_xy, fill=False, edgecolor=_REJECTED, linewidth=0.8, linestyle="--"
                )
            )
    for quad, score in zip(frame.quads_xy, frame.scores, strict=True):
        color = score_color(score)
        axes.add_patch(Polygon(quad, facecolor=color + "22", edgecolor=color, linewidth=0.9))


def _draw_table(axes: Axes, frame: "DetectionFrame", figures: "FrameFigures") -> None:
    left, right = 2 * _MARGIN + _PAGE_WIDTH, 2 * _MARGIN + _PAGE_WIDTH + _TABLE_WIDTH
    y = _MARGIN + line_height(_SIZE_PT)
    default = DetectionSettings()
    rows: list[tuple[str, str, bool]] = [
        (field.name, str(value), value != getattr(default, field.name))
        for field in dataclasses.fields(frame.settings)
        for value in [getattr(frame.settings, field.name)]
    ]
    height, width = frame.page_map.probabilities.shape
    rows.append(("network input", f"{width} × {height} px", False))
    counts = frame.candidates.counts.items()
    words = {"kept": "kept"} | REJECTED_WORDS
    results = [(words[name], str(count), False) for name, count in counts]
    known = [(figure.label, figure.word(figures), False) for figure in figures_shown(figures)[1:]]
    results += [row for row in known if row[1] != UNKNOWN]
    for title, lines in (("Settings (changed ones bold)", rows), ("Boxes", results)):
        draw_text(axes, left, y, title, _SIZE_PT, bold=True, color=GREY)
        y += 1.2 * line_height(_SIZE_PT)
        for name, value, bold in lines:
            draw_text(axes, left, y, name, _SIZE_PT, bold=bold)
            draw_text(axes, right, y, value, _SIZE_PT, bold=bold, ha="right")
            y += line_height(_SIZE_PT)
        y += 0.6 * line_height(_SIZE_PT)

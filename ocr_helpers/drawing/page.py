"""A recognised page as a figure: numbered boxes coloured by score, and the numbered texts beside them."""

from collections.abc import Mapping
from typing import Any, Literal

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from ocr_helpers.drawing.page_boxes import PageBoxes, in_order, page_image, read_boxes, spaced, unwrapped
from ocr_helpers.drawing.page_layout import LEFT, MARGIN, NUMBER_WIDTH, TOP, Entry, lay_out
from ocr_helpers.figures import (
    GREY,
    LEGEND_WIDTH,
    draw_badge,
    draw_image,
    draw_score_legend,
    new_figure,
    score_color,
    score_label,
)
from ocr_helpers.figures.lettering import draw_cells, draw_text, line_height, text_width

__all__ = ["show_page"]


def show_page(
    result: Mapping[str, Any],
    page: Any = None,
    *,
    order: Literal["paddleocr", "reading"] = "paddleocr",
    low_score: float = 0.8,
    max_texts: int = 200,
    restore_spacing: bool = False,
) -> Figure:
    """Draw a page with its boxes numbered and coloured by score, and the numbered texts beside it.

    Args:
        result: an ``OCRResult`` (or its ``json`` with ``page``) with ``rec_polys``, ``rec_texts`` and
            ``rec_scores``; or a ``TextDetResult`` with ``dt_polys`` and ``dt_scores``. Polygons are (4, 2)
            or (N, 2), x and y in pixels of the picture they were found on.
        page: that picture, as a uint8 (H, W, 3) BGR array or anything with ``image_bgr``; needed only where
            the result carries none. PaddleOCR finds boxes on the turned and flattened page, not on the file.
        order: how they are numbered: as the result lists them, or as a person reads the page, by
            :func:`ocr_helpers.reading_order.reading_order`.
        low_score: boxes below it are dashed and thicker, their scores marked ``▼``.
        max_texts: of more texts only so many are listed; all boxes are drawn.
        restore_spacing: put spaces where Korean needs them (:func:`ocr_helpers.spacing.restore_spacing`);
            each is listed as a boxed ``␣``, so what was read is the text without it.

    Returns:
        A matplotlib Figure; ``figure.axes[1]`` has the page's pixels as units, for additions of your own.
        ``TextDetResult.save_to_img`` paints into the image the result holds: draw before you save.

    Raises:
        UnknownResultError: the result is neither of the two, or its lists differ in length.
        UnknownOrderError: ``order`` is another word.
        PageImageError: there is no picture, or it has another size than the one the boxes belong to.
        KiwiMissingError: spacing is to be restored, and kiwipiepy is not installed.

    """
    boxes = in_order(read_boxes(result), order)
    if restore_spacing:
        boxes = spaced(boxes)
    image_rgb = page_image(unwrapped(result), page)
    with matplotlib.style.context("default"):
        return _draw_page(image_rgb, boxes, low_score, max_texts)


def _draw_page(image_rgb: NDArray[np.uint8], boxes: PageBoxes, low_score: float, max_texts: int) -> Figure:
    layout = lay_out(image_rgb, boxes, max_texts)
    note, summary = "", _summary(boxes)
    if left_out := len(boxes.scores) - len(layout.entries):
        note = f"… and {left_out} more on the page, not listed; max_texts={max_texts}"
    if not boxes.scores:
        note = "No text was found on this page."
    width = max(layout.width, 2 * MARGIN + text_width(summary, 10, True) + LEGEND_WIDTH + 0.3)
    figure, axes = new_figure(width, layout.height + (0.3 if note else 0.0))
    draw_text(axes, MARGIN, MARGIN + 0.14, summary, 10, bold=True)
    if note:
        draw_text(axes, LEFT, layout.height + 0.1, note, 11, color=GREY)
    if boxes.scores:
        draw_score_legend(axes, width - MARGIN, MARGIN, low_score)
    page_axes = draw_image(figure, image_rgb, LEFT, TOP, layout.page_width)
    _draw_boxes(page_axes, axes, boxes, layout.page_width / image_rgb.shape[1], low_score)
    for entry in layout.entries:
        _draw_entry(axes, entry, boxes, layout.size_pt, low_score)
    return figure


def _summary(boxes: PageBoxes) -> str:
    count, what = len(boxes.scores), "box" if boxes.texts is None else "text"
    parts = [f"{count} {what}{('es' if what == 'box' else 's') * (count != 1)}"]
    if restored := sum(map(any, boxes.new_spaces)):
        parts.append(f"spaces restored (␣) in {restored}")
    if boxes.unread_xy:
        parts.append(f"{len(boxes.unread_xy)} without a kept text (dotted)")
    return "   ·   ".join(parts)


def _draw_boxes(page_axes: Axes, axes: Axes, boxes: PageBoxes, scale: float, low_score: float) -> None:
    for polygon in boxes.unread_xy:
        page_axes.add_patch(Polygon(polygon, fill=False, edgecolor=GREY, linewidth=1.0, linestyle=":"))
    for number, (polygon, score) in enumerate(zip(boxes.polygons_xy, boxes.scores, strict=True), start=1):
        color, low = score_color(score), not score >= low_score
        patch = Polygon(polygon, facecolor=to_rgba(color, 0.07), edgecolor=color)
        patch.set(linewidth=1.5 if low else 0.9, linestyle=(0, (2.5, 1.2)) if low else "-")
        page_axes.add_patch(patch)
        (x, y), (width, height) = polygon.min(axis=0) * scale, np.ptp(polygon, axis=0) * scale
        size_pt = float(np.clip(min(width, height) * 72 * 0.55, 5.0, 8.0))
        if height > 1.5 * width:  # a line that runs down the page carries its number on top
            right, middle = x + width / 2 + text_width(str(number), size_pt, True) / 2, y - 0.6 * size_pt / 72
        else:
            right, middle = x - 0.02, y + (polygon[0, 1] + polygon[-1, 1]) / 2 * scale - y
        draw_badge(axes, LEFT + right, TOP + middle, str(number), color, size_pt)


def _draw_entry(axes: Axes, entry: Entry, boxes: PageBoxes, size_pt: float, low_score: float) -> None:
    score = boxes.scores[entry.box]
    color, right, y = score_color(score), entry.x + entry.width, entry.y
    em = size_pt / 72
    draw_badge(axes, entry.x + NUMBER_WIDTH - 0.07, y - 0.33 * em, str(entry.box + 1), color, 0.85 * size_pt)
    low = not score >= low_score
    label = f"▼ {score_label(score, 2)}" if low else score_label(score, 2)
    draw_text(axes, right, y, label, 0.9 * size_pt, bold=low, color=color, ha="right")
    if boxes.texts is not None and not boxes.texts[entry.box]:
        draw_text(axes, entry.x + NUMBER_WIDTH, y, "(no text read)", size_pt, color=GREY)
    for cells in entry.text:
        draw_cells(axes, entry.x + NUMBER_WIDTH, y, cells, size_pt)
        y += line_height(size_pt)

"""A recognised page as a figure: numbered boxes coloured by score, and the numbered texts beside them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from ocr_helpers import spacing
from ocr_helpers.figures import (
    GREY,
    LEGEND_WIDTH,
    PageImageError,
    UnknownOrderError,
    UnknownResultError,
    as_rgb,
    draw_badge,
    draw_image,
    draw_score_legend,
    new_figure,
    require_keys,
    score_color,
    score_label,
)
from ocr_helpers.lettering import Cell, align, cells_of, draw_cells, draw_text, line_height, text_width, wrap
from ocr_helpers.reading_order import reading_order

__all__ = ["show_page"]

_WIDTH, _LEAST_WIDTH, _MARGIN = 10.0, 6.2, 0.2
_LEFT, _TOP = 0.42, 0.72  # of the page: room for the numbers of boxes at its edge, and for the legend
_NUMBER_WIDTH, _SCORE_WIDTH = 0.42, 0.55


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
    boxes = _in_order(_read_boxes(result), order)
    if restore_spacing:
        boxes = _spaced(boxes)
    image_rgb = _page_image(_unwrapped(result), page)
    with matplotlib.style.context("default"):
        return _draw_page(image_rgb, boxes, low_score, max_texts)


class _Boxes(NamedTuple):
    polygons_xy: list[NDArray[np.float64]]
    texts: list[str] | None
    scores: list[float]
    unread_xy: list[NDArray[np.float64]]
    new_spaces: Sequence[list[bool]] = ()

    def cells(self) -> list[list[Cell]] | None:
        if self.texts is None:
            return None
        marks: Sequence[list[bool] | None] = self.new_spaces or [None] * len(self.texts)
        return [cells_of(text, marked) for text, marked in zip(self.texts, marks, strict=True)]


def _spaced(boxes: _Boxes) -> _Boxes:
    if boxes.texts is None:
        return boxes
    texts = [spacing.restore_spacing(text) for text in boxes.texts]
    marks = [align(text, read)[0] for text, read in zip(texts, boxes.texts, strict=True)]
    return boxes._replace(texts=texts, new_spaces=marks)


def _unwrapped(result: Any) -> Any:
    """What lies under ``res`` where the result came out of PaddleOCR's JSON."""
    return result["res"] if isinstance(result, Mapping) and set(result) == {"res"} else result


def _read_boxes(result: Any) -> _Boxes:
    result = _unwrapped(result)
    if isinstance(result, Mapping) and "dt_scores" in result:
        require_keys(result, ("dt_polys", "dt_scores"), "a text detection result (TextDetResult)")
        names: tuple[str, ...] = ("dt_polys", "dt_scores")
    else:
        names = ("rec_polys", "rec_scores", "rec_texts")
        require_keys(result, names, "an OCR result (OCRResult) or a text detection result (TextDetResult)")
    counts = {name: len(result[name]) for name in names}
    if len(set(counts.values())) > 1:
        raise UnknownResultError(f"The lists of this result belong together but differ in length: {counts}.")
    polygons = _polygons(result[names[0]])
    read = {polygon.tobytes() for polygon in polygons}
    unread = [p for p in _polygons(result.get("dt_polys", ())) if p.tobytes() not in read]
    texts = [unicodedata.normalize("NFC", text) for text in result["rec_texts"]] if len(names) == 3 else None
    return _Boxes(polygons, texts, [float(score) for score in result[names[1]]], unread)


def _in_order(boxes: _Boxes, order: str) -> _Boxes:
    if order == "paddleocr":
        return boxes
    if order != "reading":
        raise UnknownOrderError(f"order is {order!r}; expected 'paddleocr' or 'reading'.")
    indices = reading_order(boxes.polygons_xy)
    return boxes._replace(
        polygons_xy=[boxes.polygons_xy[index] for index in indices],
        texts=None if boxes.texts is None else [boxes.texts[index] for index in indices],
        scores=[boxes.scores[index] for index in indices],
    )


def _polygons(values: Iterable[Any]) -> list[NDArray[np.float64]]:
    polygons = [np.array(value, dtype=np.float64) for value in values]
    for polygon in polygons:
        if polygon.ndim != 2 or polygon.shape[0] < 3 or polygon.shape[1] != 2:
            raise UnknownResultError(
                f"A box has shape {polygon.shape}; expected (N, 2) with N of 3 or more, in pixels."
            )
    return polygons


def _page_image(result: Any, page: Any) -> NDArray[np.uint8]:
    preprocessed = result.get("doc_preprocessor_res")
    own = preprocessed.get("output_img") if isinstance(preprocessed, Mapping) else None
    own = result.get("input_img") if own is None else own
    if own is None and page is None:
        raise PageImageError("The result carries no picture: pass it, as in show_page(result, page).")
    if page is None:
        return as_rgb(own, "the result's picture")
    image_rgb = as_rgb(getattr(page, "image_bgr", page), "page")
    if own is not None and np.shape(own)[:2] != image_rgb.shape[:2]:
        raise PageImageError(
            f"page has (height, width) {image_rgb.shape[:2]}, but the boxes belong to a picture of "
            f"{np.shape(own)[:2]}, the one the result carries (PaddleOCR may have turned it): leave page out."
        )
    return image_rgb


class _Entry(NamedTuple):
    """One row of the list: which box, where its number stands and its first baseline, its text as broken."""

    box: int
    x: float
    y: float
    width: float
    text: list[list[Cell]]


class _Layout(NamedTuple):
    """Where everything goes, in inches."""

    page_width: float
    entries: list[_Entry]
    size_pt: float
    width: float
    height: float


def _lay_out(image_rgb: NDArray[np.uint8], boxes: _Boxes, max_texts: int) -> _Layout:
    """Texts go beside an upright page, then below it in columns; below only where the page is wide."""
    rows, columns = image_rgb.shape[:2]
    wide = columns > 1.7 * rows
    largest = _WIDTH - _LEFT - _MARGIN if wide else 5.5
    scale = min(largest / columns, 8.6 / rows, 0.03)  # 0.03: three screen pixels for one of a small picture
    page_width, page_height = columns * scale, rows * scale
    texts = boxes.cells()
    listed = list(range(len(boxes.scores)))[:max_texts]
    column = 0.95 if texts is None else _text_column([texts[index] for index in listed])
    x = _LEFT + page_width + 0.25
    room = min(_WIDTH - _MARGIN - x, column if texts else 5.3)
    beside = [] if wide else _columns(x, room, column)
    size_pt, entries, rest = 9.0, list[_Entry](), listed
    if beside:
        tallest = 10.5
        for size_pt, room in ((10.0, page_height), (9.0, page_height), (8.0, page_height), (8.0, tallest)):
            entries, rest = _flow(listed, texts, beside, _TOP, max(room, 3.0), size_pt)
            if not rest:
                break
        else:
            entries, rest = _flow(listed, texts, beside, _TOP, page_height, size_pt)
    if rest:
        top = _bottom(entries, size_pt, _TOP + page_height) + 0.2
        below = _columns(_MARGIN, _WIDTH - 2 * _MARGIN, column if texts is None else 4.7)
        height, more, overflow = line_height(size_pt), list[_Entry](), rest
        while overflow:  # as low as all columns together allow
            height += line_height(size_pt)
            more, overflow = _flow(rest, texts, below, top, height, size_pt)
        entries = entries + more
    bottom = _bottom(entries, size_pt, _TOP + page_height)
    right = max([_LEFT + page_width, *(entry.x + entry.width for entry in entries)])
    return _Layout(page_width, entries, size_pt, max(_LEAST_WIDTH, right + _MARGIN), bottom + _MARGIN)


def _text_column(texts: list[list[Cell]]) -> float:
    """Inches that the longest of the texts asks for, within 2 and 5.3."""
    longest = max((sum(text_width(cell.glyphs, 10.0) for cell in text) for text in texts), default=0.0)
    return float(np.clip(_NUMBER_WIDTH + longest + 0.2 + _SCORE_WIDTH, 2.0, 5.3))


def _columns(x: float, width: float, least: float) -> list[tuple[float, float]]:
    """As many columns (x, width) of at least ``least`` inches as ``width`` holds, and at least one."""
    count = max(1, int(width / least))
    step = width / count
    return [(x + k * step, step - 0.15 * (count > 1)) for k in range(count)]


def _flow(
    listed: list[int],
    texts: list[list[Cell]] | None,
    columns: list[tuple[float, float]],
    top: float,
    height: float,
    size_pt: float,
) -> tuple[list[_Entry], list[int]]:
    """Fill the columns one after another down to ``height``; return the entries, and what found no room."""
    entries: list[_Entry] = []
    waiting = list(listed)
    step = line_height(size_pt)
    for x, width in columns:
        y = top + 0.75 * step
        while waiting:
            index = waiting[0]
            text: list[list[Cell]] = [[]]
            if texts is not None:
                text = wrap(texts[index], width - _NUMBER_WIDTH - _SCORE_WIDTH, size_pt, 2)
            if y + (len(text) - 1) * step > top + height:
                break
            entries.append(_Entry(index, x, y, width, text))
            y += len(text) * step
            waiting.pop(0)
    return entries, waiting


def _bottom(entries: list[_Entry], size_pt: float, least: float) -> float:
    step = line_height(size_pt)
    return max([least, *(entry.y + (len(entry.text) - 0.7) * step for entry in entries)])


def _draw_page(image_rgb: NDArray[np.uint8], boxes: _Boxes, low_score: float, max_texts: int) -> Figure:
    layout = _lay_out(image_rgb, boxes, max_texts)
    note, summary = "", _summary(boxes)
    if left_out := len(boxes.scores) - len(layout.entries):
        note = f"… and {left_out} more on the page, not listed; max_texts={max_texts}"
    if not boxes.scores:
        note = "No text was found on this page."
    width = max(layout.width, 2 * _MARGIN + text_width(summary, 10, True) + LEGEND_WIDTH + 0.3)
    figure, axes = new_figure(width, layout.height + (0.3 if note else 0.0))
    draw_text(axes, _MARGIN, _MARGIN + 0.14, summary, 10, bold=True)
    if note:
        draw_text(axes, _LEFT, layout.height + 0.1, note, 11, color=GREY)
    if boxes.scores:
        draw_score_legend(axes, width - _MARGIN, _MARGIN, low_score)
    page_axes = draw_image(figure, image_rgb, _LEFT, _TOP, layout.page_width)
    _draw_boxes(page_axes, axes, boxes, layout.page_width / image_rgb.shape[1], low_score)
    for entry in layout.entries:
        _draw_entry(axes, entry, boxes, layout.size_pt, low_score)
    return figure


def _summary(boxes: _Boxes) -> str:
    count, what = len(boxes.scores), "box" if boxes.texts is None else "text"
    parts = [f"{count} {what}{('es' if what == 'box' else 's') * (count != 1)}"]
    if restored := sum(map(any, boxes.new_spaces)):
        parts.append(f"spaces restored (␣) in {restored}")
    if boxes.unread_xy:
        parts.append(f"{len(boxes.unread_xy)} without a kept text (dotted)")
    return "   ·   ".join(parts)


def _draw_boxes(page_axes: Axes, axes: Axes, boxes: _Boxes, scale: float, low_score: float) -> None:
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
        draw_badge(axes, _LEFT + right, _TOP + middle, str(number), color, size_pt)


def _draw_entry(axes: Axes, entry: _Entry, boxes: _Boxes, size_pt: float, low_score: float) -> None:
    score = boxes.scores[entry.box]
    color, right, y = score_color(score), entry.x + entry.width, entry.y
    em = size_pt / 72
    draw_badge(axes, entry.x + _NUMBER_WIDTH - 0.07, y - 0.33 * em, str(entry.box + 1), color, 0.85 * size_pt)
    low = not score >= low_score
    label = f"▼ {score_label(score, 2)}" if low else score_label(score, 2)
    draw_text(axes, right, y, label, 0.9 * size_pt, bold=low, color=color, ha="right")
    if boxes.texts is not None and not boxes.texts[entry.box]:
        draw_text(axes, entry.x + _NUMBER_WIDTH, y, "(no text read)", size_pt, color=GREY)
    for cells in entry.text:
        draw_cells(axes, entry.x + _NUMBER_WIDTH, y, cells, size_pt)
        y += line_height(size_pt)

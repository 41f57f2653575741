"""Recognised lines as a figure: the crop, the text under it, the score, and what differs from the truth."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ocr_helpers import spacing
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import (
    GREY,
    as_rgb,
    draw_badge,
    draw_image,
    new_figure,
    require_keys,
    score_color,
    score_label,
)
from ocr_helpers.figures.lettering import Cell, align, cells_of, draw_cells, draw_text, line_height, wrap

__all__ = ["ExpectedTextError", "show_line"]

_WIDTH, _MARGIN, _GAP = 9.6, 0.2, 0.3
_SCORE_WIDTH, _LABEL_WIDTH = 0.95, 0.75
_TEXT_PT = 13.0
_MOST_TEXT_LINES = 6


class ExpectedTextError(OcrHelpersError):
    """The expected texts do not go with the lines."""


def show_line(
    result: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    expected: str | Sequence[str] | None = None,
    low_score: float = 0.8,
    max_lines: int = 40,
    restore_spacing: bool = False,
) -> Figure:
    """Draw one recognised line, or a stack of them: the crop, the text under it, the score beside it.

    Args:
        result: a ``TextRecResult``, or any mapping with ``input_img`` (uint8, (H, W, 3) BGR or (H, W) grey),
            ``rec_text`` and ``rec_score`` (0–1); or a sequence of them.
        expected: the true text, or one for each line. Then characters that differ (both texts as NFC, one
            shortest edit) are boxed in both, a differing space as ``␣``.
        low_score: scores below it are marked ``▼``.
        max_lines: of a longer sequence only so many are drawn; the figure says how many were left out.
        restore_spacing: put spaces where Korean needs them (:func:`ocr_helpers.spacing.restore_spacing`);
            where that changes a text, what was read stands below it, and ``expected`` is compared with the
            restored one.

    Returns:
        A matplotlib Figure; as the last value of a cell it shows itself. The result is not changed.

    Raises:
        UnknownResultError: the result is no such mapping.
        PageImageError: ``input_img`` is no such image.
        ExpectedTextError: there are not as many expected texts as lines.
        KiwiMissingError: spacing is to be restored, and kiwipiepy is not installed.

    """
    results = [result] if isinstance(result, Mapping) else list(result)
    single = isinstance(result, Mapping)
    truths = _expected_texts(expected, len(results))
    left = _MARGIN if single else _MARGIN + 0.45
    rows = [
        _Row.read(item, truth, left, restore_spacing) for item, truth in zip(results, truths, strict=True)
    ]
    with matplotlib.style.context("default"):
        return _draw_rows(rows, left, low_score, max_lines, single)


def _expected_texts(expected: str | Sequence[str] | None, count: int) -> list[str | None]:
    texts: list[str | None] = [None] * count
    if isinstance(expected, str):
        texts = [expected]
    elif expected is not None:
        texts = list(expected)
    if len(texts) != count:
        raise ExpectedTextError(
            f"{count} lines but {len(texts)} expected texts came: give one for each line."
        )
    return [None if text is None else unicodedata.normalize("NFC", text) for text in texts]


class _Row(NamedTuple):
    """One line to draw: what was read, how far from the truth, and its text broken to the figure's width."""

    image_rgb: NDArray[np.uint8]
    crop_wh: tuple[float, float]
    text: list[list[Cell]]
    as_read: list[list[Cell]]
    expected: list[list[Cell]]
    distance: int | None
    score: float

    @property
    def height(self) -> float:
        rows = len(self.text) + len(self.as_read) + len(self.expected)
        return self.crop_wh[1] + rows * line_height(_TEXT_PT)

    @classmethod
    def read(cls, result: Any, expected: str | None, left: float, restore_spacing: bool) -> "_Row":
        require_keys(
            result, ("input_img", "rec_text", "rec_score"), "a text recognition result (TextRecResult)"
        )
        text = result["rec_text"]
        # With return_word_box=True PaddleX gives (text, where its words are).
        text = raw = unicodedata.normalize("NFC", text[0] if isinstance(text, tuple | list) else text)
        if restore_spacing:
            text = spacing.restore_spacing(raw)
        image_rgb = as_rgb(result["input_img"], "input_img")
        room = _WIDTH - left - _MARGIN - _SCORE_WIDTH
        rows, columns = image_rgb.shape[:2]
        scale = min(room / columns, (0.55 if columns >= rows else 1.8) / rows)
        read_marks: list[bool] | None = None
        wanted: list[list[Cell]] = []
        distance = None
        if expected is not None:
            read_marks, marks, distance = align(text, expected)
            if distance:
                wanted = wrap(cells_of(expected, marks), room - _LABEL_WIDTH, _TEXT_PT, _MOST_TEXT_LINES)
        room -= _LABEL_WIDTH if wanted or text != raw else 0.0
        shown = wrap(cells_of(text, read_marks), room, _TEXT_PT, _MOST_TEXT_LINES)
        as_read = wrap(cells_of(raw), room, _TEXT_PT, _MOST_TEXT_LINES) if text != raw else []
        crop_wh = (columns * scale, rows * scale)
        return cls(image_rgb, crop_wh, shown, as_read, wanted, distance, float(result["rec_score"]))


def _draw_rows(rows: list[_Row], left: float, low_score: float, max_lines: int, single: bool) -> Figure:
    shown = rows[:max_lines]
    header = 0.0 if single and (not rows or rows[0].distance is None) else 0.42
    footer = 0.3 if len(rows) > len(shown) else 0.0
    body = sum(row.height for row in shown) + _GAP * max(0, len(shown) - 1)
    figure, axes = new_figure(_WIDTH, 2 * _MARGIN + header + body + footer)
    right = _WIDTH - _MARGIN
    if header:
        draw_text(axes, _MARGIN, _MARGIN + 0.12, _line_summary(rows, low_score), 10, color=GREY)
    y = _MARGIN + header
    for number, row in enumerate(shown, start=1):
        if not single:
            draw_text(axes, left - 0.15, y + 0.24, str(number), 10, color=GREY, ha="right")
        _draw_row(figure, axes, row, left, y, low_score)
        y += row.height + _GAP
        if number < len(shown):
            axes.plot([_MARGIN, right], [y - 0.55 * _GAP] * 2, color="#dddddd", linewidth=0.7)
    if footer:
        note = f"… and {len(rows) - len(shown)} more lines; max_lines={max_lines}"
        draw_text(axes, left, y + 0.05, note, 10, color=GREY)
    return figure


def _line_summary(rows: list[_Row], low_score: float) -> str:
    if not rows:
        return "No lines: the list of results is empty."
    low = sum(not row.score >= low_score for row in rows)
    parts = [f"{len(rows)} line{'s' * (len(rows) > 1)}"]
    judged = [row.distance for row in rows if row.distance is not None]
    if judged:
        wrong = sum(judged)
        parts.append(f"{sum(not distance for distance in judged)} of {len(judged)} exact")
        if wrong:
            parts.append(f"{wrong} character{'s' * (wrong > 1)} differ{'s' * (wrong == 1)} (boxed)")
    if spaced := sum(bool(row.as_read) for row in rows):
        parts.append(f"spaces restored in {spaced}")
    if low:
        parts.append(f"▼ {low} with a score below {low_score:g}")
    return "   ·   ".join(parts)


def _draw_row(figure: Figure, axes: Axes, row: _Row, left: float, y: float, low_score: float) -> None:
    right = _WIDTH - _MARGIN
    draw_image(figure, row.image_rgb, left, y, row.crop_wh[0])
    label = score_label(row.score, 3)
    draw_badge(axes, right, y + 0.19, label, score_color(row.score), 11)
    if not row.score >= low_score:
        draw_text(axes, right - 0.6, y + 0.25, "▼", 10, color=score_color(0), ha="right")
    y += row.crop_wh[1] + 0.8 * line_height(_TEXT_PT)
    blocks = [("read", row.text, "black"), ("expected", row.expected, "black")]
    if row.as_read:
        blocks[0] = ("restored", row.text, "black")
        blocks.insert(1, ("read", row.as_read, GREY))
    labelled = bool(row.expected or row.as_read)
    if row.text == [[]]:
        draw_text(axes, left + _LABEL_WIDTH * labelled, y, "(no text read)", _TEXT_PT, color=GREY)
    for label, lines, color in blocks:
        if labelled and lines:  # all texts start at the same place, so that the eye can compare them
            draw_text(axes, left, y, label, 9, color=GREY)
        for cells in lines:
            draw_cells(axes, left + _LABEL_WIDTH * labelled, y, cells, _TEXT_PT, color=color)
            y += line_height(_TEXT_PT)

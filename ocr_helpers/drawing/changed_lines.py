"""Lines that two settings on the same page read differently, as a figure: crop and text, before and after."""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocr_helpers.detection.frames import Comparison, DetectionFrame, Texts
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.drawing.comparison import NoComparisonError, looks_of
from ocr_helpers.figures import GREY, draw_image, new_figure
from ocr_helpers.figures.card_pictures import CutLines, ImageRGB
from ocr_helpers.figures.lettering import align, cells_of, draw_cells, draw_text, line_height, wrap
from ocr_helpers.scoring import match_boxes

__all__ = ["show_changed_lines"]

_WIDTH, _MARGIN, _GAP, _HEAD = 10.0, 0.2, 0.2, 0.3
_SIZE_PT = 9.0
_CROP_HEIGHT = 0.26


def show_changed_lines(tuning: DetectionTuning, *, max_lines: int = 12) -> Figure:
    """Draw the lines that are read differently since the look was pinned: crop and text before and after.

    With ground truth lines are those that truly stand on the page, and wrong characters are marked. Without,
    they are the boxes of the newest look, and those that were lost.

    Args:
        tuning: as for `show_comparison`; its lines must have been read (``tuning.wait()``).
        max_lines: of more lines only so many are drawn, those whose number of errors changed most first; the
            figure says how many are left out.

    Returns:
        A matplotlib Figure.

    Raises:
        NoComparisonError: nothing is pinned, or lines have not been read.

    """
    before, after, (_, _, changes) = looks_of(tuning)
    if tuning.state.reading or not tuning.state.recognize:
        raise NoComparisonError("Lines have not been read; call tuning.set_recognize(True), tuning.wait().")
    lines = _changed(tuning, before, after, changes)
    listed = sorted(sorted(lines, key=lambda line: -line.weight)[:max_lines], key=lambda line: line.place)
    column = (_WIDTH - 2 * _MARGIN - _GAP) / 2
    step = 2 * line_height(_SIZE_PT) + _CROP_HEIGHT + 0.16
    with matplotlib.style.context("default"):
        figure, axes = new_figure(_WIDTH, 2 * _MARGIN + 2 * _HEAD + max(0.1, step * len(listed)))
        draw_text(axes, _MARGIN, _MARGIN + 0.14, _summary(lines, len(listed)), 10, bold=True)
        y = _MARGIN + 2 * _HEAD
        for number, title in enumerate(("before", "after")):
            draw_text(axes, _MARGIN + number * (column + _GAP), y - 0.1, title, 9, bold=True, color=GREY)
        for line in listed:
            for number, read in enumerate((line.before, line.after)):
                x = _MARGIN + number * (column + _GAP)
                _draw_reading(figure, axes, read, line.expected, x, y, column)
            y += step
    return figure


class _Reading(NamedTuple):
    """A line as one look has it: its picture, what was read in it."""

    picture: ImageRGB
    text: str


class _Line(NamedTuple):
    place: int
    expected: str | None
    before: _Reading | None
    after: _Reading | None

    def errors(self, reading: _Reading | None) -> int:
        """Edits that make it the true text; all characters where it was not found."""
        expected = self.expected or ""
        return align("" if reading is None else reading.text, expected)[2]

    @property
    def weight(self) -> int:
        """How much the change matters."""
        if self.expected is None:
            texts = ["" if reading is None else reading.text for reading in (self.before, self.after)]
            return align(*texts)[2]
        return abs(self.errors(self.before) - self.errors(self.after))


def _changed(
    tuning: DetectionTuning, before: DetectionFrame, after: DetectionFrame, changes: Comparison
) -> list[_Line]:
    """Lines of which the two looks read something else, in the order of the truth or of reading."""
    truth, texts = tuning.truth_of(after.page_number), tuning.state.texts
    anchors: Sequence[Any] = [*after.quads_xy[after.reading_order], *changes.lost_xy]
    if truth is not None:
        anchors = list(truth.quads_xy)
    read = [_readings(look, anchors, texts) for look in (before, after)]
    lines = []
    for place in range(len(anchors)):
        first, second = read[0].get(place), read[1].get(place)
        if (first and first.text) != (second and second.text):
            lines.append(_Line(place, None if truth is None else truth.texts[place], first, second))
    return lines


def _readings(frame: DetectionFrame, anchors: Sequence[Any], texts: Texts) -> dict[int, _Reading]:
    cut = CutLines(frame.page_map.page_bgr, (), ())
    # As page_cer pairs them, so that the lines explain its figure.
    pairs = match_boxes(frame.quads_xy, anchors, 0.3)
    return {
        place: _Reading(
            cut.before_and_after(frame.quads_xy[box])[0],
            unicodedata.normalize("NFC", texts[frame.quads_xy[box].tobytes()][0]),
        )
        for box, place in pairs
    }


def _summary(lines: Sequence[_Line], listed: int) -> str:
    parts = [f"{len(lines)} line{'s' * (len(lines) != 1)} read differently"]
    known = [line for line in lines if line.expected is not None]
    if known:
        gains = [line.errors(line.before) - line.errors(line.after) for line in known]
        better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        parts.append(f"{better} better, {worse} worse, {len(gains) - better - worse} as wrong as before")
    if len(lines) > listed:
        parts.append(f"the {listed} with the largest change are shown")
    return "   ·   ".join(parts)


def _draw_reading(
    figure: Figure,
    axes: Axes,
    reading: _Reading | None,
    expected: str | None,
    x: float,
    y: float,
    width: float,
) -> None:
    baseline = y + _CROP_HEIGHT + 0.17
    if reading is not None:
        rows, columns = reading.picture.shape[:2]
        wide = min(width, _CROP_HEIGHT * columns / rows)
        draw_image(figure, reading.picture, x, y + (_CROP_HEIGHT - wide * rows / columns) / 2, wide)
    text = "" if reading is None else reading.text
    wrong, missed = (None, None) if expected is None else align(text, expected)[:2]
    if text:
        (cells,) = wrap(cells_of(text, wrong), width, _SIZE_PT, 1)
        draw_cells(axes, x, baseline, cells, _SIZE_PT)
    else:
        said = "(not found)" if reading is None else "(no text read)"
        draw_text(axes, x, baseline, said, _SIZE_PT, color=GREY)
    if expected is not None:
        baseline += line_height(_SIZE_PT)
        right = text == expected
        (cells,) = wrap(
            cells_of("right" if right else expected, None if right else missed), width - 0.4, 8.5, 1
        )
        if not right:
            draw_text(axes, x, baseline, "true:", 8.5, color=GREY)
            x += 0.4
        draw_cells(axes, x, baseline, cells, 8.5, color=GREY)

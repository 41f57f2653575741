"""Where a page, and the texts beside or below it, go in a figure."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.drawing.page_boxes import PageBoxes
from ocr_helpers.figures.lettering import Cell, line_height, text_width, wrap

__all__ = ["LEFT", "MARGIN", "NUMBER_WIDTH", "TOP", "Entry", "lay_out"]

WIDTH, LEAST_WIDTH, MARGIN = 10.0, 6.2, 0.2
LEFT, TOP = 0.42, 0.72  # of the page: room for the numbers of boxes at its edge, and for the legend
NUMBER_WIDTH, SCORE_WIDTH = 0.42, 0.55


class Entry(NamedTuple):
    """One row of the list: which box, where its number stands and its first baseline, its text as broken."""

    box: int
    x: float
    y: float
    width: float
    text: list[list[Cell]]


class PageLayout(NamedTuple):
    """Where everything goes, in inches."""

    page_width: float
    entries: list[Entry]
    size_pt: float
    width: float
    height: float


def lay_out(image_rgb: NDArray[np.uint8], boxes: PageBoxes, max_texts: int) -> PageLayout:
    """Texts go beside an upright page, then below it in columns; below only where the page is wide."""
    rows, columns = image_rgb.shape[:2]
    wide = columns > 1.7 * rows
    largest = WIDTH - LEFT - MARGIN if wide else 5.5
    scale = min(largest / columns, 8.6 / rows, 0.03)  # 0.03: three screen pixels for one of a small picture
    page_width, page_height = columns * scale, rows * scale
    texts = boxes.cells()
    listed = list(range(len(boxes.scores)))[:max_texts]
    column = 0.95 if texts is None else _text_column([texts[index] for index in listed])
    x = LEFT + page_width + 0.25
    room = min(WIDTH - MARGIN - x, column if texts else 5.3)
    beside = [] if wide else _columns(x, room, column)
    size_pt, entries, rest = 9.0, list[Entry](), listed
    if beside:
        tallest = 10.5
        for size_pt, room in ((10.0, page_height), (9.0, page_height), (8.0, page_height), (8.0, tallest)):
            entries, rest = _flow(listed, texts, beside, TOP, max(room, 3.0), size_pt)
            if not rest:
                break
        else:
            entries, rest = _flow(listed, texts, beside, TOP, page_height, size_pt)
    if rest:
        top = _bottom(entries, size_pt, TOP + page_height) + 0.2
        below = _columns(MARGIN, WIDTH - 2 * MARGIN, column if texts is None else 4.7)
        height, more, overflow = line_height(size_pt), list[Entry](), rest
        while overflow:  # as low as all columns together allow
            height += line_height(size_pt)
            more, overflow = _flow(rest, texts, below, top, height, size_pt)
        entries = entries + more
    bottom = _bottom(entries, size_pt, TOP + page_height)
    right = max([LEFT + page_width, *(entry.x + entry.width for entry in entries)])
    return PageLayout(page_width, entries, size_pt, max(LEAST_WIDTH, right + MARGIN), bottom + MARGIN)


def _text_column(texts: list[list[Cell]]) -> float:
    """Inches that the longest of the texts asks for, within 2 and 5.3."""
    longest = max((sum(text_width(cell.glyphs, 10.0) for cell in text) for text in texts), default=0.0)
    return float(np.clip(NUMBER_WIDTH + longest + 0.2 + SCORE_WIDTH, 2.0, 5.3))


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
) -> tuple[list[Entry], list[int]]:
    """Fill the columns one after another down to ``height``; return the entries, and what found no room."""
    entries: list[Entry] = []
    waiting = list(listed)
    step = line_height(size_pt)
    for x, width in columns:
        y = top + 0.75 * step
        while waiting:
            index = waiting[0]
            text: list[list[Cell]] = [[]]
            if texts is not None:
                text = wrap(texts[index], width - NUMBER_WIDTH - SCORE_WIDTH, size_pt, 2)
            if y + (len(text) - 1) * step > top + height:
                break
            entries.append(Entry(index, x, y, width, text))
            y += len(text) * step
            waiting.pop(0)
    return entries, waiting


def _bottom(entries: list[Entry], size_pt: float, least: float) -> float:
    step = line_height(size_pt)
    return max([least, *(entry.y + (len(entry.text) - 0.7) * step for entry in entries)])

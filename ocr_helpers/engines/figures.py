"""A comparison of engines as a figure: a row for each, a column of bars for each figure of the table."""

import math
from collections.abc import Callable
from typing import NamedTuple

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ocr_helpers.engines.outcomes import EngineComparison
from ocr_helpers.figures import GREY, new_figure
from ocr_helpers.figures.lettering import cells_of, draw_cells, draw_text, line_height, wrap

__all__ = ["draw_comparison"]

_WIDTH, _MARGIN, _NAME, _GAP = 10.6, 0.2, 1.45, 0.16
_ROW, _BAR, _SIZE_PT = 0.46, 0.16, 9.0
_COLOR, _BEST = "#9db4d0", "#1f4e8c"


class _Column(NamedTuple):
    key: str
    title: str
    low_is_good: bool
    form: Callable[[float], str]


_COLUMNS = (
    _Column("hmean", "boxes, H-mean", False, "{:.1%}".format),
    _Column("page_exact", "page lines exact", False, "{:.1%}".format),
    _Column("page_cer", "page CER", True, "{:.1%}".format),
    _Column("line_exact", "lines exact", False, "{:.1%}".format),
    _Column("line_cer", "line CER", True, "{:.1%}".format),
    _Column("s_per_page", "seconds a page", True, "{:.2f}".format),
    _Column("peak_mb", "peak memory, MB", True, "{:,.0f}".format),
)


def draw_comparison(comparison: EngineComparison) -> Figure:
    """Draw the table of a comparison; the best bar of each column is darker, its figure bold.

    Returns:
        A matplotlib Figure.

    """
    table = comparison.table
    columns = [column for column in _COLUMNS if table[column.key].notna().any()]
    with matplotlib.style.context("default"):
        notes = [f"{name}: {row['note']}" for name, row in table.iterrows() if row["note"]]
        lines = [wrap(cells_of(note), _WIDTH - 2 * _MARGIN, _SIZE_PT - 1, 3) for note in notes]
        foot = sum(len(block) for block in lines) * line_height(_SIZE_PT - 1) + 0.1 * bool(lines)
        top = _MARGIN + 0.62
        figure, axes = new_figure(_WIDTH, top + len(table) * _ROW + foot + _MARGIN)
        count = len(comparison.pages), len(comparison.lines)
        head = f"{count[0]} page{'s' * (count[0] != 1)}, {count[1]} line{'s' * (count[1] != 1)}"
        draw_text(axes, _MARGIN, _MARGIN + 0.14, head, 10, bold=True)
        width = (_WIDTH - 2 * _MARGIN - _NAME) / max(1, len(columns))
        for place, column in enumerate(columns):
            left = _MARGIN + _NAME + place * width
            draw_text(axes, left, top - 0.12, column.title, _SIZE_PT - 1, color=GREY)
            _draw_column(axes, column, [float(value) for value in table[column.key]], left, top, width - _GAP)
        for place, (name, row) in enumerate(table.iterrows()):
            y = top + place * _ROW
            draw_text(axes, _MARGIN, y + 0.2, str(name), _SIZE_PT, bold=True)
            if row["status"] != "measured":
                draw_text(axes, _MARGIN + _NAME, y + 0.2, f"{row['status']}: see below", _SIZE_PT, color=GREY)
        y = top + len(table) * _ROW + 0.1
        for block in lines:
            for cells in block:
                y += line_height(_SIZE_PT - 1)
                draw_cells(axes, _MARGIN, y - 0.06, cells, _SIZE_PT - 1, color=GREY)
    return figure


def _draw_column(
    axes: Axes, column: _Column, values: list[float], left: float, top: float, width: float
) -> None:
    known = [value for value in values if math.isfinite(value)]
    best = min(known) if column.low_is_good else max(known)
    longest = max(max(known), 1e-9)
    for place, value in enumerate(values):
        if not math.isfinite(value):
            continue
        y = top + place * _ROW
        draw_text(axes, left, y + 0.13, column.form(value), _SIZE_PT, bold=value == best)
        bar = Rectangle((left, y + 0.19), max(0.01, width * value / longest), _BAR)
        bar.set(facecolor=_BEST if value == best else _COLOR, edgecolor="none")
        axes.add_patch(bar)

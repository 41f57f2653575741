"""Scores of a sweep over two of its settings, as a heat map."""

from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import GREY, new_figure
from ocr_helpers.figures.lettering import cells_of, draw_cells, draw_text, line_height, wrap
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.sweep.grid import FIELDS
from ocr_helpers.sweep.tables import METRICS

if TYPE_CHECKING:
    from ocr_helpers.sweep.result import SweepResult

__all__ = ["NoMapError", "show_sweep"]

_MARGIN, _LEFT, _HEAD, _FOOT = 0.2, 0.75, 0.95, 1.0
_CELL_WH = 0.62, 0.32
_LEAST_WIDTH = 6.4
_MOST_CELLS = 14
_EMPTY = "#eeeeee"


class NoMapError(OcrHelpersError, ValueError):
    """The sweep has no page yet, or the two names are not two settings that it varied."""


def show_sweep(result: "SweepResult", x: str | None = None, y: str | None = None) -> Figure:
    """Draw the metric over two settings.

    A cell has the best mean over pages that was reached with its two values, whatever the other settings
    were. Of more than 14 values neighbours share a cell, whose label is their range.

    Args:
        result: of ``sweep_detection``.
        x: the setting across; the two that most values were tried of where None.
        y: the setting downwards.

    Returns:
        A matplotlib Figure. ``figure.axes[0]`` has inches as units. The cell of the settings to use is framed
        with a solid line, that of the default, where it is another, with a dashed one.

    Raises:
        NoMapError: the sweep has no page, or varied fewer than two settings, or not these.

    """
    x, y = _pair(result, x, y)
    columns, rows = _Bins(result, x), _Bins(result, y)
    grid = _best_values(result, columns, rows)
    width = max(_LEAST_WIDTH, _MARGIN + _LEFT + len(columns.labels) * _CELL_WH[0] + _MARGIN)
    height = _HEAD + len(rows.labels) * _CELL_WH[1] + _FOOT
    with matplotlib.style.context("default"):
        figure, axes = new_figure(width, height)
        _draw_head(axes, result, x, y, width)
        _draw_cells(axes, result, grid)
        _draw_labels(axes, columns, rows)
        frames = {(columns.place_of(one), rows.place_of(one)): one for one in (result.default, result.best)}
        for place, settings in frames.items():
            _frame(axes, *place, "-" if settings == result.best else "--")
        below = _HEAD + len(rows.labels) * _CELL_WH[1]
        draw_text(axes, _MARGIN + _LEFT, below + 0.43, x, 9, bold=True)
        known = (
            "solid frame: the default, to use" if len(frames) == 1 else "dashed: the default    solid: to use"
        )
        said = f"dark: better    number: best over the other settings    {known}"
        draw_text(axes, _MARGIN, below + 0.78, said, 8, color=GREY)
    return figure


class _Bins:
    """The values of one setting, neighbours together where there are many."""

    def __init__(self, result: "SweepResult", name: str) -> None:
        self.name = name
        values = list(dict.fromkeys(getattr(one, name) for one in result.settings))
        if not isinstance(values[0], str):
            values.sort()
        count = min(len(values), _MOST_CELLS)
        self._place = {value: number * count // len(values) for number, value in enumerate(values)}
        members: list[list[Any]] = [[] for _ in range(count)]
        for value, place in self._place.items():
            members[place].append(value)
        self.labels = [
            _short(each[0]) if len(each) == 1 else f"{_short(each[0])}–{_short(each[-1])}" for each in members
        ]

    def place_of(self, settings: DetectionSettings) -> int:
        return self._place[getattr(settings, self.name)]


def _pair(result: "SweepResult", x: str | None, y: str | None) -> tuple[str, str]:
    if not result.pages:
        raise NoMapError("The sweep has no finished page yet: there is nothing to draw.")
    counts = {name: len({getattr(one, name) for one in result.settings}) for name in FIELDS}
    varied = [name for name in FIELDS if counts[name] > 1]
    free = sorted((name for name in varied if name not in (x, y)), key=lambda name: -counts[name])
    names = [given if given is not None else free.pop(0) if free else None for given in (x, y)]
    first, second = names
    if first is None or second is None or first == second or not {first, second} <= set(varied):
        raise NoMapError(
            f"x is {x!r} and y is {y!r}; expected two of the settings that this sweep varied: "
            f"{', '.join(varied) or 'it varied none'}."
        )
    return first, second


def _best_values(result: "SweepResult", columns: _Bins, rows: _Bins) -> NDArray[np.float64]:
    """Float64 (rows, columns); nan where nothing was tried."""
    grid = np.full((len(rows.labels), len(columns.labels)), np.nan)
    better = np.fmin if METRICS[result.metric].lower_is_better else np.fmax
    for settings, mean in zip(result.settings, result.values.mean(axis=1), strict=True):
        place = rows.place_of(settings), columns.place_of(settings)
        grid[place] = better(grid[place], mean)
    return grid


def _draw_head(axes: Axes, result: "SweepResult", x: str, y: str, width: float) -> None:
    metric = METRICS[result.metric]
    draw_text(axes, _MARGIN, 0.3, f"{metric.label} over {x} and {y}", 11, bold=True)
    way = "lower is better" if metric.lower_is_better else "higher is better"
    state = "" if result.complete else "; INCOMPLETE: the sweep was stopped"
    said = f"{metric.meaning}; {way}; {len(result.settings)} settings, {len(result.pages)} pages{state}"
    for number, cells in enumerate(wrap(cells_of(said), width - 2 * _MARGIN, 8, 2)):
        draw_cells(axes, _MARGIN, 0.5 + number * line_height(8), cells, 8, color=GREY)
    draw_text(axes, _MARGIN, _HEAD - 0.08, y, 9, bold=True)


def _draw_cells(axes: Axes, result: "SweepResult", grid: NDArray[np.float64]) -> None:
    colors, scale = _colors(result.metric, grid)
    for row, values in enumerate(grid.tolist()):
        for column, value in enumerate(values):
            left, top = _corner(column, row)
            color = _EMPTY if np.isnan(value) else to_hex(colors(scale(value)))
            axes.add_patch(
                Rectangle((left, top), *_CELL_WH, facecolor=color, edgecolor="white", linewidth=0.6)
            )
            if not np.isnan(value):
                ink = "white" if _is_dark(color) else "black"
                draw_text(axes, left + 0.31, top + 0.21, f"{value:.3f}", 8, color=ink, ha="center")


def _colors(metric: str, grid: NDArray[np.float64]) -> tuple[Colormap, Normalize]:
    """Dark is good. One bad corner must not take all the colours: they end at the worse three quarters."""
    known = grid[~np.isnan(grid)]
    low_first = METRICS[metric].lower_is_better
    best = known.min() if low_first else known.max()
    worst = np.quantile(known, 0.75 if low_first else 0.25)
    if best == worst:
        worst = best + (1e-6 if low_first else -1e-6)
    low, high = sorted((float(best), float(worst)))
    return matplotlib.colormaps["viridis" if low_first else "viridis_r"], Normalize(low, high, clip=True)


def _draw_labels(axes: Axes, columns: _Bins, rows: _Bins) -> None:
    for row, label in enumerate(rows.labels):
        left, top = _corner(0, row)
        draw_text(axes, left - 0.08, top + 0.21, label, 8, ha="right")
    for column, label in enumerate(columns.labels):
        left, top = _corner(column, len(rows.labels))
        draw_text(axes, left + 0.31, top + 0.17, label, 7 if "–" in label else 8, ha="center")


def _frame(axes: Axes, column: int, row: int, style: str) -> None:
    left, top = _corner(column, row)
    # White below: the frame must be seen on dark cells and on light ones.
    for color, width, line in (("white", 3.2, "-"), ("black", 1.6, style)):
        patch = Rectangle((left + 0.02, top + 0.02), _CELL_WH[0] - 0.04, _CELL_WH[1] - 0.04, fill=False)
        patch.set(edgecolor=color, linewidth=width, linestyle=line)
        axes.add_patch(patch)


def _corner(column: int, row: int) -> tuple[float, float]:
    return _MARGIN + _LEFT + column * _CELL_WH[0], _HEAD + row * _CELL_WH[1]


def _is_dark(color: str) -> bool:
    red, green, blue = (int(color[n : n + 2], 16) for n in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"

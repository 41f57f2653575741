"""What figures of detection share: a part of the page, and boxes, outlines and probabilities drawn on it.

Colours and dashes are those of the widget ``DetectionTuner``, so that a picture and the widget read alike.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ocr_helpers.boxes import Candidate, Reason
from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.figures import as_rgb, draw_image, score_color
from ocr_helpers.figures.lettering import draw_text, text_width

__all__ = [
    "BEFORE",
    "CONTOUR",
    "GAINED",
    "GAP",
    "KEPT",
    "LOST",
    "MAP_OPACITY",
    "REJECTED",
    "REJECTED_WORDS",
    "Grid",
    "Region",
    "RegionError",
    "Style",
    "checked_region",
    "draw_before",
    "draw_contours",
    "draw_kept",
    "draw_legend",
    "draw_map",
    "draw_quads",
    "draw_region",
    "draw_rejected",
    "map_colormap",
    "touches",
]

Region: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of the page, in its pixels."""


class RegionError(OcrHelpersError, ValueError):
    """The part of the page to draw is not four whole numbers inside it."""


class Style(NamedTuple):
    """How a line is drawn: its colour, its dashes in points (none: solid), its width in points."""

    color: str
    dash: tuple[float, ...] = ()
    width: float = 1.0

    @property
    def linestyle(self) -> Any:
        """As matplotlib takes it."""
        return (0, self.dash) if self.dash else "-"


CONTOUR = Style("#008a3e", width=0.8)
BEFORE = Style("#0d0887", (2.2, 1.5), 0.8)
KEPT = Style(score_color(0.9))
GAINED = Style("#0b6bcb", width=1.8)
LOST = Style("#e06000", (4.0, 2.0), 1.8)
# too_small is so dark that nobody takes it for the contour it lies on, whichever colours they see.
REJECTED: dict[Reason, Style] = {
    "low_score": Style("#c1440e", (4.5, 2.5), 1.2),
    "too_small": Style("#500000", (1.5, 2.0), 1.2),
    "too_small_after_unclip": Style("#7a6200", (5.0, 2.0, 1.5, 2.0), 1.2),
    "beyond_limit": Style("#555555", (1.0, 3.0), 1.2),
}
REJECTED_WORDS: dict[Reason, str] = {
    "low_score": "low score",
    "too_small": "too small",
    "too_small_after_unclip": "still too small",
    "beyond_limit": "beyond limit",
}
MAP_OPACITY = 0.7
_LEAST_OUTLINE_PX = 8.0
GAP = 0.2
"""Inches between two panels."""
_MOST_HEIGHT, _MOST_PANEL_HEIGHT, _MOST_SCALE = 6.8, 8.6, 0.03
_MOST_COLUMNS, _LEAST_CELL = 4, 2.4


def checked_region(region: Any, page_bgr: NDArray[np.uint8]) -> Region:
    """Return the region as given, or the whole page where it is None.

    Raises:
        RegionError: not four whole numbers with left < right and top < bottom, all on the page.

    """
    height, width = page_bgr.shape[:2]
    if region is None:
        return 0, 0, width, height
    whole = isinstance(region, Sequence) and all(
        isinstance(value, int | np.integer) and not isinstance(value, bool) for value in region
    )
    if whole and len(region) == 4:
        left, top, right, bottom = map(int, region)
        if 0 <= left < right <= width and 0 <= top < bottom <= height:
            return left, top, right, bottom
    raise RegionError(
        f"region is {shown(region)}; expected (left, top, right, bottom) in whole pixels, left < right and "
        f"top < bottom, inside this page of {width} × {height}."
    )


def touches(found: Candidate, region: Sequence[float]) -> bool:
    """Whether a candidate lies at least partly inside (left, top, right, bottom)."""
    low, high = found.quad_before_xy.min(0), found.quad_before_xy.max(0)
    return bool(low[0] <= region[2] and high[0] >= region[0] and low[1] <= region[3] and high[1] >= region[1])


class Grid(NamedTuple):
    """Equal panels in rows, each with a head above it; lengths in inches."""

    columns: int
    rows: int
    cell: float
    width: float
    height: float
    head: float

    @classmethod
    def of(cls, count: int, region: Region, width: float, head: float) -> "Grid":
        """As few columns as keep ``count`` panels of one region on a screen: so each is as large as can be.

        Args:
            count: how many panels, 1 or more.
            region: what each of them shows.
            width: for all columns.
            head: above each panel.

        """
        across, down = region[2] - region[0], region[3] - region[1]
        most = min(count, _MOST_COLUMNS)
        for columns in [n for n in range(1, most) if count <= _MOST_COLUMNS and count % n == 0] + [most]:
            rows = -(-count // columns)
            cell = (width - GAP * (columns - 1)) / columns
            wide = min(cell, _MOST_SCALE * across)
            if rows * (wide * down / across + head) <= _MOST_HEIGHT:
                break
        wide = min(wide, _MOST_PANEL_HEIGHT * across / down)
        return cls(columns, rows, min(cell, max(wide, _LEAST_CELL)), wide, wide * down / across, head)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of all panels and heads together."""
        return self.columns * (self.cell + GAP) - GAP, self.rows * (self.height + self.head)

    def place(self, number: int) -> tuple[float, float]:
        """Where the top left corner of a panel is, from that of the grid."""
        row, column = divmod(number, self.columns)
        return column * (self.cell + GAP), self.head + row * (self.height + self.head)


def draw_region(
    figure: Figure, page_bgr: NDArray[np.uint8], region: Region, x: float, y: float, width: float
) -> Axes:
    """Draw a part of the page with its top left corner at (x, y) inches; its axes have the page's pixels."""
    left, top, right, bottom = region
    axes = draw_image(figure, as_rgb(page_bgr[top:bottom, left:right], "page_bgr"), x, y, width)
    axes.images[0].set_extent((left, right, bottom, top))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    return axes


def map_colormap() -> Colormap:
    """Probabilities 0 … 1 as nothing at all, yellow, green; opaque from 0.5 on."""
    stops = ["#fde725", "#98d83e", "#50c46a", "#22a884"]
    colors = [to_rgba(color, min(1.0, 2 * n / 3)) for n, color in enumerate(stops)]
    return LinearSegmentedColormap.from_list("ocr_probability", colors)


def draw_map(axes: Axes, probabilities: NDArray[np.float32], size_wh: tuple[int, int]) -> None:
    """Lay the probability map over axes of `draw_region`; ``size_wh`` is the size of the whole page."""
    limits = axes.get_xlim(), axes.get_ylim()
    extent = (0, size_wh[0], size_wh[1], 0)
    options: dict[str, Any] = {"cmap": map_colormap(), "alpha": MAP_OPACITY, "aspect": "auto"}
    axes.imshow(probabilities, vmin=0, vmax=1, extent=extent, interpolation="antialiased", **options)
    axes.set(xlim=limits[0], ylim=limits[1])


def draw_contours(axes: Axes, outlines: Iterable[NDArray[np.float32]]) -> None:
    """Draw the outlines of the areas above a threshold."""
    draw_quads(axes, outlines, CONTOUR)


def draw_before(axes: Axes, candidates: Iterable[Candidate]) -> None:
    """Draw the boxes that are kept as they are before they are widened."""
    draw_quads(axes, (found.quad_before_xy for found in candidates if found.kept), BEFORE)


def draw_kept(axes: Axes, candidates: Iterable[Candidate]) -> None:
    """Draw the boxes, coloured by score."""
    kept = [(found.quad_xy, score_color(found.score or 0.0)) for found in candidates if found.kept]
    boxes = PolyCollection([quad for quad, _ in kept if quad is not None], linewidths=KEPT.width)
    boxes.set_edgecolor([color for _, color in kept])
    boxes.set_facecolor([to_rgba(color, 0.08) for _, color in kept])
    axes.add_collection(boxes, autolim=False)


def draw_rejected(axes: Axes, candidates: Iterable[Candidate]) -> None:
    """Draw rejected candidates dashed, in a colour for each reason; tiny ones larger than they are."""
    rejected = [found for found in candidates if not found.kept]
    for reason, style in REJECTED.items():
        draw_quads(
            axes, (_visible(found.quad_before_xy) for found in rejected if found.reason == reason), style
        )


def draw_quads(axes: Axes, quads_xy: Iterable[NDArray[Any]], style: Style) -> None:
    """Draw outlines, each (N, 2) in pixels of the page."""
    # One collection, as a page with a drawing on it has thousands of them.
    outlines = PolyCollection(
        list(quads_xy), facecolors="none", edgecolors=style.color, linewidths=style.width
    )
    outlines.set_linestyle(style.linestyle)
    axes.add_collection(outlines, autolim=False)


def draw_legend(axes: Axes, x: float, y: float, entries: Sequence[tuple[Style, str]]) -> None:
    """Write what the lines mean: a sample and a word for each, side by side from (x, y) inches."""
    for style, word in entries:
        line = Line2D((x, x + 0.3), (y - 0.04, y - 0.04), color=style.color, linewidth=max(1.2, style.width))
        line.set_linestyle(style.linestyle)
        axes.add_line(line)
        draw_text(axes, x + 0.36, y, word, 8, color="#444444")
        x += 0.36 + text_width(word, 8) + 0.25


def _visible(quad_xy: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = quad_xy.min(0), quad_xy.max(0)
    if math.hypot(*(high - low)) >= _LEAST_OUTLINE_PX:
        return quad_xy
    half = _LEAST_OUTLINE_PX / 2
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]], np.float32)
    return np.asarray((low + high) / 2 + corners, np.float32)

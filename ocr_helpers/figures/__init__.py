"""What the figures of this package share: a Figure that shows itself, pictures in it, colours for scores."""

import io
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import NDArray
from PIL import Image

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures.lettering import DRAWING_RC, draw_text, text_width

__all__ = [
    "GREY",
    "LEGEND_WIDTH",
    "LOWEST_COLOURED_SCORE",
    "OcrFigure",
    "PageImageError",
    "UnknownOrderError",
    "UnknownResultError",
    "as_rgb",
    "draw_badge",
    "draw_image",
    "draw_score_legend",
    "new_figure",
    "require_keys",
    "score_color",
    "score_colormap",
    "score_label",
]

GREY = "#666666"
"""For what is said about a picture, as against what stands in it."""

LEGEND_WIDTH = 3.6
"""Inches that :func:`draw_score_legend` takes."""

LOWEST_COLOURED_SCORE = 0.5
"""Scores from here to 1 share out the colours; everything below has the colour of this one."""

_DPI = 160
_IMAGE_DPI = 240  # more than the figure's own, so that savefig(dpi=300) still looks well
_CSS_PIXELS_PER_INCH = 100


class UnknownOrderError(OcrHelpersError, ValueError):
    """An order of lines that is neither PaddleOCR's nor the reader's."""


class UnknownResultError(OcrHelpersError):
    """What was given is not a result of the kind this figure draws."""


class PageImageError(OcrHelpersError):
    """The picture to draw is absent, not an image, or not the one the boxes were found on."""


class OcrFigure(Figure):
    """A matplotlib Figure made without pyplot that a notebook shows as one sharp picture on white.

    A bare Figure has no picture in a notebook until pyplot is imported, and one made by pyplot is shown a
    second time when it is also the value of the cell. This one is not known to pyplot and displays itself: as
    PNG with more pixels than CSS pixels, so that it is not blurred on dense screens.
    """

    def _ipython_display_(self) -> None:
        from IPython.display import publish_display_data

        buffer = io.BytesIO()
        # The user's rcParams may crop or rescale what is saved; the picture in the cell stays as designed.
        with matplotlib.style.context("default"):
            self.savefig(buffer, format="png", dpi="figure")
        width_px = round(self.get_figwidth() * _CSS_PIXELS_PER_INCH)
        publish: Any = publish_display_data
        publish(
            {"image/png": b64encode(buffer.getvalue()).decode("ascii"), "text/plain": repr(self)},
            metadata={"image/png": {"width": width_px}},
        )

    def draw(self, renderer: Any) -> None:
        """As matplotlib's, under the settings its text was measured with."""
        with matplotlib.rc_context(DRAWING_RC):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """As matplotlib's, but on white under a dark style too, unless ``facecolor`` is given."""
        super().savefig(fname, **{"facecolor": self.get_facecolor(), **options})


def new_figure(width: float, height: float) -> tuple[OcrFigure, Axes]:
    """A white figure of that many inches, and axes over all of it: inches from its top left corner, y down.

    Call it, and all drawing into it, inside ``matplotlib.style.context("default")``: artists take the user's
    rcParams when they are made, and a dark style would write white on white.
    """
    figure = OcrFigure(figsize=(width, height), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    axes.set_zorder(1)  # its letters lie over the pictures, which have axes of their own
    return figure, axes


def require_keys(result: Any, names: Sequence[str], what: str) -> None:
    """Refuse, with :class:`UnknownResultError`, whatever is not a mapping with these keys."""
    if not isinstance(result, Mapping):
        raise UnknownResultError(f"Expected {what}, got {type(result).__name__}.")
    if missing := [name for name in names if name not in result]:
        raise UnknownResultError(f"Expected {what}: no {', '.join(missing)} among its keys {sorted(result)}.")


def score_label(score: float, digits: int) -> str:
    """Rounded down: 0.9996 must not look like certainty."""
    return f"{math.floor(score * 10**digits) / 10**digits:.{digits}f}" if math.isfinite(score) else "none"


def as_rgb(image: Any, name: str) -> NDArray[np.uint8]:
    """A uint8 (H, W, 3) RGB copy of an image as PaddleOCR keeps it: BGR, BGRA or grey.

    Raises:
        PageImageError: ``image`` (called ``name`` in the message) is no such array, or has no pixels.

    """
    array = np.asarray(image)
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if array.dtype != np.uint8 or channels not in (1, 3, 4) or array.size == 0:
        raise PageImageError(
            f"{name} is {type(image).__name__} with shape {array.shape} and dtype {array.dtype}; "
            "expected a uint8 array of shape (height, width, 3) in BGR order, or (height, width) grey."
        )
    if channels == 1:
        return np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(array[:, :, 2::-1])


def draw_image(figure: Figure, image_rgb: NDArray[np.uint8], x: float, y: float, width: float) -> Axes:
    """Place an image with its top left corner at (x, y) inches; return its axes, whose units are its pixels.

    An image with far more pixels than the place can show is reduced first: faster, and free of moiré.
    """
    figure_width, figure_height = figure.get_size_inches()
    rows, columns = image_rgb.shape[:2]
    height = width * rows / columns
    place = np.array([x, figure_height - y - height, width, height]) / np.tile(
        [figure_width, figure_height], 2
    )
    axes = figure.add_axes(tuple(place))
    shown = Image.fromarray(image_rgb)
    most_columns = max(1, round(width * _IMAGE_DPI))
    if columns > most_columns:
        shown = shown.resize((most_columns, max(1, round(height * _IMAGE_DPI))), Image.Resampling.BOX)
    # A corner of the page is (0, 0), as in the boxes' coordinates, not the middle of its first pixel.
    axes.imshow(np.asarray(shown), extent=(0, columns, rows, 0), aspect="auto")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color="#bbbbbb", linewidth=0.6)
    return axes


@lru_cache(maxsize=1)
def score_colormap() -> Colormap:
    """Scores 0.5 … 1 as pink … dark blue: half of matplotlib's plasma, whose lightness runs one way.

    So the order survives colour blindness and grey printing, and every colour has a contrast of 4 or more on
    white (the yellow half has not).
    """
    plasma = matplotlib.colormaps["plasma"]
    return ListedColormap(plasma(np.linspace(0.5, 0.0, 256)), name="ocr_score")


def score_color(score: float) -> str:
    """Colour of a score as ``#rrggbb``; below `LOWEST_COLOURED_SCORE` (and for NaN) the lowest colour."""
    share = (score - LOWEST_COLOURED_SCORE) / (1 - LOWEST_COLOURED_SCORE)
    return to_hex(score_colormap()(min(1.0, share) if share > 0 else 0.0))


def draw_badge(axes: Axes, x: float, y: float, label: str, color: str, size_pt: float) -> None:
    """White bold ``label`` on a rounded patch of ``color``: its right edge at ``x``, its middle at ``y``."""
    em = size_pt / 72
    width = text_width(label, size_pt, True) + 0.6 * em
    patch = FancyBboxPatch((x - width, y - 0.65 * em), width, 1.3 * em)
    patch.set_boxstyle("round", pad=0, rounding_size=0.3 * em)
    patch.set(facecolor=color, edgecolor="white", linewidth=0.5)
    axes.add_patch(patch)
    draw_text(axes, x - 0.3 * em, y + 0.36 * em, label, size_pt, bold=True, color="white", ha="right")


def draw_score_legend(axes: Axes, right: float, y: float, low_score: float) -> None:
    """A colour bar that ends at ``right``, its ticks below it, and what marks a score below ``low_score``."""
    width, height = 1.7, 0.11
    left = right - width
    gradient = np.linspace(0, 1, 256)[np.newaxis]
    axes.imshow(gradient, cmap=score_colormap(), extent=(left, right, y + height, y), aspect="auto")
    for tick in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        x = left + width * (tick - LOWEST_COLOURED_SCORE) / (1 - LOWEST_COLOURED_SCORE)
        label = f"≤ {tick:.1f}" if tick == LOWEST_COLOURED_SCORE else f"{tick:.1f}"
        draw_text(axes, x, y + height + 0.13, label, 7, color="#444444", ha="center")
    draw_text(
        axes, left - 0.15, y + 0.11, f"▼ score below {low_score:g}     score", 8, color="#444444", ha="right"
    )

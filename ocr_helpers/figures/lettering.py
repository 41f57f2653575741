"""Text set inside a figure: measured, wrapped, differences marked, never as tofu or as mathematics.

Positions and widths are in inches; sizes in points (1/72 inch). Axes given here have inches as data units.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, NamedTuple, cast

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from ocr_helpers.fonts import characters_without_glyph, register_hangul_font

__all__ = [
    "DRAWING_RC",
    "Cell",
    "align",
    "cells_of",
    "draw_cells",
    "draw_text",
    "font",
    "line_height",
    "text_width",
    "wrap",
]

MARK_FILL = "#ffd9a0"
MARK_EDGE = "#b34700"

DRAWING_RC: dict[Any, Any] = {"text.hinting": "no_hinting"}
"""rcParams to draw and measure under: at small sizes hinting drops thin strokes (the shaft of →)."""

_MEASURE_DPI = 160


class Cell(NamedTuple):
    """One character of a text as it is drawn: its glyphs (several for a stand-in), and its mark."""

    glyphs: str
    marked: bool = False


def font(size_pt: float, *, bold: bool = False, latin_first: bool = False) -> FontProperties:
    """The Hangul font with its fallbacks, or the Latin one first, at ``size_pt`` points."""
    families = list(register_hangul_font())[:: -1 if latin_first else 1]
    return FontProperties(family=families, size=size_pt, weight="bold" if bold else "normal")


def line_height(size_pt: float) -> float:
    """Inches from one baseline to the next; NanumGothic needs about 1.15 em, the rest is air."""
    return size_pt * 1.5 / 72


def cells_of(text: str, marked: Sequence[bool] | None = None) -> list[Cell]:
    """One cell per character of ``text``; what no font can draw stands as its code point: ``[U+3005]``.

    ``marked`` has one flag per character; a marked space is drawn as ``␣`` so that it can be seen.
    """
    flags = [False] * len(text) if marked is None else marked
    cells = []
    for character, flag in zip(text, flags, strict=True):
        invisible = unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
        if invisible or characters_without_glyph(character):
            cells.append(Cell(f"[U+{ord(character):04X}]", flag))
        else:
            cells.append(Cell("␣" if flag and character.isspace() else character, flag))
    return cells


def align(got: str, expected: str) -> tuple[list[bool], list[bool], int]:
    """Which characters of each text differ from the other in one shortest edit, and its length.

    Levenshtein distance with unit costs; ties prefer a substitution. Both texts should be NFC.
    """
    rows, columns = len(got), len(expected)
    cost = [[i + j if i == 0 or j == 0 else 0 for j in range(columns + 1)] for i in range(rows + 1)]
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            substitute = cost[i - 1][j - 1] + (got[i - 1] != expected[j - 1])
            cost[i][j] = min(substitute, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    got_differs, expected_differs = [False] * rows, [False] * columns
    i, j = rows, columns
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (got[i - 1] != expected[j - 1]):
            i, j = i - 1, j - 1
            got_differs[i] = expected_differs[j] = got[i] != expected[j]
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            got_differs[i] = True
        else:
            j -= 1
            expected_differs[j] = True
    return got_differs, expected_differs, cost[rows][columns]


def _wants_latin(glyphs: str) -> bool:
    # Korean fonts draw the backslash as a won sign; in what was read, the two must look different.
    return "\\" in glyphs


@lru_cache(maxsize=20_000)
def text_width(glyphs: str, size_pt: float, bold: bool = False) -> float:
    """Width in inches, as Agg will draw it (kerning included)."""
    properties = font(size_pt, bold=bold, latin_first=_wants_latin(glyphs))
    with matplotlib.rc_context(DRAWING_RC):
        width_px, _, _ = _measuring_renderer().get_text_width_height_descent(glyphs, properties, False)
    return float(width_px) / _MEASURE_DPI


@lru_cache(maxsize=1)
def _measuring_renderer() -> Any:
    return cast(Any, RendererAgg)(8, 8, _MEASURE_DPI)


def wrap(cells: Sequence[Cell], width: float, size_pt: float, max_lines: int) -> list[list[Cell]]:
    """Break cells into at most ``max_lines`` lines of at most ``width`` inches, at spaces where it can.

    What does not fit any more is replaced by ``…``. At least one line comes back; it may be empty.
    """
    lines: list[list[Cell]] = []
    rest = list(cells)
    while len(rest) > (fit := _fitting(rest, width, size_pt)):
        if len(lines) == max_lines - 1:
            room = width - text_width("…", size_pt)
            return [*lines, [*rest[: max(0, _fitting(rest, room, size_pt))], Cell("…")]]
        cut = max(1, fit)
        if cut == len(rest):  # a single character wider than the line
            break
        spaces = [k + 1 for k in range(cut // 2, cut) if rest[k].glyphs in (" ", "␣")]
        if rest[cut].glyphs == " ":
            spaces.append(cut + 1)  # a space may hang over the edge: it leaves no ink
        cut = spaces[-1] if spaces else cut
        lines.append(rest[:cut])
        rest = rest[cut:]
    return [*lines, rest] if rest or not lines else lines


def _fitting(cells: Iterable[Cell], width: float, size_pt: float) -> int:
    """How many leading cells fit; summing single widths ignores kerning, which errs on the safe side."""
    used, count = 0.0, 0
    for count, cell in enumerate(cells, start=1):
        used += text_width(cell.glyphs, size_pt)
        if used > width:
            return count - 1
    return count


def draw_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size_pt: float,
    *,
    bold: bool = False,
    color: str = "black",
    ha: Literal["left", "center", "right"] = "left",
) -> None:
    """Draw ``text`` literally (``$``, ``_`` and ``\\`` mean nothing) with its baseline at ``y``."""
    properties = font(size_pt, bold=bold, latin_first=_wants_latin(text))
    axes.text(x, y, text, fontproperties=properties, color=color, ha=ha, va="baseline", parse_math=False)


def draw_cells(
    axes: Axes, x: float, y: float, line: Sequence[Cell], size_pt: float, *, color: str = "black"
) -> None:
    """Draw one line of cells from ``x``; runs of marked cells get a box, so colour is not their only cue."""
    em = size_pt / 72
    for (marked, _), group in groupby(line, key=lambda cell: (cell.marked, _wants_latin(cell.glyphs))):
        run = "".join(cell.glyphs for cell in group)
        width = text_width(run, size_pt)
        if marked:
            box = Rectangle((x, y + 0.28 * em), width, -1.22 * em, linewidth=0.8)
            box.set(facecolor=MARK_FILL, edgecolor=MARK_EDGE)
            axes.add_patch(box)
        draw_text(axes, x, y, run, size_pt, color=color)
        x += width

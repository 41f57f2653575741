"""A staged run as a figure: what each of the five modules did to the page, how long it took."""

from typing import TYPE_CHECKING, Any, Final

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from ocr_helpers.figures import GREY, draw_badge, draw_image, new_figure, score_color, score_label
from ocr_helpers.figures.card_pictures import ImageRGB
from ocr_helpers.figures.lettering import cells_of, draw_cells, draw_text, line_height, text_width, wrap
from ocr_helpers.module_toggles.cards import ModuleCard, cards_of, duration

if TYPE_CHECKING:
    from ocr_helpers.stages.result import StagedResult

__all__ = ["show_stages"]

_WIDTH, _MARGIN, _GAP, _PAD = 10.0, 0.2, 0.15, 0.12
_CARD: Final = (_WIDTH - 2 * _MARGIN - 2 * _GAP) / 3
_HEAD, _CAPTION, _FOOT = 0.62, 0.2, 0.42
_PICTURES, _LINES = 2.15, 3.1  # heights of what stands in a card of the first row, and of the second
_TEXT_PT, _SMALL_PT = 9.0, 8.0
_LONGEST_PX = 520  # what a picture of that height needs at the figure's own resolution


def show_stages(result: "StagedResult") -> Figure:
    """Draw the five modules of one run: pictures before and after each, its time, what it decided.

    It shows what the widget ``ModuleToggles`` shows, and stays in a saved notebook, where widgets do not.

    Args:
        result: what ``StagedPipeline.run`` returned (or ``ModuleToggles.result``); it is not changed.

    Returns:
        A matplotlib Figure; as the last value of a cell it shows itself.

    Raises:
        ocr_helpers.figures.UnknownResultError: another result, which does not carry its steps.

    """
    cards = cards_of(result, longest_px=_LONGEST_PX)
    row, second = _HEAD + _PICTURES + _CAPTION + _FOOT, _HEAD + _LINES + _FOOT
    with matplotlib.style.context("default"):
        figure, axes = new_figure(_WIDTH, 2 * _MARGIN + 0.32 + row + _GAP + second)
        lines = len(result["rec_texts"])
        summary = f"{duration(result.milliseconds)} in all   ·   {lines} line{'s' * (lines != 1)}"
        draw_text(axes, _MARGIN, _MARGIN + 0.14, summary, 10, bold=True)
        top = _MARGIN + 0.32
        for index, card in enumerate(cards[:3]):
            x = _MARGIN + index * (_CARD + _GAP)
            _draw_frame(axes, card, index + 1, x, top, _CARD, row)
            _draw_pages(figure, axes, card, x + _PAD, top + _HEAD)
        top += row + _GAP
        for index, (card, x, width) in enumerate(
            [(cards[3], _MARGIN, _CARD), (cards[4], _MARGIN + _CARD + _GAP, 2 * _CARD + _GAP)]
        ):
            _draw_frame(axes, card, index + 4, x, top, width, second)
            if card.fixed:
                _draw_texts(figure, axes, card, x + _PAD, top + _HEAD, width - 2 * _PAD)
            else:
                _draw_turns(figure, axes, card, x + _PAD, top + _HEAD)
    return figure


def _draw_frame(
    axes: Axes, card: ModuleCard, number: int, x: float, y: float, width: float, height: float
) -> None:
    """A card's border, its title, switch, time and decision."""
    patch = FancyBboxPatch((x, y), width, height)
    patch.set_boxstyle("round", pad=0, rounding_size=0.05)
    patch.set(facecolor="none", edgecolor="#bbbbbb", linewidth=0.8)
    axes.add_patch(patch)
    right = x + width - _PAD
    draw_text(axes, x + _PAD, y + 0.24, f"{number}  {card.title}", 10, bold=True)
    state = "always on" if card.fixed else "on" if card.on else "off"
    draw_badge(axes, right, y + 0.2, state, "#1f5a8a" if card.on else "#767676", 8)
    if card.on:
        draw_text(axes, x + _PAD, y + 0.48, f"{duration(card.milliseconds)}, {card.source}", 9, color=GREY)
    for n, cells in enumerate(wrap(cells_of(card.decision), width - 2 * _PAD, 9, 2)):
        draw_cells(axes, x + _PAD, y + height - _FOOT + 0.16 + n * line_height(8.5), cells, 9)


def _draw_pages(figure: Figure, axes: Axes, card: ModuleCard, x: float, y: float) -> None:
    place = (_CARD - 2 * _PAD - 0.1) / 2
    pictures: tuple[tuple[str, ImageRGB | None], ...] = (
        ("before", card.before_rgb),
        ("after", card.after_rgb),
    )
    for caption, picture in pictures:
        middle = x + place / 2
        if picture is None:
            frame = FancyBboxPatch((x, y), place, _PICTURES)
            frame.set_boxstyle("square", pad=0)
            frame.set(facecolor="none", edgecolor="#bbbbbb", linewidth=0.8, linestyle=(0, (4, 3)))
            axes.add_patch(frame)
            draw_text(axes, middle, y + _PICTURES / 2, "off", 9, color=GREY, ha="center")
        else:
            rows, columns = picture.shape[:2]
            width = min(place, _PICTURES * columns / rows)
            height = width * rows / columns
            draw_image(figure, picture, middle - width / 2, y + (_PICTURES - height) / 2, width)
        draw_text(axes, middle, y + _PICTURES + 0.15, caption, _SMALL_PT, color=GREY, ha="center")
        x += place + 0.1


def _draw_turns(figure: Figure, axes: Axes, card: ModuleCard, x: float, y: float) -> None:
    """Turned lines, each above what became of it."""
    width = _CARD - 2 * _PAD
    if not card.lines:
        text = "no line to show" if card.on else "off"
        draw_text(axes, x + width / 2, y + _LINES / 2, text, 9, color=GREY, ha="center")
    shown = card.lines[: int((_LINES - 0.2) / 0.56)]
    for line in shown:
        for caption, picture in (("before", line.before_rgb), ("after", line.after_rgb)):
            draw_text(axes, x, y + 0.14, caption, _SMALL_PT, color=GREY)
            draw_image(figure, picture, x + 0.45, y, _fitting(picture, width - 0.45, 0.2))
            y += 0.23
        y += 0.1
    _draw_more(axes, x, y, len(card.lines) - len(shown) + card.lines_left_out)


def _draw_texts(figure: Figure, axes: Axes, card: ModuleCard, x: float, y: float, width: float) -> None:
    """Lines read, each as crop, score and text, in two columns."""
    column, step = (width - 0.2) / 2, 0.48
    deep = int((_LINES - 0.2) / step)
    shown = card.lines[: 2 * deep]
    if not shown:
        draw_text(axes, x + width / 2, y + _LINES / 2, "no line to show", 9, color=GREY, ha="center")
    for index, line in enumerate(shown):
        left = x + index // deep * (column + 0.2)
        top = y + index % deep * step
        draw_image(figure, line.after_rgb, left, top, _fitting(line.after_rgb, column, 0.2))
        score = line.score or 0.0
        label = score_label(score, 2)
        badge = text_width(label, _SMALL_PT, True) + 0.6 * _SMALL_PT / 72
        draw_badge(axes, left + badge, top + 0.31, label, score_color(score), _SMALL_PT)
        texts = left + badge + 0.07
        if not line.text:
            draw_text(axes, texts, top + 0.35, "(no text read)", _TEXT_PT, color=GREY)
            continue
        (cells,) = wrap(cells_of(line.text), column - badge - 0.07, _TEXT_PT, 1)
        draw_cells(axes, texts, top + 0.35, cells, _TEXT_PT)
    _draw_more(axes, x, y + deep * step, len(card.lines) - len(shown) + card.lines_left_out)


def _draw_more(axes: Axes, x: float, y: float, count: int) -> None:
    if count:
        draw_text(axes, x, y + 0.13, f"… and {count} more", _SMALL_PT, color=GREY)


def _fitting(picture: Any, width: float, height: float) -> float:
    """Width in inches at which a picture is no wider and no higher than that."""
    rows, columns = picture.shape[:2]
    return float(min(width, height * columns / rows))

"""What each of the five modules did in a run: its decision in words, its time, its pictures.

The widget ``ModuleToggles`` and the figure of ``show_stages`` show the same cards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ocr_helpers.figures import UnknownResultError
from ocr_helpers.figures.card_pictures import CutLines, ImageRGB, ReducedPages
from ocr_helpers.settings.pipeline import TOGGLES

if TYPE_CHECKING:
    from ocr_helpers.stages.result import StagedResult, StepReport, TextLine

__all__ = [
    "MODULE_OF_STEP",
    "STEPS_OF_MODULE",
    "TITLES",
    "CardLine",
    "ModuleCard",
    "cards_of",
    "duration",
]

Source = Literal["off", "computed", "partly remembered", "remembered", "nothing to do"]

TITLES: Final = {
    "doc_orientation": "Document orientation",
    "unwarping": "Unwarping",
    "text_detection": "Text detection",
    "textline_orientation": "Line orientation",
    "text_recognition": "Text recognition",
}
"""Module → its name for people, in the order in which a page passes the modules."""

STEPS_OF_MODULE: Final = {
    "doc_orientation": ("doc_orientation",),
    "unwarping": ("unwarping",),
    "text_detection": ("detection_network", "detection_boxes"),
    "textline_orientation": ("textline_orientation",),
    "text_recognition": ("crops", "text_recognition"),
}
"""Module → the steps of ``StagedResult.steps`` that belong to it."""

MODULE_OF_STEP: Final = {step: module for module, steps in STEPS_OF_MODULE.items() for step in steps}


@dataclass(frozen=True, slots=True, eq=False)
class CardLine:
    """A text line: the crop as it was cut out and as it was read, each uint8 (H, W, 3) RGB, H at most 32.

    ``text`` and ``score`` (0…1) are what was read; both are None on the card of the line orientation.
    """

    before_rgb: ImageRGB
    after_rgb: ImageRGB
    text: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ModuleCard:
    """One module's part in a run.

    Attributes:
        module: its name, one of ``ocr_helpers.models.names.MODULES``.
        on: whether it ran; detection and recognition always do.
        source: where its output came from; ``"nothing to do"`` where there were no lines.
        milliseconds: wall time of its steps in this run.
        decision: what it decided, in words.
        before_rgb, after_rgb: the page before and after it, reduced, uint8 (H, W, 3) RGB; ``after_rgb`` is
            None where the module is off, both are None where `lines` say more.
        lines: lines turned, or lines read in reading order; only the first ones.
        lines_left_out: how many more there are.

    """

    module: str
    on: bool
    source: Source
    milliseconds: float
    decision: str
    before_rgb: ImageRGB | None = None
    after_rgb: ImageRGB | None = None
    lines: tuple[CardLine, ...] = ()
    lines_left_out: int = 0

    @property
    def title(self) -> str:
        """The module's name for people."""
        return TITLES[self.module]

    @property
    def fixed(self) -> bool:
        """Whether the module cannot be switched off."""
        return self.module not in TOGGLES


def cards_of(
    result: "StagedResult", *, longest_px: int = 360, most_lines: int = 40, most_turned: int = 6
) -> tuple[ModuleCard, ...]:
    """The five cards of a run, in the order in which a page passes the modules.

    Args:
        result: what ``StagedPipeline.run`` returned; it is not changed.
        longest_px: length of the longer side of the page pictures, at most.
        most_lines: lines on the card of the recognition, at most.
        most_turned: lines on the card of the line orientation, at most.

    Raises:
        ocr_helpers.figures.UnknownResultError: the result does not carry its steps.

    """
    if not hasattr(result, "steps") or not hasattr(result, "turned_bgr"):
        raise UnknownResultError(
            f"Expected the StagedResult that StagedPipeline.run returns, got {type(result).__name__}: only "
            "that one knows what each module did."
        )
    pictures = ReducedPages(longest_px)
    original, turned, page = result.original_bgr, result.turned_bgr, result.page_bgr
    steps = result.steps
    quads = result["dt_polys"]
    turns: Sequence[int] = result.get("textline_orientation_angles", ())
    cuts = CutLines(page, quads, turns)
    upside_down = [quad for quad, turn in zip(quads, turns, strict=False) if turn == 1]
    lines = result.lines()

    def card(module: str, decide: Callable[[], str], **shown: Any) -> ModuleCard:
        parts = [steps[name] for name in STEPS_OF_MODULE[module]]
        on = all(part.on for part in parts)
        return ModuleCard(
            module,
            on,
            _source(parts),
            sum(part.milliseconds for part in parts),
            decide() if on else _OFF[module],
            **{name: value for name, value in shown.items() if on or name != "after_rgb"},
        )

    return (
        card(
            "doc_orientation",
            lambda: _angle(steps["doc_orientation"]),
            before_rgb=pictures.page(original),
            after_rgb=pictures.page(turned),
        ),
        card(
            "unwarping",
            lambda: "flat already: page unchanged" if np.array_equal(turned, page) else "page flattened",
            before_rgb=pictures.page(turned),
            after_rgb=pictures.page(page),
        ),
        card(
            "text_detection",
            lambda: _boxes(steps),
            before_rgb=pictures.page(page),
            after_rgb=pictures.with_boxes(page, quads),
        ),
        card(
            "textline_orientation",
            lambda: _turned_lines(steps["textline_orientation"]),
            lines=tuple(CardLine(*cuts.before_and_after(quad)) for quad in upside_down[:most_turned]),
            lines_left_out=max(0, len(upside_down) - most_turned),
        ),
        card(
            "text_recognition",
            lambda: _read_lines(steps["text_recognition"], lines),
            lines=tuple(
                CardLine(*cuts.before_and_after(line.quad_xy), line.text, line.score)
                for line in lines[:most_lines]
            ),
            lines_left_out=max(0, len(lines) - most_lines),
        ),
    )


def duration(milliseconds: float) -> str:
    """Three digits at most, for people: ``< 0.1 ms``, ``0.4 ms``, ``41 ms``, ``1.24 s``."""
    if milliseconds < 0.1:
        return "< 0.1 ms"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1e3
    return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"


_OFF: Final = {
    "doc_orientation": "off: the page stays as it is",
    "unwarping": "off: the page stays as it is",
    "textline_orientation": "off: every line is read as it stands",
}


def _source(steps: Sequence["StepReport"]) -> Source:
    if not all(step.on for step in steps):
        return "off"
    if any(step.detail.get("lines") == 0 for step in steps):
        return "nothing to do"
    if all(step.remembered for step in steps):
        return "remembered"
    read, lines = steps[-1].detail.get("read", 0), steps[-1].detail.get("lines", 0)
    return "partly remembered" if steps[-1].name == "text_recognition" and read < lines else "computed"


def _angle(step: "StepReport") -> str:
    angle, score = step.detail["angle"], np.floor(step.detail["score"] * 1e3) / 1e3
    if not angle:
        return f"upright: page unchanged, score {score:.3f}"
    direction = "" if angle == 180 else " counter-clockwise"
    return f"turned by {angle}°{direction}, score {score:.3f}"


def _boxes(steps: dict[str, "StepReport"]) -> str:
    count = steps["detection_boxes"].detail["boxes"]
    width, height = steps["detection_network"].detail["size_wh"]
    return f"{_count(count, 'box', 'boxes')}, found at {width} × {height} pixels"


def _turned_lines(step: "StepReport") -> str:
    lines, turned = step.detail["lines"], step.detail["turned"]
    if not turned:
        return f"no line turned, of {lines}"
    return f"{turned} of {_count(lines, 'line', 'lines')} turned by 180°"


def _read_lines(step: "StepReport", lines: Sequence["TextLine"]) -> str:
    count, read = step.detail["lines"], step.detail["read"]
    if not count:
        return "no lines to read"
    parts = [f"{_count(count, 'line', 'lines')}: "]
    if read == count:
        parts.append("all read now")
    elif read:
        parts.append(f"{read} read now, {count - read} remembered")
    else:
        parts.append("all remembered")
    if left_out := count - len(lines):
        parts.append(f", {left_out} left out for their score")
    return "".join(parts)


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"

"""The figures of a look as people read them: their names, their digits, and which of two is better."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ocr_helpers.detection.frames import FrameFigures
from ocr_helpers.figures import score_label

__all__ = ["CER", "HMEAN", "UNKNOWN", "Figure", "better_side", "figures_shown"]

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One of them.

    Attributes:
        label: its name.
        about: what it says.
        of: takes it from a look; None where it is not known.
        form: writes a known one.
        more_is: 1 where a higher one is better, -1 where a lower one is, 0 where neither.
        best: its name in ``DetectionTuning.best``, "" where it has none.

    """

    label: str
    about: str
    of: Callable[[FrameFigures], float | None]
    form: Callable[[float], str]
    more_is: int
    best: str = ""

    def word(self, look: FrameFigures | None) -> str:
        """It, of a look, as it is shown."""
        return self.written(None if look is None else self.of(look))

    def written(self, value: float | None) -> str:
        """A value as it is shown."""
        return UNKNOWN if value is None or math.isnan(value) else self.form(value)


def _score(value: float) -> str:
    return score_label(value, 3)


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _of_boxes(name: str) -> Callable[[FrameFigures], float | None]:
    return lambda look: None if look.boxes is None else getattr(look.boxes, name)


_ALWAYS = (
    Figure("boxes", "boxes kept", lambda look: look.kept, str, 0),
    Figure("box score", "mean score of the boxes", lambda look: look.mean_score, _score, 1),
    Figure("text score", "mean score of what was read in them", lambda look: look.mean_text_score, _score, 1),
)
HMEAN = Figure("H-mean", "harmonic mean of precision and recall", _of_boxes("hmean"), _percent, 1, "hmean")
CER = Figure("CER", "character error rate: lower is better", lambda look: look.cer, _percent, -1, "cer")
_WITH_TRUTH = (
    Figure("precision", "share of the boxes that are right", _of_boxes("precision"), _percent, 1),
    Figure("recall", "share of the true boxes that were found", _of_boxes("recall"), _percent, 1),
    HMEAN,
    CER,
)


def figures_shown(look: FrameFigures) -> tuple[Figure, ...]:
    """The figures that a look can have: those of correctness where its page has a ground truth."""
    return _ALWAYS if look.boxes is None else _ALWAYS + _WITH_TRUTH


def better_side(figure: Figure, a: float | None, b: float | None) -> str:
    """``"a"`` or ``"b"``, as far as the digits shown tell them apart, else ``""``."""
    words = figure.written(a), figure.written(b)
    if a is None or b is None or UNKNOWN in words or words[0] == words[1] or not figure.more_is:
        return ""
    return "b" if (b - a) * figure.more_is > 0 else "a"

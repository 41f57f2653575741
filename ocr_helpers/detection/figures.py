"""Figures of the looks at each page, remembered, and the best that were reached with which settings."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from ocr_helpers.detection.frames import DetectionFrame, FrameFigures, Texts
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.settings import DetectionSettings

__all__ = ["Best", "LookFigures"]

_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Best:
    """A figure, and the settings that gave it."""

    value: float
    settings: DetectionSettings


class LookFigures:
    """Figures of looks: the CER of a full page takes longer than finding its boxes.

    Args:
        truth_of: gives the ground truth of a page by its number, or None.

    """

    def __init__(self, truth_of: Callable[[int], PageTruth | None]) -> None:
        self._truth_of = truth_of
        self._change = Lock()
        self._known: dict[tuple[int, int], FrameFigures] = {}
        self._best: dict[int, dict[str, Best]] = {}

    def of(self, frame: DetectionFrame, texts: Texts) -> FrameFigures:
        """The figures of a look, as far as its boxes were read."""
        key = frame.number, sum(quad.tobytes() in texts for quad in frame.quads_xy)
        found = self._known.get(key)
        if found is None:
            found = FrameFigures.of(frame, texts, self._truth_of(frame.page_number))
            with self._change:
                self._known[key] = found
                while len(self._known) > _REMEMBERED:
                    del self._known[next(iter(self._known))]
        return found

    def note_best(self, frame: DetectionFrame, texts: Texts) -> None:
        """Keep this look if its H-mean is the highest, or its CER the lowest, of its page so far."""
        figures = self.of(frame, texts)
        hmean = None if figures.boxes is None else figures.boxes.hmean
        best = self._best.setdefault(frame.page_number, {})
        for name, value, more_is in (("hmean", hmean, 1), ("cer", figures.cer, -1)):
            if value is None or value != value:
                continue
            if name not in best or (value - best[name].value) * more_is > 0:
                best[name] = Best(value, frame.settings)

    def best_of(self, page_number: int) -> dict[str, Best]:
        """Return the best ``hmean`` and ``cer`` of a page, as far as there are any."""
        return dict(self._best.get(page_number, {}))

"""The best that was reached on each page while somebody tried settings, and with which."""

from dataclasses import dataclass

from ocr_helpers.detection.frames import FrameFigures
from ocr_helpers.settings import DetectionSettings

__all__ = ["Best", "BestLooks"]


@dataclass(frozen=True, slots=True)
class Best:
    """A figure, and the settings that gave it."""

    value: float
    settings: DetectionSettings


class BestLooks:
    """Remembers the highest H-mean and the lowest CER of each page; of equals, the first."""

    def __init__(self) -> None:
        self._pages: dict[int, dict[str, Best]] = {}

    def note(self, page_number: int, settings: DetectionSettings, figures: FrameFigures) -> None:
        """Look whether these figures are better than all before; what is not known is passed over."""
        known = self._pages.setdefault(page_number, {})
        hmean = None if figures.boxes is None else figures.boxes.hmean
        for name, value, more_is in (("hmean", hmean, 1), ("cer", figures.cer, -1)):
            if value is None or value != value:
                continue
            if name not in known or (value - known[name].value) * more_is > 0:
                known[name] = Best(value, settings)

    def of(self, page_number: int) -> dict[str, Best]:
        """Return the best ``hmean`` and ``cer`` of a page, as far as there are any."""
        return dict(self._pages.get(page_number, {}))

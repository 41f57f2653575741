"""From a probability map to text boxes, kept or rejected and why: PaddleX's post-processing, remembered.

`find_boxes` gives what PaddleX gives, bit by bit, and what PaddleX drops beside it. A `BoxFinder` remembers
the steps between: another ``box_thresh`` only sorts, another ``unclip_ratio`` only widens boxes anew, another
``thresh`` only works on outlines and rectangles that the last one did not have.
"""

import threading
from collections import OrderedDict
from itertools import accumulate, pairwise
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes.candidates import Candidate, Candidates, Reason
from ocr_helpers.boxes.geometry import find_contours, strip_peaks
from ocr_helpers.boxes.regions import Regions, RegionsMemory
from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import checked_float

__all__ = [
    "BoxFinder",
    "BoxSettingsError",
    "Candidate",
    "Candidates",
    "MapDtypeError",
    "MapShapeError",
    "MapValueError",
    "PageSizeError",
    "Reason",
    "find_boxes",
    "threshold_contours",
]

ProbabilityMap: TypeAlias = NDArray[np.float32]

_LONGEST_SIDE = 32_767
"""PaddleX keeps corners as int16: beyond this they wrap round."""
_ROUNDING = 1e-3
"""How far resizing or blurring may carry a probability out of 0…1."""
_REMEMBERED_THRESHOLDS = 32
_REMEMBERED_CONTOURS = 50_000
"""Over all remembered thresholds; about 10 MB."""


class MapShapeError(OcrHelpersError):
    """The probability map is not (H, W), or has a side of zero."""


class MapDtypeError(OcrHelpersError, TypeError):
    """The probability map is not a float32 array."""


class MapValueError(OcrHelpersError, ValueError):
    """The probability map holds NaN, or numbers that are no probabilities."""


class PageSizeError(OcrHelpersError, ValueError):
    """The size of the page is not two whole numbers of pixels that PaddleX can address."""


class BoxSettingsError(OcrHelpersError, TypeError):
    """The settings are not DetectionSettings."""


def find_boxes(
    probability_map: ProbabilityMap, size_wh: tuple[int, int], settings: DetectionSettings | None = None
) -> Candidates:
    """Find the text boxes that PaddleX finds, and the candidates that it rejects.

    Args:
        probability_map: float32 (H, W), 0…1, of the detection network; not changed.
        size_wh: width and height, in pixels, of the page that the boxes belong to; 1 to 32,767 each.
        settings: thresh, box_thresh and unclip_ratio are used; PaddleOCR's defaults where None.

    Returns:
        Every candidate. Those kept have the corners and scores of ``DBPostProcess`` of paddlex 3.7 (box type
        ``quad``, score mode ``fast``, no dilation, 1,000 candidates), in its order. PaddleOCR then sorts them
        by rows.

    Raises:
        MapDtypeError, MapShapeError, MapValueError: not a probability map.
        PageSizeError: not a size.
        BoxSettingsError: not settings.

    """
    return BoxFinder(probability_map, size_wh).find(settings)


def threshold_contours(
    probability_map: ProbabilityMap, size_wh: tuple[int, int], thresh: float
) -> list[NDArray[np.float32]]:
    """Outlines, to be drawn, of the areas whose probability is above ``thresh``; of holes in them too.

    Args:
        probability_map: as for `find_boxes`.
        size_wh: as for `find_boxes`.
        thresh: above 0, at most 1.

    Returns:
        Per outline float32 (N, 2), x and y in pixels of the page, closed from the last point to the first. In
        the order of ``find_boxes``'s candidates, those beyond the limit included.

    Raises:
        MapDtypeError, MapShapeError, MapValueError: not a probability map.
        PageSizeError: not a size.
        ocr_helpers.settings.SettingTypeError, SettingRangeError: not a threshold.

    """
    return BoxFinder(probability_map, size_wh).outlines(thresh)


class BoxFinder:
    """Finds boxes in one probability map under many settings; remembers what a setting does not change.

    The most recently used values of thresh and unclip_ratio are remembered, up to 32 each; a new thresh finds
    outlines anew, and takes what it can from the one before. Safe to call from several threads; they take
    turns.

    Args:
        probability_map: as for `find_boxes`. It is not copied: do not write into it while this is in use.
        size_wh: as for `find_boxes`.

    Attributes:
        size_wh: as given.

    Raises:
        MapDtypeError, MapShapeError, MapValueError: not a probability map.
        PageSizeError: not a size.

    """

    def __init__(self, probability_map: ProbabilityMap, size_wh: tuple[int, int]) -> None:
        self._map = _checked_map(probability_map)
        self._peaks = strip_peaks(self._map)
        _check_values(self._map, self._peaks)
        self.size_wh = _checked_size(size_wh)
        self._regions: OrderedDict[float, Regions] = OrderedDict()
        self._memory = RegionsMemory()
        self._lock = threading.Lock()

    def find(self, settings: DetectionSettings | None = None) -> Candidates:
        """Return every candidate, as `find_boxes` does.

        Raises:
            BoxSettingsError: not settings.

        """
        settings = DetectionSettings() if settings is None else settings
        if not isinstance(settings, DetectionSettings):
            raise BoxSettingsError(
                f"settings is {type(settings).__name__}; expected DetectionSettings, "
                "for instance PipelineSettings().detection."
            )
        with self._lock:
            regions = self._regions_at(settings.thresh)
            return Candidates.select(regions, settings.box_thresh, settings.unclip_ratio)

    def outlines(self, thresh: float) -> list[NDArray[np.float32]]:
        """Return outlines to be drawn, as `threshold_contours` does.

        Raises:
            ocr_helpers.settings.SettingTypeError, SettingRangeError: not a threshold.

        """
        thresh = checked_float("thresh", thresh, 1.0)
        with self._lock:
            regions = self._regions_at(thresh)
        if not regions.contours:
            return []
        points = np.concatenate(regions.contours).reshape(-1, 2).astype(np.float32)
        points *= np.array(regions.scale_xy, np.float32)
        ends = accumulate(map(len, regions.contours), initial=0)
        return [points[start:end] for start, end in pairwise(ends)]

    def _regions_at(self, thresh: float) -> Regions:
        regions = self._regions.get(thresh)
        if regions is None:
            contours = find_contours(self._map, self._peaks, thresh)
            regions = self._regions[thresh] = Regions(self._map, contours, self.size_wh, self._memory)
            self._forget_oldest()
        self._regions.move_to_end(thresh)
        return regions

    def _forget_oldest(self) -> None:
        contours = sum(len(regions.contours) for regions in self._regions.values())
        while len(self._regions) > 1 and (
            len(self._regions) > _REMEMBERED_THRESHOLDS or contours > _REMEMBERED_CONTOURS
        ):
            _, oldest = self._regions.popitem(last=False)
            contours -= len(oldest.contours)


def _checked_map(probability_map: Any) -> ProbabilityMap:
    if not isinstance(probability_map, np.ndarray):
        raise MapDtypeError(
            f"probability_map is {type(probability_map).__name__}; expected a float32 array (H, W)."
        )
    shape = probability_map.shape
    if probability_map.ndim != 2 or 0 in shape:
        remedy = "Pass probability_map[0, 0]." if probability_map.ndim == 4 else "Pass the map of one page."
        raise MapShapeError(f"probability_map has shape {shape}; expected (H, W), 1 and more each. {remedy}")
    if probability_map.dtype != np.float32:
        raise MapDtypeError(
            f"probability_map has dtype {probability_map.dtype}; expected float32, as the network gives it. "
            "Convert it: probability_map.astype(np.float32), its values 0…1."
        )
    return np.ascontiguousarray(probability_map)


def _check_values(probability_map: ProbabilityMap, peaks: NDArray[np.float32]) -> None:
    # Every page has empty strips: their peaks tell numbers below 0, without another look at all pixels.
    lowest, highest = float(peaks.min()), float(peaks.max())
    if lowest >= -_ROUNDING and highest <= 1 + _ROUNDING:  # false for NaN
        return
    if np.isnan(lowest):
        count = int(np.isnan(probability_map).sum())
        raise MapValueError(
            f"probability_map holds NaN, {count} of {probability_map.size} values; expected 0…1. The network "
            "did not work on this page: try engine='onnxruntime', or check its weights."
        )
    raise MapValueError(
        f"probability_map runs from {float(probability_map.min()):g} to {highest:g}; expected probabilities, "
        "0…1. Pass the output of the detection network, after its sigmoid."
    )


def _checked_size(size_wh: Any) -> tuple[int, int]:
    try:
        width, height = size_wh
    except (TypeError, ValueError):
        width = height = None
    for side in (width, height):
        if isinstance(side, bool) or not isinstance(side, Integral) or not 1 <= int(side) <= _LONGEST_SIDE:
            raise PageSizeError(
                f"size_wh is {shown(size_wh)}; expected width and height of the page in whole pixels, 1 to "
                f"{_LONGEST_SIDE} each. Page.size_wh is that; a larger page must be made smaller first."
            )
    return int(width), int(height)

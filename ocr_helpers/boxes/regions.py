"""What one ``thresh`` makes of a probability map: outlines, rectangles and scores, widened on demand."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes.geometry import MAX_CANDIDATES, MIN_SIDE, fit_quads, score_quads, unclip_quads
from ocr_helpers.boxes.step_memory import StepMemory

__all__ = ["Regions", "RegionsMemory"]

_REMEMBERED_RATIOS = 32
_Array = TypeVar("_Array", bound=NDArray[Any])
_Widened = tuple[NDArray[np.int16], NDArray[np.float64]]


class RegionsMemory:
    """What the regions of one map under one ``thresh`` leave to those under the next.

    Attributes:
        quads: rectangles and their sides, by the outline.
        scores: mean probabilities, by the rectangle.

    """

    def __init__(self) -> None:
        self.quads = StepMemory()
        self.scores = StepMemory()
        self._boxes = StepMemory()
        self._unclip_ratio = 0.0

    def boxes(self, unclip_ratio: float) -> StepMemory:
        """Boxes after unclipping and their sides, by the rectangle; those of the last ratio only."""
        if unclip_ratio != self._unclip_ratio:
            self._boxes, self._unclip_ratio = StepMemory(), unclip_ratio
        return self._boxes


class Regions:
    """The candidates of one ``thresh``, whatever the other two settings are.

    Args:
        probability_map: float32 (H, W), 0…1.
        contours: of `ocr_helpers.boxes.geometry.find_contours`.
        size_wh: of the page, in pixels.
        memory: of this map and this size, for all its regions; they take turns with it.

    Attributes:
        contours: as given.
        scale_xy: page pixels per map pixel.
        quads: float32 (M, 4, 2), M ≤ 1,000: rectangles round the first contours, in pixels of the map.
        sides: float64 (M, 2): their shorter and longer sides, in pixels of the map.
        large: intp (L,): indices of those that are not too small.
        large_scores: float64 (L,): their mean probabilities, 0…1.

    """

    def __init__(
        self,
        probability_map: NDArray[np.float32],
        contours: Sequence[NDArray[np.int32]],
        size_wh: tuple[int, int],
        memory: RegionsMemory,
    ) -> None:
        height, width = probability_map.shape
        self._map = probability_map
        self._size_wh = size_wh
        self._memory = memory
        self._widened: OrderedDict[float, _Widened] = OrderedDict()
        self.scale_xy = size_wh[0] / width, size_wh[1] / height
        self.contours = contours
        self.quads, self.sides = memory.quads.results(
            [contour.tobytes() for contour in contours[:MAX_CANDIDATES]],
            lambda new: fit_quads([contours[place] for place in new]),
        )
        self.large = np.flatnonzero(self.sides[:, 0] >= MIN_SIDE)
        large = self.quads[self.large]
        (self.large_scores,) = memory.scores.results(
            _as_bytes(large), lambda new: (score_quads(probability_map, large[new]),)
        )

    def unclip(self, indices: NDArray[np.intp], unclip_ratio: float) -> _Widened:
        """Boxes of some of ``large``: int16 (N, 4, 2) in pixels of the page, and float64 (N,), the shorter
        side in pixels of the map. Those computed before with this ratio are remembered.
        """
        widened = self._widened.get(unclip_ratio)
        if widened is None:
            count = len(self.quads)
            widened = np.zeros((count, 4, 2), np.int16), np.full(count, np.nan)
            self._widened[unclip_ratio] = widened
            if len(self._widened) > _REMEMBERED_RATIOS:
                self._widened.popitem(last=False)
        quads, sides = widened
        self._widened.move_to_end(unclip_ratio)
        missing = indices[np.isnan(sides[indices])]
        if len(missing):
            before = self.quads[missing]
            quads[missing], sides[missing] = self._memory.boxes(unclip_ratio).results(
                _as_bytes(before), lambda new: self._widen(before[new], unclip_ratio)
            )
        return quads[indices], sides[indices]

    def _widen(self, quads: NDArray[np.float32], unclip_ratio: float) -> _Widened:
        widened, sides = unclip_quads(quads, unclip_ratio)
        # PaddleX scales in float64, because it keeps the size of the page so; halves go to the even number.
        on_page: NDArray[np.float64] = np.rint(widened * np.array(self.scale_xy))
        return np.clip(on_page, 0, self._size_wh).astype(np.int16), sides[:, 0]

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Float64 (M,): scores of all, of too small ones too, which PaddleX does not compute."""
        scores = np.empty(len(self.quads))
        small = np.flatnonzero(self.sides[:, 0] < MIN_SIDE)
        scores[self.large] = self.large_scores
        scores[small] = score_quads(self._map, self.quads[small])
        return _read_only(scores)

    @cached_property
    def quads_xy(self) -> NDArray[np.float32]:
        """Float32 (M, 4, 2): the rectangles in pixels of the page."""
        return _read_only(self._on_page(self.quads))

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Float64 (M,): areas of the rectangles in square pixels of the page."""
        return _read_only(self._areas_on_page(self.sides))

    def beyond_limit(self, index: int) -> tuple[NDArray[np.float32], tuple[float, float], float]:
        """Of a contour that PaddleX does not look at: ``quads_xy``, ``sides`` and ``areas``."""
        quads, sides = fit_quads([self.contours[index]])
        shorter, longer = sides[0].tolist()
        return _read_only(self._on_page(quads)[0]), (shorter, longer), float(self._areas_on_page(sides)[0])

    def _on_page(self, quads: NDArray[np.float32]) -> NDArray[np.float32]:
        return quads * np.array(self.scale_xy, np.float32)

    def _areas_on_page(self, sides: NDArray[np.float64]) -> NDArray[np.float64]:
        areas: NDArray[np.float64] = sides.prod(axis=1) * (self.scale_xy[0] * self.scale_xy[1])
        return areas


def _as_bytes(quads: NDArray[np.float32]) -> list[bytes]:
    corners = quads.reshape(-1, 8)
    keys: list[bytes] = corners.view(f"V{8 * corners.itemsize}").ravel().tolist()
    return keys


def _read_only(array: _Array) -> _Array:
    array.flags.writeable = False
    return array

"""What one ``thresh`` makes of a probability map: outlines, rectangles and scores, widened on demand."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes.geometry import MAX_CANDIDATES, MIN_SIDE, fit_quads, score_quads, unclip_quads

__all__ = ["Regions"]

_REMEMBERED_RATIOS = 32
_Array = TypeVar("_Array", bound=NDArray[Any])
_Widened = tuple[NDArray[np.int16], NDArray[np.float64]]


class Regions:
    """The candidates of one ``thresh``, whatever the other two settings are.

    Args:
        probability_map: float32 (H, W), 0…1.
        contours: of `ocr_helpers.boxes.geometry.find_contours`.
        size_wh: of the page, in pixels.

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
    ) -> None:
        height, width = probability_map.shape
        self._map = probability_map
        self._size_wh = size_wh
        self._widened: OrderedDict[float, _Widened] = OrderedDict()
        self.scale_xy = size_wh[0] / width, size_wh[1] / height
        self.contours = contours
        self.quads, self.sides = fit_quads(contours[:MAX_CANDIDATES])
        self.large = np.flatnonzero(self.sides[:, 0] >= MIN_SIDE)
        self.large_scores = score_quads(probability_map, self.quads[self.large])

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
            found, found_sides = unclip_quads(self.quads[missing], unclip_ratio)
            quads[missing] = self._rounded_on_page(found)
            sides[missing] = found_sides[:, 0]
        return quads[indices], sides[indices]

    def _rounded_on_page(self, quads: NDArray[np.float32]) -> NDArray[np.int16]:
        # PaddleX scales in float64, because it keeps the size of the page so; halves go to the even number.
        on_page: NDArray[np.float64] = np.rint(quads * np.array(self.scale_xy))
        return np.clip(on_page, 0, self._size_wh).astype(np.int16)

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


def _read_only(array: _Array) -> _Array:
    array.flags.writeable = False
    return array

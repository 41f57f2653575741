"""Small pictures of pages and lines for a reader's eye; the networks never see them."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LINE_HEIGHT_PX", "CutLines", "ImageRGB", "ReducedPages"]

ImageRGB = NDArray[np.uint8]
"""uint8 (H, W, 3), red first."""

LINE_HEIGHT_PX = 32
"""Height of a line that was cut out, at most."""

_LINE_WIDTH = 560
_BOX_RGB = (0, 114, 178)  # the blue of Okabe and Ito's palette for colour-blind readers
_SHADE = 0.2
_UPRIGHT_RATIO = 1.5  # a crop at least this much taller than wide is laid on its side, as PaddleX does it


class ReducedPages:
    """Pages made smaller; the same page is reduced once, so before and after can be the same array.

    Args:
        longest_px: length of the longer side, at most; smaller pages keep their size.

    """

    def __init__(self, longest_px: int) -> None:
        self._longest = longest_px
        self._made: list[tuple[NDArray[np.uint8], ImageRGB]] = []

    def page(self, page_bgr: NDArray[np.uint8]) -> ImageRGB:
        """Return the page reduced; never a view of it."""
        for given, made in self._made:
            if given is page_bgr:
                return made
        scale = min(1.0, self._longest / max(page_bgr.shape[:2]))
        width, height = (max(1, round(side * scale)) for side in page_bgr.shape[1::-1])
        reduced = cv2.resize(page_bgr, (width, height), interpolation=cv2.INTER_AREA)
        made = np.asarray(cv2.cvtColor(reduced, cv2.COLOR_BGR2RGB), np.uint8)
        self._made.append((page_bgr, made))
        return made

    def with_boxes(self, page_bgr: NDArray[np.uint8], quads_xy: Sequence[NDArray[Any]]) -> ImageRGB:
        """Return the page reduced, with boxes (each (4, 2), pixels of ``page_bgr``) drawn on it."""
        picture = self.page(page_bgr)
        scale = np.array(picture.shape[1::-1]) / page_bgr.shape[1::-1]
        sixteenths = [np.rint(quad * scale * 16).astype(np.int32) for quad in quads_xy]
        shade = picture.copy()
        for corners in sixteenths:
            cv2.fillConvexPoly(shade, corners, _BOX_RGB, cv2.LINE_AA, shift=4)
        shaded = np.asarray(cv2.addWeighted(shade, _SHADE, picture, 1 - _SHADE, 0), np.uint8)
        cv2.polylines(shaded, sixteenths, True, _BOX_RGB, 1, cv2.LINE_AA, shift=4)
        return shaded


class CutLines:
    """Lines cut out of a page.

    Args:
        page_bgr: uint8 (H, W, 3).
        quads_xy: all boxes, each (4, 2), pixels of ``page_bgr``.
        turns: per box 1 where the line stands upside down; may be empty.

    """

    def __init__(
        self, page_bgr: NDArray[np.uint8], quads_xy: Sequence[NDArray[Any]], turns: Sequence[int]
    ) -> None:
        self._page = page_bgr
        self._turned = {quad.tobytes() for quad, turn in zip(quads_xy, turns, strict=False) if turn == 1}

    def before_and_after(self, quad_xy: NDArray[Any]) -> tuple[ImageRGB, ImageRGB]:
        """Return the line as it stands on the page and as it was read; one array where it was not turned."""
        cut = self._cut(quad_xy.astype(np.float32))
        if quad_xy.tobytes() not in self._turned:
            return cut, cut
        return cut, np.ascontiguousarray(cut[::-1, ::-1])

    def _cut(self, corners: NDArray[np.float32]) -> ImageRGB:
        sides = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
        width, height = max(sides[0], sides[2], 1), max(sides[1], sides[3], 1)
        upright = height / width >= _UPRIGHT_RATIO
        across, along = (width, height) if upright else (height, width)
        scale = min(1.0, LINE_HEIGHT_PX / across, _LINE_WIDTH / along)
        columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
        # At twice the size, then reduced by area: a warp alone would skip pixels.
        target = 2 * np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
        matrix = cv2.getPerspectiveTransform(corners, target)
        cut = cv2.warpPerspective(
            self._page, matrix, (2 * columns, 2 * rows), borderMode=cv2.BORDER_REPLICATE
        )
        cut = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA)
        if upright:
            cut = np.asarray(np.rot90(cut), np.uint8)
        return np.ascontiguousarray(cut[:, :, ::-1])

"""Lines cut out of a page as PaddleX cuts them, without its warp where that moves no pixel.

PaddleX warps every line. One that stands upright between whole pixels, as most lines of a straight page do,
is only copied by that; here it is copied at once.
"""

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["copying_where_equal"]

Image = NDArray[np.uint8]
_OFF: Final = 0.002
"""Pixels by which OpenCV's corners may lie beside whole ones: its warp rounds to 1/32 of a pixel."""


def copying_where_equal(operator: Any) -> Any:
    """PaddleX's ``CropByPolys`` with the same answers in less time.

    Args:
        operator: stays as it is.

    """
    crops = copy(operator)
    crops.get_rotate_crop_image = partial(_crop, operator.get_rotate_crop_image)
    return crops


def _crop(warped: Callable[[Image, Any], Image], image: Image, corners: NDArray[np.float32]) -> Image:
    """Cut between four corners, from the upper left one clockwise."""
    (left, top), _, (right, bottom), _ = whole = np.rint(corners).astype(int).tolist()
    # The warp's size is what is left of the sides without their fractions: often one less, then it scales.
    sides = [int(max(np.linalg.norm(corners[0] - corners[n]), np.linalg.norm(corners[2] - corners[4 - n])))
             for n in (1, 3)]  # fmt: skip
    if (
        whole == [[left, top], [right, top], [right, bottom], [left, bottom]]
        and np.abs(corners - whole).max() < _OFF
        and sides == [right - left, bottom - top]
        and min(sides) > 0 <= min(left, top)
        and bottom <= image.shape[0]
        and right <= image.shape[1]
    ):
        line = image[top:bottom, left:right].copy()
        return np.rot90(line) if sides[1] / sides[0] >= 1.5 else line
    return warped(image, corners)

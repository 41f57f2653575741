"""Pixels as networks take them: each of the 256 values is looked up in a table that PaddleX's formula made.

That is exact and several times faster than to compute the formula for every pixel.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["fill_planes", "normalized"]


def fill_planes(
    planes: NDArray[np.float32], image: NDArray[Any], tables: Sequence[NDArray[np.float32]]
) -> None:
    """Look up every pixel of an image.

    Args:
        planes: float32 (C, H, W), filled.
        image: uint8 (H, W, C).
        tables: per channel float32 (256,).

    """
    for plane, channel, table in zip(planes, cv2.split(image), tables, strict=True):
        cv2.LUT(channel, table, dst=plane)


def normalized(image: NDArray[Any], alpha: Sequence[float], beta: Sequence[float]) -> NDArray[np.float32]:
    """Float32 (1, C, H, W) of ``pixel * alpha + beta``, per channel, with PaddleX's own roundings."""
    tables = []
    for factor, offset in zip(alpha, beta, strict=True):
        table = np.arange(256, dtype=np.float32)
        table *= factor
        table += offset
        tables.append(table)
    batch = np.empty((1, image.shape[2], *image.shape[:2]), np.float32)
    fill_planes(batch[0], image, tables)
    return batch

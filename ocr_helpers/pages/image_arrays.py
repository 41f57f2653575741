"""NumPy arrays that may be pages: which are accepted, and how they become BGR."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ocr_helpers.errors import OcrHelpersError

__all__ = ["ArrayDtypeError", "ArrayShapeError", "array_to_bgr", "check_array"]


class ArrayShapeError(OcrHelpersError):
    """The array is not (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or has a side of zero."""


class ArrayDtypeError(OcrHelpersError):
    """The array is not uint8."""


def check_array(array: npt.NDArray[Any], name: str) -> None:
    """Raise ArrayShapeError or ArrayDtypeError where an array cannot be a picture."""
    if not isinstance(array, np.ndarray):
        raise ArrayDtypeError(f"{name} is a {type(array).__name__}; expected a uint8 array (H, W, 3).")
    shape = array.shape
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        remedy = "Pass one page of that shape."
        if array.ndim == 4:
            remedy = "For a batch pass list(array)."
        elif array.ndim == 3 and shape[0] in (1, 3, 4):
            remedy = "Channels come last: array.transpose(1, 2, 0)."
        raise ArrayShapeError(
            f"{name} has shape {shape}; expected (H, W), (H, W, 3) BGR or (H, W, 4) BGRA. {remedy}"
        )
    if 0 in shape:
        raise ArrayShapeError(f"{name} has shape {shape}: no pixels. Check the crop that made it.")
    if array.dtype != np.uint8:
        remedy = {
            "b": "array.astype(np.uint8) * 255",
            "f": "np.rint(array * 255).astype(np.uint8) if it runs from 0 to 1",
            "u": "(array // 257).astype(np.uint8) if it is 16-bit",
            "i": "array.clip(0, 255).astype(np.uint8) if it runs from 0 to 255",
        }.get(array.dtype.kind, "np.asarray(array, dtype=np.uint8) if its values allow it")
        raise ArrayDtypeError(
            f"{name} has dtype {array.dtype}; expected uint8, 0 to 255. Convert it: {remedy}."
        )


def array_to_bgr(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a copy of shape (H, W, 3); alpha is laid on white."""
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 1:
        return np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    if channels == 3:
        return np.array(array, order="C")
    alpha = array[:, :, 3:].astype(np.uint16)
    return ((array[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)

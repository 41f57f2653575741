"""Where the unwarping network sends each point of a page, read from the very graph that flattens it."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.splines import spline_matrix

TENSOR = "displacement"  # (N, 2, rows, columns): source less flat place, shares of the frame
CELL = 4  # pixels of a page per place at which the grid is evaluated
Image8 = NDArray[np.uint8]
Points = NDArray[np.float64]


def with_output(model: bytes, tensor: str) -> bytes:
    """The ONNX model with one more float output, without the onnx package.

    Protocol buffers joined end to end are merged, lists in them appended to
    (https://protobuf.dev/programming-guides/encoding/#last-one-wins): what follows says no more than
    ``graph { output { name: tensor, type { tensor_type { elem_type: FLOAT } } } }``.
    """

    def field(number: int, content: bytes) -> bytes:
        if len(content) > 127:
            raise ValueError(
                f"{tensor!r} is too long a name: its message has {len(content)} bytes, at most 127"
            )
        return bytes([number << 3 | 2, len(content)]) + content

    kind = field(1, bytes([1 << 3, 1]))
    return model + field(7, field(12, field(1, tensor.encode()) + field(2, kind)))


class UnwarpingGrid:
    """The grid of one ``inference.onnx``."""

    def __init__(self, model: Path, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        content = with_output(model.read_bytes(), TENSOR)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def displacement(self, image_bgr: Image8) -> NDArray[np.float32]:
        """The graph's own displacement for this page: float32 (2, rows, columns), x then y."""
        page = np.ascontiguousarray(image_bgr.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        (found,) = self._session.run([TENSOR], {self._session.get_inputs()[0].name: page})
        return np.asarray(found[0], np.float32)


def flattened_points(displacement: NDArray[np.float32], seen_xy: Points, size_wh: tuple[int, int]) -> Points:
    """Where points (..., 2) of the page lie on the flattened one, in pixels of the same frame.

    The graph's grid leads from the flattened page back to the page: it is followed against its direction by
    repeated substitution, which converges while neighbouring places move by less than their distance.
    """
    size = np.array(size_wh)
    width, height = (-(-side // CELL) for side in size_wh)
    rows, columns = spline_matrix(height, displacement.shape[1]), spline_matrix(width, displacement.shape[2])
    moved = np.ascontiguousarray((rows @ displacement @ columns.T).transpose(1, 2, 0))
    seen = seen_xy.reshape(1, -1, 2) / size
    flat = seen.copy()
    for _ in range(60):
        at = (flat * (width, height) - 0.5).astype(np.float32)
        there = cv2.remap(moved, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        flat = seen - there
    return np.asarray(flat.reshape(seen_xy.shape) * size)

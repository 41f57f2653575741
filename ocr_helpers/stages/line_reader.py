"""Lines read each at its own width, one single-threaded network run per core.

PaddleX pads the lines of a batch to the widest, so a line's score, and rarely its text, depends on its
neighbours. Here a line is padded only as PaddleX pads it alone (to 320 pixels, or not at all), and only lines
of equal width share a run. On a CPU with onnxruntime the runs go to one thread per core, in the form that
`ocr_helpers.models.line_network` gives the network; most of the padding is left out where it can be.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.models.line_network import line_network
from ocr_helpers.stages.core_runs import CoreRuns
from ocr_helpers.stages.pixels import fill_planes

__all__ = ["LineReader"]

_TOGETHER = 4
"""Lines of equal width in one run: enough to save calls, few enough to share out over the cores."""

Line = NDArray[np.float32]


class _Size(NamedTuple):
    """Columns of pixels of a line, and how many of them are not padding."""

    width: int
    filled: int


class LineReader:
    """Reads line crops with the recognition model of a PaddleOCR object.

    Args:
        predictor: PaddleX's predictor of the module text_recognition.

    """

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor
        self._resize = resize = predictor.pre_tfs["ReisizeNorm"]
        self._padded_to = int(resize.rec_image_shape[2]) if resize.input_shape is None else 0
        """Pixels to which short lines are padded; 0 if all are stretched to one width."""
        self._runs = CoreRuns(predictor, line_network, self._padded_to)
        values = np.arange(256, dtype=np.float32)
        values /= 255
        values -= 0.5
        values /= 0.5
        self._tables = [values] * 3

    def read(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> list[tuple[str, float]]:
        """Text and score (0…1) of each crop, uint8 (H, W, 3), in their order."""
        sizes = [self._size(crop) for crop in crops_bgr]
        # The widest first: what is left for the end is short, so no core waits long for another.
        order = sorted(range(len(crops_bgr)), key=lambda index: sizes[index], reverse=True)
        equal = [list(same) for _, same in groupby(order, key=lambda index: sizes[index].width)]
        groups = [same[n : n + _TOGETHER] for same in equal for n in range(0, len(same), _TOGETHER)]

        def read_group(group: list[int]) -> list[tuple[str, float]]:
            return self._read_together([crops_bgr[index] for index in group], sizes[group[0]])

        outcomes = self._runs.share_out(read_group, groups)
        found = {index: line for group, lines in zip(groups, outcomes, strict=True)
                 for index, line in zip(group, lines, strict=True)}  # fmt: skip
        return [found[index] for index in range(len(crops_bgr))]

    def _size(self, crop_bgr: NDArray[np.uint8]) -> _Size:
        """Size of a line as PaddleX's ``OCRReisizeNormImg.resize`` makes it for that line alone."""
        if not self._padded_to:
            width = int(self._resize.input_shape[2])
            return _Size(width, width)
        _, height, least = self._resize.rec_image_shape
        own = crop_bgr.shape[1] / crop_bgr.shape[0]
        width = min(int(height * max(least / height, own)), self._resize.max_imgW)
        return _Size(width, min(width, math.ceil(height * own)))

    def _read_together(
        self, crops_bgr: Sequence[NDArray[np.uint8]], widest: _Size
    ) -> list[tuple[str, float]]:
        batch = self._batch(crops_bgr, widest.width)
        outputs = self._runs.network(batch, np.array([widest.filled]))
        classes, scores = outputs if len(outputs) == 2 else _best(outputs[0])
        decoded = self._predictor.post_op.decode(classes, scores, is_remove_duplicate=True)
        return [(text, float(score)) for text, score in decoded]

    def _batch(self, crops_bgr: Sequence[NDArray[np.uint8]], width: int) -> Line:
        """What PaddleX's ``OCRReisizeNormImg`` makes of lines whose width comes out as this one."""
        images = self._predictor.pre_tfs["Read"](imgs=crops_bgr)
        if not self._padded_to:
            return np.stack(self._resize(imgs=images)).astype(np.float32, copy=False)
        channels, height, _ = self._resize.rec_image_shape
        batch = np.zeros((len(images), channels, height, width), np.float32)
        for image, line in zip(images, batch, strict=True):
            filled = self._size(image).filled
            fill_planes(line[..., :filled], cv2.resize(image, (filled, height)), self._tables)
        return batch


def _best(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The likeliest class of each step, and its probability."""
    classes = probabilities.argmax(axis=-1)
    return classes, np.take_along_axis(probabilities, classes[..., None], axis=-1)[..., 0]

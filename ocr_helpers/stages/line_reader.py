"""Lines read each at its own width, one single-threaded network run per core.

PaddleX pads the lines of a batch to the widest, so a line's score, and rarely its text, depends on its
neighbours. Here a line is padded only as PaddleX pads it alone (to 320 pixels, or not at all), and only lines
of equal width share a run. On a CPU with onnxruntime the runs go to one thread per core, in the form that
`ocr_helpers.models.line_network` gives the network.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

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


class LineReader:
    """Reads line crops with the recognition model of a PaddleOCR object.

    Args:
        predictor: PaddleX's predictor of the module text_recognition.

    """

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor
        self._runs = CoreRuns(predictor, line_network)
        values = np.arange(256, dtype=np.float32)
        values /= 255
        values -= 0.5
        values /= 0.5
        self._tables = [values] * 3

    def read(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> list[tuple[str, float]]:
        """Text and score (0…1) of each crop, uint8 (H, W, 3), in their order."""
        widths = self._widths(crops_bgr)
        # The widest first: what is left for the end is short, so no core waits long for another.
        order = sorted(range(len(crops_bgr)), key=lambda index: -widths[index])
        equal = [list(same) for _, same in groupby(order, key=lambda index: widths[index])]
        groups = [same[n : n + _TOGETHER] for same in equal for n in range(0, len(same), _TOGETHER)]

        def read_group(group: list[int]) -> list[tuple[str, float]]:
            return self._read_together([crops_bgr[index] for index in group], widths[group[0]])

        outcomes = self._runs.share_out(read_group, groups)
        found = {index: line for group, lines in zip(groups, outcomes, strict=True)
                 for index, line in zip(group, lines, strict=True)}  # fmt: skip
        return [found[index] for index in range(len(crops_bgr))]

    def _widths(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> list[int]:
        """Width of each line as PaddleX's ``OCRReisizeNormImg.resize`` makes it for that line alone."""
        resize = self._predictor.pre_tfs["ReisizeNorm"]
        if resize.input_shape is not None:
            return [int(resize.input_shape[2])] * len(crops_bgr)
        _, height, least = resize.rec_image_shape
        ratios = [max(least / height, crop.shape[1] * 1.0 / crop.shape[0]) for crop in crops_bgr]
        return [min(int(height * ratio), resize.max_imgW) for ratio in ratios]

    def _read_together(self, crops_bgr: Sequence[NDArray[np.uint8]], width: int) -> list[tuple[str, float]]:
        probabilities = self._runs.network(self._batch(crops_bgr, width))[0]
        classes = probabilities.argmax(axis=-1)
        scores = np.take_along_axis(probabilities, classes[..., None], axis=-1)[..., 0]
        decoded = self._predictor.post_op.decode(classes, scores, is_remove_duplicate=True)
        return [(text, float(score)) for text, score in decoded]

    def _batch(self, crops_bgr: Sequence[NDArray[np.uint8]], width: int) -> Line:
        """What PaddleX's ``OCRReisizeNormImg`` makes of lines whose width comes out as this one."""
        steps = self._predictor.pre_tfs
        images, resize = steps["Read"](imgs=crops_bgr), steps["ReisizeNorm"]
        if resize.input_shape is not None:
            return np.stack(resize(imgs=images)).astype(np.float32, copy=False)
        channels, height, _ = resize.rec_image_shape
        batch = np.zeros((len(images), channels, height, width), np.float32)
        for image, line in zip(images, batch, strict=True):
            filled = min(width, math.ceil(height * (image.shape[1] / image.shape[0])))
            fill_planes(line[..., :filled], cv2.resize(image, (filled, height)), self._tables)
        return batch

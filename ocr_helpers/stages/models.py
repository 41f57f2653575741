"""The five modules of a PaddleOCR pipeline, one call each: the only file that reaches into PaddleX.

Every step uses PaddleX's own operators (paddlex 3.7, ``inference/pipelines/ocr/pipeline.py`` and the
predictors it calls), so its outputs are those of ``PaddleOCR.predict``. The pixel normalisation is looked up
in a table of the 256 values that the same formula gives; a page is turned, and most lines are cut out, by
moving pixels and not by a warp: all that is exact and several times faster.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes import find_boxes
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.stages.core_runs import CoreRuns
from ocr_helpers.stages.line_crops import copying_where_equal
from ocr_helpers.stages.line_reader import LineReader
from ocr_helpers.stages.pixels import normalized

__all__ = ["ModuleNotLoadedError", "NotAPipelineError", "ProbabilityMap", "StageModels"]

ImageBGR = NDArray[np.uint8]
_TOGETHER = 4
"""Line crops in one run of the line-orientation network; their size is fixed: batches change nothing."""
_FOUND_BOXES: Final = ("quad", "fast", False, 1000)
"""The post-processing that ``find_boxes`` does bit by bit, in less than half the time."""
_TURNS: Final = {
    90: (cv2.ROTATE_90_COUNTERCLOCKWISE, 1, 0),
    180: (cv2.ROTATE_180, 1, 1),
    270: (cv2.ROTATE_90_CLOCKWISE, 0, 1),
}
"""Counter-clockwise degrees → OpenCV's name, and by how many rows and columns the image is moved."""


class NotAPipelineError(OcrHelpersError, TypeError):
    """The object is not a ``paddleocr.PaddleOCR`` that this version can run stage by stage."""


class ModuleNotLoadedError(OcrHelpersError):
    """A module is switched on that the pipeline was made without."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbabilityMap:
    """Output of the detection network.

    Attributes:
        probabilities: float32 (1, 1, H, W), 0…1: how likely each pixel belongs to text.
        shape: float64 (4,): height and width of the page, then the map's size as a share of each.

    """

    probabilities: NDArray[np.float32]
    shape: NDArray[np.float64]


class StageModels:
    """The models inside one pipeline.

    Args:
        pipeline: a ``paddleocr.PaddleOCR``, best one of ``ocr_helpers.load_pipeline``.

    Raises:
        NotAPipelineError: something else, or a pipeline over several devices.

    """

    def __init__(self, pipeline: Any) -> None:
        wrapper = getattr(pipeline, "paddlex_pipeline", None)
        inner = getattr(wrapper, "_pipeline", None)
        if inner is None or not hasattr(inner, "text_det_model"):
            raise NotAPipelineError(
                f"Expected a paddleocr.PaddleOCR on one device, as load_pipeline() returns it; got "
                f"{type(pipeline).__name__}."
            )
        if inner.text_type != "general":
            raise NotAPipelineError(
                f"The pipeline reads text of type {inner.text_type!r}; expected 'general'."
            )
        self._inner = inner
        prepare = getattr(inner, "doc_preprocessor_pipeline", None)
        prepare = getattr(prepare, "_pipeline", prepare)
        self._doc_orientation: Any = getattr(prepare, "doc_ori_classify_model", None)
        self._unwarping: Any = getattr(prepare, "doc_unwarping_model", None)
        self._line_orientation: Any = getattr(inner, "textline_orientation_model", None)
        self._detection = inner.text_det_model
        self.vis_font = inner.text_rec_model.vis_font
        self._crops = copying_where_equal(inner._crop_by_polys)
        self._reader = LineReader(inner.text_rec_model)
        self._turn_runs: CoreRuns | None = None  # made when first needed: it loads the model once more
        self.network_seconds = 0.0
        """Time inside the networks since it was last set to 0; the two steps on lines count as a whole."""

    def require(self, module: str) -> None:
        """Raise ModuleNotLoadedError where the pipeline was made without an optional module."""
        models = {
            "doc_orientation": (self._doc_orientation, "use_doc_orientation_classify"),
            "unwarping": (self._unwarping, "use_doc_unwarping"),
            "textline_orientation": (self._line_orientation, "use_textline_orientation"),
        }
        model, argument = models[module]
        if model is None:
            raise ModuleNotLoadedError(
                f"{argument} is on, but this pipeline was made without the module {module}. "
                "load_pipeline() loads all five modules."
            )

    def page_angle(self, page_bgr: ImageBGR) -> tuple[int, float]:
        """Degrees (0, 90, 180, 270) by which to turn the page counter-clockwise, and the score, 0…1."""
        model = self._doc_orientation
        _, scores, labels = _top_label(model, self._run(model, _classifier_input(model, [page_bgr])))
        return int(labels[0][0]), float(scores[0][0])

    def turned(self, image_bgr: ImageBGR, angle: int) -> ImageBGR:
        """The image turned counter-clockwise by 90, 180 or 270 degrees.

        PaddleX warps it with a centre half a pixel off: the turned image lies one pixel further down or to
        the right, and the row or column that this leaves is black.
        """
        code, down, right = _TURNS[angle]
        turned = np.zeros_like(upright := cv2.rotate(image_bgr, code))
        height, width = turned.shape[:2]
        turned[down:, right:] = upright[: height - down, : width - right]
        return np.asarray(turned, np.uint8)

    def unwarped(self, page_bgr: ImageBGR) -> ImageBGR:
        """The flattened page, in the size the network gives it."""
        steps = self._unwarping.preprocessors
        normalize = steps["Normalize"]
        (flat,) = steps["Read"](imgs=[page_bgr])
        batch = normalized(flat, normalize.alpha, normalize.beta)
        output = np.asarray(self._run(self._unwarping, batch)[0])
        # DocTrPostProcess and the pipeline after it, without their reversed views: scale, cut to bytes.
        scale = self._unwarping.postprocessors["DocTrPostProcess"].scale
        planes = np.empty(output.shape[-3:], np.uint8)
        np.multiply(output.reshape(planes.shape), scale, out=planes, dtype=np.float32, casting="unsafe")
        return np.asarray(cv2.merge(list(planes)), np.uint8)

    def detection_input(self, page_bgr: ImageBGR, settings: DetectionSettings) -> tuple[ImageBGR, Any]:
        """The page resized for the detection network, and the shape its boxes are scaled back with."""
        steps = self._detection.pre_tfs
        images, shapes = steps["Resize"](
            imgs=steps["Read"](imgs=[page_bgr]),
            limit_side_len=settings.limit_side_len,
            limit_type=settings.limit_type,
            max_side_limit=settings.max_side_limit,
        )
        return images[0], shapes[0]

    def probability_map(self, resized_bgr: ImageBGR, shape: NDArray[np.float64]) -> ProbabilityMap:
        """Run the detection network on what :meth:`detection_input` gave."""
        steps = self._detection.pre_tfs
        normalize = steps["Normalize"]
        if normalize.order == "chw":  # then PaddleX reads its channels from the rows; leave that to PaddleX
            images = steps["ToCHW"](imgs=normalize(imgs=[resized_bgr]))
            (batch,) = steps["ToBatch"](imgs=images)
        else:
            batch = normalized(resized_bgr, normalize.alpha, normalize.beta)
        return ProbabilityMap(np.asarray(self._run(self._detection, batch)[0]), shape)

    def boxes(self, found: ProbabilityMap, settings: DetectionSettings) -> list[NDArray[np.int16]]:
        """Text boxes, each int16 (4, 2) in pixels of the page, in PaddleOCR's order."""
        post = self._detection.post_op
        if (post.box_type, post.score_mode, post.use_dilation, post.max_candidates) == _FOUND_BOXES:
            height, width = (int(side) for side in found.shape[:2])
            quads = find_boxes(found.probabilities[0, 0], (width, height), settings).kept_quads_xy
        else:
            (quads,), _scores = post(
                [found.probabilities],
                [found.shape],
                thresh=settings.thresh,
                box_thresh=settings.box_thresh,
                unclip_ratio=settings.unclip_ratio,
            )
        ordered: list[NDArray[np.int16]] = self._inner._sort_boxes(quads)
        return ordered

    def sorted_places(self, quads_xy: Sequence[NDArray[np.int16]]) -> list[int]:
        """Places of boxes in PaddleOCR's order."""
        places: dict[bytes, list[int]] = {}
        for place, quad in enumerate(quads_xy):
            places.setdefault(quad.tobytes(), []).append(place)
        ordered = self._inner._sort_boxes(list(quads_xy))
        return [places[np.asarray(quad, np.int16).tobytes()].pop(0) for quad in ordered]

    def crops(self, page_bgr: ImageBGR, quads_xy: Sequence[NDArray[np.int16]]) -> list[ImageBGR]:
        """The lines cut out and set upright, one per box; some may be empty."""
        cut: list[ImageBGR] = self._crops(page_bgr, list(quads_xy))
        return cut

    def line_turns(self, crops_bgr: Sequence[ImageBGR]) -> list[tuple[int, float]]:
        """Per crop: 1 where it stands upside down, else 0, and the score, 0…1."""
        if self._turn_runs is None:
            self._turn_runs = CoreRuns(self._line_orientation)
        runs, model = self._turn_runs, self._line_orientation

        def turns_of(first: int) -> list[tuple[int, float]]:
            together = list(crops_bgr[first : first + _TOGETHER])
            numbers, scores, _ = _top_label(model, runs.network(_classifier_input(model, together)))
            return [(int(n[0]), float(s[0])) for n, s in zip(numbers, scores, strict=True)]

        began = perf_counter()
        found = runs.share_out(turns_of, range(0, len(crops_bgr), _TOGETHER))
        self.network_seconds += perf_counter() - began
        return [line for lines in found for line in lines]

    def read(self, crops_bgr: Sequence[ImageBGR]) -> list[tuple[str, float]]:
        """Text and score, 0…1, of each crop."""
        began = perf_counter()
        lines = self._reader.read(crops_bgr)
        self.network_seconds += perf_counter() - began
        return lines

    def _run(self, model: Any, batch: NDArray[np.float32]) -> Any:
        runner: Callable[..., Any] = model.runner
        began = perf_counter()
        outputs = runner(x=[batch])
        self.network_seconds += perf_counter() - began
        return outputs


def _classifier_input(model: Any, images: list[ImageBGR]) -> NDArray[np.float32]:
    """The steps of PaddleX's ``ClasRunnerPredictor.process`` before its network."""
    for name in ("Read", "Resize", "Crop", "Normalize", "ToCHW"):
        if name in model.preprocessors:
            images = model.preprocessors[name](imgs=images)
    batch: NDArray[np.float32] = model.preprocessors["ToBatch"](imgs=images)[0]
    return batch


def _top_label(model: Any, outputs: Any) -> tuple[Any, Any, Any]:
    """The steps after it: class numbers, scores and labels, each (N, 1)."""
    numbers, scores, labels = model.postprocessors["Topk"](outputs, topk=1)
    return numbers, scores, labels

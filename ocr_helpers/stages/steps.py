"""The steps of one run over the five modules: each is looked up before it is computed, timed and reported."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages.memory import Recall, StageMemory

if TYPE_CHECKING:
    from ocr_helpers.stages.models import ProbabilityMap, StageModels
    from ocr_helpers.stages.result import StepReport

__all__ = ["ImageBGR", "Key", "RunStopped", "StageSteps"]

ImageBGR = NDArray[np.uint8]
Key = tuple[Any, ...]
"""What a remembered step depends on: the page's pixels and the settings of all steps up to it."""


class RunStopped(OcrHelpersError):  # noqa: N818 - not a failure: the caller asked for it
    """``should_stop`` said so. What was computed until then is remembered."""


class StageSteps:
    """The steps of one run, in the order of the methods.

    Args:
        models: run the networks.
        memory: of steps computed by any run.
        should_stop: asked before each step; True ends the run with :class:`RunStopped`.
        on_step: called with each step's name before it begins.

    Attributes:
        reports: what each step did, by its name.

    """

    def __init__(
        self,
        models: "StageModels",
        memory: StageMemory,
        should_stop: Callable[[], bool] | None = None,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        self._models, self._memory = models, memory
        self._should_stop, self._on_step = should_stop, on_step
        self.reports: dict[str, StepReport] = {}

    def prepared(self, original: ImageBGR, settings: PipelineSettings) -> tuple[Key, int, ImageBGR, ImageBGR]:
        """Key, angle (-1 where orientation is off), the turned page, and that one flattened."""
        key: Key = (self._memory.key_of(original),)
        angle, turned = self._orientation(key, original, settings.use_doc_orientation_classify)
        key += (max(angle, 0),)
        flat = self._unwarped(key, turned, settings.use_doc_unwarping)
        return (*key, settings.use_doc_unwarping), angle, turned, flat

    def _orientation(self, key: Key, page_bgr: ImageBGR, on: bool) -> tuple[int, ImageBGR]:
        """Angle, -1 where the module is off (as PaddleX says it), and the upright page."""
        with self._step("doc_orientation", on) as step:
            if not on:
                return -1, page_bgr
            angle, score = step.recall(("angle", *key), lambda: self._models.page_angle(page_bgr))
            step.detail |= {"angle": angle, "score": score}
            if angle == 0:
                return 0, page_bgr
            return angle, step.recall(("turned", *key, angle), lambda: self._models.turned(page_bgr, angle))

    def _unwarped(self, key: Key, page_bgr: ImageBGR, on: bool) -> ImageBGR:
        with self._step("unwarping", on) as step:
            if not on:
                return page_bgr
            flat: ImageBGR = step.recall(("unwarped", *key), lambda: self._models.unwarped(page_bgr))
            return flat

    def probabilities(
        self, key: Key, page_bgr: ImageBGR, settings: DetectionSettings
    ) -> tuple[Key, "ProbabilityMap"]:
        """The map and its key. Limits that lead to the same size share one network run."""
        limits = settings.limit_side_len, settings.limit_type, settings.max_side_limit
        with self._step("detection_network") as step:
            resized: list[Any] = []

            def input_shape() -> tuple[int, int]:
                resized.extend(self._models.detection_input(page_bgr, settings))
                height, width = resized[0].shape[:2]
                return int(height), int(width)

            def run() -> "ProbabilityMap":
                if not resized:
                    input_shape()
                return self._models.probability_map(*resized)

            height, width = step.recall(("limits", *key, limits), input_shape)
            map_key = ("map", *key, height, width)
            found = step.recall(map_key, run)
            step.detail["size_wh"] = width, height
            return map_key, found

    def boxes(
        self, found: tuple[Key, "ProbabilityMap"], settings: DetectionSettings
    ) -> list[NDArray[np.int16]]:
        """The boxes in a map, as ``PaddleOCR.predict`` lists them."""
        key = ("boxes", *found[0], settings.thresh, settings.box_thresh, settings.unclip_ratio)
        with self._step("detection_boxes") as step:
            quads: list[NDArray[np.int16]] = step.recall(key, lambda: self._models.boxes(found[1], settings))
            step.detail["boxes"] = len(quads)
            return quads

    def crops(
        self, key: Key, page_bgr: ImageBGR, quads: Sequence[NDArray[np.int16]]
    ) -> tuple[list[NDArray[np.int16]], list[ImageBGR]]:
        """The boxes whose crop is not empty, and their crops."""
        with self._step("crops") as step:
            crops: list[ImageBGR] = step.recall_each(
                [("crop", *key, quad.tobytes()) for quad in quads],
                lambda missing: self._models.crops(page_bgr, [quads[n] for n in missing]),
            )
            kept = [n for n, crop in enumerate(crops) if crop.size]
            return [quads[n] for n in kept], [crops[n] for n in kept]

    def line_turns(
        self, key: Key, quads: Sequence[NDArray[np.int16]], crops: Sequence[ImageBGR], on: bool
    ) -> list[int]:
        """Per line 1 where it stands upside down, else 0; -1 where the module is off (as PaddleX says it)."""
        with self._step("textline_orientation", on) as step:
            if not on:
                return [-1] * len(crops)
            found: list[tuple[int, float]] = step.recall_each(
                [("line_turn", *key, quad.tobytes()) for quad in quads],
                lambda missing: self._models.line_turns([crops[n] for n in missing]),
            )
            turns = [turn for turn, _score in found]
            step.detail |= {"lines": len(turns), "turned": sum(turns)}
            return turns

    def texts(
        self,
        key: Key,
        quads: Sequence[NDArray[np.int16]],
        crops: Sequence[ImageBGR],
        turns: Sequence[int],
    ) -> list[tuple[str, float]]:
        """Text and score of each crop."""
        with self._step("text_recognition") as step:

            def read(missing: list[int]) -> list[tuple[str, float]]:
                step.detail["read"] = len(missing)
                upright = [self._models.turned(crops[n], 180) if turns[n] == 1 else crops[n] for n in missing]
                return self._models.read(upright)

            step.detail |= {"lines": len(crops), "read": 0}
            keys = [
                ("text", *key, quad.tobytes(), turn == 1) for quad, turn in zip(quads, turns, strict=True)
            ]
            lines: list[tuple[str, float]] = step.recall_each(keys, read)
            return lines

    @contextmanager
    def _step(self, name: str, on: bool = True) -> Iterator[Recall]:
        """Time a step; its report stands in ``reports`` afterwards."""
        from ocr_helpers.stages.result import StepReport

        if not on:
            yield Recall(self._memory)
            self.reports[name] = StepReport(name, on=False)
            return
        if self._should_stop is not None and self._should_stop():
            raise RunStopped(f"Stopped before {name}.")
        if self._on_step is not None:
            self._on_step(name)
        step, began = Recall(self._memory), perf_counter()
        self._models.network_seconds = 0.0
        yield step
        self.reports[name] = StepReport(
            name,
            remembered=not step.computed,
            milliseconds=(perf_counter() - began) * 1e3,
            network_milliseconds=self._models.network_seconds * 1e3,
            detail=step.detail,
        )

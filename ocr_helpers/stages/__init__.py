"""The five modules run one by one, each remembered: a change computes only what follows from it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes import BoxFinder, Candidates
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages.inputs import StageInputError, as_pipeline_settings, page_pixels
from ocr_helpers.stages.memory import StageMemory
from ocr_helpers.stages.steps import ImageBGR, Key, RunStopped, StageSteps

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["PageMap", "RunStopped", "StageInputError", "StagedPipeline", "as_pipeline_settings"]

# PaddleOCR objects are not thread-safe (PaddleOCR issues 16238, 8640), and pipelines share their models.
_ONE_RUN = threading.RLock()


@dataclass(frozen=True, slots=True, eq=False)
class PageMap:
    """A page prepared for detection, and what the detection network says of it.

    Attributes:
        page_bgr: uint8 (H, W, 3), turned and flattened where that is on: boxes are in its pixels.
        probabilities: float32 (h, w), 0…1: how likely each pixel belongs to text; its size is the network's
            input.
        finder: finds boxes in it under any thresh, box_thresh and unclip_ratio.
        milliseconds: what it took, a remembered one too.

    """

    page_bgr: ImageBGR
    probabilities: NDArray[np.float32]
    finder: BoxFinder
    milliseconds: float
    _key: Key


class StagedPipeline:
    """Runs a PaddleOCR pipeline step by step and remembers every step.

    A step is looked up by the page's pixels and exactly the settings it depends on: a threshold never runs a
    network again, a module switched off and on again answers from memory, and only crops that were never read
    are recognised. Each line is read by itself, so its text and score do not depend on the others; in a batch
    PaddleOCR pads lines to the widest, which can change them (see ``ocr_helpers.stages.line_reader``).

    Safe to call from several threads; they take turns.

    Args:
        pipeline: a ``paddleocr.PaddleOCR``, best of :func:`ocr_helpers.load_pipeline`, which loads all five
            modules.
        memory_limit_mb: the most that is remembered, in megabytes of 10⁶ bytes; an A4 page at 150 dpi takes
            about 30. The least recently used goes first. With 0 nothing is remembered, which suits pages that
            are read once.

    Raises:
        ocr_helpers.stages.models.NotAPipelineError: not a PaddleOCR pipeline on one device.
        ocr_helpers.stages.memory.MemoryLimitError: not a number, or below 0.

    """

    def __init__(self, pipeline: "PaddleOCR", *, memory_limit_mb: float = 512) -> None:
        from ocr_helpers.stages.models import StageModels

        self.pipeline = pipeline
        self.memory = StageMemory(memory_limit_mb)
        self._models = StageModels(pipeline)

    def run(
        self,
        page: Page | ImageBGR,
        settings: PipelineSettings | None = None,
        *,
        should_stop: Callable[[], bool] | None = None,
        on_step: Callable[[str], None] | None = None,
    ) -> "StagedResult":
        """Read one page.

        Args:
            page: a :class:`ocr_helpers.Page`, or its pixels as uint8 (H, W, 3) BGR.
            settings: toggles and parameters; PaddleOCR's defaults where None.
            should_stop: asked before each step; True ends the run with :class:`RunStopped`.
            on_step: called with each step's name before it begins.

        Returns:
            What ``PaddleOCR.predict`` yields for the page, with ``steps``, ``boxes_on``, ``reading_order``
            and more; see :class:`ocr_helpers.stages.result.StagedResult`.

        Raises:
            StageInputError: not a page, or not settings.
            ocr_helpers.pages.image_arrays.ArrayShapeError, ArrayDtypeError: an array of another kind.
            ocr_helpers.stages.models.ModuleNotLoadedError: a module is on that the pipeline does not have.

        """
        image_bgr, input_path, page_index = page_pixels(page)
        settings = self._checked(settings)
        steps = StageSteps(self._models, self.memory, should_stop, on_step)
        with _ONE_RUN, quiet_paddle():
            result = self._run(image_bgr, settings, steps)
        result["input_path"], result["page_index"] = input_path, page_index
        return result

    def probability_map(
        self,
        page: Page | ImageBGR,
        settings: PipelineSettings | DetectionSettings | None = None,
        *,
        should_stop: Callable[[], bool] | None = None,
        on_step: Callable[[str], None] | None = None,
    ) -> PageMap:
        """Run a page up to the detection network; arguments and errors as for :meth:`run`.

        Detection settings alone stand for a pipeline whose other settings are PaddleOCR's defaults.
        """
        image_bgr, _, _ = page_pixels(page)
        settings = self._checked(as_pipeline_settings(settings))
        steps = StageSteps(self._models, self.memory, should_stop, on_step)
        began = perf_counter()
        with _ONE_RUN, quiet_paddle():
            key, _, _, flat = steps.prepared(image_bgr, settings)
            _, found = steps.probabilities(key, flat, settings.detection)
        probabilities = found.probabilities[0, 0]
        finder = BoxFinder(probabilities, (flat.shape[1], flat.shape[0]))
        return PageMap(flat, probabilities, finder, (perf_counter() - began) * 1e3, key)

    def rectify(self, page: Page | ImageBGR, settings: PipelineSettings | None = None) -> ImageBGR:
        """The page as detection sees it, uint8 (H, W, 3): turned and flattened where that is on.

        Raises:
            StageInputError, ocr_helpers.stages.models.ModuleNotLoadedError: as for :meth:`run`.

        """
        image_bgr, _, _ = page_pixels(page)
        settings = self._checked(settings)
        with _ONE_RUN, quiet_paddle():
            return StageSteps(self._models, self.memory).prepared(image_bgr, settings)[-1]

    def detect(
        self, page: Page | ImageBGR, settings: PipelineSettings | DetectionSettings | None = None
    ) -> Candidates:
        """Every candidate box of a page, kept or rejected and why; arguments and errors as for :meth:`run`.

        The kept ones are those of ``PaddleOCR.predict``, before it sorts them by rows.
        """
        settings = self._checked(as_pipeline_settings(settings))
        return self.probability_map(page, settings).finder.find(settings.detection)

    def read(
        self,
        page_map: PageMap,
        quads_xy: Sequence[NDArray[np.int16]],
        settings: PipelineSettings | None = None,
    ) -> list[tuple[str, float]]:
        """Text and score, 0…1, of each box, whether read now or remembered; of an empty crop "" and 0.

        Args:
            page_map: of :meth:`probability_map`.
            quads_xy: boxes, each int16 (4, 2), in pixels of its page.
            settings: whether lines are turned upright first.

        """
        settings = self._checked(settings)
        steps = StageSteps(self._models, self.memory)
        with _ONE_RUN, quiet_paddle():
            key = page_map._key
            kept, crops = steps.crops(key, page_map.page_bgr, quads_xy)
            turns = steps.line_turns(key, kept, crops, settings.use_textline_orientation)
            lines = steps.texts(key, kept, crops, turns)
        read = {quad.tobytes(): line for quad, line in zip(kept, lines, strict=True)}
        return [read.get(quad.tobytes(), ("", 0.0)) for quad in quads_xy]

    def reading_places(self, quads_xy: Sequence[NDArray[np.int16]]) -> list[int]:
        """Places of boxes in the order in which ``PaddleOCR.predict`` lists them."""
        return self._models.sorted_places(quads_xy)

    def _checked(self, settings: Any) -> PipelineSettings:
        """Settings of the whole pipeline, of whose modules all that are on are there."""
        settings = PipelineSettings() if settings is None else settings
        if not isinstance(settings, PipelineSettings):
            raise StageInputError(f"settings is {type(settings).__name__}; expected PipelineSettings.")
        for module, toggle in TOGGLES.items():
            if getattr(settings, toggle):
                self._models.require(module)
        return settings

    def forget(self) -> None:
        """Forget every remembered step."""
        with _ONE_RUN:
            self.memory.clear()

    def _run(self, original: ImageBGR, settings: PipelineSettings, steps: StageSteps) -> "StagedResult":
        from paddlex.inference.pipelines.components import convert_points_to_boxes
        from paddlex.inference.pipelines.doc_preprocessor.result import DocPreprocessorResult

        from ocr_helpers.stages.result import StagedResult

        key, angle, turned, flat = steps.prepared(original, settings)
        found = steps.probabilities(key, flat, settings.detection)
        quads = steps.boxes(found, settings.detection)
        quads, crops = steps.crops(key, flat, quads)
        turns = steps.line_turns(key, quads, crops, settings.use_textline_orientation)
        lines = steps.texts(key, quads, crops, turns)

        prepared: Any = {"output_img": flat}
        prepares = settings.use_doc_orientation_classify or settings.use_doc_unwarping
        if prepares:
            prepared = DocPreprocessorResult(
                {
                    "input_path": None,
                    "page_index": None,
                    "input_img": original,
                    "model_settings": {
                        "use_doc_orientation_classify": settings.use_doc_orientation_classify,
                        "use_doc_unwarping": settings.use_doc_unwarping,
                    },
                    "angle": angle,
                    "rot_img": turned,
                    "output_img": flat,
                }
            )
        kept = [n for n, (_, score) in enumerate(lines) if score >= settings.text_rec_score_thresh]
        data: dict[str, Any] = {
            "input_path": None,
            "page_index": None,
            "doc_preprocessor_res": prepared,
            "dt_polys": quads,
            "model_settings": {
                "use_doc_preprocessor": prepares,
                "use_textline_orientation": settings.use_textline_orientation,
            },
            "text_det_params": settings.detection.as_kwargs(),
            "text_type": "general",
            "text_rec_score_thresh": settings.text_rec_score_thresh,
            "return_word_box": False,
            "rec_texts": [lines[n][0] for n in kept],
            "rec_scores": [lines[n][1] for n in kept],
            "rec_polys": [quads[n] for n in kept],
            "vis_fonts": [self._models.vis_font] * len(kept),
        }
        if quads:
            data["textline_orientation_angles"] = turns
        data["rec_boxes"] = convert_points_to_boxes(data["rec_polys"])
        return StagedResult(
            data,
            steps=steps.reports,
            original_bgr=original,
            angle=max(angle, 0),
            unwarped=settings.use_doc_unwarping,
        )

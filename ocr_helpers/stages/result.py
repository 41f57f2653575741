"""What a staged run returns: PaddleOCR's own result, and what each step did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from paddlex.inference.pipelines.ocr.result import OCRResult

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import UnknownOrderError
from ocr_helpers.reading_order import reading_order

__all__ = ["STEPS", "PageMappingError", "StagedResult", "StepReport", "TextLine"]

STEPS = (
    "doc_orientation",
    "unwarping",
    "detection_network",
    "detection_boxes",
    "crops",
    "textline_orientation",
    "text_recognition",
)
"""The steps of a run, in order."""


class PageMappingError(OcrHelpersError):
    """Boxes of an unwarped page have no simple place on the original."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did.

    Attributes:
        name: one of :data:`STEPS`.
        on: False where the module is switched off; then nothing else says anything.
        remembered: nothing was computed, all of it was known from before.
        milliseconds: wall time of the step in this run.
        network_milliseconds: the part of it spent inside the step's network.
        detail: what it decided. ``doc_orientation``: ``angle`` (degrees counter-clockwise) and ``score``;
            ``detection_network``: ``size_wh`` of the network's input; ``detection_boxes``: ``boxes``;
            ``textline_orientation``: ``lines``, ``turned``; ``text_recognition``: ``lines``, and how many of
            them were ``read`` in this run.

    """

    name: str
    on: bool = True
    remembered: bool = False
    milliseconds: float = 0.0
    network_milliseconds: float = 0.0
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """One recognised line: text, score (0…1), box as int16 (4, 2) in pixels of ``page_bgr``."""

    text: str
    score: float
    quad_xy: NDArray[np.int16]

    def __eq__(self, other: object) -> bool:  # a generated one asks an array for its truth, which it has not
        if not isinstance(other, TextLine):
            return NotImplemented
        same = (self.text, self.score) == (other.text, other.score)
        return same and np.array_equal(self.quad_xy, other.quad_xy)

    def __hash__(self) -> int:
        return hash((self.text, self.score))


class StagedResult(OCRResult):  # type: ignore[misc]
    """The mapping that ``PaddleOCR.predict`` yields, with the steps that led to it.

    Attributes:
        steps: name → :class:`StepReport`, in order.
        boxes_on: the picture that the boxes belong to: ``"original"``, ``"turned"`` (by the document
            orientation) or ``"unwarped"``.
        original_bgr: the page as it was given, uint8 (H, W, 3).

    """

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        steps: Mapping[str, StepReport],
        original_bgr: NDArray[np.uint8],
        angle: int,
        unwarped: bool,
    ) -> None:
        super().__init__(data)
        self.steps = dict(steps)
        self.original_bgr = original_bgr
        self._angle = angle
        self.boxes_on: Literal["original", "turned", "unwarped"] = (
            "unwarped" if unwarped else "turned" if angle else "original"
        )

    @property
    def page_bgr(self) -> NDArray[np.uint8]:
        """The picture that the boxes belong to, uint8 (H, W, 3)."""
        image: NDArray[np.uint8] = self["doc_preprocessor_res"]["output_img"]
        return image

    @property
    def turned_bgr(self) -> NDArray[np.uint8]:
        """The page after the document orientation and before unwarping, uint8 (H, W, 3)."""
        image: NDArray[np.uint8] = self["doc_preprocessor_res"].get("rot_img", self.original_bgr)
        return image

    @property
    def milliseconds(self) -> float:
        """Wall time of all steps."""
        return sum(step.milliseconds for step in self.steps.values())

    @cached_property
    def reading_order(self) -> NDArray[np.intp]:
        """Indices of the lines in an order that follows columns and skew; PaddleOCR's order is 0, 1, 2, …"""
        return reading_order(self["rec_polys"])

    def lines(self, order: Literal["reading", "paddleocr"] = "reading") -> list[TextLine]:
        """The recognised lines, in reading order or in PaddleOCR's own."""
        if order not in ("reading", "paddleocr"):
            raise UnknownOrderError(f"order is {order!r}; expected 'reading' or 'paddleocr'.")
        indices = self.reading_order if order == "reading" else range(len(self["rec_texts"]))
        columns = self["rec_texts"], self["rec_scores"], self["rec_polys"]
        return [TextLine(*(column[index] for column in columns)) for index in indices]

    def text(self, order: Literal["reading", "paddleocr"] = "reading") -> str:
        """The recognised lines, one per line."""
        return "\n".join(line.text for line in self.lines(order))

    def polys_on_original(self, key: Literal["rec_polys", "dt_polys"] = "rec_polys") -> NDArray[np.float32]:
        """Boxes mapped back through the document orientation: float32 (N, 4, 2), pixels of ``original_bgr``.

        Each box's first corner stays the text's own top left, so a line of a page that lies on its side has
        it at another corner of the picture.

        Raises:
            PageMappingError: the page was unwarped.

        """
        if self.boxes_on == "unwarped":
            raise PageMappingError(
                "The boxes belong to the unwarped page (result.page_bgr): UVDoc does not tell where its "
                "pixels came from. Draw on that picture, score its text alone with "
                "ocr_helpers.score_page_text, or run with use_doc_unwarping=False."
            )
        quads = np.asarray(self[key], np.float32).reshape(-1, 4, 2)
        if not self._angle or not len(quads):
            return quads
        height, width = self.original_bgr.shape[:2]
        # The matrix of PaddleX's rotate_image (components/common/warp_image.py), inverted.
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), self._angle, 1.0), np.float64)
        matrix[:, 2] += (np.array(self.turned_bgr.shape[1::-1], np.float64) - (width, height)) / 2
        back = np.asarray(cv2.invertAffineTransform(matrix))
        return np.asarray(quads @ back[:, :2].T + back[:, 2], np.float32)

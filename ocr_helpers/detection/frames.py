"""One look at a page under one setting: its candidates, its lines, and how good they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes import Candidates
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.reading_order import reading_order
from ocr_helpers.scoring import BoxScore, intersections_over_unions, page_cer, score_boxes
from ocr_helpers.scoring.boxes import matched_pairs
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.stages import PageMap

__all__ = ["SAME_SHAPE", "Comparison", "DetectionFrame", "FrameFigures", "Texts", "compare"]

SAME_SHAPE = 0.8
"""Boxes that overlap by less have changed in a way one sees: a line 20 pixels high became one of 26."""

Texts = Mapping[bytes, tuple[str, float]]
"""Text and score of boxes read so far, by the bytes of their int16 corners."""


@dataclass(frozen=True, eq=False)
class DetectionFrame:
    """What a page looks like under one setting.

    Attributes:
        number: counts up; a later look has a higher one.
        page_number: of the page, from 0.
        settings: what it was made with.
        page_map: the page and its probability map.
        candidates: kept and rejected.
        quads_xy: int16 (K, 4, 2): the kept boxes in PaddleOCR's order.
        scores: float64 (K,): their box scores.
        places: intp (K,): their places among the candidates.
        milliseconds: from the probability map to the boxes.

    """

    number: int
    page_number: int
    settings: DetectionSettings
    page_map: PageMap
    candidates: Candidates
    quads_xy: NDArray[np.int16]
    scores: NDArray[np.float64]
    places: NDArray[np.intp]
    milliseconds: float

    @cached_property
    def reading_order(self) -> NDArray[np.intp]:
        """Places in ``quads_xy`` as a person reads the page."""
        return reading_order(list(self.quads_xy))

    def unread(self, texts: Texts) -> list[NDArray[np.int16]]:
        """Boxes not read yet, in reading order."""
        return [self.quads_xy[n] for n in self.reading_order if self.quads_xy[n].tobytes() not in texts]


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """Counts and scores of one look; None where they cannot be known.

    Attributes:
        kept: boxes.
        mean_score: of the boxes, 0…1; None without a box.
        mean_text_score: of what was read in them; None until all are read.
        boxes: against the ground truth.
        cer: character error rate against the ground truth; None until all boxes are read.

    """

    kept: int
    mean_score: float | None
    mean_text_score: float | None
    boxes: BoxScore | None
    cer: float | None

    @classmethod
    def of(cls, frame: DetectionFrame, texts: Texts, truth: PageTruth | None) -> "FrameFigures":
        """The figures of a look, as far as its boxes were read."""
        read = [texts.get(quad.tobytes()) for quad in frame.quads_xy]
        lines = [line for line in read if line is not None]
        complete = len(lines) == len(read)
        return cls(
            kept=len(frame.quads_xy),
            mean_score=float(frame.scores.mean()) if len(frame.scores) else None,
            mean_text_score=float(np.mean([score for _, score in lines])) if lines and complete else None,
            boxes=None if truth is None else score_boxes(frame.quads_xy, truth.quads_xy),
            cer=None
            if truth is None or not complete
            else page_cer(frame.quads_xy, [text for text, _ in lines], truth.quads_xy, truth.texts),
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two looks at the same page.

    Attributes:
        gained_xy: int16 (N, 4, 2): boxes of the second that the first has not, nowhere near half the same.
        lost_xy: int16 (N, 4, 2): boxes of the first that the second has not.
        reshaped_xy: int16 (N, 4, 2): boxes of the first, as they were, that the second has in another shape.

    """

    gained_xy: NDArray[np.int16]
    lost_xy: NDArray[np.int16]
    reshaped_xy: NDArray[np.int16]


def compare(first: DetectionFrame, second: DetectionFrame) -> Comparison:
    """Boxes gained, lost and reshaped from one look to the next.

    The same box is one that overlaps by half (intersection over union); it is in another shape where it
    overlaps by less than `SAME_SHAPE`.
    """
    shares = intersections_over_unions(second.quads_xy, first.quads_xy)
    gained = np.ones(len(second.quads_xy), bool)
    lost = np.ones(len(first.quads_xy), bool)
    reshaped = np.zeros(len(first.quads_xy), bool)
    for new, old in matched_pairs(shares):
        gained[new] = lost[old] = False
        reshaped[old] = shares[new, old] < SAME_SHAPE
    return Comparison(second.quads_xy[gained], first.quads_xy[lost], first.quads_xy[reshaped])

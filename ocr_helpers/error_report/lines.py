"""The lines of an error report: what was read, what stands there, and the picture of it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.samples import crop_quad
from ocr_helpers.scoring.page_text import check_comparable
from ocr_helpers.scoring.pages import match_lines
from ocr_helpers.scoring.text import LineScores, score_lines

if TYPE_CHECKING:
    from ocr_helpers.stages.result import StagedResult

__all__ = ["ReportError", "ReportLine", "lines_of_result"]


class ReportError(OcrHelpersError, ValueError):
    """A line, a page or a path that a report cannot be made of."""


@dataclass(frozen=True, eq=False)
class ReportLine:
    """One line of a report.

    Attributes:
        read: what was read; None where the line was not found.
        expected: what stands there; None where nothing does.
        score: of the recogniser, 0…1; None where it is not known.
        crop_bgr: the line's picture, uint8 (H, W, 3); None without one.
        page: name of its page.

    Raises:
        ReportError: neither text, or a picture of another kind.

    """

    read: str | None
    expected: str | None
    score: float | None = None
    crop_bgr: NDArray[np.uint8] | None = field(default=None, repr=False)
    page: str = ""

    def __post_init__(self) -> None:
        """Check what came."""
        for name in ("read", "expected"):
            if not isinstance(getattr(self, name), str | None):
                raise ReportError(f"{name} is {type(getattr(self, name)).__name__}; expected str or None.")
        if self.read is None and self.expected is None:
            raise ReportError("A line has neither a read nor an expected text; expected at least one.")
        crop = self.crop_bgr
        if crop is not None and not (
            isinstance(crop, np.ndarray)
            and crop.dtype == np.uint8
            and crop.ndim == 3
            and crop.shape[2] == 3
            and crop.size
        ):
            shape, dtype = getattr(crop, "shape", None), getattr(crop, "dtype", None)
            raise ReportError(
                f"crop_bgr is {type(crop).__name__} of shape {shape} and dtype {dtype}; expected uint8 "
                "(H, W, 3), not empty, or None."
            )

    @cached_property
    def scores(self) -> LineScores:
        """Of this line alone; a line that was not found, or that does not stand there, is an empty text."""
        return score_lines([self.read or ""], [self.expected or ""])

    @property
    def badness(self) -> float:
        """Edits by the longer of the two texts, 0…1."""
        longer = max(len(self.read or ""), len(self.expected or ""), 1)
        return self.scores.character_edits / longer


def lines_of_result(result: "StagedResult", truth: PageTruth, page: str = "") -> list[ReportLine]:
    """The lines of a page: the true ones in their order, then what was read where none stands.

    Args:
        result: of ``StagedPipeline.run``.
        truth: in pixels of the page as it was given.
        page: its name.

    Raises:
        ocr_helpers.ground_truth.GroundTruthError: ``truth`` is None, as of pages with texts alone.
        ocr_helpers.stages.result.PageMappingError: the page was unwarped, so nothing is known of where its
            lines stood before.

    """
    check_comparable(result, truth)
    quads: Any = result.polys_on_original()
    texts, scores = result["rec_texts"], result["rec_scores"]
    found_of = {j: i for i, j in match_lines(quads, truth.quads_xy)}

    def line(i: int | None, expected: str | None, crop: NDArray[np.uint8]) -> ReportLine:
        known = (texts[i], float(scores[i])) if i is not None else (None, None)
        return ReportLine(known[0], expected, known[1], crop, page)

    lines = []
    for j, (quad, expected) in enumerate(zip(truth.quads_xy, truth.texts, strict=True)):
        i = found_of.get(j)
        # What the recogniser saw where there is such a crop; a detector's box has its margin already.
        crop = crop_quad(result.original_bgr, quad if i is None else quads[i], 0.12 if i is None else 0.0)
        lines.append(line(i, expected, crop))
    for i in sorted(set(range(len(texts))) - set(found_of.values())):
        lines.append(line(i, None, crop_quad(result.original_bgr, quads[i], 0.0)))
    return lines

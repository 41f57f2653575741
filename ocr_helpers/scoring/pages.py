"""How well a page was found and read: lines matched to the ground truth by their boxes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.scoring.boxes import (
    BoxScore,
    QuadShapeError,
    match_boxes,
    merged_boxes,
    score_boxes,
    split_boxes,
)
from ocr_helpers.scoring.page_text import check_comparable
from ocr_helpers.scoring.text import LineScores, score_lines, sum_scores
from ocr_helpers.text import comparable_text

__all__ = [
    "TEXT_OVERLAP",
    "PageScore",
    "match_lines",
    "page_cer",
    "score_page",
    "score_result",
    "sum_pages",
]

TEXT_OVERLAP = 0.3
"""Intersection over union from which a found line is read against a true one: a box that is too wide is an
error of detection, not of reading."""


@dataclass(frozen=True, slots=True)
class PageScore:
    """Counts of one page or, added up, of several.

    Attributes:
        boxes: found against true boxes, one to one at an intersection over union of 0.5.
        text: the lines that were found (matched at `TEXT_OVERLAP`): how well they were read.
        missing_lines: true lines without a found one.
        missing_characters: in them.
        surplus_lines: found lines where none stands.
        surplus_characters: in them.
        split_lines: true lines that lie in several found boxes; see :func:`split_boxes`.
        merged_lines: found boxes that hold several true lines; see :func:`merged_boxes`.
        pages: how many.

    """

    boxes: BoxScore
    text: LineScores
    missing_lines: int
    missing_characters: int
    surplus_lines: int
    surplus_characters: int
    split_lines: int
    merged_lines: int
    pages: int = 1

    def __add__(self, other: "PageScore") -> "PageScore":
        """Counts of both together."""
        if not isinstance(other, PageScore):
            return NotImplemented
        return PageScore(
            self.boxes + other.boxes,
            self.text + other.text,
            self.missing_lines + other.missing_lines,
            self.missing_characters + other.missing_characters,
            self.surplus_lines + other.surplus_lines,
            self.surplus_characters + other.surplus_characters,
            self.split_lines + other.split_lines,
            self.merged_lines + other.merged_lines,
            self.pages + other.pages,
        )

    @property
    def cer(self) -> float:
        """Character error rate from end to end, as `page_cer` has it; nan where no character is expected."""
        expected = self.text.characters + self.missing_characters
        edits = self.text.character_edits + self.missing_characters + self.surplus_characters
        return edits / expected if expected else float("nan")

    @property
    def exact_line_accuracy(self) -> float:
        """Share of all true lines that were found and read without an error, 0…1; nan without lines."""
        lines = self.text.lines + self.missing_lines
        return self.text.exact_lines / lines if lines else float("nan")


def match_lines(found_xy: Any, expected_xy: Any) -> list[tuple[int, int]]:
    """Pairs (place in ``found_xy``, place in ``expected_xy``) of lines to compare the texts of.

    One to one, as many as possible, from `TEXT_OVERLAP` on; see :func:`ocr_helpers.scoring.match_boxes`.
    """
    return match_boxes(found_xy, expected_xy, TEXT_OVERLAP)


def score_page(
    found_xy: Any, texts: Sequence[str], expected_xy: Any, expected_texts: Sequence[str]
) -> PageScore:
    """Compare the lines of a page with its ground truth.

    Where no boxes are known, :func:`ocr_helpers.scoring.page_text.score_page_text` compares texts alone.

    Args:
        found_xy: (N, 4, 2), the boxes.
        texts: what was read in each.
        expected_xy: (M, 4, 2), the true boxes, in the same unit.
        expected_texts: what stands in each.

    Raises:
        QuadShapeError: another shape, or not one text for each box.
        ocr_helpers.text.TextsError: not ``str``.

    """
    _check_counts(found_xy, texts, expected_xy, expected_texts)
    pairs = match_lines(found_xy, expected_xy)
    missing = set(range(len(expected_texts))) - {j for _, j in pairs}
    surplus = set(range(len(texts))) - {i for i, _ in pairs}
    return PageScore(
        boxes=score_boxes(found_xy, expected_xy),
        text=score_lines([texts[i] for i, _ in pairs], [expected_texts[j] for _, j in pairs]),
        missing_lines=len(missing),
        missing_characters=sum(len(comparable_text(expected_texts[j])) for j in missing),
        surplus_lines=len(surplus),
        surplus_characters=sum(len(comparable_text(texts[i])) for i in surplus),
        split_lines=len(split_boxes(found_xy, expected_xy)),
        merged_lines=len(merged_boxes(found_xy, expected_xy)),
    )


def score_result(result: Mapping[str, Any], truth: PageTruth) -> PageScore:
    """Compare a page's result with its ground truth; see `score_page`.

    Args:
        result: of ``StagedPipeline.run`` or ``PaddleOCR.predict``. Boxes of a staged run are mapped back
            through the document orientation; those of PaddleOCR's must belong to the page as it was given.
        truth: in pixels of the page as it was given.

    Raises:
        ocr_helpers.ground_truth.GroundTruthError: ``truth`` is None, as of pages with texts alone.
        ocr_helpers.stages.result.PageMappingError: the page was unwarped, so nothing is known of where its
            lines stood before; :func:`ocr_helpers.scoring.page_text.score_page_text` compares texts alone. Or
            PaddleOCR turned the page, and only its own result is there.

    """
    check_comparable(result, truth)
    on_original = getattr(result, "polys_on_original", None)
    quads = on_original() if on_original is not None else result["rec_polys"]
    return score_page(quads, result["rec_texts"], truth.quads_xy, truth.texts)


def sum_pages(scores: Iterable[PageScore]) -> PageScore:
    """Counts of several pages together: every score is a ratio of sums. Without a page all are 0."""
    pages = list(scores)
    nothing = PageScore(BoxScore(0, 0, 0), sum_scores([]), 0, 0, 0, 0, 0, 0, pages=0)
    return sum(pages, start=nothing)


def page_cer(found_xy: Any, texts: Sequence[str], expected_xy: Any, expected_texts: Sequence[str]) -> float:
    """Character error rate of a page: edits that make the read lines the true ones, by true characters.

    Lines belong together where their boxes do, from an overlap of `TEXT_OVERLAP` on. All characters of a line
    that was not found are missing, and all of one that is found where none is are too many. So the rate can
    exceed 1.

    Args:
        found_xy: (N, 4, 2), the boxes.
        texts: what was read in each.
        expected_xy: (M, 4, 2), the true boxes, in the same unit.
        expected_texts: what stands in each.

    Returns:
        0 for a page without an error; nan where no character is expected.

    Raises:
        QuadShapeError: another shape, or not one text for each box.

    """
    from rapidfuzz.distance import Levenshtein

    _check_counts(found_xy, texts, expected_xy, expected_texts)
    read, true = ([comparable_text(text) for text in each] for each in (texts, expected_texts))
    pairs = match_lines(found_xy, expected_xy)
    edits = sum(Levenshtein.distance(read[i], true[j]) for i, j in pairs)
    for lines, known in ((read, {i for i, _ in pairs}), (true, {j for _, j in pairs})):
        edits += sum(len(line) for place, line in enumerate(lines) if place not in known)
    characters = sum(map(len, true))
    return edits / characters if characters else float("nan")


def _check_counts(
    found_xy: Any, texts: Sequence[str], expected_xy: Any, expected_texts: Sequence[str]
) -> None:
    for boxes, lines in ((found_xy, texts), (expected_xy, expected_texts)):
        if len(boxes) != len(lines):
            raise QuadShapeError(f"There are {len(boxes)} boxes and {len(lines)} texts; expected as many.")

"""How good a reading is: found boxes and read texts against the ground truth."""

from ocr_helpers.scoring.boxes import (
    BoxScore,
    QuadShapeError,
    intersections_over_unions,
    match_boxes,
    merged_boxes,
    score_boxes,
    split_boxes,
)
from ocr_helpers.scoring.page_text import score_page_text
from ocr_helpers.scoring.pages import (
    PageScore,
    match_lines,
    page_cer,
    score_page,
    score_result,
    sum_pages,
)
from ocr_helpers.scoring.text import LineScores, score_lines, sum_scores

__all__ = [
    "BoxScore",
    "LineScores",
    "PageScore",
    "QuadShapeError",
    "intersections_over_unions",
    "match_boxes",
    "match_lines",
    "merged_boxes",
    "page_cer",
    "score_boxes",
    "score_lines",
    "score_page",
    "score_page_text",
    "score_result",
    "split_boxes",
    "sum_pages",
    "sum_scores",
]

"""Scores of pages: matched lines, missing and surplus ones, splits and merges, sums."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocr_helpers as ocr
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import (
    BoxScore,
    QuadShapeError,
    match_lines,
    merged_boxes,
    page_cer,
    score_page,
    score_result,
    split_boxes,
    sum_pages,
)
from ocr_helpers.stages.result import PageMappingError

Quad = list[list[float]]


def box(left: float, top: float, right: float, bottom: float) -> Quad:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def grown(quad: Quad, by: float) -> Quad:
    """As a detector's unclipping leaves it: wider by as many pixels on each side."""
    (left, top), _, (right, bottom), _ = quad
    return box(left - by, top - by, right + by, bottom + by)


LINE, BELOW, RIGHT = box(0, 0, 200, 20), box(0, 32, 200, 52), box(230, 0, 430, 20)
HALVES = [box(0, 0, 95, 20), box(105, 0, 200, 20)]
TALL = box(0, 0, 200, 52)


@pytest.mark.parametrize(
    ("found", "expected", "split", "merged"),
    [
        ([], [], {}, {}),
        ([LINE], [], {}, {}),
        ([], [LINE], {}, {}),
        ([LINE], [LINE], {}, {}),
        ([LINE, BELOW], [LINE, BELOW], {}, {}),
        (HALVES, [LINE], {0: (0, 1)}, {}),
        ([HALVES[1], BELOW, HALVES[0]], [BELOW, LINE], {1: (0, 2)}, {}),
        ([grown(half, 10) for half in HALVES], [LINE], {0: (0, 1)}, {}),  # unclip_ratio 3
        ([box(0, 0, 60, 20), box(70, 0, 130, 20), box(140, 0, 200, 20)], [LINE], {0: (0, 1, 2)}, {}),
        ([box(0, 0, 30, 20), box(170, 0, 200, 20)], [LINE], {}, {}),  # less than half of it
        ([LINE, LINE], [LINE], {}, {}),  # a double is no piece
        ([LINE, box(50, 2, 90, 18)], [LINE], {}, {}),
        ([LINE, box(180, 15, 260, 95)], [LINE], {}, {}),  # a seal that touches the line
        ([TALL], [LINE, BELOW], {}, {0: (0, 1)}),
        ([grown(TALL, 8)], [LINE, BELOW], {}, {0: (0, 1)}),
        ([LINE, box(0, 0, 430, 20)], [LINE, RIGHT], {}, {1: (0, 1)}),
        ([box(-50, -50, 900, 900)], [LINE, BELOW, RIGHT], {}, {0: (0, 1, 2)}),  # around a table
        ([grown(LINE, 14), grown(BELOW, 14)], [LINE, BELOW], {}, {}),  # reaches into its neighbour
        ([box(0, 0, 0, 0)], [LINE, LINE], {}, {}),
    ],
)
def test_splits_and_merges(
    found: list[Quad], expected: list[Quad], split: dict[int, Any], merged: dict[int, Any]
) -> None:
    assert split_boxes(found, expected) == split
    assert merged_boxes(found, expected) == merged


def test_splits_and_merges_of_slanted_lines() -> None:
    turn = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    turned = [(np.array(quad) @ turn).tolist() for quad in (*HALVES, LINE, BELOW, TALL)]
    assert split_boxes(turned[:2], [turned[2]]) == {0: (0, 1)}
    assert merged_boxes([turned[4]], turned[2:4]) == {0: (0, 1)}


def test_a_page() -> None:
    found = [LINE, grown(BELOW, 6), box(500, 500, 520, 510), HALVES[0]]
    score = score_page(found, ["가 나", "다라", "!!", "ㄱ"], [BELOW, LINE, RIGHT], ["다르", "가 나", "마바"])
    assert score.boxes == BoxScore(2, 4, 3)
    assert match_lines(found, [BELOW, LINE, RIGHT]) == [(0, 1), (1, 0)]
    assert (score.text.lines, score.text.exact_lines, score.text.character_edits) == (2, 1, 1)
    assert (score.missing_lines, score.missing_characters) == (1, 2)
    assert (score.surplus_lines, score.surplus_characters) == (2, 3)
    assert score.cer == (1 + 2 + 3) / 7
    assert score.exact_line_accuracy == 1 / 3
    assert (score.split_lines, score.merged_lines, score.pages) == (0, 0, 1)


def test_a_wide_box_is_read_though_it_is_not_found() -> None:
    near, wide = grown(LINE, 8), grown(LINE, 12)  # overlaps of 0.51 and 0.41
    assert score_page([near], ["가"], [LINE], ["가"]).boxes.matched == 1
    score = score_page([wide], ["가"], [LINE], ["가"])
    assert score.boxes.matched == 0 and score.text.exact_lines == 1 and score.cer == 0


def test_sums_over_pages() -> None:
    first = score_page([LINE], ["가나"], [LINE], ["가다"])
    second = score_page(HALVES, ["가", "나"], [LINE, BELOW], ["가 나", "다라마"])
    both = sum_pages([first, second])
    assert both == first + second and both.pages == 2
    assert both.boxes == BoxScore(1, 3, 3) and both.split_lines == 1
    assert both.cer == pytest.approx((first.cer * 2 + second.cer * 6) / 8)
    assert sum_pages([first]) == first
    nothing = sum_pages([])
    assert nothing.pages == 0 and math.isnan(nothing.cer) and math.isnan(nothing.exact_line_accuracy)
    assert math.isnan(nothing.boxes.hmean)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(QuadShapeError, match="1 boxes and 2 texts"):
        score_page([LINE], ["가", "나"], [LINE], ["가"])
    with pytest.raises(QuadShapeError, match="2 boxes and 1 texts"):
        score_page([LINE], ["가"], [LINE, BELOW], ["가"])
    with pytest.raises(QuadShapeError, match=r"expected \(N, 4, 2\)"):
        split_boxes([LINE[:3]], [LINE])


lines = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 3), st.text("가나 다", max_size=5)),
    max_size=6,
)


@settings(deadline=None)
@given(lines, lines)
def test_cer_is_that_of_page_cer(found: list[Any], expected: list[Any]) -> None:
    quads = [[box(90 * x, 14 * y, 90 * x + 60 * w, 14 * y + 20) for x, y, w, _ in side]
             for side in (found, expected)]  # fmt: skip
    texts = [[line[3] for line in side] for side in (found, expected)]
    score = score_page(quads[0], texts[0], quads[1], texts[1])
    assert score.cer == pytest.approx(page_cer(quads[0], texts[0], quads[1], texts[1]), nan_ok=True)
    assert score.text.lines + score.missing_lines == len(expected)
    assert score.text.lines + score.surplus_lines == len(found)
    assert score.boxes.matched <= score.text.lines


@pytest.fixture(scope="module")
def staged() -> ocr.StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline(weights="starter", device="cpu"))


def page_and_truth(name: str) -> tuple[ocr.Page, PageTruth]:
    (page,) = ocr.load_pages(samples_dir() / name)
    truth = truth_beside(page)
    assert truth is not None
    return page, truth


def test_a_turned_page_is_scored_where_it_lay(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("turned_90.png")
    result = staged.run(page, ocr.PipelineSettings(use_doc_orientation_classify=True))
    score = score_result(result, truth)
    assert score.boxes.hmean > 0.9 and score.cer < 0.05
    assert score == score_page(result.polys_on_original(), result["rec_texts"], truth.quads_xy, truth.texts)


def test_paddleocrs_own_result_is_scored_too(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("receipt.png")
    score = score_result(staged.pipeline.predict(np.array(page.image_bgr))[0], truth)
    assert score.boxes.hmean > 0.9 and score.cer < 0.05
    assert score.boxes.expected == len(truth.texts)


def test_merged_lines_of_a_real_page(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("receipt.png")
    wide = ocr.DetectionSettings(unclip_ratio=3.0)
    score = score_result(staged.run(page, ocr.PipelineSettings(detection=wide)), truth)
    assert score.merged_lines == 1
    assert score_result(staged.run(page), truth).merged_lines == 0


def test_an_unwarped_page_has_no_place_for_its_lines(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("receipt.png")
    with pytest.raises(PageMappingError, match="unwarped"):
        score_result(staged.run(page, ocr.PipelineSettings(use_doc_unwarping=True)), truth)

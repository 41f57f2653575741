"""Scores of a page's text alone: known answers, and pages that have no boxes to compare."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.error_report import ErrorReport
from ocr_helpers.ground_truth import GroundTruthError, PageTruth, truth_beside
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import LineScores, score_page_text, score_result
from ocr_helpers.stages.result import PageMappingError
from ocr_helpers.text import TextsError

BOX = np.array([[0, 0], [90, 0], [90, 20], [0, 20]], np.float32)
BELOW = BOX + np.array([0, 40], np.float32)
ADVICE = r"score_page_text\(result, truth\).*use_doc_unwarping=False"
CASES: list[tuple[Any, Any, int, int]] = [
    ([], [], 0, 0),
    ([], ["가나"], 2, 2),
    (["가나"], [], 2, 0),
    (["가나", "다"], ["가나", "다"], 0, 4),
    (["가나 다"], ["가나", "다"], 0, 4),  # cut elsewhere, read right
    (["가 나", "다"], ["가나", "다"], 1, 4),
    (["다", "가나"], ["가나", "다"], 4, 4),  # the order counts
    (["가나", " ", ""], ["가나"], 0, 2),
    ("가나\n다", "가나\n다", 0, 4),
    (["\u1100\u1161"], ["가"], 0, 1),
]


@pytest.mark.parametrize(("read", "expected", "edits", "characters"), CASES)
def test_known_answers(read: Any, expected: Any, edits: int, characters: int) -> None:
    score = score_page_text(read, expected)
    assert (score.lines, score.character_edits, score.characters) == (1, edits, characters)
    assert score.cer == edits / characters if characters else math.isnan(score.cer)


def test_a_result_is_taken_in_reading_order() -> None:
    result: dict[str, Any] = {"rec_texts": ["아래", "위"], "rec_polys": [BELOW, BOX]}
    truth = PageTruth(np.stack([BOX, BELOW]), ("위", "아래"))
    assert score_page_text(result, truth).cer == 0
    assert score_page_text(result["rec_texts"], truth).cer > 0
    assert score_page_text({"rec_texts": [], "rec_polys": []}, truth).cer == 1


@pytest.mark.parametrize("read", [None, 3, [None], [["가"]], {"texts": []}, {"rec_texts": ["가"]}])
def test_what_is_no_text(read: Any) -> None:
    with pytest.raises(TextsError, match="expected"):
        score_page_text(read, ["가"])


@pytest.fixture(scope="module")
def staged() -> ocr.StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


def page_and_truth(name: str) -> tuple[ocr.Page, PageTruth]:
    (page,) = ocr.load_pages(samples_dir() / name)
    truth = truth_beside(page)
    assert truth is not None
    return page, truth


@pytest.mark.parametrize("name", ["receipt.png", "newsletter_two_columns.png"])
def test_a_flat_page_has_nearly_the_rate_that_boxes_give(staged: ocr.StagedPipeline, name: str) -> None:
    page, truth = page_and_truth(name)
    result = staged.run(page)
    text = score_page_text(result, truth)
    assert abs(text.cer - score_result(result, truth).cer) < 0.02
    assert text.characters == len(" ".join(truth.texts))


def test_an_unwarped_page_is_scored_by_its_text(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("curved.jpg")
    bent = score_page_text(staged.run(page), truth)
    result = staged.run(page, ocr.PipelineSettings(use_doc_unwarping=True))
    for refused in (lambda: score_result(result, truth), lambda: ErrorReport.from_results([(result, truth)])):
        with pytest.raises(PageMappingError, match=ADVICE):
            refused()
    flat = score_page_text(result, truth)
    assert isinstance(flat, LineScores)
    assert flat.cer < min(bent.cer, 0.1)


def test_a_page_with_texts_alone_is_scored_by_them(staged: ocr.StagedPipeline, tmp_path: Path) -> None:
    _, truth = page_and_truth("receipt.png")
    shutil.copy(samples_dir() / "receipt.png", tmp_path)
    (tmp_path / "receipt.txt").write_text("\n".join(truth.texts), encoding="utf-8")
    (page,) = ocr.load_labelled_pages(tmp_path)
    result = staged.run(page.load())
    for refused in (
        lambda: score_result(result, page.truth),  # type: ignore[arg-type]
        lambda: ErrorReport.from_results([(result, page.truth)]),  # type: ignore[list-item]
    ):
        with pytest.raises(GroundTruthError, match=r"score_page_text\(result, page.texts\)"):
            refused()
    assert score_page_text(result, page.texts) == score_page_text(result, truth)


def test_what_paddleocr_moved_itself_is_not_scored_where_it_did_not_stand(staged: ocr.StagedPipeline) -> None:
    page, truth = page_and_truth("turned_180.png")
    for toggle in ("use_doc_unwarping", "use_doc_orientation_classify"):
        (result,) = staged.pipeline.predict(np.array(page.image_bgr), **{toggle: True})
        with pytest.raises(PageMappingError, match="score_page_text"):
            score_result(result, truth)
    assert score_page_text(result, truth).cer < 0.05

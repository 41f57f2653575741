"""One page under many settings: what PaddleOCR finds and reads, scored as one at a time, each box once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import intersections_over_unions, match_boxes, page_cer, score_boxes
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.sweep.grid import swept_settings
from ocr_helpers.sweep.scores import (
    PageBoxes,
    Reading,
    _matched,
    cer_of,
    find_page_boxes,
    hmean_of,
    proxy_of,
)
from ocr_helpers.text import comparable_text

GRID = {
    "thresh": [0.15, 0.3],
    "box_thresh": [0.3, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9],
    "unclip_ratio": [0.8, 1.5, 3.0],
    "limit_side_len": [64, 65, 800],
}
TRIED = swept_settings(GRID, ocr.DetectionSettings())
OTHERS = ocr.PipelineSettings()


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline("starter", text_recognition_batch_size=1))


@pytest.fixture(scope="module")
def page() -> Page:
    (whole,) = ocr.load_pages(samples_dir() / "receipt.png")
    return whole


@pytest.fixture(scope="module")
def truth(page: Page) -> PageTruth:
    found = truth_beside(page)
    assert found is not None
    return found


class Counts:
    """Calls of the models, counted on their way."""

    def __init__(self, staged: StagedPipeline, patch: pytest.MonkeyPatch) -> None:
        self.maps, self.lines = 0, Counter[bytes]()
        models: Any = staged._models
        probability_map, read = models.probability_map, models.read

        def counted_map(*arguments: Any) -> Any:
            self.maps += 1
            return probability_map(*arguments)

        def counted_read(crops: Any) -> Any:
            self.lines.update(crop.tobytes() for crop in crops)
            return read(crops)

        patch.setattr(models, "probability_map", counted_map)
        patch.setattr(models, "read", counted_read)


@pytest.fixture(scope="module")
def swept(staged: StagedPipeline, page: Page) -> Iterator[tuple[PageBoxes, Reading, Counts]]:
    with pytest.MonkeyPatch.context() as patch:
        counts = Counts(staged, patch)
        boxes = find_page_boxes(staged, page, TRIED, OTHERS)
        told: list[float] = []
        reading = Reading.of(staged, boxes, OTHERS, told.append)
        assert sum(told) == pytest.approx(1) and len(told) > 1
        yield boxes, reading, counts


def test_networks_run_once_for_what_differs(swept: tuple[PageBoxes, Reading, Counts]) -> None:
    boxes, _, counts = swept
    assert counts.maps == 2  # 64 and 65 lead to the same size of the network's input
    assert counts.lines.total() == len(boxes.quads_xy) < sum(map(len, boxes.kept)) / 5
    assert len(np.unique(boxes.quads_xy, axis=0)) == len(boxes.quads_xy)


@pytest.mark.parametrize("number", range(0, len(TRIED), 7))
def test_each_settings_boxes_and_scores_are_its_own(
    number: int,
    staged: StagedPipeline,
    page: Page,
    truth: PageTruth,
    swept: tuple[PageBoxes, Reading, Counts],
) -> None:
    boxes, reading, _ = swept
    settings, rows = TRIED[number], boxes.kept[number]
    alone = staged.detect(page, settings).kept_quads_xy
    assert Counter(quad.tobytes() for quad in alone) == Counter(
        quad.tobytes() for quad in boxes.quads_xy[rows]
    )
    result = staged.run(page, replace(OTHERS, detection=settings))
    texts = {
        np.asarray(quad).tobytes(): text
        for quad, text in zip(result["dt_polys"], result["rec_texts"], strict=True)
    }
    assert [comparable_text(texts[boxes.quads_xy[row].tobytes()]) for row in rows] == [
        reading.texts[row] for row in rows
    ]
    assert hmean_of(boxes, truth)[number] == score_boxes(alone, truth.quads_xy).hmean
    cer = page_cer(result["dt_polys"], result["rec_texts"], truth.quads_xy, truth.texts)
    assert cer_of(boxes, reading, truth)[number] == pytest.approx(cer, abs=1e-12)
    expected = sum(
        len(comparable_text(text)) * (2 * score - 1)
        for text, score in zip(result["rec_texts"], result["rec_scores"], strict=True)
    )
    assert proxy_of(boxes, reading)[number] == pytest.approx(expected)


@pytest.mark.parametrize("number", [0, 5, 100])
def test_it_is_what_paddleocr_predicts(
    number: int,
    staged: StagedPipeline,
    page: Page,
    truth: PageTruth,
    swept: tuple[PageBoxes, Reading, Counts],
) -> None:
    boxes, reading, _ = swept
    settings = replace(OTHERS, detection=TRIED[number])
    (result,) = staged.pipeline.predict(np.array(page.image_bgr), **settings.as_kwargs())
    predicted = {
        (np.asarray(quad, np.int16).tobytes(), comparable_text(text))
        for quad, text in zip(result["dt_polys"], result["rec_texts"], strict=True)
    }
    assert predicted == {(boxes.quads_xy[row].tobytes(), reading.texts[row]) for row in boxes.kept[number]}
    cer = page_cer(result["dt_polys"], result["rec_texts"], truth.quads_xy, truth.texts)
    assert cer_of(boxes, reading, truth)[number] == pytest.approx(cer, abs=1e-12)


def test_lines_of_low_score_are_left_out(truth: PageTruth, swept: tuple[PageBoxes, Reading, Counts]) -> None:
    boxes, reading, _ = swept
    rows = boxes.kept[0]
    least = float(np.median(reading.scores[rows]))
    kept = [row for row in rows if reading.scores[row] >= least]
    cer = page_cer(boxes.quads_xy[kept], [reading.texts[row] for row in kept], truth.quads_xy, truth.texts)
    assert cer_of(boxes, reading, truth, least)[0] == pytest.approx(cer, abs=1e-12)
    assert cer > cer_of(boxes, reading, truth)[0]


def test_a_page_without_text(staged: StagedPipeline, truth: PageTruth) -> None:
    blank = Page(np.full((200, 300, 3), 255, np.uint8), "array")
    boxes = find_page_boxes(staged, blank, TRIED[:9], OTHERS)
    reading = Reading.of(staged, boxes, OTHERS, lambda _share: None)
    assert boxes.quads_xy.shape == (0, 4, 2) and {len(rows) for rows in boxes.kept} == {0}
    np.testing.assert_array_equal(hmean_of(boxes, truth), np.zeros(9))
    np.testing.assert_array_equal(cer_of(boxes, reading, truth), np.ones(9))
    np.testing.assert_array_equal(proxy_of(boxes, reading), np.zeros(9))


@pytest.mark.parametrize("least", [0.05, 0.3, 0.5])
def test_matching_is_that_of_single_pages(least: float) -> None:
    """Crowded boxes, where a box overlaps several lines and a line several boxes."""
    random = np.random.default_rng(0)
    crowded = 0
    for _ in range(150):
        low = random.uniform(0, 100, (2, 12, 1, 2))
        sides = random.uniform(15, 60, (2, 12, 1, 2))
        found, true = (low + sides * np.array([(0, 0), (1, 0), (1, 1), (0, 1)])).astype(np.float32)
        shares = intersections_over_unions(found, true)
        pairs = sorted(zip(*(each.tolist() for each in _matched(shares, least)), strict=True))
        assert pairs == match_boxes(found, true, least)
        crowded += int((shares >= least).sum(1).max() > 1)
    assert crowded > (100 if least < 0.5 else 10)

"""Boxes from probability maps: PaddleX's own to the last bit, and why the others are not among them."""

import itertools
import warnings
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from paddlex.inference.models.text_detection.processors import DBPostProcess

import ocr_helpers as ocr
from benchmarks.exactness import load
from benchmarks.find_boxes import SLIDERS, MapOfPage, maps_of_samples, paddlex_boxes, runs
from ocr_helpers import boxes
from ocr_helpers.boxes import BoxFinder, Candidates, find_boxes, threshold_contours
from ocr_helpers.boxes import regions as box_regions
from ocr_helpers.boxes.geometry import score_quads
from ocr_helpers.settings import SettingRangeError, SettingTypeError
from ocr_helpers.stages.models import StageModels

Map = NDArray[np.float32]
PADDLEX = DBPostProcess(thresh=0.3, box_thresh=0.6, unclip_ratio=1.5, max_candidates=1000)
# 200 settings: what people drag through, and both ends.
GRID = [
    ocr.DetectionSettings(thresh=thresh, box_thresh=box_thresh, unclip_ratio=ratio)
    for thresh, box_thresh, ratio in itertools.product(
        (0.01, 0.05, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9),
        (0.01, 0.4, 0.6, 0.75, 0.95),
        (0.05, 1.0, 1.5, 2.0, 6.0),
    )
]
ANYTHING = ocr.DetectionSettings(thresh=0.5, box_thresh=0.01)


@pytest.fixture(scope="session")
def samples() -> list[MapOfPage]:
    """What the starter detection network gives for every sample page, and a page of about 300 boxes."""
    return list(maps_of_samples(StageModels(load("onnxruntime"))))


@pytest.fixture(scope="session")
def notice(samples: list[MapOfPage]) -> MapOfPage:
    """A page with boxes that are kept, and some that are not."""
    (found,) = (sample for sample in samples if "notice" in sample.name)
    return found


def paddlex(probability_map: Map, size_wh: Any, chosen: ocr.DetectionSettings) -> tuple[Any, list[float]]:
    """Quads and scores that the pipeline gets."""
    return paddlex_boxes(PADDLEX, probability_map, size_wh, chosen)


def assert_paddlex(found: Candidates, probability_map: Map, size_wh: Any, chosen: Any) -> None:
    """The kept ones are PaddleX's: same integers, same floats, same order."""
    quads, scores = paddlex(probability_map, size_wh, chosen)
    assert found.kept_quads_xy.dtype == quads.dtype == np.int16
    assert found.kept_quads_xy.tolist() == quads.tolist()
    assert found.kept_scores.tolist() == scores


def painted(*rectangles: tuple[int, int, int, int], value: float = 0.9, side: int = 64) -> Map:
    """A map that is 0 outside of rectangles given as (left, top, width, height)."""
    probability_map = np.zeros((side, side), np.float32)
    for left, top, width, height in rectangles:
        probability_map[top : top + height, left : left + width] = value
    return probability_map


def blobs(count: int, side: int = 6) -> Map:
    """A map with that many squares, in rows of 50."""
    cell = np.zeros((side + 4, side + 4), np.float32)
    cell[2:-2, 2:-2] = 0.8
    rows = -(-count // 50)
    probability_map = np.tile(cell, (rows, 50))
    probability_map[-cell.shape[0] :, (50 - (rows * 50 - count)) * cell.shape[1] :] = 0
    return probability_map


def test_equals_paddlex_on_every_sample(samples: list[MapOfPage]) -> None:
    assert len(samples) >= 14 and len(GRID) >= 200
    kept = 0
    for sample in samples:
        inputs = sample.probabilities, sample.size_wh
        finder = BoxFinder(*inputs)
        for number, chosen in enumerate(GRID):
            # Some without what was remembered from the others.
            found = finder.find(chosen) if number % 8 else find_boxes(*inputs, chosen)
            assert_paddlex(found, *inputs, chosen)
            kept += len(found.kept)
    assert kept > 100 * len(samples)


def turned_rectangle(probability_map: Map, rectangle: tuple[float, ...]) -> None:
    """Paint one, given as centre, sides, angle and value."""
    x, y, width, height, angle, value = rectangle
    corners = cv2.boxPoints(((x, y), (width, height), angle)).astype(np.int32)
    cv2.fillPoly(probability_map, [corners], (value,))


@st.composite
def page_maps(draw: st.DrawFn) -> Map:
    """Rectangles that turn, overlap, touch the edges and leave holes, with and without noise on them."""
    height, width = draw(st.tuples(st.integers(1, 150), st.integers(1, 150)))
    inside, side = st.floats(-10, 160, width=32), st.floats(0, 80, width=32)
    shapes = st.tuples(inside, inside, side, side, st.floats(-90, 90), st.floats(0, 1, width=32))
    probability_map = np.zeros((height, width), np.float32)
    for shape in draw(st.lists(shapes, min_size=1, max_size=12)):
        turned_rectangle(probability_map, shape)
    if draw(st.booleans()):
        noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random((height, width), np.float32)
        probability_map *= noise
    return probability_map


any_map = page_maps() | hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=24),
    elements=st.floats(0, 1, width=32) | st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
any_settings = st.builds(
    ocr.DetectionSettings,
    thresh=st.floats(0, 1, exclude_min=True) | st.sampled_from([0.3, 0.5]),
    box_thresh=st.floats(0, 1, exclude_min=True) | st.sampled_from([0.01, 0.5]),
    unclip_ratio=st.floats(0, 10, exclude_min=True) | st.sampled_from([0.1, 1.5]),
)


@settings(max_examples=400, deadline=None)
@given(any_map, st.tuples(st.integers(1, 400), st.integers(1, 400) | st.just(32_767)), any_settings)
def test_equals_paddlex_on_random_maps(
    probability_map: Map, size_wh: tuple[int, int], chosen: ocr.DetectionSettings
) -> None:
    found = find_boxes(probability_map, size_wh, chosen)
    assert_paddlex(found, probability_map, size_wh, chosen)
    assert sum(found.counts.values()) == len(found) == len(list(found))


@settings(max_examples=60, deadline=None)
@given(page_maps(), st.lists(any_settings, min_size=2, max_size=6))
def test_what_is_remembered_changes_nothing(
    probability_map: Map, several: list[ocr.DetectionSettings]
) -> None:
    first = several[0]
    mixed = [
        replace(first, **{name: getattr(other, name)})
        for other in several
        for name in ("thresh", "box_thresh", "unclip_ratio")
    ]
    finder = BoxFinder(probability_map, (150, 90))
    for chosen in (*mixed, *reversed(mixed)):
        assert_paddlex(finder.find(chosen), probability_map, (150, 90), chosen)


@pytest.mark.parametrize(
    ("probability_map", "change", "counts"),
    [
        pytest.param(np.zeros((32, 32), np.float32), {}, {}, id="empty"),
        pytest.param(np.zeros((1, 1), np.float32), {}, {}, id="one pixel, empty"),
        pytest.param(np.ones((1, 1), np.float32), {}, {"too_small": 1}, id="one pixel, full"),
        pytest.param(np.ones((2, 500), np.float32), {}, {"too_small": 1}, id="two rows, full"),
        pytest.param(np.ones((40, 50), np.float32), {}, {"kept": 1}, id="full"),
        pytest.param(np.full((40, 50), 0.5, np.float32), {}, {}, id="at the threshold"),
        pytest.param(painted((9, 9, 1, 1)), {}, {"too_small": 1}, id="single pixel"),
        pytest.param(painted((3, 9, 50, 1), (20, 1, 1, 50)), {}, {"kept": 1}, id="thin cross"),
        pytest.param(painted((3, 9, 50, 3)), {}, {"too_small": 1}, id="3 pixels are 2 apart"),
        pytest.param(painted((3, 9, 50, 4)), {}, {"kept": 1}, id="4 pixels are 3 apart"),
        pytest.param(painted((3, 9, 50, 4)), {"unclip_ratio": 0.1}, {"too_small_after_unclip": 1},
                     id="hardly wider"),
        pytest.param(painted((3, 9, 50, 4)), {"box_thresh": 0.95}, {"low_score": 1}, id="low score"),
        pytest.param(painted((0, 0, 9, 9), (55, 0, 9, 9), (0, 55, 9, 9), (55, 55, 9, 9)), {}, {"kept": 4},
                     id="all edges"),
        pytest.param(painted((0, 0, 64, 64)) - painted((20, 20, 20, 20)), {}, {"kept": 2}, id="hole"),
        pytest.param(painted((5, 5, 9, 9), (14, 14, 9, 9)), {}, {"kept": 1}, id="corners touch"),
        pytest.param(blobs(1000), {}, {"kept": 1000}, id="1000 blobs"),
        pytest.param(blobs(1033), {}, {"kept": 1000, "beyond_limit": 33}, id="1033 blobs"),
        pytest.param(blobs(1033, 2), {}, {"too_small": 1000, "beyond_limit": 33}, id="1033 specks"),
        pytest.param(painted((9, 1, 9, 9), (9, 50, 9, 3)), {}, {"kept": 1, "too_small": 1}, id="two bands"),
    ],
)  # fmt: skip
def test_every_branch(probability_map: Map, change: dict[str, Any], counts: dict[str, int]) -> None:
    chosen = replace(ANYTHING, **change)
    found = find_boxes(probability_map, (300, 200), chosen)
    assert {name: count for name, count in found.counts.items() if count} == counts
    assert_paddlex(found, probability_map, (300, 200), chosen)


def test_at_the_limits_themselves() -> None:
    """A score of box_thresh and a shorter side of 5 are enough."""
    thin = painted((3, 9, 50, 4))
    (candidate,) = find_boxes(thin, (64, 64), ANYTHING)
    assert candidate.score is not None
    exact = replace(ANYTHING, box_thresh=candidate.score, unclip_ratio=0.71)
    (candidate,) = find_boxes(thin, (64, 64), exact)
    assert candidate.kept and candidate.unclipped_side == 5
    above = replace(exact, box_thresh=float(np.nextafter(exact.box_thresh, 1)))
    (rejected,) = find_boxes(thin, (64, 64), above)
    assert rejected.reason == "low_score"
    for chosen in (exact, above):
        assert_paddlex(find_boxes(thin, (64, 64), chosen), thin, (64, 64), chosen)


def test_order_does_not_depend_on_bands() -> None:
    """Blank rows part the page into bands that are searched one by one."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        probability_map = rng.random((400, 60), np.float32)
        probability_map[rng.random(400) < 0.9] = 0
        probability_map[rng.integers(0, 300) :][:60] = 0
        for thresh in (0.2, 0.6, 0.9):
            chosen = replace(ANYTHING, thresh=thresh)
            found = find_boxes(probability_map, (60, 400), chosen)
            assert_paddlex(found, probability_map, (60, 400), chosen)
            contours, _ = cv2.findContours(
                (probability_map > thresh).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
            )
            outlines = threshold_contours(probability_map, (60, 400), thresh)
            assert [outline.tolist() for outline in outlines] == [c[:, 0].tolist() for c in contours]


@pytest.mark.parametrize("change", [{}, {"thresh": 0.05}, {"box_thresh": 0.9}, {"unclip_ratio": 0.05}])
def test_each_candidate_of_a_page(notice: MapOfPage, change: dict[str, Any]) -> None:
    chosen = ocr.DetectionSettings(**change)
    found = find_boxes(notice.probabilities, notice.size_wh, chosen)
    scale_xy = np.divide(notice.size_wh, notice.probabilities.shape[::-1])
    contours, _ = cv2.findContours(
        (notice.probabilities > chosen.thresh).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
    )
    assert len(found) == len(contours) > 40
    for candidate, contour in zip(found, contours, strict=True):
        corners, side = PADDLEX.get_mini_boxes(contour)
        quad = np.array(corners)
        score = PADDLEX.box_score_fast(notice.probabilities, quad)
        after = reason = None
        if side < 3:
            reason = "too_small"
        elif score < chosen.box_thresh:
            reason = "low_score"
        else:
            widened = PADDLEX.unclip(quad, chosen.unclip_ratio).reshape(-1, 1, 2)
            after = PADDLEX.get_mini_boxes(widened)[1]
            reason = "too_small_after_unclip" if after < 5 else None
        assert (candidate.reason, candidate.kept) == (reason, reason is None)
        assert (candidate.score, candidate.side, candidate.unclipped_side) == (score, side, after)
        assert (candidate.quad_xy is None) == (after is None)
        assert candidate.quad_before_xy == pytest.approx(quad * scale_xy, rel=1e-6, abs=1e-4)
        corner_area = cv2.contourArea(candidate.quad_before_xy)
        assert candidate.area == pytest.approx(corner_area, rel=1e-3, abs=0.1)
    kept = [candidate for candidate in found if candidate.kept]
    assert [candidate.index for candidate in kept] == found.kept.tolist()
    assert [c.quad_xy.tolist() for c in kept if c.quad_xy is not None] == found.kept_quads_xy.tolist()
    assert found.counts["kept"] == len(kept)


def test_rejected_after_unclipping_keeps_its_box() -> None:
    (candidate,) = find_boxes(painted((3, 9, 50, 4)), (64, 64), replace(ANYTHING, unclip_ratio=0.1))
    assert candidate.reason == "too_small_after_unclip"
    assert candidate.quad_xy is not None
    assert candidate.quad_xy.tolist() == [[3, 9], [52, 9], [52, 12], [3, 12]]
    assert candidate.side == 3 and candidate.unclipped_side == 3
    assert candidate.score == pytest.approx(0.9) and candidate.area == 3 * 49


def test_beyond_the_limit_without_score() -> None:
    found = find_boxes(blobs(1033), (1000, 420), ANYTHING)
    last, first_row = found[-1], found[1000:1033]
    assert last.reason == "beyond_limit" and last.index == 1032
    assert last.score is None and last.quad_xy is None and last.unclipped_side is None
    # PaddleX goes upwards: the upper left square is the last.
    assert last.quad_before_xy.tolist() == [[4, 4], [14, 4], [14, 14], [4, 14]]
    assert last.area == 100 and last.side == 5
    assert {candidate.reason for candidate in first_row} == {"beyond_limit"}
    assert len(found.states) == len(found.scores) == len(found.quads_before_xy) == len(found.areas) == 1000
    with pytest.raises(IndexError):
        found[1033]


def test_a_small_page_keeps_paddlex_scale() -> None:
    """Pages below 64 pixels in sum are padded before detection, and PaddleX scales as if they were not."""
    probability_map = painted((4, 4, 12, 12), side=32)
    found = find_boxes(probability_map, (10, 20), ANYTHING)
    assert_paddlex(found, probability_map, (10, 20), ANYTHING)
    assert found.kept_quads_xy.max(axis=(0, 1)).tolist() == [6, 12]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"box_thresh": 0.9}, set()),
        ({"box_thresh": 0.3}, {"unclip_quads"}),
        ({"unclip_ratio": 2.0}, {"unclip_quads"}),
        ({"thresh": 0.2}, {"find_contours", "fit_quads", "score_quads", "unclip_quads"}),
        ({"limit_side_len": 960}, set()),
    ],
)
def test_a_change_computes_only_what_follows_from_it(
    notice: MapOfPage, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], again: set[str]
) -> None:
    finder, first = BoxFinder(notice.probabilities, notice.size_wh), ocr.DetectionSettings()
    before = finder.find(first)
    called: list[str] = []

    def watch(module: Any, name: str) -> None:
        function = getattr(module, name)

        def watched(*arguments: Any) -> Any:
            called.append(name)
            return function(*arguments)

        monkeypatch.setattr(module, name, watched)

    watch(boxes, "find_contours")
    for name in ("fit_quads", "score_quads", "unclip_quads"):
        watch(box_regions, name)
    finder.find(replace(first, **change))
    assert set(called) == again
    called.clear()
    assert finder.find(first).kept_quads_xy.tolist() == before.kept_quads_xy.tolist()
    assert not called


ARRAYS = ("states", "kept", "kept_quads_xy", "kept_scores", "unclipped", "unclipped_quads_xy",
          "unclipped_sides", "scores", "areas", "quads_before_xy")  # fmt: skip


def test_a_dragged_slider_finds_what_is_found_without_memory(samples: list[MapOfPage]) -> None:
    """Another box_thresh and unclip_ratio between, so that the last call was not always like this one."""
    for sample in samples:
        finder = BoxFinder(sample.probabilities, sample.size_wh)
        for step in (*range(20, 45), *range(44, 19, -3)):
            chosen = ocr.DetectionSettings(
                thresh=step / 100,
                box_thresh=0.9 if step % 7 == 0 else 0.6,
                unclip_ratio=2 if step % 11 == 0 else 1.5,
            )
            found = finder.find(chosen)
            fresh = find_boxes(sample.probabilities, sample.size_wh, chosen)
            for name in ARRAYS:
                ours, expected = getattr(found, name), getattr(fresh, name)
                assert ours.dtype == expected.dtype and ours.tolist() == expected.tolist(), name


def test_a_dragged_slider_scores_only_new_rectangles(
    notice: MapOfPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder, scored = BoxFinder(notice.probabilities, notice.size_wh), []

    def watched(probability_map: Map, quads: Map) -> Any:
        scored.append(len(quads))
        return score_quads(probability_map, quads)

    monkeypatch.setattr(box_regions, "score_quads", watched)
    kept = [len(finder.find(ocr.DetectionSettings(thresh=step / 100)).kept) for step in range(20, 45)]
    assert scored[0] >= kept[0] > 30
    assert sum(scored[1:]) < sum(kept[1:]) / 2


def test_memory_is_bounded(notice: MapOfPage, monkeypatch: pytest.MonkeyPatch) -> None:
    finder = BoxFinder(notice.probabilities, notice.size_wh)
    for number in range(1, 80):
        finder.find(ocr.DetectionSettings(thresh=number / 100))
        finder.find(ocr.DetectionSettings(thresh=0.3, unclip_ratio=number / 10))
    assert len(finder._regions) == len(finder._regions[0.3]._widened) == 32
    monkeypatch.setattr(boxes, "_REMEMBERED_CONTOURS", 100)
    finder.find(ocr.DetectionSettings(thresh=0.25))
    assert sum(len(regions.contours) for regions in finder._regions.values()) <= 100
    chosen = ocr.DetectionSettings(thresh=0.01)
    monkeypatch.setattr(boxes, "_REMEMBERED_CONTOURS", 1)
    assert_paddlex(finder.find(chosen), notice.probabilities, notice.size_wh, chosen)


def test_several_threads(notice: MapOfPage) -> None:
    inputs = notice.probabilities, notice.size_wh
    finder, wrong = BoxFinder(*inputs), []
    expected = {number: paddlex(*inputs, GRID[number])[1] for number in range(0, 200, 7)}

    def drag(numbers: Any) -> None:
        for number in numbers:
            found = finder.find(GRID[number])
            if found.kept_scores.tolist() != expected[number] or len(found.scores) != len(found.states):
                wrong.append(number)

    threads = [Thread(target=drag, args=(order,)) for order in (list(expected), list(expected)[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_inputs_stay_and_results_are_read_only(notice: MapOfPage) -> None:
    original = notice.probabilities.copy()
    frozen = notice.probabilities.copy()
    frozen.flags.writeable = False
    found = find_boxes(frozen, notice.size_wh)
    list(found)
    threshold_contours(frozen, notice.size_wh, 0.3)
    assert np.array_equal(frozen, original)
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 0
    assert repr(found).startswith(f"Candidates(kept={len(found.kept)}, too_small=")


@pytest.mark.parametrize("view", [lambda m: m[::-1, ::-1], np.asfortranarray, lambda m: m[:, ::2]])
def test_maps_that_are_views(notice: MapOfPage, view: Callable[[Map], Map]) -> None:
    chosen, part = ocr.DetectionSettings(), view(notice.probabilities)
    found = find_boxes(part, notice.size_wh)
    assert len(found.kept) > 10
    assert_paddlex(found, np.ascontiguousarray(part), notice.size_wh, chosen)
    assert found.kept_quads_xy.tolist() == paddlex(part, notice.size_wh, chosen)[0].tolist()


def test_thresholds_are_compared_as_paddlex_compares_them() -> None:
    """0.3 is not a float32: the map's float32(0.3) is above the number 0.3, but not above float32(0.3)."""
    probability_map = painted((9, 9, 20, 20), value=0.3)
    for thresh in (0.3, np.nextafter(0.3, 0), 0.29999):
        chosen = ocr.DetectionSettings(thresh=float(thresh), box_thresh=0.01)
        assert_paddlex(find_boxes(probability_map, (64, 64), chosen), probability_map, (64, 64), chosen)
    assert len(find_boxes(probability_map, (64, 64), ocr.DetectionSettings(box_thresh=0.01))) == 0


def test_threshold_contours_in_pixels_of_the_page() -> None:
    assert threshold_contours(painted(), (64, 64), 0.5) == []
    square, = threshold_contours(painted((10, 20, 5, 3)), (128, 32), 0.5)  # fmt: skip
    assert square.dtype == np.float32
    assert sorted(square.tolist()) == [[20, 10], [20, 11], [28, 10], [28, 11]]
    assert len(threshold_contours(blobs(1033), (500, 210), 0.5)) == 1033


OK = painted((9, 9, 20, 20))
FIND: Any = find_boxes
OUTLINES: Any = threshold_contours


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: FIND([[0.5]], (4, 4)), boxes.MapDtypeError, "list"),
        (lambda: FIND(OK.astype(np.float64), (4, 4)), boxes.MapDtypeError, "float64.*astype"),
        (lambda: FIND(OK.astype(">f4"), (4, 4)), boxes.MapDtypeError, ">f4"),
        (lambda: FIND(np.zeros((4, 4), np.uint8), (4, 4)), boxes.MapDtypeError, "uint8"),
        (lambda: FIND(OK[None, None], (4, 4)), boxes.MapShapeError, r"\[0, 0\]"),
        (lambda: FIND(OK[None], (4, 4)), boxes.MapShapeError, r"\(1, 64, 64\)"),
        (lambda: FIND(OK[0], (4, 4)), boxes.MapShapeError, r"\(64,\)"),
        (lambda: FIND(OK[:0], (4, 4)), boxes.MapShapeError, r"\(0, 64\)"),
        (lambda: FIND(OK[:, :0], (4, 4)), boxes.MapShapeError, r"\(64, 0\)"),
        (lambda: FIND(OK * np.nan, (4, 4)), boxes.MapValueError, "NaN, 4096 of 4096"),
        (lambda: FIND(OK + np.inf, (4, 4)), boxes.MapValueError, "inf to inf"),
        (lambda: FIND(-np.inf * (OK + 1), (4, 4)), boxes.MapValueError, "-inf"),
        (lambda: FIND(OK * 255, (4, 4)), boxes.MapValueError, "229.5.*0…1"),
        (lambda: FIND(OK * 4 - 2, (4, 4)), boxes.MapValueError, "-2 to 1.6.*sigmoid"),
        (lambda: FIND(OK, (0, 4)), boxes.PageSizeError, "0, 4"),
        (lambda: FIND(OK, (4, 32_768)), boxes.PageSizeError, "32768.*32767"),
        (lambda: FIND(OK, (4.0, 4)), boxes.PageSizeError, "4.0"),
        (lambda: FIND(OK, (True, 4)), boxes.PageSizeError, "True"),
        (lambda: FIND(OK, (4, 4, 3)), boxes.PageSizeError, "4, 4, 3"),
        (lambda: FIND(OK, None), boxes.PageSizeError, "None"),
        (lambda: FIND(OK, (4, 4), {"thresh": 0.3}), boxes.BoxSettingsError, "dict"),
        (lambda: FIND(OK, (4, 4), ocr.PipelineSettings()), boxes.BoxSettingsError, "detection"),
        (lambda: OUTLINES(OK, (4, 4), 0.0), SettingRangeError, "thresh is 0"),
        (lambda: OUTLINES(OK, (4, 4), "0.3"), SettingTypeError, "thresh"),
        (lambda: OUTLINES(OK * np.nan, (4, 4), 0.3), boxes.MapValueError, "NaN"),
    ],
)  # fmt: skip
def test_bad_input(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    assert issubclass(error, ocr.OcrHelpersError)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=says):
            call()


def test_one_nan_is_enough() -> None:
    for place in ((0, 0), (63, 63), (30, 12)):
        spoiled = OK.copy()
        spoiled[place] = np.nan
        with pytest.raises(boxes.MapValueError, match="1 of 4096"):
            find_boxes(spoiled, (64, 64))


def test_rounding_beyond_the_range_is_no_error() -> None:
    found = find_boxes(OK * np.float32(1.0001 / 0.9), (64, 64))
    assert len(found.kept) == 1


def test_numpy_sizes_are_sizes() -> None:
    size = np.array([64, 48])
    assert find_boxes(OK, (size[0], size[1])).kept_quads_xy.tolist() == find_boxes(
        OK, (64, 48)
    ).kept_quads_xy.tolist()  # fmt: skip


def test_benchmark_compares_like_with_like(notice: MapOfPage) -> None:
    work: dict[str, Any] = {name: run.work for name, run in runs(PADDLEX, notice).items()}
    quads, scores = work["paddlex"]()
    found = work["find_boxes"]()
    assert found.kept_quads_xy.tolist() == quads.tolist() and found.kept_scores.tolist() == scores
    for slider in SLIDERS:
        moved = [work[slider]().unclipped_quads_xy.tobytes() for _ in range(8)]
        assert len(set(moved)) > 1, slider

"""Figures of detection: what is drawn is what was found, everything is said, nothing leaves its place."""

import io
from collections import Counter
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.boxes import BoxFinder
from ocr_helpers.detection.layers import BEFORE, CONTOUR, REJECTED, Grid, Style
from ocr_helpers.drawing.detection import (
    RegionError,
    UnknownParameterError,
    show_candidates,
    show_map,
    show_values,
)
from ocr_helpers.figures import score_color
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.samples import samples_dir
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import SettingRangeError
from ocr_helpers.stages import PageMap, StagedPipeline

FAINT = samples_dir() / "low_contrast_scan.jpg"
SEAL = (790, 1450, 960, 1640)


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture(scope="module")
def faint() -> ocr.Page:
    (page,) = ocr.load_pages(FAINT)
    return page


@pytest.fixture(scope="module")
def page_map(staged: StagedPipeline, faint: ocr.Page) -> PageMap:
    return staged.probability_map(faint)


def drawn_map(height: int, width: int, *areas: tuple[int, int, int, int, float]) -> PageMap:
    """A page of twice its map's size, with areas (left, top, right, bottom, probability) in the map."""
    probabilities = np.zeros((height, width), np.float32)
    for left, top, right, bottom, value in areas:
        probabilities[top:bottom, left:right] = value
    page_bgr = np.full((2 * height, 2 * width, 3), 250, np.uint8)
    return PageMap(page_bgr, probabilities, BoxFinder(probabilities, (2 * width, 2 * height)), 1.0, ())


LINE, WEAK, THIN = (10, 10, 90, 22, 0.9), (10, 40, 90, 52, 0.5), (10, 70, 90, 72, 0.9)
POINTS = [(x, y, x + 1, y + 1, 0.9) for x in range(0, 160, 4) for y in range(0, 160, 4)]
SQUARES = [(x, y, x + 9, y + 9, 0.4) for x in range(2, 160, 20) for y in range(2, 160, 20)]
MAPS = {
    "blank": drawn_map(96, 128),
    "one line": drawn_map(96, 128, LINE),
    "each reason": drawn_map(96, 128, LINE, WEAK, THIN),
    "wide": drawn_map(32, 640, (10, 8, 600, 24, 0.9)),
    "narrow": drawn_map(640, 32, (8, 10, 24, 600, 0.9)),
    "one pixel": drawn_map(1, 1),
    "1,600 points": drawn_map(160, 160, *POINTS),
    "64 weak ones": drawn_map(160, 160, *SQUARES),
}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def pixels(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return Image.open(buffer)


def outlines(axes: Axes, color: str) -> list[Any]:
    """Corners of all outlines of one colour."""
    return [
        np.asarray(path.vertices)[:-1]
        for collection in axes.collections
        if isinstance(collection, PolyCollection)
        and len(collection.get_edgecolor())
        and to_hex(np.asarray(collection.get_edgecolor())[0].tolist()) == color
        for path in collection.get_paths()
    ]


def kept_colors(axes: Axes) -> Counter[str]:
    filled = [
        collection
        for collection in axes.collections
        if isinstance(collection, PolyCollection) and len(collection.get_facecolor())
    ]
    return Counter(
        to_hex(color) for collection in filled for color in np.asarray(collection.get_edgecolor()).tolist()
    )


FIGURES = {"map": show_map, "candidates": show_candidates}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("kind", FIGURES)
def test_every_text_and_picture_stays_inside(kind: str, name: str) -> None:
    figure = FIGURES[kind](MAPS[name])
    pixels(figure)  # lays everything out
    width_px, height_px = figure.get_size_inches() * figure.dpi
    for thing in (*(text for axes in figure.axes for text in axes.texts), *figure.axes):
        box = thing.get_window_extent()
        assert box.x0 >= -0.5 and box.x1 <= width_px + 0.5, thing
        assert box.y0 >= -0.5 and box.y1 <= height_px + 0.5, thing
    assert 7 <= figure.get_figwidth() <= 10.01 and figure.get_figheight() <= 10


def test_the_map_and_the_areas_lie_where_they_are() -> None:
    figure = show_map(MAPS["each reason"], DetectionSettings(thresh=0.6))
    _, areas, heat = figure.axes
    assert areas.get_xlim() == (0, 256) and areas.get_ylim() == (192, 0)
    found = outlines(areas, CONTOUR.color)
    assert len(found) == 2  # the weak one is below
    np.testing.assert_allclose(found[1].min(0), (20, 20), atol=2)
    np.testing.assert_allclose(found[1].max(0), (180, 44), atol=2)
    shown = heat.images[1]
    np.testing.assert_array_equal(np.asarray(shown.get_array()), MAPS["each reason"].probabilities)
    assert tuple(shown.get_extent()) == (0, 256, 192, 0)
    picture = np.asarray(pixels(figure).convert("RGB")).astype(int)
    box = heat.get_window_extent()
    row, column = (
        int(picture.shape[0] - box.y1 + 32 / 192 * box.height),
        int(box.x0 + 100 / 256 * box.width),
    )
    red, green, _ = picture[row, column]
    assert green > red + 40
    assert "areas above thresh 0.6" in texts(figure)


# Linear RGB as people see it without cones for red, green or blue: Machado, Oliveira and Fernandes, 2009.
SEEN = {
    "all colours": np.eye(3),
    "no red": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "no green": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "no blue": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}


@pytest.mark.parametrize("seen", SEEN)
def test_areas_too_small_do_not_look_like_the_contour(seen: str) -> None:
    """CIE 1976 distances; 2.3 is one that people just see side by side, and these are thin lines apart."""

    def lab(style: Style) -> np.ndarray[Any, Any]:
        linear = np.asarray(SEEN[seen]) @ (np.array(to_rgb(style.color)) ** 2.2)
        shown = (linear.clip(0, 1) ** (1 / 2.2)).astype(np.float32)
        return np.asarray(cv2.cvtColor(shown.reshape(1, 1, 3), cv2.COLOR_RGB2LAB))

    assert np.linalg.norm(lab(REJECTED["too_small"]) - lab(CONTOUR)) > 30


def test_a_region_is_cut_out_and_keeps_the_pages_pixels(page_map: PageMap) -> None:
    for figure in (show_map(page_map, region=SEAL), show_candidates(page_map, region=SEAL)):
        panel = figure.axes[1]
        assert panel.get_xlim() == (790, 960) and panel.get_ylim() == (1640, 1450)
        shown = np.asarray(panel.images[0].get_array())
        assert shown.shape[:2] == (190, 170)
        np.testing.assert_array_equal(shown, page_map.page_bgr[1450:1640, 790:960, ::-1])


@pytest.mark.parametrize(
    "region",
    [
        (0, 0, 0, 10), (10, 0, 5, 5), (-1, 0, 5, 5), (0, 0, 9999, 10), (0, 0, 10), "0 0 5 5",
        (0.0, 0, 5, 5), (True, 0, 5, 5), 7,
    ],
)  # fmt: skip
def test_a_region_off_the_page_is_refused(region: Any) -> None:
    with pytest.raises(RegionError, match="256 × 192"):
        show_map(MAPS["blank"], region=region)


def test_every_candidate_is_drawn_as_what_it_is(page_map: PageMap) -> None:
    figure = show_candidates(page_map)
    panel, candidates = figure.axes[1], page_map.finder.find()
    counts = candidates.counts
    assert counts["low_score"] and counts["too_small"]
    assert kept_colors(panel) == Counter(score_color(score) for score in candidates.kept_scores)
    for reason, style in REJECTED.items():
        assert len(outlines(panel, style.color)) == counts[reason]
    assert len(outlines(panel, CONTOUR.color)) == len(candidates)
    styles = {style.linestyle for style in REJECTED.values()}
    assert len(styles) == len(REJECTED)  # colour is not the only cue


def test_each_rejected_candidate_says_why() -> None:
    said = texts(show_candidates(MAPS["each reason"]))
    assert "1 box kept   ·   2 rejected" in said
    assert "low score   0.500 < box_thresh 0.6" in said
    assert "1 too small: thinner than 3 px of the map" in said
    assert {"rejected: low score", "rejected: too small"} <= set(said)
    said = texts(show_candidates(MAPS["each reason"], DetectionSettings(box_thresh=0.45)))
    assert "2 boxes kept   ·   1 rejected" in said and "rejected: low score" not in said
    said = texts(show_candidates(MAPS["one line"]))
    assert "none rejected" in said
    small = drawn_map(96, 128, (10, 10, 90, 14, 0.9))
    said = texts(show_candidates(small, DetectionSettings(unclip_ratio=0.1)))
    assert [text for text in said if text.startswith("still too small   3.") and "< 5" in text]


def test_hundreds_of_rejected_ones_are_counted_not_listed() -> None:
    said = texts(show_candidates(MAPS["1,600 points"]))
    assert "1000 too small: thinner than 3 px of the map" in said
    assert "600 beyond the limit: PaddleX looks at 1,000" in said
    said = texts(show_candidates(MAPS["64 weak ones"]))
    assert "… and 44 more" in said and said.count("20") == 2 and "21" not in said


def test_only_what_touches_the_region_is_counted(page_map: PageMap) -> None:
    said = texts(show_candidates(page_map, region=SEAL))
    assert said[0].startswith("0 boxes kept   ·   ") and not said[0].endswith(" 0 rejected")
    said = texts(show_candidates(page_map, region=(0, 0, 100, 100)))
    assert said[0] == "0 boxes kept   ·   0 rejected"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("thresh", [0.1, 0.3, 0.6]),
        ("box_thresh", [0.3, 0.8]),
        ("unclip_ratio", [1.0, 1.5, 2.0, 2.5]),
        ("unclip_ratio", [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2]),
        ("limit_side_len", [64]),
        ("limit_type", ["min", "resize_long"]),
    ],
)
@pytest.mark.parametrize("region", [None, SEAL, (0, 0, 40, 400), (0, 600, 1200, 640)])
def test_one_setting_at_several_values(
    staged: StagedPipeline, faint: ocr.Page, parameter: str, values: list[Any], region: Any
) -> None:
    settings = DetectionSettings(limit_side_len=320, limit_type="max") if parameter == "limit_type" else None
    figure = show_values(staged, faint, parameter, values, region=region, settings=settings)
    pixels(figure)
    assert len(figure.axes) == 1 + len(values)
    width_px, height_px = figure.get_size_inches() * figure.dpi
    titles = texts(figure)
    for value, panel in zip(values, figure.axes[1:], strict=True):
        default = " (default)" if value == getattr(DetectionSettings(), parameter) else ""
        assert f"{parameter} {value}{default}" in titles
        changed = {"limit_side_len": 320} if parameter == "limit_type" else {}
        candidates = staged.detect(faint, DetectionSettings(**changed | {parameter: value}))
        assert sum(kept_colors(panel).values()) == len(candidates.kept)
        assert bool(outlines(panel, CONTOUR.color)) == (parameter == "thresh")
        assert len(outlines(panel, BEFORE.color)) == len(candidates.kept) * (parameter == "unclip_ratio")
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width_px and box.y0 >= 0 and box.y1 <= height_px, text
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not [
        (n, m)
        for n, one in enumerate(boxes)
        for m, other in enumerate(boxes)
        if n < m and one.overlaps(other)
    ]


def test_scores_stand_beside_what_box_thresh_decides(staged: StagedPipeline, faint: ocr.Page) -> None:
    figure = show_values(staged, faint, "box_thresh", [0.3, 0.6], region=SEAL)
    scores = [[text.get_text() for text in axes.texts] for axes in figure.axes[1:]]
    found = [
        candidate
        for candidate in staged.detect(faint)
        if candidate.reason == "low_score" and candidate.quad_before_xy[0, 1] > 1450
    ]
    assert scores[0] == scores[1] and len(scores[0]) == len(found) == 2
    assert sorted(float(score) for score in scores[0]) == pytest.approx(
        sorted(candidate.score or 0.0 for candidate in found), abs=0.01
    )


def test_what_is_said_above_each_value(staged: StagedPipeline, faint: ocr.Page) -> None:
    said = texts(show_values(staged, faint, "box_thresh", [0.6]))
    assert "H-mean 100.0%" in said and "34 boxes; rejected: 2 low score, 11 too small" in said
    (bare,) = ocr.load_pages(faint.image_bgr)
    said = texts(show_values(staged, bare, "limit_side_len", [64]))
    assert "34 boxes; network input 1248 × 1760" in said
    assert not [text for text in said if "H-mean" in text]
    nothing = PageTruth(np.zeros((1, 4, 2), np.float32), ("가",))
    assert "H-mean 0.0%" in texts(show_values(staged, bare, "thresh", [0.3], truth=nothing))


@pytest.mark.parametrize(("parameter", "values"), [("threshold", [0.3]), ("", [0.3]), ("thresh", [])])
def test_another_parameter_is_refused(
    staged: StagedPipeline, faint: ocr.Page, parameter: str, values: list[float]
) -> None:
    with pytest.raises(UnknownParameterError, match="unclip_ratio"):
        show_values(staged, faint, parameter, values)


def test_a_value_out_of_range_is_refused(staged: StagedPipeline, faint: ocr.Page) -> None:
    with pytest.raises(SettingRangeError, match="thresh"):
        show_values(staged, faint, "thresh", [0.3, 0])


@pytest.mark.parametrize("kind", FIGURES)
def test_a_dark_style_changes_nothing_and_neither_does_drawing(kind: str, page_map: PageMap) -> None:
    before = page_map.page_bgr.copy(), page_map.probabilities.copy()
    light = pixels(FIGURES[kind](page_map, region=SEAL))
    with mpl.style.context("dark_background"):
        dark = pixels(FIGURES[kind](page_map, region=SEAL))
    assert light.tobytes() == dark.tobytes()
    np.testing.assert_array_equal(page_map.page_bgr, before[0])
    np.testing.assert_array_equal(page_map.probabilities, before[1])


@pytest.mark.parametrize(
    ("count", "region", "columns"),
    [
        (1, (0, 0, 1240, 1754), 1),
        (2, (0, 0, 1240, 1754), 2),
        (2, (0, 0, 1200, 200), 1),
        (3, (0, 0, 1240, 1754), 3),
        (4, (0, 0, 600, 300), 2),
        (7, (0, 0, 600, 600), 4),
    ],
)
def test_panels_are_as_large_as_a_screen_allows(
    count: int, region: tuple[int, int, int, int], columns: int
) -> None:
    grid = Grid.of(count, region, 9.6, 0.5)
    assert grid.columns == columns and grid.columns * grid.rows >= count
    assert grid.width / grid.height == pytest.approx(region[2] / region[3])
    assert grid.size[0] <= 9.6 + 1e-9
    x, y = grid.place(count - 1)
    assert x + grid.width <= grid.size[0] + 1e-9 and y + grid.height <= grid.size[1] + 1e-9

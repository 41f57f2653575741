"""Reading order: the samples' own, skewed pages, made-up layouts, real detection, what must not matter."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import ocr_helpers as ocr
from ocr_helpers.reading_order import QuadShapeError, QuadValueError, reading_order

Quads = NDArray[np.float64]

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
# A chart's labels, whose order is a matter of taste: they must stay together, in any order.
CHARTS = {("report_three_pages", 1): range(11, 27)}
PAGES = [
    *((name, 0) for name in ["notice", "receipt", "form_with_table", "newsletter_two_columns", "mixed"]),
    *((name, 0) for name in ["small_print", "minutes", "photographed", "curved", "low_contrast_scan"]),
    *(("report_three_pages", page) for page in range(3)),
    *((name, 0) for name in ["turned_90", "turned_180", "turned_270"]),
]


def turned(quads: Quads, degrees: float, centre: Any = (620, 877)) -> Quads:
    """Turn quadrilaterals clockwise as seen on the page."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    moved: Quads = (quads - np.array(centre)) @ np.array([[cos, sin], [-sin, cos]]) + np.array(centre)
    return moved


def truth(name: str, page: int = 0) -> Quads:
    """The quadrilaterals of an upright sample, in the order in which a person reads them."""
    content = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    lines = content.get("pages", [content])[page]["lines"]
    quads = np.array([line["quad"] for line in sorted(lines, key=lambda line: line["order"])], np.float64)
    return turned(quads, -float(content.get("turned_clockwise", 0)))


def inversions(order: Any) -> int:
    """Pairs that stand the wrong way round (Kendall's distance to 0, 1, 2, ...)."""
    order = np.asarray(order)
    return int(sum((order[i + 1 :] < order[i]).sum() for i in range(len(order))))


def shuffled_order(quads: Quads, seed: int = 0) -> NDArray[np.intp]:
    """Reading order of shuffled quadrilaterals, as indices into the unshuffled."""
    shuffle = np.random.default_rng(seed).permutation(len(quads))
    return shuffle[reading_order(quads[shuffle])]


def paddle_order(quads: Quads) -> list[int]:
    """The order PaddleOCR gives to the same boxes, the first corner being the upper left one."""
    from paddlex.inference.pipelines.components.common.sort_boxes import SortQuadBoxes

    place = {quad.tobytes(): i for i, quad in enumerate(quads)}
    return [place[np.ascontiguousarray(quad).tobytes()] for quad in SortQuadBoxes()(list(quads[::-1]))]


def row(y: float, *cells: tuple[float, float], height: float = 24) -> list[list[list[float]]]:
    """Boxes beside each other, each from x0 to x1."""
    return [[[x0, y], [x1, y], [x1, y + height], [x0, y + height]] for x0, x1 in cells]


def column(x: float, y: float, width: float, count: int, pitch: float, height: float = 24) -> list[Any]:
    """Lines of running text; every fifth is the short end of a paragraph."""
    ends = [x + width * (0.45 if i % 5 == 4 else 1 - 0.02 * (i % 3)) for i in range(count)]
    return [box for i, end in enumerate(ends) for box in row(y + i * pitch, (x, end), height=height)]


LAYOUTS: dict[str, list[Any]] = {
    "no box": [],
    "one box": row(100, (50, 300)),
    "two columns of unequal type": column(80, 200, 500, 30, 36) + column(620, 200, 500, 26, 41, 28),
    "title over two columns, footer, page number": row(60, (80, 1100), height=50)
    + column(80, 200, 500, 30, 36)
    + column(620, 200, 500, 30, 36)
    + row(1600, (80, 420), (1080, 1110)),
    "two sections of two columns": column(80, 200, 500, 10, 36)
    + column(620, 200, 500, 9, 36)
    + row(620, (80, 1000), height=34)
    + column(80, 690, 500, 10, 36)
    + column(620, 690, 500, 10, 36),
    "columns, then a table": column(80, 200, 500, 10, 36)
    + column(620, 200, 500, 10, 36)
    + [box for y in range(700, 1000, 50) for box in row(y, (90, 190), (400, 520), (700, 760), (950, 1050))],
    "table of 3 x 10": [
        b for i in range(10) for b in row(100 + 48 * i, (90, 250), (500, 620 + i), (900, 990))
    ],
    "labels and values": [
        b for i in range(9) for b in row(100 + 36 * i, (90, 150 + 7 * i), (300, 900 - 40 * i))
    ],
    "a label beside two lines": row(114, (90, 200)) + row(100, (300, 900)) + row(132, (300, 700)),
    "price list": [b for i in range(12) for b in row(100 + 34 * i, (90, 300 + 9 * i), (900, 980))],
    "one column, page number": column(80, 200, 900, 30, 40) + row(1600, (540, 580)),
    "notes in the right margin": column(80, 200, 700, 30, 38)
    + column(840, 333, 200, 3, 26, 18)
    + column(840, 801, 200, 4, 26, 18),
    "text that runs down the margin": [
        *column(80, 200, 700, 20, 38),
        [[900, 200], [930, 200], [930, 946], [900, 946]],
    ],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("degrees", [0, 3, -4])
def test_layouts(name: str, degrees: float) -> None:
    quads = turned(np.array(LAYOUTS[name], np.float64).reshape(-1, 4, 2), degrees)
    assert shuffled_order(quads).tolist() == list(range(len(quads)))


@pytest.mark.parametrize(("name", "page"), PAGES)
@pytest.mark.parametrize("degrees", [0, 3, -3, 5, -5])
def test_samples_are_read_as_a_person_reads_them(name: str, page: int, degrees: float) -> None:
    order = shuffled_order(turned(truth(name, page), degrees)).tolist()
    chart = CHARTS.get((name, page), range(0))
    places = [place for place, line in enumerate(order) if line in chart]
    assert places == list(chart)
    assert [line for line in order if line not in chart] == [i for i in range(len(order)) if i not in chart]


@pytest.mark.parametrize(("degrees", "at_least"), [(0, 200), (3, 200), (-3, 200)])
def test_paddleocrs_own_order_jumps_between_columns(degrees: float, at_least: int) -> None:
    quads = turned(truth("newsletter_two_columns"), degrees)
    assert inversions(paddle_order(quads)) >= at_least
    assert inversions(shuffled_order(quads)) == 0


@pytest.mark.parametrize("degrees", [0, 3])
def test_detected_boxes_of_the_newsletter(degrees: float) -> None:
    import cv2

    page = ocr.load_pages(SAMPLES / "newsletter_two_columns.png")[0]
    height, width = page.image_bgr.shape[:2]
    centre = (width / 2, height / 2)
    matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
    image = cv2.warpAffine(page.image_bgr, matrix, (width, height), borderValue=(255, 255, 255))
    result = next(iter(ocr.load_text_detection(weights="starter").predict(image)))
    polys = result["dt_polys"]
    lines = turned(truth("newsletter_two_columns"), degrees, centre)
    # A detected box stands for the line in which its centre lies; boxes of nothing known drop out.
    sequence = []
    for i in reading_order(polys):
        middle = np.asarray(polys[i], np.float32).mean(axis=0)
        inside = [
            cv2.pointPolygonTest(line.astype(np.float32), (float(middle[0]), float(middle[1])), False)
            for line in lines
        ]
        if max(inside) >= 0:
            sequence.append(int(np.argmax(inside)))
    assert len(set(sequence)) >= 55
    assert inversions(sequence) == 0


boxes = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 400), st.integers(1, 60)),
    max_size=25,
    unique=True,
)


def as_quads(drawn: list[tuple[int, int, int, int]]) -> Quads:
    """Axis-parallel quadrilaterals from (x, y, width, height)."""
    corners = [[[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h in drawn]
    return np.array(corners, np.float64).reshape(-1, 4, 2)


@settings(deadline=None, max_examples=60)
@given(boxes, st.randoms(use_true_random=False))
def test_a_permutation_that_does_not_depend_on_the_order_of_input(
    drawn: list[tuple[int, int, int, int]], random: Any
) -> None:
    quads = as_quads(drawn)
    order = reading_order(quads)
    assert order.dtype == np.intp
    assert sorted(order.tolist()) == list(range(len(quads)))
    shuffle = np.array(random.sample(range(len(quads)), len(quads)), np.intp)
    rolled = np.roll(quads, 1, axis=1)[:, ::-1]
    assert shuffle[reading_order(rolled[shuffle])].tolist() == order.tolist()


@settings(deadline=None, max_examples=60)
@given(boxes, st.integers(-500, 500), st.integers(-500, 500), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_moving_and_scaling_change_nothing(
    drawn: list[tuple[int, int, int, int]], dx: int, dy: int, scale: float
) -> None:
    quads = as_quads(drawn)
    assert reading_order((quads + np.array([dx, dy])) * scale).tolist() == reading_order(quads).tolist()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_boxes_strewn_over_each_other(seed: int) -> None:
    x, y, width = np.random.default_rng(seed).uniform([[0], [0], [20]], [[3000], [3000], [400]], (3, 1000))
    corners = np.array([[x, y], [x + width, y], [x + width, y + 20], [x, y + 20]])
    assert sorted(reading_order(corners.transpose(2, 0, 1)).tolist()) == list(range(1000))


@pytest.mark.parametrize("count", [1, 2, 9])
def test_equal_boxes_keep_their_order(count: int) -> None:
    assert reading_order(np.repeat(row(10, (5, 90)), count, axis=0)).tolist() == list(range(count))


def test_boxes_without_an_area_are_read_too() -> None:
    assert reading_order([[[7, y]] * 4 for y in (30, 10, 20)]).tolist() == [1, 2, 0]


def test_paddleocrs_list_of_int16_is_taken_and_left_alone() -> None:
    polys = [np.array(quad, np.int16) for quad in reversed(column(80, 200, 500, 6, 36))]
    before = [poly.copy() for poly in polys]
    assert reading_order(polys).tolist() == [5, 4, 3, 2, 1, 0]
    assert all(np.array_equal(poly, copy) for poly, copy in zip(polys, before, strict=True))


@pytest.mark.parametrize("empty", [[], np.empty((0, 4, 2)), np.array([])])
def test_no_boxes(empty: Any) -> None:
    assert reading_order(empty).shape == (0,)


@pytest.mark.parametrize(
    ("quads", "error", "message"),
    [
        (np.zeros((4, 2)), QuadShapeError, r"\(4, 2\).*quad\[None\]"),
        (np.zeros((3, 5, 2)), QuadShapeError, r"\(3, 5, 2\).*\(N, 4, 2\)"),
        ([np.zeros((4, 2)), np.zeros((7, 2))], QuadShapeError, "differ in shape"),
        (np.zeros((0, 3)), QuadShapeError, r"\(0, 3\)"),
        ([[[0, 0], [1, 0], [1, float("nan")], [0, 1]]], QuadValueError, "box 0 .*finite"),
        (np.full((2, 4, 2), np.inf), QuadValueError, "box 0 .*finite"),
        (np.full((1, 4, 2), "7"), QuadValueError, "dtype"),
    ],
)
def test_what_is_no_box_is_refused(quads: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        reading_order(quads)

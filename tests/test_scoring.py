"""Known answers: overlaps, matches, counts, character error rates."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_helpers.scoring import (
    QuadShapeError,
    intersections_over_unions,
    match_boxes,
    page_cer,
    score_boxes,
)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


UNIT = box(0, 0, 10, 10)
DIAMOND = [[5, -5], [15, 5], [5, 15], [-5, 5]]


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        (UNIT, UNIT, 1.0),
        (UNIT, box(20, 0, 30, 10), 0.0),
        (UNIT, box(10, 0, 20, 10), 0.0),  # an edge in common is no area
        (UNIT, box(5, 0, 15, 10), 1 / 3),
        (UNIT, box(0, 0, 10, 20), 0.5),
        (UNIT, DIAMOND, 0.5),  # the diamond of twice the area holds the square
        (box(0, 0, 0, 0), UNIT, 0.0),
    ],
)
def test_intersection_over_union(first: list[list[float]], second: list[list[float]], share: float) -> None:
    assert intersections_over_unions([first], [second])[0, 0] == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("found", "expected", "counts"),
    [
        ([], [], (0, 0, 0)),
        ([UNIT], [], (0, 1, 0)),
        ([], [UNIT], (0, 0, 1)),
        ([UNIT, UNIT], [UNIT], (1, 2, 1)),  # one to one: a double is wrong
        ([box(0, 0, 20, 10)], [UNIT, box(10, 0, 20, 10)], (1, 1, 2)),  # merged lines count once
        ([box(0, 0, 10, 21)], [UNIT], (0, 1, 1)),
    ],
)
def test_boxes_are_counted(
    found: list[list[list[float]]], expected: list[list[list[float]]], counts: tuple[int, int, int]
) -> None:
    score = score_boxes(found, expected)
    assert (score.matched, score.found, score.expected) == counts


def test_shares_of_counts() -> None:
    score = score_boxes([UNIT, box(50, 0, 60, 10)], [UNIT])
    assert (score.precision, score.recall) == (0.5, 1.0) and score.hmean == pytest.approx(2 / 3)
    nothing = score_boxes([], [])
    assert all(math.isnan(value) for value in (nothing.precision, nothing.recall, nothing.hmean))


def test_as_many_pairs_as_possible() -> None:
    # Greedily the first would take the better partner, and the second none.
    found = [box(0, 0, 10, 10), box(0, 0, 10, 14)]
    expected = [box(0, 0, 10, 11), box(0, 0, 10, 6)]
    assert match_boxes(found, expected) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("texts", "truth", "cer"),
    [
        (["가나다라"], ["가나다라"], 0.0),
        (["가나다"], ["가나다라"], 0.25),
        (["\u1100\u1161"], ["가"], 0.0),  # conjoining jamo and the syllable are one text
        ([""], ["가나"], 1.0),
        (["가나다라"], [""], math.nan),
    ],
)
def test_page_cer_of_one_line(texts: list[str], truth: list[str], cer: float) -> None:
    assert page_cer([UNIT], texts, [UNIT], truth) == pytest.approx(cer, nan_ok=True)


def test_page_cer_counts_missing_and_surplus_lines() -> None:
    far = box(100, 0, 110, 10)
    assert page_cer([UNIT], ["가나"], [UNIT, far], ["가나", "다라마바"]) == pytest.approx(4 / 6)
    assert page_cer([UNIT, far], ["가나", "잡음"], [UNIT], ["가나"]) == pytest.approx(1.0)


@pytest.mark.parametrize("quads", [[[0, 0]], [UNIT[:3]], UNIT])
def test_other_shapes_are_refused(quads: list[object]) -> None:
    with pytest.raises(QuadShapeError, match=r"expected \(N, 4, 2\)"):
        score_boxes(quads, [UNIT])
    with pytest.raises(QuadShapeError, match="1 boxes and 2 texts"):
        page_cer([UNIT], ["가", "나"], [UNIT], ["가"])


# Three edges in common: OpenCV 4.10 says that the larger box lies in the smaller.
SLANTED = [[5.221631050109863, 14.875903129577637], [60.69900894165039, 7.24304723739624],
           [64.10653686523438, 32.009735107421875], [8.629156112670898, 39.6425895690918]]  # fmt: skip
SHORTER = [SLANTED[0], [40.558204650878906, 10.014120101928711], [43.965728759765625, 34.78080749511719],
           SLANTED[3]]  # fmt: skip
RISING = [[1043.9044189453125, 939.4795532226562], [1355.2491455078125, 1004.1983642578125],
          [1353.41748046875, 1013.010009765625], [1042.07275390625, 948.2911987304688]]  # fmt: skip
HIGHER = [*RISING[:2], [1352.563232421875, 1017.1195678710938], [1041.218505859375, 952.4007568359375]]


@pytest.mark.parametrize(
    ("first", "second", "share"), [(SLANTED, SHORTER, 891.736 / 1400.0), (RISING, HIGHER, 2862.0 / 4196.78)]
)
def test_slanted_boxes_that_share_edges(
    first: list[list[float]], second: list[list[float]], share: float
) -> None:
    assert intersections_over_unions([first], [second])[0, 0] == pytest.approx(share, rel=1e-3)
    assert intersections_over_unions([second], [first])[0, 0] == pytest.approx(share, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_boxes_match_themselves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 500, (12, 2))
    quads = np.array(
        [box(x, y, x + w, y + h) for (x, y), w, h in zip(corners, *rng.uniform(5, 60, (2, 12)), strict=True)]
    )
    shares = intersections_over_unions(quads, quads)
    np.testing.assert_allclose(shares, shares.T, atol=1e-5)
    assert score_boxes(quads, rng.permutation(quads)).hmean == 1.0

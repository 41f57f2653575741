"""Lines cut out as PaddleX cuts them: the same pixels, mostly without its warp."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_helpers.stages.line_crops import copying_where_equal

PAGE = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def paddlex() -> Any:
    from paddlex.inference.pipelines.components import CropByPolys

    return CropByPolys(det_box_type="quad")


def upright(left: int, top: int, right: int, bottom: int) -> NDArray[np.int16]:
    """Corners of an upright line."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.int16)


@given(
    across=st.tuples(st.integers(0, 199), st.integers(1, 200)).filter(lambda side: side[0] < side[1]),
    down=st.tuples(st.integers(0, 149), st.integers(1, 150)).filter(lambda side: side[0] < side[1]),
    moved=st.lists(st.integers(-2, 2), min_size=8, max_size=8) | st.just([0] * 8),
)
@example(across=(0, 200), down=(0, 150), moved=[0] * 8)
@example(across=(0, 200), down=(10, 30), moved=[0, -3] * 4)
@example(across=(10, 202), down=(10, 30), moved=[0] * 8)
@example(across=(10, 30), down=(10, 40), moved=[0] * 8)  # tall enough to be turned
@example(across=(10, 30), down=(10, 39), moved=[0] * 8)
def test_equals_paddlex(
    paddlex: Any, across: tuple[int, int], down: tuple[int, int], moved: list[int]
) -> None:
    quad = upright(across[0], down[0], across[1], down[1]) + np.array(moved, np.int16).reshape(4, 2)
    try:
        (wanted,) = paddlex(PAGE, [quad])
    except (cv2.error, ZeroDivisionError) as error:
        with pytest.raises(type(error)):
            copying_where_equal(paddlex)(PAGE, [quad])
        return
    (found,) = copying_where_equal(paddlex)(PAGE, [quad])
    assert found.shape == wanted.shape and np.array_equal(found, wanted)


def test_most_upright_lines_are_not_warped(paddlex: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quads = [upright(n, n, n + 60, n + 20) for n in range(0, 100, 7)]
    wanted = paddlex(PAGE, quads)
    monkeypatch.setattr(cv2, "warpPerspective", lambda *_a, **_k: pytest.fail("warped"))
    found = copying_where_equal(paddlex)(PAGE, quads)
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
    assert all(line.base is None for line in found), "a view would keep the whole page"


def test_paddlexs_own_operator_stays_as_it_is(paddlex: Any) -> None:
    before = dict(vars(paddlex))
    copying_where_equal(paddlex)(PAGE, [upright(0, 0, 20, 10)])
    assert vars(paddlex) == before

"""Warps and photos the unwarping network learns from, and its starter weights; none of it needs PyTorch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.unwarping import Reader, sample_photo
from benchmarks.unwarping_grid import UnwarpingGrid, flattened_points
from ocr_helpers.starter_models import STARTER_MODELS_DIR
from training import corpus, fonts
from training.splines import extension, linear_matrix, shrink_matrix, spline_matrix
from training.warped_pages import GRID_HW, PAGE_HW, PHOTOS, WarpedPage, make_chunk, photo
from training.warps import make_warp, regular, within

MODEL_DIR = STARTER_MODELS_DIR / "UVDoc"
ENGINES = ("onnxruntime", "paddle")
DOTS = regular((9, 7), 0.0)[1:-1, 1:-1].reshape(-1, 2)
Image8 = NDArray[np.uint8]


@pytest.mark.parametrize("aspect", [0.35, 0.71, 1.4])
def test_a_warp_and_its_inverse_undo_each_other(aspect: float) -> None:
    rng = np.random.default_rng(7)
    for _ in range(12):
        warp = make_warp(rng, aspect)
        assert warp.smallest_area() > 0
        page = regular((12, 9), -0.02)
        seen = warp.place(page)
        inside = within(seen)
        assert np.abs(warp.page_places(seen) - page)[inside].max() < 0.004


def test_the_grid_covers_what_the_frame_shows() -> None:
    rng = np.random.default_rng(3)
    cut = 0
    for _ in range(60):
        warp = make_warp(rng, 0.7)
        left, top, right, bottom = warp.visible()
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
        grid = warp.source_grid(GRID_HW)
        assert grid.shape == (*GRID_HW, 2)
        corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
        assert np.allclose(grid[[0, 0, -1, -1], [0, -1, 0, -1]], warp.place(corners))
        cut += (left, top, right, bottom) != (0, 0, 1, 1)
    assert 5 < cut < 40, "some pages leave the frame, most do not"


def dotted_page() -> Image8:
    """White paper with a black dot in each of DOTS."""
    page = np.full((640, 452), 255, np.uint8)
    for x, y in DOTS:
        cv2.circle(page, (round(x * 452 - 0.5), round(y * 640 - 0.5)), 8, (0,), -1, cv2.LINE_AA)
    return page


def test_dots_are_found_where_the_grid_says() -> None:
    page, misses = dotted_page(), []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        warp = make_warp(rng, 452 / 640)
        image = photo(page, np.full((64, 48), 255, np.uint8), warp, rng).astype(np.float64)
        for x, y in warp.place(DOTS) * PAGE_HW[::-1] - 0.5:
            left, top = round(x) - 5, round(y) - 5
            window = image[max(0, top) : top + 11, max(0, left) : left + 11]
            if min(left, top) < 0 or window.shape != (11, 11):
                continue
            ink = np.maximum(0, 0.7 * np.median(window) - window)
            if ink.sum() < 200:
                continue  # too dark a shadow to measure in
            rows, columns = np.mgrid[top : top + 11, left : left + 11]
            misses.append(np.hypot((ink * columns).sum() / ink.sum() - x, (ink * rows).sum() / ink.sum() - y))
    assert len(misses) > 100
    assert np.median(misses) < 0.5 and np.quantile(misses, 0.95) < 1.5, "pixels of the network's input"


@pytest.fixture(scope="module")
def chunk() -> list[WarpedPage]:
    """One chunk of training photos, in a font every machine with Debian's packages has."""
    if not corpus.WORD_LIST.is_file():
        pytest.skip("training text needs Debian's hunspell-ko")
    try:
        fonts.face("NanumGothic")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    return make_chunk(5, 2, {"NanumGothic": 1.0}, page_count=5)


def test_a_chunk_is_the_same_in_every_run(chunk: list[WarpedPage]) -> None:
    again, other = (make_chunk(5, number, {"NanumGothic": 1.0}, page_count=5) for number in (2, 3))
    assert len(chunk) == 5 * PHOTOS
    assert all(np.array_equal(a.image, b.image) and np.array_equal(a.grid, b.grid)
               for a, b in zip(chunk, again, strict=True))  # fmt: skip
    assert not any(np.array_equal(a.image, b.image) for a, b in zip(chunk, other, strict=True))


def test_a_quarter_of_the_photos_is_flat_and_says_so(chunk: list[WarpedPage]) -> None:
    identity = regular(GRID_HW, 0.0).astype(np.float32)
    for warped in chunk:
        assert warped.image.shape == PAGE_HW and warped.image.dtype == np.uint8
        assert warped.grid.shape == (*GRID_HW, 2) and np.isfinite(warped.grid).all()
        assert np.array_equal(warped.grid, identity) == warped.flat
    assert 0.2 < np.mean([warped.flat for warped in chunk]) < 0.5


@pytest.mark.parametrize(("pixels", "nodes"), [(1, 15), (37, 11), (224, 11), (1754, 15)])
def test_splines_keep_straight_lines_and_pass_through_nodes(pixels: int, nodes: int) -> None:
    matrix = spline_matrix(pixels, nodes)
    line = 3 * np.linspace(0, 1, nodes) - 1
    assert np.allclose(matrix @ line, 3 * (np.arange(pixels) + 0.5) / pixels - 1, atol=1e-5)
    assert extension(nodes).shape == (nodes + 2, nodes)
    random = np.random.default_rng(0).normal(size=nodes)
    fine = spline_matrix(2 * 50 * (nodes - 1) + 1, nodes) @ random
    assert np.allclose(fine[len(fine) // 2], random[nodes // 2], atol=2e-2)


@pytest.mark.parametrize("pixels", [3, 224, 500, 1754])
def test_shrinking_is_an_average_over_areas(pixels: int) -> None:
    signal = np.random.default_rng(1).random(pixels)
    shrunk = shrink_matrix(pixels, 224) @ signal
    assert np.allclose(shrink_matrix(pixels, 224).sum(axis=1), 1, atol=1e-5)
    if pixels >= 224:
        column = cv2.resize(signal[:, None], (1, 224), interpolation=cv2.INTER_AREA)[:, 0]
        assert np.allclose(shrunk, column, atol=1e-4)
    assert np.isclose(shrunk.mean(), signal.mean(), atol=1e-5)
    assert np.allclose(linear_matrix(11, 14).sum(axis=1), 1)


@pytest.fixture(scope="module", params=ENGINES)
def unwarping(request: pytest.FixtureRequest) -> Iterator[Any]:
    """PaddleOCR's own class with the starter weights, on each engine."""
    import paddleocr

    yield paddleocr.TextImageUnwarping(
        model_name="UVDoc", model_dir=str(MODEL_DIR), engine=request.param, device="cpu"
    )


def flattened(unwarping: Any, image_bgr: Image8) -> Image8:
    """The page in OpenCV's colour order, as the pipeline hands it on."""
    (result,) = unwarping.predict(image_bgr)
    return np.ascontiguousarray(np.asarray(result["doctr_img"])[..., ::-1])


@pytest.mark.parametrize("name", ["notice.png", "receipt.png", "minutes.png", "turned_90.png"])
def test_flat_pages_come_back_to_the_last_bit(unwarping: Any, samples: Path, name: str) -> None:
    page = np.asarray(cv2.imread(str(samples / name)), np.uint8)
    assert np.array_equal(flattened(unwarping, page), page)


@pytest.fixture(scope="module")
def samples() -> Path:
    """The folder of sample documents."""
    return Path(__file__).resolve().parent.parent / "data" / "samples"


@pytest.mark.parametrize("size_wh", [(1, 1), (64, 48), (400, 2000), (1169, 827)])
def test_any_size_works(unwarping: Any, samples: Path, size_wh: tuple[int, int]) -> None:
    curved = cv2.imread(str(samples / "curved.jpg"))
    page = np.asarray(cv2.resize(curved, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    before = page.copy()
    flat = flattened(unwarping, page)
    assert flat.shape == page.shape and flat.dtype == np.uint8
    assert np.array_equal(page, before), "the page given is not changed"


def test_both_forms_of_the_weights_flatten_alike(samples: Path) -> None:
    import paddleocr

    page = np.asarray(cv2.imread(str(samples / "curved.jpg")), np.uint8)[:, :, ::-1].copy()
    page[..., 0] //= 2  # no two channels alike
    one, two = (
        flattened(
            paddleocr.TextImageUnwarping(
                model_name="UVDoc", model_dir=str(MODEL_DIR), engine=engine, device="cpu"
            ),
            page,
        )
        for engine in ENGINES
    )
    assert not np.array_equal(one, page), "a curved page is changed"
    apart = np.abs(one.astype(int) - two)
    assert apart.mean() < 0.1 and np.quantile(apart, 0.999) <= 4
    # The desk is darkest in the channel that was halved: colours came out in the order they went in.
    assert one[..., 0].mean() < 0.7 * one[..., 1].mean()


def test_the_curved_sample_is_flattened_and_read_better() -> None:
    curved = sample_photo()
    height, width = curved.image_bgr.shape[:2]
    displacement = UnwarpingGrid(MODEL_DIR / "inference.onnx").displacement(curved.image_bgr)
    assert displacement.shape == (2, *GRID_HW)
    moved = flattened_points(displacement, curved.seen_xy, (width, height))
    before, after = (np.linalg.norm(xy - curved.flat_xy, axis=-1).mean() for xy in (curved.seen_xy, moved))
    assert after < 0.8 * before
    reader = Reader(MODEL_DIR, "onnxruntime")
    read = reader.right_lines(curved.image_bgr, curved.seen_xy, curved.texts)
    again = reader.right_lines(reader.flatten(curved.image_bgr), moved, curved.texts)
    assert sum(again) > sum(read) > 0

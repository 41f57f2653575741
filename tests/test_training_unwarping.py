"""Warps and photos the unwarping network learns from, and its starter weights; none of it needs PyTorch."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.unwarping import Reader, sample_photo
from benchmarks.unwarping_grid import UnwarpingGrid, flattened_points
from ocr_helpers.models.starter import STARTER_MODELS_DIR
from training import corpus, fonts
from training.splines import extension, linear_matrix, shrink_matrix, spline_matrix
from training.warped_pages import (
    CELLS_HW,
    FLAT,
    GRID_HW,
    PAGE_HW,
    PHOTOS,
    WarpedPage,
    make_chunk,
    make_warped_page,
    photo,
)
from training.warps import centres, make_warp, regular, within

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


def test_what_the_inverse_puts_on_the_page_is_on_the_page() -> None:
    rng = np.random.default_rng(7)
    shares = []
    for _ in range(100):
        warp = make_warp(rng, 0.7)
        seen = centres(CELLS_HW)
        page = warp.page_places(seen)
        inside = within(page)
        shares.append(inside.mean())
        assert np.abs(warp.place(page) - seen)[inside].max() < 0.01
    assert 0.5 < np.mean(shares) < 0.95, "the desk shows round most pages"


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
            left, top = round(x) - 10, round(y) - 10
            window = image[max(0, top) : top + 21, max(0, left) : left + 21]
            if min(left, top) < 0 or window.shape != (21, 21):
                continue
            ink = np.maximum(0, 0.7 * np.median(window) - window)
            if ink.sum() < 800:
                continue  # too dark a shadow to measure in
            rows, columns = np.mgrid[top : top + 21, left : left + 21]
            misses.append(np.hypot((ink * columns).sum() / ink.sum() - x, (ink * rows).sum() / ink.sum() - y))
    assert len(misses) > 100
    assert np.median(misses) < 1 and np.quantile(misses, 0.95) < 3, "pixels of the network's input"


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


def test_flat_photos_say_so(chunk: list[WarpedPage]) -> None:
    identity = regular(GRID_HW, 0.0).astype(np.float32)
    for warped in chunk:
        assert warped.image.shape == PAGE_HW and warped.image.dtype == np.uint8
        assert warped.grid.shape == (*GRID_HW, 2) and np.isfinite(warped.grid).all()
        assert np.array_equal(warped.grid, identity) == warped.flat


def test_the_share_of_flat_photos() -> None:
    """No font and no word list of this machine has a part in its page: the photos are the same everywhere."""
    rng = np.random.default_rng(5)
    page = rng.integers(0, 256, (96, 68), np.uint8)
    photos = [make_warped_page(page, page, rng) for _ in range(200)]
    assert abs(np.mean([warped.flat for warped in photos]) - FLAT) < 0.06


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("down", [False, True])
def test_cells_and_grid_lead_to_and_fro_in_every_mirror(
    chunk: list[WarpedPage], across: bool, down: bool
) -> None:
    identity = regular(GRID_HW, 0.0)
    misses = []
    for plain in chunk:
        warped = plain.mirrored(across, down)
        assert warped.page_places.shape == (*CELLS_HW, 2)
        if warped.flat:
            assert np.allclose(warped.grid, identity, atol=1e-6)
            assert np.allclose(warped.page_places, centres(CELLS_HW), atol=1e-6)
            continue
        at = (warped.grid * CELLS_HW[::-1] - 0.5).astype(np.float32)
        found = cv2.remap(warped.page_places, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
        sure = (at > 0).all(-1) & (at < np.array(CELLS_HW[::-1]) - 1).all(-1)
        misses.append(np.abs(found - identity)[sure].max(axis=-1))
    assert np.median(np.concatenate(misses)) < 0.003
    assert np.quantile(np.concatenate(misses), 0.98) < 0.03, "shares of the page"


def test_a_mirrored_photo_is_mirrored(chunk: list[WarpedPage]) -> None:
    bent = next(warped for warped in chunk if not warped.flat)
    mirrored = bent.mirrored(True, False)
    assert np.array_equal(mirrored.image, cv2.flip(bent.image, 1))
    assert np.allclose(mirrored.grid[0, 0], [1 - bent.grid[0, -1, 0], bent.grid[0, -1, 1]])
    again = mirrored.mirrored(True, False)
    assert np.array_equal(again.image, bent.image) and np.allclose(again.grid, bent.grid, atol=1e-6)


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


@pytest.mark.parametrize("margin", [0.0, 0.06])
def test_cells_are_read_off_along_straight_lines(margin: float) -> None:
    matrix = linear_matrix(11, 14, margin)
    middles = -margin + (1 + 2 * margin) * (np.arange(14) + 0.5) / 14
    assert np.allclose(matrix.sum(axis=1), 1)
    inner = slice(None) if margin else slice(1, -1)  # level beyond the outermost middles
    assert np.allclose((matrix @ middles)[inner], np.linspace(0, 1, 11)[inner], atol=1e-6)


# PyTorch comes with the training extra only: without it there is nothing here to test.
if importlib.util.find_spec("torch") is not None:

    @pytest.fixture(scope="module")
    def untrained() -> Any:
        """A network whose heads find something, right or wrong."""
        torch = importlib.import_module("torch")

        from training.unwarping_network import UnwarpingNetwork

        torch.manual_seed(0)
        network = UnwarpingNetwork()
        sizes = {"corner_factors": 0.05, "column_strips": 0.02, "bends_of_dense": 0.1, "fit_last": 0.05}
        for name, size in sizes.items():
            torch.nn.init.normal_(getattr(network, name).weight, std=size)
        network(torch.rand(4, 1, *PAGE_HW))  # batch norms get statistics that are not 0 and 1
        return network.eval()

    def test_exported_forms_agree_with_the_network(untrained: Any, samples: Path, tmp_path: Path) -> None:
        torch = importlib.import_module("torch")
        onnx = importlib.import_module("onnx")

        from training.export_unwarping import differences
        from training.unwarping_arrays import fixed_arrays, learned_arrays
        from training.unwarping_network import unwarp
        from training.unwarping_onnx import onnx_model
        from training.unwarping_paddle import save_paddle

        page = np.asarray(cv2.imread(str(samples / "curved.jpg")), np.float32)[None] / 255
        images = torch.from_numpy(page.transpose(0, 3, 1, 2).copy())[:, :, ::3, ::3].contiguous()
        images = torch.cat([images, images.flip(3)])
        with torch.no_grad():
            assert ((unwarp(untrained, images, 0.0) - images).abs().mean(dim=(1, 2, 3)) > 0.01).all()
            assert torch.equal(unwarp(untrained, images, 9.0).mul(255).round(), images.mul(255).round())
        learned, fixed = learned_arrays(untrained), fixed_arrays(untrained)
        onnx.save(onnx_model(learned, fixed, 0.0), tmp_path / "inference.onnx")
        save_paddle(learned, fixed, tmp_path, 0.0)
        for form, levels in differences(untrained, images, tmp_path, 0.0).items():
            assert len(levels) == 2 and levels.mean() < 0.01 and levels.max() < 2, form

    def test_an_exported_network_is_taken_up_again_as_it_was(untrained: Any, tmp_path: Path) -> None:
        onnx = importlib.import_module("onnx")

        from training.restore_unwarping import restore
        from training.unwarping_arrays import fixed_arrays, learned_arrays
        from training.unwarping_onnx import onnx_model

        learned = learned_arrays(untrained)
        onnx.save(onnx_model(learned, fixed_arrays(untrained), 0.0), tmp_path / "inference.onnx")
        again = learned_arrays(restore(tmp_path / "inference.onnx"))
        assert learned.keys() == again.keys()
        for name, values in learned.items():
            assert np.allclose(again[name], values, rtol=1e-6, atol=1e-9), name

    def test_batch_norms_that_normalise_again_change_nothing(untrained: Any, tmp_path: Path) -> None:
        torch = importlib.import_module("torch")
        onnx = importlib.import_module("onnx")

        from training.batch_norms import live_norms
        from training.restore_unwarping import restore
        from training.unwarping_arrays import fixed_arrays, learned_arrays
        from training.unwarping_onnx import onnx_model

        model = onnx_model(learned_arrays(untrained), fixed_arrays(untrained), 0.0)
        onnx.save(model, tmp_path / "inference.onnx")
        network = restore(tmp_path / "inference.onnx")
        pages = torch.rand(4, 1, *PAGE_HW)
        norm = network.fine[0][1]
        with torch.no_grad():
            before, (features, _) = network(pages), network.look(pages)
            assert torch.equal(norm.running_mean, torch.zeros_like(norm.running_mean))
            live_norms(network, [pages[:2], pages[2:]])
            assert norm.running_mean.abs().min() > 0
            for one, other in zip(before, network(pages), strict=True):
                assert torch.allclose(one, other, atol=1e-4)
            # A batch of its own is normalised nearly as the batches it learned from.
            trained, _ = network.train().look(pages)
            assert (trained - features).std() < 0.2 * features.std()

    def test_corners_and_bends_together_are_the_whole_way(untrained: Any) -> None:
        torch = importlib.import_module("torch")

        from training.unwarping_network import corners_of
        from training.unwarping_targets import bends_of, on_grid

        torch.manual_seed(1)
        corners = 0.1 * torch.randn(5, 2, 4)
        assert torch.allclose(corners_of(on_grid(corners)), corners, atol=1e-5)
        displacement = on_grid(corners) + 0.02 * torch.randn(5, 2, *GRID_HW)
        taken = corners_of(displacement) + 0.01 * torch.randn(5, 2, 4)
        bends = bends_of(displacement, taken)
        assert torch.allclose(untrained.together(taken, bends), displacement, atol=1e-4)

    def test_the_second_look_sees_the_straightened_page_with_its_margin(untrained: Any) -> None:
        torch = importlib.import_module("torch")

        from training.unwarping_network import MARGIN, margin_view, middles
        from training.unwarping_targets import cells_view

        y, x = (middles(side).float() for side in CELLS_HW)
        places = torch.stack(torch.meshgrid(x, y, indexing="xy"))[None]
        # The page fills the frame's middle: its places are those of the frame, spread from there.
        corners = torch.zeros(1, 2, 4)
        corners[0, 0, 1] = corners[0, 1, 2] = -0.2
        seen = cells_view((places - 0.5) / 0.8 + 0.5, corners)[0]
        wanted = torch.stack(torch.meshgrid(*(middles(n, MARGIN) for n in CELLS_HW[::-1]), indexing="xy"))
        assert torch.allclose(seen, wanted, atol=1e-4)
        image = torch.zeros(1, 1, *PAGE_HW)
        image[:, :, 64:-64, 45:-45] = 1
        view = margin_view(image, corners)[0, 0]
        assert view[0].max() == view[:, 0].max() == 0 and view[40:-40, 28:-28].min() > 0.999
        assert abs(float(view.mean()) - 1 / (1 + 2 * MARGIN) ** 2) < 0.02


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


def test_the_onnx_form_shrinks_pages_to_means_of_areas_and_reads_whole_blocks() -> None:
    import onnx
    import onnxruntime

    model = onnx.load(MODEL_DIR / "inference.onnx")
    small = next(node.input[0] for node in model.graph.node if node.op_type == "ReduceMean")
    model.graph.output.append(onnx.helper.make_tensor_value_info(small, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for size in ((1, 3, 5, 1), (2, 3, 701, 331), (1, 3, 1754, 1240)):
        images = np.random.default_rng(0).random(size, np.float32)
        (shrunk,) = session.run([small], {"image": images})
        down, across = (shrink_matrix(*sides) for sides in zip(size[2:], PAGE_HW, strict=True))
        assert np.allclose(shrunk[:, 0], down @ images.mean(axis=1) @ across.T, atol=1e-4)
    (channels,) = {tensor.dims[1] for tensor in model.graph.initializer if tensor.name == "fine0.weight"}
    assert channels % 16 == 0, "onnxruntime leaves its blocked layout before it"


@pytest.mark.parametrize(
    ("name", "again"), [("notice.png", False), ("receipt.png", False), ("curved.jpg", True)]
)
def test_flat_pages_are_looked_at_once(samples: Path, name: str, again: bool) -> None:
    import onnx
    import onnxruntime

    model = onnx.load(MODEL_DIR / "inference.onnx")
    (branch,) = (node for node in model.graph.node if "displacement" in node.output)
    question = onnx.helper.make_tensor_value_info(branch.input[0], onnx.TensorProto.BOOL, [])
    model.graph.output.append(question)
    (second,) = (part.g for part in branch.attribute if part.name == "then_branch")
    assert sum(node.op_type == "If" for node in second.node) == 1, "the third look is a branch of the second"
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    page = np.asarray(cv2.imread(str(samples / name)), np.float32).transpose(2, 0, 1)[None] / np.float32(255)
    (answer,) = session.run([branch.input[0]], {"image": np.ascontiguousarray(page)})
    assert bool(answer) == again


def test_a_page_that_stays_is_the_same_beside_one_that_moves(samples: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(MODEL_DIR / "inference.onnx"), providers=["CPUExecutionProvider"]
    )
    curved, flat = (
        np.asarray(cv2.imread(str(samples / name)), np.uint8) for name in ("curved.jpg", "notice.png")
    )
    pages = np.stack([curved, cv2.resize(flat, curved.shape[1::-1])])

    def levels(pages: Image8) -> Image8:
        images = np.ascontiguousarray(pages.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
        (answer,) = session.run(None, {"image": images})
        return np.asarray(answer * 255, np.uint8).transpose(0, 2, 3, 1)

    together = levels(pages)
    assert np.array_equal(together[1], pages[1]) and np.array_equal(levels(pages[1:])[0], pages[1])
    alone = levels(pages[:1])[0].astype(int)
    assert np.abs(alone - together[0]).max() <= 1 and np.abs(alone - pages[0]).mean() > 1


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
    assert after < 0.3 * before
    reader = Reader(MODEL_DIR, "onnxruntime")
    read = reader.right_lines(curved.image_bgr, curved.seen_xy, curved.texts)
    again = reader.right_lines(reader.flatten(curved.image_bgr), moved, curved.texts)
    assert sum(again) > sum(read) > 0

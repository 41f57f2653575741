"""The pages and lines the orientation classifiers learn from, their export, and the starter weights."""

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from ocr_helpers.loading import plan_loading
from training import corpus, fonts, line_samples, page_samples
from training.classifier_graphs import Folded, onnx_model, save_paddle
from training.classifier_plan import DOCUMENT, LINE, Plan, convolutions
from training.lines import make_line
from training.page_layouts import make_page

ENGINES = ("onnxruntime", "paddle")
TINY: Plan = ((4, (2, 2), 1), (6, (1, 2), 0))


@pytest.fixture(scope="module")
def faces() -> list[fonts.Face]:
    """Three faces of training; skip, or in CI fail, where fonts or the word list are not installed."""
    if not corpus.WORD_LIST.is_file():
        pytest.skip("training text needs Debian's hunspell-ko")
    try:
        return [fonts.face(stem) for stem in ("NanumGothic", "NanumMyeongjo", "UnGraphic")]
    except FileNotFoundError as error:
        pytest.skip(str(error))


def test_a_page_has_the_asked_size_and_text(faces: list[fonts.Face]) -> None:
    shapes = set()
    for seed in range(12):
        page = make_page(random.Random(seed), faces, 400)
        assert page.dtype == np.uint8 and page.ndim == 2 and max(page.shape) == 400
        assert np.array_equal(page, make_page(random.Random(seed), faces, 400)), "same seed, same page"
        assert np.ptp(page) > 100, "there is ink on paper"
        assert page.mean() > 110, "ink is darker than paper"
        shapes.add(page.shape)
    assert len(shapes) > 4 and any(h < w for h, w in shapes) and any(h > w for h, w in shapes)


def test_most_pages_have_like_margins_left_and_right(faces: list[fonts.Face]) -> None:
    alike = []
    for seed in range(80):
        page = make_page(random.Random(seed), faces, 400)
        inked = np.flatnonzero((page < page.max() - 60).any(axis=0))
        left, right = inked[0], page.shape[1] - 1 - inked[-1]
        alike.append(abs(left - right) <= 0.012 * page.shape[1])
    assert 0.7 < np.mean(alike) < 0.95


@pytest.mark.parametrize(("count", "side"), [(0, 400), (1, 63)])
def test_a_page_without_a_face_or_too_small_is_refused(
    count: int, side: int, faces: list[fonts.Face]
) -> None:
    with pytest.raises(ValueError, match=f"at least one face and 64 pixels, got {count} and {side}"):
        make_page(random.Random(0), faces[:count], side)


@pytest.mark.parametrize("module", [page_samples, line_samples])
def test_batches_depend_on_seed_and_number_only(module: Any, faces: list[fonts.Face]) -> None:
    first, again, later, other = (
        module.make_samples(seed, number, faces, [1.0, 2.0, 1.0])
        for seed, number in ((0, 3), (0, 3), (0, 4), (1, 3))
    )
    assert np.array_equal(first.images, again.images) and np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.images, later.images)
    assert not np.array_equal(first.images, other.images)
    classes = len(module.LABELS)
    counts = np.bincount(first.labels[first.labels >= 0], minlength=classes)
    assert len(counts) == classes and counts.min() > 0.25 * len(first.labels) / classes


def test_pages_come_in_every_turn(faces: list[fonts.Face]) -> None:
    samples = page_samples.make_samples(0, 0, faces, [1.0, 1.0, 1.0])
    side = page_samples.SIZE
    assert samples.images.shape == (4 * page_samples.PAGES, side, side)
    known = samples.labels >= 0
    assert (samples.labels[known] == np.tile(np.arange(4), page_samples.PAGES)[known]).all()


@pytest.mark.parametrize(
    ("text", "unclear"),
    [("8008", True), ("ㅇㅇ", True), ("○●", True), ("…", True), ("69", True), ("- 8 -", True),
     ("가", False), ("한글", False), ("1234", False), ("ㅇㅋ", False), ("○ 가", False), ("A", False)],
)  # fmt: skip
def test_lines_that_look_alike_both_ways_count_as_upright(text: str, unclear: bool) -> None:
    assert line_samples.ambiguous(text) is unclear


def _weights(plan: Plan, classes: int) -> Folded:
    rng, weights, inputs = np.random.default_rng(3), {}, 3
    for number, (channels, _, _) in enumerate(convolutions(plan)):
        shape = (channels, inputs, 3, 3)
        weights[f"block{number}.weight"] = rng.normal(0, 0.3, shape).astype(np.float32)
        weights[f"block{number}.bias"] = rng.normal(0, 0.3, channels).astype(np.float32)
        inputs = channels
    weights["head.weight"] = rng.normal(0, 1, (inputs, classes)).astype(np.float32)
    weights["head.bias"] = rng.normal(0, 1, classes).astype(np.float32)
    return weights


def _paddle_answer(folder: Path, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    from paddle import inference

    config = inference.Config(str(folder / "inference.json"), str(folder / "inference.pdiparams"))
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    predictor.get_input_handle("x").copy_from_cpu(images)
    predictor.run()
    return np.asarray(predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu())


@pytest.mark.parametrize("count", [1, 3])
def test_both_exported_forms_give_the_same_probabilities(count: int, tmp_path: Path) -> None:
    weights = _weights(TINY, 4)
    onnx.save(onnx_model(weights, TINY, "tiny", (40, 24)), tmp_path / "inference.onnx")
    save_paddle(weights, TINY, (40, 24), tmp_path)
    images = np.random.default_rng(5).uniform(-1, 1, (count, 3, 24, 40)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "inference.onnx", providers=["CPUExecutionProvider"])
    ours, theirs = session.run(None, {"x": images})[0], _paddle_answer(tmp_path, images)
    assert ours.shape == (count, 4) and np.allclose(ours.sum(axis=1), 1, atol=1e-5)
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.ptp(ours) > 0.01, "equal because all is equal would show nothing"


# PyTorch comes with the training extra only: without it there is nothing here to test.
if importlib.util.find_spec("torch") is not None:

    @pytest.mark.parametrize("bonus", [0.0, 1.5])
    @pytest.mark.parametrize("plan", [LINE, DOCUMENT])
    def test_exported_forms_agree_with_the_network(plan: Plan, bonus: float, tmp_path: Path) -> None:
        torch = importlib.import_module("torch")

        from training.classifier_network import ClassifierNetwork
        from training.export_check import largest_difference
        from training.export_classifier import folded_weights

        torch.manual_seed(0)
        network = ClassifierNetwork(plan, 2)
        network(torch.randn(4, 1, 32, 64))  # batch norms get statistics that are not 0 and 1
        weights = folded_weights(network.eval(), bonus)
        onnx.save(onnx_model(weights, plan, "untrained", (64, 32)), tmp_path / "inference.onnx")
        save_paddle(weights, plan, (64, 32), tmp_path)
        grey = np.random.default_rng(1).integers(0, 256, (5, 32, 64), np.uint8)
        assert largest_difference(network, grey, tmp_path, bonus) < 1e-5
        assert largest_difference(network, grey, tmp_path, bonus + 1) > 1e-3, "the bonus is in the files"


def _load(module: str, class_name: str, engine: str) -> Any:
    import paddleocr

    plan = plan_loading(module, weights="starter", device="cpu", engine=engine)
    return getattr(paddleocr, class_name)(**plan.kwargs)


@pytest.mark.parametrize("engine", ENGINES)
def test_starter_weights_set_the_samples_upright(engine: str, repository: Path) -> None:
    from paddlex.inference.pipelines.components.common.warp_image import rotate_image

    model = _load("doc_orientation", "DocImgOrientationClassification", engine)
    turned = set()
    for path in sorted((repository / "data" / "samples").glob("*.[pj][np]g")):
        truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        (answer,) = model.predict(image)
        angle = int(answer["label_names"][0])
        assert angle == truth["turned_clockwise"], path.name
        assert answer["scores"][0] > 0.5
        turned.add(angle)
        # A line of an upright page runs from left to right: its quad begins at the text's own top left.
        upright = np.rot90(image, angle // 90)
        difference = np.abs(rotate_image(image, angle).astype(int)[8:-8, 8:-8] - upright[8:-8, 8:-8])
        assert difference.mean() < 12, "PaddleX's turn by the label undoes the turn"
    assert turned == {0, 90, 180, 270}


@pytest.mark.parametrize("engine", ENGINES)
def test_starter_weights_tell_upside_down_lines(engine: str, repository: Path) -> None:
    model = _load("textline_orientation", "TextLineOrientationClassification", engine)
    paths = sorted((repository / "data" / "samples" / "lines").glob("*.png"))
    upright = [np.asarray(cv2.imread(str(path)), np.uint8) for path in paths]
    turned = [np.ascontiguousarray(image[::-1, ::-1]) for image in upright]
    answers = [result["label_names"][0] for result in model.predict(upright + turned, batch_size=8)]
    named = dict(zip([p.stem for p in paths] + [f"turned {p.stem}" for p in paths], answers, strict=True))
    assert len(paths) >= 10
    assert named == {name: "180_degree" if name.startswith("turned") else "0_degree" for name in named}


@pytest.mark.parametrize("text", ["○●", "8008"])
def test_starter_weights_leave_lines_that_look_alike_both_ways(text: str, faces: list[fonts.Face]) -> None:
    model = _load("textline_orientation", "TextLineOrientationClassification", "onnxruntime")
    lines = [
        make_line(text, face, random.Random(seed), np.random.default_rng(seed)).image
        for seed, face in enumerate(faces)
    ]
    images = [cv2.cvtColor(line, cv2.COLOR_GRAY2BGR) for line in lines]
    images += [np.ascontiguousarray(image[::-1, ::-1]) for image in images]
    assert {result["label_names"][0] for result in model.predict(images)} == {"0_degree"}

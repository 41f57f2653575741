"""Graphs rewritten for the blocked layout: each form on a tiny graph, what only looks so, the starter's."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import ocr_helpers as ocr
from benchmarks.exactness import SAMPLES
from ocr_helpers.models.blocked_layout import in_blocked_layout
from ocr_helpers.models.denormals import without_denormals
from ocr_helpers.models.names import MODULES
from ocr_helpers.models.starter import published_detection, starter_model_dir

Array = NDArray[np.float32]
Node = tuple[str, Sequence[str], str, dict[str, Any]]
ONE = {"kernel_shape": [1, 1]}
THREE = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
SAME = {"kernel_shape": [2, 2], "strides": [1, 1], "auto_pad": "SAME_UPPER"}
DOUBLE = {"kernel_shape": [2, 2], "strides": [2, 2]}


def model_of(
    nodes: Sequence[Node], shapes: dict[str, tuple[int, ...]], constants: dict[str, Array] | None = None
) -> bytes:
    """A model from ``x`` (N, 3, H, W) to ``y`` with random weights of these shapes, and with constants."""
    random = np.random.default_rng(1)
    arrays = {
        name: np.float32(0.2) * random.standard_normal(shape, np.float32) for name, shape in shapes.items()
    } | (constants or {})
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output], **options) for kind, inputs, output, options in nodes],
        "piece",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString()
    return content


def answer(model: bytes, given: Array, *, as_written: bool = True) -> Array:
    """What a model makes of an input, with onnxruntime's own rewriting or without."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_DISABLE_ALL if as_written else levels.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    found: Array = session.run(None, {session.get_inputs()[0].name: given})[0]
    return found


def kinds(model: bytes) -> list[str]:
    """The operators, in their order."""
    return [node.op_type for node in onnx.load_model_from_string(model).graph.node]


def weight_shapes(model: bytes) -> list[tuple[int, ...]]:
    """Shapes of the convolutions' weights."""
    graph = onnx.load_model_from_string(model).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return [shapes[node.input[1]] for node in graph.node if node.op_type == "Conv"]


def gate(x: str, name: str) -> list[Node]:
    """A gate per channel of a map of three, as a squeeze-and-excitation block makes it."""
    return [
        ("GlobalAveragePool", [x], f"{name}.mean", {}),
        ("Conv", [f"{name}.mean", "squeeze"], f"{name}.squeezed", ONE),
        ("HardSigmoid", [f"{name}.squeezed"], name, {"alpha": 0.2}),
    ]


GATED = ["GlobalAveragePool", "Conv", "HardSigmoid"]
BIASED: list[Node] = [
    ("Conv", ["x", "w"], "a", THREE),
    ("Identity", ["a"], "b", {}),
    ("Add", ["b", "c"], "y", {}),
]
TWICE: list[Node] = [
    ("ConvTranspose", ["x", "w", "b"], "a", DOUBLE),
    ("Relu", ["a"], "r", {}),
    ("ConvTranspose", ["r", "v", "c"], "s", DOUBLE),
    ("Sigmoid", ["s"], "y", {}),
]
TWICE_SHAPES = {"w": (3, 5, 2, 2), "b": (5,), "v": (5, 1, 2, 2), "c": (1,)}
STEM: list[Node] = [
    ("Conv", ["x", "w", "b"], "a", THREE),
    ("Relu", ["a"], "r", {}),
    ("Conv", ["r", "v"], "c", SAME),
    ("Relu", ["c"], "s", {}),
    ("MaxPool", ["r"], "p", SAME),
    ("Concat", ["p", "s"], "both", {"axis": 1}),
    ("Conv", ["both", "u", "d"], "e", THREE | {"strides": [2, 2]}),
    ("Relu", ["e"], "t", {}),
    ("Conv", ["t", "o"], "y", ONE),
]
STEM_SHAPES = {
    "w": (24, 3, 3, 3), "b": (24,), "v": (12, 24, 2, 2), "u": (20, 36, 3, 3), "d": (20,), "o": (7, 20, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "shapes", "expected"),
    [
        pytest.param(BIASED, {"w": (4, 3, 3, 3), "c": (1, 4, 1, 1)}, ["Conv"], id="a bias"),
        pytest.param(
            [("ConvTranspose", ["x", "w"], "a", DOUBLE), ("Add", ["a", "c"], "y", {})],
            {"w": (3, 4, 2, 2), "c": (1, 4, 1, 1)},
            ["ConvTranspose"],
            id="a bias of a transposed convolution",
        ),
        pytest.param(
            [*gate("x", "g"), ("Mul", ["x", "g"], "m", {}), ("Add", ["x", "m"], "y", {})],
            {"squeeze": (3, 3, 1, 1)},
            [*GATED, "Add", "Mul"],
            id="x + x * gate",
        ),
        pytest.param(
            [
                *gate("x", "g"),
                ("Mul", ["x", "g"], "m", {}),
                ("Conv", ["m", "w"], "c", THREE),
                ("Add", ["m", "c"], "y", {}),
            ],
            {"squeeze": (3, 3, 1, 1), "w": (3, 3, 3, 3)},
            [*GATED, "Mul", "MaxPool", "Conv", "Add"],
            id="a gated map that is used twice",
        ),
        pytest.param(TWICE, TWICE_SHAPES, ["Conv", "Relu", "Conv", "Sigmoid", "DepthToSpace"], id="the end"),
        pytest.param(
            STEM,
            STEM_SHAPES,
            ["Conv", "Relu", "Conv", "Relu", "MaxPool", "Conv", "Conv", "Add", "Relu", "Conv"],
            id="the stem",
        ),
    ],
)
@pytest.mark.parametrize("size", [(1, 3, 8, 12), (2, 3, 7, 9)])
def test_each_form_is_rewritten_and_answers_the_same(
    nodes: list[Node], shapes: dict[str, tuple[int, ...]], expected: list[str], size: tuple[int, ...]
) -> None:
    given = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    before = model_of(nodes, shapes)
    after = in_blocked_layout(before)
    assert kinds(after) == expected
    onnx.checker.check_model(onnx.load_model_from_string(after))
    for as_written in (True, False):
        found, wanted = (answer(model, given, as_written=as_written) for model in (after, before))
        assert wanted.std() > 0.01
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    assert in_blocked_layout(after) == in_blocked_layout(in_blocked_layout(after))


def test_channels_fill_whole_blocks() -> None:
    rewritten = in_blocked_layout(model_of(STEM, STEM_SHAPES))
    assert weight_shapes(rewritten) == [
        (32, 3, 3, 3), (16, 32, 2, 2), (32, 32, 3, 3), (32, 16, 3, 3), (7, 32, 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "shapes"),
    [
        pytest.param([("Relu", ["x"], "y", {})], {}, id="no convolution"),
        pytest.param([("Conv", ["x", "w"], "y", THREE)], {"w": (24, 3, 3, 3)}, id="24 channels that leave"),
        pytest.param(
            [("Conv", ["x", "w"], "a", THREE), ("Add", ["a", "c"], "y", {})],
            {"w": (4, 3, 3, 3), "c": (1, 4, 1, 5)},
            id="not a number per channel",
        ),
        pytest.param(
            [("Conv", ["x", "w"], "a", THREE), ("Add", ["a", "c"], "b", {}), ("Mul", ["a", "b"], "y", {})],
            {"w": (4, 3, 3, 3), "c": (1, 4, 1, 1)},
            id="used before its bias",
        ),
        pytest.param(
            [("Sigmoid", ["x"], "g", {}), ("Mul", ["x", "g"], "m", {}), ("Add", ["x", "m"], "y", {})],
            {},
            id="no gate",
        ),
        pytest.param(
            [*gate("x", "g"), ("Mul", ["x", "g"], "m", {}), ("Add", ["g", "m"], "y", {})],
            {"squeeze": (3, 3, 1, 1)},
            id="another map than the gated one",
        ),
        pytest.param(
            [("ConvTranspose", ["x", "w", "b"], "a", DOUBLE), *TWICE[1:3], ("Tanh", ["s"], "y", {})],
            TWICE_SHAPES,
            id="another end",
        ),
        pytest.param(
            [("ConvTranspose", ["x", "w", "b"], "a", DOUBLE | {"strides": [1, 1]}), *TWICE[1:]],
            TWICE_SHAPES,
            id="pixels that meet",
        ),
        pytest.param(
            [("ConvTranspose", ["x", "w", "b"], "a", DOUBLE | {"pads": [1, 1, 0, 0]}), *TWICE[1:]],
            TWICE_SHAPES,
            id="a cut edge",
        ),
        pytest.param(TWICE, TWICE_SHAPES | {"v": (5, 2, 2, 2), "c": (2,)}, id="two maps at the end"),
        pytest.param(
            [
                ("Conv", ["x", "w"], "a", THREE),
                ("Conv", ["x", "v"], "b", THREE),
                ("Concat", ["a", "b"], "c", {"axis": 1}),
                ("Conv", ["c", "u"], "y", ONE),
            ],
            {"w": (16, 3, 3, 3), "v": (32, 3, 3, 3), "u": (16, 48, 1, 1)},
            id="whole blocks side by side",
        ),
        pytest.param(
            [("Concat", ["x", "x"], "c", {"axis": 1}), ("Conv", ["c", "u"], "y", ONE)],
            {"u": (16, 6, 1, 1)},
            id="maps that no convolution made",
        ),
    ],
)
def test_what_is_no_such_form_stays(nodes: list[Node], shapes: dict[str, tuple[int, ...]]) -> None:
    before = onnx.load_model_from_string(model_of(nodes, shapes))
    after = onnx.load_model_from_string(in_blocked_layout(model_of(nodes, shapes)))
    assert list(after.graph.node) == list(before.graph.node)
    assert list(after.graph.initializer) == list(before.graph.initializer)


@pytest.fixture(scope="module")
def published() -> bytes:
    """RapidOCR's network, only without denormals."""
    return without_denormals(published_detection().read_bytes())


def test_what_the_starter_detection_is_made_of(published: bytes) -> None:
    before, after = Counter(kinds(published)), Counter(kinds(in_blocked_layout(published)))
    assert (before["Identity"], before["ConvTranspose"], before["Concat"]) == (147, 2, 2)
    assert (after["Identity"], after["ConvTranspose"], after["Concat"]) == (0, 0, 2)
    # Three more for a concatenation taken apart and the end, four times two and two there for one and two.
    assert (after["Conv"], after["MaxPool"], after["DepthToSpace"]) == (before["Conv"] + 3 + 13, 1 + 5, 1)
    assert (starter_model_dir("PP-OCRv5_mobile_det") / "inference.onnx").read_bytes() == in_blocked_layout(
        published
    )


def _noise() -> Array:
    return np.random.default_rng(0).standard_normal((1, 3, 192, 160)).astype(np.float32)


def _two_pages() -> Array:
    """Two pieces of a sample page, (2, 3, 256, 320), the values as the network gets them."""
    image_bgr = cv2.imread(str(SAMPLES / "notice.png"))[150:406, 200:840]
    pieces = [image_bgr[:, :320], image_bgr[:, 320:]]
    values = (np.stack(pieces).astype(np.float32) / 255 - 0.45) / 0.225
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("given", [_noise(), _two_pages()], ids=["noise", "two pages"])
@pytest.mark.parametrize("as_written", [True, False])
def test_the_starter_detection_answers_the_same(published: bytes, given: Array, as_written: bool) -> None:
    found, wanted = (
        answer(model, given, as_written=as_written) for model in (in_blocked_layout(published), published)
    )
    assert wanted.std() > 0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_less_is_copied_from_layout_to_layout(published: bytes, tmp_path: Path) -> None:
    counts = []
    for model in (published, in_blocked_layout(published)):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # it warns that such a file fits this processor only
        options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        used = Counter(kinds((tmp_path / "optimized.onnx").read_bytes()))
        counts.append(used["ReorderInput"] + used["ReorderOutput"])
    before, after = counts
    if not before:
        pytest.skip("onnxruntime has no blocked layout on this processor")
    assert after < 0.8 * before


def test_boxes_of_a_page_are_the_same(published: bytes, tmp_path: Path) -> None:
    starter = starter_model_dir("PP-OCRv5_mobile_det")
    (tmp_path / "inference.onnx").write_bytes(published)
    (tmp_path / "inference.yml").write_bytes((starter / "inference.yml").read_bytes())
    (page,) = ocr.load_pages(SAMPLES / "receipt.png")
    found = []
    for directory in (starter, tmp_path):
        weights = dict.fromkeys(MODULES, "starter") | {"text_detection": str(directory)}
        pipeline = ocr.load_pipeline(weights, device="cpu", engine="onnxruntime")
        found.append(ocr.StagedPipeline(pipeline).detect(page))
    assert len(found[0]) > 50
    quads = [[box.quad_xy for box in boxes] for boxes in found]
    np.testing.assert_equal(quads[0], quads[1])

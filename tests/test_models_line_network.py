"""Networks rewritten for lines: the same answers with fewer products, and what only looks so stays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from test_models_blocked_layout import THREE, Node, answer, kinds

from ocr_helpers.models.line_network import line_network
from ocr_helpers.models.starter import starter_model_dir

SKIPPING = THREE | {"strides": [2, 2]}
ROWS: list[Node] = [
    ("Conv", ["x", "w", "b"], "a", THREE),
    ("Relu", ["a"], "r", {}),
    ("Conv", ["r", "v", "c"], "y", SKIPPING),
]
ROW_SHAPES = {"w": (5, 3, 3, 3), "b": (5,), "v": (4, 5, 3, 3), "c": (4,)}
HEAD: list[Node] = [
    ("MatMul", ["x", "w"], "p", {}),
    ("Add", ["p", "b"], "s", {}),
    ("Softmax", ["s"], "y", {"axis": -1}),
]
HEAD_SHAPES = {"w": (4, 9), "b": (9,)}
LINES = ("n", 3, 6, "w")
STEPS = ("n", "t", 4)


def written(
    folder: Path,
    nodes: Sequence[Node],
    shapes: dict[str, tuple[int, ...]],
    given: Sequence[str | int],
    operators: int = 13,
) -> Path:
    """A file with a network from ``x`` of the given shape to ``y``, with random weights."""
    random = np.random.default_rng(1)
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output], **options) for kind, inputs, output, options in nodes],
        "piece",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * len(given))],
        [numpy_helper.from_array(random.standard_normal(shape, np.float32), name)
         for name, shape in shapes.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", operators)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "inference.onnx")
    return folder / "inference.onnx"


@pytest.mark.parametrize(
    ("nodes", "shapes", "given", "size"),
    [
        pytest.param(ROWS, ROW_SHAPES, LINES, (2, 3, 6, 7), id="an odd number of columns"),
        pytest.param(ROWS, ROW_SHAPES, LINES, (1, 3, 6, 8), id="an even number of columns"),
        pytest.param(ROWS, ROW_SHAPES, ("n", 3, 2, "w"), (1, 3, 2, 5), id="two rows"),
        pytest.param(HEAD, HEAD_SHAPES, STEPS, (2, 5, 4), id="the last layer"),
        pytest.param([HEAD[0], ("Add", ["b", "p"], "s", {}), HEAD[2]], HEAD_SHAPES, STEPS, (1, 3, 4),
                     id="the bias first"),
    ],
)  # fmt: skip
def test_the_answers_are_the_same(
    tmp_path: Path,
    nodes: Sequence[Node],
    shapes: dict[str, tuple[int, ...]],
    given: Sequence[str | int],
    size: tuple[int, ...],
) -> None:
    path = written(tmp_path, nodes, shapes, given)
    after = line_network(path)
    onnx.checker.check_model(onnx.load_model_from_string(after), full_check=True)
    assert kinds(after) != [node[0] for node in nodes]
    pixels = np.random.default_rng(0).standard_normal(size, np.float32)
    for as_written in (True, False):
        found, wanted = (answer(model, pixels, as_written=as_written) for model in (after, path.read_bytes()))
        assert wanted.std() > 0.01
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("nodes", "shapes", "given", "operators"),
    [
        pytest.param(ROWS, ROW_SHAPES, ("n", 3, 5, "w"), 13, id="an odd number of rows"),
        pytest.param(ROWS, ROW_SHAPES, ("n", 3, "h", "w"), 13, id="an unknown number of rows"),
        pytest.param([*ROWS[:2], ("Conv", ["r", "v", "c"], "y", THREE)], ROW_SHAPES, LINES, 13,
                     id="a reader of every row"),
        pytest.param([("Conv", ["x", "w", "b"], "a", SKIPPING), *ROWS[1:]], ROW_SHAPES, LINES, 13,
                     id="a step of two"),
        pytest.param([*ROWS[:2], ("Conv", ["r", "v", "c"], "z", SKIPPING), ("MaxPool", ["r"], "q", SKIPPING),
                      ("Concat", ["z", "q"], "y", {"axis": 1})], ROW_SHAPES, LINES, 13, id="two readers"),
        pytest.param([("Conv", ["x", "w", "b"], "a", THREE | {"pads": [0, 1, 0, 1]}), *ROWS[1:]],
                     ROW_SHAPES, LINES, 13, id="no rows around"),
        pytest.param([*HEAD[:1], ("Add", ["p", "b"], "s", {}), ("Relu", ["s"], "y", {})], HEAD_SHAPES, STEPS,
                     13, id="no probabilities"),
        pytest.param(HEAD, HEAD_SHAPES | {"b": (1, 9)}, STEPS, 13, id="a bias of another shape"),
        pytest.param(HEAD, HEAD_SHAPES, STEPS, 9, id="an old operator set"),
    ],
)  # fmt: skip
def test_other_networks_stay_as_they_are(
    tmp_path: Path,
    nodes: Sequence[Node],
    shapes: dict[str, tuple[int, ...]],
    given: Sequence[str | int],
    operators: int,
) -> None:
    path = written(tmp_path, nodes, shapes, given, operators)
    assert kinds(line_network(path)) == [node[0] for node in nodes]


@pytest.mark.parametrize("width", [320, 333, 914])
def test_starter_recognition_reads_the_same(width: int) -> None:
    path = starter_model_dir("korean_PP-OCRv5_mobile_rec") / "inference.onnx"
    after = line_network(path)
    assert kinds(after).count("Conv") == kinds(path.read_bytes()).count("Conv") + 9
    assert kinds(after)[-2:] == ["MatMul", "Softmax"]
    line = np.random.default_rng(width).uniform(-1, 1, (1, 3, 48, width)).astype(np.float32)
    found, wanted = (answer(model, line, as_written=False) for model in (after, path.read_bytes()))
    assert np.array_equal(found.argmax(axis=-1), wanted.argmax(axis=-1))
    np.testing.assert_allclose(found, wanted, atol=1e-5)

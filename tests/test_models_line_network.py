"""Networks rewritten for lines: the same answers with fewer products, and what only looks so stays."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from test_models_blocked_layout import THREE, Array, Node, answer, kinds

import ocr_helpers as ocr
from benchmarks.exactness import SAMPLES
from benchmarks.pipeline_networks import recorded
from ocr_helpers.models.line_network import line_network
from ocr_helpers.models.starter import starter_model_dir

SKIPPING = THREE | {"strides": [2, 2]}
ROWS: list[Node] = [
    ("Conv", ["x", "w", "b"], "a", THREE),
    ("Relu", ["a"], "r", {}),
    ("Conv", ["r", "v", "c"], "s", SKIPPING),
    ("Relu", ["s"], "t", {}),
    ("Conv", ["t", "u", "d"], "y", {}),
]


def row_shapes(rows: int) -> dict[str, tuple[int, ...]]:
    """Shapes of their weights."""
    shapes = {"w": (5, 3, 3, 3), "b": (5,), "v": (4, 5, 3, 3), "c": (4,)}
    return shapes | {"u": (6, 4, rows // 2, 1), "d": (6,)}


ROW_SHAPES = row_shapes(6)
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
        pytest.param(ROWS, row_shapes(4), ("n", 3, 4, "w"), (1, 3, 4, 9), id="four rows"),
        pytest.param([("Conv", ["x", "w", "b"], "a", THREE | {"strides": [1, 2]}), *ROWS[1:4],
                      ("Conv", ["t", "u", "d"], "y", {"strides": [1, 2]})], ROW_SHAPES, LINES, (1, 3, 6, 17),
                     id="columns are skipped"),
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
        pytest.param(ROWS, row_shapes(8), ("n", 3, 8, "w"), 13, id="many rows"),
        pytest.param(ROWS, row_shapes(2), ("n", 3, 2, "w"), 13, id="two rows"),
        pytest.param(ROWS, ROW_SHAPES, ("n", 3, "h", "w"), 13, id="an unknown number of rows"),
        pytest.param(ROWS, row_shapes(4), LINES, 13, id="a row is left"),
        pytest.param([*ROWS[:3], ("Relu", ["s"], "y", {})], ROW_SHAPES, LINES, 13, id="two rows are left"),
        pytest.param([*ROWS[:2], ("Conv", ["r", "v", "c"], "s", THREE), *ROWS[3:]],
                     ROW_SHAPES | {"u": (6, 4, 6, 1)}, LINES, 13, id="a reader of every row"),
        pytest.param([("Conv", ["x", "w", "b"], "a", SKIPPING), *ROWS[1:]], row_shapes(4), LINES, 13,
                     id="a step of two"),
        pytest.param([*ROWS[:2], ("Conv", ["r", "v", "c"], "z", SKIPPING), ("MaxPool", ["r"], "q", SKIPPING),
                      ("Concat", ["z", "q"], "y", {"axis": 1})], ROW_SHAPES, LINES, 13, id="two readers"),
        pytest.param([("Conv", ["x", "w", "b"], "a", THREE | {"pads": [0, 1, 0, 1]}), *ROWS[1:]],
                     row_shapes(4), LINES, 13, id="no rows around"),
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
    assert kinds(after).count("Conv") == kinds(path.read_bytes()).count("Conv") + 37
    assert kinds(after)[-2:] == ["MatMul", "Softmax"]
    line = np.random.default_rng(width).uniform(-1, 1, (1, 3, 48, width)).astype(np.float32)
    found, wanted = (answer(model, line, as_written=False) for model in (after, path.read_bytes()))
    assert np.array_equal(found.argmax(axis=-1), wanted.argmax(axis=-1))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.fixture(scope="module")
def recognition() -> Path:
    """The starter network."""
    return starter_model_dir("korean_PP-OCRv5_mobile_rec") / "inference.onnx"


def read(path: Path, width: int, filled: int | None = None, **given: Array) -> tuple[Array, Array]:
    """Class and score of each step, as a session for lines finds them."""
    model = line_network(path, width)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    if filled is not None:
        given["filled"] = np.array([filled])
    outputs = session.run(None, given)
    if len(outputs) == 2:
        return outputs[0], outputs[1]
    return outputs[0].argmax(axis=-1), outputs[0].max(axis=-1)


@pytest.fixture(scope="module")
def lines() -> list[Array]:
    """Inputs that are lines of text, and some that are not."""
    staged = ocr.StagedPipeline(ocr.load_pipeline("starter", device="cpu", engine="onnxruntime"))
    with recorded() as networks:
        staged.run(ocr.load_pages(SAMPLES / "receipt.png")[0])
    ((_, inputs),) = networks.on_lines
    batches = [batch for batch, *_ in inputs]
    random = np.random.default_rng(0)
    noise = [random.uniform(-1, 1, (2, 3, 48, width)).astype(np.float32) for width in (320, 321, 333, 800)]
    return [*batches, *noise, np.zeros((1, 3, 48, 320), np.float32)]


def test_steps_that_are_skipped_are_blank_and_change_no_bit_of_the_others(
    recognition: Path, lines: list[Array]
) -> None:
    assert len(lines) > 10
    skipped = blank = 0
    for line in lines:
        wanted_classes, wanted_scores = read(recognition, 0, x=line)
        classes, scores = read(recognition, 320, line.shape[3], x=line)
        assert np.array_equal(classes, wanted_classes)
        computed = scores > 0
        assert np.array_equal(scores[computed], wanted_scores[computed]) and computed[classes > 0].all()
        skipped, blank = skipped + (~computed).sum(), blank + (wanted_classes == 0).sum()
    assert 0.8 < skipped / blank < 1


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_left_out_of_a_short_line_changes_no_bit(recognition: Path, count: int) -> None:
    random = np.random.default_rng(count)
    for filled in (1, 7, 8, 9, 55, 100, 255, 281, 298, 319, 320):
        batch = np.zeros((count, 3, 48, 320), np.float32)
        batch[..., :filled] = random.uniform(-1, 1, (count, 3, 48, filled))
        whole = read(recognition, 320, 320, x=batch)
        shorter = read(recognition, 320, filled, x=batch)
        steps = shorter[0].shape[1]
        assert all(np.array_equal(a, b[:, :steps]) for a, b in zip(shorter, whole, strict=True))
        assert not whole[0][:, steps:].any()
        assert (steps < 80) == (filled < 240)


def test_layers_behind_the_first_read_no_more_of_a_short_line_than_they_reach(recognition: Path) -> None:
    model = onnx.load_model_from_string(line_network(recognition, 320))
    (inside,) = (node for node in model.graph.node if node.op_type == "MaxPool")
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(inside.output[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for filled, columns in ((8, 3 + 16), (72, 11 + 16), (176, 24 + 16), (177, 40), (320, 40)):
        line = np.zeros((1, 3, 48, 320), np.float32)
        features = session.run([inside.output[0]], {"x": line, "filled": np.array([filled])})[0]
        assert features.shape == (1, 256, 1, columns)


def something_in_an_empty_line(model: onnx.ModelProto) -> None:
    bias = next(tensor for tensor in model.graph.initializer if list(tensor.dims) == [2600])
    values = numpy_helper.to_array(bias).copy()
    values[7] += 100
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))


def an_unknown_operator_at_the_end(model: onnx.ModelProto) -> None:
    next(node for node in reversed(model.graph.node) if node.op_type == "Relu").op_type = "Softplus"


def an_unknown_operator_at_the_beginning(model: onnx.ModelProto) -> None:
    model.graph.node[1].op_type = "Softplus"


def columns_that_are_skipped_at_the_end(model: onnx.ModelProto) -> None:
    last = next(node for node in reversed(model.graph.node) if node.op_type == "Conv")
    next(one for one in last.attribute if one.name == "strides").ints[:] = [1, 2]


def a_kernel_that_is_computed(model: onnx.ModelProto) -> None:
    last = next(node for node in reversed(model.graph.node) if node.op_type == "Conv")
    model.graph.node.insert(0, helper.make_node("Identity", [last.input[1]], ["computed"]))
    last.input[1] = "computed"


def an_unknown_height(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"


def an_old_operator_set(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 14


def two_products(model: onnx.ModelProto) -> None:
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    twice = helper.make_node("MatMul", [product.input[0], "turn"], ["turned"])
    model.graph.initializer.append(numpy_helper.from_array(np.eye(192, dtype=np.float32), "turn"))
    model.graph.node.insert(list(model.graph.node).index(product), twice)
    product.input[0] = "turned"


@pytest.mark.parametrize(
    ("change", "width"),
    [
        (something_in_an_empty_line, 320),
        (an_unknown_operator_at_the_end, 320),
        (an_unknown_operator_at_the_beginning, 320),
        (columns_that_are_skipped_at_the_end, 320),
        (a_kernel_that_is_computed, 320),
        (an_unknown_height, 320),
        (an_old_operator_set, 320),
        (two_products, 320),
        (lambda _model: None, 324),
        (lambda _model: None, 0),
    ],
)
def test_padding_stays_where_its_end_is_not_known(
    recognition: Path, tmp_path: Path, change: Callable[[onnx.ModelProto], None], width: int
) -> None:
    model = onnx.load(recognition)
    change(model)
    onnx.save(model, tmp_path / "inference.onnx")
    rewritten = onnx.load_model_from_string(line_network(tmp_path / "inference.onnx", width))
    assert [one.name for one in rewritten.graph.input] == ["x"]
    assert "Expand" not in kinds(rewritten.SerializeToString())


def a_blank_that_is_hardly_ahead(model: onnx.ModelProto) -> None:
    for tensor in model.graph.initializer:
        if tensor.dims[-1] == 2600:
            smaller = np.float32(1e-4) * numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(smaller, tensor.name))


def no_probabilities(model: onnx.ModelProto) -> None:
    model.graph.node[-1].op_type = "Sigmoid"
    del model.graph.node[-1].attribute[:]


def a_new_operator_set(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 18


@pytest.mark.parametrize(
    "change",
    [
        something_in_an_empty_line,
        an_unknown_height,
        a_new_operator_set,
        a_blank_that_is_hardly_ahead,
        no_probabilities,
    ],
)
def test_steps_stay_where_the_blank_is_not_far_ahead(
    recognition: Path, tmp_path: Path, change: Callable[[onnx.ModelProto], None]
) -> None:
    model = onnx.load(recognition)
    change(model)
    onnx.save(model, tmp_path / "inference.onnx")
    rewritten = onnx.load_model_from_string(line_network(tmp_path / "inference.onnx", 320))
    assert [one.name for one in rewritten.graph.output] == [model.graph.output[0].name]
    assert "GatherND" not in kinds(rewritten.SerializeToString())

"""Denormal weights and those near them become 0, nothing else changes, and the detection answers the same."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from ocr_helpers.models import starter
from ocr_helpers.models.denormals import without_denormals

SMALLEST_NORMAL = 0x00800000
LEAST = int(np.float32(1e-20).view("<u4"))


def model_of(*bits: int, others: dict[str, np.ndarray] | None = None) -> bytes:
    """``y = x + weights``, the weights given by their bits."""
    weights = np.array(bits, "<u4").view("<f4")
    tensors = {"weights": weights} | (others or {})
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "weights"], ["y"])],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [len(bits)])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [len(bits)])],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    content: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    return content


def weights_of(model: bytes, name: str = "weights") -> list[int]:
    """The bits of the weights."""
    (tensor,) = (t for t in onnx.load_model_from_string(model).graph.initializer if t.name == name)
    return [int(bits) for bits in np.frombuffer(tensor.raw_data, "<u4")]


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ([], []),
        ([0x00000000, 0x80000000], [0x00000000, 0x80000000]),  # 0 and -0
        ([0x00000001, 0x80000001], [0, 0]),  # the smallest there are
        ([SMALLEST_NORMAL - 1, 0x807FFFFF], [0, 0]),  # the largest denormal ones
        ([SMALLEST_NORMAL, 0x80800000], [0, 0]),  # half of them is denormal
        ([LEAST - 1, LEAST, 0x80000000 + LEAST], [0, LEAST, 0x80000000 + LEAST]),
        ([0x3F800000, 0x00400000, 0xBF800000], [0x3F800000, 0, 0xBF800000]),  # 1, a denormal, -1
        ([0x7F800000, 0x7FC00000], [0x7F800000, 0x7FC00000]),  # infinity, not a number
    ],
)
def test_only_denormal_weights_become_zero(bits: list[int], expected: list[int]) -> None:
    assert weights_of(without_denormals(model_of(*bits))) == expected


def test_other_bytes_stay_as_they_are() -> None:
    untouched = model_of(0x3F800000, 0x40000000)
    assert without_denormals(untouched) == untouched
    # The same bytes as whole numbers are no denormals.
    given = model_of(1, others={"counts": np.array([1], "<i4")})
    changed = without_denormals(given)
    assert weights_of(changed) == [0] and weights_of(changed, "counts") == [1]
    assert len(changed) == len(given) and sum(a != b for a, b in zip(given, changed, strict=True)) == 1


def test_the_starter_detection_answers_the_same_to_the_last_bit() -> None:
    published = starter.published_detection().read_bytes()
    page = np.random.default_rng(0).standard_normal((1, 3, 192, 160)).astype(np.float32)
    answers = []
    for model in (published, without_denormals(published)):
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, {session.get_inputs()[0].name: page})[0])
    assert answers[0].std() > 0
    np.testing.assert_array_equal(*answers)
    assert without_denormals(published) != published

"""The two exported forms of an orientation classifier, from its weights; neither needs PyTorch."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.classifier_plan import Plan, convolutions

# float32: block0.weight (channels, 3, 3, 3), block0.bias (channels,), block1.weight, ... then head.weight
# (channels, classes) and head.bias (classes,).
Folded = dict[str, NDArray[np.float32]]


def onnx_model(weights: Folded, plan: Plan, name: str, size_wh: tuple[int, int]) -> onnx.ModelProto:
    """The graph in ONNX; input ``x`` float32 (N, 3, H, W), output float32 (N, classes), probabilities."""
    nodes = []

    def add(operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    features = "x"
    for number, (_, stride, residual) in enumerate(convolutions(plan)):
        inputs = [features, f"block{number}.weight", f"block{number}.bias"]
        out = add("Conv", inputs, f"block{number}.sum", strides=list(stride), pads=[1, 1, 1, 1])
        out = add("Relu", [out], f"block{number}.out")
        features = add("Add", [features, out], f"block{number}.added") if residual else out
    mean = add("ReduceMean", [features], "mean", axes=[2, 3], keepdims=0)
    add("Softmax", [add("Gemm", [mean, "head.weight", "head.bias"], "logits")], "probabilities", axis=-1)
    width, height = size_wh
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, height, width])],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["batch", len(weights["head.bias"])]
            )
        ],
        [numpy_helper.from_array(array, key) for key, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def save_paddle(weights: Folded, plan: Plan, size_wh: tuple[int, int], out: Path) -> None:
    """The same graph as ``inference.json`` and ``inference.pdiparams``."""
    import paddle
    from paddle.nn import functional

    class Graph(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, array in weights.items():
                initial = paddle.nn.initializer.Assign(array)
                parameter = self.create_parameter(array.shape, default_initializer=initial)
                self.add_parameter(name.replace(".", "_"), parameter)

        def forward(self, x: "paddle.Tensor") -> "paddle.Tensor":
            for number, (_, stride, residual) in enumerate(convolutions(plan)):
                weight, bias = getattr(self, f"block{number}_weight"), getattr(self, f"block{number}_bias")
                out = functional.relu(functional.conv2d(x, weight, bias, stride=stride, padding=1))
                x = x + out if residual else out
            return functional.softmax(x.mean([2, 3]) @ self.head_weight + self.head_bias, axis=-1)

    graph = Graph()
    graph.eval()
    spec = paddle.static.InputSpec([None, 3, size_wh[1], size_wh[0]], "float32", "x")
    with tempfile.TemporaryDirectory() as folder:
        paddle.jit.save(graph, f"{folder}/inference", input_spec=[spec])
        for name in ("inference.json", "inference.pdiparams"):
            (out / name).write_bytes((Path(folder) / name).read_bytes())

"""PaddleOCR as it comes, all five modules on paddle: the starter's detection network in Paddle's form.

RapidOCR ships the network as onnx only, so the workbench has no other form of it. Here the layers as
published become a Paddle model, biases inside their convolutions and GELU as one layer, as PaddleOCR's own
export has them, and 0 in place of denormal weights, as in the starter's copy. That copy and the Paddle form
are asked for a picture and must agree.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
import paddle
from onnx import helper, numpy_helper

import ocr_helpers as ocr
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.models.denormals import without_denormals
from ocr_helpers.models.names import MODULES
from ocr_helpers.models.starter import published_detection, starter_model_dir

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

__all__ = ["FormsDifferError", "load_on", "write_paddle_detection"]

AGREEMENT: Final = 1e-4
_GELU: Final = ["Div", "Erf", "Add", "Mul", "Mul"]  # x / √2, erf, + 1, · x, · ½
Tensor = Any  # paddle.Tensor; Paddle's types are of little help
functional: Any = paddle.nn.functional
_OPERATORS: Final[dict[str, Callable[..., Tensor]]] = {
    "Identity": lambda _, x: x,
    "Add": lambda _, x, y: x + y,
    "Mul": lambda _, x, y: x * y,
    "Relu": lambda _, x: functional.relu(x),
    "Sigmoid": lambda _, x: functional.sigmoid(x),
    "HardSigmoid": lambda options, x: functional.hardsigmoid(x, options["alpha"], options["beta"]),
    "GlobalAveragePool": lambda _, x: functional.adaptive_avg_pool2d(x, 1),
    "ReduceMean": lambda _, x: functional.adaptive_avg_pool2d(x, 1),
    "MaxPool": lambda options, x: functional.max_pool2d(
        x, options["kernel_shape"], options["strides"], "SAME"
    ),
    "Concat": lambda options, *parts: paddle.concat(parts, options["axis"]),
}


class FormsDifferError(AssertionError):
    """The Paddle form does not compute what the onnx form does."""


class _Network(paddle.nn.Layer):
    """Replays an onnx graph of the operators that PP-OCR's detection networks are made of."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self.given, self.asked = model.graph.input[0].name, model.graph.output[0].name
        self.nodes = [node for node in model.graph.node if node.op_type != "Constant"]
        self.constants = {
            node.output[0]: numpy_helper.to_array(node.attribute[0].t)
            for node in model.graph.node
            if node.op_type == "Constant"
        } | {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.numbers = {name: number for number, name in enumerate(self.constants)}
        for name, array in self.constants.items():
            if array.ndim and array.size:  # the others are parts of GELU and unused
                initial = paddle.nn.initializer.Assign(array)
                parameter = self.create_parameter(array.shape, default_initializer=initial)
                self.add_parameter(f"constant{self.numbers[name]}", parameter)

    def forward(self, pages: Tensor) -> Tensor:
        """Pages (N, 3, H, W) → the probability map (N, 1, H, W)."""
        values = {self.given: pages}

        def value(name: str) -> Tensor:
            return values[name] if name in values else getattr(self, f"constant{self.numbers[name]}")

        place = 0
        while place < len(self.nodes):
            node = self.nodes[place]
            if [step.op_type for step in self.nodes[place : place + 5]] == _GELU:
                place += 4
                values[self.nodes[place].output[0]] = functional.gelu(value(node.input[0]))
            elif node.op_type in ("Conv", "ConvTranspose"):
                bias = value(node.input[2]) if len(node.input) > 2 else None
                following = self.nodes[place + 1]
                if bias is None and following.op_type == "Add" and following.input[1] in self.constants:
                    bias, place = value(following.input[1]).reshape([-1]), place + 1
                values[self.nodes[place].output[0]] = self._convolved(node, value, bias)
            elif node.op_type == "Resize":
                scale = float(self.constants[node.input[2]][-1])
                resized = functional.interpolate(value(node.input[0]), scale_factor=scale, mode="nearest")
                values[node.output[0]] = resized
            else:
                inputs = [value(name) for name in node.input]
                values[node.output[0]] = _OPERATORS[node.op_type](_options(node), *inputs)
            place += 1
        return values[self.asked]

    def _convolved(self, node: onnx.NodeProto, value: Callable[[str], Tensor], bias: Tensor) -> Tensor:
        options = _options(node)
        same = options.get("auto_pad") == b"SAME_UPPER"
        convolve = functional.conv2d if node.op_type == "Conv" else functional.conv2d_transpose
        return convolve(
            *map(value, node.input[:2]),
            bias,
            stride=options["strides"],
            padding="SAME" if same else options["pads"][:2],
            groups=options["group"],
        )


def _options(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def write_paddle_detection(folder: Path) -> Path:
    """Write the starter's detection network as Paddle loads it.

    Args:
        folder: where ``inference.json``, ``inference.pdiparams`` and ``inference.yml`` go.

    Returns:
        The folder.

    Raises:
        FormsDifferError: on a picture of noise the two forms are more than 0.0001 apart.

    """
    import onnxruntime

    starter = starter_model_dir("PP-OCRv5_mobile_det")
    published = without_denormals(published_detection().read_bytes())
    network = _Network(onnx.load_model_from_string(published))
    network.eval()
    noise = np.random.default_rng(0).standard_normal((1, 3, 320, 256)).astype(np.float32)
    session = onnxruntime.InferenceSession(starter / "inference.onnx", providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {network.given: noise})
    apart = float(np.abs(network(paddle.to_tensor(noise)).numpy() - expected).max())
    if not apart <= AGREEMENT:
        raise FormsDifferError(f"the Paddle form of the starter detection is off by {apart:.1e}")
    folder.mkdir(parents=True, exist_ok=True)
    spec = paddle.static.InputSpec([None, 3, None, None], "float32", "pages")
    with quiet_paddle():
        paddle.jit.save(network, str(folder / "inference"), input_spec=[spec])
    shutil.copyfile(starter / "inference.yml", folder / "inference.yml")
    return folder


def load_on(engine: str, detection_engine: str, folder: Path) -> "PaddleOCR":
    """PaddleOCR with the starter weights, every module on the engine named.

    Args:
        engine: ``"paddle"`` or ``"onnxruntime"``.
        detection_engine: the same for detection.
        folder: where detection is written if it is to run on paddle.

    """
    weights = dict.fromkeys(MODULES, "starter")
    if detection_engine == "paddle":
        weights["text_detection"] = str(write_paddle_detection(folder / "PP-OCRv5_mobile_det"))
    engines = dict.fromkeys(MODULES, engine) | {"text_detection": detection_engine}
    return ocr.load_pipeline(weights, device="cpu", engine=engines)

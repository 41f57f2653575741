"""Write the trained recogniser in the forms PaddleOCR loads: ``python -m training.export_recognition``.

Both forms are the same layers over the same numbers: batch norms folded into their convolutions, the grey
input widened to the three channels PaddleX feeds, and at the end the softmax that its CTCLabelDecode reads
scores from.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.alphabet import dictionary
from training.batch_norms import fold
from training.lines import HEIGHT
from training.recognition_network import HEAD, TRUNK, RecognitionNetwork

MODEL_NAME = "korean_PP-OCRv5_mobile_rec"
Array = NDArray[np.float32]
Folded = dict[str, Array]


def folded_weights(network: RecognitionNetwork) -> Folded:
    """Every tensor of the exported graph by name."""
    weights: Folded = {}

    def add(name: str, pair: tuple[Array, Array]) -> None:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = pair

    for number, block in enumerate(network.trunk):
        assert isinstance(block, nn.Sequential)
        add(f"trunk{number}", fold(block[0], block[1]))
    weights["trunk0.weight"] = np.repeat(weights["trunk0.weight"] / 3, 3, axis=1)
    add("fold", fold(network.fold[0], network.fold[1]))
    for number, block in enumerate(network.context):
        assert isinstance(block, nn.Sequential)
        add(f"context{number}", fold(block[0], block[1]))
    add("split", (network.split.weight.detach().numpy(), network.split.bias.detach().numpy()))  # type: ignore[union-attr]
    add("head", (network.head.weight.detach().numpy().T.copy(), network.head.bias.detach().numpy()))
    return weights


def onnx_model(weights: Folded) -> onnx.ModelProto:
    """The graph in ONNX; input ``x`` float32 (N, 3, 48, W), output float32 (N, W / 4, classes)."""
    nodes = []

    def add(operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def convolution(
        name: str, source: str, stride: tuple[int, int], padding: tuple[int, int], active: bool = True
    ) -> str:
        inputs = [source, f"{name}.weight", f"{name}.bias"]
        output = add("Conv", inputs, f"{name}.sum", strides=list(stride), pads=[*padding, *padding])
        return add("Relu", [output], f"{name}.out") if active else output

    features = "x"
    for number, (_, stride) in enumerate(TRUNK):
        features = convolution(f"trunk{number}", features, stride, (1, 1))
    features = convolution("fold", features, (1, 1), (0, 0))
    for number in range(sum(name.startswith("context") for name in weights) // 2):
        block = convolution(f"context{number}", features, (1, 1), (0, 2))
        features = add("Add", [features, block], f"context{number}.added")
    features = convolution("split", features, (1, 1), (0, 0), active=False)
    features = add("Squeeze", [features, "axis_of_height"], "squeezed")
    features = add("Transpose", [features], "steps", perm=[0, 2, 1])
    features = add("Reshape", [features, "shape_of_steps"], "half_steps")
    features = add("Add", [add("MatMul", [features, "head.weight"], "product"), "head.bias"], "logits")
    add("Softmax", [features], "probabilities", axis=-1)
    constants: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
        **weights,
        "axis_of_height": np.array([2], np.int64),
        "shape_of_steps": np.array([0, -1, HEAD], np.int64),
    }
    graph = helper.make_graph(
        nodes,
        MODEL_NAME,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, HEIGHT, "width"])],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["batch", "steps", len(dictionary()) + 2]
            )
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def save_paddle(weights: Folded, out: Path) -> None:
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

        def convolution(self, name: str, source: "paddle.Tensor", **options: Any) -> "paddle.Tensor":
            return functional.conv2d(
                source, getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias"), **options
            )

        def forward(self, x: "paddle.Tensor") -> "paddle.Tensor":
            for number, (_, stride) in enumerate(TRUNK):
                x = functional.relu(self.convolution(f"trunk{number}", x, stride=stride, padding=1))
            x = functional.relu(self.convolution("fold", x))
            for number in range(sum(name.startswith("context") for name in weights) // 2):
                x = x + functional.relu(self.convolution(f"context{number}", x, padding=(0, 2)))
            x = self.convolution("split", x).squeeze(2).transpose([0, 2, 1])
            x = x.reshape([0, -1, HEAD]) @ self.head_weight + self.head_bias
            return functional.softmax(x, axis=-1)

    graph = Graph()
    graph.eval()
    spec = paddle.static.InputSpec([None, 3, HEIGHT, None], "float32", "x")
    with tempfile.TemporaryDirectory() as folder:
        paddle.jit.save(graph, f"{folder}/inference", input_spec=[spec])
        for name in ("inference.json", "inference.pdiparams"):
            (out / name).write_bytes((Path(folder) / name).read_bytes())


def configuration() -> dict[str, object]:
    """What PaddleX reads beside the network: name, pre-processing, dictionary."""
    return {
        "Global": {"model_name": MODEL_NAME},
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
                {"RecResizeImg": {"image_shape": [3, HEIGHT, 320]}},
                {"KeepKeys": {"keep_keys": ["image"]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": dictionary()},
    }


def write_checksums(folder: Path) -> None:
    """``SHA256SUMS`` over every model file below the folder, in the form ``sha256sum --check`` reads."""

    def rows() -> Iterator[str]:
        for path in sorted(folder.glob("*/inference.*")):
            yield f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"

    (folder / "SHA256SUMS").write_text("".join(rows()), encoding="utf-8")


def export(checkpoint: Path, out: Path) -> None:
    """Write all four files of the model and the checksums of the folder above."""
    network = RecognitionNetwork(len(dictionary()) + 2)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    network.load_state_dict(
        {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
    )
    weights = folded_weights(network.eval())
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(weights), out / "inference.onnx")
    save_paddle(weights, out)
    text = yaml.safe_dump(configuration(), allow_unicode=True, sort_keys=False)
    (out / "inference.yml").write_text(text, encoding="utf-8")
    write_checksums(out.parent)
    for path in sorted(out.iterdir()):
        print(f"{path.name:<22}{path.stat().st_size / 1e6:6.2f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path("build/training/recognition/checkpoint.pt")
    )
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/starter_models") / MODEL_NAME)
    args = parser.parse_args()
    export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()

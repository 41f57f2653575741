"""Write the trained unwarping network in the forms PaddleOCR loads: ``python -m training.export_unwarping``.

Both forms are the same steps over the same numbers. They take a page as PaddleX feeds it to UVDoc, BGR, float32
0 … 1, (N, 3, H, W) of any size, shrink it, look twice, and sample the page itself along the grid: a page of
the same size, in the same colours. Where the grid would move nothing by ``STILL`` of the frame, it moves
nothing at all.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.export_recognition import fold, write_checksums
from training.splines import extension
from training.unwarping_network import DILATIONS, TRUNK, UnwarpingNetwork
from training.warped_pages import GRID_HW, PAGE_HW

MODEL_NAME = "UVDoc"
# The farthest that a page counted as flat is moved by, in shares of the frame.
STILL = 0.015
# PaddleX cuts the decimals off where it makes bytes of the result: half a level turns that into rounding.
HALF_A_LEVEL = 0.5 / 255
Array = NDArray[np.float32]


def folded_weights(network: UnwarpingNetwork) -> dict[str, Array]:
    """Every learned tensor of the exported graph by name."""
    weights: dict[str, Array] = {}

    def add(name: str, weight: Any, bias: Any) -> None:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = np.asarray(weight), np.asarray(bias)

    blocks = {f"trunk{number}": block for number, block in enumerate(network.trunk)}
    blocks |= {f"context{number}": block for number, block in enumerate(network.context)}
    for name, block in (blocks | {"squeeze": network.squeeze}).items():
        assert isinstance(block, nn.Sequential)
        add(name, *fold(block[0], block[1]))
    add("local", network.local.weight.detach(), network.local.bias.detach())  # type: ignore[union-attr]
    for name, layer in (("hidden", network.hidden), ("whole", network.whole)):
        add(name, layer.weight.detach().T.contiguous(), layer.bias.detach())
    return weights


def fixed_arrays(network: UnwarpingNetwork) -> dict[str, Array]:
    """The constant matrices of the graph by name."""
    fixed = {
        name: getattr(network, name).numpy()
        for name in ("cells_to_rows", "rows_to_page", "pixels", "places")
    }
    for name in ("cells_to_columns", "columns_to_page"):
        fixed[name] = getattr(network, name).T.contiguous().numpy()
    for name, page, nodes in zip(("rows", "columns"), PAGE_HW, GRID_HW, strict=True):
        fixed[f"{name}.low"] = np.arange(page, dtype=np.float32) / page
        fixed[f"{name}.high"] = (np.arange(page, dtype=np.float32) + 1) / page
        fixed[f"{name}.nodes"] = np.arange(-1, nodes + 1, dtype=np.float32)
        fixed[f"{name}.extension"] = extension(nodes)
    return fixed


class OnnxGraph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = dict(arrays)

    def constant(self, value: Any, kind: type = np.float32) -> str:
        """A constant by its value."""
        array = np.asarray(value, kind)
        name = f"{kind.__name__} {array.tolist()}"
        self.constants[name] = array
        return name

    def __call__(self, operator: str, *inputs: str | float, name: str = "", **attributes: Any) -> str:
        """One node; numbers among its inputs become constants."""
        given = [source if isinstance(source, str) else self.constant(source) for source in inputs]
        output = name or f"{operator} {len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, given, [output], **attributes))
        return output

    def reshape(self, source: str, *shape: int) -> str:
        """Another shape; -1 and 0 as in ONNX."""
        return self("Reshape", source, self.constant(shape, np.int64))

    def axis(self, source: str, axis: int) -> str:
        """A new axis of length 1."""
        return self("Unsqueeze", source, self.constant([axis], np.int64))

    def convolution(self, layer: str, source: str, stride: int = 1, dilation: int = 1) -> str:
        """Convolution that keeps the size but for its stride."""
        kernel = self.constants[f"{layer}.weight"].shape[-1]
        pads = [kernel // 2 * dilation] * 4
        inputs = (source, f"{layer}.weight", f"{layer}.bias")
        return self("Conv", *inputs, strides=[stride] * 2, dilations=[dilation] * 2, pads=pads)

    def look(self, pages: str) -> str:
        """``UnwarpingNetwork.look``."""
        centred = self("Sub", pages, self("ReduceMean", pages, axes=[1, 2, 3]))
        variance = self("ReduceMean", self("Mul", centred, centred), axes=[1, 2, 3])
        features = self("Div", centred, self("Add", self("Sqrt", variance), 0.05))
        for number in range(len(TRUNK)):
            features = self("Relu", self.convolution(f"trunk{number}", features, stride=2))
        for number, dilation in enumerate(DILATIONS):
            block = self("Relu", self.convolution(f"context{number}", features, dilation=dilation))
            features = self("Add", features, block)
        local = self("MatMul", "cells_to_rows", self.convolution("local", features))
        local = self("MatMul", local, "cells_to_columns")
        hidden = self("Flatten", self("Relu", self.convolution("squeeze", features)), axis=1)
        hidden = self("Relu", self("Add", self("MatMul", hidden, "hidden.weight"), "hidden.bias"))
        whole = self("Add", self("MatMul", hidden, "whole.weight"), "whole.bias")
        return self("Add", local, self.reshape(whole, -1, 2, *GRID_HW))

    def sample(self, image: str, grid: str, name: str = "") -> str:
        """Look at an image in places -1 … 1."""
        options = {"mode": "bilinear", "padding_mode": "border", "align_corners": 0}
        return self("GridSample", image, grid, name=name, **options)

    def moved(self, places: str, displacement: str) -> str:
        """Displaced places, as ``sample`` takes them."""
        added = self("Add", self("Transpose", displacement, perm=[0, 2, 3, 1]), places)
        return self("Sub", self("Mul", added, 2.0), 1.0)

    def count(self, size: str) -> str:
        """0, 1, 2 … size - 1, float (size, 1)."""
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        return self.axis(self("Cast", self("Range", zero, size, one), to=TensorProto.FLOAT), 1)

    def shrink(self, axis: str, size: str, length: str) -> str:
        """(size, page): what share of a small pixel each of the page's pixels fills."""
        first = self.count(size)
        end = self("Min", self("Mul", f"{axis}.high", length), self("Add", first, 1.0))
        overlap = self("Relu", self("Sub", end, self("Max", self("Mul", f"{axis}.low", length), first)))
        return self("Div", overlap, self("Div", length, float(PAGE_HW[axis == "columns"])))

    def spline(self, axis: str, middles: str) -> str:
        """(size, nodes): ``spline_matrix`` for any size."""
        at = self("Mul", middles, float(GRID_HW[axis == "columns"] - 1))
        t = self("Min", self("Abs", self("Sub", at, f"{axis}.nodes")), 2.0)
        squared = self("Mul", t, t)
        near = self("Add", self("Mul", self("Sub", self("Mul", t, 1.5), 2.5), squared), 1.0)
        far = self("Sub", self("Mul", self("Add", self("Mul", t, -0.5), 2.5), squared), self("Mul", t, 4.0))
        kernel = self("Where", self("Less", t, 1.0), near, self("Add", far, 2.0))
        return self("MatMul", kernel, f"{axis}.extension")


def onnx_model(weights: dict[str, Array], fixed: dict[str, Array], still: float = STILL) -> onnx.ModelProto:
    """The graph in ONNX; ``image`` → ``unwarped``, and inside it the grid's ``displacement``."""
    g = OnnxGraph(weights | fixed)
    shape = g("Shape", "image")
    height, width = (g("Gather", shape, g.constant(axis, np.int64), axis=0) for axis in (2, 3))
    rows, columns = (g("Cast", side, to=TensorProto.FLOAT) for side in (height, width))
    small = g("MatMul", g("ReduceMean", "image", axes=[1]), g.shrink("columns", width, columns))
    across = g("Transpose", g.shrink("rows", height, rows), perm=[1, 0])
    small = g("MatMul", across, small)
    first = g.look(small)
    enlarged = g("MatMul", g("MatMul", "rows_to_page", first), "columns_to_page")
    rest = g.look(g.sample(small, g.moved("pixels", enlarged)))
    both = g("Add", rest, g.sample(enlarged, g.moved("places", rest)))
    moves = g("Greater", g("ReduceMax", g("Abs", both), axes=[1, 2, 3]), still)
    both = g("Mul", both, g("Cast", moves, to=TensorProto.FLOAT), name="displacement")
    # One product makes the grid of all pixels with x and y side by side, as GridSample takes it.
    nodes = g.reshape(g.moved("places", both), 0, 0, -1)
    down, right = (
        g.spline(axis, g("Div", g("Add", g.count(side), 0.5), length))
        for axis, side, length in (("rows", height, rows), ("columns", width, columns))
    )
    right = g.axis(g.axis(g("Transpose", right, perm=[1, 0]), 1), 3)
    right = g("Mul", right, g.constant(np.eye(2)[None, :, None]))
    right = g.reshape(right, 2 * GRID_HW[1], -1)
    grid = g("MatMul", g("MatMul", down, nodes), right)
    sides = g("Concat", g.constant([0], np.int64), *(g("Unsqueeze", side, g.constant([0], np.int64)) for side in (height, width)), g.constant([2], np.int64), axis=0)
    grid = g("Reshape", grid, sides)
    g("Add", g.sample("image", grid), HALF_A_LEVEL, name="unwarped")
    names = ["batch", 3, "height", "width"]
    graph = helper.make_graph(
        g.nodes,
        MODEL_NAME,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, names)],
        [helper.make_tensor_value_info("unwarped", TensorProto.FLOAT, names)],
        [numpy_helper.from_array(array, name) for name, array in g.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def save_paddle(
    weights: dict[str, Array], fixed: dict[str, Array], out: Path, still: float = STILL
) -> None:
    """The same graph as ``inference.json`` and ``inference.pdiparams``."""
    import paddle
    from paddle.nn import functional

    class Graph(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, array in (weights | fixed).items():
                initial = paddle.nn.initializer.Assign(array)
                parameter = self.create_parameter(array.shape, default_initializer=initial)
                self.add_parameter(name.replace(".", "_"), parameter)

        def get(self, layer: str, part: str) -> "paddle.Tensor":
            return getattr(self, f"{layer}_{part}")

        def convolution(self, layer: str, x: "paddle.Tensor", **options: Any) -> "paddle.Tensor":
            padding = weights[f"{layer}.weight"].shape[-1] // 2 * options.get("dilation", 1)
            weight, bias = self.get(layer, "weight"), self.get(layer, "bias")
            return functional.conv2d(x, weight, bias, padding=padding, **options)

        def look(self, pages: "paddle.Tensor") -> "paddle.Tensor":
            centred = pages - pages.mean([1, 2, 3], keepdim=True)
            x = centred / ((centred * centred).mean([1, 2, 3], keepdim=True).sqrt() + 0.05)
            for number in range(len(TRUNK)):
                x = functional.relu(self.convolution(f"trunk{number}", x, stride=2))
            for number, dilation in enumerate(DILATIONS):
                x = x + functional.relu(self.convolution(f"context{number}", x, dilation=dilation))
            local = self.cells_to_rows @ self.convolution("local", x) @ self.cells_to_columns
            hidden = functional.relu(self.convolution("squeeze", x)).flatten(1)
            hidden = functional.relu(hidden @ self.hidden_weight + self.hidden_bias)
            whole = hidden @ self.whole_weight + self.whole_bias
            return local + whole.reshape([-1, 2, *GRID_HW])

        def sample(self, image: "paddle.Tensor", grid: "paddle.Tensor") -> "paddle.Tensor":
            return functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)

        def moved(self, places: "paddle.Tensor", displacement: "paddle.Tensor") -> "paddle.Tensor":
            return (displacement.transpose([0, 2, 3, 1]) + places) * 2 - 1

        def shrink(self, axis: str, count: "paddle.Tensor", length: "paddle.Tensor") -> "paddle.Tensor":
            low, high = self.get(axis, "low") * length, self.get(axis, "high") * length
            overlap = functional.relu(paddle.minimum(high, count + 1) - paddle.maximum(low, count))
            return overlap / (length / PAGE_HW[axis == "columns"])

        def spline(self, axis: str, middles: "paddle.Tensor") -> "paddle.Tensor":
            at = middles * (GRID_HW[axis == "columns"] - 1)
            t = (at - self.get(axis, "nodes")).abs().clip(max=2)
            near = (t * 1.5 - 2.5) * (t * t) + 1
            far = (t * -0.5 + 2.5) * (t * t) - t * 4 + 2
            return paddle.where(t < 1, near, far) @ self.get(axis, "extension")

        def forward(self, image: "paddle.Tensor") -> "paddle.Tensor":
            shape = paddle.shape(image)
            height, width = shape[2], shape[3]
            rows, columns = height.astype("float32"), width.astype("float32")
            row = paddle.arange(height).astype("float32").unsqueeze(1)
            column = paddle.arange(width).astype("float32").unsqueeze(1)
            small = image.mean(1) @ self.shrink("columns", column, columns)
            small = (self.shrink("rows", row, rows).t() @ small).unsqueeze(1)
            first = self.look(small)
            enlarged = self.rows_to_page @ first @ self.columns_to_page
            rest = self.look(self.sample(small, self.moved(self.pixels, enlarged)))
            both = rest + self.sample(enlarged, self.moved(self.places, rest))
            moves = both.abs().amax([1, 2, 3], keepdim=True) > still
            both = both * moves.astype("float32")
            nodes = self.moved(self.places, both).flatten(2)
            right = self.spline("columns", (column + 0.5) / columns).t().unsqueeze(1).unsqueeze(3)
            right = (right * paddle.eye(2).reshape([1, 2, 1, 2])).reshape([2 * GRID_HW[1], -1])
            grid = self.spline("rows", (row + 0.5) / rows) @ nodes @ right
            grid = grid.reshape([shape[0], height, width, 2])
            return self.sample(image, grid) + HALF_A_LEVEL

    graph = Graph()
    graph.eval()
    spec = paddle.static.InputSpec([None, 3, None, None], "float32", "image")
    with tempfile.TemporaryDirectory() as folder:
        paddle.jit.save(graph, f"{folder}/inference", input_spec=[spec])
        for name in ("inference.json", "inference.pdiparams"):
            (out / name).write_bytes((Path(folder) / name).read_bytes())


def load_network(checkpoint: Path) -> UnwarpingNetwork:
    """The averaged network of a checkpoint, ready to compute."""
    network = UnwarpingNetwork()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    network.load_state_dict(
        {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
    )
    return network.eval()


def export(checkpoint: Path, out: Path) -> None:
    """Write all four files of the model and the checksums of the folder above."""
    network = load_network(checkpoint)
    weights, fixed = folded_weights(network), fixed_arrays(network)
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(weights, fixed), out / "inference.onnx")
    save_paddle(weights, fixed, out)
    configuration = {"Global": {"model_name": MODEL_NAME}}
    (out / "inference.yml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    write_checksums(out.parent)
    for path in sorted(out.iterdir()):
        print(f"{path.name:<22}{path.stat().st_size / 1e6:6.2f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path("build/training/unwarping/checkpoint.pt")
    )
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/starter_models") / MODEL_NAME)
    args = parser.parse_args()
    export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()

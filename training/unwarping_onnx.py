"""The unwarping network as an ONNX graph that takes and gives whole pages."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.unwarping_network import DILATIONS, TRUNK
from training.warped_pages import GRID_HW, PAGE_HW

MODEL_NAME = "UVDoc"
# The farthest that a page counted as flat is moved by, in shares of the frame.
STILL = 0.03
# PaddleX cuts the decimals off where it makes bytes of the result: half a level turns that into rounding.
HALF_A_LEVEL = 0.5 / 255
Array = NDArray[np.float32]


class OnnxGraph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = dict(arrays)

    def constant(self, value: Any, kind: type = np.float32) -> str:
        """A constant by its value."""
        array: NDArray[Any] = np.asarray(value, kind)
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
    sides = g(
        "Concat",
        g.constant([0], np.int64),
        *(g("Unsqueeze", side, g.constant([0], np.int64)) for side in (height, width)),
        g.constant([2], np.int64),
        axis=0,
    )
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

"""The unwarping network as an ONNX graph that takes and gives whole pages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.unwarping_arrays import HALF_A_LEVEL, MODEL_NAME, STILL, Arrays
from training.unwarping_network import (
    BENDING,
    COARSE_HW,
    DENSE,
    DILATIONS,
    FINE,
    HALVED_SIGMAS,
    QUIET_BENDS,
    QUIET_CORNERS,
    QUIET_SLOPE,
    REACH,
    SIGMAS,
)
from training.warped_pages import GRID_HW, PAGE_HW

BLOCK = 16  # channels side by side in onnxruntime's blocked layout on a processor with AVX-512
PARTS = 8  # in which a page is shrunk, of each axis


class OnnxGraph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self, arrays: Arrays) -> None:
        self.nodes: list[Any] = []
        self.prefix = ""  # of the names of a branch
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
        output = name or f"{self.prefix}{operator} {len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, given, [output], **attributes))
        return output

    def split(self, source: str, sizes: list[int], axis: int = 1) -> list[str]:
        """Parts of these sizes along an axis."""
        outputs = [f"{self.prefix}Split {len(self.nodes)}.{number}" for number in range(len(sizes))]
        inputs = [source, self.constant(sizes, np.int64)]
        self.nodes.append(helper.make_node("Split", inputs, outputs, axis=axis))
        return outputs

    def reshape(self, source: str, *shape: int) -> str:
        """Another shape; -1 and 0 as in ONNX."""
        return self("Reshape", source, self.constant(shape, np.int64))

    def axis(self, source: str, axis: int) -> str:
        """A new axis of length 1."""
        return self("Unsqueeze", source, self.constant([axis], np.int64))

    def convolution(
        self, layer: str, source: str, stride: int = 1, dilation: int = 1, around: tuple[int, int] = (0, 0)
    ) -> str:
        """Convolution with ``around`` rows and columns of zeros on each side."""
        inputs = (source, f"{layer}.weight", f"{layer}.bias")
        return self("Conv", *inputs, strides=[stride] * 2, dilations=[dilation] * 2, pads=[*around, *around])

    def block(self, layer: str, source: str, stride: int = 1, dilation: int = 1) -> str:
        """Convolution of 3 × 3 that keeps the size but for its stride, and ReLU."""
        around = (dilation, dilation)
        return self("Relu", self.convolution(layer, source, stride, dilation, around))

    def linear(self, layer: str, source: str) -> str:
        """A fully connected layer."""
        return self("Add", self("MatMul", source, f"{layer}.weight"), f"{layer}.bias")

    def structure_features(self, pages: str, derivatives: str, count: int, stride: int) -> str:
        """``UnwarpingNetwork.structure_features`` of ``count`` sigmas; sines, then cosines, then energies."""
        pads = self.constant([0, 0, REACH, REACH] * 2, np.int64)
        steep = self("Conv", self("Pad", pages, pads, mode="edge"), derivatives, strides=[stride] * 2)
        x, y = self.split(steep, [count, count])
        products = [self("Mul", a, b) for a, b in ((x, x), (y, y), (x, y))]
        window: dict[str, Any] = {"kernel_shape": [8, 8], "strides": [4, 4], "pads": [2] * 4}
        pooled = self("AveragePool", self("Concat", *products, axis=1), count_include_pad=1, **window)
        xx, yy, xy = self.split(pooled, [count] * 3)
        energy = self("Add", self("Add", xx, yy), 1e-3)
        sine = self("Div", self("Mul", xy, 2.0), energy)
        cosine = self("Div", self("Sub", xx, yy), energy)
        return self("Concat", sine, cosine, self("Log", energy), axis=1)

    def look(self, pages: str) -> tuple[str, str]:
        """``UnwarpingNetwork.look`` as the heads take it: features and dense output, the latter alone."""
        centred = self("Sub", pages, self("ReduceMean", pages, axes=[1, 2, 3]))
        variance = self("ReduceMean", self("Mul", centred, centred), axes=[1, 2, 3])
        pages = self("Div", centred, self("Add", self("Sqrt", variance), 0.05))
        halved = self("AveragePool", pages, kernel_shape=[2, 2], strides=[2, 2])
        patches = self("Relu", self.convolution("patches", halved, 4, around=(2, 2)))
        coarser = self.structure_features(halved, "halved_derivatives", len(HALVED_SIGMAS), 1)
        structure = self.structure_features(pages, "derivatives", len(SIGMAS), 2)
        structure = self("Mul", self("Concat", coarser, structure, axis=1), "structure.weight")
        strokes = self("Relu", self.convolution("strokes", pages, 4, around=(2, 2)))
        texture = self("Relu", self.convolution("texture", strokes, 2, around=(1, 1)))
        fine = self("Concat", patches, self("Add", structure, "structure.bias"), texture, axis=1)
        for number, (_, stride) in enumerate(FINE):
            fine = self.block(f"fine{number}", fine, stride)
        features = self.block("coarse", fine, 2)
        for number, dilation in enumerate(DILATIONS):
            features = self("Add", features, self.block(f"context{number}", features, 1, dilation))
        scales = self.constant([1, 1, 2, 2])
        nearest = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
        back = self("Resize", self.convolution("back", features), "", scales, **nearest)
        dense = self.block("dense_features", self("Relu", self("Add", fine, back)))
        dense = self.convolution("dense", dense)
        pooled = self("AveragePool", dense, kernel_shape=[2, 2], strides=[2, 2])
        return self("Concat", features, pooled, axis=1), pooled

    def corners(self, features: str) -> str:
        """``UnwarpingNetwork.corners``: (N, 2, 4)."""
        squeezed = self("Flatten", self.convolution("corner_squeeze", features), axis=1)
        hidden = self("Relu", self.linear("corner_hidden", squeezed))
        return self.reshape(self.linear("corner_factors", hidden), -1, 2, 4)

    def bends(self, features: str, pooled: str) -> str:
        """``UnwarpingNetwork.bends``: (N, 2, nodes)."""
        strips = self("Relu", self.convolution("bend_features", features))
        columns = self.convolution("column_strips", strips, around=(0, 1))
        columns = self("MatMul", self.reshape(columns, -1, 2, GRID_HW[0], COARSE_HW[1]), "cells_to_columns")
        rows = self.convolution("row_strips", strips, around=(1, 0))
        rows = self("MatMul", self.reshape(rows, -1, 2, GRID_HW[1], COARSE_HW[0]), "cells_to_rows")
        found = self("Add", columns, self("Transpose", rows, perm=[0, 1, 3, 2]))
        bending, _ = self.split(pooled, [BENDING, DENSE - BENDING])
        dense = self.linear("bends_of_dense", self("Flatten", bending, axis=1))
        return self("Add", self.reshape(found, 0, 2, -1), self.reshape(dense, -1, 2, GRID_HW[0] * GRID_HW[1]))

    def margin_view(self, pages: str, corners: str) -> str:
        """``margin_view`` of the small page."""
        factors = self("Mul", self.reshape(corners, -1, 2, 2, 2), 2.0)
        grid = self("MatMul", "rows.seen", self("Add", factors, "straight"))
        grid = self("Transpose", self("MatMul", grid, "columns.seen"), perm=[0, 2, 3, 1])
        return self.sample(pages, grid)

    def together(self, corners: str, bends: str) -> str:
        """``UnwarpingNetwork.together``: (N, 2, *GRID_HW)."""
        at = self("Add", bends, "off_middle")
        basis = self("Concat", at, self("ReduceProd", at, axes=[1]), axis=1)
        level, factors = self.split(corners, [1, 3], axis=2)
        both = self("Add", self("Add", bends, level), self("MatMul", factors, basis))
        return self.reshape(both, 0, 2, *GRID_HW)

    def fitted(self, displacement: str) -> str:
        """``UnwarpingNetwork.fitted``."""
        hidden = self("Relu", self.linear("fit_first", self("Flatten", displacement, axis=1)))
        hidden = self("Relu", self.linear("fit_second", hidden))
        return self("Add", displacement, self.reshape(self.linear("fit_last", hidden), -1, 2, *GRID_HW))

    def second_look(self, pages: str, corners: str) -> str:
        """``UnwarpingNetwork.second_look``."""
        bends = self.bends(*self.look(self.margin_view(pages, corners)))
        return self.fitted(self.together(corners, bends))

    def farther(self, displacement: str, limit: float) -> str:
        """(N, 1, 1, 1): 1 for the pages that a displacement (N, ...) moves by more than ``limit``, else 0."""
        farthest = self("ReduceMax", self("Abs", displacement), axes=[1, 2, 3])
        return self("Cast", self("Greater", farthest, limit), to=TensorProto.FLOAT)

    def any(self, marks: str) -> str:
        """Whether any of these is above 0."""
        return self("Greater", self("ReduceMax", marks, keepdims=0), 0.0)

    def unsettled(self, corners: str, pooled: str) -> str:
        """``UnwarpingNetwork.unsettled``: (N, 1, 1, 1), 1 or 0."""
        placed = self.axis(self("MatMul", corners, "factors_to_corners"), 3)
        _, slopes, _ = self.split(pooled, [1, 2, DENSE - 3])
        steep = self("ReduceMax", self("ReduceMean", self("Abs", slopes), axes=[2, 3]), axes=[1])
        steep = self("Cast", self("Greater", steep, QUIET_SLOPE), to=TensorProto.FLOAT)
        return self("Max", self.farther(placed, QUIET_CORNERS), steep)

    def sample(self, image: str, grid: str, name: str = "") -> str:
        """Look at an image in places -1 … 1."""
        options = {"mode": "bilinear", "padding_mode": "border", "align_corners": 0}
        return self("GridSample", image, grid, name=name, **options)

    def count(self, size: str) -> str:
        """0, 1, 2 … size - 1, float (size, 1)."""
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        return self.axis(self("Cast", self("Range", zero, size, one), to=TensorProto.FLOAT), 1)

    def shrink(self, pages: str, axis: str, size: str) -> str:
        """Pages shrunk along an axis to the means of small pixels, with shares for those on their edges.

        A part at a time: a product over all of the axis would be of zeros nearly everywhere.
        """
        across = axis == "rows"
        length = self("Cast", size, to=TensorProto.FLOAT)
        small = self("Div", length, float(PAGE_HW[not across]))
        parts = []
        edges = (np.split(self.constants.pop(f"{axis}.{end}"), PARTS) for end in ("low", "high"))
        for low, high in zip(*edges, strict=True):
            low_at, high_at = (self("Mul", self.constant(end), length) for end in (low, high))
            begin, end = (
                self("Cast", self(edge, self("Mul", float(at), length)), to=TensorProto.INT64)
                for edge, at in (("Floor", low[0]), ("Ceil", high[-1]))
            )
            first = self("Cast", self("Range", begin, end, self.constant(1, np.int64)), to=TensorProto.FLOAT)
            first = self.axis(first, 1)
            stop = self("Min", high_at, self("Add", first, 1.0))
            overlap = self("Div", self("Relu", self("Sub", stop, self("Max", low_at, first))), small)
            where = [self.axis(end, 0) for end in (begin, end)]
            part = self("Slice", pages, *where, self.constant([2 if across else 3], np.int64))
            turned = [self("Transpose", overlap, perm=[1, 0]), part]
            parts.append(self("MatMul", *turned) if across else self("MatMul", part, overlap))
        return self("Concat", *parts, axis=2 if across else 3)

    def spline(self, axis: str, size: str) -> str:
        """(size, nodes): ``spline_matrix`` for any size."""
        middles = self("Div", self("Add", self.count(size), 0.5), self("Cast", size, to=TensorProto.FLOAT))
        at = self("Mul", middles, float(GRID_HW[axis == "columns"] - 1))
        t = self("Min", self("Abs", self("Sub", at, f"{axis}.nodes")), 2.0)
        squared = self("Mul", t, t)
        near = self("Add", self("Mul", self("Sub", self("Mul", t, 1.5), 2.5), squared), 1.0)
        far = self("Sub", self("Mul", self("Add", self("Mul", t, -0.5), 2.5), squared), self("Mul", t, 4.0))
        kernel = self("Where", self("Less", t, 1.0), near, self("Add", far, 2.0))
        return self("MatMul", kernel, f"{axis}.extension")

    def page_grid(self, displacement: str, height: str, width: str) -> str:
        """(N, height, width, 2): where each pixel of the flat page is looked for, -1 … 1."""
        # One product makes the grid of all pixels with x and y side by side, as GridSample takes it.
        nodes = self("Add", self("Transpose", displacement, perm=[0, 2, 3, 1]), "places")
        nodes = self.reshape(self("Sub", self("Mul", nodes, 2.0), 1.0), 0, 0, -1)
        right = self("Transpose", self.spline("columns", width), perm=[1, 0])
        right = self("Mul", self.axis(self.axis(right, 1), 3), self.constant(np.eye(2)[None, :, None]))
        right = self.reshape(right, 2 * GRID_HW[1], -1)
        grid = self("MatMul", self("MatMul", self.spline("rows", height), nodes), right)
        batch, two = self.constant([0], np.int64), self.constant([2], np.int64)
        sides = self("Concat", batch, self.axis(height, 0), self.axis(width, 0), two, axis=0)
        return self("Reshape", grid, sides)

    def branch(self, name: str, build: Callable[[], str]) -> Any:
        """What ``build`` adds, as a graph of its own that sees what was there before."""
        before, outside = self.nodes, self.prefix
        self.nodes, self.prefix = list[Any](), f"{outside}{name}: "
        output = build()
        inside, self.nodes, self.prefix = self.nodes, before, outside
        return helper.make_graph(
            inside, name, [], [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        )


def whole_blocks(learned: Arrays) -> Arrays:
    """Patches with channels of 0, so that the features beside each other fill whole blocks of channels.

    Only then can onnxruntime read them in its blocked layout (NCHWc), which takes half the time.
    """
    padded = dict(learned)
    fine, patches = learned["fine0.weight"], len(learned["patches.bias"])
    empty = -fine.shape[1] % BLOCK
    for name in ("patches.weight", "patches.bias"):
        nothing = np.zeros((empty, *learned[name].shape[1:]), np.float32)
        padded[name] = np.concatenate([learned[name], nothing])
    padded["fine0.weight"] = np.insert(fine, [patches] * empty, 0, axis=1)
    return padded


def onnx_model(learned: Arrays, fixed: Arrays, still: float = STILL) -> onnx.ModelProto:
    """The graph in ONNX; ``image`` → ``unwarped``, and inside it the grid's ``displacement``."""
    g = OnnxGraph(whole_blocks(learned) | fixed)
    shape = g("Shape", "image")
    height, width = (g("Gather", shape, g.constant(axis, np.int64), axis=0) for axis in (2, 3))
    # As a product the mean of three channels takes a quarter of the time of ReduceMean.
    grey = g("MatMul", g.constant(np.full((1, 3), 1 / 3)), g.reshape("image", 0, 3, -1))
    sides = g("Concat", g.constant([0, 1], np.int64), g.axis(height, 0), g.axis(width, 0), axis=0)
    small = g.shrink(g.shrink(g("Reshape", grey, sides), "rows", height), "columns", width)
    features, pooled = g.look(small)
    corners = g.corners(features)
    unsettled = g.unsettled(corners, pooled)
    nothing = g("Mul", unsettled, g("ConstantOfShape", g.constant([1, 2, *GRID_HW], np.int64)))

    def second_look() -> str:
        found = g("Mul", g.second_look(small, corners), unsettled)
        moving = g.farther(found, QUIET_BENDS)
        found = g("Mul", found, moving)

        def third_look() -> str:
            seen = g("MatMul", g.reshape(found, 0, 2, -1), "nodes_to_corners")
            again = g.second_look(small, seen)
            return g("Mul", again, g("Mul", g.farther(again, still), moving))

        third, quiet = g.branch("third", third_look), g.branch("quiet", lambda: g("Identity", found))
        return g("If", g.any(moving), then_branch=third, else_branch=quiet)

    # The looks take most of the time: a page that lies flat at the first goes without the others.
    second = g.branch("second", second_look)
    quiet = g.branch("quiet", lambda: g("Identity", nothing))
    found = g("If", g.any(unsettled), then_branch=second, else_branch=quiet, name="displacement")
    # Looking at every pixel takes long as well: a page that stays as it is goes without.
    moved = g.branch(
        "moved", lambda: g("Add", g.sample("image", g.page_grid(found, height, width)), HALF_A_LEVEL)
    )
    kept = g.branch("kept", lambda: g("Add", "image", HALF_A_LEVEL))
    g("If", g.any(g("Abs", found)), then_branch=moved, else_branch=kept, name="unwarped")
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

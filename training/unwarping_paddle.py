"""The unwarping network as a Paddle graph: the steps of ``training.unwarping_onnx`` over the same numbers."""

import tempfile
from pathlib import Path
from typing import Any

import paddle
from paddle.nn import functional

from training.unwarping_arrays import HALF_A_LEVEL, STILL, Arrays
from training.unwarping_network import (
    BENDING,
    COARSE_HW,
    DILATIONS,
    FINE,
    QUIET_BENDS,
    QUIET_CORNERS,
    QUIET_SLOPE,
    REACH,
)
from training.warped_pages import GRID_HW, PAGE_HW

Tensor = Any  # paddle.Tensor; Paddle comes without types


class PaddleGraph(paddle.nn.Layer):  # type: ignore[misc]
    """Pages (N, 3, H, W) in, flattened pages of the same shape out."""

    def __init__(self, learned: Arrays, fixed: Arrays, still: float) -> None:
        super().__init__()
        self.still = still
        for name, array in (learned | fixed).items():
            initial = paddle.nn.initializer.Assign(array)
            parameter = self.create_parameter(array.shape, default_initializer=initial)
            self.add_parameter(name.replace(".", "_"), parameter)

    def get(self, layer: str, part: str) -> Tensor:
        """One of the arrays."""
        return getattr(self, f"{layer}_{part}")

    def convolution(self, layer: str, x: Tensor, **options: Any) -> Tensor:
        """Convolution with Paddle's options."""
        return functional.conv2d(x, self.get(layer, "weight"), self.get(layer, "bias"), **options)

    def block(self, layer: str, x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        """Convolution of 3 × 3 that keeps the size but for its stride, and ReLU."""
        options = {"stride": stride, "dilation": dilation, "padding": dilation}
        return functional.relu(self.convolution(layer, x, **options))

    def linear(self, layer: str, x: Tensor) -> Tensor:
        """A fully connected layer."""
        return x @ self.get(layer, "weight") + self.get(layer, "bias")

    def structure_features(self, pages: Tensor, derivatives: Tensor, stride: int) -> Tensor:
        """``OnnxGraph.structure_features``."""
        around = functional.pad(pages, [REACH] * 4, mode="replicate")
        x, y = functional.conv2d(around, derivatives, stride=stride).chunk(2, 1)
        pooled = functional.avg_pool2d(paddle.concat([x * x, y * y, x * y], 1), 8, 4, 2, exclusive=False)
        xx, yy, xy = pooled.chunk(3, 1)
        energy = xx + yy + 1e-3
        return paddle.concat([xy * 2 / energy, (xx - yy) / energy, energy.log()], 1)

    def look(self, pages: Tensor) -> tuple[Tensor, Tensor]:
        """``OnnxGraph.look``."""
        # Pooling, for Paddle's mean prints a line of its own whenever oneDNN is on.
        centred = pages - functional.adaptive_avg_pool2d(pages, 1)
        pages = centred / (functional.adaptive_avg_pool2d(centred * centred, 1).sqrt() + 0.05)
        halved = functional.avg_pool2d(pages, 2)
        patches = functional.relu(self.convolution("patches", halved, stride=4, padding=2))
        coarser = self.structure_features(halved, self.halved_derivatives, 1)
        structure = paddle.concat([coarser, self.structure_features(pages, self.derivatives, 2)], 1)
        structure = structure * self.get("structure", "weight") + self.get("structure", "bias")
        strokes = functional.relu(self.convolution("strokes", pages, stride=4, padding=2))
        texture = functional.relu(self.convolution("texture", strokes, stride=2, padding=1))
        fine = paddle.concat([patches, structure, texture], 1)
        for number, (_, stride) in enumerate(FINE):
            fine = self.block(f"fine{number}", fine, stride)
        features = self.block("coarse", fine, 2)
        for number, dilation in enumerate(DILATIONS):
            features = features + self.block(f"context{number}", features, 1, dilation)
        back = functional.interpolate(self.convolution("back", features), scale_factor=2, mode="nearest")
        dense = self.block("dense_features", functional.relu(fine + back))
        pooled = functional.avg_pool2d(self.convolution("dense", dense), 2)
        return paddle.concat([features, pooled], 1), pooled

    def corners(self, features: Tensor) -> Tensor:
        """``OnnxGraph.corners``."""
        squeezed = self.convolution("corner_squeeze", features).flatten(1)
        hidden = functional.relu(self.linear("corner_hidden", squeezed))
        return self.linear("corner_factors", hidden).reshape([-1, 2, 4])

    def bends(self, features: Tensor, pooled: Tensor) -> Tensor:
        """``OnnxGraph.bends``."""
        strips = functional.relu(self.convolution("bend_features", features))
        columns = self.convolution("column_strips", strips, padding=[0, 1])
        columns = columns.reshape([-1, 2, GRID_HW[0], COARSE_HW[1]]) @ self.get("cells_to", "columns")
        rows = self.convolution("row_strips", strips, padding=[1, 0])
        rows = rows.reshape([-1, 2, GRID_HW[1], COARSE_HW[0]]) @ self.get("cells_to", "rows")
        found = (columns + rows.transpose([0, 1, 3, 2])).flatten(2)
        dense = self.linear("bends_of_dense", pooled[:, :BENDING].flatten(1))
        return found + dense.reshape([-1, 2, GRID_HW[0] * GRID_HW[1]])

    def margin_view(self, pages: Tensor, corners: Tensor) -> Tensor:
        """``OnnxGraph.margin_view``."""
        factors = corners.reshape([-1, 2, 2, 2]) * 2 + self.straight
        grid = self.get("rows", "seen") @ factors @ self.get("columns", "seen")
        return self.sample(pages, grid.transpose([0, 2, 3, 1]))

    def together(self, corners: Tensor, bends: Tensor) -> Tensor:
        """``OnnxGraph.together``."""
        at = bends + self.off_middle
        basis = paddle.concat([at, at[:, :1] * at[:, 1:]], 1)
        return (bends + corners[:, :, :1] + corners[:, :, 1:] @ basis).reshape([-1, 2, *GRID_HW])

    def fitted(self, displacement: Tensor) -> Tensor:
        """``OnnxGraph.fitted``."""
        hidden = functional.relu(self.linear("fit_first", displacement.flatten(1)))
        hidden = functional.relu(self.linear("fit_second", hidden))
        return displacement + self.linear("fit_last", hidden).reshape([-1, 2, *GRID_HW])

    def second_look(self, pages: Tensor, corners: Tensor) -> Tensor:
        """``OnnxGraph.second_look``."""
        bends = self.bends(*self.look(self.margin_view(pages, corners)))
        return self.fitted(self.together(corners, bends))

    def farther(self, displacement: Tensor, limit: float) -> Tensor:
        """``OnnxGraph.farther``."""
        return (displacement.abs().amax([1, 2, 3], keepdim=True) > limit).astype("float32")

    def unsettled(self, corners: Tensor, pooled: Tensor) -> Tensor:
        """``OnnxGraph.unsettled``."""
        steep = functional.adaptive_avg_pool2d(pooled[:, 1:3].abs(), 1).amax(1, keepdim=True)
        placed = (corners @ self.factors_to_corners).unsqueeze(3)
        return paddle.maximum(self.farther(placed, QUIET_CORNERS), (steep > QUIET_SLOPE).astype("float32"))

    def sample(self, image: Tensor, grid: Tensor) -> Tensor:
        """Look at an image in places -1 … 1."""
        return functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)

    def shrink(self, axis: str, count: Tensor, length: Tensor) -> Tensor:
        """``OnnxGraph.shrink``."""
        low, high = self.get(axis, "low") * length, self.get(axis, "high") * length
        overlap = functional.relu(paddle.minimum(high, count + 1) - paddle.maximum(low, count))
        return overlap / (length / PAGE_HW[axis == "columns"])

    def spline(self, axis: str, middles: Tensor) -> Tensor:
        """``OnnxGraph.spline``."""
        at = middles * (GRID_HW[axis == "columns"] - 1)
        t = (at - self.get(axis, "nodes")).abs().clip(max=2)
        near = (t * 1.5 - 2.5) * (t * t) + 1
        far = (t * -0.5 + 2.5) * (t * t) - t * 4 + 2
        return paddle.where(t < 1, near, far) @ self.get(axis, "extension")

    def forward(self, image: Tensor) -> Tensor:
        """Flatten the pages."""
        shape = paddle.shape(image)
        height, width = shape[2], shape[3]
        rows, columns = height.astype("float32"), width.astype("float32")
        row = paddle.arange(height).astype("float32").unsqueeze(1)
        column = paddle.arange(width).astype("float32").unsqueeze(1)
        small = ((image[:, 0] + image[:, 1] + image[:, 2]) / 3) @ self.shrink("columns", column, columns)
        small = (self.shrink("rows", row, rows).t() @ small).unsqueeze(1)
        features, pooled = self.look(small)
        corners = self.corners(features)
        moves = self.unsettled(corners, pooled)
        both = self.second_look(small, corners) * moves
        moves = self.farther(both, QUIET_BENDS)
        both = self.second_look(small, (both * moves).flatten(2) @ self.nodes_to_corners) * moves
        both = both * self.farther(both, self.still)
        nodes = ((both.transpose([0, 2, 3, 1]) + self.places) * 2 - 1).flatten(2)
        right = self.spline("columns", (column + 0.5) / columns).t().unsqueeze(1).unsqueeze(3)
        right = (right * paddle.eye(2).reshape([1, 2, 1, 2])).reshape([2 * GRID_HW[1], -1])
        grid = self.spline("rows", (row + 0.5) / rows) @ nodes @ right
        grid = grid.reshape([shape[0], height, width, 2])
        return self.sample(image, grid) + HALF_A_LEVEL


def save_paddle(learned: Arrays, fixed: Arrays, out: Path, still: float = STILL) -> None:
    """Write the graph as ``inference.json`` and ``inference.pdiparams``."""
    graph = PaddleGraph(learned, fixed, still)
    graph.eval()
    spec = paddle.static.InputSpec([None, 3, None, None], "float32", "image")
    with tempfile.TemporaryDirectory() as folder:
        paddle.jit.save(graph, f"{folder}/inference", input_spec=[spec])
        for name in ("inference.json", "inference.pdiparams"):
            (out / name).write_bytes((Path(folder) / name).read_bytes())

"""Convolutions of 3 × 3 pixels over a few rows, with about half of the products: Winograd's F(rows, 3).

Each row of a result needs three products per column of the kernel. All rows together can do with two more
than there are rows: of sums of what they read, and added up with other factors (A. Lavin and S. Gray, Fast
Algorithms for Convolutional Neural Networks, 2016). For six rows these are 8 in place of 16. Every row of the
result comes out apart and stays so: the two convolutions after it read the rows that they need, until the
last makes one of all. Nothing leaves onnxruntime's blocked layout, and columns are any number.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ocr_helpers.models.onnx_graph import OnnxGraph, attribute, is_dense, made_channels

if TYPE_CHECKING:
    from ocr_helpers.models.onnx_graph import Array

__all__ = ["winograd_rows"]

Node = Any  # onnx.NodeProto; onnx comes without types
_PAIRS: Final = (1.0, 2.0, 0.5)
"""Numbers at which, and at whose negatives, polynomials are taken; besides 0 and infinity."""
_ROWS: Final = (4, 6)
"""Of two nothing is saved; more would need further numbers."""
_ACROSS: Final[dict[str, Any]] = {"kernel_shape": [1, 3], "pads": [0, 1, 0, 1]}


class _Chain(NamedTuple):
    """Three convolutions and what is between them: over rows, of every second one, of all that are left."""

    first: Node
    relu: Node
    second: Node
    second_relu: Node
    last: Node


def winograd_rows(graph: OnnxGraph) -> None:
    """Rewrite dense 3 × 3 convolutions over few rows that two others make one row of."""
    for node in [node for node in graph.nodes if is_dense(graph, node)]:
        rows = graph.shapes.get(node.input[0], (0,) * 4)[2]
        chain = _chain(graph, node, rows) if rows in _ROWS else None
        if chain is not None:
            _Rewriting(graph, rows).replace(chain)


def _chain(graph: OnnxGraph, first: Node, rows: int) -> _Chain | None:
    around = [1, 1, 1, 1]
    if not _plain(graph, first, (3, 3), around, 1):
        return None
    found: list[Node] = [first]
    for kernel, pads, step in (((3, 3), around, 2), ((rows // 2, 1), [0] * 4, 1)):
        relu = graph.only_user(found[-1].output[0], "Relu")
        reader = relu and graph.only_user(relu.output[0], "Conv")
        if relu is None or reader is None or reader.input[0] != relu.output[0]:
            return None
        if not _plain(graph, reader, kernel, pads, step):
            return None
        found += [relu, reader]
    return _Chain(*found)


def _plain(graph: OnnxGraph, node: Node, kernel: tuple[int, int], pads: list[int], step: int) -> bool:
    """Whether it is a dense convolution with a bias, of this kernel, padding and step from row to row."""
    return (
        is_dense(graph, node)
        and len(node.input) == 3
        and graph.weights[node.input[1]].shape[2:] == kernel
        and attribute(node, "pads", [0] * 4) == pads
        and attribute(node, "strides", [1, 1])[0] == step
        and attribute(node, "dilations", [1, 1]) == [1, 1]
        and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    )


class _Rewriting:
    """The nodes in place of a chain."""

    def __init__(self, graph: OnnxGraph, rows: int) -> None:
        self._graph, self._rows, self._nodes = graph, rows, list[Node]()

    def replace(self, chain: _Chain) -> None:
        """Put them there."""
        made = self._last(chain.last, self._second(chain.second, self._first(chain.first)))
        self._make("Identity", made, output=chain.last.output[0])
        for node in chain[1:]:
            self._graph.replace(node)
        self._graph.replace(chain.first, *self._nodes)

    def _first(self, node: Node) -> list[str]:
        """Its rows, without negative parts."""
        weights, columns = self._graph.weights[node.input[1]], attribute(node, "strides", [1, 1])[1]
        channels, made, bias = weights.shape[1], made_channels(self._graph, node), node.input[2]
        read, factors = _transforms(self._rows)
        products = []
        for number, (rows, factor) in enumerate(zip(read, factors, strict=True)):
            # The rows above and below are padding: nothing is read of them.
            taps = np.tile(rows[1:-1, None], (channels, 1, 1, 1))
            summed = self._conv(node.input[0], taps, kernel_shape=[self._rows, 1], group=channels)
            kernel = np.einsum("r,oirc->oic", factor, weights)[:, :, None]
            # What is added to the second product is added once to each row.
            added = [bias] if number == 1 else []
            products.append(self._conv(summed, kernel, *added, strides=[1, columns], **_ACROSS))

        def scaled(name: str, factor: float) -> str:
            one = np.full((made, 1, 1, 1), factor)
            return self._conv(name, one, kernel_shape=[1, 1], group=made)

        pairs = list(zip(products[1:-1:2], products[2:-1:2], strict=True))
        # Onnxruntime adds in its layout, but does not subtract there.
        sums = [self._make("Add", *pair) for pair in pairs]
        differences = [self._make("Add", one, scaled(other, -1)) for one, other in pairs]
        results = []
        for row in range(self._rows):
            value, *others = differences if row % 2 else sums
            for other, point in zip(others, _PAIRS[1:], strict=False):
                value = self._make("Add", value, scaled(other, point**row) if row else other)
            for place, product in ((0, products[0]), (self._rows - 1, products[-1])):
                value = self._make("Add", product, value) if row == place else value
            results.append(self._make("Relu", value))
        return results

    def _second(self, node: Node, rows: list[str]) -> list[str]:
        """Half as many rows, without negative parts."""
        weights, columns = self._graph.weights[node.input[1]], attribute(node, "strides")[1]
        results = [""] * (self._rows // 2)
        for tap in (1, 0, 2):  # each kernel for all rows: it is in the cache then
            kernel = self._weight(weights[:, :, tap : tap + 1])
            for number, value in enumerate(results):
                if (row := 2 * number - 1 + tap) < 0:
                    continue
                inputs = [rows[row], kernel, *([] if value else [node.input[2]])]
                part = self._make("Conv", *inputs, strides=[1, columns], **_ACROSS)
                results[number] = self._make("Add", part, value) if value else part
        return [self._make("Relu", value) for value in results]

    def _last(self, node: Node, rows: list[str]) -> str:
        """One row of all."""
        weights, result = self._graph.weights[node.input[1]], ""
        step = attribute(node, "strides", [1, 1])[1]
        for number, row in enumerate(rows):
            added = [] if result else [node.input[2]]
            tap = weights[:, :, number : number + 1]
            part = self._conv(row, tap, *added, kernel_shape=[1, 1], strides=[1, step])
            result = self._make("Add", part, result) if result else part
        return result

    def _make(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        self._nodes.append(self._graph.node(kind, list(inputs), output, **attributes))
        name: str = self._nodes[-1].output[0]
        return name

    def _conv(self, name: str, weights: "Array", *bias: str, **attributes: Any) -> str:
        return self._make("Conv", name, self._weight(weights), *bias, **attributes)

    def _weight(self, weights: "Array") -> str:
        return self._graph.weight(np.ascontiguousarray(weights, np.float32))


def _transforms(rows: int) -> "tuple[Array, Array]":
    """What each product reads of the rows, with those around them, and of the three rows of a kernel.

    Both as polynomials: of rows those that are 0 at all numbers but one, of kernels their values there. For
    infinity, the last, that is what all numbers make 0, and the last coefficient.
    """
    points = [0.0, *(sign * point for point in _PAIRS[: rows // 2] for sign in (1, -1))]
    read, factors = np.zeros((rows + 2, rows + 2)), np.zeros((rows + 2, 3))
    for number, point in enumerate(points):
        others = [other for other in points if other != point]
        read[number, :-1] = np.poly(others)[::-1]
        factors[number] = point ** np.arange(3) / np.prod([point - other for other in others])
    read[-1], factors[-1] = np.poly(points)[::-1], (0, 0, 1)
    largest = np.abs(read).max(axis=1, keepdims=True)
    return read / largest, factors * largest

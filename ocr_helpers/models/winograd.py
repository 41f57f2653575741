"""Convolutions of 3 × 3 pixels with two thirds of the products: Winograd's F(2, 3) over the rows.

Two rows of a result need six products per column of the kernel; from sums and differences of the four rows
they read, four will do (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016). Odd
and even rows come out apart. Here they stay apart: a convolution that skips every second row reads them so,
and nothing leaves onnxruntime's blocked layout. It needs an even number of rows; columns of lines are any
number.
"""

from typing import Any, Final

from ocr_helpers.models.onnx_graph import OnnxGraph, attribute, is_dense, made_channels

__all__ = ["winograd_rows"]

Node = Any  # onnx.NodeProto; onnx comes without types
_ROWS: Final = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
"""What each of the four products reads of the four rows."""


def winograd_rows(graph: OnnxGraph) -> None:
    """Rewrite dense 3 × 3 convolutions that only a 3 × 3 convolution of every second row reads."""
    for node in [node for node in graph.nodes if is_dense(graph, node)]:
        relu = graph.only_user(node.output[0], "Relu")
        reader = relu and graph.only_user(relu.output[0], "Conv")
        if relu is None or reader is None or reader.input[0] != relu.output[0]:
            continue
        rows = graph.shapes.get(node.input[0], (0,) * 4)[2]
        if rows and rows % 2 == 0 and _plain(graph, node, 1) and _plain(graph, reader, 2):
            _rewrite(graph, node, relu, reader)


def _plain(graph: OnnxGraph, node: Node, step: int) -> bool:
    """Whether it is a dense convolution of 3 × 3 pixels with a bias, one pixel of padding and this step."""
    return (
        is_dense(graph, node)
        and len(node.input) == 3
        and graph.weights[node.input[1]].shape[2:] == (3, 3)
        and attribute(node, "pads") == [1, 1, 1, 1]
        and attribute(node, "strides", [1, 1])[0] == step
        and attribute(node, "dilations", [1, 1]) == [1, 1]
        and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    )


def _rewrite(graph: OnnxGraph, node: Node, relu: Node, reader: Node) -> None:
    import numpy as np

    weights, bias = graph.weights[node.input[1]], node.input[2]
    channels, made = weights.shape[1], made_channels(graph, node)
    read = [
        graph.node(
            "Conv",
            [node.input[0], graph.weight(np.full((channels, 1, 4, 1), np.array(rows)[:, None], np.float32))],
            kernel_shape=[4, 1],
            strides=[2, 1],
            pads=[1, 0, 1, 0],
            group=channels,
        )
        for rows in _ROWS
    ]
    top, middle, bottom = (weights[:, :, row : row + 1] for row in range(3))
    kernels = [top, (top + middle + bottom) / 2, (top - middle + bottom) / 2, -bottom]
    columns = attribute(node, "strides", [1, 1])[1]
    products = [
        graph.node(
            "Conv",
            [rows.output[0], graph.weight(kernel), *added],
            kernel_shape=[1, 3],
            strides=[1, columns],
            pads=[0, 1, 0, 1],
        )
        for rows, kernel, added in zip(read, kernels, ([bias], [], [], [bias]), strict=True)
    ]
    outer, second, third, last = (product.output[0] for product in products)
    # Onnxruntime adds in its layout, but does not subtract there.
    minus = graph.weight(np.full((made, 1, 1, 1), -1, np.float32))
    negative = graph.node("Conv", [third, minus], kernel_shape=[1, 1], group=made)
    ends, even_rows = _summed(graph, [outer, second, third])
    more_ends, odd_rows = _summed(graph, [last, second, negative.output[0]])
    graph.replace(node, *read, *products, negative, *ends, *more_ends)
    graph.replace(relu)

    kernel = graph.weights[reader.input[1]]
    step = attribute(reader, "strides")[1]
    even = graph.weight(np.ascontiguousarray(kernel[:, :, 1:2]))
    odd = graph.weight(np.ascontiguousarray(kernel[:, :, ::2]))
    parts = [
        graph.node("Conv", [even_rows, even, reader.input[2]], kernel_shape=[1, 3], strides=[1, step],
                   pads=[0, 1, 0, 1]),
        graph.node("Conv", [odd_rows, odd], kernel_shape=[2, 3], strides=[1, step], pads=[1, 1, 0, 1]),
    ]  # fmt: skip
    both = graph.node("Add", [part.output[0] for part in parts], reader.output[0])
    graph.replace(reader, *parts, both)


def _summed(graph: OnnxGraph, names: list[str]) -> tuple[list[Node], str]:
    """The sum of three maps without its negative parts: its nodes, and its name."""
    pair = graph.node("Add", names[1:])
    whole = graph.node("Add", [names[0], pair.output[0]])
    relu = graph.node("Relu", [whole.output[0]])
    return [pair, whole, relu], relu.output[0]

"""A network for lines that leaves out most of the padding of short ones.

PaddleX pads a line to 320 pixels. Where the first layers are convolutions one after the other, a column of
what they make depends on few columns of pixels, and behind the line it is that of an empty line. So they read
the line and no more than they reach beyond it; what they make of an empty line is put behind it, as far as
what is read depends on it. Of the last layer's steps those are left out that nothing of the line reaches: an
empty line reads as nothing. Of the lines of the samples half are padded; one thread of an AMD EPYC took 8 %
less time to read all of them, before less than the whole empty line was put behind them.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ocr_helpers.models.blank_steps import last_product
from ocr_helpers.models.onnx_graph import OnnxGraph, attribute, has_plain_weights

if TYPE_CHECKING:
    from ocr_helpers.models.onnx_graph import Array

__all__ = ["Cut", "first_layers", "leave_out_padding"]

Node = Any  # onnx.NodeProto; onnx comes without types
_AFTER: Final = frozenset({"Conv", "Relu", "Add", "Squeeze", "Transpose", "Reshape"})
"""Between the first layers and the last one: what keeps columns in their order."""


class _Reach(NamedTuple):
    """Column n is made of the pixels from ``n * step - before`` to ``n * step + after``."""

    step: int = 1
    before: int = 0
    after: int = 0

    def through(self, node: Node, across: int) -> "_Reach":
        """With one convolution more, that many pixels across."""
        left, step = attribute(node, "pads", [0] * 4)[1], attribute(node, "strides", [1, 1])[1]
        right = across - 1 - left
        return _Reach(self.step * step, self.before + left * self.step, self.after + right * self.step)


class Cut(NamedTuple):
    """Where a network's first layers end: the value, what a column of it is made of, and what it reaches."""

    name: str
    reach: _Reach
    beyond: int


def first_layers(graph: OnnxGraph) -> Cut | None:
    """The first layers of a network for lines, if it has the form that this module knows.

    Args:
        graph: the network's, as it was published: what rewritten convolutions reach is not told here.

    """
    name, reach = graph.pixels, _Reach()
    while (node := _next(graph, name)) is not None:
        if node.op_type == "Conv":
            reach = reach.through(node, graph.weights[node.input[1]].shape[3])
        name = node.output[0]
    last = last_product(graph)
    beyond = None if last is None else _reach_after(graph, name, last.input[0])
    return Cut(name, reach, beyond) if name != graph.pixels and beyond is not None else None


def leave_out_padding(graph: OnnxGraph, cut: Cut, empty_features: "Array", empty_steps: int) -> None:
    """Give a network that makes nothing of an empty line a second input.

    It is called ``filled``, int64 (1,): how many columns of pixels are not padding. Lines of another width
    than the empty one are told to be filled to their end.

    Args:
        graph: the network's; it changes.
        cut: where its first layers end.
        empty_features: float32 (1, C, H, W), what these make of an empty line.
        empty_steps: of the last layer, for that line.

    """
    name, reach, beyond = cut
    last, found = last_product(graph), graph.maker(name)
    if last is None or found is None:
        return
    features, pixels, each = empty_features, graph.pixels, empty_steps // empty_features.shape[3]

    def number(value: int) -> str:
        return graph.weight(np.array([value]))

    axis, filled = number(3), graph.input("filled", 1)
    # Columns that the line has a part in, and the pixels that these are made of.
    whole = graph.node("Add", [filled, number(reach.before + reach.step - 1)])
    columns = graph.node("Div", [whole.output[0], number(reach.step)])
    more = graph.node("Add", [columns.output[0], number(reach.after // reach.step)])
    end = graph.node("Mul", [more.output[0], number(reach.step)])
    line = graph.node("Slice", [pixels, number(0), end.output[0], axis])
    for user in graph.users(pixels):
        user.input[:] = [line.output[0] if one == pixels else one for one in user.input]
    graph.nodes[:0] = [whole, columns, more, end, line]
    # Without a name for each side that varies, onnxruntime would compute less in its blocked layout.
    graph.tell_shape(line.output[0], "lines", *graph.shapes[pixels][1:3], "pixels that are read")

    found.output[0] = made = graph.node("Identity", [name]).output[0]
    kept = graph.node("Slice", [made, number(0), columns.output[0], axis])
    # What is read reaches so far behind the line, and what that is made of as far again.
    touched = graph.node("Add", [columns.output[0], number(beyond)])
    needed = graph.node("Add", [touched.output[0], number(beyond)])
    rest = graph.node("Slice", [graph.weight(features), columns.output[0], needed.output[0], axis])
    lines = graph.node("Shape", [made], start=0, end=1)
    ones = graph.weight(np.ones(3, np.int64))
    shape = graph.node("Concat", [lines.output[0], ones], axis=0)
    every = graph.node("Expand", [rest.output[0], shape.output[0]])
    both = graph.node("Concat", [kept.output[0], every.output[0]], axis=3)
    # A pooling over one pixel: what comes out of it is in the blocked layout for all that use it.
    inside = graph.node("MaxPool", [both.output[0]], name, kernel_shape=[1, 1])
    graph.replace(found, found, kept, touched, needed, rest, lines, shape, every, both, inside)
    graph.tell_shape(both.output[0], "lines", *features.shape[1:3], "columns")

    count = graph.node("Mul", [touched.output[0], number(each)])
    read = graph.node("Slice", [last.input[0], number(0), count.output[0], number(1)])
    last.input[0] = read.output[0]
    graph.replace(last, count, read, last)


def _next(graph: OnnxGraph, name: str) -> Node | None:
    """The convolution or Relu that alone uses a value."""
    if (node := graph.only_user(name, "Relu")) is not None:
        return node
    node = graph.only_user(name, "Conv")
    if node is None or node.input[0] != name or not has_plain_weights(graph, node):
        return None
    padded = attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    return node if padded and set(attribute(node, "dilations", [1])) == {1} else None


def _reach_after(graph: OnnxGraph, begin: str, end: str) -> int | None:
    """Columns to the left and right that one column depends on at most; None where that is not known."""
    reach, wanted, seen = 0, [end], {begin}
    while wanted:
        if (name := wanted.pop()) in seen or name in graph.weights:
            continue
        seen.add(name)
        node = graph.maker(name)
        if node is None or node.op_type not in _AFTER:
            return None
        if node.op_type == "Conv":
            if not has_plain_weights(graph, node):
                return None
            left, right = attribute(node, "pads", [0] * 4)[1::2]
            across = graph.weights[node.input[1]].shape[3]
            if attribute(node, "strides", [1, 1])[1] != 1 or not left == right == (across - 1) / 2:
                return None
            reach += left
        wanted += node.input
    return reach

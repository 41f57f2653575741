"""The end of a detection network, computed on the four quarters of its map: every second row and column.

A network like DB's puts maps of several scales side by side, all enlarged to the finest, and a 3 × 3
convolution reads them. Where a map is enlarged by an even factor, its pixels stand there in twos: for one
quarter of the result the three rows of the convolution are two rows of a map half as high, and of nine
products four are left. What follows works on each pixel alone until DepthToSpace puts it in its place, so the
quarters stay apart until there. Enlarging and putting side by side happen at half the size, too. An A4 page
at 150 dpi took one thread of an Intel Xeon 5 % less time in RapidOCR's detection network.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocr_helpers.models.onnx_graph import OnnxGraph, attribute, is_dense, made_channels

if TYPE_CHECKING:
    from ocr_helpers.models.onnx_graph import Array

__all__ = ["quarter_the_end"]

Node = Any  # onnx.NodeProto; onnx comes without types
_ENLARGED: Final = {
    "mode": b"nearest",
    "coordinate_transformation_mode": b"asymmetric",
    "nearest_mode": b"floor",
}
_PARTS: Final = [(row, column) for row in (0, 1) for column in (0, 1)]


class _Map(NamedTuple):
    """A map beside others: the value, how often it is enlarged, and what the convolution multiplies it by."""

    name: str
    factor: int
    weights: "Array"


def quarter_the_end(graph: OnnxGraph) -> None:
    """Rewrite the graph's end where it has that form."""
    for both in [node for node in graph.nodes if node.op_type == "Concat" and attribute(node, "axis") == 1]:
        convolution = graph.only_user(both.output[0], "Conv")
        if convolution is None or not is_dense(graph, convolution) or not _keeps_size(graph, convolution):
            continue
        maps, end = _maps(graph, both, convolution), _pixelwise(graph, convolution)
        if maps is not None and end is not None:
            _quarter(graph, both, convolution, maps, end)


def _quarter(graph: OnnxGraph, both: Node, convolution: Node, maps: list[_Map], end: list[Node]) -> None:
    import numpy as np

    fine = next(one for one in maps if one.factor == 1)
    halved = [_half_as_large(graph, one) for one in maps if one.factor > 1]
    beside = graph.node("Concat", [one.name for one in halved], axis=1)
    weights = np.concatenate([one.weights for one in halved], axis=1)
    fine_weights, nodes, ends = graph.weight(fine.weights), [beside], []
    for row, column in _PARTS:
        pads = [1 - row, 1 - column, row, column]
        taps = graph.weight(_in_twos(_in_twos(weights, 2, row), 3, column))
        coarse = graph.node("Conv", [beside.output[0], taps], kernel_shape=[2, 2], pads=pads)
        inputs = [fine.name, fine_weights, *convolution.input[2:]]
        rest = graph.node("Conv", inputs, kernel_shape=[3, 3], strides=[2, 2], pads=pads)
        nodes += [coarse, rest, graph.node("Add", [coarse.output[0], rest.output[0]])]
        for node in end[:-1]:
            nodes.append(graph.twin(node, [nodes[-1].output[0], *node.input[1:]]))
        ends.append(nodes[-1].output[0])
    size = attribute(end[-1], "blocksize")
    together = graph.node("Concat", ends, axis=1)
    # Quarter and place in its pixel, each row and column, to the place in a pixel of twice the side.
    last = next((node for node in reversed(end) if node.op_type == "Conv"), convolution)
    places = np.arange(4 * made_channels(graph, last)).reshape(2, 2, size, size, -1)
    places = places.transpose(0, 2, 1, 3, 4).reshape(-1)
    sorted_ = graph.node("Gather", [together.output[0], graph.weight(places)], axis=1)
    spread = graph.node("DepthToSpace", [sorted_.output[0]], end[-1].output[0], blocksize=2 * size)
    graph.replace(both, *nodes, together, sorted_, spread)
    for node in (convolution, *end):
        graph.replace(node)


def _maps(graph: OnnxGraph, both: Node, convolution: Node) -> list[_Map] | None:
    """The maps side by side, those enlarged last; None unless all but one are enlarged by even factors."""
    maps, first = [], 0
    weights = graph.weights[convolution.input[1]]
    for name in both.input:
        channels, factor = _channels(graph, name), _factor(graph, name)
        if channels is None:
            return None
        maps.append(_Map(name, factor, weights[:, first : first + channels].copy()))
        first += channels
    factors = sorted(one.factor for one in maps)
    if (
        first != weights.shape[1]
        or len(factors) < 2
        or factors[0] != 1
        or any(factor % 2 for factor in factors[1:])
    ):
        return None
    return sorted(maps, key=lambda one: -one.factor)


def _half_as_large(graph: OnnxGraph, one: _Map) -> _Map:
    """The map enlarged half as often."""
    import numpy as np

    resize: Node = graph.maker(one.name)
    if one.factor == 2:
        graph.replace(resize)
        return one._replace(name=resize.input[0])
    scales = [1, 1, one.factor // 2, one.factor // 2]
    resize.input[2] = graph.weight(np.array(scales, np.float32))
    return one


def _factor(graph: OnnxGraph, name: str) -> int:
    """How often a map's pixels are repeated, in each direction; 1 where it is not simply enlarged."""
    resize = graph.maker(name)
    if resize is None or resize.op_type != "Resize" or len(resize.input) != 3 or len(graph.users(name)) != 1:
        return 1
    scales = graph.weights.get(resize.input[2])
    if scales is None or any(attribute(resize, key) != value for key, value in _ENLARGED.items()):
        return 1
    once, one, down, across = scales.tolist()
    return int(down) if (once, one) == (1, 1) and down == across and down == int(down) else 1


def _channels(graph: OnnxGraph, name: str) -> int | None:
    """Channels of a map that a convolution made, at most gated and enlarged; None where it is another."""
    maker = graph.maker(name)
    while maker is not None and maker.op_type in ("Mul", "Resize"):
        maker = graph.maker(maker.input[0])
    return made_channels(graph, maker) if maker is not None and is_dense(graph, maker) else None


def _pixelwise(graph: OnnxGraph, convolution: Node) -> list[Node] | None:
    """The nodes after a convolution, all on each pixel alone, with the DepthToSpace they end in."""
    found = [convolution]
    while (users := graph.users(found[-1].output[0])) and len(users) == 1:
        found += users
        if users[0].op_type == "DepthToSpace":
            return found[1:] if attribute(users[0], "mode", b"DCR") == b"DCR" else None
        pointwise = is_dense(graph, users[0]) and graph.weights[users[0].input[1]].shape[2:] == (1, 1)
        moved = any(attribute(users[0], "pads", [])) or set(attribute(users[0], "strides", [1])) != {1}
        if users[0].op_type not in ("Relu", "Sigmoid") and (not pointwise or moved):
            return None
    return None


def _keeps_size(graph: OnnxGraph, node: Node) -> bool:
    ones = set(attribute(node, "strides", [1])) == set(attribute(node, "dilations", [1])) == {1}
    same = graph.weights[node.input[1]].shape[2:] == (3, 3) and attribute(node, "pads") == [1, 1, 1, 1]
    return ones and same and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"


def _in_twos(weights: "Array", axis: int, part: int) -> "Array":
    """Three taps along an axis as two: those that fall on one pixel of the map half as high are added."""
    import numpy as np

    before, middle, after = np.split(weights, 3, axis)
    taps = (before + middle, after) if part else (before, middle + after)
    return np.concatenate(taps, axis)

"""The same detection network, written so that onnxruntime computes more of it in its blocked layout.

On a processor with AVX-512 onnxruntime's convolutions keep 16 channels of a pixel side by side (NCHWc). Which
operators can stay in that layout, and when, is in its ``core/optimizer/nchwc_transformer.cc``; around every
other one the whole map is copied from one layout to the other and back. RapidOCR's detection network leaves
it often, and adds biases that a convolution adds in passing. An A4 page at 150 dpi took one thread of an
Intel Xeon 653 ms without denormal weights, and 533 ms rewritten. The answer is the same but for the order of
some sums: probabilities of the sample pages differ by at most 0.000026, and their boxes are the same.

Weights are moved, padded with 0 and at most added in twos, so that the bytes of the result do not depend on
the processor.
"""

from typing import Any, Final

from ocr_helpers.models.onnx_graph import OnnxGraph, attribute, has_plain_weights, is_dense, made_channels
from ocr_helpers.models.quartered_end import quarter_the_end

__all__ = ["in_blocked_layout"]

Node = Any  # onnx.NodeProto; onnx comes without types
_BLOCK: Final = 16  # channels side by side with AVX-512; with AVX2 8, which these are a multiple of
_PASSING: Final = ("Relu", "MaxPool")  # what keeps channels apart, and 0 where it is 0


def in_blocked_layout(model: bytes) -> bytes:
    """The model, rewritten where it has the forms that this module knows; elsewhere as it is.

    Args:
        model: an onnx file, its weights inside it.

    """
    import onnx

    parsed = onnx.load_model_from_string(model)
    graph = OnnxGraph(parsed)
    _fold_biases(graph)
    _gate_once(graph)
    _keep_gated_maps(graph)
    _enlarge_at_the_end(graph)
    quarter_the_end(graph)
    _pad_channels(graph)  # of those that split_concatenations splits, too
    _split_concatenations(graph)
    _pad_channels(graph)
    graph.write()
    content: bytes = parsed.SerializeToString(deterministic=True)
    return content


def _fold_biases(graph: OnnxGraph) -> None:
    """Biases into their convolutions, so that the other rewritings see them; away with Identity."""
    for node in list(graph.nodes):
        if node.op_type == "Identity" and (users := graph.users(node.output[0])):
            for user in users:
                _use(user, node.output[0], node.input[0])
            graph.replace(node)
    for node in list(graph.nodes):
        if (
            node.op_type not in ("Conv", "ConvTranspose")
            or len(node.input) != 2
            or not has_plain_weights(graph, node)
        ):
            continue
        add = graph.only_user(node.output[0], "Add")
        if add is None or add.input[0] != node.output[0] or add.input[1] not in graph.weights:
            continue
        bias = graph.weights[add.input[1]]
        if bias.shape == (1, made_channels(graph, node), 1, 1):
            node.input.append(graph.weight(bias.reshape(-1)))
            node.output[0] = add.output[0]
            graph.replace(add)


def _gate_once(graph: OnnxGraph) -> None:
    """``x + x * gate`` as ``x * (gate + 1)``: a gate is one number per channel, x a whole map."""
    import numpy as np

    for add in [node for node in graph.nodes if node.op_type == "Add"]:
        x, product = add.input
        mul = graph.maker(product)
        if mul is None or mul.op_type != "Mul" or mul.input[0] != x or not _gated(graph, mul):
            continue
        if graph.only_user(product, "Add") is None:
            continue
        one = graph.weight(np.ones((1, 1, 1, 1), np.float32))
        gate = graph.node("Add", [mul.input[1], one])
        graph.replace(mul, gate, graph.node("Mul", [x, gate.output[0]], add.output[0]))
        graph.replace(add)


def _keep_gated_maps(graph: OnnxGraph) -> None:
    """Bring ``x * gate`` into the blocked layout where a convolution and an addition use it.

    Onnxruntime multiplies a map by a gate outside that layout. A convolution brings what it reads into it
    for itself only, and the addition after it stays outside. A pooling over one pixel changes nothing, and
    both use what comes out of it; the addition then becomes a part of the convolution before it.
    """
    for mul in [node for node in graph.nodes if node.op_type == "Mul" and _gated(graph, node)]:
        kinds = sorted(user.op_type for user in graph.users(mul.output[0]))
        if kinds == ["Add", "Conv"]:
            outside = graph.twin(mul, list(mul.input))
            one_pixel = {"kernel_shape": [1, 1], "strides": [1, 1]}
            inside = graph.node("MaxPool", [outside.output[0]], mul.output[0], **one_pixel)
            graph.replace(mul, outside, inside)


def _enlarge_at_the_end(graph: OnnxGraph) -> None:
    """Two transposed convolutions that double a map, and Sigmoid: as convolutions of one pixel and one move.

    Where the step of a transposed convolution is its size, no two pixels of a map meet in one of the result:
    a convolution gives the 2 × 2 pixels as channels. The second works on each of these four alone. The 16
    channels it leaves are the 4 × 4 pixels, put into their places by DepthToSpace.
    """
    import numpy as np

    for first in [node for node in graph.nodes if node.op_type == "ConvTranspose"]:
        relu = graph.only_user(first.output[0], "Relu")
        second = relu and graph.only_user(relu.output[0], "ConvTranspose")
        last = second and graph.only_user(second.output[0], "Sigmoid")
        if second is None or last is None or not (_doubles(graph, first) and _doubles(graph, second)):
            continue
        weights, more = graph.weights[first.input[1]], graph.weights[second.input[1]]
        given, middle, asked = *weights.shape[:2], more.shape[1]
        if asked != 1:
            continue
        once = weights.transpose(2, 3, 1, 0).reshape(4 * middle, given, 1, 1)
        twice = np.zeros((2, 2, 2, 2, 2, 2, middle), np.float32)
        for row, column in np.ndindex(2, 2):
            # [row, row in it, column, column in it, from row, from column, from channel]
            twice[row, :, column, :, row, column] = more[:, 0].transpose(1, 2, 0)
        bias, last_bias = (graph.weights[node.input[2]] for node in (first, second))
        names = [graph.weight(once), graph.weight(np.tile(bias, 4))]
        graph.replace(first, _pointwise(graph, first, names))
        names = [graph.weight(twice.reshape(16, 4 * middle, 1, 1)), graph.weight(np.tile(last_bias, 16))]
        graph.replace(second, _pointwise(graph, second, names))
        inside = graph.twin(last, list(last.input))
        graph.replace(
            last, inside, graph.node("DepthToSpace", [inside.output[0]], last.output[0], blocksize=4)
        )


def _pad_channels(graph: OnnxGraph) -> None:
    """Channels of 0 where a convolution's number of them fills no whole blocks, and only others read them.

    Onnxruntime computes whole blocks anyway, but hands the map on outside the layout if one is not full.
    """
    import numpy as np

    for node in [node for node in graph.nodes if is_dense(graph, node)]:
        after = _convolutions_after(graph, node.output[0])
        empty = -made_channels(graph, node) % _BLOCK
        if not after or not empty:
            continue
        node.input[1] = graph.weight(np.pad(graph.weights[node.input[1]], [(0, empty), *[(0, 0)] * 3]))
        if len(node.input) > 2:
            node.input[2] = graph.weight(np.pad(graph.weights[node.input[2]], (0, empty)))
        for reader in after:
            weights = np.pad(graph.weights[reader.input[1]], [(0, 0), (0, empty), (0, 0), (0, 0)])
            reader.input[1] = graph.weight(weights)


def _split_concatenations(graph: OnnxGraph) -> None:
    """A convolution of two maps side by side as the sum of two convolutions.

    So the maps are not copied into one, and each can be padded to whole blocks.
    """
    for node in [node for node in graph.nodes if is_dense(graph, node)]:
        both = graph.maker(node.input[0])
        if both is None or both.op_type != "Concat" or attribute(both, "axis") != 1 or len(both.input) != 2:
            continue
        makers = [_convolution_before(graph, name) for name in both.input]
        if graph.only_user(both.output[0], "Conv") is None or None in makers:
            continue
        counts = [made_channels(graph, maker) for maker in makers]
        if not any(count % _BLOCK for count in counts):
            continue
        weights = graph.weights[node.input[1]]
        left, right = weights[:, : counts[0]].copy(), weights[:, counts[0] :].copy()
        parts = [
            graph.twin(node, [both.input[0], graph.weight(left)]),
            graph.twin(node, [both.input[1], graph.weight(right), *node.input[2:]]),
        ]
        summed = graph.node("Add", [part.output[0] for part in parts], node.output[0])
        graph.replace(node, *parts, summed)
        graph.replace(both)


def _use(node: Node, old: str, new: str) -> None:
    node.input[:] = [new if name == old else name for name in node.input]


def _gated(graph: OnnxGraph, mul: Node) -> bool:
    """Whether a product's second factor is a gate, as a squeeze-and-excitation block makes it."""
    gate = graph.maker(mul.input[1])
    return gate is not None and gate.op_type == "HardSigmoid"


def _doubles(graph: OnnxGraph, node: Node) -> bool:
    """Whether a transposed convolution makes 2 × 2 pixels of one, with a bias."""
    usual = {"strides": [2, 2], "pads": [0, 0, 0, 0], "dilations": [1, 1], "output_padding": [0, 0]}
    return (
        len(node.input) == 3
        and has_plain_weights(graph, node)
        and graph.weights[node.input[1]].shape[2:] == (2, 2)
        and attribute(node, "group", 1) == 1
        and attribute(node, "strides") == usual["strides"]
        and all(attribute(node, name, value) == value for name, value in usual.items())
        and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
        and attribute(node, "output_shape") is None
    )


def _pointwise(graph: OnnxGraph, node: Node, names: list[str]) -> Node:
    return graph.node("Conv", [node.input[0], *names], node.output[0], kernel_shape=[1, 1])


def _convolutions_after(graph: OnnxGraph, name: str) -> list[Node]:
    """The convolutions that read a map, at most pooled and without its negative parts; [] if others do."""
    found = []
    for user in graph.users(name):
        if user.op_type in _PASSING and len(user.output) == 1:
            after = _convolutions_after(graph, user.output[0])
        else:
            after = [user] if is_dense(graph, user) and user.input[0] == name else []
        if not after:
            return []
        found += after
    return found


def _convolution_before(graph: OnnxGraph, name: str) -> Node | None:
    """The convolution that makes a map, at most pooled and without its negative parts."""
    maker = graph.maker(name)
    while maker is not None and maker.op_type in _PASSING:
        maker = graph.maker(maker.input[0])
    return maker if maker is not None and is_dense(graph, maker) else None

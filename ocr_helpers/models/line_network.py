"""A recognition network for one line at a time, written so that onnxruntime needs less time for it.

Its answers are the same but for rounding. Lines are read by sessions of their own
(`ocr_helpers.stages.core_runs`); the model's file, which PaddleOCR reads too, stays as it is.
"""

from pathlib import Path
from typing import Any

from ocr_helpers.models.blank_steps import last_product, skip_blank_steps
from ocr_helpers.models.empty_line import made_of_empty_line
from ocr_helpers.models.onnx_graph import OnnxGraph
from ocr_helpers.models.padded_lines import Cut, first_layers, leave_out_padding
from ocr_helpers.models.winograd import winograd_rows

__all__ = ["line_network"]

Node = Any  # onnx.NodeProto; onnx comes without types


def line_network(path: Path, width: int = 0) -> bytes:
    """The model in a file, rewritten where it has the forms that this module knows; elsewhere as it is.

    Args:
        path: an onnx file.
        width: pixels to which short lines are padded, or 0: then no padding is left out and no step.

    Returns:
        The model. It may take more inputs than the line (see `ocr_helpers.models.padded_lines`) and give
        classes and their scores in place of probabilities (see `ocr_helpers.models.blank_steps`).

    """
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    (operators,) = (found.version for found in model.opset_import if found.domain in ("", "ai.onnx"))
    graph = OnnxGraph(model)
    cut = first_layers(graph) if operators >= 15 else None  # before that, Shape has no start
    if operators >= 11:  # before that, Pad has no inputs
        _bias_in_product(graph)
    winograd_rows(graph)
    graph.write()
    if width and 13 <= operators < 18:  # ReduceSum took its axes as an input first, ReduceMax last
        _read_less(graph, model, cut, width)
        graph.write()
    content: bytes = model.SerializeToString()
    return content


def _read_less(graph: OnnxGraph, model: Any, cut: Cut | None, width: int) -> None:
    """Leave out what an empty line says is not needed: padding, and steps at which nothing is read."""
    last, sides = last_product(graph), graph.shapes[graph.pixels]
    if last is None or len(sides) != 4 or not all(sides[1:3]):
        return
    names = [model.graph.output[0].name, last.input[0], *([cut.name] if cut else [])]
    probabilities, steps, *features = made_of_empty_line(model, width, *names)
    if steps.ndim != 3 or probabilities.argmax(axis=-1).any():
        return
    if cut is not None and width % cut.reach.step == steps.shape[1] % features[0].shape[3] == 0:
        leave_out_padding(graph, cut, features[0], steps.shape[1])
    skip_blank_steps(graph, steps)


def _bias_in_product(graph: OnnxGraph) -> None:
    """The bias of the last layer as one more row of its weights, which every step multiplies by 1.

    Onnxruntime adds a bias to a product of three dimensions in a pass of its own: over thousands of classes
    for each step, where one more column of what the steps have in common is hardly anything.
    """
    import numpy as np

    for product in [node for node in graph.nodes if node.op_type == "MatMul"]:
        weights, rank = graph.weights.get(product.input[1]), len(graph.shapes.get(product.input[0], ()))
        add = graph.only_user(product.output[0], "Add")
        if add is None or weights is None or weights.ndim != 2 or not rank:
            continue
        if graph.only_user(add.output[0], "Softmax") is None:
            continue
        bias = next((graph.weights[name] for name in add.input if name in graph.weights), None)
        if bias is None or bias.shape != weights.shape[1:]:
            continue
        one_more = graph.weight(np.array([0] * (2 * rank - 1) + [1], np.int64))
        ones = graph.node("Pad", [product.input[0], one_more, graph.weight(np.ones((), np.float32))])
        extended = graph.weight(np.concatenate([weights, bias[None]]))
        graph.replace(product, ones, graph.node("MatMul", [ones.output[0], extended], add.output[0]))
        graph.replace(add)

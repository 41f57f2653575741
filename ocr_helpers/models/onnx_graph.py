"""An onnx graph while it is rewritten: its nodes in order, its weights as arrays, who makes and uses what."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["OnnxGraph", "attribute", "has_plain_weights", "is_dense", "made_channels"]

Node = Any  # onnx.NodeProto; onnx comes without types


class OnnxGraph:
    """The graph of an onnx model.

    Args:
        model: an ``onnx.ModelProto``, its weights inside it; it changes with :meth:`write` only.

    Attributes:
        nodes: every node after those that it needs.
        weights: name → array, of those inside the model and those added.
        shapes: name → sizes, 0 where unknown, of the values whose shape the model tells.
        pixels: the model's first input.

    """

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        self._graph = model.graph
        self.nodes: list[Node] = [_copy(node) for node in model.graph.node]
        self.weights: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.shapes: dict[str, tuple[int, ...]] = {
            value.name: tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
            for value in (*model.graph.input, *model.graph.value_info)
        }
        self._outputs = {output.name for output in model.graph.output}
        self._inputs, self._ends = list(model.graph.input), list(model.graph.output)
        self.pixels: str = model.graph.input[0].name
        self._told: dict[str, tuple[int | str, ...]] = {}
        self._names = 0

    def maker(self, name: str) -> Node | None:
        """The node that makes a value; None for an input of the model or a weight."""
        return next((node for node in self.nodes if name in node.output), None)

    def users(self, name: str) -> list[Node]:
        """The nodes that use a value; empty for an output of the model, which others use too."""
        return [] if name in self._outputs else [node for node in self.nodes if name in node.input]

    def only_user(self, name: str, kind: str) -> Node | None:
        """The node that uses a value, if there is no other and it is of this kind."""
        users = self.users(name)
        return users[0] if len(users) == 1 and users[0].op_type == kind else None

    def weight(self, array: "Array") -> str:
        """Add a weight; its name."""
        name = self._new_name()
        self.weights[name] = array
        return name

    def input(self, name: str, length: int) -> str:
        """Add an input of the model, so many whole numbers; its name."""
        from onnx import TensorProto, helper

        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, [length]))
        return name

    def zeros(self, shape: str, kind: Any) -> Node:
        """Make a node whose output has a shape, and 0 of this type everywhere."""
        import numpy as np
        from onnx import numpy_helper

        return self.node("ConstantOfShape", [shape], value=numpy_helper.from_array(np.zeros(1, kind)))

    def end_in(self, outputs: dict[str, Any], rank: int) -> None:
        """Give the model other outputs: name → type, all of so many dimensions."""
        import numpy as np
        from onnx import helper

        sides = [None] * rank
        self._ends = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), sides)
            for name, kind in outputs.items()
        ]
        self._outputs = set(outputs)

    def tell_shape(self, name: str, *sides: int | str) -> None:
        """Say the shape of a value that cannot be inferred; a side has a name where it varies."""
        self._told[name] = sides

    def node(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> Node:
        """Make a node with one output, to be put into the graph with :meth:`replace`."""
        from onnx import helper

        return helper.make_node(kind, inputs, [output or self._new_name()], **attributes)

    def twin(self, node: Node, inputs: list[str], output: str | None = None) -> Node:
        """Make a node with the attributes of another."""
        twin = _copy(node)
        twin.name = ""
        twin.input[:] = inputs
        twin.output[:] = [output or self._new_name()]
        return twin

    def replace(self, node: Node, *others: Node) -> None:
        """Put other nodes, or none, in the place of one."""
        place = self.nodes.index(node)
        self.nodes[place : place + 1] = others

    def write(self) -> None:
        """Put nodes and weights into the model; weights that nothing uses any more leave it."""
        from onnx import TensorProto, helper, numpy_helper

        needed = {name for node in self.nodes for name in node.input}
        given = {tensor.name: _copy(tensor) for tensor in self._graph.initializer}
        inputs, outputs = ([_copy(one) for one in part] for part in (self._inputs, self._ends))
        del self._graph.node[:], self._graph.initializer[:], self._graph.value_info[:]
        del self._graph.input[:], self._graph.output[:]
        self._graph.input.extend(inputs)
        self._graph.output.extend(outputs)
        self._graph.node.extend(self.nodes)
        self._graph.initializer.extend(
            given[name] if name in given else numpy_helper.from_array(array, name)
            for name, array in self.weights.items()
            if name in needed
        )
        self._graph.value_info.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, sides)
            for name, sides in self._told.items()
        )

    def _new_name(self) -> str:
        self._names += 1
        return f"rewritten.{self._names}"


def attribute(node: Node, name: str, default: Any = None) -> Any:
    """The value of a node's attribute."""
    from onnx import helper

    return next((helper.get_attribute_value(one) for one in node.attribute if one.name == name), default)


def has_plain_weights(graph: OnnxGraph, node: Node) -> bool:
    """Whether the weights of a convolution are known and over two dimensions."""
    weights = graph.weights.get(node.input[1])
    known = all(name in graph.weights for name in node.input[2:])
    return weights is not None and weights.ndim == 4 and known


def is_dense(graph: OnnxGraph, node: Node) -> bool:
    """Whether it is a convolution in which every channel reads all others."""
    return node.op_type == "Conv" and attribute(node, "group", 1) == 1 and has_plain_weights(graph, node)


def made_channels(graph: OnnxGraph, node: Node) -> int:
    """Channels that a convolution makes."""
    shape = graph.weights[node.input[1]].shape
    return int(shape[0] if node.op_type == "Conv" else shape[1] * attribute(node, "group", 1))


def _copy(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy

"""Write the trained unwarping network in the forms PaddleOCR loads: ``python -m training.export_unwarping``.

Both forms are the same steps over the same numbers. They take a page as PaddleX feeds it to UVDoc (BGR,
float32 0 … 1, (N, 3, H, W) of any size), shrink it, look twice, and sample the page itself along the grid: a
page of the same size, in the same colours. Where the grid would move nothing by ``STILL`` of the frame, it
moves nothing at all.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from torch import nn

from training.export_recognition import fold, write_checksums
from training.splines import extension
from training.unwarping_network import DILATIONS, TRUNK, UNIT, UnwarpingNetwork
from training.unwarping_onnx import HALF_A_LEVEL, MODEL_NAME, STILL, Array, onnx_model
from training.warped_pages import GRID_HW, PAGE_HW


def folded_weights(network: UnwarpingNetwork) -> dict[str, Array]:
    """Every learned tensor of the exported graph by name."""
    weights: dict[str, Array] = {}

    def add(name: str, weight: Any, bias: Any) -> None:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = np.asarray(weight), np.asarray(bias)

    blocks = {f"trunk{number}": block for number, block in enumerate(network.trunk)}
    blocks |= {f"context{number}": block for number, block in enumerate(network.context)}
    for name, block in (blocks | {"squeeze": network.squeeze}).items():
        assert isinstance(block, nn.Sequential)
        add(name, *fold(block[0], block[1]))
    add("local", network.local.weight.detach() * UNIT, network.local.bias.detach() * UNIT)  # type: ignore[union-attr]
    for name, layer, unit in (("hidden", network.hidden, 1.0), ("whole", network.whole, UNIT)):
        add(name, layer.weight.detach().T.contiguous() * unit, layer.bias.detach() * unit)
    return weights


def fixed_arrays(network: UnwarpingNetwork) -> dict[str, Array]:
    """The constant matrices of the graph by name."""
    fixed = {
        name: getattr(network, name).numpy() for name in ("cells_to_rows", "rows_to_page", "pixels", "places")
    }
    for name in ("cells_to_columns", "columns_to_page"):
        fixed[name] = getattr(network, name).T.contiguous().numpy()
    for name, page, nodes in zip(("rows", "columns"), PAGE_HW, GRID_HW, strict=True):
        fixed[f"{name}.low"] = np.arange(page, dtype=np.float32) / page
        fixed[f"{name}.high"] = (np.arange(page, dtype=np.float32) + 1) / page
        fixed[f"{name}.nodes"] = np.arange(-1, nodes + 1, dtype=np.float32)
        fixed[f"{name}.extension"] = extension(nodes)
    return fixed


def save_paddle(weights: dict[str, Array], fixed: dict[str, Array], out: Path, still: float = STILL) -> None:
    """The same graph as ``inference.json`` and ``inference.pdiparams``."""
    import paddle
    from paddle.nn import functional

    class Graph(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, array in (weights | fixed).items():
                initial = paddle.nn.initializer.Assign(array)
                parameter = self.create_parameter(array.shape, default_initializer=initial)
                self.add_parameter(name.replace(".", "_"), parameter)

        def get(self, layer: str, part: str) -> "paddle.Tensor":
            return getattr(self, f"{layer}_{part}")

        def convolution(self, layer: str, x: "paddle.Tensor", **options: Any) -> "paddle.Tensor":
            padding = weights[f"{layer}.weight"].shape[-1] // 2 * options.get("dilation", 1)
            weight, bias = self.get(layer, "weight"), self.get(layer, "bias")
            return functional.conv2d(x, weight, bias, padding=padding, **options)

        def look(self, pages: "paddle.Tensor") -> "paddle.Tensor":
            # Pooling, for Paddle's mean prints a line of its own whenever oneDNN is on.
            centred = pages - functional.adaptive_avg_pool2d(pages, 1)
            x = centred / (functional.adaptive_avg_pool2d(centred * centred, 1).sqrt() + 0.05)
            for number in range(len(TRUNK)):
                x = functional.relu(self.convolution(f"trunk{number}", x, stride=2))
            for number, dilation in enumerate(DILATIONS):
                x = x + functional.relu(self.convolution(f"context{number}", x, dilation=dilation))
            local = self.cells_to_rows @ self.convolution("local", x) @ self.cells_to_columns
            hidden = functional.relu(self.convolution("squeeze", x)).flatten(1)
            hidden = functional.relu(hidden @ self.hidden_weight + self.hidden_bias)
            whole = hidden @ self.whole_weight + self.whole_bias
            return local + whole.reshape([-1, 2, *GRID_HW])

        def sample(self, image: "paddle.Tensor", grid: "paddle.Tensor") -> "paddle.Tensor":
            return functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)

        def moved(self, places: "paddle.Tensor", displacement: "paddle.Tensor") -> "paddle.Tensor":
            return (displacement.transpose([0, 2, 3, 1]) + places) * 2 - 1

        def shrink(self, axis: str, count: "paddle.Tensor", length: "paddle.Tensor") -> "paddle.Tensor":
            low, high = self.get(axis, "low") * length, self.get(axis, "high") * length
            overlap = functional.relu(paddle.minimum(high, count + 1) - paddle.maximum(low, count))
            return overlap / (length / PAGE_HW[axis == "columns"])

        def spline(self, axis: str, middles: "paddle.Tensor") -> "paddle.Tensor":
            at = middles * (GRID_HW[axis == "columns"] - 1)
            t = (at - self.get(axis, "nodes")).abs().clip(max=2)
            near = (t * 1.5 - 2.5) * (t * t) + 1
            far = (t * -0.5 + 2.5) * (t * t) - t * 4 + 2
            return paddle.where(t < 1, near, far) @ self.get(axis, "extension")

        def forward(self, image: "paddle.Tensor") -> "paddle.Tensor":
            shape = paddle.shape(image)
            height, width = shape[2], shape[3]
            rows, columns = height.astype("float32"), width.astype("float32")
            row = paddle.arange(height).astype("float32").unsqueeze(1)
            column = paddle.arange(width).astype("float32").unsqueeze(1)
            small = ((image[:, 0] + image[:, 1] + image[:, 2]) / 3) @ self.shrink("columns", column, columns)
            small = (self.shrink("rows", row, rows).t() @ small).unsqueeze(1)
            first = self.look(small)
            enlarged = self.rows_to_page @ first @ self.columns_to_page
            rest = self.look(self.sample(small, self.moved(self.pixels, enlarged)))
            both = rest + self.sample(enlarged, self.moved(self.places, rest))
            moves = both.abs().amax([1, 2, 3], keepdim=True) > still
            both = both * moves.astype("float32")
            nodes = self.moved(self.places, both).flatten(2)
            right = self.spline("columns", (column + 0.5) / columns).t().unsqueeze(1).unsqueeze(3)
            right = (right * paddle.eye(2).reshape([1, 2, 1, 2])).reshape([2 * GRID_HW[1], -1])
            grid = self.spline("rows", (row + 0.5) / rows) @ nodes @ right
            grid = grid.reshape([shape[0], height, width, 2])
            return self.sample(image, grid) + HALF_A_LEVEL

    graph = Graph()
    graph.eval()
    spec = paddle.static.InputSpec([None, 3, None, None], "float32", "image")
    with tempfile.TemporaryDirectory() as folder:
        paddle.jit.save(graph, f"{folder}/inference", input_spec=[spec])
        for name in ("inference.json", "inference.pdiparams"):
            (out / name).write_bytes((Path(folder) / name).read_bytes())


def load_network(checkpoint: Path) -> UnwarpingNetwork:
    """The averaged network of a checkpoint, ready to compute."""
    network = UnwarpingNetwork()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    network.load_state_dict(
        {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
    )
    return network.eval()


def export(checkpoint: Path, out: Path) -> None:
    """Write all four files of the model and the checksums of the folder above."""
    network = load_network(checkpoint)
    weights, fixed = folded_weights(network), fixed_arrays(network)
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(weights, fixed), out / "inference.onnx")
    save_paddle(weights, fixed, out)
    configuration = {"Global": {"model_name": MODEL_NAME}}
    (out / "inference.yml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    write_checksums(out.parent)
    for path in sorted(out.iterdir()):
        print(f"{path.name:<22}{path.stat().st_size / 1e6:6.2f} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path("build/training/unwarping/checkpoint.pt")
    )
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/starter_models") / MODEL_NAME)
    args = parser.parse_args()
    export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()

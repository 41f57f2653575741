"""The numbers of the exported unwarping network, by name: what is learned and what is fixed.

Batch norms are folded into their convolutions and the heads' units into their last layers.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.batch_norms import fold
from training.splines import extension
from training.unwarping_network import (
    BEND_UNIT,
    CORNER_UNIT,
    EDGES,
    FACTORS,
    HALVED_SIGMAS,
    MARGIN,
    PATCHES,
    SIGMAS,
    STRUCTURE,
    TEXTURE,
    UnwarpingNetwork,
    middles,
    planes,
)
from training.warped_pages import GRID_HW, PAGE_HW

MODEL_NAME = "UVDoc"
# The farthest that a page counted as flat is moved by, in shares of the frame.
STILL = 0.012
# PaddleX cuts the decimals off where it makes bytes of the result: half a level turns that into rounding.
HALF_A_LEVEL = 0.5 / 255
# Units that go into the weights: of convolutions without a batch norm, and of fully connected layers.
PLAIN_UNITS = {
    "back": 1.0, "dense": 1.0, "corner_squeeze": 1.0, "column_strips": BEND_UNIT, "row_strips": BEND_UNIT,
}  # fmt: skip
LINEAR_UNITS = {
    "corner_hidden": 1.0, "corner_factors": CORNER_UNIT, "bends_of_dense": BEND_UNIT,
    "fit_first": 1.0, "fit_second": 1.0, "fit_last": BEND_UNIT,
}  # fmt: skip
Array = NDArray[np.float32]
Arrays = dict[str, Array]


def blocks_of(network: UnwarpingNetwork) -> dict[str, nn.Module]:
    """Convolutions with a batch norm, by their names in the graph."""
    names = ("patches", "strokes", "texture", "coarse", "dense_features", "bend_features")
    blocks = {name: getattr(network, name) for name in names}
    blocks |= {f"fine{number}": block for number, block in enumerate(network.fine)}
    return blocks | {f"context{number}": block for number, block in enumerate(network.context)}


def structure_order() -> NDArray[np.int64]:
    """Which features of structure the graph has in turn: sines of all sigmas of a page, cosines, energies."""
    sizes = np.cumsum([0, 3 * len(HALVED_SIGMAS), 3 * len(SIGMAS)])
    return np.concatenate([np.arange(first, end).reshape(-1, 3).T.ravel() for first, end in pairwise(sizes)])


def learned_arrays(network: UnwarpingNetwork) -> Arrays:
    """Every learned tensor of the exported graph by name."""
    arrays: Arrays = {}

    def add(name: str, weight: Any, bias: Any, unit: float = 1.0) -> None:
        for part, values in (("weight", weight), ("bias", bias)):
            arrays[f"{name}.{part}"] = np.ascontiguousarray(values, np.float32) * np.float32(unit)

    for name, block in blocks_of(network).items():
        assert isinstance(block, nn.Sequential)
        add(name, *fold(block[0], block[1]))
    for name, unit in PLAIN_UNITS.items():
        layer = getattr(network, name)
        add(name, layer.weight.detach(), layer.bias.detach(), unit)
    for name, unit in LINEAR_UNITS.items():
        layer = getattr(network, name)
        add(name, layer.weight.detach().T, layer.bias.detach(), unit)
    arrays["fit_first.weight"] /= np.float32(CORNER_UNIT)
    norm = network.structure_norm
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    order = structure_order()
    shift = norm.bias.detach() - norm.running_mean * scale
    add("structure", *(values[order][:, None, None] for values in (scale, shift)))
    channels = np.arange(PATCHES + STRUCTURE + TEXTURE)
    channels[PATCHES : PATCHES + STRUCTURE] = PATCHES + order
    arrays["fine0.weight"] = np.ascontiguousarray(arrays["fine0.weight"][:, channels])
    return arrays


def x_before_y(kernels: Any) -> Array:
    """Kernels along x and y in turn → all along x, then all along y."""
    array = kernels.numpy()
    return np.concatenate([array[0::2], array[1::2]])


def fixed_arrays(network: UnwarpingNetwork) -> Arrays:
    """The constants of the graph by name."""
    places = network.places.numpy()
    fixed: Arrays = {
        "derivatives": x_before_y(network.derivatives),
        "halved_derivatives": x_before_y(network.halved_derivatives),
        "cells_to_rows": network.to_rows.numpy().T.copy(),
        "cells_to_columns": network.to_columns.numpy().T.copy(),
        "places": places.transpose(1, 2, 0).copy(),
        "nodes_to_corners": FACTORS.numpy().T.copy(),
        # The bilinear displacement of the page's corners, by its factors.
        "factors_to_corners": planes(EDGES, EDGES).numpy(),
        "off_middle": (places - 0.5).reshape(2, -1),
        # Twice the distances from the middle, as factors of ``bilinear``: GridSample counts from -1 to 1.
        "straight": np.array([[[0, 2], [0, 0]], [[0, 0], [2, 0]]], np.float32),
    }
    for name, page, nodes in zip(("rows", "columns"), PAGE_HW, GRID_HW, strict=True):
        at = middles(page, MARGIN).numpy() - 0.5
        fixed[f"{name}.seen"] = np.stack([np.ones_like(at), at], axis=1)
        fixed[f"{name}.low"] = np.arange(page, dtype=np.float32) / np.float32(page)
        fixed[f"{name}.high"] = np.arange(1, page + 1, dtype=np.float32) / np.float32(page)
        fixed[f"{name}.nodes"] = np.arange(-1, nodes + 1, dtype=np.float32)
        fixed[f"{name}.extension"] = extension(nodes)
    fixed["columns.seen"] = fixed["columns.seen"].T.copy()
    return fixed

"""The unwarping network out of its exported form, to write it anew or to train it on."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from training.batch_norms import plain_norm
from training.unwarping_arrays import LINEAR_UNITS, PLAIN_UNITS, Arrays, blocks_of, structure_order
from training.unwarping_network import CORNER_UNIT, PATCHES, UnwarpingNetwork


def restore(exported: Path) -> UnwarpingNetwork:
    """The network that an ``inference.onnx`` of ``export_unwarping`` holds, ready to compute.

    The export folds each batch norm into its convolution: here every batch norm only adds the bias.
    """
    network = UnwarpingNetwork().eval()
    arrays = _without_padding(
        {
            tensor.name: numpy_helper.to_array(tensor).copy()
            for tensor in onnx.load(exported).graph.initializer
        }
    )
    order = structure_order()
    channels = np.arange(arrays["fine0.weight"].shape[1])
    channels[PATCHES + order] = PATCHES + np.arange(len(order))
    arrays["fine0.weight"] = arrays["fine0.weight"][:, channels]
    arrays["fit_first.weight"] = arrays["fit_first.weight"] * np.float32(CORNER_UNIT)
    with torch.no_grad():
        for name, block in blocks_of(network).items():
            assert isinstance(block, nn.Sequential) and isinstance(block[0], nn.Conv2d)
            block[0].weight.copy_(torch.from_numpy(arrays[f"{name}.weight"]))
            bias = torch.from_numpy(arrays[f"{name}.bias"])
            plain_norm(block[1], torch.ones_like(bias), bias)
        scale, shift = (np.empty(len(order), np.float32) for _ in range(2))
        scale[order], shift[order] = (arrays[f"structure.{part}"].ravel() for part in ("weight", "bias"))
        plain_norm(network.structure_norm, torch.from_numpy(scale), torch.from_numpy(shift))
        for units, turned in ((PLAIN_UNITS, False), (LINEAR_UNITS, True)):
            for name, unit in units.items():
                layer = getattr(network, name)
                weight = arrays[f"{name}.weight"] / np.float32(unit)
                layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T if turned else weight)))
                layer.bias.copy_(torch.from_numpy(arrays[f"{name}.bias"] / np.float32(unit)))
    return network


def _without_padding(arrays: Arrays) -> Arrays:
    """Without the channels of 0 that ``unwarping_onnx.whole_blocks`` puts behind the patches."""
    empty = len(arrays["patches.bias"]) - PATCHES
    for name in ("patches.weight", "patches.bias"):
        arrays[name] = arrays[name][:PATCHES]
    arrays["fine0.weight"] = np.delete(arrays["fine0.weight"], np.arange(PATCHES, PATCHES + empty), axis=1)
    return arrays

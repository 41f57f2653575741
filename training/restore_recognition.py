"""Take the exported recogniser up again for more training."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.batch_norms import live_norms, plain_norm
from training.recognition_network import RecognitionNetwork


def restore(network: RecognitionNetwork, exported: Path, lines: Tensor) -> None:
    """Fill the network from an ``inference.onnx`` of ``export_recognition``; it computes the same afterwards.

    The export folds each batch norm into its convolution. Here every batch norm gets the mean and variance
    that ``lines`` (N, 1, 48, W) show, and the gain and bias that undo them: training goes on from there.
    """
    graph = onnx.load(exported).graph
    weights = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    weights["trunk0.weight"] = weights["trunk0.weight"].sum(1, keepdim=True)
    blocks = {f"trunk{number}": block for number, block in enumerate(network.trunk)}
    blocks |= {"fold": network.fold}
    blocks |= {f"context{number}": block for number, block in enumerate(network.context)}
    with torch.no_grad():
        for name, block in blocks.items():
            assert isinstance(block, nn.Sequential) and isinstance(block[0], nn.Conv2d)
            block[0].weight.copy_(weights[f"{name}.weight"])
            bias = weights[f"{name}.bias"]
            plain_norm(block[1], torch.ones_like(bias), bias)
        network.split.weight.copy_(weights["split.weight"])
        network.split.bias.copy_(weights["split.bias"])  # type: ignore[union-attr]
        network.head.weight.copy_(weights["head.weight"].T)
        network.head.bias.copy_(weights["head.bias"])
    live_norms(network.eval(), [lines])
    network.train()

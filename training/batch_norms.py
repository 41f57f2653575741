"""Batch norms folded into their convolutions, as a network is exported, and taken up again for training."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float32]


def fold(convolution: nn.Module, norm: nn.Module) -> tuple[Array, Array]:
    """Weight and bias of one convolution that does what the convolution and its batch norm do."""
    assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    weight = convolution.weight.detach() * scale[:, None, None, None]
    bias = norm.bias.detach() - norm.running_mean * scale
    return weight.numpy().astype(np.float32), bias.numpy().astype(np.float32)


def plain_norm(norm: nn.Module, scale: Tensor, shift: Tensor) -> None:
    """Make a batch norm do no more than ``scale * x + shift`` (C,); where no gradients are kept."""
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.copy_(scale)
    norm.bias.copy_(shift)


def live_norms(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Let batch norms normalise again, so that training can go on; the network computes the same as before.

    Each gets the mean and variance of what goes through it, and the gain and bias that undo them.

    Args:
        network: in evaluation; every norm of it is used.
        inputs: what it is called with, one after the other, all of one size.

    """
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    seen: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, given: tuple[Tensor, ...], _output: Tensor) -> None:
        (values,) = given
        seen[norm].append(torch.stack(torch.var_mean(values, dim=(0, 2, 3), correction=0)))

    hooks = [norm.register_forward_hook(note) for norm in norms]
    with torch.no_grad():
        for one in inputs:
            network(one)
        for hook in hooks:
            hook.remove()
        for norm in norms:
            assert norm.running_mean is not None and norm.running_var is not None
            variances, means = torch.stack(seen[norm], dim=1)
            mean, variance = means.mean(0), variances.mean(0) + means.var(0, correction=0)
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            norm.bias += (mean - norm.running_mean) * scale
            norm.weight.copy_(scale * (variance + norm.eps).sqrt())
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)

"""Batch norms of a network that was exported, which folds them into their convolutions, and back again."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def plain_norm(norm: nn.Module, scale: Tensor, shift: Tensor) -> None:
    """Make a batch norm do no more than ``scale * x + shift`` (C,)."""
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
    with torch.no_grad():
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.copy_(scale)
        norm.bias.copy_(shift)


def live_norms(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Let batch norms normalise again, so that training can go on; the network computes the same as before.

    Each gets the mean and variance of what goes through it, and the gain and bias that undo them.

    Args:
        network: in evaluation; every norm of it is used.
        inputs: what it is called with, one after the other.

    """
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    seen: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, given: tuple[Tensor, ...], _output: Tensor) -> None:
        (values,) = given
        seen[norm].append(torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))]))

    hooks = [norm.register_forward_hook(note) for norm in norms]
    with torch.no_grad():
        for one in inputs:
            network(one)
        for hook in hooks:
            hook.remove()
        for norm in norms:
            assert norm.running_mean is not None and norm.running_var is not None
            mean, square = torch.stack(seen[norm]).mean(0)
            variance = (square - mean.square()).clamp(min=0)
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            norm.bias += (mean - norm.running_mean) * scale
            norm.weight.copy_(scale * (variance + norm.eps).sqrt())
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)

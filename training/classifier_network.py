"""The small network of the two orientation classifiers; only training needs it, and PyTorch."""

import torch
from torch import Tensor, nn

from training.classifier_plan import Plan, convolutions


class ClassifierNetwork(nn.Module):
    """Convolutions with batch norm and ReLU, the mean over the picture, a linear layer.

    Every place of the picture gives its evidence and the mean counts it: half a line of text, or a page
    with one paragraph, is judged by the same features as a full one.
    """

    def __init__(self, plan: Plan, classes: int) -> None:
        super().__init__()
        self.residual = [residual for _, _, residual in convolutions(plan)]
        self.blocks, inputs = nn.ModuleList(), 1
        for channels, stride, _ in convolutions(plan):
            layer = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
            self.blocks.append(nn.Sequential(layer, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)))
            inputs = channels
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(inputs, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Grey images float (N, 1, H, W) in -1…1 to logits (N, classes)."""
        features = images
        for layer, residual in zip(self.blocks, self.residual, strict=True):
            features = features + layer(features) if residual else layer(features)
        return torch.as_tensor(self.head(self.dropout(features.mean(dim=(2, 3)))))

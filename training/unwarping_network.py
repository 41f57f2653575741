"""The starter unwarping network: a small grey page in, a smooth grid of source places out.

The network looks twice. From the first look comes a grid; the page is flattened by it, and the second look,
by the same layers, sees what was left over.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.splines import linear_matrix, shrink_matrix, spline_matrix
from training.warped_pages import GRID_HW, PAGE_HW

TRUNK = [(16, 5), (48, 3), (96, 3), (128, 3)]  # channels and kernel of the convolutions of stride 2
DILATIONS = [1, 2, 4, 1, 2, 4]
UNIT = 0.02  # what 1 in the heads' output means, in shares of the frame: about as far as pages are moved
GLOBAL, HIDDEN = 8, 256  # channels and width of the head that sees the whole page at once


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU; keeps the size but for its stride."""
    padding = kernel // 2 * dilation
    layers = (
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
    return nn.Sequential(*layers)


class UnwarpingNetwork(nn.Module):
    """Grey pages (N, 1, *PAGE_HW) in 0 … 1 → two displacements (N, 2, *GRID_HW), of one look and of both.

    A displacement is (x, y) of the source less the place on the flat page, in shares of the frame.
    """

    def __init__(self) -> None:
        super().__init__()
        trunk: list[nn.Module] = []
        channels = 1
        for outputs, kernel in TRUNK:
            trunk.append(convolution(channels, outputs, kernel, 2))
            channels = outputs
        self.trunk = nn.Sequential(*trunk)
        self.context = nn.ModuleList(convolution(channels, channels, 3, 1, rate) for rate in DILATIONS)
        self.local = nn.Conv2d(channels, 2, 3, padding=1)
        self.squeeze = convolution(channels, GLOBAL, 1)
        rows, columns = (side // 2 ** len(TRUNK) for side in PAGE_HW)
        self.hidden = nn.Linear(GLOBAL * rows * columns, HIDDEN)
        self.whole = nn.Linear(HIDDEN, 2 * GRID_HW[0] * GRID_HW[1])
        # The identity at first: noise in the grid would teach the layers below to fall silent.
        for head in (self.local, self.whole):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        # Fixed matrices: from the trunk's cells to the grid's places, from the grid to the page's pixels.
        for name, matrix in (
            ("cells_to_rows", linear_matrix(GRID_HW[0], rows)),
            ("cells_to_columns", linear_matrix(GRID_HW[1], columns)),
            ("rows_to_page", spline_matrix(PAGE_HW[0], GRID_HW[0])),
            ("columns_to_page", spline_matrix(PAGE_HW[1], GRID_HW[1])),
        ):
            self.register_buffer(name, torch.from_numpy(matrix), persistent=False)
        y, x = ((torch.arange(side) + 0.5) / side for side in PAGE_HW)
        pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        y, x = (torch.linspace(0, 1, side) for side in GRID_HW)
        self.register_buffer("pixels", pixels, persistent=False)  # (*PAGE_HW, 2)
        places = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        self.register_buffer("places", places, persistent=False)  # (*GRID_HW, 2)

    def look(self, pages: Tensor) -> Tensor:
        """The displacement of one look."""
        mean = pages.mean((1, 2, 3), keepdim=True)
        deviation = (pages - mean).square().mean((1, 2, 3), keepdim=True).sqrt()
        exact = torch.autocast(pages.device.type, enabled=False)
        features = self.trunk((pages - mean) / (deviation + 0.05))
        for block in self.context:
            features = features + block(features)
        local = self.local(features).float()
        with exact:
            local = self.cells_to_rows @ local @ self.cells_to_columns.T
        hidden = functional.relu(self.hidden(self.squeeze(features).flatten(1)))
        return cast(Tensor, UNIT * (local + self.whole(hidden).float().view(-1, 2, *GRID_HW)))

    def enlarge(self, displacement: Tensor) -> Tensor:
        """(N, 2, *GRID_HW) → (N, 2, *PAGE_HW), along smooth curves through the grid's places."""
        return cast(Tensor, self.rows_to_page @ displacement @ self.columns_to_page.T)

    def second_look(self, pages: Tensor, first: Tensor) -> Tensor:
        """Both looks together: the second sees the page as the first displacement flattens it."""
        exact = torch.autocast(pages.device.type, enabled=False)  # bfloat16 is too coarse for places
        with torch.no_grad(), exact:
            enlarged = self.enlarge(first)
            flattened = sample(pages, self.pixels + enlarged.permute(0, 2, 3, 1))
        rest = self.look(flattened)
        with exact:
            return rest + sample(enlarged, self.places + rest.permute(0, 2, 3, 1))

    def forward(self, pages: Tensor) -> tuple[Tensor, Tensor]:
        """Displacements after the first and after the second look."""
        first = self.look(pages)
        return first, self.second_look(pages, first)


def sample(image: Tensor, places: Tensor) -> Tensor:
    """``image`` (N, C, H, W) looked at in ``places`` (N, h, w, 2): 0 is left and top, 1 right and bottom."""
    return functional.grid_sample(image, places * 2 - 1, padding_mode="border", align_corners=False)


def unwarp(network: UnwarpingNetwork, image: Tensor, still: float) -> Tensor:
    """Flatten pages (N, 3, H, W), 0 … 1; those that the grid moves by ``still`` at most stay as they are."""
    height, width = image.shape[2:]
    rows, columns, down, right = map(
        torch.from_numpy,
        (
            shrink_matrix(height, PAGE_HW[0]),
            shrink_matrix(width, PAGE_HW[1]),
            spline_matrix(height, GRID_HW[0]),
            spline_matrix(width, GRID_HW[1]),
        ),
    )
    _, both = network((rows @ image.mean(1) @ columns.T)[:, None])
    both = both * (both.abs().amax((1, 2, 3), keepdim=True) > still)
    nodes = both + network.places.permute(2, 0, 1)
    return sample(image, (down @ nodes @ right.T).permute(0, 2, 3, 1))

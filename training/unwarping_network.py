"""The starter unwarping network: a small grey page in, a smooth grid of source places out.

The network looks through the same trunk three times. The first look, at the whole photo, finds where the
page's corners lie; the page is straightened by them, with a margin round it, and the second look sees how it
is bent. The third is another second look, at the page straightened by the corners of what that one found.
A page that lies flat is left alone after the first look or the second.

Where the page is, which way its lines and columns run and how much they are stretched is a dense output of
every look: it is learned from far more right answers than a grid has, and the heads read it. At last the
whole grid is corrected by itself: how a page's outline bends says much of how its inside is foreshortened.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.splines import linear_matrix, shrink_matrix, spline_matrix
from training.warped_pages import CELLS_HW, GRID_HW, PAGE_HW

MARGIN = 0.06  # seen round the straightened page, in shares of it: the page's edges must stay in sight
# Of the Gaussian derivatives, in pixels of the page and of the halved page; how far they are followed.
SIGMAS, HALVED_SIGMAS, REACH = (0.8,), (0.7, 1.5), 5
STRUCTURE = 3 * (len(SIGMAS) + len(HALVED_SIGMAS))  # channels of the fixed features
STROKES, TEXTURE, PATCHES = 16, 32, 24  # and of the learned ones: of the page, and of the halved page
FINE = [(48, 1), (80, 2), (80, 1)]  # channels and stride, from an eighth of PAGE_HW to CELLS_HW
CHANNELS = 112  # at half of CELLS_HW
DILATIONS = [1, 2, 4, 1, 2, 1]
DENSE = 5  # the mask's logit, the slopes of lines and of columns, how much lines and columns are stretched
BENDING = 3  # of these, what the bends are read from directly; stretch is summed up along strips
SQUEEZED, HIDDEN, STRIP = 12, 128, 32  # channels of the heads
FITTED = 192  # channels of the last correction
COARSE_HW = (CELLS_HW[0] // 2, CELLS_HW[1] // 2)
SLOPE_UNIT, STRETCH_UNIT = 0.3, 0.3  # what 1 in the dense output means as a slope, as a logarithm of a scale
CORNER_UNIT, BEND_UNIT = 0.1, 0.02  # and in the heads' output, in shares of the frame
# A page that lies flat goes without further looks: at the first its corners are moved by so many shares of
# the frame at most, and lines and columns have no greater mean slope in the dense output; or at the second no
# place is moved by more. Of 2,382 photos that three looks move, these limits leave out none; of 1,074 that
# they leave as they are, 96 % go without a second look.
QUIET_CORNERS, QUIET_SLOPE, QUIET_BENDS = 0.004, 0.01, 0.006
NODES_Y, NODES_X = (torch.linspace(0, 1, side) for side in GRID_HW)
PLACES = torch.stack(torch.meshgrid(NODES_X, NODES_Y, indexing="xy"))  # of the grid: (2, *GRID_HW)


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1, padding: int | None = None
) -> nn.Sequential:
    """Convolution, batch norm, ReLU; keeps the size but for its stride."""
    around = kernel // 2 * dilation if padding is None else padding
    layers = (
        nn.Conv2d(inputs, outputs, kernel, stride, around, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
    return nn.Sequential(*layers)


def derivative_kernels(sigmas: tuple[float, ...]) -> Tensor:
    """Derivatives of Gaussians along x and y, for each of ``sigmas``: (2 * len(sigmas), 1, side, side)."""
    kernels = []
    for sigma in sigmas:
        at = torch.arange(-REACH, REACH + 1).float()
        level = torch.exp(-at.square() / (2 * sigma**2))
        level = level / level.sum()
        steep = at * level / sigma
        kernels += [level[:, None] * steep, steep[:, None] * level]
    return torch.stack(kernels)[:, None]


def middles(cells: int, margin: float = 0.0) -> Tensor:
    """The middles of ``cells`` that reach from ``-margin`` to ``1 + margin``."""
    return -margin + (1 + 2 * margin) * (torch.arange(cells) + 0.5) / cells


def bilinear(corners: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """The bilinear displacement (N, 2, len(y), len(x)) on rows ``y`` and columns ``x`` of the page.

    ``corners`` (N, 2, 4): factors of 1, x - ½, y - ½ and (x - ½)(y - ½), for the displacement's x and y.
    """
    down, across = (torch.stack([torch.ones_like(at), at - 0.5], 1).to(corners.device) for at in (y, x))
    return cast(Tensor, down @ corners.view(-1, 2, 2, 2) @ across.T)


def planes(y: Tensor, x: Tensor) -> Tensor:
    """(4, len(y) * len(x)): what 1 of each factor of ``bilinear`` displaces places by."""
    return bilinear(torch.eye(4).repeat_interleave(2, 0).view(4, 2, 4), y, x)[:, 0].flatten(1)


FACTORS = torch.linalg.pinv(planes(NODES_Y, NODES_X).T)  # (4, nodes): least squares for these factors
EDGES = torch.tensor([0.0, 1.0])  # of the page, along either axis


def corners_of(displacement: Tensor) -> Tensor:
    """Factors (N, 2, 4) of the bilinear displacement that comes nearest to this one (N, 2, *GRID_HW)."""
    return displacement.flatten(2) @ FACTORS.to(displacement.device).T


def bilinear_at(corners: Tensor, places: Tensor) -> Tensor:
    """The same displacement at places (N, 2, h, w), x before y."""
    x, y = (places[:, k : k + 1] - 0.5 for k in range(2))
    level, along, down, both = (corners[:, :, k, None, None] for k in range(4))
    return level + along * x + (down + both * x) * y


class UnwarpingNetwork(nn.Module):
    """Grey pages (N, 1, *PAGE_HW) in 0 … 1 → the displacement (N, 2, *GRID_HW) of the grid's places.

    A displacement is (x, y) of the source less the place on the flat page, in shares of the frame.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patches = convolution(1, PATCHES, 8, 4, padding=2)
        self.strokes = convolution(1, STROKES, 8, 4, padding=2)
        self.texture = convolution(STROKES, TEXTURE, 4, 2, padding=1)
        self.structure_norm = nn.BatchNorm2d(STRUCTURE)
        fine: list[nn.Module] = []
        channels = PATCHES + STRUCTURE + TEXTURE
        for outputs, stride in FINE:
            fine.append(convolution(channels, outputs, 3, stride))
            channels = outputs
        self.fine = nn.Sequential(*fine)
        self.coarse = convolution(channels, CHANNELS, 3, 2)
        self.context = nn.ModuleList(convolution(CHANNELS, CHANNELS, 3, 1, rate) for rate in DILATIONS)
        self.back = nn.Conv2d(CHANNELS, channels, 1)
        self.dense_features = convolution(channels, 48, 3)
        self.dense = nn.Conv2d(48, DENSE, 1)
        cells = COARSE_HW[0] * COARSE_HW[1]
        self.corner_squeeze = nn.Conv2d(CHANNELS + DENSE, SQUEEZED, 1)
        self.corner_hidden = nn.Linear(SQUEEZED * cells, HIDDEN)
        self.corner_factors = nn.Linear(HIDDEN, 8)
        self.bend_features = convolution(CHANNELS + DENSE, STRIP, 1)
        self.column_strips = nn.Conv2d(STRIP, 2 * GRID_HW[0], (COARSE_HW[0], 3), padding=(0, 1))
        self.row_strips = nn.Conv2d(STRIP, 2 * GRID_HW[1], (3, COARSE_HW[1]), padding=(1, 0))
        nodes = 2 * GRID_HW[0] * GRID_HW[1]
        self.bends_of_dense = nn.Linear(BENDING * cells, nodes)
        self.fit_first, self.fit_second = nn.Linear(nodes, FITTED), nn.Linear(FITTED, FITTED)
        self.fit_last = nn.Linear(FITTED, nodes)
        # The identity at first: noise in the grid would teach the layers below to fall silent.
        heads = (self.corner_factors, self.column_strips, self.row_strips, self.bends_of_dense, self.fit_last)
        for head in heads:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        self.register_buffer("derivatives", derivative_kernels(SIGMAS), persistent=False)
        self.register_buffer("halved_derivatives", derivative_kernels(HALVED_SIGMAS), persistent=False)
        for name, nodes, count in zip(("to_rows", "to_columns"), GRID_HW, COARSE_HW, strict=True):
            matrix = torch.from_numpy(linear_matrix(nodes, count, MARGIN))
            self.register_buffer(name, matrix, persistent=False)
        self.register_buffer("places", PLACES, persistent=False)

    @staticmethod
    def structure_features(pages: Tensor, derivatives: Tensor, stride: int) -> Tensor:
        """Which way strokes run and how many there are, every 4 ``stride`` pixels.

        The structure tensor (Förstner and Gülch 1987) of each pair of derivatives over 8 ``stride`` pixels,
        taken every ``stride`` pixels: sin 2θ and cos 2θ, weighted by how much all strokes run alike, and the
        logarithm of the energy.
        """
        around = functional.pad(pages, (REACH,) * 4, mode="replicate")
        steep = functional.conv2d(around, derivatives, stride=stride)
        features = []
        for x, y in (steep[:, k : k + 2].unbind(1) for k in range(0, len(derivatives), 2)):
            products = torch.stack([x * x, y * y, x * y], 1)
            products = functional.avg_pool2d(products, 8, 4, 2)
            energy = products[:, 0] + products[:, 1] + 1e-3
            features += [2 * products[:, 2] / energy, (products[:, 0] - products[:, 1]) / energy]
            features.append(energy.log())
        return torch.stack(features, 1)

    def look(self, pages: Tensor) -> tuple[Tensor, Tensor]:
        """What one look finds: features (N, CHANNELS, *COARSE_HW), dense output (N, DENSE, *CELLS_HW)."""
        mean = pages.mean((1, 2, 3), keepdim=True)
        deviation = (pages - mean).square().mean((1, 2, 3), keepdim=True).sqrt()
        pages = (pages - mean) / (deviation + 0.05)
        halved = functional.avg_pool2d(pages, 2)
        with torch.autocast(pages.device.type, enabled=False):
            coarser = self.structure_features(halved, cast(Tensor, self.halved_derivatives), 1)
            structure = [coarser, self.structure_features(pages, cast(Tensor, self.derivatives), 2)]
            structure = self.structure_norm(torch.cat(structure, 1))
        texture = self.texture(self.strokes(pages))
        fine = self.fine(torch.cat([self.patches(halved), structure, texture], 1))
        features = self.coarse(fine)
        for block in self.context:
            features = features + block(features)
        back = functional.interpolate(self.back(features), scale_factor=2)
        dense = self.dense(self.dense_features(functional.relu(fine + back)))
        return features, dense

    def corners(self, features: Tensor, dense: Tensor) -> Tensor:
        """Factors (N, 2, 4) of ``bilinear``, from the first look."""
        features = torch.cat([features, functional.avg_pool2d(dense, 2)], 1)
        hidden = functional.relu(self.corner_hidden(self.corner_squeeze(features).flatten(1)))
        return cast(Tensor, CORNER_UNIT * self.corner_factors(hidden).float().view(-1, 2, 4))

    def bends(self, features: Tensor, dense: Tensor) -> Tensor:
        """What the corners leave over (N, 2, *GRID_HW), from the second look."""
        pooled = functional.avg_pool2d(dense, 2)
        strips = self.bend_features(torch.cat([features, pooled], 1))
        columns = self.column_strips(strips).float().view(-1, 2, GRID_HW[0], COARSE_HW[1])
        rows = self.row_strips(strips).float().view(-1, 2, GRID_HW[1], COARSE_HW[0])
        with torch.autocast(features.device.type, enabled=False):
            found = columns @ self.to_columns.T + (rows @ self.to_rows.T).transpose(2, 3)
        direct = self.bends_of_dense(pooled[:, :BENDING].flatten(1)).view_as(found)
        return cast(Tensor, BEND_UNIT * (found + direct))

    def together(self, corners: Tensor, bends: Tensor) -> Tensor:
        """The displacement of both looks: the bends, and at the bent places the bilinear part."""
        return bends + bilinear_at(corners, bends + self.places)

    def fitted(self, displacement: Tensor) -> Tensor:
        """A displacement (N, 2, *GRID_HW), corrected by what is known of bent pages."""
        hidden = functional.relu(self.fit_first(displacement.flatten(1) / CORNER_UNIT))
        correction = self.fit_last(functional.relu(self.fit_second(hidden)))
        return displacement + BEND_UNIT * correction.float().view_as(displacement)

    def second_look(self, pages: Tensor, corners: Tensor) -> Tensor:
        """The displacement, from a look at pages straightened by these factors of its bilinear part."""
        bends = self.bends(*self.look(margin_view(pages, corners)))
        return self.fitted(self.together(corners, bends))

    def unsettled(self, corners: Tensor, dense: Tensor) -> Tensor:
        """Which pages (N, 1, 1, 1) need a second look: not those that lie flat at the first."""
        steep = functional.avg_pool2d(dense, 2)[:, 1:3].abs().mean((2, 3), keepdim=True).amax(1, keepdim=True)
        return farther(bilinear(corners, EDGES, EDGES), QUIET_CORNERS) | (steep > QUIET_SLOPE)

    def settled(self, pages: Tensor, still: float) -> Tensor:
        """The displacement; 0 for pages that lie flat at a look, or that it moves by ``still`` at most."""
        features, dense = self.look(pages)
        corners = self.corners(features, dense)
        found = self.second_look(pages, corners) * self.unsettled(corners, dense)
        found = found * farther(found, QUIET_BENDS)
        again = self.second_look(pages, corners_of(found)) * farther(found, 0.0)
        return again * farther(again, still)

    def forward(self, pages: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The displacement, the factors of its bilinear part, and the first look's dense output."""
        features, dense = self.look(pages)
        corners = self.corners(features, dense)
        found = self.second_look(pages, corners)
        return self.second_look(pages, corners_of(found)), corners, dense


def farther(displacement: Tensor, limit: float) -> Tensor:
    """Which pages (N, 1, 1, 1) a displacement (N, 2, h, w) moves by more than ``limit`` somewhere."""
    return displacement.abs().amax((1, 2, 3), keepdim=True) > limit


def sample(image: Tensor, places: Tensor) -> Tensor:
    """``image`` (N, C, H, W) looked at in ``places`` (N, 2, h, w): 0 is left and top, 1 right and bottom."""
    grid = places.permute(0, 2, 3, 1) * 2 - 1
    return functional.grid_sample(image, grid, padding_mode="border", align_corners=False)


def margin_view(image: Tensor, corners: Tensor) -> Tensor:
    """``image`` (N, C, H, W) straightened by the bilinear displacement, MARGIN wider on each side."""
    y, x = (middles(side, MARGIN).to(image.device) for side in image.shape[2:])
    with torch.autocast(image.device.type, enabled=False):  # bfloat16 is too coarse for places
        moved = bilinear(corners, y, x)
        return sample(image, moved + torch.stack(torch.meshgrid(x, y, indexing="xy")))


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
    displacement = network.settled((rows @ image.mean(1) @ columns.T)[:, None], still)
    return sample(image, down @ (displacement + network.places) @ right.T)

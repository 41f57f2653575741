"""What each look of the unwarping network should find, and how far it is from that."""

import torch
from torch import Tensor
from torch.nn import functional

from training.unwarping_network import (
    MARGIN,
    NODES_X,
    NODES_Y,
    PLACES,
    SLOPE_UNIT,
    STRETCH_UNIT,
    bilinear,
    bilinear_at,
    middles,
)
from training.warped_pages import CELLS_HW

STRAIGHTNESS = 2.0  # weight of the error between neighbouring places: it is what bends a line
WEIGHTS = {"corners": 0.5, "bends": 0.5, "fit": 1.0, "mask": 8.0, "slopes": 80.0, "stretch": 40.0}
STEEPEST = 1.0  # slope, and logarithm of a scale; what is beyond counts as that


def on_grid(corners: Tensor) -> Tensor:
    """The bilinear displacement (N, 2, *GRID_HW)."""
    return bilinear(corners, NODES_Y, NODES_X)


def bends_of(displacement: Tensor, corners: Tensor) -> Tensor:
    """What the second look must find (N, 2, *GRID_HW) on a page straightened by ``corners``.

    Solves ``bends + bilinear(places + bends) = displacement`` by damped substitution.
    """
    places = PLACES.to(displacement.device)
    bends = displacement - on_grid(corners)
    for _ in range(8):
        bends = bends + 0.8 * (displacement - bends - bilinear_at(corners, places + bends))
    return bends


def mistaken(right: Tensor, found: Tensor, random: torch.Generator) -> Tensor:
    """Corners between the right ones and those found, or somewhat beyond them; a little noise besides."""
    share = 1.4 * torch.rand((len(right), 1, 1), generator=random)
    noise = 0.01 * torch.randn(right.shape, generator=random) * torch.rand(share.shape, generator=random)
    return right + share.to(right.device) * (found - right) + noise.to(right.device)


def cells_view(page_places: Tensor, corners: Tensor) -> Tensor:
    """``page_places`` (N, 2, *CELLS_HW) as the second look sees them, in the cells of ``margin_view``."""
    y, x = (middles(side, MARGIN).to(page_places.device) for side in CELLS_HW)
    at = bilinear(corners, y, x) + torch.stack(torch.meshgrid(x, y, indexing="xy"))
    grid = at.permute(0, 2, 3, 1) * 2 - 1
    return functional.grid_sample(page_places, grid, padding_mode="border", align_corners=False)


def dense_targets(page_places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the cells (N, ..., *CELLS_HW) show.

    Where the page lies (no further axis), 0 or 1; slopes (N, 2, ...) of its lines and columns; logarithms
    (N, 2, ...) of how many shares of the page's width and height a share of the frame's takes in.
    """
    on_page = ((page_places >= 0) & (page_places <= 1)).all(1).float()
    across = page_places[..., 2:] - page_places[..., :-2]
    down = page_places[:, :, 2:] - page_places[:, :, :-2]
    across = functional.pad(across, (1, 1, 0, 0), mode="replicate") * (CELLS_HW[1] / 2)
    down = functional.pad(down, (0, 0, 1, 1), mode="replicate") * (CELLS_HW[0] / 2)
    width, height = across[:, 0].clamp(min=0.2), down[:, 1].clamp(min=0.2)
    slopes = torch.stack([across[:, 1] / height, down[:, 0] / width], 1)
    stretch = torch.stack([width, height], 1).log()
    return on_page, slopes.clamp(-STEEPEST, STEEPEST), stretch.clamp(-STEEPEST, STEEPEST)


def error_on_page(found: Tensor, right: Tensor, on_page: Tensor) -> Tensor:
    """Mean error of what was found (N, 2, *CELLS_HW), on the page."""
    wrong = (found - right).abs() * on_page[:, None]
    return wrong.sum() / (2 * on_page.sum()).clamp(min=1)


def dense_errors(dense: Tensor, page_places: Tensor) -> list[Tensor]:
    """Errors of the mask, the slopes and the stretch."""
    on_page, slopes, stretch = dense_targets(page_places)
    return [
        functional.binary_cross_entropy_with_logits(dense[:, 0], on_page),
        error_on_page(SLOPE_UNIT * dense[:, 1:3], slopes, on_page),
        error_on_page(STRETCH_UNIT * dense[:, 3:], stretch, on_page),
    ]


def bending_error(wrong: Tensor) -> Tensor:
    """Mean error of places (N, 2, *GRID_HW), and of the steps between neighbours, in percent of the frame."""
    steps = wrong.diff(dim=2).abs().mean() + wrong.diff(dim=3).abs().mean()
    return 100 * (wrong.abs().mean() + STRAIGHTNESS * steps)


def mirrorings(displacement: Tensor) -> Tensor:
    """The displacement (N, 2, *GRID_HW) of a page and of its mirror images: (4 N, 2, *GRID_HW)."""
    across = displacement.flip(3) * displacement.new_tensor([-1, 1])[:, None, None]
    both = torch.cat([displacement, across])
    return torch.cat([both, both.flip(2) * displacement.new_tensor([1, -1])[:, None, None]])

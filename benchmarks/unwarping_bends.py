"""How the benchmark's pages are bent: formulas that the training does not use."""

from collections.abc import Callable

import cv2
import numpy as np

from training.warps import Places, Warp

# Forward formulas: places on the page (0 … 1) → places seen, before the camera's perspective.


def _arc(rng: np.random.Generator) -> Callable[[Places], Places]:
    """A part of a cylinder with a circular section, seen from above or below its middle."""
    angle, lift, lean = (
        rng.uniform(0.9, 1.5),
        rng.uniform(0.7, 1.1) * rng.choice([-1, 1]),
        rng.normal(0, 0.1),
    )

    def bend(page: Places) -> Places:
        turn = angle * (page[..., 0] - 0.5 + lean * (page[..., 1] - 0.5))
        x = np.sin(turn) / angle
        return np.stack([x, page[..., 1] - 0.5 + lift * (np.cos(turn) - 1)], axis=-1)

    return bend


def _gutter(rng: np.random.Generator) -> Callable[[Places], Places]:
    """An open book: a Lorentzian rise at the inner edge; columns widen towards it."""
    width, lift, widen = rng.uniform(0.15, 0.3), rng.uniform(0.16, 0.26), rng.uniform(0.02, 0.07)
    right = rng.random() < 0.5

    def bend(page: Places) -> Places:
        u = 1 - page[..., 0] if right else page[..., 0]
        rise = 1 / (1 + (u / width) ** 2)
        x = u - widen * np.exp(-u / width) * (1 - u) - 0.5
        return np.stack([-x if right else x, page[..., 1] - 0.5 + lift * rise], axis=-1)

    return bend


def _catenary(rng: np.random.Generator) -> Callable[[Places], Places]:
    """A sheet that hangs between two hands: its lines sag, more at the bottom."""
    low, sag, grow = rng.uniform(0.35, 0.65), rng.uniform(1.2, 1.8), rng.uniform(0, 0.5)

    def bend(page: Places) -> Places:
        depth = (np.cosh(sag * (page[..., 0] - low)) - 1) * (1 - grow * page[..., 1])
        return np.stack([page[..., 0] - 0.5, page[..., 1] - 0.5 - 0.45 * depth], axis=-1)

    return bend


def _ripple(rng: np.random.Generator) -> Callable[[Places], Places]:
    """Damp paper: a chirp that dies away across the page."""
    size, rate, phase = rng.uniform(0.035, 0.055), rng.uniform(4, 8), rng.uniform(0, 6.3)

    def bend(page: Places) -> Places:
        u, v = page[..., 0], page[..., 1]
        wave = size * np.exp(-0.7 * u) * np.sin(rate * u * (1 + 0.4 * u) + phase + 0.6 * v)
        return np.stack([u - 0.5 + 0.3 * wave, v - 0.5 + wave], axis=-1)

    return bend


def _roll(rng: np.random.Generator) -> Callable[[Places], Places]:
    """A poster that wants to roll up about a slanted axis: an ellipse's arc along one diagonal."""
    slant, lift = rng.uniform(0.3, 0.6) * rng.choice([-1, 1]), rng.uniform(0.3, 0.45)
    share = rng.uniform(0.5, 0.65)

    def bend(page: Places) -> Places:
        along = (page[..., 0] - 0.5) + slant * (page[..., 1] - 0.5)
        rise = lift * np.sqrt(np.maximum(1 - (along * share / 0.5) ** 2, 0.04))
        return np.stack([page[..., 0] - 0.5 - 0.15 * rise, page[..., 1] - 0.5 - rise], axis=-1)

    return bend


def _fold(rng: np.random.Generator) -> Callable[[Places], Places]:
    """A letter that was folded: its panels meet in softened creases and lean to different sides."""
    sharp, kink = rng.uniform(12, 25), rng.uniform(0.22, 0.4, 2) * rng.choice([-1, 1], 2)
    creases = rng.uniform([0.25, 0.55], [0.45, 0.75])

    def bend(page: Places) -> Places:
        u, v = page[..., 0], page[..., 1]
        bends = [k * np.logaddexp(0, sharp * (u - c)) / sharp for k, c in zip(kink, creases, strict=True)]
        return np.stack([u - 0.5, v - 0.5 + sum(bends)], axis=-1)

    return bend


BENDS = {
    "arc": _arc, "gutter": _gutter, "catenary": _catenary, "ripple": _ripple, "roll": _roll, "fold": _fold,
}  # fmt: skip


def bent_warp(kind: str, rng: np.random.Generator) -> Warp:
    """The bend, then perspective by moved corners; the whole page stays in the frame."""
    bend = BENDS[kind](rng)
    edge = np.linspace(0, 1, 33)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    rim = np.concatenate(
        [a + (b - a) * edge[:, None] for a, b in zip(square, np.roll(square, -1, 0), strict=True)]
    )
    seen = bend(rim.astype(np.float64))
    low, high = seen.min(axis=0), seen.max(axis=0)
    margin = rng.uniform(0.01, 0.1, (4, 2))
    corners = (square * (1 - margin) + (1 - square) * margin).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(square, corners).astype(np.float64)

    def place(page: Places) -> Places:
        unit = (bend(page) - low) / (high - low)
        flat = unit.reshape(1, -1, 2)
        return np.asarray(cv2.perspectiveTransform(flat, matrix), np.float64).reshape(unit.shape)

    return Warp(place, lambda page: np.zeros(page.shape[:-1]))

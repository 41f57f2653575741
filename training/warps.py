"""How paper bends before a camera: synthetic warps whose source grid is known exactly.

Places are pairs (x, y). A place on the page or in the frame (the photo) is a share of its width and height,
from 0 at the left and top edge to 1 at the right and bottom edge, whatever its size in pixels: the centre of
pixel i of n lies at (i + 0.5) / n.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]
Profile = Callable[[NDArray[np.float64]], NDArray[np.float64]]

REACH = 0.3  # how far beyond the page's edges a warp is followed
LATTICE = 129  # places per side at which the inverse starts from the forward map
TOLERANCE = 0.01  # by which the inverse may miss a place, in shares of the frame
STRETCH = (-0.5, 1.5)  # the part of a profile's axis that is tabulated


@dataclass(frozen=True)
class Warp:
    """A page before a camera.

    Attributes:
        place: places on the page (..., 2) → where the camera sees them, places in the frame (..., 2).
        slope: places on the page (..., 2) → how steeply the paper rises there to the right, for its shading.
        spine: the page's side that is sewn into a book, ``"left"`` or ``"right"``, else ``""``.

    """

    place: Callable[[Places], Places]
    slope: Callable[[Places], NDArray[np.float64]]
    spine: str = ""

    def visible(self) -> tuple[float, float, float, float]:
        """The box (left, top, right, bottom) on the page round all of it that the frame shows."""
        page = regular((LATTICE, LATTICE), 0.0)
        seen = self.place(page)
        inside = within(seen)
        if not inside.any():
            return 0.0, 0.0, 1.0, 1.0
        step = 1 / (LATTICE - 1)
        x, y = page[inside].T
        low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
        # The frame's edge runs somewhere between the last place inside and the next.
        low[low > 0] -= step / 2
        high[high < 1] += step / 2
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def source_grid(self, shape: tuple[int, int]) -> Places:
        """Where to look in the photo for each place of the flat page: float64 (rows, columns, 2).

        The grid's corners are those of the visible part of the page, so that nothing seen is lost and
        nothing unseen takes up room: of a page that is wholly in the frame they are its own corners.
        """
        left, top, right, bottom = self.visible()
        page = regular(shape, 0.0) * [right - left, bottom - top] + [left, top]
        return self.place(page)

    def page_places(self, seen: Places) -> Places:
        """The inverse of ``place``, by Newton's method; places far off the page stay merely off it.

        Far off the page the method can also end somewhere on the page. What it finds is therefore
        checked, and where it is wrong the place is taken from the nearest affine map, off the page.
        """
        step = (1 + 2 * REACH) / (LATTICE - 1)
        lattice = self.place(regular((LATTICE, LATTICE), REACH))
        down, across = np.gradient(lattice, step, axis=(0, 1))
        slopes = np.concatenate([across, down], axis=-1).astype(np.float32)
        forward = lattice.astype(np.float32)

        def look(table: NDArray[np.float32], page: Places) -> Places:
            at = ((page + REACH) / step).astype(np.float32)
            found = cv2.remap(
                table, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            return np.asarray(found, np.float64)

        guess = _affine_guess(seen, lattice)
        page = guess
        for _ in range(7):
            page = np.clip(page, -REACH, 1 + REACH)
            missed = seen - look(forward, page)
            xu, yu, xv, yv = np.moveaxis(look(slopes, page), -1, 0)
            area = xu * yv - xv * yu
            area = np.where(np.abs(area) < 0.02, 0.02, area)
            turned = [yv * missed[..., 0] - xv * missed[..., 1], xu * missed[..., 1] - yu * missed[..., 0]]
            page = page + np.stack(turned, axis=-1) / area[..., None]
        away = guess - 0.5
        away *= np.maximum(1, 0.6 / np.maximum(np.abs(away).max(axis=-1, keepdims=True), 1e-6))
        wrong = np.abs(seen - look(forward, np.clip(page, -REACH, 1 + REACH))).max(axis=-1) > TOLERANCE
        return np.where(wrong[..., None], away + 0.5, page)

    def smallest_area(self) -> float:
        """The smallest area that any part of the page is shrunk or enlarged to; below 0 it folds over."""
        seen = self.place(regular((25, 25), 0.0))
        down, across = np.gradient(seen, 1 / 24, axis=(0, 1))
        return float((across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]).min())


def within(places: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which places (..., 2) lie on the page or in the frame."""
    x, y = places[..., 0], places[..., 1]
    return np.asarray((x >= 0) & (x <= 1) & (y >= 0) & (y <= 1))


def regular(shape: tuple[int, int], beyond: float) -> Places:
    """Places (rows, columns, 2) spread evenly from ``-beyond`` to ``1 + beyond``, edges included."""
    rows, columns = (np.linspace(-beyond, 1 + beyond, count) for count in shape)
    return np.stack(np.meshgrid(columns, rows), axis=-1)


def centres(shape: tuple[int, int]) -> Places:
    """The places (rows, columns, 2) of the pixels of an image."""
    rows, columns = ((np.arange(count) + 0.5) / count for count in shape)
    return np.stack(np.meshgrid(columns, rows), axis=-1)


def _affine_guess(seen: Places, lattice: Places) -> Places:
    page = regular(lattice.shape[:2], REACH).reshape(-1, 2)
    known = np.column_stack([lattice.reshape(-1, 2), np.ones(len(page))])
    solution, *_ = np.linalg.lstsq(known, page, rcond=None)
    return np.asarray(seen @ solution[:2] + solution[2])


# Profiles: the height of the paper above the table along one axis t, 0 … 1 on the page. Heights are shares
# of the page's width, roughly within -1 … 1 before they are scaled.


def _spine(rng: np.random.Generator) -> Profile:
    """Steep at a book's spine (t = 0), level at the outer edge."""
    length, power = rng.uniform(0.08, 0.5), rng.uniform(1.0, 2.0)
    back = rng.uniform(0.0, 0.5) * rng.choice([-1, 1])
    return lambda t: np.exp(-((np.maximum(t, 0) / length) ** power)) + back * np.sin(np.pi * t)


def _curled(rng: np.random.Generator) -> Profile:
    """Edges that rise from the table: one, or both by different amounts."""
    near, far, power = rng.uniform(0, 1), rng.uniform(-0.4, 1), rng.uniform(1.5, 3)
    start, end = rng.uniform(0.2, 0.8, 2)
    return lambda t: (
        near * np.maximum(0, 1 - t / start) ** power + far * np.maximum(0, (t - end) / (1 - end)) ** power
    )


def _rolled(rng: np.random.Generator) -> Profile:
    """An arch or a hollow, its top anywhere."""
    top, sharpness = rng.uniform(0.2, 0.8), rng.uniform(0.6, 1.6)
    return lambda t: 1 - np.abs((t - top) / max(top, 1 - top)) ** (1 + sharpness)


def _waved(rng: np.random.Generator) -> Profile:
    """Half a wave to three waves, growing or fading."""
    count, phase, fade = rng.uniform(0.5, 3), rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    return lambda t: (1 + fade * (t - 0.5)) * np.sin(2 * np.pi * count * t + phase) / max(1.0, count)


def _creased(rng: np.random.Generator) -> Profile:
    """Folded once to three times and opened again: straight between creases."""
    count = int(rng.integers(1, 4))
    knots = np.concatenate([[-0.5], np.sort(rng.uniform(0.15, 0.85, count)), [1.5]])
    heights = np.cumsum(np.diff(knots, prepend=-0.5) * rng.uniform(-1, 1, count + 2)) * 1.5
    return lambda t: np.interp(t, knots, heights)


def _wandering(rng: np.random.Generator) -> Profile:
    """A smooth line through random heights."""
    phases, sizes = rng.uniform(0, 2 * np.pi, 5), rng.normal(0, 1, 5) / np.arange(1, 6) ** 1.5
    order = np.arange(1, 6) * np.pi * rng.uniform(0.6, 1.1)
    return lambda t: np.sin(np.multiply.outer(t, order) + phases) @ sizes * 0.7


PROFILES = {_spine: 0.26, _curled: 0.14, _rolled: 0.16, _waved: 0.16, _creased: 0.12, _wandering: 0.16}


def _tabulated(profile: Profile, height: float) -> tuple[Profile, Profile, Profile]:
    """Height, slope and shortening of paper that keeps its length while it rises, each along the paper."""
    t = np.linspace(*STRETCH, 401)
    h = cv2.GaussianBlur((height * profile(t))[None], (0, 0), 3.0)[0]  # paper has no edge without a radius
    slope = np.clip(np.gradient(h, t), -0.85, 0.85)
    h = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2)]) * (t[1] - t[0])
    h -= np.interp(0.5, t, h)
    level = np.sqrt(1 - slope**2)
    run = np.concatenate([[0.0], np.cumsum((level[1:] + level[:-1]) / 2)]) * (t[1] - t[0])
    run -= np.interp(0.5, t, run)
    return (
        lambda at: np.interp(at, t, h),
        lambda at: np.interp(at, t, slope),
        lambda at: np.interp(at, t, run),
    )


def make_warp(rng: np.random.Generator, aspect: float) -> Warp:
    """A random warp of a page of ``aspect`` (width / height): bend, camera, place in the frame."""
    strength = 1.0
    while True:
        warp = _draw_warp(rng, aspect, strength)
        if warp.smallest_area() > 0.08:
            return warp
        strength *= 0.8


def _draw_warp(rng: np.random.Generator, aspect: float, strength: float) -> Warp:
    profile = list(PROFILES)[int(rng.choice(len(PROFILES), p=list(PROFILES.values())))]
    height = strength * rng.choice([0.0, 0.1, 0.22, 0.42], p=[0.06, 0.14, 0.4, 0.4]) * rng.uniform(0.5, 1.0)
    if profile is _spine:  # the axis runs from the spine, which is straight up
        angle, side = rng.normal(0, 0.03), float(rng.choice([-1, 1]))
    else:
        angles = rng.normal(0, 0.1), np.pi / 2 + rng.normal(0, 0.1), rng.uniform(0, np.pi)
        angle, side = float(rng.choice(angles, p=[0.4, 0.25, 0.35])), 1.0
    lean = strength * rng.uniform(-1, 1, 2) * [0.5, 1.9]  # a camera that looks from a side
    if profile is _spine and rng.random() < 0.6:  # books are photographed from above
        lean = lean * rng.uniform(0.02, 0.3)
    elif rng.random() < 0.5:  # and from far to the side: little height shows as much
        farther = rng.uniform(1.5, 5)
        lean, height = lean * farther, height / farther
    rise, steep, run = _tabulated(profile(rng), height)
    axis = np.array([np.cos(angle), np.sin(angle)]) * side
    crumple = _crumple(rng, strength)
    tilt, distance = strength * rng.normal(0, 0.25, 2), rng.uniform(1.5, 5.0)
    turn = rng.normal(0, 0.035) * rng.choice([0.0, 1.0, 2.0], p=[0.3, 0.5, 0.2])
    frame = np.array([aspect, 1.0])

    def axis_of(page: Places) -> NDArray[np.float64]:
        return np.asarray((page - 0.5) @ axis + 0.5)

    def bent(page: Places) -> Places:
        t = axis_of(page)
        h = rise(t)
        flat = page - 0.5 + np.multiply.outer(run(t) - (t - 0.5), axis) + crumple(page)
        flat = flat * frame + np.multiply.outer(h, lean)
        depth = distance - h + flat @ tilt
        return np.asarray(flat * (distance / depth)[..., None])

    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.array([[cos, sin], [-sin, cos]])
    outline = bent(regular((17, 17), 0.0)) @ turned
    low, high = outline.min(axis=(0, 1)), outline.max(axis=(0, 1))
    fill = rng.uniform(0.6, 1.0, 2) if rng.random() < 0.6 else rng.uniform(0.93, 1.0, 2)
    if rng.random() < 0.15:  # the page's edge leaves the frame
        fill = rng.uniform(1.0, 1.25, 2)
    offset = 0.5 + (1 - fill) * np.clip(rng.normal(0, 0.22, 2), -0.5, 0.5)
    middle, scale = (low + high) / 2, fill / (high - low)

    def place(page: Places) -> Places:
        return np.asarray((bent(page) @ turned - middle) * scale + offset)

    spine = ("left" if side > 0 else "right") if profile is _spine else ""
    return Warp(place, lambda page: steep(axis_of(page)) * axis[0], spine)


def _crumple(rng: np.random.Generator, strength: float) -> Callable[[Places], Places]:
    """A slow drift of the paper in its plane, as damp paper and cheap lenses have it; mostly none."""
    if rng.random() < 0.8:
        return lambda page: np.zeros_like(page)
    waves = rng.uniform(-1.3, 1.3, (4, 2)) * 2 * np.pi
    phases, sizes = rng.uniform(0, 2 * np.pi, 4), rng.normal(0, 0.007 * strength, (4, 2))
    return lambda page: np.asarray(np.sin(page @ waves.T + phases) @ sizes)

"""Photos of bent pages and of flat ones, as the unwarping network sees them, with the right grid."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training import fonts
from training.page_layouts import make_page
from training.warps import Warp, centres, make_warp, regular, within

PAGE_HW = (640, 448)  # what the network sees of a page of any size: body text is 6 to 12 pixels high
GRID_HW = (15, 11)  # places of the flat page, edges included, whose source it predicts
CELLS_HW = (40, 28)  # places of the photo for which it says whether and how the page lies there
PAGES, PHOTOS = 12, 12  # a chunk: so many pages, each photographed so often
LONGEST_SIDE = 896  # of a page before it is bent
FLAT = 0.3  # share of inputs whose right answer is to leave them alone
PLAIN = 0.4  # share of bent pages on a dark, plain desk, as people put what they photograph
SMOOTH = 4  # light and surfaces have no detail below so many pixels
COARSE = 8  # the inverse of a warp is computed for one place in so many of the photo's pixels
Image8 = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class WarpedPage:
    """``image``: uint8 PAGE_HW grey; ``grid``: float32 (*GRID_HW, 2), where the flat page's places are in it.

    ``page_places``: float32 (*CELLS_HW, 2), which place of the visible part of the page each cell of the
    photo shows; below 0 or above 1 where the page does not lie. ``flat`` says that the right answer is the
    identity.
    """

    image: Image8
    grid: NDArray[np.float32]
    page_places: NDArray[np.float32]
    flat: bool

    def mirrored(self, across: bool, down: bool) -> "WarpedPage":
        """The photo of the mirrored page: left and right, upper and lower end, or both exchanged."""
        step = (slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1))
        offset = np.array([across, down], np.float32)
        sign = 1 - 2 * offset
        grid, page_places = (offset + sign * places[step] for places in (self.grid, self.page_places))
        return WarpedPage(self.image[step], grid, page_places, self.flat)


def make_chunk(
    seed: int, number: int, stems: Mapping[str, float], page_count: int = PAGES
) -> list[WarpedPage]:
    """PHOTOS photos of each page, mixed, in fonts of these file stems and weights; always the same."""
    rng, noise = random.Random(seed * 1_000_003 + number), np.random.default_rng([seed, number])
    faces = [fonts.face(stem) for stem in rng.choices(list(stems), list(stems.values()), k=8)]
    pages = [make_page(rng, faces, LONGEST_SIDE) for _ in range(page_count)]
    photos = [make_warped_page(page, rng.choice(pages), noise) for _ in range(PHOTOS) for page in pages]
    rng.shuffle(photos)
    return photos


def make_warped_page(page: Image8, other: Image8, rng: np.random.Generator) -> WarpedPage:
    """One photo of ``page`` (grey, any size); ``other`` may lie beside or under it."""
    page = decorated(page, rng)
    if rng.random() < 0.12:
        page = np.rot90(page, int(rng.integers(1, 4)))
    if rng.random() < FLAT:
        grid, shown = (places.astype(np.float32) for places in (regular(GRID_HW, 0.0), centres(CELLS_HW)))
        return WarpedPage(flat_photo(page, rng), grid, shown, True)
    warp = make_warp(rng, page.shape[1] / page.shape[0])
    grid = warp.source_grid(GRID_HW).astype(np.float32)
    left, top, right, bottom = warp.visible()
    cells = (warp.page_places(centres(CELLS_HW)) - [left, top]) / [right - left, bottom - top]
    return WarpedPage(photo(page, other, warp, rng), grid, cells.astype(np.float32), False)


def decorated(page: Image8, rng: np.random.Generator) -> Image8:
    """Bands, boxes and frames printed on the page, which are not its edge; a darker sort of paper."""
    height, width = page.shape
    image = page.copy()
    if rng.random() < 0.3:
        tone, kind = int(rng.integers(0, 235)), rng.integers(4)
        near, far = rng.uniform(0, 0.06), rng.uniform(0.03, 0.3)
        if kind == 0:  # a band along one side, or across
            image = np.rot90(image, side := int(rng.integers(4))).copy()
            image[int(near * len(image)) : int((near + far) * len(image))] //= 2
            image[int(near * len(image)) : int((near + far) * len(image))] += np.uint8(tone // 2)
            image = np.rot90(image, -side).copy()
        elif kind == 1:  # a frame
            x, y = int(near * width), int(near * height)
            thick = int(rng.integers(1, max(2, width // 25)))
            cv2.rectangle(image, (x, y), (width - 1 - x, height - 1 - y), (tone,), thick)
        elif kind == 2:  # coloured boxes behind the text
            for _ in range(int(rng.integers(1, 5))):
                left, top = int(rng.uniform(0, 0.8) * width), int(rng.uniform(0, 0.9) * height)
                box = image[
                    top : top + int(rng.uniform(0.05, 0.5) * height), left : left + int(far * 3 * width)
                ]
                box[:] = np.minimum(box, max(tone, 60))
        else:  # a picture
            left, top = int(rng.uniform(0, 0.6) * width), int(rng.uniform(0, 0.8) * height)
            box = image[
                top : top + int(rng.uniform(0.1, 0.4) * height),
                left : left + int(rng.uniform(0.2, 1) * width),
            ]
            box[:] = texture(rng, (box.shape[0], box.shape[1])).astype(np.uint8)
    if rng.random() < 0.5:
        image = (image * rng.uniform(0.6, 1.0)).astype(np.uint8)
    return image


def texture(rng: np.random.Generator, shape: tuple[int, int]) -> Plane:
    """A surface: plain, shaded, grained along one side, cloudy or striped; float32 0 … 255."""
    full_wh = shape[::-1]
    height, width = shape = (-(-shape[0] // 2), -(-shape[1] // 2))
    base, kind = rng.uniform(5, 250), rng.integers(5)
    surface = np.full(shape, base, np.float32)
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    if kind == 1:
        surface += (rng.uniform(-60, 60) * across[None] + rng.uniform(-60, 60) * down[:, None]).astype(
            np.float32
        )
    elif kind in (2, 3):
        cells = (int(rng.integers(2, 60)), int(rng.integers(2, 60)))
        noise = rng.normal(0, rng.uniform(4, 40), cells).astype(np.float32)
        surface += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    elif kind == 4:
        wave = rng.uniform(-40, 40, 2)
        stripes = np.sin(wave[0] * across[None] + wave[1] * down[:, None] + rng.uniform(0, 6))
        surface += (rng.uniform(5, 60) * np.clip(rng.uniform(1, 6) * stripes, -1, 1)).astype(np.float32)
    return np.asarray(cv2.resize(np.clip(surface, 0, 255), full_wh), np.float32)


def flat_photo(page: Image8, rng: np.random.Generator) -> Image8:
    """A page that fills the frame: born digital, a screenshot, part of a page, a scan; or no page at all."""
    kind = rng.choice(["digital", "part", "screen", "scan", "none"], p=[0.24, 0.16, 0.12, 0.44, 0.04])
    if kind == "none":
        image = texture(rng, PAGE_HW) + texture(rng, PAGE_HW) * 0.5 - 60
        return finished(image, rng)
    height, width = page.shape
    if kind == "part" or rng.random() < 0.15:
        part_h, part_w = (max(8, int(side * rng.uniform(0.25, 1.0))) for side in (height, width))
        top, left = int(rng.uniform(0, height - part_h)), int(rng.uniform(0, width - part_w))
        page = page[top : top + part_h, left : left + part_w]
    if kind == "screen":
        page = page.copy()
        bar = rng.integers(0, 255, 4)
        page[: int(len(page) * rng.uniform(0, 0.1))] = bar[0]
        page[len(page) - int(len(page) * rng.uniform(0, 0.06)) :] = bar[1]
        page[:, : int(page.shape[1] * rng.choice([0, rng.uniform(0, 0.3)]))] = bar[2]
        if rng.random() < 0.4:
            page = 255 - page
    image = np.asarray(cv2.resize(page, PAGE_HW[::-1], interpolation=cv2.INTER_AREA))
    if kind != "scan":
        return np.asarray(image, np.uint8)
    skew = float(rng.choice([0.0, rng.normal(0, 0.5)]))
    matrix = cv2.getRotationMatrix2D((PAGE_HW[1] / 2, PAGE_HW[0] / 2), skew, 1.0)
    fill = float(rng.choice([0, 255, int(np.median(image))]))
    image = cv2.warpAffine(image, matrix, PAGE_HW[::-1], borderMode=cv2.BORDER_CONSTANT, borderValue=(fill,))
    scan = image.astype(np.float32)
    for side in range(4):  # what the scanner's lid leaves at the edge
        if rng.random() < 0.2:
            strip = int(rng.integers(1, 16))
            turned = np.rot90(scan, side)
            turned[:strip] *= (
                rng.uniform(0, 0.8) if rng.random() < 0.5 else np.linspace(0.5, 1, strip)[:, None]
            )
    scan *= light(rng, 0.3)
    return finished(scan, rng)


def light(rng: np.random.Generator, strength: float) -> Plane:
    """Uneven light: a gradient, a lamp, a shadow with a soft edge; about 1."""
    sides = (np.linspace(-1, 1, side // SMOOTH) for side in PAGE_HW)
    y, x = np.meshgrid(*sides, indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    level = 1 + strength * rng.uniform(0, 0.35) * (np.cos(angle) * x + np.sin(angle) * y)
    if rng.random() < 0.4:
        level -= strength * rng.uniform(0, 0.3) * np.hypot(x - rng.uniform(-1, 1), y - rng.uniform(-1, 1))
    if rng.random() < 0.35:
        angle, at, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 1.0), rng.uniform(-0.4, 0.4)
        beyond = (
            np.cos(angle) * x + np.sin(angle) * y - at + bend * (np.sin(angle) * x - np.cos(angle) * y) ** 2
        )
        level *= 1 - strength * rng.uniform(0.1, 0.6) / (
            1 + np.exp(-np.clip(beyond * rng.uniform(5, 60), -40, 40))
        )
    return np.asarray(cv2.resize(np.clip(level, 0.15, 1.6).astype(np.float32), PAGE_HW[::-1]), np.float32)


def finished(image: NDArray[Any], rng: np.random.Generator) -> Image8:
    """The lens and the sensor: softness, contrast, grain."""
    if rng.random() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.6))
    if rng.random() < 0.5:
        image = rng.uniform(0.5, 1.1) * image + rng.uniform(0, 40)
    grain = rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(0, 8))
    return np.clip(np.rint(image + grain), 0, 255).astype(np.uint8)


def photo(page: Image8, other: Image8, warp: Warp, rng: np.random.Generator) -> Image8:
    """The warped page on a surface, shaded along its curvature."""
    cells = (PAGE_HW[0] // COARSE, PAGE_HW[1] // COARSE)
    # One cell more on each side, so that nothing is extrapolated in the frame.
    step = 1 / np.array(cells[::-1])
    around = centres((cells[0] + 2, cells[1] + 2)) * (1 + 2 * step) - step
    coarse = warp.page_places(around).astype(np.float32)
    full = (PAGE_HW[1] + 2 * COARSE, PAGE_HW[0] + 2 * COARSE)
    enlarged = np.asarray(cv2.resize(coarse, full, interpolation=cv2.INTER_LINEAR), np.float32)
    places = enlarged[COARSE:-COARSE, COARSE:-COARSE]
    paper = _look(page, places, 0.0).astype(np.float32)
    cover = cv2.GaussianBlur(within(places).astype(np.float32), (0, 0), 0.7)
    slope = warp.slope(coarse.astype(np.float64)).astype(np.float32)[1:-1, 1:-1]
    shade = np.clip(1 + rng.uniform(-0.7, 0.7) * slope, 0.25, 1.3)
    desk = _surroundings(page, other, places, warp, rng)
    paper *= cv2.resize(shade, PAGE_HW[::-1])
    if rng.random() < 0.5:  # the shadow that the page throws
        blur = cv2.GaussianBlur(np.roll(cover, rng.integers(-12, 13, 2), (0, 1)), (0, 0), rng.uniform(2, 20))
        desk = desk * (1 - rng.uniform(0, 0.7) * blur)
    image = cover * paper + (1 - cover) * desk
    if warp.spine:
        away = np.abs(places[..., 0] if warp.spine == "left" else 1 - places[..., 0])
        image = image * (1 - rng.uniform(0, 0.8) * np.exp(-away / rng.uniform(0.005, 0.08)))
    return finished(image * light(rng, 1.0), rng)


def _look(page: Image8, places: Plane, shift: float) -> NDArray[np.uint8]:
    height, width = page.shape
    x = (places[..., 0] + shift) * width - 0.5
    return np.asarray(cv2.remap(page, x, places[..., 1] * height - 0.5, cv2.INTER_LINEAR), np.uint8)


def _surroundings(
    page: Image8, other: Image8, places: Plane, warp: Warp, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A desk; on it, by chance, a sheet under the page or the book's facing page."""
    if rng.random() < PLAIN:
        return np.asarray(rng.uniform(10, 140) + rng.normal(0, rng.uniform(0, 8), PAGE_HW), np.float32)
    desk = texture(rng, PAGE_HW)
    beside = (places[..., 1] > 0) & (places[..., 1] < 1)
    if warp.spine and rng.random() < 0.6:
        left = warp.spine == "left"
        beside &= (places[..., 0] < 0) if left else (places[..., 0] > 1)
        tone = np.median(page) / max(1.0, float(np.median(other)))
        facing = _look(other, places, 1.0 if left else -1.0) * min(1.0, float(tone))
    elif rng.random() < 0.12:
        shift = rng.uniform(0.03, 0.2, 2) * rng.choice([-1, 1], 2)
        moved = places + shift.astype(np.float32)
        beside = within(moved)
        facing = _look(other, moved, 0.0) * rng.uniform(0.6, 1.0)
    else:
        return desk
    cover = cv2.GaussianBlur(beside.astype(np.float32), (0, 0), 0.7)
    return np.asarray(cover * facing + (1 - cover) * desk, np.float32)

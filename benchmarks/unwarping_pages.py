"""Pages to flatten and pages to leave alone: the samples' layouts and fonts, bent by formulas of their own.

Nothing here is shared with the training: its pages are composed of corpus words, its paper bends by the
profiles of ``training.warps``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.unwarping_bends import BENDS, bent_warp
from training.sample_canvas import Line
from training.sample_effects import curl
from training.samples import PAGES
from training.warps import Warp, centres, within

CURLED = "book page (sample effect)"
ALONG = 12  # points along each of a line's two long edges
Image8 = NDArray[np.uint8]


@dataclass(frozen=True)
class FlatPage:
    """A page as drawn: ``image_bgr`` uint8 (H, W, 3) and its lines."""

    name: str
    image_bgr: Image8
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class BenchmarkPhoto:
    """A page as a camera saw it.

    Attributes:
        name: the page; ``kind``: how it is bent, or what was done to it while it stayed flat.
        image_bgr: uint8 (H, W, 3).
        texts: one per line.
        seen_xy: float64 (lines, points, 2), points on the outline of each line, in pixels of the photo.
        flat_xy: the same points on the flat page, scaled to the photo's size.

    """

    name: str
    kind: str
    image_bgr: Image8
    texts: tuple[str, ...]
    seen_xy: NDArray[np.float64]
    flat_xy: NDArray[np.float64]


@lru_cache(maxsize=1)
def flat_pages() -> tuple[FlatPage, ...]:
    """Every page of the samples, upright and undamaged."""
    pages = []
    for sample in PAGES:
        drawn = sample.draw(np.random.default_rng(sample.seed))
        for canvas in drawn if isinstance(drawn, list) else [drawn]:
            image = np.ascontiguousarray(np.asarray(canvas.image, np.uint8)[..., ::-1])
            pages.append(FlatPage(sample.file, image, tuple(canvas.lines)))
    return tuple(pages)


def along_edges(quad_xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 2) → (2 * ALONG, 2): points along the upper edge, then back along the lower."""
    steps = np.linspace(0, 1, ALONG)[:, None]
    return np.concatenate([a + (b - a) * steps for a, b in (quad_xy[:2], quad_xy[2:])])


def photograph(page: FlatPage, kind: str, rng: np.random.Generator) -> BenchmarkPhoto:
    """Bend a page and take its photo, 8 % larger than the page, on a desk under uneven light."""
    size = np.array(page.image_bgr.shape[1::-1], np.float64)
    texts = tuple(line.text for line in page.lines)
    on_page = np.stack([along_edges(line.outline_xy) for line in page.lines])
    if kind == CURLED:
        rgb, lines = curl(page.image_bgr[..., ::-1], page.lines, rng)
        seen = np.stack([line.outline_xy for line in lines])
        image = np.ascontiguousarray(rgb[..., ::-1])
    else:
        warp = bent_warp(kind, rng)
        height, width = (round(1.08 * side) for side in page.image_bgr.shape[:2])
        image = _render(page.image_bgr, warp, (height, width), rng)
        seen = warp.place(on_page / size) * (width, height)
    return BenchmarkPhoto(page.name, kind, image, texts, seen, on_page / size * image.shape[1::-1])


def _render(image_bgr: Image8, warp: Warp, shape: tuple[int, int], rng: np.random.Generator) -> Image8:
    height, width = shape
    cells = (-(-height // 6) + 2, -(-width // 6) + 2)
    around = (np.stack(np.meshgrid(np.arange(cells[1]), np.arange(cells[0])), -1) * 6.0 - 2.5) / (
        width,
        height,
    )
    coarse = warp.page_places(around).astype(np.float32)
    full = np.asarray(
        cv2.resize(coarse, (cells[1] * 6, cells[0] * 6), interpolation=cv2.INTER_LINEAR), np.float32
    )
    # cv2.resize puts cell k at pixel 6 k + 2.5 of the enlarged plane: five pixels on lies pixel 0.
    places = np.ascontiguousarray(full[5 : 5 + height, 5 : 5 + width])
    x, y = (places[..., k] * image_bgr.shape[1 - k] - 0.5 for k in (0, 1))
    paper = cv2.remap(image_bgr, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    cover = cv2.GaussianBlur(within(places).astype(np.float32), (0, 0), 0.7)[..., None]
    grain = cv2.resize(rng.normal(0, 9, (height // 40, width // 3)).astype(np.float32), (width, height))
    desk = rng.uniform([30, 40, 50], [150, 160, 170]).astype(np.float32) + grain[..., None]
    at = centres(shape)
    lamp = rng.uniform(0.1, 0.9, 2)
    light: NDArray[np.float64] = 1.05 - 0.3 * np.hypot(at[..., 0] - lamp[0], at[..., 1] - lamp[1])[..., None]
    photo = (cover * paper + (1 - cover) * desk) * light + rng.normal(0, 2.5, (height, width, 1))
    return np.asarray(np.clip(np.rint(photo), 0, 255), np.uint8)


def curved_photos(count: int, seed: int) -> Iterator[BenchmarkPhoto]:
    """``count`` photos, every kind of bend in turn."""
    rng = np.random.default_rng([seed, 1])
    pages, kinds = flat_pages(), [*BENDS, CURLED]
    order = rng.permutation(len(pages))
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield photograph(pages[order[number % len(pages)]], kind, rng)


def _dark_edges(image: Image8, rng: np.random.Generator) -> Image8:
    strips = rng.integers(0, 1 + np.array(image.shape[:2]) // 70, (2, 2))
    image = image.copy()
    image[: strips[0, 0]], image[:, : strips[1, 0]] = 40, 30
    image[len(image) - strips[0, 1] :], image[:, image.shape[1] - strips[1, 1] :] = 50, 20
    return image


def _scanned(image: Image8, rng: np.random.Generator) -> Image8:
    height, width = image.shape[:2]
    slope = np.linspace(rng.uniform(0.85, 1), rng.uniform(0.85, 1), width)[None, :, None]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None] * slope * rng.uniform(0.8, 1)
    noisy = grey + rng.normal(0, rng.uniform(2, 7), (height, width, 1))
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8), 3, axis=2)


def _compressed(image: Image8, rng: np.random.Generator) -> Image8:
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 80))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _tinted(image: Image8, rng: np.random.Generator) -> Image8:
    return np.asarray(image * rng.uniform(0.65, 1.0, 3), np.uint8)


def _banded(image: Image8, rng: np.random.Generator) -> Image8:
    image = image.copy()
    image[: len(image) // 40] = rng.integers(0, 255, 3)
    cv2.rectangle(
        image, (6, 6), (image.shape[1] - 7, image.shape[0] - 7), (90, 60, 40), int(rng.integers(1, 6))
    )
    return image


VARIANTS: dict[str, Callable[[Image8, np.random.Generator], Image8]] = {
    "as drawn": lambda image, _rng: image, "scan": _scanned, "dark edges": _dark_edges,
    "JPEG": _compressed, "tinted paper": _tinted, "printed band and frame": _banded,
}  # fmt: skip


def flat_photos(seed: int, count: int) -> Iterator[BenchmarkPhoto]:
    """``count`` flat photos, upright, filling the frame: every page in every variant, then again."""
    rng = np.random.default_rng([seed, 2])
    pages, kinds = flat_pages(), list(VARIANTS)
    for number in range(count):
        # Both lists are gone through at once, so that a short run sees all pages and all variants.
        page, kind = pages[number % len(pages)], kinds[(number + number // len(pages)) % len(kinds)]
        points = np.stack([along_edges(line.outline_xy) for line in page.lines])
        texts = tuple(line.text for line in page.lines)
        yield BenchmarkPhoto(page.name, kind, VARIANTS[kind](page.image_bgr, rng), texts, points, points)

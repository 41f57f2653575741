"""Page images of the orientation benchmark: upright, in layouts and fonts kept out of training.

Two sources: the project's sample documents, whose layouts, texts and damage training never saw, and
training's own layouts set in the font families kept out. Nothing of the damage is shared with training.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from training.fonts import KEPT_OUT, face
from training.page_layouts import make_page
from training.sample_effects import photograph, rotate, scan
from training.samples import PAGES

SOURCES = ("samples", "layouts")
SAMPLES_SHARE = 2 / 3
SIGHT = 8.0  # grey levels of standard deviation below which a cut-out shows too little to tell

ImageRGB = NDArray[np.uint8]


@dataclass(frozen=True)
class BenchmarkPage:
    """An upright page: ``image_bgr`` uint8 (H, W, 3), of which ``source`` and under which ``effect``."""

    source: str
    effect: str
    name: str
    image_bgr: NDArray[np.uint8]


def make_pages(count: int, seed: int = 0) -> Iterator[BenchmarkPage]:
    """Yield ``count`` pages, two thirds of them from the samples; the same for the same seed.

    Effects take turns and so do the samples, so that each sample comes under every effect.

    Raises:
        FileNotFoundError: a font is not installed; names Debian's packages.
        training.sample_fonts.FontMissingError: likewise for the samples' fonts.

    """
    of_samples = round(count * SAMPLES_SHARE)
    names = list(EFFECTS)
    for number in range(count):
        source = SOURCES[number >= of_samples]
        rng = np.random.default_rng([seed, SOURCES.index(source), number])
        if source == "samples":
            # A shift by one each round: else 8 effects and 14 samples would meet in half of the pairs only.
            effect = names[(number + number // len(PAGES)) % len(names)]
            drawn = _sample(number % len(PAGES))
            name, page = PAGES[number % len(PAGES)].file, drawn[number // len(PAGES) % len(drawn)]
        else:
            effect = names[number % len(names)]
            name, page = f"layout {number - of_samples}", _layout(seed, number)
        yield BenchmarkPage(source, effect, name, _bgr(EFFECTS[effect](page, rng)))


@cache
def _sample(number: int) -> list[ImageRGB]:
    """The pages of one sample document, upright and unharmed."""
    drawn = PAGES[number].draw(np.random.default_rng(PAGES[number].seed))
    return [np.asarray(canvas.image, np.uint8) for canvas in (drawn if isinstance(drawn, list) else [drawn])]


def _layout(seed: int, number: int) -> ImageRGB:
    rng = Random(seed * 1_000_003 + number)
    grey = make_page(rng, [face(stem) for stem in KEPT_OUT.values()], rng.randint(900, 1700))
    return np.repeat(grey[:, :, None], 3, axis=2)


def _bgr(image: ImageRGB) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image[:, :, ::-1])


def _resized(page: ImageRGB, scale: float) -> ImageRGB:
    size_wh = (max(48, round(page.shape[1] * scale)), max(48, round(page.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, size_wh, interpolation=how), np.uint8)


def _cut_out(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """55 to 100 % of each side, at a random place where something can be seen."""
    height, width = page.shape[:2]
    for _ in range(20):
        tall, wide = round(height * rng.uniform(0.55, 1)), round(width * rng.uniform(0.55, 1))
        top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
        part = page[top : top + tall, left : left + wide]
        middle = part[tall // 4 : -tall // 4, wide // 4 : -wide // 4]
        if middle.std() > SIGHT:
            return np.ascontiguousarray(part)
    return page


def _skewed(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    return rotate(page, [], float(rng.uniform(-5, 5)))[0]


def _scanned(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """A faded copy on a flatbed scanner, skewed by at most a degree."""
    skewed, _ = rotate(page, [], float(rng.uniform(-1, 1)))
    dark = rng.uniform(20, 130)
    return scan(skewed, rng, dark=dark, bright=dark + rng.uniform(65, 120), noise=rng.uniform(3, 9))


def _photographed(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """On a desk, by a hand-held camera, in a picture of about the page's own size."""
    small = _resized(page, float(rng.uniform(0.6, 0.9)))
    height, width = small.shape[:2]
    room = 0.08 * max(height, width)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) + room
    corners += rng.uniform(-0.065, 0.065, (4, 2)) * (width, height)
    size_wh = (round(width + 2 * room), round(height + 2 * room))
    return photograph(small, [], rng, [(float(x), float(y)) for x, y in corners], size_wh)[0]


def _coarse(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """50 to 80 dots per inch, soft."""
    small = _resized(page, float(rng.uniform(0.34, 0.53)))
    return np.asarray(cv2.GaussianBlur(small, (0, 0), rng.uniform(0.3, 0.7)), np.uint8)


def _fine(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """200 to 270 dots per inch."""
    return _resized(page, float(rng.uniform(1.35, 1.8)))


def _squeezed(page: ImageRGB, rng: np.random.Generator) -> ImageRGB:
    """Noise, then JPEG of low quality."""
    noisy = np.clip(page + rng.normal(0, rng.uniform(4, 16), page.shape), 0, 255).astype(np.uint8)
    done, coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 40))])
    if not done:
        raise RuntimeError(f"OpenCV could not write a JPEG of a page with shape {page.shape}")
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


EFFECTS: dict[str, Callable[[ImageRGB, np.random.Generator], ImageRGB]] = {
    "as drawn": lambda page, _: page,
    "cut out": _cut_out,
    "skewed": _skewed,
    "scanned": _scanned,
    "photographed": _photographed,
    "coarse": _coarse,
    "fine": _fine,
    "noise and jpeg": _squeezed,
}

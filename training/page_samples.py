"""Pages in all four turns, for the document-orientation classifier.

Class k is a page turned clockwise by 90 k degrees: PaddleX turns it counter-clockwise by the label's degrees
to set it upright.
"""

import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training import page_damage
from training.classifier_samples import UNKNOWN, Samples
from training.fonts import Face
from training.page_layouts import make_page

LABELS = ("0", "90", "180", "270")
SIZE = 448  # pixels: PaddleX makes the shorter side this long, then cuts out the square in the middle
PAGES = 8  # pages in a batch; each comes in all four turns, damaged in another way each time
FAINT = 24  # grey levels between paper and ink below which nothing can be seen


def shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The shorter side at SIZE pixels, then the middle square, as PaddleX does: uint8 (SIZE, SIZE, ...)."""
    height, width = image.shape[:2]
    scale = SIZE / min(height, width)
    size_wh = (round(width * scale), round(height * scale))
    resized = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    top, left = (size_wh[1] - SIZE) // 2, (size_wh[0] - SIZE) // 2
    return np.ascontiguousarray(resized[top : top + SIZE, left : left + SIZE], np.uint8)


def view(page: NDArray[np.uint8], rng: random.Random, noise: np.random.Generator) -> NDArray[np.uint8]:
    """An upright page as a scan, a photograph, a detail or as it is: grey uint8 (H, W)."""
    if rng.random() < 0.3:
        page = page_damage.crop(page, rng)
    kind = rng.random()
    if kind < 0.35:
        page = page_damage.photograph(page, rng, noise)
    elif kind < 0.7:
        page = page_damage.skew(page, rng)
    return page


def make_samples(seed: int, number: int, faces: Sequence[Face], weights: Sequence[float]) -> Samples:
    """Batch ``number`` of the stream: PAGES pages in four turns each."""
    rng, noise = random.Random(seed * 1_000_003 + number), np.random.default_rng([seed, number])
    images = np.empty((4 * PAGES, SIZE, SIZE), np.uint8)
    labels = np.tile(np.arange(4), PAGES)
    for place in range(PAGES):
        chosen = rng.choices(faces, weights, k=6)
        page = make_page(
            rng, chosen, round(SIZE * rng.choice([rng.uniform(1.2, 1.8), rng.uniform(1.4, 3.0)]))
        )
        for clockwise in range(4):
            image = shrunk(np.rot90(view(page, rng, noise), -clockwise))
            row = 4 * place + clockwise
            if np.ptp(np.percentile(image[32:-32, 32:-32], [0.3, 99.7])) < FAINT:
                labels[row] = UNKNOWN
            image = page_damage.light(image, rng, noise)
            images[row] = page_damage.late_damage(image, rng, noise)
    return Samples(images, labels.astype(np.int64), labels != UNKNOWN)

"""What happens to text between the printer and the recogniser: slant, paper, light, lens, scanner, JPEG."""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]
Spans = NDArray[np.float32]


def distort(mask: Image8, spans: Spans, size: int, rng: random.Random) -> tuple[Image8, Spans]:
    """Italics, slight rotation and perspective, thicker or thinner strokes; spans move with the ink."""
    if rng.random() < 0.15 and size >= 20:
        kernel = np.ones((2, 2), np.uint8)
        thicken = rng.random() < 0.7 or size < 40
        mask = np.asarray(cv2.dilate(mask, kernel) if thicken else cv2.erode(mask, kernel), np.uint8)
    if rng.random() < 0.45:
        return mask, spans
    height, width = mask.shape
    shear = rng.choice([0.0, 0.0, rng.uniform(-0.1, 0.28)])
    # A long line turned by an angle grows taller than its text: bound the rise, not the angle.
    rise = rng.uniform(-0.22, 0.22) * size
    squeeze = rng.uniform(-0.1, 0.1) * size
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = source + np.array(
        [[shear * height, rise], [shear * height, -rise + squeeze], [0, -rise - squeeze], [0, rise]],
        np.float32,
    )
    target[:, 0] += max(0.0, -shear * height)
    matrix = cv2.getPerspectiveTransform(source, target)
    shape = (int(target[:, 0].max()) + 2, height)
    middle = np.full(spans.shape, height / 2, np.float32)
    points = cv2.perspectiveTransform(np.stack([spans, middle], axis=-1), matrix)
    return np.asarray(cv2.warpPerspective(mask, matrix, shape), np.uint8), points[..., 0].astype(np.float32)


def photograph(mask: Image8, rng: random.Random, noise: np.random.Generator) -> Image8:
    """Ink on paper: grey levels, uneven light, rules, neighbours cut off at the edge, texture."""
    height, width = mask.shape
    paper, ink = rng.uniform(170, 255), rng.uniform(0, 90)
    if rng.random() < 0.2:
        paper = rng.uniform(90, 200)
        ink = max(0.0, paper - rng.uniform(45, 120))
    if rng.random() < 0.12:
        paper, ink = ink, paper
    ground = np.full((height, width), paper, np.float32)
    if rng.random() < 0.3:
        across = np.linspace(-1, 1, width, dtype=np.float32)[None] * rng.uniform(-30, 30)
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * rng.uniform(-20, 20)
        ground += across + down
    if rng.random() < 0.2:
        coarse = noise.normal(0, rng.uniform(4, 18), (max(2, height // 8), max(2, width // 8))).astype(
            np.float32
        )
        ground += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    alpha = mask.astype(np.float32) / 255
    if rng.random() < 0.16:
        alpha = np.maximum(alpha, rules(mask.shape, rng))
    if rng.random() < 0.12:
        alpha = np.maximum(alpha, neighbour(mask, rng))
    return np.clip(ground * (1 - alpha) + ink * alpha, 0, 255).astype(np.uint8)


def rules(shape: tuple[int, int], rng: random.Random) -> NDArray[np.float32]:
    """Lines of a form near the edges: never through the text."""
    height, width = shape
    drawn = np.zeros(shape, np.float32)
    thick = max(1, round(height * rng.uniform(0.01, 0.05)))
    strength = rng.uniform(0.3, 1.0)
    for edge in rng.sample(["top", "bottom", "left", "right"], rng.randint(1, 2)):
        if edge in ("top", "bottom"):
            y = rng.randint(0, max(0, int(height * 0.05)))
            y = y if edge == "top" else height - thick - y
            drawn[y : y + thick] = strength
        else:
            drawn[:, :thick] = strength if edge == "left" else drawn[:, :thick]
            drawn[:, width - thick :] = strength if edge == "right" else drawn[:, width - thick :]
    return drawn


def neighbour(mask: Image8, rng: random.Random) -> NDArray[np.float32]:
    """A sliver of the line above or below."""
    height = mask.shape[0]
    sliver = max(1, int(height * rng.uniform(0.03, 0.1)))
    drawn = np.zeros(mask.shape, np.float32)
    middle = height // 2
    piece = (
        np.roll(mask[middle : middle + sliver], rng.randint(0, mask.shape[1]), axis=1).astype(np.float32)
        / 255
    )
    if rng.random() < 0.5:
        drawn[: len(piece)] = piece
    else:
        drawn[height - len(piece) :] = piece
    return drawn


def late_damage(image: Image8, rng: random.Random, noise: np.random.Generator) -> Image8:
    """Low resolution, blur, noise and JPEG, each by chance; a third of the lines stay clean."""
    if rng.random() < 0.33:
        return image
    height, width = image.shape
    if rng.random() < 0.3:
        small = rng.uniform(0.28, 0.8)
        down = (max(4, int(width * small)), max(4, int(height * small)))
        smaller = cv2.resize(image, down, interpolation=rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR]))
        image = np.asarray(
            cv2.resize(
                smaller, (width, height), interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
            )
        )
    if rng.random() < 0.35:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)))
    if rng.random() < 0.08:
        length = rng.randint(2, 5)
        image = np.asarray(cv2.blur(image, (length, 1) if rng.random() < 0.6 else (1, length)))
    if rng.random() < 0.4:
        grain = noise.standard_normal(image.shape, dtype=np.float32) * rng.uniform(2, 24)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        ok, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(18, 85)])
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)) if ok else image
    return np.asarray(image, np.uint8)

"""What happens to a page on its way into the orientation classifier: crop, camera, scanner, light, JPEG."""

import random

import cv2
import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]


def crop(page: Image8, rng: random.Random) -> Image8:
    """Part of the page, 45 to 100 % of each side, as of a detail or a cut scan."""
    height, width = page.shape
    tall, wide = (max(32, round(side * rng.uniform(0.45, 1.0))) for side in (height, width))
    top, left = rng.randint(0, max(0, height - tall)), rng.randint(0, max(0, width - wide))
    return page[top : top + tall, left : left + wide]


def skew(page: Image8, rng: random.Random) -> Image8:
    """Turned by up to 6 degrees, most often by less than 2; the edge is paper, black or white."""
    height, width = page.shape
    angle = max(-6.0, min(6.0, rng.gauss(0, 1.6)))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, rng.uniform(0.92, 1.0))
    border = [rng.choice([float(page[0, 0]), 0.0, 255.0])]
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=border), np.uint8)


def photograph(page: Image8, rng: random.Random, noise: np.random.Generator) -> Image8:
    """The page on a table, seen by a hand-held camera: mild perspective, a background, a shadow."""
    height, width = page.shape
    room = max(height, width) * rng.uniform(0.0, 0.12)
    size_wh = (round(width + 2 * room), round(height + 2 * room))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shake = noise.uniform(-0.06, 0.06, (4, 2)).astype(np.float32) * [width, height]
    angle = np.radians(max(-6.0, min(6.0, rng.gauss(0, 2.5))))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    middle = flat.mean(axis=0)
    corners = ((flat - middle) @ turn.T + middle + shake + room).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    photo = background(size_wh, rng, noise)
    cv2.warpPerspective(page, matrix, size_wh, photo, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    return photo


def background(size_wh: tuple[int, int], rng: random.Random, noise: np.random.Generator) -> Image8:
    """A table top: a plain, cloudy or striped grey, sometimes with boards or other sheets."""
    width, height = size_wh
    grey = np.full((height, width), rng.uniform(10, 245), np.float32)
    kind = rng.random()
    if kind < 0.6:
        cells = (rng.randint(2, 60), rng.randint(2, 60))
        coarse = noise.normal(0, rng.uniform(3, 35), cells).astype(np.float32)
        grey += cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC)
    image = np.clip(grey, 0, 255).astype(np.uint8)
    if kind > 0.4:
        for _ in range(rng.randint(1, 5)):
            x, y = rng.randint(0, width), rng.randint(0, height)
            corner = (x + rng.randint(10, width), y + rng.randint(10, height))
            cv2.rectangle(image, (x, y), corner, rng.randint(0, 255), rng.choice([-1, 2, 5]))
    return image


def light(image: Image8, rng: random.Random, noise: np.random.Generator) -> Image8:
    """Uneven light and a soft shadow, then grey levels: faded, dark, or inverted."""
    height, width = image.shape
    grey = image.astype(np.float32)
    if rng.random() < 0.5:
        cells = (rng.randint(2, 4), rng.randint(2, 4))
        coarse = noise.uniform(rng.uniform(0.35, 0.9), 1.0, cells).astype(np.float32)
        shade = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        grey = grey * np.asarray(shade, np.float32)
    if rng.random() < 0.5:
        low = rng.uniform(0, 110)
        high = rng.uniform(low + 60, 255)
        grey = low + grey * np.float32((high - low) / 255)
    if rng.random() < 0.3:
        grey = np.asarray(255 * (np.maximum(grey, 0) / 255) ** rng.uniform(0.6, 1.8), np.float32)
    if rng.random() < 0.08:
        grey = 255 - grey
    return np.clip(grey, 0, 255).astype(np.uint8)


def late_damage(image: Image8, rng: random.Random, noise: np.random.Generator) -> Image8:
    """Blur, noise, a threshold and JPEG, each by chance; a third of the pages stay clean."""
    if rng.random() < 0.33:
        return image
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2)), np.uint8)
    if rng.random() < 0.06:
        length = rng.randint(2, 4)
        image = np.asarray(cv2.blur(image, rng.choice([(length, 1), (1, length)])), np.uint8)
    if rng.random() < 0.06:  # a fax or a copy
        cut = float(image.mean()) - rng.uniform(10, 50)
        image = np.where(image > cut, np.uint8(255), np.uint8(0))
    if rng.random() < 0.4:
        grain = noise.standard_normal(image.shape, dtype=np.float32) * rng.uniform(2, 18)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        done, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(20, 85)])
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8) if done else image
    return image

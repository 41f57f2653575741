"""Synthetic text lines: an image 48 pixels high, its text and where each character stands."""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training import degrade
from training.fonts import FALLBACK, Face, face

HEIGHT = 48
Image8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Line:
    """``image``: uint8 (48, W) grey; ``spans``: float (len(text), 2), first and last x of each character."""

    image: Image8
    text: str
    spans: NDArray[np.float32]


def typeset(text: str, font: Face, size: int, rng: random.Random) -> tuple[Image8, NDArray[np.float32]]:
    """Draw white text on black, character by character: uint8 (H, W), and the spans of the characters."""
    own, borrowed = font.sized(size), face(FALLBACK).sized(size)
    tracking = size * rng.choice([0.0, 0.0, 0.0, rng.uniform(-0.08, 0.02), rng.uniform(0, 0.25)])
    space = rng.choice([1.0, 1.0, rng.uniform(0.65, 1.7)])
    advances = []
    for character in text:
        drawn_by = own if ord(character) in font.characters else borrowed
        width = drawn_by.getlength(character) + tracking
        advances.append(max(width * space, size * 0.21) if character == " " else max(width, 1.0))
    starts = np.concatenate([[0.0], np.cumsum(advances)]) + size
    canvas = Image.new("L", (int(starts[-1] + size), int(size * 2.4)))
    draw = ImageDraw.Draw(canvas)
    for character, x in zip(text, starts, strict=False):
        drawn_by = own if ord(character) in font.characters else borrowed
        draw.text((x, size * 1.6), character, fill=255, font=drawn_by, anchor="ls")
    return np.asarray(canvas), np.stack([starts[:-1], starts[1:]], axis=1).astype(np.float32)


def make_line(text: str, font: Face, rng: random.Random, noise: np.random.Generator) -> Line:
    """A line as a detector would cut it out of a page: size, margins, slant, paper and damage all vary."""
    size = int(np.exp(rng.uniform(np.log(13), np.log(58))))
    mask, spans = typeset(text, font, size, rng)
    mask, spans = degrade.distort(mask, spans, size, rng)
    ink_y, ink_x = np.flatnonzero(mask.max(axis=1) > 60), np.flatnonzero(mask.max(axis=0) > 60)
    if not len(ink_y):  # a glyph that draws nothing: the line says so by being a bare space
        ink_y, ink_x = np.array([0, mask.shape[0] - 1]), np.array([0, mask.shape[1] - 1])
    tall = max(ink_y[-1] - ink_y[0] + 1, size * 0.55)
    above, below = (int(tall * rng.triangular(-0.03, 0.45, 0.1)) for _ in range(2))
    left, right = (int(tall * rng.triangular(-0.04, 0.8, 0.12)) for _ in range(2))
    middle = (ink_y[0] + ink_y[-1]) / 2
    top, bottom = int(middle - tall / 2) - above, int(middle + tall / 2) + 1 + below
    x0, x1 = ink_x[0] - left, ink_x[-1] + 1 + right
    padded = np.zeros((max(4, bottom - top), max(4, x1 - x0)), np.uint8)
    inside = mask[max(0, top) : bottom, max(0, x0) : x1]
    offset_y, offset_x = max(0, -top), max(0, -x0)
    padded[offset_y : offset_y + inside.shape[0], offset_x : offset_x + inside.shape[1]] = inside
    image = degrade.photograph(padded, rng, noise)
    width = max(
        8, round(image.shape[1] * HEIGHT / image.shape[0] * rng.choice([1.0, rng.uniform(0.68, 1.08)]))
    )
    scale = width / padded.shape[1]
    image = np.asarray(cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)
    return Line(degrade.late_damage(image, rng, noise), text, ((spans - x0) * scale).astype(np.float32))

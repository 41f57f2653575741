"""Logos, seals and bar codes as plain shapes: what stands beside text and must not be read."""

import math

import numpy as np

from training.sample_canvas import Canvas, Colour

RED: Colour = (196, 48, 40)
NAVY: Colour = (28, 58, 112)
GREEN: Colour = (30, 110, 82)


def seal(canvas: Canvas, x: float, y: float, radius: float, fill: Colour = RED) -> None:
    """A round seal: two rings, spokes and a star."""
    for r, width in ((radius, 4), (radius * 0.84, 1)):
        canvas.draw.ellipse([x - r, y - r, x + r, y + r], outline=fill, width=width)
    for step in range(24):
        angle = step * math.pi / 12
        a, b = radius * 0.6, radius * 0.74
        canvas.draw.line(
            [(x + r * math.cos(angle), y + r * math.sin(angle)) for r in (a, b)],
            fill,
            2,
        )
    star = [
        (
            x + radius * (0.42, 0.17)[k % 2] * math.sin(k * math.pi / 5),
            y - radius * (0.42, 0.17)[k % 2] * math.cos(k * math.pi / 5),
        )
        for k in range(10)
    ]
    canvas.draw.polygon(star, fill=fill)


def leaf_logo(canvas: Canvas, x: float, y: float, size: float, fill: Colour = GREEN) -> None:
    """Two leaves on a disc, (x, y) its centre."""
    r = size / 2
    canvas.draw.ellipse([x - r, y - r, x + r, y + r], fill=fill)
    light = (240, 246, 240)
    canvas.draw.pieslice([x - 0.75 * r, y - 0.5 * r, x + 0.35 * r, y + 0.6 * r], 180, 300, fill=light)
    canvas.draw.pieslice([x - 0.3 * r, y - 0.7 * r, x + 0.8 * r, y + 0.4 * r], 0, 110, fill=light)
    canvas.rule(x - 0.05 * r, y - 0.1 * r, x - 0.05 * r, y + 0.75 * r, 3, light)


def bars_logo(canvas: Canvas, x: float, y: float, size: float, fill: Colour = NAVY) -> None:
    """Three rising bars and an arc, (x, y) the lower left corner."""
    for k, part in enumerate((0.4, 0.65, 0.95)):
        left = x + k * size * 0.34
        canvas.draw.rectangle([left, y - size * part, left + size * 0.22, y], fill=fill)
    ring = [x - 0.1 * size, y - 1.2 * size, x + 1.1 * size, y + 0.1 * size]
    canvas.draw.arc(ring, 200, 330, fill=RED, width=4)


def bar_code(
    canvas: Canvas, x: float, y: float, width: float, height: float, rng: np.random.Generator, unit: int = 2
) -> None:
    """Upright bars of one to four units from x to x + width."""
    at, black = x, True
    while at < x + width:
        step = int(rng.integers(1, 5)) * unit
        if black:
            right = round(min(at + step, x + width)) - 1
            canvas.draw.rectangle([round(at), round(y), right, round(y + height)], fill=0)
        at, black = at + step, not black


def tick(canvas: Canvas, x: float, y: float, size: float, done: bool) -> None:
    """A check box with its lower left corner at (x, y), ticked by pen where done."""
    canvas.draw.rectangle([x, y - size, x + size, y], outline=(40, 40, 40), width=2)
    if done:
        mark = [(x + a * size, y - b * size) for a, b in ((0.15, 0.55), (0.45, 0.15), (1.1, 1.15))]
        canvas.draw.line(mark, fill=(24, 44, 130), width=4, joint="curve")

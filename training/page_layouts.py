"""Synthetic document pages, upright, drawn small: for networks that look at a whole page.

A page is drawn at twice the asked size and halved, so that its text of 5 to 20 pixels looks like that of a
shrunk scan and not like the hinted letters of a screen.
"""

import random
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training import corpus
from training.fonts import Face
from training.page_blocks import BLOCKS, form, listing, paragraph, picture, stamp, table, title
from training.page_pen import Box, Pen

SUPERSAMPLING = 2
LIKE_MARGINS = 0.85  # share of pages with left and right margins alike
TEXTS = 24  # lines of corpus text that a page takes its words from


def make_page(rng: random.Random, faces: list[Face], longest_side: int) -> NDArray[np.uint8]:
    """A fresh page, upright, without any damage: grey uint8 (H, W).

    ``longest_side`` is in pixels. Columns, tables, lists, forms, receipts, posters, landscape and nearly
    empty pages; body text is about 0.8 to 2.4 % of the longest side, headlines and posters larger. Ink is
    darker than paper.

    Raises ValueError for no faces or fewer than 64 pixels.
    """
    if not faces or longest_side < 64:
        raise ValueError(f"expected at least one face and 64 pixels, got {len(faces)} and {longest_side}")
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    aspect = (
        rng.uniform(0.25, 0.55)
        if kind is _receipt
        else rng.choice([0.707, 0.707, 0.773, rng.uniform(0.5, 1)])
    )
    long = longest_side * SUPERSAMPLING
    landscape = kind is not _receipt and rng.random() < 0.25
    size_wh = (long, round(long * aspect)) if landscape else (round(long * aspect), long)
    paper = rng.choice([255, 255, rng.randint(225, 255)])
    ink = rng.choice([0, 0, rng.randint(0, 90)])
    image = Image.new("L", size_wh, paper)
    body = rng.choice(faces)
    pen = Pen(
        ImageDraw.Draw(image), rng, _words(rng), body,
        body if rng.random() < 0.4 else rng.choice(faces), _em(rng, kind, size_wh), ink, paper,
        rng.uniform(1.25, 1.9),
    )  # fmt: skip
    kind(pen, _inside(rng, size_wh, pen.em))
    shape = (size_wh[0] // SUPERSAMPLING, size_wh[1] // SUPERSAMPLING)
    return np.asarray(cv2.resize(np.asarray(image), shape, interpolation=cv2.INTER_AREA), np.uint8)


def _words(rng: random.Random) -> list[str]:
    kinds = rng.choices([corpus.korean_phrase, corpus.mixed, corpus.marks], [0.68, 0.27, 0.05], k=TEXTS)
    return " ".join(kind(rng, 28) for kind in kinds).split()


def _em(rng: random.Random, kind: "Kind", size_wh: tuple[int, int]) -> float:
    """Size of body text in pixels."""
    if kind is _receipt:
        return size_wh[0] / rng.uniform(16, 34)
    low, high = (0.014, 0.06) if kind is _sparse else (0.008, 0.024)
    return float(max(size_wh) * np.exp(rng.uniform(np.log(low), np.log(high))))


def _inside(rng: random.Random, size_wh: tuple[int, int], em: float) -> Box:
    """The page less its margins, none of them below a third of an em.

    Left and right are mostly as wide, as word processors have it: on a bent page a hint of how much of an
    empty margin is turned away from the camera.
    """
    width, height = size_wh
    low, high = rng.choice([(0.0, 0.03), (0.04, 0.1), (0.08, 0.16)])
    left, top, right, bottom = (max(em / 3, side * rng.uniform(low, high)) for side in (width, height) * 2)
    if rng.random() < LIKE_MARGINS:
        right = left
    if rng.random() < LIKE_MARGINS / 2:
        bottom = top
    return left, top, width - right, height - bottom


def _fill(
    pen: Pen, box: Box, until: float, blocks: dict[Callable[[Pen, Box], float], float] = BLOCKS
) -> None:
    """Blocks below each other down to y = ``until``."""
    left, y, right, bottom = box
    while y < until - pen.em:
        block = pen.rng.choices(list(blocks), list(blocks.values()))[0]
        y = block(pen, (left, y, right, bottom))
        y += pen.em * pen.rng.choice([0.4, 1.0, pen.rng.uniform(0.3, 2.5)])


def _columns(pen: Pen, box: Box) -> None:
    """A letter, report or newspaper: a headline over one to three columns, header and footer."""
    rng = pen.rng
    left, top, right, bottom = box
    if rng.random() < 0.35:
        bottom -= 2 * pen.em
        number = rng.choice(
            [f"- {rng.randint(1, 300)} -", f"{rng.randint(1, 300)}", f"{rng.randint(1, 9)} / 12"]
        )
        at, anchor = rng.choice([((left + right) / 2, "m"), (right, "r"), (left, "l")])
        pen.write(at, bottom + 2 * pen.em, number, pen.body, 0.9 * pen.em, anchor)
    if rng.random() < 0.25:
        header = pen.phrase(pen.body, 0.85 * pen.em, (right - left) / 2, 6)
        at, anchor = rng.choice([(left, "l"), (right, "r"), ((left + right) / 2, "m")])
        pen.write(at, top + pen.em, header, pen.body, 0.85 * pen.em, anchor)
        top += 2.5 * pen.em
    if rng.random() < 0.65:
        top = title(pen, (left, top, right, bottom)) + pen.em * rng.uniform(0.5, 2)
    most = max(1, min(3, int((right - left) / (11 * pen.em))))
    count = rng.randint(1, most)
    gap = pen.em * rng.uniform(1.2, 2.5)
    width = (right - left - gap * (count - 1)) / count
    until = bottom if rng.random() < 0.65 else top + (bottom - top) * rng.uniform(0.15, 1.0)
    ruled = count > 1 and rng.random() < 0.3
    for column in range(count):
        x = left + column * (width + gap)
        _fill(pen, (x, top, x + width, bottom), until)
        if ruled and column:
            pen.draw.line([(x - gap / 2, top), (x - gap / 2, until)], fill=pen.shade(0.5))
    if rng.random() < 0.12:
        radius = pen.em * rng.uniform(1.5, 4)
        stamp(pen, rng.uniform(left + radius, right), rng.uniform(top, bottom), radius)


def _office(pen: Pen, box: Box) -> None:
    """A form or statement: a title, then mostly tables and fields."""
    left, _, right, bottom = box
    y = title(pen, box) + pen.em
    _fill(pen, (left, y, right, bottom), bottom, {table: 0.5, form: 0.25, paragraph: 0.15, listing: 0.1})


def _receipt(pen: Pen, box: Box) -> None:
    """A till receipt: centred shop, items with a price flush right, a total, rules of dashes."""
    rng = pen.rng
    left, top, right, bottom = box
    step = pen.em * pen.leading
    y = top + 2 * pen.em
    pen.write((left + right) / 2, y, pen.phrase(pen.head, 1.6 * pen.em, right - left, 3), pen.head,
              1.6 * pen.em, "m")  # fmt: skip
    y += 1.4 * step
    while y < bottom:
        kind = rng.random()
        if kind < 0.1:
            pen.draw.line([(left, y - pen.em / 3), (right, y - pen.em / 3)], fill=pen.ink)
        elif kind < 0.16:
            pen.write(left, y, rng.choice("-=*") * int((right - left) / pen.em * 1.6), pen.body, pen.em)
        elif kind < 0.3:
            pen.write((left + right) / 2, y, pen.phrase(pen.body, pen.em, right - left, 4), pen.body,
                      pen.em, "m")  # fmt: skip
        else:
            price = f"{rng.randint(5, 99999) * 10:,}"
            size = pen.em * (1.4 if rng.random() < 0.08 else 1.0)
            pen.write(right, y, price, pen.body, size, "r")
            pen.write(left, y, pen.phrase(pen.body, size, (right - left) * 0.55, 3), pen.body, size)
        y += step
        if rng.random() < 0.01:
            break


def _sparse(pen: Pen, box: Box) -> None:
    """A poster, sign, cover or nearly empty page: a few lines, some of them large, anywhere."""
    rng = pen.rng
    left, top, right, bottom = box
    y = top + (bottom - top) * rng.uniform(0, 0.5)
    if rng.random() < 0.25:
        picture(pen, (left, top, right, top + (bottom - top) * 0.5))
        y = top + (bottom - top) * 0.55
    for _ in range(rng.randint(1, 7)):
        size = pen.em * rng.choice([1.0, 1.0, rng.uniform(1, 3)])
        size = min(size, (right - left) / 4)
        if y + size > bottom:
            break
        y = paragraph(
            pen, (left, y, right, bottom), rng.choice([pen.body, pen.head]), size, rng.randint(1, 3)
        )
        y += size * rng.uniform(0.4, 4)
    else:
        if rng.random() < 0.2:
            stamp(pen, rng.uniform(left, right), rng.uniform(y, bottom) if y < bottom else bottom, 2 * pen.em)


Kind = Callable[[Pen, Box], None]
KINDS: dict[Kind, float] = {_columns: 0.58, _office: 0.16, _receipt: 0.1, _sparse: 0.16}

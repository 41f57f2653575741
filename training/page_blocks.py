"""What stands on a synthetic page: paragraphs, titles, lists, tables, forms, pictures and stamps."""

import math
from collections.abc import Callable
from itertools import pairwise

from training.fonts import Face
from training.page_pen import Box, Pen


def paragraph(pen: Pen, box: Box, face: Face | None = None, size: float = 0.0, lines: int = 0) -> float:
    """Lines of running text, ragged, justified, centred or flush right; returns the y below them."""
    rng, face, size = pen.rng, face or pen.body, size or pen.em
    left, top, right, bottom = box
    step = size * pen.leading
    lines = lines or rng.randint(2, 14)
    how = rng.choices(["justified", "ragged", "centred", "right"], [0.5, 0.42, 0.05, 0.03])[0]
    indent = rng.choice([0.0, 0.0, size, 2 * size])
    y = top + size
    for number in range(lines):
        if y > bottom:
            break
        start = left + (indent if number == 0 else 0.0)
        width = right - start
        last = number == lines - 1
        words = pen.phrase(face, size, width * (rng.uniform(0.15, 0.95) if last else 1.0))
        if how == "justified":
            pen.write(start, y, words, face, size, width=0.0 if last or len(words) == 1 else width)
        else:
            x, anchor = {"centred": ((start + right) / 2, "m"), "right": (right, "r")}.get(how, (start, "l"))
            pen.write(x, y, words, face, size, anchor)
        y += step
    return y - step + 0.4 * size


def title(pen: Pen, box: Box) -> float:
    """One or two lines of larger text, sometimes underlined or in a shaded band."""
    rng = pen.rng
    left, top, right, bottom = box
    size = min(pen.em * rng.uniform(1.15, 3.2), (right - left) / 5, (bottom - top) / 1.5)
    if size < 4:
        return bottom
    y = top + size * 1.1
    centred = rng.random() < 0.4
    for _ in range(rng.choice([1, 1, 1, 2])):
        text = pen.phrase(pen.head, size, (right - left) * 0.95, rng.randint(1, 7))
        if rng.random() < 0.06:
            pen.draw.rectangle([left, y - 1.15 * size, right, y + 0.35 * size], fill=pen.shade(0.2))
        pen.write((left + right) / 2 if centred else left, y, text, pen.head, size, "m" if centred else "l")
        y += 1.3 * size
    y -= 0.9 * size
    if rng.random() < 0.2:
        pen.draw.line([(left, y), (right, y)], fill=pen.shade(rng.uniform(0.3, 1)), width=rng.randint(1, 3))
    return y + 0.2 * size


def listing(pen: Pen, box: Box) -> float:
    """Items behind bullets or numbers."""
    rng = pen.rng
    left, top, right, bottom = box
    y = top + pen.em
    mark = rng.choice(["-", "·", "○", "※", "■", "1.", "1)", "가.", "(1)"])
    for number in range(rng.randint(2, 9)):
        if y > bottom:
            break
        text = mark.replace("1", str(number + 1)).replace("가", "가나다라마바사아자차"[number])
        text = "".join(c for c in text if ord(c) in pen.body.characters) or "-"
        pen.write(left, y, text, pen.body, pen.em)
        room = (right - left - 2 * pen.em) * rng.uniform(0.3, 1.0)
        pen.write(left + 2 * pen.em, y, pen.phrase(pen.body, pen.em, room), pen.body, pen.em)
        y += pen.em * pen.leading
    return y - pen.em * (pen.leading - 0.4)


def table(pen: Pen, box: Box) -> float:
    """Rows and columns with all rules, some of them, or none; numbers flush right."""
    rng = pen.rng
    left, top, right, bottom = box
    most = max(2, min(7, int((right - left) / (4 * pen.em))))
    widths = [rng.uniform(0.6, 2.0) for _ in range(rng.randint(2, most))]
    scale = (right - left) / sum(widths)
    edges = [left]
    for width in widths:
        edges.append(edges[-1] + width * scale)
    row = pen.em * rng.uniform(1.4, 2.6)
    rows = min(rng.randint(2, 12), int((bottom - top) / row))
    if rows < 1:
        return bottom
    grey, thick = pen.shade(rng.uniform(0.25, 1)), rng.choice([1, 1, 2])
    style = rng.choice(["all", "all", "rows", "frame", "none"])
    if rng.random() < 0.4:
        pen.draw.rectangle([left, top, right, top + row], fill=pen.shade(rng.uniform(0.05, 0.3)))
    how = [rng.choice("lmr") for _ in widths]
    for number in range(rows):
        y = top + number * row + row / 2 + 0.36 * pen.em
        face = pen.head if number == 0 else pen.body
        for column, (first, last) in enumerate(pairwise(edges)):
            if rng.random() < 0.12:
                continue
            text = pen.phrase(face, pen.em, last - first - pen.em, rng.randint(1, 3))
            if how[column] == "r" and number:
                text = [f"{rng.randint(1, 10 ** rng.randint(2, 6)):,}"]
            x = {"l": first + 0.4 * pen.em, "m": (first + last) / 2, "r": last - 0.4 * pen.em}[how[column]]
            pen.write(x, y, text, face, pen.em, how[column])
    end = top + rows * row
    if style in ("all", "rows"):
        for number in range(rows + 1):
            pen.draw.line([(left, top + number * row), (right, top + number * row)], fill=grey, width=thick)
    if style == "all":
        for edge in edges:
            pen.draw.line([(edge, top), (edge, end)], fill=grey, width=thick)
    if style == "frame":
        pen.draw.rectangle([left, top, right, end], outline=grey, width=thick)
    return end


def form(pen: Pen, box: Box) -> float:
    """Labels with a line, a box or a tick box to fill in."""
    rng = pen.rng
    left, top, right, bottom = box
    y, step = top + 1.2 * pen.em, pen.em * rng.uniform(1.6, 3.0)
    middle = left + (right - left) * rng.uniform(0.2, 0.45)
    how = rng.choice(["line", "box", "tick"])
    for _ in range(rng.randint(2, 8)):
        if y > bottom:
            break
        pen.write(left, y, pen.phrase(pen.body, pen.em, middle - left - pen.em, 3), pen.body, pen.em)
        if how == "line":
            pen.draw.line([(middle, y + 0.2 * pen.em), (right, y + 0.2 * pen.em)], fill=pen.shade(0.7))
        elif how == "box":
            pen.draw.rectangle([middle, y - 1.1 * pen.em, right, y + 0.4 * pen.em], outline=pen.shade(0.7))
        else:
            pen.draw.rectangle([middle, y - pen.em, middle + pen.em, y], outline=pen.ink)
        if rng.random() < 0.6 and right - middle > 4 * pen.em:
            text = pen.phrase(pen.body, pen.em, right - middle - 2 * pen.em, 5)
            pen.write(middle + 1.5 * pen.em, y, text, pen.body, pen.em)
        y += step
    return y - step + 0.5 * pen.em


def picture(pen: Pen, box: Box) -> float:
    """A photograph, a chart or a drawing of plain shapes, sometimes with a caption below."""
    rng = pen.rng
    left, top, right, bottom = box
    height = min((right - left) * rng.uniform(0.25, 0.9), bottom - top - 2 * pen.em)
    if height < 2 * pen.em:
        return bottom
    end = top + height
    ground = pen.shade(rng.uniform(0.0, 0.8))
    pen.draw.rectangle([left, top, right, end], fill=ground, outline=rng.choice([None, pen.ink]))
    for _ in range(rng.randint(2, 14)):
        x0, x1 = sorted(rng.uniform(left, right) for _ in range(2))
        y0, y1 = sorted(rng.uniform(top, end) for _ in range(2))
        grey = pen.shade(rng.uniform(0.0, 1.0))
        kind = rng.random()
        if kind < 0.35:
            pen.draw.ellipse([x0, y0, x1, y1], fill=grey)
        elif kind < 0.7:
            pen.draw.rectangle([x0, y0, x1, y1], fill=grey)
        elif kind < 0.85:
            pen.draw.polygon([(x0, y1), ((x0 + x1) / 2, y0), (x1, y1)], fill=grey)
        else:
            pen.draw.line([(x0, y0), (x1, y1)], fill=grey, width=rng.randint(1, 4))
    if rng.random() < 0.5 and end + 1.6 * pen.em < bottom:
        caption = pen.phrase(pen.body, 0.85 * pen.em, (right - left) * 0.9, 8)
        pen.write((left + right) / 2, end + 1.3 * pen.em, caption, pen.body, 0.85 * pen.em, "m")
        end += 1.6 * pen.em
    return end


def stamp(pen: Pen, x: float, y: float, radius: float) -> None:
    """A round or square seal with a few characters, as large as ``radius``."""
    rng = pen.rng
    grey, width = pen.shade(rng.uniform(0.3, 0.9)), max(1, round(radius / 10))
    shape = pen.draw.ellipse if rng.random() < 0.6 else pen.draw.rectangle
    shape([x - radius, y - radius, x + radius, y + radius], outline=grey, width=width)
    if rng.random() < 0.3:
        for step in range(12):
            angle = step * math.pi / 6
            ends = [(x + r * math.cos(angle), y + r * math.sin(angle)) for r in (0.6 * radius, 0.8 * radius)]
            pen.draw.line(ends, fill=grey, width=width)
    else:
        text = " ".join(pen.phrase(pen.head, radius / 2, 1.6 * radius, 2))
        pen.draw.text((x, y), text, fill=grey, font=pen.head.sized(max(4, round(radius / 2))), anchor="mm")


Block = Callable[[Pen, Box], float]
BLOCKS: dict[Block, float] = {
    paragraph: 0.5,
    title: 0.16,
    listing: 0.1,
    table: 0.12,
    form: 0.06,
    picture: 0.06,
}

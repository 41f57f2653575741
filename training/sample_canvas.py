"""A page to draw on that remembers where every text line's ink is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from unicodedata import is_normalized

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr_helpers.errors import OcrHelpersError
from training.alphabet import dictionary
from training.sample_fonts import check_glyphs, load_font

Colour = tuple[int, int, int]
BLACK: Colour = (24, 24, 26)
PAD = 2  # pixels between a line's ink and its quad
KNOWN = frozenset([*dictionary(), " "])


class SampleTextError(OcrHelpersError):
    """A sample's text is not fit to be ground truth: empty, not NFC, or outside the dictionary."""


@dataclass(frozen=True)
class Type:
    """How a text is set: family, style, size in pixels, colour, extra space between characters."""

    family: str
    size: int
    style: str = "Regular"
    fill: Colour = BLACK
    tracking: float = 0.0

    def at(self, **changes: object) -> "Type":
        """The same type with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """Family and style, as ground truth files name a font."""
        return self.family if self.style == "Regular" else f"{self.family} {self.style}"

    def width(self, text: str) -> float:
        """Advance width of the text in pixels."""
        font = load_font(self.family, self.style, self.size)
        return float(font.getlength(text)) + self.tracking * len(text)


@dataclass(frozen=True)
class Line:
    """One text line: its outline, float64 (N, 2) in pixels, clockwise from the text's top left, and its text.

    On a flat page the outline is the quad itself; a bent page needs the points between the corners.
    """

    outline_xy: NDArray[np.float64]
    text: str

    @staticmethod
    def around(box: tuple[float, float, float, float], text: str) -> "Line":
        """A line whose ink fills box (left, top, right, bottom); the outline keeps PAD pixels of distance."""
        x0, y0, x1, y1 = box[0] - PAD, box[1] - PAD, box[2] + PAD, box[3] + PAD
        return Line(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64), text)


@dataclass
class Canvas:
    """A page of size_wh pixels, its lines in reading order, and the fonts used on it."""

    size_wh: tuple[int, int]
    paper: Colour = (255, 255, 255)
    allow_rare: bool = False
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)
    lines: list[Line] = field(default_factory=list)
    fonts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", self.size_wh, self.paper)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, kind: Type, anchor: str = "l") -> float:
        """Draw one line with its baseline at y; x is its left end, middle or right end (anchor l, m or r).

        Returns the x where the text ends.
        """
        start = x - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor] * kind.width(text)
        self.words([(start, text)], y, kind)
        return start + kind.width(text)

    def words(self, placed: Sequence[tuple[float, str]], y: float, kind: Type) -> None:
        """Draw pieces at given x on one baseline and record them as one line."""
        text = " ".join(word for _, word in placed)
        self._check(text, kind)
        boxes = [self._ink(x, y, word, kind) for x, word in placed]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        self.lines.append(Line.around((min(lefts), min(tops), max(rights), max(bottoms)), text))
        self.fonts.add(kind.name)

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: int = 1, fill: Colour = BLACK) -> None:
        """A straight rule; an axis-parallel one is drawn as crisp pixels."""
        self.draw.line([(round(x0), round(y0)), (round(x1), round(y1))], fill, width)

    def _check(self, text: str, kind: Type) -> None:
        check_glyphs(text, kind.family, kind.style)
        unknown = set(text) - KNOWN
        if not text.strip() or text != text.strip() or "  " in text or not is_normalized("NFC", text):
            raise SampleTextError(f"{text!r} is empty, not NFC or has stray spaces: write it as it reads")
        if unknown and not self.allow_rare:
            raise SampleTextError(f"{text!r} has {sorted(unknown)}: the starter dictionary cannot spell that")

    def _ink(self, x: float, y: float, text: str, kind: Type) -> tuple[float, float, float, float]:
        """Draw without recording; the box of the pixels that really changed by a visible amount."""
        font = load_font(kind.family, kind.style, kind.size)
        left, top = int(x) - kind.size, int(y) - 2 * kind.size
        size = (int(kind.width(text)) + 3 * kind.size, 3 * kind.size)
        mask = Image.new("L", size, 0)
        pen = ImageDraw.Draw(mask)
        if kind.tracking:
            for character in text:
                pen.text((x - left, y - top), character, 255, font, anchor="ls")
                x += font.getlength(character) + kind.tracking
        else:
            pen.text((x - left, y - top), text, 255, font, anchor="ls")
        self.image.paste(kind.fill, (left, top), mask)
        box = mask.point(lambda value: 255 * (value > 40)).getbbox()
        if box is None:
            raise SampleTextError(f"{text!r} left no ink at size {kind.size}")
        return (left + box[0], top + box[1], left + box[2], top + box[3])

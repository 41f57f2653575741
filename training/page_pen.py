"""The pen that synthetic pages are drawn with: words in a face, at a size, drawn once and placed often."""

import random
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from training.fonts import Face

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
SPACE = 0.28  # ems between words


@dataclass(frozen=True)
class Pen:
    """What a block is drawn with: ``em`` pixels of body text, ``ink`` and ``paper`` grey levels 0…255."""

    draw: ImageDraw.ImageDraw
    rng: random.Random
    words: list[str]
    body: Face
    head: Face
    em: float
    ink: int
    paper: int
    leading: float  # baseline distance in ems
    drawn: dict[tuple[str, int, str], "Drawn"] = field(default_factory=dict)

    def shade(self, share: float) -> int:
        """The grey level ``share`` of the way from paper to ink."""
        return round(self.paper + share * (self.ink - self.paper))

    def word(self, text: str, face: Face, size: float) -> "Drawn":
        """The word as a mask; the few words of a page return so often that each is drawn once."""
        key = face.stem, max(4, round(size)), text
        if key not in self.drawn:
            font = face.sized(key[1])
            left, top, right, bottom = font.getbbox(text, anchor="ls")
            mask = Image.new("L", (max(1, int(right - left)), max(1, int(bottom - top))))
            ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font, anchor="ls")
            self.drawn[key] = Drawn(mask, left, top, font.getlength(text))
        return self.drawn[key]

    def phrase(self, face: Face, size: float, width: float, most_words: int = 99) -> list[str]:
        """Random words that fit into ``width`` pixels; at least one, cut down if it must be."""
        taken: list[str] = []
        room = width
        while len(taken) < most_words:
            word = "".join(c for c in self.rng.choice(self.words) if ord(c) in face.characters)
            room -= self.word(word, face, size).advance + size * SPACE
            if room < 0:
                break
            taken.append(word)
        if not taken:
            taken = [word[: max(1, int(width / max(size, 1)))]]
        return [word for word in taken if word] or ["1"]

    def write(self, x: float, y: float, text: str | list[str], face: Face, size: float, anchor: str = "l",
              width: float = 0.0) -> None:  # fmt: skip
        """One line with its baseline at y; x is its left end, middle or right end (anchor l, m or r).

        ``width`` spreads the words so that the line is that many pixels wide.
        """
        words = [self.word(word, face, size) for word in (text.split() if isinstance(text, str) else text)]
        own = sum(word.advance for word in words)
        gap = (width - own) / max(1, len(words) - 1) if width else size * SPACE
        x -= {"l": 0.0, "m": 0.5, "r": 1.0}[anchor] * (own + gap * (len(words) - 1))
        for word in words:
            self.draw.bitmap((round(x + word.left), round(y + word.top)), word.mask, fill=self.ink)
            x += word.advance + gap


@dataclass(frozen=True)
class Drawn:
    """A word's mask, where it stands from the pen's place on the baseline, and how far the pen moves."""

    mask: Image.Image
    left: float
    top: float
    advance: float

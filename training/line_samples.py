"""Text lines, upright and upside down, for the line-orientation classifier."""

import random
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training import corpus
from training.alphabet import syllables
from training.classifier_samples import Samples
from training.fonts import Face
from training.lines import make_line

LABELS = ("0_degree", "180_degree")
BATCH = 128
SIZE_WH = (384, 32)  # pixels that PaddleX resizes every line to
LONG_ENOUGH = 4  # characters from which a line counts in an evaluation
# Characters that are, or pass for, others when upside down. A line of nothing else shows no orientation.
SAME = "08oOxXsSzZHIN69lㅇㅁㅍㅣㅡㄹ응○●◎□■◇◆×÷=+-—~·:|/\\%∞()[]{}<>〈〉《》【】〔〕«»※†*# "
FLOATING = ".,'`_^\"‘’“”…"  # tell the orientation by their height only, which a tight crop hides


def ambiguous(text: str) -> bool:
    """Whether a reader could take the line for upright when it is upside down."""
    return all(character in SAME or character in FLOATING for character in text)


@lru_cache(maxsize=1)
def _syllables() -> str:
    return syllables()


def sample_text(rng: random.Random) -> str:
    """Sentences, random syllables, mixed lines, numbers, very short lines, long ones, and ambiguous ones."""
    kind, longest = rng.random(), rng.choice([5, 12, 28, 28, 48])
    length = rng.randint(1, longest)
    if kind < 0.36:
        text = corpus.korean_phrase(rng, length)
    elif kind < 0.56:
        text = "".join(rng.choice(_syllables()) + (" " if rng.random() < 0.25 else "") for _ in range(length))
    elif kind < 0.74:
        text = corpus.mixed(rng, length)
    elif kind < 0.80:
        text = corpus.marks(rng, length)
    elif kind < 0.93:
        makers = [corpus.date, corpus.price, corpus.phone, corpus.code, corpus.measure, corpus.quantity,
                  corpus.contact, corpus.address, corpus.latin]  # fmt: skip
        return rng.choice(makers)(rng)
    elif kind < 0.97:
        return "".join(rng.choices("0123456789,.-", k=rng.randint(1, 9))).strip(",.-") or "7"
    else:
        return "".join(rng.choices(SAME[:30], k=rng.randint(1, 6)))
    start = rng.randint(0, max(0, min(4, len(text) - length)))
    return " ".join(text[start : start + length].split()) or "가"


def make_samples(seed: int, number: int, faces: Sequence[Face], weights: Sequence[float]) -> Samples:
    """Batch ``number`` of the stream: BATCH lines, half of them upside down; a long enough one counts."""
    rng, noise = random.Random(seed * 1_000_003 + number), np.random.default_rng([seed, number])
    images = np.empty((BATCH, SIZE_WH[1], SIZE_WH[0]), np.uint8)
    labels, counted = np.zeros(BATCH, np.int64), np.zeros(BATCH, bool)
    for row in range(BATCH):
        text = sample_text(rng)
        line = make_line(text, rng.choices(faces, weights)[0], rng, noise).image
        turned, sure = rng.random() < 0.5, not ambiguous(text)
        if turned:
            line = np.ascontiguousarray(line[::-1, ::-1])
        images[row] = cv2.resize(_rescaled(line, rng), SIZE_WH, interpolation=cv2.INTER_AREA)
        labels[row], counted[row] = turned and sure, sure and len(text) >= LONG_ENOUGH
    return Samples(images, labels, counted)


def _rescaled(line: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """The line as high as a detector's crop: below 32 pixels OpenCV's INTER_AREA works in another way."""
    if rng.random() < 0.4:
        return line
    height = round(np.exp(rng.uniform(np.log(16), np.log(70))))
    size_wh = (max(4, round(line.shape[1] * height / line.shape[0])), height)
    how = cv2.INTER_AREA if height < line.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(line, size_wh, interpolation=how), np.uint8)

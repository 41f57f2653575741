"""Recognised text as HTML: escaped, the invisible made visible, differences marked; and line pictures."""

import base64
import unicodedata
from collections.abc import Iterable
from html import escape
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.scoring.alignment import align_texts
from ocr_helpers.text import comparable_text

__all__ = ["difference", "picture", "shown"]

_WIDTH, _HEIGHT = 1400, 120
_SHOWN_HEIGHT = 40


def shown(text: str, *, marked: bool = False) -> str:
    """Escaped text; what cannot be seen stands as its code point, a marked space as ``␣``."""
    parts = []
    for character in text:
        if character == " ":
            parts.append("␣" if marked else " ")
        elif unicodedata.category(character)[0] in "CZ":
            parts.append(f'<span class="ocr-code">U+{ord(character):04X}</span>')
        elif unicodedata.combining(character):
            parts.append(f"◌{character}")  # alone it would sit on the letter before it
        else:
            parts.append(escape(character))
    return "".join(parts)


def difference(read: str, expected: str) -> tuple[str, str]:
    """Both texts with what differs marked: the expected one, then the read one."""
    expected, read = comparable_text(expected), comparable_text(read)
    sides: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for pair in align_texts(expected, read):
        kind = "" if pair.equal else "replaced" if pair.expected and pair.read else "alone"
        for side, character, name in ((0, pair.expected, "missing"), (1, pair.read, "surplus")):
            if character:
                sides[side].append((name if kind == "alone" else kind, character))
    return _marked(sides[0]), _marked(sides[1])


def _marked(characters: Iterable[tuple[str, str]]) -> str:
    parts = []
    for kind, run in groupby(characters, key=lambda item: item[0]):
        text = shown("".join(character for _, character in run), marked=bool(kind))
        parts.append(f'<mark class="ocr-{kind}">{text}</mark>' if kind else text)
    return "".join(parts)


def picture(image_bgr: NDArray[np.uint8]) -> str:
    """The picture inline. It is shrunk to what a screen shows of it, never enlarged in the file."""
    height, width = image_bgr.shape[:2]
    scale = min(1.0, _WIDTH / width, _HEIGHT / height)
    if scale < 1:
        size_wh = max(1, round(width * scale)), max(1, round(height * scale))
        image_bgr = np.asarray(cv2.resize(image_bgr, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = image_bgr.shape[:2]
    # JPEG: a page of crops stays small enough for a notebook, and 92 leaves no rings around strokes.
    done, coded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise RuntimeError(f"OpenCV could not write a JPEG of an image with shape {image_bgr.shape}")
    data = base64.b64encode(coded.tobytes()).decode("ascii")
    shown_height = min(_SHOWN_HEIGHT, height) if width >= height else height
    shown_width = round(width * shown_height / height)
    return (
        f'<img src="data:image/jpeg;base64,{data}" width="{shown_width}" height="{shown_height}" '
        'alt="the line\'s picture">'
    )

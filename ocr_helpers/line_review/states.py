"""A line of a review: how it came, what is known of it, and the key that names it."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.line_review.sources import FoundLine

__all__ = [
    "CorrectionError",
    "LineState",
    "ReviewedLine",
    "Show",
    "State",
    "as_number",
    "clean",
    "first_state",
    "key_of",
    "keys",
]

State = Literal["open", "done", "unreadable", "deleted"]
Show = Literal["all", "open", "done", "corrected", "unreadable", "deleted"]


class CorrectionError(OcrHelpersError, ValueError):
    """A correction that no line can have, or of a line that is not there."""


@dataclass(frozen=True, slots=True)
class LineState:
    """What is known of a line at one moment.

    Attributes:
        text: NFC.
        state: ``open`` (nobody has looked yet), ``done``, ``unreadable`` or ``deleted`` (the box is no line).

    """

    text: str
    state: State = "open"


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """A line as it came and as it is.

    Attributes:
        number: from 0, over all pages, in reading order; lines that a person added follow.
        key: names the line by its page and box, also after the pages are read again.
        page: number of its page, from 0.
        found: how it came.
        read: its text of then, in the form that texts are kept in.
        now: how it is.

    """

    number: int
    key: str
    page: int
    found: FoundLine
    read: str
    now: LineState

    @property
    def is_corrected(self) -> bool:
        """Whether it is done with another text than was read."""
        return self.now.state == "done" and self.now.text != self.read


def keys(found: Iterable[tuple[int, FoundLine]]) -> list[str]:
    """Page and corners of each line; a box that is there twice gets a number."""
    seen: Counter[str] = Counter()
    keys = []
    for page, line in found:
        key = key_of(page, line.quad_xy)
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}#{seen[key]}")
    return keys


def key_of(page: int, quad_xy: NDArray[np.float32]) -> str:
    """The key of a line by its page and box."""
    corners = (f"{value:.1f}".removesuffix(".0") for value in quad_xy.reshape(-1).tolist())
    return f"{page}:{','.join(corners)}"


def first_state(line: FoundLine) -> LineState:
    """The state of a line that nobody has changed."""
    return LineState(clean(line.text), "unreadable" if line.difficult else "open")


def clean(text: str) -> str:
    """NFC in one line: no label file has a form for tabs and line breaks."""
    text = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode()).strip()


def as_number(value: Any, name: str) -> float:
    """A finite number, or CorrectionError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CorrectionError(f"{name} is {value!r}; expected a number from 0 to 1.")
    return float(value)

"""What a sweep needs to know of pages and models before it scores them: which they are, and what is true."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.tuning import NoPageError
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.stages import StagedPipeline

__all__ = [
    "ModelProbe",
    "NoTruthError",
    "PageSource",
    "digest_of",
    "document_of",
    "page_name",
    "page_sources",
    "truth_on",
]

_NAMELESS = ("array", "bytes")
_PROBE_TOLERANCE = 2e-3


class NoTruthError(OcrHelpersError, ValueError):
    """The metric compares with ground truth, and there is none."""


@dataclass(frozen=True, eq=False)
class PageSource:
    """One thing that was given as a page: pages, a path, an array.

    Attributes:
        given: it.
        truth: the ground truth given with it.
        has_truth: one was given, if only None.

    """

    given: Any
    truth: PageTruth | None = None
    has_truth: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        if isinstance(self.given, Page):
            return page_name(self.given)
        return str(self.given) if isinstance(self.given, str | Path) else type(self.given).__name__

    def load(self) -> list[tuple[Page, PageTruth | None]]:
        """Its pages, each with its ground truth: the one given, else the file beside it."""
        pages = [self.given] if isinstance(self.given, Page) else load_pages(self.given)
        if self.has_truth:
            if len(pages) != 1:
                raise NoPageError(
                    f"{self.name} has {len(pages)} pages and one ground truth; give load_pages(...) of it, "
                    "and a truth for each page."
                )
            return [(pages[0], self.truth)]
        return [(page, truth_beside(page)) for page in pages]


def page_sources(pages: Any, truths: Sequence[PageTruth | None] | None) -> list[PageSource]:
    """Whatever was given as pages, one by one; nothing is loaded yet.

    Raises:
        ocr_helpers.detection.tuning.NoPageError: no page, or not one truth for each.

    """
    several = isinstance(pages, Iterable) and not isinstance(pages, str | bytes | bytearray | np.ndarray)
    given = list(pages) if several else [pages]
    if not given:
        raise NoPageError("There is no page to sweep over; load_pages(path) makes pages.")
    if truths is None:
        return [PageSource(one) for one in given]
    if len(truths) != len(given):
        raise NoPageError(f"There are {len(given)} pages and {len(truths)} truths; expected as many.")
    return [PageSource(one, truth, True) for one, truth in zip(given, truths, strict=True)]


def page_name(page: Page) -> str:
    """The file's name, and the page's number where it is not the first."""
    name = Path(page.source).name or page.source
    several = page.index > 0 or page.source.lower().endswith(".pdf")
    return f"{name}, page {page.index + 1}" if several else name


def document_of(page: Page, number: int) -> str:
    """What the page belongs to: its file; itself where it came from memory."""
    return f"{page.source} {number}" if page.source in _NAMELESS else page.source


def truth_on(page_bgr: NDArray[np.uint8], page: Page, truth: PageTruth) -> PageTruth:
    """The truth of a page in pixels of the page as it was turned.

    Args:
        page_bgr: uint8 (H, W, 3), the page turned by a multiple of 90 degrees.
        page: as it was.
        truth: on ``page``.

    """
    turns = _quarter_turns(page_bgr, page.image_bgr)
    quads, (width, height) = truth.quads_xy, page.size_wh
    for _ in range(turns):  # counter-clockwise, the way of np.rot90
        quads = np.stack([quads[..., 1], width - quads[..., 0]], axis=-1)
        width, height = height, width
    return dataclasses.replace(truth, quads_xy=quads)


def _quarter_turns(turned: NDArray[np.uint8], original: NDArray[np.uint8]) -> int:
    """By how many quarters it was turned: PaddleX interpolates, so that pixels are near, but not the same."""
    differences = {
        turns: float(np.mean(cv2.absdiff(np.ascontiguousarray(np.rot90(original, turns)), turned)))
        for turns in range(4)
        if (original.shape[turns % 2], original.shape[1 - turns % 2]) == turned.shape[:2]
    }
    return min(differences, key=differences.__getitem__)


def digest_of(*arrays_and_texts: Any) -> str:
    """A fingerprint of arrays and texts."""
    digest = blake2b(digest_size=16)
    for part in arrays_and_texts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.shape, part.dtype.str)).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class ModelProbe:
    """What the models say of a small test picture: other weights say something else.

    Attributes:
        text: what is read in it.
        numbers: its score, and means of the probability map over a grid, 0…1.

    """

    text: str
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, staged: StagedPipeline) -> "ModelProbe":
        """Ask the models of a pipeline; takes a few hundredths of a second."""
        picture = np.full((96, 320, 3), 255, np.uint8)
        cv2.putText(picture, "OCR 2468 ab", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (40, 20, 0), 2)
        page_map = staged.probability_map(picture)
        quad = np.array([[10, 20], [310, 20], [310, 76], [10, 76]], np.int16)
        ((text, score),) = staged.read(page_map, [quad])
        coarse = cv2.resize(page_map.probabilities, (8, 4), interpolation=cv2.INTER_AREA)
        return cls(text, tuple(round(float(number), 6) for number in (score, *coarse.ravel())))

    def agrees_with(self, other: "ModelProbe") -> bool:
        """Whether these are the same models, as far as the picture tells. Engines differ in last digits."""
        return (
            self.text == other.text
            and len(self.numbers) == len(other.numbers)
            and bool(np.allclose(self.numbers, other.numbers, rtol=0, atol=_PROBE_TOLERANCE))
        )

"""What truly stands on a page, where somebody wrote it down: the JSON beside a sample image."""

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import Page

__all__ = ["GroundTruthError", "PageTruth", "truth_beside"]


class GroundTruthError(OcrHelpersError, ValueError):
    """A file of ground truth that is not in the form of ``data/samples``, or not of this page."""


@dataclass(frozen=True, eq=False)
class PageTruth:
    """The lines of one page.

    Attributes:
        quads_xy: float32 (N, 4, 2), x and y in pixels of the page, clockwise from the text's top left.
        texts: N texts, NFC.

    Raises:
        GroundTruthError: the two differ in length, or a quad is not (4, 2).

    """

    quads_xy: NDArray[np.float32]
    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the shapes, and bring texts to NFC: a Hangul syllable can be spelled in two ways."""
        try:
            quads = np.asarray(self.quads_xy, np.float32).reshape(-1, 4, 2)
        except (TypeError, ValueError) as error:
            raise GroundTruthError(f"quads_xy are not (N, 4, 2) numbers: {error}.") from None
        if len(quads) != len(self.texts):
            raise GroundTruthError(f"There are {len(quads)} quads and {len(self.texts)} texts.")
        object.__setattr__(self, "quads_xy", quads)
        object.__setattr__(self, "texts", tuple(unicodedata.normalize("NFC", text) for text in self.texts))


def truth_beside(page: Page) -> PageTruth | None:
    """Read the ground truth of a page from the file of its name that ends in ``.json``; None without one.

    The form is that of ``data/samples`` (see its README): ``lines`` with ``text`` and ``quad``, for a PDF
    under ``pages``, and the size of the page they belong to. A page of another size (a PDF drawn with other
    dots per inch) has its quads scaled to it.

    Raises:
        GroundTruthError: the file is there, but not in that form.

    """
    path = Path(page.source).with_suffix(".json")
    if "://" in page.source or not Path(page.source).suffix or not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "lines" not in found and "pages" not in found:
            return None  # another program's file
        record = found["pages"][page.index] if "pages" in found else found
        lines = record["lines"]
        size_wh = [float(record["width"]), float(record["height"])]
        quads = np.array([line["quad"] for line in lines], np.float32).reshape(-1, 4, 2)
        height, width = page.image_bgr.shape[:2]
        scaled = quads * np.array([width / size_wh[0], height / size_wh[1]], np.float32)
        return PageTruth(scaled, tuple(str(line["text"]) for line in lines))
    except (OSError, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise GroundTruthError(
            f"{str(path)!r} has no ground truth of page {page.index + 1} in the form of data/samples: "
            f"{type(error).__name__}: {error}. Correct it, or move it elsewhere."
        ) from None

"""What every engine offers: a reader, what it finds on a page, and the memory it took."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError

__all__ = ["EngineMissingError", "ImageBGR", "PageReading", "Reader", "peak_bytes"]

ImageBGR = NDArray[np.uint8]


class EngineMissingError(OcrHelpersError):
    """An engine, or what it needs to read Korean, is not installed; the message says how to get it."""


class PageReading(NamedTuple):
    """What was found on a page: boxes, float32 (N, 4, 2), in pixels of the page, and a text for each."""

    quads_xy: NDArray[np.float32]
    texts: list[str]


class Reader(Protocol):
    """A loaded engine.

    Attributes:
        version: the program's, with its name.
        settings: models and settings, in words.
        note: what whoever reads the figures has to know; may be empty.

    """

    version: str
    settings: str
    note: str

    def read_page(self, image_bgr: ImageBGR, dpi: float | None) -> PageReading:
        """Find and read the lines of a page, uint8 (H, W, 3); ``dpi`` where it is known."""

    def read_lines(self, images_bgr: Sequence[ImageBGR]) -> list[str]:
        """Read each picture, uint8 (H, W, 3), as one line of text."""

    def peak_bytes(self) -> int | None:
        """Most memory that its process had at once; None where the system does not tell."""


def peak_bytes(process: int | str = "self") -> int | None:
    """Most resident memory that a process had since its program began, from Linux's ``/proc``; else None.

    ``getrusage`` would count the memory of the process it was started from.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    peaks = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
    return peaks[0] if peaks else None

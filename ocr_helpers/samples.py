"""The Korean documents of ``data/samples``, with the text that truly stands in them."""

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import Page, load_pages

__all__ = [
    "SampleLine",
    "SampleNotFoundError",
    "SizeError",
    "crop_quad",
    "load_sample_lines",
    "samples_dir",
    "shrink_line",
]


class SampleNotFoundError(OcrHelpersError):
    """A sample document that ``data/samples`` does not have."""


class SizeError(OcrHelpersError):
    """A height that no picture can have."""


@dataclass(frozen=True, eq=False)
class SampleLine:
    """One line of text cut out of a sample.

    Attributes:
        image_bgr: uint8 (H, W, 3).
        text: what stands there, NFC.
        name: of the sample, and on a page the number of the line: ``"price"``, ``"notice:3"``.
        description: what the sample is for.

    """

    image_bgr: NDArray[np.uint8]
    text: str
    name: str
    description: str


def samples_dir() -> Path:
    """The folder ``data/samples`` of the clone this package was installed from.

    Raises:
        SampleNotFoundError: the package was installed without its clone.

    """
    folder = Path(__file__).resolve().parent.parent / "data" / "samples"
    if not folder.is_dir():
        raise SampleNotFoundError(f"{folder} is not there: install from a clone, `pip install --editable .`")
    return folder


def crop_quad(
    image_bgr: NDArray[np.uint8], quad_xy: NDArray[np.float32], margin: float = 0.12
) -> NDArray[np.uint8]:
    """Cut a quadrilateral out of an image and make it upright.

    Args:
        image_bgr: uint8 (H, W, 3).
        quad_xy: (4, 2) pixels, clockwise from the text's top left.
        margin: added on each side, as a share of the quadrilateral's height; detectors leave about 0.1.

    """
    import cv2

    quad = np.asarray(quad_xy, np.float32)
    width = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    height = max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
    edge = margin * height
    inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + np.float32(edge)
    matrix = cv2.getPerspectiveTransform(quad, inner)
    size_wh = (max(1, round(width + 2 * edge)), max(1, round(height + 2 * edge)))
    upright = cv2.warpPerspective(
        image_bgr, matrix, size_wh, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(upright, np.uint8)


def shrink_line(image_bgr: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """The line as a scan of lower resolution would have it: at most ``height`` pixels high, same shape.

    Args:
        image_bgr: uint8 (H, W, 3).
        height: pixels; an image that is not higher is returned as it is.

    Raises:
        SizeError: ``height`` is below 1.

    """
    import cv2

    if height < 1:
        raise SizeError(f"height is {height}; expected at least 1 pixel")
    if image_bgr.shape[0] <= height:
        return image_bgr
    size_wh = (max(1, round(image_bgr.shape[1] * height / image_bgr.shape[0])), height)
    return np.asarray(cv2.resize(image_bgr, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def load_sample_lines(*names: str) -> list[SampleLine]:
    """Lines of the samples named, in reading order; without a name, the line crops in ``data/samples/lines``.

    Args:
        *names: file names without ending, such as ``"price"``, ``"notice"`` or ``"turned_90"``.

    Raises:
        SampleNotFoundError: there is no such sample.

    """
    folder = samples_dir()
    truths = {path.stem: path for path in sorted(folder.rglob("*.json"))}
    wanted = names or tuple(path.stem for path in sorted((folder / "lines").glob("*.json")))
    lines: list[SampleLine] = []
    for name in wanted:
        if name not in truths:
            raise SampleNotFoundError(f"no sample is called {name!r}; there are {', '.join(truths)}")
        truth = json.loads(truths[name].read_text(encoding="utf-8"))
        for record, page in zip(truth.get("pages", [truth]), _images(truths[name], truth), strict=True):
            lines += _lines_of(name, record, page, truth["made_with"]["description"])
    return lines


def _images(path: Path, truth: dict[str, object]) -> list[Page]:
    if "dpi" in truth:
        return load_pages(path.parent / str(truth["image"]), dpi=float(str(truth["dpi"])))
    return load_pages(path.parent / str(truth["image"]))


def _lines_of(name: str, record: dict[str, object], page: Page, description: str) -> list[SampleLine]:
    rows = record["lines"]
    assert isinstance(rows, list)
    cut = []
    for row in sorted(rows, key=lambda row: int(row["order"])):
        label = name if len(rows) == 1 else f"{name}:{row['order']}"
        # A line crop is a picture already: its margins are what a detector would leave.
        image = (
            page.image_bgr
            if len(rows) == 1
            else crop_quad(page.image_bgr, np.asarray(row["quad"], np.float32))
        )
        cut.append(SampleLine(image, unicodedata.normalize("NFC", row["text"]), label, description))
    return cut

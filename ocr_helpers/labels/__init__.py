"""Pages and lines that somebody has labelled: PaddleOCR's files, the samples' JSON, texts beside images.

What cannot be used is named at the end, entry by entry, and the rest is read. Label files come from other
people and other machines: an entry that leads out of its folder is read only where it is allowed.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page, load_pages

__all__ = [
    "UNREADABLE",
    "LabelFileError",
    "LabelImageError",
    "LabelProblem",
    "LabelledPage",
    "LabelledPages",
    "load_labelled_pages",
]

UNREADABLE = "###"
"""The text of a line that nobody can read; PaddleOCR ignores such lines."""

LabelFormat = Literal["Label.txt", "rec_gt.txt", "json", "txt", "review"]


class LabelFileError(OcrHelpersError, ValueError):
    """There are no labels at this path, or none of them can be used."""


class LabelImageError(OcrHelpersError, ValueError):
    """The picture of a label cannot be the one that was labelled."""


@dataclass(frozen=True, eq=False)
class LabelledPage:
    """One picture and the lines that stand in it.

    Attributes:
        path: of the image or PDF.
        texts: N texts, NFC, in the order of the file; one for a picture of one line.
        quads_xy: float32 (N, 4, 2), pixels, clockwise from the text's top left; None where only texts are
            known. A polygon with more corners is given as its smallest rectangle.
        difficult: N times whether the line cannot be read or is to be ignored.
        index: number of the page within its file, from 0.
        format: the form that the labels had.
        kind: ``"line"`` where the picture shows one line only.
        size_wh: width and height of the labelled picture in pixels, where the labels say it.
        dpi: dots per inch to draw a PDF with; None for an image.

    Raises:
        LabelFileError: texts, boxes and marks are not of one number.

    """

    path: Path
    texts: tuple[str, ...]
    quads_xy: NDArray[np.float32] | None = field(default=None, repr=False)
    difficult: tuple[bool, ...] = ()
    index: int = 0
    format: LabelFormat = "json"
    kind: Literal["page", "line"] = "page"
    size_wh: tuple[int, int] | None = None
    dpi: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and bring texts to NFC."""
        texts = tuple(unicodedata.normalize("NFC", text) for text in self.texts)
        difficult = self.difficult or tuple(text == UNREADABLE for text in texts)
        quads = None if self.quads_xy is None else np.asarray(self.quads_xy, np.float32).reshape(-1, 4, 2)
        counts = {len(texts), len(difficult)} | (set() if quads is None else {len(quads)})
        if len(counts) > 1:
            boxes = "no" if quads is None else len(quads)
            raise LabelFileError(
                f"{self.path.name} has {len(texts)} texts, {len(difficult)} marks of difficult lines and "
                f"{boxes} boxes; expected one number."
            )
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "difficult", difficult)
        object.__setattr__(self, "quads_xy", quads)

    @property
    def truth(self) -> PageTruth | None:
        """Boxes and texts of the lines that can be read, to compare with; None where there are no boxes."""
        if self.quads_xy is None:
            return None
        keep = ~np.array(self.difficult, bool)
        texts = (text for text, hard in zip(self.texts, self.difficult, strict=True) if not hard)
        return PageTruth(self.quads_xy[keep], tuple(texts))

    @property
    def text(self) -> str:
        """The lines that can be read, one per line."""
        return "\n".join(text for text, hard in zip(self.texts, self.difficult, strict=True) if not hard)

    def load(self) -> Page:
        """Read the picture.

        Raises:
            LabelImageError: it has not the size that was labelled.
            OcrHelpersError: as :func:`ocr_helpers.load_pages`.

        """
        options: dict[str, Any] = {} if self.dpi is None else {"dpi": self.dpi}
        (page,) = load_pages(self.path, pages=[self.index], **options)
        if self.size_wh is not None and page.size_wh != self.size_wh:
            raise LabelImageError(
                f"{str(self.path)!r} is {page.size_wh[0]} × {page.size_wh[1]} pixels; its labels are of a "
                f"picture of {self.size_wh[0]} × {self.size_wh[1]}. Find the picture that was labelled."
            )
        return page


@dataclass(frozen=True)
class LabelProblem:
    """An entry that could not be used.

    Attributes:
        where: file, and row from 1 where it has rows.
        why: what is wrong with it.

    """

    where: str
    why: str

    def __str__(self) -> str:
        """Both in one line."""
        return f"{self.where}: {self.why}"


class LabelledPages(list[LabelledPage]):
    """A list of pages; ``problems`` names the entries that could not be used."""

    def __init__(self, pages: Iterable[LabelledPage] = ()) -> None:
        super().__init__(pages)
        self.problems: list[LabelProblem] = []


def load_labelled_pages(path: str | Path, *, allow_outside: bool = False) -> LabelledPages:
    """Read labelled pages or lines.

    Args:
        path: one of

            - PaddleOCR's ``Label.txt`` (PPOCRLabel; ``train.txt`` of a detection set): ``image<TAB>JSON``.
              Paths are relative to its folder or, as PPOCRLabel writes them, to the folder above;
            - ``rec_gt.txt`` (``train.txt`` of a recognition set): ``picture of a line<TAB>text``;
            - a ``.json`` in the form of ``data/samples``;
            - a folder with one of the first two in it; else with images, each with a ``.json`` or a ``.txt``
              of its name beside it (one text line per line, so no boxes).

            UTF-8 with or without a byte order mark, UTF-16 with one, or CP949; any line ends.
        allow_outside: whether images may lie outside the folder of the labels.

    Returns:
        The pages, in the order of the file, or of names in a folder. ``problems`` lists the entries that
        could not be used; they are also announced, a line each.

    Raises:
        LabelFileError: nothing is there, it has no such form, or not one entry can be used.

    """
    from ocr_helpers.labels.forms import read_labels
    from ocr_helpers.messages import announce

    found = LabelledPages()
    for one in read_labels(Path(path).expanduser(), allow_outside):
        if isinstance(one, LabelProblem):
            found.problems.append(one)
        else:
            found.append(one)
    named = [str(problem) for problem in found.problems[:10]]
    if len(found.problems) > len(named):
        named.append(f"… and {len(found.problems) - len(named)} more: see .problems")
    if not found:
        why = "\n".join(named) or "no entry, and no image with a .json or .txt of its name beside it"
        raise LabelFileError(f"There are no labels to use in {str(path)!r}: {why}")
    for line in named:
        announce(line)
    return found

"""Searchable PDF: the picture of each page with its text, invisible, where it stands.

What is shown. A page that document orientation turned is shown upright: its own pixels, drawn turned. An
unwarped page is shown flattened, because that is where its lines stand; UVDoc does not tell where on the
original.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.export.pdf_file import PdfFile, number
from ocr_helpers.export.pdf_font import ASCENT, DESCENT, TextFont
from ocr_helpers.export.pdf_image import PdfImage
from ocr_helpers.export.records import LineRecord
from ocr_helpers.export.text import printable

__all__ = ["SearchablePdf", "page_size_pt", "text_frame"]

Floats = NDArray[np.float64]

_A4_LONG_SIDE_PT = 297 / 25.4 * 72
# ISO 32000-1, annex C: the shortest and the longest side of a page, in points.
_SHORTEST_PT, _LONGEST_PT = 3.0, 14_400.0
# As PaddleX cuts lines: from this ratio on a box is read as a line that runs downwards.
_STANDING = 1.5
# The picture is an object like any other; its text has rendering mode 3: neither filled nor stroked.
_DRAW = "q {matrix} cm /Im Do Q\n"


class SearchablePdf:
    """Writes a PDF page by page; only the current page is in memory.

    Call :meth:`add_page` for each page, then :meth:`close`. Follows PDF/A-2u (colours, font, metadata, no
    encryption), but does not state conformance: no validator has confirmed it.

    Args:
        stream: binary, at the start of an empty file.
        title: of the document.
        language: of its text.
        created: the date written into it; None leaves dates out, so that equal input gives equal bytes.

    """

    def __init__(
        self, stream: BinaryIO, *, title: str, language: str = "ko-KR", created: datetime | None = None
    ) -> None:
        self._file = PdfFile(stream)
        self._about = (printable(title), language, created)
        self._font = TextFont()
        self._font_number = self._file.reserve()
        self._tree_number = self._file.reserve()
        self._pages: list[int] = []

    def add_page(
        self,
        image: PdfImage,
        size_pt: tuple[float, float],
        lines: Iterable[LineRecord] = (),
        *,
        read_size_wh: tuple[int, int],
    ) -> None:
        """Add a page.

        Args:
            image: the picture that fills it.
            size_pt: width and height of the page as it is shown, in points of 1/72 inch.
            lines: in reading order, which is the order of the text in the file.
            read_size_wh: width and height, in pixels, of the picture that the lines' ``quad_xy`` belong to.

        """
        width, height = size_pt
        content = [_DRAW.format(matrix=_picture_matrix(image.turn, width, height))]
        scale = np.array([width / read_size_wh[0], height / read_size_wh[1]])
        text_lines = [
            self._text_line(printable(line.best_text), text_frame(line) * scale, height) for line in lines
        ]
        if any(text_lines):
            content += ["BT\n3 Tr /F 1 Tf\n", *text_lines, "ET\n"]
        picture = self._file.write_stream(image.entries, image.data, compress=False)
        stream = self._file.write_stream("", "".join(content).encode("ascii"))
        page = self._file.write(
            f"<< /Type /Page /Parent {self._tree_number} 0 R "
            f"/MediaBox [0 0 {number(width)} {number(height)}] "
            f"/Resources << /Font << /F {self._font_number} 0 R >> /XObject << /Im {picture} 0 R >> >> "
            f"/Contents {stream} 0 R >>"
        )
        self._pages.append(page)

    def _text_line(self, text: str, frame: Floats, page_height: float) -> str:
        """Return the operators that set one line into its frame, (4, 2) points with y downwards."""
        text = _as_set(text.strip())
        if not text:
            return ""
        codes, natural_width = self._font.encode(text)
        along, down = _axes(frame)
        # The font's line, from its ascent to its descent, fills the box's height; its width fills the width.
        right = along / (natural_width or 1.0)
        up = -down / (ASCENT - DESCENT)
        start = frame.mean(axis=0) - along / 2 + down / 2 - up * DESCENT
        matrix = right[0], -right[1], up[0], -up[1], start[0], page_height - start[1]
        return f"{' '.join(map(number, matrix))} Tm <{codes}> Tj\n"

    def close(self) -> None:
        """Write the fonts and what ends the file; the stream stays open."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._file.write(f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>", self._tree_number)
        self._font.write(self._file, self._font_number)
        title, language, created = self._about
        self._file.finish(self._tree_number, title=title, language=language, created=created)


def text_frame(line: LineRecord) -> Floats:
    """Corners of a line as it is read, float64 (4, 2) pixels: its own top left, top right, and so on.

    A box at least 1.5 times as high as wide is read downwards, as PaddleX cuts it; a line that was turned
    before it was read begins at the opposite corner.
    """
    quad = np.array(line.quad_xy, np.float64)
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    if max(sides[1], sides[3]) >= _STANDING * max(sides[0], sides[2]):
        quad = np.roll(quad, -1, axis=0)
    return np.roll(quad, -2, axis=0) if line.textline_angle == 180 else quad


def page_size_pt(size_wh: tuple[int, int], dpi: float | None) -> tuple[float, float]:
    """Width and height of a page in points, from its pixels and dots per inch.

    A page that states no resolution (a photo), or one at which PDF has no such page, gets A4's longer side.
    """
    points = 72 / dpi if dpi else 0.0
    if not (min(size_wh) * points >= _SHORTEST_PT and max(size_wh) * points <= _LONGEST_PT):
        points = _A4_LONG_SIDE_PT / max(size_wh)
    return max(size_wh[0] * points, _SHORTEST_PT), max(size_wh[1] * points, _SHORTEST_PT)


def _as_set(text: str) -> str:
    """Return the text in its order from left to right on the page, which is what readers of PDF expect.

    They put Hebrew and Arabic back into the order of speech, after Unicode Standard Annex 9.
    """
    if not any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return text
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    return BidiParagraph(text, base_direction=TextDirection.LTR).get_reordered_string()


def _axes(frame: Floats) -> tuple[Floats, Floats]:
    """Return a frame's width and height as vectors, neither of them shorter than a point."""
    p0, p1, p2, p3 = frame
    along, down = (p1 - p0 + p2 - p3) / 2, (p3 - p0 + p2 - p1) / 2
    if np.hypot(*along) < 1:
        along = np.array([1.0, 0.0])
    # Readers of PDF pass over text without height.
    if abs(along[0] * down[1] - along[1] * down[0]) < np.hypot(*along):
        down = np.array([-along[1], along[0]]) / np.hypot(*along)
    return along, down


def _picture_matrix(turn: int, width: float, height: float) -> str:
    """Return the matrix that draws the unit square over the page, turned counter-clockwise by ``turn``."""
    w, h = number(width), number(height)
    return {
        0: f"{w} 0 0 {h} 0 0",
        90: f"0 {h} -{w} 0 {w} 0",
        180: f"-{w} 0 0 -{h} {w} {h}",
        270: f"0 -{h} {w} 0 0 {h}",
    }[turn]

"""What turns pages into the bytes of one file, page by page."""

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, Protocol

from ocr_helpers.export.pages import ExportPage
from ocr_helpers.export.pdf import SearchablePdf
from ocr_helpers.export.tables import CsvLines, ParquetLines

__all__ = ["JoinedPages", "PdfPages", "TableLines", "Writer"]


class Writer(Protocol):
    """Writes pages into the one file that it was made for."""

    def add(self, page: ExportPage) -> None:
        """Write one page."""

    def close(self) -> None:
        """Write what ends the file."""


class JoinedPages:
    """Pages as texts, with something before, between and after them."""

    def __init__(
        self, stream: BinaryIO, start: bytes, between: bytes, end: bytes, form: Callable[[ExportPage], bytes]
    ) -> None:
        self._stream, self._next, self._between, self._end, self._form = stream, start, between, end, form

    def add(self, page: ExportPage) -> None:
        self._stream.write(self._next + self._form(page))
        self._next = self._between

    def close(self) -> None:
        self._stream.write(self._end)


class TableLines:
    """Lines of all documents."""

    def __init__(self, lines: CsvLines | ParquetLines) -> None:
        self._lines = lines

    def add(self, page: ExportPage) -> None:
        self._lines.add(page.record)

    def close(self) -> None:
        self._lines.close()


class PdfPages:
    """A searchable PDF."""

    def __init__(
        self, stream: BinaryIO, title: str, jpeg_quality: int | None, created: datetime | None
    ) -> None:
        self._pdf = SearchablePdf(stream, title=title, created=created)
        self._quality = jpeg_quality

    def add(self, page: ExportPage) -> None:
        record = page.record
        self._pdf.add_page(
            page.pdf_image(self._quality), page.size_pt, record.lines, read_size_wh=record.read_size_wh
        )

    def close(self) -> None:
        self._pdf.close()

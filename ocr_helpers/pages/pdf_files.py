"""Pages of a PDF, drawn by PDFium."""

import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages.limits import PageLimits

__all__ = ["DamagedPdfError", "EncryptedPdfError", "render_pdf"]

# PDFium is not thread-safe, not even between documents: one call at a time in this process.
# https://pypdfium2.readthedocs.io/en/stable/python_api.html
PDFIUM_LOCK = threading.RLock()


class DamagedPdfError(OcrHelpersError):
    """PDFium cannot read the PDF, or one of its pages."""


class EncryptedPdfError(OcrHelpersError):
    """The PDF needs a password, or another one, or has protection that PDFium does not know."""


def render_pdf(
    stream: BinaryIO, name: str, limits: PageLimits
) -> Iterator[tuple[int, npt.NDArray[np.uint8], float]]:
    """Yield ``(index, image_bgr, dpi)`` for each page that ``limits`` asks for, one at a time.

    Pages keep the rotation stated in the PDF, and filled-in form fields are drawn.

    Args:
        stream: seekable; stays open.
        name: what messages call the document.
        limits: resolution, largest page, password, page numbers.

    Yields:
        The zero-based page number; uint8 of shape (H, W, 3), C-contiguous; ``limits.dpi``.

    Raises:
        EncryptedPdfError, DamagedPdfError, PageNumberError: as each one says.
        PageTooLargeError: before the page is drawn.

    """
    document = _open(stream, name, limits.password)
    try:
        with PDFIUM_LOCK:
            count = len(document)
        for index in limits.page_numbers(count, name):
            yield index, _render_page(document, index, f"{name}, page {index}", limits), limits.dpi
    finally:
        with PDFIUM_LOCK:
            document.close()


def _open(stream: BinaryIO, name: str, password: str | None) -> Any:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        with PDFIUM_LOCK:
            document = pypdfium2.PdfDocument(stream, password=password)
            # Form fields are drawn only where this ran before the first page is fetched.
            document.init_forms()
            return document
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            what = "does not open with this password" if password else "needs a password"
            raise EncryptedPdfError(
                f"{name} is encrypted and {what}. Pass password='…', or save a copy without protection."
            ) from None
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise EncryptedPdfError(
                f"{name} has a protection that PDFium does not know. Save a copy without protection."
            ) from None
        raise DamagedPdfError(
            f"{name} is a PDF that cannot be read ({error}). Download it again, or print it to a new PDF."
        ) from None


def _render_page(document: Any, index: int, name: str, limits: PageLimits) -> npt.NDArray[np.uint8]:
    import pypdfium2

    scale = limits.dpi / 72  # PDF's unit of length is 1/72 inch
    try:
        with PDFIUM_LOCK:
            page = document[index]
            try:
                width, height = (side * scale for side in page.get_size())
                if not (width > 0 and height > 0):
                    raise DamagedPdfError(
                        f"{name} has no area ({width:g} × {height:g}). Print it to a new PDF."
                    )
                limits.check_pixels(width, height, name, "Lower dpi, or raise max_pixels.")
                bitmap = page.render(scale=scale)
                image_bgr: npt.NDArray[np.uint8] = bitmap.to_numpy()[:, :, :3].copy(order="C")
                bitmap.close()
                return image_bgr
            finally:
                page.close()
    except (pypdfium2.PdfiumError, MemoryError) as error:
        raise DamagedPdfError(f"{name} cannot be drawn ({error}). Print the document to a new PDF.") from None

"""Whether a program that reads a page's file sees what the tuner shows."""

from pathlib import Path

import numpy as np

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import Page, load_pages

__all__ = ["source_note"]


def source_note(page: Page) -> str:
    """Say how the page differs from what PaddleOCR reads from its file; "" where it does not.

    A page may have been made smaller or cleaned since it was loaded, and settings in pixels mean something
    else on another size. The file is read again for this, so ask once for a page.
    """
    path = Path(page.source)
    if "://" in page.source:
        return ""
    if not path.suffix or not path.is_file():
        return "this page is no file: save it under the name that the code reads"
    if path.suffix.lower() == ".pdf":
        from paddlex.utils.flags import PDF_RENDER_SCALE

        dpi = 72 * PDF_RENDER_SCALE
        if page.dpi == dpi:
            return ""
        shown = "another resolution" if page.dpi is None else f"{page.dpi:g}"
        return f"PaddleOCR draws PDFs at {dpi:g} dots per inch, this page is at {shown}"
    try:
        (original,) = load_pages(path, pages=[page.index])
    except (OcrHelpersError, OSError):
        return ""
    if original.size_wh != page.size_wh:
        width, height = original.size_wh
        return f"the file has {width} × {height}"
    return "" if np.array_equal(original.image_bgr, page.image_bgr) else "the file is another picture"

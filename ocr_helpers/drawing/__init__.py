"""OCR results as figures that a notebook shows: :func:`show_line` and :func:`show_page`.

This module only gathers the names; each figure has its own module.
"""

from ocr_helpers.drawing.line import ExpectedTextError, show_line
from ocr_helpers.drawing.page import show_page
from ocr_helpers.figures import OcrFigure, PageImageError, UnknownResultError

__all__ = [
    "ExpectedTextError",
    "OcrFigure",
    "PageImageError",
    "UnknownResultError",
    "show_line",
    "show_page",
]

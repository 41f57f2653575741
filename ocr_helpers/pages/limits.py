"""What a caller allows and asks for when pages are read: resolution, size, page numbers, password."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocr_helpers.errors import OcrHelpersError, shown

__all__ = ["PageLimits", "PageNumberError", "PageTooLargeError"]


class PageTooLargeError(OcrHelpersError):
    """A page has more pixels than ``max_pixels``."""


class PageNumberError(OcrHelpersError):
    """A page was asked for that the document does not have."""


@dataclass(frozen=True)
class PageLimits:
    """What reading may do.

    Attributes:
        dpi: resolution that PDF pages are drawn with, in dots per inch.
        max_pixels: width × height allowed for one page.
        password: for encrypted PDFs.
        pages: zero-based page numbers to read; None for all.

    """

    dpi: float
    max_pixels: int
    password: str | None = field(default=None, repr=False)
    pages: Sequence[int] | None = None

    def check_pixels(self, width: float, height: float, name: str, remedy: str) -> None:
        """Raise PageTooLargeError where width × height, in pixels, is more than ``max_pixels``."""
        # Written so that NaN and infinity are refused too.
        if not width * height <= self.max_pixels:
            raise PageTooLargeError(
                f"{name} has {width:,.0f} × {height:,.0f} pixels, more than the limit of "
                f"{self.max_pixels:,}. {remedy}"
            )

    def page_numbers(self, count: int, name: str) -> Sequence[int]:
        """Return the numbers to read out of ``count`` pages; raise PageNumberError for one beyond them."""
        if self.pages is None:
            return range(count)
        for number in self.pages:
            if not 0 <= number < count:
                raise PageNumberError(
                    f"{name}: pages asks for number {shown(number)}, but they run from 0 to {count - 1}. "
                    "Ask for numbers in that range."
                )
        return self.pages

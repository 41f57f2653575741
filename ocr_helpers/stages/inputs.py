"""What a staged run takes: a page, and settings of the whole pipeline or of detection alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import Page
from ocr_helpers.pages.image_arrays import check_array
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["StageInputError", "as_pipeline_settings", "page_pixels"]

ImageBGR = NDArray[np.uint8]


class StageInputError(OcrHelpersError, TypeError):
    """The page or the settings are not what ``run`` takes."""


def as_pipeline_settings(settings: Any) -> PipelineSettings:
    """The settings of a whole run: the defaults where None, and around settings of detection alone.

    Raises:
        StageInputError: something else.

    """
    if settings is None:
        return PipelineSettings()
    if isinstance(settings, DetectionSettings):
        return PipelineSettings(detection=settings)
    if isinstance(settings, PipelineSettings):
        return settings
    raise StageInputError(
        f"settings is {type(settings).__name__}; expected DetectionSettings or PipelineSettings."
    )


def page_pixels(page: Any) -> tuple[ImageBGR, str | None, int | None]:
    """Pixels, and the file and page number that PaddleOCR would name in its result.

    Raises:
        StageInputError: neither a page nor (H, W, 3) pixels.
        ocr_helpers.pages.image_arrays.ArrayShapeError, ArrayDtypeError: an array of another kind.

    """
    if isinstance(page, Page):
        named = page.source not in ("array", "bytes") and not page.source.startswith(("array ", "bytes "))
        several = page.index > 0 or page.source.lower().endswith(".pdf")
        return page.image_bgr, page.source if named else None, page.index if several else None
    if isinstance(page, np.ndarray):
        check_array(page, "page")
        if page.ndim == 3 and page.shape[2] == 3:
            return np.ascontiguousarray(page), None, None
        raise StageInputError(f"page has shape {page.shape}; expected (H, W, 3) BGR. Use load_pages(array).")
    raise StageInputError(
        f"page is {type(page).__name__}; expected a Page or a uint8 BGR array. load_pages(path) makes Pages."
    )

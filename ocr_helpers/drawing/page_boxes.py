"""What a page's result holds that a figure can show: its boxes, texts and scores, and its picture."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr_helpers import spacing
from ocr_helpers.figures import PageImageError, UnknownOrderError, UnknownResultError, as_rgb, require_keys
from ocr_helpers.figures.lettering import Cell, align, cells_of
from ocr_helpers.reading_order import reading_order

__all__ = ["PageBoxes", "in_order", "page_image", "read_boxes", "spaced", "unwrapped"]


class PageBoxes(NamedTuple):
    """The boxes of a page with what was read in them: one polygon, score and text (where read) each."""

    polygons_xy: list[NDArray[np.float64]]
    texts: list[str] | None
    scores: list[float]
    unread_xy: list[NDArray[np.float64]]
    new_spaces: Sequence[list[bool]] = ()

    def cells(self) -> list[list[Cell]] | None:
        if self.texts is None:
            return None
        marks: Sequence[list[bool] | None] = self.new_spaces or [None] * len(self.texts)
        return [cells_of(text, marked) for text, marked in zip(self.texts, marks, strict=True)]


def spaced(boxes: PageBoxes) -> PageBoxes:
    """The same boxes with spaces restored in their texts, and where those were put in."""
    if boxes.texts is None:
        return boxes
    texts = [spacing.restore_spacing(text) for text in boxes.texts]
    marks = [align(text, read)[0] for text, read in zip(texts, boxes.texts, strict=True)]
    return boxes._replace(texts=texts, new_spaces=marks)


def unwrapped(result: Any) -> Any:
    """What lies under ``res`` where the result came out of PaddleOCR's JSON."""
    return result["res"] if isinstance(result, Mapping) and set(result) == {"res"} else result


def read_boxes(result: Any) -> PageBoxes:
    """What an OCRResult or a TextDetResult says of its boxes, in its order; UnknownResultError otherwise."""
    result = unwrapped(result)
    if isinstance(result, Mapping) and "dt_scores" in result:
        require_keys(result, ("dt_polys", "dt_scores"), "a text detection result (TextDetResult)")
        names: tuple[str, ...] = ("dt_polys", "dt_scores")
    else:
        names = ("rec_polys", "rec_scores", "rec_texts")
        require_keys(result, names, "an OCR result (OCRResult) or a text detection result (TextDetResult)")
    counts = {name: len(result[name]) for name in names}
    if len(set(counts.values())) > 1:
        raise UnknownResultError(f"The lists of this result belong together but differ in length: {counts}.")
    polygons = _polygons(result[names[0]])
    read = {polygon.tobytes() for polygon in polygons}
    unread = [p for p in _polygons(result.get("dt_polys", ())) if p.tobytes() not in read]
    texts = [unicodedata.normalize("NFC", text) for text in result["rec_texts"]] if len(names) == 3 else None
    return PageBoxes(polygons, texts, [float(score) for score in result[names[1]]], unread)


def in_order(boxes: PageBoxes, order: str) -> PageBoxes:
    """The same boxes in ``"paddleocr"``'s or in ``"reading"`` order; UnknownOrderError for another word."""
    if order == "paddleocr":
        return boxes
    if order != "reading":
        raise UnknownOrderError(f"order is {order!r}; expected 'paddleocr' or 'reading'.")
    indices = reading_order(boxes.polygons_xy)
    return boxes._replace(
        polygons_xy=[boxes.polygons_xy[index] for index in indices],
        texts=None if boxes.texts is None else [boxes.texts[index] for index in indices],
        scores=[boxes.scores[index] for index in indices],
    )


def _polygons(values: Iterable[Any]) -> list[NDArray[np.float64]]:
    polygons = [np.array(value, dtype=np.float64) for value in values]
    for polygon in polygons:
        if polygon.ndim != 2 or polygon.shape[0] < 3 or polygon.shape[1] != 2:
            raise UnknownResultError(
                f"A box has shape {polygon.shape}; expected (N, 2) with N of 3 or more, in pixels."
            )
    return polygons


def page_image(result: Any, page: Any) -> NDArray[np.uint8]:
    """The picture (H, W, 3) RGB that the boxes belong to; PageImageError if there is none of that size."""
    preprocessed = result.get("doc_preprocessor_res")
    own = preprocessed.get("output_img") if isinstance(preprocessed, Mapping) else None
    own = result.get("input_img") if own is None else own
    if own is None and page is None:
        raise PageImageError("The result carries no picture: pass it, as in show_page(result, page).")
    if page is None:
        return as_rgb(own, "the result's picture")
    image_rgb = as_rgb(getattr(page, "image_bgr", page), "page")
    if own is not None and np.shape(own)[:2] != image_rgb.shape[:2]:
        raise PageImageError(
            f"page has (height, width) {image_rgb.shape[:2]}, but the boxes belong to a picture of "
            f"{np.shape(own)[:2]}, the one the result carries (PaddleOCR may have turned it): leave page out."
        )
    return image_rgb

"""Recognised lines as PaddleOCR's label files with their pictures: a start for correcting them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.export_files import atomic_file
from ocr_helpers.export_pages import ExportPage
from ocr_helpers.export_text import printable
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.label_files import write_line_labels, write_page_labels

__all__ = ["write_labels"]


def write_labels(folder: Path, pages: Iterable[tuple[str, ExportPage]]) -> list[Path]:
    """Write ``Label.txt`` with a picture of each page, and ``rec_gt.txt`` with one of each line.

    The picture of a page is the one that was read, turned and flattened, because its boxes belong to that.
    Rows of other pictures that the files have already stay.

    Args:
        folder: made where it is missing. PPOCRLabel opens it as it is.
        pages: name and page, taken one by one.

    Returns:
        ``Label.txt``, ``rec_gt.txt`` and the pictures of pages.

    """
    import cv2

    truths: dict[str, PageTruth] = {}
    pictures: list[Path] = []

    def lines() -> Iterator[tuple[str, NDArray[np.uint8], str]]:
        for stem, page in pages:
            name = f"{stem}_p{page.record.page_number:04d}"
            picture = folder / f"{name}.png"
            with atomic_file(picture) as stream:
                stream.write(cv2.imencode(".png", page.read_bgr)[1].tobytes())
            pictures.append(picture)
            texts = [printable(line.best_text) for line in page.record.lines]
            quads = np.array([line.quad_xy for line in page.record.lines], np.float32)
            truths[f"{folder.name}/{picture.name}"] = PageTruth(quads, tuple(texts))
            for place, (line, text) in enumerate(zip(page.record.lines, texts, strict=True)):
                yield f"{name}_l{place:03d}", page.crop(line), text

    line_labels = write_line_labels(folder, lines(), replace=True)
    page_labels = folder / "Label.txt"
    write_page_labels(page_labels, truths, replace=True)
    return [page_labels, line_labels, *pictures]

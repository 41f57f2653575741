"""A page on its way out: its record, and its pictures, read again only where a format needs them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.export.pdf import page_size_pt
from ocr_helpers.export.pdf_image import PdfImage, encode_image, original_jpeg
from ocr_helpers.export.records import LineRecord, PageRecord
from ocr_helpers.export.results import RecordSourceError, page_record
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.settings.pipeline import PipelineSettings

if TYPE_CHECKING:
    from ocr_helpers.stages import StagedPipeline

__all__ = ["ExportPage", "Images", "SourceChangedError", "UnwarpedPictureError", "export_pages"]

ImageBGR = NDArray[np.uint8]
Images: TypeAlias = "StagedPipeline | Callable[[PageRecord], ImageBGR]"
"""What gives the picture that the lines of a record stand on: the pipeline itself, or a function."""


class SourceChangedError(OcrHelpersError):
    """The file that a page was read from is not the one it was."""


class UnwarpedPictureError(OcrHelpersError):
    """An unwarped page is to be shown, and its flattened picture is not there."""


@dataclass(frozen=True, eq=False)
class ExportPage:
    """One page.

    Attributes:
        record: what was read.
        page: as it was given, where it is at hand.
        read_picture: the picture that was read, where it is at hand.
        images: gives the picture that was read.

    """

    record: PageRecord
    page: Page | None = None
    read_picture: ImageBGR | None = None
    images: "Images | None" = None

    @cached_property
    def original_bgr(self) -> ImageBGR:
        """The page as it was given, uint8 (H, W, 3).

        Raises:
            SourceChangedError: read again, it has another size.
            OcrHelpersError: those of :func:`ocr_helpers.load_pages`.

        """
        return self._original_page.image_bgr

    @cached_property
    def _original_page(self) -> Page:
        record = self.record
        if self.page is not None:
            return self.page
        (page,) = load_pages(record.source, pages=[record.index], dpi=record.dpi or 200.0)
        if page.size_wh != record.size_wh:
            raise SourceChangedError(
                f"{shown(record.source)}, page {record.page_number}, has {page.size_wh} pixels, and had "
                f"{record.size_wh} when it was read. Read it again."
            )
        return page

    @cached_property
    def read_bgr(self) -> ImageBGR:
        """The picture that the lines stand on, uint8 (H, W, 3): turned and flattened as it was read.

        Raises:
            UnwarpedPictureError: nobody has it.
            SourceChangedError, OcrHelpersError: as for `original_bgr`.

        """
        if self.read_picture is not None:
            return self.read_picture
        if self.images is not None:
            image = self._picture_of(self.images)
            if image.shape[1::-1] != self.record.read_size_wh:
                raise SourceChangedError(
                    f"images gave {image.shape[1::-1]} pixels for {shown(self.record.source)}, page "
                    f"{self.record.page_number}; its lines stand on {self.record.read_size_wh}."
                )
            return image
        if self.record.unwarped:
            raise UnwarpedPictureError(
                f"{shown(self.record.source)}, page {self.record.page_number}, was unwarped, and a record "
                "holds no picture. Pass images=staged, a StagedPipeline, which unwarps it again, or "
                "(page, result) pairs."
            )
        if not self.record.angle:
            return self.original_bgr
        # PaddleX turns about the middle of pixel numbers, not of pixels: lines stand on that picture.
        from paddlex.inference.pipelines.components import rotate_image

        return np.asarray(rotate_image(self.original_bgr, self.record.angle), np.uint8)

    def _picture_of(self, images: Images) -> ImageBGR:
        from ocr_helpers.stages import StagedPipeline

        if not isinstance(images, StagedPipeline):
            return images(self.record)
        modules = PipelineSettings(
            use_doc_orientation_classify=self.record.angle is not None,
            use_doc_unwarping=self.record.unwarped,
        )
        return images.rectify(self._original_page, modules)

    def pdf_image(self, jpeg_quality: int | None) -> PdfImage:
        """The page's picture, upright, for a PDF: the scanner's JPEG where the page is one."""
        if self.record.unwarped:
            return encode_image(self.read_bgr, jpeg_quality)
        angle = self.record.angle or 0
        image = original_jpeg(self.record, self.original_bgr) or encode_image(self.original_bgr, jpeg_quality)
        return PdfImage(image.data, image.entries, (image.turn + angle) % 360)

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the page as it is shown, upright, in points: those of the source."""
        record = self.record
        width, height = _pdf_size_pt(record) or page_size_pt(record.size_wh, record.dpi)
        return (height, width) if record.angle in (90, 270) else (width, height)

    def crop(self, line: LineRecord) -> ImageBGR:
        """A line cut out of the picture that was read, level and upright, uint8 (h, w, 3)."""
        from ocr_helpers.labels.files import crop_line

        cut = crop_line(self.read_bgr, np.array(line.quad_xy))
        return np.ascontiguousarray(cut[::-1, ::-1]) if line.textline_angle == 180 else cut


def export_pages(results: Any, images: "Images | None") -> Iterator[ExportPage]:
    """Yield what :func:`ocr_helpers.export.save_results` was given, page by page."""
    single = isinstance(results, PageRecord | Mapping) or (
        isinstance(results, tuple) and len(results) == 2 and isinstance(results[0], Page)
    )
    if not single and not isinstance(results, Iterable):
        raise _unsupported(results)
    for item in [results] if single else results:
        if isinstance(item, PageRecord):
            yield ExportPage(item, images=images)
            continue
        if isinstance(item, tuple) and len(item) == 2:
            page, result = item
            if not isinstance(page, Page):
                raise RecordSourceError(
                    f"page is {type(page).__name__}; expected a Page, as load_pages makes them."
                )
        else:
            page, result = _own_page(item), item
        if isinstance(result, PageRecord):
            if page.size_wh != result.size_wh:
                raise RecordSourceError(f"The record is of {result.size_wh} pixels, the page {page.size_wh}.")
            yield ExportPage(result, page, images=images)
        else:
            record = page_record(page, result)
            yield ExportPage(record, page, result["doc_preprocessor_res"]["output_img"])


def _own_page(result: Any) -> Page:
    """Make a page of what a result itself holds; it does not know the resolution."""
    prepared = result.get("doc_preprocessor_res") if isinstance(result, Mapping) else None
    if not isinstance(prepared, Mapping) or "output_img" not in prepared:
        raise _unsupported(result)
    image = prepared.get("input_img", prepared["output_img"])
    return Page(
        np.ascontiguousarray(image), result.get("input_path") or "array", result.get("page_index") or 0
    )


def _unsupported(item: object) -> RecordSourceError:
    return RecordSourceError(
        f"results holds {type(item).__name__}; expected (Page, result) pairs, results or PageRecords. "
        "load_records(path) gives records back that were saved."
    )


def _pdf_size_pt(record: PageRecord) -> tuple[float, float] | None:
    """Width and height of a PDF's own page; None where the source is no PDF that still has this page."""
    import pypdfium2

    from ocr_helpers.pages.pdf_files import PDFIUM_LOCK  # PDFium allows one call at a time in a process

    path = Path(record.source)
    try:
        if record.dpi is None or not path.is_file():
            return None
        with path.open("rb") as stream, PDFIUM_LOCK:
            if b"%PDF-" not in stream.read(1024):
                return None
            with pypdfium2.PdfDocument(path) as document:
                width, height = document.get_page_size(record.index)
    except (OSError, ValueError, pypdfium2.PdfiumError, IndexError):
        return None  # gone, or protected: the pixels tell the size to within one of them
    scale = record.dpi / 72
    near = abs(width * scale - record.size_wh[0]) <= 1.5 and abs(height * scale - record.size_wh[1]) <= 1.5
    return (width, height) if near else None

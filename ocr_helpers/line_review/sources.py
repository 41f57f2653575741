"""The pages and lines of a review: out of results, out of a pipeline and pages, or out of labels."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.labels import LabelledPage
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["FoundLine", "ReviewPage", "ReviewSourceError", "document_of", "review_pages"]

_RESULT_KEYS = ("rec_texts", "rec_scores", "rec_polys", "doc_preprocessor_res")


class ReviewSourceError(OcrHelpersError, TypeError):
    """There are no lines to review in what was given."""


@dataclass(frozen=True, eq=False)
class FoundLine:
    """A line as it came.

    Attributes:
        quad_xy: float32 (4, 2), pixels, clockwise from the text's top left.
        text: what was read.
        score: 0…1; None where a person wrote it, or nothing has read it.
        difficult: whether it was marked as unreadable.
        added: whether a person drew the box, because the line had not been found.
        unread: whether nothing has read it yet.

    """

    quad_xy: NDArray[np.float32]
    text: str
    score: float | None
    difficult: bool = False
    added: bool = False
    unread: bool = False


@dataclass(frozen=True, eq=False)
class ReviewPage:
    """A page whose lines are reviewed.

    Attributes:
        name: for people.
        source: path of its file, an address, or how an array was called.
        index: number within its file, from 0.
        lines: in reading order.
        size_wh: pixels.
        dpi: of a PDF page, where known.
        is_file: whether the boxes belong to the picture as it stands in ``source``.
        is_line: whether the picture shows one line only.
        load: gives the picture that the boxes belong to, uint8 (H, W, 3) BGR.

    """

    name: str
    source: str
    index: int
    lines: tuple[FoundLine, ...] = field(repr=False)
    load: Callable[[], NDArray[np.uint8]] = field(repr=False)
    dpi: float | None = None
    is_file: bool = False
    is_line: bool = False

    @cached_property
    def digest(self) -> str:
        """Of its pixels, so that the same page is known again under another name."""
        image = self.load()
        return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).data).hexdigest()

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        image = self.load()
        return image.shape[1], image.shape[0]


def document_of(pages: Sequence[ReviewPage]) -> str:
    """32 hexadecimal digits that stand for the pixels of all pages in their order."""
    return hashlib.sha256("".join(page.digest for page in pages).encode()).hexdigest()[:32]


def review_pages(
    source: Any, pages: Any = None, settings: PipelineSettings | None = None
) -> list[ReviewPage]:
    """Bring everything that has lines into one form.

    Args:
        source: what ``PaddleOCR.predict`` or ``StagedPipeline.run`` returned for one or several pages;
            labelled pages; or a pipeline, together with ``pages``.
        pages: with a pipeline: a Page, an array, a path, labelled pages, or several of these.
        settings: with a pipeline: how pages are read.

    Raises:
        ReviewSourceError: something else, or no page at all.
        OcrHelpersError: as `load_pages` and ``StagedPipeline.run``.

    """
    if pages is not None:
        made = _read(source, pages, settings)
    else:
        several = [source] if isinstance(source, Mapping | LabelledPage) else source
        if not isinstance(several, Iterable) or isinstance(several, str | bytes | np.ndarray):
            raise ReviewSourceError(
                f"Expected results of PaddleOCR.predict, labelled pages, or a pipeline and pages; got "
                f"{type(source).__name__}. For a pipeline: LineReview(pipeline, pages)."
            )
        made = [
            _of_labels(one) if isinstance(one, LabelledPage) else _of_result(one, number)
            for number, one in enumerate(several)
        ]
    if not made:
        raise ReviewSourceError("There is no page to review.")
    return made


def _read(pipeline: Any, pages: Any, settings: PipelineSettings | None) -> list[ReviewPage]:
    from ocr_helpers.stages import StagedPipeline

    staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
    single = isinstance(pages, str | Path | np.ndarray | Page | LabelledPage)
    loaded: list[Page] = []
    for one in [pages] if single else pages:
        if isinstance(one, LabelledPage):
            loaded.append(one.load())
        else:
            loaded += [one] if isinstance(one, Page) else load_pages(one)
    return [_of_result(staged.run(page, settings), n, page.dpi) for n, page in enumerate(loaded)]


def _of_result(result: Any, number: int, dpi: float | None = None) -> ReviewPage:
    is_mapping = isinstance(result, Mapping)
    if missing := [key for key in _RESULT_KEYS if not is_mapping or key not in result]:
        raise ReviewSourceError(
            f"Page {number + 1} is {type(result).__name__} without {', '.join(missing)}; expected a result "
            "of PaddleOCR.predict or StagedPipeline.run, or a LabelledPage."
        )
    from ocr_helpers.reading_order import reading_order

    prepared = result["doc_preprocessor_res"]
    image_bgr: NDArray[np.uint8] = np.asarray(prepared["output_img"], np.uint8)
    quads = _upright(result)
    order: list[int] = reading_order(result["rec_polys"]).tolist() if len(quads) else []
    texts, scores = result["rec_texts"], result["rec_scores"]
    source, index = result.get("input_path"), result.get("page_index")
    source = str(source or f"page {number + 1}")
    name = Path(source).name or source
    unwarped = prepared.get("model_settings", {}).get("use_doc_unwarping", False)
    return ReviewPage(
        name=f"{name}, page {index + 1}" if index is not None and source.lower().endswith(".pdf") else name,
        source=source,
        index=index or 0,
        lines=tuple(FoundLine(quads[k], str(texts[k]), _score(scores[k])) for k in order),
        load=lambda: image_bgr,
        dpi=dpi if source.lower().endswith(".pdf") else None,
        is_file=not unwarped and prepared.get("angle", 0) in (0, -1) and Path(source).is_file(),
    )


def _score(score: Any) -> float | None:
    return float(score) if np.isfinite(score) else None


def _upright(result: Any) -> NDArray[np.float32]:
    """Boxes that begin at the text's own top left, also where the line stood upside down."""
    quads = np.array(result["rec_polys"], np.float32).reshape(-1, 4, 2)
    # One angle per box found; a box whose score was below the threshold has no text.
    angles = zip(result.get("dt_polys", []), result.get("textline_orientation_angles", []), strict=False)
    turned = {np.asarray(quad).tobytes() for quad, angle in angles if angle == 1}
    for place, quad in enumerate(result["rec_polys"]):
        if np.asarray(quad).tobytes() in turned:
            quads[place] = np.roll(quads[place], 2, axis=0)
    return quads


def _of_labels(page: LabelledPage) -> ReviewPage:
    picture = _Lazily(page)
    if page.quads_xy is None and page.kind == "page":
        raise ReviewSourceError(
            f"{page.path.name} has texts without boxes, so there are no lines to show. Pass a pipeline and "
            "the page: LineReview(pipeline, page)."
        )
    if page.quads_xy is None:
        width, height = picture().shape[1], picture().shape[0]
        quads = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float32)
    else:
        quads = page.quads_xy
    lines = tuple(
        FoundLine(quad, text, None, hard)
        for quad, text, hard in zip(quads, page.texts, page.difficult, strict=True)
    )
    name = page.path.name
    return ReviewPage(
        name=f"{name}, page {page.index + 1}" if page.dpi is not None else name,
        source=str(page.path),
        index=page.index,
        lines=lines,
        load=picture,
        dpi=page.dpi,
        is_file=True,
        is_line=page.kind == "line",
    )


class _Lazily:
    """The picture of a labelled page, read when it is first asked for."""

    def __init__(self, page: LabelledPage) -> None:
        self._page = page
        self._image: NDArray[np.uint8] | None = None

    def __call__(self) -> NDArray[np.uint8]:
        if self._image is None:
            self._image = self._page.load().image_bgr
        return self._image

"""A review's pages as PaddleOCR label files, and as ground truth."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace as changed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.labels import LabelledPage
from ocr_helpers.labels.files import crop_line, write_ground_truth, write_line_labels, write_page_labels
from ocr_helpers.labels.rows import LabelConflictError, replace_file
from ocr_helpers.line_review.record import ReviewRecord
from ocr_helpers.line_review.states import ReviewedLine

__all__ = ["save_ground_truth", "save_labels"]


def save_labels(review: ReviewRecord, folder: Path, replace: bool = False) -> Path:
    """Write ``Label.txt``, ``rec_gt.txt`` with ``crop_img``, and the pages' pictures that do not lie there.

    PPOCRLabel opens the folder. For training, PaddleOCR's ``data_dir`` is the folder above for ``Label.txt``
    and the folder itself for ``rec_gt.txt``. Pages and lines of other reviews in these files stay.

    Args:
        review: the corrected lines; open ones are written as they were read.
        folder: made where it is not there.
        replace: whether labels of the same images that this review did not write are replaced.

    Returns:
        The path of ``Label.txt``, or of ``rec_gt.txt`` where all pages are pictures of one line.

    Raises:
        ocr_helpers.labels.rows.LabelConflictError: such labels are there, and ``replace`` is False.
        ocr_helpers.labels.rows.LabelWriteError: a file cannot be written.

    """
    folder = folder.expanduser().absolute()
    names = _picture_names(review, folder)
    pages = {
        f"{folder.name}/{name}": _Picture(review, number, folder / name)
        for number, name in enumerate(names)
        if not review.pages[number].is_line
    }
    for picture in pages.values():
        picture.write(replace)
    kept: list[tuple[str, ReviewedLine]] = []
    gone: list[str] = []
    for number, name in enumerate(names):
        crop_names = {n: f"{Path(name).stem}_crop_{k}" for k, n in enumerate(review.numbers(number))}
        lines = [line for line in review.lines(number) if line.now.state not in ("deleted", "unreadable")]
        kept += [(crop_names.pop(line.number), line) for line in lines]
        gone += crop_names.values()
    label_file, line_file = folder / "Label.txt", folder / "rec_gt.txt"

    def crops() -> Iterator[tuple[str, NDArray[np.uint8], str]]:
        for crop_name, line in kept:
            image = review.pages[line.page].load()
            is_line = review.pages[line.page].is_line
            yield crop_name, image if is_line else crop_line(image, line.found.quad_xy), line.now.text

    own = _is_own(review, line_file)
    write_line_labels(folder, crops(), replace=replace or own, without=gone if own or replace else ())
    written = [line_file]
    if pages:
        labels = {name: picture.labels for name, picture in pages.items()}
        write_page_labels(label_file, labels, replace=replace or _is_own(review, label_file))
        written.append(label_file)
    review.note_saved({str(path): _digest(path) for path in written})
    return written[-1]


def save_ground_truth(review: ReviewRecord, folder: Path, replace: bool = False) -> list[Path]:
    """Write a ``.json`` in the form of ``data/samples`` per page, and the pictures that do not lie there.

    A PDF that lies in the folder gets one file for all its pages, where all are in the review.

    Args:
        review: the corrected lines; open ones are written as they were read.
        folder: made where it is not there.
        replace: whether files of the same name that this review did not write are replaced.

    Returns:
        The paths of the ``.json`` files.

    Raises:
        ocr_helpers.labels.rows.LabelConflictError: such files are there, and ``replace`` is False.
        ocr_helpers.labels.rows.LabelWriteError: a file cannot be written.

    """
    folder = folder.expanduser().absolute()
    labels = review.labels
    groups: dict[Path, list[LabelledPage]] = {}
    for number, name in enumerate(_picture_names(review, folder)):
        source = Path(review.pages[number].source)
        of_pdf = [page for page in labels if page.path == source and page.dpi is not None]
        complete = [page.index for page in of_pdf] == list(range(_page_count(source))) if of_pdf else False
        if complete and source.absolute().parent == folder:
            groups[source.with_suffix(".json")] = of_pdf
            continue
        picture = _Picture(review, number, folder / name)
        picture.write(replace)
        groups[(folder / name).with_suffix(".json")] = [picture.labels]
    for path, pages in groups.items():
        write_ground_truth(path, pages, replace=replace or _is_own(review, path))
    review.note_saved({str(path): _digest(path) for path in groups})
    return list(groups)


class _Picture:
    """The picture of a page where the labels say it is."""

    def __init__(self, review: ReviewRecord, number: int, path: Path) -> None:
        self._page = review.pages[number]
        self._path = path
        self.labels = changed(review.labels[number], path=path, index=0, dpi=None)

    def write(self, replace: bool) -> None:
        import cv2

        if self._path == Path(self._page.source).absolute():
            return
        content = cv2.imencode(".png", self._page.load())[1].tobytes()
        if self._path.exists():
            if self._path.read_bytes() == content:
                return
            if not replace:
                raise LabelConflictError(
                    f"{str(self._path)!r} is there and is another picture. Choose another folder, or say "
                    "replace=True."
                )
        replace_file(self._path, content)


def _picture_names(review: ReviewRecord, folder: Path) -> list[str]:
    """A file name per page: its own where the file lies in the folder and is one page, else a new PNG."""
    names: list[str] = []
    sources = [page.source for page in review.pages]
    for page in review.pages:
        path = Path(page.source)
        alone = sources.count(page.source) == 1 and page.index == 0 and path.suffix.lower() != ".pdf"
        if page.is_file and alone and path.absolute().parent == folder:
            names.append(path.name)
            continue
        stem = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", unicodedata.normalize("NFC", path.stem)).strip(". ")
        stem = (stem or "page") if alone else f"{stem or 'page'}_page{page.index + 1}"
        name, count = f"{stem}.png", 1
        taken = {known.casefold() for known in names}
        while name.casefold() in taken:
            count += 1
            name = f"{stem}_{count}.png"
        names.append(name)
    return names


def _page_count(pdf: Path) -> int:
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def _is_own(review: ReviewRecord, path: Path) -> bool:
    """Whether a file is as this review wrote it last."""
    return path.exists() and review.saved_files.get(str(path)) == _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

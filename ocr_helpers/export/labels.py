"""Recognised lines as PaddleOCR's label files with their pictures: a start for correcting them."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.export.pages import ExportPage
from ocr_helpers.export.text import printable
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.labels.files import CROPS_FOLDER, line_row, page_row, write_line_labels, write_page_labels
from ocr_helpers.labels.rows import LabelConflictError, rows_of
from ocr_helpers.output_files import atomic_file

__all__ = ["write_labels"]

_SUMS, _PICTURES = ".exported.json", "pictures"
Rows = dict[str, str | None]
"""Image → row of a label file, without its line break; None for one that is taken out."""
Sums = dict[str, dict[str, str]]
"""File → image → SHA-256 of its row."""


def write_labels(
    folder: Path, pages: Iterable[tuple[str, ExportPage]], *, replace: bool = False
) -> list[Path]:
    """Write ``Label.txt`` with a picture of each page, and ``rec_gt.txt`` with one of each line.

    The picture of a page is the one that was read, turned and flattened, because its boxes belong to that.
    Rows of other pictures that the files have already stay. Rows that are as they were exported last are
    brought up to date; a row that anybody has changed, added or taken out since is kept.

    Args:
        folder: made where it is missing. PPOCRLabel opens it as it is. A file ``.exported.json`` in it keeps
            the SHA-256 of what was exported, by which changes are known.
        pages: name and page, taken one by one.
        replace: whether rows and pictures that were changed are replaced too.

    Returns:
        ``Label.txt``, ``rec_gt.txt`` and the pictures of pages.

    Raises:
        ocr_helpers.labels.rows.LabelConflictError: pages say something else than what was changed by hand,
            and ``replace`` is False. All of such a page stays as it was; the other pages are written.
        ocr_helpers.labels.rows.LabelWriteError, ocr_helpers.output_files.FileNotWrittenError: a file cannot
            be read or written.

    """
    sums = _sums(folder)
    page_labels, line_labels = _Rows(folder / "Label.txt", sums), _Rows(folder / "rec_gt.txt", sums)
    truths: dict[str, PageTruth] = {}
    pictures: list[Path] = []
    gone: set[str] = set()
    kept: list[str] = []

    def lines() -> Iterator[tuple[str, NDArray[np.uint8], str]]:
        for stem, page in pages:
            name = f"{stem}_p{page.record.page_number:04d}"
            picture, image = folder / f"{name}.png", f"{folder.name}/{name}.png"
            png = _png(page.read_bgr)
            texts = {
                f"{name}_l{place:03d}": printable(line.best_text)
                for place, line in enumerate(page.record.lines)
            }
            quads = np.array([line.quad_xy for line in page.record.lines], np.float32)
            truth = PageTruth(quads, tuple(texts.values()))
            of_page: Rows = {image: f"{image}\t{page_row(image, truth)}"}
            of_lines: Rows = dict(filter(None, (line_row(crop, text) for crop, text in texts.items())))
            stale = line_labels.lines_of(name) - of_lines.keys()
            of_lines |= dict.fromkeys(stale)
            free = page_labels.allows(of_page) and line_labels.allows(of_lines)
            if not replace and not (free and _allows(picture, png, sums)):
                kept.append(picture.name)
                continue
            page_labels.change(of_page)
            line_labels.change(of_lines)
            gone.update(Path(crop).stem for crop in stale)
            with atomic_file(picture) as stream:
                stream.write(png)
            sums.setdefault(_PICTURES, {})[picture.name] = _digest(png)
            truths[image] = truth
            pictures.append(picture)
            for (crop, text), line in zip(texts.items(), page.record.lines, strict=True):
                yield crop, page.crop(line), text

    # What must not be replaced does not come out of `lines`; `gone` is full once that has come to its end.
    write_line_labels(folder, lines(), replace=True, without=gone)
    write_page_labels(page_labels.path, truths, replace=True)
    with atomic_file(folder / _SUMS) as stream:
        stream.write(json.dumps(sums, ensure_ascii=False, indent=0).encode())
    if kept:
        named = ", ".join(kept[:3]) + (f" and {len(kept) - 3} more" if len(kept) > 3 else "")
        raise LabelConflictError(
            f"The labels of {named} in {str(folder)!r} were changed after they were exported, perhaps "
            "corrected by hand, and what was read now says something else. They are kept as they are; all "
            "other pages are written. To have both, save into another folder. To give the corrections up, "
            "move Label.txt and rec_gt.txt away, or pass replace_labels=True."
        )
    return [page_labels.path, line_labels.path, *pictures]


class _Rows:
    """A label file as it stands, and what was exported to it."""

    def __init__(self, path: Path, sums: Sums) -> None:
        self.path = path
        self._known = rows_of(path)
        if not self._known:
            sums.pop(path.name, None)  # a file that was taken away is begun again
        self._sums = sums.setdefault(path.name, {})

    def lines_of(self, name: str) -> set[str]:
        """Pictures of a page's lines."""
        form = re.compile(rf"{CROPS_FOLDER}/{re.escape(name)}_l\d+\.png")
        return {image for image in self._known if form.fullmatch(image)}

    def allows(self, rows: Rows) -> bool:
        """Whether all rows to be replaced are as they were exported; None takes a row out."""
        for image, row in rows.items():
            old, noted = self._known.get(image), self._sums.get(image)
            if old != row and noted != (None if old is None else _digest(old.encode())):
                return False
        return True

    def change(self, rows: Rows) -> None:
        """Note what is exported now."""
        for image, row in rows.items():
            if row is None:
                self._sums.pop(image, None)
            else:
                self._sums[image] = _digest(row.encode())


def _allows(picture: Path, content: bytes, sums: Sums) -> bool:
    """Whether a picture is not there, is this one, or is as it was exported."""
    if not picture.exists():
        return True
    there = _digest(picture.read_bytes())
    return there in (_digest(content), sums.get(_PICTURES, {}).get(picture.name))


def _sums(folder: Path) -> Sums:
    try:
        found = json.loads((folder / _SUMS).read_text(encoding="utf-8"))
        return {
            str(file): {str(image): str(sum_) for image, sum_ in of.items()} for file, of in found.items()
        }
    except (OSError, ValueError, AttributeError):
        return {}  # then whatever is there counts as changed


def _png(image_bgr: NDArray[np.uint8]) -> bytes:
    import cv2

    return cv2.imencode(".png", image_bgr)[1].tobytes()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

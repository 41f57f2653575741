"""Labels as PaddleOCR reads them: ``Label.txt`` of pages, ``rec_gt.txt`` of lines, and ground truth.

The forms are those of PPOCRLabel and PaddleOCR's ``SimpleDataSet``: rows of ``image<TAB>label``, in UTF-8.
A file is written beside its place and then put there in one step, so that a broken write loses nothing.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.labels import UNREADABLE, LabelledPage
from ocr_helpers.labels.rows import (
    LabelConflictError,
    LabelPathError,
    LabelTextError,
    LabelWriteError,
    checked_name,
    checked_path,
    conflict,
    encodable,
    merge,
    points,
    replace_file,
    rows_of,
)
from ocr_helpers.pages.image_arrays import check_array

__all__ = [
    "CROPS_FOLDER",
    "LabelConflictError",
    "LabelPathError",
    "LabelTextError",
    "LabelWriteError",
    "crop_line",
    "line_row",
    "page_row",
    "write_ground_truth",
    "write_line_labels",
    "write_page_labels",
]

CROPS_FOLDER = "crop_img"
_UPRIGHT_RATIO = 1.5


def write_page_labels(
    label_file: Path, pages: Mapping[str, PageTruth | LabelledPage], *, replace: bool = False
) -> None:
    """Write the lines of pages into a ``Label.txt``; rows of other images stay as they are, byte for byte.

    PPOCRLabel opens the file where it lies beside its images and each path is ``folder/image``, with the name
    of that folder; for training, PaddleOCR's ``data_dir`` is what the paths are relative to.

    Args:
        label_file: the file; made with its folder where it is not there.
        pages: image path as it stands in the file, relative → its lines. A text ``###`` says that the line
            cannot be read: PaddleOCR ignores it.
        replace: whether a row of the same image that says something else is replaced.

    Raises:
        LabelConflictError: there is such a row, and ``replace`` is False; nothing is written.
        LabelPathError: a path is absolute, empty, or has a tab or a line break.
        LabelTextError: a text is no Unicode text, or a box has an infinite corner.
        LabelWriteError: the file cannot be read or written.

    """
    label_file = Path(label_file)
    rows = {checked_path(image): page_row(image, truth) for image, truth in pages.items()}
    merge(label_file, {image: f"{image}\t{row}" for image, row in rows.items()}, replace)


def write_line_labels(
    folder: Path,
    lines: Iterable[tuple[str, NDArray[np.uint8], str]],
    *,
    replace: bool = False,
    without: Iterable[str] = (),
) -> Path:
    """Write pictures of lines into ``folder/crop_img`` and their texts into ``folder/rec_gt.txt``.

    Lines without a text, and lines whose text is ``###``, are left out: PaddleOCR cannot learn from them.
    Rows of other pictures stay as they are. For training, ``folder`` is PaddleOCR's ``data_dir``.

    Args:
        folder: made where it is not there.
        lines: name without suffix, picture as uint8 (H, W, 3) BGR, text. Taken one by one.
        replace: whether a row of the same name with another text, and its picture, are replaced.
        without: names whose rows are taken out; their pictures stay.

    Returns:
        The path of ``rec_gt.txt``.

    Raises:
        LabelConflictError: such a row is there and ``replace`` is False; ``rec_gt.txt`` stays as it was.
        LabelPathError: a name is empty, is used twice, or is not a plain file name.
        LabelTextError: a text has a tab or a line break.
        ocr_helpers.pages.image_arrays.ArrayShapeError, ArrayDtypeError: not a picture.
        LabelWriteError: a file cannot be read or written.

    """
    label_file = Path(folder) / "rec_gt.txt"
    known = rows_of(label_file)
    rows: dict[str, str] = {}
    for name, crop_bgr, text in lines:
        image = _line_image(name)
        if image in rows:
            raise LabelPathError(f"Two lines are called {name!r}. Give each line a name of its own.")
        if (made := line_row(name, text)) is None:
            continue
        check_array(crop_bgr, f"the picture of {name!r}")
        _, row = made
        if not replace and known.get(image, row) != row:
            raise conflict(label_file, [image])
        replace_file(label_file.parent / image, _png(crop_bgr))
        rows[image] = row
    merge(label_file, rows, replace, {_line_image(name) for name in without})
    return label_file


def line_row(name: str, text: str) -> tuple[str, str] | None:
    """The image of a line as ``rec_gt.txt`` names it, and its row; None where PaddleOCR cannot learn from it.

    Args:
        name: without suffix.
        text: what stands in the line.

    Raises:
        LabelPathError, LabelTextError: as `write_line_labels`.

    """
    image = _line_image(name)
    text = unicodedata.normalize("NFC", text).strip()
    if re.search(r"[\t\n\r]", text):
        raise LabelTextError(f"The text of {name!r} has a tab or a line break: {text!r}. Take it out.")
    return None if text in ("", UNREADABLE) else (image, f"{image}\t{encodable(text, name)}")


def write_ground_truth(
    path: Path, pages: LabelledPage | Sequence[LabelledPage], *, replace: bool = False
) -> None:
    """Write ground truth in the form of ``data/samples``: one page, or all pages of a PDF in order.

    Args:
        path: the file, best of the image's name with ``.json`` at the end: there the helpers find it.
        pages: a page with ``size_wh``; or all those of one PDF, which share ``dpi``. Lines that cannot be
            read have the text ``###``.
        replace: whether a file is replaced that says something else.

    Raises:
        LabelConflictError: there is such a file and ``replace`` is False.
        LabelTextError: a page has no size or no boxes, or pages of a PDF are missing.
        LabelWriteError: the file cannot be read or written.

    """
    path = Path(path)
    several = [pages] if isinstance(pages, LabelledPage) else list(pages)
    if not several or [page.index for page in several] != list(range(len(several))):
        raise LabelTextError(
            f"The pages for {path.name} have the numbers {[page.index for page in several]}; ground truth of "
            "a PDF is one file of all its pages, from 0. Review all pages, or save PaddleOCR labels instead."
        )
    records = [_record(page) for page in several]
    found: dict[str, Any] = {"image": several[0].path.name}
    if several[0].dpi is None:
        found |= records[0]
    else:
        found |= {"dpi": several[0].dpi, "pages": records}
    content = (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()
    if not replace and path.exists() and path.read_bytes() != content:
        raise LabelConflictError(
            f"{str(path)!r} is there and says something else. Choose another folder, or say replace=True."
        )
    replace_file(path, content)


def crop_line(image_bgr: NDArray[np.uint8], quad_xy: NDArray[Any]) -> NDArray[np.uint8]:
    """Cut a line out of a page as PPOCRLabel does (PaddleOCR's ``get_rotate_crop_image``).

    Args:
        image_bgr: uint8 (H, W, 3).
        quad_xy: (4, 2), pixels, clockwise from the text's top left.

    Returns:
        uint8 (h, w, 3); a line at least 1.5 times as high as wide is turned by 90 degrees.

    """
    import cv2

    quad = np.asarray(quad_xy, np.float32)
    sides = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    width, height = max(1, int(max(sides[0], sides[2]))), max(1, int(max(sides[1], sides[3])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    cut = cv2.warpPerspective(
        image_bgr,
        cv2.getPerspectiveTransform(quad, target),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(np.rot90(cut) if height / width >= _UPRIGHT_RATIO else cut, np.uint8)


def page_row(image: str, page: PageTruth | LabelledPage) -> str:
    """What stands behind an image and a tab in ``Label.txt``: the lines of the page as JSON."""
    if isinstance(page, LabelledPage):
        quads, texts, difficult = page.quads_xy, page.texts, page.difficult
        if quads is None:
            raise LabelTextError(f"The lines of {image!r} have no boxes: Label.txt needs them.")
    else:
        quads, texts = page.quads_xy, page.texts
        difficult = tuple(text == UNREADABLE for text in texts)
    lines = [
        {"transcription": encodable(text, image), "points": points(quad, image), "difficult": hard}
        for quad, text, hard in zip(quads, texts, difficult, strict=True)
    ]
    return json.dumps(lines, ensure_ascii=False)


def _record(page: LabelledPage) -> dict[str, Any]:
    name = page.path.name
    if page.size_wh is None or page.quads_xy is None:
        raise LabelTextError(f"{name!r} has no size or no boxes; ground truth needs both.")
    width, height = page.size_wh
    texts = [
        UNREADABLE if hard else encodable(text, name)
        for text, hard in zip(page.texts, page.difficult, strict=True)
    ]
    lines = [
        {"order": order, "text": text, "quad": points(quad, name)}
        for order, (text, quad) in enumerate(zip(texts, page.quads_xy, strict=True))
    ]
    return {"width": width, "height": height, "lines": lines}


def _line_image(name: str) -> str:
    return f"{CROPS_FOLDER}/{checked_name(name)}.png"


def _png(image_bgr: NDArray[np.uint8]) -> bytes:
    import cv2

    _, png = cv2.imencode(".png", image_bgr)
    return png.tobytes()

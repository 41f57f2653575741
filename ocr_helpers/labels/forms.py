"""The forms that labels come in, each read entry by entry: a page, or why it cannot be used."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.labels import UNREADABLE, LabelFileError, LabelledPage, LabelProblem
from ocr_helpers.pages.local_files import find_file

__all__ = ["Entry", "read_labels"]

Entry = LabelledPage | LabelProblem
IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp"}
IGNORED_TEXTS = ("*", UNREADABLE)
"""The texts that PaddleOCR's DetLabelEncode ignores."""

_LARGEST_BYTES = 500_000_000
_LEAST_AREA = 1.0


def read_labels(path: Path, allow_outside: bool) -> Iterator[Entry]:
    """Yield what `load_labelled_pages` collects.

    Raises:
        LabelFileError: there is nothing at the path, or a file of no such form.

    """
    try:
        path = find_file(str(path))
    except OcrHelpersError as error:
        raise LabelFileError(f"There are no labels at {str(path)!r}: {error}") from None
    if path.is_dir():
        for name in ("Label.txt", "rec_gt.txt"):
            if (path / name).is_file():
                yield from read_labels(path / name, allow_outside)
                return
        yield from _folder(path)
    elif path.suffix.lower() == ".json":
        yield from _json(path)
    elif path.suffix.lower() in IMAGES | {".pdf"}:
        yield from _beside(path)
    else:
        yield from _text_file(path, allow_outside)


def _folder(folder: Path) -> Iterator[Entry]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in IMAGES | {".pdf"} and not path.name.startswith("."):
            yield from _beside(path)


def _beside(image: Path) -> Iterator[Entry]:
    truth, text = image.with_suffix(".json"), image.with_suffix(".txt")
    if truth.is_file():
        yield from _json(truth, image)
    elif text.is_file() and image.suffix.lower() != ".pdf":
        try:
            lines = [line.strip() for line in decoded(text).split("\n")]
        except LabelFileError as error:
            yield LabelProblem(text.name, str(error))
            return
        yield LabelledPage(image, tuple(line for line in lines if line), format="txt")
    elif text.is_file():
        yield LabelProblem(image.name, f"a PDF needs the JSON form of data/samples, {truth.name}")
    else:
        yield LabelProblem(image.name, f"no labels: neither {truth.name} nor {text.name} is there")


def _json(path: Path, image: Path | None = None) -> Iterator[Entry]:
    try:
        found: Any = json.loads(decoded(path))
        if not isinstance(found, dict):
            raise LabelFileError(f"expected a mapping, not {type(found).__name__}")
        several = "pages" in found
        records = found["pages"] if several else [found]
        dpi = float(found["dpi"]) if several else None
        if image is None:
            image = find_file(str(path.parent / str(found["image"])))
        if not image.resolve().is_relative_to(path.parent.resolve()):
            raise LabelFileError(f"{str(image)!r} does not lie beside it")
        yield from [_json_page(image, index, record, dpi) for index, record in enumerate(records)]
    except (OcrHelpersError, OSError, ValueError, TypeError, KeyError) as error:
        yield LabelProblem(path.name, f"not in the form of data/samples: {_said(error)}")


def _json_page(image: Path, index: int, record: Any, dpi: float | None) -> LabelledPage:
    lines = record["lines"]
    quads = np.array([line["quad"] for line in lines], np.float32).reshape(-1, 4, 2)
    if not np.isfinite(quads).all():
        raise LabelFileError("a quad has a corner that is not a number")
    texts = tuple(str(line["text"]) for line in lines)
    size_wh = int(record["width"]), int(record["height"])
    return LabelledPage(image, texts, quads, index=index, format="json", size_wh=size_wh, dpi=dpi)


def _text_file(path: Path, allow_outside: bool) -> Iterator[Entry]:
    """Tell a file of pages from one of lines by its rows."""
    rows = [(number, row) for number, row in enumerate(decoded(path).split("\n"), 1) if row.strip()]
    labels = [row.partition("\t")[2].lstrip() for _, row in rows]
    if not any(labels):
        raise LabelFileError(
            f"{str(path)!r} has no row of the form image<TAB>label. For a text beside an image, pass the "
            "image or their folder."
        )
    of_pages = any(label.startswith("[{") or label.rstrip() == "[]" for label in labels)
    seen: dict[str, int] = {}
    pages: dict[str, Entry] = {}
    for number, row in rows:
        where = f"{path.name}, row {number}"
        key, tab, label = row.rstrip("\r").partition("\t")
        entry: Entry
        try:
            if not tab or not key.strip():
                raise LabelFileError("expected image<TAB>label")
            image = _image(path, key, allow_outside)
            entry = _labelled(image, label) if of_pages else _line(image, label)
        except (OcrHelpersError, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            entry = LabelProblem(where, _said(error))
        if isinstance(entry, LabelProblem):
            pages[f"\t{number}"] = entry
            continue
        if key in seen:
            first = pages.pop(key)
            assert isinstance(first, LabelledPage)
            pages[f"\t{seen[key]}"] = LabelProblem(
                f"{path.name}, row {seen[key]}", f"row {number} labels {key!r} again; the later row counts"
            )
        seen[key], pages[key] = number, entry
        if isinstance(entry, LabelledPage) and (missing := _left_out(label, entry) if of_pages else 0):
            pages[f"\t{number}"] = LabelProblem(where, f"{missing} boxes have no area and are left out")
    yield from pages.values()


def _labelled(image: Path, label: str) -> LabelledPage:
    lines = json.loads(label)
    if not isinstance(lines, list):
        raise LabelFileError(f"expected a JSON list of lines, not {type(lines).__name__}")
    quads, texts, difficult = [], [], []
    for line in lines:
        quad = _quad(line["points"])
        if quad is None:
            continue
        text = str(line["transcription"])
        quads.append(quad)
        texts.append(text)
        difficult.append(text in IGNORED_TEXTS or line.get("difficult", False) is True)
    corners = np.array(quads, np.float32).reshape(-1, 4, 2)
    return LabelledPage(image, tuple(texts), corners, tuple(difficult), format="Label.txt")


def _left_out(label: str, page: LabelledPage) -> int:
    return len(json.loads(label)) - len(page.texts)


def _line(image: Path, text: str) -> LabelledPage:
    if not text.strip():
        raise LabelFileError("the line has no text")
    return LabelledPage(image, (text.strip(),), format="rec_gt.txt", kind="line")


def _quad(points: Any) -> NDArray[np.float32] | None:
    """Four corners, clockwise, from the first; None for a box without area."""
    polygon = np.asarray(points, np.float32)
    if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < 3 or not np.isfinite(polygon).all():
        raise LabelFileError(f"points are {str(points)[:60]}; expected at least 3 corners [x, y]")
    if len(polygon) != 4:
        return _rectangle_round(polygon)
    area = _signed_area(polygon)
    if abs(area) < _LEAST_AREA:
        return None
    # Drawn the other way round, the first corner is still the text's first: as get_rotate_crop_image does.
    return polygon if area > 0 else polygon[[0, 3, 2, 1]]


def _rectangle_round(polygon: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The smallest rectangle, begun at the corner where the polygon begins and ended where it ends.

    A text's outline runs along its upper edge and back along the lower one.
    """
    import cv2

    corners = cv2.boxPoints(cv2.minAreaRect(polygon))
    if abs(_signed_area(corners)) < _LEAST_AREA:
        return None
    if _signed_area(corners) < 0:
        corners = corners[::-1]
    ends = polygon[[0, -1]] if _signed_area(polygon) > 0 else polygon[[0, 1]]
    turned = [np.roll(corners, -turn, axis=0) for turn in range(4)]
    return np.asarray(min(turned, key=lambda quad: float(np.linalg.norm(quad[[0, 3]] - ends))), np.float32)


def _signed_area(polygon: NDArray[Any]) -> float:
    """In pixels, above 0 where the corners run clockwise as seen: y points down."""
    x, y = polygon.astype(np.float64).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _image(label_file: Path, key: str, allow_outside: bool) -> Path:
    """The picture that a row names, relative to the file's folder or to the folder above."""
    folder = label_file.absolute().parent
    # A path may come from Windows; and the folder may have got another name since.
    names = [Path(form) for form in dict.fromkeys([key, key.replace("\\", "/")])]
    places = [root / name for name in names for root in (folder, folder.parent)]
    places += [folder / name.name for name in names if len(name.parts) == 2 and ".." not in name.parts]
    found = next((place for place in places if place.is_file()), None)
    if found is None and not key.isascii():
        found = next(filter(None, map(_in_other_form, places)), None)
    if found is None:
        raise LabelFileError(f"there is no picture {key!r} in {str(folder)!r} or the folder above")
    root = folder if ".." in Path(key).parts else folder.parent
    if not allow_outside and not found.resolve().is_relative_to(root.resolve()):
        raise LabelFileError(
            f"{key!r} leads out of {str(folder)!r}. If that is right, say allow_outside=True"
        )
    return found


def _in_other_form(place: Path) -> Path | None:
    """The file, where its name on the disk is the other Unicode form of the same Hangul."""
    try:
        return find_file(str(place))
    except OcrHelpersError:
        return None


def decoded(path: Path) -> str:
    r"""The text of a file with ``\n`` at line ends: UTF-8, UTF-16 with its mark, or Korean Windows' CP949.

    Raises:
        LabelFileError: none of these, or too large.

    """
    if path.stat().st_size > _LARGEST_BYTES:
        raise LabelFileError(f"{path.name} has more than {_LARGEST_BYTES:,} bytes: split it")
    content = path.read_bytes()
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp949"):
        try:
            return re.sub(r"\r\n?", "\n", content.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise LabelFileError(f"{path.name} is not text in UTF-8, UTF-16 or CP949. Save it as UTF-8")


def _said(error: Exception) -> str:
    if isinstance(error, OcrHelpersError):
        return str(error)
    if isinstance(error, KeyError):
        return f"there is no {error}"
    return f"{type(error).__name__}: {error}"

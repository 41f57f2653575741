"""Rows of label files: which texts, paths and corners they can hold, and how they are merged and replaced."""

import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "LabelConflictError",
    "LabelPathError",
    "LabelTextError",
    "LabelWriteError",
    "checked_name",
    "checked_path",
    "conflict",
    "encodable",
    "merge",
    "points",
    "replace_file",
    "rows_of",
]


class LabelWriteError(OcrHelpersError, OSError):
    """The operating system refuses a file of labels."""


class LabelConflictError(OcrHelpersError):
    """The file holds other labels of the same image, which somebody may have made by hand."""


class LabelPathError(OcrHelpersError, ValueError):
    """A path or a name that a file of labels cannot hold."""


class LabelTextError(OcrHelpersError, ValueError):
    """A text or a box that a file of labels cannot hold."""


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, on the disk when this returns; its folder is made.

    Raises:
        LabelWriteError: the operating system refuses; the file that was there stays.

    """
    new = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(new).chmod(mode)
        Path(new).replace(path)
        _settle(path.parent)
    except OSError as error:
        if new:
            Path(new).unlink(missing_ok=True)
        raise LabelWriteError(
            f"{str(path)!r} cannot be written: {error.strerror or error}. Choose another folder."
        ) from None


def _settle(folder: Path) -> None:
    """Have the new name on the disk too, where the system knows how (Windows does it by itself)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0o077)  # there is no way to ask without setting
    os.umask(mask)
    return mask


def rows_of(label_file: Path) -> dict[str, str]:
    """Image → whole row, without its line break; rows of no form have themselves as name."""
    try:
        text = label_file.read_bytes().decode("utf-8-sig") if label_file.exists() else ""
    except UnicodeDecodeError as error:
        raise LabelWriteError(
            f"{str(label_file)!r} is not UTF-8 ({error}): it cannot be added to. Choose another folder."
        ) from None
    except OSError as error:
        raise LabelWriteError(f"{str(label_file)!r} cannot be read: {error.strerror}.") from None
    rows = [row.rstrip("\r") for row in text.split("\n")]
    return {row.partition("\t")[0] if "\t" in row else row: row for row in rows if row}


def merge(label_file: Path, rows: Mapping[str, str], replace: bool, without: Collection[str] = ()) -> None:
    """Put rows in place of those of the same images, behind the others; take out those of ``without``.

    Raises:
        LabelConflictError: a row says something else, and ``replace`` is False.
        LabelWriteError: the file cannot be read or written.

    """
    known = rows_of(label_file)
    changed = [image for image, row in rows.items() if known.get(image, row) != row]
    if changed and not replace:
        raise conflict(label_file, changed)
    kept = {image: row for image, row in known.items() if image not in without} | dict(rows)
    replace_file(label_file, "".join(f"{row}\n" for row in kept.values()).encode())


def conflict(label_file: Path, images: Sequence[str]) -> LabelConflictError:
    """The error that names these images."""
    named = ", ".join(images[:3]) + (f" and {len(images) - 3} more" if len(images) > 3 else "")
    return LabelConflictError(
        f"{str(label_file)!r} has other labels of {named}. Choose another folder, or say replace=True to "
        "replace them."
    )


def points(quad_xy: NDArray[np.float32], image: str) -> list[list[float]]:
    """Corners as the shortest decimals that give the same float32; whole ones as int, as PPOCRLabel does."""
    if not np.isfinite(quad_xy).all():
        raise LabelTextError(f"A box of {image!r} has a corner that is not a number: {quad_xy.tolist()}.")
    return [
        [int(value) if float(value).is_integer() else float(str(value)) for value in corner]
        for corner in np.asarray(quad_xy, np.float32)
    ]


def encodable(text: str, image: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise LabelTextError(f"A text of {image!r} has half a character in it: {text!r}.") from None
    return unicodedata.normalize("NFC", text)


def checked_path(image: str) -> str:
    drive = re.match(r"[A-Za-z]:", image)
    if not image.strip() or re.search(r"[\t\n\r]", image) or image.startswith(("/", "\\")) or drive:
        raise LabelPathError(
            f"{image!r} cannot be the path of an image in a file of labels; expected a relative path without "
            "tabs, such as 'scans/page1.png': os.path.relpath(image, folder)."
        )
    return image


def checked_name(name: str) -> str:
    if not name.strip() or name.startswith(".") or re.search(r'[\x00-\x1f/\\:*?"<>|]', name):
        raise LabelPathError(
            f"{name!r} cannot be the name of a picture; expected a plain file name without a suffix."
        )
    return unicodedata.normalize("NFC", name)

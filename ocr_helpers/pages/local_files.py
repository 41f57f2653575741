"""Find and open a file of this computer without surprises.

Hangul in file names is found in either Unicode form, and what could block (pipes, devices) is refused.
"""

import difflib
import os
import stat
import unicodedata
from pathlib import Path
from typing import BinaryIO

from ocr_helpers.errors import OcrHelpersError, shown

__all__ = [
    "DirectorySourceError",
    "MissingFileError",
    "NotARegularFileError",
    "UnreadableFileError",
    "find_file",
    "open_regular",
]


class MissingFileError(OcrHelpersError):
    """There is no file at this path."""


class DirectorySourceError(OcrHelpersError):
    """The path is a directory; the files in it are passed one by one."""


class NotARegularFileError(OcrHelpersError):
    """The path is a device, a pipe or a socket, from which reading could wait for ever."""


class UnreadableFileError(OcrHelpersError):
    """The operating system refuses the path."""


def find_file(given: str) -> Path:
    """Return the path as it is on disk.

    ``~`` is expanded. A name typed with composed Hangul (NFC) finds a file whose name is decomposed (NFD, as
    macOS and some archives write it) and the other way round; exactly the given name comes first.

    Raises:
        MissingFileError: there is none; the message names the closest names beside it.
        UnreadableFileError: the path cannot be one (too long, a null character) or may not be looked up.

    """
    if not given.strip():
        raise MissingFileError("The path is an empty text. Pass the path of an image or a PDF.")
    try:
        if b"\0" in os.fsencode(given):
            raise ValueError("null character in it")
        path = Path(given).expanduser()
        if path.exists():
            return path
        found = Path(path.anchor)
        for part in path.parts[1:] if path.anchor else path.parts:
            if not (found / part).exists():
                same = [name for name in _names_in(found) if _nfc(name) == _nfc(part)]
                if not same:
                    raise MissingFileError(_missing(given, found, part))
                part = same[0]
            found /= part
        return found
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: ~name of a user who does not exist. ValueError: above, or half a surrogate pair.
        raise UnreadableFileError(
            f"{shown(given)} cannot be a path: {_reason(error)}. Pass the path of an image or a PDF."
        ) from None


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading in binary.

    Raises:
        DirectorySourceError, NotARegularFileError: the path is something else.
        UnreadableFileError: the operating system refuses, most often for want of permission.

    """
    name = shown(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DirectorySourceError(
                f"{name} is a directory. Pass the files in it: sorted(Path({name}).glob('*.png'))."
            )
        if not stat.S_ISREG(mode):
            raise NotARegularFileError(
                f"{name} is a device, a pipe or a socket. Copy its content to a file and pass that."
            )
        return path.open("rb")
    except OSError as error:
        raise UnreadableFileError(
            f"{name} cannot be read: {_reason(error)}. Check its permissions and, for a link, its target."
        ) from None


def _missing(given: str, folder: Path, part: str) -> str:
    if folder.exists() and not folder.is_dir():
        return (
            f"{shown(given)} does not exist: {shown(str(folder))} is a file, not a directory. Check the path."
        )
    names = [_nfc(name) for name in _names_in(folder)]
    close = difflib.get_close_matches(_nfc(part), names, n=3)
    hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Check the path and its spelling."
    return f"{shown(given)} does not exist: no {shown(part)} in {shown(str(folder.absolute()))}. {hint}"


def _names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder)) if folder.is_dir() else []


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""Files written whole or not at all, under names that are safe whatever the source was called."""

import contextlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from ocr_helpers.errors import OcrHelpersError, shown

__all__ = ["FileNames", "FileNotWrittenError", "atomic_file", "safe_stem"]

# Most file systems allow 255 bytes, and a Hangul syllable takes 3: room for a suffix and a temporary name.
_LONGEST_STEM_BYTES = 180
# Names that Windows keeps for devices, whatever stands after the first dot.
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


class FileNotWrittenError(OcrHelpersError, OSError):
    """A file could not be written; what stood at its place before is untouched."""


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a binary stream whose content becomes the file at ``path`` when the block ends without an error.

    It is written under a temporary name in the same folder, brought to the disk and then renamed: at any
    moment there is the old file or the new one, whole. Missing folders are made. After an error nothing is
    left behind; after a power cut a file ``.NAME.….part`` may be.

    Raises:
        FileNotWrittenError: the operating system refuses (no space, no permission, …).

    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile: its files are for their owner alone, and others may be meant to read this one.
        part = path.with_name(f".{path.name[:50]}.{secrets.token_hex(6)}.part")
        with part.open("x+b") as stream:
            temporary = part
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        if isinstance(error, OcrHelpersError):
            raise
        raise FileNotWrittenError(
            f"{shown(str(path))} was not written: {error.strerror or error}. What stood there before is "
            "untouched. Check the folder, its permissions and the space left."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk as well, where the system can open folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def safe_stem(source: str) -> str:
    """Return a file name without ending for what was read from ``source``, a path or an address.

    The last part of it, NFC, without its ending. Control characters, separators, quotes and what Windows
    refuses become ``_``; so do dots and spaces at the ends and the names of devices. At most 180 bytes.
    """
    if "://" in source:
        source = unquote(urlsplit(source).path, errors="replace")
    name = re.split(r"[/\\]", source.rstrip("/\\"))[-1]
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    stem = name if name.startswith(".") else name.rpartition(".")[0] or name
    stem = "".join("_" if unicodedata.category(c)[0] in "CZ" and c != " " else c for c in stem)
    stem = re.sub(r"""[<>:"'`|?*\\/$%&;!]""", "_", stem)
    stem = re.sub(r"^[ .~-]+|[ .]+$", "_", stem)
    if _DEVICES.match(stem):
        stem = f"_{stem}"
    stem = stem.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore")
    return stem or "page"


class FileNames:
    """Gives each document a name of its own; the same sequence of sources gets the same names."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def stem(self, source: str) -> str:
        """Return :func:`safe_stem`, with eight digits of the source's hash or a number where it is taken."""
        stem = safe_stem(source)
        digest = blake2b(source.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        candidate, number = stem, 1
        # Some file systems take upper and lower case for the same.
        while candidate.casefold() in self._taken:
            candidate = f"{stem}-{digest}" + (f"-{number}" if number > 1 else "")
            number += 1
        self._taken.add(candidate.casefold())
        return candidate

"""Pages out of whatever people have: image files, PDFs, web addresses, arrays.

Sources are untrusted: sizes are checked before decoding, addresses are http or https only, and every refusal
is an error of this package that says what came and what to do.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.pages.downloads import download
from ocr_helpers.pages.image_arrays import ArrayShapeError, array_to_bgr, check_array
from ocr_helpers.pages.image_files import decode_image, image_kind, not_an_image
from ocr_helpers.pages.limits import PageLimits
from ocr_helpers.pages.local_files import find_file, open_regular
from ocr_helpers.pages.pdf_files import render_pdf

__all__ = [
    "EmptyFileError",
    "InvalidPageOptionError",
    "Page",
    "UnsupportedSourceError",
    "iter_pages",
    "load_pages",
]

OneSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | npt.NDArray[Any]
Source: TypeAlias = OneSource | Iterable[OneSource]


class UnsupportedSourceError(OcrHelpersError):
    """The source is an object of a kind that cannot be a page."""


class EmptyFileError(OcrHelpersError):
    """The source holds no bytes at all."""


class InvalidPageOptionError(OcrHelpersError):
    """``dpi``, ``pages``, ``password``, ``max_pixels``, ``max_bytes`` or ``timeout_s`` cannot be used."""


@dataclass(frozen=True, eq=False)
class Page:
    """One page, as every other module takes it.

    Attributes:
        image_bgr: uint8 of shape (H, W, 3), blue first, C-contiguous, read-only: draw on a ``.copy()``.
        source: the file's path or address; ``"array"`` or ``"bytes"``, with its place where a list was given.
        index: zero-based number of the page within its source.
        dpi: dots per inch: what a PDF page was drawn with, what an image file states, or None.

    Raises:
        ArrayShapeError, ArrayDtypeError: where ``image_bgr`` is not as described.

    """

    image_bgr: npt.NDArray[np.uint8] = field(repr=False)
    source: str
    index: int = 0
    dpi: float | None = None

    def __post_init__(self) -> None:
        """Check the picture and keep a view of it that cannot be written to."""
        check_array(self.image_bgr, "image_bgr")
        if self.image_bgr.ndim != 3 or self.image_bgr.shape[2] != 3:
            raise ArrayShapeError(
                f"image_bgr has shape {self.image_bgr.shape}; a Page holds (H, W, 3). Use load_pages(array)."
            )
        view = np.ascontiguousarray(self.image_bgr).view()
        view.flags.writeable = False
        object.__setattr__(self, "image_bgr", view)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]


def load_pages(
    source: Source,
    *,
    dpi: float = 200.0,
    pages: Sequence[int] | None = None,
    password: str | None = None,
    max_pixels: int = 80_000_000,
    max_bytes: int = 100_000_000,
    timeout_s: float = 30.0,
) -> list[Page]:
    """Return every page of the source or sources, in order; all of them in memory. See `iter_pages`."""
    return list(
        iter_pages(
            source,
            dpi=dpi,
            pages=pages,
            password=password,
            max_pixels=max_pixels,
            max_bytes=max_bytes,
            timeout_s=timeout_s,
        )
    )


def iter_pages(
    source: Source,
    *,
    dpi: float = 200.0,
    pages: Sequence[int] | None = None,
    password: str | None = None,
    max_pixels: int = 80_000_000,
    max_bytes: int = 100_000_000,
    timeout_s: float = 30.0,
) -> Iterator[Page]:
    """Yield the pages of the source or sources, one in memory at a time.

    Images come upright (EXIF), with 8 bits a channel (16 bits are scaled, floats from 0 to 1 likewise) and on
    white where they are transparent; CMYK is converted without its colour profile. TIFF and PDF may have
    several pages; of an animation the first picture is read. PDF pages keep their rotation, and filled-in
    forms are drawn.

    Args:
        source: a path (``~`` is expanded; composed and decomposed Hangul find each other), an http or
            https address, the bytes of a file, or a uint8 array as OpenCV has them: (H, W) or (H, W, 1) grey,
            (H, W, 3) BGR, (H, W, 4) BGRA. Or an iterable of these: ``sorted(Path("scans").glob("*.png"))``.
        dpi: resolution for PDF pages, in dots per inch, above 0. Image files keep their pixels.
        pages: zero-based page numbers to read of each source, in this order, such as ``range(3)``; None: all.
        password: for encrypted PDFs.
        max_pixels: width × height allowed for a page, checked before it is decoded or drawn.
        max_bytes: largest download, in bytes.
        timeout_s: for one whole download, in seconds.

    Raises:
        OcrHelpersError: a subclass for each cause; see `local_files`, `image_files`, `pdf_files`, `downloads`
            and `limits`. Wrong options are refused at once, a wrong source when its turn comes.

    """
    _check_option("dpi", dpi, "dots per inch", 10_000)
    _check_option("max_pixels", max_pixels, "pixels", 10**12, whole=True)
    _check_option("max_bytes", max_bytes, "bytes", 10**12, whole=True)
    _check_option("timeout_s", timeout_s, "seconds", 86_400)
    if password is not None and not (isinstance(password, str) and password.isprintable()):
        raise InvalidPageOptionError(
            f"password is a {type(password).__name__} that cannot be one; expected printable text or None."
        )
    if pages is not None and not _are_page_numbers(pages):
        raise InvalidPageOptionError(
            f"pages is {shown(pages)}; expected numbers from 0, such as range(3) or [0, 2], or None for all."
        )
    limits = PageLimits(dpi=float(dpi), max_pixels=int(max_pixels), password=password, pages=pages)
    return _iter_pages(source, limits, int(max_bytes), float(timeout_s))


def _iter_pages(source: Source, limits: PageLimits, max_bytes: int, timeout_s: float) -> Iterator[Page]:
    if isinstance(source, str | os.PathLike | bytes | bytearray | np.ndarray):
        yield from _pages_of(source, "", limits, max_bytes, timeout_s)
    elif isinstance(source, Iterable) and not isinstance(source, Mapping) and not hasattr(source, "read"):
        for place, one in enumerate(source):
            yield from _pages_of(one, f"[{place}]", limits, max_bytes, timeout_s)
    else:
        raise _unsupported(source, "")


def _pages_of(
    source: OneSource, place: str, limits: PageLimits, max_bytes: int, timeout_s: float
) -> Iterator[Page]:
    """Yield the pages of one source; ``place`` is where it stood in a list, such as ``"[2]"``."""
    if isinstance(source, np.ndarray):
        name = f"array{place}"
        check_array(source, name)
        limits.check_pixels(source.shape[1], source.shape[0], name, "Make it smaller, or raise max_pixels.")
        for _ in limits.page_numbers(1, name):
            yield Page(array_to_bgr(source), name)
        return
    stream: BinaryIO
    if isinstance(source, bytes | bytearray):
        label, name, stream = f"bytes{place}", f"bytes{place}", io.BytesIO(source)
    elif isinstance(source, str) and re.match(r"[a-z][a-z0-9+.-]+://|data:", source, re.IGNORECASE):
        label, name = source, shown(source)
        stream = io.BytesIO(download(source, max_bytes=max_bytes, timeout_s=timeout_s))
    elif isinstance(source, str | os.PathLike) and isinstance(os.fspath(source), str):
        path = find_file(os.fspath(source))
        label, name, stream = str(path), shown(str(path)), open_regular(path)
    else:
        raise _unsupported(source, place)
    with stream:
        for index, image_bgr, dpi in _decode(stream, name, limits):
            yield Page(image_bgr, label, index, dpi)


def _decode(
    stream: BinaryIO, name: str, limits: PageLimits
) -> Iterator[tuple[int, npt.NDArray[np.uint8], float | None]]:
    """Let the first bytes decide what the file is: neither its name nor a content type is to be trusted."""
    head = stream.read(1024)
    stream.seek(0)
    if not head:
        raise EmptyFileError(f"{name} is empty (0 bytes). Copy or download it again.")
    kind = image_kind(head)
    if kind is not None:
        yield from decode_image(stream, name, kind, limits)
    elif b"%PDF-" in head:  # readers accept it anywhere in the first 1024 bytes
        yield from render_pdf(stream, name, limits)
    else:
        raise not_an_image(head, name)


def _unsupported(source: object, place: str) -> UnsupportedSourceError:
    remedy = "Pass a path, an address, bytes or an array, or a flat list of these."
    if source is None:
        remedy = "cv2.imread returns None for a file it cannot read: pass the path instead."
    elif hasattr(source, "read"):
        remedy = "Pass the file's path, or its bytes: file.read()."
    elif type(source).__module__.startswith("PIL."):
        remedy = "Pass its path, or np.asarray(image.convert('RGB'))[:, :, ::-1]."
    return UnsupportedSourceError(
        f"source{place} is a {type(source).__name__}, which cannot be a page. {remedy}"
    )


def _check_option(name: str, value: object, unit: str, most: int, *, whole: bool = False) -> None:
    """Refuse what is not a number above zero and at most ``most``; also NaN and, an int to Python, bool."""
    is_number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if not is_number or not 0 < value <= most:  # type: ignore[operator]
        kind = "whole number" if whole else "number"
        raise InvalidPageOptionError(
            f"{name} is {shown(value)}; expected a {kind} of {unit} above 0, at most {most:,}."
        )


def _are_page_numbers(pages: object) -> bool:
    if isinstance(pages, range):
        return True
    return (
        isinstance(pages, Sequence)
        and not isinstance(pages, str | bytes)
        and all(isinstance(number, Integral) and not isinstance(number, bool) for number in pages)
    )

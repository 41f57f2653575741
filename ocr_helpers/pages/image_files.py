"""Image files of six kinds become BGR arrays, or an error that names the cause."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages.limits import PageLimits, PageTooLargeError

__all__ = [
    "DamagedImageError",
    "NotAnImageError",
    "TruncatedImageError",
    "UnsupportedPixelsError",
    "decode_image",
    "image_kind",
    "not_an_image",
]


class NotAnImageError(OcrHelpersError):
    """The bytes are neither a PDF nor an image of a kind that is read."""


class TruncatedImageError(OcrHelpersError):
    """The image begins well and ends too early: an interrupted download or copy."""


class DamagedImageError(OcrHelpersError):
    """The image begins well and cannot be decoded."""


class UnsupportedPixelsError(OcrHelpersError):
    """The pixels have no agreed black and white: floats outside 0–1, 32-bit integers, Lab."""


Bgr = npt.NDArray[np.uint8]
_TIFF = TiffImagePlugin.TiffImageFile
_KINDS: dict[str, tuple[tuple[bytes, ...], type[ImageFile.ImageFile]]] = {
    "PNG": ((b"\x89PNG\r\n\x1a\n",), PngImagePlugin.PngImageFile),
    "JPEG": ((b"\xff\xd8\xff",), JpegImagePlugin.JpegImageFile),
    "WebP": ((b"RIFF",), WebPImagePlugin.WebPImageFile),
    "TIFF": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _TIFF),
    "GIF": ((b"GIF87a", b"GIF89a"), GifImagePlugin.GifImageFile),
    "BMP": ((b"BM",), BmpImagePlugin.BmpImageFile),
}
_BMP_HEADER_BYTES = (12, 16, 40, 52, 56, 64, 108, 124)
# What people hand over instead, by where and how it begins (in lower case), and the way out.
_OTHERS = (
    (0, b"\xd0\xcf\x11\xe0", "a Hangul (HWP) or old Office document", "Print it to PDF and pass that"),
    (0, b"pk\x03\x04", "a ZIP archive, an HWPX or Office document", "Unpack it, or print it to PDF"),
    (4, b"ftyphei", "a HEIC photo", "Save it as JPEG or PNG"),
    (4, b"ftypmif1", "a HEIC or AVIF photo", "Save it as JPEG or PNG"),
    (4, b"ftypavif", "an AVIF image", "Save it as JPEG or PNG"),
    (0, b"\x1f\x8b", "gzip-compressed data", "Unpack it first"),
    (0, b"<svg", "an SVG drawing", "Save it as PNG"),
    (0, b"<!doctype html", "a web page", "Pass the address of the image itself"),
    (0, b"<html", "a web page", "Pass the address of the image itself"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "Fetch the real file: git lfs pull"),
)


def image_kind(head: bytes) -> str | None:
    """Return PNG, JPEG, WebP, TIFF, GIF or BMP by the first bytes of a file; None for anything else."""
    for kind, (beginnings, _) in _KINDS.items():
        if head.startswith(beginnings):
            # Two of these are weak: other RIFF files are sound and video, and a text may begin with "BM".
            if kind == "WebP" and head[8:12] != b"WEBP":
                return None
            if kind == "BMP" and int.from_bytes(head[14:18], "little") not in _BMP_HEADER_BYTES:
                return None
            return kind
    return None


def not_an_image(head: bytes, name: str) -> NotAnImageError:
    """Return the error for a file that is neither image nor PDF, naming what it is where that can be seen."""
    lowered = head.lower()
    text = lowered.lstrip(b"\xef\xbb\xbf \t\r\n")
    for offset, beginning, what, remedy in _OTHERS:
        if beginning in (lowered[offset:][: len(beginning)], text[offset:][: len(beginning)]):
            return NotAnImageError(f"{name} is {what}, not an image or a PDF. {remedy}.")
    return NotAnImageError(
        f"{name} is not an image or a PDF: it begins with {head[:12]!r}. "
        f"Save it as {', '.join(_KINDS)} or PDF and pass that."
    )


def decode_image(
    stream: BinaryIO, name: str, kind: str, limits: PageLimits
) -> Iterator[tuple[int, Bgr, float | None]]:
    """Yield ``(index, image_bgr, dpi)`` for each page: several in a TIFF, else one.

    Of an animation (GIF, WebP, PNG) the first picture is read, of a multi-picture JPEG the main one.

    Args:
        stream: seekable, at its start; stays open.
        name: what messages call the image.
        kind: from `image_kind`.
        limits: largest page and page numbers.

    Yields:
        The zero-based page number; uint8 of shape (H, W, 3), C-contiguous, upright (EXIF), transparent parts
        on white; the horizontal resolution that the file states in dots per inch, or None.

    Raises:
        TruncatedImageError, DamagedImageError, UnsupportedPixelsError, PageNumberError: as each one says.
        PageTooLargeError: before the page is decoded.

    """
    with _own_errors(stream, name, kind):
        # Not Image.open: it would apply Pillow's process-wide pixel limit instead of the caller's.
        image = _KINDS[kind][1](stream)
        count = image.n_frames if isinstance(image, _TIFF) else 1
    for index in limits.page_numbers(count, name):
        page_name = f"{name}, page {index}" if count > 1 else name
        with _own_errors(stream, page_name, kind):
            if count > 1:
                image.seek(index)
            width, height = image.size
            limits.check_pixels(width, height, page_name, "Make it smaller, or raise max_pixels.")
            page = index, _to_bgr(image, page_name), _dpi(image, kind)
        yield page


@contextmanager
def _own_errors(stream: BinaryIO, name: str, kind: str) -> Iterator[None]:
    """Turn what Pillow raises into an error of this module: untrusted files make it raise nearly anything."""
    try:
        yield
    except OcrHelpersError:
        raise
    except Image.DecompressionBombError as error:
        raise PageTooLargeError(
            f"{name}: {error}. That limit is Pillow's: raise PIL.Image.MAX_IMAGE_PIXELS if you trust it."
        ) from None
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        if _ends_early(stream, kind, what):
            raise TruncatedImageError(
                f"{name} is a {kind} image that ends too early ({what}). Copy or download it again."
            ) from None
        raise DamagedImageError(
            f"{name} is a damaged {kind} image ({what}). Save it again with an image editor or scan it anew."
        ) from None


def _ends_early(stream: BinaryIO, kind: str, what: str) -> bool:
    """Whether a file that failed is cut off: no end mark, or shorter than it announces."""
    if any(
        word in what.lower() for word in ("truncated", "unexpected end", "eoferror", "broken data stream")
    ):
        return True
    if stream.closed:
        return False
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(12)
    stream.seek(max(0, size - 64))
    tail = stream.read()
    match kind:
        case "PNG":
            return b"IEND" not in tail
        case "JPEG":
            return b"\xff\xd9" not in tail
        case "WebP":
            return size < int.from_bytes(head[4:8], "little") + 8
        case "BMP":
            return size < int.from_bytes(head[2:6], "little")
        case "GIF":
            return not tail.endswith(b"\x3b")
        case _:
            return False


def _to_bgr(image: ImageFile.ImageFile, name: str) -> Bgr:
    """Decode the current page: upright, 8 bits a channel, on white."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "F" or image.mode.startswith("I;16"):
        grey = _scale_float(image, name) if image.mode == "F" else _scale_16_bit(image)
        # Photometric interpretation 0 is "white is zero": Pillow applies it up to 8 bits, not beyond.
        if isinstance(image, _TIFF) and image.tag_v2.get(262) == 0:
            grey = 255 - grey
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if image.mode in ("I", "LAB", "HSV"):
        raise UnsupportedPixelsError(
            f"{name} has pixels of Pillow's mode {image.mode!r}. Save it as 8-bit or 16-bit grey, or as RGB."
        )
    picture: Image.Image = image
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        picture = Image.new("RGB", image.size, "white")
        picture.paste(colours, mask=colours.getchannel("A"))
    import cv2

    # Numpy's reversed copy takes ten times as long.
    return np.asarray(cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR), np.uint8)


def _scale_16_bit(image: ImageFile.ImageFile) -> npt.NDArray[np.uint8]:
    """Map 0–65535, or 0–4095 where a TIFF says 12 bits, to 0–255. Pillow's conversion clips at 255."""
    top = 4095 if isinstance(image, _TIFF) and image.tag_v2.get(258) == (12,) else 65535
    values = np.minimum(np.asarray(image).astype(np.uint32), top)
    return ((values * 255 + top // 2) // top).astype(np.uint8)


def _scale_float(image: ImageFile.ImageFile, name: str) -> npt.NDArray[np.uint8]:
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0.0 and high <= 1.0):
        raise UnsupportedPixelsError(
            f"{name} has float pixels from {low:g} to {high:g}, but only 0 (black) to 1 (white) has an "
            "agreed meaning. Rescale them, or save the image with 8 or 16 bits."
        )
    return np.rint(values * 255.0).astype(np.uint8)


def _dpi(image: ImageFile.ImageFile, kind: str) -> float | None:
    """Return the horizontal resolution stated in the file; None where it is absent, zero or absurd."""
    # Pillow reports 72 for a JPEG with EXIF that states none: believe it only where JFIF or EXIF says so.
    if kind == "JPEG" and not image.info.get("jfif_unit") and 0x011A not in image.getexif():
        return None
    stated = image.info.get("dpi")
    dpi = float(stated[0]) if stated else 0.0
    return dpi if math.isfinite(dpi) and 1.0 <= dpi <= 100_000.0 else None

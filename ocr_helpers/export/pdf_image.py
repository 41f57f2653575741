"""A page's picture as a PDF holds it: the scanner's own JPEG where the page is that, else encoded anew."""

import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.export.records import PageRecord
from ocr_helpers.pages.image_files import decode_image, image_kind
from ocr_helpers.pages.limits import PageLimits

__all__ = ["JpegQualityError", "PdfImage", "encode_image", "original_jpeg"]

# EXIF orientation → degrees counter-clockwise to set the picture upright; the mirrored ones are left out.
_EXIF_TURNS = {1: 0, 8: 90, 3: 180, 6: 270}
_ORIENTATION = 0x0112
# Baseline, extended and progressive Huffman: what PDF's DCTDecode reads.
_READABLE_FRAMES = (0xC0, 0xC1, 0xC2)
_FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_LARGEST_FILE = 200_000_000


class JpegQualityError(OcrHelpersError, ValueError):
    """``jpeg_quality`` is not a whole number from 1 to 100, or None."""


@dataclass(frozen=True, slots=True)
class PdfImage:
    """An encoded picture.

    Attributes:
        data: the bytes of the stream.
        entries: of the stream's dictionary: size, colours, filter.
        turn: degrees counter-clockwise by which it is to be drawn turned.

    """

    data: bytes
    entries: str
    turn: int = 0


def encode_image(image_bgr: NDArray[np.uint8], jpeg_quality: int | None) -> PdfImage:
    """Encode pixels, uint8 (H, W, 3) BGR: a page without colours in grey.

    Args:
        image_bgr: is not changed.
        jpeg_quality: 1 to 100; None compresses without loss.

    Raises:
        JpegQualityError: another value.

    """
    check_quality(jpeg_quality)
    blue, green, red = (image_bgr[:, :, channel] for channel in range(3))
    grey = bool((blue == green).all() and (green == red).all())
    pixels = np.ascontiguousarray(blue if grey else image_bgr[:, :, ::-1])
    space = "/DeviceGray" if grey else "/DeviceRGB"
    if jpeg_quality is None:
        data, filter_name = zlib.compress(pixels.tobytes(), 6), "/FlateDecode"
    else:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=jpeg_quality)
        data, filter_name = buffer.getvalue(), "/DCTDecode"
    return PdfImage(data, _entries(image_bgr.shape[1], image_bgr.shape[0], space, filter_name))


def check_quality(jpeg_quality: object) -> None:
    """Refuse what is neither None nor a whole number from 1 to 100."""
    if jpeg_quality is not None and not (type(jpeg_quality) is int and 1 <= jpeg_quality <= 100):
        raise JpegQualityError(
            f"jpeg_quality is {shown(jpeg_quality)}; expected a whole number from 1 to 100, or None."
        )


def original_jpeg(record: PageRecord, image_bgr: NDArray[np.uint8]) -> PdfImage | None:
    """Return the JPEG that the page was read from, its pixels untouched; None where there is none to use.

    Names of cameras, places and previews that the file carries beside its pixels are left out. None also for
    a file that has changed since, for CMYK, and for kinds of JPEG that PDF does not know.

    Args:
        record: of the page.
        image_bgr: the page as it was given, uint8 (H, W, 3).

    """
    try:
        path = Path(record.source)
        if record.index or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return None
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    if image_kind(data[:1024]) != "JPEG":
        return None
    try:
        with Image.open(io.BytesIO(data)) as header:
            mode, size = header.mode, header.size
            turn = _EXIF_TURNS.get(header.getexif().get(_ORIENTATION, 1))
        stripped = _pixels_only(data)
        if turn is None or mode not in ("L", "RGB") or stripped is None:
            return None
        # Whether the page is this picture is decided by its pixels, not by its name.
        limits = PageLimits(dpi=72, max_pixels=image_bgr.shape[0] * image_bgr.shape[1])
        ((_, pixels, _),) = decode_image(io.BytesIO(data), record.source, "JPEG", limits)
    except Exception:
        # Pillow raises nearly anything for a damaged file, and the page's own pixels are always there.
        return None
    if not np.array_equal(pixels, image_bgr):
        return None
    space = "/DeviceGray" if mode == "L" else "/DeviceRGB"
    return PdfImage(stripped, _entries(*size, space, "/DCTDecode"), turn)


def _entries(width: int, height: int, space: str, filter_name: str) -> str:
    return (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} "
        f"/BitsPerComponent 8 /Filter {filter_name}"
    )


def _pixels_only(data: bytes) -> bytes | None:
    """Return a JPEG without its application data and comments; None where PDF could not read it.

    Kept are JFIF and Adobe's segment, which say how colours are stored. ITU-T T.81, annex B.
    """
    kept = [data[:2]]
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker == 0xD9:
            return b"".join([*kept, data[place : place + 2]])
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in _FRAMES and marker not in _READABLE_FRAMES:
            return None
        if marker == 0xDA:
            end = _end_of_scan(data, end)
        if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, data[place : place + 2]]) if data[place : place + 2] == b"\xff\xd9" else None


def _end_of_scan(data: bytes, start: int) -> int:
    """Return where entropy-coded data ends: the next marker that is no restart and no stuffed byte."""
    place = data.find(b"\xff", start)
    while 0 <= place < len(data) - 1 and (data[place + 1] == 0 or 0xD0 <= data[place + 1] <= 0xD7):
        place = data.find(b"\xff", place + 2)
    return place if place >= 0 else len(data)

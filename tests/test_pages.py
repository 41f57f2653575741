"""Pages: every kind of source becomes the right pixels; see test_bad_inputs.py for what is refused."""

import struct
import sys
import threading
import unicodedata
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_samples import black_and_white, encoded, local_server, pdf, picture
from PIL import Image

from ocr_helpers.pages import Page, iter_pages, load_pages
from ocr_helpers.pages.image_arrays import ArrayShapeError
from ocr_helpers.pages.limits import PageTooLargeError

HALF = black_and_white()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the address of a local web server."""
    with local_server() as address:
        yield address


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the local server directly, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def _grey16(kind: str, **options: Any) -> bytes:
    values = np.where(HALF[:, :, 0] > 0, 65535, 0).astype(np.uint16)
    return encoded(Image.fromarray(values), kind, **options)


def _png(bits: int, colour: int, rows: np.ndarray[Any, Any]) -> bytes:
    """Return a PNG of a depth that Pillow cannot write: ``rows`` big-endian, (H, W × channels)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    width = rows.shape[1] // {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


_BW16 = np.where(HALF > 0, 65535, 0).astype(">u2").reshape(6, -1)
_RGBA = np.dstack([np.zeros_like(HALF), HALF[:, :, 0] // 255 * 0 + 255]).astype(np.uint8)
_RGBA[:, 4:, 3] = 0  # black, and its right half transparent

SAME_PIXELS = {
    "png": encoded(picture(), "PNG"),
    "png grey": encoded(picture(mode="L"), "PNG"),
    "png 1-bit": encoded(picture(mode="1"), "PNG"),
    "png palette": encoded(picture(mode="P"), "PNG"),
    "png grey and alpha": encoded(picture(mode="LA"), "PNG"),
    "png transparent on white": encoded(Image.fromarray(_RGBA), "PNG"),
    "png palette with a transparent entry": encoded(picture(mode="P"), "PNG", transparency=255),
    "png 16-bit grey": _grey16("PNG"),
    "png 16-bit colour": _png(16, 2, _BW16),
    "jpeg": encoded(picture(16, 8), "JPEG", quality=100),
    "jpeg grey": encoded(picture(16, 8, "L"), "JPEG", quality=100),
    "jpeg cmyk, inverted by Adobe's custom": encoded(picture(16, 8, "CMYK"), "JPEG", quality=100),
    "webp lossless": encoded(picture(), "WEBP", lossless=True),
    "webp with alpha": encoded(Image.fromarray(_RGBA), "WEBP", lossless=True),
    "bmp": encoded(picture(), "BMP"),
    "gif": encoded(picture(mode="P"), "GIF"),
    "gif animation, first picture": encoded(
        picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (8, 6))]
    ),
    "tiff": encoded(picture(), "TIFF"),
    "tiff 1-bit fax": encoded(picture(mode="1"), "TIFF", compression="group4"),
    "tiff cmyk": encoded(picture(mode="CMYK"), "TIFF"),
    "tiff 16-bit": _grey16("TIFF"),
    "tiff 16-bit lzw": _grey16("TIFF", compression="tiff_lzw"),
    "tiff 16-bit, white is zero": encoded(
        Image.fromarray(np.where(HALF[:, :, 0] > 0, 0, 65535).astype(np.uint16)), "TIFF", tiffinfo={262: 0}
    ),
    "tiff float": encoded(Image.fromarray((HALF[:, :, 0] / 255).astype(np.float32)), "TIFF"),
}


@pytest.mark.parametrize("name", SAME_PIXELS)
def test_every_kind_of_image_gives_the_same_pixels(name: str) -> None:
    """Left half black, right half white, whatever the format, depth, colour model or transparency."""
    (page,) = load_pages(SAME_PIXELS[name])
    expected = black_and_white(16, 8) if name.startswith("jpeg") else HALF
    assert page.image_bgr.dtype == np.uint8 and page.image_bgr.flags.c_contiguous
    assert np.abs(page.image_bgr.astype(int) - expected).max() <= 2, name
    assert page.image_bgr.shape == expected.shape
    assert (page.source, page.index) == ("bytes", 0)


def test_colours_come_blue_first_and_half_transparent_ones_are_mixed_with_white() -> None:
    """Known answers for channel order and alpha."""
    (red,) = load_pages(encoded(Image.new("RGB", (2, 2), (255, 0, 0)), "PNG"))
    (veil,) = load_pages(encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 128)), "PNG"))
    (bgra,) = load_pages(np.full((2, 2, 4), (0, 0, 255, 128), np.uint8))
    assert red.image_bgr[0, 0].tolist() == [0, 0, 255]
    assert veil.image_bgr[0, 0].tolist() == [127, 127, 255] == bgra.image_bgr[0, 0].tolist()


@pytest.mark.parametrize("depth", ["PNG", "TIFF", "array // 257"])
def test_sixteen_bits_are_scaled_not_clipped(depth: str) -> None:
    """A ramp keeps its shape: each value is its 16-bit value divided by 257."""
    ramp = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    source: Any = (
        (ramp // 257).astype(np.uint8) if depth.startswith("array") else encoded(Image.fromarray(ramp), depth)
    )
    (page,) = load_pages(source)
    assert page.image_bgr[:, :, 1].ravel().tolist() == list(range(256))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotated_pictures_come_upright(orientation: int, kind: str) -> None:
    """A dark corner ends at the top left, whichever of the eight EXIF orientations the file states."""
    upright = np.full((16, 32), 255, np.uint8)
    upright[:8, :8] = 0
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    (page,) = load_pages(encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options))
    assert page.size_wh == (32, 16)
    assert np.abs(page.image_bgr[:, :, 0].astype(int) - upright).max() <= 2


@pytest.mark.parametrize(
    ("data", "dpi"),
    [
        (encoded(picture(), "PNG", dpi=(300, 300)), 300),
        (encoded(picture(), "JPEG", dpi=(150, 150)), 150),
        (encoded(picture(), "TIFF", dpi=(400, 400)), 400),
        (encoded(picture(), "PNG"), None),
        (encoded(picture(), "JPEG"), None),
        (encoded(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), None),
        (encoded(picture(), "BMP", dpi=(0, 0)), None),
        (pdf(), 200),
    ],
    ids=["png", "jpeg", "tiff", "png without", "jpeg without", "jpeg with exif without", "zero", "pdf"],
)
def test_dpi_is_what_the_file_states_or_none(data: bytes, dpi: float | None) -> None:
    """Absent and zero are None, not Pillow's 72."""
    assert load_pages(data)[0].dpi == (None if dpi is None else pytest.approx(dpi, abs=0.5))


def test_several_tiff_pages_in_order_and_only_those_asked_for() -> None:
    """Pages differ in size and depth, which shows that each is decoded for itself."""
    pictures = [picture(8, 6), picture(10, 6, "L"), picture(12, 6, "1")]
    data = encoded(pictures[0], "TIFF", save_all=True, append_images=pictures[1:])
    assert [(page.index, page.size_wh[0]) for page in load_pages(data)] == [(0, 8), (1, 10), (2, 12)]
    assert [(page.index, page.size_wh[0]) for page in load_pages(data, pages=[2, 0])] == [(2, 12), (0, 8)]


@pytest.mark.parametrize(
    ("rotate", "size_wh", "dark_corner"),
    [
        (0, (200, 100), (-1, 0)),
        (90, (100, 200), (0, 0)),
        (180, (200, 100), (0, -1)),
        (270, (100, 200), (-1, -1)),
    ],
)
def test_pdf_pages_keep_their_rotation(
    rotate: int, size_wh: tuple[int, int], dark_corner: tuple[int, int]
) -> None:
    """The square drawn at the lower left turns clockwise with /Rotate."""
    (page,) = load_pages(pdf(rotate=rotate), dpi=144)
    assert page.size_wh == size_wh
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        expected = 0 if (row, column) == dark_corner else 255
        assert page.image_bgr[row, column].tolist() == [expected] * 3, (row, column)


def test_pdf_page_ranges_and_passwords() -> None:
    """Zero-based numbers; the right password opens, and the content is there."""
    assert [page.index for page in load_pages(pdf(pages=5), pages=range(1, 4))] == [1, 2, 3]
    (page,) = load_pages(pdf(password="secret"), password="secret", dpi=72)
    assert page.size_wh == (100, 50) and page.image_bgr[-1, 0].tolist() == [0, 0, 0]


def test_pdf_pages_are_drawn_one_by_one() -> None:
    """A thousand pages cost nothing until asked for, and an abandoned iterator frees the document."""
    pages = iter_pages(pdf(pages=1000), dpi=72)
    assert [page.index for page in islice(pages, 2)] == [0, 1]
    pages.close()  # type: ignore[attr-defined]


def test_pdfs_are_read_from_several_threads_at_once() -> None:
    """PDFium itself would crash or mix pages: the calls are kept apart."""
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(len(load_pages(pdf(pages=20), dpi=72))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [20] * 4


@pytest.mark.parametrize(
    ("on_disk", "asked"),
    [
        ("한글 문서.png", "한글 문서.png"),
        (unicodedata.normalize("NFD", "한글/각하.png"), "한글/각하.png"),
        ("한글/각하.png", unicodedata.normalize("NFD", "한글/각하.png")),
        ("a b%20c#d?.png", "a b%20c#d?.png"),
    ],
    ids=["unicode and space", "NFD on disk", "NFC on disk", "signs of addresses"],
)
def test_file_names_are_found_in_either_unicode_form(tmp_path: Path, on_disk: str, asked: str) -> None:
    """By str and by Path; the source is the name on disk, so that it can be opened again."""
    file = tmp_path / on_disk
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(encoded(picture(), "PNG"))
    for source in (str(tmp_path / asked), tmp_path / asked):
        (page,) = load_pages(source)
        assert Path(page.source).samefile(file)


def test_home_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` and the working directory, also where only the other Unicode form exists."""
    (tmp_path / unicodedata.normalize("NFD", "쪽.png")).write_bytes(encoded(picture(), "PNG"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert len(load_pages(["~/쪽.png", "쪽.png"])) == 2


def test_arrays_are_copied_and_pages_are_read_only() -> None:
    """The caller's array stays as it is, and a page cannot be drawn on by mistake."""
    grey = np.zeros((4, 5), np.uint8)
    turned = np.zeros((5, 4, 3), np.uint8).transpose(1, 0, 2)
    pages = load_pages([grey, grey[:, :, None], turned])
    assert [page.image_bgr.shape for page in pages] == [(4, 5, 3)] * 3
    assert [page.source for page in pages] == ["array[0]", "array[1]", "array[2]"]
    assert all(page.image_bgr.flags.c_contiguous for page in pages)
    grey[:] = 9
    assert not pages[0].image_bgr.any()
    with pytest.raises(ValueError, match="read-only"):
        pages[0].image_bgr[0, 0] = 1
    assert "image_bgr" not in repr(pages[0])
    with pytest.raises(ArrayShapeError, match=r"load_pages\(array\)"):
        Page(grey, "mine")


@pytest.mark.parametrize("source", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_no_sources_give_no_pages(source: Any) -> None:
    """The empty case: nothing, and no error."""
    assert load_pages(source) == []


def test_mixed_sources_come_in_order(tmp_path: Path, server: str) -> None:
    """A path, an address with Hangul, a redirect, bytes, an array; the content type is ignored."""
    file = tmp_path / "page.png"
    file.write_bytes(encoded(picture(), "PNG"))
    sources: list[Any] = [file, f"{server}/공문 사본.png", f"{server}/once", encoded(picture(), "BMP"), HALF]
    pages = load_pages(iter(sources))
    assert [page.source for page in pages] == [str(file), *sources[1:3], "bytes[3]", "array[4]"]
    assert all(np.array_equal(page.image_bgr, HALF) for page in pages)


def test_the_limit_on_pixels_is_the_callers_alone() -> None:
    """It can be raised and lowered, for files, PDFs and arrays; Pillow's own setting stays as it was."""
    before = Image.MAX_IMAGE_PIXELS
    for source in (encoded(picture(), "PNG"), pdf(media_box="0 0 8 6"), HALF):
        assert len(load_pages(source, max_pixels=48, dpi=72)) == 1
        with pytest.raises(PageTooLargeError, match="raise max_pixels"):
            load_pages(source, max_pixels=47, dpi=72)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_links_to_files_are_followed(tmp_path: Path) -> None:
    """A link is as good as its file."""
    (tmp_path / "page.png").write_bytes(encoded(picture(), "PNG"))
    (tmp_path / "link.png").symlink_to(tmp_path / "page.png")
    assert len(load_pages(tmp_path / "link.png")) == 1

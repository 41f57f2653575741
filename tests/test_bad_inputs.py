"""Bad inputs: each gets its own clear error at once, and none is a traceback from inside a library."""

import io
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_samples import encoded, local_server, noise_png, pdf, picture, png_claiming
from PIL import Image

import ocr_helpers
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import EmptyFileError, InvalidPageOptionError, UnsupportedSourceError, load_pages
from ocr_helpers.pages.downloads import (
    DownloadFailedError,
    DownloadIncompleteError,
    DownloadRedirectError,
    DownloadStatusError,
    DownloadTimeoutError,
    DownloadTooLargeError,
    InvalidUrlError,
    UnsupportedSchemeError,
)
from ocr_helpers.pages.image_arrays import ArrayDtypeError, ArrayShapeError
from ocr_helpers.pages.image_files import (
    DamagedImageError,
    NotAnImageError,
    TruncatedImageError,
    UnsupportedPixelsError,
)
from ocr_helpers.pages.limits import PageNumberError, PageTooLargeError
from ocr_helpers.pages.local_files import (
    DirectorySourceError,
    MissingFileError,
    NotARegularFileError,
    UnreadableFileError,
)
from ocr_helpers.pages.pdf_files import DamagedPdfError, EncryptedPdfError
from ocr_helpers.settings import (
    DetectionSettings,
    InexpressibleSettingError,
    SettingRangeError,
    SettingsSyntaxError,
    SettingTypeError,
    UnknownSettingError,
)


@dataclass(frozen=True)
class Place:
    """What a row may need: an empty directory and the address of a local web server."""

    folder: Path
    server: str

    def file(self, data: bytes, name: str = "문서.png") -> Path:
        """Write a file and return its path."""
        (self.folder / name).write_bytes(data)
        return self.folder / name


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield a web server's address, once Pillow, PDFium and YAML are imported: that time is not judged."""
    load_pages([pdf(), encoded(picture(), "WEBP")])
    DetectionSettings.from_yaml(DetectionSettings().to_yaml())
    with local_server() as address:
        yield address


@pytest.fixture
def place(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return the folder and the server, which is reached directly whatever the environment says."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return Place(tmp_path, server)


def _fifo(place: Place) -> Path:
    os.mkfifo(place.folder / "pipe.png")
    return place.folder / "pipe.png"


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def _loop(place: Place) -> Path:
    (place.folder / "loop.png").symlink_to(place.folder / "loop.png")
    return place.folder / "loop.png"


def _tiff_in(mode: str) -> bytes:
    return encoded(Image.new(mode, (4, 4)), "TIFF")


def _float_tiff(value: float) -> bytes:
    return encoded(Image.fromarray(np.full((4, 4), value, np.float32)), "TIFF")


_PNG = encoded(picture(), "PNG")
_BMP = encoded(picture(), "BMP")
_TWO_TIFFS = encoded(picture(), "TIFF", save_all=True, append_images=[picture()])
_NOISE_JPEG = encoded(Image.open(io.BytesIO(noise_png())), "JPEG")
_NOISE_WEBP = encoded(Image.open(io.BytesIO(noise_png())), "WEBP", lossless=True)
_NOISE_TIFF = encoded(Image.open(io.BytesIO(noise_png())), "TIFF")

Row = tuple[str, Callable[[Place], Any], type[OcrHelpersError], str]

PATHS: list[Row] = [
    ("missing", lambda p: p.folder / "없음.png", MissingFileError, r"없음\.png.*Check the path"),
    (
        "misspelt",
        lambda p: (p.file(_PNG), p.folder / "문사.png")[1],
        MissingFileError,
        r"Did you mean '문서\.png'",
    ),
    ("in no folder", lambda p: p.folder / "a" / "b.png", MissingFileError, r"no 'a' in .*Check"),
    ("under a file", lambda p: p.file(_PNG) / "b.png", MissingFileError, r"is a file, not a directory"),
    ("empty path", lambda p: "", MissingFileError, r"empty text.*Pass the path"),
    ("directory", lambda p: p.folder, DirectorySourceError, r"is a directory.*glob\('\*\.png'\)"),
    ("null in path", lambda p: "a\0b.png", UnreadableFileError, r"a\\x00b.*null.*Pass the path"),
    ("too long a path", lambda p: "x" * 10_000, UnreadableFileError, r"xxx.*too long.*Pass the path"),
    ("half a surrogate", lambda p: "\ud800.png", UnreadableFileError, r"ud800.*Pass the path"),
    (
        "home of nobody",
        lambda p: "~no-such-user-1/a.png",
        UnreadableFileError,
        r"~no-such-user-1.*Pass the path",
    ),
    ("link to itself", _loop, UnreadableFileError, r"loop\.png.*Check.*target"),
    ("pipe", _fifo, NotARegularFileError, r"pipe\.png.*Copy its content to a file"),
    ("device", lambda p: "/dev/zero", NotARegularFileError, r"/dev/zero.*Copy its content"),
]
FILES: list[Row] = [
    ("empty file", lambda p: p.file(b""), EmptyFileError, r"문서\.png' is empty.*again"),
    ("empty bytes", lambda p: b"", EmptyFileError, r"bytes is empty"),
    (
        "text",
        lambda p: p.file("안녕".encode()),
        NotAnImageError,
        r"문서\.png' is not an image.*Save it as PNG",
    ),
    ("random bytes", lambda p: b"\x01\x02" * 50, NotAnImageError, r"begins with b'\\x01.*Save it as"),
    (
        "text beginning with BM",
        lambda p: b"BMW drives. " * 9,
        NotAnImageError,
        r"b'BMW drives. '.*Save it as",
    ),
    ("a sound file", lambda p: b"RIFF\x10\0\0\0WAVEfmt " * 9, NotAnImageError, r"b'RIFF.*Save it as"),
    (
        "HWP",
        lambda p: p.file(b"\xd0\xcf\x11\xe0\xa1\xb1", "공문.hwp"),
        NotAnImageError,
        r"HWP.*Print it to PDF",
    ),
    ("HWPX", lambda p: p.file(b"PK\x03\x04zz", "공문.hwpx"), NotAnImageError, r"HWPX.*print it to PDF"),
    ("HEIC", lambda p: b"\0\0\0\x18ftypheic\0\0", NotAnImageError, r"HEIC photo.*Save it as JPEG"),
    (
        "web page",
        lambda p: b"\n <!DOCTYPE html><p>",
        NotAnImageError,
        r"web page.*address of the image itself",
    ),
    ("LFS pointer", lambda p: b"version https://git-lfs.github.com/spec", NotAnImageError, r"git lfs pull"),
    (
        "half a PNG",
        lambda p: p.file(noise_png()[:6000]),
        TruncatedImageError,
        r"문서\.png.*PNG.*too early.*again",
    ),
    ("PNG signature only", lambda p: _PNG[:8], TruncatedImageError, r"bytes.*PNG.*again"),
    ("half a JPEG", lambda p: _NOISE_JPEG[:1500], TruncatedImageError, r"JPEG.*again"),
    ("start of a JPEG", lambda p: _NOISE_JPEG[:12], TruncatedImageError, r"JPEG.*again"),
    ("half a WebP", lambda p: _NOISE_WEBP[:5000], TruncatedImageError, r"WebP.*again"),
    ("half a TIFF", lambda p: _NOISE_TIFF[:5000], TruncatedImageError, r"TIFF.*again"),
    ("half a BMP", lambda p: _BMP[:100], TruncatedImageError, r"BMP.*again"),
    ("half a GIF", lambda p: encoded(picture(mode="P"), "GIF")[:-8], TruncatedImageError, r"GIF.*again"),
    (
        "PNG with a wrong checksum",
        lambda p: _PNG.replace(b"\0\0\0\x08\0", b"\0\0\0\x09\0", 1),
        DamagedImageError,
        r"damaged PNG.*Save it again",
    ),
    (
        "JPEG of nonsense",
        lambda p: b"\xff\xd8\xff" + b"zz" * 90 + b"\xff\xd9",
        DamagedImageError,
        r"damaged JPEG.*Save it again",
    ),
    (
        "TIFF of nonsense",
        lambda p: b"II*\0\x08\0\0\0" + b"\x01" * 90,
        (DamagedImageError),
        r"damaged TIFF.*Save it again",
    ),
    (
        "GIF of size zero",
        lambda p: b"GIF89a" + bytes(20) + b";",
        DamagedImageError,
        r"damaged GIF.*Save it again",
    ),
    (
        "float pixels beyond 1",
        lambda p: _float_tiff(255.0),
        UnsupportedPixelsError,
        r"from 255 to 255.*Rescale",
    ),
    ("float pixels NaN", lambda p: _float_tiff(float("nan")), UnsupportedPixelsError, r"nan.*Rescale"),
    ("32-bit pixels", lambda p: _tiff_in("I"), UnsupportedPixelsError, r"mode 'I'.*Save it as 8-bit"),
    ("Lab pixels", lambda p: _tiff_in("LAB"), UnsupportedPixelsError, r"mode 'LAB'.*Save it as"),
    (
        "bomb",
        lambda p: p.file(png_claiming(50_000, 50_000)),
        PageTooLargeError,
        r"50,000 × 50,000.*raise max_pixels",
    ),
    (
        "encrypted PDF",
        lambda p: p.file(pdf(password="x"), "암호.pdf"),
        EncryptedPdfError,
        r"암호\.pdf.*Pass password=",
    ),
    (
        "PDF of nonsense",
        lambda p: b"%PDF-1.7 and no more",
        DamagedPdfError,
        r"bytes.*cannot be read.*Download it again",
    ),
    ("PDF without pages", lambda p: pdf(pages=0), DamagedPdfError, r"cannot be read.*print it"),
    (
        "PDF page of a square mile",
        lambda p: pdf(media_box="0 0 4000000 4000000"),
        PageTooLargeError,
        r"page 0 has 11,111,111 × .*Lower dpi",
    ),
]
ARRAYS: list[Row] = [
    ("one dimension", lambda p: np.zeros(9, np.uint8), ArrayShapeError, r"array has shape \(9,\); expected"),
    (
        "a batch",
        lambda p: np.zeros((2, 4, 4, 3), np.uint8),
        ArrayShapeError,
        r"\(2, 4, 4, 3\).*list\(array\)",
    ),
    ("channels first", lambda p: np.zeros((3, 8, 9), np.uint8), ArrayShapeError, r"transpose\(1, 2, 0\)"),
    ("two channels", lambda p: np.zeros((8, 9, 2), np.uint8), ArrayShapeError, r"\(8, 9, 2\).*expected"),
    ("no dimension", lambda p: np.array(7, np.uint8), ArrayShapeError, r"shape \(\); expected"),
    ("empty crop", lambda p: np.zeros((0, 5, 3), np.uint8), ArrayShapeError, r"no pixels.*Check the crop"),
    ("float array", lambda p: np.zeros((4, 4, 3)), ArrayDtypeError, r"float64.*array \* 255"),
    ("16-bit array", lambda p: np.zeros((4, 4), np.uint16), ArrayDtypeError, r"uint16.*// 257"),
    ("bool array", lambda p: np.zeros((4, 4), bool), ArrayDtypeError, r"bool.*\* 255"),
    ("array of objects", lambda p: np.full((4, 4), None), ArrayDtypeError, r"object.*uint8"),
    (
        "second in a list",
        lambda p: [np.zeros((4, 4), np.uint8), np.zeros((4, 4))],
        ArrayDtypeError,
        r"array\[1\]",
    ),
    ("None", lambda p: None, UnsupportedSourceError, r"NoneType.*cv2\.imread.*path"),
    ("a number", lambda p: 7, UnsupportedSourceError, r"int.*Pass a path"),
    ("a dict", lambda p: {"a.png": 1}, UnsupportedSourceError, r"dict.*Pass a path"),
    ("an open file", lambda p: p.file(_PNG).open("rb"), UnsupportedSourceError, r"file\.read\(\)"),
    ("a Pillow image", lambda p: picture(), UnsupportedSourceError, r"np\.asarray"),
    ("a nested list", lambda p: [["a.png"]], UnsupportedSourceError, r"source\[0\] is a list.*flat list"),
]
ADDRESSES: list[Row] = [
    ("ftp", lambda p: "ftp://example.org/a.png", UnsupportedSchemeError, r"'ftp'; only http and https.*path"),
    ("file", lambda p: "file:///etc/hostname", UnsupportedSchemeError, r"'file'.*pass its path"),
    ("data", lambda p: "data:image/png;base64,AAAA", UnsupportedSchemeError, r"'data'.*only http"),
    ("no server", lambda p: "http:///a.png", InvalidUrlError, r"names no server.*Pass an address"),
    ("blank in server", lambda p: "http://a b/c.png", InvalidUrlError, r"a b.*Pass an address"),
    ("port of letters", lambda p: "http://127.0.0.1:eighty/", InvalidUrlError, r"eighty.*Pass an address"),
    ("half an IPv6", lambda p: "http://[::1/a.png", InvalidUrlError, r"not a valid address.*Pass an address"),
    ("label too long", lambda p: f"http://{'가' * 80}.kr/a.png", InvalidUrlError, r"not a valid address"),
    ("line break", lambda p: "http://127.0.0.1/a\r\nHost: b", InvalidUrlError, r"control character"),
    ("password", lambda p: "http://me:secret@127.0.0.1/", InvalidUrlError, r"user name or password"),
    (
        "nobody listens",
        lambda p: f"http://127.0.0.1:{_free_port()}/",
        DownloadFailedError,
        r"127\.0\.0\.1.*Check the address",
    ),
    ("not HTTP", lambda p: f"{p.server}/nonsense", DownloadFailedError, r"/nonsense.*Check the address"),
    ("compressed", lambda p: f"{p.server}/zipped", DownloadFailedError, r"gzip.*browser"),
    ("404", lambda p: f"{p.server}/none.png", DownloadStatusError, r"/none\.png.*404.*browser"),
    (
        "redirect to a file",
        lambda p: f"{p.server}/to-file",
        DownloadRedirectError,
        r"from http to file.*Pass the final",
    ),
    (
        "redirect to ftp",
        lambda p: f"{p.server}/to-ftp",
        DownloadRedirectError,
        r"from http to ftp.*Pass the final",
    ),
    ("redirect for ever", lambda p: f"{p.server}/loop", DownloadRedirectError, r"at most 5.*Pass the final"),
    (
        "redirect to nowhere",
        lambda p: f"{p.server}/nowhere",
        DownloadRedirectError,
        r"without a target.*Pass the final",
    ),
    ("ends too early", lambda p: f"{p.server}/short", DownloadIncompleteError, r"10 of 500 bytes.*again"),
    (
        "announced too large",
        lambda p: f"{p.server}/announced",
        DownloadTooLargeError,
        r"5,000 bytes.*max_bytes",
    ),
    (
        "found too large",
        lambda p: f"{p.server}/unannounced",
        DownloadTooLargeError,
        r"more than 1,000.*max_bytes",
    ),
    ("slow body", lambda p: f"{p.server}/slow-body", DownloadTimeoutError, r"/slow-body.*0\.3 s.*timeout_s"),
    (
        "slow headers",
        lambda p: f"{p.server}/slow-headers",
        DownloadTimeoutError,
        r"/slow-headers.*0\.3 s.*timeout_s",
    ),
    (
        "web page for an image",
        lambda p: f"{p.server}/html",
        NotAnImageError,
        r"/html.*web page.*image itself",
    ),
    ("empty answer", lambda p: f"{p.server}/empty", EmptyFileError, r"/empty' is empty"),
]
# Options, each with a source that would be read without it.
OPTIONS: list[tuple[str, dict[str, Any], Any, type[OcrHelpersError], str]] = [
    ("dpi zero", {"dpi": 0}, pdf(), InvalidPageOptionError, r"dpi is 0; expected.*above 0"),
    ("dpi NaN", {"dpi": float("nan")}, pdf(), InvalidPageOptionError, r"dpi is nan; expected"),
    ("dpi text", {"dpi": "200"}, pdf(), InvalidPageOptionError, r"dpi is '200'; expected a number"),
    ("dpi bool", {"dpi": True}, pdf(), InvalidPageOptionError, r"dpi is True; expected a number"),
    (
        "dpi beyond floats",
        {"dpi": 10**5000},
        pdf(),
        InvalidPageOptionError,
        r"dpi is .*too large.*at most 10,000",
    ),
    ("dpi too high for a page", {"dpi": 9999}, pdf(), PageTooLargeError, r"pixels.*Lower dpi"),
    ("pixels negative", {"max_pixels": -1}, _PNG, InvalidPageOptionError, r"max_pixels is -1; expected"),
    ("pixels fraction", {"max_pixels": 1e6}, _PNG, InvalidPageOptionError, r"1000000\.0; expected a whole"),
    ("bytes zero", {"max_bytes": 0}, _PNG, InvalidPageOptionError, r"max_bytes is 0; expected"),
    (
        "time infinite",
        {"timeout_s": float("inf")},
        _PNG,
        InvalidPageOptionError,
        r"timeout_s is inf; expected",
    ),
    ("pages a number", {"pages": 1}, pdf(), InvalidPageOptionError, r"pages is 1; expected.*range"),
    ("pages a text", {"pages": "1-3"}, pdf(), InvalidPageOptionError, r"pages is '1-3'; expected.*range"),
    (
        "pages beyond the PDF",
        {"pages": [3]},
        pdf(pages=3),
        PageNumberError,
        r"3, but they run from 0 to 2.*Ask",
    ),
    ("pages a huge range", {"pages": range(10**12)}, pdf(), PageNumberError, r"number 1,.*0 to 0"),
    ("pages negative", {"pages": [-1]}, _TWO_TIFFS, PageNumberError, r"-1, but they run from 0 to 1"),
    ("pages beyond the array", {"pages": [1]}, np.zeros((4, 4), np.uint8), PageNumberError, r"array.*0 to 0"),
    ("password wrong", {"password": "y"}, pdf(password="x"), EncryptedPdfError, r"does not open with this"),
    ("password a number", {"password": 7}, pdf(), InvalidPageOptionError, r"password is a int.*expected"),
]
_settings: Any = DetectionSettings  # untyped: most rows hold what the types forbid
SETTINGS: list[tuple[str, Callable[[], Any], type[OcrHelpersError], str]] = [
    ("thresh zero", lambda: _settings(thresh=0), SettingRangeError, r"thresh is 0.*not given.*0\.01"),
    (
        "ratio zero",
        lambda: _settings(unclip_ratio=0.0),
        SettingRangeError,
        r"unclip_ratio is 0.*0\.01",
    ),
    (
        "thresh negative",
        lambda: _settings(thresh=-0.1),
        SettingRangeError,
        r"thresh is -0\.1; expected",
    ),
    (
        "box_thresh in percent",
        lambda: _settings(box_thresh=60),
        SettingRangeError,
        r"is 60; .*at most 1\b",
    ),
    (
        "thresh NaN",
        lambda: _settings(thresh=float("nan")),
        SettingRangeError,
        r"thresh is nan; expected",
    ),
    (
        "ratio infinite",
        lambda: _settings(unclip_ratio=float("inf")),
        SettingRangeError,
        r"inf.*at most 10",
    ),
    ("thresh huge", lambda: _settings(thresh=10**5000), SettingRangeError, r"thresh is .*expected"),
    ("thresh text", lambda: _settings(thresh="0.3"), SettingTypeError, r"'0\.3'.*str.*a number"),
    ("thresh bool", lambda: _settings(thresh=True), SettingTypeError, r"True.*bool.*a number"),
    ("thresh None", lambda: _settings(thresh=None), SettingTypeError, r"None.*a number"),
    (
        "side fraction",
        lambda: _settings(limit_side_len=960.0),
        SettingTypeError,
        r"960\.0.*whole number",
    ),
    ("side zero", lambda: _settings(limit_side_len=0), SettingRangeError, r"is 0; .*from 1 to"),
    (
        "side above the limit",
        lambda: _settings(limit_side_len=16000),
        SettingRangeError,
        r"raise max_side_limit",
    ),
    (
        "limit below the network",
        lambda: _settings(max_side_limit=8),
        SettingRangeError,
        r"is 8; .*from 32",
    ),
    (
        "side of 5000 digits",
        lambda: _settings(limit_side_len=10**5000),
        SettingRangeError,
        r"too large",
    ),
    (
        "type unknown",
        lambda: _settings(limit_type="short"),
        SettingRangeError,
        r"'short'.*'min', 'max'",
    ),
    (
        "type a number",
        lambda: _settings(limit_type=1),
        SettingTypeError,
        r"limit_type is 1; expected",
    ),
    (
        "replaced by a bad one",
        lambda: changed(_settings(), thresh=2.0),
        SettingRangeError,
        r"thresh is 2",
    ),
    (
        "YAML unknown name",
        lambda: _settings.from_yaml("tresh: 0.3"),
        UnknownSettingError,
        r"'tresh'.*'thresh'.*Known: thresh",
    ),
    (
        "YAML name a list",
        lambda: _settings.from_yaml("? [a]\n: 1"),
        SettingsSyntaxError,
        r"not one flat",
    ),
    (
        "YAML name given twice",
        lambda: _settings.from_yaml("thresh: 0.3\nthresh: 0.4"),
        SettingsSyntaxError,
        r"thresh: given more",
    ),
    (
        "YAML text for a number",
        lambda: _settings.from_yaml("thresh: 1e-3"),
        SettingTypeError,
        r"write 1\.0e-3",
    ),
    (
        "YAML a list",
        lambda: _settings.from_yaml("- 1\n- 2"),
        SettingsSyntaxError,
        r"not one flat.*thresh: 0\.3",
    ),
    ("YAML empty", lambda: _settings.from_yaml(""), SettingsSyntaxError, r"not one flat"),
    (
        "YAML a bomb",
        lambda: _settings.from_yaml("a: &a [1]\nb: [*a, *a]"),
        SettingsSyntaxError,
        r"not one flat",
    ),
    ("YAML broken", lambda: _settings.from_yaml("thresh: 'a"), SettingsSyntaxError, r"not YAML"),
    (
        "YAML an object",
        lambda: _settings.from_yaml("thresh: !!python/name:os.getcwd ''"),
        SettingsSyntaxError,
        r"not YAML",
    ),
    ("YAML too deep", lambda: _settings.from_yaml("[" * 5000), SettingsSyntaxError, r"not one flat"),
    (
        "YAML file missing",
        lambda: _settings.from_yaml(Path("no-such.yaml")),
        SettingsSyntaxError,
        r"no-such\.yaml",
    ),
    (
        "YAML of bytes",
        lambda: _settings.from_yaml(b"thresh: 1"),
        SettingsSyntaxError,
        r"bytes.*Pass a str",
    ),
    (
        "no such option",
        lambda: _settings(max_side_limit=8000).as_cli(),
        InexpressibleSettingError,
        r"8000.*as_code",
    ),
    (
        "no such argument",
        lambda: _settings(max_side_limit=8000).as_pipeline_kwargs(),
        InexpressibleSettingError,
        r"8000.*as_code",
    ),
    (
        "no such form",
        lambda: _settings().as_code("java"),
        SettingRangeError,
        r"'java'; expected 'settings'",
    ),
    (
        "no such command",
        lambda: _settings().as_cli("detect"),
        SettingRangeError,
        r"'detect'; expected",
    ),
]


def refused(action: Callable[[], Any], error: type[OcrHelpersError], message: str) -> None:
    """Assert that the action fails at once, with this very class and message, raised in this package."""
    for _ in range(3):  # a machine busy with other work may be slow once
        started = time.perf_counter()
        with pytest.raises(OcrHelpersError, match=f"(?s){message}") as caught:
            action()
        seconds = time.perf_counter() - started
        if seconds < 1.0:
            break
    assert caught.type is error
    package = Path(ocr_helpers.__file__).parent
    innermost = Path(traceback.extract_tb(caught.tb)[-1].filename)
    assert innermost.is_relative_to(package), f"raised in {innermost}"
    printed = "".join(traceback.format_exception(caught.value))
    assert "site-packages" not in printed.replace(str(package), ""), "the printed traceback shows a library"
    assert seconds < 1.0
    assert len(str(caught.value)) < 900


def _ids(rows: list[Any]) -> list[str]:
    return [row[0] for row in rows]


_SOURCES = PATHS + FILES + ARRAYS + ADDRESSES


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's, before it gives a TIFF up
@pytest.mark.parametrize("row", _SOURCES, ids=_ids(_SOURCES))
def test_bad_source(row: Row, place: Place) -> None:
    """A source that cannot be read."""
    name, source_of, error, message = row
    if sys.platform == "win32" and name in ("pipe", "device", "link to itself"):
        pytest.skip("Windows has no such file")
    source = source_of(place)
    seconds = 0.3 if error is DownloadTimeoutError else 30.0  # a busy machine may answer late
    refused(lambda: load_pages(source, timeout_s=seconds, max_bytes=1000), error, message)


def test_a_download_that_gives_up_before_it_is_given_up_says_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", lambda thread, _seconds=None: join(thread))
    with pytest.raises(DownloadTimeoutError, match=r"/slow-body.*0\.1 s.*timeout_s"):
        load_pages(f"{place.server}/slow-body", timeout_s=0.1)


@pytest.mark.parametrize("row", OPTIONS, ids=_ids(OPTIONS))
def test_bad_option(row: tuple[str, dict[str, Any], Any, type[OcrHelpersError], str], place: Place) -> None:
    """An option that cannot be used, with a source that could be."""
    _, options, source, error, message = row
    refused(lambda: load_pages(source, **options), error, message)


@pytest.mark.parametrize("row", SETTINGS, ids=_ids(SETTINGS))
def test_bad_setting(row: tuple[str, Callable[[], Any], type[OcrHelpersError], str], place: Place) -> None:
    """A setting that PaddleOCR could not use, or would silently ignore."""
    _, action, error, message = row
    refused(action, error, message)


def test_a_password_in_an_address_is_not_repeated() -> None:
    """Notebook outputs are shared."""
    with pytest.raises(InvalidUrlError) as caught:
        load_pages("http://me:secret@127.0.0.1/")
    assert "secret" not in str(caught.value)


def test_there_are_enough_rows_and_every_message_is_its_own(place: Place) -> None:
    """At least 40, as promised, each with a name of its own."""
    names = _ids(_SOURCES) + _ids(OPTIONS) + _ids(SETTINGS)
    assert len(names) == len(set(names)) >= 40

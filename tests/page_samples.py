"""Small files and a local web server for the tests of page reading: every byte is made here."""

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

# PDF 1.7, algorithm 2: what passwords are padded with.
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
# A black square in the page's lower left corner.
SQUARE = b"0 0 0 rg 0 0 20 20 re f"


def picture(width: int = 8, height: int = 6, mode: str = "RGB") -> Image.Image:
    """Return a picture whose left half is black and whose right half is white, in the mode asked for."""
    values = np.full((height, width), 255, np.uint8)
    values[:, : width // 2] = 0
    return Image.fromarray(values).convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise_png(side: int = 64) -> bytes:
    """Return a PNG that does not compress, so that half of it is really half of the picture."""
    values = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return encoded(Image.fromarray(values), "PNG")


def png_claiming(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header claims another size, with a right checksum: a decompression bomb."""
    import zlib

    body = bytearray(encoded(picture(), "PNG"))
    body[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    body[29:33] = zlib.crc32(bytes(body[12:29])).to_bytes(4, "big")
    return bytes(body)


def pdf(
    *, media_box: str = "0 0 100 50", rotate: int = 0, pages: int = 1, password: str | None = None
) -> bytes:
    """Return a PDF whose pages show `SQUARE`; encrypted with 40-bit RC4 where a password is given."""
    identity = b"0123456789abcdef"
    key, encrypt = _encryption(password, identity) if password is not None else (None, b"")
    content_number = 3 + pages
    content = SQUARE
    if key is not None:
        salt = content_number.to_bytes(3, "little") + b"\0\0"
        content = _rc4(hashlib.md5(key + salt).digest()[:10], SQUARE)
    kids = " ".join(f"{3 + number} 0 R" for number in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        *(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] /Rotate {rotate} "
            f"/Contents {content_number} 0 R >>".encode()
            for _ in range(pages)
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    body, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, text in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root 1 0 R /ID [<%s> <%s>] %s >>\n" % (
        len(objects) + 1,
        identity.hex().encode(),
        identity.hex().encode(),
        encrypt,
    )
    return bytes(body + b"startxref\n%d\n%%%%EOF\n" % start)


def _encryption(password: str, identity: bytes) -> tuple[bytes, bytes]:
    """Return the file key and the /Encrypt entry: PDF 1.7, algorithms 2 to 4, revision 2."""
    padded = (password.encode("latin-1") + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    permissions = -4
    key = hashlib.md5(padded + owner + permissions.to_bytes(4, "little", signed=True) + identity).digest()[:5]
    user = _rc4(key, _PADDING)
    hashes = f"/O <{owner.hex()}> /U <{user.hex()}>"
    return key, f"/Encrypt << /Filter /Standard /V 1 /R 2 {hashes} /P {permissions} >>".encode()


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


@contextmanager
def local_server() -> Iterator[str]:
    """Serve the routes of `_ROUTES` on the loopback interface; yield the address, without a final slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer by route; a client that has gone away is no error here."""
        try:
            _ROUTES.get(self.path.partition("?")[0], _not_found)(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test output clean."""


def _send(handler: _Handler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _not_found(handler: _Handler) -> None:
    _send(handler, 404)


def _page(handler: _Handler) -> None:
    _send(handler, 200, encoded(picture(), "PNG"), Content_Type="text/html")


def _slow_body(handler: _Handler) -> None:
    _send(handler, 200)
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def _slow_headers(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def _redirect(target: str) -> Callable[[_Handler], None]:
    headers = {"Location": target} if target else {}
    return lambda handler: _send(handler, 302, b"", **headers)


_ROUTES: dict[str, Callable[[_Handler], None]] = {
    "/page.png": _page,
    "/%EA%B3%B5%EB%AC%B8%20%EC%82%AC%EB%B3%B8.png": _page,  # /공문 사본.png
    "/announced": lambda handler: _send(handler, 200, b"x" * 5000, Content_Length="5000"),
    "/unannounced": lambda handler: _send(handler, 200, b"x" * 5000),
    "/short": lambda handler: _send(handler, 200, b"x" * 10, Content_Length="500"),
    "/zipped": lambda handler: _send(handler, 200, b"x", Content_Encoding="gzip"),
    "/html": lambda handler: _send(handler, 200, b"<!DOCTYPE html><p>Hello", Content_Type="image/png"),
    "/empty": lambda handler: _send(handler, 200),
    "/nonsense": lambda handler: (handler.wfile.write(b"nonsense\r\n\r\n"), None)[1],
    "/slow-body": _slow_body,
    "/slow-headers": _slow_headers,
    "/once": _redirect("/page.png"),
    "/loop": _redirect("/loop"),
    "/nowhere": _redirect(""),
    "/to-file": _redirect("file:///etc/hostname"),
    "/to-ftp": _redirect("ftp://127.0.0.1/page.png"),
}


def black_and_white(width: int = 8, height: int = 6) -> npt.NDArray[np.uint8]:
    """Return what `picture` must become: BGR, black on the left."""
    image_bgr = np.full((height, width, 3), 255, np.uint8)
    image_bgr[:, : width // 2] = 0
    return image_bgr

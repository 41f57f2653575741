"""One file from an http or https address, within a size and a time that the caller sets.

The address is untrusted, and so is the server: no other scheme, not even through a redirect, no more than
five redirects, nothing kept beyond ``max_bytes``, and never longer than ``timeout_s`` in all, however slowly
the server drips. The content type is ignored: whoever decodes the bytes looks at the bytes.
"""

import http.client
import ipaddress
import re
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "DownloadFailedError",
    "DownloadIncompleteError",
    "DownloadRedirectError",
    "DownloadStatusError",
    "DownloadTimeoutError",
    "DownloadTooLargeError",
    "InvalidUrlError",
    "UnsupportedSchemeError",
    "download",
]

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 1 << 16
# RFC 3986's reserved characters and the percent sign of what is already quoted.
_KEEP = "%:/?#[]@!$&'()*+,;=~"


class UnsupportedSchemeError(OcrHelpersError):
    """The address is neither http nor https."""


class InvalidUrlError(OcrHelpersError):
    """The text looks like an address and is not a usable one."""


class DownloadFailedError(OcrHelpersError):
    """The server could not be reached, or broke the connection off or the protocol."""


class DownloadStatusError(OcrHelpersError):
    """The server answered, but not with the file: 404, 403, 500 and their like."""


class DownloadRedirectError(OcrHelpersError):
    """A redirect that is not followed: to another scheme, without a target, or one too many."""


class DownloadTooLargeError(OcrHelpersError):
    """The file is larger than ``max_bytes``."""


class DownloadTimeoutError(OcrHelpersError):
    """The whole file was not there within ``timeout_s``."""


class DownloadIncompleteError(OcrHelpersError):
    """The connection ended before the announced length."""


def download(url: str, *, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body found at an http or https address.

    Args:
        url: may hold Hangul and spaces; they are quoted. A user name or password in it is refused.
        max_bytes: largest body taken, in bytes.
        timeout_s: for everything together: name look-up, redirects, headers, body, in seconds.

    Raises:
        UnsupportedSchemeError, InvalidUrlError: before anything is sent.
        DownloadFailedError, DownloadStatusError, DownloadRedirectError, DownloadTooLargeError,
        DownloadTimeoutError, DownloadIncompleteError: as each one says.

    """
    first = _usable_url(url)
    deadline = time.monotonic() + timeout_s
    late = DownloadTimeoutError(
        f"{url!r} was not complete after {timeout_s:g} s. Raise timeout_s, or pass a downloaded file."
    )
    outcome: list[bytes | OcrHelpersError] = []
    # A socket's own timeout starts anew with every byte, and a name look-up has none: only another thread can
    # keep a deadline for the whole. A daemon, so that one that hangs never holds up the interpreter's end.
    worker = threading.Thread(
        target=lambda: outcome.append(_fetch_or_error(first, max_bytes, deadline, late)),
        name="download",
        daemon=True,
    )
    worker.start()
    worker.join(timeout_s)
    answer = outcome[0] if outcome else late
    if isinstance(answer, OcrHelpersError):
        raise answer.with_traceback(None)
    return answer


def _fetch_or_error(
    url: str, max_bytes: int, deadline: float, late: DownloadTimeoutError
) -> bytes | OcrHelpersError:
    try:
        return _fetch(url, max_bytes, deadline)
    except OcrHelpersError as error:
        return error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError) and time.monotonic() >= deadline:
            return late
        return DownloadFailedError(
            f"{url!r} could not be downloaded: {type(reason).__name__}: {reason}. "
            "Check the address and the network, or download the file and pass its path."
        )


def _fetch(url: str, max_bytes: int, deadline: float) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        request = urllib.request.Request(
            url, headers={"User-Agent": "ocr-helpers", "Accept-Encoding": "identity"}
        )
        try:
            with _opener().open(request, timeout=max(deadline - time.monotonic(), 0.01)) as response:
                return _read_body(url, response, max_bytes, deadline)
        except urllib.error.HTTPError as error:
            with error:
                if error.code not in _REDIRECTS:
                    raise DownloadStatusError(
                        f"{url!r}: the server answered {error.code} {error.reason}. Open the address in "
                        "a browser: it may have moved or need a login. Then pass the downloaded file."
                    ) from None
                url = _redirect_target(url, error.headers.get("Location"))
    raise DownloadRedirectError(
        f"{url!r} is redirect number {MAX_REDIRECTS + 1}, and at most {MAX_REDIRECTS} are followed. "
        "Pass the final address."
    )


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https, with the environment's proxies, that follows no redirect."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _read_body(url: str, response: http.client.HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise DownloadFailedError(
            f"{url!r}: the server sent the file in {encoding} encoding although none was asked for. "
            "Download it with a browser and pass its path."
        )
    announced = response.headers.get("Content-Length", "")
    length = int(announced) if announced.isascii() and announced.isdigit() else None
    body = bytearray()
    while (length or 0) <= max_bytes and len(body) <= max_bytes and time.monotonic() < deadline:
        chunk = response.read1(_CHUNK_BYTES)
        if not chunk:
            if length is not None and len(body) < length:
                raise DownloadIncompleteError(
                    f"{url!r}: the connection ended after {len(body):,} of {length:,} bytes. Try again."
                )
            return bytes(body)
        body += chunk
    if time.monotonic() >= deadline:
        raise TimeoutError("the deadline has passed")
    size = f"{length:,} bytes" if length is not None else f"more than {max_bytes:,} bytes"
    raise DownloadTooLargeError(
        f"{url!r} has {size}; the limit is {max_bytes:,}. Raise max_bytes to allow it."
    )


def _redirect_target(url: str, location: str | None) -> str:
    if not location:
        raise DownloadRedirectError(
            f"{url!r}: a redirect without a target. Pass the final address of the file."
        )
    # http.client reads headers as Latin-1; servers that do not quote their paths send UTF-8.
    target = urljoin(url, location.encode("latin-1", "replace").decode("utf-8", "replace"))
    old, new = urlsplit(url).scheme, target.partition(":")[0].lower()
    # A change to https protects more than what was asked for; every other change of scheme is refused.
    if new != old and (old, new) != ("http", "https"):
        raise DownloadRedirectError(
            f"{url!r}: a redirect from {old} to {new} ({target[:200]!r}) is not followed. "
            "Pass the final address if you trust it."
        )
    return _usable_url(target)


def _usable_url(url: str) -> str:
    """Return the address with everything that is not ASCII quoted, or refuse it."""
    hint = "Pass an address such as 'https://example.org/page.png'."
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise UnsupportedSchemeError(
            f"{url[:200]!r} has the scheme {scheme!r}; only http and https are read. "
            "For a file on this computer pass its path."
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in url):
        raise InvalidUrlError(f"{url[:200]!r} holds a control character. {hint}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if host:
            host = f"[{ipaddress.IPv6Address(host)}]" if ":" in host else host.encode("idna").decode("ascii")
        path, query = (quote(part, safe=_KEEP) for part in (parts.path, parts.query))
    except ValueError as error:
        raise InvalidUrlError(f"{url[:200]!r} is not a valid address: {error}. {hint}") from None
    if not host or not re.fullmatch(r"[\w.\-\[\]:]+", host):
        raise InvalidUrlError(f"{url[:200]!r} names no server. {hint}")
    if parts.username is not None or parts.password is not None:
        # The message leaves the address out: a password must not end up in a notebook's output.
        raise InvalidUrlError(
            f"An address on {host!r} holds a user name or password, which is not supported. {hint}"
        )
    return urlunsplit((scheme, host if port is None else f"{host}:{port}", path, query, ""))

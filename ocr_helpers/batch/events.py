"""What is asked of a worker and what it answers; all of it small and picklable."""

from dataclasses import dataclass, field
from typing import TypeAlias

from ocr_helpers.batch.manifest import FailedPage

__all__ = ["Event", "Limits", "Opened", "PageRead", "ReadTask", "Retried"]


@dataclass(frozen=True, slots=True)
class ReadTask:
    """Pages of one file, read one after the other by one worker.

    Attributes:
        key: the file's name in the manifest.
        path: absolute.
        size: in bytes, as it was found; with ``mtime_ns`` it shows a file that changes under the reader.
        mtime_ns: time of its last change, as it was found.
        pages: zero-based numbers; None where the file has not been opened yet: then it is, and its first
            pages are read.
        most: how many pages at most where ``pages`` is None.

    """

    key: str
    path: str
    size: int
    mtime_ns: int
    pages: tuple[int, ...] | None = None
    most: int = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """A file was opened: its pages, and what it was then."""

    key: str
    pages: int
    size: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page was read; ``content`` is the whole result file.

    Attributes:
        key: the file's name in the manifest.
        page: zero-based.
        content: bytes of the result.
        seconds: from before the page was decoded until ``content`` was there.
        rss: resident memory of the worker afterwards, in bytes.
        worker: process number and host of the worker.

    """

    key: str
    page: int
    content: bytes = field(repr=False)
    seconds: float
    rss: int
    worker: str


@dataclass(frozen=True, slots=True)
class Retried:
    """A worker died of a page (None: of opening the file), or was stopped over it; it is tried once more."""

    key: str
    page: int | None
    error: str
    reason: str


Event: TypeAlias = Opened | PageRead | Retried | FailedPage


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use, and how pages are decoded.

    Attributes:
        threads: CPU threads of one worker.
        memory_bytes: resident memory above which a worker is stopped.
        page_seconds: time for one page.
        start_seconds: time to load the models.
        recycle_pages: after so many pages a worker is replaced by a new one.
        dpi: of PDF pages.
        max_pixels: largest page.
        max_pages: most pages of one file; None for any number.
        password: of encrypted PDFs.

    """

    threads: int
    memory_bytes: int
    page_seconds: float
    start_seconds: float
    recycle_pages: int
    dpi: float
    max_pixels: int
    max_pages: int | None
    password: str | None = field(default=None, repr=False)

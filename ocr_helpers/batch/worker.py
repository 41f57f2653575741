"""The process that reads pages: started by `batch.workers`, asked over a pipe, gone when its parent is gone.

``python -m ocr_helpers.batch.worker FD PARENT``: FD is its end of a socket pair, PARENT the process that
started it. Nothing of its own is written anywhere: results go back over the pipe, and the parent writes them.
"""

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_helpers.batch.events import Limits, ReadTask
    from ocr_helpers.pages import Page

__all__ = ["content_digest", "resident_bytes", "serve"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Read the set-up from the pipe, load the reader, answer tasks until the pipe closes."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    _end_with(parent)
    # Ctrl-C is the parent's to answer; it ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gone = contextlib.suppress(
        EOFError, BrokenPipeError, ConnectionResetError
    )  # the parent closed it, or died
    with Connection(descriptor) as pipe, gone:
        serve(pipe)
    sys.stdout.flush()
    os._exit(0)  # native libraries are known to hang or crash in their clean-up


def serve(pipe: Connection) -> None:
    """Answer tasks: ``begun``, per file ``opened``, per page ``page`` or ``failed``, and ``end``."""
    sys.path[:], pickled, limits = pipe.recv()
    try:
        read = pickle.loads(pickled).load(limits.threads)
    except Exception as error:
        pipe.send(("refused", type(error).__name__, str(error)))
        return
    pipe.send(("ready", resident_bytes()))
    while (task := pipe.recv()) is not None:
        pipe.send(("begun",))
        for message in _answers(task, read, limits):
            pipe.send(message)
        pipe.send(("end", resident_bytes()))


def _answers(
    task: "ReadTask", read: "Callable[[Page], bytes]", limits: "Limits"
) -> Iterator[tuple[Any, ...]]:
    pages: list[int]
    size, mtime_ns = task.size, task.mtime_ns
    if task.pages is not None:
        pages = list(task.pages)
    else:
        try:
            count, size, mtime_ns, digest = _open(task.path, limits)
        except Exception as error:
            yield ("failed", None, *_described(error))
            return
        yield "opened", count, size, mtime_ns, digest
        if limits.max_pages is not None and count > limits.max_pages:
            from ocr_helpers.batch.errors import TooManyPagesError

            refusal = TooManyPagesError(
                f"It says that it has {count:,} pages, more than the limit of {limits.max_pages:,}. Raise "
                "max_pages if that is right."
            )
            yield ("failed", None, *_described(refusal))
            return
        pages = list(range(min(count, task.most)))
    yield from _read_pages(task.path, (size, mtime_ns), pages, read, limits)


def _read_pages(
    path: str, state: tuple[int, int], pages: list[int], read: "Callable[[Page], bytes]", limits: "Limits"
) -> Iterator[tuple[Any, ...]]:
    from ocr_helpers.pages import iter_pages

    while pages:
        decoded = iter_pages(
            Path(path),
            dpi=limits.dpi,
            pages=list(pages),
            password=limits.password,
            max_pixels=limits.max_pixels,
        )
        while pages:
            began = time.perf_counter()
            try:
                _check_unchanged(path, state)
                page = next(decoded)
                _check_unchanged(path, state)
            except Exception as error:
                yield ("failed", pages.pop(0), *_described(error))
                break  # what raised does not go on; the file is opened again for the pages after it
            try:
                content = read(page)
                answer: tuple[Any, ...] = ("page", pages[0], bytes(content), time.perf_counter() - began)
            except Exception as error:
                answer = ("failed", pages[0], *_described(error))
            del page
            pages.pop(0)
            yield (*answer, resident_bytes()) if answer[0] == "page" else answer


def _open(path: str, limits: "Limits") -> tuple[int, int, int, str]:
    """Number of pages, size, time of change and hash of a file."""
    from ocr_helpers.pages import iter_pages
    from ocr_helpers.pages.image_files import image_kind
    from ocr_helpers.pages.local_files import open_regular

    # Asked for no page, it only opens the file, and says in its own words what is wrong with it.
    for _ in iter_pages(Path(path), pages=(), password=limits.password, max_pixels=limits.max_pixels):
        pass
    with open_regular(Path(path)) as stream:
        state = os.fstat(stream.fileno())
        kind = image_kind(stream.read(1024))
        count = 1
        if kind == "TIFF":
            from PIL import TiffImagePlugin

            stream.seek(0)
            count = TiffImagePlugin.TiffImageFile(stream).n_frames
        elif kind is None:
            import pypdfium2

            stream.seek(0)
            document = pypdfium2.PdfDocument(stream, password=limits.password)
            count = len(document)
            document.close()
        return count, state.st_size, state.st_mtime_ns, content_digest(path)


def content_digest(path: str) -> str:
    """Hash of a file's content, 32 hexadecimal digits."""
    found = blake2b(digest_size=16)
    with Path(path).open("rb") as stream:
        while chunk := stream.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()


def _check_unchanged(path: str, state: tuple[int, int]) -> None:
    now = Path(path).stat()
    if (now.st_size, now.st_mtime_ns) != state:
        from ocr_helpers.batch.errors import SourceChangedError

        raise SourceChangedError("The file changed while it was read. Call again once it is at rest.")


def _described(error: Exception) -> tuple[str, str, bool]:
    """Class and message of an error, and whether another try may go well."""
    from ocr_helpers.batch.errors import SourceChangedError
    from ocr_helpers.pages.local_files import MissingFileError, UnreadableFileError

    again = isinstance(error, SourceChangedError | MissingFileError | UnreadableFileError | OSError)
    text = str(error)
    return type(error).__name__, text if len(text) <= 2000 else f"{text[:2000]}…", again


def resident_bytes() -> int:
    """Memory of this process that is in RAM, or 0 where the system does not tell."""
    return resident_bytes_of(os.getpid())


def resident_bytes_of(process: int) -> int:
    """Memory of a process that is in RAM, or 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    except OSError:  # not Linux, or just gone
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _end_with(parent: int) -> None:
    """See to it that this process ends when its parent does, even by ``kill -9`` and amid native code."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    # For other systems, and for a parent that was gone before the request above.
    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()

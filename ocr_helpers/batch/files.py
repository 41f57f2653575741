"""Files that are either there whole or not at all, and a folder that one run at a time writes to."""

import contextlib
import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ocr_helpers.batch.errors import OutputError, OutputFullError, OutputInUseError, OutputReadOnlyError
from ocr_helpers.errors import shown

__all__ = ["TEMPORARY", "DurableLog", "locked", "remove_temporary", "write_files"]

TEMPORARY = ".partial-"
"""What the names of temporary files begin with. They stand beside their target: a rename stays within one
file system."""
LOCK_NAME = ".lock"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
# What file systems answer that cannot fsync a folder; some network ones. The rename is then as durable there
# as it gets.
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


@contextmanager
def output_errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's errors on the output folder into this package's own.

    Raises:
        OutputFullError, OutputReadOnlyError, OutputError: as each one says.

    """
    try:
        yield
    except OSError as error:
        name, reason = shown(str(folder)), error.strerror or str(error)
        kept = "What is written is whole and stays"
        if error.errno in _FULL:
            raise OutputFullError(
                f"{name} takes no more data ({reason}). {kept}: make room, and call again to go on."
            ) from error
        if error.errno in _READ_ONLY:
            raise OutputReadOnlyError(
                f"{name} cannot be written to ({reason}). Choose another out_dir, or change its permissions."
            ) from error
        raise OutputError(
            f"Writing to {name} failed ({reason}). {kept}. If it is a network folder or a removable disk, "
            "connect it, and call again to go on."
        ) from error


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write files so that each is whole whatever happens: temporary name, fsync, rename, fsync of its folder.

    Folders are made. When it returns, all files survive a power failure.

    Raises:
        OSError: the files until then are whole, and no temporary file is left.

    """
    for folder in sorted({path.parent for path in contents}):
        _make_folder(folder)
    waiting: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{len(waiting)}")
            waiting[path] = temporary
            _write_new(temporary, content)
        for path, temporary in list(waiting.items()):
            temporary.replace(path)
            del waiting[path]
    finally:
        for temporary in waiting.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    for folder in {path.parent for path in contents}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def remove_temporary(folders: Iterable[Path]) -> int:
    """Delete what killed runs left in these folders; how many files that were. Only under the lock."""
    removed = 0
    for folder in folders:
        if folder.is_dir():
            for entry in list(os.scandir(folder)):
                if entry.name.startswith(TEMPORARY) and entry.is_file(follow_symlinks=False):
                    Path(entry.path).unlink(missing_ok=True)
                    removed += 1
    return removed


@contextmanager
def locked(out_dir: Path) -> Iterator[None]:
    """Hold the folder's lock, which the operating system lets go of when this process ends in any way.

    Raises:
        OutputInUseError: another run holds it; the message names its process.
        OutputError: the folder cannot be made or written to.

    """
    path = out_dir / LOCK_NAME
    with output_errors(out_dir):
        out_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        with output_errors(out_dir):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputInUseError(
                    f"{shown(str(out_dir))} is being written to by {_holder(handle)}. Wait until it ends, "
                    "end it, or choose another out_dir."
                ) from None
            os.ftruncate(handle, 0)
            holder = {"pid": os.getpid(), "host": socket.gethostname()}
            os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    try:
        found = json.loads(os.pread(handle, 1000, 0))
        return f"process {int(found['pid'])} on {str(found['host'])[:100]}"
    except (ValueError, KeyError, TypeError):  # it has the lock and has not written its name yet
        return "another process"


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _write_new(path: Path, content: bytes) -> None:
    # A temporary file of an earlier process with the same number may be there; never follow a link.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        _write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


class DurableLog:
    """A file of lines that only grows; what :meth:`append` returned from survives a power failure.

    A last line that a killed process left unfinished is cut off when the file is opened.

    Args:
        path: made where it is not there.

    Attributes:
        cut_bytes: length of the unfinished line that was cut off, 0 for none.

    Raises:
        OSError: the file cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        self._length = os.fstat(self._handle).st_size
        self.cut_bytes = self._cut_unfinished()
        if new:
            sync_folder(path.parent)

    def lines(self) -> list[bytes]:
        """Every line, without its end."""
        content = bytearray()
        while chunk := os.pread(self._handle, 1 << 20, len(content)):
            content += chunk
        return bytes(content).splitlines()

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines, all or none of them.

        Raises:
            OSError: none was added.

        """
        content = b"".join(line + b"\n" for line in lines)
        if not content:
            return
        try:
            os.lseek(self._handle, self._length, os.SEEK_SET)
            _write_all(self._handle, content)
            os.fsync(self._handle)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._length)
            raise
        self._length += len(content)

    def check_in_place(self) -> None:
        """See whether the path still leads to this file.

        Raises:
            OSError: its folder was moved, deleted or unmounted; what is written to the path now would be
                apart from what was written before.

        """
        if not os.path.samestat(os.fstat(self._handle), self._path.stat()):
            raise OSError(errno.ESTALE, "its folder is not the one the run began in")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def _cut_unfinished(self) -> int:
        end = self._length
        while end:
            begin = max(0, end - 65536)
            place = os.pread(self._handle, end - begin, begin).rfind(b"\n")
            if place >= 0:
                end = begin + place + 1
                break
            end = begin
        cut = self._length - end
        if cut:
            os.ftruncate(self._handle, end)
            os.fsync(self._handle)
            self._length = end
        return cut

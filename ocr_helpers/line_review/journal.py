"""A journal of corrections: JSON lines that are only ever added to, each on the disk before it counts."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.labels.rows import LabelWriteError, replace_file

__all__ = ["Journal", "JournalError", "OtherPagesError"]

FORM = "ocr_helpers line review"
VERSION = 1
Record = dict[str, Any]


class JournalError(OcrHelpersError):
    """The journal cannot be read or written, or is not one."""


class OtherPagesError(JournalError):
    """The journal belongs to other pages, or to lines that are not there any more."""


class Journal:
    """Records of one document in a file; without a path, in memory only.

    Several programs may write to one file: call :meth:`news` before :meth:`add`. A record may be given twice;
    its ``id`` tells.

    Args:
        path: the file; it is made with the first record.
        head: what the document is; ``document`` in it must be that of the file.

    Attributes:
        damaged: how many records could not be read: a write that a crash cut off.

    Raises:
        JournalError: the file is no journal, or cannot be read.
        OtherPagesError: it is of another document.

    """

    def __init__(self, path: Path | None, head: Mapping[str, Any]) -> None:
        self.path = path
        self.damaged = 0
        self._head: Record = {"journal": FORM, "version": VERSION, **head}
        self._lines: list[bytes] = []  # all whole records, to write again where the file is taken away
        self._size = 0  # how much of the file is known
        self._rest = b""  # a record whose end has not come

    def news(self) -> list[Record]:
        """Records that the file holds and that were not given yet; the first time, all of them."""
        if self.path is None:
            return []
        try:
            if not self.path.exists():
                return []
            if self.path.stat().st_size < self._size:
                raise JournalError(
                    f"{str(self.path)!r} has become shorter: another program has changed it. Put it back, or "
                    "move it away: it is then written again from what this review knows."
                )
            with self.path.open("rb") as file:
                file.seek(self._size)
                new = file.read()
        except OSError as error:
            raise self._refused("read", error) from None
        first = self._size == 0
        self._size += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        if first and new:
            self._check_head(whole.pop(0) if whole else self._rest)
        return [record for line in whole if (record := self._parsed(line)) is not None]

    def add(self, record: Record) -> None:
        """Write a record; it is on the disk when this returns.

        Raises:
            JournalError: it cannot be written; then the record does not count.

        """
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        if self.path is None:
            return
        try:
            there = self.path.exists() and self.path.stat().st_size > 0
            if there and not self._size:
                raise JournalError(f"{str(self.path)!r} was made by somebody else in this moment. Try again.")
            if there:
                # A record that a crash cut off is ended first, so that it harms no other.
                self._append((b"\n" if self._rest else b"") + line + b"\n")
            else:
                replace_file(self.path, b"\n".join([self._head_line(), *self._lines, line, b""]))
                self._size = self.path.stat().st_size
        except LabelWriteError as error:
            raise JournalError(f"The correction is not saved. {error}") from None
        except OSError as error:
            raise self._refused("written", error) from None
        if self._rest:
            self.damaged += 1
            self._rest = b""
        self._lines.append(line)

    def _append(self, content: bytes) -> None:
        assert self.path is not None
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        before = os.fstat(handle).st_size
        try:
            written = os.write(handle, content)
            if written < len(content):
                os.ftruncate(handle, before)
                raise OSError(28, "No space left on device")
            os.fsync(handle)
        finally:
            os.close(handle)
        if before == self._size:
            self._size += len(content)
        # Else another program has added records: all after _size are read again, this one with them.

    def _head_line(self) -> bytes:
        return json.dumps(self._head, ensure_ascii=False, separators=(",", ":")).encode()

    def _check_head(self, line: bytes) -> None:
        try:
            head = json.loads(line)
            known = head["journal"] == FORM and head["version"] == VERSION
            document, pages = head["document"], ", ".join(head.get("pages", []))
        except (ValueError, TypeError, KeyError):
            known = False
        if not known:
            raise JournalError(
                f"{str(self.path)!r} is no journal of a line review, so nothing is written to it. Choose "
                "another file for autosave."
            )
        if document != self._head["document"]:
            raise OtherPagesError(
                f"{str(self.path)!r} holds corrections of other pages ({pages or 'unnamed'}), not of these "
                f"({', '.join(self._head.get('pages', []))}). Choose another file for autosave."
            )

    def _parsed(self, line: bytes) -> Record | None:
        if not line:
            return None
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no record")
        except ValueError:
            self.damaged += 1
            return None
        self._lines.append(line)
        return record

    def _refused(self, what: str, error: OSError) -> JournalError:
        return JournalError(
            f"{str(self.path)!r} cannot be {what}: {error.strerror or error}. The correction is not saved; "
            "free space or choose another file for autosave."
        )

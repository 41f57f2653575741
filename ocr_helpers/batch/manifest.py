"""What happened to every page: a file of JSON lines that only grows, and its meaning after any interruption.

=============  =========================================================================================
``run``        a call of ``read_documents`` began; ``end`` and ``stopped`` say how it went
``source``     a file was opened: its number of pages, size, time of change and hash. Another hash for the
               same key makes everything said of its pages before void
``done``       a page's result is on the disk, whole, under ``file``
``retry``      a worker died of this page, or was stopped over it, and why; it is read once more
``failed``     a page, or with ``page`` null a whole file, and why; ``again``: the next call tries it again
``again``      a page that was done or failed is read again: its result is gone, or the caller asked for it
``skipped``    something that was found and is not read, and why
``repaired``   the line that a killed run left unfinished was cut off, or unreadable lines were passed over
=============  =========================================================================================
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocr_helpers.batch.files import DurableLog

__all__ = ["MANIFEST_NAME", "FailedPage", "Manifest", "SourceState"]

MANIFEST_NAME = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that could not be read.

    Attributes:
        source: the file's key.
        page: zero-based; None where the file as a whole cannot be read.
        error: name of the error's class, ``"WorkerDied"``, ``"TimeLimit"`` or ``"MemoryLimit"``.
        reason: what it said.
        attempts: how often it was tried.
        again: nothing says that the page is at fault, so the next call tries it again.

    """

    source: str
    page: int | None
    error: str
    reason: str
    attempts: int = 1
    again: bool = False

    def __str__(self) -> str:
        where = self.source if self.page is None else f"{self.source}, page {self.page + 1}"
        return f"{where}: {self.error}: {self.reason}"


@dataclass(slots=True)
class SourceState:
    """What the manifest says of one file.

    Attributes:
        pages: how many it has; None until a worker opened it.
        size: in bytes, when it was opened.
        mtime_ns: time of its last change then.
        digest: hash of its content then.
        done: page → path of its result below the folder of results.
        failed: page, or None for the whole file → why.
        deaths: page or None → how many workers died of it.

    """

    pages: int | None = None
    size: int = -1
    mtime_ns: int = -1
    digest: str = ""
    done: dict[int, str] = field(default_factory=dict)
    failed: dict[int | None, FailedPage] = field(default_factory=dict)
    deaths: dict[int | None, int] = field(default_factory=dict)


class Manifest:
    """The manifest of one output folder, open for adding to it. Only under the folder's lock.

    Args:
        out_dir: the output folder.

    Attributes:
        sources: key → what is known of that file, kept up to date by :meth:`add`.
        skipped: key → reason.
        runs: how many calls there were before.

    Raises:
        OSError: the file cannot be opened or written to.

    """

    def __init__(self, out_dir: Path) -> None:
        self._log = DurableLog(out_dir / MANIFEST_NAME)
        self.sources: dict[str, SourceState] = {}
        self.skipped: dict[str, str] = {}
        self.runs = 0
        unreadable = 0
        for line in self._log.lines():
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                unreadable += 1
        if self._log.cut_bytes or unreadable:
            self.add(
                [{"event": "repaired", "cut_bytes": self._log.cut_bytes, "unreadable_lines": unreadable}]
            )

    def state(self, key: str) -> SourceState:
        """What is known of a file; nothing at first."""
        return self.sources.setdefault(key, SourceState())

    def add(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Write what happened; when this returns it survives a power failure. All of it is added, or nothing.

        Raises:
            OSError: nothing was added.

        """
        now = round(time.time(), 3)
        several = [{**event, "time": now} for event in events]
        # Escaped: a name may hold anything, half surrogates and line ends included.
        self._log.append(json.dumps(event, separators=(",", ":")).encode("ascii") for event in several)
        for event in several:
            self._take(event)

    def check_in_place(self) -> None:
        """Raise OSError where the output folder is no longer the one that was opened."""
        self._log.check_in_place()

    def close(self) -> None:
        """Let go of the file."""
        self._log.close()

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "run":
            self.runs += 1
        elif kind == "skipped":
            self.skipped[event["source"]] = event["reason"]
        elif kind == "source":
            self._opened(event)
        elif kind in ("done", "failed", "retry", "again"):
            page: int | None = event["page"]
            state = self.state(event["source"])
            if kind == "done" and isinstance(page, int):
                state.done[page] = event["file"]
                state.failed.pop(page, None)
            elif kind == "retry":
                state.deaths[page] = state.deaths.get(page, 0) + 1
            elif kind == "again":
                state.done.pop(page, None)  # type: ignore[arg-type]
                state.failed.pop(page, None)
            else:
                if page is None and not event["again"]:
                    state = self._opened_in_vain(event)
                state.failed[page] = FailedPage(
                    event["source"],
                    page,
                    event["error"],
                    event["reason"],
                    int(event["attempts"]),
                    bool(event["again"]),
                )

    def _opened_in_vain(self, event: Mapping[str, Any]) -> SourceState:
        """Keep what a file was that cannot be opened: it is tried again once it has changed."""
        state = self.state(event["source"])
        if (state.size, state.mtime_ns) != (event["size"], event["mtime_ns"]):
            state = self.sources[event["source"]] = SourceState()
            state.size, state.mtime_ns = int(event["size"]), int(event["mtime_ns"])
        return state

    def _opened(self, event: Mapping[str, Any]) -> None:
        state = self.state(event["source"])
        if state.digest != event["digest"]:
            # Another file under the same name: what was read of the earlier one is no longer its content.
            state = self.sources[event["source"]] = SourceState()
        state.failed.pop(None, None)
        state.pages, state.digest = int(event["pages"]), event["digest"]
        state.size, state.mtime_ns = int(event["size"]), int(event["mtime_ns"])

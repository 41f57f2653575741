"""What is still to be read: tasks handed out one at a time, from the manifest and what workers report."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ocr_helpers.batch.events import Event, Opened, PageRead, ReadTask
from ocr_helpers.batch.manifest import FailedPage, Manifest, SourceState
from ocr_helpers.batch.sources import SourceFile

__all__ = ["MOST_CALLS", "Plan"]

FIRST_PAGES: Final = 4
SPAN_PAGES: Final = 8
"""Pages of one task: few, so that all workers share a document and a lost one costs little."""
MOST_CALLS: Final = 3
"""A page that costs workers their life is not tried again by itself after so many calls."""


@dataclass(slots=True)
class _Rest:
    """The pages of one opened file that no task has been made of yet."""

    file: SourceFile
    pages: Iterator[int]
    size: int
    mtime_ns: int


class Plan:
    """Tasks in the order of the files. Holds numbers of pages, never a list of all pages.

    Args:
        files: what was found.
        manifest: what is known of them; what failed for good or is done is left out.
        unchanged: keys of files that are what the manifest says.
        retry_failed: try all failed pages again.
        max_pages: most pages of one file; a file refused under a lower limit is tried again.

    Attributes:
        known_pages: pages of all files as far as they have been opened, and one for each other file.
        done_before: pages that were done when the plan was made.
        settled: pages that failed and are not tried again.

    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        manifest: Manifest,
        unchanged: Collection[str],
        *,
        retry_failed: bool = False,
        max_pages: int | None = None,
    ) -> None:
        self._files = {file.key: file for file in files}
        self._manifest = manifest
        self._retry, self._max_pages = retry_failed, max_pages
        self._unopened: deque[SourceFile] = deque()
        self._opened: deque[_Rest] = deque()
        self.known_pages = self.done_before = self.settled = 0
        for file in files:
            state = manifest.sources.get(file.key) if file.key in unchanged else None
            if state is None:
                self._unopened.append(file)
                self.known_pages += 1
                continue
            whole = state.failed.get(None)
            if whole is not None or state.pages is None:
                self.known_pages += 1
                if whole is None or self._tried_again(whole, state):
                    self._unopened.append(file)
                else:
                    self.settled += 1
                continue
            self.known_pages += state.pages
            self.done_before += len(state.done)
            kept = sum(not self._tried_again(failed, state) for failed in state.failed.values())
            self.settled += kept
            if len(state.done) + kept < state.pages:
                self._add_rest(file, state, 0)

    @property
    def waiting(self) -> bool:
        """Whether anything is left to be read."""
        return bool(self._opened or self._unopened)

    def first_settled(self, events: Sequence[Event], most: int) -> Sequence[Event]:
        """The events up to the one that settles the ``most``-th page."""
        settled = 0
        for place, event in enumerate(events):
            settled += isinstance(event, PageRead | FailedPage)
            if settled >= most:
                return events[: place + 1]
        return events

    def next(self) -> ReadTask | None:
        """The next task; None where there is none now (one may come from what is being read)."""
        while self._opened:
            rest = self._opened[0]
            pages = tuple(islice(rest.pages, SPAN_PAGES))
            if pages:
                return ReadTask(rest.file.key, rest.file.path, rest.size, rest.mtime_ns, pages)
            self._opened.popleft()
        if not self._unopened:
            return None
        file = self._unopened.popleft()
        return ReadTask(file.key, file.path, file.size, file.mtime_ns, None, FIRST_PAGES)

    def take(self, event: Event) -> None:
        """Learn from what a worker reported, after it stands in the manifest."""
        if isinstance(event, Opened):
            file, state = self._files[event.key], self._manifest.state(event.key)
            self.known_pages += event.pages - 1
            if event.pages > FIRST_PAGES and (self._max_pages is None or event.pages <= self._max_pages):
                self._add_rest(file, state, FIRST_PAGES)

    def _add_rest(self, file: SourceFile, state: SourceState, first: int) -> None:
        pages = self._missing(state, first, state.pages or 0)
        self._opened.append(_Rest(file, pages, state.size, state.mtime_ns))

    def _missing(self, state: SourceState, first: int, end: int) -> Iterator[int]:
        for page in range(first, end):
            failed = state.failed.get(page)
            if page not in state.done and (failed is None or self._tried_again(failed, state)):
                yield page

    def _tried_again(self, failed: FailedPage, state: SourceState) -> bool:
        if failed.error == "TooManyPagesError" and state.pages is not None:
            return self._max_pages is None or state.pages <= self._max_pages
        return self._retry or (failed.again and state.deaths.get(failed.page, 0) < MOST_CALLS)

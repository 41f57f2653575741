"""Lines of pages, corrected one by one: what was read, what a person made of it, undo, and a journal."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.line_review.export import save_ground_truth, save_labels
from ocr_helpers.line_review.journal import JournalError
from ocr_helpers.line_review.lines import drawn_quad
from ocr_helpers.line_review.reader import AddedLineReader
from ocr_helpers.line_review.record import ReviewRecord
from ocr_helpers.line_review.sources import ReviewPage, review_pages
from ocr_helpers.line_review.states import (
    CorrectionError,
    LineState,
    ReviewedLine,
    Show,
    State,
    as_number,
    clean,
)
from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["CorrectionError", "LineCorrections", "LineState", "ReviewedLine"]

Observer = Callable[[list[int], str], None]


class LineCorrections(ReviewRecord):
    """Corrections of the lines of one or several pages.

    Every change is written to the journal before it counts; opening the same pages again reads it again. Safe
    to call from several threads: a notebook may take the browser's messages while a cell runs.

    Args:
        source: what ``PaddleOCR.predict`` or ``StagedPipeline.run`` returned for one or several pages;
            labelled pages; or a pipeline, together with ``pages``.
        pages: with a pipeline: a Page, an array, a path, labelled pages, or several of these.
        settings: with a pipeline: how pages are read.
        autosave: the journal, a file of JSON lines; ``"auto"``: ``line_review_….jsonl`` in the working
            directory, named after the pages; None: nothing is saved. It is made with the first correction.
        pipeline: reads the lines that are added; by default ``source`` where that is one. Without one, their
            texts are typed.

    Attributes:
        pages: the pages, see :class:`ocr_helpers.line_review.sources.ReviewPage`.
        document: stands for the pixels of all pages.
        autosave: the journal's path, or None.

    Raises:
        ocr_helpers.line_review.sources.ReviewSourceError: nothing to review.
        ocr_helpers.line_review.journal.OtherPagesError: the journal belongs to other pages or boxes.
        ocr_helpers.line_review.journal.JournalError: the journal cannot be read, or is none.

    """

    def __init__(
        self,
        source: Any,
        pages: Any = None,
        *,
        settings: PipelineSettings | None = None,
        autosave: str | Path | None = "auto",
        pipeline: Any = None,
    ) -> None:
        pipeline = source if pipeline is None and pages is not None else pipeline
        self._reader = None if pipeline is None else AddedLineReader(pipeline, settings, self._take_reading)
        self._observers: list[Observer] = []
        self._asked: set[int] = set()
        self._failed: set[int] = set()
        super().__init__(review_pages(source, pages, settings), autosave)

    def is_waiting(self, number: int) -> bool:
        """Whether an added line is still to be read."""
        return self._reader is not None and self._lines[number][1].unread and number not in self._failed

    def find(
        self, *, below: float | None = None, search: str = "", page: int | None = None, show: Show = "all"
    ) -> list[int]:
        """Numbers of the lines that fit all that is asked, in the order of `lines`.

        Args:
            below: scores below this, 0…1; lines without a score do not fit.
            search: stands in the text, or stood in what was read; upper and lower case are one.
            page: number of a page, from 0.
            show: which state; ``corrected`` are the lines done whose text was changed.

        Raises:
            CorrectionError: ``below`` is no number, or ``show`` is not known.

        """
        if show not in get_args(Show):
            raise CorrectionError(f"show is {show!r}; expected one of {', '.join(get_args(Show))}.")
        if below is not None:
            below = as_number(below, "below")
        wanted = unicodedata.normalize("NFC", search).casefold()
        return [
            line.number
            for line in self.lines(page)
            if (below is None or (line.found.score is not None and line.found.score < below))
            and (wanted in line.now.text.casefold() or wanted in line.read.casefold())
            and (show in ("all", line.now.state) or (show == "corrected" and line.is_corrected))
        ]

    def correct(
        self, line: int | str, text: str | None = None, state: State = "done", *, id: str = ""
    ) -> list[int]:
        """Say what stands in a line, or what it is.

        Args:
            line: its number or key.
            text: what stands there; the text stays where None. Outer spaces, tabs and line breaks go.
            state: ``done``, ``unreadable``, ``deleted``, or ``open`` to look again.
            id: of the correction: one that is given twice counts once.

        Returns:
            Numbers of the lines that changed; none where it says nothing new.

        Raises:
            CorrectionError: no such line or state, or an empty text for a line that can be read.
            ocr_helpers.line_review.journal.JournalError: the journal cannot be written; the line stays as
                it was.

        """
        if state not in get_args(State):
            raise CorrectionError(f"state is {state!r}; expected one of {', '.join(get_args(State))}.")
        if text is not None and not isinstance(text, str):
            raise CorrectionError(f"text is {type(text).__name__}; expected str.")
        with self._lock:
            self.catch_up()
            number = self.line(line if isinstance(line, int) else self._known(line)).number
            text = self.line(number).now.text if text is None else clean(text)
            if not text and state == "done":
                raise CorrectionError("A line that is done has a text. Mark it as unreadable, or delete it.")
            return self._set({number: LineState(text, state)}, id)

    def add_line(self, page: int, quad_xy: Any, *, id: str = "") -> int:
        """Add a line that was not found; it is read in the background where there is a pipeline.

        Args:
            page: its number, from 0.
            quad_xy: its box, (4, 2) pixels of the page's picture, clockwise from the text's top left.
            id: as for `correct`.

        Returns:
            Its number.

        Raises:
            CorrectionError: no such page, a page that is one line, no box, or one that a line has already.
            ocr_helpers.line_review.journal.JournalError: as `correct`.

        """
        if isinstance(page, bool) or not isinstance(page, int) or not 0 <= page < len(self.pages):
            raise CorrectionError(f"There is no page {page!r}; expected 0 to {len(self.pages) - 1}.")
        if self.pages[page].is_line:
            raise CorrectionError("This picture is one line; lines can be added to pages only.")
        quad = drawn_quad(quad_xy, self.pages[page].size_wh)
        with self._lock:
            self.catch_up()
            number = self._lines.number_of(page, quad)
            if number is not None and id and id in self._ids:
                return number
            if number is not None and self.is_there(number):
                raise CorrectionError(f"Line {number} has this very box already.")
            (number,) = self._do({"do": "add", "page": page, "quad": quad.tolist()}, id)
            return number

    def wait_for_readings(self, timeout: float | None = None) -> bool:
        """Wait until added lines are read; False where that took longer than ``timeout`` seconds."""
        return self._reader is None or self._reader.wait(timeout)

    def observe(self, observer: Observer) -> None:
        """Have ``observer(numbers, error)`` called, from another thread, when an added line was read.

        ``error`` says why it could not be read, else it is empty.
        """
        self._observers.append(observer)

    def stop(self) -> None:
        """Read no further."""
        self._observers.clear()
        if self._reader is not None:
            self._reader.stop()

    def accept_above(self, score: float, *, id: str = "") -> list[int]:
        """Take every open line with at least this score as done; one step for undo.

        Raises:
            CorrectionError: ``score`` is no number.
            ocr_helpers.line_review.journal.JournalError: as `correct`.

        """
        score = as_number(score, "score")
        with self._lock:
            self.catch_up()
            fitting = {
                line.number: LineState(line.now.text, "done")
                for line in self.lines()
                if line.now.state == "open"
                and line.now.text
                and line.found.score is not None
                and line.found.score >= score
            }
            return self._set(fitting, id)

    def undo(self, *, id: str = "") -> list[int]:
        """Take the last change back; numbers of the lines that changed, or that are not there any more."""
        with self._lock:
            self.catch_up()
            return self._do({"do": "undo"}, id) if self.can_undo else []

    def redo(self, *, id: str = "") -> list[int]:
        """Make the last change that was taken back again."""
        with self._lock:
            self.catch_up()
            return self._do({"do": "redo"}, id) if self.can_redo else []

    @property
    def counts(self) -> dict[str, int]:
        """Lines: ``total``, ``open``, ``done``, ``unreadable``, ``deleted``; ``corrected``, ``added``."""
        lines = self.lines()
        states = Counter(line.now.state for line in lines)
        return {
            "total": len(lines),
            **{state: states[state] for state in get_args(State)},
            "corrected": sum(line.is_corrected for line in lines),
            "added": sum(line.found.added for line in lines),
        }

    def save_labels(self, folder: str | Path, *, replace: bool = False) -> Path:
        """Write PaddleOCR's label files; see :func:`ocr_helpers.line_review.export.save_labels`."""
        return save_labels(self, Path(folder), replace)

    def save_ground_truth(self, folder: str | Path, *, replace: bool = False) -> list[Path]:
        """Write ground truth; see :func:`ocr_helpers.line_review.export.save_ground_truth`."""
        return save_ground_truth(self, Path(folder), replace)

    def _set(self, wanted: Mapping[int, LineState], id: str) -> list[int]:
        new = {number: state for number, state in wanted.items() if self._history.now[number] != state}
        if not new:
            return []
        lines = {self._lines.key(number): [state.text, state.state] for number, state in new.items()}
        return self._do({"do": "set", "lines": lines}, id)

    def _on_change(self) -> None:
        """Have added lines read that nothing has read yet."""
        if self._reader is None:
            return
        for number in self._lines.added():
            if self.is_there(number) and self.is_waiting(number) and number not in self._asked:
                self._asked.add(number)
                page, line = self._lines[number]
                self._reader.ask(self._lines.key(number), partial(_box, self.pages[page], line.quad_xy))

    def _take_reading(self, key: str, text: str, score: float, error: Exception | None) -> None:
        """Keep what was read of an added line; called from the reader's thread."""
        said = ""
        with self._lock:
            number = self._known(key)
            try:
                if error is None:
                    self._catch_up()
                    self._do({"do": "read", "line": key, "text": text, "score": round(score, 4)}, "")
                else:
                    said = (
                        f"The added line could not be read ({type(error).__name__}: {error}). Type its text."
                    )
            except JournalError as refused:
                said = str(refused)
            if said:
                self._failed.add(number)
        for observer in list(self._observers):
            observer([number], said)


def _box(page: ReviewPage, quad_xy: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    return page.load(), quad_xy

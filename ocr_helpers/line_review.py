"""Lines of pages, corrected one by one: what was read, what a person made of it, undo, and a journal."""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import RLock
from typing import Any, get_args
from uuid import uuid4

import numpy as np

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.label_journal import Journal, JournalError, OtherPagesError, Record
from ocr_helpers.label_sources import ReviewPage, document_of, review_pages
from ocr_helpers.label_states import (
    CorrectionError,
    LineState,
    ReviewedLine,
    Show,
    State,
    as_number,
    clean,
    first_state,
    keys,
)
from ocr_helpers.labels import UNREADABLE, LabelledPage
from ocr_helpers.pipeline_settings import PipelineSettings

__all__ = ["CorrectionError", "LineCorrections", "LineState", "ReviewedLine"]

_NEAR_PX = 3.0
"""A box that the same network finds on another machine can differ by a rounding, not by more."""


Change = dict[int, tuple[LineState, LineState]]
"""Line → before and after."""


class LineCorrections:
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

    Attributes:
        pages: the pages, see :class:`ocr_helpers.label_sources.ReviewPage`.
        document: stands for the pixels of all pages.
        autosave: the journal's path, or None.

    Raises:
        ocr_helpers.label_sources.ReviewSourceError: nothing to review.
        ocr_helpers.label_journal.OtherPagesError: the journal belongs to other pages, or to other boxes.
        ocr_helpers.label_journal.JournalError: the journal cannot be read, or is none.

    """

    def __init__(
        self,
        source: Any,
        pages: Any = None,
        *,
        settings: PipelineSettings | None = None,
        autosave: str | Path | None = "auto",
    ) -> None:
        self.pages: tuple[ReviewPage, ...] = tuple(review_pages(source, pages, settings))
        self.document = document_of(self.pages)
        self._found = [(page, line) for page, one in enumerate(self.pages) for line in one.lines]
        self._keys = keys(self._found)
        self._number_of = {key: number for number, key in enumerate(self._keys)}
        self._first = [first_state(line) for _, line in self._found]
        self._now = list(self._first)
        self._lock = RLock()
        self._undo: list[Change] = []
        self._redo: list[Change] = []
        self._ids: set[str] = set()
        self.saved_files: dict[str, str] = {}
        """What was exported: path → SHA-256 of the file as it was written."""
        if autosave == "auto":
            stem = Path(self.pages[0].source).stem[:40] or "pages"
            autosave = f"line_review_{stem}_{self.document[:8]}.jsonl"
        self.autosave = None if autosave is None else Path(autosave).absolute()
        head = {"document": self.document, "pages": [page.name for page in self.pages]}
        self._journal = Journal(self.autosave, head)
        self.catch_up()

    def __len__(self) -> int:
        """Number of lines, deleted ones too."""
        return len(self._now)

    def line(self, number: int) -> ReviewedLine:
        """One line by its number.

        Raises:
            CorrectionError: there is none.

        """
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self):
            raise CorrectionError(f"There is no line {number!r}; expected 0 to {len(self) - 1}.")
        page, found = self._found[number]
        return ReviewedLine(
            number, self._keys[number], page, found, self._first[number].text, self._now[number]
        )

    def lines(self, page: int | None = None) -> list[ReviewedLine]:
        """All lines, or those of a page."""
        return [self.line(n) for n, (at, _) in enumerate(self._found) if page in (None, at)]

    def find(
        self, *, below: float | None = None, search: str = "", page: int | None = None, show: Show = "all"
    ) -> list[int]:
        """Numbers of the lines that fit all that is asked.

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
            ocr_helpers.label_journal.JournalError: the journal cannot be written; the line stays as it was.

        """
        number = self.line(line).number if isinstance(line, int) else self._known(line)
        if state not in get_args(State):
            raise CorrectionError(f"state is {state!r}; expected one of {', '.join(get_args(State))}.")
        if text is not None and not isinstance(text, str):
            raise CorrectionError(f"text is {type(text).__name__}; expected str.")
        with self._lock:
            self.catch_up()
            text = self._now[number].text if text is None else clean(text)
            if not text and state == "done":
                raise CorrectionError("A line that is done has a text. Mark it as unreadable, or delete it.")
            return self._set({number: LineState(text, state)}, id)

    def accept_above(self, score: float, *, id: str = "") -> list[int]:
        """Take every open line with at least this score as done; one step for undo.

        Raises:
            CorrectionError: ``score`` is no number.
            ocr_helpers.label_journal.JournalError: as `correct`.

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
        """Take the last change back; numbers of the lines that changed."""
        with self._lock:
            self.catch_up()
            return self._do({"do": "undo"}, id) if self._undo else []

    def redo(self, *, id: str = "") -> list[int]:
        """Make the last change that was taken back again."""
        with self._lock:
            self.catch_up()
            return self._do({"do": "redo"}, id) if self._redo else []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._redo)

    @property
    def damaged(self) -> int:
        """Records of the journal that could not be read: a crash cut them off."""
        return self._journal.damaged

    @property
    def counts(self) -> dict[str, int]:
        """Lines: ``total``, ``open``, ``done``, ``unreadable``, ``deleted``; ``corrected`` of the done."""
        states = Counter(state.state for state in self._now)
        corrected = sum(line.is_corrected for line in self.lines())
        return {
            "total": len(self),
            **{state: states[state] for state in get_args(State)},
            "corrected": corrected,
        }

    @property
    def labels(self) -> list[LabelledPage]:
        """The pages with all lines that are not deleted; unreadable ones have the text ``###``."""
        return [self._labels_of(number) for number in range(len(self.pages))]

    @property
    def truths(self) -> list[PageTruth]:
        """Boxes and texts of the lines that can be read, page by page; open lines as they were read."""
        return [truth for page in self.labels if (truth := page.truth) is not None]

    def save_labels(self, folder: str | Path, *, replace: bool = False) -> Path:
        """Write PaddleOCR's label files; see :func:`ocr_helpers.label_export.save_labels`."""
        from ocr_helpers.label_export import save_labels

        return save_labels(self, Path(folder), replace)

    def save_ground_truth(self, folder: str | Path, *, replace: bool = False) -> list[Path]:
        """Write ground truth; see :func:`ocr_helpers.label_export.save_ground_truth`."""
        from ocr_helpers.label_export import save_ground_truth

        return save_ground_truth(self, Path(folder), replace)

    def note_saved(self, files: Mapping[str, str]) -> None:
        """Remember files that were exported, path → SHA-256, so that they may be replaced later."""
        with self._lock:
            self.catch_up()
            self._do({"do": "saved", "files": dict(files)}, "")

    def catch_up(self) -> list[int]:
        """Take in what others have added to the journal; numbers of the lines that changed."""
        with self._lock:
            return self._catch_up()

    def _catch_up(self) -> list[int]:
        changed: dict[int, None] = {}
        lost: dict[str, None] = {}
        for record in self._journal.news():
            if record.get("id") in self._ids:
                continue
            try:
                missing = [key for key in dict(record.get("lines", {})) if self._nearest(key) is None]
                lost |= dict.fromkeys(missing)
                if not missing:
                    changed |= dict.fromkeys(self._apply(record))
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                raise JournalError(
                    f"{str(self.autosave)!r} has a record of another form ({error}). Correct it, or choose "
                    "another file for autosave."
                ) from None
        if lost:
            raise OtherPagesError(
                f"{str(self.autosave)!r} holds corrections of these pages, but {len(lost)} of its lines are "
                "not among those found now. Read the pages with the settings of then, or choose another "
                "file for autosave."
            )
        return list(changed)

    def _set(self, wanted: Mapping[int, LineState], id: str) -> list[int]:
        new = {number: state for number, state in wanted.items() if self._now[number] != state}
        if not new:
            return []
        lines = {self._keys[number]: [state.text, state.state] for number, state in new.items()}
        return self._do({"do": "set", "lines": lines}, id)

    def _do(self, record: Record, id: str) -> list[int]:
        if id and id in self._ids:
            return []
        record = {"id": id or uuid4().hex, **record}
        self._journal.add(record)
        return self._apply(record)

    def _apply(self, record: Record) -> list[int]:
        """Make a change that is in the journal."""
        self._ids.add(str(record.get("id", "")))
        kind = record.get("do")
        if kind == "saved":
            self.saved_files |= record.get("files", {})
            return []
        if kind == "set":
            wanted = {self._known(key): LineState(*state) for key, state in record["lines"].items()}
            change = {number: (self._now[number], state) for number, state in wanted.items()}
            self._undo.append(change)
            self._redo.clear()
            side = 1
        elif kind == "undo" and self._undo:
            change, side = self._undo.pop(), 0
            self._redo.append(change)
        elif kind == "redo" and self._redo:
            change, side = self._redo.pop(), 1
            self._undo.append(change)
        else:
            return []
        for number, states in change.items():
            self._now[number] = states[side]
        return list(change)

    def _known(self, key: str) -> int:
        number = self._nearest(key)
        if number is None:
            raise CorrectionError(f"There is no line {key!r} among those found now.")
        return number

    def _nearest(self, key: Any) -> int | None:
        """The line of a key; or the one whose corners all lie within a few pixels of the key's."""
        if key in self._number_of:
            return self._number_of[key]
        try:
            page, _, corners = str(key).partition("#")[0].partition(":")
            quad = np.array([float(value) for value in corners.split(",")], np.float32).reshape(4, 2)
            at = int(page)
        except ValueError:
            return None
        distances = [
            (float(np.abs(line.quad_xy - quad).max()), number)
            for number, (found_at, line) in enumerate(self._found)
            if found_at == at
        ]
        distance, number = min(distances, default=(math.inf, -1))
        return number if distance <= _NEAR_PX else None

    def _labels_of(self, number: int) -> LabelledPage:
        page = self.pages[number]
        kept = [line for line in self.lines(number) if line.now.state != "deleted"]
        hard = tuple(line.now.state == "unreadable" for line in kept)
        return LabelledPage(
            Path(page.source),
            tuple(UNREADABLE if line.now.state == "unreadable" else line.now.text for line in kept),
            np.array([line.found.quad_xy for line in kept], np.float32).reshape(-1, 4, 2),
            hard,
            index=page.index,
            format="review",
            kind="line" if page.is_line else "page",
            size_wh=page.size_wh,
            dpi=page.dpi,
        )

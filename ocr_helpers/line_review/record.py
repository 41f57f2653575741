"""What a review knows of its lines, kept by its journal: every change is in the file before it counts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock
from uuid import uuid4

import numpy as np

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.labels import UNREADABLE, LabelledPage
from ocr_helpers.line_review.history import History
from ocr_helpers.line_review.journal import Journal, JournalError, OtherPagesError, Record
from ocr_helpers.line_review.lines import ReviewLines
from ocr_helpers.line_review.sources import ReviewPage, document_of
from ocr_helpers.line_review.states import CorrectionError, LineState, ReviewedLine, clean, first_state

__all__ = ["ReviewRecord"]


class ReviewRecord:
    """The lines of pages as a journal has them.

    Args:
        pages: with the lines that were found.
        autosave: the journal; ``"auto"``: ``line_review_….jsonl`` in the working directory, named after the
            pages; None: nothing is saved.

    Attributes:
        pages: the pages.
        document: stands for the pixels of all pages.
        autosave: the journal's path, or None.
        saved_files: what was exported: path → SHA-256 of the file as it was written.

    Raises:
        ocr_helpers.line_review.journal.OtherPagesError: the journal belongs to other pages or boxes.
        ocr_helpers.line_review.journal.JournalError: the journal cannot be read, or is none.

    """

    def __init__(self, pages: Sequence[ReviewPage], autosave: str | Path | None) -> None:
        self.pages = tuple(pages)
        self.document = document_of(self.pages)
        self._lines = ReviewLines(self.pages)
        self._history = History([first_state(self._lines[n][1]) for n in range(len(self._lines))])
        self._lock = RLock()
        self._ids: set[str] = set()
        self.saved_files: dict[str, str] = {}
        if autosave == "auto":
            stem = Path(self.pages[0].source).stem[:40] or "pages"
            autosave = f"line_review_{stem}_{self.document[:8]}.jsonl"
        self.autosave = None if autosave is None else Path(autosave).absolute()
        head = {"document": self.document, "pages": [page.name for page in self.pages]}
        self._journal = Journal(self.autosave, head)
        self.catch_up()

    def __len__(self) -> int:
        """Number of lines, deleted ones too."""
        return len(self.lines())

    def line(self, number: int) -> ReviewedLine:
        """One line by its number.

        Raises:
            CorrectionError: there is none.

        """
        count = len(self._lines)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < count:
            raise CorrectionError(f"There is no line {number!r}; expected 0 to {count - 1}.")
        now = self._history.now[number]
        if now is None:
            raise CorrectionError(f"Adding line {number} was undone; redo brings it back.")
        page, found = self._lines[number]
        return ReviewedLine(
            number, self._lines.key(number), page, found, self._history.first[number].text, now
        )

    @property
    def number_count(self) -> int:
        """How many numbers lines ever had."""
        return len(self._lines)

    def is_there(self, number: int) -> bool:
        """Whether there is a line of this number, and its adding was not undone."""
        return 0 <= number < len(self._history.now) and self._history.now[number] is not None

    def lines(self, page: int | None = None) -> list[ReviewedLine]:
        """All lines, or those of a page, in reading order; an added line stands where it is read."""
        return [self.line(n) for n in self._lines.in_order(page) if self.is_there(n)]

    def numbers(self, page: int) -> list[int]:
        """Every number that a page ever had, lowest first; also of lines whose adding was undone."""
        return sorted(self._lines.in_order(page))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return self._history.can_redo

    @property
    def damaged(self) -> int:
        """Records of the journal that could not be read: a crash cut them off."""
        return self._journal.damaged

    @property
    def labels(self) -> list[LabelledPage]:
        """The pages with all lines that are not deleted; unreadable ones have the text ``###``."""
        return [self._labels_of(number) for number in range(len(self.pages))]

    @property
    def truths(self) -> list[PageTruth]:
        """Boxes and texts of the lines that can be read, page by page; open lines as they were read."""
        return [truth for page in self.labels if (truth := page.truth) is not None]

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
                missing = [key for key in dict(record.get("lines", {})) if self._lines.nearest(key) is None]
                lost |= dict.fromkeys(missing)
                if not missing:
                    changed |= dict.fromkeys(self._apply(record))
            except (TypeError, ValueError, LookupError, AttributeError) as error:
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
        self._on_change()
        return list(changed)

    def _do(self, record: Record, id: str) -> list[int]:
        if id and id in self._ids:
            return []
        record = {"id": id or uuid4().hex, **record}
        self._journal.add(record)
        changed = self._apply(record)
        self._on_change()
        return changed

    def _apply(self, record: Record) -> list[int]:
        """Make a change that is in the journal."""
        self._ids.add(str(record.get("id", "")))
        kind = record.get("do")
        if kind == "saved":
            self.saved_files |= record.get("files", {})
            return []
        if kind == "set":
            wanted = {self._known(key): LineState(*state) for key, state in record["lines"].items()}
            return self._history.set(wanted)
        if kind == "add":
            number = self._lines.add(record["page"], np.array(record["quad"], np.float32).reshape(4, 2))
            begin = LineState("") if number == len(self._history.first) else self._history.first[number]
            return self._history.set({} if self.is_there(number) else {number: begin})
        if kind == "read":
            return self._note_reading(self._known(record["line"]), record["text"], record["score"])
        return self._history.undo() if kind == "undo" else self._history.redo() if kind == "redo" else []

    def _note_reading(self, number: int, text: str, score: float) -> list[int]:
        if not self._lines[number][1].unread:
            return []
        self._lines.set_read(number, str(text), float(score))
        self._history.begin_with(number, LineState(clean(str(text))))
        return [number] if self.is_there(number) else []

    def _known(self, key: str) -> int:
        number = self._lines.nearest(key)
        if number is None:
            raise CorrectionError(f"There is no line {key!r} among those found now.")
        return number

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

    def _on_change(self) -> None:
        """Called after records were taken in."""

"""What is known of each line of a review now, and the steps that undo and redo go along."""

from collections.abc import Mapping

from ocr_helpers.line_review.states import LineState

__all__ = ["History"]

Change = dict[int, tuple[LineState | None, LineState | None]]
"""Line → before and after; None where it is not there."""


class History:
    """States of lines, by number, and the changes that led to them.

    Args:
        first: the state of each line that nobody has changed.

    """

    def __init__(self, first: list[LineState]) -> None:
        self.first: list[LineState] = list(first)
        self.now: list[LineState | None] = list(first)
        self._undo: list[Change] = []
        self._redo: list[Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._redo)

    def set(self, wanted: Mapping[int, LineState]) -> list[int]:
        """Make a change; numbers of its lines. A number behind the last is a new line."""
        for number in sorted(wanted):
            if number == len(self.now):
                self.first.append(wanted[number])
                self.now.append(None)
        self._undo.append({number: (self.now[number], state) for number, state in wanted.items()})
        self._redo.clear()
        return self._show(self._undo[-1], 1)

    def undo(self) -> list[int]:
        """Take the last change back; numbers of its lines, none where there is no change."""
        if not self._undo:
            return []
        self._redo.append(self._undo.pop())
        return self._show(self._redo[-1], 0)

    def redo(self) -> list[int]:
        """Make the last change that was taken back again."""
        if not self._redo:
            return []
        self._undo.append(self._redo.pop())
        return self._show(self._undo[-1], 1)

    def begin_with(self, number: int, first: LineState) -> None:
        """Have a line begin with another state: what was read of it came later than it did."""
        old, self.first[number] = self.first[number], first

        def new(state: LineState | None) -> LineState | None:
            return first if state == old else state

        self.now[number] = new(self.now[number])
        for change in (*self._undo, *self._redo):
            if number in change:
                before, after = change[number]
                change[number] = new(before), new(after)

    def _show(self, change: Change, side: int) -> list[int]:
        for number, states in change.items():
            self.now[number] = states[side]
        return list(change)

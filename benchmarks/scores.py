"""Exact lines and character error rate (CER), on NFC text."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocr_helpers.engines.outcomes import fold_twins

__all__ = ["Tally", "edit_distance", "fold_twins", "tally"]


@dataclass(frozen=True)
class Tally:
    """Counts over lines: ``exact`` of ``lines`` are right; ``errors`` edits of ``characters`` expected."""

    lines: int
    exact: int
    errors: int
    characters: int

    @property
    def exact_share(self) -> float:
        """Share of lines read without an error, 0 to 1; nan without lines."""
        return self.exact / self.lines if self.lines else float("nan")

    @property
    def cer(self) -> float:
        """Edit distances by expected characters, both summed: 0 is perfect, 1 no limit; nan without lines."""
        return self.errors / self.characters if self.characters else float("nan")


def edit_distance(left: str, right: str) -> int:
    """Levenshtein distance: the fewest characters to insert, delete or replace."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def tally(pairs: Iterable[tuple[str, str]]) -> Tally:
    """Count over pairs of expected and read text, both NFC."""
    lines = exact = errors = characters = 0
    for expected, read in pairs:
        wrong = edit_distance(fold_twins(expected), fold_twins(read))
        lines += 1
        exact += wrong == 0
        errors += wrong
        characters += len(expected)
    return Tally(lines, exact, errors, characters)

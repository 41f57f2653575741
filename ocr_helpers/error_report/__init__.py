"""What went wrong on some pages, to look at: in a notebook, or as one HTML file that needs nothing else."""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ocr_helpers.error_report.counts import ErrorCounts, count_errors
from ocr_helpers.error_report.lines import ReportError, ReportLine, lines_of_result
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.scoring.pages import PageScore, score_result, sum_pages
from ocr_helpers.scoring.text import LineScores, score_lines

if TYPE_CHECKING:
    from ocr_helpers.stages.result import StagedResult

__all__ = ["ErrorReport", "ReportError", "ReportLine", "lines_of_result"]

_NOTEBOOK_LINES = 10


@dataclass(frozen=True, eq=False)
class ErrorReport:
    """The errors of some lines, counted and shown. The last value of a notebook cell shows itself.

    Attributes:
        lines: in reading order; equal ones too, for the counts.
        pages: name → score, where boxes are known; shows detection, splits and merges too.
        title: heading; any text.

    Raises:
        ReportError: something else than `ReportLine`.

    """

    lines: Sequence[ReportLine]
    pages: Mapping[str, PageScore] = field(default_factory=dict)
    title: str = "Error report"

    def __post_init__(self) -> None:
        """Keep copies, so that a report does not change any more."""
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "pages", dict(self.pages))
        for number, line in enumerate(self.lines):
            if not isinstance(line, ReportLine):
                raise ReportError(f"lines[{number}] is {type(line).__name__}; expected ReportLine.")

    @classmethod
    def from_results(
        cls,
        results: Iterable[tuple["StagedResult", PageTruth]],
        *,
        names: Sequence[str] | None = None,
        title: str = "Error report",
    ) -> "ErrorReport":
        """A report over pages.

        Args:
            results: what ``StagedPipeline.run`` returned for each page, and its ground truth.
            names: of the pages; by default their files, with the page's number where it is not the first.
            title: heading.

        Raises:
            ReportError: not as many names as pages, or a name twice.
            ocr_helpers.ground_truth.GroundTruthError: a page has no ground truth with boxes.
            ocr_helpers.stages.result.PageMappingError: a page was unwarped.

        """
        lines: list[ReportLine] = []
        pages: dict[str, PageScore] = {}
        results = list(results)
        if names is None:
            names = _distinct([_page_name(result) for result, _ in results])
        if len(names) != len(results) or len(set(names)) != len(names):
            raise ReportError(f"There are {len(results)} pages and {len(set(names))} different names.")
        for name, (result, truth) in zip(names, results, strict=True):
            lines += lines_of_result(result, truth, name)
            pages[name] = score_result(result, truth)
        return cls(lines, pages, title)

    @cached_property
    def read_lines(self) -> tuple[ReportLine, ...]:
        """Lines that were found where one stands."""
        return tuple(line for line in self.lines if line.read is not None and line.expected is not None)

    @cached_property
    def missing_lines(self) -> tuple[ReportLine, ...]:
        """Lines that were not found."""
        return tuple(line for line in self.lines if line.read is None)

    @cached_property
    def surplus_lines(self) -> tuple[ReportLine, ...]:
        """Texts read where none stands."""
        return tuple(line for line in self.lines if line.expected is None)

    @cached_property
    def worst_lines(self) -> tuple[ReportLine, ...]:
        """Lines read with an error, the highest share of wrong characters first, then the most of them."""
        wrong = [line for line in self.read_lines if line.scores.character_edits]
        return tuple(sorted(wrong, key=lambda line: (-line.badness, -line.scores.character_edits)))

    @cached_property
    def scores(self) -> LineScores:
        """Of the lines that were found."""
        return score_lines(
            [line.read or "" for line in self.read_lines], [line.expected or "" for line in self.read_lines]
        )

    @cached_property
    def page_score(self) -> PageScore | None:
        """Sum over the pages; None where no boxes are known."""
        return sum_pages(self.pages.values()) if self.pages else None

    @cached_property
    def counts(self) -> ErrorCounts:
        """What was confused, in the lines that were found; a context's line is a place in `read_lines`."""
        return count_errors((line.read or "", line.expected or "") for line in self.read_lines)

    def html(self, *, worst: int = 60) -> str:
        """The report as a whole HTML document: no script, no address, pictures inside.

        Args:
            worst: how many lines to show at most, of each of the three kinds.

        """
        from ocr_helpers.error_report.html import document

        return document(self, worst)

    def save(self, path: str | os.PathLike[str], *, worst: int = 60) -> Path:
        """Write `html` to a file, whole or not at all; return its path.

        Raises:
            ReportError: the folder is not there.
            OSError: the file cannot be written.

        """
        target = Path(path).expanduser()
        if not target.parent.is_dir():
            raise ReportError(f"The folder {str(target.parent)!r} is not there: make it first.")
        if target.is_dir():
            raise ReportError(f"{str(target)!r} is a folder; expected a file such as report.html in it.")
        content = self.html(worst=worst).encode("utf-8")
        new = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
        try:
            with new.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
        return target

    def _repr_html_(self) -> str:
        from ocr_helpers.error_report.html import fragment

        return fragment(self, _NOTEBOOK_LINES)

    def __repr__(self) -> str:
        """The figures in a line, for a console."""
        scores = self.scores
        return (
            f"<ErrorReport: {scores.exact_lines} of {scores.lines} lines exact, CER {scores.cer:.2%}, "
            f"{len(self.missing_lines)} lines missed, {len(self.surplus_lines)} surplus>"
        )


def _page_name(result: "StagedResult") -> str:
    name = Path(str(result["input_path"] or "page")).name
    return f"{name}, page {result['page_index'] + 1}" if result["page_index"] else name


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct

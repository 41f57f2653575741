"""What came out of a comparison of engines: readings, scores, a table and a figure."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ocr_helpers.engines.reading import PageReading
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.scoring import LineScores, PageScore, score_lines, score_page, sum_pages

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["EngineComparison", "EngineOutcome", "LineToRead", "PageToRead", "fold_twins"]

# Pairs that print does not tell apart: a dictionary spells one of each, another engine may answer the other.
_TWINS = {ord(a): b for a, b in zip("ㆍ・∙‧∼～〜―–￦µ￥", "····~~~——₩μ¥", strict=True)}
_TWINS |= {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}


def fold_twins(text: str) -> str:
    """NFC, with one of each pair of look-alikes (``～`` and ``~``, full-width letters)."""
    return unicodedata.normalize("NFC", text).translate(_TWINS)


@dataclass(frozen=True)
class PageToRead:
    """A page of the comparison: its name, and what stands on it, where that is known."""

    name: str
    truth: PageTruth | None


@dataclass(frozen=True)
class LineToRead:
    """A line of the comparison: what stands in it."""

    text: str


@dataclass(frozen=True)
class EngineOutcome:
    """What one engine did.

    Attributes:
        name: one of :data:`ocr_helpers.engines.readers.ENGINES`.
        status: ``"measured"``, ``"missing"`` (not installed; ``note`` says what to do) or ``"failed"`` (it
            read nothing).
        version: the program's.
        settings: models and settings, in words.
        note: what whoever reads the figures has to know.
        pages: number of the page → what was found on it.
        page_seconds: number of the page → seconds.
        lines: number of the line → what was read.
        line_seconds: per line, all read in one call; nan where that failed.
        peak_bytes: most memory that its process had; None where the system does not tell.
        failures: what failed, in words.

    """

    name: str
    status: Literal["measured", "missing", "failed"]
    version: str = ""
    settings: str = ""
    note: str = ""
    pages: Mapping[int, PageReading] = field(default_factory=dict)
    page_seconds: Mapping[int, float] = field(default_factory=dict)
    lines: Mapping[int, str] = field(default_factory=dict)
    line_seconds: float = math.nan
    peak_bytes: int | None = None
    failures: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, records: Iterable[Mapping[str, Any]], line_count: int) -> "EngineOutcome":
        """Put the records of a worker together."""
        given: dict[str, Any] = {"name": name, "status": "failed"}
        pages: dict[int, PageReading] = {}
        seconds: dict[int, float] = {}
        lines: dict[int, str] = {}
        failures: list[str] = []
        for record in records:
            kind = record["kind"]
            if kind == "missing":
                given |= {"status": "missing", "note": record["text"]}
            elif kind == "engine":
                given |= {key: record[key] for key in ("version", "settings", "note")}
            elif kind == "page":
                quads = np.asarray(record["quads_xy"], np.float32).reshape(-1, 4, 2)
                pages[record["page"]] = PageReading(quads, record["texts"])
                seconds[record["page"]] = record["seconds"]
            elif kind == "line":
                lines[record["line"]] = record["text"]
            elif kind == "lines":
                lines = dict(enumerate(record["texts"]))
                given["line_seconds"] = record["seconds"] / line_count
            elif kind == "memory":
                given["peak_bytes"] = record["peak_bytes"]
            else:
                where = [f"{word} {record[word] + 1}: " for word in ("page", "line") if word in record]
                failures.append("".join(where) + record["text"])
        if pages or lines:
            given["status"] = "measured"
        return cls(**given, pages=pages, page_seconds=seconds, lines=lines, failures=tuple(failures))


@dataclass(frozen=True)
class EngineComparison:
    """Several engines on the same pages and lines.

    Attributes:
        pages: what was to be read.
        lines: what was to be read.
        engines: what each engine did, in the order asked for.

    """

    pages: tuple[PageToRead, ...]
    lines: tuple[LineToRead, ...]
    engines: tuple[EngineOutcome, ...]

    def page_score(self, engine: EngineOutcome) -> PageScore:
        """Scores over all pages with ground truth; on a page that failed nothing was found."""
        nothing = PageReading(np.empty((0, 4, 2), np.float32), [])
        scores = []
        for number, page in enumerate(self.pages):
            if page.truth is not None:
                found, texts = engine.pages.get(number, nothing)
                true = [fold_twins(text) for text in page.truth.texts]
                scores.append(
                    score_page(found, [fold_twins(text) for text in texts], page.truth.quads_xy, true)
                )
        return sum_pages(scores)

    def line_score(self, engine: EngineOutcome) -> LineScores:
        """Scores over all lines; one that failed was read as nothing."""
        read = [fold_twins(engine.lines.get(number, "")) for number in range(len(self.lines))]
        return score_lines(read, [fold_twins(line.text) for line in self.lines])

    @property
    def failures(self) -> list[str]:
        """What failed, by engine."""
        return [f"{engine.name}: {failure}" for engine in self.engines for failure in engine.failures]

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per engine; figures of a missing engine are nan.

        ``hmean`` (boxes, at an overlap of 0.5), ``page_cer`` and ``page_exact`` (share of all true lines)
        from end to end; ``line_exact`` and ``line_cer`` on the line pictures; ``s_per_page``,
        ``ms_per_line``; ``peak_mb``. Texts are compared as NFC with look-alikes such as ``～`` and ``~`` made
        equal, for every engine alike.
        """
        import pandas as pd

        return pd.DataFrame([self._row(engine) for engine in self.engines]).set_index("engine")

    def figure(self) -> "Figure":
        """Bars for each figure of the table, and beside a missing engine what it needs."""
        from ocr_helpers.engines.figures import draw_comparison

        return draw_comparison(self)

    def _row(self, engine: EngineOutcome) -> dict[str, Any]:
        measured = engine.status == "measured"
        pages = self.page_score(engine) if measured and self.pages else sum_pages([])
        lines = self.line_score(engine) if measured else score_lines([], [])
        seconds = list(engine.page_seconds.values())
        return {
            "engine": engine.name,
            "status": engine.status,
            "hmean": pages.boxes.hmean,
            "page_cer": pages.cer,
            "page_exact": pages.exact_line_accuracy,
            "line_exact": lines.exact_line_accuracy,
            "line_cer": lines.cer,
            "s_per_page": sum(seconds) / len(seconds) if seconds else math.nan,
            "ms_per_line": engine.line_seconds * 1000,
            "peak_mb": math.nan if engine.peak_bytes is None else engine.peak_bytes / 1e6,
            "failures": len(engine.failures),
            "version": engine.version,
            "settings": engine.settings,
            "note": engine.note or "; ".join(engine.failures),
        }

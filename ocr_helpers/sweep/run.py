"""A sweep while it runs: page after page, kept after each, stopped at any time."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.stages.models import ModuleNotLoadedError
from ocr_helpers.sweep.files import Earlier
from ocr_helpers.sweep.pages import (
    ModelProbe,
    NoTruthError,
    PageSource,
    digest_of,
    document_of,
    page_name,
    truth_on,
)
from ocr_helpers.sweep.result import SweepResult
from ocr_helpers.sweep.scores import Reading, cer_of, find_page_boxes, hmean_of, proxy_of
from ocr_helpers.sweep.tables import SweepPage
from ocr_helpers.text import comparable_text

__all__ = ["Sweep", "SweepFailedError"]


class SweepFailedError(OcrHelpersError):
    """Not one page could be scored."""


class _NotScoredError(OcrHelpersError):
    """A page that the metric says nothing about."""


class Sweep:
    """One sweep.

    Args:
        staged: finds and reads.
        metric: one of ``ocr_helpers.sweep.tables.METRICS``.
        tried: the settings; the first are those the others are compared with.
        others: the pipeline's other settings.

    """

    def __init__(
        self,
        staged: StagedPipeline,
        metric: str,
        tried: tuple[DetectionSettings, ...],
        others: PipelineSettings,
    ) -> None:
        self._staged, self._metric, self._tried, self._others = staged, metric, tried, others
        self._probe = ModelProbe.of(staged)
        self._earlier = Earlier(tried)
        self._path: Path | None = None
        self._pages: list[SweepPage] = []
        self._skipped: list[tuple[str, str]] = []
        self._errors: list[Exception] = []
        self._complete = False

    def take_up(self, resume: SweepResult | str | Path | None) -> None:
        """Take over what an earlier sweep scored; from a path also keep there what this one does."""
        if isinstance(resume, str | Path):
            self._path = Path(resume)
            resume = SweepResult.load(self._path) if self._path.exists() else None
        if resume is not None:
            self._earlier.take(resume, self._result())

    def run(self, sources: Sequence[PageSource], bar: Any) -> None:
        """Score every page; a KeyboardInterrupt ends it, and is not passed on."""
        try:
            for source in sources:
                self._take(source, bar)
            self._complete = True
            if self._metric == "hmean" and self._pages:
                self._read_candidate(sources)
        except KeyboardInterrupt:
            pass
        self._keep()

    def finished(self) -> SweepResult:
        """The result, of a stopped sweep too.

        Raises:
            NoTruthError, SweepFailedError: it was not stopped, and no page was scored.

        """
        if self._complete and not self._pages:
            reasons = "; ".join(f"{name}: {why}" for name, why in self._skipped[:5])
            without = all(isinstance(error, NoTruthError) for error in self._errors)
            kind = NoTruthError if without else SweepFailedError
            raise kind(f"None of the pages could be scored. {reasons}") from self._errors[0]
        return self._result()

    def _take(self, source: PageSource, bar: Any) -> None:
        try:
            found = source.load()
        except Exception as error:  # of whatever kind: the other pages are no worse for it
            self._skip(source.name, error)
            bar.update(1)
            return
        for page, truth in found:
            share = _Share(bar, 1 / len(found))
            bar.set_postfix_str(page_name(page), refresh=False)
            try:
                self._pages.append(self._scored(page, truth, share))
            except ModuleNotLoadedError:
                raise  # it would be every page's
            except Exception as error:
                self._skip(page_name(page), error)
            self._keep()
            share.fill()

    def _skip(self, name: str, error: Exception) -> None:
        why = str(error) if isinstance(error, OcrHelpersError) else f"{type(error).__name__}: {error}"
        self._skipped.append((name, " ".join(why.split())))
        self._errors.append(error)

    def _scored(self, page: Page, truth: PageTruth | None, share: "_Share") -> SweepPage:
        if self._metric == "proxy":
            truth = None
        else:
            _check_truth(self._metric, truth)
        row = SweepPage(
            page_name(page),
            document_of(page, len(self._pages)),
            digest_of(page.image_bgr),
            "" if truth is None else digest_of(truth.quads_xy, truth.texts),
            truth is not None and _has_text(truth),
            *np.full((2, len(self._tried)), np.nan),
        )
        row = self._earlier.known_of(row)
        raw = row.raw.copy()
        missing = np.flatnonzero(np.isnan(raw))
        if len(missing):
            raw[missing] = self._score(page, truth, [self._tried[n] for n in missing], share)
        if self._metric == "proxy" and not raw.max() > 0:
            raise _NotScoredError("nothing is read on it that is more likely right than wrong.")
        return dataclasses.replace(row, raw=raw)

    def _score(
        self, page: Page, truth: PageTruth | None, tried: Sequence[DetectionSettings], share: "_Share"
    ) -> NDArray[np.float64]:
        boxes = find_page_boxes(self._staged, page, tried, self._others)
        least = self._others.text_rec_score_thresh
        if truth is None:
            return proxy_of(boxes, Reading.of(self._staged, boxes, self._others, share.add), least)
        truth = truth_on(boxes.page_map.page_bgr, page, truth)
        if self._metric == "hmean":
            return hmean_of(boxes, truth)
        return cer_of(boxes, Reading.of(self._staged, boxes, self._others, share.add), truth, least)

    def _read_candidate(self, sources: Sequence[PageSource]) -> None:
        """How well is read with the settings that the H-mean leads to, and with the default."""
        evidence = self._result().evidence
        if not evidence.reliable:
            return
        places = [0, evidence.candidate]
        rows = {row.digest: number for number, row in enumerate(self._pages)}
        for page, truth in (found for source in sources for found in _loadable(source)):
            number = rows.get(digest_of(page.image_bgr))
            if number is None or truth is None or not _has_text(truth):
                continue
            row = self._pages[number]
            if np.isnan(row.read[places]).any():
                boxes = find_page_boxes(self._staged, page, [self._tried[n] for n in places], self._others)
                truth = truth_on(boxes.page_map.page_bgr, page, truth)
                reading = Reading.of(self._staged, boxes, self._others, lambda _share: None)
                read = row.read.copy()
                read[places] = cer_of(boxes, reading, truth, self._others.text_rec_score_thresh)
                self._pages[number] = dataclasses.replace(row, read=read)

    def _keep(self) -> None:
        if self._path is not None:
            self._result().save(self._path)

    def _result(self) -> SweepResult:
        # Pages known from before that a stopped sweep has not come to are known all the same.
        ahead = () if self._complete else self._earlier.unvisited(self._pages)
        return SweepResult(
            metric=self._metric,
            settings=self._tried,
            pages=(*self._pages, *ahead),
            skipped=tuple(self._skipped),
            complete=self._complete,
            modules=self._others,
            probe=self._probe,
            notes=tuple(self._earlier.notes),
        )


def _loadable(source: PageSource) -> list[tuple[Page, PageTruth | None]]:
    """The pages of a source, none where they could not be loaded before either."""
    try:
        return source.load()
    except Exception:
        return []


class _Share:
    """A page's part of the progress bar."""

    def __init__(self, bar: Any, size: float) -> None:
        self._bar, self._left, self._size = bar, size, size

    def add(self, share: float) -> None:
        step = min(self._left, share * self._size)
        self._left -= step
        self._bar.update(step)

    def fill(self) -> None:
        self._bar.update(self._left)
        self._left = 0.0


def _has_text(truth: PageTruth) -> bool:
    return any(map(comparable_text, truth.texts))


def _check_truth(metric: str, truth: PageTruth | None) -> None:
    if truth is None:
        raise NoTruthError(
            f"It has no ground truth, which {metric!r} compares with: pass truths, put a JSON file in the "
            "form of data/samples beside it, or take metric='proxy'."
        )
    if not _has_text(truth) if metric == "cer" else not truth.texts:
        raise _NotScoredError(f"Its ground truth is empty: {metric!r} says nothing about it.")

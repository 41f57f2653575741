"""What a sweep found: a ranked table, what to use, how sure that is, and the file it is kept in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.tuning import DetectionTuning, NoPageError
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.sweep.choice import LEAST_UNITS, Evidence, distances, weigh
from ocr_helpers.sweep.files import read_sweep, write_sweep
from ocr_helpers.sweep.pages import ModelProbe
from ocr_helpers.sweep.tables import METRICS, SweepPage, held_out_table, ranked_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["NotATunerError", "SweepResult", "UntriedSettingsError"]


class UntriedSettingsError(OcrHelpersError, KeyError):
    """The settings are not among those of the sweep."""


class NotATunerError(OcrHelpersError, TypeError):
    """Settings can be applied to a DetectionTuner or a DetectionTuning only."""


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """Scores of settings on pages, and what follows from them.

    Attributes:
        metric: ``"hmean"``, ``"cer"`` or ``"proxy"``, see :func:`ocr_helpers.tuning.sweep_detection`.
        settings: the settings tried; the first are those the sweep started from, PaddleOCR's defaults mostly.
        pages: the pages that were scored, each under all settings.
        skipped: name of each page that was not, and why.
        complete: the sweep was not stopped: no page is left.
        modules: the pipeline's other settings.
        notes: what was noticed when an earlier result was taken up.
        probe: tells the models.

    """

    metric: str
    settings: tuple[DetectionSettings, ...]
    pages: tuple[SweepPage, ...]
    skipped: tuple[tuple[str, str], ...]
    complete: bool
    modules: PipelineSettings
    probe: ModelProbe
    notes: tuple[str, ...] = ()

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Float64 (S, P): the metric of each setting on each page."""
        if not self.pages:
            return np.empty((len(self.settings), 0))
        raw = np.stack([page.raw for page in self.pages], axis=1)
        return raw / raw.max(axis=0) if self.metric == "proxy" else raw

    @cached_property
    def evidence(self) -> Evidence:
        """How good the choice is on documents, or pages, that it was not made on."""
        return weigh(self._losses, distances(self.settings), [page.document for page in self.pages])

    @property
    def default(self) -> DetectionSettings:
        """The settings that the sweep started from, which all others are compared with."""
        return self.settings[0]

    @property
    def leading(self) -> DetectionSettings:
        """The first of the table: the best on these pages, by luck or by merit. Not a recommendation."""
        return self.settings[int(self._ranks[0])]

    @property
    def best(self) -> DetectionSettings:
        """The settings to use: others than the default only where `evidence` is that they are better."""
        sure = self.evidence.reliable and self.reads_well
        return self.settings[self.evidence.candidate if sure else 0]

    @property
    def reads_well(self) -> bool:
        """Whether the candidate's character error rate was not above the default's, where that is not the
        metric itself: boxes that fit ground truth better may cut characters off.

        True where there is no text to compare with; then nothing is known.
        """
        if self.metric != "hmean" or not self.evidence.reliable:
            return True
        default, candidate = self._read
        gains = default - candidate
        if not len(gains):
            return True
        known = not np.isnan(gains).any()
        return bool(known and gains.mean() >= 0 and (gains > 0).sum() >= (gains < 0).sum())

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Every setting, the best first; one row each.

        Columns: the six settings; the metric's name: mean over pages; ``spread``: standard deviation over
        pages; ``pages``: how many; ``gain``: mean improvement on the default, above 0 better; ``gain_error``:
        its standard error, of the pairs; ``pages_better``, ``pages_worse``: than with the default;
        ``default``, ``best``: whether it is that one.
        """
        return ranked_table(self.metric, self.settings, self.values, self._ranks, self.best)

    @property
    def held_out(self) -> "pd.DataFrame":
        """Per document or page left out: the settings that the others led to, and their gain on it."""
        return held_out_table(self.settings, self.pages, self.evidence)

    @property
    def summary(self) -> str:
        """What was found, what to use, and why, in a few lines of plain text."""
        metric, evidence = METRICS[self.metric], self.evidence
        way = "lower is better" if metric.lower_is_better else "higher is better"
        state = "" if self.complete else " INCOMPLETE: it was stopped."
        lines = [
            f"{len(self.settings)} settings on {len(self.pages)} pages.{state}",
            f"{metric.label} ({way}): {metric.meaning}.",
        ]
        if self.pages:
            means = self.values.mean(axis=1)
            lines += [
                f"default {means[0]:.4f}, leading {means[self._ranks[0]]:.4f}; on each {evidence.unit} left "
                f"out: {evidence.better} better, {evidence.worse} worse, mean gain "
                f"{evidence.mean_gain:+.4f}, on as many others at least {evidence.predicted:+.4f} (99 %)."
            ]
        lines.append(f"Use {self.best.as_code()}: {self._reason()}")
        lines += [f"Left out: {name}: {why}" for name, why in self.skipped]
        return "\n".join([*lines, *self.notes])

    def heat_map(self, x: str | None = None, y: str | None = None) -> "Figure":
        """See :func:`ocr_helpers.sweep.figures.show_sweep`."""
        from ocr_helpers.sweep.figures import show_sweep

        return show_sweep(self, x, y)

    def apply(self, tuner: Any) -> DetectionSettings:
        """Set the sliders of a ``DetectionTuner`` (or a ``DetectionTuning``) to `best`, and return that.

        Raises:
            NotATunerError: something else.

        """
        tuning = getattr(tuner, "tuning", tuner)
        if not isinstance(tuning, DetectionTuning):
            raise NotATunerError(
                f"tuner is {type(tuner).__name__}; expected a DetectionTuner, as "
                "DetectionTuner(pipeline, page) makes it."
            )
        tuning.set_settings(self.best)
        return self.best

    def of_pages(self, places: Sequence[int]) -> "SweepResult":
        """The same with some of the pages only, to choose on them and look at the others.

        Raises:
            ocr_helpers.detection.tuning.NoPageError: there is no such page.

        """
        wrong = [place for place in places if not 0 <= place < len(self.pages)]
        if wrong:
            raise NoPageError(
                f"There is no page {wrong[0]}; expected places from 0 to {len(self.pages) - 1}."
            )
        return replace(self, pages=tuple(self.pages[place] for place in places))

    def page_values(self, settings: DetectionSettings) -> NDArray[np.float64]:
        """Float64 (P,): the metric of one of the settings on each page.

        Raises:
            UntriedSettingsError: these were not tried.

        """
        if settings not in self.settings:
            raise UntriedSettingsError(f"{settings} was not tried in this sweep.")
        row: NDArray[np.float64] = self.values[self.settings.index(settings)]
        return row

    def save(self, path: str | Path) -> None:
        """Write a JSON file that `load` reads, and ``sweep_detection(..., resume=path)`` takes up."""
        write_sweep(self, path)

    @classmethod
    def load(cls, path: str | Path) -> "SweepResult":
        """Read what `save` wrote.

        Raises:
            SweepFileError: it cannot be read, or is something else.

        """
        return cls(**read_sweep(path))

    def __repr__(self) -> str:
        return self.summary

    @cached_property
    def _losses(self) -> NDArray[np.float64]:
        return self.values if METRICS[self.metric].lower_is_better else -self.values

    @cached_property
    def _ranks(self) -> NDArray[np.intp]:
        means = self._losses.mean(axis=1) if self.pages else np.zeros(len(self.settings))
        ranks: NDArray[np.intp] = np.lexsort((distances(self.settings), means))
        return ranks

    @property
    def _read(self) -> NDArray[np.float64]:
        """Float64 (2, pages with text): error rates of the default and of the candidate, as far as known."""
        places = [0, self.evidence.candidate]
        pages = [page.read[places] for page in self.pages if page.has_text]
        return np.stack(pages, axis=1) if pages else np.empty((2, 0))

    def _reason(self) -> str:
        evidence = self.evidence
        if evidence.reliable and self.reads_well:
            return f"better than the default also on what it was not chosen on (p = {evidence.sign_p:.3f})."
        if evidence.reliable:
            means = self._read.mean(axis=1)
            if np.isnan(means).any():
                return "the default. How well others read was not looked at on these pages."
            return (
                f"the default. {self.settings[evidence.candidate].as_code()} fits boxes better, and reads "
                f"worse: CER {means[1]:.4f} against {means[0]:.4f}."
            )
        if len(evidence.gains) < LEAST_UNITS:
            return (
                f"the default. Fewer than {LEAST_UNITS} pages cannot show that other settings are better on "
                "new ones."
            )
        if evidence.candidate == 0:
            return "the default. Nothing differs from it by more than the noise between pages."
        return (
            f"the default. Settings chosen without a {evidence.unit} are not reliably better on it: what "
            "leads here may not lead elsewhere."
        )

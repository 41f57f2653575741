"""Try many detection settings on pages, fast, and say which to use: ``sweep_detection``.

Calling ``PaddleOCR.predict`` for each setting runs both networks again for each. Here the detection network
runs once for a page and an input size, boxes are found from the map it leaves, and each distinct box is cut
out, read and matched once, however many settings keep it. Boxes and texts are those of ``PaddleOCR.predict``.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import StagedPipeline, as_pipeline_settings
from ocr_helpers.sweep.files import SweepFileError
from ocr_helpers.sweep.grid import NoValuesError, TooManySettingsError, swept_settings
from ocr_helpers.sweep.pages import NoTruthError, page_sources
from ocr_helpers.sweep.result import NotATunerError, SweepResult, UntriedSettingsError
from ocr_helpers.sweep.run import Sweep, SweepFailedError
from ocr_helpers.sweep.tables import METRICS

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

__all__ = [
    "NoTruthError",
    "NoValuesError",
    "NotATunerError",
    "SweepFailedError",
    "SweepFileError",
    "SweepResult",
    "TooManySettingsError",
    "UnknownMetricError",
    "UntriedSettingsError",
    "sweep_detection",
]


class UnknownMetricError(OcrHelpersError, ValueError):
    """The metric is none of ``"hmean"``, ``"cer"`` and ``"proxy"``."""


def sweep_detection(
    pipeline: "StagedPipeline | PaddleOCR",
    pages: Any,
    grid_or_ranges: Mapping[str, Any],
    metric: str = "hmean",
    *,
    truths: Sequence[PageTruth | None] | None = None,
    settings: DetectionSettings | PipelineSettings | None = None,
    samples: int | None = None,
    seed: int = 0,
    resume: SweepResult | str | Path | None = None,
    progress: bool = True,
) -> SweepResult:
    """Score detection settings on pages, and choose.

    ``result.table`` ranks them, ``result.best`` are the settings to use. Those are the default unless other
    ones were better, beyond chance, on pages they were not chosen on: see ``ocr_helpers.sweep.choice``.

    It goes page by page: who stops it (Kernel → Interrupt, Ctrl-C) gets a result of the pages that are
    finished, marked as not ``complete``. With ``resume`` the next call goes on from there.

    Args:
        pipeline: a :class:`ocr_helpers.StagedPipeline`, or a ``paddleocr.PaddleOCR``, best of
            ``load_pipeline``.
        pages: a :class:`ocr_helpers.Page`, a uint8 (H, W, 3) BGR array, a path that ``load_pages`` takes (of
            a PDF all pages), or several of these. What cannot be read is listed in ``result.skipped``.
        grid_or_ranges: what to try: values of settings by name, all combinations of them. With ``samples`` a
            tuple ``(low, high)`` is a range. box_thresh costs nothing; each pair of thresh and unclip_ratio
            makes boxes of its own, which ``"cer"`` and ``"proxy"`` read; each of the limits runs the network.
        metric: ``"hmean"``: H-mean of detection at an overlap of 0.5. ``"cer"``: character error rate of the
            page, from the picture to the text. ``"proxy"``: for pages without ground truth, **a proxy, not an
            accuracy**: the sum over lines of their characters times (2 × score − 1), that is, of characters
            expected right less those expected wrong if recognition scores were true chances, as a share of
            the most that any setting reaches on the page. It counts what is found twice, trusts the scores,
            and promises nothing about the CER.
        truths: ground truth per page; where None, the JSON beside each image in the form of ``data/samples``.
            A page without is skipped, unless the metric is the proxy.
        settings: what is not in the grid, and what the others are compared with: DetectionSettings, or
            PipelineSettings whose modules prepare the page. PaddleOCR's defaults where None.
        samples: how many settings to draw from the ranges.
        seed: for that.
        resume: an earlier result whose pages are taken over; or the path of a file that is read where it is
            there, and written after every page. Pages that changed since are scored again.
        progress: show a progress bar.

    Raises:
        UnknownMetricError: another metric.
        NoTruthError: no page has ground truth; or unwarping is on, which ground truth cannot follow.
        SweepFailedError: no page could be scored for other reasons.
        SweepFileError: ``resume`` belongs to another metric, module or model, or is no result.
        ocr_helpers.detection.tuning.NoPageError: no page, or not one truth for each.
        NoValuesError, TooManySettingsError: nothing or too much to try.
        ocr_helpers.settings.checks.UnknownSettingError, SettingTypeError, SettingRangeError: a name or a
            value that cannot be used.
        ocr_helpers.stages.StageInputError: ``settings`` are none.
        ocr_helpers.stages.models.NotAPipelineError, ModuleNotLoadedError: as StagedPipeline.

    """
    if metric not in METRICS:
        raise UnknownMetricError(f"metric is {shown(metric)}; expected one of {', '.join(METRICS)}.")
    others = as_pipeline_settings(settings)
    tried = swept_settings(grid_or_ranges, others.detection, samples, seed)
    sources = page_sources(pages, truths)
    if others.use_doc_unwarping and metric != "proxy":
        raise NoTruthError(
            "use_doc_unwarping is on: boxes are on a flattened page, and ground truth is not. Switch it off, "
            "or take metric='proxy'."
        )
    staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
    sweep = Sweep(staged, metric, tried, others)
    sweep.take_up(resume)
    with _bar(len(sources), progress) as bar:
        sweep.run(sources, bar)
    return sweep.finished()


def _bar(total: int, progress: bool) -> AbstractContextManager[Any]:
    from tqdm.auto import tqdm

    # Shares of pages: counts of them would be fractions.
    form = "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
    bar: AbstractContextManager[Any] = tqdm(total=total, desc="sweep", disable=not progress, bar_format=form)
    return bar

"""Tune detection: what one may change and ask, while boxes, network and reading follow."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ocr_helpers.detection.advice import PRESETS, SYMPTOMS, PresetNameError
from ocr_helpers.detection.figures import Best, LookFigures
from ocr_helpers.detection.frames import Comparison, DetectionFrame, FrameFigures, compare
from ocr_helpers.detection.run import TuningRun
from ocr_helpers.detection.source_note import source_note
from ocr_helpers.detection.state import TuningState
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline, StageInputError, as_pipeline_settings

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["DetectionTuning", "NoPageError", "NothingToChangeError", "UnknownFieldError"]

_FIELDS = tuple(field.name for field in dataclasses.fields(DetectionSettings))


class UnknownFieldError(OcrHelpersError, ValueError):
    """The name is none of the detection settings, or of the symptoms."""


class NothingToChangeError(OcrHelpersError, ValueError):
    """The settings that a symptom advises to change are at their ends already."""


class NoPageError(OcrHelpersError, ValueError):
    """There is no page, or none of that number."""


class DetectionTuning(TuningRun):
    """Finds boxes again after each change; what a change does not concern is remembered.

    A change of thresh, box_thresh or unclip_ratio is answered before ``set`` returns. The network and the
    reading of lines run in a thread of their own, and the latest change wins.

    Args:
        pipeline: a :class:`ocr_helpers.stages.StagedPipeline`, or a ``paddleocr.PaddleOCR``, best of
            ``load_pipeline``.
        page_or_pages: a :class:`ocr_helpers.Page`, a uint8 (H, W, 3) BGR array, a path that ``load_pages``
            takes (of a PDF all pages), or several of these.
        settings: what to begin with: DetectionSettings, or PipelineSettings whose modules prepare the page.
        truth: ground truth per page; where None, what stands in the JSON file beside each page's image. Not
            used where orientation or unwarping is on: boxes are on another picture then.
        recognize: whether lines are read.

    Attributes:
        staged: the StagedPipeline it uses.
        pages: all pages.

    Raises:
        NoPageError: no page.
        ocr_helpers.stages.StageInputError, ocr_helpers.stages.models.NotAPipelineError,
        ocr_helpers.stages.models.ModuleNotLoadedError: as StagedPipeline.

    """

    def __init__(
        self,
        pipeline: "StagedPipeline | PaddleOCR",
        page_or_pages: Any,
        settings: DetectionSettings | PipelineSettings | None = None,
        *,
        truth: Sequence[PageTruth | None] | None = None,
        recognize: bool = True,
    ) -> None:
        staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
        super().__init__(staged, _pages(page_or_pages), as_pipeline_settings(settings), recognize)
        on = [toggle for toggle in TOGGLES.values() if getattr(self._others, toggle)]
        self._truths: dict[int, PageTruth | None] = dict(enumerate(truth or ()))
        self._pins: dict[int, DetectionFrame] = {}
        self._notes: dict[int, str] = {}
        self._figures = LookFigures(self.truth_of)
        if on and on != [TOGGLES["textline_orientation"]]:
            self._truths = dict.fromkeys(range(len(self.pages)))
        self._ask()

    @property
    def settings(self) -> DetectionSettings:
        """What the sliders show."""
        return self._state.wanted

    @property
    def pipeline_settings(self) -> PipelineSettings:
        """These within the settings of the whole pipeline."""
        return dataclasses.replace(self._others, detection=self._state.wanted)

    @property
    def result(self) -> "StagedResult":
        """What ``PaddleOCR.predict`` returns for this page and these settings; waits for a run under way."""
        self.wait()
        if self._state.error is not None and self._state.frame is None:
            raise self._state.error
        return self.staged.run(self.pages[self._state.page_number], self.pipeline_settings)

    @property
    def truth(self) -> PageTruth | None:
        """The ground truth of the page shown, where there is one."""
        return self.truth_of(self._state.page_number)

    def truth_of(self, number: int) -> PageTruth | None:
        """The ground truth of a page; of a file that cannot be read none, and the panel says why."""
        if number not in self._truths:
            page = self.pages[number]
            try:
                self._truths[number] = truth_beside(page) if isinstance(page, Page) else None
            except OcrHelpersError as error:
                self._truths[number] = None
                with self._change:
                    self._state = dataclasses.replace(self._state, error=error)
        return self._truths[number]

    @property
    def figures(self) -> FrameFigures | None:
        """Counts and scores of the newest look; None before a page's first."""
        state = self._state
        if state.frame is None or state.frame.page_number != state.page_number:
            return None
        return self._figures.of(state.frame, state.texts)

    @property
    def best(self) -> dict[str, Best]:
        """The best ``hmean`` and ``cer`` so far on the page shown, of settings that rested a moment."""
        return self._figures.best_of(self._state.page_number)

    @property
    def pinned_pages(self) -> tuple[int, ...]:
        """Numbers of the pages that have a pinned look."""
        return tuple(sorted(self._pins))

    @property
    def source_note(self) -> str:
        """How the page shown differs from its file, "" where it does not, as far as known."""
        return self._notes.get(self._state.page_number, "")

    @property
    def comparison(self) -> tuple[FrameFigures, FrameFigures, Comparison] | None:
        """Figures of the pinned look and of the newest, and which boxes changed; None without a pin."""
        state = self._state
        if state.pin is None or state.frame is None or state.pin.page_number != state.frame.page_number:
            return None
        first, second = (self._figures.of(frame, state.texts) for frame in (state.pin, state.frame))
        return first, second, compare(state.pin, state.frame)

    def set(self, **values: Any) -> None:
        """Change settings, by name.

        Raises:
            UnknownFieldError: a name that is none of theirs.
            ocr_helpers.settings.checks.SettingTypeError, SettingRangeError: a value that cannot be used; the
                settings stay as they were.

        """
        for name in values:
            if name not in _FIELDS:
                raise UnknownFieldError(
                    f"{name!r} is not a detection setting; there are {', '.join(_FIELDS)}."
                )
        with self._change:
            self._want(dataclasses.replace(self._state.wanted, **values))
        self._tell()

    def set_settings(self, settings: DetectionSettings) -> None:
        """Change all settings at once.

        Raises:
            ocr_helpers.stages.StageInputError: not DetectionSettings.

        """
        if not isinstance(settings, DetectionSettings):
            raise StageInputError(f"settings is {type(settings).__name__}; expected DetectionSettings.")
        with self._change:
            self._want(settings)
        self._tell()

    def reset(self, field: str) -> None:
        """Set one setting back to PaddleOCR's default."""
        self.set(**{field: getattr(DetectionSettings(), field, None)})

    def try_symptom(self, symptom: str) -> None:
        """Change the settings as one of `SYMPTOMS` advises, by its id.

        Raises:
            UnknownFieldError: no symptom is called so.
            NothingToChangeError: its settings are at their ends.

        """
        found = next((known for known in SYMPTOMS if known.id == symptom), None)
        if found is None:
            known = ", ".join(each.id for each in SYMPTOMS)
            raise UnknownFieldError(f"{symptom!r} is not a symptom; there are {known}.")
        with self._change:
            frame = self._state.frame
            shorter_side = 0 if frame is None else min(frame.page_map.probabilities.shape)
            changed = found.applied(self._state.wanted, shorter_side)
            if changed == self._state.wanted:
                fields = " and ".join(f"{change.field} {change.word}" for change in found.changes)
                raise NothingToChangeError(f"{fields}: no further step is left. Move the slider to go on.")
            self._want(changed)
        self._tell()

    def use_preset(self, name: str, own: Mapping[str, DetectionSettings] | None = None) -> None:
        """Take over a preset, one of `PRESETS` or of your own.

        Raises:
            ocr_helpers.detection.advice.PresetNameError: no preset is called so.

        """
        presets: dict[str, DetectionSettings] = {preset.name: preset.settings for preset in PRESETS}
        presets |= own or {}
        if name not in presets:
            raise PresetNameError(f"No preset is called {name!r}; there are {', '.join(presets)}.")
        self.set_settings(presets[name])

    def select_page(self, number: int) -> None:
        """Show another page, with the same settings; each page has a pinned look of its own.

        Raises:
            NoPageError: there is no such page.

        """
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self.pages):
            raise NoPageError(f"page is {number!r}; expected a number from 0 to {len(self.pages) - 1}.")
        with self._change:
            texts = self._read.get(number, {})
            pin = self._pins.get(number)
            self._state = dataclasses.replace(
                self._state, page_number=number, texts=dict(texts), busy="page", error=None, pin=pin
            )
            self._want(self._state.wanted)
        self._tell()

    def pin(self) -> None:
        """Keep the newest look to compare later ones of this page with."""
        with self._change:
            frame = self._state.frame
            if frame is None or self._state.busy == "page":
                raise NoPageError("There is nothing to pin yet: the first look is still being computed.")
            self._pins[frame.page_number] = frame
            self._state = dataclasses.replace(self._state, pin=frame)
            self._count_unread()
            self._ask()
        self._tell()

    def unpin(self) -> None:
        """Compare no longer on this page."""
        with self._change:
            self._pins.pop(self._state.page_number, None)
            self._state = dataclasses.replace(self._state, pin=None)
            self._count_unread()
        self._tell()

    def set_recognize(self, on: bool) -> None:
        """Read lines, or not."""
        with self._change:
            self._state = dataclasses.replace(self._state, recognize=bool(on))
            self._count_unread()
            self._ask()
        self._tell()

    def _run_network(self, state: TuningState) -> None:
        # Here, where nobody drags yet: the file is read again for it.
        number = state.page_number
        if number not in self._notes:
            self._notes[number] = source_note(self.pages[number])
        super()._run_network(state)

    def _tell(self) -> None:
        state = self._state
        frame = state.frame
        if state.settled and frame is not None and frame.page_number == state.page_number:
            self._figures.note_best(frame, state.texts)
        super()._tell()


def _pages(given: Any) -> list[Page]:
    """Pages out of one or several pages, arrays, paths."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str | np.ndarray) else [given]
    pages: list[Page] = []
    for one in several:
        pages += [one] if isinstance(one, Page) else load_pages(one)
    if not pages:
        raise NoPageError("There is no page to tune on; load_pages(path) makes pages.")
    return pages

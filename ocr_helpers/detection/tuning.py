"""Tune detection: boxes at once, the network only where its input changes, lines read in the background."""

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ocr_helpers.detection.advice import PRESETS, SYMPTOMS, PresetNameError
from ocr_helpers.detection.frames import Comparison, DetectionFrame, FrameFigures, compare
from ocr_helpers.detection.state import Observer, Pin, TuningState, has_work, map_key, unread, unread_count
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import PageMap, StagedPipeline, StageInputError, as_pipeline_settings
from ocr_helpers.stages.steps import RunStopped

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["DetectionTuning", "NoPageError", "UnknownFieldError"]

_FIELDS = tuple(field.name for field in dataclasses.fields(DetectionSettings))
_QUIET_S = 0.25
"""How long settings must rest before lines are read: reading takes the cores that dragging needs."""
_AT_ONCE = 6
"""Lines read between two looks at whether something newer is wanted."""
_REMEMBERED_MAPS = 6


class UnknownFieldError(OcrHelpersError, ValueError):
    """The name is none of the detection settings, or of the symptoms."""


class NoPageError(OcrHelpersError, ValueError):
    """There is no page, or none of that number."""


class DetectionTuning:
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
        self.staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
        self.pages = _pages(page_or_pages)
        self._others = as_pipeline_settings(settings)
        on = [toggle for toggle in TOGGLES.values() if getattr(self._others, toggle)]
        self._truths: dict[int, PageTruth | None] = dict(enumerate(truth or ()))
        if on and on != [TOGGLES["textline_orientation"]]:
            self._truths = dict.fromkeys(range(len(self.pages)))
        self._observers: list[Observer] = []
        self._change = threading.Condition()  # guards all below
        self._telling = threading.RLock()  # so that observers get states in order
        self._state = TuningState(0, self._others.detection, busy="page", recognize=recognize)
        self._maps: OrderedDict[tuple[Any, ...], PageMap] = OrderedDict()
        self._read: dict[int, dict[bytes, tuple[str, float]]] = {}
        self._changed_at = monotonic()
        self._frames = 0
        self._worker: threading.Thread | None = None
        self._ask()

    @property
    def state(self) -> TuningState:
        """What holds now; it never changes, ask again for news."""
        return self._state

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
        """Counts and scores of the newest look."""
        state = self._state
        return (
            None if state.frame is None else FrameFigures.of(state.frame, state.texts, self._truth_for(state))
        )

    @property
    def comparison(self) -> tuple[FrameFigures, FrameFigures, Comparison] | None:
        """Figures of the pinned look and of the newest, and the boxes gained and lost; None without a pin."""
        state = self._state
        if state.pin is None or state.frame is None or state.pin.frame.page_number != state.frame.page_number:
            return None
        truth = self._truth_for(state)
        first, second = (FrameFigures.of(f, state.texts, truth) for f in (state.pin.frame, state.frame))
        return first, second, compare(state.pin.frame, state.frame)

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
        """Change the settings as one of `SYMPTOMS` advises, by its id."""
        found = next((known for known in SYMPTOMS if known.id == symptom), None)
        if found is None:
            known = ", ".join(each.id for each in SYMPTOMS)
            raise UnknownFieldError(f"{symptom!r} is not a symptom; there are {known}.")
        with self._change:
            self._want(found.applied(self._state.wanted))
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
        """Show another page, with the same settings.

        Raises:
            NoPageError: there is no such page.

        """
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self.pages):
            raise NoPageError(f"page is {number!r}; expected a number from 0 to {len(self.pages) - 1}.")
        with self._change:
            texts = self._read.get(number, {})
            self._state = dataclasses.replace(
                self._state, page_number=number, texts=dict(texts), busy="page", error=None, pin=None
            )
            self._want(self._state.wanted)
        self._tell()

    def pin(self) -> None:
        """Keep the newest look to compare later ones with."""
        with self._change:
            frame = self._state.frame
            if frame is None or self._state.busy == "page":
                raise NoPageError("There is nothing to pin yet: the first look is still being computed.")
            self._state = dataclasses.replace(self._state, pin=Pin(frame, self._truth_for(self._state)))
            self._count_unread()
            self._ask()
        self._tell()

    def unpin(self) -> None:
        """Compare no longer."""
        with self._change:
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

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until network and reading are done; False where that took longer than ``timeout`` seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._worker is None, timeout)

    def stop(self) -> None:
        """Read no further, and wait for what cannot be stopped."""
        with self._change:
            self._state = dataclasses.replace(self._state, recognize=False, busy="", reading=0, settled=True)
            if self._state.frame is not None:
                self._state = dataclasses.replace(
                    self._state,
                    wanted=self._state.frame.settings,
                    page_number=self._state.frame.page_number,
                )
            self._change.notify_all()
        self.wait()

    def observe(self, observer: Observer) -> None:
        """Call ``observer(state)`` now and after every change, one call at a time, from whatever thread."""
        with self._telling:
            self._observers.append(observer)
            observer(self._state)

    def unobserve(self, observer: Observer) -> None:
        """Make no more calls to ``observer``; one that is not known is no error."""
        with self._telling:
            self._observers = [known for known in self._observers if known != observer]

    def _truth_for(self, state: TuningState) -> PageTruth | None:
        return None if state.frame is None else self.truth_of(state.frame.page_number)

    def _want(self, settings: DetectionSettings) -> None:
        """Find boxes at once where the map is there; else have the network run."""
        self._changed_at = monotonic()
        self._state = dataclasses.replace(self._state, wanted=settings, error=None, settled=False)
        known = self._maps.get(map_key(self._state.page_number, settings))
        if known is None:
            self._state = dataclasses.replace(self._state, busy=self._state.busy or "network")
        else:
            self._look(known)
        self._ask()

    def _look(self, page_map: PageMap) -> None:
        state = self._state
        self._maps.move_to_end(map_key(state.page_number, state.wanted))
        began = perf_counter()
        candidates = page_map.finder.find(state.wanted)
        milliseconds = (perf_counter() - began) * 1e3
        order = self.staged.reading_places(list(candidates.kept_quads_xy))
        self._frames += 1
        frame = DetectionFrame(
            number=self._frames,
            page_number=state.page_number,
            settings=state.wanted,
            page_map=page_map,
            candidates=candidates,
            quads_xy=candidates.kept_quads_xy[order],
            scores=candidates.kept_scores[order],
            places=candidates.kept[order],
            milliseconds=milliseconds,
        )
        self._state = dataclasses.replace(state, frame=frame, busy="")
        self._count_unread()

    def _count_unread(self) -> None:
        state = self._state
        self._state = dataclasses.replace(state, reading=unread_count(state) if state.recognize else 0)

    def _ask(self) -> None:
        """Have the thread look for work; to be called with the lock."""
        with self._change:
            if self._worker is None and has_work(self._state):
                # Not a daemon: a thread that dies inside a network at the interpreter's end can crash it.
                self._worker = threading.Thread(target=self._work, name="DetectionTuning")
                self._worker.start()
            self._change.notify_all()

    def _work(self) -> None:
        try:
            while self._next():
                self._tell()
        finally:
            with self._change:
                self._worker = None
                self._change.notify_all()
        self._tell()
        with self._change:
            self._ask()  # what came between the last look for work and the thread's end

    def _next(self) -> bool:
        """Do one piece of work; False where there is none."""
        with self._change:
            if _ending():
                return False
            state = self._state
            if not has_work(state):
                return False
            if not state.busy:
                rest = self._changed_at + _QUIET_S - monotonic()
                if rest > 0:
                    self._change.wait(rest)
                    return True
                if not state.settled:
                    self._state = dataclasses.replace(state, settled=True)
                    return True
        if state.busy:
            self._run_network(state)
        elif state.frame is not None:
            self._read_lines(state.frame, state)
        return True

    def _run_network(self, state: TuningState) -> None:
        key = map_key(state.page_number, state.wanted)

        def stale() -> bool:
            now = self._state
            return key != map_key(now.page_number, now.wanted) or not now.busy or _ending()

        settings = dataclasses.replace(self._others, detection=state.wanted)
        try:
            page_map = self.staged.probability_map(self.pages[state.page_number], settings, should_stop=stale)
        except RunStopped:
            return
        except Exception as error:  # whatever it is: in a thread nobody else would show it
            with self._change:
                if stale():
                    return
                last = self._state.frame
                wanted = self._state.wanted if last is None else last.settings
                number = self._state.page_number if last is None else last.page_number
                self._state = dataclasses.replace(
                    self._state, wanted=wanted, page_number=number, busy="", error=error
                )
            return
        with self._change:
            self._maps[key] = page_map
            while len(self._maps) > _REMEMBERED_MAPS:
                self._maps.popitem(last=False)
            if not stale():
                self._look(page_map)

    def _read_lines(self, frame: DetectionFrame, state: TuningState) -> None:
        together = unread(state)[:_AT_ONCE]
        try:
            lines = self.staged.read(frame.page_map, together, self._others)
        except Exception as error:
            with self._change:
                self._state = dataclasses.replace(self._state, recognize=False, reading=0, error=error)
            return
        with self._change:
            texts = self._read.setdefault(frame.page_number, {})
            texts |= {quad.tobytes(): line for quad, line in zip(together, lines, strict=True)}
            if self._state.page_number == frame.page_number:
                self._state = dataclasses.replace(self._state, texts=dict(texts))
                self._count_unread()

    def _tell(self) -> None:
        with self._telling:
            for observer in list(self._observers):
                observer(self._state)


def _pages(given: Any) -> list[Page]:
    """Pages out of one or several pages, arrays, paths."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str | np.ndarray) else [given]
    pages: list[Page] = []
    for one in several:
        pages += [one] if isinstance(one, Page) else load_pages(one)
    if not pages:
        raise NoPageError("There is no page to tune on; load_pages(path) makes pages.")
    return pages


def _ending() -> bool:
    """Whether the interpreter is about to end: it waits for this thread."""
    return sys.is_finalizing() or not threading.main_thread().is_alive()

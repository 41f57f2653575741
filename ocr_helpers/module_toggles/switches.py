"""Switch the five modules on and off for one page, in the background; the latest change wins."""

import dataclasses
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.module_toggles.cards import MODULE_OF_STEP, ModuleCard, cards_of
from ocr_helpers.pages import Page
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline, StageInputError
from ocr_helpers.stages.steps import ImageBGR, RunStopped

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["ModuleSwitches", "SwitchState", "UnknownToggleError"]


class UnknownToggleError(OcrHelpersError, ValueError):
    """The name is none of the three modules that can be switched off."""


@dataclass(frozen=True, slots=True, eq=False)
class SwitchState:
    """All that can be said at one moment.

    Attributes:
        wanted: what the switches show: the settings of the run under way, else of the last one.
        settings, result, cards: the last finished run; they belong together. None and () before the first.
        busy: whether a run is under way.
        step: the step it is at, one of ``ocr_helpers.stages.result.STEPS``; None where it has not begun.
        error: why the last change failed; None where it did not.
        failed_module: the module it failed at, where that is known.

    """

    wanted: PipelineSettings
    settings: PipelineSettings | None = None
    result: "StagedResult | None" = None
    cards: tuple[ModuleCard, ...] = ()
    busy: bool = False
    step: str | None = None
    error: Exception | None = None
    failed_module: str | None = None


Observer = Callable[[SwitchState], None]


class ModuleSwitches:
    """Runs a page again after each change, one run at a time, in a thread of its own.

    A change made while a run is under way stops it before its next step; what that run has computed is
    remembered by the StagedPipeline. A run that fails leaves the last result as it was, and sets the switches
    back to it.

    Args:
        pipeline: a :class:`ocr_helpers.stages.StagedPipeline`, or a ``paddleocr.PaddleOCR``, best of
            ``load_pipeline``.
        page: a :class:`ocr_helpers.Page`, or its pixels as uint8 (H, W, 3) BGR.
        settings: what the first run uses; PaddleOCR's defaults where None. It begins at once.

    Raises:
        ocr_helpers.stages.StageInputError: ``settings`` are not PipelineSettings.
        ocr_helpers.stages.models.NotAPipelineError: ``pipeline`` is neither of the two.

    """

    def __init__(
        self,
        pipeline: "StagedPipeline | PaddleOCR",
        page: Page | ImageBGR,
        settings: PipelineSettings | None = None,
    ) -> None:
        self.staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
        self._observers: list[Observer] = []
        self._change = threading.Condition()  # guards all below
        self._telling = threading.RLock()  # so that observers get states in order
        self._state = SwitchState(_checked(PipelineSettings() if settings is None else settings))
        self._page = self._page_wanted = page
        self._number = 0
        self._worker: threading.Thread | None = None
        self._ask(self._state.wanted, page, None)

    @property
    def state(self) -> SwitchState:
        """What holds now; it never changes, ask again for news."""
        return self._state

    @property
    def settings(self) -> PipelineSettings | None:
        """Settings of the last finished run."""
        return self._state.settings

    @property
    def result(self) -> "StagedResult | None":
        """Result of the last finished run."""
        return self._state.result

    @property
    def page(self) -> Page | ImageBGR:
        """The page of the last finished run; before the first, the page it was begun with."""
        return self._page

    def set(self, toggle: str, on: bool) -> None:
        """Switch a module and run again.

        Args:
            toggle: ``"use_doc_unwarping"`` or ``"unwarping"``, and so for the other two.
            on: whether the module shall run.

        Raises:
            UnknownToggleError: another name; detection and recognition are always on.
            ocr_helpers.settings.checks.SettingTypeError: ``on`` is not a bool.

        """
        module = next((name for name, argument in TOGGLES.items() if toggle in (name, argument)), None)
        if module is None:
            raise UnknownToggleError(
                f"toggle is {toggle!r}; expected one of {', '.join(TOGGLES.values())}. Detection and "
                "recognition are always on."
            )
        with self._change:
            changed: Any = {TOGGLES[module]: on}
            self._ask(dataclasses.replace(self._state.wanted, **changed), self._page_wanted, module)
        self._tell()

    def set_settings(self, settings: PipelineSettings) -> None:
        """Run again with these settings, toggles and all.

        Raises:
            ocr_helpers.stages.StageInputError: they are not PipelineSettings.

        """
        with self._change:
            self._ask(_checked(settings), self._page_wanted, None)
        self._tell()

    def set_page(self, page: Page | ImageBGR) -> None:
        """Run on another page with the settings that the switches show."""
        with self._change:
            self._ask(self._state.wanted, page, None)
        self._tell()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no run is under way; False where that took longer than ``timeout`` seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._worker is None, timeout)

    def stop(self) -> None:
        """Give up the run under way and wait for it; the switches go back to the last result."""
        with self._change:
            self._number += 1
            wanted = self._state.settings or self._state.wanted
            self._page_wanted = self._page
            self._state = dataclasses.replace(self._state, wanted=wanted, busy=False, step=None)
        self.wait()
        self._tell()

    def observe(self, observer: Observer) -> None:
        """Call ``observer(state)`` now and after every change, one call at a time, from whatever thread.

        Of changes in quick succession the last one may be told twice, and others not at all.
        """
        with self._telling:
            self._observers.append(observer)
            observer(self._state)

    def unobserve(self, observer: Observer) -> None:
        """Make no more calls to ``observer``; one that is not known is no error."""
        with self._telling:
            self._observers = [known for known in self._observers if known != observer]

    def _ask(self, wanted: PipelineSettings, page: Page | ImageBGR, module: str | None) -> None:
        with self._change:
            self._number += 1
            self._page_wanted = page
            self._state = dataclasses.replace(
                self._state, wanted=wanted, busy=True, step=None, error=None, failed_module=module
            )
            if self._worker is None:
                # Not a daemon: a thread that dies inside a network at the interpreter's end can crash it.
                self._worker = threading.Thread(target=self._work, name="ModuleSwitches")
                self._worker.start()

    def _work(self) -> None:
        done = -1
        try:
            while True:
                with self._change:
                    if self._number == done or not self._state.busy or _ending():
                        self._worker = None
                        self._change.notify_all()
                        return
                    done, page, wanted = self._number, self._page_wanted, self._state.wanted
                self._run(done, page, wanted)
        except BaseException:  # an observer's: whoever waits must not wait for ever
            with self._change:
                self._worker = None
                self._change.notify_all()
            raise

    def _run(self, number: int, page: Page | ImageBGR, wanted: PipelineSettings) -> None:
        def begin(step: str) -> None:
            if self._put(number, step=step):
                self._tell()

        try:
            result = self.staged.run(page, wanted, should_stop=lambda: not self._put(number), on_step=begin)
            cards = cards_of(result)
        except RunStopped:
            return
        except Exception as error:  # whatever it is: in a thread nobody else would show it
            with self._change:
                last = self._state.settings
                failed = MODULE_OF_STEP.get(self._state.step or "", self._state.failed_module)
                news = {"wanted": last or wanted, "error": error, "failed_module": failed}
                if self._put(number, busy=False, step=None, **news) and last is not None:
                    self._page_wanted = self._page
        else:
            with self._change:
                news = {"settings": wanted, "result": result, "cards": cards, "failed_module": None}
                if self._put(number, busy=False, step=None, **news):
                    self._page = page
        self._tell()

    def _put(self, number: int, **news: Any) -> bool:
        """Change the state, unless run ``number`` is not the newest any more or the interpreter ends."""
        with self._change:
            if number != self._number or _ending():
                return False
            self._state = dataclasses.replace(self._state, **news)
            return True

    def _tell(self) -> None:
        with self._telling:
            for observer in list(self._observers):
                observer(self._state)


def _checked(settings: Any) -> PipelineSettings:
    if not isinstance(settings, PipelineSettings):
        raise StageInputError(f"settings is {type(settings).__name__}; expected PipelineSettings.")
    return settings


def _ending() -> bool:
    """Whether the interpreter is about to end: it waits for this thread."""
    return sys.is_finalizing() or not threading.main_thread().is_alive()

"""Boxes found again after a change, at once or after the network ran, and lines read in the background."""

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic, perf_counter
from typing import Any

from ocr_helpers.detection.frames import DetectionFrame
from ocr_helpers.detection.state import Observer, TuningState, has_work, map_key, unread, unread_count
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import PageMap, StagedPipeline
from ocr_helpers.stages.steps import RunStopped

__all__ = ["TuningRun"]

_QUIET_S = 0.25
"""How long settings must rest before lines are read: reading takes the cores that dragging needs."""
_AT_ONCE = 6
"""Lines read between two looks at whether something newer is wanted."""
_REMEMBERED_MAPS = 6


class TuningRun:
    """A state that is always the newest, and the thread that works on what it lacks.

    Where the probability map of the page is remembered, new boxes are there before a change returns. The
    network and the reading of lines run in a thread of their own, and the latest change wins.

    Args:
        staged: runs the network and reads lines.
        pages: all pages.
        settings: what to begin with.
        recognize: whether lines are read.

    Attributes:
        staged, pages: as given.

    """

    def __init__(
        self, staged: StagedPipeline, pages: Sequence[Page], settings: PipelineSettings, recognize: bool
    ) -> None:
        self.staged = staged
        self.pages = pages
        self._others = settings
        self._observers: list[Observer] = []
        self._change = threading.Condition()  # guards all below
        self._telling = threading.RLock()  # so that observers get states in order
        self._state = TuningState(0, settings.detection, busy="page", recognize=recognize)
        self._maps: OrderedDict[tuple[Any, ...], PageMap] = OrderedDict()
        self._read: dict[int, dict[bytes, tuple[str, float]]] = {}
        self._changed_at = monotonic()
        self._frames = 0
        self._worker: threading.Thread | None = None

    @property
    def state(self) -> TuningState:
        """What holds now; it never changes, ask again for news."""
        return self._state

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
            if self._worker is None and has_work(self._state) and not _ending():
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


def _ending() -> bool:
    """Whether the interpreter is about to end: it waits for this thread."""
    return sys.is_finalizing() or not threading.main_thread().is_alive()

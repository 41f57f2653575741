"""Reads the lines that a person added to a review, in a thread of its own."""

import dataclasses
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["AddedLineReader"]

Box = tuple[NDArray[np.uint8], NDArray[np.float32]]


class AddedLineReader:
    """Reads boxes one after the other while whoever asked goes on.

    Args:
        pipeline: a StagedPipeline, or a ``paddleocr.PaddleOCR``.
        settings: how pages were read; here only whether lines are turned upright first.
        done: called from the thread with the key of a line, its text and score, 0…1; and an error where it
            could not be read, with no text.

    Raises:
        as :class:`ocr_helpers.stages.StagedPipeline`.

    """

    def __init__(
        self,
        pipeline: Any,
        settings: PipelineSettings | None,
        done: Callable[[str, str, float, Exception | None], None],
    ) -> None:
        from ocr_helpers.stages import StagedPipeline

        self._staged = pipeline if isinstance(pipeline, StagedPipeline) else StagedPipeline(pipeline)
        # The boxes stand on the picture that these two steps made.
        self._settings = dataclasses.replace(
            settings or PipelineSettings(), use_doc_orientation_classify=False, use_doc_unwarping=False
        )
        self._done = done
        self._waiting: deque[tuple[str, Callable[[], Box]]] = deque()
        self._change = threading.Condition()
        self._worker: threading.Thread | None = None

    def ask(self, key: str, box: Callable[[], Box]) -> None:
        """Have a line read.

        Args:
            key: of the line.
            box: gives its page, uint8 (H, W, 3) BGR, and its corners, (4, 2) pixels; called in the thread.

        """
        with self._change:
            self._waiting.append((key, box))
            if self._worker is None:
                # Not a daemon: a thread that dies inside a network at the interpreter's end can crash it.
                self._worker = threading.Thread(target=self._work, name="AddedLineReader")
                self._worker.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all lines are read; False where that took longer than ``timeout`` seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._worker is None, timeout)

    def stop(self) -> None:
        """Read no further line, and wait for the one under way."""
        with self._change:
            self._waiting.clear()
        if threading.current_thread() is not self._worker:
            self.wait()

    def _work(self) -> None:
        while True:
            with self._change:
                if not self._waiting or sys.is_finalizing() or not threading.main_thread().is_alive():
                    self._worker = None
                    self._change.notify_all()
                    return
                key, box = self._waiting.popleft()
            try:
                page_bgr, quad_xy = box()
                page_map = self._staged.probability_map(page_bgr, self._settings)
                ((text, score),) = self._staged.read(
                    page_map, [np.round(quad_xy).astype(np.int16)], self._settings
                )
                error = None
            except Exception as caught:  # whatever it is: in a thread nobody else would show it
                text, score, error = "", 0.0, caught
            self._done(key, text, score, error)

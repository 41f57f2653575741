"""What a tuner of detection shows at one moment, and what is still to be done then."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.frames import DetectionFrame, Texts
from ocr_helpers.settings import DetectionSettings

__all__ = [
    "NETWORK_FIELDS",
    "Observer",
    "TuningState",
    "has_work",
    "map_key",
    "unread",
    "unread_count",
]

NETWORK_FIELDS = ("limit_side_len", "limit_type", "max_side_limit")
"""Settings that change what the network sees; the others only change what is made of its answer."""


@dataclass(frozen=True, slots=True, eq=False)
class TuningState:
    """All that can be said at one moment.

    Attributes:
        page_number: of the page that is wanted, from 0.
        wanted: what the sliders show.
        frame: the newest look; it lags behind ``wanted`` while the network runs. None before the first.
        busy: ``"network"`` while the network runs, ``"page"`` before a page's first look, else "".
        error: why the last change failed, or None.
        recognize: whether lines are read.
        texts: what was read on this page so far.
        reading: how many lines of the look are still to be read.
        settled: settings have rested for a moment: time for what is too slow while one drags.
        pin: what the looks are compared with, or None.

    """

    page_number: int
    wanted: DetectionSettings
    frame: DetectionFrame | None = None
    busy: str = ""
    error: Exception | None = None
    recognize: bool = True
    texts: Texts = dataclasses.field(default_factory=dict)
    reading: int = 0
    settled: bool = False
    pin: DetectionFrame | None = None


Observer = Callable[[TuningState], None]


def unread(state: TuningState) -> list[NDArray[np.int16]]:
    """Boxes to read: those of the look, then those of the one it is compared with."""
    if state.frame is None:
        return []
    boxes = state.frame.unread(state.texts)
    if state.pin is not None and state.pin.page_number == state.frame.page_number:
        known = {quad.tobytes() for quad in boxes}
        boxes += [quad for quad in state.pin.unread(state.texts) if quad.tobytes() not in known]
    return boxes


def unread_count(state: TuningState) -> int:
    """How many these are; without their order, which takes longer than finding the boxes."""
    frames = [frame for frame in (state.frame, state.pin) if frame is not None]
    boxes = {
        quad.tobytes()
        for frame in frames
        if frame.page_number == state.page_number
        for quad in frame.quads_xy
    }
    return len(boxes - state.texts.keys())


def has_work(state: TuningState) -> bool:
    """Whether the network is to run, lines are to be read, or settings have not rested yet."""
    return bool(state.busy or state.reading or (state.frame is not None and not state.settled))


def map_key(page_number: int, settings: DetectionSettings) -> tuple[Any, ...]:
    """What a probability map depends on."""
    return (page_number, *(getattr(settings, name) for name in NETWORK_FIELDS))

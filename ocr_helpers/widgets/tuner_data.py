"""What DetectionTuner sends to the browser: plain data and bytes, made of the tuning's objects."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.frames import Comparison, DetectionFrame, FrameFigures
from ocr_helpers.detection.state import TuningState
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import score_label
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = [
    "code_of",
    "comparison_of",
    "frame_arrays",
    "frame_message",
    "map_buffer",
    "page_picture",
    "state_of",
]

_DEFAULTS = DetectionSettings()
_LONGEST_SHOWN = 2400
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]
_UNKNOWN = "–"


def state_of(state: TuningState) -> dict[str, Any]:
    """What the controls show; plain text, to be set as text only."""
    error = state.error
    named = "" if error is None or isinstance(error, OcrHelpersError) else f"{type(error).__name__}: "
    pinned = None if state.pin is None else state.pin.frame.settings
    changed = [] if pinned is None else [
        f"{name} {value}" for name, value in pinned.as_kwargs().items() if value != getattr(_DEFAULTS, name)
    ]  # fmt: skip
    return {
        "page": state.page_number,
        "wanted": state.wanted.as_kwargs(),
        "busy": state.busy,
        "error": "" if error is None else f"{named}{error}",
        "recognize": state.recognize,
        "reading": state.reading,
        "has_pin": pinned is not None,
        "pin_label": "" if pinned is None else ", ".join(changed) or "defaults",
    }


def code_of(settings: PipelineSettings, source: str) -> dict[str, str]:
    """The settings in each form; where PaddleOCR has no word for one, why."""
    forms: dict[str, Callable[[], str]] = {
        "Python": lambda: settings.as_code("pipeline", source),
        "Command line": lambda: settings.as_cli(source),
        "YAML": settings.to_yaml,
    }
    code = {}
    for name, form in forms.items():
        try:
            code[name] = form()
        except OcrHelpersError as error:
            code[name] = f"# {error}"
    return code


def comparison_of(
    compared: tuple[FrameFigures, FrameFigures, Comparison] | None,
) -> dict[str, Any] | None:
    """A table of two looks, and the boxes gained and lost."""
    if compared is None:
        return None
    first, second, changes = compared
    rows = [_compared("boxes", first.kept, second.kept, str, 0)]
    rows.append(_compared("mean box score", first.mean_score, second.mean_score, _score, 1))
    rows.append(_compared("mean text score", first.mean_text_score, second.mean_text_score, _score, 1))
    if first.boxes is not None and second.boxes is not None:
        rows += [
            _compared(word, getattr(first.boxes, name), getattr(second.boxes, name), _percent, 1)
            for word, name in (("precision", "precision"), ("recall", "recall"), ("H-mean", "hmean"))
        ]
        rows.append(_compared("CER", first.cer, second.cer, _percent, -1))
    return {
        "rows": rows,
        "gained": changes.gained_xy.reshape(-1, 8).tolist(),
        "lost": changes.lost_xy.reshape(-1, 8).tolist(),
    }


def _compared(label: str, a: Any, b: Any, form: Callable[[Any], str], more_is: int) -> dict[str, str]:
    better = ""
    if a is not None and b is not None and more_is and a != b:
        better = "b" if (b - a) * more_is > 0 else "a"
    return {"label": label, "a": _known(a, form), "b": _known(b, form), "better": better}


def _known(value: Any, form: Callable[[Any], str]) -> str:
    return _UNKNOWN if value is None or value != value else form(value)


def _score(value: float) -> str:
    return score_label(value, 3)


def _percent(value: float) -> str:
    return f"{value:.1%}"


def page_picture(page_bgr: NDArray[np.uint8]) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of the page, at most 2,400 pixels long, and its width and height."""
    scale = min(1.0, _LONGEST_SHOWN / max(page_bgr.shape[:2]))
    width, height = (max(1, round(side * scale)) for side in page_bgr.shape[1::-1])
    shown = page_bgr if scale == 1 else cv2.resize(page_bgr, (width, height), interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", shown, _JPEG)
    return jpeg.tobytes(), (width, height)


def map_buffer(frame: DetectionFrame) -> bytes:
    """The probability map in steps of 1/255, a byte a pixel, row by row."""
    return np.rint(frame.page_map.probabilities * 255).astype(np.uint8).tobytes()


def frame_message(frame: DetectionFrame, truth: bool) -> dict[str, Any]:
    """What is said of a look beside its arrays."""
    height, width = frame.page_map.probabilities.shape
    return {
        "page": frame.page_number,
        "frame": frame.number,
        "map_id": id(frame.page_map),
        "settings": frame.settings.as_kwargs(),
        "counts": frame.candidates.counts,
        "count": len(frame.candidates.states),
        "milliseconds": round(frame.milliseconds, 2),
        "input_size": [width, height],
        "truth": truth,
    }


def frame_arrays(frame: DetectionFrame, truth: PageTruth | None, contours: bool) -> tuple[list[int], bytes]:
    """The arrays of a look, one behind the other in the order in which the script takes them.

    Returns:
        How many numbers each has, and their bytes in one piece: each piece of a message is copied, and thrown
        away, several times in the browser. Those of 4 bytes a number come first, as typed arrays need it.

    """
    candidates = frame.candidates
    count = len(candidates.states)
    after = np.full((count, 8), np.nan, np.float32)
    after[candidates.unclipped] = candidates.unclipped_quads_xy.reshape(-1, 8)
    order = np.full(count, -1, np.int32)
    order[frame.places] = np.arange(len(frame.places), dtype=np.int32)
    outlines = frame.page_map.finder.outlines(frame.settings.thresh) if contours else []
    lengths = np.array([len(outline) for outline in outlines] + [-1] * contours, np.int32)
    points = np.concatenate(outlines) if outlines else np.empty((0, 2), np.float32)
    arrays: list[NDArray[Any]] = [
        candidates.quads_before_xy[:count].astype(np.float32),
        after,
        candidates.scores[:count].astype(np.float32),
        order,
        np.empty((0, 8), np.float32) if truth is None else truth.quads_xy,
        lengths,
        points.astype(np.float32),
        candidates.states,
    ]
    return [array.size for array in arrays], b"".join(array.tobytes() for array in arrays)

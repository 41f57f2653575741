"""What DetectionTuner sends to the browser: plain data and bytes, made of the tuning's objects."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.detection.cer_hint import cer_hint
from ocr_helpers.detection.figure_words import Figure, better_side, figures_shown
from ocr_helpers.detection.figures import Best
from ocr_helpers.detection.frames import Comparison, DetectionFrame, FrameFigures
from ocr_helpers.detection.state import TuningState
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.weights import ModelWeights

__all__ = [
    "code_of",
    "figures_of",
    "frame_arrays",
    "frame_message",
    "map_buffer",
    "page_picture",
    "state_of",
]

_DEFAULTS = DetectionSettings()
_YAML_USE = "For PipelineSettings.from_yaml and python -m ocr_helpers.batch --settings."
_LONGEST_SHOWN = 2400
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]


def state_of(state: TuningState) -> dict[str, Any]:
    """What the controls show; plain text, to be set as text only."""
    error = state.error
    named = "" if error is None or isinstance(error, OcrHelpersError) else f"{type(error).__name__}: "
    return {
        "page": state.page_number,
        "wanted": state.wanted.as_kwargs(),
        "busy": state.busy,
        "error": "" if error is None else f"{named}{error}",
        "recognize": state.recognize,
        "reading": state.reading,
        "has_pin": state.pin is not None,
        "pin_label": "" if state.pin is None else _settings_label(state.pin.settings),
    }


def _settings_label(settings: DetectionSettings) -> str:
    changed = (
        f"{name} {value}" for name, value in settings.as_kwargs().items() if value != getattr(_DEFAULTS, name)
    )
    return ", ".join(changed) or "defaults"


def code_of(
    settings: PipelineSettings, page: Page, note: str, weights: Mapping[str, ModelWeights]
) -> dict[str, str]:
    """The settings in each form; where PaddleOCR has no word for one, why.

    Args:
        settings: the settings.
        page: what they were tuned on. The code reads its file.
        note: how the file differs from the page, "" where it does not; a comment in the code says it.
        weights: what was loaded; a comment says where that is not what the code loads.

    """
    source = page.source if Path(page.source).suffix else "page.png"  # an array has no name
    width, height = page.size_wh
    size = _comment(f"Tuned on a page of {width} × {height} pixels; {note}." if note else "")
    others = _other_weights(settings, weights)
    loads = _comment(
        f"Tuned with other weights, {others}; this loads PaddleOCR's official ones: look at its boxes before "
        "you rely on them."
        if others
        else ""
    )
    forms: dict[str, Callable[[], str]] = {
        "Python": lambda: size + loads + settings.as_code("pipeline", source),
        "Command line": lambda: size + loads + settings.as_cli(source),
        "YAML": lambda: _comment(_YAML_USE) + size + settings.to_yaml(),
    }
    code = {}
    for name, form in forms.items():
        try:
            code[name] = form()
        except OcrHelpersError as error:
            code[name] = f"# {error}"
    return code


def _comment(text: str) -> str:
    """In lines that fit the panel."""
    return textwrap.fill(text, 38, initial_indent="# ", subsequent_indent="# ") + "\n" if text else ""


def _other_weights(settings: PipelineSettings, weights: Mapping[str, ModelWeights]) -> str:
    """Modules that are on with weights other than the official ones, and which those are."""
    on = [module for module in weights if module not in TOGGLES or getattr(settings, TOGGLES[module])]
    return ", ".join(
        f"{module} ({weights[module].origin})" for module in on if weights[module].origin != "official"
    )


def figures_of(
    frame_number: int,
    now: FrameFigures,
    compared: tuple[FrameFigures, FrameFigures, Comparison] | None,
    best: Mapping[str, Best],
) -> dict[str, Any]:
    """A table of figures, pinned, now and best, what only the CER tells, and the boxes that changed.

    Args:
        frame_number: of the look they belong to.
        now: its figures.
        compared: the pinned look's, its own, and what changed between them; None without a pin.
        best: the best figures so far, by their names.

    """
    pinned, _, changes = compared or (None, None, None)
    table: dict[str, Any] = {
        "frame": frame_number,
        "truth": now.boxes is not None,
        "rows": [_row(figure, pinned, now, best.get(figure.best)) for figure in figures_shown(now)],
        "hint": cer_hint(now, pinned, best),
    }
    for name in ("gained", "lost", "reshaped"):
        quads_xy = np.empty(0) if changes is None else getattr(changes, f"{name}_xy")
        table[name] = quads_xy.reshape(-1, 8).tolist()
    return table


def _row(figure: Figure, pinned: FrameFigures | None, now: FrameFigures, best: Best | None) -> dict[str, Any]:
    """What stands below each other; "better" is the side that is."""
    b = figure.of(now)
    return {
        "label": figure.label,
        "about": figure.about,
        "a": figure.word(pinned),
        "b": figure.written(b),
        "better": "" if pinned is None else better_side(figure, figure.of(pinned), b),
        "best": "" if best is None else figure.written(best.value),
        "best_settings": None if best is None else best.settings.as_kwargs(),
        "best_label": "" if best is None else _settings_label(best.settings),
        "below_best": best is not None and better_side(figure, best.value, b) == "a",
    }


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
    note, shrunk_by = _input_note(frame)
    return {
        "page": frame.page_number,
        "frame": frame.number,
        "map_id": id(frame.page_map),
        "settings": frame.settings.as_kwargs(),
        "counts": frame.candidates.counts,
        "count": len(frame.candidates.states),
        "milliseconds": round(frame.milliseconds, 2),
        "input_size": [width, height],
        "input_note": note,
        "shrunk_by": shrunk_by,
        "truth": truth,
    }


def _input_note(frame: DetectionFrame) -> tuple[str, str]:
    """How small the network sees the page, or why limit_side_len changes nothing; and what shrank it."""
    settings, page = frame.settings, frame.page_map.page_bgr.shape[:2]
    share = settings.limit_side_len / (min(page) if settings.limit_type == "min" else max(page))
    enlarges_nothing = settings.limit_type == "min" and share <= 1
    shrinks_nothing = settings.limit_type == "max" and share >= 1
    if enlarges_nothing or shrinks_nothing:
        share = 1.0
    most = settings.max_side_limit / max(page)
    if most < share:
        if most >= 1:
            return "held by max_side_limit", ""
        return f"shrunk to {most:.0%} by max_side_limit", "max_side_limit"
    if share < 1:
        return f"shrunk to {share:.0%}", "limit_side_len"
    if enlarges_nothing:
        return "not enlarged: no side is below limit_side_len", ""
    return "not shrunk: no side is above limit_side_len" if shrinks_nothing else "", ""


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

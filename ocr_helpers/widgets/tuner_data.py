"""What DetectionTuner sends to the browser: plain data and bytes, made of the tuning's objects."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from weakref import ref

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.card_pictures import CutLines
from ocr_helpers.detection_advice import Preset, Symptom
from ocr_helpers.detection_frames import Comparison, DetectionFrame, FrameFigures, Texts
from ocr_helpers.detection_state import NETWORK_FIELDS, TuningState
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import score_color, score_label
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pipeline_settings import PipelineSettings
from ocr_helpers.settings import DetectionSettings

__all__ = [
    "CROPS",
    "FIELDS",
    "REASON_WORDS",
    "LineRows",
    "code_of",
    "comparison_of",
    "frame_buffers",
    "frame_message",
    "map_buffer",
    "page_picture",
    "preset_rows",
    "state_of",
    "symptom_rows",
]

_DEFAULTS = DetectionSettings()
_LONGEST_SHOWN = 2400
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]
CROPS = 2_000
"""Crops that are remembered, here and in the browser."""
_UNKNOWN = "–"


def _field(name: str, label: str, label_ko: str, hint: str, hint_ko: str, **limits: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "label_ko": label_ko,
        "hint": hint,
        "hint_ko": hint_ko,
        "default": getattr(_DEFAULTS, name),
        "network": name in NETWORK_FIELDS,
        "choices": [],
    } | limits


_FRACTION = {"kind": "float", "min": 0.01, "max": 1.0, "step": 0.01, "slider_min": 0.05, "slider_max": 0.95}
FIELDS = [
    _field(
        "thresh", "Pixel threshold", "픽셀 문턱값",
        "A pixel is text above this. Lines merge: raise it. A line splits: lower it.",
        "확률이 이 값보다 큰 픽셀을 글자로 봅니다. 줄이 붙으면 높이고, 나뉘면 낮춥니다.", **_FRACTION,
    ),
    _field(
        "box_thresh", "Box threshold", "상자 문턱값",
        "A box is kept from this mean probability on. Noise: raise it. Missed text: lower it.",
        "상자 안의 평균 확률이 이 값 이상이면 남깁니다. 잡음이 많으면 높이고, 놓치면 낮춥니다.", **_FRACTION,
    ),
    _field(
        "unclip_ratio", "Box widening", "상자 넓히기",
        "How far boxes are widened. Characters cut off: raise it. Boxes overlap: lower it.",
        "상자를 넓히는 정도입니다. 글자가 잘리면 높이고, 상자가 겹치면 낮춥니다.",
        kind="float", min=0.1, max=10.0, step=0.05, slider_min=0.5, slider_max=3.5,
    ),
    _field(
        "limit_side_len", "Input side length", "입력 변 길이",
        "Pixels that the limit type is about. Small text missed: raise it; time grows with the area.",
        "크기 기준에 쓰는 픽셀 수입니다. 작은 글자를 놓치면 높입니다. 시간은 면적만큼 늘어납니다.",
        kind="int", min=1, max=32767, step=32, slider_min=64, slider_max=2560,
    ),
    _field(
        "limit_type", "Limit type", "크기 기준",
        "min enlarges small pages, max shrinks large ones, resize_long sets the longer side.",
        "min은 작은 쪽을 키우고, max는 큰 쪽을 줄이며, resize_long은 긴 변을 그 길이로 맞춥니다.",
        kind="choice", min=0, max=0, step=1, slider_min=0, slider_max=0,
        choices=["min", "max", "resize_long"],
    ),
    _field(
        "max_side_limit", "Largest side", "최대 변 길이",
        "No side of the network's input is longer than this, in pixels.",
        "신경망 입력의 어느 변도 이 픽셀 수를 넘지 않습니다.",
        kind="int", min=32, max=32767, step=32, slider_min=320, slider_max=6000,
    ),
]  # fmt: skip

REASON_WORDS = [
    {"id": "kept", "word": "kept", "word_ko": "채택", "explain": ""},
    {"id": "too_small", "word": "too small", "word_ko": "너무 작음",
     "explain": "its shorter side is below 3 pixels of the probability map"},
    {"id": "low_score", "word": "low score", "word_ko": "낮은 점수",
     "explain": "its score is below box_thresh"},
    {"id": "too_small_after_unclip", "word": "too small once widened", "word_ko": "넓혀도 작음",
     "explain": "its shorter side is below 5 pixels after unclipping"},
    {"id": "beyond_limit", "word": "beyond the limit", "word_ko": "개수 초과",
     "explain": "PaddleX looks at the first 1,000 areas only"},
]  # fmt: skip


def preset_rows(presets: Iterable[Preset]) -> list[dict[str, Any]]:
    """Presets as the browser lists them."""
    return [
        {
            "name": preset.name,
            "title": preset.title,
            "title_ko": preset.title_ko,
            "hint": preset.hint,
            "settings": preset.settings.as_kwargs(),
            "own": preset.hint == "Your own.",
        }
        for preset in presets
    ]


def symptom_rows(symptoms: Iterable[Symptom]) -> list[dict[str, Any]]:
    """The symptom guide as the browser lists it."""
    return [
        {
            "id": symptom.id,
            "ko": symptom.ko,
            "en": symptom.en,
            "advice": symptom.advice,
            "advice_ko": symptom.advice_ko,
            "changes": [
                {"field": change.field, "way": change.way, "word": change.word} for change in symptom.changes
            ],
        }
        for symptom in symptoms
    ]


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


def frame_buffers(frame: DetectionFrame, truth: PageTruth | None, contours: bool) -> list[bytes]:
    """The arrays of a look, in the order in which the script takes them."""
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
        candidates.states,
        order,
        np.empty((0, 8), np.float32) if truth is None else truth.quads_xy,
        lengths,
        points.astype(np.float32),
    ]
    return [np.ascontiguousarray(array).tobytes() for array in arrays]


class LineRows:
    """Lines of a page as rows: place of the crop, text, score.

    Most boxes stay while one drags: a crop is encoded once, and sent to the browser once, beside the rows.
    """

    def __init__(self) -> None:
        self._crops: OrderedDict[str, bytes] = OrderedDict()
        self._fresh: list[str] = []
        self._pictures: dict[
            int, tuple[ref[NDArray[np.uint8]], int]
        ] = {}  # of a page, and how many there were

    def of(self, frame: DetectionFrame, texts: Texts) -> list[dict[str, Any]]:
        """One row per kept box in reading order; text and score are None where it was not read yet."""
        cut = CutLines(frame.page_map.page_bgr, list(frame.quads_xy), [])
        picture = self._picture(frame)
        rows = []
        for box in frame.reading_order.tolist():
            quad = frame.quads_xy[box]
            text, score = texts.get(quad.tobytes(), (None, None))
            rows.append(
                {
                    "box": box,
                    "text": text,
                    "score": None if score is None else score_label(score, 2),
                    "color": "" if score is None else score_color(score),
                    "crop": self._crop(picture, quad, cut),
                }
            )
        return rows

    def fresh_crops(self) -> dict[str, bytes]:
        """The JPEG of each crop that was named in rows since the last call, by the name the rows give it."""
        names, self._fresh = self._fresh, []
        return {name: self._crops[name] for name in names if name in self._crops}

    def all_crops(self) -> dict[str, bytes]:
        """Every crop remembered: for a browser that has none yet."""
        return dict(self._crops)

    def _picture(self, frame: DetectionFrame) -> str:
        """A name for what lines are cut from: a page that was turned or flattened anew is another picture."""
        page_bgr = frame.page_map.page_bgr
        known, count = self._pictures.get(frame.page_number, (None, 0))
        if known is None or known() is not page_bgr:
            count += 1
            self._pictures[frame.page_number] = ref(page_bgr), count
        return f"{frame.page_number}-{count}"

    def _crop(self, picture: str, quad: NDArray[np.int16], cut: CutLines) -> str:
        name = f"{picture}-{quad.tobytes().hex()}"
        if name not in self._crops:
            line, _ = cut.before_and_after(quad)
            _, jpeg = cv2.imencode(".jpg", line[:, :, ::-1], _JPEG)
            self._crops[name] = jpeg.tobytes()
            self._fresh.append(name)
            while len(self._crops) > CROPS:
                self._crops.popitem(last=False)
        self._crops.move_to_end(name)
        return name

"""What DetectionTuner says beside its controls, in both languages: settings, reasons, presets, symptoms."""

from collections.abc import Iterable
from typing import Any

from ocr_helpers.detection.advice import Preset, Symptom
from ocr_helpers.detection.layers import REJECTED_WORDS
from ocr_helpers.detection.state import NETWORK_FIELDS
from ocr_helpers.settings import DetectionSettings

__all__ = ["FIELDS", "REASON_WORDS", "preset_rows", "symptom_rows"]

_DEFAULTS = DetectionSettings()


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
        "thresh", "Pixel threshold", "픽셀 임계값",
        "A pixel is text above this. Lines merge: raise it. A line splits: lower it.",
        "확률이 이 값보다 큰 픽셀을 글자로 봅니다. 줄이 붙으면 높이고, 나뉘면 낮춥니다.", **_FRACTION,
    ),
    _field(
        "box_thresh", "Box threshold", "상자 임계값",
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
    {"id": "too_small", "word": REJECTED_WORDS["too_small"], "word_ko": "너무 작음",
     "explain": "its shorter side is below 3 pixels of the probability map"},
    {"id": "low_score", "word": REJECTED_WORDS["low_score"], "word_ko": "낮은 점수",
     "explain": "its score is below box_thresh"},
    {"id": "too_small_after_unclip", "word": REJECTED_WORDS["too_small_after_unclip"],
     "word_ko": "넓혀도 작음",
     "explain": "its shorter side is below 5 pixels after unclipping"},
    {"id": "beyond_limit", "word": REJECTED_WORDS["beyond_limit"], "word_ko": "개수 초과",
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

"""What to try: settings for kinds of documents, and which parameter mends which symptom."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import SettingsSyntaxError
from ocr_helpers.settings.forms import read_settings, settings_from

__all__ = [
    "PRESETS",
    "SYMPTOMS",
    "Change",
    "Preset",
    "PresetNameError",
    "Symptom",
    "load_presets",
    "presets_of",
    "save_presets",
]


class PresetNameError(OcrHelpersError, ValueError):
    """A preset's name that is empty, taken, or not known."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings with a name.

    Attributes:
        name: how programs call it.
        title, title_ko: how people call it.
        hint: for what it is, and what was measured.
        settings: the settings.

    """

    name: str
    title: str
    title_ko: str
    hint: str
    settings: DetectionSettings


PRESETS = (
    Preset("default", "Default", "기본값", "PaddleOCR's own values.", DetectionSettings()),
    Preset(
        "small_print",
        "Small print",
        "작은 글씨",
        "The page enlarged for the network, so that lines are found apart and whole.",
        DetectionSettings(limit_side_len=1536, thresh=0.4, unclip_ratio=1.6),
    ),
    Preset(
        "dense_table",
        "Dense table",
        "촘촘한 표",
        "A higher threshold on a larger page keeps neighbouring cells apart.",
        DetectionSettings(limit_side_len=1280, thresh=0.4),
    ),
    Preset(
        "receipt",
        "Receipt",
        "영수증",
        "Wider boxes: first and last characters of short lines stay whole.",
        DetectionSettings(unclip_ratio=1.8),
    ),
    Preset(
        "faint_scan",
        "Faint scan",
        "흐린 스캔",
        "A lower threshold and wider boxes: weak strokes stay whole.",
        DetectionSettings(thresh=0.2, unclip_ratio=1.8),
    ),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One step on one parameter: ``factor`` times the value, then ``step`` more, within ``least`` … ``most``.

    A side length that enlarges nothing yet (PaddleOCR's 64) begins at ``least``.
    """

    field: str
    word: str
    word_ko: str
    least: float
    most: float
    factor: float = 1.0
    step: float = 0.0

    @property
    def way(self) -> str:
        """``"up"`` or ``"down"``."""
        return "up" if self.factor > 1 or self.step > 0 else "down"

    def applied(self, settings: DetectionSettings, shorter_side: int = 0) -> DetectionSettings:
        """The settings after this step; the same where the parameter is at its end already.

        Args:
            settings: those of now.
            shorter_side: of the page as the network sees it: below that limit_side_len enlarges nothing.

        """
        value = getattr(settings, self.field)
        if self.field == "limit_side_len" and settings.limit_type == "min":
            value = max(value, shorter_side)
        value = value * self.factor + self.step
        value = min(max(value, self.least), self.most)
        if self.field == "limit_side_len":
            value = round(min(value, settings.max_side_limit) / 32) * 32
        return dataclasses.replace(settings, **{self.field: round(value, 3)})


@dataclass(frozen=True, slots=True)
class Symptom:
    """What one sees, and what helps.

    Attributes:
        id: how programs call it.
        ko, en: what one sees.
        advice_ko, advice: why, and what to do.
        changes: what the button does.

    """

    id: str
    ko: str
    en: str
    advice_ko: str
    advice: str
    changes: tuple[Change, ...]

    def applied(self, settings: DetectionSettings, shorter_side: int = 0) -> DetectionSettings:
        """The settings after all its changes; ``shorter_side`` as for a Change."""
        for change in self.changes:
            settings = change.applied(settings, shorter_side)
        return settings


def _thresh(step: float) -> Change:
    up = step > 0
    return Change("thresh", "higher" if up else "lower", "높이기" if up else "낮추기", 0.05, 0.9, step=step)


def _box_thresh(step: float) -> Change:
    up = step > 0
    return Change(
        "box_thresh", "higher" if up else "lower", "높이기" if up else "낮추기", 0.1, 0.95, step=step
    )


def _unclip(step: float) -> Change:
    up = step > 0
    return Change(
        "unclip_ratio", "wider" if up else "tighter", "넓히기" if up else "좁히기", 0.8, 3.0, step=step
    )


SYMPTOMS = (
    Symptom(
        "merge",
        "줄이 붙는다",
        "lines merge",
        "확률 지도에서 이웃한 줄의 영역이 이어져 있습니다. thresh를 높이면 떨어지고, "
        "unclip_ratio를 줄이면 상자가 서로 겹치지 않습니다.",
        "Areas of neighbouring lines touch in the probability map. A higher thresh parts them; a lower "
        "unclip_ratio keeps their boxes from overlapping.",
        (_thresh(0.1), _unclip(-0.2)),
    ),
    Symptom(
        "cut",
        "글자가 잘린다",
        "characters cut",
        "상자가 글자보다 좁습니다. unclip_ratio를 높이면 상자가 넓어집니다.",
        "Boxes are tighter than the characters. A higher unclip_ratio widens them.",
        (_unclip(0.3),),
    ),
    Symptom(
        "missed",
        "작은 글자를 놓친다",
        "small text missed",
        "신경망이 보는 그림에서 글자가 너무 작습니다. limit_side_len을 높여 쪽을 확대하고, box_thresh를 조금 "
        "낮춥니다. 시간은 면적만큼 늘어납니다.",
        "Characters are too small in the picture the network sees. A higher limit_side_len enlarges the "
        "page, a lower box_thresh keeps weak boxes. Time grows with the area.",
        (
            Change("limit_side_len", "enlarge the page", "쪽 확대", 960, 4000, factor=1.4),
            _box_thresh(-0.05),
        ),
    ),
    Symptom(
        "split",
        "한 줄이 나뉜다",
        "one line splits",
        "띄어 쓴 곳에서 확률이 thresh 아래로 떨어집니다. thresh를 낮추면 이어집니다.",
        "Between words the probability falls below thresh. A lower thresh joins them.",
        (_thresh(-0.1), _unclip(0.1)),
    ),
    Symptom(
        "noise",
        "그림을 글자로 본다",
        "noise read as text",
        "확률이 낮은 상자까지 남아 있습니다. box_thresh를 높이면 버립니다.",
        "Boxes of low probability are kept. A higher box_thresh rejects them.",
        (_box_thresh(0.1),),
    ),
)


def save_presets(presets: Mapping[str, DetectionSettings], path: Path) -> None:
    """Write settings by name as YAML, through a file beside it, so that a broken write loses nothing.

    Raises:
        PresetNameError: a name is empty.
        OSError: the file cannot be written.

    """
    import yaml

    if not all(isinstance(name, str) and name.strip() for name in presets):
        raise PresetNameError("A preset has an empty name; give it one.")
    text = yaml.safe_dump(
        {name: dataclasses.asdict(settings) for name, settings in presets.items()},
        sort_keys=False,
        allow_unicode=True,
    )
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def load_presets(path: Path) -> dict[str, DetectionSettings]:
    """Read what `save_presets` wrote; no file is no preset.

    Raises:
        ocr_helpers.settings.checks.SettingsSyntaxError: not such a file.
        UnknownSettingError, SettingTypeError, SettingRangeError: settings that cannot be used.

    """
    import yaml

    if not path.is_file():
        return {}
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsSyntaxError(f"{str(path)!r} cannot be read as YAML: {error}.") from None
    if not isinstance(found, dict) or not all(isinstance(values, dict) for values in found.values()):
        raise SettingsSyntaxError(
            f"{str(path)!r} does not hold settings by name, as save_presets writes them."
        )
    return {
        str(name): settings_from(DetectionSettings, read_settings(yaml.safe_dump(values)))
        for name, values in found.items()
    }


def presets_of(own: Mapping[str, DetectionSettings]) -> list[Preset]:
    """All presets, your own last."""
    return [*PRESETS, *(Preset(name, name, name, "Your own.", settings) for name, settings in own.items())]

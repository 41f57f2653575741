"""Everything a run of the five modules can be told, under PaddleOCR's own names: validated and frozen."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ocr_helpers.device import check_device_name
from ocr_helpers.errors import shown
from ocr_helpers.models.names import MODEL_NAMES
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import SettingRangeError, SettingTypeError, checked_bool, checked_float
from ocr_helpers.settings.forms import (
    command_line,
    pipeline_program,
    read_settings,
    settings_from,
    write_settings,
)

__all__ = ["TOGGLES", "PipelineSettings"]

TOGGLES = {
    "doc_orientation": "use_doc_orientation_classify",
    "unwarping": "use_doc_unwarping",
    "textline_orientation": "use_textline_orientation",
}
"""Optional module → the argument of ``PaddleOCR`` and its ``predict`` that switches it."""

_NAME_ARGUMENTS = {
    "text_recognition": "text_recognition_model_name",
    "text_detection": "text_detection_model_name",
    "doc_orientation": "doc_orientation_classify_model_name",
    "unwarping": "doc_unwarping_model_name",
    "textline_orientation": "textline_orientation_model_name",
}
"""Module → the argument of ``PaddleOCR`` that names its model."""


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """How a page is read. The defaults are PaddleOCR's for Korean: orientation and unwarping off.

    Attributes:
        use_doc_orientation_classify: turn the page upright first (0, 90, 180 or 270 degrees).
        use_doc_unwarping: then flatten it; a page that is flat already loses a little sharpness.
        use_textline_orientation: turn each found line that stands on its head.
        detection: how lines are found.
        text_rec_score_thresh: lines read with a lower score are left out; 0 to 1, and 0 keeps all.

    ``dataclasses.replace(settings, use_doc_unwarping=True)`` gives a changed copy, validated again.

    Raises:
        SettingTypeError, SettingRangeError: as each one says.

    """

    use_doc_orientation_classify: bool = False
    use_doc_unwarping: bool = False
    use_textline_orientation: bool = False
    detection: DetectionSettings = dataclasses.field(default_factory=DetectionSettings)
    text_rec_score_thresh: float = 0.0

    def __post_init__(self) -> None:
        """Validate, and keep NumPy's values as Python's own, so that code and YAML stay plain."""
        for name in TOGGLES.values():
            object.__setattr__(self, name, checked_bool(name, getattr(self, name)))
        if not isinstance(self.detection, DetectionSettings):
            raise SettingTypeError(
                f"detection is {shown(self.detection)}, of type {type(self.detection).__name__}; expected "
                "DetectionSettings(...)."
            )
        score = checked_float("text_rec_score_thresh", self.text_rec_score_thresh, 1.0, zero=True)
        object.__setattr__(self, "text_rec_score_thresh", score)

    def as_kwargs(self) -> dict[str, Any]:
        """Return the nine arguments for ``paddleocr.PaddleOCR.predict(image, **kwargs)``.

        Raises:
            InexpressibleSettingError: ``detection.max_side_limit`` is not 4000; ``predict`` does not take it.

        """
        detection = self.detection.as_pipeline_kwargs()
        return self._toggles() | detection | {"text_rec_score_thresh": self.text_rec_score_thresh}

    def as_code(
        self,
        form: Literal["settings", "pipeline"] = "settings",
        source: str = "page.png",
        *,
        device: str | None = None,
    ) -> str:
        """Return Python: an expression that gives these settings again, or a program for PaddleOCR alone.

        The program names the model of every module that is on, as PaddleOCR's own defaults read no Korean.

        Args:
            form: ``"settings"``: ``PipelineSettings(…)``; ``"pipeline"``: a program.
            source: the image or PDF that the program reads.
            device: what the program runs on, ``"cpu"`` or ``"gpu:N"``; None leaves it to PaddleOCR.

        Raises:
            SettingRangeError: another form.
            ocr_helpers.device.UnknownDeviceError: not the name of a device.

        """
        if form == "settings":
            return repr(self)
        if form != "pipeline":
            raise SettingRangeError(f"form is {shown(form)}; expected 'settings' or 'pipeline'.")
        detection = {f"text_det_{name}": value for name, value in self.detection.as_kwargs().items()}
        limit = detection.pop("text_det_max_side_limit")
        predict = detection | {"text_rec_score_thresh": self.text_rec_score_thresh}
        return pipeline_program(self._constructor(device), predict, source, limit)

    def as_cli(self, source: str = "page.png", *, device: str | None = None) -> str:
        """Return PaddleOCR's command line ``paddleocr ocr …``, quoted for a POSIX shell.

        Args:
            source: the image or PDF to read.
            device: as for `as_code`.

        Raises:
            InexpressibleSettingError: ``detection.max_side_limit`` is not 4000; there is no option for it.
            ocr_helpers.device.UnknownDeviceError: not the name of a device.

        """
        return command_line("ocr", source, self._constructor(device) | self.as_kwargs())

    def to_yaml(self) -> str:
        """Return the settings as YAML, those of detection indented. `from_yaml` reads it back."""
        return write_settings(self)

    @classmethod
    def from_yaml(cls, text: str | Path) -> "PipelineSettings":
        """Read what `to_yaml` wrote, or a part of it: settings that are left out keep their defaults.

        Args:
            text: the YAML itself, or the Path of a UTF-8 file.

        Raises:
            SettingsSyntaxError: not YAML, or not a mapping with each name once; or the file cannot be read.
            UnknownSettingError: a name that is not a setting.
            SettingTypeError, SettingRangeError: a value that cannot be used.

        """
        values = read_settings(text, group="detection")
        if isinstance(detection := values.get("detection"), dict):
            values["detection"] = settings_from(DetectionSettings, detection)
        return settings_from(cls, values)

    def _toggles(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TOGGLES.values()}

    def _constructor(self, device: str | None) -> dict[str, Any]:
        names = {
            argument: MODEL_NAMES[module][0]
            for module, argument in _NAME_ARGUMENTS.items()
            if module not in TOGGLES or getattr(self, TOGGLES[module])
        }
        return self._toggles() | names | ({} if device is None else {"device": check_device_name(device)})

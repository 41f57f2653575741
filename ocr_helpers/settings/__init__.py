"""Parameters under PaddleOCR's own names: validated, frozen, taken away as code, command line or YAML."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from ocr_helpers.errors import shown
from ocr_helpers.models.names import MODEL_NAMES
from ocr_helpers.settings.checks import (
    SettingRangeError,
    SettingsSyntaxError,
    SettingTypeError,
    UnknownSettingError,
    checked_float,
    checked_side,
)
from ocr_helpers.settings.forms import (
    DEFAULT_MAX_SIDE_LIMIT,
    InexpressibleSettingError,
    command_line,
    pipeline_program,
    program_arguments,
    read_settings,
    settings_from,
    write_settings,
)

__all__ = [
    "DetectionSettings",
    "InexpressibleSettingError",
    "SettingRangeError",
    "SettingTypeError",
    "SettingsSyntaxError",
    "UnknownSettingError",
]

LimitType: TypeAlias = Literal["min", "max", "resize_long"]
_LIMIT_TYPES: tuple[str, ...] = get_args(LimitType)
_DETECTION_MODEL = MODEL_NAMES["text_detection"][0]
# PaddleOCR's default models know no Korean. The models of the other three steps are its defaults.
_PIPELINE_ARGUMENTS = {
    "text_detection_model_name": _DETECTION_MODEL,
    "text_recognition_model_name": MODEL_NAMES["text_recognition"][0],
    # PaddleOCR would switch them on.
    "use_doc_orientation_classify": False,
    "use_doc_unwarping": False,
    "use_textline_orientation": False,
}


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """How text lines are found. The defaults are those of PaddleOCR's OCR pipeline (3.7).

    Attributes:
        thresh: a pixel of the probability map is text above this; above 0, at most 1.
        box_thresh: a box is kept from this mean probability inside it on; above 0, at most 1.
        unclip_ratio: how far a box is widened, as a multiple of its area divided by its outline; above 0, at
            most 10. Characters cut off: raise it. Lines that merge: lower it.
        limit_side_len: the side length in pixels that ``limit_type`` is about, from 1 to ``max_side_limit``.
            Both sides are then rounded to multiples of 32.
        limit_type: ``"min"`` enlarges pages whose shorter side is below ``limit_side_len``; ``"max"`` shrinks
            pages whose longer side is above it; ``"resize_long"`` brings every longer side to it.
        max_side_limit: after that, no side is longer than this, in pixels; from 32 to 32767.

    ``dataclasses.replace(settings, thresh=0.2)`` gives a changed copy, validated again.

    Raises:
        SettingTypeError, SettingRangeError: as each one says.

    """

    thresh: float = 0.3
    box_thresh: float = 0.6
    unclip_ratio: float = 1.5
    limit_side_len: int = 64
    limit_type: LimitType = "min"
    max_side_limit: int = DEFAULT_MAX_SIDE_LIMIT

    def __post_init__(self) -> None:
        """Validate, and keep NumPy's numbers as Python's own, so that code and YAML stay plain."""
        for name, most in (("thresh", 1.0), ("box_thresh", 1.0), ("unclip_ratio", 10.0)):
            object.__setattr__(self, name, checked_float(name, getattr(self, name), most))
        for name, least in (("limit_side_len", 1), ("max_side_limit", 32)):
            object.__setattr__(self, name, checked_side(name, getattr(self, name), least))
        if not isinstance(self.limit_type, str):
            raise SettingTypeError(f"limit_type is {shown(self.limit_type)}; expected one of {_LIMIT_TYPES}.")
        if self.limit_type not in _LIMIT_TYPES:
            raise SettingRangeError(
                f"limit_type is {shown(self.limit_type)}; expected one of {_LIMIT_TYPES}."
            )
        if self.limit_side_len > self.max_side_limit:
            # PaddleX would shrink the page again: https://github.com/PaddlePaddle/PaddleOCR/issues/18092
            raise SettingRangeError(
                f"limit_side_len is {self.limit_side_len}; max_side_limit {self.max_side_limit} undoes that. "
                f"Lower limit_side_len, or raise max_side_limit to at least {self.limit_side_len}."
            )

    def as_kwargs(self) -> dict[str, Any]:
        """Return all six for ``paddleocr.TextDetection.predict(image, **kwargs)``."""
        return dataclasses.asdict(self)

    def as_constructor_kwargs(self) -> dict[str, Any]:
        """Return the five that ``paddleocr.TextDetection(model_name=…, **kwargs)`` takes.

        Raises:
            InexpressibleSettingError: max_side_limit is not 4000; only ``predict`` takes it.

        """
        self._refuse_max_side_limit("paddleocr.TextDetection(...)", "pass as_kwargs() to its predict")
        kwargs = self.as_kwargs()
        del kwargs["max_side_limit"]
        return kwargs

    def as_pipeline_kwargs(self) -> dict[str, Any]:
        """Return the five ``text_det_…`` that ``paddleocr.PaddleOCR(...)`` and its ``predict`` take.

        Raises:
            InexpressibleSettingError: max_side_limit is not 4000; it needs a configuration, see ``as_code``.

        """
        self._refuse_max_side_limit(
            "paddleocr.PaddleOCR", "use the configuration that as_code('pipeline') shows"
        )
        return self._text_det_kwargs()

    def as_code(
        self, form: Literal["settings", "text_detection", "pipeline"] = "settings", source: str = "page.png"
    ) -> str:
        """Return Python: an expression that gives these settings again, or a program for PaddleOCR alone.

        Args:
            form: ``"settings"``: ``DetectionSettings(…)``; ``"text_detection"``, ``"pipeline"``: a program.
            source: the image or PDF that the program reads.

        Raises:
            SettingRangeError: another form.

        """
        if form == "settings":
            return repr(self)
        if form == "text_detection":
            return (
                "from paddleocr import TextDetection\n\n"
                f"detector = TextDetection(model_name={_DETECTION_MODEL!r})\n"
                f"results = detector.predict(\n    {source!r},\n{program_arguments(self.as_kwargs())})\n"
            )
        if form != "pipeline":
            raise SettingRangeError(
                f"form is {shown(form)}; expected 'settings', 'text_detection' or 'pipeline'."
            )
        return pipeline_program(_PIPELINE_ARGUMENTS, self._text_det_kwargs(), source, self.max_side_limit)

    def as_cli(
        self, command: Literal["text_detection", "ocr"] = "text_detection", source: str = "page.png"
    ) -> str:
        """Return a command line of PaddleOCR, quoted for a POSIX shell.

        Args:
            command: PaddleOCR's subcommand: detection alone, or the whole pipeline.
            source: the image or PDF to read.

        Raises:
            InexpressibleSettingError: max_side_limit is not 4000; the command line has no option for it.
            SettingRangeError: another command.

        """
        if command == "text_detection":
            options: dict[str, Any] = {"model_name": _DETECTION_MODEL}
        elif command == "ocr":
            options = dict(_PIPELINE_ARGUMENTS)
        else:
            raise SettingRangeError(f"command is {shown(command)}; expected 'text_detection' or 'ocr'.")
        self._refuse_max_side_limit(
            f"paddleocr {command}", "use as_code('text_detection') or as_code('pipeline')"
        )
        options |= self.as_constructor_kwargs() if command == "text_detection" else self.as_pipeline_kwargs()
        return command_line(command, source, options)

    def to_yaml(self) -> str:
        """Return the settings as YAML, one ``name: value`` a line. `from_yaml` reads it back."""
        return write_settings(self)

    @classmethod
    def from_yaml(cls, text: str | Path) -> "DetectionSettings":
        """Read what `to_yaml` wrote, or a part of it: settings that are left out keep their defaults.

        Args:
            text: the YAML itself, or the Path of a UTF-8 file.

        Raises:
            SettingsSyntaxError: not YAML, or not a mapping with each name once; or the file cannot be read.
            UnknownSettingError: a name that is not a setting.
            SettingTypeError, SettingRangeError: a value that cannot be used.

        """
        return settings_from(cls, read_settings(text))

    def _text_det_kwargs(self) -> dict[str, Any]:
        return {
            f"text_det_{name}": value for name, value in self.as_kwargs().items() if name != "max_side_limit"
        }

    def _refuse_max_side_limit(self, where: str, remedy: str) -> None:
        if self.max_side_limit != DEFAULT_MAX_SIDE_LIMIT:
            raise InexpressibleSettingError(
                f"max_side_limit is {self.max_side_limit}, and {where} has no parameter for it: it is always "
                f"{DEFAULT_MAX_SIDE_LIMIT} there. Set it to that, or {remedy}."
            )

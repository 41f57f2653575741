"""Settings written for PaddleOCR: arguments of a program, options of a command line; as YAML and back."""

import dataclasses
import difflib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.settings.checks import SettingsSyntaxError, UnknownSettingError, read_mapping

__all__ = [
    "DEFAULT_MAX_SIDE_LIMIT",
    "InexpressibleSettingError",
    "command_line",
    "pipeline_program",
    "program_arguments",
    "read_settings",
    "settings_from",
    "write_settings",
]

DEFAULT_MAX_SIDE_LIMIT: Final = 4000
"""What PaddleX takes where it is given none: the only value that every way of calling it can express."""

_CONFIGURE = """from paddlex.inference import load_pipeline_config

config = load_pipeline_config("OCR")
config["SubModules"]["TextDetection"]["max_side_limit"] = {max_side_limit}
"""

_Settings = TypeVar("_Settings")


class InexpressibleSettingError(OcrHelpersError):
    """PaddleOCR has no parameter for this value in the form that was asked for."""


class _Name(str):
    """A variable's name, written without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def program_arguments(kwargs: Mapping[str, Any]) -> str:
    """Return keyword arguments as Python writes them, one a line, indented by four."""
    return "".join(f"    {name}={value!r},\n" for name, value in kwargs.items())


def pipeline_program(
    constructor: Mapping[str, Any], predict: Mapping[str, Any], source: str, max_side_limit: int
) -> str:
    """Return a Python program that makes a ``paddleocr.PaddleOCR`` and reads ``source`` with it.

    Args:
        constructor: arguments of ``PaddleOCR(...)``.
        predict: arguments of its ``predict``.
        source: the image or PDF to read.
        max_side_limit: where it is not PaddleX's own, the program sets it in PaddleX's configuration, because
            neither of the two takes it as an argument.

    """
    configure = ""
    if max_side_limit != DEFAULT_MAX_SIDE_LIMIT:
        configure = _CONFIGURE.format(max_side_limit=max_side_limit)
        constructor = {**constructor, "paddlex_config": _Name("config")}
    return (
        f"from paddleocr import PaddleOCR\n{configure}\n"
        f"pipeline = PaddleOCR(\n{program_arguments(constructor)})\n"
        f"results = pipeline.predict(\n    {source!r},\n{program_arguments(predict)})\n"
    )


def command_line(command: str, source: str, options: Mapping[str, Any]) -> str:
    """Return ``paddleocr COMMAND --input=SOURCE --NAME VALUE …``, quoted for a POSIX shell."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return shlex.join(["paddleocr", command, f"--input={source}", *words])


def write_settings(settings: Any) -> str:
    """Return a dataclass of settings as YAML, one ``name: value`` a line; a group within it is indented."""
    import yaml

    text: str = yaml.safe_dump(dataclasses.asdict(settings), sort_keys=False)
    return text


def read_settings(text: str | Path, *, group: str | None = None) -> dict[str, Any]:
    """Return the names and values of a YAML text, or of the UTF-8 file at a Path.

    Args:
        text: the YAML itself, or the Path of a file.
        group: the one name that may hold a mapping of its own.

    Raises:
        SettingsSyntaxError: not YAML, or not a mapping with each name once; or the file cannot be read.

    """
    if isinstance(text, Path):
        try:
            text = text.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SettingsSyntaxError(f"{str(text)!r} cannot be read as UTF-8 text: {error}.") from None
    return read_mapping(text, group=group)


def settings_from(cls: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    """Make settings of the dataclass ``cls``; what ``values`` leaves out keeps its default.

    Raises:
        UnknownSettingError: a name that is not a setting.
        SettingTypeError, SettingRangeError: a value that cannot be used.

    """
    known = [setting.name for setting in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise UnknownSettingError(
                f"{shown(name)} is not a setting of {cls.__name__}. {hint}Known: {', '.join(known)}."
            )
    return cls(**values)

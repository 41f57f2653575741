"""Checks that every group of settings shares: numbers, side lengths, and the YAML they are read from."""

import math
from numbers import Integral, Real
from typing import Any

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.page_limits import shown

__all__ = [
    "SettingRangeError",
    "SettingTypeError",
    "SettingsSyntaxError",
    "UnknownSettingError",
    "checked_float",
    "checked_side",
    "read_mapping",
]

# PaddleX keeps the corners of boxes as int16: beyond this a page cannot be addressed.
_LONGEST_SIDE = 32_767


class SettingTypeError(OcrHelpersError):
    """A value of the wrong type: text for a number, bool, a fraction where pixels are counted."""


class SettingRangeError(OcrHelpersError):
    """A value of the right type that PaddleOCR could not use, or would ignore."""


class UnknownSettingError(OcrHelpersError):
    """A name that is not one of the settings."""


class SettingsSyntaxError(OcrHelpersError):
    """A text that is not YAML, or not one mapping of names to values."""


def checked_float(name: str, value: object, most: float) -> float:
    """Return a float above 0 and at most ``most``; else SettingTypeError or SettingRangeError."""
    if isinstance(value, bool) or not isinstance(value, Real):
        hint = " YAML takes 1e-3 for text: write 1.0e-3." if isinstance(value, str) and "e" in value else ""
        raise SettingTypeError(
            f"{name} is {shown(value)}, of type {type(value).__name__}; "
            f"expected a number above 0, at most {most:g}.{hint}"
        )
    # The first comparison also keeps out NaN, and whole numbers too large for a float.
    number = float(value) if 0 <= value <= most else math.nan  # type: ignore[operator]
    if number == 0:
        raise SettingRangeError(
            f'{name} is 0, which PaddleX takes for "not given" and replaces by its default. '
            "Use a small number such as 0.01."
        )
    if math.isnan(number):
        raise SettingRangeError(f"{name} is {shown(value)}; expected a number above 0, at most {most:g}.")
    return number


def checked_side(name: str, value: object, least: int) -> int:
    """Return a length in pixels, at least ``least``; else SettingTypeError or SettingRangeError."""
    expected = f"expected a whole number of pixels from {least} to {_LONGEST_SIDE}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise SettingTypeError(f"{name} is {shown(value)}, of type {type(value).__name__}; {expected}.")
    if not least <= int(value) <= _LONGEST_SIDE:
        raise SettingRangeError(f"{name} is {shown(value)}; {expected}.")
    return int(value)


def read_mapping(text: object) -> dict[str, Any]:
    """Return the one mapping that a YAML text holds; only plain values, each name once."""
    import yaml

    if not isinstance(text, str):
        raise SettingsSyntaxError(f"expected YAML text or a Path, got a {type(text).__name__}. Pass a str.")
    try:
        if not _is_flat(text):
            raise SettingsSyntaxError(
                f"{shown(text)} is not one flat YAML mapping; expected lines such as 'thresh: 0.3'."
            )
        names = [event.value for event in yaml.parse(text, Loader=yaml.SafeLoader) if hasattr(event, "value")]
        values: dict[str, Any] = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SettingsSyntaxError(f"{shown(text)} is not YAML that can be read: {reason}.") from None
    # PyYAML lets the last of several equal names win without a word.
    repeated = sorted({name for name in names[::2] if names[::2].count(name) > 1})
    if repeated:
        raise SettingsSyntaxError(
            f"{', '.join(repeated)}: given more than once. Keep one line for each setting."
        )
    return values


def _is_flat(text: str) -> bool:
    """Whether a text is one mapping of plain values. Stops at the first nesting, which PyYAML is slow at."""
    import yaml

    mappings = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mappings += isinstance(event, yaml.MappingStartEvent)
        if mappings > 1 or isinstance(event, yaml.SequenceStartEvent | yaml.AliasEvent):
            return False
    return mappings == 1

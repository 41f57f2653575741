"""Checks that every group of settings shares: numbers, side lengths, and the YAML they are read from."""

import math
from numbers import Integral, Real
from typing import Any

from ocr_helpers.errors import OcrHelpersError, shown

__all__ = [
    "SettingRangeError",
    "SettingTypeError",
    "SettingsSyntaxError",
    "UnknownSettingError",
    "checked_bool",
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


def checked_bool(name: str, value: object) -> bool:
    """Return a bool, NumPy's as Python's own; anything else, 0 and 1 too, is a SettingTypeError."""
    # By name, because NumPy is not imported for this: a value of its type is there only where NumPy is.
    kind = type(value)
    if kind is bool or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")):
        return bool(value)
    raise SettingTypeError(
        f"{name} is {shown(value)}, of type {type(value).__name__}; expected True or False."
    )


def checked_float(name: str, value: object, most: float, *, zero: bool = False) -> float:
    """Return a float above 0 and at most ``most``; else SettingTypeError or SettingRangeError.

    ``zero``: 0 itself is allowed too, because PaddleX does not take it for "not given" here.
    """
    expected = (
        f"expected a number from 0 to {most:g}" if zero else (f"expected a number above 0, at most {most:g}")
    )
    if isinstance(value, bool) or not isinstance(value, Real):
        hint = " YAML takes 1e-3 for text: write 1.0e-3." if isinstance(value, str) and "e" in value else ""
        raise SettingTypeError(f"{name} is {shown(value)}, of type {type(value).__name__}; {expected}.{hint}")
    # The first comparison also keeps out NaN, and whole numbers too large for a float.
    number = float(value) if 0 <= value <= most else math.nan  # type: ignore[operator]
    if number == 0 and not zero:
        raise SettingRangeError(
            f'{name} is 0, which PaddleX takes for "not given" and replaces by its default. '
            "Use a small number such as 0.01."
        )
    if math.isnan(number):
        raise SettingRangeError(f"{name} is {shown(value)}; {expected}.")
    return abs(number)  # -0.0 would be written into code and YAML


def checked_side(name: str, value: object, least: int) -> int:
    """Return a length in pixels, at least ``least``; else SettingTypeError or SettingRangeError."""
    expected = f"expected a whole number of pixels from {least} to {_LONGEST_SIDE}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise SettingTypeError(f"{name} is {shown(value)}, of type {type(value).__name__}; {expected}.")
    if not least <= int(value) <= _LONGEST_SIDE:
        raise SettingRangeError(f"{name} is {shown(value)}; {expected}.")
    return int(value)


def read_mapping(text: object, *, group: str | None = None) -> dict[str, Any]:
    """Return the one mapping that a YAML text holds: plain values, each name once.

    ``group`` is the one name whose value may be a mapping again, under the same rules.
    """
    import yaml

    if not isinstance(text, str):
        raise SettingsSyntaxError(f"expected YAML text or a Path, got a {type(text).__name__}. Pass a str.")
    try:
        repeated = _repeated_names(text, group)
        if repeated is None:
            inside = f"; only {group!r} may hold lines of its own, indented" if group else ""
            raise SettingsSyntaxError(
                f"{shown(text)} is not one flat YAML mapping; expected lines such as 'thresh: 0.3'{inside}."
            )
        values: dict[str, Any] = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SettingsSyntaxError(f"{shown(text)} is not YAML that can be read: {reason}.") from None
    if repeated:
        raise SettingsSyntaxError(
            f"{', '.join(repeated)}: given more than once. Keep one line for each setting."
        )
    return values


def _repeated_names(text: str, group: str | None) -> list[str] | None:
    """Names given more than once, of which PyYAML lets the last win without a word; None where the text is
    not one mapping of plain values, but for ``group``.

    Stops at the first other nesting, which PyYAML is slow at.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where built in: it looks less far ahead
    mappings: list[list[str]] = []  # the names met so far, of each mapping that is open
    name: str | None = None  # the name whose value comes next
    repeated, found = set(), 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.MappingStartEvent):
            found += not mappings
            if mappings and (name != group or group is None or len(mappings) > 1):
                return None
            mappings.append([])
            name = None
        elif isinstance(event, yaml.MappingEndEvent):
            mappings.pop()
        elif isinstance(event, yaml.SequenceStartEvent | yaml.AliasEvent):
            return None
        elif isinstance(event, yaml.ScalarEvent) and name is not None:
            name = None
        elif isinstance(event, yaml.ScalarEvent):
            if not mappings:
                return None
            name = event.value
            if name in mappings[-1]:
                repeated.add(name)
            mappings[-1].append(name)
    return sorted(repeated) if found == 1 else None

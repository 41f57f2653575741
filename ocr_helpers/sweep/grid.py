"""Which settings a sweep tries: every combination of given values, or a sample from ranges."""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.checks import SettingRangeError, SettingTypeError, UnknownSettingError

__all__ = ["FIELDS", "NoValuesError", "TooManySettingsError", "swept_settings"]

FIELDS = tuple(field.name for field in dataclasses.fields(DetectionSettings))
MOST_SETTINGS = 100_000
_STEPS = {
    "thresh": 0.01,
    "box_thresh": 0.01,
    "unclip_ratio": 0.05,
    "limit_side_len": 32,
    "max_side_limit": 32,
}
"""Samples lie on multiples of these. Corners are rounded to pixels anyway, the network's input to 32 pixels;
on a coarse lattice settings share boxes, and a shared box is read once."""


class NoValuesError(OcrHelpersError, ValueError):
    """The grid names no setting, a setting has no values, or a range has none between its ends."""


class TooManySettingsError(OcrHelpersError, ValueError):
    """The grid has more combinations than a sweep can take, or ``samples`` is no number of them."""


def swept_settings(
    grid_or_ranges: Mapping[str, Any],
    start: DetectionSettings,
    samples: int | None = None,
    seed: int = 0,
) -> tuple[DetectionSettings, ...]:
    """Return the settings to try: ``start`` first, then the others, each once.

    Args:
        grid_or_ranges: values of settings, by name. Without ``samples`` each is a sequence of values, and all
            combinations are tried. With ``samples`` a tuple of two numbers is a range, low to high, both ends
            included; a list, or any other sequence, is still one of values.
        start: where the settings that are not named come from.
        samples: how many to draw; where there are fewer different ones, all of them.
        seed: of the random numbers; the same one draws the same settings.

    Raises:
        NoValuesError: nothing to try.
        TooManySettingsError: more than 100,000 combinations; or ``samples`` is not from 1 to 100,000.
        ocr_helpers.settings.checks.UnknownSettingError: a name that is none of DetectionSettings'.
        ocr_helpers.settings.checks.SettingTypeError, SettingRangeError: a value that cannot be used.

    """
    if not isinstance(grid_or_ranges, Mapping) or not grid_or_ranges:
        raise NoValuesError(
            f"The grid is {shown(grid_or_ranges)}; expected values of settings by name, for instance "
            "{'thresh': [0.2, 0.3], 'box_thresh': [0.5, 0.6, 0.7]}."
        )
    choices = {
        name: _values(name, given, start, samples is not None) for name, given in grid_or_ranges.items()
    }
    combinations = math.prod(map(len, choices.values()))
    if samples is None:
        if combinations > MOST_SETTINGS:
            raise TooManySettingsError(
                f"The grid has {combinations:,} combinations; expected at most {MOST_SETTINGS:,}. Give fewer "
                "values, or ranges and samples=500."
            )
        rows: Iterable[Sequence[Any]] = itertools.product(*choices.values())
    else:
        rows = _sample(list(choices.values()), combinations, _checked_samples(samples), seed)
    made = (dataclasses.replace(start, **dict(zip(choices, row, strict=True))) for row in rows)
    return tuple(dict.fromkeys([start, *made]))


def _values(name: str, given: Any, start: DetectionSettings, sampled: bool) -> list[Any]:
    """The values of one setting, each of which can be used."""
    if name not in FIELDS:
        raise UnknownSettingError(f"{shown(name)} is not a detection setting; there are {', '.join(FIELDS)}.")
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise SettingTypeError(
            f"{name} is {shown(given)}; expected its values, for instance {name}=[{getattr(start, name)!r}]."
        )
    values = list(given)
    if sampled and isinstance(given, tuple) and len(given) == 2 and name in _STEPS:
        for end in given:  # so that it is refused as what was given
            _checked(name, end, start)
        values = _lattice(name, *given)
    if not values:
        raise NoValuesError(f"{name} has no values. Give at least one, or leave it out.")
    return list(dict.fromkeys(_checked(name, value, start) for value in values))


def _checked(name: str, value: Any, start: DetectionSettings) -> Any:
    """The value as DetectionSettings keeps it; whether two sides fit each other is checked with both."""
    other = {"limit_side_len": "max_side_limit", "max_side_limit": "limit_side_len"}.get(name)
    free: dict[str, Any] = (
        {} if other is None else {other: {"limit_side_len": 1, "max_side_limit": 32767}[other]}
    )
    return getattr(dataclasses.replace(start, **free, **{name: value}), name)


def _lattice(name: str, low: Any, high: Any) -> list[Any]:
    if low > high:
        raise SettingRangeError(f"{name} has the range ({low}, {high}); expected the lower end first.")
    step = _STEPS[name]
    first, last = math.ceil(float(low) / step - 1e-9), math.floor(float(high) / step + 1e-9)
    if isinstance(step, int):
        return sorted({int(low), int(high), *(n * step for n in range(first, last + 1))})
    return sorted({float(low), float(high), *(round(n * step, 6) for n in range(first, last + 1))})


def _checked_samples(samples: Any) -> int:
    if (
        isinstance(samples, bool)
        or not isinstance(samples, Integral)
        or not 1 <= int(samples) <= MOST_SETTINGS
    ):
        raise TooManySettingsError(
            f"samples is {shown(samples)}; expected a whole number from 1 to {MOST_SETTINGS:,}."
        )
    return int(samples)


def _sample(choices: list[list[Any]], combinations: int, samples: int, seed: int) -> list[list[Any]]:
    """Different rows, drawn evenly; all of them, in order, where there are not more than wanted."""
    if combinations <= samples:
        return [list(row) for row in itertools.product(*choices)]
    random = np.random.default_rng(seed)
    # Drawn with replacement until enough differ; numpy's choice would list all numbers up to the product.
    numbers: dict[int, None] = {}
    while len(numbers) < samples:
        missing = samples - len(numbers)
        numbers |= dict.fromkeys(random.integers(0, combinations, missing).tolist())
    rows = []
    for number in numbers:
        row = []
        for values in choices:
            number, place = divmod(number, len(values))
            row.append(values[place])
        rows.append(row)
    return rows

"""In what two descriptions of a job differ, in words: which setting, model or version was and is what."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ocr_helpers.errors import shown

__all__ = ["job_differences"]

_MOST: Final = 12
"""Differences that are named; a message is to be read."""
_DIGEST: Final = re.compile(r"([0-9a-f]{8})[0-9a-f]{56}(?: (\d+))?")
"""SHA-256, with the size of the file behind it as ``batch.reader`` writes it."""
_GROUPS: Final = ("reader", "reading")
"""Names of the description that say nothing to those who set the values below them."""
_MISSING: Final = object()


def job_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, a line for each, in the order of ``now``; empty where nothing does.

    Args:
        before: what earlier results depend on, as ``batch.job.describe_job`` makes it.
        now: what new ones would.

    """
    lines = [
        f"  {name} was {_shortly(old)} and is {_shortly(new)}" for name, old, new in _pairs("", before, now)
    ]
    more = [f"  and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
    return "\n".join([*lines[:_MOST], *more])


def _pairs(name: str, before: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, value before and value now of each difference."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*now, *before)):
            inner = f"{name}.{key}" if name and name not in _GROUPS else str(key)
            yield from _pairs(inner, before.get(key, _MISSING), now.get(key, _MISSING))
    elif before != now:
        yield name, before, now


def _shortly(value: Any) -> str:
    if value is _MISSING:
        return "not there"
    if isinstance(value, Mapping):
        if {"name", "origin", "engine"} <= value.keys():  # a module of PipelineReader
            return f"{_bare(value['name'])} ({_bare(value['origin'])} weights, {_bare(value['engine'])})"
        return f"{len(value)} value{'s' * (len(value) != 1)}"
    if isinstance(value, str) and (digest := _DIGEST.fullmatch(value)):
        size = f", {int(digest[2]):,} bytes" if digest[2] else ""
        return f"{digest[1]}…{size}"
    text = shown(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _bare(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= 80 else shown(value)

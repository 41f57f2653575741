"""Ratios of running times, measured so that a machine that slows down slows both sides."""

import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from ocr_helpers.device import cpu_thread_count

__all__ = ["Ratio", "Run", "Times", "interleave", "machine", "ratio"]

PACKAGES = (
    "paddlepaddle",
    "paddleocr",
    "paddlex",
    "onnxruntime",
    "rapidocr",
    "opencv-contrib-python",
    "numpy",
)

Times = Mapping[str, Sequence[float]]
"""Name → seconds, one per repeat."""


@dataclass(frozen=True, slots=True)
class Run:
    """Something to time.

    Attributes:
        work: what is timed.
        prepare: what has to be done before each time, untimed.

    """

    work: Callable[[], object]
    prepare: Callable[[], object] | None = None

    def seconds(self) -> float:
        """Do it once; the wall time of ``work``."""
        if self.prepare is not None:
            self.prepare()
        began = perf_counter()
        self.work()
        return perf_counter() - began


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times longer one side took than the other.

    Attributes:
        median: over the repeats.
        lowest: of all repeats.
        highest: of all repeats.

    """

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f}–{self.highest:.2f})"


def interleave(
    cases: Sequence[Mapping[str, Run]], repeats: int, warm_up: int = 1
) -> dict[str, list[list[float]]]:
    """Time the same runs of several cases in turn: A B A B …, one case after the other, again and again.

    Args:
        cases: the same names in each, for instance one case per page.
        repeats: how often, at least 1.
        warm_up: rounds before that are not counted.

    Returns:
        Name → per repeat the seconds of each case.

    Raises:
        ValueError: fewer than one repeat, no case, or cases with different names.

    """
    names = [list(case) for case in cases]
    if repeats < 1 or not cases or any(other != names[0] for other in names):
        raise ValueError(f"{repeats} repeats of {names}; expected 1 or more, of cases with the same names.")
    found: dict[str, list[list[float]]] = {name: [] for name in names[0]}
    for count in range(-warm_up, repeats):
        rows: dict[str, list[float]] = {name: [] for name in names[0]}
        for case in cases:
            for name, run in case.items():
                rows[name].append(run.seconds())
        if count >= 0:
            for name, row in rows.items():
                found[name].append(row)
    return found


def totals(times: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, list[float]]:
    """Per repeat the sum over all cases of what :func:`interleave` gave."""
    return {name: [sum(row) for row in rows] for name, rows in times.items()}


def ratio(slow: Sequence[float], fast: Sequence[float]) -> Ratio:
    """Ratio of times that stand beside each other: each repeat of one to the same repeat of the other.

    Raises:
        ValueError: not equally many, none, or a time that is not above 0.

    """
    if len(slow) != len(fast) or not slow or min(*slow, *fast) <= 0:
        raise ValueError(f"Times {slow!r} and {fast!r}; expected equally many, all above 0.")
    each = [one / other for one, other in zip(slow, fast, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


def machine() -> str:
    """Processor, cores and threads, and the versions that the figures depend on."""
    return f"{_processor()}, {cpu_thread_count()} cores and threads; Python {platform.python_version()}, " + (
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"

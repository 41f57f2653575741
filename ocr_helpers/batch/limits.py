"""How many workers there are, and what each may use: by default what the machine has."""

import contextlib
import os
from numbers import Integral, Real
from pathlib import Path

from ocr_helpers.batch.errors import BatchOptionError
from ocr_helpers.batch.events import Limits
from ocr_helpers.device import cpu_thread_count
from ocr_helpers.errors import shown

__all__ = ["checked_number", "memory_of_machine", "worker_count", "worker_limits"]

_USABLE_SHARE = 0.8
"""Share of the machine's memory for all workers together."""
_WORKER_BYTES = 1_500_000_000
"""What a worker should have for itself: the official models and a page of 4,000 by 4,000 pixels fit in."""


def worker_count(workers: int | None, device: str) -> int:
    """How many workers: as many as there are cores, where memory suffices for so many; one on a GPU.

    Raises:
        BatchOptionError: not a whole number above 0.

    """
    if workers is not None:
        return int(checked_number("workers", workers, "worker processes", 1024, whole=True))
    if device.startswith("gpu"):
        return 1
    return max(1, min(cpu_thread_count(), int(memory_of_machine() * _USABLE_SHARE / _WORKER_BYTES)))


def worker_limits(
    workers: int,
    *,
    memory_limit_mb: float | None,
    page_timeout_s: float,
    recycle_after: int,
    dpi: float,
    max_pixels: int,
    max_pages: int | None,
    password: str | None,
) -> Limits:
    """Check the options and give each of ``workers`` processes its share of cores and memory.

    Raises:
        BatchOptionError: an option that cannot be used.

    """
    if memory_limit_mb is None:
        memory = memory_of_machine() * _USABLE_SHARE / workers
    else:
        memory = 1e6 * checked_number("memory_limit_mb", memory_limit_mb, "megabytes", 1e7)
    if max_pages is not None:
        checked_number("max_pages", max_pages, "pages", 10**9, whole=True)
    if password is not None and not isinstance(password, str):
        raise BatchOptionError(f"password is a {type(password).__name__}; expected text or None.")
    page_seconds = checked_number("page_timeout_s", page_timeout_s, "seconds", 86_400)
    return Limits(
        threads=max(1, cpu_thread_count() // workers),
        memory_bytes=int(memory),
        page_seconds=page_seconds,
        start_seconds=max(300.0, page_seconds),
        recycle_pages=int(checked_number("recycle_after", recycle_after, "pages", 10**9, whole=True)),
        dpi=checked_number("dpi", dpi, "dots per inch", 10_000),
        max_pixels=int(checked_number("max_pixels", max_pixels, "pixels", 10**12, whole=True)),
        max_pages=max_pages,
        password=password,
    )


def memory_of_machine() -> int:
    """Bytes of memory of this machine, or of the container this process is in (cgroup v2)."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:")]
    except OSError:  # not Linux
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    # Not there without cgroup v2; "max" where nothing limits it further.
    with contextlib.suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(found)


def checked_number(name: str, value: object, unit: str, most: float, *, whole: bool = False) -> float:
    """Return the value if it is a number above 0 and at most ``most``.

    Raises:
        BatchOptionError: it is not; the message names it.

    """
    is_number = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) <= most:  # type: ignore[arg-type]
        kind = "whole number" if whole else "number"
        raise BatchOptionError(
            f"{name} is {shown(value)}; expected a {kind} of {unit} above 0, at most {most:,.0f}."
        )
    return float(value)  # type: ignore[arg-type]

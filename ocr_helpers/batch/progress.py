"""Progress of a long run: pages, pages per minute and time left, in a notebook or a terminal."""

import time
from collections import deque
from typing import Any

__all__ = ["Progress"]

_FORMAT = "{desc}{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} pages [{elapsed}<{remaining}{postfix}]"
_RATE_SECONDS = 60.0


class Progress:
    """A tqdm bar that counts pages.

    Args:
        shown: False writes nothing.
        done: pages that were done before.
        total: pages as far as they are known.

    """

    def __init__(self, shown: bool, done: int, total: int) -> None:
        self._began = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque([(self._began, 0)])
        self.new = self.failed = 0
        self._bar: Any = None
        if shown:
            from tqdm.auto import tqdm

            # Time left by the mean of the whole run: single pages differ by a factor of ten.
            self._bar = tqdm(total=total, initial=done, bar_format=_FORMAT, smoothing=0, dynamic_ncols=True)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    @property
    def pages_per_minute(self) -> float:
        """Over the last minute or more."""
        since, count = self._recent[0]
        passed = time.monotonic() - since
        return (self.new - count) / passed * 60 if passed > 0 else 0.0

    def add(self, read: int, failed: int, total: int) -> None:
        """Count pages that were settled; ``total`` is what is known by now."""
        self.new += read
        self.failed += failed
        now = time.monotonic()
        self._recent.append((now, self.new))
        while len(self._recent) > 2 and now - self._recent[1][0] > _RATE_SECONDS:
            self._recent.popleft()
        if self._bar is not None:
            self._bar.total = total
            said = f"{self.pages_per_minute:.0f} pages/min"
            self._bar.set_postfix_str(f"{said}, {self.failed} failed" if self.failed else said, refresh=False)
            self._bar.update(read + failed)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()

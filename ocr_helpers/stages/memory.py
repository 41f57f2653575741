"""What has been computed already: a least-recently-used memory, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.stages.memory_blocks import MemoryBlocks

__all__ = ["MemoryLimitError", "Recall", "StageMemory"]

_ENTRY_BYTES = 500
"""What an entry weighs beside its arrays: key, tuple, dictionary slot."""
_LARGE = 1_000_000
"""From how many bytes an array is moved off the heap."""


class MemoryLimitError(OcrHelpersError, ValueError):
    """The memory limit is not a number of megabytes."""


class StageMemory:
    """Values by key. The least recently used go when the sum of their sizes exceeds the limit.

    Args:
        limit_mb: the most that is kept, in megabytes of 10⁶ bytes. A value larger than that is not kept; with
            0 none is.

    Raises:
        MemoryLimitError: ``limit_mb`` is not a number, or below 0.

    """

    def __init__(self, limit_mb: float) -> None:
        if isinstance(limit_mb, bool) or not isinstance(limit_mb, int | float) or not limit_mb >= 0:
            raise MemoryLimitError(
                f"memory_limit_mb is {limit_mb!r}; expected megabytes, for instance 512, or 0 to "
                "remember nothing."
            )
        self.limit_bytes = int(limit_mb * 1e6)
        self._bytes = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._blocks = MemoryBlocks()

    @property
    def used_bytes(self) -> int:
        """Sum of the sizes of what is kept."""
        return self._bytes

    def key_of(self, pixels: NDArray[np.uint8]) -> Hashable:
        """What stands for an image in keys: the same for the same pixels, if anything is kept at all."""
        if not self.limit_bytes:
            return object()
        # Processors have instructions for it: less than half the time of blake2b.
        return sha256(pixels.data).digest(), pixels.shape

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Any:
        """Return the value and mark it as used, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Any, array_bytes: int = 0) -> None:
        """Keep a value (never None) whose arrays hold ``array_bytes``; forget the oldest where needed."""
        size = array_bytes + _ENTRY_BYTES
        if key in self._entries:
            self._bytes -= self._entries.pop(key)[1]
        if size > self.limit_bytes:
            return
        self._entries[key] = (value, size)
        self._bytes += size
        while self._bytes > self.limit_bytes:
            self._bytes -= self._entries.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0
        self._blocks.give_back()

    def apart(self, value: Any) -> Any:
        """The value, its arrays read-only and apart from what else is in memory: it is also handed out.

        What a network gives out lies in the memory of its session (onnxruntime's arena), and a view in that
        of its base; both would be kept whole. Large arrays are moved off the heap as well: among short-lived
        ones they leave gaps that the allocator neither fills nor gives back. What is larger than the limit
        is handed out only, and not copied.
        """
        if isinstance(value, list):
            return [self.apart(item) for item in value]
        if getattr(value, "probabilities", None) is not None:
            return replace(value, probabilities=self.apart(value.probabilities))
        if not isinstance(value, np.ndarray):
            return value
        if value.nbytes > self.limit_bytes:
            value = value.view()
        elif value.nbytes >= _LARGE:
            value = self._blocks.copy(value)
        elif value.base is not None:
            value = value.copy()
        value.flags.writeable = False
        return value


class Recall:
    """One step's use of the memory: it looks values up before it computes them.

    Attributes:
        computed: something was not remembered.
        detail: what the step decided, for its report.

    """

    def __init__(self, memory: StageMemory) -> None:
        self._memory = memory
        self.computed = False
        self.detail: dict[str, Any] = {}

    def recall(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the remembered value, or compute and remember it."""
        value = self._memory.get(key)
        if value is None:
            self.computed = True
            value = self._memory.apart(compute())
            self._memory.put(key, value, _array_bytes(value))
        return value

    def recall_each(
        self, keys: Sequence[Hashable], compute: Callable[[list[int]], Sequence[Any]]
    ) -> list[Any]:
        """The same for many values: ``compute`` gets the positions of those that are missing, together."""
        values = [self._memory.get(key) for key in keys]
        missing = [position for position, value in enumerate(values) if value is None]
        if missing:
            self.computed = True
            for position, value in zip(missing, compute(missing), strict=True):
                value = values[position] = self._memory.apart(value)
                self._memory.put(keys[position], value, _array_bytes(value))
        return values


def _array_bytes(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, list):
        return sum(_array_bytes(item) for item in value)
    probabilities = getattr(value, "probabilities", None)
    return 0 if probabilities is None else int(probabilities.nbytes)

"""Memory for large arrays apart from the heap, in blocks that serve again."""

import ctypes
import mmap
import sys
import weakref
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MemoryBlocks"]

_SPARE = 4
"""Free blocks that are kept for the next arrays."""


class MemoryBlocks:
    """Copies of arrays in blocks that come from the system and go back to it.

    A block is free once nothing refers to its array any more, views included. The last few free ones are
    kept, for new memory has its price: the system hands it out 4 KiB at a time, zeroed, at the first use.
    That made 4,700 page faults for what is remembered of one sample page. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._spare: deque[mmap.mmap] = deque(maxlen=_SPARE)

    def copy(self, array: NDArray[Any]) -> NDArray[Any]:
        """A copy of the array, in C order; it must not be empty, nor hold Python objects."""
        block = self._block(array.nbytes)
        owner = (ctypes.c_ubyte * array.nbytes).from_buffer(block)
        # Every array and view over the block refers to this owner, and nothing else does.
        weakref.finalize(owner, self._spare.append, block).atexit = False
        copied: NDArray[Any] = np.frombuffer(memoryview(owner), array.dtype).reshape(array.shape)
        copied[...] = array
        return copied

    def give_back(self) -> None:
        """Keep no free block."""
        self._spare.clear()

    def _block(self, size: int) -> mmap.mmap:
        """A free block, brought to ``size`` bytes, or a new one."""
        try:
            block = self._spare.popleft()
            if len(block) != size:
                block.resize(size)
        except (IndexError, BufferError, OSError, SystemError):
            # There is none, its last owner is about to let go of it, or this system changes no sizes.
            if sys.platform == "win32":
                return mmap.mmap(-1, size)
            return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        return block

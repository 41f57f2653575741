"""Memory of one process over many pages, none of which it has seen before."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ocr_helpers as ocr
from ocr_helpers.pages import Page

__all__ = ["EARLY", "MemoryUse", "measure_memory", "new_pages", "resident_bytes"]

EARLY = 30
"""Page after which the memory is taken as settled."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Resident memory of the process, bytes.

    Attributes:
        early: after page :data:`EARLY`, or after the last where there are fewer.
        end: after the last page.
        highest: after any page.

    """

    early: int
    end: int
    highest: int

    @property
    def growth(self) -> float:
        """Share by which memory at the end exceeds the early one; negative where it fell."""
        return self.end / self.early - 1

    def __str__(self) -> str:
        early, end, highest = (value / 1e6 for value in (self.early, self.end, self.highest))
        return (
            f"{early:.0f} MB after page {EARLY}, {end:.0f} MB at the end ({self.growth:+.1%}), "
            f"at most {highest:.0f} MB"
        )


def new_pages(pages: Sequence[Page], count: int) -> Iterator[NDArray[np.uint8]]:
    """The pages again and again, each time with other rows and columns cut off at the top and left.

    Yields:
        Uint8 (H, W, 3) BGR; no two are the same.

    """
    for number in range(count):
        page, turn = pages[number % len(pages)], number // len(pages)
        rows, columns = divmod(turn, 5)
        yield np.array(page.image_bgr[rows:, columns:])


def measure_memory(staged: ocr.StagedPipeline, pages: Sequence[Page], count: int) -> MemoryUse:
    """Read ``count`` new pages with all five modules; resident memory after each.

    Raises:
        OSError: this system does not tell a process's memory in ``/proc``.

    """
    settings = ocr.PipelineSettings(
        use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
    )
    resident = []
    for number, image_bgr in enumerate(new_pages(pages, count), 1):
        staged.run(image_bgr, settings)
        resident.append(resident_bytes())
        if number % EARLY == 0:
            megabytes = [f"{value / 1e6:.0f} MB" for value in (resident[-1], staged.memory.used_bytes)]
            print(f"  page {number}: {megabytes[0]}, {megabytes[1]} of it remembered steps", flush=True)
    return MemoryUse(resident[min(EARLY, count) - 1], resident[-1], max(resident))


def resident_bytes() -> int:
    """Memory of this process that is in RAM; Linux only."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

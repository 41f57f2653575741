"""What a step made of each thing it got last: the next time it works on the new ones only."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from numpy.typing import NDArray

__all__ = ["StepMemory"]

_Results: TypeAlias = tuple[NDArray[Any], ...]


class StepMemory:
    """Remembers the results of the last call.

    From one threshold to the next that a slider takes, most outlines move a pixel somewhere, but many
    rectangles round them stay: on the sample pages 46 to 93 of 100. To remember those of all thresholds
    before would find at most two of 100 more, and this way the memory needs no limit.
    """

    def __init__(self) -> None:
        self._keys: Sequence[bytes] = ()
        self._results: _Results = ()

    def results(self, keys: Sequence[bytes], compute: Callable[[list[int]], _Results]) -> _Results:
        """Arrays with one row for each key, remembered where the last call had the same key.

        Args:
            keys: of each thing the bytes that its results depend on.
            compute: makes the arrays for the things at some places; of each without regard to the others.

        Returns:
            Arrays that are remembered: do not write into them.

        """
        places_before = dict(zip(self._keys, range(len(self._keys)), strict=True))
        before = [places_before.get(key, -1) for key in keys]
        new = [place for place, known in enumerate(before) if known < 0]
        if len(new) == len(keys):
            results = compute(new)
        else:
            results = tuple(rows[before] for rows in self._results)
            if new:
                for rows, computed in zip(results, compute(new), strict=True):
                    rows[new] = computed
        self._keys, self._results = keys, results
        return results

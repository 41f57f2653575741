"""The networks of a staged run alone: their inputs are recorded during a run, then replayed and timed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.stages.core_runs import CoreRuns
from ocr_helpers.stages.models import StageModels

__all__ = ["NetworkRuns", "recorded"]

Batch = NDArray[np.float32]


@dataclass(slots=True)
class NetworkRuns:
    """What the networks of one or several staged runs were fed with, in the order in which they ran.

    Attributes:
        alone: PaddleX's predictor and the batch, of the modules that see the page.
        on_lines: the runs beside each other of one module that sees lines: how, and the inputs of each.

    """

    alone: list[tuple[Any, Batch]] = field(default_factory=list)
    on_lines: list[tuple[CoreRuns, list[tuple[Any, ...]]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Network runs in all."""
        return len(self.alone) + sum(len(inputs) for _, inputs in self.on_lines)

    def replay(self) -> None:
        """Run the same networks on the same inputs through the same sessions, and nothing else.

        Those of lines again run one per core, in threads that are there when the first begins.
        """
        for predictor, batch in self.alone:
            predictor.runner(x=[batch])
        for runs, inputs in self.on_lines:
            if runs.threads > 1 and len(inputs) > 1:
                with ThreadPoolExecutor(runs.threads) as pool:
                    list(pool.map(runs.network, *zip(*inputs, strict=True)))
            else:
                for given in inputs:
                    runs.network(*given)


@contextmanager
def recorded() -> Iterator[NetworkRuns]:
    """Record every network run of any staged pipeline while the block is entered."""
    found = NetworkRuns()
    run_alone, run_one, share_out = StageModels._run, CoreRuns.network, CoreRuns.share_out

    def alone(self: StageModels, model: Any, batch: Batch) -> Any:
        found.alone.append((model, batch))
        return run_alone(self, model, batch)

    def one(self: CoreRuns, *given: Any) -> Any:
        if not found.on_lines or found.on_lines[-1][0] is not self:
            found.on_lines.append((self, []))  # not within share_out, as in a replay
        found.on_lines[-1][1].append(given)
        return run_one(self, *given)

    def together(self: CoreRuns, work: Any, parts: Any) -> Any:
        found.on_lines.append((self, []))
        return share_out(self, work, parts)

    with (
        mock.patch.object(StageModels, "_run", alone),
        mock.patch.object(CoreRuns, "network", one),
        mock.patch.object(CoreRuns, "share_out", together),
    ):
        yield found

"""Runs of one network on lines: single-threaded, as many beside each other as there are cores.

On small inputs a network gains little from several threads. For 41 lines on two cores, the official
line-orientation network took 338 ms with two threads a run, one run after the other, and 211 ms with one
thread a run, two runs beside each other; the outputs were the same to the last bit.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.device import cpu_thread_count

__all__ = ["CoreRuns"]

Part = TypeVar("Part")
Found = TypeVar("Found")


class CoreRuns:
    """The network of one PaddleX predictor, ready to run once per core.

    With onnxruntime on a CPU it gets a session of its own; with another engine, or on a GPU, PaddleX's own
    runner is used, one run after the other.

    Args:
        predictor: PaddleX's predictor of one module.
        rewrite: makes the model for the session of its own out of the model's file and the arguments.

    Attributes:
        threads: runs beside each other.

    """

    def __init__(self, predictor: Any, rewrite: Callable[..., bytes] | None = None, *arguments: int) -> None:
        self._runner = runner = predictor.runner
        config = getattr(runner, "_config", {})
        self._session: Any = None
        self.threads = 1
        if type(runner).__name__ == "ONNXRuntimeRunner" and (config.get("device_type") or "cpu") == "cpu":
            path = Path(predictor.model_dir) / f"{runner.model_file_prefix}.onnx"
            self._session = _session(path, path.stat().st_mtime_ns, rewrite, arguments)
            self.threads = config.get("intra_op_num_threads") or cpu_thread_count()

    def network(self, batch: NDArray[np.float32], *more: NDArray[Any]) -> list[NDArray[Any]]:
        """Run the network once; its outputs in order.

        Args:
            batch: its input.
            more: inputs after it, given to it as far as it has them.

        """
        if self._session is None:
            return [np.asarray(output) for output in self._runner(x=[batch])]
        names = [one.name for one in self._session.get_inputs()]
        outputs: list[NDArray[Any]] = self._session.run(None, dict(zip(names, (batch, *more), strict=False)))
        return outputs

    def share_out(self, work: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
        """What ``work`` makes of each part, in their order; begun in their order, one part per core."""
        if self.threads > 1 and len(parts) > 1:
            with ThreadPoolExecutor(min(self.threads, len(parts))) as pool:
                return list(pool.map(work, parts))
        return [work(part) for part in parts]


@lru_cache(maxsize=8)
def _session(
    path: Path, _mtime_ns: int, rewrite: Callable[..., bytes] | None, arguments: tuple[int, ...]
) -> Any:
    """Return a single-threaded session of the model; several threads may run it at the same time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A memory plan per input shape pays where shapes repeat; lines have hundreds of widths, and memory grew.
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(
        str(path) if rewrite is None else rewrite(path, *arguments),
        options,
        providers=["CPUExecutionProvider"],
    )

"""Where the time of one worker of one thread goes: inside the networks, and in everything around them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import ocr_helpers as ocr
from ocr_helpers.export.json import dump_record, page_record
from ocr_helpers.stages.result import StagedResult

__all__ = ["WorkerTime", "worker_time"]


@dataclass(frozen=True, slots=True)
class WorkerTime:
    """Processor milliseconds of a page, the mean over the pages of the median over the repeats.

    Attributes:
        networks: inside the networks; of the two on lines, with the preparation of each line.
        around: the other steps: resizing, boxes, crops.
        decoding: from the file to pixels.
        writing: from the result to the bytes of its file.

    """

    networks: float
    around: float
    decoding: float
    writing: float

    @property
    def whole(self) -> float:
        """All of it."""
        return self.networks + self.around + self.decoding + self.writing


def worker_time(files: Sequence[Path], settings: ocr.PipelineSettings, repeats: int) -> WorkerTime:
    """Read files as a worker does, with one thread, in this process.

    Args:
        files: one page each.
        settings: as for ``read_documents``.
        repeats: rounds over all files that count, at least 1; one more before them does not.

    """
    pipeline = ocr.load_pipeline("starter", device="cpu", engine="onnxruntime", cpu_threads=1)
    staged = ocr.StagedPipeline(pipeline, memory_limit_mb=0)
    rounds = [[_page_time(file, staged, settings) for file in files] for _ in range(repeats + 1)][1:]
    per_page = [
        [statistics.median(times) for times in zip(*page, strict=True)] for page in zip(*rounds, strict=True)
    ]
    return WorkerTime(*(1e3 * statistics.mean(part) for part in zip(*per_page, strict=True)))


def _page_time(
    file: Path, staged: ocr.StagedPipeline, settings: ocr.PipelineSettings
) -> tuple[float, float, float, float]:
    """Seconds in the networks, around them, of decoding and of writing."""
    began = process_time()
    page = next(ocr.iter_pages(file))
    decoded = process_time()
    result = staged.run(page, settings)
    assert isinstance(result, StagedResult)
    ran = process_time()
    dump_record(page_record(page, result, settings), with_times=False)
    written = process_time()
    steps = [step for step in result.steps.values() if step.on]
    # The steps are timed by the clock on the wall, which runs on while something else has the core.
    share = sum(step.network_milliseconds for step in steps) / sum(step.milliseconds for step in steps)
    run = ran - decoded
    return share * run, (1 - share) * run, decoded - began, written - ran

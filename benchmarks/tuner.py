"""From a changed threshold to new boxes, against a whole PaddleOCR.predict: ``python -m benchmarks.tuner``.

Both get the same page and the same parameters in the same run, in turn. The tuner has its probability map, as
while one drags; PaddleOCR runs whole, as in a demo with a button: the same pipeline object, the same models,
onnxruntime. The threshold moves by 0.01 as the slider does, each time to a value that was not asked for
before: no answer is remembered, but rectangles that stay as they were at the value before are, as for whoever
drags. Before anything is timed the boxes of both must be equal, every corner of each.

A full page is one of at least 30 boxes. Ends with 1 if boxes differ, or a full page is below the target.
"""

import argparse
import itertools
import statistics
import sys
from collections.abc import Sequence
from time import perf_counter

import numpy as np

import ocr_helpers as ocr
from benchmarks.exactness import sample_pages
from benchmarks.pipeline_timing import machine
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.stages import StagedPipeline

TARGET = 100
FULL_PAGE = 30
STEPS = 5  # of a slider, for each time that PaddleOCR predicts


def measure(staged: StagedPipeline, page: ocr.Page, repeats: int) -> tuple[int, float, float] | None:
    """Boxes, and the median seconds of PaddleOCR and of the tuner; None where their boxes differ."""
    tuning = DetectionTuning(staged, page, recognize=False)
    tuning.wait()
    values = np.round(np.linspace(0.21, 0.45, 24 * STEPS + 1), 4)
    # Up in steps of 0.01, and again between them.
    thresholds = itertools.cycle(np.concatenate([values[first::STEPS] for first in range(STEPS)]).tolist())
    slow, fast = [], []
    for _ in range(repeats):
        for _ in range(STEPS):
            thresh = next(thresholds)
            began = perf_counter()
            tuning.set(thresh=thresh)
            fast.append(perf_counter() - began)
        began = perf_counter()
        (result,) = staged.pipeline.predict(page.image_bgr, **tuning.pipeline_settings.as_kwargs())
        slow.append(perf_counter() - began)
        frame = tuning.state.frame
        assert frame is not None
        if not np.array_equal(frame.quads_xy, np.array(result["dt_polys"], np.int16).reshape(-1, 4, 2)):
            return None
    boxes = 0 if tuning.figures is None else tuning.figures.kept
    tuning.stop()
    return boxes, statistics.median(slow), statistics.median(fast)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuner", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="predictions a page (%(default)s)")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("--repeats takes a whole number of at least 1")
    staged = StagedPipeline(ocr.load_pipeline())
    print(f"{'page':<34}{'boxes':>6}{'PaddleOCR.predict':>19}{'tuner':>10}{'ratio':>9}")
    ratios: list[float] = []
    for page in sample_pages():
        name = page.source.rpartition("/")[2] + (f" {page.index + 1}" if page.source.endswith(".pdf") else "")
        with quiet_paddle():
            found = measure(staged, page, options.repeats)
        if found is None:
            print(f"{name}: the boxes differ", file=sys.stderr)
            return 1
        boxes, slow, fast = found
        if boxes >= FULL_PAGE:
            ratios.append(slow / fast)
        print(
            f"{name:<34}{boxes:>6}{slow * 1e3:>16.0f} ms{fast * 1e3:>7.1f} ms{slow / fast:>9.0f}", flush=True
        )
    met = min(ratios) >= TARGET
    share = f"{min(ratios):.0f} to {max(ratios):.0f} times, median {statistics.median(ratios):.0f}"
    print(f"\n{machine()}")
    print(f"{len(ratios)} full pages: {share} (at least {TARGET}): {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""A sweep over 500 detection settings, against PaddleOCR.predict for each: ``python -m benchmarks.sweep``.

Both read the sample pages, upright (document orientation on), with the same weights, and end at the character
error rate. They take turns page by page, so that a machine that slows down slows both: PaddleOCR reads a page
with a few of the settings, drawn at random, the defaults among them; then the sweep takes it up with nothing
remembered, once for the error rate and once for the H-mean. PaddleOCR's time for all settings is its mean
times their number. It reads as it comes, all on paddle: the target is for that. And it reads on the sweep's
own engine, onnxruntime, lines in its batches of six and one by one, of which the faster way counts: that
ratio, printed as well, is what the search alone is worth.

The results must be the same: for each of those settings and pages the same boxes, the same texts (as
PaddleOCR on onnxruntime reads lines one by one: in its batches it pads them, which changes some), the same
error rate.

Then the promise: settings chosen on half of the documents read the other half no worse than the defaults,
over many such splits of the samples, and of photos of bent pages, where other settings do help. The photos
are drawn with the fonts of ``training.samples``; ``--photos 0`` does without. Ends with 1 if results differ,
the ratio is below the target, or a split reads worse.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import ocr_helpers as ocr
from benchmarks.exactness import load, sample_pages
from benchmarks.paddle_detection import load_on
from benchmarks.pipeline_timing import machine
from benchmarks.sweep_promise import bent_photos, promise
from ocr_helpers.ground_truth import truth_beside
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.pages import Page
from ocr_helpers.scoring import page_cer
from ocr_helpers.sweep.grid import swept_settings
from ocr_helpers.sweep.pages import truth_on
from ocr_helpers.sweep.result import SweepResult
from ocr_helpers.tuning import sweep_detection

TARGET = 200
AS_IT_COMES = "as it comes, on paddle"
UPRIGHT = ocr.PipelineSettings(use_doc_orientation_classify=True)
GRID = {
    "thresh": [0.2, 0.3, 0.4, 0.5],
    "box_thresh": [round(0.3 + 0.025 * step, 3) for step in range(25)],
    "unclip_ratio": [1.2, 1.4, 1.5, 1.7, 2.0],
}


@dataclass
class Rival:
    """PaddleOCR on some of the settings.

    Attributes:
        pipeline: a ``paddleocr.PaddleOCR``.
        seconds: per page, one per setting.
        readings: (setting, page) → boxes as bytes, in PaddleOCR's order, and texts.
        cers: (setting, page) → the error rate.

    """

    pipeline: Any
    seconds: list[list[float]] = field(default_factory=list)
    readings: dict[tuple[int, int], tuple[list[bytes], list[str]]] = field(default_factory=dict)
    cers: dict[tuple[int, int], float] = field(default_factory=dict)

    def predict(self, page: Page, settings: Mapping[int, ocr.DetectionSettings]) -> None:
        """Read a page with each of the settings, timed; what came out is looked at afterwards."""
        image, truth, place = np.array(page.image_bgr), truth_beside(page), len(self.seconds)
        assert truth is not None
        self.seconds.append([])
        for number, detection in settings.items():
            arguments = replace(UPRIGHT, detection=detection).as_kwargs()
            began = perf_counter()
            (result,) = self.pipeline.predict(image, **arguments)
            self.seconds[-1].append(perf_counter() - began)
            quads, texts = list(result["dt_polys"]), list(result["rec_texts"])
            self.readings[number, place] = [np.asarray(quad, np.int16).tobytes() for quad in quads], texts
            upright = truth_on(result["doc_preprocessor_res"]["output_img"], page, truth)
            self.cers[number, place] = page_cer(quads, texts, upright.quads_xy, upright.texts)

    @property
    def mean_seconds(self) -> float:
        """Of one of the settings, over all pages."""
        return float(np.mean(self.seconds, axis=1).sum())


def differences(
    staged: ocr.StagedPipeline, result: SweepResult, pages: Sequence[Page], one_by_one: Rival
) -> list[str]:
    """Where the sweep and PaddleOCR, reading lines one by one, do not agree."""
    found = []
    for (number, place), (boxes, texts) in one_by_one.readings.items():
        read = staged.run(pages[place], replace(UPRIGHT, detection=result.settings[number]))
        same = [np.asarray(quad, np.int16).tobytes() for quad in read["dt_polys"]] == boxes
        swept, predicted = result.values[number, place], one_by_one.cers[number, place]
        if not same or read["rec_texts"] != texts or abs(swept - predicted) > 1e-9:
            found.append(
                f"{result.pages[place].name}, {result.settings[number].as_code()}: the same boxes: {same}, "
                f"the same texts: {read['rec_texts'] == texts}, CER {swept:.6f} and {predicted:.6f}"
            )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--settings", type=int, default=4, help="that PaddleOCR reads with (%(default)s)")
    parser.add_argument("--pages", type=int, default=None, help="the first so many only")
    parser.add_argument("--photos", type=int, default=16, help="of bent pages (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
    options = parser.parse_args(arguments)
    if options.settings < 2 or options.photos < 0 or (options.pages or 2) < 2:
        parser.error("expected --settings and --pages of at least 2, --photos of at least 0")
    pages = list(sample_pages())[: options.pages]
    with quiet_paddle(), tempfile.TemporaryDirectory() as folder:
        rivals = {
            "batches of six": Rival(load("onnxruntime")),
            "one by one": Rival(load("onnxruntime", 1)),
            AS_IT_COMES: Rival(load_on("paddle", "paddle", Path(folder))),
        }
    staged = ocr.StagedPipeline(rivals["batches of six"].pipeline, memory_limit_mb=2000)
    with quiet_paddle():  # each once, so that nobody pays for what is done once
        staged.run(pages[-1], UPRIGHT)
        for rival in rivals.values():
            rival.pipeline.predict(np.array(pages[-1].image_bgr), **UPRIGHT.as_kwargs())
    staged.forget()

    tried = swept_settings(GRID, UPRIGHT.detection)
    random = np.random.default_rng(options.seed)
    drawn = [0, *sorted((1 + random.permutation(len(tried) - 1))[: options.settings - 1].tolist())]
    found: dict[str, SweepResult] = {}
    seconds = dict.fromkeys(("cer", "hmean"), 0.0)
    for count, page in enumerate(pages, start=1):
        with quiet_paddle():
            for rival in rivals.values():
                rival.predict(page, {number: tried[number] for number in drawn})
        for metric in seconds:
            staged.forget()
            began = perf_counter()
            found[metric] = sweep_detection(
                staged,
                pages[:count],
                GRID,
                metric,
                settings=UPRIGHT,
                resume=found.get(metric),
                progress=False,
            )
            seconds[metric] += perf_counter() - began
    result = found["cer"]
    assert result.settings == tried and not result.skipped

    wrong = differences(staged, result, pages, rivals["one by one"])
    for line in wrong:
        print(f"different: {line}", file=sys.stderr)
    one, six = (rivals[name].readings for name in ("one by one", "batches of six"))
    apart = max(abs(result.values[key] - cer) for key, cer in rivals[AS_IT_COMES].cers.items())
    changed = [a != b for key in one for a, b in zip(one[key][1], six[key][1], strict=True)]
    print(
        f"{len(pages)} pages under {len(drawn)} of the settings: {len(one) - len(wrong)} of {len(one)} "
        f"readings the same, box by box and text by text; PaddleOCR's own batches change {sum(changed)} of "
        f"{len(changed)} lines; as it comes its error rate is off by {apart:.4f} at most"
    )
    for name, rival in rivals.items():
        print(
            f"PaddleOCR.predict, {name}: {rival.mean_seconds:.1f} s for all pages, "
            f"mean of {len(drawn)} settings"
        )
    print(f"\n{result}\n")
    kept = {"samples": promise(result)}
    if options.photos:
        photos, truths = zip(*bent_photos(options.photos, options.seed), strict=True)
        bent = sweep_detection(staged, photos, GRID, "cer", truths=truths, progress=False)
        print(f"photos of bent pages:\n{bent}\n")
        kept["photos of bent pages"] = promise(bent)
    for name, each in kept.items():
        print(f"held out, {name}: {each}")
    worse = sum(each.worse for each in kept.values())
    print(f"held out: worse than the defaults in {worse} splits (never): {'missed' if worse else 'met'}")
    print(f"\n{machine()}")
    came = rivals.pop(AS_IT_COMES).mean_seconds
    predicted = min(rival.mean_seconds for rival in rivals.values())
    missed = 0
    for metric, second in sorted(seconds.items(), key=lambda item: item[1]):
        as_it_comes, same_engine = (len(tried) * mean / second for mean in (came, predicted))
        missed += as_it_comes < TARGET
        print(
            f"{len(tried)} settings, metric {metric}: {second:.1f} s by the sweep. {len(tried)} × "
            f"{came:.1f} s by PaddleOCR.predict {AS_IT_COMES}: {as_it_comes:.0f} times faster (at least "
            f"{TARGET}): {'missed' if as_it_comes < TARGET else 'met'}; {len(tried)} × {predicted:.1f} s on "
            f"the same engine: {same_engine:.0f} times faster"
        )
    return 1 if missed or wrong or worse else 0


if __name__ == "__main__":
    sys.exit(main())

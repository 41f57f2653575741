"""The parts of the pipeline benchmark; see ``benchmarks.pipeline`` for what each of them measures."""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

import ocr_helpers as ocr
from benchmarks.exactness import compare, load
from benchmarks.pipeline_memory import measure_memory
from benchmarks.pipeline_networks import recorded
from benchmarks.pipeline_official import HOW_TO_MAKE, missing_files, official_stages
from benchmarks.pipeline_rivals import TextsDifferError, equal_texts, load_rapidocr, same_lines, texts_of
from benchmarks.pipeline_timing import Run, interleave, ratio, totals
from ocr_helpers.pages import Page
from ocr_helpers.stages.models import StageModels

__all__ = ["PARTS", "Bench"]

ALL_ON: Final = ocr.PipelineSettings(
    use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
)
TOGGLES: Final = ("use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation")
LINES: Final = 35
"""Lines of the page on which the official networks are timed."""


@dataclass(slots=True)
class Bench:
    """What all parts share.

    Attributes:
        pages: the samples that are read.
        a4: the page for the toggles and the official networks.
        options: the command line.
        figures: a line for each figure, printed last.

    """

    pages: Sequence[Page]
    a4: Page
    options: argparse.Namespace
    figures: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Print what is not a figure, at once."""
        print(text, flush=True)

    def figure(self, name: str, text: str, reached: bool | None = None) -> None:
        """Keep a figure for the end."""
        mark = {True: "reached", False: "MISSED", None: ""}[reached]
        self.figures.append(f"{name:<11}{text}" + (f": {mark}" if mark else ""))

    def interleave(self, cases: Sequence[dict[str, Run]]) -> dict[str, list[list[float]]]:
        """As :func:`benchmarks.pipeline_timing.interleave`, with the repeats asked for."""
        return interleave(cases, self.options.repeats, self.options.warm_up)


def name_of(page: Page) -> str:
    """The sample's file name, and the page number of a PDF."""
    return Path(page.source).name + (f" {page.index + 1}" if page.source.endswith(".pdf") else "")


def measure_paddleocr(bench: Bench) -> None:
    """Whole five-module runs against ``PaddleOCR.predict``."""
    pipeline, alone = load("onnxruntime"), load("onnxruntime", 1)
    staged, lines, changed = ocr.StagedPipeline(pipeline), 0, 0
    for page in bench.pages:
        found = compare(staged, alone, pipeline, page, ALL_ON)
        if not found.exact:
            raise TextsDifferError(f"{name_of(page)}: not what PaddleOCR reads: {found}")
        lines, changed = lines + found.lines, changed + found.batched
    bench.note(
        f"paddleocr: {lines} lines, all as PaddleOCR reads them one at a time; in its default batches it "
        f"reads {changed} of them differently"
    )

    def case(page: Page) -> dict[str, Run]:
        pixels = np.array(page.image_bgr)
        return {
            "PaddleOCR": Run(lambda: pipeline.predict(pixels, **ALL_ON.as_kwargs())),
            "workbench": Run(lambda: staged.run(page, ALL_ON), staged.forget),
        }

    report(bench, "paddleocr", "PaddleOCR", list(map(case, bench.pages)), 1.25)


def measure_rapidocr(bench: Bench) -> None:
    """Detection and recognition alone, against RapidOCR's own pipeline."""
    staged, off = ocr.StagedPipeline(load("onnxruntime")), ocr.PipelineSettings()
    with tempfile.TemporaryDirectory() as directory:
        rapid = load_rapidocr(Path(directory))
        total = equal = 0
        for page in bench.pages:
            ours = [text for text in staged.run(page, off)["rec_texts"] if text.strip()]
            total += len(ours)
            equal += same_lines(ours, texts_of(rapid, np.array(page.image_bgr)))
        bench.note(f"rapidocr: {equal} of {total} lines read the same")

        def case(page: Page) -> dict[str, Run]:
            pixels = np.array(page.image_bgr)
            return {
                "RapidOCR": Run(lambda: rapid(pixels)),
                "workbench": Run(lambda: staged.run(page, off), staged.forget),
            }

        report(bench, "rapidocr", "RapidOCR", list(map(case, bench.pages)), 1.25)


def report(bench: Bench, part: str, rival: str, cases: Sequence[dict[str, Run]], target: float) -> None:
    """Time whole runs; one line a page, and the figure over all of them."""
    times = bench.interleave(cases)
    for number, page in enumerate(bench.pages):
        slow, fast = ([row[number] for row in times[name]] for name in (rival, "workbench"))
        bench.note(_row(name_of(page), slow, fast))
    whole = totals(times)
    found = ratio(whole[rival], whole["workbench"])
    bench.figure(
        part,
        f"{rival} takes {found} times as long as the workbench over {len(cases)} pages (at least {target})",
        found.median >= target,
    )


def _row(name: str, slow: Sequence[float], fast: Sequence[float]) -> str:
    """Name, median milliseconds of both sides, and their ratio."""
    medians = (statistics.median(seconds) * 1e3 for seconds in (slow, fast))
    return f"  {name:<30}" + "".join(f"{median:>7.0f} ms" for median in medians) + f"   {ratio(slow, fast)}"


def measure_networks(bench: Bench) -> None:
    """Whole runs against the sum of the bare network runs."""
    staged = ocr.StagedPipeline(load("onnxruntime"))

    def case(page: Page) -> dict[str, Run]:
        fresh = staged.run(page, ALL_ON)["rec_texts"]
        staged.forget()
        with recorded() as networks:
            equal_texts(f"{name_of(page)}, read again", fresh, staged.run(page, ALL_ON)["rec_texts"])
        return {
            "workbench": Run(lambda: staged.run(page, ALL_ON), staged.forget),
            "networks": Run(networks.replay),
        }

    # Page by page, for the recorded inputs of one page take up to 100 MB.
    sums: dict[str, list[float]] = {}
    for page in bench.pages:
        for name, seconds in totals(bench.interleave([case(page)])).items():
            known = sums.get(name, [0.0] * len(seconds))
            sums[name] = [one + other for one, other in zip(known, seconds, strict=True)]
    found = ratio(sums["workbench"], sums["networks"])
    bench.figure(
        "networks",
        f"a run takes {found} times as long as its networks over {len(bench.pages)} pages (at most 1.15)",
        found.median <= 1.15,
    )


def measure_toggles(bench: Bench) -> None:
    """Each toggle off and on again, against computing everything."""
    staged, page = ocr.StagedPipeline(load("onnxruntime")), bench.a4
    for toggle in TOGGLES:

        def change(toggle: str = toggle) -> None:
            staged.run(page, ALL_ON)
            staged.run(page, _without(toggle))

        fresh = staged.run(page, ALL_ON)["rec_texts"]
        change()
        equal_texts(f"{toggle} changed back", fresh, staged.run(page, ALL_ON)["rec_texts"])
        times = totals(
            bench.interleave(
                [
                    {
                        "back": Run(lambda: staged.run(page, ALL_ON), change),
                        "everything": Run(lambda: staged.run(page, ALL_ON), staged.forget),
                    }
                ]
            )
        )
        milliseconds = statistics.median(times["back"]) * 1e3
        bench.figure(
            "toggles",
            f"{toggle} changed back on {name_of(page)} answers in {milliseconds:.1f} ms (under 50), "
            f"everything takes {ratio(times['everything'], times['back'])} times as long",
            milliseconds < 50,
        )


def _without(toggle: str) -> ocr.PipelineSettings:
    changed: dict[str, Any] = {toggle: False}
    return replace(ALL_ON, **changed)


def measure_official(bench: Bench) -> None:
    """The official networks against PaddleOCR's own classes."""
    directory = bench.options.official
    if directory is None:
        bench.note(f"official: left out, for --official DIR is not given. {HOW_TO_MAKE}")
        return
    if missing := missing_files(directory):
        raise FileNotFoundError(f"{directory} has no {', '.join(missing)}. {HOW_TO_MAKE}")
    starter = load("onnxruntime")
    quads, models = ocr.StagedPipeline(starter).run(bench.a4)["dt_polys"], StageModels(starter)
    crops = models.crops(bench.a4.image_bgr, quads[:LINES])
    stages = official_stages(directory, bench.a4.image_bgr, crops, models)
    bench.note(f"official: {name_of(bench.a4)} and {len(crops)} of its lines")
    times = bench.interleave([dict(stage.runs) for stage in stages])
    for number, stage in enumerate(stages):
        slow, fast = ([row[number] for row in times[name]] for name in ("paddleocr", "workbench"))
        bench.note(f"{_row(stage.module, slow, fast)}   {stage.same}")
    whole = totals(times)
    total = ratio(whole["paddleocr"], whole["workbench"])
    bench.figure(
        "official",
        f"PaddleOCR with paddle and oneDNN takes {total} times as long over the five official networks, "
        f"a page and {len(crops)} lines (at least 3)",
        total.median >= 3,
    )


def measure_pages(bench: Bench) -> None:
    """Memory over many pages."""
    if not bench.options.pages:
        bench.note("memory: left out, for --pages N is not given")
        return
    use = measure_memory(ocr.StagedPipeline(load("onnxruntime")), bench.pages, bench.options.pages)
    bench.figure("memory", f"{bench.options.pages} pages: {use} (at most +5 %)", use.growth <= 0.05)


PARTS: Final[Mapping[str, Callable[[Bench], None]]] = {
    "paddleocr": measure_paddleocr,
    "rapidocr": measure_rapidocr,
    "networks": measure_networks,
    "toggles": measure_toggles,
    "official": measure_official,
    "memory": measure_pages,
}

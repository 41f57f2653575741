"""How fast many documents are read, and at what memory: ``python -m benchmarks.batch``.

speed   pages per minute of ``read_documents`` with one and two workers, against a plain loop over
        ``PaddleOCR.predict`` in one process that may use all cores: same files, same starter models, all
        five modules on paddle, as PaddleOCR comes, or what the options say. In turn, several times; the
        median of the ratios, with the lowest and highest. Of warm workers, as of a loop
        whose models are loaded; whole calls are printed as well. What both read is compared line by line:
        PaddleOCR's batches of lines change some, see ``benchmarks.pipeline``. One worker is measured on one
        core, as each of two has it, and on all cores, with a thread for each.
worker  processor milliseconds of a page in one worker of one thread: inside the networks, and around them.
memory  resident memory of one worker over --pages N pages that all differ; never replaced meanwhile.
resume  a call over a job of --done N pages in which everything is done.
ocrmypdf  the same pages through OCRmyPDF with Tesseract ``kor``, where both are installed.

Ends with 1 if more lines differ than PaddleOCR's batches explain (2 %).
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from PIL import Image

import ocr_helpers as ocr
from benchmarks.batch_loops import plain_loop
from benchmarks.batch_parts import worker_time
from benchmarks.batch_runs import (
    BatchRun,
    command_seconds,
    copy_pages,
    memory_by_page,
    prepare_done,
    run_batch,
    write_new_pages,
)
from benchmarks.exactness import SAMPLES, sample_pages
from benchmarks.pipeline_timing import machine, ratio
from ocr_helpers.batch import read_documents

ALLOWED_DIFFERENCE: Final = 0.02
EARLY_PAGE: Final = 50
ALL_MODULES: Final = ocr.PipelineSettings(
    use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
)


class Workers(NamedTuple):
    """A way to read: so many worker processes on so many cores, None for all."""

    name: str
    workers: int
    cores: int | None


WORKERS: Final = (
    Workers("one worker on one core", 1, 1),
    Workers("one on all cores", 1, None),
    Workers("two workers", 2, None),
)


class TextsDifferTooMuchError(AssertionError):
    """More lines differ than PaddleOCR's batches explain."""


def samples() -> list[Path]:
    """The sample pages that are image files."""
    return sorted(path for path in SAMPLES.iterdir() if path.suffix in (".png", ".jpg"))


def different_lines(
    ours: Mapping[str, Sequence[str]], theirs: Mapping[str, Sequence[str]]
) -> tuple[int, int]:
    """How many lines differ, and of how many.

    Raises:
        TextsDifferTooMuchError: another set of files, or more lines than :data:`ALLOWED_DIFFERENCE`.

    """
    if ours.keys() != theirs.keys():
        raise TextsDifferTooMuchError(f"{sorted(ours.keys() ^ theirs.keys())[:3]} were read by one side only")
    different = total = 0
    for name, lines in theirs.items():
        total += len(lines)
        same = sum(a == b for a, b in zip(ours[name], lines, strict=False))
        different += max(len(lines), len(ours[name])) - same
    if different > ALLOWED_DIFFERENCE * max(total, 1):
        raise TextsDifferTooMuchError(f"{different} of {total} lines differ")
    return different, total


def measure_speed(options: argparse.Namespace, work: Path) -> list[str]:
    """Plain loop, one worker on one core and on all, two workers, in turn."""
    settings = ALL_MODULES if options.all_modules else ocr.PipelineSettings()
    files = copy_pages(samples(), work / "speed", options.speed_pages)
    plain: list[float] = []
    batch: dict[Workers, list[BatchRun]] = {one: [] for one in WORKERS}
    for repeat in range(options.repeats):
        loop = plain_loop(files, settings, options.engine, options.detection_engine)
        plain.append(loop.seconds / len(files))
        for one, runs in batch.items():
            out = work / f"out-{one.workers}-{one.cores}-{repeat}"
            runs.append(run_batch(work / "speed", out, settings, one.workers, cores=one.cores))
        said = ", ".join(f"{60 / runs[-1].steady_seconds:.0f} with {one.name}" for one, runs in batch.items())
        print(f"  repeat {repeat + 1}: {60 / plain[-1]:.0f} pages/min in a plain loop, {said}", flush=True)
    alone, wide, two = ([run.steady_seconds for run in batch[one]] for one in WORKERS)
    runs_of_two = batch[WORKERS[-1]]
    different, total = different_lines(runs_of_two[-1].texts, loop.texts)
    whole = statistics.median(run.seconds for run in runs_of_two)
    engine = options.engine
    if options.detection_engine not in (None, engine):
        engine += f", detection on {options.detection_engine}"
    return [
        f"two workers against a plain loop: {ratio(plain, two)} times as fast ({engine}, "
        f"{'all five modules' if options.all_modules else 'detection and recognition'})",
        f"one worker with all cores against a plain loop: {ratio(plain, wide)}",
        f"two workers against one: {ratio(alone, two)} on one core, {ratio(wide, two)} with all cores",
        f"two workers: {60 / statistics.median(two):.0f} pages/min; the whole call of {len(files)} "
        f"pages, models loaded, {whole:.1f} s",
        f"lines that differ from the plain loop's: {different} of {total}",
    ]


def measure_worker(options: argparse.Namespace, work: Path) -> list[str]:
    """Where the time of a worker goes."""
    settings = ALL_MODULES if options.all_modules else ocr.PipelineSettings()
    found = worker_time(samples(), settings, options.repeats)
    return [
        f"a worker of one thread: {found.whole:.0f} ms of processor time per page, of that "
        f"{found.networks:.0f} ms ({found.networks / found.whole:.0%}) in the networks, "
        f"{found.around:.0f} ms around them, {found.decoding:.0f} ms decoding, {found.writing:.0f} ms writing"
    ]


def measure_memory(options: argparse.Namespace, work: Path) -> list[str]:
    """One worker over pages that all differ."""
    if options.pages <= EARLY_PAGE:
        return []
    write_new_pages(list(sample_pages()), work / "memory", options.pages)
    run_batch(work / "memory", work / "out-memory", ocr.PipelineSettings(), 1, recycle_after=10**6)
    figures = []
    for resident in memory_by_page(work / "out-memory").values():
        early, end = (
            statistics.median(part) for part in (resident[EARLY_PAGE - 10 : EARLY_PAGE], resident[-10:])
        )
        figures.append(
            f"memory of a worker: {early:.0f} MB at page {EARLY_PAGE}, {end:.0f} MB at page {len(resident)} "
            f"({end / early - 1:+.1%}), at most {max(resident)} MB after any"
        )
    return figures


def measure_resume(options: argparse.Namespace, work: Path) -> list[str]:
    """A call in which everything is done."""
    folder, out = work / "done", work / "out-done"
    prepare_done(SAMPLES / "lines" / "price.png", folder, out, options.done, weights="starter")
    seconds = []
    for _ in range(options.repeats):
        began = perf_counter()
        result = read_documents(folder, out, weights="starter", progress=False)
        seconds.append(perf_counter() - began)
        if (result.done, result.new) != (options.done, 0):
            raise TextsDifferTooMuchError(f"resume: {result}")
    command = [command_seconds(folder, out) for _ in range(options.repeats)]
    return [
        f"resume with {options.done:,} done pages: {statistics.median(seconds):.2f} s, as a command "
        f"{statistics.median(command):.2f} s"
    ]


def measure_ocrmypdf(options: argparse.Namespace, work: Path) -> list[str]:
    """OCRmyPDF on a PDF of the same pages."""
    if shutil.which("ocrmypdf") is None or shutil.which("tesseract") is None:
        return ["ocrmypdf: not installed, not compared"]
    pictures = [Image.open(path).convert("RGB") for path in samples()]
    source = work / "pages.pdf"
    pictures[0].save(source, save_all=True, append_images=pictures[1:], resolution=150)
    command = ["ocrmypdf", "-l", "kor", "--force-ocr", "--output-type", "pdf", "--jobs", "2", str(source)]
    began = perf_counter()
    subprocess.run([*command, str(work / "searchable.pdf")], check=True, capture_output=True)
    seconds = perf_counter() - began
    return [f"ocrmypdf with Tesseract kor: {60 * len(pictures) / seconds:.0f} pages/min, start included"]


PARTS: Final[Mapping[str, Callable[[argparse.Namespace, Path], list[str]]]] = {
    "speed": measure_speed,
    "worker": measure_worker,
    "memory": measure_memory,
    "resume": measure_resume,
    "ocrmypdf": measure_ocrmypdf,
}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--repeats", type=int, default=3, help="of speed and resume (%(default)s)")
    parser.add_argument("--speed-pages", type=int, default=52, help="per repeat and side (%(default)s)")
    parser.add_argument(
        "--pages", type=int, default=0, help="of the part memory, more than 50; 0 leaves it out"
    )
    parser.add_argument(
        "--done", type=int, default=10_000, help="done pages of the part resume (%(default)s)"
    )
    parser.add_argument(
        "--all-modules",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="all five modules on, as PaddleOCR's default, or detection and recognition only",
    )
    parser.add_argument(
        "--engine",
        choices=("onnxruntime", "paddle"),
        default="paddle",
        help="of the plain loop (%(default)s, as PaddleOCR's own default)",
    )
    parser.add_argument(
        "--detection-engine",
        choices=("onnxruntime", "paddle"),
        help="of detection in the plain loop, where it is not that of the others",
    )
    options = parser.parse_args(arguments)
    if options.repeats < 1 or options.speed_pages < 4 or options.done < 1 or options.pages < 0:
        parser.error("--repeats and --done take numbers of at least 1, --speed-pages of at least 4")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 if texts differ too much."""
    options = parse(arguments)
    figures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for part in options.only:
                figures += PARTS[part](options, Path(folder))
        except TextsDifferTooMuchError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
    print(f"\n{machine()}")
    print("\n".join(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How well Korean lines are read, and how fast: ``python -m benchmarks.recognition``.

Reads 2,000 lines of four kinds, clean and degraded, in font families that training never saw, with the
recogniser as users load it, in both its forms, and with Tesseract's Korean where it is installed. A line is
exact when every character is right, spaces and punctuation included; only look-alikes that no reader tells
apart count as equal (see ``benchmarks.scores``). Ends with 1 if the two forms of the weights read any line
differently.
"""

import argparse
import json
import math
import sys
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import ocr_helpers
from benchmarks import recognition_report as report
from benchmarks import tesseract
from benchmarks.recognition_lines import QUALITIES, BenchmarkLine, drawable_marks, make_lines
from benchmarks.recognition_texts import KINDS
from ocr_helpers.device import cpu_thread_count
from training.alphabet import MARKS
from training.fonts import KEPT_OUT

ENGINES = ("onnxruntime", "paddle")
WARM_UP = 16
# Which of Tesseract's languages reads which kind best, seen on 56 lines with version 5.3.0: with eng
# the CER of mixed lines falls from 28 to 9 %, that of random syllables rises from 59 to 89 %.
TESSERACT_LANGUAGES = {"sentences": "kor", "syllables": "kor", "mixed": "kor+eng", "marks": "kor"}


def recognise(
    lines: Sequence[BenchmarkLine], engine: str, weights: str | dict[str, str], batch_size: int
) -> report.Reading:
    """Read the lines with ``ocr_helpers.load_text_recognition``; loading and a warm-up are not timed.

    Lines go in sorted by proportion, because a batch is padded to its widest line.
    """
    recogniser = ocr_helpers.load_text_recognition(weights=weights, device="cpu", engine=engine)
    proportions = [line.image_bgr.shape[1] / line.image_bgr.shape[0] for line in lines]
    order = [int(number) for number in np.argsort(proportions, kind="stable")]
    images = [lines[number].image_bgr for number in order]
    recogniser.predict(images[:: max(1, len(images) // WARM_UP)], batch_size=batch_size)
    began = time.perf_counter()
    results = recogniser.predict(images, batch_size=batch_size)
    seconds = time.perf_counter() - began
    if len(results) != len(lines):
        raise RuntimeError(f"{engine} gave {len(results)} results for {len(lines)} lines")
    texts = [""] * len(lines)
    for number, result in zip(order, results, strict=True):
        texts[number] = unicodedata.normalize("NFC", result["rec_text"])
    return report.Reading(engine, tuple(texts), len(lines) / seconds)


def read_with_tesseract(lines: Sequence[BenchmarkLine]) -> report.Reading:
    """Read the lines with Tesseract, as many processes as cores; TesseractError where it is not installed.

    The time that processes need to start and load their language data, seen on one line, is taken off.
    """
    engine = tesseract.find_tesseract()
    print(f"{engine.version}: {tesseract.describe()}", flush=True)
    texts, seconds = [""] * len(lines), 0.0
    for languages in sorted(set(TESSERACT_LANGUAGES.values())):
        if missing := set(languages.split("+")) - engine.languages:
            raise tesseract.TesseractError(
                f"{engine.version} lacks {', '.join(missing)}; {tesseract.HOW_TO_INSTALL}"
            )
        numbers = [n for n, line in enumerate(lines) if TESSERACT_LANGUAGES[line.kind] == languages]
        images = [lines[number].image_bgr for number in numbers]
        blank = [np.full((64, 64, 3), 255, np.uint8)] * cpu_thread_count()
        tesseract.read_lines(
            engine, blank, languages, cpu_thread_count()
        )  # puts the data into the disk cache
        _, start_up = tesseract.read_lines(engine, blank, languages, cpu_thread_count())
        read, spent = tesseract.read_lines(engine, images, languages, cpu_thread_count())
        seconds += max(spent - start_up, 1e-9) if images else 0.0
        for number, text in zip(numbers, read, strict=True):
            texts[number] = text
    return report.Reading(report.TESSERACT, tuple(texts), len(lines) / seconds)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recognition",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--lines", type=int, default=2000, help="lines in all, rounded up to fill every kind (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="other texts, sizes and damage (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=16, help="lines recognised together (%(default)s)")
    parser.add_argument("--weights", default="starter", choices=["starter", "official", "auto"])
    parser.add_argument("--model-dir", type=Path, help="measure the recogniser in this directory instead")
    parser.add_argument("--no-tesseract", action="store_true", help="leave Tesseract out")
    parser.add_argument("--family", action="store_true", help="also a table per font family")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list the N worst lines")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures to this file")
    options = parser.parse_args(arguments)
    if options.lines < 1 or options.batch_size < 1 or options.worst < 0:
        parser.error("--lines and --batch-size take a whole number of at least 1, --worst of at least 0")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 if the forms differ, 2 if fonts are missing."""
    options = parse(arguments)
    per_kind = math.ceil(options.lines / (len(KINDS) * len(QUALITIES)))
    try:
        lines = list(make_lines(per_kind, options.seed))
    except FileNotFoundError as error:
        print(f"the lines cannot be drawn: {error}", file=sys.stderr)
        return 2
    print(f"{len(lines)} lines, seed {options.seed}, in {', '.join(KEPT_OUT)}")
    if undrawn := set(MARKS) - set(drawable_marks()):
        print(f"marks that no kept-out family draws, left out: {' '.join(sorted(undrawn))}")
    weights = {"text_recognition": str(options.model_dir)} if options.model_dir else options.weights
    readings = [recognise(lines, engine, weights, options.batch_size) for engine in ENGINES]
    if not options.no_tesseract:
        try:
            readings.append(read_with_tesseract(lines))
        except tesseract.TesseractError as error:
            print(f"without Tesseract: {error}")
    return _print_report(lines, readings, options)


def _print_report(
    lines: Sequence[BenchmarkLine], readings: Sequence[report.Reading], options: argparse.Namespace
) -> int:
    cells = {reading.engine: report.tallies(lines, reading.texts, report.by_cell) for reading in readings}
    found = report.targets(cells[ENGINES[0]], cells.get(report.TESSERACT))
    print("\n" + report.table("kind, quality", cells))
    if options.family:
        families = {
            reading.engine: report.tallies(lines, reading.texts, report.by_family) for reading in readings
        }
        print("\n" + report.table("family, quality", families))
    if options.worst:
        print(
            f"\nworst lines of {ENGINES[0]}:\n{report.worst_lines(lines, readings[0].texts, options.worst)}"
        )
    print("\n" + report.target_table(found))
    differing = [n for n in range(len(lines)) if readings[0].texts[n] != readings[1].texts[n]]
    print(f"\n{len(differing)} lines on which {' and '.join(ENGINES)} differ")
    for number in differing[:10]:
        print(f"  {lines[number].text!r}: {readings[0].texts[number]!r} and {readings[1].texts[number]!r}")
    if options.json:
        figures = report.as_json(lines, readings, found, differing)
        options.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(report.summary(found, cells[ENGINES[0]], readings))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())

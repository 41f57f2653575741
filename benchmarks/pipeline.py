"""How fast five modules read a page, against PaddleOCR and RapidOCR: ``python -m benchmarks.pipeline``.

Every figure is a ratio against a rival in the same run, on the same inputs, in turn (A B A B …): the median
of the repeats, with the lowest and highest. What both sides read is compared before anything is timed.

paddleocr  whole runs of all five modules over the samples, nothing remembered, against PaddleOCR.predict of
           the same pipeline object: same models, engine onnxruntime, PaddleOCR's default batches. Every text
           must be what PaddleOCR reads one line at a time; lines that its batches change are counted.
rapidocr   detection and recognition alone, against RapidOCR's own pipeline with the same two networks. Its
           texts may differ, for its boxes do; the equal ones are counted.
networks   whole runs against the bare networks: their inputs are recorded, then run again through the same
           sessions.
toggles    a module switched off and on again on an A4 page, against a run that computes everything.
official   the official networks (--official DIR): each stage as the workbench runs it on a CPU, with
           onnxruntime, against PaddleOCR's own class with paddle and oneDNN, on a page and 35 of its lines.
memory     resident memory over --pages N pages that were never seen before.

Ends with 1 if a text differs that must not.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ocr_helpers as ocr
from benchmarks.exactness import SAMPLES, sample_pages
from benchmarks.pipeline_official import HOW_TO_MAKE
from benchmarks.pipeline_parts import PARTS, Bench
from benchmarks.pipeline_rivals import TextsDifferError
from benchmarks.pipeline_timing import machine
from ocr_helpers.messages import quiet_paddle

A4_PAGE: Final = "notice.png"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=7, help="times that count (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=1, help="rounds before, not counted (%(default)s)")
    parser.add_argument("--samples", nargs="+", metavar="FILE", help="of data/samples; by default all pages")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--official", type=Path, metavar="DIR", help=HOW_TO_MAKE.replace("%", "%%"))
    parser.add_argument("--pages", type=int, default=0, help="pages of the part memory; 0 leaves it out")
    options = parser.parse_args(arguments)
    if options.repeats < 1 or options.warm_up < 0 or options.pages < 0:
        parser.error("--repeats takes a whole number of at least 1, --warm-up and --pages one of at least 0")
    if unknown := [name for name in options.samples or () if not (SAMPLES / name).is_file()]:
        parser.error(f"data/samples has no {', '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 if a text differs that must not."""
    options = parse(arguments)
    if options.samples:
        pages = [page for name in options.samples for page in ocr.load_pages(SAMPLES / name)]
        a4 = pages[0]
    else:
        pages, a4 = list(sample_pages()), ocr.load_pages(SAMPLES / A4_PAGE)[0]
    bench = Bench(pages, a4, options)
    try:
        for part in options.only:
            with quiet_paddle():
                PARTS[part](bench)
    except (TextsDifferError, FileNotFoundError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"\n{machine()}; {options.repeats} repeats after {options.warm_up} not counted")
    print("\n".join(bench.figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

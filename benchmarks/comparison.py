"""Several OCR engines on the same pages and lines: ``python -m benchmarks.comparison``.

The samples (or --pages FILE ... with the ground truth beside them) and their line pictures through the
workbench with starter weights, with official weights where they are cached, RapidOCR and Tesseract, each in a
process of its own at the settings its documentation recommends; see ``ocr_helpers/engines/readers.py``. The
first page and line are read once before anything is timed; the shortest of --repeats counts. Prints what
failed, how each was set, what is missing, and the table last.

The lines are those of data/samples/lines, and with --all-lines also every line of the pages, cut out by its
ground truth.

Ends with 1 where the workbench with starter weights could not read everything.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import ocr_helpers as ocr
from benchmarks.exactness import SAMPLES, sample_pages
from benchmarks.pipeline_timing import machine
from ocr_helpers.engines.comparison import compare_engines
from ocr_helpers.engines.readers import ENGINES

COLUMNS = {
    "hmean": "H-mean",
    "page_exact": "page lines exact",
    "page_cer": "page CER",
    "line_exact": "lines exact",
    "line_cer": "line CER",
    "s_per_page": "s/page",
    "ms_per_line": "ms/line",
    "peak_mb": "peak MB",
}
FORMS = {"s_per_page": "{:.2f}", "ms_per_line": "{:.1f}", "peak_mb": "{:.0f}"}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.comparison",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="ENGINE")
    parser.add_argument("--pages", nargs="*", type=Path, metavar="FILE", help="by default all samples")
    parser.add_argument("--all-lines", action="store_true", help="lines of the sample pages too")
    parser.add_argument("--repeats", type=int, default=2, help="times that count (%(default)s)")
    parser.add_argument("--allow-download", action="store_true", help="fetch models that are not here")
    parser.add_argument("--figure", type=Path, metavar="PNG", help="also save the figure")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("--repeats takes a whole number of at least 1")
    if missing := [str(path) for path in options.pages or () if not path.is_file()]:
        parser.error(f"there is no file {', '.join(missing)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit status."""
    options = parse(arguments)
    pages = list(sample_pages()) if options.pages is None else options.pages
    lines = ocr.load_sample_lines()
    if options.all_lines:
        lines += ocr.load_sample_lines(*sorted(path.stem for path in SAMPLES.glob("*.json")))
    compared = compare_engines(
        pages,
        lines,
        options.engines,
        repeats=options.repeats,
        allow_download=options.allow_download,
        progress=sys.stderr.isatty(),
    )
    if options.figure:
        compared.figure().savefig(options.figure)
    table = compared.table
    for failure in compared.failures:
        print(f"failed: {failure}")
    for name, row in table.iterrows():
        said = f"{row['version']}; {row['settings']}" if row["version"] else row["status"]
        print(f"{name}: {said}")
        if row["note"]:
            print(f"    {row['note']}")
    print(f"\n{machine()}; {len(compared.pages)} pages, {len(lines)} lines; best of {options.repeats}\n")
    shown = table[list(COLUMNS)].rename(columns=COLUMNS)
    forms = {title: FORMS.get(key, "{:.3f}").format for key, title in COLUMNS.items()}
    print(shown.to_string(formatters=forms, na_rep="–"))
    starter = [engine for engine in compared.engines if engine.name == "starter"]
    return int(any(engine.failures or engine.status != "measured" for engine in starter))


if __name__ == "__main__":
    sys.exit(main())
